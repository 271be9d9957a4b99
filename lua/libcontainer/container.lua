-- SPDX-License-Identifier: MIT
--- A container: the core object completed. Options are read here, the state is written between the
-- phases of a start, and what happens is shaped into results.
local core = require "libcontainer.core"
local lazy = require "libcontainer.lazy"
local attach = lazy "libcontainer.attach"
local check = require "libcontainer.check"
local checkpoint = lazy "libcontainer.checkpoint"
local configs = lazy "libcontainer.configs"
local ending = require "libcontainer.ending"
local errors = lazy "libcontainer.errors"
local events = lazy "libcontainer.events"
local forms = lazy "libcontainer.configs.hooks"
local hooks = lazy "libcontainer.hooks"
local layer = lazy "libcontainer.layer"
local loop = require "libcontainer.loop"
local network = lazy "libcontainer.network"
local object = require "libcontainer.object"
local plan = lazy "libcontainer.plan"
local process = lazy "libcontainer.process"
local results = lazy "libcontainer.result"
local start = lazy "libcontainer.start"
local state = require "libcontainer.state"
local stats = lazy "libcontainer.stats"
local units = lazy "libcontainer.units"
local usage = lazy "libcontainer.usage"

---@class libcontainer.Container
local Container = object.class "container"

local M = {}

-- Seconds that an operation may take when the caller does not say.
local LOCK_TIMEOUT <const> = 10
local LOCK_PAUSE <const> = 0.01 -- the longest between two looks at it: five system calls each
local DESTROY_TIMEOUT <const> = 10

local IS_PAUSED <const> = { pausing = true, paused = true }
-- It has an init.
local IS_ALIVE <const> = { prepared = true, running = true, pausing = true, paused = true }

-- src/plan/report.h, as /proc/PID/comm has it.
local INIT_NAME <const> = "lc-init\n"

--- Names of the public methods.
---@return string[]
function M.methods()
  return object.methods(Container)
end

--- Make the object around what the factory has opened. The factory's business.
-- The metatable comes last: finalisers run in the reverse order of setmetatable, and ours needs the
-- userdata in it alive when the interpreter ends.
---@param parts table  factory, id, directory, core, record, is_owned, is_made_here, damaged
---@return libcontainer.Container
function M.new(parts)
  -- Every field has its place now: setting one later must not need memory, which may have run out.
  return setmetatable({ _factory = parts.factory, _id = parts.id, _directory = parts.directory,
    _core = parts.core, _record = parts.record, _is_owned = parts.is_owned or false,
    _is_made_here = parts.is_made_here or false, _damaged = parts.damaged or false, _init = false,
    _init_calls = 0, _has_failed = false, _is_destroyed = false, _attempts = 0, _starts = 0, _groups = {},
    _sources = parts.sources or false, _shared = parts.shared or false,
    _listeners = setmetatable({}, { __mode = "k" }) }, Container)
end

-- Tell those who listen.
local function tell(self, what, proc)
  if next(self._listeners) ~= nil then events.tell(self, what, proc) end
end

-- --- the lock ---

--- Take the lock of a container's directory, waiting up to the deadline.
-- Meanwhile further programs of ours that have ended are reaped: an init ends behind them, and who holds
-- the lock may be waiting for that.
---@param directory userdata
---@param id string
---@param handle userdata     the core's container
---@param timeout number|nil  seconds, default 10
---@param make boolean|nil    for who makes or removes the directory: a missing lock is made
---@return userdata|nil lock  to be closed
---@return libcontainer.Error|nil err
function M.lock(directory, id, handle, timeout, make)
  timeout = timeout or LOCK_TIMEOUT
  local deadline = loop.deadline(timeout)
  local pause = 0.001
  while true do
    local lock, raw = directory:lock(make)
    if lock then return lock end
    local name = core.errno_name(raw.errno)
    if name == "ENOENT" then return nil, errors.container_not_exists(id) end
    if name ~= "EAGAIN" and name ~= "EWOULDBLOCK" then return nil, errors.raw(raw) end
    if core.now() >= deadline then
      local holder = directory:lock_holder()
      return nil, errors.locked(id, holder, timeout, holder == core.pid())
    end
    handle:siblings()
    loop.pause(pause)
    pause = math.min(pause * 2, LOCK_PAUSE)
  end
