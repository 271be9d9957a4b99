-- SPDX-License-Identifier: MIT
--- Files of a container, read and written from outside.
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local configs = require "libcontainer.configs"

-- A container of these fields, running until its end is asked for.
local function start(fields, ...)
  fixture.needs("root", "busybox")
  fields = fields or {}
  fields.rootfs = fields.rootfs or fixture.rootfs()
  local box = assert(fixture.factory():create(fixture.id(), assert(configs.default(fields))))
  assert(box:start { select("#", ...) > 0 and ... or "sleep", "1000" })
  return box, fields.rootfs
end

-- Whom the kernel takes this program for.
local function own_rights()
  return (fixture.read "/proc/self/status":gsub("[^\n]*\n", function(line)
    return line:find "^Uid" and line or line:find "^Gid" and line or line:find "^Cap" and line
      or line:find "^SigBlk" and line or ""
  end))
end

local function said(box, script)
  local r = assert(box:exec { "sh", "-c", script })
  return (r.stdout .. r.stderr):gsub("\n$", "")
end

describe("a file that is written into a container", function()
  fixture.check_leaks()

  it("is there for its programs, and is read back", function()
    local box <close> = start()
    assert.is_true(box:write_file("/root/new", "one\ntwo\0three"))
    assert.equal("one\ntwo\0three", box:read_file("/root/new"))
    assert.equal("644 0:0 13", said(box, "stat -c '%a %u:%g %s' /root/new"))
  end)

  it("lies in what its own mounts are", function()
    local box <close>, rootfs = start { mounts = { { destination = "/tmp", type = "tmpfs", source = "tmpfs" } } }
    assert.is_true(box:write_file("/tmp/in-memory", "x"))
    assert.equal("x", said(box, "cat /tmp/in-memory"))
    assert.equal("", fixture.sh("ls %s/tmp", rootfs))
  end)

  it("has the mode and owner that are asked for, whatever the umask", function()
    local box <close> = start()
    assert.is_true(box:write_file("/root/new", "x", { mode = "666", owner = { 5, 6 } }))
    assert.is_true(box:write_file("/root/other", "x", { mode = 0x1a0, owner = "7:8" }))
    assert.equal("666 5:6\n640 7:8", said(box, "stat -c '%a %u:%g' /root/new /root/other"))
  end)

  it("keeps mode and owner of the one in its place, but no set-user-ID bit", function()
    local box <close> = start()
    said(box, "echo old >/root/old; chown 3:4 /root/old; chmod 4750 /root/old")
    assert.is_true(box:write_file("/root/old", "new"))
    assert.equal("750 3:4 new", said(box, "echo $(stat -c '%a %u:%g' /root/old) $(cat /root/old)"))
  end)

  it("takes the place of a link, a fifo and a device, and not of what they lead to", function()
    local box <close> = start()
    said(box, "echo kept >/root/kept; ln -s kept /root/link; mknod /root/fifo p; ln -s /root /root/up")
    for _, name in ipairs { "link", "fifo" } do assert.is_true(box:write_file("/root/" .. name, name)) end
    assert.is_true(box:write_file("/root/up/through", "through"))
    assert.equal("kept\nlinkfifothrough", said(box, "cd /root; cat kept link fifo through"))
    local done, err = box:write_file("/root", "x")
    assert.is_nil(done)
    assert.equal("EISDIR", err.errname)
  end)

  it("is the user's of a user namespace", function()
    fixture.needs("mappable")
    local map = { { container_id = 0, host_id = 200000, size = 1000 } }
    local rootfs = fixture.rootfs()
    fixture.sh("chown -R 200000:200000 %s", rootfs)
    local box <close> = start { rootfs = rootfs, namespaces = { "mount", "pid", "uts", "ipc", "network", "cgroup",
      "user" }, uid_mappings = map, gid_mappings = map,
      mounts = { { destination = "/tmp", type = "tmpfs", source = "tmpfs" } } }
    assert.is_true(box:write_file("/root/own", "x"))
    local before = own_rights()
    assert.is_true(box:write_file("/tmp/memory", "x"))
    assert.equal(before, own_rights())
    assert.equal("0:0", said(box, "stat -c %u:%g /tmp/memory"))
    assert.is_true(box:write_file("/root/five", "x", { owner = { 5, 6 } }))
    assert.equal("0:0\n5:6", said(box, "stat -c %u:%g /root/own /root/five"))
    assert.equal("200005:200006", fixture.sh("stat -c %%u:%%g %s/root/five", rootfs))
    local done, err = box:write_file("/root/none", "x", { owner = { 1000, 0 } })
    assert.is_nil(done)
    assert.equal("EOVERFLOW", err.errname)
    assert.truthy(tostring(err):find("uid_mappings", 1, true))
    assert.equal("five own", said(box, "echo $(ls -A /root)"))
  end)

  it("is refused by a read-only root, which says so", function()
    local box <close> = start { readonlyfs = true }
    local done, err = box:write_file("/root/new", "x")
    assert.is_nil(done)
    assert.equal("file: /root/new: read-only file system (EROFS) — its root, or a mount above that path, is read-only",
      tostring(err))
  end)

  it("leaves what was there, and nothing of itself, when there is no room for it", function()
    local box <close> = start { mounts = { { destination = "/tmp", type = "tmpfs", source = "tmpfs",
      options = { "size=64k" } } } }
    assert.is_true(box:write_file("/tmp/file", "old"))
    local done, err = box:write_file("/tmp/file", ("x"):rep(1 << 20))
    assert.is_nil(done)
    assert.equal("ENOSPC", err.errname)
    assert.equal("file old", said(box, "echo $(ls -A /tmp) $(cat /tmp/file)"))
  end)

  it("is no cgroup, no setting and nothing else that the kernel makes of files", function()
    local box <close> = start()
    for _, path in ipairs { "/proc/new", "/sys/new" } do
      local done, err = box:write_file(path, "x")
      assert.is_nil(done)
      assert.equal("EPERM", err.errname, path)
    end
  end)
end)

