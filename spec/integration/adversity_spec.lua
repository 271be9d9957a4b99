-- SPDX-License-Identifier: MIT
--- What the machine may do to a container's host: a root that goes, is full or cannot be written, mounts
-- that are refused, and a host that is stopped for a while.
local fixture = require "spec.support.fixture"

local function args(...)
  return { fixture.root(), fixture.rootfs(), ... }
end

-- What a script says that tries to start with this table of mounts, in a mount namespace of its own.
local function try(prepare, mounts)
  return fixture.lua_prints(([[
    local factory = assert(lc.new(root))
    assert(os.execute((("%s"):gsub("ROOTFS", rootfs))))
    local box = assert(factory:create("box", { rootfs = rootfs, mounts = %s }))
    local p, err = box:start { "true" }
    assert(not p)
    print(err.step, err.field, err.errname, err.subject == rootfs and "ROOTFS" or err.subject)
    assert(err.message:find(err.subject, 1, true))
    assert(#box:processes() == 0 and box:status() == "created")
    assert(box:destroy() and #factory:list() == 0)]]):format(prepare, mounts),
    { args = args(), before = "unshare -m --propagation private" })
end

describe("a root that", function()
  fixture.check_leaks()

  it("has gone since create is an error that names it [L42]", function()
    fixture.needs("root", "busybox")
    assert.matches("\tENOENT\tROOTFS\n$", try("mv ROOTFS ROOTFS.gone", "{}"))
  end)

  it("cannot be written, and has not the directory of a mount, is an error that names the mount [L42]", function()
    fixture.needs("root", "busybox")
    assert.equal("mount\tmounts[2]\tEROFS\t/b/new\n",
      try("mount --bind ROOTFS ROOTFS && mount -o remount,bind,ro ROOTFS", [[{
        { type = "tmpfs", destination = "/tmp" }, { type = "tmpfs", destination = "/b/new" } }]]))
  end)

  it("is full, and has not the directory of a mount, is an error that names the mount [L42]", function()
    fixture.needs("root", "busybox")
    assert.equal("mount\tmounts[1]\tENOSPC\t/new\n",
      try("mount -t tmpfs -o size=4k,nr_inodes=1 tmpfs ROOTFS", '{ { type = "tmpfs", destination = "/new" } }'))
  end)
end)

describe("a mount that", function()
  fixture.check_leaks()

  it("leads through links without an end is an error that names it [L43]", function()
    fixture.needs("root", "busybox")
    for _, destination in ipairs { "/one", "/one/x" } do
      for _, mount in ipairs { 'type = "tmpfs"', 'type = "proc"', 'type = "bind", source = root' } do
        assert.equal("mount\tmounts[1]\tELOOP\t" .. destination .. "\n", try("ln -s two ROOTFS/one; ln -s one ROOTFS/two",
          ("{ { %s, destination = %q } }"):format(mount, destination)), mount)
      end
    end
  end)

  it("its file system does not want as it is written is an error that names it [L43]", function()
    fixture.needs("root", "busybox")
    assert.matches("^mount\tmounts%[2%]\tEINVAL\t", try("true", [[{ { type = "tmpfs", destination = "/tmp" },
      { type = "tmpfs", destination = "/root", options = { "size=much" } } }]]))
  end)
end)

describe("a host that is stopped past its deadline", function()
  fixture.check_leaks()

  it("takes what has ended meanwhile as ended, and kills nothing [L47]", function()
    fixture.needs("root", "busybox", "cc")
    assert.equal("0\tfalse\tdone\n", fixture.lua_prints([[
      local me, stopper = posix.getpid(), nil
      local function read(path)
        local file <close> = io.open(path)
        return file and file:read("a") or ""
      end
      -- A child of the host that nobody has waited for.
      local function has_ended()
        for pid in read(("/proc/%d/task/%d/children"):format(me, me)):gmatch("%d+") do
          if read(("/proc/%s/stat"):format(pid)):match(".*%) (%a)") == "Z" then return true end
        end
      end
      local function stop_host() -- asked for input, so the program is there
        stopper = posix.fork()
        if stopper > 0 then return nil end
        posix.kill(me, 19)
        io.open(rootfs .. "/go", "w"):close()
        while not has_ended() do posix.pause(1000) end
        os.execute("sleep " .. seconds(3)) -- since it was asked it is stopped for longer than the deadline
        posix.kill(me, 18)
        posix.exit(0)
      end
      local r = assert(lc.run { "sh", "-c", "until test -e /go; do sleep 0.02; done; echo done", rootfs = rootfs,
        timeout = seconds(3), input = stop_host, factory = assert(lc.new(root)) })
      print(r.status, r.timed_out, (r.stdout:gsub("\n", "")))
      posix.wait(stopper)]], { args = args() }))
  end)
end)
