---@meta
-- SPDX-License-Identifier: MIT
-- The fields of configurations and processes, for editors. Generated from src/configs/schema.def by
-- `make doc`; nothing requires this file. Every field may be absent: profiles have most of them.
-- luacheck: ignore 631

---One mount, in the order given.
---@class libcontainer.fields.mount
---@field destination? string  where in the container; resolved below its root, links included, made when it is missing
---@field source? string  absolute host path of a bind mount, links below rootfs leading by that root; a name without meaning for most other types
---@field type? string  bind, proc, sysfs, tmpfs, devpts, mqueue, cgroup, or another file system of the kernel; bind when the options say bind or rbind, where none is a type too
---@field options? string[]  mount options as mount(8) writes them: ro nosuid nodev noexec relatime rbind rprivate …; of bind mounts src-nofollow (mounts a link itself), dest-nofollow (on a link itself), copy-symlink (makes the link anew); what is no flag goes to the file system (size=64m); a tmpfs without mode= has the mode of the directory that it covers, with tmpcopyup also what is in it, without what is mounted there

---A range of ids of a user namespace.
---@class libcontainer.fields.id_mapping
---@field container_id? integer  first id in the container
---@field host_id? integer  which id of the host that is
---@field size? integer  how many ids follow one another from there

---A device node to make.
---@class libcontainer.fields.device
---@field path? string  where in the container
---@field type? "c"|"b"|"u"|"p"  character (c, u), block (b) or fifo (p)
---@field major? integer  major number; default 0
---@field minor? integer  minor number; default 0
---@field file_mode? integer|string  permission bits, 438 is octal 0666; default 438
---@field uid? integer  owner; default 0
---@field gid? integer  group; default 0

---A resource limit.
---@class libcontainer.fields.rlimit
---@field type? "AS"|"CORE"|"CPU"|"DATA"|"FSIZE"|"LOCKS"|"MEMLOCK"|"MSGQUEUE"|"NICE"|"NOFILE"|"NPROC"|"RSS"|"RTPRIO"|"RTTIME"|"SIGPENDING"|"STACK"  which limit, as in setrlimit(2), with or without RLIMIT_
---@field soft? integer|string  the limit in force; -1 is unlimited
---@field hard? integer|string  how far the program may raise it; -1 is unlimited

---The five capability sets; a list in place of the table is bounding, effective and permitted at once.
---@class libcontainer.fields.capabilities
---@field bounding? string[]  what may ever be gained
---@field effective? string[]  what counts now
---@field permitted? string[]  what may be made effective
---@field inheritable? string[]  what exec may pass on through file capabilities; empty unless asked for
---@field ambient? string[]  what exec passes on; must be permitted and inheritable too

---What may be done with some devices; a later rule goes over an earlier one.
---@class libcontainer.fields.device_rule
---@field allow? boolean  allow it, or deny it; default false
---@field type? "a"|"b"|"c"  block, character, or all devices; default a
---@field major? integer  major number, -1 for every one; default -1
---@field minor? integer  minor number, -1 for every one; default -1
---@field access? string  of r (read), w (write), m (mknod); default rwm

---A block device's share.
---@class libcontainer.fields.blkio_weight
---@field major? integer  major number
---@field minor? integer  minor number
---@field weight? integer  relative weight against other cgroups
---@field leaf_weight? integer  the same against sub-cgroups; cgroup v1 of old kernels alone

---Bytes a second of a block device.
---@class libcontainer.fields.bps_limit
---@field major? integer  major number
---@field minor? integer  minor number
---@field rate? integer|string  bytes a second, 0 for no limit

---Operations a second of a block device.
---@class libcontainer.fields.iops_limit
---@field major? integer  major number
---@field minor? integer  minor number
---@field rate? integer  operations a second, 0 for no limit

---Huge pages of one size.
---@class libcontainer.fields.hugetlb_limit
---@field page_size? string  which: "2MB", "1GB", "64KB"
---@field limit? integer|string  bytes, -1 for no limit

---Priority of what is sent through an interface.
---@class libcontainer.fields.net_priority
---@field interface? string  name of the interface
---@field priority? integer  the priority

