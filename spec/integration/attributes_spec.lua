-- SPDX-License-Identifier: MIT
-- When, where and with which memory programs run: asked of the kernel by the programs themselves.
local configs = require "libcontainer.configs"
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"

-- Prints: policy nice priority flags runtime deadline period / I/O class and data / processors / memory
-- policy, its nodes / personality; and all of it of a child that it forks when it has an argument.
local ATTRIBUTES <const> = [[
#define _GNU_SOURCE
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
struct attr {
  uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t runtime, deadline, period;
};
static void show(void)
{
  struct attr a = {0};
  unsigned long nodes[16] = {0};
  int mode = -1;
  cpu_set_t cpus;
  long io = syscall(SYS_ioprio_get, 1, 0);
  syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0);
  if (a.policy != 6) a.runtime = a.deadline = a.period = 0; /* newer kernels show the slice of others there */
  sched_getaffinity(0, sizeof(cpus), &cpus);
  syscall(SYS_get_mempolicy, &mode, nodes, 1024ul, 0ul, 0ul);
  printf("sched %u %d %u %lx %lu %lu %lu\n", a.policy, a.nice, a.priority, (long) a.flags, (long) a.runtime,
    (long) a.deadline, (long) a.period);
  printf("io %ld %ld\ncpus", io >> 13, io & 7);
  for (int i = 0; i < CPU_SETSIZE; i++) if (CPU_ISSET(i, &cpus)) printf(" %d", i);
  printf("\nmemory %x %lx\npersona %x\n", mode, nodes[0], personality(0xffffffff));
  fflush(stdout);
}
int main(int argc, char **argv)
{
  (void) argv;
  show();
  if (argc > 1) {
    if (fork() == 0) { show(); _exit(0); }
    wait(NULL);
  }
  return 0;
}]]

local function box_with_program(config)
  config = config or {}
  config.rootfs, config.seccomp = fixture.rootfs(), false
  inside.install(inside.compile("attributes", ATTRIBUTES), config.rootfs, "/bin/attributes")
  -- without cgroups: where v1 counts real time, a new one has none of it
  return assert(fixture.factory({ cgroups = "none" }):create(fixture.id(), configs.default(config)))
end

local function parse(text)
  local shown = {}
  for name, value in text:gmatch("(%w+) ?([^\n]*)\n") do shown[name] = value end -- of a child: the last one
  return shown
end

local function collect(box, spec, ...)
  spec.args, spec.stdout = { "attributes", ... }, "pipe"
  local process = assert(box:start(spec))
  local text = process.stdout:read("a")
  assert.equal(0, assert(process:wait(fixture.seconds(60))).status)
  process:close()
  return parse(text)
end

-- Of the first program, and of a further one.
local function both(config, spec, check, ...)
  local box <close> = box_with_program(config)
  check(collect(box, spec(), ...))
  assert(box:start { "sleep", "1000" })
  check(collect(box, spec(), ...))
end

local function refused(t)
  local config, spec = configs.prepare_run(t)
  assert.is_nil(config)
  return spec
end

