-- SPDX-License-Identifier: MIT
--- The classic commands of nsinit: a program with no bundle and no image, a configuration made of options, ids by --id.
local command = require "spec.support.command"
local fixture = require "spec.support.fixture"
local json = require "libcontainer.json"

describe("the classic nsinit", function()
  fixture.check_leaks()
  local root

  local nsinit, has = command.nsinit, command.has
  local function prints(text, ...)
    local ended = nsinit(...)
    assert.same({ text, "", 0 }, { ended.stdout, ended.stderr, ended.status })
  end

  before_each(function()
    fixture.needs "root"
    root = command.fresh()
  end)

  describe("exec", function()
    after_each(command.end_box)

    it("runs a program with no bundle and no image, in the host's root that it cannot write, and leaves nothing", function()
      local ended = nsinit("exec", "--create", "--", "sh", "-c",
        "hostname; echo $HOSTNAME; test -x /usr/bin/lua5.4 && echo host; touch /etc/x; touch /tmp/x && echo own; exit 3")
      assert.same({ "nsinit\nnsinit\nhost\nown\n", 3 }, { ended.stdout, ended.status })
      has(ended.stderr, "Read-only file system")
      assert.equal("", nsinit("list", "-q").stdout)
    end)

    it("gives it a terminal where there is one", function()
      local shown = fixture.sh("LUA_PATH='%s' LUA_CPATH='%s' script -qec \"%s --root %s exec --create -- "
        .. "sh -c 'tty; exit 5'\" /dev/null </dev/null; echo $?", package.path, package.cpath,
        command.program, root)
      has(shown, "/dev/pts/0") -- and somewhere what script(1) sends when its own input ends, and its echo
      assert.equal("5", shown:match("%d+$"), shown)
      assert.is_nil(nsinit("exec", "--create", "--", "tty").stdout:find("/dev", 1, true))
    end)

    it("passes on the end of its input, all of its output, and its status [D25]", function()
      local directory = fixture.directory()
      fixture.write(directory .. "/in", ("0123456789abcdef"):rep(1 << 16))
      local ended = command.run(root, { "exec", "--create", "--", "sh", "-c", "cat; exit 9" },
        { shell = ("cd %s && mkfifo pipe; cat in >pipe & cd - >/dev/null;"):format(directory),
          after = "<" .. directory .. "/pipe" })
      assert.same({ 1 << 20, 9 }, { #ended.stdout, ended.status })
    end)

    it("makes the container of an id once, and joins the one that is there without a look at options [D25] [D46]", function()
      prints("", "exec", "--id", "box", "--hostname", "here", "-d", "--", "sleep", "1000")
      prints("here\n", "exec", "--id", "box", "--hostname", "elsewhere", "--", "hostname")
      prints("here\n", "exec", "box", "hostname")
      prints("box\n", "list", "-q")
      local ended = nsinit("exec", "--id", "box", "--create", "--", "true")
      assert.equal(255, ended.status)
      has(ended.stderr, "already")
      -- any other reason than that there is none is told, and nothing is made
      fixture.sh("mkdir %s/bad && echo '{' >%s/bad/state.json", root, root)
      ended = nsinit("exec", "--id", "bad", "--", "true")
      assert.equal(255, ended.status)
      has(ended.stderr, "is damaged")
      assert.is_nil(ended.stderr:find("already", 1, true), ended.stderr)
      prints("", "delete", "--force", "bad")
    end)

    it("goes on with the container that it has made when it is told to detach, and no longer than itself else", function()
      prints("", "exec", "--id", "box", "-d", "--", "sleep", "1000")
      has(nsinit("state", "box").stdout, '"running"')
      prints("", "delete", "--force", "box")
      assert.equal(0, nsinit("exec", "--id", "box", "--", "true").status)
      assert.equal(1, nsinit("state", "box").status)
    end)

    it("is told by its options alone which form is meant", function()
      local ended = nsinit("exec", "--create", "--no-such", "--", "true")
      assert.equal(1, ended.status)
      has(ended.stderr, "unknown option: --no-such")
      has(ended.stderr, "exec [options] COMMAND")
      ended = nsinit("exec", "--no-such", "box", "true")
      has(ended.stderr, "exec [options] ID")
      ended = nsinit("exec", "box", "true", "--create") -- what follows the first argument is the program's
      has(ended.stderr, '"box" does not exist')
      has(nsinit("exec", "--create").stderr, 'requires at least 1 argument(s): COMMAND')
    end)

    it("knows three levels of security, by names of system calls", function()
      local function can(level, script)
        return nsinit("exec", "--create", "--security", level, "--", "sh", "-c", script).status == 0
      end
      assert.is_false(can("high", "touch /tmp/a && chmod 600 /tmp/a"))
      assert.is_true(can("medium", "touch /tmp/a && chmod 600 /tmp/a && rm /tmp/a"))
      assert.is_false(can("low", "unshare -u true"))
      assert.is_false(can("low", "unshare -U true"))
      assert.is_true(can("low", "test $(ulimit -n) = 1024 && sleep 0"))
      has(nsinit("exec", "--create", "--security", "none", "--", "true").stderr, "must be high, medium or low")
    end)
  end)

  describe("config", function()
    after_each(command.end_box)

    it("makes a configuration of options, which exec takes", function()
      fixture.needs "busybox"
      local directory, rootfs = fixture.directory(), fixture.rootfs()
      local file = directory .. "/c.json"
      prints("", "config", "--rootfs", rootfs, "--read-only", "--hostname", "made", "--bind", directory .. ":/seen:ro",
        "--tmpfs", "/work", "--memory-limit", "64M", "--cpushares", "512", "--sysctl", "kernel.msgmax=9000", "--groups",
        "2000", "-f", file)
      local config = json.decode(fixture.read(file))
      assert.same({ rootfs, true, 67108864, 512 },
        { config.rootfs, config.readonlyfs, config.cgroups.memory, config.cgroups.cpu_shares })
      prints("made\n9000\nc.json\n0 2000\n", "exec", "--config", file, "--", "sh", "-c",
        "hostname; cat /proc/sys/kernel/msgmax; ls /seen; id -G; touch /work/x; ! touch /seen/x 2>/dev/null")
      local printed = nsinit("config").stdout
      assert.truthy(printed:find('\n\t"rootfs": "/"', 1, true), printed)
    end)

    it("shares namespaces with the host, or enters those of others", function()
      local function links(...)
        local words = { "exec", "--create", ... }
        table.move({ "--", "sh", "-c", "readlink /proc/self/ns/net /proc/self/ns/uts /proc/self/ns/ipc" }, 1, 4,
          #words + 1, words)
        local ended = nsinit(table.unpack(words))
        assert.same({ 0, "" }, { ended.status, ended.stderr })
        return { ended.stdout:match("^(%S+)\n(%S+)\n(%S+)\n$") }
      end
      local function own(name) return fixture.sh("readlink /proc/self/ns/%s", name) end
      local got = links("--net", "host", "--ipc", "host")
      assert.same({ own "net", own "ipc" }, { got[1], got[3] })
      assert.not_equal(own "uts", got[2])
      assert.equal(own "uts", links("--uts", "/proc/self/ns/uts")[2])
    end)

    it("maps root alone to another user", function()
      prints("         0       5000          1\n", "exec", "--create", "--userns-root-uid", "5000", "--", "head", "-n1",
        "/proc/self/uid_map")
    end)

    it("says of every option what is wrong with it", function()
      for _, case in ipairs {
        { "--memory-limit", "much", "must be a number" }, { "--sysctl", "x", "must be NAME=VALUE" },
        { "--userns-root-uid", "root", "must be a user id" }, { "--parent-death-signal", "NONE", "must be a signal" },
        { "--veth-bridge", "br0", "give both" }, { "--rootfs", "/no/such", "no such file" },
        { "--bind", "x", "must be SOURCE:DESTINATION" },
      } do
        local ended = nsinit("config", case[1], case[2])
        assert.same({ 1, "" }, { ended.status, ended.stdout })
        has(ended.stderr, case[3])
      end
    end)
  end)

  describe("with --id in place of an argument", function()
    after_each(command.end_box)

    it("does what the other form does; state prints all that is kept [O171]", function()
      prints("", "exec", "--id", "box", "-d", "--", "sleep", "1000")
      local state = json.decode(nsinit("state", "--id", "box").stdout)
      assert.same({ "box", "running", true }, { state.id, state.status, state.init_process_pid > 0 })
      assert.is_table(state.cgroup_paths)
      assert.is_nil(state.ociVersion)
      local stats = json.decode(nsinit("stats", "--id", "box").stdout)
      assert.is_true(stats.memory.usage > 0)
      assert.same(stats.pids.current, json.decode(nsinit("stats", "--json", "box").stdout).pids.current)
      prints("", "pause", "--id", "box")
      assert.equal("paused", json.decode(nsinit("state", "--id", "box").stdout).status)
      prints("", "unpause", "--id", "box")
      assert.equal("running", json.decode(nsinit("state", "box").stdout).status)
      prints("", "pause", "box")
      prints("", "unpause", "box")
      has(nsinit("state", "--id", "box", "box").stderr, "requires exactly 1 argument")
    end)

    it("has stats again and again until it ends, as a table with curves and as lines of JSON", function()
      fixture.needs "busybox"
      local bundle = command.bundle { "sh", "-c", "until test -e /tmp/end; do sleep 0.02; done" }
      for _, option in ipairs { "", "--json" } do
        os.remove(bundle .. "/rootfs/tmp/end")
        prints("", "run", "-d", "-b", bundle, "box")
        local out = bundle .. "/out"
        fixture.sh([[export LUA_PATH='%s' LUA_CPATH='%s'
          %s --root %s stats --watch --interval 50ms %s box >%s & watcher=$!
          until [ $(grep -c box %s) -ge 3 ]; do sleep 0.05; done; touch %s/rootfs/tmp/end; wait $watcher]], package.path,
          package.cpath, command.program, root, option, out, out, bundle)
        prints("", "delete", "--force", "box")
        local text = fixture.read(out)
        if option == "" then
          assert.truthy(text:find("\nMEMORY +%S+ %SiB  [▁▂▃▄▅▆▇█]+"), text)
          assert.truthy(text:find("\nCPU +%d+ %%  [▁▂▃▄▅▆▇█]+"), text)
        else
          for line in text:gmatch("[^\n]+") do assert.equal("box", json.decode(line).id) end
        end
      end
    end)

    it("tells of memory that was wanting, until it ends", function()
      fixture.needs "busybox"
      local bundle = command.bundle({ "sh", "-c", "until test -e /tmp/go; do sleep 0.02; done; tail /dev/zero; exit 0" },
        function(document)
          document.linux.resources.memory = { limit = 32 << 20, swap = 32 << 20 }
        end)
      prints("", "run", "-d", "-b", bundle, "box")
      local said = fixture.sh([[export LUA_PATH='%s' LUA_CPATH='%s'
        %s --root %s oom --id box >%s/out & listener=$!
        for i in $(seq 1500); do ls -l /proc/$listener/fd 2>/dev/null | grep -q eventpoll && grep -q poll /proc/$listener/wchan && break
          sleep 0.02; done # it has its set, and waits: what is killed before it listens is not told
        touch %s/rootfs/tmp/go; wait $listener; echo $?; cat %s/out]], package.path, package.cpath,
        command.program, root, bundle, bundle, bundle)
      assert.equal("0\nOOM notification received", said)
    end)
  end)

  it("explains a bundle, and makes nothing of it", function()
    fixture.needs "busybox"
    local bundle = command.bundle({ "true" }, function(document) document.hostname = "explained" end)
    local text = nsinit("explain", "-b", bundle).stdout
    assert.truthy(text:find("hostname +hostname +name=explained"), text)
    local rows = json.decode(nsinit("explain", "--json", "-b", bundle).stdout)
    assert.equal("exec", rows[#rows].op)
    prints("", "list", "-q")
    local ended = nsinit("explain", "-b", "/no/such")
    assert.equal(1, ended.status)
    has(ended.stderr, "/no/such")
  end)

  it("has a prompt with the library and a factory of its root", function()
    local directory = fixture.directory()
    fixture.write(directory .. "/in", "print(lc.version, factory:type(), #factory:list())\n")
    local ended = command.run(root, { "shell" }, { after = "<" .. directory .. "/in" })
    has(ended.stdout, "libcontainer\t0\n")
    assert.equal(0, ended.status)
  end)

  it("is an init for a library that is told so", function()
    local lc = require "libcontainer"
    local factory = assert(lc.new(root, { init_path = command.program, init_args = { "init" } }))
    local result = assert(lc.run { "sh", "-c", "echo ran", factory = factory })
    assert.equal("ran\n", result.stdout)
    local ended = nsinit("init", "900")
    assert.equal(1, ended.status)
    has(ended.stderr, "no session at that descriptor")
  end)

  it("writes messages to a file anew with --log-file", function()
    local log = fixture.directory() .. "/log"
    fixture.write(log, "old\n")
    assert.equal(1, nsinit("--log-file", log, "state", "--id", "nobody").status)
    local text = fixture.read(log)
    has(text, "does not exist")
    assert.is_nil(text:find("old", 1, true))
  end)
end)