end

local function check_alive(self)
  if self._is_destroyed then return nil, errors.container_not_exists(self._id) end
  if self._damaged then return nil, self._damaged end
  return true
end

-- --- what it is ---

--- Its id.
---@return string
function Container:id()
  return self._id
end

-- Its configuration, when another process has changed it.
local function refresh_config(record, known)
  if record.config_changes == known.config_changes then return known.config end
  local config, err = configs.prepare_shared(record.config)
  if not config then return nil, err end
  return forms.with_functions(config, known.config)
end

-- Another process may have started, changed or destroyed it since we looked: true when there is another
-- init.
local function refresh(self)
  local known = self._record
  local record, err = state.reload(self._directory, known)
  if not record then return record, err end
  record.config, err = refresh_config(record, known)
  if not record.config then return nil, err end
  if record.init_process_pid == known.init_process_pid
    and record.init_process_start == known.init_process_start then
    known.config, known.config_changes = record.config, record.config_changes
    known.checkpoint, known.poststop_due = record.checkpoint, record.poststop_due
    return false
  end
  local followed
  followed, err = self._factory:_follow(self, record)
  if not followed then return nil, err end
  if self._init then self._init:_poll() end -- ours to reap, whoever has started the next one
  self._record, self._init = record, false
  return true
end

--- Is its init at work still, or waits at the latch? It bears our name until it becomes the program.
---@private
---@return boolean
function Container:_is_no_program_yet()
  local pid = self._core:init()
  return pid ~= nil and core.proc_file(pid, "comm") == INIT_NAME
end

-- What the core answers to `ask`, when what another process has done is known.
local function look(self, ask)
  if self._is_destroyed then return "destroyed" end
  local alive, err = check_alive(self)
  if not alive then return nil, err end
  local status, raw = ask(self._core)
  if status == "created" or status == "stopped" then
    local is_new, why = refresh(self)
    if is_new then status, raw = ask(self._core) end
    if is_new == nil then
      if why.code == "ContainerNotExists" then return "destroyed" end
      return nil, why
    end
  end
  if not status then return nil, errors.raw(raw) end
  if status == "running" and self._record.is_prepared and self:_is_no_program_yet() then return "prepared" end
  local has_ended = status == "stopped" or status == "created" -- a failed restore has made its core anew
  return has_ended and self._record.checkpoint and "checkpointed" or status
end

--- What the kernel says of it now.
---@return "created"|"prepared"|"running"|"pausing"|"paused"|"checkpointed"|"stopped"|"destroyed"|nil
---@return libcontainer.Error|nil err
function Container:status()
  return look(self, self._core.status)
end

-- The same, and an error for what is no container any more, whoever destroyed it.
local function existing_status(self)
  local alive, err = check_alive(self)
  if not alive then return nil, err end
  local status
  status, err = self:status()
  if status == "destroyed" then return nil, errors.container_not_exists(self._id) end
  return status, err
end

--- Its configuration, as a copy of its own.
---@return table|nil
---@return libcontainer.Error|nil err
function Container:config()
  if self._damaged then return nil, self._damaged end
  -- What cannot be read any more is told as it was.
  if not self._is_destroyed then refresh(self) end
  return object.plain(check.copy(self._record.config))
end

--- May what is done with it load libraries at run time? libsystemd is, where its cgroups are in a scope, and libmnl
-- for its networks; nothing else is.
---@return boolean
function Container:loads_libraries()
  local record = self._record
  return record.systemd ~= nil or next(record.config.networks or {}) ~= nil
end

--- The state as it is on disk, with the status of this moment.
---@return table|nil
---@return libcontainer.Error|nil err  ContainerNotExists once destroyed
function Container:state()
  local status, err = existing_status(self)
  if not status then return nil, err end
  if IS_ALIVE[status] then refresh(self) end
  local copy = check.copy(self._record)
  copy.config, copy.status = forms.storable(copy.config), status
  return object.plain(copy)
end

