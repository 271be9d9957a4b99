-- SPDX-License-Identifier: MIT
--- A machine with v1 hierarchies and no unified tree beside them: what is done there in another way.
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"

-- A mount namespace of its own, whose mounts nobody else sees, without those that the filter leaves of mountinfo.
local function without(filter)
  return "unshare -m sh -c 'mount --make-rprivate / && for m in $(cat /proc/self/mountinfo | " .. filter
    .. " | cut -d\" \" -f5); do umount $m; done && exec \"$@\"' x"
end
local V1_ALONE <const> = without "grep -w cgroup2"
local FREEZER_ALONE <const> = without 'grep -E " - cgroup2? " | grep -vw freezer'

local OPEN <const> = [[
  local configs = require "libcontainer.configs"
  local factory = assert(lc.new(root))
  local function create(config)
    config.rootfs = rootfs
    return assert(factory:create("box", assert(configs.empty(config))))
  end
  local function file(box, name)
    for _, path in pairs(box:state().cgroup_paths) do
      local found <close> = io.open(path .. "/" .. name)
      if found then return found:read("l") end
    end
  end
  local function until_count(box, count)
    local deadline = os.time() + seconds(30)
    while #box:processes() ~= count and os.time() < deadline do end
    assert(#box:processes() == count, #box:processes())
  end
  local function is_there(pid)
    local found <close> = io.open("/proc/" .. pid .. "/status")
    return found ~= nil and found:read("a"):match("State:%s+(%a)") ~= "Z"
  end
  ]]

local function prints(script)
  fixture.needs("root", "busybox", "v1")
  return fixture.lua_prints(OPEN .. script, { args = { fixture.root(), fixture.rootfs() }, before = V1_ALONE })
end

-- runaway SECONDS FILE: a process that writes itself into the file, then is another one every millisecond, whoever else
-- wants to run; each is a child of the program that waits for them outside: none is left to process 1.
local RUNAWAY <const> = [[
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	time_t end = time(NULL) + atoi(argv[1]);
	signal(SIGCHLD, SIG_IGN);
	if (fork() != 0) {
		while (wait(NULL) >= 0 || errno == EINTR)
			;
		return 0;
	}
	if (argc < 3 || nice(-20) != -20 || write(open(argv[2], O_WRONLY), "0", 1) != 1)
		return 1;
	write(1, "runs\n", 5);
	while (time(NULL) < end && syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) == 0)
		usleep(1000);
	return 0;
}
]]

