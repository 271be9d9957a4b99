-- SPDX-License-Identifier: MIT
--- The caller's terminal on a process's terminal: what is typed here goes there, what is shown there
-- comes here, until the process ends or the detach keys are typed.
--
-- The caller's terminal is raw meanwhile, by an object that puts it back on every way out of here, and a
-- process that does when we are killed. No signal handler is installed: the size is looked at a few times
-- a second, or at once where the caller has his signals come on a descriptor and gives them to us.
local core = require "libcontainer.core"
local check = require "libcontainer.check"
local errors = require "libcontainer.errors"
local loop = require "libcontainer.loop"
local getenv = os and os.getenv or function() end

local M = {}

M.OPTIONS = { "input", "output", "detach_keys", "signals", "beside" }

local DETACH_KEYS <const> = "ctrl-p,ctrl-q"
local LOOK_AT_SIZE <const> = 0.25 -- seconds
-- At once: what a terminal takes that is not blocking nor read at the moment.
local WRITE_SIZE <const> = 512
-- Held while the other side does not take it: more is not read then.
local HELD_SIZE <const> = 16384

-- "ctrl-p,x" as the bytes that are typed; nil for what is none.
local function parse_keys(text)
  local bytes = {}
  for key in (text .. ","):gmatch("([^,]*),") do
    local letter = key:lower():match("^ctrl%-([a-z@%[%]\\^_])$")
    if letter then
      bytes[#bytes + 1] = string.char(letter:upper():byte() & 0x1f)
    elseif #key == 1 then
      bytes[#bytes + 1] = key
    else
      return nil
    end
  end
  return table.concat(bytes)
end

--- The bytes of detach keys; raises for what are none.
---@param keys string|false|nil  "ctrl-p,ctrl-q" by default, false for none
---@return string
function M.keys(keys)
  if keys == false then return "" end
  local bytes = type(keys or DETACH_KEYS) == "string" and parse_keys(keys or DETACH_KEYS)
  if not bytes then
    error(("bad detach_keys %q (a letter or ctrl-letter, separated by commas)"):format(tostring(keys)), 3)
  end
  return bytes
end

-- Take the detach keys out of what is typed: what is to go on, and whether they were all there. A
-- beginning of them is held back until it is none.
local function filter(held, keys, typed)
  if keys == "" then return typed, "", false end
  local text = held .. typed
  local at = text:find(keys, 1, true)
  if at then return text:sub(1, at - 1), "", true end
  for length = math.min(#keys - 1, #text), 1, -1 do
    if text:sub(-length) == keys:sub(1, length) then return text:sub(1, -length - 1), text:sub(-length), false end
  end
  return text, "", false
end

local function failure(raw)
  return errors.is(raw) and raw or errors.raw(raw)
end

-- --- the parts of the loop; each answers nil, err when it failed ---

local function read_typed(relay)
  local typed, raw = relay.input:read(4096)
  if not typed then return raw == "again" or nil, raw end
  local on, held, is_over = filter(relay.held, relay.keys, typed)
  relay.to_program, relay.held = relay.to_program .. on, held
  -- readable, and nothing there: the caller's terminal has gone, or somebody else has read
  relay.is_detached = is_over or (typed == "" and not relay.input:size())
  return true
end

local function read_shown(relay)
  local shown, why = relay.terminal:read_now()
  if not shown then return why == "again" or nil, why end
  relay.has_ended = shown == ""
  relay.to_caller = relay.to_caller .. shown
  return true
end

local function write_typed(relay)
  local count, why = relay.terminal:write_now(relay.to_program, 1)
  if not count then
    if why == "again" then return true end
    if why.errname ~= "EIO" then return nil, why end
    count = #relay.to_program -- nobody is on it
  end
  relay.to_program = relay.to_program:sub(count + 1)
  return true
end

local function write_shown(relay)
  local count, raw = relay.output:write(relay.to_caller:sub(1, WRITE_SIZE))
  if not count then
    if raw == "again" then return true end
    local name = core.errno_name(raw.errno)
    if name ~= "EIO" and name ~= "EPIPE" then return nil, raw end
    relay.is_detached, relay.to_caller = true, "" -- nobody looks any more
    return true
  end
  relay.to_caller = relay.to_caller:sub(count + 1)
  return true
end

-- What our process was told is for the program. A new size of the caller's terminal is not: it is followed.
local function pass_signal(relay)
  local number, raw = relay.signals:take()
  if number == nil then return nil, raw end
  if not number or number == relay.resized then return true end
  local told, err = relay.process:signal(number)
  if not told and err.code ~= "ContainerNotRunning" and err.errname ~= "ESRCH" then return nil, err end
  return true
end

local function serve_beside(relay)
  return relay.beside:serve()
end

-- The program's terminal as large as the caller's.
local function follow_size(relay)
  local columns, rows = relay.input:size()
  if not columns or columns == 0 or rows == 0 then return true end
  if columns == relay.columns and rows == relay.rows then return true end
  relay.columns, relay.rows = columns, rows
  return relay.terminal:resize(columns, rows)
end

-- One wait, and what it found.
local function turn(relay, proc, patience)
  local entries, steps = { { proc:pollfd(), "r" } }, {}
  local function add(fd, direction, step)
    entries[#entries + 1], steps[#entries + 1] = { fd, direction }, step
  end
  if #relay.to_program < HELD_SIZE then add(relay.input:pollfd(), "r", read_typed) end
  if not relay.has_ended and #relay.to_caller < HELD_SIZE then add(relay.terminal:pollfd(), "r", read_shown) end
  if relay.to_program ~= "" and not relay.has_ended then add(relay.terminal:pollfd(), "w", write_typed) end
  if relay.to_caller ~= "" then add(relay.output:pollfd(), "w", write_shown) end
  if relay.beside then add(relay.beside:pollfd(), "r", serve_beside) end
  if relay.signals then add(relay.signals:pollfd(), "r", pass_signal) end
  local count, raw = loop.poll(entries, loop.deadline(patience))
  if not count then return nil, raw end
  for i = 2, #entries do
    if entries[i][3] then
      local fine, err = steps[i](relay)
      if not fine then return nil, err end
    end
  end
  return true
end

-- What was shown before the end, and has not reached the caller; somebody whom the process left behind
-- may go on for ever.
local function finish(relay)
  for _ = 1, 64 do
    local before = #relay.to_caller
    local fine, err = true, nil
    if not relay.has_ended then fine, err = read_shown(relay) end
    if not fine then return nil, err end
    if #relay.to_caller == before then break end
  end
  while relay.to_caller ~= "" do
    local fine, err = write_shown(relay)
    if not fine then return nil, err end
  end
  return true
end

local function serve(relay, proc)
  while true do
    local exit, err = proc:_poll()
    if exit == nil then return nil, err end
    if exit then
      local fine, why = finish(relay)
      if not fine then return nil, failure(why) end
      return exit
    end
    if relay.is_detached then
      if relay.to_program ~= "" then write_typed(relay) end
      return false
    end
    local fine, why = follow_size(relay)
    if fine then fine, why = turn(relay, proc, LOOK_AT_SIZE) end
    if not fine then return nil, failure(why) end
  end
end

--- The size of the caller's terminal.
---@param input any  descriptor or Lua file; default 0
---@return integer|nil columns
---@return integer|libcontainer.Error rows
function M.size(input)
  local copy <close>, raw = core.duplicate(input or 0)
  if not copy then return nil, failure(raw) end
  local columns, rows = copy:size()
  if columns then return columns, rows end
  return nil, errors.raw(rows, { subject = "", message = "there is no terminal to attach: "
    .. "the input is none", hint = "give a terminal as input and output" })
end

--- Take a table of container:shell apart.
---@param t table
---@return table spec     of the process
---@return table options  of attach
function M.split(t)
  local spec, options = {}, {}
  for key, value in next, t do
    if check.contains(M.OPTIONS, key) then options[key] = value else spec[key] = value end
  end
  if spec[1] == nil and spec.args == nil then spec[1] = "sh" end
  spec.env = spec.env or { TERM = getenv("TERM") or "xterm" }
  spec.terminal = true
  M.keys(options.detach_keys)
  return spec, options
end

--- Attach the caller's terminal.
---@param proc libcontainer.Process  with a terminal that we have
---@param options table|nil          see process:attach
---@return libcontainer.Exit|false|nil  false: detached, it runs on
---@return libcontainer.Error|nil err
function M.attach(proc, options)
  options = check.options(options, M.OPTIONS, "attach")
  local keys = M.keys(options.detach_keys)
  local columns, err = M.size(options.input)
  if not columns then return nil, err end
  local input <close>, raw = core.duplicate(options.input or 0)
  if not input then return nil, failure(raw) end
  local output <close>, why = core.duplicate(options.output or 1)
  if not output then return nil, failure(why) end
  local guard <close>, problem = core.raw(input, proc._host or nil)
  if not guard then return nil, failure(problem) end
  return serve({ input = input, output = output, terminal = proc.terminal, process = proc, keys = keys, held = "",
    signals = options.signals, beside = options.beside, resized = core.signal "WINCH", to_program = "", to_caller = "",
    has_ended = false, is_detached = false }, proc)
end

return M
