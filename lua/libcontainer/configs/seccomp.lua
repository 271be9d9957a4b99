-- SPDX-License-Identifier: MIT
-- The default system call filter, as data, and the way from a filter to the bytes that the kernel
-- wants. It is Lua so that a person can copy it, change the copy and give it to a container:
--
--   local filter = seccomp.copy()
--   table.insert(filter.syscalls, 1, { names = { "io_uring_setup" }, action = "allow" })
--
-- What it stands on: a call that no rule names looks as if the kernel did not have it (ENOSYS), so
-- that libraries fall back to an older one; a call that is known and dangerous is EPERM, so that the
-- refusal is seen as one. Capabilities still guard what the kernel guards with them (chroot, mknod).
--
-- What it must never do: require anything. The build reads M.default from this file before there is
-- a core, and compiles it into the library: filter("default") costs nothing.

local M = {}

-- The low half of an argument, where the kernel looks at 32 bits only: compared without this mask,
-- a caller passes by setting one of the upper bits.
local LOW <const> = 0xffffffff

-- Every namespace flag of clone(2). CLONE_NEWTIME is a part of the exit signal there, and no signal.
local CLONE_NEW <const> = 0x7e020000 | 0x80

local function low_is(index, value)
  return { { index = index, op = "MASKED_EQ", value = LOW, value_two = value } }
end

-- Always true, and looked at after all MASKED_EQ conditions on the same argument: "otherwise".
local function otherwise(index)
  return { { index = index, op = "GE", value = 0 } }
end