describe("a file that is read from a container", function()
  fixture.check_leaks()

  it("is found by whichever links, all of which lead by its root [A35]", function()
    local canary = inside.canary()
    local box <close> = start()
    said(box, ("mkdir -p /a/b %s; echo inside >%s/file; ln -s ../../%s/file /a/b/up; ln -s %s/file /a/b/down")
      :format(canary.path, canary.path, ("../"):rep(20) .. canary.path:sub(2), canary.path))
    for _, path in ipairs { "/a/b/up", "/a/b/down", "/../../.." .. canary.path .. "/file" } do
      assert.equal("inside\n", box:read_file(path))
    end
    canary.check()
  end)

  it("is never reached by a link of /proc", function()
    local box <close> = start()
    for _, path in ipairs { "/proc/1/root/etc/passwd", "/proc/1/cwd/etc/passwd", "/proc/1/exe" } do
      local text, err = box:read_file(path)
      assert.is_nil(text)
      assert.equal("ELOOP", err.errname, path)
    end
    assert.truthy(box:read_file("/proc/1/status"):find("sleep"))
  end)

  it("is a regular file: nobody waits at a fifo, or opens a device", function()
    local box <close> = start()
    said(box, "mknod /root/fifo p; mknod /root/null c 1 3; mkdir /root/directory")
    for path, errname in pairs { ["/root/fifo"] = "EOPNOTSUPP", ["/dev/null"] = "EOPNOTSUPP",
      ["/root/directory"] = "EISDIR", ["/root/none"] = "ENOENT" } do
      local text, err = box:read_file(path)
      assert.is_nil(text)
      assert.equal(errname, err.errname, path)
    end
  end)

  it("has no more than the limit, and a file of /proc says how much only when it is read", function()
    local box <close> = start()
    said(box, "head -c 1000 /dev/zero >/root/file")
    assert.equal(1000, #assert(box:read_file("/root/file", { limit = 1000 })))
    for path, limit in pairs { ["/root/file"] = 999, ["/proc/1/status"] = 20 } do
      local text, err = box:read_file(path, { limit = limit })
      assert.is_nil(text)
      assert.equal("EFBIG", err.errname)
    end
  end)
end)

describe("files of a container", function()
  fixture.check_leaks()

  it("are reached while it is paused, prepared, created and stopped", function()
    fixture.needs("root", "busybox")
    local box <close> = assert(fixture.factory():create(fixture.id(),
      assert(configs.default { rootfs = fixture.rootfs() })))
    local function write_and_read(status)
      assert.equal(status, box:status())
      assert.is_true(box:write_file("/root/file", status))
      assert.equal(status, box:read_file("/root/file"))
    end
    write_and_read("created")
    local process = assert(box:prepare { "cat", "/root/file", stdout = "pipe" })
    write_and_read("prepared")
    assert(box:release())
    assert.equal("prepared", process.stdout:read("a"))
    process:wait(fixture.seconds(30))
    write_and_read("stopped")
    assert(box:start { "sleep", "1000" })
    write_and_read("running")
    assert(box:pause())
    write_and_read("paused")
    assert(box:resume())
  end)

  it("are not those of the host or of a lower layer, while it does not run", function()
    fixture.needs("root", "busybox")
    local factory, canary = fixture.factory(), inside.canary()
    local fields = { configs.host_root {}, configs.default { rootfs = fixture.rootfs(), overlay = {} } }
    for _, config in ipairs(fields) do
      local box <close> = assert(factory:create(fixture.id(), config))
      local done, err = box:write_file(canary.path .. "/file", "x")
      assert.is_nil(done)
      assert.equal("ContainerNotRunning", err.code)
      local text
      text, err = box:read_file("/etc/passwd")
      assert.is_nil(text)
      assert.equal("ContainerNotRunning", err.code)
    end
    canary.check()
  end)

  it("need words that are understood", function()
    fixture.needs("root", "busybox")
    local box <close> = assert(fixture.factory():create(fixture.id(), { rootfs = fixture.rootfs() }))
    for field, options in pairs { mode = { mode = "8" }, owner = { owner = { 1 } } } do
      local done, err = box:write_file("/root/x", "x", options)
      assert.is_nil(done)
      assert.equal(field, err.field)
    end
    assert.equal("path", select(2, box:write_file("root/x", "x")).field)
    assert.equal("path", select(2, box:read_file("/etc/passwd\0x")).field)
    assert.equal("limit", select(2, box:read_file("/etc/passwd", { limit = "much" })).field)
    assert.error_matches(function() box:write_file("/x", "x", { mod = 1 }) end, "did you mean \"mode\"")
    assert.error_matches(function() box:write_file("/x", 5) end, "string expected")
  end)
end)
