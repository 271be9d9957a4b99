-- SPDX-License-Identifier: MIT
-- Images as people have them, written by the programs that they use: what is unpacked is what was packed, and
-- runs. What hostile archives try is in hostile_image_spec.lua.
local core = require "libcontainer.core"
local fixture = require "spec.support.fixture"
local image = require "libcontainer.image"
local json = require "libcontainer.json"
local lc = require "libcontainer"
local tar = require "spec.support.tar"

-- Everything of a tree that an archive keeps, without times of what is not named.
local function look(path)
  return fixture.sh([[cd %s && find . -printf '%%p %%y %%m %%U:%%G %%n %%l\n' | sort &&
    find . -type f -exec sha256sum {} + | sort]], path)
end

-- A tree with a bit of everything.
local function make_tree()
  local path = fixture.directory() .. "/tree"
  fixture.sh([[mkdir -p %s && cd %s && mkdir -p bin etc/deep var/empty tmp && cp /bin/busybox bin/ &&
    for name in sh cat echo id pwd env; do ln -s busybox bin/$name; done && echo hello >etc/motd &&
    ln etc/motd etc/deep/again && ln -s ../etc/motd var/link && chmod 1777 tmp && chown 12:34 etc/deep/again &&
    chmod 640 etc/motd && chown 100:200 var/empty && mkfifo var/fifo && touch -d @1234567890.5 etc/motd var/empty &&
    truncate -s 8M var/sparse && printf end >>var/sparse && touch 'etc/with  blank' 'etc/naïve']], path, path)
  return path
end

local function open(name, options)
  options = options or {}
  options.factory = fixture.factory()
  return image.open(name, options)
end

local function unpack(name, options, open_options)
  local img = assert(open(name, open_options))
  local out = fixture.directory() .. "/out"
  return out, assert(img:unpack(out, options))
end

-- Nothing but what is named is in the directory, hidden things included.
local function assert_only(directory, expected)
  assert.equal(expected, fixture.sh("ls -A %s", directory))
end

