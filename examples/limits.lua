-- SPDX-License-Identifier: MIT
-- Two programs that would hurt a machine, each in a container with limits: one takes all the memory
-- that it can get, one starts processes without end. The host does not notice.
local lc = require "libcontainer"

local function how(result)
  if result.timed_out then return "killed at its timeout" end
  if result.oom then return "killed: it met its memory limit" end
  if result.stderr:find("fork", 1, true) then return "ended: it met its process limit" end
  return tostring(result)
end

-- tail keeps the last line, and /dev/zero never ends one
local hog = assert(lc.run { "tail", "/dev/zero", memory = "32M", timeout = 60 })
print("memory hog  " .. how(hog))
print("  peak at most 32 MiB: " .. tostring(hog.usage.memory_peak <= 32 * 1024 * 1024))

local bomb = assert(lc.run {
  "sh", "-c", "while :; do (while :; do sleep 100 & done) & done", pids = 20, timeout = 60,
})
print("fork bomb   " .. how(bomb))

-- A program that only waits meets its timeout.
local sleeper = assert(lc.run { "sleep", "1000", timeout = 0.2 })
print("sleeper     " .. how(sleeper))