--- Process ids of everything in it, in cgroups below too.
---@param options table|nil  `ns`: "host" (the default) or "container": as who sees them
---@return integer[]|nil
---@return libcontainer.Error|nil err
function Container:processes(options)
  local ns = check.options(options, { "ns" }, "processes").ns or "host"
  if ns ~= "host" and ns ~= "container" then
    error(("option ns of processes must be \"host\" or \"container\", not %q"):format(tostring(ns)), 2)
  end
  local status, err = existing_status(self)
  if not status then return nil, err end
  local pids, raw = self._core:pids(ns == "container")
  if not pids then return nil, errors.raw(raw) end
  table.sort(pids)
  return object.plain(pids)
end

--- What it has used until now: the shape of the table is that of src/cgroups/stats.def on every machine,
-- and what the kernel does not tell is absent.
---@return libcontainer.Stats|nil
---@return libcontainer.Error|nil err  ContainerNotRunning, ContainerNotExists; never half of the numbers
function Container:stats()
  local alive, err = check_alive(self)
  if not alive then return nil, err end
  return stats.read(self)
end

--- Iterate over stats: at once, and then every `interval` until the container ends.
---@param interval number|string|nil  seconds, default 1
---@return fun(): libcontainer.Stats|nil
function Container:watch(interval)
  local seconds, problem = units.duration(interval or 1)
  if not seconds then error("bad argument #1 to 'watch' (" .. problem .. ")", 2) end
  if seconds <= 0 then error("bad argument #1 to 'watch' (must be more than 0)", 2) end
  return stats.watch(self, seconds)
end

--- Be told when something in it is killed for want of memory, from now on until its init ends.
---@return libcontainer.Events|nil
---@return libcontainer.Error|nil err  ContainerNotRunning; SystemError where nothing here tells of it
function Container:notify_oom()
  local alive, err = check_alive(self)
  if not alive then return nil, err end
  return events.oom(self)
end

--- Be told when tasks in it stand still for want of a resource, from now on until its init ends.
---@param resource "cpu"|"memory"|"io"
---@param options table  `some` or `full`: a part of the time, 0.15; `window`: seconds, default 2. Or `level`: "low", "medium", "critical" (memory on v1)
---@return libcontainer.Events|nil
---@return libcontainer.Error|nil err  ContainerNotRunning, ConfigInvalid; SystemError where nothing here tells of it
function Container:notify_pressure(resource, options)
  options = events.pressure_options(resource, options, "notify_pressure")
  local alive, err = check_alive(self)
  if not alive then return nil, err end
  return events.pressure(self, resource, options)
end

--- What happens to it from now on, until it is destroyed: start, exec, exit, oom, pause, resume, destroy,
-- and pressure when it is asked for.
---@param options table|nil  `pressure`: by resource, what notify_pressure takes
---@return libcontainer.Events|nil
---@return libcontainer.Error|nil err  ContainerNotExists, ConfigInvalid
function Container:events(options)
  options = check.options(options, { "pressure" }, "events")
  local pressure = {}
  for resource, what in pairs(check.options(options.pressure, { "cpu", "memory", "io" }, "events.pressure")) do
    pressure[resource] = events.pressure_options(resource, what, "events.pressure." .. resource)
  end
  local alive, err = check_alive(self)
  if not alive then return nil, err end
  return events.all(self, pressure)
end

-- --- starting ---

local function as_process(value)
  if process.is(value) then return value end
  return process.new(value)
end

-- For as long as a start goes on, which lets other coroutines run.
local function mark_start(self)
  self._starts = self._starts + 1
  return setmetatable({}, { __close = function()
    self._starts = self._starts - 1
    tell(self, "settled")
  end })
end

--- Does another coroutine start something in it? Then `tell` will say what comes of it.
---@return boolean
function Container:_is_being_started()
  return self._starts > 0
end

-- Start it, as the first one only if `may_be_first`, and that one up to the latch if `is_prepared`.
local function start_process(self, proc, may_be_first, is_prepared)
  if proc._handle then
    return nil, errors.new { code = "SystemError", step = "process", errno = 16, errname = "EBUSY",
      message = "this process object has been started already", hint = "make another with lc.process" }
  end
  local lock <close>, err = M.lock(self._directory, self._id, self._core)
  if not lock then return nil, err end
  local status
  status, err = look(self, self._core.life) -- who joins looks himself whether it is paused
  if not status then return nil, err end
  if status == "checkpointed" then return nil, errors.container_checkpointed(self._id) end
  local is_further = status == "running" or status == "prepared"
  local _ <close> = mark_start(self)
  if not is_further and not may_be_first then return nil, errors.container_not_running(self._id, status) end
  if is_further and is_prepared then return nil, errors.container_not_stopped(self._id, status) end
  local started
  if is_further then
    started, err = start.further(self, proc)
  else
    tell(self, "ending") -- what it was until now
    started, err = start.first(self, proc, status, is_prepared)
  end
  if not started then return nil, err end
  if not is_prepared then tell(self, is_further and "exec" or "start", proc) end
  if err then return started, err end
  return started
