-- SPDX-License-Identifier: MIT
--- Faults of the ancestor that are not to come back, where no other spec has them by their feature.
local fixture = require "spec.support.fixture"
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
end)
