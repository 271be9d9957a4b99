-- SPDX-License-Identifier: MIT
--- What a program that is nothing but the host of containers, a command line say, needs of the system
-- around it and Lua does not have. Nothing else of the library uses it: a library inside somebody's
-- program leaves signals and files alone.
local core = require "libcontainer.core"
local lazy = require "libcontainer.lazy"
local errors = lazy "libcontainer.errors"
local loop = require "libcontainer.loop"
local object = require "libcontainer.object"

local M = {}

local CLOSES_ON_EXEC <const> = tonumber("2000000", 8) -- O_CLOEXEC, as fdinfo writes it

local function answer(value, raw)
  if value then return value end
  return nil, errors.raw(raw)
end

--- The absolute path of a file that is there, without links in it.
---@param path string
---@return string|nil
---@return libcontainer.Error|nil err
function M.real_path(path)
  return answer(core.real_path(path))
end

--- Replace a file by one that holds this text: whoever reads it meanwhile reads the old one or the new one.
---@param path string
---@param text string
---@param mode integer|nil  default 0666; the umask is taken off
---@return true|nil
---@return libcontainer.Error|nil err
function M.replace_file(path, text, mode)
  return answer(core.replace_file(path, text, mode or 438))
end

--- Send a descriptor with a text to whoever listens on a unix socket, of type stream.
---@param path string
---@param text string
---@param descriptor any  a number, a stream or a Lua file
---@return true|nil
---@return libcontainer.Error|nil err
function M.send_descriptor(path, text, descriptor)
  return answer(core.send_descriptor(path, text, descriptor))
end

--- Make a directory, if it is not there.
---@param path string
---@param mode integer  whatever the umask
---@return true|nil
---@return libcontainer.Error|nil err
function M.make_directory(path, mode)
  return answer(core.make_directory(path, mode))
end

--- A unix socket of messages, as service managers and logs of the system read them: bound at `path` for everybody to
-- write to, in place of one that was left there; without a path to send from. `socket:send(path, text)`,
-- `socket:receive()` (false when there is none), `socket:pollfd()`, `socket:close()`; `socket:barrier(path, seconds)`
-- has a service manager say that it has read what came before. They answer nil and a raw error, which
-- `system.failure` makes one of the library.
---@param path string|nil
---@return libcontainer.core.Datagram|nil
---@return libcontainer.Error|nil err
function M.datagram(path)
  return answer(core.datagram(path))
end

--- The error that an object of this module has answered.
---@param raw libcontainer.RawError
---@return libcontainer.Error
function M.failure(raw)
  return errors.raw(raw)
end

--- From now on the signals of this thread, but for SIGCHLD and those of faults, end nothing and interrupt
-- nothing: they come on a descriptor, until that is closed. `signals:take()` answers the number of the next
-- one, or false; `signals:pollfd()` is readable when there is one.
---@return libcontainer.core.Signals|nil
---@return libcontainer.Error|nil err
function M.signals()
  return answer(core.signals())
end

--- The number of a signal.
---@param name string  "TERM", "sigterm", "15", "RTMIN+3"
---@return integer|nil
function M.signal_number(name)
  return core.signal(name)
end

--- Did this process come to be with that descriptor? Those that it opened itself close when a program is executed.
---@param fd integer
---@return boolean
function M.is_inherited(fd)
  local info <close> = io.open(("/proc/self/fdinfo/%d"):format(fd))
  local flags = info and info:read("a"):match("flags:%s*(%d+)")
  return flags ~= nil and tonumber(flags, 8) & CLOSES_ON_EXEC == 0
end

--- The text of a file of proc, empty when there is none.
---@param path string
---@return string
function M.text_of(path)
  local file <close> = io.open(path)
  return file and file:read("a") or ""
end

--- What tells of a capability's name ("KILL", "cap_kill") whether this process, as it is now, can give it to a program
-- that has no user namespace of its own: false also when there is none of that name.
---@return fun(name: string): boolean
function M.granter()
  local status = M.text_of "/proc/self/status"
  local function set(name)
    return tonumber(status:match("\n" .. name .. ":%s*(%x+)") or "0", 16)
  end
  local own = set "CapPrm" & set "CapBnd"
  return function(name)
    local bit = core.capability(name)
    return bit ~= nil and own >> bit & 1 == 1
  end
end

--- Is there a terminal on that descriptor?
---@param fd integer
---@return boolean
function M.is_terminal(fd)
  local copy <close> = core.duplicate(fd)
  return copy ~= nil and copy:size() ~= nil
end

--- Wait until one of the descriptors is ready, see loop.lua.
---@param entries table[]         each `{ descriptor, "r"|"w" }`; field 3 is set to whether it is ready
---@param timeout number|nil      seconds; nil waits for ever
---@return integer|nil count
---@return libcontainer.Error|nil err
function M.poll(entries, timeout)
  return answer(loop.poll(entries, loop.deadline(timeout)))
end

local function number_in(text, pattern)
  return math.tointeger(tonumber(text:match(pattern) or "0"))
end

local boot

-- Seconds since 1970, of ticks since the machine began.
local function time_of(ticks)
  boot = boot or number_in(M.text_of "/proc/stat", "\nbtime (%d+)")
  return boot + ticks // 100
end

---@class libcontainer.ProcessFacts
---@field pid integer
---@field uid integer
---@field parent integer
---@field group integer
---@field session integer
---@field terminal integer  a device number, 0 for none
---@field name string
---@field command string    with its arguments
---@field state string      one letter
---@field ticks integer     of a processor, in hundredths of a second
---@field started integer   seconds since 1970
---@field now integer
---@field nice integer
---@field threads integer
---@field size integer      bytes
---@field resident integer  bytes
---@field memory integer    bytes of the machine

--- What the kernel tells of a process: nil when there is none.
---@param pid integer
---@return libcontainer.ProcessFacts|nil
function M.process(pid)
  local status, stat = core.proc_file(pid, "status"), core.proc_file(pid, "stat")
  if not status or not stat then return nil end
  local name = stat:match("^%d+ %((.*)%)") or "?"
  local command = (core.proc_file(pid, "cmdline") or ""):gsub("%z+$", ""):gsub("[%c]", " ")
  local f = {}
  for word in (stat:match("^.*%) (.*)$") or ""):gmatch("%S+") do f[#f + 1] = math.tointeger(tonumber(word)) or word end
  return { pid = pid, uid = number_in(status, "\nUid:%s*(%d+)"), name = name, state = f[1], parent = f[2], group = f[3],
    session = f[4], terminal = f[5], ticks = f[12] + f[13], nice = f[17], threads = f[18], started = time_of(f[20]),
    size = f[21], resident = number_in(status, "\nVmRSS:%s*(%d+)") * 1024, now = os.time(),
    memory = number_in(M.text_of "/proc/meminfo", "MemTotal:%s*(%d+)") * 1024,
    command = command ~= "" and command or "[" .. name:gsub("%c", "?") .. "]" }
end

--- Our own process id.
---@return integer
function M.pid()
  return core.pid()
end

--- Our own user id.
---@return integer
function M.uid()
  return core.uid()
end

--- Our own group id.
---@return integer
function M.gid()
  return core.gid()
end

return object.module(M, "libcontainer.system: real_path, replace_file, send_descriptor, signals, poll")
