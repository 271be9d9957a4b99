-- SPDX-License-Identifier: MIT
-- What the OCI's own validation says of a document, and what we say: the same, but where it is told why not.
require("spec.support.schema_stub").provide()
local configs = require "libcontainer.configs"

local function document(more)
  local t = { ociVersion = "1.0.0", root = { path = "/nowhere" }, process = { args = { "sh" }, cwd = "/" },
    linux = { namespaces = { { type = "mount" } } } }
  for name, value in pairs(more) do t[name] = value end
  return t
end

local function process(more)
  more.cwd = more.cwd or "/"
  return document { process = more }
end

local function linux(more)
  more.namespaces = more.namespaces or { { type = "mount" }, { type = "network" }, { type = "uts" }, { type = "ipc" },
    { type = "pid" } }
  return document { linux = more }
end

local function rlimits(...)
  local list = {}
  for i, kind in ipairs { ... } do list[i] = { type = kind, soft = 512, hard = 512 } end
  return process { args = { "sh" }, rlimits = list }
end

local function seccomp(more)
  more.defaultAction = more.defaultAction or "SCMP_ACT_ALLOW"
  return linux { seccomp = more }
end

-- What it is about, the document, and the path of what is wrong with it; none when it is right.
local VERDICTS <const> = {
  { "the version of a first release", document { ociVersion = "1.0.0" } },
  { "one that is older than all", document { ociVersion = "0.0.1" }, "ociVersion" },
  { "one that is none", document { ociVersion = "invalid" }, "ociVersion" },
  { "an absent root", document { root = false }, "root" },
  { "a root without a path", document { root = { readonly = true } }, "root.path" },
  { "a program", process { args = { "sh" } } },
  { "a working directory of another platform", process { args = { "sh" }, cwd = "c:\\foo" }, "process.cwd" },
  { "a relative working directory", process { args = { "sh" }, cwd = "tmp" }, "process.cwd" },
  { "no program", process { args = {} }, "process.args" },
  { "no program beside an environment", process { env = { "A=b" } }, "process.args" },
  { "an environment without a value", process { args = { "sh" }, env = { "TERM" } }, "process.env[1]" },
  { "an environment without a name", process { args = { "sh" }, env = { "=xterm" } }, "process.env[1]" },
  { "an empty value", process { args = { "sh" }, env = { "TERM=" } } },
  { "two rlimits", rlimits("RLIMIT_NOFILE", "RLIMIT_NPROC") },
  { "one rlimit twice", rlimits("RLIMIT_NOFILE", "RLIMIT_NOFILE"), "process.rlimits[2].type" },
  { "an rlimit that no system has", rlimits "RLIMIT_DOES_NOT_EXIST", "process.rlimits[1].type" },
  { "an rlimit without its prefix", rlimits "NOFILE", "process.rlimits[1].type" },
  { "an annotation", document { annotations = { foo = "bar" } } },
  { "an empty annotation", document { annotations = { foo = "" } } },
  { "an annotation without a name", document { annotations = { [""] = "bar" } }, "annotations" },
  { "an annotation that is no text", document { annotations = { foo = 1 } }, "annotations.foo" },
  { "no namespaces beside the mount namespace", linux { namespaces = { { type = "mount" } } } },
  { "a namespace twice", linux { namespaces = { { type = "mount" }, { type = "pid" }, { type = "pid" } } },
    "linux.namespaces[3].type" },
  { "a namespace that does not exist", linux { namespaces = { { type = "mount" }, { type = "test" } } },
    "linux.namespaces[2].type" },
  { "a relative path of a namespace", linux { namespaces = { { type = "mount" }, { type = "pid", path = "proc" } } },
    "linux.namespaces[2].path" },
  { "masked paths", linux { maskedPaths = { "/proc/kcore" } } },
  { "a relative masked path", linux { maskedPaths = { "proc" } }, "linux.maskedPaths[1]" },
  { "read-only paths", linux { readonlyPaths = { "/proc/sys" } } },
  { "a relative read-only path", linux { readonlyPaths = { "proc" } }, "linux.readonlyPaths[1]" },
  { "a block device without a weight", linux { resources = { blockIO = { weightDevice = { { major = 5, minor = 0 } } } } },
    "linux.resources.blockIO.weightDevice[1]" },
  { "propagation that is shared", linux { rootfsPropagation = "shared" } },
  { "propagation that is empty", linux { rootfsPropagation = "" } },
  { "propagation that is none", linux { rootfsPropagation = "sometimes" }, "linux.rootfsPropagation" },
  { "mappings without a user namespace", linux { uidMappings = { { containerID = 0, hostID = 1000, size = 10 } } },
    "linux.uidMappings" },
  { "a host name without its namespace", document { hostname = "x" }, "hostname" },
  { "a setting of the network without its namespace", linux { namespaces = { { type = "mount" } },
    sysctl = { ["net.ipv4.ip_forward"] = "1" } }, "linux.sysctl.net.ipv4.ip_forward" },
  { "a setting of the host", linux { sysctl = { ["vm.swappiness"] = "1" } }, "linux.sysctl.vm.swappiness" },
  { "a setting of the network", linux { sysctl = { ["net.ipv4.ip_forward"] = "1" } } },
  { "a device of no kind", linux { devices = { { path = "/dev/x", type = "x" } } }, "linux.devices[1].type" },
  { "a device without its number", linux { devices = { { path = "/dev/x", type = "c" } } }, "linux.devices[1]" },
  { "a device without a path", linux { devices = { { type = "p" } } }, "linux.devices[1].path" },
  { "a fifo", linux { devices = { { path = "/dev/x", type = "p" } } } },
  { "a device twice", linux { devices = { { path = "/dev/x", type = "p" }, { path = "/dev/x", type = "p" } } },
    "linux.devices[2].path" },
  { "swap below memory", linux { resources = { memory = { limit = 2000000, swap = 1000000 } } },
    "linux.resources.memory.swap" },
  { "a reservation above memory", linux { resources = { memory = { limit = 1000000, reservation = 2000000 } } },
    "linux.resources.memory.reservation" },
  { "architectures", seccomp { architectures = { "SCMP_ARCH_X86", "SCMP_ARCH_X32" } } },
  { "an architecture that is none", seccomp { architectures = { "SCMP_ARCH_X86", "SCMP_ARCH" } },
    "linux.seccomp.architectures[2]" },
  { "an architecture of no machine", seccomp { architectures = { "SCMP_ARCH_PDP11" } }, "linux.seccomp.architectures[1]" },
  { "an action", seccomp { syscalls = { { names = { "getcwd" }, action = "SCMP_ACT_KILL" } } } },
  { "an action that is none", seccomp { syscalls = { { names = { "getcwd" }, action = "SCMP_ACT" } } },
    "linux.seccomp.syscalls[1].action" },
  { "a rule without calls", seccomp { syscalls = { { names = {}, action = "SCMP_ACT_KILL" } } },
    "linux.seccomp.syscalls[1].names" },
  { "a comparison", seccomp { syscalls = { { names = { "getcwd" }, action = "SCMP_ACT_KILL", args = {
    { index = 0, value = 2080, op = "SCMP_CMP_NE" } } } } } },
  { "a comparison that is none", seccomp { syscalls = { { names = { "getcwd" }, action = "SCMP_ACT_KILL", args = {
    { index = 0, value = 2080, op = "SCMP_CMP" } } } } }, "linux.seccomp.syscalls[1].args[1].op" },
  { "a mount without a destination", document { mounts = { { type = "tmpfs", source = "tmpfs" } } }, "mounts[1].destination" },
  { "a bind mount", document { mounts = { { destination = "/a", source = "/b", options = { "rbind" } } } } },
  { "a program in a section of another platform", document { windows = { layerFolders = { "C:\\x" } } } },
}

