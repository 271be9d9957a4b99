-- SPDX-License-Identifier: MIT
--- Namespaces of another container: `namespaces = { network = other, ipc = other }`.
--
-- A configuration has them as paths, "/proc/PID/ns/net", and a number can come to be another process's. So the
-- objects are kept beside it; that the other one runs with that number is looked at before the start and once
-- more when its namespaces have been entered and the program does not run: it was its own in between.
local errors = require "libcontainer.errors"

local M = {}

-- There is an init, with namespaces.
local ALIVE <const> = { prepared = true, running = true, pausing = true, paused = true }

local FILES <const> = { network = "net" }

local function is_container(value)
  local class = type(value) == "table" and getmetatable(value)
  return class and type(class) == "table" and rawget(class, "__name") == "libcontainer.container"
end

local function place(pid, name)
  return ("/proc/%d/ns/%s"):format(pid, FILES[name] or name)
end

-- The number of its init while it runs.
local function pid_of(other)
  local status = other:status()
  if not ALIVE[status] then return nil, status end
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
    if type(name) == "string" and is_container(other) then
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

--- For the state: which container's they are.
---@param shared table
---@return table<string, string>
function M.names(shared)
  local names = {}
  for name, one in next, shared do names[name] = one.container:id() end
  return names
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
