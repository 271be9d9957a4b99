-- SPDX-License-Identifier: MIT
--- Results first: serve a program until its end, and say everything about it.
local core = require "libcontainer.core"
local errors = require "libcontainer.errors"
local loop = require "libcontainer.loop"

---@class libcontainer.Result
---@field stdout string
---@field stderr string
---@field status integer|nil      exit status; nil when a signal ended it
---@field signal integer|nil
---@field signal_name string|nil
---@field core boolean
---@field oom boolean             the OOM killer struck
---@field timed_out boolean       it was killed at its timeout
---@field truncated boolean       more was written than output_limit
---@field usage table             see libcontainer.Exit
---@field time number             seconds from its start to its end
local Result = { __name = "libcontainer.result" }
Result.__index = Result

local M = {}

local OUTPUT_LIMIT <const> = 16 * 1024 * 1024
-- How long after the end of the program its output is waited for: another process, which it left
-- running or which is outside of the container, may hold the pipes for ever.
local DRAIN_TIMEOUT <const> = 1.0
-- How often one stream is read in a row: a program that never stops writing must not keep us from
-- looking at the time.
local READS_IN_A_ROW <const> = 64

local function how_it_ended(result)
  if result.timed_out then return "was killed at its timeout" end
  if result.oom then return "was killed: out of memory" end
  if result.signal then return "was ended by signal " .. (result.signal_name or result.signal) end
  if result.lost then return "ended, but its status is lost" end
  return "ended with status " .. result.status
end

