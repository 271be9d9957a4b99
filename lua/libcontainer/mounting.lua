-- SPDX-License-Identifier: MIT
--- Mounts that a container gets and loses while it runs. Its configuration stays as it is: the next start begins
-- with that.
local lazy = require "libcontainer.lazy"
local configs = lazy "libcontainer.configs"
local errors = lazy "libcontainer.errors"

local M = {}

-- It has an init.
local LIVES <const> = { prepared = true, running = true, pausing = true, paused = true }

-- Others belong to namespaces that only the container's own init is in.
local TYPES <const> = { bind = true, tmpfs = true }

-- The words of container.lua that are needed here: lock, check_alive.
local inside

---@class libcontainer.Container
local methods = {}

-- What the core is to know of the container, with these mounts; checked like any configuration.
local function config_of(self, mounts)
  local own = self._record.config
  local is_mapped = own.uid_mappings ~= nil
  return configs.prepare_config { rootfs = own.rootfs, namespaces = { "mount", is_mapped and "user" or nil },
    uid_mappings = own.uid_mappings, gid_mappings = own.gid_mappings, mounts = mounts,
    readonlyfs = own.rootfs == "/" or nil }
end

local function refused(config)
  local mount = config.mounts[1]
  if mount.source_fd then
    return errors.config_problem("source_fd", "is for mounts of the start alone", "give the path as source")
  elseif not TYPES[mount.type] then
    return errors.config_problem("type", ("%s cannot be mounted while it runs"):format(errors.quoted(mount.type)),
      "bind and tmpfs can; others are part of the configuration")
  end
  for _, option in ipairs(mount.options or {}) do
    if option:find("^r?idmap") then
      return errors.config_problem("options", "ids are mapped for mounts of the start alone")
    end
  end
end

-- Of the one mount that there is, as the caller wrote it.
local function without_index(err)
  for _, problem in ipairs(err.problems or {}) do problem.field = problem.field:gsub("^mounts%[1%]%.?", "") end
  return err.problems and errors.config_invalid(err.problems) or err
end

-- Do it under the lock, to one with an init.
local function act(self, config, what, ...)
  local alive, err = inside.check_alive(self)
  if not alive then return nil, err end
  local lock <close>, why = inside.lock(self._directory, self._id, self._core)
  if not lock then return nil, why end
  local status
  status, err = self:status()
  if not status then return nil, err end
  if not LIVES[status] or status ~= "prepared" and self:_is_no_program_yet() then
    return nil, errors.container_not_running(self._id, status)
  end
  local done, raw = what(self._core, config, ...)
  if not done then return nil, errors.raw(raw) end
  return true
end

--- Mount something in it while it runs, or is paused: an entry of `mounts`, with type bind or tmpfs. Sources are paths of
-- the host; the destination is found below its root, and made when it is missing.
---@param mount libcontainer.fields.mount
---@return true|nil
---@return libcontainer.Error|nil err  ConfigInvalid, ContainerNotRunning; SystemError of step mount
function methods:add_mount(mount)
  if type(mount) ~= "table" then error("bad argument #1 to 'add_mount' (table expected)", 2) end
  local alive, err = inside.check_alive(self)
  if not alive then return nil, err end
  local config
  config, err = config_of(self, { mount })
  if not config then return nil, without_index(err) end
  local problem = refused(config)
  if problem then return nil, problem end
  return act(self, config, self._core.add_mounts)
end

--- Take away what is mounted on a path of it, whatever uses it: who has it open keeps that.
---@param destination string  absolute, as the container sees it
---@return true|nil
---@return libcontainer.Error|nil err  errname "EINVAL" when nothing is mounted there; ContainerNotRunning
function methods:remove_mount(destination)
  if type(destination) ~= "string" then error("bad argument #1 to 'remove_mount' (path expected)", 2) end
  if destination:sub(1, 1) ~= "/" or not destination:find("[^/]") or destination:find("\0", 1, true) then
    return nil, errors.config_problem("destination", "must be an absolute path in the container, and not its root")
  end
  local mounts, err = self:mounts()
  if not mounts then return nil, err end
  local is_there = false
  for _, mount in ipairs(mounts) do is_there = is_there or mount.destination == destination:gsub("/+$", "") end
  if not is_there then return nil, errors.nothing_mounted(destination) end
  local config
  config, err = config_of(self, nil)
  if not config then return nil, err end
  return act(self, config, self._core.remove_mounts, destination)
end

--- The methods, for the class of containers.
---@param tools table  lock and check_alive of container.lua
---@return table<string, function>
function M.methods(tools)
  inside = tools
  return methods
end

return M
