-- SPDX-License-Identifier: MIT
-- Layers in memory, over the host's root, and in user namespaces; overlays that are mounts.
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local configs = require "libcontainer.configs"

local MAP <const> = { { container_id = 0, host_id = 100000, size = 65536 } }
local USER <const> = { namespaces = { "mount", "pid", "uts", "ipc", "network", "cgroup", "user" }, uid_mappings = MAP,
  gid_mappings = MAP }

local function with(base, more)
  local t = {}
  for key, value in pairs(base) do t[key] = value end
  for key, value in pairs(more) do t[key] = value end
  return t
end

local function create(config)
  return assert(fixture.factory():create(fixture.id(), config))
end

local function run(box, script)
  local p = assert(box:start { args = { "sh", "-c", script }, stdout = "pipe", stderr = "pipe" })
  local text = p.stdout:read("a") .. p.stderr:read("a")
  local exit = assert(p:wait(fixture.seconds(60)))
  p:close()
  assert.equal(0, exit.status, text)
  return text
end

local function tree(path)
  return fixture.sh([[cd %s && find . -printf '%%p %%y %%m %%U:%%G %%s %%T@ %%l\n' | sort; find . -type f -exec cksum {} + | sort]],
    path)
end

-- A root with something to change, of the user that is given.
local function root_of(owner)
  local rootfs = fixture.rootfs()
  fixture.sh([[cd %s && mkdir -p data/old && echo one >data/file && echo x >data/old/x && echo gone >gone &&
    chown -R %d:%d data gone . 2>/dev/null; true]], rootfs, owner, owner)
  return rootfs
end

-- Copy up, delete, a directory made anew, one above a whiteout: all that takes marks.
local CHANGE <const> = [[set -e; echo two >>/data/file; rm -r /data/old; mkdir /data/old; rm /gone; mkdir /gone; mkdir /new
  cat /data/file; ls -A /data/old; ls -n /data | grep ' file$'; stat -c '%u %g' / /new /data/file]]
local CHANGED <const> = "^one\ntwo\n%-rw%-r%-%-r%-%- +1 0 +0 .- file\n0 0\n0 0\n0 0\n$"

