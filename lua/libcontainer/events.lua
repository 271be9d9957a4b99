-- SPDX-License-Identifier: MIT
--- What happens in a container, as a stream that anything can wait for: started, ended, killed for
-- memory, under pressure, paused, destroyed.
--
-- There is no thread and no callback. What this process does with the container is put into the stream by
-- the container's object; what the kernel tells has a descriptor each; all of them together are one
-- descriptor (core.poll_set), and a look at them never blocks. A stream is its own: others on the same
-- container get the same events, and one that nobody reads holds up nobody.
local core = require "libcontainer.core"
local check = require "libcontainer.check"
local errors = require "libcontainer.errors"
local loop = require "libcontainer.loop"
local object = require "libcontainer.object"
local units = require "libcontainer.units"

---@class libcontainer.Event
---@field type "start"|"exec"|"exit"|"oom"|"pause"|"resume"|"pressure"|"checkpoint"|"destroy"|"lost"
---@field time number              seconds since 1970
---@field pid integer|nil          start, exec, exit: as the host sees it
---@field args string[]|nil        start, exec: the program, when it is known
---@field is_init boolean|nil      exit: it was the first program, and all others have ended with it
---@field status integer|nil       exit: as in the table that wait answers
---@field signal integer|nil
---@field signal_name string|nil
---@field oom boolean|nil
---@field count integer|nil        oom: processes killed since the event before; lost: events
---@field is_stalled boolean|nil   oom: none is killed, all of them wait (oom_kill_disable)
---@field resource "cpu"|"memory"|"io"|nil  pressure
---@field level "low"|"medium"|"critical"|nil  pressure, of v1's memory
---@field pressure libcontainer.Pressure|nil  pressure: of this moment
---@field error libcontainer.Error|nil        lost: why, when it was not for want of a reader

---@class libcontainer.Events
local Events = object.class "events"

local M = {}

local KEPT <const> = 4096 -- events that nobody has read; older ones are lost, and counted

local EXIT_FIELDS <const> = { "status", "signal", "signal_name", "core", "lost", "oom" }

-- --- the queue ---

local function put(self, event)
  if self._is_ended or not self._kinds[event.type] then return end
  event.time = core.time()
  object.plain(event)
  if self._last - self._first + 1 == KEPT then
    self._queue[self._first], self._first = nil, self._first + 1
    self._lost = self._lost + 1
  end
  self._last = self._last + 1
  self._queue[self._last] = event
  self._set:wake(true)
end

local function take(self)
  if self._lost > 0 then
    local event = object.plain { type = "lost", count = self._lost, time = core.time(), error = self._error or nil }
    self._lost, self._error = 0, false
    return event
  end
  local event = self._queue[self._first]
  if not event then return nil end
  self._queue[self._first], self._first = nil, self._first + 1
  if self._first > self._last and not self._is_ended then self._set:wake(false) end
  return event
end

-- --- what the kernel tells ---

