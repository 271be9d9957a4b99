-- SPDX-License-Identifier: MIT
--- The host's end of a program's stdin, stdout or stderr.
-- Reads like a Lua file (`read`, `lines`, `write`, `close`), over a pipe of the core that does not
-- block; waiting is done in loop.lua. `pollfd` and `events` make it an object that an event loop can
-- wait for.
local core = require "libcontainer.core"
local check = require "libcontainer.check"
local errors = require "libcontainer.errors"
local loop = require "libcontainer.loop"
local object = require "libcontainer.object"

---@class libcontainer.Stream
local Stream = object.class "stream"

local M = {}

--- Make a stream of a pipe end, or of a terminal.
---@param pipe userdata           core stream
---@param direction "r"|"w"|"rw"  what we do with it
---@param name string             "stdin", "stdout", "stderr" or "terminal", for errors
---@return libcontainer.Stream
function M.new(pipe, direction, name)
  return setmetatable({ _pipe = pipe, _direction = direction, _name = name, _buffer = "", _from = 1, _process = false },
    Stream)
end

--- Who reads from a program wants it to go on: as long as the stream is open and held, so is its process, and
-- with that the container.
---@param process libcontainer.Process
function Stream:_belongs_to(process)
  self._process = process
end

local function failure(self, raw)
  return errors.raw(raw, { field = self._name })
end

local function timed_out(self)
  return errors.timed_out("stdio", self._name .. ": nothing came")
end

local function check_open(self, direction)
  if not self._pipe then error(self._name .. " is closed", 3) end
  if not self._direction:find(direction, 1, true) then
    error(("%s cannot be %s"):format(self._name, direction == "r" and "read" or "written"), 3)
  end
end

-- What is there: a chunk, "" at the end. A terminal ends with EIO, when nobody is on it any more.
local function read_some(self)
  local chunk, why = self._pipe:read()
  if not chunk and self._direction == "rw" and why ~= "again" and core.errno_name(why.errno) == "EIO" then
    return ""
  end
  return chunk, why
end

-- How much has been read and not yet taken. Lines are taken one by one, and what follows them is not moved.
local function size_of(self)
  return #self._buffer - self._from + 1
end

local function rest(self)
  return self._from == 1 and self._buffer or self._buffer:sub(self._from)
end

-- Read once more into the buffer: true, false at the end, or nil, err.
local function fill(self, deadline)
  if self._ended then return false end
  while true do
    local chunk, why = read_some(self)
    if chunk then
      if chunk == "" then self._ended = true return false end
      self._buffer, self._from = rest(self) .. chunk, 1
      loop.turn()
      return true
    elseif why ~= "again" then
      return nil, failure(self, why)
    end
    local ready, raw = loop.wait(self._pipe:pollfd(), "r", deadline)
    if ready == nil then return nil, failure(self, raw) end
    if not ready then return nil, timed_out(self) end
  end
end

local function take(self, count)
  local part = self._buffer:sub(self._from, self._from + count - 1)
  self._from = self._from + #part
  return part
end

local function take_all(self)
  local part = rest(self)
  self._buffer, self._from = "", 1
  return part
end