describe("the scheduler of a program", function()
  fixture.check_leaks()

  for name, case in pairs {
    ["another nice value"] = { { policy = "OTHER", nice = 7 }, "0 7 0 0 0 0 0" },
    ["a nice value below 0"] = { { policy = "SCHED_OTHER", nice = -5 }, "0 -5 0 0 0 0 0" },
    ["BATCH"] = { { policy = "BATCH", nice = 3 }, "3 3 0 0 0 0 0" },
    ["IDLE"] = { { policy = "IDLE" }, "5 0 0 0 0 0 0" },
    ["FIFO"] = { { policy = "FIFO", priority = 3 }, "1 0 3 0 0 0 0" },
    ["RR, reset on fork"] = { { policy = "RR", priority = 99, flags = { "SCHED_FLAG_RESET_ON_FORK" } },
      "2 0 99 1 0 0 0" },
    ["DEADLINE"] = { { policy = "DEADLINE", runtime = "2ms", deadline = 20000000, period = "50ms",
      flags = { "RESET_ON_FORK" } }, "6 0 0 1 2000000 20000000 50000000" },
  } do
    it("may be " .. name .. ", for the first and for further ones, whatever their user [O17]", function()
      fixture.needs("root", "busybox", "gcc")
      both({}, function() return { user = "1000:1000", scheduler = case[1] } end, function(shown)
        -- what the kernel grants of priorities that others share is its own: nothing is shown for 0
        assert.equal(case[2], (shown.sched:gsub("^5 (%-?%d+)", "5 0")))
      end)
    end)
  end

  it("is passed on to what it starts, and reset where its flags say so [O17]", function()
    fixture.needs("root", "busybox", "gcc")
    both({}, function() return { scheduler = { policy = "FIFO", priority = 2 } } end, function(shown)
      assert.equal("1 0 2 0 0 0 0", shown.sched)
    end, "fork")
    both({}, function()
      return { scheduler = { policy = "FIFO", priority = 2, flags = { "RESET_ON_FORK" } } }
    end, function(shown) assert.equal("0 0 0 0 0 0 0", shown.sched) end, "fork")
  end)

  it("goes with limits of a further program's own", function()
    fixture.needs("root", "busybox", "gcc")
    local box <close> = assert(fixture.factory():create(fixture.id(), configs.default { rootfs = fixture.rootfs() }))
    assert(box:start { "sleep", "1000" })
    local result = assert(box:exec { "sh", "-c", "cut -d' ' -f19 /proc/self/stat; cat /proc/self/cgroup",
      scheduler = { policy = "BATCH", nice = 9, flags = { "RESET_ON_FORK" } }, cgroups = { pids_limit = 2 } })
    assert.matches("^9\n.*/exec%-%x+\n", result.stdout)
    assert.equal("9\n", assert(box:exec { "cut", "-d ", "-f19", "/proc/self/stat", scheduler = { policy = "BATCH",
      nice = 9, flags = { "RESET_ON_FORK" } }, cgroups = { pids_limit = 1 } }).stdout)
  end)

  it("that the caller has no right to fails the start, with the right that is missing [O17]", function()
    fixture.needs("root", "busybox")
    for _, script in ipairs { [[return box:start { "true", scheduler = wish }]],
      [[assert(box:start { "sleep", "1000" }) return box:exec { "true", scheduler = wish }]] } do
      local said = fixture.lua_prints(([[
        local wish = { policy = "FIFO", priority = 1 }
        local box <close> = assert(assert(lc.new(root, { cgroups = "none" })):create("box", require("libcontainer.configs").default {
          rootfs = rootfs, capabilities = {} }))
        print(select(2, (function() %s end)()))]]):format(script), { args = { fixture.root(), fixture.rootfs() },
        before = "setpriv --bounding-set -sys_nice --inh-caps -sys_nice" })
      assert.matches("scheduler.*EPERM.*CAP_SYS_NICE", said)
    end
  end)

  it("is checked before anything is made, each value for what it is good for [O17]", function()
    for field, wish in pairs {
      ["scheduler.policy"] = { policy = "FIFA" }, ["scheduler.nice"] = { policy = "FIFO", priority = 1, nice = 3 },
      ["scheduler.priority"] = { policy = "FIFO" }, ["scheduler.runtime"] = { policy = "DEADLINE" },
      ["scheduler.deadline"] = { policy = "DEADLINE", runtime = 5000, deadline = 2000 },
      ["scheduler.period"] = { policy = "DEADLINE", runtime = 2000, deadline = 5000, period = 4000 },
      ["scheduler.flags[1]"] = { policy = "OTHER", flags = { "NONE" } },
    } do
      local err = refused { "true", scheduler = wish }
      assert.equal("ConfigInvalid", err.code)
      assert.equal(field, err.problems[1].field)
    end
    assert.equal("scheduler.nice", refused { "true", scheduler = { policy = "OTHER", nice = 20 } }.problems[1].field)
    assert.equal("scheduler.priority",
      refused { "true", scheduler = { policy = "BATCH", priority = 1 } }.problems[1].field)
    assert.equal("scheduler.period", refused { "true", scheduler = { policy = "OTHER", period = "1s" } }
      .problems[1].field)
  end)
end)

