-- SPDX-License-Identifier: MIT
-- Clocks of a container's own: the time namespace. time_namespaces(7)
local fixture = require "spec.support.fixture"
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"
local inside = require "spec.support.inside"

local NAMESPACES <const> = { "mount", "pid", "uts", "ipc", "network", "cgroup", "time" }

local function uptime(text)
  return tonumber(text:match("^([%d.]+)"))
end

local function problem_of(more)
  more.rootfs, more.namespaces = "/x", more.namespaces or NAMESPACES
  local fine, err = configs.validate(more)
  assert.is_nil(fine)
  return tostring(err)
end

describe("a time namespace", function()
  fixture.check_leaks()

  it("sets the clocks off as it was said, and those of further programs [O70]", function()
    fixture.needs("root", "busybox")
    local box <close> = assert(fixture.factory():create(fixture.id(), assert(configs.default { rootfs = fixture.rootfs(),
      namespaces = NAMESPACES, time_offsets = { boottime = 1000000, monotonic = { secs = 86400, nanosecs = 7 } } })))
    local before = uptime(fixture.read("/proc/uptime"))
    local init = assert(box:start { args = { "sh", "-c", "cat /proc/uptime /proc/self/timens_offsets; "
      .. "for n in time time_for_children; do readlink /proc/self/ns/$n; done; exec sleep 60" }, stdout = "pipe" })
    local lines = {}
    for i = 1, 5 do lines[i] = init.stdout:read("l") end
    local after = uptime(fixture.read("/proc/uptime"))
    assert.is_true(uptime(lines[1]) >= before + 1000000 and uptime(lines[1]) <= after + 1000000)
    assert.equal("monotonic 86400 7", (lines[2]:gsub("%s+", " ")))
    assert.equal("boottime 1000000 0", (lines[3]:gsub("%s+", " ")))
    assert.equal(lines[4], lines[5])
    assert.not_equal(fixture.sh("readlink /proc/%d/ns/time", core.pid()), lines[4])
    local result = assert(box:exec { "sh", "-c", "readlink /proc/self/ns/time; cat /proc/uptime" })
    assert.equal(lines[4], result.stdout:match("^[^\n]*"))
    assert.is_true(uptime(result.stdout:match("\n(.*)")) >= before + 1000000)
    assert(box:signal "KILL")
    init:wait()
    init:close()
  end)

  it("goes backwards, takes fractions and text, and needs no offsets [O70]", function()
    fixture.needs("root", "busybox")
    local function offsets(more)
      more.namespaces, more.rootfs = NAMESPACES, fixture.rootfs()
      return (inside.script(more, "cat /proc/self/timens_offsets"):gsub("%s+", " "))
    end
    assert.equal("monotonic -2 500000000 boottime 3600 0 ",
      offsets { time_offsets = { monotonic = -1.5, boottime = "1h" } })
    assert.equal("monotonic -1 0 boottime 0 0 ", offsets { time_offsets = { monotonic = "-1s" } })
    assert.equal("monotonic 0 0 boottime 0 0 ", offsets {})
  end)

  it("belongs to the user namespace, where there is one [O70] [O69]", function()
    fixture.needs("root", "busybox")
    local ids = { { container_id = 0, host_id = 100000, size = 65536 } }
    local namespaces = table.move(NAMESPACES, 1, #NAMESPACES, 1, {})
    namespaces[#namespaces + 1] = "user"
    assert.equal("monotonic 5 0 boottime 7 0 ", (inside.script({ namespaces = namespaces, rootfs = fixture.rootfs(),
      uid_mappings = ids, gid_mappings = ids, time_offsets = { monotonic = 5, boottime = 7 } },
      "cat /proc/self/timens_offsets"):gsub("%s+", " ")))
  end)

  it("refuses a clock below 0, before anything runs, with the field [O70]", function()
    fixture.needs("root", "busybox")
    local err = inside.refused({ namespaces = NAMESPACES, rootfs = fixture.rootfs(), time_offsets = { boottime = -1e9 } }, "true")
    assert.equal("time_offsets", err.field)
    assert.equal("ERANGE", err.errname)
    assert.matches("below 0", err.hint)
  end)

  it("is needed for offsets, which are seconds and nanoseconds", function()
    assert.matches("time_offsets: needs the time namespace", problem_of { namespaces = { "mount" }, time_offsets = {} })
    assert.matches("nanosecs.*must be between 0 and 999999999",
      problem_of { time_offsets = { boottime = { secs = 1, nanosecs = 1000000000 } } })
    assert.matches('did you mean "boottime"', problem_of { time_offsets = { bootime = 1 } })
    assert.matches("time_offsets.boottime: must be a table", problem_of { time_offsets = { boottime = "soon" } })
  end)
end)