--- Raise unless the status is 0, with the last lines of stderr.
---@return libcontainer.Result self
function Result:check()
  if self.status == 0 and not self.timed_out then return self end
  local lines = {}
  for line in self.stderr:gmatch("[^\n]+") do lines[#lines + 1] = line end
  local tail = table.concat(lines, "\n", math.max(1, #lines - 9))
  error(("%s %s%s"):format(self.command, how_it_ended(self), tail ~= "" and ":\n" .. tail or ""), 2)
end

function Result:__tostring()
  return ("libcontainer.result (%s %s, %.3f s, %d bytes of output)"):format(self.command,
    how_it_ended(self), self.time, #self.stdout + #self.stderr)
end

-- --- collecting output ---

-- Append what is there, up to the limit; false once the stream has ended.
local function drain(stream, sink)
  for _ = 1, READS_IN_A_ROW do
    local chunk, why = stream:read_now()
    if not chunk then
      if why == "again" then return true end
      return nil, why
    end
    if chunk == "" then return false end
    if sink.size < sink.limit then
      sink[#sink + 1] = chunk:sub(1, sink.limit - sink.size)
    end
    sink.size = sink.size + #chunk
  end
  return true
end

-- Feed what a function gives until it gives nil, or nobody reads.
local function feed(stream, source)
  while true do
    if not source.chunk then
      local chunk = source.fn()
      if chunk == nil then source.finish() return false end
      if type(chunk) ~= "string" then error("input: the function must return strings, then nil", 0) end
      source.chunk, source.from = chunk, 1
    end
    while source.from <= #source.chunk do
      local count, why = stream:write_now(source.chunk, source.from)
      if not count then
        if why == "again" then return true end
        local is_over = why.errname == "EPIPE" or (source.is_terminal and why.errname == "EIO")
        if not is_over then return nil, why end
        source.finish() -- it does not want to read any more: its right
        return false
      end
      source.from = source.from + count
    end
    source.chunk = nil
  end
end

-- A terminal cannot be closed in one direction: its end of input is a character.
local END_OF_INPUT <const> = "\4"

local function with_end(fn)
  local is_over = false
  return function()
    if is_over then return nil end
    local chunk = fn()
    is_over = chunk == nil
    return is_over and END_OF_INPUT or chunk
  end
end

-- What is fed into the process, nil for nothing of ours.
local function source_of(proc, input)
  if type(input) ~= "function" then return nil end
  if proc.terminal then return proc.terminal, { fn = with_end(input), finish = function() end, is_terminal = true } end
  local stdin = proc.stdin
  return stdin, { fn = input, finish = function() stdin:close() end }
end

-- One pump for each stream of the process that is ours to serve. What a terminal shows is stdout.
local function pumps_of(proc, input, limit)
  local pumps, sinks = {}, {}
  for name, stream in pairs { stdout = proc.stdout or proc.terminal or false, stderr = proc.stderr or false } do
    sinks[name] = { size = 0, limit = limit }
    if stream then
      pumps[#pumps + 1] = { stream = stream, direction = "r", step = function(s) return drain(s, sinks[name]) end }
    end
  end
  local stream, source = source_of(proc, input)
  if stream then
    pumps[#pumps + 1] = { stream = stream, direction = "w", step = function(s) return feed(s, source) end }
  end
  return pumps, sinks
end

local function step_pumps(pumps)
  for i = #pumps, 1, -1 do
    local more, err = pumps[i].step(pumps[i].stream)
    if more == nil then return nil, err end
    if not more then table.remove(pumps, i) end
  end
  return true
end

local function wait_for(pumps, proc, deadline)
  local entries = {}
  for i, pump in ipairs(pumps) do entries[i] = { pump.stream:pollfd(), pump.direction } end
  local served = proc and proc:_served()
  if proc then entries[#entries + 1] = { proc:pollfd(), "r" } end
  if served then entries[#entries + 1] = { served:pollfd(), "r" } end
  local count, raw = loop.poll(entries, deadline)
  if not count then return nil, errors.raw(raw) end
  return count
end

-- Serve the streams until the program has ended; at the deadline `kill` ends everything in it.
local function until_end(proc, pumps, deadline, kill)
  local timed_out = false
  while true do
    local fine, err = step_pumps(pumps)
    if not fine then return nil, err end
    local exit
    exit, err = proc:_poll()
    if exit == nil then return nil, err end
    if exit then return exit, timed_out end
    local served = proc:_served()
    if served then served:serve() end
    local count
    count, err = wait_for(pumps, proc, deadline)
    if not count then return nil, err end
    if count == 0 and not timed_out then
      timed_out, deadline = true, nil
      local killed, raw = kill()
      if not killed then return nil, errors.raw(raw) end
    end
  end
end

local function drain_rest(pumps)
  local deadline = loop.deadline(DRAIN_TIMEOUT)
  while true do
    local fine, err = step_pumps(pumps)
    if not fine then return nil, err end
    if #pumps == 0 then return true end
    local count
    count, err = wait_for(pumps, nil, deadline)
    if not count then return nil, err end
    if count == 0 then return true end
  end
end

--- Serve a started process until its end and shape the result.
---@param proc libcontainer.Process
-- Options: `input`, `timeout`, `output_limit`; `began`, the time of its start; `kill`, which ends it
-- and all that it has started; `settle`, called when it has ended.
---@param options table
---@return libcontainer.Result|nil
---@return libcontainer.Error|nil err
function M.collect(proc, options)
  local pumps, sinks = pumps_of(proc, options.input, options.output_limit or OUTPUT_LIMIT)
  for i = #pumps, 1, -1 do
    -- an end of input that is a pipe of ours but has no function behind it is simply closed
    if not pumps[i].stream:pollfd() then table.remove(pumps, i) end
  end
  local deadline = options.timeout and options.began + options.timeout
  local exit, timed_out = until_end(proc, pumps, deadline, options.kill)
  if not exit then return nil, timed_out end
  local ended = core.now()
  options.settle()
  local fine, err = drain_rest(pumps)
  if not fine then return nil, err end
  local result = {}
  for key, value in pairs(exit) do result[key] = value end
  result.stdout, result.stderr = table.concat(sinks.stdout), table.concat(sinks.stderr)
  result.truncated = sinks.stdout.size > sinks.stdout.limit or sinks.stderr.size > sinks.stderr.limit
  result.timed_out, result.time = timed_out, ended - options.began
  result.command = proc:_specification().args[1]
  return setmetatable(result, Result)
end

--- Of a further process of a container: serve it until its end, whatever happens.
---@param proc libcontainer.Process
---@param options table  as `collect` takes, without `kill` and `settle`
---@return libcontainer.Result|nil
---@return libcontainer.Error|nil err
function M.of(proc, options)
  options.kill = function() return proc:_kill() end
  options.settle = function() end
  local fine, result, err = pcall(M.collect, proc, options)
  proc:close()
  if not fine or not result then
    proc:_kill()
    proc:wait(1)
  end
  if not fine then error(result, 0) end
  if not result then return nil, err end
  return result
end

-- --- before the start ---

--- What the program gets as 0, 1 and 2 when the caller did not say.
---@param spec table     strict, changed
---@param options table  `input`; `text` becomes what has to be closed after the start
---@return table|nil spec
---@return libcontainer.Error|nil err
function M.with_stdio(spec, options)
  local input = options.input
  if input ~= nil and spec.stdin ~= nil then
    return nil, errors.config_problem("input", "stdin is given too", "write one of the two")
  end
  if spec.terminal then
    if type(input) == "string" then
      options.input = function() local text = input input = nil return text end
    end
    return spec
  end
  if type(input) == "function" then
    spec.stdin = "pipe"
  elseif type(input) == "string" then
    local text, raw = core.text(input)
    if not text then return nil, errors.raw(raw, { field = "input" }) end
    spec.stdin, options.text = text, text
  end
  spec.stdout = spec.stdout == nil and "pipe" or spec.stdout
  spec.stderr = spec.stderr == nil and "pipe" or spec.stderr
  return spec
end

return M
