-- SPDX-License-Identifier: MIT
--- Namespaces of another container: `namespaces = { network = other, ipc = other }`.
--
-- A configuration has the objects until a container is created of it, and then paths, "/proc/PID/ns/net". A number
-- can come to be another process's: so the objects are kept beside it; that the other one runs with that number is looked at before the start and once
-- more when its namespaces have been entered and the program does not run: it was its own in between.
local lazy = require "libcontainer.lazy"
local check = lazy "libcontainer.check"
local errors = lazy "libcontainer.errors"

local M = {}

-- There is an init, with namespaces.
local ALIVE <const> = { prepared = true, running = true, pausing = true, paused = true }

local FILES <const> = { network = "net", mount = "mnt" }

local function place(pid, name)
  return ("/proc/%d/ns/%s"):format(pid, FILES[name] or name)
end

-- The number of its init while it runs. Another process may have started it, and say so before its root is its own:
-- there may be the host's in its mount namespace until then.
local function pid_of(other)
  local status = other:status()
  if not ALIVE[status] then return nil, status end
  if status ~= "prepared" and other:_is_no_program_yet() then return nil, "being started" end
  return other._core:init()
end

local function not_running(name, other, status)
  return errors.config_problem("namespaces." .. name,
    ("is of the container %q, which is %s"):format(other:id(), status or "not running"),
    "a namespace can be shared while its container runs: start it first")
end

--- The configuration with paths in place of containers.
---@param config table  as the user wrote it; stays as it is
---@return table|nil config
---@return table<string, table>|libcontainer.Error|nil shared  by namespace: the container and its pid; nil for none
function M.resolve(config)
  local list, shared = rawget(config, "namespaces"), nil
  if type(list) ~= "table" then return config end
  local names = {}
  for name, other in next, list do
    if type(name) == "string" and check.is_container(other) then
      local pid, status = pid_of(other)
      if not pid then return nil, not_running(name, other, status) end
      shared = shared or {}
      shared[name] = { container = other, pid = pid }
    end
    names[name] = other
  end
  if not shared then return config end
  local copy = {}
  for key, value in next, config do copy[key] = value end
  for name, one in next, shared do names[name] = place(one.pid, name) end
  copy.namespaces = names
  return copy, shared
end

--- What a configuration is checked with before there is a container to be created: paths that say nothing.
---@param config table  a copy, which is changed
---@return table config
function M.stand_in(config)
  local list = type(config.namespaces) == "table" and config.namespaces or {}
  for name, other in next, list do
    if check.is_container(other) and type(name) == "string" then list[name] = place(0, name) end
  end
  return config
end

--- The containers of a configuration back in the strict form that was made of it.
---@param strict table   is changed
---@param config table   as the user wrote it
---@return table strict
function M.put_back(strict, config)
  local list = type(config.namespaces) == "table" and config.namespaces or {}
  local names, paths = {}, strict.namespace_paths
  for _, name in ipairs(strict.namespaces or {}) do
    local other = rawget(list, name)
    if check.is_container(other) then
      names[name], paths[name] = other, nil
    else
      names[#names + 1] = name
    end
  end
  if strict.namespaces then strict.namespaces = names end
  return strict
end

--- For the state: which container's they are.
---@param shared table
---@return table<string, string>
function M.names(shared)
  local names = {}
  for name, one in next, shared do names[name] = one.container:id() end
  return names
end

--- The core object of the container whose pid namespace is joined: its init ends when we have reaped ours.
---@param box libcontainer.Container
---@return userdata|nil
function M.beside(box)
  local one = box._shared and box._shared.pid
  return one and one.container._core or nil
end

--- Do those run whose namespaces a container has?
---@param box libcontainer.Container
---@return true|nil
---@return libcontainer.Error|nil err
function M.check(box)
  local wanted = box._record.shared
  if not wanted then return true end
  if not box._shared then
    local name, id = next(wanted)
    return nil, errors.config_problem("namespaces." .. name, ("is of the container %q"):format(id),
      "only the program that created this container with that one's object can start it")
  end
  for name, one in next, box._shared do
    local pid, status = pid_of(one.container)
    if pid ~= one.pid then return nil, not_running(name, one.container, status) end
  end
  return true
end

return M
