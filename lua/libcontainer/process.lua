-- SPDX-License-Identifier: MIT
--- A program to run in a container, and, once started, the process.
local core = require "libcontainer.core"
local lazy = require "libcontainer.lazy"
local attach = lazy "libcontainer.attach"
local check = require "libcontainer.check"
local configs = lazy "libcontainer.configs"
local ending = require "libcontainer.ending"
local errors = lazy "libcontainer.errors"
local loop = require "libcontainer.loop"
local normal = lazy "libcontainer.configs.normal"
local object = require "libcontainer.object"
local stream = lazy "libcontainer.stream"
local supervisor = lazy "libcontainer.supervisor"

---@class libcontainer.Process
---@field stdin libcontainer.Stream|nil   when it was started with stdin = "pipe"
---@field stdout libcontainer.Stream|nil
---@field stderr libcontainer.Stream|nil
---@field terminal libcontainer.Stream|nil  when it was started with terminal = true and no console
local Process = object.class("process", { "stdin", "stdout", "stderr", "terminal" })

local M = {}

local STDIO <const> = { "stdin", "stdout", "stderr" }
-- What of it we have an end of.
local ENDS <const> = { "stdin", "stdout", "stderr", "terminal" }

-- What another process knows nothing of.
local OF_THIS_PROCESS <const> = { "stdin", "stdout", "stderr", "descriptors", "console", "seccomp_handler" }

--- Names of the public methods.
---@return string[]
function M.methods()
  return object.methods(Process)
end

--- Is it a process object?
---@param value any
---@return boolean
function M.is(value)
  return getmetatable(value) == Process
end

--- Describe a program. Nothing is started.
---@param spec libcontainer.fields.process  fields of section "process" in doc/reference/fields.md
---@return libcontainer.Process|nil
---@return libcontainer.Error|nil err  ConfigInvalid with every problem
function M.new(spec)
  check.program_table(spec, "process")
  local strict, err = configs.prepare_process(spec)
  if not strict then return nil, err end
  -- Every field has its place now: setting one while a program starts must not need memory.
  return setmetatable({ _spec = strict, _handle = false, _usage = false, _siblings = false,
    _exit = false, _pending = false, _group = false, _host = false,
    _supervisor = false, _is_taken = false }, Process)
end

-- --- stdio ---

local function open_end(self, name, value, fds)
  local direction = name == "stdin" and "in" or "out"
  local theirs, raw
  if value == nil or value == "null" then
    theirs, raw = fds.null, nil -- one for all that want none
    if not theirs then theirs, raw = core.null() end
    fds.null = theirs
  elseif value == "pipe" then
    local ours
    ours, theirs = core.pipe(direction)
    if not ours then return nil, theirs end
    self._pending[name] = stream.new(ours, direction == "in" and "w" or "r", name)
  elseif value == "inherit" then
    theirs, raw = core.duplicate(name == "stdin" and 0 or name == "stdout" and 1 or 2)
  elseif type(value) == "string" then
    theirs, raw = core.text(value)
  else
    theirs, raw = core.duplicate(value)
  end
  if not theirs then return nil, raw end
  fds[name] = theirs
  fds["null_" .. name] = value == nil or value == "null"
  return true
end

-- Open what the program gets as 0, 1 and 2: { stdin = descriptor or core stream, null_stdin = … }.
function Process:_open_stdio()
  local fds = {}
  self._pending = {}
  for _, name in ipairs(STDIO) do
    local done, raw = open_end(self, name, self._spec[name], fds)
    if not done then
      self:_close_stdio(fds)
      return nil, errors.raw(raw, { field = "process." .. name })
    end
    -- the terminal takes the place of all three
    if self._spec.terminal then fds["null_" .. name] = nil end
  end
  return fds
end

-- Its terminal is open, and the program does not run yet: the other end is ours, or somebody else's.
-- `master` is the core's stream, nil when no terminal was asked for.
function Process:_give_terminal(master)
  local path = self._spec.console
  if not master then return true end
  local done, raw
  if path then
    done, raw = core.send_terminal(path, master)
    master:close()
  else
    self._pending.terminal = stream.new(master, "rw", "terminal")
    done, raw = master:nonblock()
  end
  if done then return true end
  return nil, errors.raw(raw, { field = path and "process.console" or "process.terminal",
    hint = path and "somebody must listen on that unix socket and take what comes" })
end