---Objects of an RDMA device.
---@class libcontainer.fields.rdma_limit
---@field device? string  name of the device: "mlx5_1"
---@field hca_handles? integer  handles at most, -1 for no limit
---@field hca_objects? integer  objects at most, -1 for no limit

---Limits, and where the container's cgroup is; what is absent is left as the kernel has it.
---@class libcontainer.fields.cgroups
---@field path? string  absolute: below the mount of each hierarchy; relative: below the cgroup of the calling process; absent: a name of our own there; one container's at a time; with systemd as the manager slice:prefix:name for prefix-name.scope in the slice
---@field memory? integer|string  memory in bytes, page cache included; -1 for no limit
---@field memory_swap? integer|string  memory and swap together in bytes, -1 for no limit
---@field memory_reservation? integer|string  soft limit in bytes: what is left when the host runs short; memory.low on cgroup v2
---@field memory_min? integer|string  bytes that are never taken away; cgroup v2 alone
---@field memory_low? integer|string  bytes that are taken away last; cgroup v2 alone
---@field memory_high? integer|string  bytes above which the container is slowed down; cgroup v2 alone
---@field memory_swappiness? integer  how willingly memory is swapped out; cgroup v1 alone
---@field oom_kill_disable? boolean  processes wait for memory instead of being killed; cgroup v1 alone
---@field use_hierarchy? boolean  sub-cgroups count too; always true since Linux 5.11
---@field check_before_update? boolean  set refuses a memory limit below what is in use; false on cgroup v2: the kernel makes room by killing; default true
---@field kernel_memory? integer|string  memory that the kernel uses for it; cgroup v1 alone, without effect since Linux 5.16
---@field kernel_memory_tcp? integer|string  memory of TCP buffers; cgroup v1 alone
---@field cpu_shares? integer  relative weight against other cgroups, from 2, 1024 is the kernel's default; converted to cpu.weight on cgroup v2
---@field cpu_weight? integer  the same in the scale of cgroup v2, from 1, 100 is the kernel's default; converted to cpu.shares on cgroup v1
---@field cpu_idle? boolean  run only when no other cgroup wants to
---@field cpus? number  how many processors' time at most, 0.5 is half of one
---@field cpu_quota? integer  microseconds of processor time in each period, -1 for no limit
---@field cpu_period? integer  length of the period in microseconds, from 1000
---@field cpu_burst? integer  microseconds of unused quota that may be saved up, at most the quota
---@field cpu_rt_runtime? integer  microseconds that real-time processes may run in each of their periods; cgroup v1 alone
---@field cpu_rt_period? integer  length of that period in microseconds; cgroup v1 alone
---@field cpuset_cpus? string  processors to run on: "0-3,7"
---@field cpuset_mems? string  memory nodes to use: "0-1"
---@field pids_limit? integer  how many processes and threads at once, -1 for no limit
---@field blkio_weight? integer  share of block devices against other cgroups, from 10; converted on cgroup v2
---@field blkio_leaf_weight? integer  the same against sub-cgroups; cgroup v1 of old kernels alone
---@field blkio_weight_device? libcontainer.fields.blkio_weight[]  share of single block devices
---@field blkio_throttle_read_bps_device? libcontainer.fields.bps_limit[]  bytes read a second
---@field blkio_throttle_write_bps_device? libcontainer.fields.bps_limit[]  bytes written a second
---@field blkio_throttle_read_iops_device? libcontainer.fields.iops_limit[]  reads a second
---@field blkio_throttle_write_iops_device? libcontainer.fields.iops_limit[]  writes a second
---@field hugetlb_limit? libcontainer.fields.hugetlb_limit[]  huge pages
---@field net_cls_classid? integer  class of what is sent, for tc(8); cgroup v1 alone
---@field net_prio_ifpriomap? libcontainer.fields.net_priority[]  priorities of what is sent; cgroup v1 alone
---@field rdma? libcontainer.fields.rdma_limit[]  RDMA devices
---@field devices? libcontainer.fields.device_rule[]  what may be done with devices; absent: everything; else nothing but what these rules and the container's own devices allow, and making nodes and using null, zero, full, random, urandom, tty, ptmx, pts and tun. Without a rule ({}) that is so where the machine can do it
---@field freezer? "frozen"|"thawed"  for set: pause or resume
---@field unified? table<string, string|number|boolean>  files of cgroup v2 by name, written as they are, after all others

