-- SPDX-License-Identifier: MIT
-- Archives and layouts that want out: what they name of the host is as it was, what they cannot have is said,
-- and after a failure there is nothing.
local core = require "libcontainer.core"
local fixture = require "spec.support.fixture"
local image = require "libcontainer.image"
local inside = require "spec.support.inside"
local json = require "libcontainer.json"
local renaming = require "spec.support.renaming"
local tar = require "spec.support.tar"

local function open(name)
  return image.open(name, { factory = fixture.factory() })
end

-- Layers as an image, unpacked below a directory of its own: the directory, and what unpack answers.
local function unpack_layers(layers, options)
  local place, archives = fixture.directory(), {}
  for i, entries in ipairs(layers) do archives[i] = type(entries) == "string" and entries or tar.archive(entries) end
  tar.layout(place .. "/lay", archives)
  local img = assert(open(place .. "/lay"))
  return place, img:unpack(place .. "/out", options)
end

local function ls(place)
  return fixture.sh("ls -A %s", place)
end

-- It is refused with these words, and nothing is left.
local function assert_refused(layers, words, options)
  local place, done, err = unpack_layers(layers, options)
  assert.is_nil(done)
  assert.matches(words, tostring(err))
  assert.equal("lay", ls(place))
  return err
end

-- Ways to write a path of the host in an archive.
local function ways(path)
  return { path, "/" .. path, "../../../../../../../.." .. path, "a/../../../../../.." .. path, "/proc/1/root" .. path,
    "/proc/self/root" .. path }
end