-- Its filter is loaded, and the program does not run yet: whoever answers what it notifies gets the
-- listener, here or elsewhere. `agent` as supervisor.connect has it, `facts` as hand_over takes them.
function Process:_give_listener(notifier, agent, facts)
  if agent then return supervisor.hand_over(agent, notifier, facts) end
  if self._supervisor then self._supervisor:close() end
  self._supervisor = supervisor.new(notifier, self._spec.seccomp_handler)
  return true
end

-- What answers, while the caller waits: by the handler, or, when he did not ask for the listener, as if there
-- were none. Nil when it is somebody else's, or there is nothing to answer any more.
function Process:_served()
  local own = self._supervisor
  return own and not self._is_taken and own:pollfd() and own or nil
end

--- What answers the system calls that its filter notifies. From now on the caller does: nothing is answered
-- while the process is waited for.
---@return libcontainer.Supervisor|nil  nil where nothing is notified, or seccomp.listener_path answers
function Process:seccomp_listener()
  if self._supervisor then self._is_taken = true end
  return self._supervisor or nil
end

-- The last moment before the program counts as started: our ends become the object's. `usage` is a
-- function that reads the container's accounting, once, when the process has ended. `siblings`, of an
-- init, answers the descriptors of what has to end before it can.
function Process:_attach(usage, siblings)
  for name, ours in pairs(self._pending) do
    ours:_belongs_to(self)
    rawset(self, name, ours)
  end
  self._usage, self._siblings = usage, siblings or false
end

-- End the process and, if it has a cgroup of its own, everything that it has started.
function Process:_kill()
  if self._group then return ending.kill(self._group) end
  local done, raw = self._handle:signal(9)
  if not done and core.errno_name(raw.errno) == "ESRCH" then return true end
  return done, raw
end

-- After the start, or its failure: the program's ends are its own now, and ours go unless it runs.
function Process:_close_stdio(options, is_running)
  for _, name in ipairs(ENDS) do
    local fd = options[name]
    if type(fd) == "userdata" then fd:close() end
    local ours = self._pending[name]
    if ours and not is_running then
      ours:close()
      rawset(self, name, nil)
    end
  end
  self._pending = false
  if options.agent then options.agent.connection:close() end
  if self._supervisor and not is_running then
    self._supervisor:close()
    self._supervisor = false
  end
end

-- --- the started process ---

-- Of a container that somebody else started: see _attach.
function Process:_started(handle, usage, siblings)
  self._handle, self._usage, self._siblings = handle, usage, siblings
end

local function check_started(self)
  if not self._handle then return nil, errors.process_not_executed() end
  return self._handle
end

--- Its process id, as the host sees it.
---@return integer|nil pid
---@return libcontainer.Error|nil err  ProcessNotExecuted
function Process:pid()
  local handle, err = check_started(self)
  if not handle then return nil, err end
  return (handle:pid())
end

--- Send it a signal.
---@param signal string|integer  "TERM", "SIGTERM", 15; default "TERM"
---@return true|nil
---@return libcontainer.Error|nil err  ContainerNotRunning when it has ended
function Process:signal(signal)
  local number = M.signal_number(signal or "TERM")
  local handle, err = check_started(self)
  if not handle then return nil, err end
  local done, raw = handle:signal(number)
  if not done then return nil, errors.raw(raw) end
  return true
end

