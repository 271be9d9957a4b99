-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local faults = require "spec.support.fault_run"

-- How many requests of each are made to fail, spread evenly; the driver knows how many there are.
local SCENARIOS <const> = { load = 20, configs = 30, problems = 30, explain = 30, create = 30, start = 40, watch = 40,
  failure = 30, run = 40, exec = 60, terminal = 40, change = 40 }

for name, cases in pairs(SCENARIOS) do
  describe("Lua without memory, scenario " .. name .. ",", function()
    fixture.check_leaks()

    it("survives a collection in the middle of anything [E09] [E26]", function()
      assert.is_true(faults.starve(name, "once", fixture.rounds(cases, 6)) >= 5)
    end)

    it("raises the memory error and loses no byte, descriptor, process or cgroup [E08] [E09] [L13]", function()
      assert.is_true(faults.starve(name, "from", fixture.rounds(cases, 6)) >= 5)
    end)
  end)
end