---One network interface.
---@class libcontainer.fields.network
---@field type? "loopback"  loopback is the only one that this version makes

---A condition on one argument of a system call.
---@class libcontainer.fields.seccomp_arg
---@field index? integer  which argument, from 0
---@field value? integer  what it is compared with, 64 bits; for MASKED_EQ the mask
---@field value_two? integer  for MASKED_EQ: what the masked argument must be; default 0
---@field op? "NE"|"LT"|"LE"|"EQ"|"GE"|"GT"|"MASKED_EQ"  the comparison, of unsigned numbers

---What happens to some system calls.
---@class libcontainer.fields.seccomp_rule
---@field names? string[]  system calls by name; one that no known architecture has is an error
---@field action? "allow"|"errno"|"kill_thread"|"kill_process"|"trap"|"log"|"trace"  what happens
---@field errno_ret? integer  for errno: which one (1 is EPERM); for trace: the message; default 1
---@field args? libcontainer.fields.seccomp_arg[]  only when all these conditions hold

---A system call filter.
---@class libcontainer.fields.seccomp
---@field default_action? "allow"|"errno"|"kill_thread"|"kill_process"|"trap"|"log"|"trace"  what happens to a system call that no rule names
---@field default_errno_ret? integer  for errno: which one (1 is EPERM, 38 is ENOSYS); default 1
---@field architectures? string[]  further architectures whose calls the rules cover (x86, x32, …); the native one always is, calls of all others end the process
---@field flags? ("TSYNC"|"LOG"|"SPEC_ALLOW")[]  how it is loaded, as in seccomp(2): LOG writes what it does into the kernel's log, SPEC_ALLOW leaves speculation as it is; an empty list is none of them; default SPEC_ALLOW
---@field syscalls? libcontainer.fields.seccomp_rule[]  the rules

---The size of a terminal.
---@class libcontainer.fields.terminal_size
---@field columns? integer  characters in a line
---@field rows? integer  lines

---A scheduling policy, as sched_setattr(2) has it; FIFO, RR, DEADLINE and a nice value below 0 take CAP_SYS_NICE of the calling process, DEADLINE all processors too, and its threads and children are refused unless the flags have RESET_ON_FORK.
---@class libcontainer.fields.scheduler
---@field policy? "OTHER"|"FIFO"|"RR"|"BATCH"|"IDLE"|"DEADLINE"  which of sched(7), with or without SCHED_
---@field nice? integer  of OTHER and BATCH: less is more; default 0
---@field priority? integer  of FIFO and RR, which need one from 1 to 99
---@field flags? ("RESET_ON_FORK"|"RECLAIM"|"DL_OVERRUN"|"KEEP_POLICY"|"KEEP_PARAMS"|"UTIL_CLAMP_MIN"|"UTIL_CLAMP_MAX")[]  with or without SCHED_FLAG_; RESET_ON_FORK: what it starts is scheduled as usual
---@field runtime? integer  of DEADLINE: nanoseconds of a processor in each period, or text such as "10ms"
---@field deadline? integer  of DEADLINE: within how many nanoseconds it gets them
---@field period? integer  of DEADLINE: nanoseconds from one to the next; absent: the deadline

---A priority at block devices, as ioprio_set(2) has it.
---@class libcontainer.fields.io_priority
---@field class? "RT"|"BE"|"IDLE"  real time, which takes CAP_SYS_NICE of the calling process, as usual, or when nobody else wants to; with or without IOPRIO_CLASS_
---@field priority? integer  in its class, 0 is the first; IDLE has none; default 0

---Processors of a further program; the first one of a container has those of cgroups.cpuset_cpus.
---@class libcontainer.fields.cpu_affinity
---@field initial? string  where it is set up, as far as the cpuset of the container allows: "0-3,7"
---@field final? string  where the program runs; absent: on all that the container has

