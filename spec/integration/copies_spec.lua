-- SPDX-License-Identifier: MIT
--- Files and trees that are copied into a container and out of it.
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"

local function start(fields)
  fixture.needs("root", "busybox")
  fields = fields or {}
  fields.rootfs = fields.rootfs or fixture.rootfs()
  local box = assert(fixture.factory():create(fixture.id(), assert(configs.default(fields))))
  assert(box:start { "sleep", "1000" })
  return box, fields.rootfs
end

local function said(box, script)
  local r = assert(box:exec { "sh", "-c", script })
  return (r.stdout .. r.stderr):gsub("\n$", "")
end

-- Every kind of entry that is copied as it is.
local TREE <const> = [[mkdir -p tree/deep/empty && cd tree && echo text >file && echo run >program && chmod 750 program &&
  ln file deep/same && ln -s ../file deep/link && ln -s /etc/shadow absolute && mkfifo fifo && chmod 640 fifo &&
  touch -d 2001-02-03T04:05:06 file && touch -h -d 2002-02-03T04:05:06 deep/link &&
  dd if=/dev/zero of=sparse bs=1 count=1 seek=100M 2>/dev/null && chmod 555 deep/empty && chmod 1777 deep &&
  touch -d 2003-02-03T04:05:06 deep && cd ..]]

-- What a tree is, but for its owners.
local function listing(place)
  return fixture.sh([[cd %s && find . -mindepth 1 -printf '%%P %%y %%m %%s %%n %%l %%T@\n' | sed '/ d /s/ [0-9]* / /2' | sort]],
    place)
end

