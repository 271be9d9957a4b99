-- SPDX-License-Identifier: MIT
-- Namespaces that are there already: joined by path, or shared with a container that runs.
local fixture = require "spec.support.fixture"
local lc = require "libcontainer"
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"
local inside = require "spec.support.inside"

local function own(kind)
  return fixture.sh("readlink /proc/%d/ns/%s", core.pid(), kind)
end

local function config(namespaces)
  return assert(configs.empty { rootfs = fixture.rootfs(), namespaces = namespaces,
    mounts = { { type = "proc", destination = "/proc" } } })
end

local function namespace(box, kind)
  return (assert(box:exec { "readlink", "/proc/self/ns/" .. kind }).stdout:gsub("\n", ""))
end

describe("a namespace that is joined", function()
  fixture.check_leaks()

  it("by path is the one that is there, of each kind that can be [O64]", function()
    fixture.needs("root", "busybox")
    local factory = fixture.factory()
    local other <close> = assert(factory:create(fixture.id(), config { "mount", "pid", "network", "ipc", "uts", "cgroup",
      "time" }))
    local init = assert(other:start { "sleep", "60" })
    local function path(kind) return ("/proc/%d/ns/%s"):format(init:pid(), kind) end
    local box <close> = assert(factory:create(fixture.id(), { rootfs = fixture.rootfs(),
      mounts = { { type = "proc", destination = "/proc" } },
      namespaces = { "mount", "pid", network = path "net", ipc = path "ipc", uts = path "uts", cgroup = path "cgroup",
        time = path "time" } }))
    local process = assert(box:start { "sleep", "60" })
    for _, kind in ipairs { "net", "ipc", "uts", "cgroup", "time" } do
      local there = fixture.sh("readlink %s", path(kind))
      assert.equal(there, fixture.sh("readlink /proc/%d/ns/%s", process:pid(), kind), kind)
      assert.not_equal(own(kind), there, kind)
      assert.equal(there, namespace(box, kind), kind)
    end
    for _, one in ipairs { init, process } do
      one:signal "KILL"
      one:wait()
    end
  end)

  it("must be of the stated kind, and a namespace at all [O64]", function()
    fixture.needs("root", "busybox")
    for _, wrong in ipairs { ("/proc/%d/ns/ipc"):format(core.pid()), "/etc/passwd", "/dev/null", "/proc/self" } do
      local err = inside.refused({ rootfs = fixture.rootfs(), exact = true,
        namespaces = { "mount", "pid", network = wrong } }, "true")
      assert.equal("namespaces.network", err.field)
      assert.equal("EINVAL", err.errname, wrong)
    end
    local err = inside.refused({ rootfs = fixture.rootfs(), exact = true,
      namespaces = { "mount", "pid", network = "/proc/none/ns/net" } }, "true")
    assert.equal("ENOENT", err.errname)
  end)

  it("must be named by an absolute path, and be one that can be joined", function()
    for name, wish in pairs { network = "proc/1/ns/net", ipc = 5, pid = "/proc/1/ns/pid", user = "/proc/1/ns/user" } do
      local fine, err = configs.validate { rootfs = "/x", namespaces = { "mount", [name] = wish } }
      assert.is_nil(fine)
      assert.truthy(tostring(err):find("namespaces." .. name, 1, true), name)
    end
    local fine, err = configs.validate { rootfs = "/x", time_offsets = { boottime = 1 },
      namespaces = { "mount", time = "/proc/1/ns/time" } }
    assert.is_nil(fine)
    assert.matches("time_offsets: are of a namespace that is made", tostring(err))
  end)
end)

describe("a namespace of another container", function()
  fixture.check_leaks()

  it("is shared while that one runs, and stays when it ends [O82]", function()
    fixture.needs("root", "busybox")
    local root = fixture.root()
    local factory = assert(lc.new(root))
    local other = assert(factory:create("other", config { "mount", "pid", "network", "ipc" }))
    local t = config { "mount", "pid" }
    t.namespaces = { "mount", "pid", network = other, ipc = other }
    local box, err = factory:create("box", t)
    assert.is_nil(box)
    assert.matches('namespaces.%a+: is of the container "other", which is created', tostring(err))

    local init = assert(other:start { "sleep", "60" })
    box = assert(factory:create("box", t))
    local process = assert(box:start { "sleep", "60" })
    for _, kind in ipairs { "net", "ipc" } do
      assert.equal(namespace(other, kind), namespace(box, kind), kind)
      assert.not_equal(own(kind), namespace(box, kind), kind)
    end
    local shared = namespace(box, "net")
    assert(other:destroy())
    init:wait()
    assert.equal(shared, namespace(box, "net"))
    assert(box:signal "KILL")
    process:wait()
    process, err = box:start { "true" }
    assert.is_nil(process)
    assert.matches('is of the container "other", which is', tostring(err))
    local loaded = assert(factory:load("box"))
    process, err = loaded:start { "true" }
    assert.is_nil(process)
    assert.matches("only the program that created this container", tostring(err))
    assert(box:destroy())
  end)
end)
