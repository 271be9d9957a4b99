-- SPDX-License-Identifier: MIT
--- Where callers know what other runtimes do, and nsinit does the same.
local command = require "spec.support.command"
local fixture = require "spec.support.fixture"
local json = require "libcontainer.json"

describe("nsinit, as those know who called another runtime before,", function()
  fixture.check_leaks()
  local root

  local nsinit, has = command.nsinit, command.has
  local function running(change)
    finally(command.end_box)
    return command.running(nil, change)
  end

  before_each(function()
    fixture.needs("root", "busybox")
    root = command.fresh()
  end)

  it("has its state where --root says, from wherever that is, made when it is wanted [O141]", function()
    local place = fixture.directory()
    local from = { shell = ("cd %s;"):format(place) }
    local ended = command.run("roots/a", { "list" }, from)
    assert.equal(1, ended.status)
    has(ended.stderr, "--root roots/a: there is no such directory")
    assert.is_nil(fixture.read(place .. "/roots"))
    local bundle = command.bundle { "sleep", "1000" }
    finally(function() command.run(place .. "/roots/a", { "delete", "--force", "box" }) end)
    assert.equal(0, command.run("roots/a", { "create", "-b", bundle, "box" }, from).status)
    assert.equal("box\n", command.run(place .. "/roots/a", { "list", "-q" }).stdout)
    assert.equal("700 700", fixture.sh("stat -c %%a %s/roots %s/roots/a | xargs", place, place))
    fixture.write(place .. "/file", "")
    ended = command.run(place .. "/file/root", { "create", "-b", bundle, "other" })
    assert.equal(1, ended.status)
    has(ended.stderr, place .. "/file")
    -- without the option: below the directory of a user, where he is in a user namespace, and empty is no error
    assert.truthy(fixture.sh("XDG_RUNTIME_DIR=%s unshare -r %s list", place, command.program):find "^ID +PID +STATUS")
  end)

  it("creates with the flags of its callers, and nothing but the program has their pipes afterwards [O150]", function()
    local bundle = command.bundle { "sh", "-c", "echo the program; cat <&3" }
    fixture.sh("cd %s && mv config.json other.json && echo third >third", bundle)
    -- who reads the pipe is through as soon as nobody can write to it any more
    local text = fixture.sh([[export LUA_PATH='%s' LUA_CPATH='%s'; cd %s; nsinit='%s --root %s'; {
      $nsinit create --bundle . -f other.json --pid-file pid --no-pivot --no-new-keyring --no-subreaper --preserve-fds 1 \
        box 3<third 2>&1
      echo "made $?"
      $nsinit state box | grep -o '"status": "[a-z]*"'
      readlink /proc/$(cat pid)/fd/1 | sed 's/:.*//'
      $nsinit start box
      } | { timeout %d cat; echo "read $?"; }
      $nsinit delete --force box]], package.path, package.cpath, bundle, command.program, root, fixture.seconds(30))
    local lines = {}
    for line in text:gmatch "[^\n]+" do lines[#lines + 1] = line end
    assert.same({ "made 0", '"status": "created"', "pipe", "the program", "third", "read 0" }, lines)
  end)

  it("takes a user as numbers, and no name whose meaning would be the image's [O156]", function()
    running(function(document) document.process.user.additionalGids = { 5 } end)
    local function ids(...) return nsinit("exec", ..., "box", "sh", "-c", "echo $(id -u):$(id -g) $(id -G)").stdout end
    assert.equal("7:8 8\n", ids "--user=7:8")
    assert.equal("9:0 0\n", ids "--user=9")
    assert.equal("0:0 0\n", ids "--user=0:0")
    for _, name in ipairs { "root", "0:root", "", "1:", ":1", "-1", "1:2:3", "4294967296" } do
      local ended = nsinit("exec", "--user", name, "box", "sh", "-c", "touch /tmp/done")
      assert.same({ 255, "" }, { ended.status, ended.stdout }, name .. ": " .. ended.stderr)
      assert.truthy(#ended.stderr > 0, name)
    end
    assert.equal("", nsinit("exec", "box", "find", "/tmp", "-name", "done").stdout)
  end)

  it("lists processes in the columns of ps, in those that its options choose, and in no unknown one [O161]", function()
    running()
    local first, second = nsinit("ps", "box").stdout:match("^([^\n]*)\n([^\n]*)\n$")
    assert.truthy(first:find "^UID +PID +PPID +C +STIME +TTY +TIME +CMD$", first)
    assert.truthy(second:find "^root +%d+ +%d+ +%d+ +%S+ +%? +%d%d:%d%d:%d%d sleep 1000$", second)
    assert.truthy(nsinit("ps", "box", "-e", "-x").stdout:find "^ +PID +TTY +STAT +TIME +COMMAND\n")
    assert.truthy(nsinit("ps", "box", "aux").stdout:find "^USER +PID +%%CPU +%%MEM +VSZ +RSS +TTY +STAT +START +TIME +COMMAND\n")
    local pid = json.decode(nsinit("state", "box").stdout).pid
    assert.truthy(nsinit("ps", "box", "-o", "pid,ppid,comm=NAME").stdout:find("^ +PID +PPID NAME *\n +" .. pid .. " +%d+ sleep"))
    has(nsinit("ps", "box", "-o", "nosuch").stderr, 'no column "nosuch"')
  end)

  it("leaves out capabilities that nobody has or that it cannot give, and says so", function()
    running()
    local ended = nsinit("exec", "--cap", "CAP_NOSUCH", "--cap", "CAP_KILL", "box", "grep", "CapEff", "/proc/self/status")
    assert.same({ 0, "CapEff:\t0000000000000020\n" }, { ended.status, ended.stdout })
    has(ended.stderr, "NOSUCH cannot be granted, and is left out")
    local bundle = command.bundle({ "grep", "CapEff", "/proc/self/status" }, function(document)
      local names = { "CAP_KILL", "CAP_SYS_TIME" }
      document.process.capabilities = { bounding = names, effective = names, permitted = names }
    end)
    ended = command.run(root, { "run", "-b", bundle, "further" }, { shell = "setpriv --bounding-set=-sys_time" })
    assert.same({ 0, "CapEff:\t0000000000000020\n" }, { ended.status, ended.stdout })
    has(ended.stderr, "SYS_TIME cannot be granted, and is left out")
  end)

  it("takes false for a flag of exec: without no-new-privileges, though the container has it [O153]", function()
    running(function(document) document.process.noNewPrivileges = true end)
    for words, wanted in pairs { ["--no-new-privs=false"] = 0, ["--no-new-privs"] = 1, ["--env=A=B"] = 1 } do
      assert.equal(("NoNewPrivs:\t%d\n"):format(wanted),
        nsinit("exec", words, "box", "grep", "NoNewPrivs", "/proc/self/status").stdout)
    end
  end)

  it("makes no directory for exec, and wants one in a process object and in a config.json [O154] [O5]", function()
    local bundle = running()
    local ended = nsinit("exec", "--cwd", "/no/such", "box", "pwd")
    assert.same({ 255, "" }, { ended.status, ended.stdout })
    has(ended.stderr, "no such file or directory")
    assert.equal(1, nsinit("exec", "box", "test", "-e", "/no").status)
    for _, cwd in ipairs { "", ',"cwd":""' } do
      fixture.write(bundle .. "/process.json", ('{"args":["true"]%s}'):format(cwd))
      ended = nsinit("exec", "--process", bundle .. "/process.json", "box")
      assert.equal(255, ended.status)
      has(ended.stderr, "process.cwd")
    end
    ended = nsinit("run", "-b", command.bundle({ "true" }, function(document) document.process.cwd = nil end), "further")
    assert.equal(1, ended.status)
    has(ended.stderr, "process.cwd: is required")
  end)

  it("passes on no descriptor that nobody gave it: none of its own, and not that of its log [O190]", function()
    local bundle = running()
    local ended = command.run(root, { "--log", bundle .. "/log", "exec", "--preserve-fds", "20", "box", "ls", "/proc/self/fd" })
    assert.same({ 255, "" }, { ended.status, ended.stdout })
    has(ended.stderr, "unable to stat preserved-fd 3")
    ended = command.run(root, { "exec", "--preserve-fds", "1", "box", "readlink", "/proc/self/fd/3" },
      { shell = "exec 3<" .. bundle .. "/config.json;" })
    assert.same({ 0, "" }, { ended.status, ended.stderr })
  end)

  it("calls a file that is mounted on a directory, and a directory on a file, no directory [O169]", function()
    for source, destination in pairs { ["/config.json"] = "/bin", ["/rootfs"] = "/etc/passwd" } do
      local bundle
      bundle = command.bundle({ "true" }, function(document)
        document.mounts = { table.unpack(document.mounts) }
        document.mounts[#document.mounts + 1] = { destination = destination, type = "bind", options = { "bind" } }
      end)
      local path = bundle .. "/config.json"
      fixture.write(bundle .. "/rootfs/etc/passwd", "")
      local document = json.decode(fixture.read(path))
      document.mounts[#document.mounts].source = bundle .. source
      fixture.write(path, assert(json.encode(document)))
      has(nsinit("run", "-b", bundle, "further").stderr, "not a directory")
    end
  end)

  it("says in one line that it could not signal what has just ended [O181]", function()
    local bundle = command.bundle { "true" }
    finally(function() nsinit("delete", "--force", "box") end)
    assert.equal(0, nsinit("run", "-d", "-b", bundle, "box").status)
    local ended
    for _ = 1, fixture.rounds(200, 200) do
      ended = nsinit("kill", "box", "15")
      if ended.status ~= 0 then break end
    end
    assert.truthy(ended.stderr:find "^nsinit: container not running[^\n]*\n$", ended.stderr)
  end)

  it("tells dockerd what it is, and has a log whatever happens [O188]", function()
    local version = command.run(root, { "--version" }).stdout
    assert.truthy(version:find "^nsinit version %d+%.%d+%.%d+\ncommit: %S+\nspec: %d+%.%d+%.%d+\n", version)
    local features = json.decode(nsinit("features").stdout)
    assert.equal("1.0.0", features.ociVersionMin)
    assert.truthy(features.linux.seccomp.enabled)
    local log = fixture.directory() .. "/log.json"
    assert.equal(1, nsinit("--log", log, "--log-format", "json", "create", "--bundle", "/no/such", "box").status)
    local line = json.decode(fixture.read(log))
    assert.equal("error", line.level)
    has(line.msg, "/no/such")
    assert.truthy(line.time:find "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%S*Z$")
    fixture.sh("rm %s", log)
    assert.equal(0, nsinit("--log", log, "--log-format", "json", "delete", "--force", "box").status)
    assert.equal("", fixture.read(log))
  end)

  it("warns of a poststop hook that failed, and removes the container all the same", function()
    local function change(document)
      document.hooks = { poststop = { { path = "/bin/false" } } }
    end
    local ended = nsinit("run", "-b", command.bundle({ "true" }, change), "box")
    assert.equal(0, ended.status)
    has(ended.stderr, "level=warning")
    has(ended.stderr, "poststop")
    assert.equal(1, nsinit("state", "box").status)
    assert.equal(0, nsinit("create", "-b", command.bundle({ "true" }, change), "box").status)
    has(nsinit("delete", "box").stderr, "poststop")
    assert.equal("", fixture.sh("ls -A %s", root))
  end)

  it("says what it was called for with --debug, and no word of that without", function()
    has(nsinit("--debug", "delete", "--force", "box").stderr, 'level=debug msg="delete box"')
    assert.equal("", nsinit("delete", "--force", "box").stderr)
    has(nsinit("dance").stderr, "No help topic for 'dance'")
  end)

  it("runs a container for root of a user namespace as for root of the machine, which podman is for an ordinary user", function()
    local bundle = command.bundle({ "sh", "-c", "cat /proc/self/uid_map; ls /dev/null" })
    for maps, seen in pairs { ["0 0 65536"] = "0 0 65536", ["0 0 1\\n1 1 65535"] = "0 0 1 1 1 65535" } do
      -- root writes the maps of a shell that waits for them
      local ended = command.run(root, { "run", "-b", bundle, "further" }, { shell = ([[cd %s; export XDG_RUNTIME_DIR=$PWD
        { while [ ! -s pid ]; do :; done; for map in uid_map gid_map; do printf '%s\n' >/proc/$(cat pid)/$map; done
        touch go; } &
        unshare -Um sh -c 'echo $$ >pid; while [ ! -e go ]; do :; done; exec setpriv --reuid 0 --regid 0 --clear-groups "$@"' sh]])
        :format(fixture.directory(), maps) })
      assert.same({ 0, "" }, { ended.status, ended.stderr })
      assert.equal(seen .. " /dev/null", ended.stdout:gsub("%s+", " "):match "^ ?(.-) ?$")
    end
  end)
end)
