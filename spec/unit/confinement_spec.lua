-- SPDX-License-Identifier: MIT
-- What was noted of a container against what came back: less confined is refused.
local fixture = require "spec.support.fixture"
local check = require "libcontainer.check"
local confinement = require "libcontainer.confinement"

local FACTS <const> = {
  init = 1,
  processes = {
    { pid = 1, outer = 100, parent = 9, CapInh = "0000000000000000", CapPrm = "00000000800405fb",
      CapEff = "00000000800405fb", CapBnd = "00000000800405fb", CapAmb = "0000000000000000", Uid = "0 0 0 0",
      Gid = "0 0 0 0", NoNewPrivs = 1, Seccomp = 2, Seccomp_filters = 1 },
    { pid = 7, outer = 107, parent = 100, CapInh = "0000000000000000", CapPrm = "0000000000000000",
      CapEff = "0000000000000000", CapBnd = "00000000800405fb", CapAmb = "0000000000000000", Uid = "5 5 5 5",
      Gid = "5 5 5 5", NoNewPrivs = 1, Seccomp = 2, Seccomp_filters = 2 },
  },
  namespaces = { cgroup = true, ipc = true, mnt = true, net = false, pid = true, user = false, uts = true },
  mounts = {
    { point = "/", root = "/srv/root", type = "ext4", device = "8:1", options = "ro,relatime" },
    { point = "/proc", root = "/", type = "proc", device = "0:5", options = "rw,nosuid,nodev,noexec" },
    { point = "/proc/kcore", root = "/null", type = "tmpfs", device = "0:6", options = "ro,nosuid,noexec" },
  },
  stdio = {},
}

local function after(change)
  local facts = check.copy(FACTS)
  change(facts)
  return facts
end

describe("the proof of what came back", function()
  it("accepts what is as it was, or more confined, whatever the numbers outside", function()
    assert.is_true(confinement.prove(FACTS, after(function(facts)
      facts.processes[1].outer, facts.processes[2].outer, facts.processes[2].parent = 200, 207, 200
      facts.processes[1].CapPrm, facts.processes[1].Seccomp_filters = "0000000000000000", 2
      facts.mounts[1].device, facts.mounts[1].root = "0:77", "/elsewhere"
      facts.namespaces.net = true
    end)))
  end)

  it("names the first thing that is missing", function()
    local LOST <const> = {
      ["process 1: NoNewPrivs is 0 and was 1"] = function(facts) facts.processes[1].NoNewPrivs = 0 end,
      ["process 1: Seccomp is 0 and was 2"] = function(facts) facts.processes[1].Seccomp = 0 end,
      ["process 7: Seccomp_filters is 1 and was 2"] = function(facts) facts.processes[2].Seccomp_filters = 1 end,
      ["process 7: CapEff is 0000000000000400 and was 0000000000000000"] = function(facts)
        facts.processes[2].CapEff = "0000000000000400"
      end,
      ["process 1: CapBnd is 000001ffffffffff and was 00000000800405fb"] = function(facts)
        facts.processes[1].CapBnd = "000001ffffffffff"
      end,
      ["process 7: Uid is 0 0 0 0 and was 5 5 5 5"] = function(facts) facts.processes[2].Uid = "0 0 0 0" end,
      ["/ is not ro any more"] = function(facts) facts.mounts[1].options = "rw,relatime" end,
      ["/proc is not noexec any more"] = function(facts) facts.mounts[2].options = "rw,nosuid,nodev" end,
      ["/proc/kcore is no mask any more"] = function(facts) facts.mounts[3].root = "/" end,
      ["/proc/kcore is a proc and was a tmpfs"] = function(facts) facts.mounts[3].type = "proc" end,
      ["/proc/kcore is not mounted"] = function(facts) facts.mounts[3] = nil end,
      ["/proc has something mounted on it that was not there"] = function(facts)
        facts.mounts[4] = { point = "/proc", root = "/", type = "proc", device = "0:9", options = "rw,nosuid,nodev,noexec" }
      end,
      ["its mnt namespace is the host's"] = function(facts) facts.namespaces.mnt = false end,
      ["the first process has another number"] = function(facts) facts.init = 7 end,
    }
    for what, change in pairs(LOST) do
      local proved, lost = confinement.prove(FACTS, after(change))
      assert.is_nil(proved, what)
      assert.equal(what, lost)
    end
  end)

  it("finds a process that is no descendant of the first one", function()
    assert.is_nil(confinement.outsider(FACTS, 100))
    assert.equal(107, confinement.outsider(after(function(facts) facts.processes[2].parent = 55 end), 100))
  end)

  it("knows a root that was read-only", function()
    assert.is_true(confinement.is_root_readonly(FACTS))
    assert.is_false(confinement.is_root_readonly(after(function(facts) facts.mounts[1].options = "rw,nosuid" end)))
  end)

  fixture.check_leaks()
end)
