-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local faults = require "spec.support.fault_run"

describe("the init of a container that has something of everything", function()
  fixture.check_leaks()

  it("tells which operation, step and field failed, whichever call it was [L13]", function()
    local cases, output = faults.sweep("fault_init", "fail", "first")
    assert.is_true(cases >= fixture.rounds(300, 6))
    -- A few may fail without harm: a memory policy that cannot be reset, a directory of PATH.
    local _, tolerated = output:match("tolerated:([%d ]*)\n"):gsub("%d+", "")
    assert.is_true(tolerated < 16, output)
  end)

  it("may die at any of its calls: the start fails and says so, nothing is left [L07] [L08]", function()
    assert.is_true(faults.sweep("fault_init", "die", "first", 100) >= fixture.rounds(100, 6))
  end)
end)

describe("the init of a container that joins namespaces, and the helper that makes it", function()
  fixture.check_leaks()

  it("tell which operation, step and field failed, whichever call it was, and nothing is left [L13] [O64]", function()
    local cases, output = faults.sweep("fault_init", "fail", "joined", 100)
    assert.is_true(cases >= fixture.rounds(100, 10))
    local _, tolerated = output:match("tolerated:([%d ]*)\n"):gsub("%d+", "")
    assert.is_true(tolerated < 20, output)
  end)

  it("may die at any of their calls, each without the other: the start fails, and nothing is left [L07] [L08]", function()
    assert.is_true(faults.sweep("fault_init", "die", "joined", 100) >= fixture.rounds(100, 10))
  end)
end)

describe("the processes that bring a further program into a container", function()
  fixture.check_leaks()

  it("tell which operation, step and field failed, whichever call it was, and the container runs on [L13]", function()
    local cases, output = faults.sweep("fault_init", "fail", "further")
    assert.is_true(cases >= fixture.rounds(100, 6))
    -- Among them the last words of the one that was not seen inside.
    local _, tolerated = output:match("tolerated:([%d ]*)\n"):gsub("%d+", "")
    assert.is_true(tolerated < 16, output)
  end)

  it("may die at any of their calls, each without the other: no program runs that its host does not know of [L08]",
    function()
    assert.is_true(faults.sweep("fault_init", "die", "further", 80) >= fixture.rounds(80, 6))
  end)
end)

describe("the init of a container that dies while a further program is started", function()
  fixture.check_leaks()

  it("at any system call of the host is ContainerNotRunning or takes the program along; it can be started again [L07]",
    function()
    assert.is_true(faults.sweep("fault_death", "") >= fixture.rounds(30, 6))
  end)
end)
