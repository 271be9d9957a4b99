-- SPDX-License-Identifier: MIT
--- Faults of the ancestor that are not to come back, where no other spec has them by their feature.
local core = require "libcontainer.core"
local check = require "libcontainer.check"
local fixture = require "spec.support.fixture"
local json = require "libcontainer.json"
local state_file = require "libcontainer.state"
local configs = require "libcontainer.configs"
local lc = require "libcontainer"

describe("a fault of the ancestor", function()
  fixture.check_leaks()

  local function other(factory)
    return assert(lc.new(tostring(factory):match("factory (%S+)")))
  end

  it("is no more: ids are checked by load too, and end where a directory name ends [D1] [D3]", function()
    local factory = fixture.factory()
    for _, id in ipairs { "../x", "a/b", "..", ("x"):rep(256) } do
      local loaded, err = factory:load(id)
      assert.is_nil(loaded)
      assert.equal("InvalidIdFormat", err.code)
    end
    local long = ("x"):rep(255)
    local box = assert(factory:create(long, configs.host_root()))
    assert.equal(long, assert(factory:load(long)):id())
    assert(box:destroy())
  end)

  it("is no more: what was created and never started is loaded, and in use [D28]", function()
    local factory = fixture.factory()
    local box = assert(factory:create("box", configs.host_root()))
    local loaded = assert(other(factory):load("box"))
    assert.equal("created", loaded:status())
    local again, err = other(factory):create("box", configs.host_root())
    assert.is_nil(again)
    assert.equal("IdInUse", err.code)
    assert(loaded:destroy())
    local gone, why = box:destroy()
    assert.is_nil(gone)
    assert.equal("ContainerNotExists", why.code)
  end)

  it("is no more: a loaded container is signalled and waited for [D19]", function()
    fixture.needs("root", "busybox")
    local factory = fixture.factory()
    local box <close> = assert(factory:create("box", configs.default { rootfs = fixture.rootfs() }))
    local proc = assert(box:start { args = { "sleep", "1000" } })
    local loaded = assert(other(factory):load("box"))
    assert.equal("running", loaded:status())
    assert(loaded:signal("KILL"))
    assert.equal(9, assert(loaded:wait(fixture.seconds(30))).signal)
    assert.equal("stopped", loaded:status())
    assert(proc:wait(fixture.seconds(30)))
  end)

  it("is no more: without limits everything works all the same [D20]", function()
    fixture.needs("root", "busybox")
    local config = configs.default { rootfs = fixture.rootfs() }
    config.cgroups = nil
    local box = assert(fixture.factory():create("box", config))
    local proc = assert(box:start { args = { "sleep", "1000" } })
    assert.same({ proc:pid() }, box:processes())
    assert(box:destroy())
  end)

  it("is no more: processes in sub-cgroups are seen [D21]", function()
    fixture.needs("root", "busybox")
    local box <close> = assert(fixture.factory():create("box", configs.default { rootfs = fixture.rootfs() }))
    local proc = assert(box:start { args = { "sleep", "1000" } })
    local _, top = next(box:state().cgroup_paths)
    top = box:state().cgroup_paths.unified or top
    fixture.sh("mkdir %s/below && echo %d >%s/below/cgroup.procs", top, proc:pid(), top)
    assert.same({ proc:pid() }, box:processes())
    assert(box:destroy())
    assert.equal("", fixture.sh("ls -d %s 2>/dev/null", top))
  end)

  it("is no more: a failed start leaves nothing in the way of the next [D27]", function()
    fixture.needs("root", "busybox")
    local box <close> = assert(fixture.factory():create("box", configs.default { rootfs = fixture.rootfs() }))
    local _, top = next(box:state().cgroup_paths)
    assert.is_nil((box:start { args = { "no-such-program" } }))
    assert.equal("", fixture.sh("ls -d %s 2>/dev/null", top))
    assert.equal(0, assert(assert(box:start { args = { "true" } }):wait(fixture.seconds(30))).status)
  end)

  it("is no more: the state tells status, age, version and boot [D42]", function()
    local factory = fixture.factory()
    local box = assert(factory:create("box", configs.host_root()))
    local state = box:state()
    assert.equal("created", state.status)
    assert.is_true(math.abs(state.created - os.time()) < 3600)
    assert.equal("integer", math.type(state.version))
    assert.equal(fixture.read("/proc/sys/kernel/random/boot_id"):gsub("\n", ""), state.boot_id)
    assert(box:destroy())
  end)

  it("is no more: the caller's tables and ours do not share their insides [D43]", function()
    local factory = fixture.factory()
    local config = configs.host_root { hostname = "one" }
    local box = assert(factory:create("box", config))
    config.hostname, config.mounts[1].destination = "two", "/elsewhere"
    box:config().mounts[1].destination = "/elsewhere"
    assert.equal("one", box:config().hostname)
    assert.equal("/proc", box:config().mounts[1].destination)
    assert(box:destroy())
  end)

  -- A value for a field of the schema, another one at every call.
  local function value_of(spec, next_number)
    local kind, number = spec.kind:lower(), next_number()
    if kind == "flag" or kind == "choice3" or kind == "later" then return number % 2 == 0 end
    if kind == "integer" or kind == "size" then return number end
    if kind == "number" then return number + 0.5 end
    if kind == "map" then return { ["key " .. number] = "value " .. number } end
    if kind == "object" or kind == "objects" then
      local item = {}
      for _, field in ipairs(check.section(spec.detail).fields) do item[field.name] = value_of(field, next_number) end
      return kind == "object" and item or { item }
    end
    if kind:sub(-1) == "s" then return { "text " .. number } end
    return "text " .. number
  end

  it("is no more: every field of a configuration has a name of its own, and comes back from the state [D5]", function()
    local count = 0
    local function next_number()
      count = count + 1
      return count
    end
    local record = { id = "box", created = 1, owner = {}, boot_id = "x", status = "created", cgroup_paths = {},
      cgroup_places = {}, config = value_of({ kind = "OBJECT", detail = "config" }, next_number) }
    assert.is_true(count > 60)
    for _, section in ipairs(core.schema()) do
      local seen = {}
      for _, field in ipairs(section.fields) do
        assert.is_nil(seen[field.name], section.name .. "." .. field.name)
        seen[field.name] = true
      end
    end
    local config = record.config
    assert.same(config, json.decode(assert(state_file.encode(record))).config)
  end)

  it("is no more: the four limits that shared two keys come back from the disk as they were written [D5]", function()
    fixture.needs("root", "v1") -- real-time limits are of v1 alone
    local limits = { cpu_quota = 50001, cpu_period = 100002, cpu_rt_runtime = 3, cpu_rt_period = 100004 }
    local factory = fixture.factory()
    local box <close> = assert(factory:create("box", configs.host_root { cgroups = limits }))
    limits.devices = {} -- as every container of host_root has it
    assert.same(limits, box:config().cgroups)
    assert.same(limits, assert(other(factory):load("box")):config().cgroups)
  end)

  it("is no more: a state is replaced whole, and who has the old one open reads the old one [D12]", function()
    fixture.needs("root", "busybox")
    local root = fixture.root()
    local box <close> = assert(assert(lc.new(root)):create("box", { rootfs = fixture.rootfs() }))
    local path = root .. "/box/state.json"
    local before, inode = fixture.read(path), fixture.sh("stat -c %%i %s", path)
    local old <close> = assert(io.open(path))
    assert(box:start { args = { "sleep", "1000" } })
    assert.equal(before, old:read("a"))
    assert.not_equal(before, fixture.read(path))
    assert.not_equal(inode, fixture.sh("stat -c %%i %s", path))
  end)

  -- A factory whose init does something first: `script` is the shell's.
  local function factory_with(root, script)
    return assert(lc.new(root, { init_path = "/bin/sh", init_args = { "-c", script } }))
  end

  it("is no more: a start holds the lock of its container to the end [D12]", function()
    fixture.needs("root", "busybox")
    local root, place = fixture.root(), fixture.directory()
    local factory = factory_with(root, ("if flock -n %s/box/lock true; then echo free; else echo held; fi >%s/lock")
      :format(root, place))
    local box <close> = assert(factory:create("box", { rootfs = fixture.rootfs() }))
    assert.is_nil((box:start { args = { "true" } }))
    assert.equal("held\n", fixture.read(place .. "/lock"))
    assert.equal("free\n", fixture.sh("flock -n %s/box/lock echo free", root) .. "\n")
  end)

  it("is no more: a state that cannot be written ends the start, and its program never runs [D12]", function()
    fixture.needs("root", "busybox", "release")
    local root, rootfs = fixture.root(), fixture.rootfs()
    local script = fixture.directory() .. "/init.lua"
    fixture.write(script, ('require "libcontainer".new("%s"):start_initialization()'):format(root))
    local factory = factory_with(root, ("rm -r %s/box; LUA_PATH='%s' LUA_CPATH='%s' exec lua5.4 %s"):format(root,
      package.path, package.cpath, script))
    -- a hook is waited for, and the state is written when the init is ready: there is no place for it any more
    local box = assert(factory:create("box", { rootfs = rootfs, hooks = { prestart = { { path = "/bin/true" } } } }))
    local paths = box:state().cgroup_paths
    local process, err = box:start { args = { "sh", "-c", "echo ran >/ran" } }
    assert.is_nil(process)
    assert.equal("state", err.step)
    assert.equal("ENOENT", err.errname)
    assert.is_nil(fixture.read(rootfs .. "/ran"))
    for _, path in pairs(paths) do assert.equal("", fixture.sh("ls -d %s 2>/dev/null", path)) end
    box:destroy()
  end)

  it("is no more: the same where the init is let go while it is at work [D12]", function()
    fixture.needs("root", "busybox")
    assert.equal("state\tENOSPC\tcreated\t0\tnil\n0\n", fixture.lua_prints([[
      assert(os.execute("mkdir -p " .. root .. " && mount -t tmpfs -o mode=700,size=128k tmpfs " .. root))
      local factory = assert(lc.new(root))
      local box = assert(factory:create("box", { rootfs = rootfs }))
      os.execute("cat /dev/zero >" .. root .. "/filling 2>/dev/null")
      local process, err = box:start { args = { "sh", "-c", "echo ran >/ran" } }
      assert(not process)
      os.remove(root .. "/filling")
      print(err.step, err.errname, box:status(), #box:processes(), (io.open(rootfs .. "/ran")))
      assert(box:start({ args = { "sh", "-c", "echo ran >/ran" } }):wait(seconds(20)))
      assert(io.open(rootfs .. "/ran")):close()
      assert(box:destroy())
      print(#factory:list())]],
      { args = { fixture.root(), fixture.rootfs() }, before = "unshare -m --propagation private" }))
  end)

  it("is no more: without the memory controller the others work, and what needs it is named [D18] [D37]", function()
    fixture.needs("root", "busybox", "v1")
    local place = fixture.sh("sed -n 's/^[^ ]* [^ ]* [^ ]* [^ ]* \\([^ ]*\\) .* - cgroup .*memory.*/\\1/p' "
      .. "/proc/self/mountinfo")
    if place == "" then pending("needs the memory controller on a v1 hierarchy") end
    assert.equal("7\tnumber\tnil\nConfigInvalid\tcgroups.memory\t0\n", fixture.lua_prints([[
      local factory = assert(lc.new(root))
      local r = assert(lc.run { "sh", "-c", "exit 7", rootfs = rootfs, pids = 20, factory = factory })
      print(r.status, type(r.usage.cpu_time), r.usage.memory_peak)
      local box, err = factory:create("box", { rootfs = rootfs, cgroups = { memory = "64M" } })
      assert(not box)
      print(err.code, err.field, #factory:list())]], { args = { fixture.root(), fixture.rootfs() },
      before = ("unshare -m sh -c 'mount --make-rprivate / && umount %s && exec \"$@\"' x"):format(place) }))
  end)

  it("is no more: nothing is printed but what the caller prints [D38]", function()
    fixture.needs("root", "busybox")
    local ended = fixture.lua([[
      local factory = assert(lc.new(root))
      local box <close> = assert(factory:create("box", { rootfs = rootfs, cgroups = { memory = "64M" } }))
      assert(not box:start { args = { "no-such-program" } })
      assert(not box:start { args = { "true" }, user = "nobody-there" })
      assert(assert(assert(box:start { args = { "sh", "-c", "exit 3" } }):wait(60)).status == 3)
      assert(#factory:list() == 1 and factory:load("box") and not factory:load("none") and box:state())]],
      { args = { fixture.root(), fixture.rootfs() } })
    assert.same({ stdout = "", stderr = "", status = 0 }, ended)
  end)

  it("is no more: a cgroup that cannot be removed yet is named, and is removed when it can be [D39]", function()
    fixture.needs("root", "busybox", "v1")
    if fixture.sh("ls /sys/fs/cgroup/pids/cgroup.procs 2>/dev/null") == "" then pending("needs the pids controller") end
    -- A process that the library cannot see or signal, because it lives in a pid namespace, is in one of
    -- the hierarchies alone. A shell outside brings it there and takes it away again.
    local name, place = fixture.id(), fixture.directory()
    local foreign = tonumber(fixture.sh("sleep 7002 >/dev/null 2>&1 & echo $!"))
    local text = fixture.lua_prints([[
      local place, name = arg[3], arg[4]
      local factory = assert(lc.new(root))
      local box = assert(factory:create("box", { rootfs = rootfs, cgroups = { path = "/" .. name } }))
      assert(box:start { args = { "sleep", "1000" } })
      io.open(place .. "/bring", "w"):close()
      while not io.open(place .. "/brought") do end
      local done, err = box:destroy { timeout = 0.3 }
      assert(not done)
      print(err.step, err.subject, #factory:list())
      io.open(place .. "/take", "w"):close()
      assert(box:destroy { timeout = 60 })
      print(#factory:list())]], { args = { fixture.root(), fixture.rootfs(), place, name },
      shell = ([[{ until [ -e %s/bring ]; do :; done; echo %d >/sys/fs/cgroup/pids/%s/cgroup.procs
        touch %s/brought; until [ -e %s/take ]; do :; done; echo %d >/sys/fs/cgroup/pids/cgroup.procs; } >/dev/null 2>&1 &]]):format(
        place, foreign, name, place, place, foreign),
      before = "unshare -m -p -f --mount-proc" })
    fixture.sh("kill %d", foreign)
    assert.equal(("destroy\t/sys/fs/cgroup/pids/%s\t1\n0\n"):format(name), text)
    assert.equal("", fixture.sh("find /sys/fs/cgroup -name %s", name))
  end)
end)
