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
    local opened -- the step that looks at what is there, before anything is entered
    for _, wrong in ipairs { "/etc/passwd", "/dev/null", "/proc/self", ("/proc/%d/ns/ipc"):format(core.pid()) } do
      local err = inside.refused({ rootfs = fixture.rootfs(), exact = true,
        namespaces = { "mount", "pid", network = wrong } }, "true")
      assert.equal("namespaces.network", err.field)
      assert.equal("EINVAL", err.errname, wrong)
      opened = opened or err.op
      assert.equal(opened, err.op, wrong)
    end
    local err = inside.refused({ rootfs = fixture.rootfs(), exact = true,
      namespaces = { "mount", "pid", network = "/proc/none/ns/net" } }, "true")
    assert.equal("ENOENT", err.errname)
  end)

  it("must be named by an absolute path", function()
    for name, wish in pairs { network = "proc/1/ns/net", ipc = 5, pid = "", user = "user" } do
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

-- A container that runs until it is told to end, and what it has of each kind.
local function running(namespaces, more)
  local t = assert(configs.empty { rootfs = more and more.rootfs or fixture.rootfs(), namespaces = namespaces,
    mounts = { { type = "proc", destination = "/proc" } } })
  for key, value in pairs(more or {}) do t[key] = value end
  local box = assert(fixture.factory():create(fixture.id(), t))
  local init = assert(box:start { "sleep", "60" })
  return box, init, function(kind) return ("/proc/%d/ns/%s"):format(init:pid(), kind) end
end

local function finish(...)
  for _, process in ipairs { ... } do
    process:signal "KILL"
    process:wait()
  end
end

local FIRST <const> = 100000
local MAPPINGS <const> = { { container_id = 0, host_id = FIRST, size = 65536 } }
local function owned_rootfs()
  local rootfs = fixture.rootfs()
  fixture.sh("find %s -type d -exec chown %d:%d {} +", rootfs, FIRST, FIRST)
  return rootfs
end

describe("a pid namespace that is joined", function()
  fixture.check_leaks()

  it("has the program in it beside others, and its end is told to the host [O64]", function()
    fixture.needs("root", "busybox")
    local other <close>, init, path = running { "mount", "pid", "ipc" }
    local box <close> = assert(fixture.factory():create(fixture.id(), config { "mount", "ipc", "network", pid = path "pid" }))
    local process = assert(box:start { args = { "sh", "-c", "readlink /proc/self/ns/pid; cat /proc/1/comm; echo $$; "
      .. "read x; exit 7" }, stdin = "pipe", stdout = "pipe" })
    assert.equal(fixture.sh("readlink %s", path "pid"), (process.stdout:read("l")))
    assert.equal("sleep", (process.stdout:read("l"))) -- /proc is of that namespace
    assert.not_equal("1", (process.stdout:read("l")))
    assert.equal(process:pid(), box:state().init_process_pid)
    assert.equal(path("pid"), ("/proc/%d/ns/pid"):format(init:pid()))
    local again = assert(box:exec { "readlink", "/proc/self/ns/pid" })
    assert.equal(fixture.sh("readlink %s", path "pid") .. "\n", again.stdout)
    process.stdin:write("go\n")
    assert.equal(7, process:wait(fixture.seconds(60)).status)
    process:close()
    assert.equal("running", other:status())
    finish(init)
  end)

  it("loses what the program has left in it when the program ends, and nobody else", function()
    fixture.needs("root", "busybox")
    local other <close>, init, path = running { "mount", "pid" }
    local box <close> = assert(fixture.factory():create(fixture.id(), config { "mount", pid = path "pid" }))
    local process = assert(box:start { args = { "sh", "-c", "sleep 60 & echo $!" }, stdout = "pipe" })
    local left = process.stdout:read("l")
    assert.equal(0, process:wait(fixture.seconds(60)).status)
    process:close()
    -- The one that had to reap it is no shell.
    assert.equal("Z", assert(other:exec { "cut", "-d ", "-f3", "/proc/" .. left .. "/stat" }).stdout:match("%a"))
    assert.equal("running", other:status())
    finish(init)
  end)

  it("lets one process be the only one that is allowed", function()
    fixture.needs("root", "busybox")
    local other <close>, init, path = running { "mount", "pid" }
    assert.equal("running", other:status())
    local t = config { "mount", pid = path "pid" }
    t.cgroups = { pids_limit = 1 }
    local box <close> = assert(fixture.factory():create(fixture.id(), t))
    local process = assert(box:start { args = { "sh", "-c", "(true) && echo made" }, stdout = "pipe" })
    assert.not_equal("made\n", process.stdout:read("a"))
    process:wait(fixture.seconds(60))
    process:close()
    assert.equal("running", other:status())
    finish(init)
  end)
end)

describe("a user namespace that is joined", function()
  fixture.check_leaks()

  it("has its own mappings, and owns what is made beside it [O64] [O68]", function()
    fixture.needs("root", "busybox")
    local other <close>, init, path = running({ "mount", "pid", "user" }, { rootfs = owned_rootfs(),
      uid_mappings = MAPPINGS, gid_mappings = MAPPINGS })
    assert.equal("running", other:status())
    local t = assert(configs.default { rootfs = owned_rootfs(), capabilities = { "SYS_ADMIN" }, seccomp = false,
      namespaces = { "mount", "pid", "uts", "ipc", "network", "cgroup", user = path "user" } })
    local box <close> = assert(fixture.factory():create(fixture.id(), t))
    local process = assert(box:start { args = { "sh", "-c", "readlink /proc/self/ns/user; tr -s ' ' < /proc/self/uid_map; "
      .. "id -u; hostname other && hostname; echo x > /dev/null && echo null; read x" }, stdin = "pipe", stdout = "pipe",
      user = "1000:1001" })
    assert.equal(fixture.sh("readlink %s", path "user"), (process.stdout:read("l")))
    assert.equal(" 0 100000 65536", (process.stdout:read("l")))
    assert.equal("1000", (process.stdout:read("l")))
    assert.equal("null", (process.stdout:read("l"):gsub("^hostname.*", "null")))
    local status = fixture.read(("/proc/%d/status"):format(process:pid()))
    assert.equal("101000", status:match("\nUid:%s+(%d+)"))
    assert.equal(fixture.sh("readlink %s", path "user") .. "\n",
      assert(box:exec { "readlink", "/proc/self/ns/user" }).stdout)
    assert.equal("other\n", assert(box:exec { "sh", "-c", "hostname other && hostname" }).stdout)
    local refused, err = box:exec { "true", user = "70000" }
    assert.is_nil(refused)
    assert.matches("user 70000 is not in uid_mappings", tostring(err))
    process.stdin:close()
    process:wait(fixture.seconds(60))
    process:close()
    finish(init)
  end)

  it("may be said to have the mappings that it has, and no others [O68]", function()
    fixture.needs("root", "busybox")
    local other <close>, init, path = running({ "mount", "pid", "user" }, { rootfs = owned_rootfs(),
      uid_mappings = MAPPINGS, gid_mappings = MAPPINGS })
    local function start(mappings)
      local box <close> = assert(fixture.factory():create(fixture.id(), assert(configs.empty { rootfs = owned_rootfs(),
        namespaces = { "mount", user = path "user" }, uid_mappings = mappings, gid_mappings = mappings })))
      local process, err = box:start { "true" }
      if not process then return nil, err end
      return process:wait(fixture.seconds(60)).status
    end
    assert.equal(0, start(MAPPINGS))
    local status, err = start { { container_id = 0, host_id = 7, size = 65536 } }
    assert.is_nil(status)
    assert.equal("ConfigInvalid", err.code)
    assert.equal("uid_mappings", err.field)
    assert.matches("are not those of the user namespace that is joined", tostring(err))
    assert.equal("running", other:status())
    finish(init)
  end)

  it("is entered with all others that are joined, whoever they belong to [O64]", function()
    fixture.needs("root", "busybox")
    local mine <close>, first, path = running { "mount", "pid", "network" }
    local other <close>, second, there = running({ "mount", "pid", "ipc", "user" }, { rootfs = owned_rootfs(),
      uid_mappings = MAPPINGS, gid_mappings = MAPPINGS })
    local box <close> = assert(fixture.factory():create(fixture.id(), assert(configs.empty { rootfs = owned_rootfs(),
      mounts = { { type = "proc", destination = "/proc" } },
      namespaces = { "mount", user = there "user", pid = there "pid", ipc = there "ipc", network = path "net" } })))
    local process = assert(box:start { "sleep", "60" })
    for kind, where in pairs { user = there, pid = there, ipc = there, net = path } do
      local wanted = fixture.sh("readlink %s", where(kind))
      assert.equal(wanted, fixture.sh("readlink /proc/%d/ns/%s", process:pid(), kind), kind)
      assert.equal(wanted, namespace(box, kind), kind)
    end
    assert.equal("running", mine:status())
    assert.equal("running", other:status())
    finish(process, first, second)
  end)

  it("cannot be the one that we are in, nor one in which nobody is root", function()
    fixture.needs("root", "busybox")
    local err = inside.refused({ rootfs = fixture.rootfs(), exact = true,
      namespaces = { "mount", user = ("/proc/%d/ns/user"):format(core.pid()) } }, "true")
    assert.equal("namespaces.user", err.field)
    assert.equal("EINVAL", err.errname)
    assert.matches("leaving the name out", err.hint)
  end)
end)

describe("a user namespace of its own", function()
  fixture.check_leaks()

  it("may be had beside namespaces that are joined and belong to others [O64]", function()
    fixture.needs("root", "busybox")
    local other <close>, init, path = running { "mount", "pid", "network", "ipc", "uts" }
    local box <close> = assert(fixture.factory():create(fixture.id(), assert(configs.default { rootfs = owned_rootfs(),
      uid_mappings = MAPPINGS, gid_mappings = MAPPINGS,
      namespaces = { "mount", "pid", "user", "cgroup", network = path "net", ipc = path "ipc", uts = path "uts" } })))
    local process = assert(box:start { args = { "sh", "-c", "id -u; test -d /sys/class/net || exit 4; read x" }, stdin = "pipe", stdout = "pipe" })
    assert.equal("0", (process.stdout:read("l")))
    for _, kind in ipairs { "net", "ipc", "uts" } do
      assert.equal(fixture.sh("readlink %s", path(kind)), namespace(box, kind), kind)
    end
    assert.not_equal(own "user", namespace(box, "user"))
    assert.equal(tostring(FIRST), fixture.read(("/proc/%d/status"):format(process:pid())):match("\nUid:%s+(%d+)"))
    process.stdin:close()
    assert.equal(1, process:wait(fixture.seconds(60)).status)
    process:close()
    assert.equal("running", other:status())
    finish(init)
  end)
end)

describe("a mount namespace that is joined", function()
  fixture.check_leaks()

  it("gives its root, its mounts and its users as they are [O64]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.write(rootfs .. "/mark", "of the other\n")
    fixture.sh("chmod 1777 %s/tmp", rootfs)
    fixture.write(rootfs .. "/etc/passwd", "root:x:0:0::/:/bin/sh\nstranger:x:4711:4712::/tmp:/bin/sh\n")
    local other <close>, init, path = running({ "mount", "pid" }, { rootfs = rootfs })
    local box <close> = assert(fixture.factory():create(fixture.id(), assert(configs.empty { rootfs = "/",
      namespaces = { "pid", "ipc", mount = path "mnt" } })))
    local process = assert(box:start { args = { "sh", "-c", "cat /mark; id -u; pwd; echo $HOME; echo made > /tmp/made; read x" },
      user = "stranger", stdin = "pipe", stdout = "pipe", cwd = "/tmp" })
    assert.equal("of the other", (process.stdout:read("l")))
    assert.equal("4711", (process.stdout:read("l")))
    assert.equal("/tmp", (process.stdout:read("l")))
    assert.equal("/tmp", (process.stdout:read("l")))
    assert.equal(fixture.sh("readlink %s", path "mnt"), fixture.sh("readlink /proc/%d/ns/mnt", process:pid()))
    assert.equal("of the other\n", assert(box:exec { "cat", "/mark" }).stdout)
    process.stdin:close()
    process:wait(fixture.seconds(60))
    process:close()
    assert.equal("made\n", assert(other:exec { "cat", "/tmp/made" }).stdout)
    local mounts = fixture.read(("/proc/%d/mountinfo"):format(init:pid()))
    assert.equal(2, select(2, mounts:gsub("\n", "\n")), mounts) -- the root and /proc: nothing was mounted
    finish(init)
  end)

  it("of a container with a user namespace is joined along with that", function()
    fixture.needs("root", "busybox")
    local other <close>, init, path = running({ "mount", "pid", "user" }, { rootfs = owned_rootfs(),
      uid_mappings = MAPPINGS, gid_mappings = MAPPINGS })
    local box <close> = assert(fixture.factory():create(fixture.id(), assert(configs.empty { rootfs = "/",
      namespaces = { mount = path "mnt", user = path "user", pid = path "pid" } })))
    local process = assert(box:start { args = { "sh", "-c", "id -u; id -g; readlink /proc/self/ns/user" }, user = "user",
      stdout = "pipe" })
    assert.equal("1000\n1001\n" .. fixture.sh("readlink %s", path "user") .. "\n", process.stdout:read("a"))
    assert.equal(0, process:wait(fixture.seconds(60)).status)
    process:close()
    assert.equal("running", other:status())
    finish(init)
  end)

  it("has no root to be made or changed in it", function()
    local joined = { "pid", mount = "/proc/1/ns/mnt" }
    local function problem(more)
      local t = { rootfs = "/", namespaces = joined }
      for key, value in pairs(more) do t[key] = value end
      local fine, err = configs.validate(t)
      assert.is_nil(fine)
      return tostring(err)
    end
    assert.is_true(configs.validate { rootfs = "/", namespaces = joined, readonlyfs = false, mounts = {} })
    assert.matches('rootfs = "/x": is chosen by the mount namespace', problem { rootfs = "/x" })
    for field, value in pairs { mounts = { { type = "proc", destination = "/proc" } }, mask_paths = { "/x" },
      readonly_paths = { "/x" }, readonlyfs = true, rootfs_propagation = "shared",
      devices = { { path = "/dev/x", type = "p" } } } do
      assert.matches(field .. "%f[^%w_].*would change the root of others", problem { [field] = value }, field)
    end
    assert.matches("hooks.create_container: is run before", problem { hooks = { create_container = { { path = "/x" } } } })
  end)

  it("is never that of the host", function()
    fixture.needs("root")
    local err = inside.refused({ rootfs = "/", exact = true, namespaces = { "pid",
      mount = ("/proc/%d/ns/mnt"):format(core.pid()) } }, "true")
    assert.equal("namespaces.mount", err.field)
    assert.equal("ConfigInvalid", err.code)
    assert.matches("is that of the host", tostring(err))
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

  it("of every kind is shared, and the other one need not be waited for last [O82]", function()
    fixture.needs("root", "busybox")
    local factory = fixture.factory()
    local other <close> = assert(factory:create(fixture.id(), assert(configs.default { rootfs = owned_rootfs(),
      uid_mappings = MAPPINGS, gid_mappings = MAPPINGS,
      namespaces = { "mount", "pid", "uts", "ipc", "network", "cgroup", "user" } })))
    local init = assert(other:start { "sleep", "60" })
    local box <close> = assert(factory:create(fixture.id(), assert(configs.default {
      namespaces = { mount = other, pid = other, uts = other, ipc = other, network = other, cgroup = other,
        user = other } })))
    local process = assert(box:start { "sleep", "60" })
    for _, kind in ipairs { "mnt", "pid", "uts", "ipc", "net", "cgroup", "user" } do
      local wanted = fixture.sh("readlink /proc/%d/ns/%s", init:pid(), kind)
      assert.equal(wanted, fixture.sh("readlink /proc/%d/ns/%s", process:pid(), kind), kind)
      assert.not_equal(own(kind), wanted)
    end
    assert.equal("container\n", assert(box:exec { "hostname" }).stdout)
    init:signal "KILL" -- which ends when the other has been reaped, whom it takes along
    assert.equal(9, init:wait(fixture.seconds(60)).signal)
    assert.equal(9, process:wait(fixture.seconds(60)).signal)
    assert.equal("stopped", box:status())
  end)

  it("is shared by lc.run, and by a configuration that says so before there is a container [O82]", function()
    fixture.needs("root", "busybox")
    local other <close>, init = running { "mount", "pid", "network", "ipc" }
    local result = assert(lc.run { "sh", "-c", "readlink /proc/self/ns/net; readlink /proc/self/ns/pid",
      rootfs = fixture.rootfs(), factory = fixture.factory(),
      namespaces = { "mount", "ipc", network = other, pid = other } })
    assert.equal("", result.stderr)
    assert.equal(fixture.sh("readlink /proc/%d/ns/net", init:pid()), (result.stdout:match("^[^\n]+")))
    assert.equal(fixture.sh("readlink /proc/%d/ns/pid", init:pid()), (result.stdout:match("\n([^\n]+)")))
    local t = assert(configs.default { rootfs = "/x", namespaces = { "mount", network = other } })
    assert.is_true(configs.validate(t))
    assert.matches("network = libcontainer.container ", tostring(t))
    assert.is_true(configs.validate(assert(configs.builder():rootfs("/x"):namespaces { "mount", "network", ipc = other }:build())))
    finish(init)
    local refused, err = lc.run { "true", rootfs = fixture.rootfs(), factory = fixture.factory(),
      namespaces = { "mount", network = other } }
    assert.is_nil(refused)
    assert.matches("namespaces.network: is of the container", tostring(err))
  end)
end)
