-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"

local ALLOW <const> = { default_action = "allow" }

-- What `calls` prints for these calls under a filter, by name.
local function answers(seccomp, script, config)
  config = config or {}
  config.rootfs, config.seccomp = fixture.rootfs(), seccomp
  inside.install_calls(config.rootfs)
  return inside.answers(inside.script(config, "calls " .. script:gsub("\n", " ")))
end

local function filter(...)
  return { default_action = "allow", syscalls = { ... } }
end

describe("ranges of one argument", function()
  fixture.check_leaks()

  local function refused(number, ...)
    return { names = { "ioctl" }, action = "errno", errno_ret = number, args = { ... } }
  end

  it("that do not overlap answer as they read; of those that do none is lost without a word [D9]", function()
    fixture.needs("root", "busybox", "gcc")
    local high = refused(11, { index = 0, value = 3, op = "GE" })
    local function low(first) return refused(12, first, { index = 1, value = 3, op = "GT" }) end
    local apart = filter(high, low { index = 0, value = 1, op = "EQ" })
    assert.equal("EAGAIN", answers(apart, "ioctl 3 9 0").ioctl)
    assert.equal("ENOMEM", answers(apart, "ioctl 1 9 0").ioctl)
    assert.equal("ENOTTY", answers(apart, "ioctl 2 9 0").ioctl)
    local woven = filter(high, low { index = 0, value = 0, op = "GT" })
    local box <close> = assert(fixture.factory():create(fixture.id(), { rootfs = fixture.rootfs(), seccomp = woven }))
    local started, err = box:start { args = { "true" } }
    if started then -- another libseccomp
      started:close()
      assert.equal("ENOMEM", answers(woven, "ioctl 1 9 0").ioctl)
    else
      assert.same({ "EBADMSG", "seccomp.syscalls[2].args: ioctl" }, { err.errname, err.subject })
      assert.truthy(err.hint:find("ranges that do not overlap", 1, true))
    end
  end)
end)

