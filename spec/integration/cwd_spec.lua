-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"

describe("the working directory", function()
  fixture.check_leaks()

  it("is / when nothing is said, and else what was asked for [O5]", function()
    fixture.needs("root", "busybox")
    assert.equal("/\n", inside.script({}, "pwd -P"))
    assert.equal("/etc\n/etc\n", inside.script({ cwd = "/etc" }, "pwd -P; readlink /proc/self/cwd"))
    assert.equal("/etc\n", inside.script({ cwd = "/etc/../bin/.././etc/" }, "pwd -P"))
    assert.equal("ConfigInvalid", inside.refused({ cwd = "etc" }, "true").code)
    assert.equal("ConfigInvalid", inside.refused({ cwd = "" }, "true").code)
  end)

  it("is made when it is missing, for the user [O5]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    local out = inside.script({ rootfs = rootfs, cwd = "/srv/new/dir", user = "1000:1001" },
      "pwd -P; stat -c '%u:%g %a' . ..; touch x && echo can")
    assert.equal("/srv/new/dir\n1000:1001 755\n0:0 755\ncan\n", out)
    assert.equal("1000:1001 755", fixture.sh("stat -c '%%u:%%g %%a' %s/srv/new/dir", rootfs))
    -- one that is there stays as it is
    fixture.sh("chown 5:6 %s/srv/new/dir && chmod 711 %s/srv/new/dir", rootfs, rootfs)
    assert.equal("5:6 711\n", inside.script({ rootfs = rootfs, cwd = "/srv/new/dir", user = "1000:1001" },
      "stat -c '%u:%g %a' ."))
  end)

  it("is made before anything becomes read-only [O5] [O50]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.sh("mkdir %s/ro", rootfs)
    for _, readonlyfs in ipairs { true, false } do
      assert.equal("/ro/new\nRead-only file system\n", inside.script({ rootfs = rootfs, cwd = "/ro/new",
        readonly_paths = { "/ro" }, readonlyfs = readonlyfs }, "pwd -P; touch x 2>&1 | sed 's/.*: //'"))
    end
  end)

  it("may be one that root alone, or the user alone, can enter [O5]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.sh("mkdir -m 700 %s/private %s/own && mkdir %s/private/deep && chown 1000 %s/own", rootfs, rootfs,
      rootfs, rootfs)
    assert.equal("/private/deep\n", inside.script({ rootfs = rootfs, cwd = "/private/deep", user = "1000" },
      "readlink /proc/self/cwd"))
    assert.equal("/own\n", inside.script({ rootfs = rootfs, cwd = "/own", user = "1000", capabilities = {} },
      "pwd -P"))
  end)

  it("on a read-only root must be there, and says so [O5]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.sh("mkdir %s/dir", rootfs)
    assert.equal("/dir\n", inside.script({ rootfs = rootfs, readonlyfs = true, cwd = "/dir" }, "pwd -P"))
    fixture.write(rootfs .. "/file", "x")
    local err = inside.refused({ rootfs = rootfs, cwd = "/file" }, "true")
    assert.equal("cwd", err.step)
    assert.equal("process.cwd", err.field)
    assert.equal("ENOTDIR", err.errname)
  end)

  it("is never a descriptor's, whichever it is, plain or through links [A68] [O21] [D29] [O5]", function()
    fixture.needs("root", "busybox")
    local canary, rootfs = inside.canary(), fixture.rootfs()
    -- Leaked on purpose: a descriptor of io.open is inherited over exec, and these are host directories.
    local leaked = {}
    for i = 1, 12 do leaked[i] = assert(io.open(i % 2 == 0 and "/" or canary.path)) end
    fixture.sh("ln -s /proc/self/fd %s/fds && ln -s /proc/self/cwd %s/here && ln -s /proc/1/root %s/top", rootfs,
      rootfs,
      rootfs)
    local count = fixture.rounds(64, 16)
    for number = 0, count - 1 do
      local err = inside.refused({ rootfs = rootfs, cwd = "/proc/self/fd/" .. number }, "true")
      assert.equal("cwd", err.step)
      assert.equal("process.cwd", err.field)
    end
    for _, cwd in ipairs { "/fds/3", "/fds/7/..", "/fds/10", "/here", "/here/x", "/top", "/top/etc", "/proc/self/cwd",
      "/proc/1/cwd", "/proc/1/root/etc", "/proc/thread-self/fd/5", "/proc/self/task/1/fd/6", "/dev/fd/8" } do
      local err = inside.refused({ rootfs = rootfs, cwd = cwd }, "true")
      assert.equal("cwd", err.step, cwd)
    end
    for _, file in ipairs(leaked) do file:close() end
    canary.check()
  end)
end)