describe("a tree that is copied into a container and out again", function()
  fixture.check_leaks()

  it("is the same, with its links, its times, its holes and the names of one file", function()
    local box <close>, rootfs = start()
    local here = fixture.directory()
    fixture.sh("cd %s && %s", here, TREE)
    local copied = assert(box:copy_in(here .. "/tree", "/root/tree"))
    assert.same({}, copied.left_out)
    assert.equal(10, copied.entries)
    assert(box:copy_out("/root/tree", here .. "/again"))
    for _, place in ipairs { rootfs .. "/root/tree", here .. "/again" } do
      assert.equal(listing(here .. "/tree"), listing(place))
      assert.equal("text\nrun", fixture.sh("cat %s/file %s/program", place, place))
      assert.equal(fixture.sh("stat -c %%i %s/file", place), fixture.sh("stat -c %%i %s/deep/same", place))
      assert.is_true(tonumber(fixture.sh("du -k %s/sparse | cut -f1", place)) < 1024)
    end
    assert.equal("", fixture.sh("cd %s && ls -A . root | grep libcontainer- ", rootfs))
  end)

  it("takes the attributes user.* along, and none that an overlay obeys", function()
    fixture.needs("user_attributes")
    local box <close>, rootfs = start()
    local here = fixture.directory()
    fixture.sh([[cd %s && echo x >file && exec python3 -c '
import os
for name in "user.mine", "user.overlay.opaque", "trusted.mine": os.setxattr("file", name, b"value")']], here)
    assert(box:copy_in(here .. "/file", "/root/file"))
    assert.equal("['user.mine']", fixture.sh("exec python3 -c 'import os; print(os.listxattr(\"%s/root/file\"))'", rootfs))
  end)

  it("belongs to the container's root inside, to the caller outside, or to whom is said", function()
    fixture.needs("mappable")
    local map, rootfs = { { container_id = 0, host_id = 200000, size = 1000 } }, fixture.rootfs()
    fixture.sh("chown -hR 200000:200000 %s", rootfs)
    local box <close> = start { rootfs = rootfs, uid_mappings = map, gid_mappings = map,
      namespaces = { "mount", "pid", "uts", "ipc", "network", "cgroup", "user" },
      mounts = { { destination = "/tmp", type = "tmpfs", source = "tmpfs" } } }
    local here = fixture.directory()
    fixture.sh("cd %s && mkdir a && echo x >a/file && ln -s file a/link && chown -hR 5:6 a", here)
    local function owners(place)
      return fixture.sh("cd %s && echo $(stat -c %%u:%%g . file link)", place)
    end
    for _, place in ipairs { "/root", "/tmp" } do
      for owner, wanted in pairs { none = "0:0", keep = "5:6", ["7:8"] = "7:8" } do
        assert(box:copy_in(here .. "/a", place .. "/a", { owner = owner ~= "none" and owner or nil, overwrite = true }))
        assert.equal(("%s %s %s"):format(wanted, wanted, wanted),
          said(box, ("cd %s/a && echo $(stat -c %%u:%%g . file link)"):format(place)))
      end
      for owner, wanted in pairs { none = "0:0", keep = "7:8", ["9:10"] = "9:10" } do
        said(box, ("chown -hR 7:8 %s/a"):format(place))
        assert(box:copy_out(place .. "/a", here .. "/b", { owner = owner ~= "none" and owner or nil, overwrite = true }))
        assert.equal(("%s %s %s"):format(wanted, wanted, wanted), owners(here .. "/b"))
      end
    end
    local done, err = box:copy_in(here .. "/a", "/root/none", { owner = { 1000, 0 } })
    assert.is_nil(done)
    assert.equal("EOVERFLOW", err.errname)
  end)

  it("gives nobody a set-user-ID program or a device that was not asked for, and says so", function()
    local box <close>, rootfs = start()
    local here = fixture.directory()
    fixture.sh([[mkdir %s/root/t; cd %s/root/t; echo x >suid; chmod 4755 suid; mkdir group; chmod 2755 group
      mknod -m 644 null c 1 3; perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un("socket"))']],
      rootfs, rootfs)
    local copied = assert(box:copy_out("/root/t", here .. "/t"))
    table.sort(copied.left_out, function(a, b) return a.path < b.path end)
    assert.same({ { path = "/root/t/null", what = "device" }, { path = "/root/t/socket", what = "socket" },
      { path = "/root/t/suid", what = "set-id bits" } }, copied.left_out)
    assert.equal("group 2755 suid 755", fixture.sh("cd %s/t && echo $(stat -c '%%n %%a' *)", here))
    assert(box:copy_out("/root/t", here .. "/t", { overwrite = true, devices = true, privileges = true }))
    assert.equal("group 2755 null 644 suid 4755", fixture.sh("cd %s/t && echo $(stat -c '%%n %%a' *)", here))
    local done, err = box:copy_out("/root/t/null", here .. "/null")
    assert.is_nil(done)
    assert.equal("EOPNOTSUPP", err.errname)
    assert.equal("t", fixture.sh("ls -A %s", here))
  end)

  it("replaces nothing without being told to, and then all of it", function()
    local box <close> = start()
    local here = fixture.directory()
    fixture.sh("cd %s && mkdir a && echo new >a/new && echo file >file", here)
    said(box, "mkdir -p /root/a/old; echo old >/root/file")
    for name, path in pairs { a = "/root/a", file = "/root/file" } do
      local done, err = box:copy_in(here .. "/" .. name, path)
      assert.is_nil(done)
      assert.equal("EEXIST", err.errname)
      assert(box:copy_in(here .. "/" .. name, path, { overwrite = true }))
    end
    assert.equal("new file", said(box, "cd /root; echo $(ls -A a) $(cat file)"))
    for from, errname in pairs { ["a /root/file"] = "ENOTDIR", ["file /root/a"] = "EISDIR", ["none /root/b"] = "ENOENT",
      ["file /none/b"] = "ENOENT", ["file /root/.."] = "EINVAL", ["a /"] = "EINVAL" } do
      local name, path = from:match("(%S+) (%S+)")
      local done, err = box:copy_in(here .. "/" .. name, path, { overwrite = true })
      assert.is_nil(done)
      assert.equal(errname, err.errname, from)
    end
    assert.equal("a file", said(box, "echo $(ls -A /root)"))
  end)

  it("replaces what has come from a lower layer", function()
    local box <close> = start { overlay = {} }
    local here = fixture.directory()
    fixture.sh("mkdir %s/etc && echo new >%s/etc/new", here, here)
    assert(box:copy_in(here .. "/etc", "/etc", { overwrite = true }))
    assert.equal("new", said(box, "ls -A /etc"))
  end)

  it("does not enter what is mounted in it, and says so", function()
    local box <close> = start { mounts = { { destination = "/root/t/m", type = "tmpfs", source = "tmpfs" } } }
    local here = fixture.directory()
    said(box, "echo x >/root/t/m/file; echo y >/root/t/other")
    local copied = assert(box:copy_out("/root/t", here .. "/t"))
    assert.same({ { path = "/root/t/m", what = "what is mounted there" } }, copied.left_out)
    assert.equal("m other", fixture.sh("cd %s/t && echo $(find . -mindepth 1 -printf '%%P\n' | sort)", here))
    assert(box:copy_out("/root/t/m", here .. "/m"))
    assert.equal("file", fixture.sh("ls -A %s/m", here))
  end)
end)

describe("a copy that cannot be made", function()
  fixture.check_leaks()

  it("leaves nothing where there is no room for it, and what was there", function()
    local box <close> = start { mounts = { { destination = "/tmp", type = "tmpfs", source = "tmpfs",
      options = { "size=1m" } } } }
    local here = fixture.directory()
    fixture.sh("cd %s && mkdir a && head -c 600k /dev/zero >a/one && head -c 600k /dev/zero >a/two", here)
    said(box, "mkdir /tmp/a; echo old >/tmp/a/old")
    local done, err = box:copy_in(here .. "/a", "/tmp/a", { overwrite = true })
    assert.is_nil(done)
    assert.equal("ENOSPC", err.errname)
    assert.equal("a old", said(box, "cd /tmp; echo $(ls -A . ) $(cat a/old)"))
  end)

  it("is over at the limit, and a tree without an end is none", function()
    local box <close> = start()
    local here = fixture.directory()
    said(box, "mkdir /root/a; head -c 1000 /dev/zero >/root/a/one; head -c 1000 /dev/zero >/root/a/two")
    local done, err = box:copy_out("/root/a", here .. "/a", { limit = 1999 })
    assert.is_nil(done)
    assert.equal("EFBIG", err.errname)
    assert.equal(2000, assert(box:copy_out("/root/a", here .. "/a", { limit = 2000 })).bytes)
    said(box, "cd /root; i=0; while [ $i -lt 140 ]; do mkdir d; cd d; i=$((i+1)); done")
    done, err = box:copy_out("/root/d", here .. "/d")
    assert.is_nil(done)
    assert.equal("ELOOP", err.errname)
    assert.equal("a", fixture.sh("ls -A %s", here))
  end)

  it("is refused by a read-only root", function()
    local box <close> = start { readonlyfs = true }
    local here = fixture.directory()
    fixture.sh("echo x >%s/file", here)
    local done, err = box:copy_in(here .. "/file", "/root/file")
    assert.is_nil(done)
    assert.equal("EROFS", err.errname)
  end)
end)

-- As long as it runs a directory and a link, and a file and a link, change places. Says how often, when told to stop.
local SWAPPER <const> = [[
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
static volatile sig_atomic_t is_over;
static void stop(int signal) { is_over = signal; }
int main(void)
{
	unsigned long count = 0;
	signal(SIGTERM, stop);
	if (chdir("/race") != 0) return 1;
	for (; !is_over || count % 2 != 0; count++) {
		if (renameat2(AT_FDCWD, "place", AT_FDCWD, "way", RENAME_EXCHANGE) != 0) return 2;
		if (renameat2(AT_FDCWD, "tree/file", AT_FDCWD, "tree/link", RENAME_EXCHANGE) != 0) return 3;
	}
	printf("%lu\n", count);
	return 0;
}
]]

describe("a container that swaps directories and files with links to the host meanwhile", function()
  fixture.check_leaks()

  it("neither gets nor changes anything of the host, whatever is put there and fetched [A32] [A35] [A48] [A59]",
    function()
    fixture.needs("root", "busybox", "gcc")
    local canary, rootfs, here = inside.canary(), fixture.rootfs(), fixture.directory()
    -- the links lead to something inside, too, so that going by them succeeds
    fixture.sh([[cd %s && mkdir -p race/place race/tree .%s/directory && cp -r %s/. .%s && find .%s -type f |
      while read -r f; do echo inside >"$f"; done
      echo inside >race/place/file; echo inside >race/tree/file
      ln -s %s/directory race/way; ln -s %s/file race/tree/link; echo put >%s/put]], rootfs, canary.path, canary.path,
      canary.path, canary.path, canary.path, canary.path, here)
    inside.install(inside.compile("swapper", SWAPPER), rootfs, "/bin/swapper")
    local box <close> = assert(fixture.factory():create(fixture.id(), assert(configs.default { rootfs = rootfs })))
    local swapper = assert(box:start { "/bin/swapper", stdout = "pipe" })
    local rounds, fetched = fixture.rounds(10000, 300), { file = 0, link = 0 }
    for i = 1, rounds do
      assert(box:write_file("/race/place/written", "put", { mode = "666", owner = { 7, 8 } }))
      assert.equal("inside\n", assert(box:read_file("/race/place/file")))
      if i % 4 == 0 then
        assert(box:copy_in(here .. "/put", "/race/place/copied", { overwrite = true, mode = "777", owner = { 7, 8 } }))
        assert.same({}, assert(box:copy_out("/race/tree", here .. "/tree", { overwrite = true })).left_out)
        for _, name in ipairs { "file", "link" } do
          local file <close> = core.open_file(here .. "/tree", name) -- no link that leads out of there
          if file then assert.equal("inside\n", file:read()) end
          fetched[file and "file" or "link"] = fetched[file and "file" or "link"] + 1
        end
        local copied, err = box:copy_out("/race/place/file", here .. "/file", { overwrite = true })
        assert(copied, tostring(err))
        assert.equal("inside\n", fixture.read(here .. "/file"))
      end
    end
    assert(box:signal "TERM")
    local swaps = tonumber(swapper.stdout:read("a"))
    swapper:close()
    canary.check()
    assert.is_true(swaps > rounds, swaps .. " swaps")
    -- it went by the link, and by the directory
    for _, place in ipairs { "/race/place", canary.path .. "/directory" } do
      assert.equal("666 7:8 777 7:8", fixture.sh("cd %s%s && echo $(stat -c '%%a %%u:%%g' written copied)", rootfs, place))
    end
    assert.is_true(fetched.file > 0 and fetched.link > 0)
  end)
end)
