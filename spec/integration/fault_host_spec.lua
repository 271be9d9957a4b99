-- SPDX-License-Identifier: MIT
-- The sweeps themselves, and what they look at after each case, are in spec/support/fault_*.lua. How many of the
-- calls are tried is told there too; `make sweep` tries all of them.
local fixture = require "spec.support.fixture"
local faults = require "spec.support.fault_run"

local ERRNOS <const> = { "EIO", "ENOMEM", "EMFILE" }
local SCENARIOS <const> = {
  life = "create, start, wait and destroy",
  place = "create, start, wait and destroy at a configured cgroup",
  run = "lc.run with three pipes",
  network = "create, start, wait and destroy with a pair and an interface of the host",
  hooks = "create with hooks of every kind, start, wait and destroy",
  foreign = "list, load and destroy of another process's container",
}
-- What these have beyond "life" has nothing to do with cgroups.
local SLOW <const> = { run = true, network = true, hooks = true }

for scenario, words in pairs(SCENARIOS) do
  describe("while " .. words .. " go on, a failing system call of the host", function()
    fixture.check_leaks()
    before_each(function() if SLOW[scenario] then fixture.needs "pace" end end)

    it("is an error object or no failure at all, and leaves nothing behind [L12] [L13]", function()
      assert.is_true(faults.sweep("fault_host", scenario, "once", table.unpack(ERRNOS)) >= fixture.rounds(30, 6))
    end)

    it("leaves what one destroy clears away, when every later call fails too [L12] [L13]", function()
      assert.is_true(faults.sweep("fault_host", scenario, "sticky", table.unpack(ERRNOS)) >= fixture.rounds(30, 6))
    end)

    it("that was interrupted is made again, or is such a failure [L14]", function()
      assert.is_true(faults.sweep("fault_host", scenario, "once", "EINTR") >= fixture.rounds(30, 6))
    end)
  end)
end

describe("while a container with stubborn programs is destroyed, a failing system call of the host", function()
  fixture.check_leaks()

  it("is an error, and the next destroy leaves nothing, not a zombie [L12] [L13]", function()
    assert.is_true(faults.sweep("fault_host", "destroy", "once", table.unpack(ERRNOS)) >= fixture.rounds(15, 6))
  end)

  it("that was interrupted is made again, or is such a failure [L14]", function()
    assert.is_true(faults.sweep("fault_host", "destroy", "once", "EINTR") >= fixture.rounds(15, 6))
  end)
end)

describe("while a start is undone, a failing system call of the host", function()
  fixture.check_leaks()

  it("leaves nothing that the container's own destroy does not remove [L12] [L13]", function()
    assert.is_true(faults.sweep("fault_host", "undo", "sticky", table.unpack(ERRNOS)) >= fixture.rounds(30, 6))
  end)
end)
