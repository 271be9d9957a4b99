-- SPDX-License-Identifier: MIT
--- The way out of a failure of the kernel, by the step that it met, its errno, and the field of the configuration that
-- asked for it. What is not about an errno has its way out where its sentence is.
local M = {}

local ROOT <const> = "this needs root, or the capabilities CAP_SYS_ADMIN, CAP_SETUID, CAP_SETGID, "
  .. "CAP_SETPCAP, CAP_MKNOD and CAP_CHOWN in the program that makes containers"

local KEYRING <const> = "a filter around this program forbids keyrings: set session_keyring = false, and the "
  .. "container shares the keyring of the calling process"

local NO_MORE_PROCESSES <const> = "no more processes are allowed: see RLIMIT_NPROC (ulimit -u), and pids.max "
  .. "of the container's cgroup and of the calling process's"
local LITTLE_MEMORY <const> = "the memory limit (cgroups.memory) is too low for the init to start, or memory ran out"

local PTS <const> = "a terminal needs a file system of type devpts on /dev/pts, as configs.default has it"
local NO_SYSTEMD <const> = "systemd or its bus does not run here: write cgroups = \"fs\" to do without"

-- By step and errno, or by the errno alone.
local HINTS <const> = {
  ["spawn EPERM"] = ROOT .. ", or a system that allows ordinary users a user namespace: see "
    .. "/proc/sys/kernel/unprivileged_userns_clone and apparmor_restrict_unprivileged_userns beside it",
  ["namespace EPERM"] = ROOT,
  ["spawn ENOSPC"] = "a limit on namespaces is reached: see /proc/sys/user/max_*_namespaces; where that of user "
    .. "namespaces is 0, ordinary users can have no container",
  ["spawn EUSERS"] = "a limit on namespaces is reached: see /proc/sys/user/max_*_namespaces",
  ["spawn EAGAIN"] = NO_MORE_PROCESSES,
  ["namespace EAGAIN"] = NO_MORE_PROCESSES,
  ["spawn ENOMEM"] = LITTLE_MEMORY,
  -- what the kernel says when it finds no memory for the first page of a new program's stack
  ["spawn E2BIG"] = LITTLE_MEMORY,
  ["spawn EBUSY"] = "the cgroup that the container should be born in has processes in its "
    .. "sub-cgroups",
  ["spawn ENOSYS"] = "this needs Linux 5.12 or newer",
  ["spawn EINVAL"] = "the kernel lacks one of the namespaces asked for, or is older than 5.12",
  ["helper EACCES"] = "the kernel forbids executing a file in memory: look at "
    .. "/proc/sys/vm/memfd_noexec, or install the init program (make install)",
  ["helper EPERM"] = "the kernel forbids executing a file in memory: look at "
    .. "/proc/sys/vm/memfd_noexec, or install the init program (make install)",
  ["spawn ENOENT"] = "init_path of lc.new must be a program of the host",
  ["spawn ENOEXEC"] = "init_path of lc.new must be a program, or a script that begins with #!",
  ["session EPIPE"] = "the init was killed before it could say why: memory limit, or a signal from "
    .. "outside; one of init_path must end in factory:start_initialization",
  ["cgroup EBUSY"] = "that cgroup holds processes, is frozen, or is used by another container: "
    .. "choose another cgroups.path or empty it",
  ["cgroup EROFS"] = "the cgroup file systems are mounted read-only here, as in a container without "
    .. "delegation: mount them writable, run outside, or do without: lc.new(root, { cgroups = \"none\" })",
  ["cgroup EACCES"] = "cgroups can be made by root, or below a directory that was delegated to this "
    .. "user",
  ["cgroup EPERM"] = "cgroups can be made by root, or below a directory that was delegated to this "
    .. "user",
  ["cgroup ENOSPC"] = "the parent cgroup allows no more cgroups, or its cpuset has no processors or "
    .. "memory nodes left",
  ["cgroup EINVAL"] = "the kernel does not accept this limit: compare it with that of the parent "
    .. "cgroup",
  ["cgroup EOPNOTSUPP"] = "a cgroup that holds processes cannot hand its controllers to "
    .. "sub-cgroups: set cgroups.path to a place elsewhere",
  ["freeze ETIMEDOUT"] = "a process in it sleeps in the kernel: try again later; nothing is paused",
  ["freeze EBUSY"] = "what is frozen must be thawed first: a cgroup above it, or the container itself",
  ["freeze ENODEV"] = "pausing needs the freezer controller, or cgroup v2",
  ["rootfs ENOENT"] = "make the directory, or correct rootfs",
  ["rootfs ENOTDIR"] = "rootfs must be a directory",
  ["rootfs ELOOP"] = "rootfs must not be or lead through a symbolic link: write the path that "
    .. "realpath(1) prints",
  ["mount ENOENT"] = "the source of a bind mount, and what options name, must be there when the container starts",
  ["mount EROFS"] = "the root is read-only and has no such directory to mount on: make it in the "
    .. "rootfs, or mount a tmpfs above it first",
  ["mount EBADF"] = "its source was a descriptor of the program that created the container: destroy it and create it "
    .. "anew, or give a path",
  ["mount EXDEV"] = "the path leads out of the root or through a link of /proc",
  ["mount ELOOP"] = "the path leads through a link that must not be followed, or through links "
    .. "without an end",
  ["mount ENOTDIR"] = "a directory cannot be mounted on a file, nor a file on a directory",
  ["mount ENOSPC"] = "no more mounts are allowed in a mount namespace: see /proc/sys/fs/mount-max",
  ["mount EOPNOTSUPP"] = "only a whole proc file system may be bound on /proc: that of the host is /proc itself",
  ["mount ENODEV"] = "the kernel has no such file system: see /proc/filesystems",
  ["mount EPERM"] = "the kernel refuses this mount: it needs CAP_SYS_ADMIN, a mount of an outer "
    .. "namespace cannot lose its flags, and in a user namespace proc and mqueue take a pid and an ipc namespace that "
    .. "belong to it",
  ["mount EBUSY"] = "this file system is already mounted with other options",
  ["mount EINVAL"] = "the file system does not know one of the options, or the source is no place "
    .. "to mount from",
  ["layer ESTALE"] = "the layer was made over another rootfs: container:reset_layer() empties it",
  ["layer EBUSY"] = "another container uses this layer: each needs its own",
  ["layer EINVAL"] = "the kernel makes no overlay of these directories: that of the writable layer must be on a "
    .. "file system with extended attributes that is no overlay itself, and in a user namespace nothing may be "
    .. "mounted below those under it; overlay.memory needs no directory",
  ["layer EOPNOTSUPP"] = "the file system of the writable layer does not keep the attributes by which "
    .. "overlays mark what is gone, trusted.*, or user.* in a user namespace: ext4, xfs and btrfs keep both, a tmpfs "
    .. "has user.* from Linux 6.6 on; overlay.layer, and upperdir= of a mount, say where it is",
  ["layer EPERM"] = "the writable layer cannot be given to root of the container, or a layer not be opened for it: "
    .. "that takes root",
  ["layer ENOTDIR"] = "layers are directories",
  ["layer ENODEV"] = "the kernel has no overlay file system: modprobe overlay",
  ["layer ELOOP"] = "a layer is part of another one, or the tree is too deep to be read: overlay.memory is part of "
    .. "none",
  ["idmap EINVAL"] = "the kernel cannot map the ids of this file system, or the mount has its ids mapped already: "
    .. "mount_setattr(2) lists those that it can, a tmpfs from Linux 6.3 on",
  ["idmap EPERM"] = "mapping ids needs CAP_SYS_ADMIN over the file system of the source: root, and outside of any "
    .. "user namespace",
  ["device EROFS"] = "/dev is read-only: mount a tmpfs there",
  ["device EPERM"] = "making device nodes needs CAP_MKNOD, and a file system that allows them",
  ["device EEXIST"] = "something else is there already: remove it from the rootfs, or mount a tmpfs "
    .. "on /dev",
  ["process EACCES"] = "a value below that of the calling process takes CAP_SYS_RESOURCE",
  ["namespace ENOENT"] = "apt-get install uidmap: its programs map more than one id for an ordinary user",
  ["keyring EPERM"] = KEYRING,
  ["keyring EACCES"] = KEYRING,
  ["keyring EDQUOT"] = "this user has as many keys as he may: see /proc/key-users and "
    .. "/proc/sys/kernel/keys/root_maxkeys, or set session_keyring = false",
  ["sysctl ENOENT"] = "this kernel has no such setting",
  ["sysctl EINVAL"] = "the kernel does not accept this value",
  ["rlimit EPERM"] = "raising a hard limit needs CAP_SYS_RESOURCE: stay at or below that of the "
    .. "calling process (ulimit -H)",
  ["user EINVAL"] = "it must be a number, or in the container's /etc/passwd or /etc/group",
  ["user EPERM"] = "changing the user needs CAP_SETUID and CAP_SETGID",
  ["capabilities EPERM"] = "a container cannot be given a capability that the calling process lacks "
    .. "(CapBnd and CapPrm in /proc/self/status)",
  ["seccomp EACCES"] = "loading a filter needs no_new_privileges or CAP_SYS_ADMIN",
  ["seccomp EBADMSG"] = "libseccomp mixes up, or loses, some of several rules that compare one argument of one call: "
    .. "say it in one rule, or in ranges that do not overlap",
  ["seccomp EINVAL"] = "the kernel was built without seccomp filters, or the filter is too long",
  ["terminal ENOENT"] = PTS,
  ["terminal ENODEV"] = PTS,
  ["terminal EACCES"] = PTS,
  ["terminal ENOTTY"] = "this needs a terminal",
  ["landlock ENOENT"] = "a path of landlock.paths must be in the container when a program starts",
  ["landlock ENOTDIR"] = "a file has no rights of directories alone",
  ["file EROFS"] = "its root, or a mount above that path, is read-only",
  ["file EEXIST"] = "overwrite = true replaces it",
  ["file ELOOP"] = "the path leads through a link of /proc, through links without an end, or the tree is deeper than "
    .. "128 directories",
  ["file EFBIG"] = "give a higher limit",
  ["file EISDIR"] = "that is a directory",
  ["file EOPNOTSUPP"] = "a fifo, a socket or a device is not opened from outside",
  ["file EAGAIN"] = "that file has nothing to be read now, or a program in the container has a lease on it",
  ["file EOVERFLOW"] = "that user or group has no number in the user namespace of the container: see uid_mappings",
  ["file EBUSY"] = "something is mounted on it: what is mounted can be changed where it comes from",
  ["label ENOENT"] = "no such profile is loaded: apparmor_parser loads one, aa-status lists them",
  ["label EINVAL"] = "the kernel does not know this label",
  ["label EACCES"] = "the policy does not allow this program to choose that label",
  ["label EPERM"] = "the policy does not allow this program to choose that label, or it did not take",
  ["cwd ELOOP"] = "the path leads through a link of /proc, or through links without an end",
  ["cwd EXDEV"] = "the working directory must be inside the container",
  ["cwd EACCES"] = "the container's user may not enter that directory",
  ["cwd EROFS"] = "the directory is missing, and the root is read-only",
  ["cwd ENOTDIR"] = "the working directory must be a directory",
  ["exec EACCES"] = "the file must be executable by the container's user, and its mount must not be "
    .. "noexec",
  ["exec ENOEXEC"] = "it is neither a program of this machine's kind nor a script that begins with #!",
  ["exec ENOENT"] = "look at args[1], and at PATH in env",
  ["exec ENOTDIR"] = "a part of the path is no directory",
  ["exec E2BIG"] = "args and env together are too long, or the memory limit is too low for them",
  ["exec ENOMEM"] = "the memory limit is too low for the program to start",
  ["interpreter ENOENT"] = "the interpreter must exist inside the container: correct the script's "
    .. "first line, or put the interpreter or loader there",
  ["interpreter EACCES"] = "the interpreter must be executable by the container's user",
  ["state EROFS"] = "choose a writable state root: lc.new(path)",
  ["state EACCES"] = "choose a state root of your own: lc.new(path); the default one belongs to root",
  ["lock ENOSPC"] = "the file system of the state root is full",
  ["stdio EBADF"] = "it must be open until the program has been started",
  ["state ENOSPC"] = "the file system of the state root is full",
  ["state EDQUOT"] = "the quota on the file system of the state root is used up",
  ["state ENOENT"] = "it was removed, or its file system lets nobody make a directory: choose another state root",
  ["state ENOTDIR"] = "something else is where a directory has to be: remove it, or choose another name",
  ["state EPERM"] = "the state root must belong to this user, and nobody else may write to it",
  ["lock EWOULDBLOCK"] = "another process is working on this container: try again",
  ["lock EAGAIN"] = "another process is working on this container: try again",
  ["lock ETIMEDOUT"] = "another process is working on this container: try again",
  ["wait ETIMEDOUT"] = "wait longer, signal it, or destroy the container",
  ["image ENOENT"] = "look at the path; what comes behind its last colon is a tag",
  ["image EXDEV"] = "a link leads out of the image's directory",
  ["image EINVAL"] = "it must be a regular file or a directory",
  ["image ENOTEMPTY"] = "unpack to a new or an empty directory",
  ["image ENOTDIR"] = "unpack to a new or an empty directory; a link is none",
  ["image ENOSPC"] = "the file system is full; nothing is left there",
  ["image ENAMETOOLONG"] = "a name in the archive, or of the directory to unpack to, is too long",
  ["destroy ETIMEDOUT"] = "processes that sleep in the kernel cannot be killed: call destroy again "
    .. "later",
  ["destroy EBUSY"] = "something still uses it: call destroy again later",
  ["process ESRCH"] = "it has ended already",
  ["signal ESRCH"] = "it has ended already",
  ["network ELIBACC"] = "apt-get install libmnl0",
  ["network ELIBBAD"] = "libmnl 1.0 or newer is needed: apt-get install libmnl0",
  ["network EPERM"] = "interfaces can be made and moved by root, or with CAP_NET_ADMIN on the host: a container "
    .. "of an ordinary user has loopback alone, or the host's network",
  ["network ENODEV"] = "see /sys/class/net for the interfaces that there are",
  ["network EEXIST"] = "choose another name, or remove what has it",
  ["network ENETUNREACH"] = "no interface of the container is in a network with that gateway",
  ["network EHOSTUNREACH"] = "no interface of the container is in a network with that gateway",
  ["network EBUSY"] = "take it out of its bridge or bond first",
  ["network EOPNOTSUPP"] = "the kernel cannot do that with an interface of its kind: see /sys/class/net",
  ["systemd ELIBACC"] = "apt-get install libsystemd0, or let lc.new(root, { cgroups = \"fs\" }) do without",
  ["systemd ELIBBAD"] = "systemd 241 or newer is needed: write cgroups = \"fs\" to do without",
  ["systemd EINVAL"] = "with systemd, cgroups.path is \"slice:prefix:name\": \"system.slice:lc:web\" is "
    .. "lc-web.scope in system.slice",
  ["systemd ENAMETOOLONG"] = "the name of a unit has at most 255 characters",
  ["systemd ENOENT"] = NO_SYSTEMD,
  ["systemd ECONNREFUSED"] = NO_SYSTEMD,
  ["systemd EHOSTUNREACH"] = NO_SYSTEMD,
  ["systemd EACCES"] = "only root may ask the system's systemd for a scope",
  ["systemd EBUSY"] = "choose another cgroups.path, or stop that unit: systemctl stop NAME",
  ["systemd ECANCELED"] = "look at what systemd says: journalctl -b -u NAME",
  ["systemd ETIMEDOUT"] = "systemd does not answer: look at systemctl list-jobs",
  EMFILE = "this process may open no more files: raise RLIMIT_NOFILE (ulimit -n) or close some",
  ENFILE = "the system has too many open files: see /proc/sys/fs/file-max",
  ENOMEM = "memory ran out",
  ENOSYS = "this needs Linux 5.12 or newer",
}

