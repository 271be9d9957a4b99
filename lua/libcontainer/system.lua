-- SPDX-License-Identifier: MIT
--- What a program that is nothing but the host of containers, a command line say, needs of the system
-- around it and Lua does not have. Nothing else of the library uses it: a library inside somebody's
-- program leaves signals and files alone.
local core = require "libcontainer.core"
local errors = require "libcontainer.errors"
local loop = require "libcontainer.loop"
local object = require "libcontainer.object"

local M = {}

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

--- Is that descriptor open?
---@param fd integer
---@return boolean
function M.is_open(fd)
  local copy <close> = core.duplicate(fd)
  return copy ~= nil
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

--- What the kernel tells of a process: nil when there is none.
---@param pid integer
---@return { uid: integer, parent: integer, state: string, command: string }|nil
function M.process(pid)
  local status = core.proc_file(pid, "status")
  if not status then return nil end
  local command = (core.proc_file(pid, "cmdline") or ""):gsub("%z+$", ""):gsub("[%c]", " ")
  if command == "" then command = "[" .. (status:match("^Name:%s*([^\n]*)") or "?") .. "]" end
  local function number(name)
    return math.tointeger(status:match("\n" .. name .. ":%s*(%d+)"))
  end
  return { uid = number "Uid", parent = number "PPid", state = status:match("\nState:%s*(%S)"), command = command }
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
