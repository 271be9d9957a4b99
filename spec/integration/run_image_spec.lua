-- SPDX-License-Identifier: MIT
-- lc.run { image = … }: an image in one call, and nothing of it afterwards.
local fixture = require "spec.support.fixture"
local image = require "libcontainer.image"
local lc = require "libcontainer"
local tar = require "spec.support.tar"

local function busybox_layer(more)
  local entries = { { name = "bin", type = "directory", mode = 493 },
    { name = "bin/busybox", data = fixture.read("/bin/busybox"), mode = 493 },
    { name = "etc", type = "directory", mode = 493 }, { name = "etc/motd", data = "hello\n", uid = 5 } }
  for _, applet in ipairs { "sh", "cat", "id", "env", "stat", "pwd", "ls" } do
    entries[#entries + 1] = { name = "bin/" .. applet, type = "link", link = "busybox" }
  end
  for _, entry in ipairs(more or {}) do entries[#entries + 1] = entry end
  return tar.archive(entries)
end

local CONFIG <const> = { Entrypoint = { "cat" }, Cmd = { "motd" }, Env = { "A=image", "B=image", "PATH=/bin" },
  WorkingDir = "/etc", User = "12:34" }

describe("lc.run with an image", function()
  fixture.check_leaks()

  local function layout(config, layers)
    local path = fixture.directory() .. "/layout"
    tar.layout(path, layers or { busybox_layer() }, { config = config or CONFIG, tag = "v1" })
    return path
  end

  -- Beside the state there is nothing but the state, before and after.
  local function run(t)
    local factory = fixture.factory()
    t.factory = factory
    local result, err = lc.run(t)
    assert.equal("state", fixture.sh("ls -A %s", (factory:_beside())))
    assert.same({}, assert(factory:list()))
    return result, err
  end

  it("runs what the image says, as it says it, of a layout, an archive and an opened image", function()
    fixture.needs("root", "busybox", "libarchive")
    local path = layout()
    fixture.sh("tar -C %s -cf %s.tar .", path, path)
    for _, value in ipairs { path .. ":v1", path, path .. ".tar", assert(image.open(path, { factory = fixture.factory() })) } do
      local result = assert(run { image = value })
      assert.same({ "hello\n", "", 0 }, { result.stdout, result.stderr, result.status })
    end
  end)

  it("goes by the table where that says something, variable by variable", function()
    fixture.needs("root", "busybox", "libarchive")
    local path = layout()
    local script = "echo $A $B $C; pwd; id -u; id -g"
    assert.equal("image image\n/etc\n12\n34\n", assert(run { image = path, "sh", "-c", script }).stdout)
    assert.equal("image mine more\n/\n0\n0\n",
      assert(run { image = path, args = { "sh", "-c", script }, env = { B = "mine", C = "more" }, cwd = "/", user = "0" }).stdout)
    assert.equal("image mine\n/etc\n12\n34\n", assert(run { image = path, "sh", "-c", script, env = { "B=mine" } }).stdout)
  end)

  it("takes a tar and a directory, which say nothing of a program", function()
    fixture.needs("root", "busybox", "libarchive")
    local place = fixture.directory()
    fixture.write(place .. "/root.tar", busybox_layer())
    for _, path in ipairs { place .. "/root.tar", fixture.rootfs() } do
      assert.equal("0\n", assert(run { image = path, "id", "-u" }).stdout)
      local result, err = run { image = path }
      assert.is_nil(result)
      assert.equal("args", err.problems[1].field)
    end
  end)

  it("has the ids of the container's users, and is writable for this one alone", function()
    fixture.needs("root", "busybox", "libarchive")
    local path, range = layout(), { { container_id = 0, host_id = 100000, size = 1000 } }
    local result = assert(run { image = path, "sh", "-c", "stat -c %u:%g /etc/motd / && cat /proc/self/uid_map && echo x >/new && ls /new",
      user = "0", uid_mappings = range, gid_mappings = range, namespaces = { "mount", "pid", "uts", "ipc", "network", "user" } })
    assert.equal("", result.stderr)
    assert.matches("^5:0\n0:0\n%s+0%s+100000%s+1000\n/new\n$", result.stdout)
    assert.equal("cat: can't open '/new': No such file or directory\n", assert(run { image = path, "cat", "/new" }).stderr)
  end)

  it("tells what is wrong before anything is unpacked, and leaves nothing of what it has begun", function()
    fixture.needs("root", "busybox", "libarchive")
    local path = layout()
    local result, err = run { image = path, memory = "64", hostname = "a\0b" }
    assert.is_nil(result)
    assert.equal("hostname", err.problems[1].field)
    for value, text in pairs { [true] = "must be the path of an image", ["/nowhere:v1"] = "/nowhere:v1",
      [path .. ":none"] = "none" } do
      result, err = run { image = value, "id" }
      assert.is_nil(result)
      assert.matches(text, tostring(err), 1, true)
    end
    result, err = run { image = path, rootfs = "/", "id" }
    assert.is_nil(result)
    assert.equal("rootfs", err.field or err.problems[1].field)
    -- a layer that does not hold what its digest says
    local blob = fixture.sh("ls -S %s/blobs/sha256/* | head -1", path)
    fixture.sh("printf x | dd of=%s bs=1 seek=700 conv=notrunc 2>/dev/null", blob)
    result, err = run { image = path }
    assert.is_nil(result)
    assert.matches("its digest is sha256", tostring(err), 1, true)
    result, err = run { image = layout(), "nothing-there" }
    assert.is_nil(result)
    assert.matches("executable file not found", tostring(err), 1, true)
  end)

  it("is the container's, so no further program has one", function()
    fixture.needs("root", "busybox")
    local box <close> = assert(fixture.factory():create("box", assert(require("libcontainer.configs").default { rootfs = fixture.rootfs() })))
    assert(box:start { "sleep", "1000" })
    local result, err = box:exec { "id", image = "/x" }
    assert.is_nil(result)
    assert.equal("image", err.problems[1].field)
  end)
end)