describe("an archive that wants to reach the host", function()
  local canary

  before_each(function()
    if core.uid() ~= 0 then return end
    canary = inside.canary()
  end)

  after_each(function()
    if canary then canary.check() end
    canary = nil
  end)

  fixture.check_leaks()

  it("is told apart from one that somebody else on the machine renames beside", function()
    fixture.needs("root", "libarchive")
    local entries = { { name = "d/e", type = "directory" }, { name = "d/way0", type = "link", link = ("e/../"):rep(18) .. "e" } }
    for i = 1, 6 do -- one link leads by another, over many ".."
      entries[#entries + 1] = { name = "d/way" .. i, type = "link", link = ("e/../"):rep(18) .. "way" .. i - 1 }
    end
    for i = 1, 100 do entries[#entries + 1] = { name = "d/way6/" .. i, data = "x" } end
    local err = renaming(function()
      local _, done, why = unpack_layers { entries }
      return not done and tostring(why) or nil
    end)
    assert.is_nil(err)
  end)

  it("by the name of an entry makes it below the root, or is refused [A06]", function()
    fixture.needs("root", "libarchive")
    for _, kind in ipairs { "file", "directory", "link", "fifo" } do
      local place, done = unpack_layers { { { name = canary.path .. "/file", data = kind == "file" and "x" or "", type = kind, link = "y" },
        { name = "//" .. canary.path .. "//./new", data = "y" } } }
      assert(done)
      assert.equal("file\nnew", ls(place .. "/out" .. canary.path))
    end
    for _, name in ipairs { "../x", "a/../../x", "..", "/..", "a/..", "../../../../../.." .. canary.path .. "/file" } do
      local err = assert_refused({ { { name = "ok", data = "x" }, { name = name, data = "x" } } }, ": leads out of the root$")
      assert.equal(name, err.subject)
    end
  end)

  it("by a link, and then through it, is below the root [A06]", function()
    fixture.needs("root", "libarchive")
    for _, target in ipairs(ways(canary.path)) do
      for _, name in ipairs { "l", "d/l" } do
        local place, done, err = unpack_layers { { { name = canary.path .. "/", type = "directory", mode = 493 },
          { name = name, type = "link", link = target },
          { name = name .. "/file", data = "x" }, { name = name .. "/directory/", type = "directory", mode = 511 },
          { name = name .. "/empty", type = "link", link = "x" } } }
        if done then
          assert.equal("directory\nempty\nfile", ls(place .. "/out" .. canary.path))
        else
          -- in the root there is neither /proc nor a
          assert.is_truthy(target:find("^/proc") or target:find("^a/"), target)
          assert.matches("its directory is a link to nothing$", tostring(err))
        end
        canary.check()
      end
    end
  end)

  it("by a link of a lower layer, a chain of them, or one in place of a directory, is below the root [A06]", function()
    fixture.needs("root", "libarchive")
    local host = canary.path
    local place, done = unpack_layers {
      { { name = host:sub(2) .. "/", type = "directory" }, { name = "d/", type = "directory" }, { name = "d/f", data = "1" },
        { name = "a", type = "link", link = "b" }, { name = "b", type = "link", link = "/c" },
        { name = "c", type = "link", link = ("../"):rep(30) .. host:sub(2) } },
      { { name = "d", type = "link", link = host }, { name = "d/file", data = "2" }, { name = "a/chain", data = "2" } },
      { { name = "d/empty", data = "3" }, { name = "a/.wh.chain" }, { name = "d/.wh.link" } } }
    assert(done)
    assert.equal("empty\nfile", ls(place .. "/out" .. host))
    assert_refused({ { { name = "l", type = "link", link = "l" }, { name = "l/f", data = "x" } } }, "ELOOP")
  end)

  it("by a hard link has none to a file of the host, nor writes through one [A06]", function()
    fixture.needs("root", "libarchive")
    assert_refused({ { { name = "h", type = "hardlink", link = canary.path .. "/file" } } }, "ENOENT")
    assert_refused({ { { name = "l", type = "link", link = canary.path }, { name = "h", type = "hardlink",
      link = "l/file" } } }, "ENOENT")
    assert_refused({ { { name = "h", type = "hardlink", link = "../../" .. canary.path .. "/file" } } },
      "leads out of the root")
    assert_refused({ { { name = "h", type = "hardlink", link = "/" } } }, "the root cannot be a link")
    assert_refused({ { { name = "d/", type = "directory" }, { name = "h", type = "hardlink", link = "d" } } }, "EISDIR")
    local place, done = unpack_layers { { { name = "l", type = "link", link = canary.path .. "/file" },
      { name = "h", type = "hardlink", link = "l" }, { name = "f", data = "old" },
      { name = "g", type = "hardlink", link = "f" }, { name = "f", type = "hardlink", link = "f" } },
      { { name = "h", data = "new" }, { name = "g", data = "new" } } }
    assert(done)
    assert.equal("old", fixture.read(place .. "/out/f"))
    assert.equal("new", fixture.read(place .. "/out/g"))
    assert.equal("new", fixture.read(place .. "/out/h"))
  end)

  it("by a whiteout removes nothing there, and one that names no file is refused [A06]", function()
    fixture.needs("root", "libarchive")
    for _, name in ipairs { ".wh...", ".wh..", ".wh.", "d/.wh..." } do
      assert_refused({ { { name = "d/f", data = "1" } }, { { name = name } } }, "is a whiteout of no file$")
    end
    assert_refused({ {}, { { name = "../.wh.lay" } } }, "leads out of the root")
    assert_refused({ {}, { { name = "../.wh..wh..opq" } } }, "leads out of the root")
    for _, target in ipairs { canary.path, ("../"):rep(30) .. canary.path:sub(2) } do
      local place, done = unpack_layers { { { name = canary.path .. "/keep/f", data = "1" },
        { name = "l", type = "link", link = target } }, { { name = "l/.wh.file" }, { name = "l/.wh.directory" },
        { name = "l/.wh..wh..opq" } } }
      assert(done)
      assert.equal("", ls(place .. "/out" .. canary.path))
    end
  end)

  it("by its root: it is a directory, and stays in its place", function()
    fixture.needs("root", "libarchive")
    -- a file whose name ends with a slash is a directory
    for name, list in pairs { ["./"] = { "link", "fifo" }, ["."] = { "file", "link", "fifo" }, ["//"] = { "link" } } do
      for _, kind in ipairs(list) do
        assert_refused({ { { name = name, type = kind, link = canary.path } } }, "the root is no directory")
      end
    end
    local place, done = unpack_layers { { { name = "f", data = "1" } }, { { name = ".wh..wh..opq" }, { name = "g" } } }
    assert(done)
    assert.equal("g", ls(place .. "/out"))
  end)

  it("whatever its entries are, thrown together: the host is as it was, and it ends [A06]", function()
    fixture.needs("root", "libarchive")
    local seed = os.time()
    math.randomseed(seed)
    local names = { "a", "b", "a/b", "b/a", "a/b/a", "./a", "/b", "a/.wh.b", ".wh.a", "b/.wh..wh..opq", "c", "d", "c/d", "d/c", "c/d/e" }
    local targets = { "a", "b", "/", "..", "../..", canary.path, canary.path .. "/file", "/proc/self/root" .. canary.path,
      ("../"):rep(12) .. canary.path:sub(2), "a/b", "/a/b" }
    local kinds = { "file", "file", "file", "directory", "directory", "link", "link", "link", "link", "hardlink", "fifo",
      "char" }
    local function pick(list) return list[math.random(#list)] end
    local whole, rounds = 0, fixture.rounds(50, 10)
    for round = 1, 10 * rounds do
      if round > rounds and whole > 0 then break end -- one at least is to be unpacked
      local layers = {}
      for i = 1, 2 do
        layers[i] = {}
        for j = 1, 5 do
          local name = pick(names)
          if math.random(4) == 1 then name = name .. canary.path .. "/" .. pick { "file", "directory", "empty", "new" } end
          if math.random(40) == 1 then name = name .. "/../../../x" end
          layers[i][j] = { name = name, type = pick(kinds), link = pick(targets), mode = 511, uid = 7, gid = 7 }
          if layers[i][j].type == "file" then layers[i][j].data = "hostile" end
        end
      end
      local place, done = unpack_layers(layers, { devices = true, privileges = true })
      if done then whole = whole + 1 end
      assert.equal(done and "lay\nout" or "lay", ls(place), "seed " .. seed)
      canary.check()
    end
    assert.is_true(whole > 0)
  end)
end)

describe("an archive", function()
  fixture.check_leaks()

  it("gives this machine no devices, set-id programs or capabilities, unless they are asked for", function()
    fixture.needs("root", "libarchive")
    local capability = "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    local entries = { { name = "null", type = "char", major = 1, minor = 3, mode = 438 },
      { name = "disk", type = "block", major = 254, minor = 0 }, { name = "whiteout", type = "char", major = 0, minor = 0 },
      { name = "su", data = "x", mode = tonumber("4755", 8) }, { name = "sg", data = "x", mode = tonumber("2755", 8) },
      { name = "ping", data = "x", mode = 493, pax = { ["SCHILY.xattr.security.capability"] = capability } },
      { name = "other", data = "x", pax = { ["SCHILY.xattr.trusted.overlay.redirect"] = "/x",
        ["SCHILY.xattr.user.overlay.opaque"] = "y", ["SCHILY.xattr.security.selinux"] = "x",
        ["SCHILY.xattr.system.posix_acl_access"] = "x", ["SCHILY.xattr.user.fine"] = "1" } } }
    local function look(path)
      return fixture.sh([[cd %s && stat -c '%%n %%F %%a %%t:%%T' * && python3 -c 'import os
for f in sorted(os.listdir(".")):
  for x in sorted(os.listxattr(f, follow_symlinks=False)): print(f, x)']], path)
    end
    local place, done = unpack_layers { entries }
    assert.equal([[
other regular file 644 0:0
ping regular file 755 0:0
sg regular file 755 0:0
su regular file 755 0:0
other user.fine]], look(place .. "/out"))
    assert.equal(10, done.skipped.count)
    local told = {}
    for _, one in ipairs(done.skipped) do told[one.what .. " " .. one.path] = true end
    for _, text in ipairs { "device null", "device disk", "device whiteout", "set-id bits su", "set-id bits sg",
      "extended attribute security.capability ping", "extended attribute trusted.overlay.redirect other",
      "extended attribute user.overlay.opaque other", "extended attribute security.selinux other",
      "extended attribute system.posix_acl_access other" } do
      assert.is_true(told[text], text)
    end
    place, done = unpack_layers({ entries }, { devices = true, privileges = true })
    assert.equal([[
disk block special file 644 fe:0
null character special file 666 1:3
other regular file 644 0:0
ping regular file 755 0:0
sg regular file 2755 0:0
su regular file 4755 0:0
other user.fine
ping security.capability]], look(place .. "/out"))
    assert.equal(5, done.skipped.count)
  end)

  it("that is a bomb ends at its limit, and nothing is left", function()
    fixture.needs("root", "libarchive")
    local place = fixture.directory()
    fixture.sh([[cd %s && mkdir t && truncate -s 300M t/zeros && tar -C t -cf - . | gzip >bomb.tar.gz &&
      truncate -s 64G t/zeros && tar -S -C t -cf holes.tar . && rm -r t &&
      gzip <bomb.tar.gz >twice.tar.gz.gz && head -c 300M /dev/zero | gzip >nothing.gz]], place)
    for name, words in pairs { ["bomb.tar.gz"] = "unpacks to more than size_limit = 100 MiB allows",
      ["twice.tar.gz.gz"] = "unpacks to more than size_limit", ["holes.tar"] = "unpacks to more than size_limit",
      ["nothing.gz"] = "unpacks to more than size_limit" } do
      local img = assert(open(place .. "/" .. name))
      local _, err = img:unpack(place .. "/out", { size_limit = "100M", entry_limit = 100 })
      assert.matches(words, tostring(err), name)
      assert.equal("bomb.tar.gz\nholes.tar\nnothing.gz\ntwice.tar.gz.gz", ls(place))
    end
  end)

  it("has no more entries and bytes in all its layers than are allowed", function()
    fixture.needs("root", "libarchive")
    local function layer(name, count, size)
      local entries = {}
      for i = 1, count do entries[i] = { name = name .. i, data = ("x"):rep(size) } end
      return entries
    end
    local layers = { layer("a", 6, 1000), layer("b", 5, 1000) }
    local _, done = unpack_layers(layers, { entry_limit = 11, size_limit = 11000 })
    assert.equal(11, done.entries)
    assert.equal(11000, done.bytes)
    local err = assert_refused(layers, "layer 2 %(sha256:%x+%): b5 unpacks to more than entry_limit = 10 allows",
      { entry_limit = 10 })
    assert.equal(2, err.layer)
    assert.matches("^sha256:", err.digest)
    assert_refused(layers, "layer 2 .*: b5 unpacks to more than size_limit = 10%.7 KiB allows", { size_limit = 10999 })
    assert_refused({ { { name = "f", data = "", pax = { size = "1125899906842624" } } } }, "size_limit")
  end)

  it("with names that no file can have is refused, and any other name is made", function()
    fixture.needs("root", "libarchive")
    assert_refused({ { { name = ("n"):rep(256), data = "" } } }, "too long")
    assert_refused({ { { name = ("d/"):rep(2100) .. "f", data = "" } } }, "too long")
    assert_refused({ { { name = "l", type = "link", link = ("n"):rep(5000) } } }, "ENAMETOOLONG")
    local place, done = unpack_layers { { { name = "a\nb\27[31m", data = "" }, { name = "-rf", data = "" },
      { name = " ", data = "" }, { name = "\195\164", data = "", pax = { path = "\195\164" } },
      { name = "e", data = "", pax = { path = "e\204\136" } },
      { name = "\255", data = "", pax = { path = "\255\254" } } } }
    assert(done)
    -- as they were written, with no other form of the same letter
    for _, name in ipairs { "a\nb\27[31m", "-rf", " ", "\195\164", "e\204\136", "\255\254" } do
      assert.equal("", fixture.read(place .. "/out/" .. name), name)
    end
    local err = assert_refused({ { { name = "x\ny", type = "hardlink", link = "none" } } }, "x\\x0ay")
    assert.is_nil(tostring(err):find("\n", 1, true))
  end)

  it("deeper than any path is removed again when it fails, and when it is unpacked", function()
    fixture.needs("root", "libarchive")
    assert_refused({ { { name = ("d/"):rep(1100) .. "f", data = "x" }, { name = "l", type = "link",
      link = ("d/"):rep(1100):sub(1, -2) }, { name = "l/" .. ("e/"):rep(1100) .. "f", data = "x" },
      { name = ".." } } }, "leads out of the root")
    local place, done = unpack_layers { { { name = "a/" .. ("d/"):rep(1500) .. "f", data = "x" } }, { { name = ".wh.a" } } }
    assert(done)
    assert.equal("", ls(place .. "/out"))
    assert.equal("lay\nout", ls(place))
  end)

  it("that is damaged is refused: cut short, nonsense, lies of sizes, ids that are none", function()
    fixture.needs("root", "libarchive")
    local good = tar.archive { { name = "a", data = ("x"):rep(5000) }, { name = "b", data = "y" } }
    local place = fixture.directory()
    for name, bytes in pairs { cut = good:sub(1, 3000), header = good:sub(1, 300), empty = "", text = ("nonsense\n"):rep(500),
      huge = tar.archive { { name = "a", size = 1 << 32, data = "x" } }, sum = "b" .. good:sub(2),
      packed = fixture.sh("printf '%s' | gzip | head -c 15 | base64", ("z"):rep(100)) } do
      fixture.write(place .. "/" .. name, bytes)
      local img, err = open(place .. "/" .. name)
      local done
      if img then done, err = img:unpack(place .. "/out", { size_limit = "1M" }) end
      assert.is_nil(done, name)
      assert.equal(1, tostring(err):find("image: " .. place .. "/" .. name .. ": ", 1, true), tostring(err))
      os.remove(place .. "/" .. name)
      assert.equal("", ls(place))
    end
    assert_refused({ { { name = "f", data = "", pax = { uid = "4294967295" } } } }, "f: belongs to user 4294967295")
    assert_refused({ { { name = "f", data = "", pax = { gid = "99999999999" } } } }, "f: belongs to group 99999999999")
    assert_refused({ { { name = "f", data = "1" }, { name = "f/g", data = "2" } } }, "f/g: f: not a directory %(ENOTDIR%)")
  end)
end)

describe("a layout", function()
  fixture.check_leaks()

  local function make(options)
    local place = fixture.directory()
    tar.layout(place .. "/lay", { tar.archive { { name = "f", data = "x" } } }, options)
    return place, place .. "/lay"
  end

  local function assert_not_opened(path, words)
    local img, err = open(path)
    assert.is_nil(img)
    assert.matches(words, tostring(err))
    return err
  end

  local function blob_of(path, kind)
    local index = json.decode(fixture.read(path .. "/index.json"))
    local manifest = path .. "/blobs/" .. index.manifests[1].digest:gsub(":", "/")
    if kind == "manifest" then return manifest end
    local document = json.decode(fixture.read(manifest))
    return path .. "/blobs/" .. (kind == "config" and document.config or document.layers[1]).digest:gsub(":", "/")
  end

  it("whose parts are not what their digests say is refused: which file, which layer, which digest", function()
    fixture.needs("root", "libarchive")
    for _, part in ipairs { "sha256 manifest", "sha256 config", "sha256 layer", "sha512 manifest", "sha512 layer" } do
      local algorithm, kind = part:match("(%w+) (%w+)")
      local place, path = make { algorithm = algorithm }
      local file = blob_of(path, kind)
      local bytes, digest = fixture.read(file), algorithm .. ":" .. file:match("%x+$")
      fixture.write(file, (bytes:gsub("x", "y", 1):gsub("amd64", "amd65", 1):gsub("size", "sise", 1)))
      local img, err = open(path)
      if img then _, err = img:unpack(place .. "/out") end
      assert.matches(("its digest is %s:%%x+, and has to be %s"):format(algorithm, digest), tostring(err), part)
      assert.equal(digest, err.digest)
      assert.equal(kind == "layer" and 1 or nil, err.layer)
      -- of the blob, which is known before anything of it is parsed
      assert.is_nil(tostring(err):find("uncompressed", 1, true))
      fixture.write(file, bytes .. " ")
      img, err = open(path)
      if img then _, err = img:unpack(place .. "/out") end
      assert.matches(kind == "layer" and "has 2049 bytes, and has to have 2048" or "its digest is", tostring(err))
      assert.equal("lay", ls(place))
    end
    for _, wanted in ipairs { "sha256:" .. ("0"):rep(64), "sha512:" .. ("0"):rep(128) } do
      local place, path = make { document = function(d) d.rootfs.diff_ids[1] = wanted end }
      local _, err = assert(open(path)):unpack(place .. "/out")
      assert.matches(("layer 1 .*, uncompressed: its digest is %s:%%x+, and has to be %s"):format(wanted:sub(1, 6), wanted),
        tostring(err))
      assert.equal("lay", ls(place))
    end
  end)

  it("in a tar is looked at as closely", function()
    fixture.needs("root", "libarchive")
    for _, algorithm in ipairs { "sha256", "sha512" } do
      local place, path = make { algorithm = algorithm }
      local file = blob_of(path, "layer")
      fixture.write(file, (fixture.read(file):gsub("x\0", "y\0", 1)))
      fixture.sh("cd %s && tar -C lay -cf o.tar . && tar -C lay -czf o.tar.gz .", place)
      for _, name in ipairs { "o.tar", "o.tar.gz" } do
        local _, err = assert(open(place .. "/" .. name)):unpack(place .. "/out")
        assert.matches(("%s: layer 1 %%(A:%%x+%%): its digest is A:"):gsub("A", algorithm)
          :format((name:gsub("%.", "%%."))), tostring(err))
        assert.equal("lay\no.tar\no.tar.gz", ls(place))
      end
    end
  end)

  it("whose parts are links, pipes or elsewhere does not get what it names", function()
    fixture.needs("root", "libarchive")
    local place, path = make()
    local file = blob_of(path, "layer")
    fixture.sh("mv %s %s/elsewhere && ln -s %s/elsewhere %s", file, place, place, file)
    assert_not_opened(path, "layers%[1%]: sha256:%x+ is not there")
    fixture.sh("rm %s && mkfifo %s", file, file)
    assert_not_opened(path, "layers%[1%]: sha256:%x+ is not there")
    fixture.sh("rm %s && mv %s/elsewhere %s && rm %s/index.json && mkfifo %s/index.json", file, place, file, path, path)
    assert_not_opened(path, "index%.json: ")
    fixture.sh("rm %s/index.json && ln -s /etc/passwd %s/index.json", path, path)
    assert_not_opened(path, "index%.json: .*a link leads out of the image's directory")
    fixture.sh("rm %s/index.json && truncate -s 5M %s/index.json", path, path)
    assert_not_opened(path, "index%.json: is longer than 4194304 bytes")
    fixture.sh("mkfifo %s/pipe", place)
    assert_not_opened(place .. "/pipe", "is neither a file nor a directory")
  end)

  it("with documents that are not as they have to be is refused, with the place", function()
    fixture.needs("root", "libarchive")
    local function with_manifest(change) return select(2, make { manifest = change }) end
    local function with_document(change) return select(2, make { document = change }) end
    local function with_index(change) return select(2, make { index = change }) end
    for words, path in pairs {
      ["layers%[1%]: digest: \"sha256:../../../etc/passwd\" is no digest"] = with_manifest(function(m)
        m.layers[1].digest = "sha256:../../../etc/passwd" end),
      ["layers%[1%]: digest: \"../x\" is no digest"] = with_manifest(function(m) m.layers[1].digest = "../x" end),
      ["layers%[1%]: digest: \"sha512:00\" is no digest"] = with_manifest(function(m) m.layers[1].digest = "sha512:00" end),
      ["sha384:00 is no digest that can be verified — sha256 and sha512"] = with_manifest(function(m)
        m.layers[1].digest = "sha384:00" end),
      ["layers%[1%]: size: must be a whole number"] = with_manifest(function(m) m.layers[1].size = -1 end),
      ["layers%[1%]: \"application/x\" is no kind of layer"] = with_manifest(function(m)
        m.layers[1].mediaType = "application/x" end),
      ["layers: must be a table"] = with_manifest(function(m) m.layers = "x" end),
      ["config: \"application/y\" is no configuration"] = with_manifest(function(m) m.config.mediaType = "application/y" end),
      ["config: must be a table"] = with_manifest(function(m) m.config = 7 end),
      ["rootfs: is missing"] = with_document(function(d) d.rootfs = nil end),
      ["names 0 layers, and there are 1"] = with_document(function(d) d.rootfs.diff_ids = nil end),
      ["config: Env%[1%]: must be text"] = with_document(function(d) d.config = { Env = { 7 } } end),
      ["config: Cmd: must be a table"] = with_document(function(d) d.config = { Cmd = "sh" } end),
      ["config: Cmd: must be an array of text"] = with_document(function(d) d.config = { Cmd = { a = "sh" } } end),
      ["config: User: must be text"] = with_document(function(d) d.config = { User = 0 } end),
      ["manifests: is missing"] = with_index(function(i) i.manifests = nil end),
      ["manifests%[1%]: must be a table"] = with_index(function(i) i.manifests[1] = "x" end),
      ["has no image$"] = with_index(function(i) i.manifests[1].mediaType = "application/z" end),
      ["is nested more than 4 deep"] = with_index(function(i, blob)
        local index = i.manifests
        for _ = 1, 6 do
          local digest, size = blob(json.encode { manifests = index })
          index = { { mediaType = "application/vnd.oci.image.index.v1+json", digest = digest, size = size } }
        end
        i.manifests = index
      end),
      ["not valid JSON"] = (function()
        local _, path = make()
        fixture.write(path .. "/index.json", "{")
        return path
      end)(),
    } do
      assert_not_opened(path, words)
    end
  end)

  it("can say how its program runs, and nothing of its confinement [A07]", function()
    fixture.needs("root", "libarchive")
    local _, path = make { document = function(d)
      d.config = { Cmd = { "sh" }, User = "0", privileged = true, capabilities = { "SYS_ADMIN" }, seccomp = false,
        Volumes = { ["/etc"] = {} }, Labels = { seccomp = "false", [""] = "x" }, no_new_privileges = false,
        mounts = { { destination = "/", source = "/" } }, args = { "evil" }, rootfs = "/" }
    end }
    local config = assert(open(path)):config()
    local names = {}
    for name in pairs(config) do names[#names + 1] = name end
    table.sort(names)
    assert.same({ "args", "user" }, names)
    assert.same({ "sh" }, { config.args[1] })
  end)
end)