describe("on cgroup v1 alone", function()
  fixture.check_leaks()

  it("a container is paused by the freezer of v1, for everybody, and KILL ends it all the same [O104] [D6]", function()
    assert.equal("THAWED\nFROZEN\tpaused\tpaused\nContainerPaused\nTHAWED\trunning\nfine\nKILL\ttrue\n", prints [[
      local box = create {}
      assert(box:start { "sleep", "1000" })
      print(file(box, "freezer.state"))
      assert(box:pause())
      local other = assert(assert(lc.new(root)):load("box"))
      print(file(box, "freezer.state"), box:status(), other:status())
      print(select(2, box:exec { "true" }).code)
      assert(other:resume())
      print(file(box, "freezer.state"), box:status())
      io.write(box:exec({ "echo", "fine" }).stdout)
      assert(box:pause())
      assert(box:signal("KILL"))
      print(box:wait(seconds(30)).signal_name, (box:destroy()))]])
  end)

  it("all of an exec ends at its timeout, with limits and accounting of its own [L35]", function()
    assert.equal("true\t2\ntrue\t9\n\ntrue\n2\n", prints [[
      local box <close> = create { memory = "128M" }
      assert(box:start { "sh", "-c", "sleep 1000 & wait" })
      until_count(box, 2)
      local r = assert(box:exec { "sh", "-c", "(sleep 1000 &) ; (sleep 1000 &) ; sleep 1000", timeout = "200ms" })
      print(r.timed_out, #box:processes())
      r = assert(box:exec { "dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1", memory = "16M" })
      print(r.oom, r.signal)
      print(assert(box:exec { "sh", "-c", "/bin/true & echo forked", pids = 1 }).stdout)
      r = assert(box:exec { "dd", "if=/dev/zero", "of=/dev/null", "bs=40M", "count=1" })
      print(r.usage.memory_peak > 40 << 20 and r.usage.cpu_time > 0)
      print(box:processes { ns = "container" }[2])]])
  end)

  it("stats have the same shape, and OOM is told of; what needs the unified tree says so [O103] [D34]", function()
    assert.equal("1\ttrue\tnil\ttrue\n1\nstart oom pause resume exit destroy\nENODEV\n", prints [[
      local box = create { memory = "64M", pids = 20 }
      local events = assert(box:events())
      assert(box:start { "sh", "-c", "read -r word; dd if=/dev/zero of=/dev/null bs=200M count=1; exec sleep 1000", stdin = "pipe" })
      local stats = assert(box:stats())
      print(stats.pids.current, stats.memory.limit == 64 << 20, stats.cpu.pressure.some.avg10, stats.io.devices ~= nil)
      local oom = assert(box:notify_oom())
      local init = box:processes()[1]
      local process = box._init
      assert(process.stdin:write("go\n"))
      print(oom:next(seconds(60)).count)
      assert(box:pause() and box:resume())
      local none, err = box:notify_pressure("cpu", { some = 0.5 })
      assert(box:signal("KILL") and box:wait(seconds(30)))
      assert(box:destroy())
      local names = {}
      for event in events do names[#names + 1] = event.type end
      print(table.concat(names, " "))
      print(not none and err.errname)
      assert(not is_there(init) and oom:next() == nil)]])
  end)

  it("without a pid namespace everything in it ends with a destroy, paused or not, and with its init [D11] [L23]", function()
    assert.equal("4\ttrue\n4\ttrue\n", prints [[
      local SCRIPT <const> = "(sleep 1000 &) ; (sleep 1000 &) ; sleep 1000 & "
      for _, pauses in ipairs { false, true } do
        local box = create { namespaces = { "mount" } }
        local init = assert(box:start { "sh", "-c", SCRIPT .. "echo ready; wait", stdout = "pipe" })
        assert(init.stdout:read("l", seconds(30)) == "ready")
        local pids = box:processes()
        if pauses then assert(box:pause()) end
        print(#pids, (box:destroy()))
        for _, pid in ipairs(pids) do assert(not is_there(pid)) end
      end
      local box <close> = create { namespaces = { "mount" } }
      assert(box:start { "sh", "-c", SCRIPT .. "exit 3" }):wait(seconds(30))
      until_count(box, 0)]])
  end)

  it("limits change all or none, and what v1 has none of is refused [L45] [D18]", function()
    assert.equal("134217728\t268435456\ncgroups.cpuset_mems\t134217728\t268435456\n"
      .. "cgroups.hugetlb_limit\ncgroups.memory_high\ncgroups.unified.memory.max\n", prints [[
      local box <close> = create { cgroups = { memory = "64M", memory_swap = "96M" } }
      assert(box:start { "sleep", "1000" })
      assert(box:set { memory = "128M", memory_swap = "256M" })
      print(file(box, "memory.limit_in_bytes"), file(box, "memory.memsw.limit_in_bytes"))
      local done, err = box:set { memory = "64M", memory_swap = "64M", cpuset_mems = "999" }
      print(not done and err.field, file(box, "memory.limit_in_bytes"), file(box, "memory.memsw.limit_in_bytes"))
      for _, limits in ipairs { { hugetlb_limit = { ["2MB"] = "4M" } }, { memory_high = "1M" },
        { unified = { ["memory.max"] = "1" } } } do
        done, err = box:set(limits)
        print(not done and err.code == "ConfigInvalid" and err.field)
      end]])
  end)
end)

describe("by the freezer of v1", function()
  fixture.check_leaks()

  it("a destroy stops what would be another process before a signal reaches it, and ends it [L34]", function()
    fixture.needs("root", "busybox", "v1")
    local runaway = inside.compile("runaway", RUNAWAY)
    local tracer = inside.compile("tracer", fixture.read("spec/support/tracer.c"))
    local args = { fixture.root(), fixture.rootfs(), runaway, tracer }
    assert.equal("runs\ntrue\nnil\n", fixture.lua_prints(OPEN .. [[
      local box <close> = create { namespaces = { "mount" }, detach = true }
      assert(box:start { "sleep", "1000" })
      local _, path = next(box:state().cgroup_paths)
      local runaway <close> = io.popen(("%s %d %s/cgroup.procs"):format(arg[3], seconds(60), path))
      print(runaway:read("l"))
      local destroy = ('print(libcontainer.new(%q):destroy("box", { timeout = %d }))'):format(root, seconds(5))
      local other <close> = io.popen(("TRACER_SIGNALS_LATE=100000 %s /dev/null lua5.4 -l libcontainer -e '%s'")
        :format(arg[4], destroy))
      io.write(other:read("a"))
      print(runaway:read("l"))]], { args = args, before = FREEZER_ALONE }))
  end)
end)
