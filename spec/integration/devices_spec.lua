-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"

local STAT <const> = "stat -c '%n %F %a %u:%g %t:%T' "

describe("device nodes", function()
  fixture.check_leaks()

  it("are the six that every container has, exactly, and the links beside them [O75] [O51]", function()
    fixture.needs("root", "busybox")
    local out = inside.script({}, STAT .. "/dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty; "
      .. "for n in fd stdin stdout stderr ptmx; do echo $n $(readlink /dev/$n); done; "
      .. "ls /dev | grep -v core; find /dev -type b")
    assert.equal([[
/dev/null character special file 666 0:0 1:3
/dev/zero character special file 666 0:0 1:5
/dev/full character special file 666 0:0 1:7
/dev/random character special file 666 0:0 1:8
/dev/urandom character special file 666 0:0 1:9
/dev/tty character special file 666 0:0 5:0
fd /proc/self/fd
stdin /proc/self/fd/0
stdout /proc/self/fd/1
stderr /proc/self/fd/2
ptmx pts/ptmx
fd
full
mqueue
null
ptmx
pts
random
shm
stderr
stdin
stdout
tty
urandom
zero
]], out)
  end)

  it("of the image are not left under the name of the terminal multiplexer [O75] [A02]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    local devpts = { destination = "/dev/pts", type = "devpts", options = { "newinstance", "ptmxmode=0666" } }
    for _, make in ipairs { "mknod dev/ptmx c 5 2", "ln -sf /dev/null dev/ptmx", "echo x >dev/ptmx", "true" } do
      fixture.sh("cd %s && rm -f dev/ptmx && %s", rootfs, make)
      assert.equal("pts/ptmx\n", inside.script({ exact = true, rootfs = rootfs, mounts = { devpts } },
        "readlink /dev/ptmx"), make)
    end
  end)

  it("work as what they are", function()
    fixture.needs("root", "busybox")
    assert.equal("0\n4\n1\nfull\n8\n", inside.script({ }, [[head -c 4 /dev/null | wc -c | tr -d ' '
      head -c 4 /dev/zero | wc -c | tr -d ' '; head -c 4 /dev/zero | tr '\0' x | grep -c xxxx
      echo x 2>/dev/null >/dev/full || echo full; head -c 8 /dev/urandom | wc -c | tr -d ' ']]))
    local result = inside.run({}, "sh", "-c", ": </dev/tty")
    assert.not_equal(0, result.status) -- there is no terminal, the host's least of all
  end)

  it("of the configuration have their type, numbers, mode and owner, wherever they are [O73]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    local out = inside.script({ rootfs = rootfs, devices = {
      { path = "/dev/c", type = "c", major = 1, minor = 5, file_mode = "0640", uid = 12, gid = 34 },
      { path = "/dev/u", type = "u", major = 1, minor = 7 }, { path = "/dev/p", type = "p", file_mode = 384 },
      { path = "/dev/deep/er/b", type = "b", major = 7, minor = 300, file_mode = "0600" },
      { path = "/etc/node", type = "c", major = 1, minor = 3, file_mode = "0444" },
      { path = "/dev/big", type = "c", major = 4095, minor = 1048575 } },
    }, STAT .. "/dev/c /dev/u /dev/p /dev/deep/er/b /etc/node /dev/big")
    assert.equal([[
/dev/c character special file 640 12:34 1:5
/dev/u character special file 666 0:0 1:7
/dev/p fifo 600 0:0 0:0
/dev/deep/er/b block special file 600 0:0 7:12c
/etc/node character special file 444 0:0 1:3
/dev/big character special file 666 0:0 fff:fffff
]], out)
    fixture.sh("rm %s/etc/node", rootfs)
  end)

  it("of the configuration replace a default one of the same path [O75]", function()
    fixture.needs("root", "busybox")
    assert.equal("/dev/zero character special file 600 5:0 1:3\n", inside.script({ devices = {
      { path = "/dev/../dev/zero", type = "c", major = 1, minor = 3, file_mode = "0600", uid = 5 } } },
      STAT .. "/dev/zero"))
  end)

  it("are accepted when the image has the very node, refused when it has another [D24] [O73]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    local config = { exact = true, rootfs = rootfs, devices = { { path = "/node", type = "c", major = 1,
      minor = 5 } } }
    fixture.sh("mknod -m 600 %s/node c 1 5", rootfs)
    assert.equal(0, inside.run(config, "true").status)
    for _, make in ipairs { "mknod node c 1 3", "mknod node b 1 5", "mkfifo node", "touch node", "mkdir node",
      "ln -s dev/zero node" } do
      fixture.sh("cd %s && rm -rf node && %s", rootfs, make)
      local err = inside.refused(config, "true")
      assert.equal("device", err.step, make)
      assert.equal("/node", err.subject)
      assert.equal("devices[1]", err.field)
    end
  end)

  it("are not made on a /dev that is a bind mount, nor below /proc and /sys [O51]", function()
    fixture.needs("root", "busybox")
    local dev = fixture.directory()
    fixture.sh("mknod -m 666 %s/null c 1 3", dev)
    assert.equal("null\n", inside.script({ exact = true, rootfs = fixture.rootfs(), mounts = {
      { type = "bind", source = dev, destination = "/dev" } } }, "ls /dev"))
    assert.equal("null", fixture.sh("ls %s", dev))
    for _, path in ipairs { "/proc/x", "/sys/x", "/dev/../proc/x", "/" } do
      local err = inside.refused({ devices = { { path = path, type = "c", major = 1, minor = 3 } } }, "true")
      assert.equal("ConfigInvalid", err.code, path)
    end
  end)

  it("cannot be opened from a bind mount that is nodev", function()
    fixture.needs("root", "busybox")
    local dir = fixture.directory()
    fixture.sh("mknod -m 666 %s/zero c 1 5", dir)
    local config = { mounts = { { type = "bind", source = dir, destination = "/d", options = { "nodev" } } } }
    assert.not_equal(0, inside.run(config, "head", "-c", "1", "/d/zero").status)
  end)

  it("can be asked for on a read-only /dev, which is closed after them", function()
    fixture.needs("root", "busybox")
    assert.equal("1:3\nRead-only file system\n", inside.script({ mounts = { { type = "tmpfs", destination = "/dev",
      source = "tmpfs", options = { "nosuid", "ro", "mode=755" } } } },
      "stat -c %t:%T /dev/null; touch /dev/x 2>&1 | sed 's/.*: //'"))
  end)
end)
