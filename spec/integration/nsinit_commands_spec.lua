-- SPDX-License-Identifier: MIT
--- The subcommands one by one, by what their callers read: output, exit status, words of an error.
local command = require "spec.support.command"
local fixture = require "spec.support.fixture"
local json = require "libcontainer.json"

describe("nsinit", function()
  fixture.check_leaks()
  local root, bundle

  local nsinit, has = command.nsinit, command.has
  local function running(...)
    bundle = command.running(select("#", ...) > 0 and { ... } or nil)
  end

  before_each(function()
    fixture.needs("root", "busybox")
    root = command.fresh()
  end)
  describe("as its callers know it:", function()
    after_each(command.end_box)

    it("says in the state what the specification names, in its order [O133] [O160]", function()
      bundle = command.bundle({ "sleep", "1000" }, function(document) document.annotations = { a = "b" } end)
      assert.equal(0, nsinit("create", "-b", bundle, "box").status)
      local text = nsinit("state", "box").stdout
      local names = {}
      for name in text:gmatch('\n  "(%w+)"') do names[#names + 1] = name end
      assert.same({ "ociVersion", "id", "pid", "status", "bundle", "rootfs", "created", "annotations", "owner" }, names)
      local state = json.decode(text)
      assert.same({ "box", "created", bundle, bundle .. "/rootfs", { a = "b" } },
        { state.id, state.status, state.bundle, state.rootfs, state.annotations })
      assert.truthy(state.created:match("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d+Z$"), state.created)
      assert.equal(0, nsinit("kill", "box", "KILL").status)
      local deadline = fixture.rounds(200, 200)
      repeat
        state = json.decode(nsinit("state", "box").stdout)
        deadline = deadline - 1
      until state.status == "stopped" or deadline == 0
      assert.same({ "stopped", 0 }, { state.status, state.pid })
    end)

    it("ends what was only created at any signal that ends, and tells of what has ended by the words that engines know [O129]",
      function()
        bundle = command.bundle { "sleep", "1000" }
        assert.equal(0, nsinit("create", "-b", bundle, "box").status)
        assert.equal(0, nsinit("kill", "box").status)
        local ended
        for _ = 1, fixture.rounds(200, 200) do
          ended = nsinit("kill", "box", "0")
          if ended.status ~= 0 then break end
        end
        has(ended.stderr, "container not running")
        assert.equal(0, nsinit("kill", "--all", "box", "KILL").status)
        has(nsinit("start", "box").stderr, "cannot start a container that has stopped")
        has(nsinit("kill", "no").stderr, "does not exist")
        assert.equal(1, nsinit("kill", "no").status)
      end)

    it("knows signals by name, with SIG and without, in any case, and by number [O157]", function()
      running("sh", "-c", "trap 'echo usr1 >>/tmp/got' USR1; echo ready >/tmp/got; while :; do sleep 0.05; done")
      -- one after the other: of several that wait only one comes
      local got = "ready\n"
      for _, name in ipairs { "USR1", "sigusr1", "SIGUSR1", "10" } do
        assert.is_true(fixture.file_becomes(bundle .. "/rootfs/tmp/got", got))
        assert.same({ "", 0 }, { nsinit("kill", "box", name).stderr, 0 })
        got = got .. "usr1\n"
      end
      assert.is_true(fixture.file_becomes(bundle .. "/rootfs/tmp/got", got))
      has(nsinit("kill", "box", "NOSUCH").stderr, "unknown signal")
      assert.equal(0, nsinit("kill", "box", "RTMIN+1").status)
    end)

    it("runs a further program, and ends as it does; what it cannot do is 255 [O153] [O169]", function()
      running()
      local ended = nsinit("exec", "--cwd", "/tmp", "-e", "A=b c", "-u", "5:6", "box", "sh", "-c",
        "echo $A $(id -u) $(id -g) $(pwd); exit 9")
      assert.same({ "b c 5 6 /tmp\n", "", 9 }, { ended.stdout, ended.stderr, ended.status })
      ended = nsinit("exec", "box", "no-such")
      assert.equal(255, ended.status)
      has(ended.stderr, "exec failed: ")
      has(ended.stderr, "executable file not found in $PATH")
      assert.equal(255, nsinit("exec", "no", "true").status)
      assert.equal(143, nsinit("exec", "box", "sh", "-c", "kill -TERM $$").status)
      has(nsinit("exec", "-u", "x", "box", "true").stderr, "bad uid")
    end)

    it("runs a process object instead of a command, and tells its pid once it runs [O154] [O173]", function()
      running()
      local file, pid_file = bundle .. "/process.json", bundle .. "/exec.pid"
      fixture.write(file, json.encode { args = { "sleep", "1000" }, cwd = "/", user = { uid = 7, gid = 8 },
        env = { "PATH=/bin" } })
      local ended = nsinit("exec", "--pid-file", pid_file, "--process", file, "--detach", "box")
      assert.same({ "", 0 }, { ended.stderr, ended.status })
      local pid = assert(fixture.read(pid_file))
      assert.truthy(pid:match("^%d+$"), pid)
      assert.truthy(fixture.read("/proc/" .. pid .. "/status"):find("Uid:\t7\t7\t7\t7"))
      fixture.write(file, json.encode { args = { "no-such" }, cwd = "/" })
      ended = nsinit("exec", "--pid-file", pid_file .. "2", "--process", file, "--detach", "box")
      assert.equal(255, ended.status)
      assert.is_nil(fixture.read(pid_file .. "2"))
      fixture.write(file, json.encode { cwd = "tmp" })
      has(nsinit("exec", "--process", file, "box").stderr, "args")
    end)

    it("pauses and resumes once each, and says so [O164]", function()
      running()
      assert.equal(0, nsinit("pause", "box").status)
      assert.equal("paused", json.decode(nsinit("state", "box").stdout).status)
      has(nsinit("pause", "box").stderr, 'container not running: "box" is paused already')
      has(nsinit("exec", "box", "true").stderr, "exec failed: cannot exec in a paused container (use --ignore-paused")
      has(nsinit("delete", "box").stderr, "cannot delete container box that is not stopped: paused")
      assert.equal(0, nsinit("resume", "box").status)
      has(nsinit("resume", "box").stderr, 'container not paused: "box" is running')
      has(nsinit("delete", "box").stderr, "cannot delete container box that is not stopped: running")
    end)

    it("waits with exec --ignore-paused until it is resumed, and refuses without", function()
      running()
      assert.equal(0, nsinit("pause", "box").status)
      assert.equal(255, nsinit("exec", "box", "true").status)
      local words = ("export LUA_PATH='%s' LUA_CPATH='%s'; nsinit='%s --root %s'"):format(package.path, package.cpath,
        command.program, root)
      -- it is asleep in its listening when it is resumed
      local said = fixture.sh([[%s
        $nsinit exec --ignore-paused box sh -c 'echo ran; exit 4' >%s/said & exec=$!
        for i in $(seq 1500); do ls -l /proc/$exec/fd 2>/dev/null | grep -q eventpoll && break; sleep 0.02; done
        test ! -s %s/said && echo waits; $nsinit resume box; wait $exec; echo $?; cat %s/said]], words, bundle, bundle, bundle)
      assert.equal("waits\n4\nran", said)
      assert.equal(0, nsinit("exec", "--ignore-paused", "box", "true").status)
    end)

    it("knows how much is to be told, and by which cgroups [O145] [O146]", function()
      running()
      local function told(...)
        return nsinit(..., "update", "--kernel-memory", "1G", "--pids-limit", "20", "box").stderr
      end
      has(told("--log-level=warning"), "has no effect any more")
      assert.equal("", told("--log-level=error"))
      has(nsinit("--log-level", "loud", "list").stderr, "must be error, warning or debug")
      has(nsinit("--rootless", "maybe", "state", "box").stderr, "must be true, false or auto")
      has(nsinit("--cgroup-manager", "none", "state", "box").stderr, "must be cgroupfs, systemd or disabled")
      assert.equal(0, nsinit("delete", "--force", "box").status)
      assert.equal(0, nsinit("--cgroup-manager", "disabled", "run", "-d", "-b", bundle, "box").status)
      local pid = json.decode(nsinit("state", "box").stdout).pid
      assert.equal(fixture.read "/proc/self/cgroup", fixture.read(("/proc/%d/cgroup"):format(pid)))
    end)

    it("lists processes as an array of numbers, and as a table [O161]", function()
      running()
      local pid = json.decode(nsinit("state", "box").stdout).pid
      assert.same({ pid }, json.decode(nsinit("ps", "--format", "json", "box").stdout))
      has(nsinit("ps", "box", "-ef").stdout, "sleep 1000")
      assert.equal(0, nsinit("kill", "box", "KILL").status)
      local ended
      for _ = 1, fixture.rounds(200, 200) do
        ended = nsinit("ps", "box")
        if ended.status ~= 0 then break end
      end
      has(ended.stderr, "container not running")
    end)

    it("lists containers as a table, as JSON, and by their ids; nothing in a root that is not there is an error [O159]", function()
      assert.equal(1, nsinit("list").status)
      running()
      local one = json.decode(nsinit("list", "--format=json").stdout)[1]
      assert.same({ "box", "running", bundle, "root" }, { one.id, one.status, one.bundle, one.owner })
      assert.equal("box\n", nsinit("list", "-q").stdout)
      assert.truthy(nsinit("list").stdout:match("^ID +PID +STATUS +BUNDLE +CREATED +OWNER\nbox +%d+ +running"))
      assert.equal(0, nsinit("delete", "-f", "box").status)
      assert.same({}, json.decode(nsinit("list", "-f", "json").stdout))
    end)

    it("tells statistics under the names that engines know [O165]", function()
      running()
      local event = json.decode(nsinit("events", "--stats", "box").stdout)
      assert.same({ "stats", "box" }, { event.type, event.id })
      assert.is_true(event.data.cpu.usage.total > 0)
      assert.is_true(event.data.memory.usage.usage > 0)
      assert.equal(1, event.data.pids.current)
      assert.is_table(event.data.memory.raw)
    end)

    it("changes limits by options and by a document, which it keeps [O163]", function()
      running()
      local places = fixture.read(("/proc/%d/cgroup"):format(json.decode(nsinit("state", "box").stdout).pid))
      local v1 = places:match(":memory:([^\n]+)")
      local file = v1 and "/sys/fs/cgroup/memory" .. v1 .. "/memory.limit_in_bytes"
        or "/sys/fs/cgroup" .. places:match("0::([^\n]+)") .. "/memory.max"
      local function limit() return fixture.read(file) end
      assert.equal(0, nsinit("update", "--memory", "64M", "--pids-limit", "20", "box").status)
      assert.equal("67108864\n", limit())
      fixture.write(bundle .. "/resources", '{"memory":{"limit":33554432},"cpu":{"shares":0,"cpus":""}}')
      assert.equal(0, nsinit("update", "--memory", "1G", "--resources", bundle .. "/resources", "box").status)
      assert.equal("33554432\n", limit())
      assert.equal(1, nsinit("update", "--memory", "much", "box").status)
    end)

    it("writes a config.json that it can run, and never over another one [O162]", function()
      bundle = command.bundle { "true" }
      os.remove(bundle .. "/config.json")
      assert.equal(0, nsinit("spec", "-b", bundle).status)
      local document = json.decode(fixture.read(bundle .. "/config.json"))
      assert.same({ { "sh" }, true, true }, { document.process.args, document.process.terminal, document.root.readonly })
      has(nsinit("spec", "-b", bundle).stderr, "exists")
      document.process.terminal, document.process.args = false, { "sh", "-c", "echo ran" }
      fixture.write(bundle .. "/config.json", json.encode(document))
      assert.same({ "ran\n", "" }, { nsinit("run", "-b", bundle, "box").stdout, "" })
    end)

    it("claims features that are there [O139] [O167]", function()
      local configs = require "libcontainer.configs"
      local features = json.decode(nsinit("features").stdout)
      assert.same({ "1.0.0", "1.3.0" }, { features.ociVersionMin, features.ociVersionMax })
      local rootfs = fixture.rootfs()
      for i, option in ipairs(features.mountOptions) do
        assert.is_true(i == 1 or features.mountOptions[i - 1] < option, option)
        local is_bind = option:find("^r?bind$")
        assert(option:find("idmap") or option:find("nofollow") or option == "tmpcopyup" or configs.from_oci({ ociVersion = "1.0.0",
          root = { path = rootfs }, mounts = { { destination = "/x", type = is_bind and "bind" or "tmpfs",
            source = "/tmp", options = { option } } }, linux = { namespaces = { { type = "mount" } } } }))
      end
      for _, name in ipairs(features.linux.capabilities) do
        local list = { name }
        local config, err, ignored = configs.from_oci { ociVersion = "1.0.0", root = { path = rootfs },
          linux = { namespaces = { { type = "mount" } } },
          process = { args = { "true" }, cwd = "/", capabilities = { bounding = list } } }
        assert(config, err)
        assert.same({}, ignored, name)
      end
    end)

    it("writes one line of a failure to a log of JSON, and one to stderr [O143] [O170] [O138]", function()
      local log = fixture.directory() .. "/log"
      local ended = nsinit("--log", log, "--log-format", "json", "--debug", "state", "box")
      assert.equal(1, ended.status)
      local line = json.decode(fixture.read(log)) -- one object, whatever --debug says [O144]
      assert.same({ "error", "ContainerNotExists" }, { line.level, line.error_code })
      has(line.msg, "does not exist")
      assert.truthy(line.time:match("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$"), line.time)
      assert.equal("nsinit: " .. line.msg .. "\n", ended.stderr)
      assert.is_nil(ended.stderr:find("stack traceback", 1, true))
    end)

    it("says its version as who calls it by another name reads it [O149]", function()
      assert.truthy(nsinit("--version").stdout:match("^nsinit version %d+%.%d+%.%d+\ncommit: %S+\nspec: %d+%.%d+%.%d+\n$"))
      assert.truthy(command.run(root, { "--version" }, { name = "runc" }).stdout:match("^runc version %d"))
    end)

    it("passes on descriptors, and those of socket activation before them [O176] [O190]", function()
      bundle = command.bundle { "sh", "-c", "cat <&3; cat <&4; echo $LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES" }
      fixture.write(bundle .. "/a", "first\n")
      fixture.write(bundle .. "/b", "second\n")
      local shell = ("exec 3<%s/a 4<%s/b; export LISTEN_FDS=1 LISTEN_FDNAMES=x;"):format(bundle, bundle)
      local ended = command.run(root, { "run", "-b", bundle, "--preserve-fds", "1", "box" }, { shell = shell })
      assert.same({ "first\nsecond\n1 1 x\n", "" }, { ended.stdout, ended.stderr })
      ended = command.run(root, { "run", "-b", bundle, "--preserve-fds", "3", "box" }, { shell = shell })
      assert.equal(1, ended.status)
      has(ended.stderr, "unable to stat preserved-fd")
      -- LISTEN_PID says whom they are for: conmon writes ours there
      ended = command.run(root, { "run", "-b", bundle, "--preserve-fds", "1", "box" }, { shell = shell .. " export LISTEN_PID=$$; exec" })
      assert.equal("first\nsecond\n1 1 x\n", ended.stdout)
      bundle = command.bundle { "sh", "-c", "cat <&3; ls /proc/self/fd | wc -l; echo .$LISTEN_FDS$LISTEN_PID" }
      ended = command.run(root, { "run", "-b", bundle, "--preserve-fds", "1", "box" }, { shell = shell .. " export LISTEN_PID=1;" })
      assert.equal("first\n5\n.\n", ended.stdout) -- ours alone, and what ls has opened
    end)

    it("is told what is wrong with its words, and how they are written", function()
      local ended = nsinit("create", "--no-such", "box")
      assert.equal(1, ended.status)
      has(ended.stderr, "unknown option: --no-such")
      has(ended.stderr, "usage: nsinit create [options] ID")
      has(nsinit("restore", "--lsm-mount-context").stderr, "flag needs an argument")
      assert.equal(0, nsinit("checkpoint", "--help").status)
      assert.equal(0, nsinit("--help").status)
      has(nsinit("dance").stderr, "no such command: dance")
      has(nsinit("state").stderr, "requires exactly 1 argument")
    end)
  end)
end)
