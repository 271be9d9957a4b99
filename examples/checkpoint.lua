-- SPDX-License-Identifier: MIT
-- A program goes into files and comes back: it counts on where it was. Needs criu; without it the program
-- just runs on.
local lc = require "libcontainer"
local configs = require "libcontainer.configs"

local factory = assert(lc.new())
local id = "checkpoint-" .. math.random(1 << 30)
local box <close> = assert(factory:create(id, assert(configs.host_root())))
local program <close> = assert(box:start { "sh", "-c", "n=0; while read _; do n=$((n + 1)); echo $n; done",
  stdin = "pipe", stdout = "pipe" })

local function count(process)
  assert(process.stdin:write("\n"))
  return process.stdout:read("l")
end

print("it counts: " .. count(program) .. " " .. count(program))
local done, err = box:checkpoint { timeout = 600 }
if not done then
  print("no checkpoint: " .. err.message)
  print("it counts on all the same: " .. count(program))
  return
end
print("now it is " .. box:status())

local back <close>, again = factory:restore(id, { stdin = "pipe", stdout = "pipe", timeout = 600 })
assert(back, again)
print("it counts on: " .. count(again))
again.stdin:close() -- its input ends, and it does
print("it ended with status " .. again:wait().status)
again:close()
