-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"

local function tmpfs(destination, ...)
  return { type = "tmpfs", source = "t", destination = destination, options = { "tmpcopyup", ... } }
end

local function with(rootfs, ...)
  local mounts = { { type = "proc", source = "proc", destination = "/proc" }, ... }
  return { rootfs = rootfs, mounts = mounts, capabilities = inside.all_capabilities() }
end

-- Everything that ls and stat can tell, without the inodes' own numbers.
local LIST <const> = [[cd %s && find . | sort | while read n; do
  stat -c '%%n %%a %%u:%%g %%h %%F %%t,%%T %%Y' "$n"; test -L "$n" && readlink "$n"; done; true]]

describe("a tmpfs with tmpcopyup", function()
  fixture.check_leaks()

  it("has what the directory below it has: contents, modes, owners, times, links, nodes, attributes [O39]", function()
    fixture.needs("root", "busybox", "setcap")
    local rootfs = fixture.rootfs()
    fixture.sh([[cd %s && mkdir -p data/sub/deep data/empty && cd data && echo one >file && echo two >sub/deep/file &&
      chown 12:34 file sub && chmod 4755 file && chmod 2750 sub && ln file sub/second && ln -s /etc/shadow link &&
      chown -h 5:6 link && mkfifo -m 620 fifo && python3 -c 'import socket as s; s.socket(s.AF_UNIX).bind("sock")' &&
      mknod -m 600 node c 1 3 && truncate -s 3G sparse && printf end >>sparse && cp /bin/busybox program &&
      setcap cap_kill=ep program && chown 7:8 . && chmod 1770 . && touch -hd @1000000000.5 link file sub/deep/file &&
      touch -d @1000000001 sub/deep empty . &&
      python3 -c 'import os; os.setxattr("file", "trusted.kept", b"a\0b"); os.setxattr("sub/deep", "trusted.kept", b"d")']],
      rootfs)
    local config = with(rootfs, tmpfs("/data", "nodev"))
    local before = fixture.sh(LIST, rootfs .. "/data")
    local out = inside.script(config, LIST:format("/data") .. [[; cat /data/file /data/sub/deep/file /data/sub/second
      tail -c 3 /data/sparse; echo; du -k /data/sparse | cut -f1; test /data/file -ef /data/sub/second && echo same
      grep ' /data ' /proc/self/mountinfo; echo more >>/data/file; rm -r /data/sub; : >/data/new]])
    local listed, rest = out:match("^(.-)\n(one\ntwo\none\n.*)$")
    assert.equal(before, listed)
    local blocks = tonumber(rest:match("\nend\n(%d+)\nsame\n"))
    assert.is_true(blocks < 100, rest)
    assert.truthy(rest:find("nodev", 1, true), rest)
    assert.equal(before, fixture.sh(LIST, rootfs .. "/data"), "the image is as it was")
    local program = inside.compile("attributes", [[
      #include <stdio.h>
      #include <sys/xattr.h>
      int main(void)
      {
        char value[64];
        printf("%d ", (int) getxattr("/data/file", "trusted.kept", value, sizeof(value)));
        printf("%d ", (int) getxattr("/data/sub/deep", "trusted.kept", value, sizeof(value)));
        printf("%d\n", (int) getxattr("/data/program", "security.capability", value, sizeof(value)));
        return 0;
      }]])
    inside.install(program, rootfs, "/bin/attributes")
    assert.equal("3 1 20\n", inside.script(config, "attributes"))
  end)

  it("can be read-only, of a size and a mode of its own, and over what is missing or empty [O39]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.sh("cd %s && mkdir -p data empty && chown 3:4 data && echo one >data/file", rootfs)
    local out = inside.script(with(rootfs, tmpfs("/data", "ro", "mode=711", "uid=9", "size=1m"), tmpfs("/empty"),
      tmpfs("/missing")), [[cat /data/file; echo x 2>&1 >/data/file; stat -c '%a %u' /data; ls -A /empty /missing]])
    assert.truthy(out:find("^one\n.-Read%-only file system\n711 9\n/empty:\n\n/missing:\n$"), out)
    local err = inside.refused(with(rootfs, tmpfs("/data", "size=4k"), tmpfs("/bin", "size=4k")), "true")
    assert.equal("ENOSPC", err.errname)
    assert.matches("^/bin/%w+$", err.subject)
    assert.matches("^mounts%[%d+%]$", err.field)
  end)

  it("takes nothing from what is mounted in the directory but the mount point [O39]", function()
    fixture.needs("root", "busybox")
    local rootfs, dir = fixture.rootfs(), fixture.directory()
    fixture.sh("mkdir -p %s/data/volume && echo kept >%s/data/file && echo secret >%s/secret", rootfs, rootfs, dir)
    assert.equal("file\nvolume\n0\n", inside.script(with(rootfs,
      { type = "bind", source = dir, destination = "/data/volume", options = { "bind" } }, tmpfs("/data")),
      "ls /data; ls -A /data/volume | wc -l"))
  end)

  it("follows no link out of the root, and copies nothing of /proc or /sys [O39] [A16] [A55]", function()
    fixture.needs("root", "busybox")
    local canary, rootfs = inside.canary(), fixture.rootfs()
    fixture.sh([[cd %s && ln -s %s/directory host && mkdir data && ln -s %s/file data/link && ln -s ../../../../.. data/up
      ln -s /proc proc-link; ln -s /sys/kernel sys-link; ln -s ../../../etc up]], rootfs, canary.path, canary.path)
    assert.equal("0\n", inside.script(with(rootfs, tmpfs "/host"), "ls -A /host | wc -l"))
    assert.equal(canary.path .. "/file\n../../../../..\n", inside.script(with(rootfs, tmpfs "/data"),
      "readlink /data/link; readlink /data/up; test -e /data/link && echo followed; true"))
    assert.equal("group\npasswd\n", inside.script(with(rootfs, tmpfs "/up"), "ls /etc/"))
    assert.equal("group\npasswd\n", inside.script(with(rootfs, tmpfs "/../../etc"), "ls /etc/"))
    for _, path in ipairs { "/proc-link", "/sys-link" } do
      local err = inside.refused(with(rootfs, { type = "sysfs", source = "s", destination = "/sys" }, tmpfs(path)), "true")
      assert.equal("EPERM", err.errname, path)
      assert.equal(path, err.subject)
    end
    canary.check()
  end)

  it("has the image's links, which lead to what is mounted and masked as they do in the image", function()
    fixture.needs("root", "busybox")
    local rootfs, dir = fixture.rootfs(), fixture.directory()
    fixture.sh([[cd %s && mkdir data place && ln -s /place data/link && echo hidden >place/secret &&
      echo shown >%s/file]], rootfs, dir)
    local config = with(rootfs, tmpfs "/data",
      { type = "bind", source = dir, destination = "/data/link/volume", options = { "bind" } })
    config.mask_paths = { "/data/link/secret" }
    assert.equal("shown\n0\n/place\n", inside.script(config,
      "cat /place/volume/file; wc -c </place/secret; readlink /data/link"))
  end)

  it("copies nothing but what is in the image while somebody swaps its entries for links", function()
    fixture.needs("root", "busybox", "gcc")
    local canary, rootfs = inside.canary(), fixture.rootfs()
    fixture.sh("cd %s && mkdir -p data/entry/sub && echo inside >data/entry/file && cp -a data/entry other && "
      .. "ln -s %s/directory link && echo inside >data/name && ln -s %s/file namelink", rootfs, canary.path, canary.path)
    local swapper = inside.compile("swapper", [[
      #define _GNU_SOURCE
      #include <fcntl.h>
      #include <stdio.h>
      #include <unistd.h>
      int main(void)
      {
        for (;;) {
          renameat2(AT_FDCWD, "data/entry", AT_FDCWD, "link", RENAME_EXCHANGE);
          renameat2(AT_FDCWD, "data/name", AT_FDCWD, "namelink", RENAME_EXCHANGE);
        }
      }]])
    local pid = fixture.sh("cd %s && exec %s >/dev/null 2>&1 & echo $!", rootfs, swapper)
    local copied = 0
    for _ = 1, fixture.rounds(40, 10) do
      local result, err = fixture.run(with(rootfs, tmpfs "/data"), "sh", "-c", "find /data -type f -exec cat {} +")
      if result then
        copied = copied + 1
        assert.is_nil(result.stdout:find("secret", 1, true))
      else
        assert.equal("mount", err.step, tostring(err))
      end
    end
    fixture.sh("kill -9 %s; while kill -0 %s; do :; done 2>/dev/null", pid, pid)
    assert.is_true(copied > 0)
    canary.check()
  end)

  it("is copied to a depth of 128 directories, and refused below that", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    local deepest = "data" .. ("/d"):rep(128)
    fixture.sh([[cd %s && mkdir -p %s && echo found >%s/file &&
      python3 -c 'import os; os.setxattr("%s/file", "trusted.kept", b"a")']], rootfs, deepest, deepest, deepest)
    local config = with(rootfs, tmpfs("/data"))
    assert.equal("found\n", inside.script(config, ("cat /%s/file"):format(deepest)))
    fixture.sh("mkdir %s/%s/d", rootfs, deepest)
    local result, err = fixture.run(config, "true")
    assert.is_nil(result)
    assert.truthy(tostring(err):find("ELOOP", 1, true), tostring(err))
  end)
end)
