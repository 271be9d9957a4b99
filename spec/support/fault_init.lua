-- SPDX-License-Identifier: MIT
--- One sweep of the init's system calls: `fault_init.lua MODE ROOT ROOTFS first|further|joined|layered|memory [CALLS]`.
--
-- The container has something of everything, so its plan has every operation, and so has the plan of a
-- further program in it, which is on a terminal and has a cgroup of its own. One that is joined has three
-- namespaces of another container, and a helper makes its init. For each call n that its init makes, or for about
-- so many of them, that call fails ("fail", with errnos in turn) or the init dies there ("die"). The error must name
-- the operation, its step and its field of the configuration, and nothing may
-- be left: see fault_sweep.lua. Where each fails, every operation that makes a call must have failed.
local core = require "libcontainer.core"
local further = require "spec.support.fault_exec"
local lc = require "libcontainer"
local mounts = require "spec.support.fault_mounts"
local patience = require "spec.support.patience"
local sweep = require "spec.support.fault_sweep"

local mode, root, rootfs, which, wanted = table.unpack(arg, 1, 5)
local is_further = which == "further"
local ID <const> = "swept"
local ERRNOS <const> = { "EIO", "ENOMEM", "EPERM", "EMFILE", "ENOSPC" }

local config = {
  rootfs = rootfs, hostname = "swept", domainname = "example", readonlyfs = true,
  parent_death_signal = 9, no_new_privileges = true, seccomp = "default",
  mounts = {
    { destination = "/proc", type = "proc", source = "proc", options = { "nosuid", "noexec", "nodev" } },
    { destination = "/dev", type = "tmpfs", source = "tmpfs", options = { "nosuid", "mode=755" } },
    { destination = "/dev/pts", type = "devpts", source = "devpts", options = { "newinstance", "mode=0620" } },
    { destination = "/dev/shm", type = "tmpfs", source = "shm", options = { "mode=1777", "rshared" } },
    { destination = "/dev/mqueue", type = "mqueue", source = "mqueue" },
    { destination = "/sys", type = "sysfs", source = "sysfs", options = { "ro" } },
    { destination = "/sys/fs/cgroup", type = "cgroup", source = "cgroup", options = { "ro" } },
    { destination = "/etc", source = rootfs .. "/etc", type = "bind", options = { "ro", "nosuid" } },
    { destination = "/data/deep", source = rootfs .. "/root", type = "bind", options = { "rbind", "rslave" } },
  },
  devices = { { path = "/dev/fuse", type = "c", major = 10, minor = 229 }, { path = "/dev/fifo", type = "p" } },
  mask_paths = { "/proc/kcore", "/proc/acpi", "/sys/firmware", "/nowhere" },
  readonly_paths = { "/proc/sys", "/proc/bus", "/nowhere" },
  sysctl = { ["net.ipv4.ip_forward"] = "1", ["kernel.msgmax"] = "9000" },
  rlimits = { { type = "NOFILE", soft = 64, hard = 128 }, { type = "CORE", soft = 0, hard = 0 } },
  capabilities = { "CHOWN", "KILL", "SETUID", "NET_BIND_SERVICE" },
  additional_groups = { "2000" },
  cgroups = { memory = "64M", pids_limit = 32, cpus = 0.5 },
  hooks = { create_runtime = { { path = "/bin/true" } }, create_container = { { path = "/bin/true" } },
    start_container = { { path = "/bin/true" } } },
}
local program = { args = { "true" }, env = { PATH = "/sbin:/bin" }, cwd = "/tmp/work", user = "1000:1000",
  umask = 63, oom_score_adj = 100, rlimits = config.rlimits }
if mounts[which] then
  -- What the host's own root may do, and nobody in a user namespace.
  config.devices, config.hooks, config.sysctl = nil, nil, nil
  mounts[which](config, root, rootfs)
end
if is_further then
  program.terminal, program.terminal_size, program.cgroups = true, { 100, 30 }, { pids_limit = 8 }
  program.cwd = "/dev/shm" -- the root is read-only now, and no directory is made for it
end

-- Whose namespaces are joined, as long as the sweep lasts.
local host
if which == "joined" then
  host = assert(assert(lc.new(root)):create("host", { rootfs = rootfs }))
  local init = assert(host:start { args = { "/bin/sleep", "10000" } })
  local function path(kind) return ("/proc/%d/ns/%s"):format(init:pid(), kind) end
  config.namespaces = { "mount", "uts", "cgroup", pid = path "pid", ipc = path "ipc", network = path "net" }
end

-- --- what the plan says of each operation ---

