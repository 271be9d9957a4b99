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

describe("a program with every capability and no filter", function()
  fixture.check_leaks()

  it("reaches no release agent, device list or processes of the host through the cgroup mounts [A51] [A60]",
    function()
    fixture.needs("root", "busybox")
    local host = fixture.sh("cat /sys/fs/cgroup/*/release_agent /sys/fs/cgroup/*/notify_on_release 2>/dev/null")
    local out = inside.script({ capabilities = inside.all_capabilities(), seccomp = false }, [[
      for d in /sys/fs/cgroup /sys/fs/cgroup/*; do
        for f in release_agent notify_on_release devices.allow devices.deny cgroup.procs tasks cgroup.kill \
          cgroup.freeze \
          memory.limit_in_bytes memory.max; do
          for p in $d/$f $d/../$f $d/../../$f; do
            [ -e $p ] && (echo 1 >$p) 2>/dev/null && echo "written $p"; done; done; done; true]])
    assert.equal("", out)
    assert.equal(host, fixture.sh("cat /sys/fs/cgroup/*/release_agent /sys/fs/cgroup/*/notify_on_release 2>/dev/null"))
  end)

  it("that mounts a hierarchy anew still sees its own part alone [A51]", function()
    fixture.needs("root", "busybox", "v1")
    local out = inside.script({ capabilities = inside.all_capabilities(), seccomp = false }, [[
      mkdir /tmp/c && mount -t cgroup -o pids c /tmp/c 2>/dev/null || exit 0
      ls /tmp/c | grep -c release_agent; (echo /bin/evil >/tmp/c/release_agent) 2>/dev/null && echo "written"; true]])
    assert.is_nil(out:find("written", 1, true))
    assert.is_true(out == "" or out:find("^0\n") ~= nil, out)
  end)
end)
