-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local configs = require "libcontainer.configs"

local function mapping(...)
  local list = {}
  for _, three in ipairs { ... } do
    list[#list + 1] = { container_id = three[1], host_id = three[2], size = three[3] }
  end
  return list
end

local function bind(source, destination, mappings, ...)
  return { type = "bind", source = source, destination = destination, options = { ... }, uid_mappings = mappings,
    gid_mappings = mappings }
end

local function with(fields, ...)
  local config = { rootfs = fixture.rootfs(), mounts = configs.default({ rootfs = "/x" }).mounts,
    capabilities = inside.all_capabilities() }
  for _, mount in ipairs { ... } do table.insert(config.mounts, mount) end
  for name, value in pairs(fields) do config[name] = value end
  return config
end

local USER <const> = { namespaces = { "mount", "pid", "uts", "ipc", "network", "cgroup", "user" },
  uid_mappings = mapping { 0, 100000, 65536 }, gid_mappings = mapping { 0, 100000, 65536 } }

-- A directory with files of 0, 7 and 1000.
local function source()
  local dir = fixture.directory()
  fixture.sh("cd %s && chmod 755 . && echo a >zero && echo b >seven && echo c >thousand && chown 7:7 seven && "
    .. "chown 1000:1000 thousand && mkdir -m 777 sub", dir)
  return dir
end

describe("a sysfs in a user namespace that shares the network", function()
  fixture.check_leaks()

  it("is the host's, read-only with all that is mounted in it, and below it nothing can be written [O41]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.sh("find %s -type d -exec chown 100000:100000 {} +; chmod 755 %s/..", rootfs, rootfs)
    local fields = { rootfs = rootfs, namespaces = { "mount", "pid", "uts", "ipc", "cgroup", "user" },
      uid_mappings = USER.uid_mappings, gid_mappings = USER.gid_mappings, networks = {} }
    local config = with(fields)
    local out = inside.script(config, [[cat /proc/self/mountinfo; ls -d /sys/class/net/lo
      for f in $(find /sys -maxdepth 3 -type d 2>/dev/null | head -200); do mkdir $f/x 2>/dev/null && echo "made $f"; done; true]])
    assert.truthy(out:find("\n/sys/class/net/lo\n", 1, true), out)
    assert.is_nil(out:find("made", 1, true), out)
    local list = inside.mounts(out)
    assert.equal("sysfs", inside.mount_at(list, "/sys").type)
    for _, mount in ipairs(list) do
      if mount.point == "/sys" or mount.point:match("^/sys/") then
        assert.is_true(mount.options.ro, mount.line)
        assert.is_true(mount.options.nosuid and mount.options.noexec, mount.line)
      end
    end
  end)
end)

describe("a mount with mapped ids", function()
  fixture.check_leaks()

  it("shows the ids of the file system as others, and writes what is made there as its own [O44]", function()
    fixture.needs("root", "busybox")
    local dir = source()
    local map = mapping({ 0, 3000, 1 }, { 7, 4000, 2 }, { 1000, 1000, 1 })
    local out = inside.script(with({}, bind(dir, "/m", map, "idmap"), bind(dir, "/plain"), bind(dir, "/implied", map),
      bind(dir, "/text", nil, "idmap=uids=0-3000-1#7-4000-2;gids=7-0-1#1000-5-1", "ro"), bind(dir .. "/zero", "/file", map)), [[
      stat -c '%n %u:%g' /m/zero /m/seven /m/thousand /plain/zero /implied/seven /text/seven /text/thousand /file
      mkdir /m/sub/unmapped 2>&1 | grep -o 'Value too large.*'
      touch /m/sub/new && echo made; chown 4001:1000 /m/zero && echo given; (echo >/text/x) 2>/dev/null; true]])
    -- root is mapped to nothing there: it makes nothing
    assert.equal([[/m/zero 3000:3000
/m/seven 4000:4000
/m/thousand 1000:1000
/plain/zero 0:0
/implied/seven 4000:4000
/text/seven 4000:0
/text/thousand 65534:5
/file 3000:3000
Value too large for defined data type
given
]], out)
    assert.equal("8:1000", fixture.sh("stat -c %%u:%%g %s/zero", dir))
    fixture.sh("chown 7:7 %s %s/sub", dir, dir)
    out = inside.script(with({}, bind(dir, "/m", mapping { 7, 0, 1 }, "idmap")), "touch /m/sub/new && stat -c %u /m/sub/new")
    assert.equal("0\n", out)
    assert.equal("7:7", fixture.sh("stat -c %%u:%%g %s/sub/new", dir))
  end)

  it("has them mapped below it too with ridmap, and only then [O44]", function()
    fixture.needs("root", "busybox")
    local out = fixture.lua_prints([[
      local dir = arg[3]
      assert(os.execute("mkdir " .. dir .. "/below && mount -t tmpfs below " .. dir .. "/below && touch " .. dir
        .. "/below/f"))
      local config = require "libcontainer.configs".default { rootfs = rootfs }
      local map = { { container_id = 0, host_id = 5, size = 10 } }
      for name, option in pairs { ["/one"] = "idmap", ["/all"] = "ridmap" } do
        table.insert(config.mounts, { type = "bind", source = dir, destination = name, options = { "rbind", option },
          uid_mappings = map, gid_mappings = map })
      end
      local box <close> = assert(assert(lc.new(root)):create("box", config))
      local p, err = box:start { args = { "stat", "-c", "%n %u", "/one", "/all", "/one/below/f", "/all/below/f" },
        stdout = "pipe" }
      if not p then io.write(tostring(err)) os.exit(0) end
      io.write(p.stdout:read("a"))
      assert(p:wait(seconds(60)).status == 0)]],
      { args = { fixture.root(), fixture.rootfs(), source() }, before = "unshare -m --propagation private" })
    if out:find("idmap EINVAL", 1, true) then return end -- a tmpfs, before Linux 6.3
    assert.equal("/one 5\n/all 5\n/one/below/f 0\n/all/below/f 5\n", out)
  end)

  it("has the ids of the container's user namespace when it names none, also from a descriptor [O44] [O52]", function()
    fixture.needs("root", "busybox")
    local dir = source()
    fixture.sh("chmod 700 %s", dir)
    local file <close> = assert(io.open(dir))
    local rootfs = fixture.rootfs()
    fixture.sh("find %s -type d -exec chown 100000:100000 {} +; chmod 755 %s/..", rootfs, rootfs)
    local config = with(USER, bind(dir, "/m", nil, "idmap"), bind(file, "/fd", nil, "idmap"), bind(file, "/raw"),
      bind(dir, "/relative", nil, "idmap=uids=@0-0-8#@1000-50-1;gids=@0-0-8"))
    config.rootfs = rootfs
    local out = inside.script(config, [[stat -c '%n %u:%g' /m/zero /m/seven /fd/thousand /raw /relative/seven \
      /relative/thousand; ls /raw 2>&1 | tail -1; echo x >/m/new; readlink /proc/self/ns/user]])
    assert.matches("^/m/zero 0:0\n/m/seven 7:7\n/fd/thousand 1000:1000\n/raw 65534:65534\n/relative/seven 7:7\n"
      .. "/relative/thousand 50:65534\nls: can't open '/raw': Permission denied\nuser:", out)
    assert.equal("0:0", fixture.sh("stat -c %%u:%%g %s/new", dir))
    assert.not_equal(fixture.sh("readlink /proc/self/ns/user"), out:match("(user:%S+)"))
  end)

  it("takes its source from below the root when that is the image's, whatever links say [O44] [A14]", function()
    fixture.needs("root", "busybox")
    local canary, rootfs = inside.canary(), fixture.rootfs()
    fixture.sh("cd %s && mkdir data && echo inside >data/file && ln -s /data link && ln -s %s/directory out", rootfs,
      canary.path)
    local config = with({}, bind(rootfs .. "/link", "/m", mapping { 0, 5, 1 }))
    config.rootfs = rootfs
    assert.equal("inside\n5\n", inside.script(config, "cat /m/file; stat -c %u /m/file"))
    config = with({}, bind(rootfs .. "/out", "/m", mapping { 0, 5, 1 }))
    config.rootfs = rootfs
    local err = inside.refused(config, "true")
    assert.equal("ENOENT", err.errname)
    canary.check()
  end)

  it("is refused where it cannot be, with what the kernel cannot do, and leaves no process [O44]", function()
    fixture.needs("root", "busybox")
    local err = inside.refused(with({}, bind("/proc", "/m", mapping { 0, 5, 1 })), "true")
    assert.equal("idmap", err.step)
    assert.equal("EINVAL", err.errname)
    assert.matches("^mounts%[%d+%]$", err.field)
    assert.truthy(err.hint)
    err = inside.refused(with({}, bind("/missing", "/m", mapping { 0, 5, 1 })), "true")
    assert.equal("/missing", err.subject)
    for _, mount in ipairs { { type = "tmpfs", destination = "/t", uid_mappings = mapping { 0, 5, 1 },
      gid_mappings = mapping { 0, 5, 1 } }, { type = "tmpfs", destination = "/t", options = { "idmap" } },
      bind("/tmp", "/m", nil, "idmap"), bind("/tmp", "/m", mapping({ 0, 5, 2 }, { 1, 9, 1 })) } do
      err = inside.refused(with({}, mount), "true")
      assert.equal("ConfigInvalid", err.code)
    end
  end)
end)
