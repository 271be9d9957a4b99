-- SPDX-License-Identifier: MIT
-- Rules of fields that belong together: one thing wrong at a time, and what is said of it.
require("spec.support.schema_stub").provide()
local configs = require "libcontainer.configs"

local function said(fine, err, what)
  assert.is_nil(fine, what)
  local list = {}
  for i, problem in ipairs(err.problems) do list[i] = problem.field .. ": " .. problem.message end
  return table.concat(list, "; ")
end

local function check(rows, judge)
  for _, row in ipairs(rows) do
    local want, t = row[1], row[2]
    assert.equal(want, said(judge(t)))
  end
end

local function of_config(t)
  t.rootfs = "/x"
  return configs.validate(t)
end

local function of_process(t)
  t.args = { "x" }
  return configs.prepare_process(t)
end

local function filter(t)
  t.default_action = t.default_action or "allow"
  return { seccomp = t }
end

local function notifying(t)
  t.syscalls = { { names = { "mount" }, action = "notify" } }
  return filter(t)
end

describe("a configuration is refused with the field and the reason:", function()
  it("devices", function()
    check({
      { "devices[1].path: must be a file", { devices = { { path = "/dev", type = "c", major = 1, minor = 3 } } } },
      { "devices[1]: a fifo has no major and minor", { devices = { { path = "/f", type = "p", major = 1, minor = 3 } } } },
    }, of_config)
  end)

  it("namespaces that are joined", function()
    check({
      { "time_offsets: are of a namespace that is made, and this one is joined",
        { namespaces = { "mount", time = "/proc/9/ns/time" }, time_offsets = { boottime = 1 } } },
      { "namespace_paths.uts: must be in namespaces too",
        { namespaces = { "mount" }, namespace_paths = { uts = "/proc/9/ns/uts" } } },
    }, of_config)
  end)

  it("filters", function()
    check({
      { "seccomp.syscalls[1].errno_ret: is for the actions errno and trace",
        filter { syscalls = { { names = { "read" }, action = "log", errno_ret = 5 } } } },
      { "seccomp.default_errno_ret: is for the actions errno and trace", filter { default_errno_ret = 5 } },
      { "seccomp.syscalls[1].args[1].value_two: is for MASKED_EQ", filter { syscalls = { { names = { "read" },
        action = "log", args = { { index = 0, op = "EQ", value = 1, value_two = 2 } } } } } },
      { "seccomp.default_action: must be one of allow, errno, kill_thread, kill_process, trap, log, trace",
        filter { default_action = "notify" } },
      { "seccomp.flags: have WAIT_KILLABLE_RECV, which is for filters that notify",
        filter { flags = { "WAIT_KILLABLE_RECV" } } },
      { "seccomp.syscalls: notify, and do not allow sendmsg, by which the listener is given away",
        filter { default_action = "errno", syscalls = { { names = { "read" }, action = "notify" },
          { names = { "execve" }, action = "allow" } } } },
      { "seccomp.listener_metadata: is for who listens at listener_path", notifying { listener_metadata = "m" } },
    }, of_config)
  end)

  it("memory policies", function()
    local function policy(mode, nodes, ...)
      return { memory_policy = { mode = mode, nodes = nodes, flags = { ... } } }
    end
    check({
      { "memory_policy.nodes: must be a list of numbers and ranges", policy("BIND", "0-") },
      { "memory_policy.nodes: are none with the mode LOCAL", policy("LOCAL", "0") },
      { "memory_policy.nodes: are needed with the mode BIND", policy("BIND") },
      { "memory_policy.flags: say how nodes are meant, and there are none", policy("PREFERRED", nil, "STATIC_NODES") },
      { "memory_policy.flags: have STATIC_NODES and RELATIVE_NODES, which exclude each other",
        policy("BIND", "0", "STATIC_NODES", "RELATIVE_NODES") },
      { "memory_policy.flags: have NUMA_BALANCING, which is for the modes BIND and PREFERRED_MANY",
        policy("INTERLEAVE", "0", "NUMA_BALANCING") },
    }, of_config)
  end)

  it("domains that cannot be, or are none", function()
    check({
      { "landlock: needs no_new_privileges",
        { no_new_privileges = false, landlock = { scope = { "signal" }, best_effort = true } } },
      { "landlock: refuses nothing", { landlock = { best_effort = true } } },
    }, of_config)
  end)
end)

describe("a process is refused with the field and the reason:", function()
  it("terminals", function()
    check({
      { "stdout: is the terminal", { terminal = true, stdout = "pipe" } },
      { "terminal_size: needs a terminal", { terminal_size = { 80, 24 } } },
      { "console: needs a terminal", { console = "/run/console" } },
    }, of_process)
  end)

  it("cgroups of its own, and inside the container's", function()
    check({
      { "cgroups.path: is inside of the container's and cannot be chosen", { cgroups = { path = "/a" } } },
      { "sub_cgroups: are not for what has limits in a cgroup of its own", { cgroups = {}, sub_cgroups = "a" } },
      { "sub_cgroups.memory: must be a path inside the container's", { sub_cgroups = { memory = "../a" } } },
    }, of_process)
  end)

  it("when and where it runs", function()
    local function scheduler(t) return { scheduler = t } end
    check({
      { "scheduler.runtime: is for the policy DEADLINE", scheduler { policy = "OTHER", runtime = 5000 } },
      { "scheduler.runtime: must be at least 1024 nanoseconds", scheduler { policy = "DEADLINE", runtime = 1000, deadline = 5000 } },
      { "scheduler.deadline: must not be less than runtime", scheduler { policy = "DEADLINE", runtime = 5000, deadline = 4000 } },
      { "scheduler.period: must not be less than deadline",
        scheduler { policy = "DEADLINE", runtime = 5000, deadline = 6000, period = 5500 } },
      { "scheduler.nice: is for the policies OTHER and BATCH", scheduler { policy = "IDLE", nice = 5 } },
      { "scheduler.priority: must be from 1 to 99 with FIFO", scheduler { policy = "FIFO" } },
      { "scheduler.priority: is for the policies FIFO and RR", scheduler { policy = "BATCH", priority = 5 } },
      { "io_priority.priority: is for the classes RT and BE", { io_priority = { class = "IDLE", priority = 3 } } },
      { "exec_cpu_affinity.final: must be a list of numbers and ranges", { exec_cpu_affinity = { final = "3-1" } } },
    }, of_process)
  end)
end)
