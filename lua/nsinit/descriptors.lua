-- SPDX-License-Identifier: MIT
--- Which of our descriptors the program gets: those of socket activation, and --preserve-fds behind them.
local system = require "libcontainer.system"

local M = {}

local FIRST <const> = 3
local MOST <const> = 250 -- field process.descriptors

-- Of systemd's socket activation, when it was us whom it meant.
local function listening()
  local count = math.tointeger(tonumber(os.getenv("LISTEN_FDS") or ""))
  local pid = os.getenv("LISTEN_PID")
  if not count or count <= 0 or pid ~= nil and pid ~= "" and pid ~= tostring(system.pid()) then return 0 end
  return count
end

local function with_variable(env, name, value)
  local kept = {}
  for _, one in ipairs(env) do
    if one:sub(1, #name + 1) ~= name .. "=" then kept[#kept + 1] = one end
  end
  kept[#kept + 1] = name .. "=" .. value
  return kept
end

-- Ours; /dev/null is the container's own, because the host's is no file of its mounts, where a checkpoint looks for it.
local function stream(fd)
  return system.real_path(("/proc/self/fd/%d"):format(fd)) == "/dev/null" and "null" or "inherit"
end

--- Give a process its descriptors: ours, or a terminal, and those behind them with the words that tell of them.
---@param process table
---@param options table<string, any>
---@param log nsinit.Log
---@return true|nil
---@return string|nil problem
function M.give(process, options, log)
  local wanted = options["preserve-fds"]
  if not process.terminal then process.stdin, process.stdout, process.stderr = stream(0), stream(1), stream(2) end
  process.console = options["console-socket"]
  local preserved = wanted and math.tointeger(tonumber(wanted)) or 0
  if wanted and (not math.tointeger(tonumber(wanted)) or preserved < 0) then
    return nil, ("--preserve-fds %s: must be a number of descriptors"):format(wanted)
  end
  local listened = listening()
  local count = listened + preserved
  if count == 0 then return true end
  if count > MOST then return nil, ("%d descriptors are too many to pass on: %d can be"):format(count, MOST) end
  local list = {}
  for i = 1, count do
    local fd = FIRST + i - 1
    if not system.is_inherited(fd) or log:is_on(fd) then
      return nil, ("unable to stat preserved-fd %d (of %d): it is not open"):format(fd, count)
    end
    list[i] = fd
  end
  process.descriptors = list
  if listened > 0 then
    process.env = with_variable(process.env or {}, "LISTEN_FDS", tostring(listened))
    process.env = with_variable(process.env, "LISTEN_PID", "1")
    local names = os.getenv("LISTEN_FDNAMES")
    if names then process.env = with_variable(process.env, "LISTEN_FDNAMES", names) end
  end
  return true
end

return M
