-- SPDX-License-Identifier: MIT
--- Hooks of all six kinds: when they run, where, and with what.
local check = require "libcontainer.check"
local core = require "libcontainer.core"
local fixture = require "spec.support.fixture"
local hooked = require "spec.support.hooks"
local inside = require "spec.support.inside"
local json = require "libcontainer.json"
local lc = require "libcontainer"
local proc = require "spec.support.proc"

local KINDS, PATH, sh, container, with_place, written_pid = hooked.KINDS, hooked.PATH, hooked.sh, hooked.container, hooked.with_place, hooked.written_pid

local NAMESPACES <const> = { "mnt", "pid", "uts", "ipc", "net", "cgroup" }
local LINKS <const> = "for n in mnt pid uts ipc net cgroup; do readlink /proc/%s/ns/$n; done >%s"

local function links_of_host()
  return fixture.sh(LINKS:format("self", "/dev/stdout"))
end

local function lines(text)
  local list = {}
  for line in text:gmatch("[^\n]+") do list[#list + 1] = line end
  return list
end

describe("hooks", function()
  fixture.check_leaks()

  it("are six kinds, each a list in its order, and run in the order of their times [O53]", function()
    fixture.needs("root", "busybox")
    local box, place = with_place(function(place)
      local hooks = {}
      for _, kind in ipairs(KINDS) do
        local log = kind == "start_container" and "/place" or place
        hooks[kind] = {}
        for i = 1, 3 do hooks[kind][i] = sh(("echo %s %d >>%s/log"):format(kind, i, log)) end
      end
      return hooks
    end)
    local function log() return lines(fixture.read(place .. "/log") or "") end
    local p = assert(box:start { "sleep", "1000" })
    assert.equal(15, #log())
    p:signal("KILL")
    assert(p:wait())
    assert.equal(15, #log())
    assert(box:destroy())
    local wanted = {}
    for _, kind in ipairs(KINDS) do
      for i = 1, 3 do wanted[#wanted + 1] = kind .. " " .. i end
    end
    assert.same(wanted, log())
  end)

  it("prestart and create_runtime run on the host, when the namespaces are there and the root is not entered [O54]",
    function()
    fixture.needs("root", "busybox")
    local look = "pid=$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/') && " .. LINKS:format("self", "%s/%s.self") .. " && "
      .. LINKS:format("$pid", "%s/%s.init") .. " && ls -d /proc/$pid/root%s >%s/%s.root && grep ' %s ' /proc/$pid/mountinfo >%s/%s.mounts"
    local box, place, rootfs = with_place(function(place, rootfs)
      local function hook(kind)
        return { sh(look:format(place, kind, place, kind, place, place, kind, rootfs, place, kind) .. " && echo " .. kind
          .. " >>" .. place .. "/order") }
      end
      return { create_runtime = hook "create_runtime", prestart = hook "prestart" }
    end)
    local p = assert(box:start { "sleep", "1000" })
    assert.equal("prestart\ncreate_runtime\n", fixture.read(place .. "/order"))
    local host, container_links = links_of_host(), fixture.sh(LINKS:format(p:pid(), "/dev/stdout"))
    for _, kind in ipairs { "prestart", "create_runtime" } do
      assert.equal(host .. "\n", fixture.read(place .. "/" .. kind .. ".self"))
      local seen = lines(fixture.read(place .. "/" .. kind .. ".init"))
      for i, link in ipairs(lines(container_links)) do
        assert.equal(link, seen[i])
        assert.not_equal(lines(host)[i], seen[i], NAMESPACES[i])
      end
      -- before the pivot: its root is the host's, and the container's is attached in it
      assert.equal(("/proc/%d/root%s\n"):format(p:pid(), place), fixture.read(place .. "/" .. kind .. ".root"))
      assert.matches(rootfs, fixture.read(place .. "/" .. kind .. ".mounts"), 1, true)
    end
    assert(box:destroy())
  end)

  it("create_container runs in the container's namespaces, with the paths of the host [O55]", function()
    fixture.needs("root", "busybox")
    local box, place = with_place(function(place, rootfs)
      return { create_container = { sh(("cat >%s/told; %s; pwd >%s/pwd; cp /proc/self/mountinfo %s/mountinfo; ")
        :format(place, LINKS:format("self", place .. "/self"), place, place)
        .. ("mkdir %s/made && mount -t tmpfs hooked %s/made && echo there >%s/made/file"):format(rootfs, rootfs, rootfs)) } }
    end)
    local mounts = fixture.read("/proc/self/mountinfo")
    local p = assert(box:start { args = { "sh", "-c", "cat /made/file /proc/self/mountinfo; exec >&-; exec sleep 1000" },
      stdout = "pipe" })
    assert.equal(fixture.sh(LINKS:format(p:pid(), "/dev/stdout")) .. "\n", fixture.read(place .. "/self"))
    local text = p.stdout:read("a")
    assert.matches("^there\n", text)
    assert.equal("tmpfs", inside.mount_at(inside.mounts(text:sub(7)), "/made").type)
    assert.equal(mounts, fixture.read("/proc/self/mountinfo"))
    -- not pivoted yet: the host's root was there
    assert.is_truthy(inside.mount_at(inside.mounts(fixture.read(place .. "/mountinfo")), "/proc"))
    assert.equal(1, json.decode(fixture.read(place .. "/told")).pid)
    assert(box:destroy())
  end)

  it("create_container sees the init by the number that it has where the hook is [O55]", function()
    fixture.needs("root", "busybox")
    local box, place = with_place(function(place)
      return { create_container = { sh("cat >" .. place .. "/told") } }, { namespaces = { "mount", "uts", "ipc", "network" } }
    end)
    local p = assert(box:start { "sleep", "1000" })
    assert.equal(p:pid(), json.decode(fixture.read(place .. "/told")).pid)
    assert(box:destroy())
  end)

  it("start_container runs inside, as the program would: its user, capabilities, filter, limits and cgroup [O56]", function()
    fixture.needs("root", "busybox")
    local script = "cat /proc/self/status; cat /proc/self/limits; cat /proc/self/cgroup; pwd; umask; echo $0"
    local more = { capabilities = { "KILL", "NET_BIND_SERVICE" }, cgroups = { pids_limit = 20 } }
    local box, place, rootfs = with_place(function(place)
      fixture.sh("chmod 777 %s", place)
      return { start_container = { { path = "/only/here", args = { "sh", "-c", "cat >/place/told; { " .. script .. "; } >/place/hook" },
        env = { PATH } } } }, more
    end)
    fixture.sh("mkdir %s/only && ln %s/bin/busybox %s/only/here", rootfs, rootfs, rootfs)
    local p = assert(box:start { args = { "sh", "-c", script }, user = "1000:1001", umask = "027", cwd = "/tmp", stdout = "pipe",
      rlimits = { NOFILE = { 50, 60 } } })
    local program = p.stdout:read("a")
    assert.equal(0, p:wait().status)
    local hook = fixture.read(place .. "/hook")
    assert.equal("1000 1000 1000 1000", inside.status(hook).Uid:gsub("%s+", " "):match("^%s*(.-)%s*$"))
    for _, name in ipairs { "Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp" } do
      assert.equal(inside.status(program)[name], inside.status(hook)[name], name)
    end
    assert.matches("^%s*2", inside.status(hook).Seccomp)
    local function rest(text) return text:match("\nLimit.*") end
    assert.equal(rest(program), rest(hook))
    local state = json.decode(fixture.read(place .. "/told"))
    assert.equal("created", state.status)
    assert.equal(1, state.pid)
    assert(box:destroy())
  end)

  it("poststart runs when the program does, and start has not answered yet [O57]", function()
    fixture.needs("root", "busybox")
    local box, place = with_place(function(place)
      return { poststart = { sh("cat >" .. place .. "/told; pid=$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/' " .. place .. "/told); "
        .. "tr '\\0' ' ' </proc/$pid/cmdline >" .. place .. "/program; " .. LINKS:format("self", place .. "/self")) } }
    end)
    local p = assert(box:start { "sleep", "1000" })
    assert.equal("sleep 1000 ", fixture.read(place .. "/program"))
    assert.equal(links_of_host() .. "\n", fixture.read(place .. "/self"))
    local state = json.decode(fixture.read(place .. "/told"))
    assert.same({ "running", p:pid() }, { state.status, state.pid })
    assert(box:destroy())
  end)

  it("poststart that fails ends the program, and the start has failed [O57] [O58]", function()
    fixture.needs("root", "busybox")
    local box, place = with_place(function(place)
      return { poststart = { sh("sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/' >" .. place .. "/pid; echo >>" .. place .. "/pid; exit 4") },
        poststop = { sh("echo stopped >>" .. place .. "/log") } }, { namespaces = { "mount", "uts", "network" } }
    end)
    local p, err = box:start { "sh", "-c", "sleep 1000 & exec sleep 1000" }
    assert.is_nil(p)
    assert.same({ "hook", "hooks.poststart[1]", 4 }, { err.step, err.field, err.status })
    assert.is_false(proc.is_alive(written_pid(place .. "/pid")))
    assert.equal("created", box:status())
    assert.same({}, box:processes())
    assert.equal("stopped\n", fixture.read(place .. "/log"))
    assert(box:destroy())
    assert.equal("stopped\n", fixture.read(place .. "/log"))
  end)

  it("poststop runs when all is gone; what fails is a warning, and the others run [O58]", function()
    fixture.needs("root", "busybox")
    local box, place = with_place(function(place)
      return { poststop = { sh("cat >" .. place .. "/told; echo first >&2; exit 7"), { path = "/bin/false" },
        sh("echo last >" .. place .. "/last") } }
    end)
    assert(box:start { "sleep", "1000" })
    local paths = box:state().cgroup_paths
    assert.is_nil(fixture.read(place .. "/last"))
    local gone, warnings = box:destroy()
    assert.is_true(gone)
    assert.equal(2, #warnings)
    assert.same({ "hooks.poststop[1]", 7, "first\n" }, { warnings[1].field, warnings[1].status, warnings[1].output })
    assert.equal("hooks.poststop[2]", warnings[2].field)
    assert.equal(tostring(warnings[1]) .. "\n" .. tostring(warnings[2]), tostring(warnings))
    assert.equal("last\n", fixture.read(place .. "/last"))
    local state = json.decode(fixture.read(place .. "/told"))
    assert.equal("stopped", state.status)
    assert.is_nil(state.pid)
    for _, path in pairs(paths) do assert.equal("", fixture.sh("ls -d %s 2>/dev/null", path)) end
    assert.equal("ContainerNotExists", select(2, box:destroy()).code)
  end)

  it("poststop runs once for each start, and not for a container that was never started [O58]", function()
    fixture.needs("root", "busybox")
    local box, place = with_place(function(place)
      return { prestart = { sh("echo pre >>" .. place .. "/log") }, poststop = { sh("echo post >>" .. place .. "/log") } }
    end)
    for _ = 1, 2 do
      local p = assert(box:start { "true" })
      assert(p:wait())
    end
    assert.equal("pre\npost\npre\n", fixture.read(place .. "/log"))
    assert(box:destroy())
    assert.equal("pre\npost\npre\npost\n", fixture.read(place .. "/log"))
    local never, other = with_place(function(p) return { poststop = { sh("echo post >>" .. p .. "/log") } } end)
    assert(never:destroy())
    assert.is_nil(fixture.read(other .. "/log"))
  end)

  it("read the state and then the end of it, have the argv and the environment that are given, and no other [O59]", function()
    fixture.needs("root", "busybox")
    for _, kind in ipairs { "prestart", "create_container", "poststart" } do
      local annotations = { ["org.example"] = "a \"quoted\" text", empty = "" }
      local box, place, rootfs = with_place(function(place)
        fixture.write(place .. "/look", ("/bin/cat >%s/told; /bin/cat >>%s/told\n/usr/bin/tr '\\0' '\\n' </proc/self/environ >%s/environ\n"
          .. "/usr/bin/tr '\\0' '|' </proc/self/cmdline >%s/argv\npwd >%s/pwd\n"):format(place, place, place, place, place))
        return { [kind] = { { path = "/bin/sh", args = { "a strange name", place .. "/look", "", "x y" }, env = { "A=1", "B=" } },
          { path = "/bin/sh", args = { "sh", "-c", "exec /bin/ls /proc/self/fd >" .. place .. "/fds" } } } }, { annotations = annotations }
      end)
      assert(box:start { "sleep", "1000" })
      assert.equal("a strange name|" .. place .. "/look||x y|", fixture.read(place .. "/argv"))
      assert.equal("A=1\nB=\n", fixture.read(place .. "/environ"))
      assert.equal("0\n1\n2\n3\n", fixture.read(place .. "/fds")) -- 3 is the directory that is read
      local bundle = rootfs:match("(.*)/")
      assert.equal(bundle .. "\n", fixture.read(place .. "/pwd"))
      local told = json.decode(fixture.read(place .. "/told"))
      assert.same({ "box", bundle, annotations }, { told.id, told.bundle, check.copy(told.annotations) })
      assert.matches("^1%.%d+%.%d+$", told.ociVersion)
      assert(box:destroy())
    end
  end)

  it("have no environment where none is given, nor the program's, and stand in the bundle [O59] [O56] [A63]", function()
    fixture.needs("root", "busybox")
    for _, kind in ipairs { "prestart", "create_runtime", "start_container", "poststart" } do
      local box, place, rootfs = with_place(function(place)
        local log = kind == "start_container" and "/place" or place
        return { [kind] = { { path = "/bin/sh", args = { "sh", "-c", "while read -r x; do :; done; exec 3</proc/$$/environ; "
          .. "read -r all <&3; echo \"<$all> $(pwd -P)\" >" .. log .. "/all" } } } }
      end)
      assert(box:start { args = { "/bin/sleep", "1000" }, cwd = "/place",
        env = { "SECRET=1", "LD_PRELOAD=/place/evil.so", "PATH=/place" } })
      assert.equal(("<> %s\n"):format(kind == "start_container" and "/place" or rootfs:match("^(.*)/")),
        fixture.read(place .. "/all"), kind)
      assert(box:destroy())
    end
  end)

  it("that need not read: a state larger than any pipe is there for those who do [O59] [L06]", function()
    fixture.needs("root", "busybox")
    local large = { a = ("x"):rep(1 << 20) }
    local box, place = with_place(function(place)
      return { prestart = { { path = "/bin/true" }, sh("exec <&-; exit 0"), sh("wc -c >" .. place .. "/size") },
        start_container = { { path = "/bin/true" } } }, { annotations = large }
    end)
    assert(box:start { "sleep", "1000" })
    assert.is_true(tonumber(fixture.read(place .. "/size")) > 1 << 20)
    assert(box:destroy())
  end)

  it("that fail before the program runs undo everything, and poststop hooks run [O60]", function()
    fixture.needs("root", "busybox")
    for _, kind in ipairs { "prestart", "create_runtime", "create_container", "start_container" } do
      local box, place = with_place(function(place)
        return { [kind] = { sh("echo out; echo the reason >&2; exit 5"), sh("touch " .. place .. "/second") },
          poststop = { sh("echo stopped >>" .. place .. "/log") } }
      end)
      local p, err = box:start { "touch", "/place/ran" }
      assert.is_nil(p)
      assert.same({ "SystemError", "hook", ("hooks.%s[1]"):format(kind), 5, "out\nthe reason\n" },
        { err.code, err.step, err.field, err.status, err.output })
      assert.equal(('hooks.%s[1]: "/bin/sh" failed with status 5: out; the reason'):format(kind), tostring(err))
      assert.is_nil(fixture.read(place .. "/second"))
      assert.is_nil(fixture.read(place .. "/ran"))
      assert.equal("stopped\n", fixture.read(place .. "/log"))
      assert.equal("created", box:status())
      assert.same({}, assert(box:processes()))
      for _, path in pairs(box:state().cgroup_paths) do assert.equal("", fixture.sh("ls -d %s 2>/dev/null", path)) end
      assert(box:destroy())
      assert.equal("stopped\n", fixture.read(place .. "/log"))
    end
  end)

  it("that are no program are errors that name the field, before anything is made [O60]", function()
    fixture.needs("root", "busybox")
    for _, kind in ipairs { "prestart", "create_container", "poststop" } do
      local box = container { prestart = { { path = "/bin/true" } }, [kind] = { { path = "/bin/true" }, { path = "/no/such/hook" } } }
      local p, err = box:start { "true" }
      assert.is_nil(p)
      assert.same({ ("hooks.%s[2].path"):format(kind), "ENOENT" }, { err.field, err.errname })
      assert.is_nil(box:state().poststop_due)
      assert(box:destroy())
    end
    local box = container { start_container = { { path = "/no/such/hook" } } }
    local p, err = box:start { "true" }
    assert.is_nil(p)
    assert.same({ "hooks.start_container[1]", "ENOENT" }, { err.field, err.errname })
    assert(box:destroy())
  end)

  it("are told that a signal has ended them", function()
    fixture.needs("root", "busybox")
    local box <close> = container { prestart = { sh "kill -TERM $$" } }
    local _, err = box:start { "true" }
    assert.equal(15, err.signal)
    assert.matches("was ended by signal TERM", tostring(err), 1, true)
  end)
end)

describe("a hook that is a Lua function", function()
  fixture.check_leaks()

  it("is called with the state, while the init waits [O59]", function()
    fixture.needs("root", "busybox")
    local calls = {}
    local hooks = {}
    for i, kind in ipairs(KINDS) do
      hooks[kind] = { function(...) calls[i] = { kind, select("#", ...), (...) } end }
    end
    local box = container(hooks, { annotations = { a = "b" } })
    local p = assert(box:start { "sleep", "1000" })
    assert.equal(5, #calls)
    local pid = p:pid()
    assert(box:destroy())
    local seen = { "creating", "creating", "creating", "created", "running", "stopped" }
    local pids = { pid, pid, 1, 1, pid }
    for i, kind in ipairs(KINDS) do
      assert.same({ kind, 1 }, { calls[i][1], calls[i][2] })
      local state = calls[i][3]
      assert.same({ seen[i], pids[i], "box", "b" }, { state.status, state.pid, state.id, state.annotations.a })
    end
  end)

  it("fails by an error or by nil and a message, and undoes the start as a program does [O60] [E28]", function()
    fixture.needs("root", "busybox")
    for _, case in ipairs {
      { function() error("no network", 0) end, "no network" }, { function() return nil, "not now" end, "not now" },
      { function() error {} end, "table" }, { function() error() end, "nil" },
      { function() return nil, select(2, lc.new("relative")) end, "must be an absolute path" },
    } do
      local stopped = 0
      local box = container { create_runtime = { case[1] }, poststop = { function() stopped = stopped + 1 end, function() error("x") end } }
      local p, err = box:start { "true" }
      assert.is_nil(p)
      assert.same({ "hook", "hooks.create_runtime[1]" }, { err.step, err.field })
      assert.matches(case[2], tostring(err), 1, true)
      assert.equal(1, stopped)
      assert.equal("hooks.poststop[2]", err.warnings[1].field)
      assert.same({}, assert(box:processes()))
      local gone, warnings = box:destroy()
      assert.is_true(gone)
      assert.is_nil(warnings)
      assert.equal(1, stopped)
    end
    local box = container { prestart = { function() end, function() return false end, function() return 1 end } }
    assert(box:start { "true" })
    assert(box:destroy())
  end)

  it("cannot destroy its own container, and is told so; the start is undone [E28]", function()
    fixture.needs("root", "busybox")
    local box
    box = container { prestart = { function() return box:destroy { timeout = 0.1 } end } }
    local p, err = box:start { "true" }
    assert.is_nil(p)
    assert.equal("hooks.prestart[1]", err.field)
    assert.matches("that is this program: a hook cannot act on its own container", tostring(err), 1, true)
    assert.equal("created", box:status())
    assert(box:destroy())
  end)

  it("that is left in the middle by a coroutine leaves nothing [E13]", function()
    fixture.needs("root", "busybox")
    for _, kind in ipairs { "prestart", "start_container", "poststart" } do
      local box = container { [kind] = { function(state) coroutine.yield(state) end } }
      local co = coroutine.create(function() return box:start { "sleep", "1000" } end)
      local _, state = coroutine.resume(co)
      assert.equal("box", state.id)
      assert.equal(1, #assert(box:processes()))
      assert(coroutine.close(co))
      assert.same({}, assert(box:processes()))
      assert(box:destroy())
    end
  end)

  it("is not written down: the state says so, and what another process can do is said [O58]", function()
    fixture.needs("root", "busybox")
    local stopped = 0
    local root = fixture.root()
    local rootfs = fixture.rootfs()
    local function make()
      return assert(assert(lc.new(root)):create("box", { rootfs = rootfs, detach = true, hooks = {
        prestart = { function() end }, poststop = { function() stopped = stopped + 1 end, { path = "/bin/true" } } } }))
    end
    local box = make()
    assert.same({ { call = true } }, check.copy(box:state().config.hooks.prestart))
    assert.matches('"prestart":[{"call":true}]', fixture.read(root .. "/box/state.json"), 1, true)
    local other = assert(assert(lc.new(root)):load("box"))
    local p, err = other:start { "true" }
    assert.is_nil(p)
    assert.same({ "hook", "hooks.prestart[1]" }, { err.step, err.field })
    assert.matches("is a Lua function of the process that made the container", tostring(err), 1, true)
    assert(box:start { "sleep", "1000" })
    local gone, warnings = other:destroy()
    assert.is_true(gone)
    assert.equal(1, #warnings)
    assert.equal("hooks.poststop[1]", warnings[1].field)
    assert.equal(0, stopped)
    box:destroy()
    box = make()
    assert(box:start { "sleep", "1000" })
    assert(assert(assert(lc.new(root)):load("box")):set { labels = { changed = "1" } })
    assert.equal("1", box:config().labels.changed)
    assert.is_function(box:config().hooks.prestart[1].call)
    assert(box:destroy())
    assert.equal(1, stopped)
  end)
end)

describe("hooks of a container with a user namespace", function()
  fixture.check_leaks()

  local FIRST <const> = 100000

  it("are the host's root on the host, and its own root in its namespaces [O54] [O55] [O56]", function()
    fixture.needs("root", "busybox")
    local script = "{ echo $(id -u) $(readlink /proc/self/ns/user); cat /proc/self/uid_map; } >%s/%s"
    local box, place, rootfs = with_place(function(place)
      local hooks = {}
      for _, kind in ipairs(KINDS) do
        hooks[kind] = { sh(script:format(kind == "start_container" and "/place" or place, kind)) }
      end
      local range = { { container_id = 0, host_id = FIRST, size = 1000 } }
      return hooks, { uid_mappings = range, gid_mappings = range, namespaces = { "mount", "pid", "uts", "ipc", "network", "user" } }
    end)
    fixture.sh("chown %d:%d %s; chmod 711 %s/..; find %s -type d -exec chown %d:%d {} +", FIRST, FIRST, place, rootfs,
      rootfs, FIRST, FIRST)
    local p = assert(box:start { "sleep", "1000" })
    local own = fixture.sh("readlink /proc/%d/ns/user", p:pid())
    local host = fixture.sh("readlink /proc/%d/ns/user", core.pid())
    assert(box:destroy())
    for _, kind in ipairs(KINDS) do
      local is_inside = kind == "create_container" or kind == "start_container"
      local user, map = fixture.read(place .. "/" .. kind):match("^([^\n]+)\n%s*([^\n]+)")
      assert.equal("0 " .. (is_inside and own or host), user, kind)
      assert.equal(is_inside and "0 100000 1000" or fixture.read("/proc/self/uid_map"):gsub("%s+", " "):match("^ ?(.-) ?$"),
        (map:gsub("%s+", " ")), kind)
    end
    -- what it made in the namespace is of the namespace's root
    assert.equal("100000 100000", fixture.sh("stat -c '%%u %%g' %s/start_container", place))
  end)

  it("are its root where that namespace is joined by a path", function()
    fixture.needs("root", "busybox")
    local range = { { container_id = 0, host_id = FIRST, size = 1000 } }
    local rootfs = fixture.rootfs()
    fixture.sh("chown -hR %d:%d %s", FIRST, FIRST, rootfs)
    local other <close> = assert(fixture.factory():create("other", { rootfs = rootfs, uid_mappings = range,
      gid_mappings = range, namespaces = { "mount", "pid", "user" } }))
    local joined = ("/proc/%d/ns/user"):format(assert(other:start { "sleep", "1000" }):pid())
    local box <close>, place = with_place(function(place)
      local script = "echo $(id -u) $(id -g) >%s/%s"
      return { create_container = { sh(script:format(place, "create_container")) },
        start_container = { sh(script:format("/place", "start_container")) } },
        { rootfs = rootfs, namespaces = { "mount", "pid", user = joined } }
    end)
    fixture.sh("chown %d:%d %s; chmod 711 %s/.. %s/..", FIRST, FIRST, place, place, rootfs)
    assert(box:start { "sleep", "1000" })
    for _, kind in ipairs { "create_container", "start_container" } do
      assert.equal("0 0\n", fixture.read(place .. "/" .. kind), kind)
    end
  end)
end)

describe("hooks of a container with a Landlock domain", function()
  fixture.check_leaks()

  it("are in it where they run inside, and out of it elsewhere [O56] [O121]", function()
    fixture.needs("root", "busybox")
    if core.features().landlock < 1 then return pending("needs Landlock") end
    local box, place, rootfs = with_place(function(place, rootfs)
      local hooks = {}
      for _, kind in ipairs(KINDS) do
        local is_inside = kind == "start_container"
        hooks[kind] = { sh(("cat %s/secret >/dev/null 2>&1 && w=read || w=refused; echo $w >%s/%s"):format(is_inside and ""
          or rootfs, is_inside and "/place" or place, kind)) }
      end
      return hooks, { landlock = { paths = { { paths = { "/bin", "/place", "/dev" }, access = { "all" } } } } }
    end)
    fixture.write(rootfs .. "/secret", "s")
    assert(box:start { "sleep", "1000" })
    assert(box:destroy())
    for _, kind in ipairs(KINDS) do
      assert.equal(kind == "start_container" and "refused\n" or "read\n", fixture.read(place .. "/" .. kind), kind)
    end
  end)
end)

describe("explain", function()
  fixture.check_leaks()

  it("shows hooks where they run, and those that run behind the plan", function()
    fixture.needs("root", "busybox")
    local hooks = {}
    for _, kind in ipairs(KINDS) do hooks[kind] = { { path = "/bin/" .. kind:gsub("_", ""), timeout = 5 } } end
    hooks.create_runtime[2] = function() end
    local box <close> = container(hooks)
    local plan = assert(box:explain())
    local found, places = {}, {}
    for i, row in ipairs(plan) do
      for _, hook in ipairs(row.hooks or {}) do found[#found + 1] = hook.field end
      places[row.op .. (row.field or "")] = i
    end
    assert.same({ "hooks.prestart[1]", "hooks.create_runtime[1]", "hooks.create_runtime[2]", "hooks.create_container[1]",
      "hooks.start_container[1]" }, found)
    assert.is_true(places["gatehooks.prestart"] < places["gatehooks.create_container"])
    assert.is_true(places["gatehooks.create_container"] < places["root_enterrootfs"])
    assert.is_true(places["gatehooks.start_container"] < places["ready"])
    assert.same({ "/bin/poststop", 5 }, { plan.poststop[1].program, plan.poststop[1].timeout })
    local text = tostring(plan)
    for _, kind in ipairs(KINDS) do assert.matches(("hooks.%s[1]"):format(kind), text, 1, true) end
    assert.matches("/bin/prestart (at most 5 s)", text, 1, true)
    assert.matches("a Lua function", text, 1, true)
    local plain <close> = assert(fixture.factory():create("plain", { rootfs = fixture.rootfs() }))
    for _, row in ipairs(assert(plain:explain())) do assert.not_equal("gate", row.op) end
  end)
end)