describe("the default filter", function()
  fixture.check_leaks()

  it("is in force from the first instruction, in mode 2, and passed on to children [A20] [D9]", function()
    fixture.needs("root", "busybox")
    local out = inside.script({}, "grep -E '^Seccomp:|^NoNewPrivs' /proc/self/status; "
      .. "sh -c 'grep ^Seccomp: /proc/self/status'")
    assert.equal("NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp:\t2\n", out)
    assert.equal("Seccomp:\t0\n", inside.script({ seccomp = false }, "grep ^Seccomp: /proc/self/status"))
  end)

  it("refuses what is dangerous even to a root with every capability [A20] [A34] [A50] [O116]", function()
    fixture.needs("root", "busybox", "gcc")
    local got = answers("default",
      [[unshare 0x10000000 ';' unshare 0x20000 ';' mount @t @/tmp @tmpfs 0 0 ';' umount2 @/proc 2 ';'
      clone 0x10000011 0 0 0 0 ';' setns 0 0 ';' keyctl 0 0 ';' add_key @user @x @y 1 0 ';' request_key @user @x 0 0 ';'
      bpf 0 0 0 ';' perf_event_open 0 0 0 0 0 ';' open_by_handle_at 0 '#' 0 ';' name_to_handle_at 0 @/ '#' '#' 0 ';'
      kexec_load 0 0 0 0 ';' init_module 0 0 0 ';' finit_module 0 0 0 ';' delete_module @x 0 ';' reboot 1 2 3 ';'
      swapon @/x 0 ';' swapoff @/x ';' pivot_root @/ @/ ';' quotactl 0 0 0 0 ';' acct @/x ';' settimeofday 0 0 ';'
      clock_settime 0 '#' ';' sethostname @x 1 ';' syslog 3 0 0 ';' fanotify_init 0 0 ';' userfaultfd 0 ';'
      io_uring_setup 1 0 ';' open_tree 0 @/ 0 ';' move_mount 0 @/ 0 @/ 0 ';' fsopen @tmpfs 0 ';' fsmount 0 0 0 ';'
      fsconfig 0 0 0 0 0 ';' iopl 3 ';' ioperm 0 1 1 ';' personality 0x0040000]], {
        capabilities = inside.all_capabilities() })
    local count = 0
    for name, answer in pairs(got) do
      if answer ~= "absent" then
        assert.equal("EPERM", answer, name)
        count = count + 1
      end
    end
    assert.is_true(count > 30, count)
  end)

  it("looks at the half of an argument that the kernel looks at: TIOCSTI with high bits is TIOCSTI [A34] [D9]",
    function()
    fixture.needs("root", "busybox", "gcc")
    for _, request in ipairs { "0x5412", "0x100005412", "0xffffffff00005412", "0x541c", "0x10000541c" } do
      assert.equal("EPERM", answers("default", "ioctl 0 " .. request .. " '#'").ioctl, request)
    end
    assert.equal("ENOTTY", answers("default", "ioctl 0 0x5413 '#'").ioctl)
    assert.equal("EPERM", answers("default", "socket 38 5 0").socket)
    assert.equal("EPERM", answers("default", "socket 0x100000026 5 0").socket)
    assert.equal("EPERM", answers("default", "socket 40 1 0").socket)
  end)

  it("makes calls that it does not know look absent, and clone3 too [O111]", function()
    fixture.needs("root", "busybox", "gcc")
    local got = answers("default", "clone3 '#' 88 ';' 9999 0 ';' 500 0 ';' 1000 0")
    assert.equal("ENOSYS", got.clone3)
    for _, number in ipairs { "9999", "500", "1000" } do assert.equal("ENOSYS", got[number], number) end
  end)

  it("lets ordinary programs work: files, pipes, sockets, signals, threads, sub-shells", function()
    fixture.needs("root", "busybox", "gcc")
    local rootfs = fixture.rootfs()
    local program = inside.compile("ordinary", [[
      #define _GNU_SOURCE
      #include <pthread.h>
      #include <stdio.h>
      #include <sys/epoll.h>
      #include <sys/mman.h>
      #include <sys/socket.h>
      #include <sys/wait.h>
      #include <sys/personality.h>
      #include <unistd.h>
      #include <spawn.h>
      static void *run(void *p) { *(int *) p = 1; return p; }
      int main(void)
      {
        int ran = 0, pair[2], status;
        pthread_t thread;
        pid_t pid;
        char *const argv[] = {"true", NULL};
        if (pthread_create(&thread, NULL, run, &ran) != 0 || pthread_join(thread, NULL) != 0 || !ran) return 1;
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || write(pair[0], "x", 1) != 1) return 2;
        if (memfd_create("x", 0) < 0 || epoll_create1(0) < 0) return 3;
        if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, NULL) != 0 || waitpid(pid, &status, 0) != pid) return 4;
        if (personality(0xffffffff) < 0) return 5;
        puts("fine");
        return status;
      }]])
    inside.install(program, rootfs, "/bin/ordinary")
    assert.equal("fine\nab\nok\n", inside.script({ rootfs = rootfs }, [[ordinary &&
      echo ba | tr ab ba | tr -d '\n'; echo
      mkdir /tmp/d && echo x >/tmp/d/f && mv /tmp/d/f /tmp/d/g && chmod 600 /tmp/d/g && chown 5:6 /tmp/d/g &&
        rm -r /tmp/d
      (sleep 100 & p=$!; kill $p; wait $p); echo ok]]))
  end)
end)

