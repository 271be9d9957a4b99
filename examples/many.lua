-- SPDX-License-Identifier: MIT
-- 200 containers, or as many as it is told, 8 at a time, in one thread: a process is a descriptor that
-- becomes readable when it ends, so one poll waits for all of them.
local lc = require "libcontainer"
local configs = require "libcontainer.configs"
local loop = require "libcontainer.loop"

local TOTAL <const>, AT_A_TIME <const> = math.tointeger(tonumber(arg[1] or 200)), 8
local factory = assert(lc.new())
local config = assert(configs.host_root { memory = "64M", pids = 8 })
local name = ("many-%x-"):format(math.random(1 << 30))
local running, started, sum, most = {}, 0, 0, 0

local function start_one()
  started = started + 1
  local box = assert(factory:create(name .. started, config))
  local program = assert(box:start { "sh", "-c", "exit " .. started % 10 })
  running[#running + 1] = { box = box, program = program }
end

local function reap(slot)
  sum = sum + assert(slot.program:wait(0)).status
  assert(slot.box:destroy())
end

while started < TOTAL or #running > 0 do
  while started < TOTAL and #running < AT_A_TIME do start_one() end
  most = math.max(most, #running)
  local entries = {}
  for i, slot in ipairs(running) do entries[i] = { slot.program:pollfd(), "r" } end
  assert(loop.poll(entries, loop.deadline(60)) > 0, "nothing ends")
  for i = #running, 1, -1 do
    if entries[i][3] then reap(table.remove(running, i)) end
  end
end
print(("%d containers, %d at a time, sum of their statuses %d"):format(started, most, sum))
for _, box in ipairs(assert(factory:list())) do
  assert(not box:id():find(name, 1, true), "one is left")
end