describe("the I/O priority of a program", function()
  fixture.check_leaks()

  for name, case in pairs { ["real time"] = { { class = "IOPRIO_CLASS_RT", priority = 2 }, "1 2" },
    ["best effort"] = { { class = "BE", priority = 7 }, "2 7" }, ["idle"] = { { class = "IDLE" }, "3 0" } } do
    it("may be " .. name .. ", for the first and for further ones [O18]", function()
      fixture.needs("root", "busybox", "gcc")
      both({}, function() return { user = "1000", io_priority = case[1] } end, function(shown)
        assert.equal(case[2], shown.io)
      end)
    end)
  end

  it("is checked: class, range, and that IDLE has none [O18]", function()
    for field, wish in pairs { ["io_priority.class"] = { class = "SLOW" },
      ["io_priority.priority"] = { class = "IDLE", priority = 1 } } do
      assert.equal(field, refused { "true", io_priority = wish }.problems[1].field)
    end
    assert.equal("io_priority.priority",
      refused { "true", io_priority = { class = "BE", priority = 8 } }.problems[1].field)
  end)
end)

describe("the processors of a further program", function()
  fixture.check_leaks()

  it("are those that it names, while it is set up and while it runs [O19]", function()
    fixture.needs("root", "busybox", "gcc")
    local box <close> = box_with_program()
    assert(box:start { "sleep", "1000" })
    local all = collect(box, {}).cpus
    assert.equal("0", collect(box, { exec_cpu_affinity = { final = "0" } }).cpus)
    assert.equal(all, collect(box, { exec_cpu_affinity = { initial = "0" } }).cpus)
    local plan = tostring(assert(box:explain { args = { "true" }, exec_cpu_affinity = { initial = "0,0-0", final = 0 } }))
    assert.matches("reset.-affinity[^\n]*initial[^\n]*is_wish=1.-affinity[^\n]*final[^\n]*is_wish=0", plan)
    -- set-up asks for a processor that is not there: it is a wish; the program's is none
    assert.equal(all, collect(box, { exec_cpu_affinity = { initial = "8000" } }).cpus)
    local process, err = box:start { args = { "true" }, exec_cpu_affinity = { final = "8000" } }
    assert.is_nil(process)
    assert.equal("process.exec_cpu_affinity.final", err.field)
    assert.equal("EINVAL", err.errname)
    assert.matches("online", err.hint)
  end)

  it("are no matter of the first one, and a list of numbers [O19]", function()
    fixture.needs("root", "busybox")
    local box <close> = assert(fixture.factory():create(fixture.id(), configs.default { rootfs = fixture.rootfs() }))
    local process, err = box:start { args = { "true" }, exec_cpu_affinity = { final = "0" } }
    assert.is_nil(process)
    assert.equal("process.exec_cpu_affinity", err.field)
    for _, list in ipairs { "a", "1-", "-1", "3-1", "0,,1", "9000", "0 1" } do
      assert.equal("exec_cpu_affinity.final",
        refused { "true", exec_cpu_affinity = { final = list } }.problems[1].field, list)
    end
  end)
end)