--- The number of a signal; raises for what is none.
---@param signal string|integer
---@return integer
function M.signal_number(signal)
  local number = math.type(signal) == "integer" and signal
    or type(signal) == "string" and core.signal(signal)
  if not number or number < 0 or number > 64 then
    local names = {}
    for known = 1, 64 do names[#names + 1] = core.signal_name(known) end
    error(errors.unknown("signal", signal, check.nearest(tostring(signal), names)), 3)
  end
  return number
end

---@class libcontainer.Exit
---@field status integer|nil       exit status; nil when a signal ended it
---@field signal integer|nil       the signal
---@field signal_name string|nil   "KILL"
---@field core boolean             a core was dumped
---@field lost boolean|nil         it has ended, but the host program has taken its status away
---@field oom boolean              the OOM killer struck in its cgroup
---@field usage table              memory_peak, memory at its end (bytes); cpu_time, cpu_user, cpu_system (seconds); oom_kills, pids_peak; what the kernel does not tell is absent

-- Look once: the exit table, false while it runs, or nil, err.
function Process:_poll()
  if self._exit then return self._exit end
  if self._siblings then self._siblings() end -- those that have ended are reaped by it
  local ended, raw = self._handle:poll()
  if ended == nil then return nil, errors.raw(raw) end
  if not ended then return false end
  local usage = self._usage and self._usage() or {}
  if not usage.cpu_time and ended.user then
    usage.cpu_user, usage.cpu_system = ended.user, ended.system
    usage.cpu_time = ended.user + ended.system
  end
  self._exit = object.plain { status = ended.status, signal = ended.signal, core = ended.core, lost = ended.lost,
    signal_name = ended.signal and core.signal_name(ended.signal),
    oom = (usage.oom_kills or 0) > 0, usage = usage }
  return self._exit
end

--- Wait for its end.
---@param timeout number|string|nil  seconds; nil waits for ever
---@return libcontainer.Exit|nil  the same table each time
---@return libcontainer.Error|nil err  errname "ETIMEDOUT" when it still runs, ProcessNotExecuted
function Process:wait(timeout)
  timeout = check.timeout(timeout, "argument #1 to 'wait'")
  local handle, err = check_started(self)
  if not handle then return nil, err end
  local deadline = loop.deadline(timeout)
  while true do
    local exit
    exit, err = self:_poll()
    if exit == nil then return nil, err end
    if exit then return exit end
    local served = self:_served()
    local entries = { { handle:pollfd(), "r" }, served and served:serve() and { served:pollfd(), "r" } or nil }
    for _, fd in ipairs(self._siblings and self._siblings() or {}) do entries[#entries + 1] = { fd, "r" } end
    local count, raw = loop.poll(entries, deadline)
    if not count then return nil, errors.raw(raw) end
    if count == 0 then return nil, errors.timed_out("wait", "the process has not ended", timeout) end
  end
end

--- Descriptor that becomes readable when it ends.
---@return integer|nil fd
function Process:pollfd()
  return self._handle and self._handle:pollfd() or nil
end

--- What an event loop waits for on it.
---@return "r"|nil  nil before the start
function Process:events()
  return self._handle and "r" or nil
end

--- When an event loop is to look at it all the same.
---@return nil  a process has no deadline of its own
function Process:timeout()
  return nil
end

-- A copy of its strict specification.
function Process:_specification()
  return self._spec
end

-- The same without what belongs to this host process alone: its descriptors and functions.
function Process:_storable()
  local spec = check.copy(self._spec, nil, "", normal.OPAQUE)
  for _, name in ipairs(OF_THIS_PROCESS) do spec[name] = nil end
  return spec
end

-- A failure when we have no terminal of it.
local function check_terminal(self)
  local handle, err = check_started(self)
  if not handle then return nil, err end
  local terminal = rawget(self, "terminal")
  if terminal and terminal:pollfd() then return terminal end
  return nil, errors.new { code = "SystemError", step = "terminal", errno = 25, errname = "ENOTTY",
    message = "this process has no terminal here",
    hint = self._spec.console and "it was given to the console socket" or "start it with terminal = true" }
end

--- Attach the caller's terminal to its terminal until it ends or the detach keys are typed. The caller's
-- is raw meanwhile, and is put back on every way out.
-- Options: `input`, `output`: descriptors or Lua files, default 0 and 1; `detach_keys`: default
-- "ctrl-p,ctrl-q", false for none; `signals`: of system.signals(), passed on to it; `beside`: an object with pollfd
-- and serve, called when that is readable.
---@param options table|nil
---@return libcontainer.Exit|false|nil  how it ended; false when it was detached and runs on
---@return libcontainer.Error|nil err
function Process:attach(options)
  local terminal, err = check_terminal(self)
  if not terminal then return nil, err end
  return attach.attach(self, options)
end

--- Change the size of its terminal; the program is told by SIGWINCH.
---@param columns integer
---@param rows integer
---@return true|nil
---@return libcontainer.Error|nil err  ProcessNotExecuted, ENOTTY when we have no terminal of it
function Process:resize(columns, rows)
  local terminal, err = check_terminal(self)
  if not terminal then return nil, err end
  return terminal:resize(columns, rows)
end

--- Close our ends of its standard descriptors; a program whose terminal that was gets SIGHUP. The
-- process itself belongs to its container.
function Process:close()
  for _, name in ipairs(ENDS) do
    local ours = rawget(self, name)
    if ours then ours:close() end
  end
  if self._supervisor then self._supervisor:close() end
end

Process.__close = Process.close

function Process:__tostring()
  local args = table.concat(self._spec.args, " ")
  if #args > 60 then args = args:sub(1, 57) .. "..." end
  local what = "not started"
  if self._handle then
    local exit = self:_poll()
    what = "pid " .. self:pid()
    if exit then
      what = exit.signal and "ended by signal " .. (exit.signal_name or exit.signal)
        or exit.lost and "ended" or "ended with status " .. exit.status
    end
  end
  return ("libcontainer.process (%s): %s"):format(what, args)
end

return M
