-- SPDX-License-Identifier: MIT
-- The sweeps themselves, and what they look at after each case, are in spec/support/fault_*.lua. A victim is a
-- program of its own, so of some three thousand points a few hundred are tried; `make sweep` tries all of them.
local fixture = require "spec.support.fixture"
local faults = require "spec.support.fault_run"

describe("a host that is killed at any of its system calls", function()
  fixture.check_leaks()

  it("leaves a container that another process loads and destroys without a trace [L01]", function()
    assert.is_true(faults.sweep("fault_host", "life", "kill") >= fixture.rounds(20, 6))
  end)

  it("leaves nothing while a hook runs and the init waits for it [L01]", function()
    fixture.needs "pace" -- what it has beyond the first has nothing to do with cgroups
    assert.is_true(faults.sweep("fault_host", "hooks", "kill") >= fixture.rounds(20, 6))
  end)

  it("leaves no end of a pair in the host's bridge [L01]", function()
    fixture.needs "pace" -- what it has beyond the first has nothing to do with cgroups
    assert.is_true(faults.sweep("fault_host", "network", "kill") >= fixture.rounds(20, 6))
  end)

  it("leaves no cgroup at a configured place, nor what it has made above it [L01]", function()
    assert.is_true(faults.sweep("fault_host", "place", "kill") >= fixture.rounds(20, 6))
  end)

  it("leaves nothing of lc.run that destroy does not take away [L01]", function()
    fixture.needs "pace" -- what it has beyond the first has nothing to do with cgroups
    assert.is_true(faults.sweep("fault_host", "run", "kill") >= fixture.rounds(20, 6))
  end)

  for _, scenario in ipairs { "exec", "pause", "set", "destroy" } do
    it(("leaves a container that can be used and destroyed, in the middle of %s too [L01]"):format(scenario), function()
      assert.is_true(faults.sweep("fault_host", scenario, "kill") >= fixture.rounds(12, 6))
    end)
  end
end)