local function read_all(self, deadline)
  local parts = { take_all(self) }
  while true do
    local more, err = fill(self, deadline)
    if more == nil then
      self._buffer = table.concat(parts)
      return nil, err
    end
    if not more then return table.concat(parts) end
    parts[#parts + 1] = take_all(self)
  end
end

local function read_line(self, keep, deadline)
  local searched = 0
  while true do
    local at = self._buffer:find("\n", self._from + searched, true)
    if at then
      local line = self._buffer:sub(self._from, keep and at or at - 1)
      self._from = at + 1
      return line
    end
    searched = size_of(self)
    local more, err = fill(self, deadline)
    if more == nil then return nil, err end
    if not more then return searched > 0 and take_all(self) or nil end
  end
end

local function read_bytes(self, count, deadline)
  if size_of(self) >= count then return take(self, count) end
  local parts, size = {}, 0
  local more, err
  repeat
    size = size + size_of(self)
    parts[#parts + 1] = take_all(self)
    more, err = fill(self, deadline)
  until not more or size + size_of(self) >= count
  self._buffer = table.concat(parts) .. self._buffer
  if more == nil then return nil, err end
  return size_of(self) > 0 and take(self, count) or nil
end

--- Read as Lua files do.
---@param format "a"|"l"|"L"|integer|nil  all (default "l"), a line without or with its end, or bytes
---@param timeout number|string|nil    seconds; nil waits for ever
---@return string|nil data  nil at the end, except for "a"
---@return table|nil err    errname "ETIMEDOUT" when the time is over; nothing read is lost
function Stream:read(format, timeout)
  check_open(self, "r")
  format = format or "l"
  local deadline = loop.deadline(check.timeout(timeout, "argument #2 to 'read'"))
  if math.type(format) == "integer" then return read_bytes(self, format, deadline) end
  local kind = tostring(format):gsub("^%*", "")
  if kind == "a" then return read_all(self, deadline) end
  if kind == "l" or kind == "L" then return read_line(self, kind == "L", deadline) end
  error("bad argument #1 to 'read' (\"a\", \"l\", \"L\" or a number expected)", 2)
end

--- Iterate over lines.
---@param format "l"|"L"|nil
---@return fun(): string|nil
function Stream:lines(format)
  return function()
    local line, err = self:read(format or "l")
    if err then error(err, 2) end
    return line
  end
end

--- Write all of it, waiting for the program to read.
---@param ... string|number
---@return libcontainer.Stream|nil self
---@return table|nil err  errname "EPIPE" when nobody reads any more
function Stream:write(...)
  check_open(self, "w")
  local text, from = table.concat({ ... }), 1
  while from <= #text do
    local count, why = self._pipe:write(text, from)
    if count then
      from = from + count
      loop.turn()
    elseif why ~= "again" then
      return nil, failure(self, why)
    else
      local ready, raw = loop.wait(self._pipe:pollfd(), "w")
      if ready == nil then return nil, failure(self, raw) end
    end
  end
  return self
end

--- Read what is there without waiting.
---@return string|nil chunk  "" at the end; nil with "again" while nothing is there
---@return string|table|nil why
function Stream:read_now()
  check_open(self, "r")
  if size_of(self) > 0 then return take_all(self) end
  if self._ended then return "" end
  local chunk, why = read_some(self)
  if chunk == "" then self._ended = true end
  if not chunk and why ~= "again" then return nil, failure(self, why) end
  return chunk, why
end

--- Write what goes without waiting.
---@param text string
---@param from integer  position of the first byte
---@return integer|nil count  nil with "again" while the pipe is full
---@return string|table|nil why
function Stream:write_now(text, from)
  check_open(self, "w")
  local count, why = self._pipe:write(text, from)
  if not count and why ~= "again" then return nil, failure(self, why) end
  return count, why
end

--- Change the size of a terminal.
---@param columns integer
---@param rows integer
---@return true|nil
---@return table|nil err
function Stream:resize(columns, rows)
  check_open(self, "w")
  local done, raw = self._pipe:resize(columns, rows)
  if not done then return nil, failure(self, raw) end
  return true
end

--- The size of a terminal.
---@return integer|nil columns
---@return integer|table rows  or the error
function Stream:size()
  check_open(self, "r")
  local columns, rows = self._pipe:size()
  if not columns then return nil, failure(self, rows) end
  return columns, rows
end

--- Close it. Twice is once.
function Stream:close()
  if self._pipe then
    self._pipe:close()
    self._pipe, self._process = nil, false
  end
end

--- Its descriptor, for an event loop.
---@return integer|nil fd  nil once it is closed
function Stream:pollfd()
  return self._pipe and self._pipe:pollfd()
end

--- What an event loop waits for on it.
---@return "r"|"w"|"rw"
function Stream:events()
  return self._direction
end

--- When an event loop is to look at it all the same.
---@return nil  a stream has no deadline of its own
function Stream:timeout()
  return nil
end

Stream.__close = Stream.close

function Stream:__tostring()
  return ("libcontainer.stream (%s%s)"):format(self._name, self._pipe and "" or ", closed")
end

return M
