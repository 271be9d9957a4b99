-- SPDX-License-Identifier: MIT
--- features: what this program can do, in the form of the OCI specification.
local json = require "libcontainer.json"
local libcontainer = require "libcontainer"
local state = require "nsinit.state"

local MOUNT_OPTIONS <const> = "async atime bind defaults dest-nofollow dev diratime dirsync exec idmap iversion "
  .. "lazytime loud mand noatime nodev nodiratime noexec noiversion nolazytime nomand norelatime nostrictatime nosuid "
  .. "nosymfollow private ratime rbind rdev rdiratime relatime rexec ridmap rnoatime rnodev rnodiratime "
  .. "rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow ro rprivate rrelatime rro rrw rshared rslave "
  .. "rstrictatime rsuid rsymfollow runbindable rw shared silent slave src-nofollow strictatime suid symfollow sync "
  .. "tmpcopyup unbindable"
local CAPABILITIES <const> = "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP "
  .. "LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO "
  .. "SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE "
  .. "AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF "
  .. "CHECKPOINT_RESTORE"
local ARCHITECTURES <const> = "AARCH64 ARM MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PARISC PARISC64 PPC PPC64 "
  .. "PPC64LE RISCV64 S390 S390X X32 X86 X86_64"
local ACTIONS <const> = "ALLOW ERRNO KILL KILL_PROCESS KILL_THREAD LOG NOTIFY TRACE TRAP"
local OPERATORS <const> = "EQ GE GT LE LT MASKED_EQ NE"
local FLAGS <const> = "LOG SPEC_ALLOW TSYNC WAIT_KILLABLE_RECV"
local MODES <const> = "BIND DEFAULT INTERLEAVE LOCAL PREFERRED PREFERRED_MANY WEIGHTED_INTERLEAVE"

local function words(text, prefix)
  local list = json.array()
  for word in text:gmatch("%S+") do list[#list + 1] = (prefix or "") .. word end
  return list
end

---@return integer status
return function()
  local here = libcontainer.features()
  io.stdout:write(json.encode({
    ociVersionMin = "1.0.0", ociVersionMax = state.OCI_VERSION_MAX,
    hooks = words "prestart createRuntime createContainer startContainer poststart poststop",
    mountOptions = words(MOUNT_OPTIONS),
    linux = {
      namespaces = words "cgroup ipc mount network pid time user uts",
      capabilities = words(CAPABILITIES, "CAP_"),
      cgroup = { v1 = true, v2 = true, systemd = true, systemdUser = true, rdma = true },
      seccomp = { enabled = true, actions = words(ACTIONS, "SCMP_ACT_"), operators = words(OPERATORS, "SCMP_CMP_"),
        archs = words(ARCHITECTURES, "SCMP_ARCH_"), knownFlags = words(FLAGS, "SECCOMP_FILTER_FLAG_"),
        supportedFlags = words(FLAGS, "SECCOMP_FILTER_FLAG_") },
      apparmor = { enabled = true }, selinux = { enabled = true },
      intelRdt = { enabled = false },
      memoryPolicy = { modes = words(MODES, "MPOL_"),
        flags = words("NUMA_BALANCING RELATIVE_NODES STATIC_NODES", "MPOL_F_") },
      mountExtensions = { idmap = { enabled = true } }, netDevices = { enabled = true },
    },
    annotations = { ["org.nsinit.version"] = libcontainer.version,
      ["org.nsinit.landlock.abi"] = ("%d"):format(here.landlock) },
    potentiallyUnsafeConfigAnnotations = words "org.systemd.property.",
  }, { indent = 2 }), "\n")
  return 0
end
