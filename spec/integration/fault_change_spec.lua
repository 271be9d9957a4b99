-- SPDX-License-Identifier: MIT
-- The sweeps themselves, and what they look at after each case, are in spec/support/fault_*.lua.
local fixture = require "spec.support.fixture"
local faults = require "spec.support.fault_run"

local ERRNOS <const> = { "EIO", "ENOMEM", "EMFILE" }

describe("while limits are changed, a failing system call of the host", function()
  fixture.check_leaks()

  it("leaves all of them as they were, or all changed [L45] [L12]", function()
    assert.is_true(faults.sweep("fault_host", "set", "once", table.unpack(ERRNOS)) >= fixture.rounds(30, 6))
  end)

  it("is told with the files that could not be put back, when every later call fails too [L45]", function()
    assert.is_true(faults.sweep("fault_host", "set", "sticky", table.unpack(ERRNOS)) >= fixture.rounds(30, 6))
  end)
end)

describe("while a container is paused and resumed, a failing system call of the host", function()
  fixture.check_leaks()

  it("leaves none half frozen [L24] [L12]", function()
    assert.is_true(faults.sweep("fault_host", "pause", "once", table.unpack(ERRNOS)) >= fixture.rounds(25, 6))
  end)

  it("leaves what destroy takes away, when every later call fails too [L24] [L12]", function()
    assert.is_true(faults.sweep("fault_host", "pause", "sticky", table.unpack(ERRNOS)) >= fixture.rounds(25, 6))
  end)

  it("that was interrupted is made again, or is such a failure [L14]", function()
    assert.is_true(faults.sweep("fault_host", "pause", "once", "EINTR") >= fixture.rounds(25, 6))
  end)
end)

describe("while a container is looked at and listened to, a failing system call of the host", function()
  fixture.check_leaks()

  it("is an error, never half of an answer, and no event is made up or lost [L46] [L12] [L13]", function()
    assert.is_true(faults.sweep("fault_host", "watch", "once", table.unpack(ERRNOS)) >= fixture.rounds(30, 6))
  end)

  it("is that, too, when every later call fails [L46] [L12]", function()
    assert.is_true(faults.sweep("fault_host", "watch", "sticky", "EMFILE") >= fixture.rounds(30, 6))
  end)

  it("that was interrupted is made again, or is such a failure [L14] [L46]", function()
    assert.is_true(faults.sweep("fault_host", "watch", "once", "EINTR") >= fixture.rounds(30, 6))
  end)
end)

describe("while files are put into a container and fetched, a failing system call of the host", function()
  fixture.check_leaks()

  it("is an error, no file is half there, and nothing that was made on the way stays [L12] [L13]", function()
    assert.is_true(faults.sweep("fault_host", "files", "once", table.unpack(ERRNOS)) >= fixture.rounds(30, 6))
  end)

  it("is that, too, when every later call fails, which leaves what cannot be removed [L12]", function()
    assert.is_true(faults.sweep("fault_host", "files", "sticky", "EMFILE") >= fixture.rounds(30, 6))
  end)

  it("that was interrupted is made again, or is such a failure [L14]", function()
    assert.is_true(faults.sweep("fault_host", "files", "once", "EINTR") >= fixture.rounds(30, 6))
  end)
end)