-- Said otherwise than by the OCI's tools, and why.
local DEVIATIONS <const> = {
  -- runc and crun take what the kernel takes: r for all mounts below as well
  { "propagation of all mounts", linux { rootfsPropagation = "rshared" } },
  -- the kernel has them since; the tools' list ends earlier
  { "a capability of later kernels", process { args = { "sh" }, capabilities = { bounding = { "CAP_BPF" } } } },
  -- cannot be granted, which since 1.1 is a warning: see what from_oci tells
  { "a capability that does not exist", process { args = { "sh" }, capabilities = { bounding = { "CAP_TEST" } } } },
  -- runtimes have always read it below the root
  { "a relative destination", document { mounts = { { destination = "a", type = "tmpfs" } } } },
  -- a container has a root of its own here, so it has a mount namespace
  { "no mount namespace", document { linux = {} }, "linux.namespaces" },
  -- what a container has without a program can be said without one, and a start asks for it
  { "a process that says nothing to run", process { capabilities = { bounding = { "CAP_KILL" } } } },
}

local function check_verdict(case)
  local what, t, path = case[1], case[2], case[3]
  if t.root == false then t.root = nil end
  local config, err = configs.from_oci(t)
  if not path then
    assert(config, what .. ": " .. tostring(err))
    return
  end
  assert.is_nil(config, what)
  local is_named = false
  for _, problem in ipairs(err.problems) do
    is_named = is_named or problem.field == path or problem.field:sub(1, #path + 1) == path .. "."
  end
  assert.is_true(is_named, ("%s: %s is not named: %s"):format(what, path, tostring(err)))
end

describe("an OCI document gets the verdict of the OCI's own tools", function()
  for _, case in ipairs(VERDICTS) do
    it("on " .. case[1] .. " [O140]", function() check_verdict(case) end)
  end
end)

describe("an OCI document gets a verdict of ours", function()
  for _, case in ipairs(DEVIATIONS) do
    it("on " .. case[1], function() check_verdict(case) end)
  end
end)
