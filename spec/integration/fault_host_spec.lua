-- SPDX-License-Identifier: MIT
-- The sweeps themselves, and what they look at after each case, are in spec/support/fault_*.lua.
local fixture = require "spec.support.fixture"
local faults = require "spec.support.fault_run"

local ERRNOS <const> = { "EIO", "ENOMEM", "EMFILE" }
local SCENARIOS <const> = {
  life = "create, start, wait and destroy",
  place = "create, start, wait and destroy at a configured cgroup",
  run = "lc.run with three pipes",
  foreign = "list, load and destroy of another process's container",
}

for scenario, words in pairs(SCENARIOS) do
  describe("while " .. words .. " go on, a failing system call of the host", function()
    fixture.check_leaks()

    it("is an error object or no failure at all, and leaves nothing behind [L12] [L13]", function()
      assert.is_true(faults.sweep("fault_host", scenario, "once", table.unpack(ERRNOS)) >= fixture.rounds(100, 10))
    end)

    it("leaves what one destroy clears away, when every later call fails too [L12] [L13]", function()
      assert.is_true(faults.sweep("fault_host", scenario, "sticky", table.unpack(ERRNOS)) >= fixture.rounds(100, 10))
    end)

    it("that was interrupted is made again, or is such a failure [L14]", function()
      assert.is_true(faults.sweep("fault_host", scenario, "once", "EINTR") >= fixture.rounds(100, 10))
    end)
  end)
end

-- What can come on a terminal but for EIO, which is its end.
local TERMINAL_ERRNOS <const> = { "EPERM", "ENOMEM", "EMFILE" }
local FURTHER <const> = {
  start = { "a further program runs", ERRNOS },
  exec = { "container:exec runs a program with limits of its own", ERRNOS, is_sticky = true },
  terminal = { "a further program runs on a terminal", TERMINAL_ERRNOS, is_sticky = true },
  console = { "a further program's terminal goes to a console socket", TERMINAL_ERRNOS },
}

for scenario, what in pairs(FURTHER) do
  describe("while " .. what[1] .. ", a failing system call of the host", function()
    fixture.check_leaks()

    it("is an error and no program; the container runs on and takes the next one [L12] [L13]", function()
      if scenario == "console" then fixture.needs "cc" end
      assert.is_true(faults.sweep("fault_host", scenario, "once", table.unpack(what[2])) >= fixture.rounds(80, 10))
    end)

    if what.is_sticky then it("does no harm to what runs, when every later call fails too [L12] [L13]", function()
      assert.is_true(faults.sweep("fault_host", scenario, "sticky", table.unpack(what[2])) >= fixture.rounds(80, 10))
    end) end
  end)
end

describe("while a further program runs, a system call of the host that was interrupted", function()
  fixture.check_leaks()

  it("is made again, or is such a failure [L14]", function()
    assert.is_true(faults.sweep("fault_host", "exec", "once", "EINTR") >= fixture.rounds(80, 10))
    assert.is_true(faults.sweep("fault_host", "terminal", "once", "EINTR") >= fixture.rounds(80, 10))
  end)
end)

describe("while a container with stubborn programs is destroyed, a failing system call of the host", function()
  fixture.check_leaks()

  it("is an error, and the next destroy leaves nothing, not a zombie [L12] [L13]", function()
    assert.is_true(faults.sweep("fault_host", "destroy", "once", table.unpack(ERRNOS)) >= fixture.rounds(60, 10))
  end)

  it("that was interrupted is made again, or is such a failure [L14]", function()
    assert.is_true(faults.sweep("fault_host", "destroy", "once", "EINTR") >= fixture.rounds(60, 10))
  end)
end)

describe("while a start is undone, a failing system call of the host", function()
  fixture.check_leaks()

  it("leaves nothing that the container's own destroy does not remove [L12] [L13]", function()
    assert.is_true(faults.sweep("fault_host", "undo", "sticky", table.unpack(ERRNOS)) >= fixture.rounds(100, 10))
  end)
end)

describe("while limits are changed, a failing system call of the host", function()
  fixture.check_leaks()

  it("leaves all of them as they were, or all changed [L45] [L12]", function()
    assert.is_true(faults.sweep("fault_host", "set", "once", table.unpack(ERRNOS)) >= fixture.rounds(50, 10))
  end)

  it("is told with the files that could not be put back, when every later call fails too [L45]", function()
    assert.is_true(faults.sweep("fault_host", "set", "sticky", table.unpack(ERRNOS)) >= fixture.rounds(50, 10))
  end)
end)

describe("while a container is paused and resumed, a failing system call of the host", function()
  fixture.check_leaks()

  it("leaves none half frozen [L24] [L12]", function()
    assert.is_true(faults.sweep("fault_host", "pause", "once", table.unpack(ERRNOS)) >= fixture.rounds(50, 10))
  end)

  it("leaves what destroy takes away, when every later call fails too [L24] [L12]", function()
    assert.is_true(faults.sweep("fault_host", "pause", "sticky", table.unpack(ERRNOS)) >= fixture.rounds(50, 10))
  end)

  it("that was interrupted is made again, or is such a failure [L14]", function()
    assert.is_true(faults.sweep("fault_host", "pause", "once", "EINTR") >= fixture.rounds(50, 10))
  end)
end)

describe("while a container is looked at and listened to, a failing system call of the host", function()
  fixture.check_leaks()

  it("is an error, never half of an answer, and no event is made up or lost [L46] [L12] [L13]", function()
    assert.is_true(faults.sweep("fault_host", "watch", "once", table.unpack(ERRNOS)) >= fixture.rounds(150, 10))
  end)

  it("is that, too, when every later call fails [L46] [L12]", function()
    assert.is_true(faults.sweep("fault_host", "watch", "sticky", "EMFILE") >= fixture.rounds(100, 10))
  end)

  it("that was interrupted is made again, or is such a failure [L14] [L46]", function()
    assert.is_true(faults.sweep("fault_host", "watch", "once", "EINTR") >= fixture.rounds(150, 10))
  end)
end)

describe("a host that is killed at any of its system calls", function()
  fixture.check_leaks()

  it("leaves a container that another process loads and destroys without a trace [L01]", function()
    assert.is_true(faults.sweep("fault_host", "life", "kill") >= fixture.rounds(200, 10))
  end)

  it("leaves no cgroup at a configured place, nor what it has made above it [L01]", function()
    assert.is_true(faults.sweep("fault_host", "place", "kill") >= fixture.rounds(200, 10))
  end)

  it("leaves nothing of lc.run that destroy does not take away [L01]", function()
    assert.is_true(faults.sweep("fault_host", "run", "kill") >= fixture.rounds(200, 10))
  end)

  -- With those above some six hundred points in the life of a container.
  for scenario, least in pairs { exec = 120, pause = 30, set = 30, destroy = 60 } do
    it(("leaves a container that can be used and destroyed, in the middle of %s too [L01]"):format(scenario), function()
      assert.is_true(faults.sweep("fault_host", scenario, "kill") >= fixture.rounds(least, 4))
    end)
  end
end)
