-- SPDX-License-Identifier: MIT
--- System calls that a filter notifies, answered in Lua: the caller sleeps in the kernel until then.
--
--     local p = assert(c:start { "mkdir", "/x", seccomp = filter })
--     local calls = p:seccomp_listener()
--     local call = assert(calls:receive(5))
--     print(call.syscall, call:text(call.args[1]))
--     call:answer { errno = "EROFS" }
--
-- What is read of the caller's memory it can change at any moment: who lets the kernel make the call
-- after all (`continue`) has allowed it whatever its arguments point to by then.
local core = require "libcontainer.core"
local lazy = require "libcontainer.lazy"
local check = require "libcontainer.check"
local errors = lazy "libcontainer.errors"
local json = require "libcontainer.json"
local loop = require "libcontainer.loop"
local object = require "libcontainer.object"
local seccomp = lazy "libcontainer.configs.seccomp"

---@class libcontainer.Supervisor
local Supervisor = object.class "supervisor"

---@class libcontainer.Call
---@field syscall string|nil       its name; nil for a number that has none
---@field number integer
---@field architecture string|nil  "x86_64"
---@field pid integer              of the caller, as this program sees it
---@field args integer[]           six of them, 64 bits each
---@field instruction integer      where in the program it was made
---@field id integer               the kernel's own for this call
local Call = object.class("call", { "syscall", "architecture" })

local M = {}

local ERRNO_LAST <const> = 133
-- What a call gets that nobody has an answer for: as if there were no supervisor.
local UNANSWERED <const> = "ENOSYS"
-- What a call gets whose handler has failed.
local FAILED <const> = "EPERM"
local FAILURES_KEPT <const> = 16
-- How many calls are served in a row: a program that makes them without end must not keep us from looking
-- at the time.
local CALLS_IN_A_ROW <const> = 64

local numbers

local function errno_of(value)
  if not numbers then
    numbers = {}
    for number = 1, ERRNO_LAST do
      local name = core.errno_name(number)
      if name then numbers[name] = number end
    end
  end
  if math.type(value) == "integer" and value >= 1 and value <= 4095 then return value end
  return type(value) == "string" and numbers[value] or nil
end

local function failure(raw)
  return errors.raw(raw, { field = "seccomp" })
end

--- Names of the public methods of a class.
---@param class "supervisor"|"call"
---@return string[]
function M.methods(class)
  return object.methods(class == "call" and Call or Supervisor)
end

-- --- one call ---

local ANSWERS <const> = { "errno", "value", "continue" }

--- Let it end: `{ errno = "EPERM" }` (or a number) in that error, `{ value = 3 }` with that result, or
-- `{ continue = true }` as the kernel does it.
---@param answer table  exactly one of the three
---@return true|nil
---@return libcontainer.Error|nil err  errname "ENOENT": the caller has gone, or it was answered before
function Call:answer(answer)
  answer = check.options(answer, ANSWERS, "answer")
  local name, value = next(answer)
  if name == nil or next(answer, name) ~= nil then
    error("bad argument #1 to 'answer' (one of errno, value and continue expected)", 2)
  end
  local done, raw
  if name == "continue" then
    if value ~= true then error("bad argument #1 to 'answer' (continue must be true)", 2) end
    done, raw = self._notifier["continue"](self._notifier, self.id)
  else
    local number = name == "errno" and errno_of(value) or 0
    if name == "errno" and number == 0 or name == "value" and math.type(value) ~= "integer" then
      error(("bad argument #1 to 'answer' (%s is no %s)"):format(tostring(value),
        name == "errno" and "errno" or "whole number"), 2)
    end
    done, raw = self._notifier:answer(self.id, name == "value" and value or 0, number)
  end
  if done then return true end
  return nil, failure(raw)
end

--- Is the caller still there, in this very call? What was read of it before counts if it is.
---@return boolean
function Call:is_alive()
  return self._notifier:is_valid(self.id)
end

local ADD_FD <const> = { "number", "inherited", "answer" }

