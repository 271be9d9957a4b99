-- SPDX-License-Identifier: MIT
-- Containers of an ordinary user: run by `make check-rootless`.
local fixture = require "spec.support.fixture"
local lc = require "libcontainer"
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"
local inside = require "spec.support.inside"
local rootless = require "libcontainer.configs.rootless"

local UID <const>, GID <const> = core.uid(), core.gid()
local UIDS <const>, GIDS <const> = rootless.mappings()

-- What the host has of a process, by the names of its status.
local function status_of(pid, name)
  local line = fixture.read(("/proc/%d/status"):format(pid)):match("\n" .. name .. ":[ \t]*([^\n]*)")
  return (line:gsub("%s+", " "))
end

local function single(id)
  return { { container_id = 0, host_id = id, size = 1 } }
end

local function map_text(list)
  local text = {}
  for i, range in ipairs(list) do text[i] = ("%d %d %d"):format(range.container_id, range.host_id, range.size) end
  return table.concat(text, " ")
end

local function may_make_cgroups()
  local factory = fixture.factory()
  local box <close> = assert(factory:create(fixture.id(), { rootfs = "/" }))
  return #assert(box:state()).cgroup_places > 0
end

describe("an ordinary user", function()
  fixture.check_leaks()

  it("is one: without capabilities, and with ranges of ids", function()
    assert.not_equal(0, UID)
    assert.is_false(core.is_privileged())
    assert.equal("0000000000000000", status_of(core.pid(), "CapEff"))
    assert.is_true(#UIDS >= 2 and #GIDS >= 2, "neither /etc/subuid nor newuidmap")
  end)

  it("runs a program with nothing else said, as root of its own ids [O67]", function()
    local result = assert(lc.run { "sh", "-c", "id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map; "
      .. "cat /proc/self/setgroups", factory = fixture.factory() })
    assert.equal("", result.stderr)
    assert.equal(("0 0 %s %s allow"):format(map_text(UIDS), map_text(GIDS)), (result.stdout:gsub("%s+", " "):match("^(.-) $")))
  end)

  it("has his state in XDG_RUNTIME_DIR", function()
    local place = fixture.directory()
    local text = fixture.lua_prints([[
      local factory = assert(lc.new())
      local box <close> = assert(factory:create("mine", { rootfs = "/" }))
      local file <close> = assert(io.open(root .. "/libcontainer/mine/state.json"))
      print(#file:read("a") > 0)]], { args = { place }, shell = ("export XDG_RUNTIME_DIR=%s;"):format(place) })
    assert.equal("true\n", text)
  end)

  it("makes files that are his, and others that are of his ranges", function()
    fixture.needs "busybox"
    local rootfs = fixture.rootfs()
    fixture.sh("mkdir -m 777 %s/work", rootfs)
    local out = inside.script({ rootfs = rootfs, capabilities = { "CHOWN" } },
      "touch /work/mine /work/other && chown 7:9 /work/other && stat -c %u:%g /work/other")
    assert.equal("7:9\n", out)
    assert.equal(("%d:%d"):format(UID, GID), fixture.sh("stat -c %%u:%%g %s/work/mine", rootfs))
    assert.equal(("%d:%d"):format(UIDS[2].host_id + 6, GIDS[2].host_id + 8),
      fixture.sh("stat -c %%u:%%g %s/work/other", rootfs))
    inside.script({ rootfs = rootfs }, "rm /work/other") -- which he could not remove himself
  end)

  it("runs programs as other users of the container, with their groups [O67]", function()
    fixture.needs "busybox"
    local box <close> = assert(fixture.factory():create(fixture.id(), assert(configs.default { rootfs = fixture.rootfs() })))
    local init = assert(box:start { args = { "sleep", "60" }, user = "user", additional_groups = { "44" } })
    local uid, first = ("%d"):format(UIDS[2].host_id + 999), GIDS[2].host_id - 1
    assert.equal(("%s %s %s %s"):format(uid, uid, uid, uid), status_of(init:pid(), "Uid"))
    assert.equal(("%d %d "):format(first + 44, first + 2000), status_of(init:pid(), "Groups"))
    local result = assert(box:exec { "id", user = "user" })
    assert.equal("", result.stderr)
    assert.matches("^uid=1000%(user%) gid=1001%(users%)", result.stdout)
    assert.matches("2000%(extra%)", result.stdout)
    assert(box:signal "KILL")
    init:wait()
  end)

  it("has one id where he maps one, and no group is ever dropped [A08] [D33]", function()
    fixture.needs "busybox"
    local place = fixture.directory()
    local config = assert(configs.default { rootfs = fixture.rootfs(), uid_mappings = single(UID), gid_mappings = single(GID),
      mounts = { { destination = "/proc", type = "proc", source = "proc" },
        { destination = "/place", type = "bind", source = place, options = { "rw" } } },
      hooks = { start_container = { { path = "/bin/sh", args = { "sh", "-c", "grep ^Groups /proc/self/status >/place/groups" } } } } })
    local box <close> = assert(fixture.factory():create(fixture.id(), config))
    local init = assert(box:start { args = { "sleep", "60" } })
    assert.matches("^Groups:", fixture.read(place .. "/groups"))
    assert.equal("deny\n", fixture.read(("/proc/%d/setgroups"):format(init:pid())))
    assert.equal(status_of(core.pid(), "Groups"), status_of(init:pid(), "Groups"))
    local result = assert(box:exec { "sh", "-c", "id -u; cat /proc/self/uid_map" })
    assert.equal(("0 0 %d 1 "):format(UID), (result.stdout:gsub("%s+", " ")))
    for _, user in ipairs { "1000", "0:1001" } do
      local process, err = box:start { args = { "true" }, user = user }
      assert.is_nil(process)
      assert.equal("process.user", err.field)
      assert.matches("is not in [ug]id_mappings", tostring(err))
    end
    local process, err = box:start { args = { "true" }, additional_groups = { "0" } }
    assert.is_nil(process)
    assert.matches("process.user: groups cannot be set", tostring(err))
    assert(box:signal "KILL")
    init:wait()
  end)

  it("maps one id by himself, where programs would gain nothing", function()
    local text = fixture.lua_prints([[
      local factory = assert(lc.new(root))
      local r = assert(lc.run { "cat", "/proc/self/uid_map", factory = factory })
      io.write(r.stdout, r.stderr)]], { args = { fixture.root() }, before = "setpriv --no-new-privs" })
    assert.equal(("0 %d 1"):format(UID), (text:gsub("%s+", " "):match("^ ?(.-) ?$")))
  end)

  it("is told what he may not map, in the words of who refused it", function()
    fixture.needs "busybox"
    local config = assert(configs.default { rootfs = fixture.rootfs() })
    config.uid_mappings = { { container_id = 0, host_id = 0, size = 2 } }
    local box <close> = assert(fixture.factory():create(fixture.id(), config))
    local process, err = box:start { "true" }
    assert.is_nil(process)
    assert.equal("uid_mappings", err.field)
    assert.matches("newuidmap: uid range %[0%-2%) %-> %[0%-2%) not allowed", tostring(err))
    assert.matches("/etc/subuid", err.hint)
    assert.equal("created", box:status())
  end)

  it("is told that he needs a user namespace, and that there are none", function()
    fixture.needs "busybox"
    local box <close> = assert(fixture.factory():create(fixture.id(), { rootfs = fixture.rootfs() }))
    local process, err = box:start { "true" }
    assert.is_nil(process)
    assert.equal("namespaces", err.field)
    assert.matches('add "user" to namespaces', err.hint)
    local text = fixture.lua_prints([[
      local r, err = lc.run { "true", factory = assert(lc.new(root)) }
      print(r, err.errname, err.hint)]], { args = { fixture.root() }, shell = "exec 3>&1;",
      before = [[unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set -all "$@"' sh]] })
    assert.matches("^nil\tENOSPC\t.*max_%*_namespaces", text)
  end)

  it("has the host's devices, proc, sysfs and a terminal [O74]", function()
    fixture.needs "busybox"
    local box <close> = assert(fixture.factory():create(fixture.id(), assert(configs.default { rootfs = fixture.rootfs() })))
    local process = assert(box:start { terminal = true, args = { "sh", "-c",
      "test -t 0 && test -c /dev/null && echo x >/dev/null && head -c 3 /dev/urandom | wc -c; mount | grep -cE '^(proc|sysfs) '" } })
    assert.matches("^3%s+%d+%s+$", process.terminal:read("a"))
    assert.equal(0, process:wait(fixture.seconds(60)).status)
    process:close()
  end)

  it("lets other programs of his find, enter and destroy the container", function()
    fixture.needs "busybox"
    local root = fixture.root()
    local factory = assert(lc.new(root))
    local box <close> = assert(factory:create("shared", assert(configs.default { rootfs = fixture.rootfs() })))
    local init = assert(box:start { args = { "sleep", "60" } })
    local text = fixture.lua_prints([[
      local box = assert(assert(lc.new(root)):load("shared"))
      print(box:status(), #assert(box:processes()))
      local r = assert(box:exec { "sh", "-c", "cat /proc/self/oom_score_adj; hostname", oom_score_adj = 300 })
      io.write(r.stdout, r.stderr)
      assert(box:destroy())]], { args = { root } })
    assert.equal("running\t1\n300\ncontainer\n", text)
    assert.equal(9, init:wait(fixture.seconds(60)).signal)
  end)

  it("has limits where a cgroup was delegated to him, and else is told so", function()
    fixture.needs "busybox"
    local has_cgroups = may_make_cgroups()
    local box, err = fixture.factory():create(fixture.id(), assert(configs.default { rootfs = fixture.rootfs(),
      pids = 20 }))
    if not has_cgroups then
      assert.is_nil(box)
      assert.equal("cgroups.pids_limit", err.field)
      assert.matches("delegated", err.hint)
      box = assert(fixture.factory():create(fixture.id(), assert(configs.default { rootfs = fixture.rootfs() })))
    end
    local process = assert(box:start { args = { "sh", "-c", "mkdir /sys/fs/cgroup/x 2>&1; cat /sys/fs/cgroup/pids.max" },
      stdout = "pipe", stderr = "pipe" })
    local out = process.stdout:read("a")
    assert.matches("Read%-only file system", out)
    if has_cgroups then assert.matches("\n20\n$", out) end
    process:wait(fixture.seconds(60))
    process:close()
    assert(box:destroy())
  end)

  it("has hooks of all kinds, which are himself on the host and his root in the container [O53] [O54] [O55] [O56]", function()
    fixture.needs "busybox"
    local place, rootfs = fixture.directory(), fixture.rootfs()
    local hooks, called = {}, {}
    for _, kind in ipairs { "prestart", "create_runtime", "create_container", "start_container", "poststart", "poststop" } do
      local there = kind == "start_container" and "/place" or place
      hooks[kind] = { { path = "/bin/sh", env = { "PATH=/bin:/usr/bin" }, args = { "sh", "-c",
        ("id -u >%s/%s; readlink /proc/self/ns/user >>%s/%s"):format(there, kind, there, kind) } },
        function(state) called[#called + 1] = kind .. " " .. state.status end }
    end
    -- one namespace is the host's, which an ordinary user may not enter
    local box = assert(fixture.factory():create(fixture.id(), assert(configs.default { rootfs = rootfs, hooks = hooks,
      namespaces = { "mount", "pid", "uts", "ipc", "cgroup", "user" }, networks = {},
      mounts = { { destination = "/proc", type = "proc", source = "proc" },
        { destination = "/place", type = "bind", source = place, options = { "rw" } } } })))
    local init = assert(box:start { args = { "sleep", "60" } })
    local inner = fixture.sh("readlink /proc/%d/ns/user", init:pid())
    local outer = fixture.sh("readlink /proc/%d/ns/user", core.pid())
    assert.same({ true }, { box:destroy() })
    for kind in pairs(hooks) do
      local is_inside = kind == "create_container" or kind == "start_container"
      assert.equal(is_inside and "0\n" .. inner .. "\n" or ("%d\n%s\n"):format(UID, outer), fixture.read(place .. "/" .. kind), kind)
    end
    assert.same({ "prestart creating", "create_runtime creating", "create_container creating", "start_container created",
      "poststart running", "poststop stopped" }, called)
  end)

  it("joins whatever a container of his has, its user namespace and mounts too [O64] [O82]", function()
    fixture.needs "busybox"
    local factory = fixture.factory()
    local other <close> = assert(factory:create(fixture.id(), assert(configs.default { rootfs = fixture.rootfs() })))
    local init = assert(other:start { args = { "sleep", "60" } })
    local kinds = { mount = "mnt", pid = "pid", uts = "uts", ipc = "ipc", network = "net", cgroup = "cgroup",
      user = "user" }
    for _, mount in ipairs { true, other } do
      local namespaces = {}
      for name in pairs(kinds) do namespaces[name] = other end
      namespaces.mount = mount
      local box <close> = assert(factory:create(fixture.id(), assert(configs.default {
        rootfs = mount == true and fixture.rootfs() or "/", namespaces = namespaces })))
      local process = assert(box:start { args = { "sleep", "60" }, user = "user" })
      for name, kind in pairs(kinds) do
        local there = fixture.sh("readlink /proc/%d/ns/%s", init:pid(), kind)
        local here = fixture.sh("readlink /proc/%d/ns/%s", process:pid(), kind)
        if name == "mount" and mount == true then assert.not_equal(there, here) else assert.equal(there, here, kind) end
      end
      assert.matches("^uid=1000%(user%)", assert(box:exec { "id", user = "user" }).stdout)
      assert(box:signal "KILL")
      process:wait(fixture.seconds(60))
    end
    assert.equal("running", other:status())
    init:signal "KILL"
    init:wait(fixture.seconds(60))
  end)

  it("is told of a namespace that is not his, before anything is entered [A28]", function()
    fixture.needs "busybox"
    local err = inside.refused({ rootfs = fixture.rootfs(), namespaces = { "mount", "pid", "user",
      network = ("/proc/%d/ns/net"):format(core.pid()) } }, "true")
    assert.equal("namespaces.network", err.field)
    assert.equal("EPERM", err.errname)
    assert.matches("namespaces.user", err.hint)
  end)

  it("does what the example does", function()
    local out = fixture.sh("lua5.4 examples/rootless.lua 2>&1")
    assert.matches(("outside it is user %d"):format(UID), out)
    assert.matches("inside it is user 0", out)
  end)
end)