describe("a filter of the caller", function()
  fixture.check_leaks()

  it("does what its rules say, with the errno that they say [O107] [O109] [O110]", function()
    fixture.needs("root", "busybox", "gcc")
    local got = answers(filter({ names = { "getppid", "dup" }, action = "errno", errno_ret = 11 },
      { names = { "chroot" }, action = "errno" }, { names = { "personality" }, action = "log" }),
      "getppid ';' dup 0 ';' chroot @/ ';' getpid ';' personality 0xffffffff")
    assert.same({ getppid = "EAGAIN", dup = "EAGAIN", chroot = "EPERM", getpid = "ok", personality = "ok" }, got)
    got = answers(ALLOW, "getppid")
    assert.equal("ok", got.getppid)
  end)

  it("compares arguments as it says: each operator, 64 bits, several conditions [O109] [D9]", function()
    fixture.needs("root", "busybox", "gcc")
    local big <const> = 0x123456789
    for _, case in ipairs {
      { { index = 1, op = "EQ", value = big }, "0x123456789", "0x23456789" },
      { { index = 1, op = "NE", value = big }, "0x23456789", "0x123456789" },
      { { index = 1, op = "GT", value = big }, "0x12345678a", "0x123456789" },
      { { index = 1, op = "GE", value = big }, "0x123456789", "0x123456788" },
      { { index = 1, op = "LT", value = big }, "0x123456788", "0x123456789" },
      { { index = 1, op = "LE", value = big }, "0x123456789", "0x12345678a" },
      { { index = 1, op = "MASKED_EQ", value = 0xffff, value_two = 0x6789 }, "0xf00006789", "0x678a" },
      { { index = 1, op = "GT", value = 5 }, "0xffffffffffffffff", "5" },
    } do
      local rules = filter { names = { "prctl" }, action = "errno", errno_ret = 42, args = { case[1] } }
      local hit = answers(rules, "prctl 9999 " .. case[2]).prctl
      local miss = answers(rules, "prctl 9999 " .. case[3]).prctl
      assert.equal("ENOMSG", hit, case[1].op)
      assert.equal("EINVAL", miss, case[1].op)
    end
    local both = filter({ names = { "prctl" }, action = "errno", errno_ret = 42,
      args = { { index = 1, op = "EQ", value = 1 }, { index = 2, op = "EQ", value = 2 } } },
      { names = { "prctl" }, action = "errno", errno_ret = 35, args = { { index = 3, op = "EQ", value = 7 } } })
    assert.equal("ENOMSG", answers(both, "prctl 9999 1 2").prctl)
    assert.equal("EINVAL", answers(both, "prctl 9999 1 3").prctl)
    assert.equal("EINVAL", answers(both, "prctl 9999 2 2").prctl)
    assert.equal("EDEADLK", answers(both, "prctl 9999 0 0 7").prctl)
  end)

  it("is loaded with the flags that it names: SPEC_ALLOW when it names none, LOG into the kernel's log [O113]",
    function()
      fixture.needs("root", "busybox")
      local rules = filter { names = { "mkdir", "mkdirat" }, action = "errno", errno_ret = 13 }
      for flags, list in pairs { ["0x4"] = false, ["0x0"] = {}, ["0x3"] = { "LOG", "TSYNC" },
        ["0x7"] = { "SPEC_ALLOW", "LOG", "TSYNC" } } do
        rules.flags = list or nil
        local box <close> = assert(fixture.factory():create("box", { rootfs = fixture.rootfs(), seccomp = rules }))
        local plan = tostring(assert(box:explain { args = { "true" } }))
        assert.equal(flags, plan:match(" seccomp .-flags=(%w+) "))
        assert.equal(0, assert(assert(box:start { args = { "true" } }):wait(fixture.seconds(60))).status)
      end
      -- what the kernel says of it: under a name of its own, and again, since it drops messages in a storm
      local function is_logged(flags, action)
        local rootfs, name = fixture.rootfs(), ("busybox%d"):format(os.time() % 1000000 * 10 + #flags)
        rules.syscalls[1].action, rules.syscalls[1].errno_ret = action, action == "errno" and 13 or nil
        fixture.sh("cp %s/bin/busybox %s/bin/%s", rootfs, rootfs, name)
        rules.flags = flags
        for _ = 1, 10 do
          inside.run({ rootfs = rootfs, seccomp = rules }, name, "mkdir", "/tmp/x")
          if fixture.sh("dmesg"):find('comm="' .. name .. '"', 1, true) then return true end
        end
        return false
      end
      assert.is_false(is_logged({}, "errno"))
      local can_log = is_logged({ "SPEC_ALLOW", "TSYNC", "LOG" }, "kill_process") -- the kernel logs it in any case
      if not can_log then return pending("needs a kernel that logs what filters do") end
      assert.is_true(is_logged({ "LOG" }, "errno"))
      for _, flag in ipairs { "NEW_LISTENER", "WAIT_KILLABLE_RECV", "log", "" } do
        rules.flags = { flag }
        local err = inside.refused({ seccomp = rules }, "true")
        assert.equal("ConfigInvalid", err.code)
        assert.equal(flag == "WAIT_KILLABLE_RECV" and "seccomp.flags" or "seccomp.flags[1]", err.field)
      end
    end)

  it("that refuses with an errno makes what is newer than its rules look absent, and nothing else [O111]", function()
    fixture.needs("root", "busybox", "gcc")
    local rules = { default_action = "errno", default_errno_ret = 1, syscalls = {
      { names = { "read", "write", "close", "execve", "exit_group", "brk", "mmap", "mprotect", "arch_prctl",
        "set_tid_address", "set_robust_list", "rseq", "prlimit64", "readlinkat", "getrandom", "newfstatat", "fstat",
        "wait4", "clone", "fork", "vfork", "rt_sigaction", "rt_sigprocmask", "stat", "getuid", "geteuid", "getppid",
        "ioctl", "fcntl", "getcwd", "access", "faccessat2", "openat", "getpid", "uname" }, action = "allow" } } }
    local got = answers(rules, "faccessat 0 0 0 ';' chroot @/ ';' 440 0 ';' 462 0 ';' 9999 0")
    assert.same({ faccessat = "EPERM", chroot = "EPERM", ["440"] = "ENOSYS", ["462"] = "ENOSYS", ["9999"] = "ENOSYS" },
      got)
    rules.default_errno_ret = 13
    assert.equal("EACCES", answers(rules, "chroot @/").chroot)
  end)

  it("may leave a call to a tracer, without whom it is absent [O110]", function()
    fixture.needs("root", "busybox", "gcc")
    assert.equal("ENOSYS", answers(filter { names = { "chroot" }, action = "trace", errno_ret = 7 }, "chroot @/").chroot)
  end)

  it("may kill, and the result says by which signal [O110]", function()
    fixture.needs("root", "busybox", "gcc")
    for action, signal in pairs { kill_process = 31, trap = 31, kill_thread = 31 } do
      local rootfs = fixture.rootfs()
      inside.install_calls(rootfs)
      local result = inside.run({ rootfs = rootfs, seccomp = filter { names = { "chroot" }, action = action } },
        "calls", "getpid", ";", "chroot", "@/")
      assert.equal(signal, result.signal, action)
      assert.equal("getpid ok\n", result.stdout)
    end
  end)

  it("that allows little lets the program start all the same: the library itself needs almost nothing [O112]",
    function()
    fixture.needs("root", "busybox", "gcc")
    local rootfs = fixture.rootfs()
    inside.install(inside.compile("tiny", [[
      #include <sys/syscall.h>
      #include <unistd.h>
      int main(void) { syscall(SYS_write, 1, "tiny\n", 5); syscall(SYS_exit_group, 7); }]]), rootfs, "/bin/tiny")
    local names = { "execve", "write", "exit_group", "brk", "arch_prctl", "set_tid_address", "set_robust_list",
      "rseq",
      "prlimit64", "readlink", "readlinkat", "getrandom", "mprotect", "uname", "mmap", "newfstatat", "futex" }
    local result = inside.run({ rootfs = rootfs, seccomp = { default_action = "errno", default_errno_ret = 1,
      syscalls = { { names = names, action = "allow" } } } }, "tiny")
    assert.equal("tiny\n", result.stdout)
    assert.equal(7, result.status)
  end)

  it("that kills the way to the program ends in an error, not in waiting [L08] [L07]", function()
    fixture.needs("root", "busybox")
    -- of a condition nobody says beforehand whether it holds; what refuses execve in any case is found before
    local always, never = { { index = 0, op = "GE", value = 0 } }, { { index = 5, op = "EQ", value = 77 } }
    assert.equal("ConfigInvalid", inside.refused({ seccomp = filter { names = { "execve" }, action = "errno" } }, "true").code)
    for _, case in ipairs { { "execve" }, { "write", "sendto" , "execve" }, { "write", "sendto", "exit_group",
      "execve" } } do
      for _, action in ipairs { "kill_process", "kill_thread", "trap", "errno" } do
        local err = inside.refused({ seccomp = filter { names = case, action = action, args = always } }, "true")
        assert.equal("SystemError", err.code)
        assert.is_true(#tostring(err) > 0)
      end
    end
    -- a filter that forbids all: nothing can be told any more, and it is an error nevertheless
    for _, action in ipairs { "kill_process", "errno" } do
      assert.equal("SystemError", inside.refused({ seccomp = { default_action = action,
        syscalls = { { names = { "execve" }, action = "allow", args = never } } } }, "true").code)
    end
  end)

  it("without no_new_privileges is loaded too [O112]", function()
    fixture.needs("root", "busybox")
    local own = tonumber(fixture.read("/proc/self/status"):match("CapPrm:%s*(%x+)"), 16)
    if own >> 21 & 1 == 0 then return pending("needs SYS_ADMIN") end
    for _, user in ipairs { "0", "1000" } do
      assert.equal("NoNewPrivs:\t0\nSeccomp:\t2\n", inside.script({ no_new_privileges = false, user = user },
        "grep -E '^Seccomp:|^NoNewPrivs' /proc/self/status"))
    end
  end)

  it("with an unknown call, action or architecture is refused [O108] [O109]", function()
    fixture.needs("root", "busybox")
    for _, seccomp in ipairs {
      filter { names = { "no_such_call" }, action = "allow" }, filter { names = { "read" }, action = "maybe" },
      { default_action = "allow", architectures = { "pdp11" } }, { default_action = "perhaps" }, {},
      filter { names = { "read" }, action = "errno", args = { { index = 6, op = "EQ", value = 1 } } },
      filter { names = { "read" }, action = "errno", args = { { index = 0, op = "~", value = 1 } } },
    } do
      local err = inside.refused({ seccomp = seccomp }, "true")
      assert.is_true(err.code == "ConfigInvalid" or err.step == "seccomp", tostring(err))
    end
  end)

  it("covers the other entry points of the machine: a 32-bit call does not go around it [O108] [D9]", function()
    fixture.needs("root", "busybox", "gcc")
    if fixture.sh("uname -m") ~= "x86_64" then return pending("needs x86_64") end
    local rootfs = fixture.rootfs()
    inside.install(inside.compile("thirtytwo", [[
      #include <stdio.h>
      #include <sys/mman.h>
      #include <sys/syscall.h>
      #include <unistd.h>
      static long old(long number, long a)
      {
        long r;
        __asm__ volatile("int $0x80" : "=a"(r) : "a"(number), "b"(a) : "memory", "r8", "r9", "r10", "r11");
        return r;
      }
      int main(int argc, char **argv)
      {
        long r = argc > 1 ? syscall(0x40000000 + SYS_getpid) : old(310, 0x10000000); /* unshare(CLONE_NEWUSER) */
        printf("%ld\n", argc > 1 && r < 0 ? -1 : (long) (int) r);
        return 0;
      }]]), rootfs, "/bin/thirtytwo")
    local result = inside.run({ rootfs = rootfs }, "thirtytwo")
    -- signal 11 and -38: kernels without 32-bit calls
    assert.is_true(result.stdout == "-1\n" or result.stdout == "-38\n" or result.signal == 31 or result.signal == 11,
      tostring(result.signal) .. result.stdout)
    result = inside.run({ rootfs = rootfs }, "thirtytwo", "x32")
    assert.is_true(result.stdout == "-1\n" or result.signal == 31, tostring(result.signal) .. result.stdout)
    -- a filter for the native calls alone ends who uses others
    result = inside.run({ rootfs = rootfs, seccomp = filter { names = { "chroot" }, action = "errno" } }, "thirtytwo")
    assert.is_true(result.signal == 31 or result.signal == 11 or result.stdout == "-38\n",
      tostring(result.signal) .. result.stdout)
  end)

  it("of the library is compiled where the kernel knows nothing of filters, as in an emulator", function()
    fixture.needs "root"
    local r = assert(fixture.run({ rootfs = "/", readonlyfs = true, seccomp = { default_action = "allow",
      syscalls = { { names = { "seccomp" }, action = "errno", errno_ret = 38 } } } },
      fixture.sh("pwd") .. "/build/gen/embed"))
    assert.equal("", r.stderr)
    assert.equal(fixture.read("build/gen/seccomp_default.inc"), r.stdout)
  end)
end)