end

--- Run a program in it: the first one, its init, or, when it runs, a further one beside it.
---@param proc libcontainer.Process|libcontainer.fields.process  a process object, or what lc.process takes
---@return libcontainer.Process|nil
---@return libcontainer.Error|libcontainer.Error[]|nil err  what failed, with nothing left of it; beside a process the warnings of poststop hooks, those of its last run
function Container:start(proc)
  local alive, err = check_alive(self)
  if not alive then return nil, err end
  check.program_table(proc, "start", "process or table")
  proc, err = as_process(proc)
  if not proc then return nil, err end
  return start_process(self, proc, true)
end

--- Set everything up for a program, which runs when `release` is called, by this process or by another one: its
-- init waits, whoever ends meanwhile. What is wrong with the program is told now. Further programs can
-- run beside it already, it can be paused, signalled and destroyed.
---@param proc libcontainer.Process|libcontainer.fields.process
---@return libcontainer.Process|nil
---@return libcontainer.Error|nil err  as of `start`; ContainerNotStopped when it has an init
function Container:prepare(proc)
  local alive, err = check_alive(self)
  if not alive then return nil, err end
  check.program_table(proc, "prepare", "process or table")
  proc, err = as_process(proc)
  if not proc then return nil, err end
  return start_process(self, proc, true, true)
end

--- Let the program run that `prepare` has set up, whichever process did that.
---@return libcontainer.Process|nil
---@return libcontainer.Error|nil err  ContainerNotPrepared; or why the program could not be run: the container has ended then, and stays
function Container:release()
  local alive, err = check_alive(self)
  if not alive then return nil, err end
  local lock <close>, why = M.lock(self._directory, self._id, self._core)
  if not lock then return nil, why end
  local is_new
  is_new, err = refresh(self)
  if is_new == nil then return nil, err end
  local status
  status, err = look(self, self._core.status) -- one that stands still would never answer
  if not status then return nil, err end
  if status ~= "prepared" then return nil, errors.container_not_prepared(self._id, status) end
  local proc
  proc, err = process.new(self._record.process or {})
  if not proc then return nil, errors.state_damaged(self._id, "its process: " .. tostring(err)) end
  proc, err = start.release(self, proc)
  if not proc then return nil, err end
  tell(self, "start", proc)
  return proc
end

--- Run a further program in it, which must run, and collect its output. What the program leaves
-- running goes on; at its timeout all that it has started is killed.
---@param t libcontainer.ExecOptions  the array part is the argv; named keys are process fields, the limits `memory`, `cpus` and `pids` for it alone, `input`, `timeout`, `output_limit`
---@return libcontainer.Result|nil
---@return libcontainer.Error|nil err  ContainerNotRunning, ContainerPaused, or why the program could not be started
function Container:exec(t)
  check.program_table(t, "exec")
  local alive, err = check_alive(self)
  if not alive then return nil, err end
  local spec, options = configs.prepare_exec(t)
  if not spec then return nil, options end
  spec, err = results.with_stdio(spec, options)
  if not spec then return nil, err end
  spec.cgroups = spec.cgroups or {}
  local proc
  proc, err = process.new(spec)
  if not proc then return nil, err end
  options.began = core.now()
  local started
  started, err = start_process(self, proc, false)
  if options.text then options.text:close() end
  if not started then return nil, err end
  return results.of(proc, options)
end

