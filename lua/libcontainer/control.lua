-- SPDX-License-Identifier: MIT
--- Changing a living container: its limits, whether it runs, and its end when it may have a say in it.
local lazy = require "libcontainer.lazy"
local check = require "libcontainer.check"
local configs = lazy "libcontainer.configs"
local ending = require "libcontainer.ending"
local errors = lazy "libcontainer.errors"
local loop = require "libcontainer.loop"
local process = lazy "libcontainer.process"
local state = require "libcontainer.state"

local M = {}

-- Seconds that a freezer may take when the caller does not say.
local FREEZE_TIMEOUT <const> = 10

local LIVES <const> = { prepared = true, running = true, pausing = true, paused = true }
-- It does not stand still.
local RUNS <const> = { prepared = true, running = true }

-- The words of container.lua that are needed here: lock, check_alive, refresh, tell.
local inside

-- The lock, and the status that it has under it; what another process changed is known then.
local function enter(self, timeout)
  local alive, err = inside.check_alive(self)
  if not alive then return nil, err end
  local lock
  lock, err = inside.lock(self._directory, self._id, self._core, timeout)
  if not lock then return nil, err end
  local is_new, why = inside.refresh(self)
  local status
  if is_new ~= nil then status, why = self:status() end
  if status then return lock, status end
  lock:close()
  return nil, why
end

-- --- limits ---

-- What the core is told of limits; the container's own nodes are allowed beside its rules for devices.
local function for_core(limits, config)
  return { cgroups = limits, devices = config.devices }
end

-- Everything changes, or nothing: the kernel's files, then the record.
local function change(self, config, limits, is_alive)
  local record = self._record
  local old_config, old_changes = record.config, record.config_changes
  local done, err, raw
  if is_alive then
    local before = for_core({ devices = old_config.cgroups and old_config.cgroups.devices }, old_config)
    done, raw = self._core:check(for_core(limits, config))
    if done then done, raw = self._core:set(for_core(limits, config), before) end
    err = not done and errors.raw(raw)
  else
    done, err = self._factory:_check_limits(self._id, config)
  end
  if not done then return nil, err end
  record.config, record.config_changes = config, (old_changes or 0) + 1
  local saved
  saved, err = state.save(self._directory, record)
  if saved then return true end
  record.config, record.config_changes = old_config, old_changes
  if is_alive then
    done, raw = self._core:put_back()
    if not done then err.hint = tostring(errors.raw(raw)) end
  end
  return nil, err
end

local function thaw(self, timeout)
  return loop.persist(timeout, function(seconds) return self._core:thaw(seconds) end)
end

-- What does not stand still in time runs on, and so it does when the caller is cancelled meanwhile.
local function freeze(self, timeout)
  local is_frozen, raw
  local _ <close> = setmetatable({}, { __close = function()
    if not is_frozen and not self._is_destroyed then self._core:thaw(0) end
  end })
  is_frozen, raw = loop.persist(timeout, function(seconds) return self._core:freeze(seconds, true) end)
  return is_frozen, raw
end

local function set_freezer(self, freezer, status)
  if freezer == "frozen" and status ~= "paused" then return freeze(self, FREEZE_TIMEOUT) end
  if freezer == "thawed" and not RUNS[status] then return thaw(self, FREEZE_TIMEOUT) end
  return true
end

--- Change the limits of a container, all of them or none. What runs has them at once, what does not
-- run when it starts; they stay when the host ends.
---@param changes table  fields of cgroups, or a table with `cgroups`, `labels` and `annotations`
---@return true|nil
---@return libcontainer.Error|nil err  ConfigInvalid; SystemError of step cgroup, with nothing changed
local function set(self, changes)
  if type(changes) ~= "table" then error("bad argument #1 to 'set' (table expected)", 2) end
  local lock <close>, status = enter(self)
  if not lock then return nil, status end
  local config, limits, freezer = configs.prepare_changes(self._record.config, changes)
  if not config then return nil, limits end
  local is_alive = LIVES[status] or false
  if freezer and not is_alive then return nil, errors.container_not_running(self._id, status) end
  local done, raw = set_freezer(self, freezer, status)
  if not done then return nil, errors.raw(raw, { field = "cgroups.freezer" }) end
  local changed, err = change(self, config, limits, is_alive)
  if changed then
    if freezer then inside.tell(self, freezer == "frozen" and "pause" or "resume") end
    return true
  end
  if freezer then set_freezer(self, RUNS[status] and "thawed" or "frozen") end
  return nil, err
end

-- --- pausing ---

local function pause_or_resume(self, act, what, timeout)
  local lock <close>, status = enter(self)
  if not lock then return nil, status end
  if not LIVES[status] then return nil, errors.container_not_running(self._id, status) end
  local done, raw = act(self, timeout or FREEZE_TIMEOUT)
  if not done then return nil, errors.raw(raw) end
  inside.tell(self, what)
  return true
end

--- Have everything in it stand still, until `resume`. It can be signalled and destroyed meanwhile;
-- SIGKILL acts at once, any other signal afterwards.
---@param timeout number|string|nil  seconds, default 10; what does not stand still by then runs on
---@return true|nil
---@return libcontainer.Error|nil err  ContainerNotRunning; errname "ETIMEDOUT"
local function pause(self, timeout)
  return pause_or_resume(self, freeze, "pause", check.timeout(timeout, "argument #1 to 'pause'"))
end

--- Let it run on, whoever paused it.
---@param timeout number|string|nil  seconds, default 10
---@return true|nil
---@return libcontainer.Error|nil err  ContainerNotRunning; errname "EBUSY" when a cgroup above is frozen
local function resume(self, timeout)
  return pause_or_resume(self, thaw, "resume", check.timeout(timeout, "argument #1 to 'resume'"))
end

-- --- stopping ---

-- Seconds that an init may take to end by itself, and until the end of one that was killed is told.
local GRACE <const> = 10
local END_TIMEOUT <const> = 10

-- Tell the init; a paused one runs on, or it would never hear of it.
local function ask_to_end(self, number)
  local lock <close>, status = enter(self)
  if not lock then return nil, status end
  if not LIVES[status] then return nil, errors.container_not_running(self._id, status) end
  local done, raw = self._core:signal(number)
  if done and not RUNS[status] then done, raw = thaw(self, FREEZE_TIMEOUT) end
  if not done then return nil, errors.raw(raw) end
  return true
end

--- End what runs in it, by a signal to its init first; what is left of it after the grace time is killed.
-- The container stays, and can be started again.
---@param options table|nil  `signal`: default "TERM"; `grace`: seconds or text with a unit, default 10
---@return libcontainer.Exit|nil  how its init ended
---@return libcontainer.Error|nil err  ContainerNotRunning; errname "ETIMEDOUT" for what cannot be killed
local function stop(self, options)
  options = check.options(options, { "signal", "grace" }, "stop")
  local number = process.signal_number(options.signal or "TERM")
  local grace = check.timeout(options.grace, "option grace of 'stop'") or GRACE
  local asked, err = ask_to_end(self, number)
  if not asked then return nil, err end
  local exit
  exit, err = self:wait(grace)
  if exit or err.errname ~= "ETIMEDOUT" then return exit, err end
  local killed, raw = ending.kill(self._core)
  if not killed then return nil, errors.raw(raw) end
  return self:wait(END_TIMEOUT)
end

--- The methods, for the class of containers.
---@param tools table  lock, check_alive and refresh of container.lua
---@return table<string, function>
function M.methods(tools)
  inside = tools
  return { set = set, pause = pause, resume = resume, stop = stop }
end

return M
