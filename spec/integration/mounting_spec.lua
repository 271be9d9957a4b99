-- SPDX-License-Identifier: MIT
--- Mounts that a container gets and loses while it runs.
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local configs = require "libcontainer.configs"

local function start(fields)
  fixture.needs("root", "busybox")
  fields = fields or {}
  fields.rootfs = fields.rootfs or fixture.rootfs()
  local box = assert(fixture.factory():create(fixture.id(), assert(configs.default(fields))))
  assert(box:start { "sleep", "1000" })
  return box
end

local function said(box, script)
  local r = assert(box:exec { "sh", "-c", script })
  return (r.stdout .. r.stderr):gsub("\n$", "")
end

local function source()
  local here = fixture.directory()
  fixture.sh("chmod 755 %s && echo text >%s/file", here, here)
  return here
end

describe("a mount that is added to a container that runs", function()
  fixture.check_leaks()

  it("is what its options say, on a place that is made for it", function()
    local box <close>, here = start(), source()
    assert.is_true(box:add_mount { type = "bind", source = here, destination = "/new/place", options = { "ro", "nosuid" } })
    assert.is_true(box:add_mount { type = "bind", source = here .. "/file", destination = "/new/file" })
    assert.is_true(box:add_mount { type = "tmpfs", source = "mine", destination = "/new/memory",
      options = { "size=64k", "noexec" } })
    assert.equal("text text", said(box, "echo $(cat /new/place/file /new/file)"))
    assert.truthy(said(box, "touch /new/place/x"):find("Read%-only"))
    local list = inside.mounts(assert(box:exec { "cat", "/proc/self/mountinfo" }).stdout)
    local bind, memory = inside.mount_at(list, "/new/place"), inside.mount_at(list, "/new/memory")
    assert.is_true(bind.options.ro and bind.options.nosuid)
    assert.is_true(memory.options.noexec and memory.super["size=64k"] and memory.source == "mine")
  end)

  it("comes to one that is paused, and goes from it", function()
    local box <close>, here = start(), source()
    assert(box:pause())
    assert.is_true(box:add_mount { type = "bind", source = here, destination = "/place" })
    assert.equal("text\n", box:read_file("/place/file"))
    assert.is_true(box:remove_mount("/place"))
    assert.equal("ENOENT", select(2, box:read_file("/place/file")).errname)
    assert(box:resume())
  end)

  it("belongs to a user namespace, where there is one", function()
    fixture.needs("mappable")
    local map, rootfs = { { container_id = 0, host_id = 200000, size = 1000 } }, fixture.rootfs()
    fixture.sh("chown -hR 200000:200000 %s", rootfs)
    local box <close>, here = start { rootfs = rootfs, uid_mappings = map, gid_mappings = map,
      namespaces = { "mount", "pid", "uts", "ipc", "network", "cgroup", "user" } }, source()
    assert.is_true(box:add_mount { type = "bind", source = here, destination = "/new/place", options = { "ro" } })
    assert.is_true(box:add_mount { type = "tmpfs", source = "t", destination = "/memory" })
    assert.equal("text 0:0 0:0",
      said(box, "touch /memory/x; echo $(cat /new/place/file; stat -c %u:%g /new /memory/x)"))
    assert.is_true(box:remove_mount("/new/place"))
    assert.equal("", said(box, "ls -A /new/place"))
  end)

  it("has its place in the container, whichever links lead there [A35]", function()
    local canary = inside.canary()
    local box <close>, here = start(), source()
    said(box, ("mkdir -p %s; ln -s %s/directory /way; ln -s %s%s /up"):format(canary.path, canary.path, ("../"):rep(20),
      canary.path:sub(2)))
    for _, place in ipairs { "/way", "/up/directory/deep" } do
      box:add_mount { type = "bind", source = here, destination = place } -- refused or inside
    end
    canary.check()
    assert.equal("", fixture.sh("grep %s /proc/self/mountinfo", canary.path))
  end)

  it("gives the host nothing that is mounted in it later", function()
    fixture.needs("root", "busybox")
    local printed = fixture.lua_prints([[
      local configs = require "libcontainer.configs"
      local here = arg[3]
      assert(os.execute(("mount -t tmpfs t %s && mount --make-shared %s && mkdir %s/in"):format(here, here, here)))
      local box <close> = assert(assert(lc.new(root)):create("shared",
        assert(configs.default { rootfs = rootfs, capabilities = { "SYS_ADMIN" }, seccomp = false })))
      assert(box:start { "sleep", "1000" })
      assert(box:add_mount { type = "bind", source = here, destination = "/place" })
      local r = assert(box:exec { "sh", "-c", "mount -t tmpfs t /place/in && grep -c /place/in /proc/self/mountinfo" })
      local file <close> = assert(io.open("/proc/self/mountinfo"))
      print(r.stdout .. r.stderr, file:read("a"):find(here .. "/in", 1, true))
    ]], { args = { fixture.directory() .. "/state", fixture.rootfs(), fixture.directory() }, before = "unshare -m" })
    assert.equal("1\n\tnil\n", printed)
  end)

  it("is refused with what is wrong with it, and then nothing is mounted", function()
    local box <close>, here = start { readonlyfs = true }, source()
    local before = tostring(box:mounts())
    local function refused(mount, code, what, value)
      local done, err = box:add_mount(mount)
      assert.is_nil(done)
      assert.equal(code, err.code, tostring(err))
      assert.equal(value, err[what], tostring(err))
    end
    refused({ type = "bind", source = here .. "/none", destination = "/root" }, "SystemError", "errname", "ENOENT")
    refused({ type = "bind", source = here, destination = "/none" }, "SystemError", "errname", "EROFS")
    refused({ type = "bind", source = here .. "/file", destination = "/root" }, "SystemError", "errname", "ENOTDIR")
    refused({ type = "proc", source = "proc", destination = "/root" }, "ConfigInvalid", "field", "type")
    refused({ type = "bind", destination = "/root" }, "ConfigInvalid", "field", "source")
    refused({ type = "tmpfs", source = "t", destination = "root" }, "ConfigInvalid", "field", "destination")
    refused({ type = "bind", source_fd = 0, destination = "/root" }, "ConfigInvalid", "field", "source_fd")
    assert.equal(before, tostring(box:mounts()))
    assert.equal("EINVAL", select(2, box:remove_mount("/root")).errname)
    assert.equal("destination", select(2, box:remove_mount("/")).field)
  end)

  it("needs one that runs", function()
    fixture.needs("root", "busybox")
    local box <close> = assert(fixture.factory():create(fixture.id(),
      assert(configs.default { rootfs = fixture.rootfs() })))
    local done, err = box:add_mount { type = "tmpfs", source = "t", destination = "/memory" }
    assert.is_nil(done)
    assert.equal("ContainerNotRunning", err.code)
    done, err = box:remove_mount("/proc")
    assert.is_nil(done)
    assert.equal("ContainerNotRunning", err.code)
  end)
end)