-- A shell command that mounts where only the script behind it sees it.
local function in_own_mounts(command, ...)
  return "unshare -m --propagation private sh -c '" .. command:format(...) .. [[ && exec "$@"' sh]]
end

describe("a layer in memory", function()
  fixture.check_leaks()

  it("is the container's alone and gone with its program; it has a limit and nothing to list [O46]", function()
    fixture.needs("root", "busybox")
    local rootfs = root_of(0)
    local before = tree(rootfs)
    local box <close> = create(configs.default { rootfs = rootfs, overlay = { memory = "1M" } })
    local text = run(box, CHANGE)
    assert.truthy(text:find(CHANGED), text)
    assert.equal("1\n", run(box, "! test -e /new && ! grep -q two /data/file && grep -c . /gone"),
      "the next program begins without it")
    assert.truthy(run(box, "dd if=/dev/zero of=/big bs=64k count=64 2>&1 || true"):find("No space left on device"))
    assert.equal("", run(box, "grep ' layer ' /proc/self/mountinfo; true"), "its tmpfs is mounted nowhere")
    assert.equal(before, tree(rootfs))
    for _, name in ipairs { "diff", "reset_layer" } do
      local nothing, err = box[name](box)
      assert.is_nil(nothing)
      assert.equal("overlay.memory", err.field)
    end
    assert.equal("", fixture.sh("find %s/.. -maxdepth 3 -name upper", rootfs))
    -- its users are those of the root, as the layer is empty then
    fixture.sh("cd %s && rm -f etc/passwd && echo 'inner:x:44:45::/:/bin/sh' >etc/passwd", rootfs)
    local p = assert(box:start { args = { "id", "-u" }, user = "inner", stdout = "pipe" })
    assert.equal("44\n", p.stdout:read("a"))
    assert(p:wait(fixture.seconds(60)))
    p:close()
  end)

  it("is what its programs are charged for", function()
    fixture.needs("root", "busybox")
    local r = assert(fixture.run({ overlay = { memory = "64M" }, memory = "24M" }, "dd", "if=/dev/zero", "of=/big",
      "bs=1M", "count=60"))
    assert.is_true(r.oom or r.status ~= 0, tostring(r))
  end)
end)

describe("a layer over the host's root", function()
  fixture.check_leaks()

  it("changes what the program sees, and not the host", function()
    fixture.needs "root"
    local canary = inside.canary()
    local before = fixture.sh("cksum /etc/passwd; ls -d /libcontainer-new 2>/dev/null")
    local box <close> = create(configs.host_root { overlay = { memory = "16M" },
      capabilities = { "DAC_OVERRIDE", "CHOWN", "FOWNER" } })
    local text = run(box, [[set -e; echo changed >/etc/passwd; mkdir /libcontainer-new; cat /etc/passwd
      grep ' / / ' /proc/self/mountinfo; cut -d' ' -f5 /proc/self/mountinfo | sort | tr '\n' ' ']])
    assert.truthy(text:find("^changed\n"), text)
    assert.truthy(text:find(" - overlay overlay rw", 1, true), text)
    assert.is_nil(text:find("/sys/fs/cgroup/", 1, true), "nothing that is mounted on the host comes along")
    assert.equal(before, fixture.sh("cksum /etc/passwd; ls -d /libcontainer-new 2>/dev/null"))
    canary.check()
    local closed <close> = create(configs.host_root { overlay = { memory = "16M" }, readonlyfs = true })
    assert.equal("no\n", run(closed, "touch /tmp/x; touch /etc/x 2>/dev/null || echo no"))
    assert.is_true(configs.host_root().readonlyfs)
    assert.is_nil(configs.host_root({ overlay = {} }).readonlyfs)
    assert.is_true(configs.host_root({ overlay = {}, readonlyfs = true }).readonlyfs)
  end)

  it("can be in a directory, and is listed without what the host has mounted", function()
    fixture.needs "root"
    local layer = fixture.directory() .. "/layer"
    local box <close> = create(configs.host_root { overlay = { layer = layer }, capabilities = { "DAC_OVERRIDE" },
      mounts = { { destination = "/tmp", type = "tmpfs" } } })
    local started, err = box:start { args = { "sh", "-c", "echo changed >/etc/passwd" } }
    -- Where both are on one file system the kernel may find that one is in the other.
    if not started then
      assert.equal("ELOOP", err.errname, tostring(err))
      assert.truthy(err.hint:find("overlay.memory", 1, true))
      return
    end
    assert(started:wait(fixture.seconds(60)))
    started:close()
    local changed = {}
    for _, entry in ipairs(assert(box:diff())) do changed[entry.path] = entry.kind end
    assert.equal("changed", changed["/etc/passwd"])
    assert.is_nil(changed["/sys"])
    assert.is_nil(changed["/proc"])
  end)
end)

describe("what is mounted below the root of a layer", function()
  fixture.check_leaks()

  it("is not seen, and is nothing that the layer differs from", function()
    fixture.needs("root", "busybox")
    local rootfs = root_of(0)
    assert.equal("one changed added\n", fixture.lua_prints([[
      local config = assert(require("libcontainer.configs").default { rootfs = rootfs, overlay = {} })
      local box <close> = assert(assert(lc.new(root)):create("a", config))
      local p = assert(box:start { "sh", "-c", "cat /data/file; echo two >/data/file; echo x >/data/above", stdout = "pipe" })
      local seen, kinds = p.stdout:read("l"), {}
      assert(p:wait(seconds(60)))
      p:close()
      for _, entry in ipairs(assert(box:diff())) do kinds[entry.path] = entry.kind end
      print(("%s %s %s"):format(seen, kinds["/data/file"], kinds["/data/above"]))
    ]], { args = { fixture.root(), rootfs },
      before = in_own_mounts("mount -t tmpfs none %s/data && echo covers >%s/data/above", rootfs, rootfs) }))
  end)
end)

describe("a layer in a user namespace", function()
  fixture.check_leaks()

  it("takes what root of the container writes, in a directory [O46]", function()
    fixture.needs("root", "busybox", "user_attributes")
    local rootfs = root_of(100000)
    local before = tree(rootfs)
    local box <close> = create(configs.default(with(USER, { rootfs = rootfs, overlay = {} })))
    local text = run(box, CHANGE)
    assert.truthy(text:find(CHANGED), text)
    local kinds = {}
    for _, entry in ipairs(assert(box:diff())) do kinds[entry.path] = entry.kind end
    assert.same({ "changed", "changed", "added", "deleted" },
      { kinds["/data/file"], kinds["/gone"], kinds["/new"], kinds["/data/old/x"] })
    assert.equal("two\n", run(box, "tail -1 /data/file"))
    assert(box:reset_layer())
    assert.equal("one\n", run(box, "tail -1 /data/file"))
    assert.equal(before, tree(rootfs))
  end)

  it("in memory takes that too", function()
    fixture.needs("root", "busybox", "memory_layers")
    local rootfs = root_of(100000)
    local before = tree(rootfs)
    local box <close> = create(configs.default(with(USER, { rootfs = rootfs, overlay = { memory = "4M" } })))
    assert.truthy(run(box, CHANGE):find(CHANGED))
    assert.equal(before, tree(rootfs))
  end)

  it("is refused where the file system cannot keep its marks, before anything runs; so is one of root", function()
    fixture.needs("root", "busybox")
    local rootfs, dir = root_of(100000), fixture.directory()
    local said = fixture.lua_prints([[
      local configs = require "libcontainer.configs"
      local dir, factory = arg[3], assert(lc.new(root))
      local map = { { container_id = 0, host_id = 100000, size = 65536 } }
      local mounts = { { type = "overlay", destination = "/mnt", options = { "lowerdir=" .. dir .. "/low",
        "upperdir=" .. dir .. "/up", "workdir=" .. dir .. "/work" } } }
      for _, fields in ipairs { { overlay = { layer = dir .. "/layer" } }, { mounts = mounts } } do
        for _, has_user in ipairs { true, false } do
          local config = { rootfs = rootfs }
          for key, value in pairs(fields) do config[key] = value end
          if has_user then
            config.uid_mappings, config.gid_mappings = map, map
            config.namespaces = { "mount", "pid", "uts", "ipc", "network", "cgroup", "user" }
          end
          local box <close> = assert(factory:create("a", assert(configs.default(config))))
          local nothing, err = box:start { "true" }
          assert(not nothing and err.subject:sub(1, #dir) == dir, tostring(err))
          print(err.errname, err.step, (err.field:gsub("%d+", "N")), (err.hint:match("Linux 6.6")))
        end
      end
    ]], { args = { fixture.root(), rootfs, dir }, before = in_own_mounts([[chmod 711 %s/.. && mount -t ramfs -o mode=711 none %s &&
      cd %s && mkdir low up work && chown 100000:100000 up work && cd - >/dev/null]], dir, dir, dir) })
    local line = "EOPNOTSUPP\tlayer\t%s\tLinux 6.6\n"
    assert.equal(line:format("overlay"):rep(2) .. line:format("mounts[N]"):rep(2), said)
  end)

  it("lies over a root of the host's users, whose ids are mapped, and its differences are told by those", function()
    fixture.needs("root", "busybox", "mappable", "user_attributes")
    local rootfs, lower = root_of(0), fixture.directory()
    fixture.sh("mkdir -p %s/opt && echo seven >%s/opt/seven && chown 7:7 %s/opt/seven && chmod 755 %s", lower, lower, lower,
      lower)
    local before = tree(rootfs)
    local box <close> = create(configs.default(with(USER, { rootfs = rootfs, overlay = { mapped = true,
      lower = { lower } } })))
    local text = run(box, CHANGE .. "; stat -c '%u %g' /opt/seven; echo x >/opt/new")
    assert.truthy(text:find(CHANGED:sub(1, -2) .. "7 7\n$"), text)
    local kinds = {}
    for _, entry in ipairs(assert(box:diff())) do kinds[entry.path] = entry.kind end
    assert.equal("changed", kinds["/data/file"])
    assert.is_nil(kinds["/data"], "its owner is the same")
    assert.is_nil(kinds["/opt"])
    assert.equal("added", kinds["/opt/new"])
    assert.equal(before, tree(rootfs))
    -- without mapping nobody of the container owns it
    local plain <close> = create(configs.default(with(USER, { rootfs = rootfs, overlay = {} })))
    assert.equal("65534\n", run(plain, "stat -c %u /data"))
  end)

  it("lies over the host's root, which is nobody's there unless its ids are mapped", function()
    fixture.needs("root", "memory_layers")
    for _, mapped in ipairs { true, false } do
      local box <close> = create(configs.host_root(with(USER, { overlay = { memory = "4M", mapped = mapped } })))
      local started, err = box:start { args = { "sh", "-c", "stat -c %u /etc; echo x >/etc/new && cat /etc/new" },
        stdout = "pipe" }
      if started then
        assert.equal(mapped and "0\nx\n" or "65534\n", started.stdout:read("a"))
        started:close()
      else -- a root that can have no ids mapped: an overlay, for one
        assert.equal("true EINVAL", tostring(mapped) .. " " .. err.errname, tostring(err))
      end
    end
  end)
end)

describe("an overlay that is a mount", function()
  fixture.check_leaks()

  local function options(...)
    return { { type = "overlay", destination = "/mnt", options = { ... } } }
  end

  it("is made of directories of the host, whatever characters they have, with attributes and data [O46] [O37]", function()
    fixture.needs("root", "busybox")
    local dir = fixture.directory()
    fixture.sh([[cd %s && mkdir 'a:1\' b up work && echo a >'a:1\/f' && echo low >b/f && echo b >b/g]], dir)
    local box <close> = create(configs.default { rootfs = fixture.rootfs(), mounts = options(
      "lowerdir=" .. dir .. "/a\\:1\\\\:" .. dir .. "/b", "upperdir=" .. dir .. "/up", "workdir=" .. dir .. "/work", "nosuid",
      "index=off") })
    local text = run(box, [[cat /mnt/f /mnt/g; echo c >/mnt/f; rm /mnt/g; ls /mnt; grep ' /mnt ' /proc/self/mountinfo]])
    assert.truthy(text:find("^a\nb\nf\n"), text)
    assert.truthy(text:find("/mnt rw,nosuid,relatime - overlay overlay", 1, true), text)
    assert.equal("f\ng", fixture.sh("ls %s/up", dir))
    assert.equal("a", fixture.sh([[cat '%s/a:1\/f']], dir))
    -- without a layer to write to nothing is written
    local plain <close> = create(configs.default { rootfs = fixture.rootfs(), mounts = options(
      "lowerdir=" .. dir .. "/up:" .. dir .. "/b", "ro") })
    assert.equal("c\nno\n", run(plain, "cat /mnt/f; ls /mnt/g 2>/dev/null; echo x 2>/dev/null >/mnt/f || echo no"))
  end)

  it("finds what lies in the image by the image's root, links of it leading nowhere else", function()
    fixture.needs("root", "busybox")
    local rootfs, canary = fixture.rootfs(), inside.canary()
    fixture.sh("cd %s && mkdir -p low up work .%s/up && echo low >low/f && ln -s %s out && ln -s ../../../../.. up-link",
      rootfs, canary.path, canary.path)
    local box <close> = create(configs.default { rootfs = rootfs, mounts = options("lowerdir=" .. rootfs .. "/up-link/low",
      "upperdir=" .. rootfs .. "/out/up", "workdir=" .. rootfs .. "/work") })
    local started, err = box:start { args = { "sh", "-c", "echo x >/mnt/f" } }
    assert(started, tostring(err))
    assert.equal(0, assert(started:wait(fixture.seconds(60))).status)
    started:close()
    assert.equal("x", fixture.sh("cat %s%s/up/f", rootfs, canary.path))
    canary.check()
  end)

  it("works in a user namespace, on what its users own", function()
    fixture.needs("root", "busybox", "user_attributes")
    local dir = fixture.directory()
    fixture.sh("cd %s && chmod 711 . && mkdir low up work && echo one >low/f && chown -R 100000:100000 low up work", dir)
    local box <close> = create(configs.default(with(USER, { rootfs = root_of(100000), mounts = options("lowerdir=" .. dir
      .. "/low", "upperdir=" .. dir .. "/up", "workdir=" .. dir .. "/work") })))
    assert.equal("one\ntwo\n", run(box, "echo two >>/mnt/f; cat /mnt/f; rm /mnt/f; mkdir /mnt/f"))
    assert.equal("directory 100000", fixture.sh("stat -c '%%F %%u' %s/up/f", dir))
  end)

  it("can have 32 layers, and tells which one is missing", function()
    fixture.needs("root", "busybox")
    local dir, layers = fixture.directory(), {}
    for i = 1, 32 do layers[i] = ("%s/%d"):format(dir, i) end
    fixture.sh("cd %s && for i in $(seq 32); do mkdir $i; echo $i >$i/f; echo $i >$i/of-$i; done", dir)
    local list = table.concat(layers, ":")
    local box <close> = create(configs.default { rootfs = fixture.rootfs(), mounts = options("lowerdir=" .. list) })
    assert.equal("1\n32\n32\n", run(box, "cat /mnt/f /mnt/of-32; ls /mnt | grep -c of-"))
    fixture.sh("rm -r %s/17", dir)
    local nothing, err = box:start { args = { "true" } }
    assert.is_nil(nothing)
    assert.same({ "ENOENT", dir .. "/17" }, { err.errname, err.subject })
    assert.truthy(err.field:find("^mounts%[%d+%]"), err.field)
  end)

  it("says of a directory that is missing which field named it, and what that one is about", function()
    fixture.needs("root", "busybox")
    local dir, rootfs = fixture.directory(), fixture.rootfs()
    local missing, gone = dir .. "/none", dir .. "/gone"
    local function said(fields, doing)
      if fields.rootfs == gone then fixture.sh("mkdir %s", gone) end
      local box <close> = create(configs.default(with({ rootfs = rootfs }, fields)))
      if fields.rootfs == gone then fixture.sh("rmdir %s", gone) end
      local nothing, err = (doing or box.start)(box, { args = { "true" } })
      assert.is_nil(nothing)
      assert.same({ "layer", "ENOENT" }, { err.step, err.errname }, tostring(err))
      return ("%s: %s: %s"):format((err.field:gsub("mounts%[%d+%]", "mounts[N]")), err.subject, err.hint)
    end
    local lower = missing .. ": the directories of overlay.lower must be there when the container starts"
    assert.equal("overlay.lower[1]: " .. lower, said { overlay = { lower = { missing } } })
    assert.equal("overlay.lower[2]: " .. lower, said { overlay = { lower = { "/usr", missing }, memory = "1M" } })
    assert.equal("overlay.lower[1]: " .. lower, -- which the host opens
      said(with(USER, { rootfs = "/", mounts = {}, overlay = { lower = { missing }, memory = "1M" } })))
    assert.equal(("overlay.layer: %s/layer: the directory is made when it is missing, the one that it is in is not"):format(missing),
      said { overlay = { layer = missing .. "/layer" } })
    assert.equal(("rootfs: %s: make the directory, or correct rootfs"):format(gone), said { rootfs = gone, overlay = {} })
    local named = ("mounts[N]: %s: the directories that lowerdir=, upperdir= and workdir= name must be there when the "
      .. "container starts"):format(missing)
    assert.equal(named, said { mounts = options("lowerdir=" .. missing) })
    assert.equal(named, said { mounts = options("lowerdir=/usr", "upperdir=" .. missing, "workdir=" .. missing .. "2") })
  end)

  it("is refused with what is missing", function()
    local function problem(...)
      local _, err = configs.validate(configs.empty { rootfs = "/x", mounts = options(...) })
      return err and err.problems[1].field .. ": " .. err.problems[1].message
    end
    assert.truthy(problem("ro"):find("^mounts%[1%].options: must have lowerdir="))
    assert.truthy(problem("lowerdir=/a", "upperdir=/b"):find("^mounts%[1%].options: have upperdir= without workdir="))
    assert.truthy(problem("lowerdir=/a", "workdir=/b"):find("^mounts%[1%].options: have workdir= without upperdir="))
    assert.truthy(problem("lowerdir=/a:b"):find("^mounts%[1%].options%[1%]: must be absolute"))
    assert.truthy(problem("lowerdir=/a", "upperdir=b", "workdir=/w"):find("^mounts%[1%].options%[2%]: must be absolute"))
    assert.truthy(problem("lowerdir+=/a"):find("is not understood"))
    assert.truthy(problem("lowerdir=/a" .. (":/a"):rep(32)):find("more than 32"))
    assert.is_nil(problem("lowerdir=/a:/b", "upperdir=/u", "workdir=/w", "volatile"))
  end)
end)
