-- SPDX-License-Identifier: MIT
-- A further program in a container that runs: container:start on one that has its init.
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local proc = require "spec.support.proc"
local configs = require "libcontainer.configs"
local lc = require "libcontainer"

-- A container that runs `sleep`, from configs.default with these fields over it.
local function running(config, factory)
  config = config or {}
  config.rootfs = config.rootfs or fixture.rootfs()
  local box = assert((factory or fixture.factory()):create(fixture.id(), assert(configs.default(config))))
  assert(box:start { "sleep", "1000" })
  return box
end

-- Run a shell script beside the init and answer what it printed; it must end with status 0.
local function script(box, text, more)
  local spec = { "sh", "-c", text, stdout = "pipe", stderr = "pipe" }
  for key, value in pairs(more or {}) do spec[key] = value end
  local process = assert(box:start(spec))
  local stdout, stderr = process.stdout:read("a", fixture.seconds(60)), process.stderr:read("a", fixture.seconds(60))
  local exit = assert(process:wait(fixture.seconds(60)))
  process:close()
  if exit.status ~= 0 then error(("status %s signal %s\n%s%s"):format(exit.status, exit.signal, stdout, stderr), 2) end
  return stdout
end

local function refused(box, spec)
  local process, err = box:start(spec)
  assert.is_nil(process)
  return err
end

-- Fields of /proc/self/status of a further process.
local function status(box, more)
  return inside.status(script(box, "cat /proc/self/status", more))
end

-- How often `start` looked at a descriptor and had to wait for it.
local function waits_of(start)
  local core = require "libcontainer.core"
  local poll, count = core.poll, 0
  core.poll = function(entries, seconds)
    local ready, raw = poll(entries, seconds)
    count = count + (seconds ~= 0 and 1 or 0)
    return ready, raw
  end
  local fine, process, err = pcall(start)
  core.poll = poll
  assert(fine, process)
  assert(assert(assert(process, err):wait(fixture.seconds(60))).status == 0)
  return count, process
end