describe("an image", function()
  fixture.check_leaks()

  it("that umoci made of a directory is unpacked and run as it says", function()
    fixture.needs("root", "umoci", "busybox", "libarchive")
    local tree, place = make_tree(), fixture.directory()
    fixture.sh([[cd %s && umoci init --layout lay && umoci new --image lay:one && umoci unpack --image lay:one b &&
      cp -a %s/. b/rootfs/ && umoci repack --image lay:one b && umoci config --image lay:one --config.entrypoint cat \
      --config.cmd /etc/motd --config.env GREETING=hey --config.workingdir /etc --config.user 12:34 \
      --config.label a.b=c]], place, tree)
    local out, done = unpack(place .. "/lay:one")
    assert.equal(look(tree), look(out))
    assert.equal(out, done.path)
    assert.same({ count = 0 }, done.skipped)
    local img = assert(open(place .. "/lay:one"))
    assert.same({ args = { "cat", "/etc/motd" }, env = { "GREETING=hey" }, cwd = "/etc", user = "12:34" },
      json.decode(assert(json.encode(img:config()))))
    assert.same({ ["a.b"] = "c" }, img:details().labels)
    assert.equal("one", img:details().tag)
    assert.equal(1, #img:layers())
    local config = img:config { "/etc/deep/again" }
    local argv = config.args
    argv.factory, argv.rootfs, argv.env, argv.cwd, argv.user = fixture.factory(), out, config.env, config.cwd, config.user
    local result = assert(lc.run(argv))
    assert.equal("hello\n", result.stdout)
    argv = { "sh", "-c", "pwd; id -u; echo $GREETING", rootfs = out, env = config.env, cwd = config.cwd,
      user = config.user, factory = fixture.factory() }
    assert.equal("/etc\n12\nhey\n", assert(lc.run(argv)).stdout)
  end)

  it("is the same from a layout, its tar and a docker-archive", function()
    fixture.needs("root", "skopeo", "libarchive")
    local place = fixture.directory()
    tar.layout(place .. "/lay", {
      tar.archive { { name = "etc/", type = "directory", mode = 493 }, { name = "etc/a", data = "one" },
        { name = "etc/b", data = "two" } },
      tar.archive { { name = "etc/.wh.a" }, { name = "etc/c", data = "three", uid = 5, gid = 6 } } },
      { config = { Cmd = { "cat", "/etc/c" } } })
    fixture.sh([[cd %s && skopeo --insecure-policy copy -q oci:lay:latest oci-archive:o.tar:v1 &&
      skopeo --insecure-policy copy -q oci:lay:latest docker-archive:d.tar:example.org/x:v2 && gzip -k d.tar]], place)
    local expected = look((unpack(place .. "/lay")))
    assert.truthy(expected:find("./etc/c f 644 5:6", 1, true), expected)
    assert.falsy(expected:find("./etc/a", 1, true))
    for _, name in ipairs { "o.tar", "o.tar:v1", "d.tar", "d.tar:v2", "d.tar:example.org/x:v2", "d.tar.gz" } do
      local out, done = unpack(place .. "/" .. name)
      assert.equal(expected, look(out), name)
      assert.equal(5, done.entries, name)
      assert.same({ "cat", "/etc/c" }, assert(open(place .. "/" .. name)):config().args, name)
    end
    local _, err = open(place .. "/d.tar:v3")
    assert.matches('d%.tar: has no image "v3" — it has example%.org/x:v2$', tostring(err))
  end)

  it("may be a tar in any compression, or a directory", function()
    fixture.needs("root", "busybox", "libarchive")
    local tree, place = make_tree(), fixture.directory()
    local expected = look(tree)
    fixture.sh("cd %s && tar --format=posix --sparse -C %s -cf plain.tar .", place, tree)
    local packers = { gz = "gzip", bz2 = "bzip2", xz = "xz", zst = "zstd", lz4 = "lz4", lzma = "lzma" }
    local names = { "plain.tar" }
    for suffix, packer in pairs(packers) do
      if fixture.sh("command -v " .. packer) ~= "" then
        fixture.sh("cd %s && %s -c <plain.tar >plain.tar.%s", place, packer, suffix)
        names[#names + 1] = "plain.tar." .. suffix
      end
    end
    assert.is_true(#names >= 4)
    for _, name in ipairs(names) do
      local out = unpack(place .. "/" .. name)
      assert.equal(expected, look(out), name)
    end
    local out, done = unpack(tree)
    assert.equal(expected, look(out))
    assert.equal(tonumber(fixture.sh("find %s | wc -l", tree)), done.entries)
    local img = assert(open(place .. "/plain.tar"))
    assert.same({}, json.decode(assert(json.encode(img:layers()))))
    assert.is_nil(img:config().args)
    local _, err = open(place .. "/plain.tar:v1")
    assert.matches('plain%.tar: is no image with tags, and "v1" was asked for$', tostring(err))
  end)

  it("keeps owners, modes, times to the nanosecond, holes, hard links and user attributes", function()
    fixture.needs("root", "libarchive")
    local place = fixture.directory()
    fixture.write(place .. "/a.tar", tar.archive {
      { name = "./", type = "directory", mode = 488, uid = 1, gid = 2, mtime = 1111111111 },
      { name = "d/", type = "directory", mode = tonumber("2750", 8), uid = 3, gid = 4, mtime = 1222222222 },
      { name = "d/f", data = "text", mode = 384, uid = 2000000, gid = 5, pax = { mtime = "1333333333.123456789",
        ["SCHILY.xattr.user.colour"] = "blue\nsea" } },
      { name = "d/g", type = "hardlink", link = "d/f" },
      { name = "d/l", type = "link", link = "../nowhere", uid = 7, gid = 8, mtime = 1444444444 },
      { name = "d/p", type = "fifo", mode = 402, uid = 9 },
      { name = "without/parents/f", data = "" },
      { name = ("n"):rep(255) .. "/" .. ("m"):rep(255), data = "long" },
    })
    fixture.sh("cd %s && truncate -s 5M s && printf x | dd of=s bs=1 seek=3M conv=notrunc status=none && "
      .. "tar --format=posix -S -rf a.tar s 2>/dev/null", place)
    local out = unpack(place .. "/a.tar")
    local function stat(name) return fixture.sh("stat -c '%%F %%a %%u:%%g %%.9Y %%h' %s/%s", out, name) end
    assert.equal("directory 750 1:2 1111111111.000000000 5", stat "")
    assert.equal("directory 2750 3:4 1222222222.000000000 2", stat "d")
    assert.equal("regular file 600 2000000:5 1333333333.123456789 2", stat "d/f")
    assert.equal("regular file 600 2000000:5 1333333333.123456789 2", stat "d/g")
    assert.equal("symbolic link 777 7:8 1444444444.000000000 1", stat "d/l")
    assert.equal("fifo 622 9:0 1000000000.000000000 1", stat "d/p")
    assert.matches("^directory 755 0:0 ", stat "without/parents")
    assert.equal("long", fixture.read(("%s/%s/%s"):format(out, ("n"):rep(255), ("m"):rep(255))))
    assert.equal("blue\nsea", fixture.sh([[python3 -c 'import os,sys;sys.stdout.write(os.getxattr("%s/d/f",
      "user.colour").decode())']], out))
    assert.is_true(tonumber(fixture.sh("stat -c %%b %s/s", out)) <= 64)
    assert.equal("5242880 x", fixture.sh("stat -c %%s %s/s && dd if=%s/s bs=1 skip=3M count=1 status=none", out, out)
      :gsub("\n", " "))
  end)

  it("maps owners by a table, and names the one that it does not have", function()
    fixture.needs("root", "libarchive")
    local place = fixture.directory()
    fixture.write(place .. "/a.tar", tar.archive { { name = "a", uid = 0, gid = 0 }, { name = "b/c", uid = 1000, gid = 5 } })
    local map = { { container_id = 0, host_id = 100000, size = 1000 }, { container_id = 1000, host_id = 5000, size = 1 } }
    local out = unpack(place .. "/a.tar", { uid_mappings = map, gid_mappings = map })
    assert.equal("100000:100000\n100000:100000\n5000:100005",
      fixture.sh("cd %s && stat -c %%u:%%g a b b/c", out))
    local img = assert(open(place .. "/a.tar"))
    local _, err = img:unpack(place .. "/no", { uid_mappings = { map[1] }, gid_mappings = map })
    assert.matches("a%.tar: b/c: belongs to user 1000, which uid_mappings does not have", tostring(err))
    assert_only(place, "a.tar")
  end)

  it("is lower layers under upper ones: whiteouts, opaque directories, and what takes another's place", function()
    fixture.needs("root", "libarchive")
    local place = fixture.directory()
    tar.layout(place .. "/lay", {
      tar.archive { { name = "keep", data = "1" }, { name = "gone", data = "1" }, { name = "d/", type = "directory" },
        { name = "d/old", data = "1" }, { name = "o/", type = "directory" }, { name = "o/old", data = "1" },
        { name = "o/sub/old", data = "1" }, { name = "tree/a/b/c", data = "1" }, { name = "file", data = "1" },
        { name = "dir/x", data = "1" }, { name = "same/", type = "directory", mode = 448 }, { name = "same/x", data = "1" } },
      tar.archive { { name = ".wh.gone" }, { name = ".wh.tree" }, { name = ".wh.never" }, { name = "d/new", data = "2" },
        { name = "o/new", data = "2" }, { name = "o/.wh..wh..opq" }, { name = "o/sub/", type = "directory" },
        { name = "o/sub/new", data = "2" }, { name = ".wh..wh.plnk" }, { name = "twice", data = "2" },
        { name = ".wh.twice" }, { name = "file/", type = "directory" }, { name = "file/in", data = "2" },
        { name = "dir", data = "2" }, { name = "same/", type = "directory", mode = 493, uid = 3 } },
      tar.archive { { name = "d/.wh.old" }, { name = "o/.wh.sub" } } })
    local out, done = unpack(place .. "/lay")
    assert.equal(table.concat({ ".", "./d", "./d/new", "./dir", "./file", "./file/in", "./keep", "./o", "./o/new",
      "./same", "./same/x", "./twice" }, "\n"), fixture.sh("cd %s && find . | sort", out))
    assert.equal("755 3", fixture.sh("stat -c '%%a %%u' %s/same", out))
    assert.equal(1, done.skipped.count)
    assert.same("file of aufs", done.skipped[1].what)
  end)

  it("keeps what a layer has put below what the same layer takes away, though no entry of its own says where", function()
    fixture.needs("root", "libarchive")
    local place = fixture.directory()
    tar.layout(place .. "/lay", {
      tar.archive { { name = "a/b/old", data = "1" }, { name = "l", type = "link", link = "a/b" }, { name = "c/old", data = "1" } },
      tar.archive { { name = "l/d/new", data = "2" }, { name = ".wh.a" }, { name = "c/d/e/new", data = "2" }, { name = ".wh.c" } } })
    local out = unpack(place .. "/lay")
    assert.equal("./a/b/d/new\n./c/d/e/new", fixture.sh("cd %s && find . -type f | sort", out))
  end)

  it("of zstd, of docker's media types, and of nested indexes is chosen by its platform", function()
    fixture.needs("root", "zstd", "libarchive")
    local place = fixture.directory()
    local indexes = "application/vnd.docker.distribution.manifest.list.v2+json"
    local function make(name, compress, suffix, architecture)
      tar.layout(place .. "/lay", { tar.archive { { name = name, data = name } } }, { compress = compress, suffix = suffix,
        document = function(document) document.architecture = architecture end,
        manifest = function(manifest)
          if name == "other" then manifest.layers[1].mediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip" end
        end })
      local index = json.decode(fixture.read(place .. "/lay/index.json")).manifests[1]
      index.annotations, index.platform = nil, { os = "linux", architecture = architecture }
      return index
    end
    local mine, other = make("mine", "zstd -q", "+zstd", core.architecture), make("other", "gzip", "", "s390x")
    tar.layout(place .. "/lay", {}, { index = function(index, blob)
      local inner, size = blob(json.encode { manifests = { other, mine,
        { digest = mine.digest, size = mine.size, mediaType = mine.mediaType, platform = { os = "unknown",
          architecture = "unknown" } } } })
      local outer, outer_size = blob(json.encode { manifests = { { mediaType = indexes, digest = inner, size = size } } })
      index.manifests = { { mediaType = indexes, digest = outer, size = outer_size,
        annotations = { ["org.opencontainers.image.ref.name"] = "multi" } } }
    end })
    assert.equal("mine", fixture.sh("ls %s", (unpack(place .. "/lay:multi"))))
    local out = unpack(place .. "/lay", nil, { platform = "linux/s390x" })
    assert.equal("other", fixture.sh("ls %s", out))
    assert.equal("linux/s390x", assert(open(place .. "/lay", { platform = "s390x" })):details().platform)
    local _, err = open(place .. "/lay", { platform = "linux/arm/v7" })
    assert.matches("lay: has no image for linux/arm/v7, but for linux/s390x, linux/" .. core.architecture, tostring(err))
    _, err = open(place .. "/lay", { platform = "a//b" })
    assert.equal("ConfigInvalid", err.code)
  end)

  it("is named: a tag that it does not have, several without one, a path that is none", function()
    fixture.needs("root", "libarchive")
    local place = fixture.directory()
    tar.layout(place .. "/lay", { tar.archive {} }, { tag = "a", index = function(index)
      local second = json.decode(json.encode(index.manifests[1]))
      second.annotations["org.opencontainers.image.ref.name"] = "b"
      index.manifests[2] = second
    end })
    assert.equal("b", assert(open(place .. "/lay:b")):details().tag)
    local _, err = open(place .. "/lay:c")
    assert.matches('/lay: has no image "c" — it has a, b$', tostring(err))
    _, err = open(place .. "/lay")
    assert.matches("/lay: has several images — write path:tag; it has a, b$", tostring(err))
    _, err = open(place .. "/none:b")
    assert.equal("ENOENT", err.errname)
    assert.equal("image", err.step)
    assert.matches("behind its last colon", tostring(err))
    assert.has_error(function() image.open() end)
    assert.has_error(function() open(place, { platfrm = "x" }) end)
  end)

  it("for another machine is refused, unless it is meant", function()
    fixture.needs("root", "libarchive")
    local place = fixture.directory()
    tar.layout(place .. "/lay", { tar.archive {} }, { document = function(d) d.architecture = "mips" end })
    local _, err = open(place .. "/lay")
    assert.matches("lay: is an image for linux/mips, not for linux/" .. core.architecture, tostring(err))
    assert(open(place .. "/lay", { platform = "linux/mips" }))
  end)
end)

describe("unpacking", function()
  fixture.check_leaks()

  local function stop()
    local pid = fixture.read(("/proc/self/task/%d/children"):format(core.pid())):match("%d+")
    fixture.sh("kill -STOP %s", pid)
    return pid
  end

  -- A file that is made anew so often that this takes seconds: whoever is told of the first ones, and is late, still
  -- meets the program at work.
  local function endless()
    local entry = tar.archive({ { name = "f" } }):sub(1, 512)
    return tar.archive { entry:rep(50000) }
  end

  local function layout(bytes)
    local place = fixture.directory()
    tar.layout(place .. "/lay", { bytes or tar.archive { { name = "f", data = ("x"):rep(3 << 20) }, { name = "g" } } })
    return place, assert(open(place .. "/lay"))
  end

  it("says how far it is", function()
    fixture.needs("root", "libarchive")
    local place, img = layout()
    local told = {}
    assert(img:unpack(place .. "/out", { progress = function(progress) told[#told + 1] = progress end }))
    assert.is_true(#told >= 3)
    local last = told[#told]
    assert.same({ 1, 1, 3 << 20 }, { last.layer, last.layers, last.bytes })
    assert.is_true(last.read > 0 and last.read <= last.size)
    assert.matches("^{ bytes = %d", tostring(last))
  end)

  it("is undone when progress raises, and the error is what was raised", function()
    fixture.needs("root", "libarchive")
    local place, img = layout()
    local mine = {}
    local fine, err = pcall(img.unpack, img, place .. "/out", { progress = function() error(mine) end })
    assert.is_false(fine)
    assert.equal(mine, err)
    assert_only(place, "lay")
  end)

  it("happens in a container that sees libraries and its target alone, and can do little", function()
    fixture.needs("root", "libarchive")
    local place, img = layout(endless())
    local seen
    img:unpack(place .. "/out", { progress = function()
      if seen then return end
      local pid = stop()
      seen = fixture.sh([[cd /proc/%s && grep -E '^(Seccomp|NoNewPrivs|CapEff|CapBnd):' status | tr '\t\n' '  ' &&
        ls -A root | tr '\n' ' ' && ls -A root/etc | tr '\n' ' ' && wc -l <net/dev &&
        awk '$5 == "/" || $5 == "/usr" || $5 == "/new" {print $5, $6}' mountinfo;
        for n in mnt pid net ipc uts; do test $(readlink ns/$n) != $(readlink /proc/$$/ns/$n) && echo $n; done;
        grep -E 'pids|memory' cgroup | cut -d: -f3 | sed 's,.*/,,' | sort -u | cut -c1-12;
        grep 'Max address space' limits; kill -KILL %s]], pid, pid)
    end })
    assert.matches("NoNewPrivs: 1", seen)
    assert.matches("Seccomp: 2", seen)
    assert.matches("CapEff: 000000000000001b ", seen) -- CHOWN, DAC_OVERRIDE, FOWNER, FSETID
    assert.matches("CapBnd: 000000000000001b ", seen)
    assert.matches("dev etc [%w ]*lib64 new unpack usr ld%.so%.cache 3\n/ ro[^\n]*\n/usr ro,nosuid,nodev[^\n]*\n"
      .. "/new rw,nosuid,nodev,noexec", seen)
    assert.matches("\nmnt\npid\nnet\nipc\nuts\nlibcontainer\n", seen)
    assert.matches("Max address space +805306368 +805306368", seen)
  end)

  it("fails cleanly when its program is killed", function()
    fixture.needs("root", "libarchive")
    local place, img = layout(endless())
    local is_killed
    local _, err = img:unpack(place .. "/out", { progress = function()
      if not is_killed then fixture.sh("kill -9 %s", stop()) end
      is_killed = true
    end })
    assert.matches("layer 1 %(sha256:%x+%): the program that reads it was killed by signal KILL", tostring(err))
    assert.equal(1, err.layer)
    assert_only(place, "lay")
  end)

  it("by a host that is killed leaves nothing in place, and the next one clears what is beside it", function()
    fixture.needs("root", "cc", "libarchive")
    local place, img = layout()
    local root = fixture.root()
    local ended = fixture.lua(([[
      local image = require "libcontainer.image"
      local img = assert(image.open(%q, { factory = assert(lc.new(root)) }))
      img:unpack(%q, { progress = function() posix.kill(posix.getpid(), 9) end })
    ]]):format(place .. "/lay", place .. "/out"), { args = { root } })
    assert.equal(9, ended.signal or (ended.status or 0) - 128)
    assert.matches("^%.out%.unpacking%.%x+\nlay$", fixture.sh("ls -A %s", place))
    -- its container is ended by its keeper
    local deadline = core.now() + fixture.seconds(30)
    while fixture.sh("grep -l %s /proc/*/mountinfo 2>/dev/null", place) ~= "" and core.now() < deadline do
      core.poll({}, 0.01)
    end
    assert(img:unpack(place .. "/out"))
    assert_only(place, "lay\nout")
    for _, box in ipairs(assert(assert(lc.new(root)):list())) do assert(box:destroy()) end
  end)

  it("goes to a directory that is not there or empty, and nowhere else", function()
    fixture.needs("root", "libarchive")
    local place, img = layout(tar.archive { { name = "f" } })
    fixture.sh("cd %s && mkdir empty full && touch full/x file && ln -s empty link", place)
    assert(img:unpack(place .. "/empty"))
    assert.equal("f", fixture.sh("ls %s/empty", place))
    for name, errname in pairs { full = "ENOTEMPTY", file = "ENOTDIR", link = "ENOTDIR", empty = "ENOTEMPTY" } do
      local _, err = img:unpack(place .. "/" .. name)
      assert.equal(errname, err.errname, name)
      assert.matches("unpack to a new or an empty directory", tostring(err))
    end
    local _, err = img:unpack(place .. "/no/where")
    assert.equal("ENOENT", err.errname)
    _, err = img:unpack("/")
    assert.equal("ConfigInvalid", err.code)
    assert.equal("x", fixture.sh("ls %s/full", place))
    assert_only(place, "empty\nfile\nfull\nlay\nlink")
  end)

  it("of a directory goes to no place in that directory, and nowhere below one that is missing", function()
    fixture.needs("root", "libarchive")
    local source = fixture.directory()
    fixture.sh("mkdir %s/in && echo x >%s/file", source, source)
    local img = assert(open(source))
    for _, path in ipairs { source .. "/new", source .. "/in/new" } do
      local done, err = img:unpack(path)
      assert.is_nil(done)
      assert.equal("path", err.field)
    end
    local done, err = img:unpack(fixture.directory() .. "/missing/new")
    assert.is_nil(done)
    assert.equal("ENOENT", err.errname)
    assert.matches("make the directory first", err.hint)
    assert_only(source, "file\nin")
    assert.is_nil(open(source .. "\0x"))
  end)

  it("to a relative path is to the working directory", function()
    fixture.needs("root", "libarchive")
    local place = layout(tar.archive { { name = "f" } })
    local out = fixture.lua_prints(([[
      local image = require "libcontainer.image"
      print(assert(assert(image.open("lay:latest", { factory = assert(lc.new(root)) })):unpack("out/")).path)]]),
      { args = { fixture.root() }, shell = "cd " .. place .. " &&" })
    assert.equal(place .. "/out\n", out)
    assert_only(place, "lay\nout")
  end)

  it("refuses options that make no sense, all at once", function()
    fixture.needs("root", "libarchive")
    local place, img = layout(tar.archive {})
    local _, err = img:unpack(place .. "/out", { size_limit = "2X", entry_limit = 0, progress = 7, devices = "yes",
      uid_mappings = { { container_id = -1, host_id = 0 } } })
    assert.equal("ConfigInvalid", err.code)
    local fields = {}
    for _, problem in ipairs(err.problems) do fields[problem.field] = true end
    for _, field in ipairs { "size_limit", "entry_limit", "progress", "devices", "uid_mappings[1].container_id",
      "uid_mappings[1].size", "gid_mappings" } do
      assert.is_true(fields[field], field)
    end
    assert.has_error(function() img:unpack(place .. "/out", { size = 1 }) end)
    assert.has_error(function() img:unpack() end)
    assert_only(place, "lay")
  end)

  it("by an ordinary user makes everything his own, and leaves nothing of what fails", function()
    fixture.needs("root", "cc", "libarchive")
    local place = fixture.directory()
    fixture.write(place .. "/a.tar", tar.archive { { name = "d/", type = "directory", mode = 0 }, { name = "d/e/",
      type = "directory", mode = 0 }, { name = "d/e/f", data = "x", uid = 5, gid = 6, mode = 0 } })
    fixture.write(place .. "/b.tar", tar.archive { { name = "d/e/", type = "directory", mode = 0 },
      { name = "d/", type = "directory", mode = 0 }, { name = ".." } })
    fixture.sh("chown -R 65534:65534 %s", place)
    local said = fixture.lua_prints(([[
      local image = require "libcontainer.image"
      local place = %q
      local factory = assert(lc.new(root, { cgroups = "none" }))
      local function unpack(name, options)
        return assert(image.open(place .. "/" .. name, { factory = factory })):unpack(place .. "/out" .. name, options)
      end
      print(assert(unpack "a.tar").entries)
      print(select(2, unpack "b.tar"))
      local map = { { container_id = 0, host_id = 0, size = 1 } }
      print(select(2, unpack("b.tar", { uid_mappings = map, gid_mappings = map })))]]):format(place),
      { args = { place .. "/state" }, shell = fixture.library_for_everybody(),
        before = "setpriv --reuid 65534 --regid 65534 --clear-groups" })
    assert.matches("^3\n[^\n]*leads out of the root\n[^\n]*needs root: [^\n]*\n$", said)
    assert.equal("65534 65534 0\n65534 65534 0\n65534 65534 0",
      fixture.sh("cd %s/outa.tar/d && stat -c '%%u %%g %%a' . e e/f", place))
    assert.equal("a.tar\nb.tar\nouta.tar", fixture.sh("ls -A %s | grep -v state", place))
    fixture.sh("rm -r %s/state", place)
  end)

  it("whose parts are named by sha512 is verified as closely, in a directory and in a tar", function()
    fixture.needs("root", "libarchive")
    for _, kinds in ipairs { { "sha512", "sha256" }, { "sha256", "sha512" }, { "sha512", "sha512" } } do
      local place, options = fixture.directory(), { algorithm = kinds[1], diff_algorithm = kinds[2], compress = "gzip" }
      tar.layout(place .. "/lay", { tar.archive { { name = "f", data = "content" } } }, options)
      fixture.sh("cd %s && tar -C lay -cf lay.tar .", place)
      for _, name in ipairs { "lay", "lay.tar" } do
        local img = assert(open(place .. "/" .. name))
        assert.equal(kinds[1], img:layers()[1].digest:match("^%w+"))
        assert.equal(kinds[2], img:layers()[1].diff_id:match("^%w+"))
        assert(img:unpack(place .. "/out"))
        assert.equal("content", fixture.sh("cat %s/out/f && rm -r %s/out", place, place))
      end
    end
  end)

  it("says which package is missing where libnettle is not installed and a part is named by sha512", function()
    fixture.needs("root", "libarchive")
    local place = fixture.directory()
    local library = fixture.sh("readlink -f $(ldconfig -p | sed -n 's/.*libnettle.so.8 .*=> //p' | head -1)")
    tar.layout(place .. "/documents", { tar.archive { { name = "f" } } }, { algorithm = "sha512" })
    tar.layout(place .. "/layer", { tar.archive { { name = "f" } } }, { layer_algorithm = "sha512" })
    local said = fixture.lua_prints(([[
      local image = require "libcontainer.image"
      local factory = assert(lc.new(root))
      print(image.open(%q, { factory = factory }))
      print(assert(image.open(%q, { factory = factory })):unpack(%q))]]):format(place .. "/documents", place .. "/layer",
      place .. "/out"), { args = { fixture.root() },
      before = ("unshare -m sh -c 'mount --bind /dev/null %s && exec \"$@\"' -"):format(library) })
    local line = "nil\timage: [^\n]*: sha512 digests need libnettle.so.8, which cannot be loaded — apt%-get install libnettle8\n"
    assert.matches("^" .. line .. line .. "$", said)
    assert_only(place, "documents\nlayer")
  end)

  it("says which package is missing where libarchive is not installed", function()
    fixture.needs("root", "libarchive")
    local place = layout(tar.archive { { name = "f" } })
    local library = fixture.sh("readlink -f $(ldconfig -p | sed -n 's/.*libarchive.so.13 .*=> //p' | head -1)")
    local said = fixture.lua_prints(([[
      local image = require "libcontainer.image"
      local img = assert(image.open(%q, { factory = assert(lc.new(root)) }))
      print(img:unpack(%q))]]):format(place .. "/lay", place .. "/out"), { args = { fixture.root() },
      before = ("unshare -m sh -c 'mount --bind /dev/null %s && exec \"$@\"' -"):format(library) })
    assert.matches("libarchive cannot be loaded: .* — apt%-get install libarchive13\n$", said)
    assert_only(place, "lay")
  end)
end)