--- A shell in it, which must run, on the caller's terminal: see process:attach.
-- Options beside the fields of a process (the array part is the program, default { "sh" }): `input`,
-- `output`, `detach_keys`.
---@param t table|nil
---@return libcontainer.Exit|false|nil  how it ended; false when it was detached and runs on
---@return libcontainer.Process|libcontainer.Error  the process
function Container:shell(t)
  if t ~= nil then check.program_table(t, "shell") end
  local alive, err = check_alive(self)
  if not alive then return nil, err end
  local spec, options = attach.split(t or {})
  if spec.console ~= nil then
    return nil, errors.config_problem("console", "the terminal of a shell is the caller's", "start it instead")
  end
  local status
  status, err = self:status()
  if not status then return nil, err end
  if IS_PAUSED[status] then return nil, errors.container_paused(self._id) end
  if status ~= "running" then return nil, errors.container_not_running(self._id, status) end
  local columns, rows = attach.size(options.input)
  if not columns then return nil, rows end
  spec.terminal_size = spec.terminal_size or { columns, rows }
  local proc
  proc, err = process.new(spec)
  if not proc then return nil, err end
  local started
  started, err = start_process(self, proc, false)
  if not started then return nil, err end
  local fine, exit, why = pcall(proc.attach, proc, options)
  if fine and exit ~= nil then return exit, proc end
  proc:_kill()
  if not fine then error(exit, 0) end
  return nil, why
end

--- The plan of a start, without starting: needs no privileges.
---@param proc libcontainer.Process|libcontainer.fields.process|nil  default { "true" }
---@return libcontainer.Plan|nil  an array of rows that prints as a table
---@return libcontainer.Error|nil err
function Container:explain(proc)
  local alive, err = check_alive(self)
  if not alive then return nil, err end
  proc, err = as_process(proc or { args = { "true" } })
  if not proc then return nil, err end
  return plan.of(self._id, self._core, self._record.config, proc:_specification(),
    IS_ALIVE[self:status()] == true, self._factory:_mark(self._id), layer.path(self))
end

-- --- its writable layer ---

--- What its programs have changed of its root: of one with `overlay`, running or not.
---@return { path: string, kind: "added"|"changed"|"deleted" }[]|nil  by path; of what has been added every entry
---@return libcontainer.Error|nil err
function Container:diff()
  local alive, err = check_alive(self)
  if not alive then return nil, err end
  return layer.diff(self)
end

--- Throw away what its programs have changed of its root, while none of them runs.
---@return true|nil
---@return libcontainer.Error|nil err  ContainerNotStopped
function Container:reset_layer()
  local alive, err = check_alive(self)
  if not alive then return nil, err end
  local lock <close>, why = M.lock(self._directory, self._id, self._core)
  if not lock then return nil, why end
  local status
  status, err = self:status()
  if not status then return nil, err end
  if status ~= "created" and status ~= "stopped" then return nil, errors.container_not_stopped(self._id, status) end
  return layer.clear(self)
end

--- Write it into files, from which `factory:restore` brings it back: its processes with their memory and
-- open files, not the files of its root. It ends by that, and is "checkpointed", unless `leave_running`.
-- Options: `images_directory`, default in the container's own directory, which goes with it; it is made when
-- missing and must be empty; `work_directory`, for criu's log; `leave_running`; `pre_dump`, only the memory, and
-- `parent_path`, the images before; `tcp_established`, `tcp_skip_in_flight`, `external_unix_connections`,
-- `shell_job`, `file_locks`, `link_remap`, `auto_dedup`: what criu(8) has under such names; `page_server`:
-- { address, port } of a criu that gets the memory; `timeout`: seconds, default 60; `progress`: a function (step),
-- called as it goes.
---@param options table|nil
---@return true|nil
---@return libcontainer.Error|nil err  ContainerNotRunning, ContainerPaused, or why not: it runs on then, or the error says what it does
function Container:checkpoint(options)
  local alive, err = check_alive(self)
  if not alive then return nil, err end
  options, err = checkpoint.dump_options(options)
  if not options then return nil, err end
  local lock <close>, why = M.lock(self._directory, self._id, self._core)
  if not lock then return nil, why end
  local status
  status, err = self:status()
  if not status then return nil, err end
  if IS_PAUSED[status] then return nil, errors.container_paused(self._id) end
  if status ~= "running" then return nil, errors.container_not_running(self._id, status) end
  return checkpoint.dump(self, options)
end

-- --- signals and the end ---