local IDLE <const> = "while it is idle it has no share of the processors: cpu_idle = false goes with it"
local PROCESSORS <const> = "look at /sys/devices/system/cpu/online, and at cpuset.cpus of the cgroup above"
local NODES <const> = "look at /sys/devices/system/node/online, and at cpuset.mems of the cgroup above"
local DISKS <const> = "see /sys/block/*/dev for those that there are; a partition has no limit of its own"

local NUMBERS_OF_PROCESSORS <const> = "name processors that are online and in the container's cpuset: see "
  .. "/sys/devices/system/cpu/online and cgroups.cpuset_cpus"
local SCHEDULER_RIGHTS <const> = "FIFO, RR, DEADLINE and a nice value below 0 take CAP_SYS_NICE, FIFO and RR "
  .. "where v1 counts real time also cgroups.cpu_rt_runtime, and DEADLINE a cpuset of all processors"

-- Of single attributes of a process.
local ATTRIBUTE_HINTS = {
  ["time_offsets ERANGE"] = "a clock must not come to be below 0, nor 146 years away: /proc/uptime is CLOCK_BOOTTIME",
  ["uid_mappings EPERM"] = "an ordinary user maps himself, { container_id = 0, host_id = his id, size = 1 }, and "
    .. "what /etc/subuid and /etc/subgid give him: configs.default() has both",
  ["uid_mappings ENOENT"] = "apt-get install uidmap: its programs map more than one id for an ordinary user",
  ["process.scheduler EPERM"] = SCHEDULER_RIGHTS,
  ["process.scheduler EBUSY"] = "DEADLINE: so much processor time is not left on this machine",
  ["process.scheduler EOPNOTSUPP"] = "this kernel was built without utilisation clamps: leave out UTIL_CLAMP_MIN "
    .. "and UTIL_CLAMP_MAX",
  ["process.io_priority EPERM"] = "the class RT takes CAP_SYS_NICE",
  ["process.exec_cpu_affinity.final EINVAL"] = NUMBERS_OF_PROCESSORS,
  ["memory_policy EINVAL"] = "this kernel has no such mode, or no such node is online and in the container's cpuset: "
    .. "see /sys/devices/system/node/online and cgroups.cpuset_mems",
}