---A memory policy, as set_mempolicy(2) has it.
---@class libcontainer.fields.memory_policy
---@field mode? "DEFAULT"|"PREFERRED"|"BIND"|"INTERLEAVE"|"LOCAL"|"PREFERRED_MANY"|"WEIGHTED_INTERLEAVE"  with or without MPOL_; WEIGHTED_INTERLEAVE needs Linux 6.9
---@field nodes? string  the nodes: "0-1,3"; DEFAULT and LOCAL have none
---@field flags? ("NUMA_BALANCING"|"RELATIVE_NODES"|"STATIC_NODES")[]  with or without MPOL_F_; of nodes alone, NUMA_BALANCING of BIND and PREFERRED_MANY alone

---A program to run in a container.
---@class libcontainer.fields.process
---@field args? string[]  the program and its arguments; a name without slash is looked for in the PATH of env
---@field env? string[]|table<string, string|integer>  the environment: an array of "KEY=value" or a table { KEY = "value" }; PATH and HOME are added when absent
---@field cwd? string  working directory in the container, made when it is missing; default /
---@field user? string|integer  "uid", "uid:gid", "name", "name:group": numbers are ids, names are looked for in the container's /etc/passwd and /etc/group; default 0:0
---@field additional_groups? string[]|integer[]  further groups, numbers or names
---@field stdin? "null"|"pipe"|"inherit"|string|integer|file*  "null", "pipe", "inherit", a descriptor, a Lua file, or a string to be read; default null
---@field stdout? "null"|"pipe"|"inherit"|string|integer|file*  "null", "pipe", "inherit", a descriptor or a Lua file; default null
---@field stderr? "null"|"pipe"|"inherit"|string|integer|file*  "null", "pipe", "inherit", a descriptor or a Lua file; default null
---@field capabilities? libcontainer.fields.capabilities|string[]  in place of the container's
---@field rlimits? libcontainer.fields.rlimit[]|table<string, any>  in place of the container's
---@field no_new_privileges? boolean  in place of the container's
---@field seccomp? libcontainer.fields.seccomp|string|false  in place of the container's: "default", a filter as a table, or false for none
---@field cgroups? libcontainer.fields.cgroups  limits of a further process alone, in a cgroup of its own inside the container's; an empty table is such a cgroup without limits
---@field umask? integer|string  file mode creation mask, 18 is octal 022; default 18
---@field oom_score_adj? integer  how willingly the kernel kills the program when memory runs out
---@field scheduler? libcontainer.fields.scheduler  when it gets a processor
---@field io_priority? libcontainer.fields.io_priority  when block devices serve it
---@field exec_cpu_affinity? libcontainer.fields.cpu_affinity  processors of a further process, as it is set up and as it runs
---@field terminal? boolean  a terminal from the container's own devpts, which is its stdin, stdout and stderr and controls its session; /dev/console too for the first program; default false
---@field terminal_size? libcontainer.fields.terminal_size|integer[]  its size before the program runs: { columns = 80, rows = 24 } or { 80, 24 }; default 80x24
---@field console? string  unix socket to which the other end of the terminal is sent, as OCI runtimes do; without it the process object has it as `terminal`
---@field [integer] string  args, as an array

---A program of the host that is run at a point of the lifecycle.
---@class libcontainer.fields.hook
---@field path? string  the program
---@field args? string[]  its argv, with the name that it is called by; absent: the path alone

---Programs of the host that are run at points of the lifecycle, in the order given; one that fails before the start undoes it.
---@class libcontainer.fields.hooks
---@field create_runtime? libcontainer.fields.hook[]  in the namespaces of the host, when those of the container are there and its root is not entered yet