describe("a memory policy", function()
  fixture.check_leaks()

  if fixture.read("/proc/self/numa_maps") then
    for name, case in pairs {
      DEFAULT = { { mode = "DEFAULT" }, "0 0" }, LOCAL = { { mode = "MPOL_LOCAL" }, "4 0" },
      PREFERRED = { { mode = "PREFERRED", nodes = "0" }, "1 1" }, BIND = { { mode = "BIND", nodes = 0 }, "2 1" },
      INTERLEAVE = { { mode = "INTERLEAVE", nodes = "0-0", flags = { "MPOL_F_RELATIVE_NODES" } }, "4003 1" },
      PREFERRED_MANY = { { mode = "PREFERRED_MANY", nodes = "0" }, "5 1" },
      WEIGHTED_INTERLEAVE = { { mode = "WEIGHTED_INTERLEAVE", nodes = "0" }, "6 1" },
      ["BIND with flags"] = { { mode = "BIND", nodes = "0", flags = { "STATIC_NODES", "NUMA_BALANCING" } }, "a002 1" },
    } do
      it("of mode " .. name .. " is that of every program of the container [O80]", function()
        fixture.needs("root", "busybox", "gcc")
        local box <close> = box_with_program { memory_policy = case[1] }
        local process, err = box:start { "true" }
        if not process and err.errname == "EINVAL" and name == "WEIGHTED_INTERLEAVE" then
          return pending("needs Linux 6.9")
        end
        assert(process, tostring(err))
        assert(process:wait(fixture.seconds(60)))
        assert.equal(case[2], collect(box, {}).memory)
        assert(box:start { "sleep", "1000" })
        assert.equal(case[2], collect(box, {}).memory)
      end)
    end
  end

  it("of a node that is not there fails the start, and says where they are listed [O80]", function()
    fixture.needs("root", "busybox")
    local err = inside.refused({ memory_policy = { mode = "BIND", nodes = "77" } }, "true")
    assert.equal("memory_policy", err.field)
    assert.matches("node/online", err.hint)
  end)

  it("is checked: modes, and which of them have nodes and flags [O80]", function()
    for field, wishes in pairs {
      ["memory_policy.mode"] = { { mode = "NONE" } },
      ["memory_policy.nodes"] = { { mode = "BIND" }, { mode = "LOCAL", nodes = "0" }, { mode = "BIND", nodes = "x" },
        { mode = "INTERLEAVE", nodes = "" }, { mode = "DEFAULT", nodes = 0 } },
      ["memory_policy.flags"] = { { mode = "PREFERRED", flags = { "STATIC_NODES" } },
        { mode = "BIND", nodes = "0", flags = { "STATIC_NODES", "RELATIVE_NODES" } },
        { mode = "INTERLEAVE", nodes = "0", flags = { "NUMA_BALANCING" } } },
    } do
      for i, wish in ipairs(wishes) do
        assert.equal(field, refused { "true", memory_policy = wish }.problems[1].field, field .. i)
      end
    end
  end)
end)

describe("a personality", function()
  fixture.check_leaks()

  it("of 32 bits is what programs see, the first and further ones [O79]", function()
    fixture.needs("root", "busybox", "gcc")
    for word, persona in pairs { LINUX32 = "8", LINUX = "0" } do
      both({ personality = word }, function() return {} end, function(shown)
        assert.equal(persona, shown.persona)
      end)
    end
    if fixture.sh("uname -m") == "x86_64" then
      assert.equal("i686\n", inside.script({ personality = "LINUX32" }, "uname -m"))
    end
    assert.equal("personality", refused { "true", personality = "SOLARIS" }.problems[1].field)
  end)
end)

describe("explain", function()
  it("shows every attribute with its field", function()
    fixture.needs("root", "busybox")
    local box <close> = assert(fixture.factory():create(fixture.id(), configs.default { rootfs = fixture.rootfs(),
      personality = "LINUX32", memory_policy = { mode = "BIND", nodes = "0" } }))
    local fields = {}
    for _, row in ipairs(assert(box:explain { args = { "true" }, scheduler = { policy = "IDLE" },
      io_priority = { class = "IDLE" } })) do fields[row.op] = row.field end
    assert.same({ "personality", "memory_policy", "process.scheduler", "process.io_priority" },
      { fields.personality, fields.memory_policy, fields.scheduler, fields.io_priority })
  end)
  fixture.check_leaks()
end)