--- Send a signal to its init, or to everything in it.
---@param signal string|integer|nil  default "TERM"
---@param options table|nil          `all`: every process
---@return true|nil
---@return libcontainer.Error|nil err  ContainerNotRunning
function Container:signal(signal, options)
  options = check.options(options, { "all" }, "signal", { "all" })
  local number = process.signal_number(signal or "TERM")
  local status, err = existing_status(self)
  if not status then return nil, err end
  if not IS_ALIVE[status] then
    return nil, errors.container_not_running(self._id, status)
  end
  local done, raw
  if options.all then
    done, raw = self._core:signal_all(number)
  else
    done, raw = self._core:signal(number)
  end
  if not done then return nil, errors.raw(raw) end
  return true
end

-- The process object of the init; of a loaded container one is made.
local function init_process(self)
  if self._init then return self._init end
  local handle, raw = self._core:open_init()
  if not handle then return nil, errors.raw(raw, { subject = self._id }) end
  local proc, err = process.new { args = { "(init of " .. self._id .. ")" } }
  if not proc then return nil, err end
  proc:_started(handle, start.at_end(self), start.siblings_of(self))
  self._init = proc
  return proc
end

-- For the streams of events.
Container._init_process = init_process

--- Wait for the end of its init.
---@param timeout number|string|nil  seconds; nil waits for ever
---@return libcontainer.Exit|nil
---@return libcontainer.Error|nil err  errname "ETIMEDOUT", ContainerNotRunning, ContainerNotExists
function Container:wait(timeout)
  timeout = check.timeout(timeout, "argument #1 to 'wait'")
  local alive, err = check_alive(self)
  if not alive then return nil, err end
  -- An init that has ended is that of an earlier run, when another one has started it again: status knows.
  if not self._init or self._init:_poll() then
    local status
    status, err = self:status()
    if not self._init then
      if not status then return nil, err end
      if status == "created" then return nil, errors.container_not_running(self._id, status) end
      if status == "destroyed" then return nil, errors.container_not_exists(self._id) end
    end
  end
  local proc
  proc, err = init_process(self)
  if not proc then return nil, err end
  return proc:wait(timeout)
end

-- The object is of no use any more: give its descriptors back now.
function Container:_release()
  self._is_destroyed = true
  self._core:close()
  self._directory:close()
  for _, source in pairs(self._sources or {}) do source:close() end
end

-- What is in the kernel, then the directory: the state is the last thing to go. [R14]
local function remove(self, timeout)
  tell(self, "ending")
  if self._init then self._init:_poll() end -- its accounting, before the cgroup goes
  local done, raw = self._factory:_destroy_lost(self, timeout)
  if done then done, raw = ending.destroy(self._core, timeout) end
  if done then
    done, raw = network.remove_links(self._record, self._factory:_mark(self._id), self._damaged ~= false)
  end
  if not done then return nil, errors.raw(raw) end
  if self._init then self._init:_poll() end
  done, raw = self._core:reap()
  if not done then return nil, errors.raw(raw) end
  -- Who dies meanwhile leaves them to the next destroy.
  local warnings = hooks.poststop(self)
  done, raw = self._factory:_remove_directory(self._id, self._directory)
  if not done then return nil, errors.raw(raw) end
  tell(self, "destroy")
  self:_release()
  if warnings then return true, warnings end
  return true -- and no nil behind it, which a prompt would show
end

