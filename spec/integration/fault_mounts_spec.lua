-- SPDX-License-Identifier: MIT
-- The sweeps themselves, and what they look at after each case, are in spec/support/fault_*.lua; what is mounted, in
-- fault_mounts.lua. `make sweep` tries every call.
local fixture = require "spec.support.fixture"
local faults = require "spec.support.fault_run"

local KINDS <const> = {
  layered = "a writable layer in a user namespace, mapped ids, a source by descriptor and an overlay",
  memory = "a writable layer in memory",
}
local NEEDS <const> = { layered = { "mappable", "user_attributes" }, memory = {} }

for kind, words in pairs(KINDS) do
  describe("while a container lives that has " .. words .. ",", function()
    fixture.check_leaks()
    local sweep = function(...)
      fixture.needs(table.unpack(NEEDS[kind]))
      return faults.sweep(...)
    end

    it("a failing system call of the host is an error or no failure, and leaves nothing [L12] [L13]", function()
      assert.is_true(sweep("fault_host", kind, "once", "EIO", "ENOMEM", "EMFILE") >= fixture.rounds(25, 5))
    end)

    it("what is left when every later call fails too is cleared away by one destroy [L12] [L13]", function()
      assert.is_true(sweep("fault_host", kind, "sticky", "EIO", "ENOMEM", "EMFILE") >= fixture.rounds(25, 5))
    end)

    it("its init tells which operation, step and field failed, whichever call it was [L13]", function()
      assert.is_true(sweep("fault_init", "fail", kind, 60) >= fixture.rounds(40, 5))
    end)

    it("its init may die at any call: the start fails and says so, nothing is left [L07] [L08]", function()
      assert.is_true(sweep("fault_init", "die", kind, 40) >= fixture.rounds(30, 5))
    end)

    it("and its host is killed, the next one loads and destroys it without a trace [L01]", function()
      assert.is_true(sweep("fault_host", kind, "kill") >= fixture.rounds(20, 5))
    end)
  end)
end
