-- SPDX-License-Identifier: MIT
-- Where criu works: containers that come back.
local fixture = require "spec.support.fixture"
local counter = require "spec.support.counting"
local configs = require "libcontainer.configs"

local create, counting, goes_on = counter.create, counter.counting, counter.goes_on

describe("a container that comes back", function()
  fixture.check_leaks()

  local function status_of(pid)
    local text = fixture.read(("/proc/%d/status"):format(pid))
    local found = {}
    for _, name in ipairs { "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters" } do
      found[name] = text:match("\n" .. name .. ":%s*(%S+)")
    end
    return found
  end

  it("goes on where it was, as confined as it was, and is a container like any other [D35] [D38]", function()
    fixture.needs("root", "busybox", "criu")
    local factory = fixture.factory()
    local box <close>, count, process = counting(factory, { memory = "64M", pids = 30 })
    goes_on(count)
    local before = status_of(process:pid())
    assert(box:checkpoint { timeout = fixture.seconds(60) })
    assert.equal("checkpointed", box:status())
    assert.equal("9", tostring(process:wait(0).signal))
    local stood = count()
    local back <close>, init = factory:restore(box:id(), { timeout = fixture.seconds(60) })
    assert(back, tostring(init))
    assert.equal("running running", back:status() .. " " .. box:status())
    assert.same(before, status_of(init:pid()))
    goes_on(count)
    assert.is_true(count() > stood)
    -- cgroups: it is there, and its limits are
    local memory = fixture.sh("cat %s/memory.max", box:state().cgroup_paths.unified)
    assert.equal("67108864", memory)
    assert.equal(box:state().cgroup_paths.unified,
      "/sys/fs/cgroup" .. fixture.sh("cut -d: -f3 /proc/%d/cgroup", init:pid()))
    assert.matches("^0::/exec%-%x+\n$", back:exec { "cat", "/proc/self/cgroup" }.stdout)
    assert.is_true(back:stats().memory.usage > 0)
    assert(back:pause(fixture.seconds(10)))
    assert.equal("paused", box:status())
    assert(back:resume(fixture.seconds(10)))
    -- its exit status is exact
    assert(init:signal("TERM"))
    assert.equal(7, init:wait(fixture.seconds(30)).status)
    assert.equal("stopped", back:status())
    assert(back:destroy())
  end)

  -- A program that answers what it reads, on pipes.
  local function ask(process, word)
    assert(process.stdin:write(word .. "\n"))
    return process.stdout:read("l", fixture.seconds(30))
  end

  it("has new pipes to us where it had pipes", function()
    fixture.needs("root", "busybox", "criu")
    local factory = fixture.factory()
    local box <close> = create(factory)
    local process <close> = assert(box:start { "sh", "-c", "n=0; while read w; do n=$((n + 1)); echo $w $n; done",
      stdin = "pipe", stdout = "pipe" })
    assert.equal("one 1", ask(process, "one"))
    assert(box:checkpoint { timeout = fixture.seconds(60) })
    local back <close>, again = factory:restore(box:id(), { stdin = "pipe", stdout = "pipe",
      timeout = fixture.seconds(60) })
    assert(back, tostring(again))
    assert.equal("two 2", ask(again, "two"))
    again.stdin:close()
    assert.equal(0, again:wait(fixture.seconds(30)).status)
    again:close()
  end)

  it("comes back under another id in another factory, while the first one runs on", function()
    fixture.needs("root", "busybox", "criu")
    local data, images = fixture.directory(), fixture.directory()
    fixture.write(data .. "/word", "volume")
    local box <close>, count = counting(fixture.factory(), { mounts = {
      { source = data, destination = "/data", type = "bind", options = { "ro" } },
      { source = "tmpfs", destination = "/scratch", type = "tmpfs", options = { "nosuid", "nodev" } } } })
    assert(box:exec { "sh", "-c", "echo memory >/scratch/word; umask 077; echo >/scratch/secret" }:check())
    local events <close> = assert(box:events())
    assert(box:checkpoint { images_directory = images, leave_running = true, timeout = fixture.seconds(60) })
    assert.equal("checkpoint", events:next(0).type)
    assert.equal("running", box:status())
    goes_on(count)
    assert.equal("", fixture.sh("find %s ! -user 0 -o -perm /077 ! -type l", images))
    local factory, id = fixture.factory(), fixture.id()
    local back <close>, init = factory:restore(id, { images_directory = images, timeout = fixture.seconds(60) })
    assert(back, tostring(init))
    assert.equal(id, back:id())
    assert.not_equal(box:state().cgroup_paths.unified, back:state().cgroup_paths.unified)
    assert.equal("volume memory 600 1", back:exec { "sh", "-c",
      "echo $(cat /data/word) $(cat /scratch/word) $(stat -c %a /scratch/secret) $(ls /proc | grep -cx 1)" }.stdout:gsub("\n", ""))
    local refused = back:exec { "sh", "-c", "echo x >/data/word || echo x >/proc/sys/kernel/hostname" }
    assert.not_equal(0, refused.status)
    assert(init:signal("TERM"))
    assert.equal(7, init:wait(fixture.seconds(30)).status)
    goes_on(count)
  end)

  it("has what was written of its memory before, and what changed since", function()
    fixture.needs("root", "busybox", "criu")
    local images, timeout = fixture.directory(), fixture.seconds(60)
    local box <close> = create(fixture.factory())
    local process <close> = assert(box:start { "sh", "-c", "n=0; while read w; do n=$((n + 1)); echo $w $n; done",
      stdin = "pipe", stdout = "pipe" })
    assert.equal("one 1", ask(process, "one"))
    assert(box:checkpoint { pre_dump = true, images_directory = images .. "/before", timeout = timeout })
    assert.equal("running", box:status())
    assert.equal("two 2", ask(process, "two"))
    assert(box:checkpoint { parent_path = "../before", images_directory = images .. "/after", timeout = timeout })
    assert.equal("checkpointed", box:status())
    local back <close>, again = fixture.factory():restore(fixture.id(),
      { images_directory = images .. "/after", stdin = "pipe", stdout = "pipe", timeout = timeout })
    assert(back, tostring(again))
    assert.equal("three 3", ask(again, "three"))
    again:close()
  end)

  it("has run on when criu was killed in the middle, with its network [L49]", function()
    fixture.needs("root", "busybox", "criu")
    local path = fixture.directory() .. "/criu"
    fixture.write(path, [[#!/bin/sh
      images=$(echo "$*" | sed 's/.*--images-dir \([^ ]*\).*/\1/')
      criu "$@" &
      while ! ls $images | grep -q core-; do :; done
      kill -9 $! $$]])
    fixture.sh("chmod 700 %s", path)
    local box <close>, count = counting(fixture.factory { criu_path = path })
    local done, err = box:checkpoint { timeout = fixture.seconds(60) }
    assert.is_nil(done)
    assert.equal("checkpoint: criu was killed by signal KILL", err.message)
    assert.equal("running", box:status())
    goes_on(count)
    local result = assert(box:exec { "sh", "-c", "mkfifo /tmp/f; nc -l -p 5000 <>/tmp/f & "
      .. "until echo hello | nc 127.0.0.1 5000; do :; done; wait", timeout = fixture.seconds(5) })
    assert.equal("hello\n", result.stdout)
  end)

  -- A program of the host, which writes a line of its own and the state that it is given.
  local function hook(kind, log)
    return { { path = "/bin/sh", args = { "sh", "-c", ("read state; echo %s $state >>%s"):format(kind, log) } } }
  end

  it("has its clocks and its locks, and the hooks of the host run before it goes on", function()
    fixture.needs("root", "criu")
    local log, timeout = fixture.directory() .. "/log", fixture.seconds(60)
    local hooks = { start_container = { { path = "/bin/true" } } }
    for _, kind in ipairs { "prestart", "create_runtime", "poststart", "poststop" } do hooks[kind] = hook(kind, log) end
    local config = assert(configs.host_root { hooks = hooks,
      namespaces = { "mount", "pid", "uts", "ipc", "network", "cgroup", "time" }, time_offsets = { boottime = 1000000 } })
    local box <close> = assert(fixture.factory():create(fixture.id(), config))
    local process = assert(box:start { "flock", "-x", "/tmp/lock", "sh", "-c", "echo; exec sleep 1000",
      stdout = "pipe" })
    process.stdout:read("l", timeout)
    fixture.write(log, "")
    assert(box:checkpoint { file_locks = true, timeout = timeout })
    assert.equal("", fixture.read(log))
    local back <close>, init = box._factory:restore(box:id(), { timeout = timeout })
    assert(back, tostring(init))
    local kinds = {}
    for kind, state in fixture.read(log):gmatch("(%S+) ([^\n]*)\n") do
      kinds[#kinds + 1] = kind
      if kind == "create_runtime" then
        assert.matches('"pid":' .. init:pid() .. ",", state:gsub("%s", "") .. ",", 1, true)
        assert.matches('"status":"creating"', state:gsub("%s", ""), 1, true)
      end
    end
    assert.same({ "poststop", "prestart", "create_runtime" }, kinds)
    local seen = back:exec { "sh", "-c", [[cut -d. -f1 /proc/uptime; flock -n /tmp/lock true || echo held]] }
    local uptime, lock = seen.stdout:match("^(%d+)\n(%S+)\n$")
    assert.equal("held", lock)
    assert.is_true(tonumber(uptime) >= 1000000)
  end)

  it("has its layer; and has not come back when a hook of the host fails", function()
    fixture.needs("root", "busybox", "criu")
    local flag, timeout = fixture.directory() .. "/flag", fixture.seconds(60)
    local box <close> = create(fixture.factory(), { overlay = {}, hooks = { create_runtime = {
      { path = "/bin/sh", args = { "sh", "-c", "test ! -e " .. flag } } } } })
    local process = assert(box:start { "sh", "-c", "exec 3>/etc/held; echo written >&3; echo; exec sleep 1000",
      stdout = "pipe" })
    process.stdout:read("l", timeout)
    assert(box:checkpoint { timeout = timeout })
    fixture.write(flag, "")
    local back, err = box._factory:restore(box:id(), { timeout = timeout })
    assert.is_nil(back)
    assert.equal("hooks.create_runtime[1]", err.field)
    assert.equal("checkpointed", box:status())
    assert.same({}, box:processes())
    os.remove(flag)
    back, err = box._factory:restore(box:id(), { timeout = timeout })
    assert(back, tostring(err))
    assert.equal("written\n", back:exec { "cat", "/proc/1/fd/3" }.stdout)
    local kinds = {}
    for _, entry in ipairs(back:diff()) do kinds[entry.path] = entry.kind end
    assert.equal("added", kinds["/etc/held"])
    assert.is_nil(fixture.read(box:config().rootfs .. "/etc/held"))
    assert(back:destroy())
  end)

  it("has its TCP connections, and memory that went to a page server", function()
    fixture.needs("root", "busybox", "criu")
    local timeout = fixture.seconds(60)
    local box <close> = create(fixture.factory())
    local process <close> = assert(box:start { "sh", "-c", [[mkfifo /tmp/f /tmp/g; exec 3<>/tmp/f
      nc -l -p 5000 <>/tmp/g >/tmp/got & while ! grep -q ':1388 .* 0A' /proc/net/tcp /proc/net/tcp6; do :; done
      nc 127.0.0.1 5000 <&3 & while ! grep -q ':1388 .* 01' /proc/net/tcp /proc/net/tcp6; do :; done
      echo; while read word; do echo $word >&3; done]], stdin = "pipe", stdout = "pipe" })
    process.stdout:read("l", timeout)
    local images, work = fixture.directory() .. "/images", fixture.directory()
    fixture.sh("mkdir -m 700 %s.pages", images)
    fixture.sh("umask 077; criu page-server --images-dir %s.pages --work-dir %s --port 27000 --daemon --pidfile %s/pid",
      images, work, work)
    assert(box:checkpoint { images_directory = images, tcp_established = true, timeout = timeout,
      page_server = { address = "127.0.0.1", port = 27000 } })
    assert.equal("", fixture.sh("ls %s | grep ^pages-", images))
    fixture.sh("cp %s.pages/pages-*.img %s.pages/pagemap-*.img %s", images, images, images)
    local back <close>, again = box._factory:restore(box:id(), { images_directory = images, stdin = "pipe",
      stdout = "pipe", timeout = timeout })
    assert(back, tostring(again))
    assert(again.stdin:write("through\n"))
    assert.equal("through\n", back:exec { "sh", "-c", "while ! grep . /tmp/got; do :; done", timeout = timeout }.stdout)
    again:close()
  end)
end)