---@type table the default filter
M.default = {
  default_action = "errno",
  default_errno_ret = 38,
  -- 32-bit programs run under the same rules. x32 does not run: nobody has it, and its numbers have
  -- been a way around filters.
  architectures = { "x86", "arm" },
  syscalls = {
    -- The one call of x86 for all of sockets has its arguments behind a pointer, so families cannot be
    -- told apart, and a 64-bit program can make it too. Refused as a whole: 32-bit programs whose libc
    -- does not use socket(2) itself have no sockets, unless a copy of this filter says "allow" here.
    -- It comes first because libseccomp repeats the rules on socket calls below for this one, where
    -- they would contradict each other; a rule without conditions that is there already wins.
    { names = { "socketcall" }, action = "errno", errno_ret = 1 },

    { names = {
      -- files and directories
      "access", "chdir", "chmod", "chown", "chown32", "chroot", "close", "close_range", "copy_file_range",
      "creat", "dup", "dup2", "dup3", "faccessat", "faccessat2", "fadvise64", "fadvise64_64",
      "arm_fadvise64_64", "fallocate", "fchdir", "fchmod", "fchmodat", "fchown", "fchown32", "fchownat",
      "fcntl", "fcntl64", "fdatasync", "fgetxattr", "flistxattr", "flock", "fremovexattr", "fsetxattr",
      "fstat", "fstat64", "fstatat64", "fstatfs", "fstatfs64", "fsync", "ftruncate", "ftruncate64",
      "futimesat", "getcwd", "getdents", "getdents64", "getxattr", "lchown", "lchown32", "lgetxattr",
      "link", "linkat", "listxattr", "llistxattr", "_llseek", "lremovexattr", "lseek", "lsetxattr",
      "lstat", "lstat64", "mkdir", "mkdirat", "mknod", "mknodat", "newfstatat", "oldfstat", "oldlstat",
      "oldstat", "open", "openat", "openat2", "pread64", "preadv", "preadv2", "pwrite64", "pwritev",
      "pwritev2", "read", "readahead", "readdir", "readlink", "readlinkat", "readv", "removexattr",
      "rename", "renameat", "renameat2", "rmdir", "sendfile", "sendfile64", "setxattr", "splice", "stat",
      "stat64", "statfs", "statfs64", "statx", "symlink", "symlinkat", "sync", "sync_file_range",
      "sync_file_range2", "arm_sync_file_range", "syncfs", "tee", "truncate", "truncate64", "umask",
      "unlink", "unlinkat", "utime", "utimensat", "utimensat_time64", "utimes", "vmsplice", "write",
      "writev",
      -- waiting for descriptors
      "epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2",
      "epoll_wait", "epoll_wait_old", "eventfd", "eventfd2", "fanotify_mark", "inotify_add_watch",
      "inotify_init", "inotify_init1", "inotify_rm_watch", "_newselect", "pipe", "pipe2", "poll", "ppoll",
      "ppoll_time64", "pselect6", "pselect6_time64", "select", "signalfd", "signalfd4", "timerfd",
      "timerfd_create", "timerfd_gettime", "timerfd_gettime64", "timerfd_settime", "timerfd_settime64",
      "io_cancel", "io_destroy", "io_getevents", "io_pgetevents", "io_pgetevents_time64", "io_setup",
      "io_submit",
      -- sockets; socket itself is below
      "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recv",
      "recvfrom", "recvmmsg", "recvmmsg_time64", "recvmsg", "send", "sendmmsg", "sendmsg", "sendto",
      "setsockopt", "shutdown", "socketpair",
      -- memory
      "brk", "madvise", "membarrier", "memfd_create", "memfd_secret", "mincore", "mlock", "mlock2",
      "mlockall", "mmap", "mmap2", "mprotect", "mremap", "msync", "munlock", "munlockall", "munmap",
      "pkey_alloc", "pkey_free", "pkey_mprotect", "remap_file_pages",
      -- processes and threads; clone itself is below
      "arch_prctl", "capget", "capset", "execve", "execveat", "exit", "exit_group", "fork", "futex",
      "futex_time64", "get_robust_list", "get_thread_area", "getcpu", "getpgid", "getpgrp",
      "getpid", "getppid", "getpriority", "getrlimit", "getrusage", "getsid", "gettid", "ioprio_get",
      "ioprio_set", "nice", "pidfd_open", "pidfd_send_signal", "prctl", "prlimit64", "process_mrelease",
      "process_vm_readv", "process_vm_writev", "ptrace", "restart_syscall", "rseq",
      "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity", "sched_getattr",
      "sched_getparam", "sched_getscheduler", "sched_rr_get_interval", "sched_rr_get_interval_time64",
      "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler", "sched_yield",
      "set_robust_list", "set_thread_area", "set_tid_address", "setpgid", "setpriority", "setrlimit",
      "setsid", "ugetrlimit", "vfork", "wait4", "waitid", "waitpid",
      -- users and groups
      "getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getgroups", "getgroups32",
      "getresgid", "getresgid32", "getresuid", "getresuid32", "getuid", "getuid32", "setfsgid",
      "setfsgid32", "setfsuid", "setfsuid32", "setgid", "setgid32", "setgroups", "setgroups32", "setregid",
      "setregid32", "setresgid", "setresgid32", "setresuid", "setresuid32", "setreuid", "setreuid32",
      "setuid", "setuid32",
      -- signals
      "kill", "pause", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo",
      "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_tgsigqueueinfo",
      "sgetmask", "sigaction", "sigaltstack", "signal", "sigpending", "sigprocmask", "sigreturn",
      "sigsuspend", "ssetmask", "tgkill", "tkill",
      -- time; setting a clock without the capability is EPERM from the kernel in the adj calls
      "adjtimex", "alarm", "clock_adjtime", "clock_adjtime64", "clock_getres", "clock_getres_time64",
      "clock_gettime", "clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64", "getitimer",
      "gettimeofday", "nanosleep", "setitimer", "time", "timer_create", "timer_delete", "timer_getoverrun",
      "timer_gettime", "timer_gettime64", "timer_settime", "timer_settime64", "times",
      -- System V and POSIX messages
      "ipc", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedreceive_time64",
      "mq_timedsend", "mq_timedsend_time64", "mq_unlink", "msgctl", "msgget", "msgrcv", "msgsnd", "semctl",
      "semget", "semop", "semtimedop", "semtimedop_time64", "shmat", "shmctl", "shmdt", "shmget",
      -- the rest; what confines further is welcome
      "getrandom", "landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self",
      "oldolduname", "olduname", "seccomp", "sysinfo", "uname",
      -- of one architecture
      "breakpoint", "cacheflush", "get_tls", "riscv_flush_icache", "set_tls",
    }, action = "allow" },

    { names = {
      -- mounts
      "fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount", "open_tree",
      "pivot_root", "umount", "umount2",
      -- namespaces
      "setns", "unshare",
      -- other people's files, past the root directory
      "fanotify_init", "name_to_handle_at", "open_by_handle_at",
      -- kernel code
      "bpf", "create_module", "delete_module", "finit_module", "get_kernel_syms", "init_module",
      "kexec_file_load", "kexec_load", "query_module",
      -- keys are not in any namespace
      "add_key", "keyctl", "request_key",
      -- large, young or often broken
      "io_uring_enter", "io_uring_register", "io_uring_setup", "kcmp", "perf_event_open", "pidfd_getfd",
      "process_madvise", "userfaultfd",
      -- the whole machine: clock, log, accounting, quota, swap, power, names, memory nodes
      "acct", "clock_settime", "clock_settime64", "get_mempolicy", "lookup_dcookie", "mbind",
      "migrate_pages", "move_pages", "nfsservctl", "quotactl", "quotactl_fd", "reboot", "set_mempolicy",
      "setdomainname", "sethostname", "settimeofday", "stime", "swapoff",
      "swapon", "syslog", "vhangup",
      -- hardware and what is obsolete
      "bdflush", "ioperm", "iopl", "modify_ldt", "pciconfig_iobase", "pciconfig_read", "pciconfig_write",
      "_sysctl", "sysfs", "uselib", "ustat", "vm86", "vm86old",
    }, action = "errno", errno_ret = 1 },

    -- Flags behind a pointer cannot be looked at: absent, so that libc uses clone.
    { names = { "clone3" }, action = "errno", errno_ret = 38 },
    { names = { "clone" }, action = "allow",
      args = { { index = 0, op = "MASKED_EQ", value = CLONE_NEW, value_two = 0 } } },
    { names = { "clone" }, action = "errno", errno_ret = 1, args = otherwise(0) },

    -- Linux, UNAME26, PER_LINUX32, both, and the question which one it is.
    { names = { "personality" }, action = "allow", args = low_is(0, 0x0) },
    { names = { "personality" }, action = "allow", args = low_is(0, 0x20000) },
    { names = { "personality" }, action = "allow", args = low_is(0, 0x8) },
    { names = { "personality" }, action = "allow", args = low_is(0, 0x20008) },
    { names = { "personality" }, action = "allow", args = low_is(0, 0xffffffff) },
    { names = { "personality" }, action = "errno", errno_ret = 1, args = otherwise(0) },

    -- AF_ALG is the kernel's crypto, AF_VSOCK leads to the hypervisor past any network namespace.
    { names = { "socket" }, action = "errno", errno_ret = 1, args = low_is(0, 38) },
    { names = { "socket" }, action = "errno", errno_ret = 1, args = low_is(0, 40) },
    { names = { "socket" }, action = "allow", args = otherwise(0) },

    -- TIOCSTI and TIOCLINUX type into the terminal of whoever started us.
    { names = { "ioctl" }, action = "errno", errno_ret = 1, args = low_is(1, 0x5412) },
    { names = { "ioctl" }, action = "errno", errno_ret = 1, args = low_is(1, 0x541c) },
    { names = { "ioctl" }, action = "allow", args = otherwise(1) },
  },
}