-- Of a directory that an overlay is made of and that is missing, by the field that names it.
local LAYER_HINTS <const> = {
  rootfs = HINTS["rootfs ENOENT"],
  ["overlay.lower"] = "the directories of overlay.lower must be there when the container starts",
  ["overlay.layer"] = "the directory is made when it is missing, the one that it is in is not",
  mounts = "the directories that lowerdir=, upperdir= and workdir= name must be there when the container starts",
}

-- Of a namespace that is joined.
local JOIN_HINTS <const> = {
  ENOENT = "it must be there when the container starts: /proc/PID/ns/… while that process lives, or a file that it "
    .. "is bind-mounted on",
  EINVAL = "it must be a namespace of that kind, and of pid one that is not outside of ours; what this process is in "
    .. "itself is had by leaving the name out",
  EPERM = "it takes CAP_SYS_ADMIN in the user namespace that it belongs to: an ordinary user has that when "
    .. "namespaces.user joins that one too, and he has made it",
  EACCES = "that process is another user's",
}

-- Of single limits.
local LIMIT_HINTS = {
  ["cpu_shares EINVAL"] = IDLE, ["cpu_weight EINVAL"] = IDLE,
  ["cpuset_cpus ERANGE"] = PROCESSORS, ["cpuset_cpus EINVAL"] = PROCESSORS,
  ["cpuset_cpus EACCES"] = PROCESSORS,
  ["cpuset_mems ERANGE"] = NODES, ["cpuset_mems EINVAL"] = NODES, ["cpuset_mems EACCES"] = NODES,
  ["cpu_rt_runtime EINVAL"] = "every cgroup above must have as much of it first",
  ["blkio_weight_device ENODEV"] = DISKS,
  ["blkio_throttle_read_bps_device ENODEV"] = DISKS, ["blkio_throttle_write_bps_device ENODEV"] = DISKS,
  ["blkio_throttle_read_iops_device ENODEV"] = DISKS, ["blkio_throttle_write_iops_device ENODEV"] = DISKS,
  ["net_prio_ifpriomap ENODEV"] = "see /sys/class/net for the interfaces that there are",
  ["rdma ENODEV"] = "see /sys/class/infiniband for the devices that there are",
}

--- What to do about an errno at a step, nil when we do not know.
---@param step string|nil
---@param errname string|nil
---@param field string|nil of the configuration
---@return string|nil
function M.of(step, errname, field)
  if not errname then
    return nil
  end
  local limit = step == "cgroup" and (field or ""):match("^cgroups%.([%w_]+)")
  local hint = limit and LIMIT_HINTS[limit .. " " .. errname]
  hint = hint or ATTRIBUTE_HINTS[(field or "") .. " " .. errname]
  hint = hint or (field or ""):find("^namespaces%.") and JOIN_HINTS[errname]
  hint = hint or step == "layer" and errname == "ENOENT" and LAYER_HINTS[(field or ""):match("^[%w_.]*")]
  return hint or HINTS[(step or "") .. " " .. errname] or HINTS[errname]
end

return M