local function add_source(self, source)
  for _, entry in ipairs(source.listener:pollfds()) do
    local added, raw = self._set:add(entry[1], entry[2])
    if not added then return nil, raw end
  end
  self._sources[#self._sources + 1] = source
  return true
end

local function drop_sources(self)
  for _, source in ipairs(self._sources) do source.listener:close() end
  self._sources = {}
end

local function open_pressure(box, pressure)
  if pressure.level then return box._core:listen_level(pressure.level) end
  return box._core:listen_pressure(pressure.resource, pressure.line, pressure.stall, pressure.window)
end

local MISSING <const> = {
  memory = "the memory controller, which is not mounted",
  unified = "cgroup v2, which is not mounted",
}

-- Words for why a pressure or an OOM cannot be listened for.
local function explain(raw, what, pressure)
  local errname = core.errno_name(raw.errno)
  if errname == "ENODEV" and MISSING[raw.subject] then
    return errors.new { code = "SystemError", step = "cgroup", errno = raw.errno,
      message = what .. " needs " .. MISSING[raw.subject] .. " (ENODEV)" }
  end
  if errname == "EINVAL" and pressure and pressure.window then
    return errors.new { code = "ConfigInvalid", step = "cgroup", field = "window", errno = raw.errno,
      subject = raw.subject, message = ("a window of %g s was refused (EINVAL)"):format(pressure.window),
      hint = "without CAP_SYS_RESOURCE it must be a multiple of 2 s, up to 10 s" }
  end
  if errname == "EOPNOTSUPP" then
    return errors.raw(raw, { hint = "this kernel runs without pressure stall information: boot it with psi=1" })
  end
  return errors.raw(raw)
end

-- Listen in the cgroup that it has now. Where nothing tells of them there are no such events, unless they
-- are what was asked for.
local function open_sources(self)
  drop_sources(self)
  local wanted = {}
  if self._kinds.oom then
    wanted[#wanted + 1] = { type = "oom", open = function() return self._box._core:listen_oom() end,
      is_needed = self._ends_with_init }
  end
  if self._kinds.pause then
    wanted[#wanted + 1] = { type = "frozen", open = function() return self._box._core:listen_frozen() end }
  end
  for _, pressure in ipairs(self._pressures) do
    wanted[#wanted + 1] = { type = "pressure", pressure = pressure, is_needed = true,
      open = function() return open_pressure(self._box, pressure) end }
  end
  for _, source in ipairs(wanted) do
    local raw, added
    source.listener, raw = source.open()
    if source.listener then
      added, raw = add_source(self, source)
      if not added then return nil, errors.raw(raw) end
    elseif source.is_needed or core.errno_name(raw.errno) ~= "ENODEV" then
      return nil, explain(raw, source.pressure and "pressure" or "OOM", source.pressure)
    end
  end
  return true
end

local function put_pause(self, is_paused)
  if is_paused ~= self._is_paused then
    self._is_paused = is_paused
    put(self, { type = is_paused and "pause" or "resume" })
  end
end

local TELL <const> = {
  oom = function(self, found)
    put(self, { type = "oom", count = found.count, is_stalled = found.is_stalled or nil })
  end,
  frozen = function(self, found) put_pause(self, found.is_frozen) end,
  pressure = function(self, found, pressure)
    put(self, { type = "pressure", resource = pressure.resource, level = pressure.level,
      count = pressure.level and found.count, pressure = found.pressure })
  end,
}

local function look_at_sources(self)
  for i = #self._sources, 1, -1 do
    local source = self._sources[i]
    local found, raw = source.listener:take()
    if found then
      TELL[source.type](self, found, source.pressure)
      if source.proc then self._told[source.proc] = self._told[source.proc] + found.count end
    elseif found == nil then
      source.listener:close()
      table.remove(self._sources, i)
      if core.errno_name(raw.errno) ~= "ENODEV" then return nil, errors.raw(raw) end
    end
  end
  return true
end

-- --- its processes ---

-- With a cgroup of its own: what was killed there and has not been told yet, in the last moment.
local function put_last_kills(self, proc, exit)
  local told = self._told[proc]
  if not told then return end
  self._told[proc] = nil
  local rest = (exit.usage.oom_kills or 0) - told
  if rest > 0 then put(self, { type = "oom", count = rest }) end
end

local function put_exit(self, proc, exit, is_init)
  local event = { type = "exit", pid = proc:pid(), is_init = is_init }
  for _, name in ipairs(EXIT_FIELDS) do event[name] = exit[name] end
  put(self, event)
end

-- An init ends only when further programs of ours have been reaped: they are waited for too.
local function watch_siblings(self)
  local alive = {}
  for _, fd in ipairs(self._box._is_destroyed and {} or self._box._core:siblings()) do
    alive[fd] = true
    local added, raw = self._set:add(fd, "r")
    if not added then return nil, errors.raw(raw) end
  end
  for fd in pairs(self._siblings) do
    if not alive[fd] then self._set:remove(fd) end
  end
  self._siblings = alive
  return true
end

local function look_at_programs(self)
  for i = #self._programs, 1, -1 do
    local proc = self._programs[i]
    local exit = proc:_poll()
    if exit then
      table.remove(self._programs, i)
      put_last_kills(self, proc, exit)
      put_exit(self, proc, exit, false)
    end
  end
end

local function finish(self)
  self._is_ended = true
  drop_sources(self)
  if self._changes then self._changes:close() end
  self._changes, self._init, self._programs = false, false, {}
  self._box._listeners[self] = nil
  self._set:wake(true) -- the end is readable
end

-- Everything that the first program's end has caused comes before it.
local function look_at_init(self)
  local init = self._init
  if not init then return true end
  local exit, err = init:_poll()
  if exit == nil then return nil, err end
  if not exit then return true end
  look_at_programs(self)
  local fine
  fine, err = look_at_sources(self)
  self._set:remove(init:pollfd())
  self._init = false
  put_exit(self, init, exit, true)
  if self._ends_with_init then finish(self) end
  return fine, err
end

local function watch_init(self)
  if self._init then self._set:remove(self._init:pollfd()) end
  local init, err = self._box:_init_process()
  self._init = init or false
  if not init then return err.code == "ContainerNotRunning" or nil, err end
  local added, raw = self._set:add(init:pollfd(), "r")
  if not added then return nil, errors.raw(raw) end
  return true
end

-- --- another process has changed its state ---

local function has_other_init(self)
  local record = self._box._record
  return record.init_process_pid ~= nil and (record.init_process_pid ~= self._init_pid
    or record.init_process_start ~= self._init_start)
end

local function remember_init(self)
  local record = self._box._record
  self._init_pid, self._init_start = record.init_process_pid, record.init_process_start
end

-- It has another init now: listen to that one. Its cgroup was made for it, and it has run in there before anybody
-- could listen: all that was killed there is told.
local function follow(self)
  remember_init(self)
  self._is_paused = false
  local fine, err = watch_init(self)
  if fine then fine, err = open_sources(self) end
  if not fine then return nil, err end
  for _, source in ipairs(self._sources) do
    if source.type == "oom" then source.listener:tell_all() end
  end
  return look_at_sources(self)
end

local function look_at_state(self)
  if not self._changes then return true end
  self._has_changed = self._changes:take() or self._has_changed
  -- What a start in another coroutine of ours writes down is told by `tell`.
  if not self._has_changed or self._box:_is_being_started() then return true end
  self._has_changed = false
  local status, why = self._box:status()
  if not status then return nil, why end
  if status == "destroyed" then
    put(self, { type = "destroy" })
    finish(self)
  elseif has_other_init(self) then
    local fine, err = look_at_init(self)
    put(self, { type = "start", pid = self._box._record.init_process_pid })
    if fine then fine, err = follow(self) end
    return fine, err
  end
  return true
end

local function watch_state(self)
  local changes, raw = self._box._directory:changes()
  self._changes = changes or false
  local added = changes
  if changes then added, raw = self._set:add(changes:pollfd(), "r") end
  if not added then return nil, errors.raw(raw) end
  return true
end

-- All of it, once: what has happened is in the queue afterwards.
local function look(self)
  if self._is_ended then return true end
  local fine, err = watch_siblings(self)
  if fine then fine, err = look_at_sources(self) end
  if fine then
    look_at_programs(self)
    fine, err = look_at_init(self)
  end
  if fine and not self._is_ended then fine, err = look_at_state(self) end
  return fine, err
end

-- --- what this process does with the container ---

local function args_of(proc)
  return table.move(proc:_specification().args, 1, #proc:_specification().args, 1, {})
end

-- On v1 a cgroup tells of itself alone.
local function listen_to_group(self, proc)
  if not self._kinds.oom or not proc._group then return true end
  local listener, raw = proc._group:listen_oom()
  if listener then
    listener:tell_all() -- its program runs already
    self._told[proc] = 0
    local added
    added, raw = add_source(self, { type = "oom", listener = listener, proc = proc })
    if not added then return nil, errors.raw(raw) end
    return look_at_sources(self)
  end
  return core.errno_name(raw.errno) == "ENODEV" or nil, errors.raw(raw)
end

local DONE <const> = {
  start = function(self, proc)
    put(self, { type = "start", pid = proc:pid(), args = args_of(proc) })
    if self._changes then self._changes:take() end -- what has been written down of it
    self._has_changed = false
    return follow(self)
  end,
  exec = function(self, proc)
    -- What was before comes before; and a stream that nobody reads holds on to no process of the past.
    local fine, err = look(self)
    put(self, { type = "exec", pid = proc:pid(), args = args_of(proc) })
    self._programs[#self._programs + 1] = proc
    if fine then fine, err = listen_to_group(self, proc) end
    if fine then fine, err = watch_siblings(self) end
    return fine, err
  end,
  pause = function(self)
    local fine, err = look(self)
    put_pause(self, true)
    return fine, err
  end,
  resume = function(self)
    local fine, err = look(self)
    put_pause(self, false)
    return fine, err
  end,
  checkpoint = function(self)
    put(self, { type = "checkpoint" })
    return look(self)
  end,
  ending = look,
  settled = look,
  destroy = function(self)
    look_at_programs(self)
    look_at_init(self)
    put(self, { type = "destroy" })
    finish(self)
  end,
}

--- Tell the streams of a container what has been done with it. They cannot make that fail: one that
-- cannot take it has lost an event.
---@param box libcontainer.Container
---@param what "start"|"exec"|"pause"|"resume"|"checkpoint"|"ending"|"settled"|"destroy"  ending: its cgroup goes now; settled: a start is over
---@param proc libcontainer.Process|nil
function M.tell(box, what, proc)
  if next(box._listeners) == nil then return end
  local all = {}
  for listener in pairs(box._listeners) do all[#all + 1] = listener end
  for _, listener in ipairs(all) do
    local is_fine, _, err = pcall(DONE[what], listener, proc)
    if not is_fine or err then
      listener._lost, listener._error = listener._lost + 1, err or false
      pcall(listener._set.wake, listener._set, true)
    end
  end
end

-- --- making one ---

---@param box libcontainer.Container
---@param kinds table<string, true>
---@param pressures table[]
---@param ends_with_init boolean|nil  else with `destroy`
---@return libcontainer.Events|nil
---@return libcontainer.Error|nil err
local function new(box, kinds, pressures, ends_with_init)
  local set, raw = core.poll_set(true)
  if not set then return nil, errors.raw(raw) end
  local self = setmetatable({ _box = box, _set = set, _kinds = kinds, _pressures = pressures,
    _ends_with_init = ends_with_init or false, _queue = {}, _first = 1, _last = 0, _lost = 0,
    _error = false, _sources = {}, _programs = {}, _told = {}, _siblings = {}, _init = false,
    _changes = false, _has_changed = false, _is_ended = false, _is_paused = false }, Events)
  local status, err = box:status()
  if not status then return nil, err end
  if status == "destroyed" then return nil, errors.container_not_exists(box:id()) end
  local lives = status ~= "created" and status ~= "stopped" and status ~= "checkpointed"
  if ends_with_init and not lives then return nil, errors.container_not_running(box:id(), status) end
  self._is_paused = status == "paused"
  remember_init(self)
  local fine = true
  if lives then fine, err = watch_init(self) end
  if fine and lives then fine, err = open_sources(self) end
  if fine then fine, err = watch_siblings(self) end
  if fine and not ends_with_init then fine, err = watch_state(self) end
  if not fine then
    self:close()
    return nil, err
  end
  box._listeners[self] = true
  return self
end

local RESOURCES <const> = { "cpu", "memory", "io" }
local LEVELS <const> = { "low", "medium", "critical" }
local WINDOW <const> = 2

local function share_of(options, problems)
  if options.some ~= nil and options.full ~= nil then
    check.add(problems, "full", "is one of \"some\" and \"full\"", options.full, "listen twice for both")
  end
  local line = options.full ~= nil and "full" or "some"
  local share = options[line]
  if share == nil then
    check.add(problems, "some", "is missing", nil, "{ some = 0.15 } is 15 % of the time")
  elseif math.type(share) == nil or not (share > 0 and share <= 1) then
    check.add(problems, line, "must be a part of the time, more than 0 and at most 1", share)
  end
  return line, share
end

-- What is to be told of a resource: { resource, line, stall, window } or { resource, level }.
local function pressure_of(resource, options, problems)
  if options.level ~= nil then
    if resource ~= "memory" then check.add(problems, "level", "is told of memory alone", options.level) end
    if not check.contains(LEVELS, options.level) then
      check.add(problems, "level", "must be \"low\", \"medium\" or \"critical\"", options.level)
    end
    return { resource = resource, level = options.level }
  end
  local line, share = share_of(options, problems)
  local window, problem = units.duration(options.window or WINDOW)
  if not window then
    check.add(problems, "window", problem, options.window)
  elseif window < 0.5 or window > 10 then
    check.add(problems, "window", "must be from 0.5 to 10 seconds", options.window)
  end
  return { resource = resource, line = line, window = window,
    stall = #problems == 0 and share * window or nil }
end

--- Processes killed for want of memory.
---@param box libcontainer.Container
---@return libcontainer.Events|nil
---@return libcontainer.Error|nil err
function M.oom(box)
  return new(box, { oom = true }, {}, true)
end

--- Pressure on a resource.
---@param box libcontainer.Container
---@param resource "cpu"|"memory"|"io"
---@param options table
---@return libcontainer.Events|nil
---@return libcontainer.Error|nil err
function M.pressure(box, resource, options)
  local problems = {}
  local pressure = pressure_of(resource, options, problems)
  if #problems > 0 then return nil, errors.config_invalid(problems) end
  return new(box, { pressure = true }, { pressure }, true)
end

local OPTIONS <const> = { "some", "full", "window", "level" }

--- The options of notify_pressure, or of a resource in those of events; raises for wrong use.
---@param resource any  "cpu", "memory" or "io"
---@param options table|nil
---@param what string  the function, for the message
---@return table options  a raw copy
function M.pressure_options(resource, options, what)
  if not check.contains(RESOURCES, resource) then
    error(("%s: a resource must be \"cpu\", \"memory\" or \"io\", not %q"):format(what, tostring(resource)), 3)
  end
  return check.options(options, OPTIONS, what)
end

--- Everything.
---@param box libcontainer.Container
---@param pressure table<string, table>|nil  by resource, as notify_pressure takes them
---@return libcontainer.Events|nil
---@return libcontainer.Error|nil err
function M.all(box, pressure)
  local problems, pressures = {}, {}
  for _, resource in ipairs(RESOURCES) do
    local options = (pressure or {})[resource]
    if options then pressures[#pressures + 1] = pressure_of(resource, options, problems) end
  end
  if #problems > 0 then return nil, errors.config_invalid(problems) end
  return new(box, { start = true, exec = true, exit = true, oom = true, pause = true, resume = true,
    pressure = true, checkpoint = true, destroy = true }, pressures)
end

-- --- reading ---

--- The next event.
---@param timeout number|string|nil  seconds; nil waits for ever, 0 only looks
---@return libcontainer.Event|nil  nil at the end
---@return libcontainer.Error|nil err  errname "ETIMEDOUT" when nothing has happened
function Events:next(timeout)
  timeout = check.timeout(timeout, "argument #1 to 'next'")
  local deadline, is_late = loop.deadline(timeout), false
  while self._set:pollfd() do
    local event = take(self)
    if event then return event end
    if self._is_ended then return nil end
    local fine, err = look(self)
    if not fine then return nil, err end
    if self._first > self._last and self._lost == 0 and not self._is_ended then
      -- Readable is not always something to tell: whose time is over looks once more, and no longer.
      local ready, raw = loop.wait(self._set:pollfd(), "r", deadline)
      if ready == nil then return nil, errors.raw(raw) end
      if not ready or is_late then return nil, errors.timed_out("events", "nothing has happened", timeout) end
      is_late = deadline and core.now() >= deadline
    end
  end
  return nil
end

--- `for event in events do`: until the end; a failure raises.
function Events:__call()
  local event, err = self:next()
  if err then error(err, 2) end
  return event
end

--- Close it. Twice is once; it is at its end then.
function Events:close()
  if self._set:pollfd() then finish(self) end
  self._queue, self._first, self._last, self._lost = {}, 1, 0, 0
  self._set:close()
end

--- Descriptor that becomes readable when something may have happened: look with `next(0)`.
---@return integer|nil fd
function Events:pollfd()
  return self._set:pollfd()
end

--- What an event loop waits for on it.
---@return "r"
function Events:events()
  return "r"
end

--- When an event loop is to look at it all the same.
---@return nil  events have no deadline of their own
function Events:timeout()
  return nil
end

Events.__close = Events.close
Events.__gc = Events.close

function Events:__tostring()
  local names = {}
  for name in pairs(self._kinds) do names[#names + 1] = name end
  table.sort(names)
  return ("libcontainer.events of %s (%s%s)"):format(self._box:id(), table.concat(names, ", "),
    self._is_ended and ", at its end" or "")
end

return M
