-- SPDX-License-Identifier: MIT
-- Containers in a process of their own, with a heap of that size: prints the seconds of each.
--
--     lua5.4 bench/lives.lua RUNS MIB DIRECTORY
local lc = require "libcontainer"
local core = require "libcontainer.core"
local subject = require "bench.subject"

local MIB <const> = 1024 * 1024

-- Half in long strings, half in small tables, as programs have it.
local function fill_heap(mib)
  local kept = {}
  for i = 1, mib // 2 do kept[i] = ("x"):rep(MIB - 8) .. i end
  while collectgarbage("count") < mib * 1024 do
    for _ = 1, 10000 do kept[#kept + 1] = { 1, 2, 3, 4, { name = "x" } } end
  end
  collectgarbage()
  return kept
end

local runs, mib = math.tointeger(tonumber(arg[1])), math.tointeger(tonumber(arg[2]))
local kept = fill_heap(mib)
local factory = assert(lc.new(arg[3] .. "/state"))
local config = subject.config(arg[3])
for i = 0, runs do
  local began = core.now()
  subject.live(factory, "bench-" .. i, config)
  if i > 0 then print(("%.9f"):format(core.now() - began)) end -- the first one warms up
end
assert(#kept >= 0)
