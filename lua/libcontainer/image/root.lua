-- SPDX-License-Identifier: MIT
--- The root of one container that is made of an image: unpacked beside the state, and gone when it is closed.
-- Whose maker was killed is removed by the next one.
local core = require "libcontainer.core"
local errors = require "libcontainer.errors"
local image = require "libcontainer.image"

local type <const> = type

local M = {}

---@class libcontainer.ImageRoot
local Root = {}
Root.__index = Root

-- What the caller says goes over what the image says, variable by variable.
local function merged_env(ours, theirs)
  if theirs == nil or not ours then return theirs or ours end
  if type(theirs) ~= "table" then return theirs end
  local out = {}
  if rawget(theirs, 1) ~= nil then
    table.move(ours, 1, #ours, 1, out)
    for _, entry in ipairs(theirs) do out[#out + 1] = entry end
    return out
  end
  for _, entry in ipairs(ours) do
    local name, value = entry:match("^([^=]+)=(.*)$")
    if name then out[name] = value end
  end
  for name, value in next, theirs do out[name] = value end
  return out
end

-- The table of lc.run, with what only the image says.
local function table_of(t, img, rootfs)
  local out, own = {}, img:config()
  for key, value in next, t do out[key] = value end
  out.image, out.rootfs = nil, rootfs
  if out[1] == nil and out.args == nil then out.args = own.args end
  if out.cwd == nil then out.cwd = own.cwd end
  if out.user == nil then out.user = own.user end
  out.env = merged_env(own.env, out.env)
  return out
end

local function opened(value, factory)
  if type(value) == "string" then return image.open(value, { factory = factory }) end
  local class = type(value) == "table" and getmetatable(value)
  if class and rawget(class, "__name") == "libcontainer.image" then return value end
  return nil, errors.config_problem("image", "must be the path of an image, or one that image.open has answered",
    "\"/srv/images/alpine:3.20\": a layout, an archive, a tar or a directory")
end

--- Where it will be, and what is run in it. Nothing is unpacked yet.
---@param factory libcontainer.Factory
---@param t libcontainer.RunOptions  with `image`
---@return libcontainer.ImageRoot|nil root  its `table` is what is to be run
---@return libcontainer.Error|nil err
function M.of(factory, t)
  if rawget(t, "rootfs") ~= nil then
    return nil, errors.config_problem("rootfs", "is given beside image, which is the root", "leave one of them away")
  end
  local img, err = opened(rawget(t, "image"), factory)
  if not img then return nil, err end
  local parent, place = factory:_beside()
  local staging, raw = core.staging(parent, place, false)
  if not staging then return nil, errors.raw(raw) end
  local self = setmetatable({ _image = img, _staging = staging }, Root)
  local path
  path, raw = staging:path()
  if not path then
    self:close()
    return nil, errors.raw(raw)
  end
  self.path = path .. "/rootfs"
  self.table = table_of(t, img, self.path)
  return self
end

--- Unpack it, for the ids of a container.
---@param config table  strict
---@return true|nil
---@return libcontainer.Error|nil err
function Root:fill(config)
  local is_mapped = core.uid() == 0 and config.uid_mappings and config.gid_mappings
  local done, err = self._image:unpack(self.path, is_mapped
    and { uid_mappings = config.uid_mappings, gid_mappings = config.gid_mappings } or nil)
  if not done then return nil, err end
  return true
end

--- Remove it, whatever has become of it.
function Root:close()
  self._staging:remove()
end

Root.__close = Root.close

return M
