-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local configs = require "libcontainer.configs"

local function bind(source, destination, ...)
  return { type = "bind", source = source, destination = destination, options = { ... } }
end

local function with(...)
  local mounts = configs.default({ rootfs = "/x" }).mounts
  for _, mount in ipairs { ... } do mounts[#mounts + 1] = mount end
  return { mounts = mounts, rootfs = fixture.rootfs() }
end

local function output(box, script)
  local p = assert(box:start { args = { "sh", "-c", script }, stdout = "pipe", stderr = "pipe" })
  local text = p.stdout:read("a") .. p.stderr:read("a")
  assert(p:wait(fixture.seconds(60)))
  p:close()
  return text
end

describe("a mount whose source is a descriptor", function()
  fixture.check_leaks()

  it("is what that is open on, whatever its path has become; a Lua file or a number, of a directory or a file [O52]",
    function()
      fixture.needs("root", "busybox")
      local dir = fixture.directory()
      fixture.sh("cd %s && mkdir right wrong && echo right >right/f && echo wrong >wrong/f && echo alone >file", dir)
      local directory, file = assert(io.open(dir .. "/right")), assert(io.open(dir .. "/file"))
      local number = require("libcontainer.core").fileno(file)
      local box <close> = assert(fixture.factory():create(fixture.id(), configs.default(with(
        bind(directory, "/a", "ro"), bind(number, "/made/b"),
        { type = "bind", source_fd = directory, destination = "/c" }, bind(directory, "/d", "rbind", "noexec")))))
      directory:close()
      file:close()
      fixture.sh("cd %s && mv right old && mv wrong right && mv file moved && mkdir file", dir)
      for _ = 1, 2 do -- it is the container's, and stays so for another start
        local out = output(box, "cat /a/f /made/b /c/f /d/f; echo x >/a/new; echo x >>/c/g; cat /proc/self/mountinfo")
        assert.truthy(out:find("^right\nalone\nright\nright\n"), out)
        assert.truthy(out:find("/a/new: Read-only file system", 1, true), out)
        local list = inside.mounts(out)
        assert.is_true(inside.mount_at(list, "/a").options.ro)
        assert.is_true(inside.mount_at(list, "/d").options.noexec)
        assert.is_true(inside.mount_at(list, "/c").options.rw)
        assert.truthy(inside.mount_at(list, "/a").root:find("/old$"))
      end
      assert.equal("x\nx\n", fixture.read(dir .. "/old/g"))
    end)

  it("takes along what is mounted below only with rbind, and is no peer of the host's mounts [O52] [L29]", function()
    fixture.needs("root", "busybox")
    local dir = fixture.directory()
    -- In a mount namespace of the test's own: its mounts are to be shared.
    local out = fixture.lua_prints([[
      local dir = arg[3]
      assert(os.execute("mount -t tmpfs top " .. dir .. " && mount --make-shared " .. dir .. " && mkdir " .. dir
        .. "/sub && mount -t tmpfs below " .. dir .. "/sub"))
      local fd = assert(io.open(dir))
      local function run(mode)
        local config = require "libcontainer.configs".default { rootfs = rootfs, rootfs_propagation = mode,
          capabilities = { "SYS_ADMIN" }, seccomp = false }
        table.insert(config.mounts, { type = "bind", source = fd, destination = "/one" })
        table.insert(config.mounts, { type = "bind", source = fd, destination = "/all", options = { "rbind" } })
        local box <close> = assert(assert(lc.new(root)):create("box", config))
        local p = assert(box:start { args = { "sh", "-c", "cat /proc/self/mountinfo; mkdir -p /all/x; mount -t tmpfs x /all/x" },
          stdout = "pipe" })
        io.write(p.stdout:read("a"), "===\n")
        assert(p:wait(seconds(60)).status == 0)
      end
      run(nil)
      run("private")
      io.write(io.open("/proc/self/mountinfo"):read("a"))]],
      { args = { fixture.root(), fixture.rootfs(), dir }, before = "unshare -m --propagation private" })
    local slave, private, host = out:match("^(.-)===\n(.-)===\n(.*)$")
    for text, propagation in pairs { [slave] = "^master:%d+$", [private] = "^$" } do
      local list = inside.mounts(text)
      assert.is_nil(inside.mount_at(list, "/one/sub"))
      assert.equal("below", inside.mount_at(list, "/all/sub").source)
      for _, point in ipairs { "/one", "/all", "/all/sub" } do
        assert.matches(propagation, inside.mount_at(list, point).propagation)
      end
    end
    assert.is_nil(host:find(dir .. "/x ", 1, true), "a mount of the container came to the host")
  end)

  it("can be any number up to 256, by a host that has little room [O52]", function()
    fixture.needs("root", "busybox")
    local dir = fixture.directory()
    local config = with()
    local file = assert(io.open(dir))
    for i = 1, 256 do table.insert(config.mounts, bind(file, "/m/" .. i)) end
    local box <close> = assert(fixture.factory():create(fixture.id(), configs.default(config)))
    assert.equal("256\n", output(box, "grep -c ' /m/' /proc/self/mountinfo; true"))
    table.insert(config.mounts, bind(file, "/m/more"))
    local err = inside.refused(config, "true")
    assert.truthy(tostring(err):find("256", 1, true), tostring(err))
    file:close()
  end)

  it("cannot be had by another process, which can destroy the container [O52]", function()
    fixture.needs("root", "busybox")
    local dir, root = fixture.directory(), fixture.root()
    local factory = assert(require "libcontainer".new(root))
    local file <close> = assert(io.open(dir))
    local box <close> = assert(factory:create("x", configs.default(with(bind(file, "/a")))))
    assert.equal("running stopped", fixture.lua_prints([[
      local box = assert(assert(lc.new(root)):load("x"))
      local p, err = box:start { "true" }
      assert(not p and err.errname == "EBADF" and err.field:match("^mounts%[%d+%]$") and err.hint, tostring(err))
      io.write("running ")
      assert(box:destroy())
      io.write("stopped")]], { args = { root } }))
    assert.is_nil((box:start { "true" }))
  end)

  it("is refused when it is none, or makes no sense, with the field that says so [O52]", function()
    fixture.needs("root", "busybox")
    local core = require "libcontainer.core"
    local closed = assert(io.open("/"))
    closed:close()
    local open <close> = assert(io.open("/"))
    for _, case in ipairs {
      { { type = "bind", source_fd = closed, destination = "/a" }, "source_fd", "whole number" },
      { { type = "bind", source_fd = -1, destination = "/a" }, "source_fd", "between" },
      { { type = "bind", source = "/tmp", source_fd = open, destination = "/a" }, "source_fd", "together" },
      { { type = "tmpfs", source_fd = open, destination = "/a" }, "source_fd", "bind mounts alone" },
      { bind(open, "/a", "src-nofollow"), "options[1]", "by path" },
      { bind(open, "/a", "copy-symlink"), "options[1]", "by path" },
    } do
      local err = inside.refused(with(case[1]), "true")
      assert.equal("ConfigInvalid", err.code)
      assert.truthy(err.field:find(case[2], 1, true), tostring(err))
      assert.truthy(tostring(err):find(case[3], 1, true), tostring(err))
    end
    local err = inside.refused(with(bind(700, "/a")), "true")
    assert.equal("EBADF", err.errname)
    assert.truthy(err.field:find("source_fd", 1, true), tostring(err))
    local ours, theirs = core.pipe("in")
    err = inside.refused(with(bind(core.fileno(theirs), "/a")), "true")
    ours:close()
    theirs:close()
    assert.equal("EINVAL", err.errname)
    assert.matches("^mounts%[%d+%]$", err.field)
    assert.truthy(err.hint, tostring(err))
  end)
end)
