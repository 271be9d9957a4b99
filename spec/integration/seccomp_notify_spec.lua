-- SPDX-License-Identifier: MIT
-- Filters that ask somebody outside: who answers, what an answer does, and that nothing passes unasked.
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local programs = require "spec.support.programs"

local MKDIR <const> = { "mkdir", "mkdirat" }

local function filter(names, action, more)
  local made = { default_action = "allow", syscalls = { { names = names, action = action or "notify" } } }
  for key, value in pairs(more or {}) do made[key] = value end
  return made
end

local function path_of(call)
  return call:text(call.args[call.syscall == "mkdir" and 1 or 2])
end

local function box_of(config)
  config = config or {}
  config.rootfs = config.rootfs or fixture.rootfs()
  return assert(fixture.factory():create(fixture.id(), configs.default(config)))
end

describe("a system call that is notified", function()
  fixture.check_leaks()

  local SCRIPT <const> = [[
    for name in error value continue itself raises nonsense; do
      mkdir /tmp/$name 2>/tmp/said && echo $name done || echo $name $(sed 's/.*: //' /tmp/said)
      test -d /tmp/$name && echo $name is there
    done; true]]
  local ANSWERED <const> = "error Read-only file system\nvalue done\ncontinue done\ncontinue is there\n"
    .. "itself No space left on device\nraises Operation not permitted\nnonsense Operation not permitted\n"

  local function handler(call)
    local name = assert(path_of(call)):match("[^/]+$")
    if name == "error" then return nil, "EROFS" end
    if name == "value" then return 0 end
    if name == "continue" then return true end
    if name == "itself" then return (assert(call:answer { errno = 28 }) and nil) end
    if name == "raises" then error "on purpose" end
    return "nonsense"
  end

  it("ends as the handler says, in lc.run, container:exec and process:wait [O110] [E28]", function()
    fixture.needs("root", "busybox")
    local result = inside.run({ seccomp = filter(MKDIR), seccomp_handler = handler }, "sh", "-c", SCRIPT)
    assert.equal(ANSWERED, result.stdout)

    local box <close> = box_of { seccomp = filter(MKDIR), tmpfs = { "/tmp" } }
    local process <close> = assert(box:start { args = { "sh", "-c", SCRIPT .. "; exec sleep 1000" }, stdout = "pipe",
      seccomp_handler = { mkdir = handler, mkdirat = handler } })
    local said, deadline = "", core.now() + fixture.seconds(60)
    while #said < #ANSWERED and core.now() < deadline do -- who waits is who answers
      local exit, err = process:wait(0.05)
      assert.is_nil(exit)
      assert.equal("ETIMEDOUT", err.errname)
      said = said .. (process.stdout:read_now() or "")
    end
    assert.equal(ANSWERED, said)

    local further = assert(box:exec { "sh", "-c", SCRIPT:gsub("/tmp/%$name", "/tmp/x$name"):gsub("x%$name$", "$name"),
      seccomp_handler = function(call)
        return nil, assert(path_of(call)):find("/tmp/x", 1, true) and "EROFS" or "EXDEV"
      end })
    assert.matches("^error Read%-only", further.stdout)
  end)

  it("is absent where nobody has an answer [O110]", function()
    fixture.needs("root", "busybox")
    for _, own in ipairs { false, { default = function() return nil, "EXDEV" end },
      { chroot = function() return true end } } do
      local result = inside.run({ seccomp = filter(MKDIR), seccomp_handler = own or nil }, "mkdir", "/tmp/x")
      assert.equal(1, result.status)
      assert.matches(own and own.default and "Invalid cross%-device" or "Function not implemented", result.stderr)
    end
  end)

  it("waits for who took the listener: which call, whose, with what, and what was wrong [O110]", function()
    fixture.needs("root", "busybox", "gcc")
    local rootfs = fixture.rootfs()
    inside.install_calls(rootfs)
    local box <close> = box_of { rootfs = rootfs, seccomp = filter { "getppid", "openat", "chroot" } }
    local process <close> = assert(box:start { args = { "calls", "getppid", ";", "chroot", "@/some/where", ";",
      "openat", "0", "@/none", "0", ";", "dup", "7", ";", "chroot", "1" }, stdout = "pipe" })
    local listener = assert(process:seccomp_listener())
    assert.equal("supervisor", require("libcontainer").type(listener))
    local call = assert(listener:receive(fixture.seconds(10)))
    assert.same({ "getppid", process:pid(), 6, true }, { call.syscall, call.pid, #call.args, call:is_alive() })
    if fixture.sh("uname -m") == "x86_64" then assert.equal("x86_64", call.architecture) end
    assert.is_nil(process.stdout:read("l", 0.05)) -- it waits
    assert(call:answer { value = 5 })
    local done, err = call:answer { value = 5 }
    assert.is_nil(done)
    assert.equal("ENOENT", err.errname)
    assert.is_false(call:is_alive())
    assert.equal("getppid ok", process.stdout:read("l", fixture.seconds(10)))

    call = assert(listener:receive(fixture.seconds(10)))
    assert.equal("/some/where", call:text(call.args[1]))
    assert.equal("ENAMETOOLONG", select(2, call:text(call.args[1], 3)).errname)
    assert.is_nil((call:text(8)))
    for _, answer in ipairs { {}, { errno = "ENONE" }, { errno = 0 }, { value = "x" }, { value = 1, errno = 1 },
      { continue = false }, { valeu = 1 } } do assert.has_error(function() call:answer(answer) end) end
    assert(call:answer { errno = "EXDEV" })
    assert.equal("chroot EXDEV", process.stdout:read("l", fixture.seconds(10)))

    call = assert(listener:receive(fixture.seconds(10)))
    assert.equal("/none", call:text(call.args[2]))
    local file <close> = assert(io.open("/proc/self/status"))
    assert.equal(7, call:add_fd(file, { number = 7 }))
    assert.is_true(assert(call:add_fd(file, { answer = true })) > 2)
    assert.equal("openat ok\ndup ok", process.stdout:read("l", fixture.seconds(10)) .. "\n"
      .. process.stdout:read("l", fixture.seconds(10)))

    call = assert(listener:receive(fixture.seconds(10)))
    assert(process:signal "KILL")
    assert(process:wait(fixture.seconds(60)))
    assert.is_false(call:is_alive())
    assert.equal("ENOENT", select(2, call:answer { value = 0 }).errname)
    assert.equal("ENOENT", select(2, call:text(call.args[1])).errname)
    assert.is_nil((listener:receive(fixture.seconds(10)))) -- nobody is left
    assert.is_nil(listener:pollfd())
  end)

  it("has a descriptor to wait for, a deadline, and failures to look at [E28]", function()
    fixture.needs("root", "busybox")
    local box <close> = box_of { seccomp = filter(MKDIR) }
    local process <close> = assert(box:start { args = { "sh", "-c", "read x; mkdir /tmp/x" }, stdin = "pipe",
      seccomp_handler = function() error "on purpose" end })
    local listener = process:seccomp_listener()
    assert.equal("ETIMEDOUT", select(2, listener:receive(0)).errname)
    process.stdin:write("\n")
    assert.equal(1, assert(core.poll({ { listener:pollfd(), listener:events() } }, fixture.seconds(10))))
    listener:serve() -- whether more may come depends on how soon the program ends
    assert.matches("on purpose", listener:failures()[1])
    assert.equal(1, assert(process:wait(fixture.seconds(60))).status)
    assert.is_false(listener:serve())
  end)

  it("is absent, and waits no more, when the listener is closed [O110]", function()
    fixture.needs("root", "busybox")
    local box <close> = box_of { seccomp = filter(MKDIR) }
    local process = assert(box:start { args = { "mkdir", "/tmp/x" }, stderr = "pipe" })
    local listener = process:seccomp_listener()
    assert(listener:receive(fixture.seconds(10)))
    listener:close()
    assert.matches("Function not implemented", process.stderr:read("a", fixture.seconds(10)))
    assert(process:wait(fixture.seconds(60)))
    process:close()
  end)
end)

describe("the way to a program whose filter notifies", function()
  fixture.check_leaks()

  -- Everything that the init may still call behind the filter, and what the program begins with.
  local SETUP <const> = { "setresuid", "setresgid", "setgroups", "capset", "capget", "prctl", "execve", "fchdir",
    "openat2", "openat", "close", "getcwd", "faccessat", "faccessat2", "recvfrom", "sendto", "clone", "pipe2",
    "setpgid", "setsid", "prlimit64", "read", "mkdir", "mkdirat", "umask", "statx" }

  for _, no_new in ipairs { true, false } do
    it(("passes, and the program's calls do not, %s no_new_privileges [O112] [O114]"):format(
      no_new and "with" or "without"), function()
      fixture.needs("root", "busybox")
      local own = {}
      local function handler(call)
        own[call.syscall] = (own[call.syscall] or 0) + 1
        if call.syscall:find "^mkdir" then return nil, "EDOM" end
        return true
      end
      for _, user in ipairs { "0", "1000" } do
        local config = { seccomp = filter(SETUP), no_new_privileges = no_new, user = user, seccomp_handler = handler }
        local result = inside.run(config, "sh", "-c", "mkdir /tmp/x; echo $?")
        assert.equal("1\n", result.stdout)
        local box <close> = box_of { no_new_privileges = no_new }
        assert(box:start { "sleep", "1000" })
        result = assert(box:exec { "sh", "-c", "mkdir /tmp/x; echo $?", seccomp = filter(SETUP), user = user,
          seccomp_handler = handler, scheduler = { policy = "BATCH" }, cgroups = { pids_limit = 5 } })
        assert.equal("1\n", result.stdout)
      end
      assert.is_true((own.mkdir or 0) + (own.mkdirat or 0) == 4)
      assert.is_nil(own.setresuid)
    end)
  end

  it("never lets the first call of the program pass for one of its own [O114]", function()
    fixture.needs("root", "busybox", "gcc")
    if fixture.sh("uname -m") ~= "x86_64" then return pending("needs x86_64") end
    local rootfs = fixture.rootfs()
    inside.install(assert(programs.compile("first", [[
      #include <sys/syscall.h>
      void _start(void)
      {
        long r;
        __asm__ volatile("syscall" : "=a"(r) : "a"(SYS_mkdirat), "D"(-100), "S"("/tmp/x"), "d"(0755), "r"(0)
          : "rcx", "r11", "memory");
        __asm__ volatile("syscall" : : "a"(SYS_exit_group), "D"(r < 0 ? -r : 0));
      }]], "gcc -static -nostdlib -O1")), rootfs, "/bin/first")
    local box <close> = box_of { rootfs = rootfs, seccomp = filter(MKDIR), tmpfs = { "/tmp" } }
    local asked = 0
    local function handler() asked = asked + 1 return nil, 77 end
    assert.equal(77, assert(assert(box:start { args = { "first" }, seccomp_handler = handler })
      :wait(fixture.seconds(60))).status)
    assert(box:start { args = { "sleep", "1000" }, seccomp = false })
    local rounds = fixture.rounds(100, 8)
    for _ = 1, rounds do
      local further = assert(box:start { args = { "first" }, seccomp_handler = handler })
      assert.equal(77, assert(further:wait(fixture.seconds(60))).status)
      further:close()
    end
    assert.equal(rounds + 1, asked)
  end)
end)

describe("who listens at seccomp.listener_path", function()
  fixture.check_leaks()

  it("gets one message, the OCI state with the listener, for the first program and for further ones [O114]", function()
    fixture.needs("root", "busybox", "cc")
    local rest = (" true box agent data 1 seccompFd true anon_inode:seccomp notify 0 mkdir: can't create directory"
      .. " '/tmp/x': Function not implemented\n")
    assert.equal("creating" .. rest .. "running" .. rest,
      fixture.lua_prints([[
        local json, core = require "libcontainer.json", require "libcontainer.core"
        local path = arg[3] .. "/agent"
        local listening = posix.listen(path)
        local box <close> = assert(assert(lc.new(root)):create("box", require("libcontainer.configs").default {
          rootfs = rootfs, annotations = { who = "agent" }, tmpfs = { "/tmp" } }))
        local filter = { default_action = "allow", listener_path = path, listener_metadata = "data",
          syscalls = { { names = { "mkdir", "mkdirat" }, action = "notify" } } }
        for i = 1, 2 do
          local first
          if i == 2 then first = assert(box:start { args = { "sleep", "1000" }, seccomp = false }) end
          local p <close> = assert(box:start { args = { "mkdir", "/tmp/x" }, stderr = "pipe", seccomp = filter })
          assert(p:seccomp_listener() == nil)
          local text, fd, rest = posix.take(listening)
          local got = json.decode(text)
          assert(got.ociVersion and got.state.ociVersion and got.state.bundle)
          local link = core.proc_link(core.pid(), "fd/" .. fd)
          posix.close(fd) -- nobody answers any more
          io.write(got.state.status, " ", tostring(got.pid == p:pid()), " ", got.state.id, " ", got.state.annotations.who,
            " ", got.metadata, " ", #got.fds, " ", got.fds[1], " ", tostring(got.state.pid == (first or p):pid()), " ",
            link, " ", #rest, " ", p.stderr:read("a", seconds(10)))
          assert(p:wait(seconds(60)))
        end]], { args = { fixture.root(), fixture.rootfs(), fixture.directory() } }))
  end)

  it("must be there before anything is made, and is no matter of a filter that does not notify [O114]", function()
    fixture.needs("root", "busybox")
    local path = fixture.directory() .. "/nobody"
    local err = inside.refused({ seccomp = filter(MKDIR, nil, { listener_path = path }) }, "true")
    assert.equal("seccomp.listener_path", err.field)
    assert.equal("ENOENT", err.errname)
    assert.matches("must listen", err.hint)
    assert.equal(0, inside.run({ seccomp = filter(MKDIR, "log", { listener_path = path, listener_metadata = "x" }) },
      "true").status)
  end)
end)

describe("a filter that notifies", function()
  fixture.check_leaks()

  it("is loaded with the flags that go with that [O113]", function()
    fixture.needs("root", "busybox")
    for want, flags in pairs { ["0xc"] = false, ["0x8"] = {}, ["0x19"] = { "TSYNC" },
      ["0x2c"] = { "SPEC_ALLOW", "WAIT_KILLABLE_RECV" } } do
      local box <close> = box_of { seccomp = filter(MKDIR, nil, { flags = flags or nil }) }
      local program = { args = { "mkdir", "/tmp/x" }, seccomp_handler = function() return nil, "EDOM" end }
      assert.equal(want, tostring(assert(box:explain(program))):match(" seccomp .-flags=(%w+) "))
      assert.equal(1, assert(assert(box:start(program)):wait(fixture.seconds(60))).status)
    end
  end)

  it("is refused where the listener could not be given away, or nobody would get it [O114]", function()
    for field, seccomp in pairs {
      ["seccomp.default_action"] = { default_action = "notify" },
      ["seccomp.listener_metadata"] = filter(MKDIR, nil, { listener_metadata = "x" }),
      ["seccomp.flags"] = filter(MKDIR, "log", { flags = { "WAIT_KILLABLE_RECV" } }),
      ["seccomp.syscalls"] = filter { "sendmsg" },
      ["seccomp.syscalls[1].errno_ret"] = { default_action = "allow", syscalls = { { names = MKDIR, action = "notify",
        errno_ret = 3 } } },
    } do
      local done, err = configs.validate { rootfs = "/x", seccomp = seccomp }
      assert.is_nil(done)
      assert.equal(field, err.problems[1].field)
    end
    local strict = { default_action = "errno", syscalls = { { names = MKDIR, action = "notify" },
      { names = { "execve" }, action = "allow" } } }
    assert.equal("seccomp.syscalls", select(2, configs.validate { rootfs = "/x", seccomp = strict }).field)
    strict.syscalls[3] = { names = { "sendmsg" }, action = "allow" }
    assert(configs.validate { rootfs = "/x", seccomp = strict })
    for _, handler in ipairs { 5, "x", { mkdir = 1 }, { function() end } } do
      assert.equal("seccomp_handler", select(2, configs.prepare_process { "true", seccomp_handler = handler })
        .problems[1].field:match("^[%w_]+"))
    end
  end)
end)
