-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local configs = require "libcontainer.configs"

describe("the root of a container", function()
  fixture.check_leaks()

  it("is the directory of rootfs, and .. of it is itself [O48]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    local canary = inside.canary()
    fixture.sh("ln -s ../../../../../../../../../../%s/file %s/escape; mkdir %s/home", canary.path, rootfs, rootfs)
    local out = inside.script({ rootfs = rootfs, capabilities = { "SYS_CHROOT", "SYS_ADMIN" }, seccomp = false },
      [[cd ../../../..; pwd; ls; echo; cat /escape 2>&1; mkdir /tmp/x && chroot /tmp/x / 2>/dev/null
        stat -c %d:%i / /.. /../.. | sort -u | wc -l]])
    assert.truthy(out:find("^/\nbin\ndev\nescape\netc\nhome\nproc\nroot\nsys\ntmp\n\n"), out)
    assert.is_nil(out:find("secret", 1, true))
    assert.truthy(out:find("1\n$"))
    canary.check()
  end)

  it("leaves a program that has chroot nothing of the host to climb to [O48]", function()
    fixture.needs("root", "busybox", "gcc")
    local program = inside.compile("climb", [[
      #include <fcntl.h>
      #include <stdio.h>
      #include <sys/stat.h>
      #include <unistd.h>
      int main(void)
      {
        struct stat st;
        mkdir("/tmp/jail", 0700);
        if (chroot("/tmp/jail") != 0) { perror("chroot"); return 1; }
        for (int i = 0; i < 64; i++) if (chdir("..") != 0) return 2;
        if (chroot(".") != 0) return 3;
        printf("%d\n", stat("/bin/climb", &st));
        return 0;
      }]])
    local rootfs = fixture.rootfs()
    inside.install(program, rootfs, "/bin/climb")
    -- The classic way out of a chroot ends at the container's own root.
    assert.equal("0\n", inside.script({ rootfs = rootfs }, "climb"))
  end)

  it("must be there, a directory, and no link [O27]", function()
    fixture.needs("root", "busybox")
    local dir = fixture.directory()
    fixture.write(dir .. "/file", "x")
    fixture.sh("ln -s %s %s/link", fixture.rootfs(), dir)
    for _, name in ipairs { "missing", "file", "link" } do
      local err = inside.refused({ rootfs = dir .. "/" .. name }, "true")
      assert.truthy(tostring(err):find(dir .. "/" .. name, 1, true), tostring(err))
      assert.equal("rootfs", err.field or err.step)
    end
    assert.equal("ConfigInvalid", inside.refused({ rootfs = "relative" }, "true").code)
    assert.equal("ConfigInvalid", inside.refused({ rootfs = dir .. "/../x" }, "true").code)
  end)

  it("is writable, and read-only with readonlyfs, the mounts in it not [O28]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    inside.script({ rootfs = rootfs }, "echo x >/written")
    assert.equal("x\n", fixture.read(rootfs .. "/written"))
    local out = inside.script({ rootfs = rootfs, readonlyfs = true },
      "for f in /x /etc/x /written; do (echo y >$f) 2>&1 | sed 's/.*: //'; done; echo y >/dev/shm/x && cat /dev/shm/x")
    assert.equal(("Read-only file system\n"):rep(3) .. "y\n", out)
    assert.equal("x\n", fixture.read(rootfs .. "/written"))
    assert.is_nil(fixture.read(rootfs .. "/x"))
  end)

  it("keeps the flags of the file system that it lies on, and does not change that [O28] [D22]", function()
    fixture.needs("root", "busybox")
    local dir = fixture.directory()
    fixture.write(dir .. "/run.lua", [[
      local factory = assert(require "libcontainer".new(arg[1] .. "/state"))
      local config = require "libcontainer.configs".default { rootfs = arg[1] .. "/t", readonlyfs = arg[2] == "ro" }
      local box <close> = assert(factory:create("x", config))
      local p = assert(box:start { args = { "cat", "/proc/self/mountinfo" }, stdout = "pipe" })
      io.write(p.stdout:read("a"))
      assert(p:wait(require "spec.support.patience".seconds(60)))
      p:close()
      print "after"
      for line in io.lines("/proc/self/mountinfo") do print(line) end]])
    local rootfs = fixture.rootfs()
    for _, mode in ipairs { "rw", "ro" } do
      local out = fixture.sh([[unshare -m --propagation private sh -c 'mkdir -p %s/t &&
        mount -t tmpfs -o nosuid,nodev t %s/t && cp -a %s/. %s/t && lua5.4 %s/run.lua %s %s' 2>&1]],
        dir, dir, rootfs, dir, dir, dir, mode)
      local own, host = out:match("^(.*)after\n(.*)$")
      assert.is_string(own, out)
      local root = assert(inside.mount_at(inside.mounts(own), "/"))
      assert.is_true(root.options.nosuid and root.options.nodev)
      assert.equal(mode == "ro" or nil, root.options.ro)
      local source = inside.mount_at(inside.mounts(host), dir .. "/t")
      assert.is_true(source.options.rw and source.super.rw)
    end
  end)

  it("may itself be a bind mount on a read-only file system, when all mount points are there [O29]", function()
    fixture.needs("root", "busybox")
    local dir = fixture.directory()
    fixture.write(dir .. "/run.lua", [[
      local factory = assert(require "libcontainer".new(arg[1] .. "/state"))
      local config = require "libcontainer.configs".default { rootfs = arg[1] .. "/t" }
      if arg[2] then table.insert(config.mounts, { type = "tmpfs", destination = "/not/there" }) end
      local box <close> = assert(factory:create("x", config))
      local p, err = box:start { args = { "echo", "hello" }, stdout = "pipe" }
      if not p then print(err.step, err.errname, err.subject) return end
      io.write(p.stdout:read("a"))
      assert(p:wait(require "spec.support.patience".seconds(60)))
      p:close()]])
    local rootfs = fixture.rootfs()
    for extra, want in pairs { [""] = "hello", x = "mount\tEROFS\t/not/there" } do
      local out = fixture.sh([[unshare -m --propagation private sh -c 'mkdir -p %s/t &&
        mount --bind %s %s/t && mount -o remount,bind,ro %s/t && lua5.4 %s/run.lua %s %s' 2>&1]],
        dir, rootfs, dir, dir, dir, dir, extra)
      assert.equal(want, out)
    end
  end)

  it("shows nothing of the host's paths but its own place, in mountinfo, descriptors, cwd and root [O123]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    local out = inside.script({ rootfs = rootfs }, [[cut -d' ' -f4- /proc/self/mountinfo
      for l in /proc/1/fd/* /proc/1/cwd /proc/1/root /proc/self/fd/*; do readlink $l; done
      cat /proc/1/environ /proc/1/cmdline | tr '\0' '\n']])
    local root = 0
    for line in out:gmatch("[^\n]+") do
      if line:find("libcontainer-spec", 1, true) then
        -- the root mount's own source is the one thing that the kernel itself tells
        assert.truthy(line:find("^/%S*libcontainer%-spec[^ /]*/%d+/rootfs / "), line)
        root = root + 1
      end
      assert.is_nil(line:find("/state", 1, true), line)
    end
    assert.equal(1, root)
  end)

  it("holds what the container wrote after its end, and no stub that was not asked for [L29]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    inside.run({ rootfs = rootfs }, "true")
    -- directories that the default mounts need in an image without them
    assert.equal("bin dev etc proc root sys tmp", (fixture.sh("cd %s && echo *", rootfs)))
    assert.equal("", fixture.sh("cd %s && find dev proc sys tmp -mindepth 1", rootfs))
    -- nothing of the rootfs is still held: its file system can be moved and removed
    fixture.sh("mv %s %s.moved && mv %s.moved %s", rootfs, rootfs, rootfs, rootfs)
    assert.equal("", fixture.sh("grep -l '%s' /proc/[0-9]*/mountinfo 2>/dev/null", rootfs))
  end)

  it("of one process is given to many containers, each seeing its own environment, mounts and output [A43]",
    function()
    fixture.needs("root", "busybox")
    local rootfs, factory = fixture.rootfs(), fixture.factory()
    local count = fixture.rounds(25, 8)
    local boxes = {}
    for i = 1, count do
      local dir = fixture.directory()
      fixture.write(dir .. "/f", "file " .. i .. "\n")
      local config = configs.default { rootfs = rootfs, hostname = "box" .. i }
      table.insert(config.mounts, { type = "bind", source = dir, destination = "/own" .. i, options = { "ro" } })
      local box = assert(factory:create("many-" .. i, config))
      boxes[i] = { box, assert(box:start { stdout = "pipe", env = { ["ONLY" .. i] = tostring(i) },
        args = { "sh", "-c", "hostname; cat /own*/f; env | grep ^ONLY; echo $1; ls /proc/self/fd | wc -l; "
        .. "cut -d' ' -f5 /proc/self/mountinfo | grep -c ^/own", "sh", "arg" .. i } }) }
    end
    for i = 1, count do
      local box, process = table.unpack(boxes[i])
      assert.equal(("box%d\nfile %d\nONLY%d=%d\narg%d\n4\n1\n"):format(i, i, i, i, i), process.stdout:read("a"))
      assert(process:wait(fixture.seconds(60)))
      process:close()
      assert(box:destroy())
    end
    for i = 1, count do fixture.sh("rmdir %s/own%d", rootfs, i) end
  end)
end)