--- Give the caller a copy of a descriptor.
-- Options: `number`, which one it becomes there (default the next); `inherited`, its programs get it too;
-- `answer`, its number is the result of the call, which ends so.
---@param fd integer|userdata  a descriptor, a Lua file
---@param options table|nil
---@return integer|nil number  of it there
---@return libcontainer.Error|nil err
function Call:add_fd(fd, options)
  options = check.options(options, ADD_FD, "add_fd")
  local number, raw = self._notifier:add_fd(self.id, fd, options.number or -1, not options.inherited,
    options.answer == true)
  if number then return number end
  return nil, failure(raw)
end

local PAGE <const> = 4096

--- Text of the caller's memory, up to its NUL: an argument that is a path, say.
---@param address integer   of args
---@param limit integer|nil bytes at most, default 4096
---@return string|nil text
---@return libcontainer.Error|nil err  errname "ENOENT": the caller has gone; "ENAMETOOLONG": no end within the limit
function Call:text(address, limit)
  limit = limit or PAGE
  local parts, size = {}, 0
  while size < limit do
    -- not across pages: the next one may not be there, and not be needed
    local count = math.min(limit - size, PAGE - (address + size) % PAGE)
    local bytes, raw = self._notifier:read(self.id, self.pid, address + size, count)
    if not bytes then return nil, failure(raw) end
    local before = bytes:match("^([^\0]*)\0")
    parts[#parts + 1], size = before or bytes, size + #bytes
    if before then return table.concat(parts) end
    if #bytes == 0 then break end
  end
  return nil, errors.new { code = "SystemError", step = "seccomp", errno = 36, subject = "text" }
end

function Call:__tostring()
  return ("libcontainer.call (%s of pid %d)"):format(self.syscall or self.number, self.pid)
end

-- --- all of a process ---

--- Make one of the core's notifier.
---@param notifier userdata
---@param handler function|table|nil  see seccomp_handler of a process
---@return libcontainer.Supervisor
function M.new(notifier, handler)
  return setmetatable({ _notifier = notifier, _handler = handler or false, _kept = {}, _failures = {},
    _has_ended = false }, Supervisor)
end

-- What the kernel has: a call, false for none, nil when there will be none any more.
local function receive(self)
  local call, raw = self._notifier:receive()
  if call then
    call._notifier = self._notifier
    return setmetatable(call, Call)
  elseif call == false then
    return false
  end
  self._has_ended = true
  if core.errno_name(raw.errno) == "EPIPE" then return nil end
  return nil, failure(raw)
end

-- The next call without waiting, what was kept first.
local function next_call(self)
  if #self._kept > 0 then return table.remove(self._kept, 1) end
  if not self._notifier or self._has_ended then return nil end
  return receive(self)
end

--- The next call that waits for an answer.
---@param timeout number|string|nil  seconds; nil waits for ever
---@return libcontainer.Call|nil  nil without an error: nobody is left who could make one
---@return libcontainer.Error|nil err  errname "ETIMEDOUT"
function Supervisor:receive(timeout)
  local deadline = loop.deadline(check.timeout(timeout, "argument #1 to 'receive'"))
  while true do
    local call, err = next_call(self)
    if call ~= false then return call, err end
    local ready, raw = loop.wait(self._notifier:pollfd(), "r", deadline)
    if ready == nil then return nil, failure(raw) end
    if not ready then return nil, errors.timed_out("seccomp", "no system call was notified", timeout) end
  end
end

local function fail(self, message)
  self._failures[#self._failures + 1] = tostring(message)
  if #self._failures > FAILURES_KEPT then table.remove(self._failures, 1) end
  return { errno = FAILED }
end

-- What a handler's results mean.
local function answer_of(self, fine, value, errno)
  if not fine then return fail(self, value) end
  if value == true then return { continue = true } end
  if math.type(value) == "integer" then return { value = value } end
  if value == nil and errno == nil then return nil end -- it has answered itself
  if value == nil and errno_of(errno) then return { errno = errno } end
  return fail(self, ("the handler answered %s, %s: an integer, true, or nil and an errno were expected")
    :format(tostring(value), tostring(errno)))
end

local function serve_call(self, call)
  local handler = self._handler
  if type(handler) == "table" then handler = handler[call.syscall or ""] or handler.default end
  local answer = { errno = UNANSWERED }
  if handler then answer = answer_of(self, pcall(handler, call)) end
  -- one that had no answer after all must not wait for ever; for one that had, this is ENOENT
  call:answer(answer or { errno = UNANSWERED })
end

--- Answer what waits, by the handler of the process; without one as if there were no supervisor.
---@return boolean more  false when nobody is left who could make such a call
function Supervisor:serve()
  for _ = 1, CALLS_IN_A_ROW do
    local call = next_call(self)
    if call == nil then return false end
    if call == false then return true end
    serve_call(self, call)
  end
  return true
end

--- What went wrong in the handler: those calls were answered EPERM. The last 16 messages.
---@return string[]
function Supervisor:failures()
  return object.plain(table.move(self._failures, 1, #self._failures, 1, {}))
end

-- While the program is on its way: calls that are surely our own init's pass, any other one is kept.
function Supervisor:_settle(is_own)
  local call = self._notifier and not self._has_ended and receive(self)
  if call then self._kept[#self._kept + 1] = call end
  for i = #self._kept, 1, -1 do
    if is_own(self._kept[i].pid) then table.remove(self._kept, i):answer { continue = true } end
  end
end

--- Its descriptor, for an event loop.
---@return integer|nil fd  nil when there is nothing to wait for any more
function Supervisor:pollfd()
  return self._notifier and not self._has_ended and self._notifier:pollfd() or nil
end

--- What an event loop waits for on it.
---@return "r"
function Supervisor:events()
  return "r"
end

--- When an event loop is to look at it all the same.
---@return number|nil seconds  0 when a call waits already
function Supervisor:timeout()
  return #self._kept > 0 and 0 or nil
end

--- Close it: calls that wait, and all later ones, are answered ENOSYS by the kernel.
function Supervisor:close()
  if self._notifier then
    self._notifier:close()
    self._notifier = false
  end
end

Supervisor.__close = Supervisor.close

function Supervisor:__tostring()
  return ("libcontainer.supervisor (%s)"):format(self:pollfd() and "listens" or "ended")
end

-- --- who else answers ---

local OCI_VERSION <const> = "1.2.0"

--- Give the listener to the agent: the state of the process as OCI describes it, and the descriptor.
---@param agent table         connection, metadata and config of `connect`
---@param notifier userdata   closed by this
---@param facts table         id, pid, status ("creating", of a further process "running"), init
---@return true|nil
---@return libcontainer.Error|nil err
function M.hand_over(agent, notifier, facts)
  local config = agent.config
  local text, err = json.encode { ociVersion = OCI_VERSION, fds = json.array { "seccompFd" }, pid = facts.pid,
    metadata = agent.metadata, state = { ociVersion = OCI_VERSION, id = facts.id, status = facts.status,
      pid = facts.init, bundle = config.rootfs:match("^(.+)/[^/]*$") or "/", annotations = config.annotations } }
  local done, raw
  if text then done, raw = notifier:send(agent.connection, text) end
  notifier:close()
  agent.connection:close()
  if done then return true end
  return nil, err or errors.raw(raw, { field = "seccomp.listener_path", subject = agent.path })
end

--- Connect to the agent of a filter, where it has one: before anything is made, so that an agent which is
-- not there is an error of the start.
---@param profile table|any  the filter
---@param config table       of the container
---@return table|false|nil agent  false: none is wanted
---@return libcontainer.Error|nil err
function M.connect(profile, config)
  local path = type(profile) == "table" and profile.listener_path
  if not path or not seccomp.notifies(profile) then return false end
  local connection, raw = core.connect(path)
  if connection then
    return { connection = connection, path = path, metadata = profile.listener_metadata, config = config }
  end
  return nil, errors.raw(raw, { field = "seccomp.listener_path",
    hint = "somebody must listen on that unix socket, of type stream" })
end

return M
