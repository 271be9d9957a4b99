-- SPDX-License-Identifier: MIT
--- Containers in scopes of the systemd that runs this machine.
local fixture = require "spec.support.fixture"

local function create(config, factory)
  config = config or {}
  config.rootfs = config.rootfs or fixture.rootfs()
  return assert((factory or fixture.factory { cgroups = "systemd" }):create(fixture.id(), config))
end

local function scope_of(box)
  return box:state().systemd
end

-- What systemd says of a property; "" when there is no such unit.
local function property(unit, name)
  return fixture.sh("systemctl show -p %s --value -- '%s'", name, unit)
end

-- Is systemd's unit of that name, and its cgroup, gone?
local function is_gone(unit)
  return property(unit, "LoadState") == "not-found"
    and fixture.sh("find /sys/fs/cgroup -name '%s'", (unit:gsub("\\", "\\\\"))) == ""
end

-- The content of a file of the container's cgroup, or of one beside or above it.
local function file(box, name)
  local text = fixture.read(box:state().cgroup_paths.unified .. "/" .. name)
  return text and (text:gsub("\n$", ""))
end

describe("a container in a systemd scope", function()
  fixture.check_leaks()

  it("has its limits as properties of the scope, and exactly in a cgroup below it [O84]", function()
    fixture.needs("root", "busybox", "systemd")
    local box <close> = create { cgroups = { memory = "64M", cpus = 0.255, pids_limit = 20, cpuset_cpus = "0",
      cpu_weight = 50, memory_high = "48M" } }
    local p = assert(box:start { args = { "sleep", "1000" } })
    local unit = scope_of(box).unit
    assert.matches("^libcontainer%-.*%.scope$", unit)
    assert.is_true(box:loads_libraries())
    assert.equal("0::/system.slice/" .. unit .. "/container\n", fixture.read(("/proc/%d/cgroup"):format(p:pid())))
    local expected = { ActiveState = "active", Slice = "system.slice", Delegate = "yes", MemoryMax = "67108864",
      MemoryHigh = "50331648", CPUQuotaPerSecUSec = "260ms", CPUWeight = "50", AllowedCPUs = "0", TasksMax = "21",
      Description = "container " .. scope_of(box).owner }
    for name, value in pairs(expected) do assert.equal(value, property(unit, name), name) end
    assert.equal("67108864", file(box, "memory.max"))
    assert.equal("25500 100000", file(box, "cpu.max"))
    assert.equal("20", file(box, "pids.max"))
    assert.equal("0", file(box, "cpuset.cpus"))
    assert.equal("67108864", file(box, "../memory.max"))
    assert.same({ p:pid() }, box:processes())
    assert(box:destroy())
    assert.is_true(is_gone(unit))
  end)

  it("has the properties that annotations ask for, and says what systemd knows not of them [O62]", function()
    fixture.needs("root", "busybox", "systemd")
    local box <close> = create { annotations = {
      ["org.systemd.property.TimeoutStopSec"] = "uint64 123", ["org.systemd.property.RuntimeMaxUSec"] = "@t 900000000",
      ["org.systemd.property.CollectMode"] = "'inactive'", ["org.systemd.property.After"] = "['basic.target']",
      ["org.systemd.property.SendSIGHUP"] = "true", ["org.systemd.property.CPUWeight"] = "uint64 50",
    } }
    assert(box:start { args = { "sleep", "1000" } })
    local unit = scope_of(box).unit
    for name, value in pairs { TimeoutStopUSec = "2min 3s", RuntimeMaxUSec = "15min", CollectMode = "inactive",
      SendSIGHUP = "yes", CPUWeight = "50" } do
      assert.equal(value, property(unit, name), name)
    end
    assert.matches("basic.target", property(unit, "After"), 1, true)
    local refused <close> = create { annotations = { ["org.systemd.property.NoSuchThing"] = "1" } }
    local p, err = refused:start { args = { "true" } }
    assert.is_nil(p)
    assert.equal("systemd", err.step)
    assert.matches("NoSuchThing", tostring(err))
    assert.is_true(is_gone(scope_of(refused).unit))
  end)

  it("keeps them when systemd reads its units again", function()
    fixture.needs("root", "busybox", "systemd")
    local box <close> = create { cgroups = { memory = "64M" } }
    assert(box:start { args = { "sleep", "1000" } })
    fixture.sh("systemctl daemon-reload")
    assert.equal("67108864", file(box, "memory.max"))
    assert.equal("67108864", file(box, "../memory.max"))
    assert.equal("running", box:status())
  end)

  it("has its accounting after its end, which ends the scope too [L35]", function()
    fixture.needs("root", "busybox", "systemd")
    local factory = fixture.factory { cgroups = "systemd" }
    local lc = require "libcontainer"
    for _ = 1, 3 do
      local r = assert(lc.run { factory = factory, rootfs = fixture.rootfs(), memory = "16M",
        cgroups = { memory_swap = "16M" }, "sh", "-c", "x=$(head -c 50000000 /dev/zero | tr '\\0' y)" })
      assert.is_true(r.oom)
      assert.equal(9, r.signal)
      assert.is_true(r.usage.memory_peak > 8 * 1024 * 1024)
    end
    assert.equal("", fixture.sh("systemctl list-units --all --no-legend 'libcontainer-*.scope'"))
  end)

  it("can run again, take further programs, be paused and resumed", function()
    fixture.needs("root", "busybox", "systemd")
    local box <close> = create()
    assert.equal(3, assert(assert(box:start { args = { "sh", "-c", "exit 3" } }):wait()).status)
    assert.equal("stopped", box:status())
    assert(box:start { args = { "sleep", "1000" } })
    local p = assert(box:start { args = { "sh", "-c", "exit 4" } })
    assert.equal(4, assert(p:wait()).status)
    assert(box:pause())
    assert.equal("paused", box:status())
    assert(box:resume())
    assert.equal("running", box:status())
    local unit = scope_of(box).unit
    assert.equal("active", property(unit, "ActiveState"))
    assert(box:destroy())
    assert.is_true(is_gone(unit))
  end)

  it("leaves no scope after a start that failed [A89]", function()
    fixture.needs("root", "busybox", "systemd")
    local box <close> = create()
    local p, err = box:start { args = { "no-such-program" } }
    assert.is_nil(p)
    assert.equal("exec", err.step)
    assert.is_true(is_gone(scope_of(box).unit))
  end)

  it("is in the slice and has the name that cgroups.path says [O84]", function()
    fixture.needs("root", "busybox", "systemd")
    local box <close> = create { cgroups = { path = "lcspec-inner.slice:pre:" .. fixture.id() } }
    local p = assert(box:start { args = { "sleep", "1000" } })
    assert.matches("^0::/lcspec%.slice/lcspec%-inner%.slice/pre%-spec%-[%d-]+%.scope/container\n$",
      fixture.read(("/proc/%d/cgroup"):format(p:pid())))
    assert.equal("lcspec-inner.slice", property(scope_of(box).unit, "Slice"))
    assert(box:destroy())
    fixture.sh("systemctl stop lcspec.slice")
  end)

  it("is refused where another unit has its name, which is left alone [L28] [L48]", function()
    fixture.needs("root", "busybox", "systemd")
    local name = fixture.id()
    local pid = fixture.sh("sleep 7000 >/dev/null 2>&1 & echo $!")
    fixture.sh("busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager "
      .. "StartTransientUnit 'ssa(sv)a(sa(sv))' lc-%s.scope fail 2 PIDs au 1 %s Description s stranger 0", name, pid)
    local box <close> = create { cgroups = { path = ":lc:" .. name } }
    local p, err = box:start { args = { "true" } }
    assert.is_nil(p)
    assert.equal("systemd", err.step)
    assert.equal("EBUSY", err.errname)
    assert.matches("somebody else", tostring(err))
    assert(box:destroy())
    assert.equal("active", property("lc-" .. name .. ".scope", "ActiveState"))
    fixture.sh("kill %s", pid)
  end)

  it("gives the scope of a container with processes to nobody [L28]", function()
    fixture.needs("root", "busybox", "systemd")
    local path = ":lc:" .. fixture.id()
    local first <close> = create { cgroups = { path = path } }
    assert(first:start { args = { "sleep", "1000" } })
    local box, err = fixture.factory { cgroups = "systemd" }:create(fixture.id(),
      { rootfs = fixture.rootfs(), cgroups = { path = path } })
    assert.is_nil(box)
    assert.equal("EBUSY", err.errname)
    assert.equal("running", first:status())
  end)

  it("has its limits changed in both places, or in none [L45]", function()
    fixture.needs("root", "busybox", "systemd")
    local box <close> = create { cgroups = { memory = "64M", pids_limit = 20 } }
    assert(box:start { args = { "sleep", "1000" } })
    local unit = scope_of(box).unit
    assert(box:set { memory = "32M", pids_limit = 30, cpuset_cpus = "0" })
    assert.equal("33554432", property(unit, "MemoryMax"))
    assert.equal("31", property(unit, "TasksMax"))
    assert.equal("0", property(unit, "AllowedCPUs"))
    assert.equal("33554432", file(box, "memory.max"))
    local done, err = box:set { pids_limit = 40, memory = 4096 }
    assert.is_nil(done)
    assert.equal("EBUSY", err.errname)
    assert.equal("31", property(unit, "TasksMax"))
    assert.equal("30", file(box, "pids.max"))
    assert.equal("33554432", property(unit, "MemoryMax"))
  end)

  it("is cleared away by another process, whatever became of the host [L01]", function()
    fixture.needs("root", "busybox", "systemd", "cc")
    local rootfs = fixture.rootfs()
    local root = fixture.root()
    local id = fixture.id()
    local ended = fixture.lua([[
      local box = assert(assert(lc.new(root, { cgroups = "systemd" })):create(arg[3], { rootfs = rootfs }))
      assert(box:start { args = { "sleep", "1000" } })
      io.stdout:write(box:state().systemd.unit)
      io.stdout:flush()
      posix.kill(posix.getpid(), 9)
    ]], { args = { root, rootfs, id } })
    assert.equal(9, ended.signal, ended.stderr)
    local unit = ended.stdout
    assert.equal("active", property(unit, "ActiveState"))
    -- a factory that itself has nothing to do with systemd
    local other = assert(require "libcontainer".new(root))
    assert.equal("running", assert(other:load(id)):status())
    assert(other:destroy(id))
    assert.is_true(is_gone(unit))
    local again <close> = assert(assert(require "libcontainer".new(root, { cgroups = "systemd" }))
      :create(id, { rootfs = rootfs }))
    assert(again:start { args = { "sleep", "1000" } })
    assert.equal(unit, scope_of(again).unit)
  end)

  it("that outlives its host is systemd's to end, too", function()
    fixture.needs("root", "busybox", "systemd", "cc")
    local root = fixture.root()
    local id = fixture.id()
    fixture.lua_prints([[
      local box = assert(assert(lc.new(root, { cgroups = "systemd" }))
        :create(arg[3], { rootfs = rootfs, detach = true }))
      assert(box:start { args = { "sleep", "1000" } })
    ]], { args = { root, fixture.rootfs(), id } })
    local box = assert(assert(require "libcontainer".new(root)):load(id))
    local unit = scope_of(box).unit
    assert.equal("running", box:status())
    fixture.sh("systemctl kill --signal=KILL -- '%s'; systemctl stop -- '%s'", unit, unit)
    assert(box:wait(fixture.seconds(10)))
    assert.equal("stopped", box:status())
    assert.is_true(is_gone(unit))
    assert(box:destroy())
  end)

  it("with a damaged state is found by its name, in the scope too [L16]", function()
    fixture.needs("root", "busybox", "systemd", "cc")
    local root = fixture.root()
    local id = fixture.id()
    local unit = fixture.lua_prints([[
      local box = assert(assert(lc.new(root, { cgroups = "systemd" }))
        :create(arg[3], { rootfs = rootfs, detach = true }))
      assert(box:start { args = { "sleep", "1000" } })
      io.stdout:write(box:state().systemd.unit)
    ]], { args = { root, fixture.rootfs(), id } })
    fixture.write(root .. "/" .. id .. "/state.json", "{")
    assert.equal("active", property(unit, "ActiveState"))
    assert(assert(require "libcontainer".new(root)):destroy(id))
    assert.is_true(is_gone(unit))
  end)
end)

