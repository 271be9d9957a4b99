-- SPDX-License-Identifier: MIT
--- The sentences of failures, as they are: programs read them, so a change is one that somebody decides.
require("spec.support.schema_stub").provide()
local core = require "libcontainer.core"
local errors = require "libcontainer.errors"

-- step, errno, field or nil, subject or nil, and what is said of it
local MESSAGES <const> = {
  { "rootfs", "ENOENT", "rootfs", "/srv/none", "rootfs: /srv/none: no such file or directory (ENOENT)" },
  { "rootfs", "ENOTDIR", "rootfs", "/srv/file", "rootfs: /srv/file: not a directory (ENOTDIR)" },
  { "rootfs", "ELOOP", "rootfs", "/srv/link", "rootfs: /srv/link: too many levels of symbolic links (ELOOP)" },
  { "spawn", "EPERM", nil, "clone3", "spawn: clone3: operation not permitted (EPERM)" },
  { "spawn", "EAGAIN", nil, "clone3", "spawn: clone3: resource temporarily unavailable (EAGAIN)" },
  { "spawn", "ENOSPC", nil, "clone3", "spawn: clone3: no space left on device (ENOSPC)" },
  { "helper", "EPERM", nil, "memfd", "helper: memfd: operation not permitted (EPERM)" },
  { "session", "EPIPE", nil, "the init was killed by signal 9",
    "session: the init was killed by signal 9: broken pipe (EPIPE)" },
  { "session", "ETIMEDOUT", nil, "the container does not come up",
    "session: the container does not come up: not done in time (ETIMEDOUT)" },
  { "namespace", "EPERM", "namespaces", "unshare", "namespace namespaces: unshare: operation not permitted (EPERM)" },
  { "cgroup", "EBUSY", "cgroups.path", "/sys/fs/cgroup/x",
    "cgroup cgroups.path: /sys/fs/cgroup/x: device or resource busy (EBUSY)" },
  { "cgroup", "ENOSPC", "cgroups.cpuset_cpus", "/sys/fs/cgroup/x/cpuset.cpus",
    "cgroup cgroups.cpuset_cpus: /sys/fs/cgroup/x/cpuset.cpus: no space left on device (ENOSPC)" },
  { "cgroup", "EROFS", nil, "/sys/fs/cgroup", "cgroup: /sys/fs/cgroup: read-only file system (EROFS)" },
  { "keyring", "EPERM", "session_keyring", "session keyring",
    "keyring session_keyring: session keyring: operation not permitted (EPERM)" },
  { "hostname", "ENAMETOOLONG", "hostname", "web", "hostname: web: file name too long (ENAMETOOLONG)" },
  { "network", "ENODEV", "namespaces", "lo", "network namespaces: lo: no such device (ENODEV)" },
  { "mount", "ENOENT", "mounts[1]", "/nowhere", "mount mounts[1]: /nowhere: no such file or directory (ENOENT)" },
  { "mount", "ENOTDIR", "mounts[2]", "/etc/hosts", "mount mounts[2]: /etc/hosts: not a directory (ENOTDIR)" },
  { "mount", "EINVAL", "mounts[3]", "tmpfs: Bad value for 'size'",
    "mount mounts[3]: tmpfs: Bad value for 'size': invalid argument (EINVAL)" },
  { "mount", "ENODEV", "mounts[4]", "nosuchfs", "mount mounts[4]: nosuchfs: no such device (ENODEV)" },
  { "mount", "EROFS", "mounts[5]", "/data", "mount mounts[5]: /data: read-only file system (EROFS)" },
  { "mount", "EXDEV", "mounts[6]", "/proc/1/root",
    "mount mounts[6]: /proc/1/root: invalid cross-device link (EXDEV)" },
  { "mount", "EPERM", "mounts[7]", "/proc", "mount mounts[7]: /proc: operation not permitted (EPERM)" },
  { "mount", "ELOOP", "mounts[8]", "/sys", "mount mounts[8]: /sys: too many levels of symbolic links (ELOOP)" },
  { "pivot", "EINVAL", "rootfs", "/srv/root", "pivot rootfs: /srv/root: invalid argument (EINVAL)" },
  { "device", "EEXIST", nil, "/dev/null", "device: /dev/null: file exists (EEXIST)" },
  { "device", "EPERM", "devices[1]", "/dev/sda", "device devices[1]: /dev/sda: operation not permitted (EPERM)" },
  { "mask", "EXDEV", "mask_paths", "mask source", "mask mask_paths: mask source: invalid cross-device link (EXDEV)" },
  { "readonly", "EACCES", "readonly_paths[1]", "/proc/sys",
    "readonly readonly_paths[1]: /proc/sys: permission denied (EACCES)" },
  { "sysctl", "ENOENT", "sysctl[\"net.ipv4.none\"]", "net/ipv4/none",
    "sysctl sysctl[\"net.ipv4.none\"]: net/ipv4/none: no such file or directory (ENOENT)" },
  { "sysctl", "EINVAL", "sysctl[\"kernel.shmmax\"]", "kernel/shmmax",
    "sysctl sysctl[\"kernel.shmmax\"]: kernel/shmmax: invalid argument (EINVAL)" },
  { "rlimit", "EPERM", "rlimits[1]", "NOFILE", "rlimit rlimits[1]: NOFILE: operation not permitted (EPERM)" },
  { "user", "EINVAL", "user", "nobody:none", "user: nobody:none: invalid argument (EINVAL)" },
  { "capabilities", "EPERM", "capabilities", "permitted",
    "capabilities: permitted: operation not permitted (EPERM)" },
  { "seccomp", "EINVAL", "seccomp", "filter", "seccomp: filter: invalid argument (EINVAL)" },
  { "cwd", "EACCES", "process.cwd", "/root", "cwd process.cwd: /root: permission denied (EACCES)" },
  { "cwd", "ENOTDIR", "process.cwd", "/etc/passwd", "cwd process.cwd: /etc/passwd: not a directory (ENOTDIR)" },
  { "exec", "ENOENT", "process.args", "foo", "exec: \"foo\": executable file not found in $PATH (ENOENT)" },
  { "exec", "EACCES", "process.args", "/etc/passwd", "exec: \"/etc/passwd\": permission denied (EACCES)" },
  { "exec", "ENOEXEC", "process.args", "/bin/text", "exec: \"/bin/text\": exec format error (ENOEXEC)" },
  { "exec", "E2BIG", "process.args", "/bin/sh", "exec: \"/bin/sh\": argument list too long (E2BIG)" },
  { "interpreter", "ENOENT", "process.args", "/lib/ld.so",
    "exec: the interpreter or loader \"/lib/ld.so\": no such file or directory (ENOENT)" },
  { "state", "ENOSPC", nil, "/run/libcontainer/web/state.json",
    "state: /run/libcontainer/web/state.json: no space left on device (ENOSPC)" },
  { "state", "EPERM", nil, "/run/libcontainer", "state: /run/libcontainer: operation not permitted (EPERM)" },
  { "lock", "EAGAIN", nil, "/run/libcontainer/web",
    "lock: /run/libcontainer/web: resource temporarily unavailable (EAGAIN)" },
  { "wait", "ETIMEDOUT", nil, "pidfd", "wait: pidfd: not done in time (ETIMEDOUT)" },
  { "signal", "ESRCH", nil, "42", "signal: 42: no such process (ESRCH)" },
  { "destroy", "EBUSY", nil, "/sys/fs/cgroup/x", "destroy: /sys/fs/cgroup/x: device or resource busy (EBUSY)" },
  { "spawn", "EMFILE", nil, "pidfd", "spawn: pidfd: too many open files (EMFILE)" },
  { "memory", "ENOMEM", nil, nil, "out of memory (ENOMEM)" },
}

describe("the message of a failure", function()
  it("has the step, the field, the path and the words of the errno, and its name at the end [O137]", function()
    assert.is_true(#MESSAGES >= 40)
    local numbers = {}
    for number = 1, 133 do
      local name = core.errno_name(number)
      if name then numbers[name] = number end
    end
    for _, case in ipairs(MESSAGES) do
      local step, name, field, subject, message = table.unpack(case, 1, 5)
      local err = errors.raw({ errno = assert(numbers[name], name), step = step, subject = subject },
        { field = field })
      assert.equal(message, err.message)
      assert.equal(step, err.step)
      assert.equal(name, err.errname)
      assert.equal(field, err.field)
      assert.equal(message, tostring(err):sub(1, #message))
      assert.matches("%(" .. name .. "%)$", message)
      if subject then assert.is_truthy(message:find(subject, 1, true), message) end
    end
  end)
end)
