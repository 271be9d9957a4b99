-- SPDX-License-Identifier: MIT
-- Containers as tasks of an event loop, in a process of their own: prints the seconds that one of them takes of all.
--
--     lua5.4 bench/loop.lua LOOP COUNT AT_ONCE DIRECTORY
local lc = require "libcontainer"
local core = require "libcontainer.core"
local subject = require "bench.subject"

local loop = assert(lc.loop(arg[1]))
local count, at_once = math.tointeger(tonumber(arg[2])), math.tointeger(tonumber(arg[3]))
local factory = assert(lc.new(arg[4] .. "/state"))
local config = subject.config(arg[4])
local ids = {}
for i = 1, count do ids[i] = "task-" .. i end
subject.live(factory, "warm", config)
local began = core.now()
loop:map(ids, at_once, function(id) subject.live(factory, id, config) end)
print(("%.9f"):format((core.now() - began) / count))