describe("a factory on a machine that systemd runs", function()
  fixture.check_leaks()

  it("makes no scopes for root unless it is asked to", function()
    fixture.needs("root", "busybox", "systemd")
    local box <close> = create(nil, fixture.factory())
    assert(box:start { args = { "sleep", "1000" } })
    assert.is_nil(scope_of(box))
  end)

  it("makes scopes for an ordinary user who may make no cgroups", function()
    fixture.needs("root", "systemd", "cc")
    local ended = fixture.lua([[
      local core = require "libcontainer.core"
      local _, _, has_systemd = assert(core.host()):cgroups()
      local _, _, is_fs = assert(core.host(nil, "fs")):cgroups()
      print(has_systemd, is_fs)
    ]], { before = "runuser -u nobody -- env" })
    assert.equal("false\tfalse\n", ended.stdout) -- he has no bus of his own: no error, and no scopes
  end)

  it("refuses a cgroups.path that is none for systemd, with the way out", function()
    fixture.needs("root", "busybox", "systemd")
    local factory = fixture.factory { cgroups = "systemd" }
    for _, path in ipairs { "/a/b", "name", "a:b", "a:b:c", "a.slice:b:", "a--b.slice:b:c", "a.slice:b:c.slice" } do
      local box, err = factory:create(fixture.id(), { rootfs = fixture.rootfs(), cgroups = { path = path } })
      assert.is_nil(box)
      assert.equal("cgroups.path", err.field)
      assert.matches("slice:prefix:name", err.hint)
    end
  end)
end)