-- Its directory has gone. Destroyed by another process, or removed underneath us: then what runs is
-- still ours to end, unless a new container of that id has taken its place. [L11]
local function remove_lost(self, timeout, err)
  local pids = self._core:pids()
  local status = self._core:status()
  local is_left = IS_ALIVE[status] or (pids and #pids > 0)
  if is_left and not self._factory:_has_directory(self._id) then
    local done, raw = ending.destroy(self._core, timeout)
    if not done then return nil, errors.raw(raw) end
    err = nil
  end
  -- Whoever destroyed it may have left its end to us: the init ends after the programs that we have
  -- started beside it.
  if self._init then self._init:_poll() end -- its status, before it is taken
  local reaped, raw = self._core:reap()
  if not reaped then return nil, errors.raw(raw) end
  tell(self, "destroy")
  self:_release()
  if err then return nil, err end
  return true
end

--- End everything in it and remove every trace.
---@param options table|nil  `force = false`: refuse a running one (ContainerNotStopped); `timeout`: seconds, default 10
---@return true|nil
---@return libcontainer.Error|libcontainer.Error[]|nil err  ContainerNotExists when that has been done; beside true the warnings: what failed of poststop hooks
function Container:destroy(options)
  options = check.options(options, { "force", "timeout" }, "destroy", { "force" })
  local timeout = check.timeout(options.timeout, "option timeout of 'destroy'") or DESTROY_TIMEOUT
  if self._is_destroyed then return nil, errors.container_not_exists(self._id) end
  if self._damaged then
    local is_ours, why = self._factory:_check_is_ours(self)
    if not is_ours then return nil, why end
  end
  -- Who died while it made or removed the directory may have left it without a lock.
  local lock <close>, err = M.lock(self._directory, self._id, self._core, timeout, true)
  if not lock then
    if err.code == "ContainerNotExists" then return remove_lost(self, timeout, err) end
    return nil, err
  end
  if self._damaged then
    local opened
    opened, err = self._factory:_reopen(self)
    if not opened then return nil, err end
  end
  if not self._damaged then
    -- What another process has started meanwhile is to be ended too. Who cannot look must not remove; what
    -- is damaged by now is removed by what we know.
    local status
    status, err = self:status()
    if not status and (options.force == false or state.is_transient(err)) then return nil, err end
    if options.force == false and IS_ALIVE[status] then
      return nil, errors.container_not_stopped(self._id, status)
    end
  end
  return remove(self, timeout)
end

local tools <const> = { lock = M.lock, check_alive = check_alive, refresh = refresh, tell = tell }
lazy.methods(Container, "libcontainer.control", { "set", "pause", "resume", "stop" }, tools)
lazy.methods(Container, "libcontainer.files", { "read_file", "write_file", "copy_in", "copy_out" }, tools)
lazy.methods(Container, "libcontainer.inspection", { "tree", "mounts", "open_files", "sockets" }, tools)
lazy.methods(Container, "libcontainer.mounting", { "add_mount", "remove_mount" }, tools)

-- --- how it ends by itself and how it looks ---

-- Of one that others have destroyed, who did not know its init, that may be a child of ours still.
local function reap_lost(self)
  if state.exists(self._directory) ~= false then return end
  if self._init then self._init:_poll() end -- its status, before it is taken
  self._core:reap()
end

-- Leaving its scope, or collected: what we own goes, in the process that owns it. Answers whether
-- nothing is left to do.
local function let_go(self)
  if self._is_destroyed or not self._directory:is_open() or not self._factory:_is_owner() then return true end
  if not self._is_owned then
    reap_lost(self)
    return true
  end
  local gone, err = self:destroy()
  return gone or err.code == "ContainerNotExists"
end

Container.__close = function(self)
  let_go(self)
end

-- What fails (no memory, a lock that somebody holds) is tried again at the next collections.
Container.__gc = function(self)
  local is_fine, is_gone = pcall(let_go, self)
  if is_fine and is_gone or self._attempts == 3 then return end
  self._attempts = self._attempts + 1
  setmetatable(self, Container)
end

--- Descriptor that becomes readable when its init ends.
---@return integer|nil fd
function Container:pollfd()
  local proc = not self._is_destroyed and init_process(self)
  return proc and proc:pollfd() or nil
end

-- The clock may have been put back since.
local function age_of(seconds)
  seconds = math.max(math.tointeger(seconds // 1) or 0, 0)
  if seconds < 120 then return ("%d s"):format(seconds) end
  if seconds < 7200 then return ("%d min"):format(seconds // 60) end
  return ("%d h"):format(seconds // 3600)
end

function Container:__tostring()
  local status, err = self:status()
  local parts = { status or ("damaged (" .. tostring(err) .. ")") }
  local pid = not self._is_destroyed and self._record and self._core:init()
  if pid and IS_ALIVE[status] then
    parts[#parts + 1] = "pid " .. pid
    parts[#parts + 1] = age_of(core.time() - (self._record.started or core.time()))
    local memory = usage.read(self._core).memory
    if memory then parts[#parts + 1] = ("%.1f MiB"):format(memory / 1048576) end
    if self._init then parts[#parts + 1] = table.concat(self._init:_specification().args, " ") end
  end
  return ("libcontainer.container %s (%s)"):format(self._id, table.concat(parts, ", "))
end

return M