-- How many compiled filters are kept: a program has few, and each is some ten kilobytes.
local CACHE_SIZE <const> = 64

-- A filter is a table in a table in a table …: deeper than this it is none.
local MAX_DEPTH <const> = 8

local function copy(value)
  if type(value) ~= "table" then
    return value
  end
  local out = {}
  for key, item in pairs(value) do
    out[copy(key)] = copy(item)
  end
  return out
end

---A deep copy of the default filter, to be changed at will.
---@return table
function M.copy()
  return copy(M.default)
end

-- Have they the same content? It ends at the first difference.
local function is_same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return math.type(a) == math.type(b) and rawequal(a, b) end
  for key, item in next, a do
    if not is_same(item, rawget(b, key)) then return false end
  end
  for key in next, b do
    if rawget(a, key) == nil then return false end
  end
  return true
end

---Is a filter the default one, in whatever table?
---@param profile table
---@return boolean
function M.is_default(profile)
  return is_same(M.default, profile)
end

--- The filter that a program gets: its own, or that of the container.
---@param config table   strict
---@param process table  strict
---@return "default"|table|false|nil profile
function M.of(config, process)
  if process.seccomp ~= nil then
    return process.seccomp
  end
  return config.seccomp
end

-- Append `value` to `out` so that different values never give the same text.
local function append(out, value, depth)
  local kind = math.type(value) or type(value)
  if kind == "table" then
    if depth == MAX_DEPTH then
      return false
    end
    local keys = {}
    for key in next, value do
      keys[#keys + 1] = key
    end
    table.sort(keys, function(a, b)
      if type(a) == type(b) and (type(a) == "number" or type(a) == "string") then
        return a < b
      end
      return type(a) < type(b)
    end)
    out[#out + 1] = "{"
    for _, key in ipairs(keys) do
      if not (append(out, key, depth + 1) and append(out, rawget(value, key), depth + 1)) then
        return false
      end
    end
    out[#out + 1] = "}"
  elseif kind == "string" then
    out[#out + 1] = ("s%d:%s"):format(#value, value)
  elseif kind == "integer" then
    out[#out + 1] = ("i%d;"):format(value)
  elseif kind == "float" then
    out[#out + 1] = ("f%a;"):format(value)
  elseif kind == "boolean" then
    out[#out + 1] = value and "t" or "n"
  else
    return false
  end
  return true
end

---The content of a filter as one string: equal for equal filters, whatever tables they are.
---@param profile table
---@return string|nil # nil for what cannot be a filter (too deep, or with a function in it)
function M.hash(profile)
  local out = {}
  return append(out, profile, 0) and table.concat(out) or nil
end

-- Compiled filters by content, and the contents in the order of their arrival.
local cache, order = {}, {}

-- The first one: its content becomes a key when there is a second question. Many a program never asks one.
local first

local function remember(key, bytes)
  if not key then return end
  if #order >= CACHE_SIZE then
    cache[table.remove(order, 1)] = nil
  end
  order[#order + 1] = key
  cache[key] = bytes
end

---The bytes of a filter for seccomp(2). Compiling takes longer than starting a container, so what
---was compiled once is kept by its content.
---@param profile table|"default"|false|nil  absent is the default one
---@param core table the C core
---@return string|nil bytes  nil without an error: none is wanted
---@return table|nil err
function M.filter(profile, core)
  if profile == "default" or profile == nil then
    return core.seccomp_default()
  elseif profile == false then
    return nil
  end
  if first then
    remember(M.hash(first.content), first.bytes)
    first = nil
  end
  -- How it is loaded and who answers is not in the bytes.
  local content = { profile.default_action, profile.default_errno_ret, profile.architectures, profile.syscalls }
  local is_first = #order == 0
  local key = not is_first and M.hash(content)
  if key and cache[key] then
    return cache[key]
  end
  local bytes, err = core.seccomp_compile(profile)
  if not bytes then
    return nil, err
  end
  if is_first then
    first = { content = copy(content), bytes = bytes }
  else
    remember(key, bytes)
  end
  return bytes
end

-- Of seccomp(2), SECCOMP_FILTER_FLAG_*.
local FLAGS <const> = { TSYNC = 1, LOG = 2, SPEC_ALLOW = 4, WAIT_KILLABLE_RECV = 0x20 }
local NEW_LISTENER <const>, TSYNC_ESRCH <const> = 8, 0x10

--- Does the filter ask somebody outside?
---@param profile table|"default"|false|nil
---@return boolean
function M.notifies(profile)
  for _, rule in ipairs(type(profile) == "table" and profile.syscalls or {}) do
    if type(rule) == "table" and rule.action == "notify" then return true end
  end
  return false
end

---How a filter is loaded, as a number for seccomp(2).
---@param profile table|"default"|false|nil
---@return integer
function M.flags(profile)
  local words = type(profile) == "table" and profile.flags or { "SPEC_ALLOW" }
  local flags = 0
  for _, word in ipairs(words) do
    flags = flags | FLAGS[word]
  end
  if M.notifies(profile) then
    flags = flags | NEW_LISTENER
    -- both answer by their result: which of them is meant has to be said
    if flags & FLAGS.TSYNC ~= 0 then flags = flags | TSYNC_ESRCH end
  end
  return flags
end

return M
