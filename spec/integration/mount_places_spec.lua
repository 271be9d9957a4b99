-- SPDX-License-Identifier: MIT
-- Where a mount may be attached when its destination is not to be made, and options of the file system itself.
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"

describe("a mount with dest-nocreate", function()
  fixture.check_leaks()

  local function mounts(destination, ...)
    return { { destination = destination, type = "tmpfs", options = { "dest-nocreate", ... } } }
  end

  it("goes on what is there, also what an earlier mount has, and is refused where nothing is", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.sh("mkdir %s/there && ln -s there %s/link", rootfs, rootfs)
    for _, place in ipairs { "/there", "/link", "/proc/../there" } do
      assert.truthy(inside.script({ rootfs = rootfs, mounts = mounts(place) }, "cat /proc/self/mountinfo")
        :find(" /there ", 1, true), place)
    end
    for _, place in ipairs { "/missing", "/there/missing", "/dev/shm/missing" } do
      local err = inside.refused({ rootfs = rootfs, mounts = mounts(place) }, "true")
      assert.same({ "ENOENT", place }, { err.errname, err.subject })
      assert.truthy(err.field:find("^mounts%[%d+%]$"), err.field)
    end
    assert.equal("", fixture.sh("ls -d %s/missing %s/there/missing 2>/dev/null", rootfs, rootfs))
  end)

  it("of a bind mount with dest-nofollow goes on a link itself, and not where it leads", function()
    fixture.needs("root", "busybox")
    local rootfs, source = fixture.rootfs(), fixture.directory()
    fixture.sh("echo target >%s/target && ln -s target %s/link && ln -s x %s/other", rootfs, rootfs, source)
    local bind = { { destination = "/link", type = "bind", source = source .. "/other",
      options = { "src-nofollow", "dest-nofollow", "dest-nocreate" } } }
    assert.equal("x\ntarget\n", inside.script({ rootfs = rootfs, mounts = bind }, "readlink /link; cat /target"))
  end)
end)

describe("recursive options of a file system itself", function()
  fixture.check_leaks()

  it("are the plain ones of a new file system, which has nothing below it [O35]", function()
    fixture.needs("root", "busybox")
    local info = inside.script({ mounts = { { destination = "/mnt", type = "tmpfs",
      options = { "rasync", "rsync", "rdirsync", "rnomand" } } } }, "grep ' /mnt ' /proc/self/mountinfo")
    local super = "," .. info:match(" %- tmpfs %S+ (%S+)\n") .. ","
    assert.truthy(super:find(",sync,", 1, true), info)
    assert.truthy(super:find(",dirsync,", 1, true), info)
  end)
end)
