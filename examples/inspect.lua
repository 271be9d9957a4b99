-- SPDX-License-Identifier: MIT
-- Looking before and during: every operation of a start in order, each with the field that asks for
-- it, before anything happens; then status, processes and state of the container that runs.
local lc = require "libcontainer"
local configs = require "libcontainer.configs"

local factory = assert(lc.new())
local config = assert(configs.host_root { hostname = "glass", memory = "64M" })
local box <close> = assert(factory:create("inspect-" .. math.random(1 << 30), config))
local program = assert(lc.process { args = { "sleep", "100" } })

local plan = assert(box:explain(program))
for i, row in ipairs(plan) do
  if row.field == "hostname" or row.field == "no_new_privileges" or i == #plan then
    print(("%-18s %-18s %s"):format(row.op, row.field or "", row.meaning))
  end
end
print("before the start: " .. box:status())

assert(box:start(program))
local state = assert(box:state())
print("after it: " .. state.status .. ", processes: " .. #assert(box:processes()))
print("its init is the program: " .. tostring(state.init_process_pid == program:pid()))
print("another look: " .. assert(factory:load(box:id())):status())

assert(program:signal("TERM"))
print("pid 1 ignores TERM: " .. tostring(program:wait(0.1) == nil))
assert(program:signal("KILL"))
print("ended by " .. assert(program:wait(10)).signal_name .. ", then " .. box:status())
assert(box:destroy())
print("at the end: " .. box:status())
