-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local faults = require "spec.support.fault_run"

-- How many requests of each are made to fail, spread evenly; the driver knows how many there are.
local SCENARIOS <const> = { load = 30, configs = 40, problems = 40, explain = 40, create = 60, start = 60,
  failure = 60, run = 60 }

for name, cases in pairs(SCENARIOS) do
  describe("Lua without memory, scenario " .. name .. ",", function()
    fixture.check_leaks()

    it("survives a collection in the middle of anything [E09] [E26]", function()
      assert.is_true(faults.starve(name, "once", fixture.is_asan and cases // 4 or cases) > 5)
    end)

    it("raises the memory error and loses no byte, descriptor, process or cgroup [E08] [E09] [L13]", function()
      assert.is_true(faults.starve(name, "from", fixture.is_asan and cases // 4 or cases) > 5)
    end)
  end)
end
