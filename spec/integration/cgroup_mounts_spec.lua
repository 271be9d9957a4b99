-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"

describe("mounts of a container", function()
  fixture.check_leaks()

  it("of type cgroup show the container's own part of every hierarchy, read-only [O42] [O43] [A60]", function()
    fixture.needs("root", "busybox")
    local out = inside.script({}, [[cat /proc/self/mountinfo
      for f in $(find /sys/fs/cgroup -name cgroup.procs); do cat $f >/dev/null || echo "unreadable $f"
        echo 0 >$f 2>/dev/null && echo "written $f"; done
      for d in $(find /sys/fs/cgroup -type d); do mkdir $d/x 2>/dev/null && echo "made $d/x"; done; true]])
    assert.is_nil(out:find("written", 1, true), out)
    assert.is_nil(out:find("made", 1, true), out)
    local list, count = inside.mounts(out), 0
    for _, mount in ipairs(list) do
      if mount.point:match("^/sys/fs/cgroup") then
        assert.is_true(mount.options.ro, mount.line)
        if mount.type ~= "tmpfs" then
          count = count + 1
          assert.truthy(mount.type:match("^cgroup2?$"))
          assert.equal("/", mount.root, mount.line)
        end
      end
    end
    local hierarchies = tonumber(fixture.sh("grep -cE ' - cgroup2? ' /proc/self/mountinfo"))
    assert.equal(hierarchies, count)
  end)

  it("of type cgroup without a cgroup namespace show the own directories alone [O42] [O43] [A60]", function()
    fixture.needs("root", "busybox")
    local out = inside.script({ namespaces = { "mount", "pid", "uts", "ipc", "network" } }, "cat /proc/self/mountinfo; echo; "
      .. "for f in $(find /sys/fs/cgroup -name cgroup.procs); do cat $f; done | sort -u")
    local count = 0
    for _, mount in ipairs(inside.mounts(out)) do
      if mount.type == "cgroup" or mount.type == "cgroup2" then
        count = count + 1
        assert.is_true(mount.options.ro, mount.line)
        assert.not_equal("/", mount.root, mount.line)
      end
    end
    assert.is_true(count > 0)
    for pid in out:match("\n\n(.*)$"):gmatch("%d+") do
      assert.not_equal("0", pid, "a process outside is in a cgroup that can be seen")
    end
  end)

  it("of type cgroup are there in a user namespace, read-only too", function()
    fixture.needs("root", "busybox")
    local mapping = { { container_id = 0, host_id = 100000, size = 65536 } }
    local rootfs = fixture.rootfs()
    fixture.sh("find %s -type d -exec chown 100000:100000 {} +", rootfs) -- its files are links that others have too
    local out = inside.script({ rootfs = rootfs, uid_mappings = mapping, gid_mappings = mapping,
      namespaces = { "user", "mount", "pid", "uts", "ipc", "network", "cgroup" } }, "cat /proc/self/mountinfo")
    local count = 0
    for _, mount in ipairs(inside.mounts(out)) do
      if mount.type == "cgroup" or mount.type == "cgroup2" then
        count = count + 1
        assert.is_true(mount.options.ro, mount.line)
        assert.equal("/", mount.root, mount.line)
      end
    end
    assert.is_true(count > 0)
  end)
end)
