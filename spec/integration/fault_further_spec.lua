-- SPDX-License-Identifier: MIT
-- The sweeps themselves, and what they look at after each case, are in spec/support/fault_*.lua.
local fixture = require "spec.support.fixture"
local faults = require "spec.support.fault_run"

local ERRNOS <const> = { "EIO", "ENOMEM", "EMFILE" }

-- What can come on a terminal but for EIO, which is its end.
local TERMINAL_ERRNOS <const> = { "EPERM", "ENOMEM", "EMFILE" }
local FURTHER <const> = {
  start = { "a further program runs", ERRNOS },
  placed = { "a further program goes into cgroups that it names", ERRNOS },
  exec = { "container:exec runs a program with limits of its own", ERRNOS, is_sticky = true },
  terminal = { "a further program runs on a terminal", TERMINAL_ERRNOS, is_sticky = true, is_slow = true },
  console = { "a further program's terminal goes to a console socket", TERMINAL_ERRNOS, is_slow = true },
}

for scenario, what in pairs(FURTHER) do
  describe("while " .. what[1] .. ", a failing system call of the host", function()
    fixture.check_leaks()
    -- terminals have nothing to do with cgroups
    before_each(function() if what.is_slow then fixture.needs "pace" end end)

    it("is an error and no program; the container runs on and takes the next one [L12] [L13]", function()
      if scenario == "console" then fixture.needs "cc" end
      assert.is_true(faults.sweep("fault_host", scenario, "once", table.unpack(what[2])) >= fixture.rounds(30, 6))
    end)

    if what.is_sticky then it("does no harm to what runs, when every later call fails too [L12] [L13]", function()
      assert.is_true(faults.sweep("fault_host", scenario, "sticky", table.unpack(what[2])) >= fixture.rounds(30, 6))
    end) end
  end)
end

describe("while a further program runs, a system call of the host that was interrupted", function()
  fixture.check_leaks()

  it("is made again, or is such a failure [L14]", function()
    assert.is_true(faults.sweep("fault_host", "exec", "once", "EINTR") >= fixture.rounds(30, 6))
  end)

  it("is that on a terminal too [L14]", function()
    fixture.needs "pace"
    assert.is_true(faults.sweep("fault_host", "terminal", "once", "EINTR") >= fixture.rounds(30, 6))
  end)
end)