describe("a further program", function()
  fixture.check_leaks()

  it("wakes its host once, when it runs: what is said on the way needs no answer", function()
    fixture.needs("root", "busybox")
    local box <close> = running()
    for _ = 1, 10 do
      assert.is_true(waits_of(function() return box:start { "true" } end) <= 1)
    end
    local other <close> = assert(fixture.factory():create(fixture.id(), box:config()))
    assert.is_true(waits_of(function() return other:start { "true" } end) <= 1) -- no more does a first one
  end)

  it("has the start time that the kernel has for it", function()
    fixture.needs("root", "busybox")
    local box <close> = running()
    local process <close> = assert(box:start { "sleep", "1000" })
    local _, start = process._handle:pid()
    local stat = fixture.read(("/proc/%d/stat"):format(process:pid())):gsub("^.*%) ", "")
    local fields = {}
    for field in stat:gmatch("%S+") do fields[#fields + 1] = field end
    assert.equal(fields[20], tostring(start))
    assert(process:signal("KILL"))
    assert(process:wait(fixture.seconds(60)))
  end)

  it("has the namespaces and the cgroups of the init, all of them [D4] [D16] [O89]", function()
    fixture.needs("root", "busybox")
    local box <close> = running()
    local pid = box:state().init_process_pid
    local process = assert(box:start { "sleep", "1000" })
    local function links(number)
      return fixture.sh("cd /proc/%d/ns && readlink cgroup ipc mnt net pid uts user", number)
    end
    assert.equal(links(pid), links(process:pid()))
    assert.equal(fixture.read(("/proc/%d/cgroup"):format(pid)), fixture.read(("/proc/%d/cgroup"):format(process:pid())))
    local pids = {}
    for _, number in ipairs(assert(box:processes())) do pids[number] = true end
    assert.is_true(pids[pid] and pids[process:pid()])
    -- it sees what the init sees: as a process beside it, in a session of its own
    assert.equal("1 sleep\n", script(box, "echo $(grep -l sleep /proc/1/comm | wc -l) $(cat /proc/1/comm)"))
    assert.equal("container\n", script(box, "hostname"))
    assert.equal("4 0 4\n", script(box, [[set -- $(sed 's/.*) //' /proc/self/stat)
      echo "$(($$ > 1 ? 4 : 1)) $2 $([ $4 = $$ ] && echo 4)" | cat]]):gsub("^4 %d+", "4 0"))
  end)

  it("ends with its own status or signal, and the container goes on", function()
    fixture.needs("root", "busybox")
    local box <close> = running()
    for _, number in ipairs { 0, 1, 7, 255 } do
      assert.equal(number, assert(assert(box:start { "sh", "-c", "exit " .. number }):wait(fixture.seconds(60))).status)
    end
    local exit = assert(assert(box:start { "sh", "-c", "kill -TERM $$" }):wait(fixture.seconds(60)))
    assert.equal("TERM", exit.signal_name)
    assert.is_nil(exit.status)
    local process = assert(box:start { "sleep", "1000" })
    assert.is_nil((process:wait(0.01)))
    assert(process:signal("KILL"))
    assert.equal(9, assert(process:wait(fixture.seconds(60))).signal)
    assert.equal("running", box:status())
    assert.equal(1, #assert(box:processes()))
    local none, err = process:signal("TERM")
    assert.is_nil(none)
    assert.equal("ContainerNotRunning", err.code)
  end)

  it("reads and writes like the first one", function()
    fixture.needs("root", "busybox")
    local box <close> = running()
    local process = assert(box:start { "sh", "-c", "cat; echo end >&2", stdin = "pipe", stdout = "pipe", stderr = "pipe" })
    assert(process.stdin:write("one\n", "two\n")):close()
    assert.equal("one\ntwo\n", process.stdout:read("a", fixture.seconds(60)))
    assert.equal("end\n", process.stderr:read("a", fixture.seconds(60)))
    assert.equal(0, assert(process:wait(fixture.seconds(60))).status)
    process:close()
    -- what is not said is the container's own null device, for reading and writing
    assert.equal("1:3 1:3 crw-rw-rw-\n", script(box, [[echo x >&0; stat -L -c '%t:%T' /proc/self/fd/0 | tr '\n' ' '
      stat -c '%t:%T' /dev/null | tr '\n' ' '; ls -l /dev/null | cut -c1-10]], { stdin = "null" }))
  end)

  it("that cannot be found or entered says so, and nothing is left of it", function()
    fixture.needs("root", "busybox")
    local box <close> = running()
    local err = refused(box, { "missing" })
    assert.equal("exec", err.step)
    assert.equal("ENOENT", err.errname)
    assert.equal("process.args", err.field)
    err = refused(box, { "true", cwd = "/bin/true" })
    assert.equal("cwd", err.step)
    assert.equal("process.cwd", err.field)
    err = refused(box, { "true", user = "nobody-of-that-name" })
    assert.equal("ConfigInvalid", err.code)
    err = refused(box, { "true", cwd = "relative" })
    assert.equal("ConfigInvalid", err.code)
    assert.equal("running", box:status())
    assert.equal(1, #assert(box:processes()))
  end)

  it("can be started in a container that another process made [D19]", function()
    fixture.needs("root", "busybox")
    local root, rootfs = fixture.root(), fixture.rootfs()
    fixture.lua_prints([[
      local configs = require "libcontainer.configs"
      local box = assert(assert(lc.new(root)):create("box", configs.default { rootfs = rootfs, detach = true }))
      assert(box:start { "sleep", "1000" })]], { args = { root, rootfs } })
    local factory = assert(lc.new(root))
    local box = assert(factory:load("box"))
    assert.equal("container\n", script(box, "hostname"))
    assert.equal(5, assert(assert(box:start { "sh", "-c", "exit 5" }):wait(fixture.seconds(60))).status)
    -- and several at once, by hosts that know nothing of each other
    local printed = fixture.lua_prints([[
      local box = assert(assert(lc.new(root)):load("box"))
      local list = {}
      for i = 1, 4 do list[i] = assert(box:start { "sh", "-c", "exit " .. i }) end
      for i = 1, 4 do io.write(assert(list[i]:wait(seconds(60))).status, " ") end]], { args = { root } })
    assert.equal("1 2 3 4 ", printed)
    assert(box:destroy())
  end)

  it("has the namespaces that the container shares with its maker too, whoever starts it [D4] [D16]", function()
    fixture.needs("root", "busybox")
    local root, rootfs = fixture.root(), fixture.rootfs()
    fixture.lua_prints([[
      local box = assert(assert(lc.new(root)):create("box", { rootfs = rootfs, namespaces = { "mount" }, detach = true,
        mounts = { { type = "proc", destination = "/proc" } } }))
      assert(box:start { "sleep", "1000" })]], { args = { root, rootfs },
      before = "unshare --uts --net --ipc sh -c 'hostname of-the-maker; exec \"$@\"' x" })
    local box = assert(assert(lc.new(root)):load("box"))
    local pid = box:state().init_process_pid
    assert.equal("of-the-maker\n", script(box, "hostname"))
    assert.equal(fixture.sh("cd /proc/%d/ns && readlink ipc net uts", pid):gsub("\n", " "),
      (script(box, "cd /proc/self/ns; echo $(readlink ipc) $(readlink net) $(readlink uts)"):gsub("\n", "")))
    assert(box:destroy())
  end)

  it("goes with the container, and its end is still told", function()
    fixture.needs("root", "busybox")
    local box = running()
    local process = assert(box:start { "sh", "-c", "trap '' TERM; sleep 1000 & wait" })
    assert(box:destroy())
    assert.equal(9, assert(process:wait(fixture.seconds(60))).signal)
  end)

  it("does not keep the init from ending, waited for or not", function()
    fixture.needs("root", "busybox")
    for _, ends in ipairs { true, false } do
      local factory = fixture.factory()
      local box <close> = assert(factory:create(fixture.id(), configs.default { rootfs = fixture.rootfs() }))
      local init = assert(box:start { "sh", "-c", "read -r x; exit 3", stdin = "pipe" })
      local same = assert(factory:load(box:id())) -- another object of the same host
      for _ = 1, 3 do assert(box:start { "sleep", ends and "0" or "1000" }) end
      local kept = assert(same:start { "sh", "-c", ends and "exit 4" or "sleep 1000" })
      collectgarbage()
      if ends then assert.is_true(proc.ends(kept:pid())) end -- by itself: the end of the init would kill it
      assert(init.stdin:write("\n")):close()
      assert.equal(3, assert(init:wait(fixture.seconds(60))).status)
      assert.equal("stopped", box:status())
      assert.equal(ends and 4 or 9, assert(kept:wait(fixture.seconds(60)))[ends and "status" or "signal"])
    end
  end)

  it("that meets the end of the init half-way says that the container does not run", function()
    fixture.needs("root", "busybox", "cc")
    local printed = fixture.lua_prints([[
      local core = require "libcontainer.core"
      local errors = require "libcontainer.errors"
      local configs = require "libcontainer.configs"
      local factory = assert(lc.new(root))
      local box <close> = assert(factory:create("box", configs.default { rootfs = rootfs }))
      local init = assert(box:start { "sleep", "1000" })
      -- Somebody's child that is not reaped: the init, which ends behind it, is at its end for as long.
      local reading, writing = posix.pipe()
      local other = posix.fork()
      if other == 0 then
        assert(assert(assert(lc.new(root)):load("box")):start { "sleep", "1000" })
        posix.write(writing, "up")
        while true do posix.pause(1000000) end
      end
      assert(posix.read(reading) == "up")
      local null = core.null()
      local session <close> = assert(box._core:join(box._record.config, { args = { "true" }, terminal = true },
        { id = "box", stdin = null, stdout = null, stderr = null }))
      null:close()
      local event
      repeat event = assert(session:step()) until event == "ready"
      assert(init:signal("KILL"))
      local function is_ending()
        local file <close> = assert(io.open(("/proc/%d/stat"):format(init:pid())))
        local text = file:read("a")
        local state, flags = text:match("%) (%a) %S+ %S+ %S+ %S+ %S+ (%d+)")
        assert(state ~= "Z")
        return math.tointeger(tonumber(flags)) & 4 ~= 0 and #assert(box:processes()) < 3
      end
      while not is_ending() do posix.pause(1000) end
      local running, raw = session:go()
      while running and event ~= "running" do
        event, raw = session:step()
        running = event ~= nil
      end
      print(event, raw and errors.raw(raw).code)
      -- and whoever comes now is told the same
      for _, call in ipairs { box.start, box.exec } do
        local none, err = call(box, { "true", cgroups = { memory = "64M" } })
        print(none, err.code)
      end
      posix.kill(other, 9)
      posix.wait(other)]], { args = { fixture.root(), fixture.rootfs() } })
    assert.equal(("nil\tContainerNotRunning\n"):rep(3), printed)
  end)

  it("goes with an interpreter that ends without another word", function()
    fixture.needs("root", "busybox")
    local root, rootfs = fixture.root(), fixture.rootfs()
    local pids = fixture.lua_prints([[
      local configs = require "libcontainer.configs"
      box = assert(assert(lc.new(root)):create("box", configs.default { rootfs = rootfs }))
      assert(box:start { "sleep", "1000" })
      for i = 1, 3 do print(assert(box:start { "sleep", "1000" }):pid()) end]], { args = { root, rootfs } })
    for pid in pids:gmatch("%d+") do assert.is_nil(fixture.read("/proc/" .. pid .. "/stat")) end
    assert.equal(0, #assert(assert(lc.new(root)):list()))
  end)

  it("tells its status to a host whose other half waits for every child [E01]", function()
    fixture.needs("root", "busybox", "cc")
    local root, rootfs = fixture.root(), fixture.rootfs()
    for _, habit in ipairs { "posix.signal(17, 'ignore')", "local stolen = true" } do
      local printed = fixture.lua_prints(([[
        local configs = require "libcontainer.configs"
        %s
        local box <close> = assert(assert(lc.new(root)):create("box", configs.default { rootfs = rootfs }))
        assert(box:start { "sleep", "1000" })
        local process = assert(box:start { "sh", "-c", "exit 9" })
        if stolen then
          local pid = process:pid()
          while posix.wait(-1) ~= pid do end
        end
        local exit = assert(process:wait(seconds(60)))
        print(exit.status or exit.lost)]]):format(habit), { args = { root, rootfs } })
      assert.is_true(printed == "9\n" or printed == "true\n", printed)
      -- pidfs keeps it since Linux 6.15
      local major, minor = fixture.read("/proc/sys/kernel/osrelease"):match("^(%d+)%.(%d+)")
      if tonumber(major) * 1000 + tonumber(minor) >= 6015 then assert.equal("9\n", printed) end
    end
  end)

  it("starts where addresses are not random, and the kernel's stack ends where all does", function()
    fixture.needs("root", "busybox")
    assert.equal("0\n", fixture.lua_prints([[
      local box <close> = assert(assert(lc.new(root)):create("box", { rootfs = rootfs }))
      assert(box:start { "sleep", "1000" })
      print(assert(box:exec { "true" }).status)
    ]], { args = { fixture.root(), fixture.rootfs() }, before = "setarch -R" }))
  end)
end)

describe("what a further program may do", function()
  fixture.check_leaks()

  it("is what the init may: capabilities, filter, no new privileges, limits [D4] [O116]", function()
    fixture.needs("root", "busybox", "gcc")
    local rootfs = fixture.rootfs()
    inside.install_calls(rootfs)
    local box <close> = running { rootfs = rootfs, capabilities = { "CHOWN", "KILL" },
      rlimits = { NOFILE = { 64, 128 }, NPROC = { 1, 2 }, CORE = 0 },
      seccomp = { default_action = "allow", syscalls = { { names = { "getppid" }, action = "errno", errno_ret = 13 } } } }
    local fields = status(box)
    assert.equal("0000000000000021", fields.CapBnd)
    assert.equal("0000000000000021", fields.CapPrm)
    assert.equal("0000000000000021", fields.CapEff)
    assert.equal("0000000000000000", fields.CapInh)
    assert.equal("0000000000000000", fields.CapAmb)
    assert.equal("1", fields.NoNewPrivs)
    assert.equal("2", fields.Seccomp)
    assert.same({ getppid = "EACCES", getpid = "ok" }, inside.answers(script(box, "calls getppid ';' getpid")))
    assert.equal("64 128 0\n", script(box, "echo $(ulimit -n) $(ulimit -H -n) $(ulimit -c)"))
    -- one process at most, and it takes two to get there
    local limits = script(box, "cat /proc/self/limits")
    assert.truthy(limits:find("\nMax processes +1 +2 "))
  end)

  it("replaces the container's word by its own, and nothing becomes inheritable [A57] [A74] [A56] [O120]", function()
    fixture.needs("root", "busybox")
    local box <close> = running { capabilities = { "CHOWN" } }
    local fields = status(box, { capabilities = { "NET_ADMIN", "KILL" } })
    assert.equal("0000000000001020", fields.CapBnd)
    assert.equal("0000000000001020", fields.CapEff)
    assert.equal("0000000000000000", fields.CapInh)
    fields = status(box, { capabilities = {}, user = "1000" })
    for _, set in ipairs { "CapBnd", "CapEff", "CapPrm", "CapInh", "CapAmb" } do
      assert.equal("0000000000000000", fields[set], set)
    end
    fields = status(box, { user = "1000", capabilities = { bounding = { "KILL" }, permitted = { "KILL" },
      effective = { "KILL" }, inheritable = { "KILL" }, ambient = { "KILL" } } })
    assert.equal("0000000000000020", fields.CapAmb)
    assert.equal("0", status(box, { no_new_privileges = false }).NoNewPrivs)
    assert.equal("2", status(box, { no_new_privileges = false }).Seccomp)
    assert.equal("700\n", script(box, "cat /proc/self/oom_score_adj", { oom_score_adj = 700 }))
    assert.equal("0027\n", script(box, "umask", { umask = "027" }))
    assert.equal("96\n", script(box, "ulimit -n", { rlimits = { NOFILE = 96 } }))
  end)

  it("is filtered by its own filter where it has one, for that program alone [D4]", function()
    fixture.needs("root", "busybox", "gcc")
    local rootfs = fixture.rootfs()
    inside.install_calls(rootfs)
    local function filter(errno)
      return { default_action = "allow", syscalls = { { names = { "getppid" }, action = "errno", errno_ret = errno } } }
    end
    local box <close> = running { rootfs = rootfs, seccomp = filter(13) }
    local function answer(own)
      return inside.answers(script(box, "calls getppid", { seccomp = own })).getppid
    end
    assert.equal("EACCES", answer(nil))
    assert.equal("EPERM", answer(filter(1)))
    assert.equal("ok", answer("default"))
    assert.equal("0", status(box, { seccomp = false }).Seccomp)
    assert.equal("EACCES", answer(nil))
    local has = {}
    for _, own in ipairs { "default", false } do
      for _, row in ipairs(box:explain { args = { "true" }, seccomp = own }) do
        if row.op == "seccomp" then has[#has + 1] = own end
      end
    end
    assert.same({ "default" }, has)
    local r, err = box:exec { "true", seccomp = { default_action = "allow", syscalls = { { names = { "no" },
      action = "allow" } } } }
    assert.is_nil(r)
    assert.equal("seccomp.syscalls[1].names[1]", err.field)
  end)

  it("cannot be looked into before it is the program, by who has the same rights and sees it [A25]", function()
    fixture.needs("root", "busybox")
    local core = require "libcontainer.core"
    -- Alone in its pid namespace the process that gets ready is not seen at all: here it is.
    local box <close> = running { namespaces = { "mount", "uts" }, networks = {} }
    local null = core.null()
    local session <close> = assert(box._core:join(box._record.config, assert(configs.prepare_process { "true", terminal = true }),
      { id = "box", stdin = null, stdout = null, stderr = null }))
    null:close()
    repeat local event = assert(session:step()) until event == "ready"
    local function look(pid)
      return script(box, ([[cd /proc/%d && cat environ >/dev/null 2>&1; echo $?
        for i in root cwd exe fd/0; do readlink $i; done | wc -l]]):format(pid))
    end
    assert.equal("0\n4\n", look(box:state().init_process_pid))
    assert.equal("1\n0\n", look((session:pid())))
  end)

  it("is told by its user and groups, which the files of the running container name [A58] [A80] [A21]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    local box <close> = running { rootfs = rootfs, mounts = { { destination = "/etc", type = "tmpfs" } } }
    script(box, [[printf 'root:x:0:0::/root:/bin/sh\napp:x:77:78::/home/app:/bin/sh\n1:x:0:0::/:/bin/sh\n' >/etc/passwd
      printf 'more:x:90:app\n1:x:0:\n' >/etc/group]])
    local function ids(user, more)
      local fields = status(box, { user = user, additional_groups = more })
      return (("%s %s %s"):format(fields.Uid:match("%d+"), fields.Gid:match("%d+"), fields.Groups):gsub("%s+$", ""))
    end
    assert.equal("77 78 90", ids "app")
    assert.equal("1 1", ids "1")
    assert.equal("1 2", ids "1:2")
    assert.equal("77 90", ids "app:more")
    assert.equal("5 6 7 8", ids("5:6", { 7, 8 }))
    assert.equal("0 0", ids(nil))
    assert.equal("/home/app\n", script(box, "echo $HOME", { user = "app" }))
    for _, user in ipairs { "", ":2", "-1", "0x1", "1 ", "1:2:3", "user" } do
      local err = refused(box, { "true", user = user })
      assert.is_true(err.code == "ConfigInvalid" or err.step == "user", user)
    end
  end)

  it("does not reach a directory of the host, whatever is called its working directory [A68] [O5] [D29]", function()
    fixture.needs("root", "busybox")
    local canary, rootfs = inside.canary(), fixture.rootfs()
    fixture.sh("ln -s /proc/self/fd %s/fds && ln -s /proc/self/cwd %s/here", rootfs, rootfs)
    local leaked = {}
    for i = 1, 8 do leaked[i] = assert(io.open(i % 2 == 0 and "/" or canary.path)) end
    for _, namespaces in ipairs { { "mount", "uts", "pid" }, { "mount", "uts" } } do
      local box <close> = running { rootfs = rootfs, namespaces = namespaces, networks = {} }
      for number = 0, fixture.is_asan and 16 or 48 do
        assert.equal("cwd", refused(box, { "true", cwd = "/proc/self/fd/" .. number }).step)
      end
      for _, cwd in ipairs { "/fds/3", "/fds/5/..", "/here", "/proc/self/cwd", "/proc/1/cwd", "/proc/1/root/etc",
        "/proc/thread-self/fd/5" } do
        assert.equal("cwd", refused(box, { "true", cwd = cwd }).step, cwd)
      end
      -- and what is missing is not made in a container that runs
      assert.equal("ENOENT", refused(box, { "true", cwd = "/tmp/made" }).errname)
      -- nor are the descriptors there
      assert.equal("0 1 2 3\n", script(box, "echo $(ls /proc/self/fd)"))
    end
    for _, file in ipairs(leaked) do file:close() end
    canary.check()
  end)
end)
