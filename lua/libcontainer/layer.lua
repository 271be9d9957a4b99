-- SPDX-License-Identifier: MIT
--- The writable layer of a container whose root is an overlay: where it is, what is in it.
local core = require "libcontainer.core"
local lazy = require "libcontainer.lazy"
local errors = lazy "libcontainer.errors"
local object = require "libcontainer.object"

local M = {}

--- Its name in the directory of the container, with which it goes.
M.NAME = "layer"

--- Where it is; nil when the container has none, or none that is a directory of the host.
---@param box libcontainer.Container
---@return string|nil
function M.path(box)
  local overlay = box._record.config.overlay
  if not overlay or overlay.memory then return nil end
  return overlay.layer or box._factory:_place(box._id, M.NAME)
end

-- Which field named what a failure is about: a layer below, or the writable one.
local function failure(box, raw)
  local config = box._record.config
  local field = raw.subject == config.rootfs and "rootfs" or config.overlay.layer and "overlay.layer" or "overlay"
  for i, path in ipairs(config.overlay.lower or {}) do
    if raw.subject == path then field = ("overlay.lower[%d]"):format(i) end
  end
  return errors.raw(raw, { field = field })
end

--- Make what is missing of it, before a start.
---@param box libcontainer.Container
---@return true|nil
---@return libcontainer.Error|nil err
function M.make(box)
  local path = M.path(box)
  if not path then return true end
  local made, raw = core.layer_make(path, box._record.config)
  if not made then return nil, failure(box, raw) end
  return true
end

--- Empty it.
---@param box libcontainer.Container
---@return true|nil
---@return libcontainer.Error|nil err
function M.clear(box)
  local path = M.path(box)
  if not path then return nil, errors.no_layer(box._id, box._record.config.overlay) end
  local done, raw = core.layer_clear(path)
  if not done then return nil, failure(box, raw) end
  return true
end

--- What is in it, by path: { path, kind = "added" | "changed" | "deleted" }.
---@param box libcontainer.Container
---@return table[]|nil
---@return libcontainer.Error|nil err
function M.diff(box)
  local path = M.path(box)
  if not path then return nil, errors.no_layer(box._id, box._record.config.overlay) end
  local found, raw = core.layer_diff(path, box._record.config)
  if not found then return nil, failure(box, raw) end
  table.sort(found, function(a, b) return a.path < b.path end)
  local list = {}
  for _, entry in ipairs(found) do
    if not list[#list] or list[#list].path ~= entry.path then list[#list + 1] = entry end
  end
  return object.list(list)
end

return M