local function plan_rows()
  local factory = assert(lc.new(root))
  local c <close> = assert(factory:create(ID, config))
  local paths = {}
  for _, path in pairs(c:state().cgroup_paths) do paths[#paths + 1] = path end
  if is_further then assert(c:start { args = { "/bin/sleep", "10000" } }) end
  return assert(c:explain(program)), paths
end

local rows, cgroups = plan_rows()
-- What the cases of further programs are in, as long as the sweep lasts.
local running
if is_further then
  running, cgroups = assert(assert(lc.new(root)):create(ID, config)), {}
  assert(running:start { args = { "/bin/sleep", "10000" } })
  further.settle("before", false, running)
end
local watch = sweep.watch { root = assert(lc.new(root))._root, cgroups = cgroups }
local failed, tolerated = {}, {}

-- Steps that say more than that of their operation: the number of open files is raised first and
-- set at the end, and a script has an interpreter.
local MORE <const> = { exec = { interpreter = true, rlimit = true }, process = { rlimit = true },
  seccomp = { rlimit = true } }

local function check_origin(label, err)
  if not err.op then return sweep.problem("%s: no operation: %s", label, err) end
  local row = rows[err.op + 1]
  failed[err.op + 1] = true
  if err.step ~= row.step and not (MORE[row.step] or {})[err.step] then
    sweep.problem("%s: step %s for operation %s", label, err.step, row.op)
  end
  if err.field ~= row.field then
    sweep.problem("%s: field %s, and the plan says %s", label, err.field, row.field)
  end
end

-- --- one case: answers the calls of the init, nil when the start failed, and whether it did ---

local function start_with(label, fault, name)
  local factory = assert(lc.new(root, { fault = fault }))
  local c = assert(is_further and factory:load(ID) or factory:create(ID, config))
  local p, err = c:start(program)
  local calls = c._init_calls
  if p then
    local exit = assert(p:wait(patience.seconds(20)))
    if exit.status ~= 0 then sweep.problem("%s: status %s signal %s", label, exit.status, exit.signal) end
  else
    sweep.check_error(label, err)
    if mode == "die" then
      -- The one that becomes the program ends by itself when its maker has died.
      local text = tostring(err)
      local says_how = text:find("killed by signal", 1, true)
        or which ~= "first" and text:find("ended with status 125", 1, true)
      if err.step ~= "session" or not says_how then
        sweep.problem("%s: %s", label, err)
      end
    else
      check_origin(label, err)
      if err.errname ~= name then sweep.problem("%s: errno %s", label, err.errname) end
    end
    local status = is_further and "running" or "created"
    if c:status() ~= status then sweep.problem("%s: status %s", label, c:status()) end
  end
  if is_further then
    if p then p:close() end
    further.settle(label, false, running)
  else
    assert(c:destroy())
  end
  return calls, p ~= nil
end

local function case(nth, turn)
  local name = ERRNOS[turn % #ERRNOS + 1]
  local label = ("init %s %s at %d"):format(mode, name, nth)
  local how = mode == "die" and sweep.DIE or sweep.ERRNO[name]
  local began = core.now()
  sweep.count()
  local is_fine, calls, succeeded = pcall(start_with, label, { nth = nth, errno = how }, name)
  if not is_fine then sweep.problem("%s: raised %s", label, calls) end
  if core.now() - began > patience.seconds(20) then sweep.problem("%s: took %d s", label, core.now() - began) end
  watch(label)
  if succeeded then tolerated[#tolerated + 1] = nth end
  return succeeded
end

local total = start_with("without a fault", nil)
assert(total and total > 0, "it does not start")
watch("without a fault")

-- Behind READY the calls are not told: the end is where nothing fails for a while.
local first, stride = sweep.spread(total, tonumber(wanted) or total)
local nth, turn, quiet = first - stride, math.random(#ERRNOS), 0
while nth < total or quiet < 8 do
  nth, turn = nth + stride, turn + 1
  quiet = case(nth, turn) and quiet + stride or 0
end

-- Operations that may have nothing to do, because what they name does not exist, still look for it.
if mode == "fail" and stride == 1 then
  for i, row in ipairs(rows) do
    if not failed[i] then sweep.problem("operation %d %s (%s) never failed", i, row.op, row.operands) end
  end
end
for i = #tolerated, 1, -1 do
  if tolerated[i] > nth - quiet then table.remove(tolerated, i) end
end
if running then assert(running:destroy()) end
if host then assert(host:destroy()) end
print("tolerated: " .. table.concat(tolerated, " "))
sweep.finish(nth - quiet)