---A container.
---@class libcontainer.fields.config
---@field rootfs? string  absolute path of the root directory, itself no symbolic link; / is the host's own root, read-only
---@field readonlyfs? boolean  make the root read-only once it is set up; default false
---@field rootfs_propagation? "private"|"rprivate"|"slave"|"rslave"|"shared"|"rshared"|"unbindable"|"runbindable"  slave: later mounts of the host below rootfs appear inside; private: they do not; shared: nor do they, and namespaces made inside share the mounts of the container; unbindable: nor do they, and nothing inside can be bind-mounted. Those two of the root alone, with r of all mounts. The host never gets mounts of the container; default slave
---@field hostname? string  host name, needs the uts namespace
---@field domainname? string  NIS domain name, needs the uts namespace
---@field namespaces? ("mount"|"pid"|"uts"|"ipc"|"network"|"cgroup"|"user"|"time")[]|table<string, true>  what the container has of its own; user needs uid_mappings and gid_mappings; time, and a path to join, come in a later version; default mount pid uts ipc network cgroup
---@field uid_mappings? libcontainer.fields.id_mapping[]  user ids of a user namespace: { { container_id = 0, host_id = 100000, size = 65536 } }; 0 and every user that runs in it need one. Its devices are those of the host, at the same paths, with their owners and modes
---@field gid_mappings? libcontainer.fields.id_mapping[]  the same of group ids
---@field mounts? libcontainer.fields.mount[]  what is mounted, in this order
---@field devices? libcontainer.fields.device[]  device nodes beside null, zero, full, random, urandom and tty
---@field mask_paths? string[]  files and directories that appear empty, where they exist
---@field readonly_paths? string[]  files and directories that cannot be changed, where they exist
---@field sysctl? table<string, string|number|boolean>  kernel settings of the container's own namespaces
---@field capabilities? libcontainer.fields.capabilities|string[]  capabilities of the container's processes; absent is none
---@field rlimits? libcontainer.fields.rlimit[]|table<string, any>  resource limits of the container's processes
---@field no_new_privileges? boolean  set-user-id programs and file capabilities give nothing; default true
---@field seccomp? libcontainer.fields.seccomp|string|false  "default", a filter as a table, or false for none; default default
---@field cgroups? libcontainer.fields.cgroups  limits
---@field networks? libcontainer.fields.network[]  network interfaces; a network namespace always has its loopback up
---@field session_keyring? boolean  a new session keyring, named after the container; false leaves that of the calling process, keys included; default true
---@field parent_death_signal? integer|string  signal that the program gets when the host process dies: a number or a name; default 0
---@field personality? "LINUX"|"LINUX32"  what the kernel says that it is: LINUX32 is a machine of 32 bits in uname(2); default LINUX
---@field memory_policy? libcontainer.fields.memory_policy  which memory nodes its programs are given memory of
---@field additional_groups? string[]|integer[]  further groups of every process
---@field detach? boolean  the container outlives the object and the process that made it; default false
---@field labels? table<string, string|number|boolean>  kept in the state, for the caller
---@field annotations? table<string, string|number|boolean>  kept in the state, for the caller; `org.systemd.property.NAME` is a property of the systemd scope, where there is one, in the text of GVariant
---@field hooks? libcontainer.fields.hooks  programs that are run at points of the lifecycle

---@class libcontainer.Shorthands
---@field memory? integer|string  cgroups.memory
---@field cpus? number  cgroups.cpus
---@field pids? integer  cgroups.pids_limit

---What configs.default, host_root and empty take.
---@class libcontainer.Overrides: libcontainer.fields.config, libcontainer.Shorthands
---@field bind? string[]  "source:destination" or "source:destination:ro"
---@field tmpfs? string[]  "path" or "path:size=64m"

---@class libcontainer.CollectOptions
---@field [integer] string  the program and its arguments
---@field input? string|fun(): string|nil  what the program reads
---@field timeout? number|string  seconds, or "500ms"; after that everything is killed
---@field output_limit? integer|string  bytes of each of stdout and stderr, default 16 MiB

---What lc.run takes.
---@class libcontainer.RunOptions: libcontainer.Overrides, libcontainer.fields.process, libcontainer.CollectOptions
---@field id? string  default one that nobody else has
---@field factory? libcontainer.Factory

---What container:exec takes.
---@class libcontainer.ExecOptions: libcontainer.fields.process, libcontainer.Shorthands, libcontainer.CollectOptions
