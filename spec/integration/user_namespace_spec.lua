-- SPDX-License-Identifier: MIT
-- Containers whose users are nobody on the host: uid_mappings and gid_mappings, by a host that is root.
local fixture = require "spec.support.fixture"
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"
local inside = require "spec.support.inside"

local NAMESPACES <const> = { "mount", "pid", "uts", "ipc", "network", "cgroup", "user" }
local FIRST <const> = 100000

local function mapping(size)
  return { { container_id = 0, host_id = FIRST, size = size or 65536 } }
end

-- A root whose directories belong to the container's root; the files are links that others have too.
local function owned_rootfs()
  local rootfs = fixture.rootfs()
  fixture.sh("find %s -type d -exec chown %d:%d {} +", rootfs, FIRST, FIRST)
  return rootfs
end

local function config(more)
  local t = { rootfs = more and more.rootfs or owned_rootfs(), namespaces = NAMESPACES, uid_mappings = mapping(),
    gid_mappings = mapping() }
  for key, value in pairs(more or {}) do t[key] = value end
  return t
end

local function problems_of(more)
  local fine, err = configs.validate(config(more))
  assert.is_nil(fine)
  assert.equal("ConfigInvalid", err.code)
  return tostring(err), err
end

describe("a container with a user namespace", function()
  fixture.check_leaks()

  it("has users of its own, mapped as it was said [O67]", function()
    fixture.needs("root", "busybox")
    local list = { { container_id = 0, host_id = FIRST, size = 1000 }, { container_id = 1000, host_id = 7, size = 1 },
      { container_id = 2000, host_id = 300000, size = 3000 } }
    local out = inside.script(config { uid_mappings = list, gid_mappings = mapping(70) },
      "cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; id -u; id -g; readlink /proc/self/ns/user")
    assert.equal("0 100000 1000 1000 7 1 2000 300000 3000 0 100000 70 allow 0 0",
      (out:gsub("%s+", " "):match("^ ?(.-) user:")))
    assert.not_equal(fixture.sh("readlink /proc/%d/ns/user", core.pid()), out:match("user:%b[]"))
  end)

  it("may have limits above those of its host, and so may further programs [D36]", function()
    fixture.needs("root", "busybox")
    local own = tonumber(fixture.read("/proc/self/status"):match("CapEff:%s*(%x+)"), 16)
    if own >> 24 & 1 == 0 then return pending("needs CAP_SYS_RESOURCE") end
    assert.equal("300 4096\n70 8192\n64 128\n", fixture.lua_prints([[
      local range = { { container_id = 0, host_id = 100000, size = 65536 } }
      local box <close> = assert(assert(lc.new(root)):create("box", { rootfs = rootfs, uid_mappings = range,
        gid_mappings = range, namespaces = { "mount", "pid", "user" }, rlimits = { NOFILE = { 300, 4096 } } }))
      local p = assert(box:start { "sh", "-c", "echo $(ulimit -Sn) $(ulimit -Hn); exec sleep 1000", stdout = "pipe" })
      print(p.stdout:read("l", seconds(30)))
      for _, limit in ipairs { { 70, 8192 }, { 64, 128 } } do
        io.write(assert(box:exec { "sh", "-c", "echo $(ulimit -Sn) $(ulimit -Hn)", rlimits = { NOFILE = limit } }).stdout)
      end]], { args = { fixture.root(), owned_rootfs() }, shell = "ulimit -n 256;" }))
  end)

  it("is its owner's on the host: process, files that it makes, groups [O67]", function()
    fixture.needs("root", "busybox")
    local rootfs = owned_rootfs()
    fixture.sh("mkdir -m 777 %s/work", rootfs)
    local box <close> = assert(fixture.factory():create(fixture.id(), assert(configs.default(config {
      rootfs = rootfs }))))
    local process = assert(box:start { args = { "sh", "-c", "echo > /work/file; echo made; sleep 60" },
      user = "1000:1001", additional_groups = { "44" }, stdout = "pipe" })
    assert.equal("made\n", process.stdout:read(5))
    local status = fixture.read(("/proc/%d/status"):format(process:pid()))
    assert.equal("101000 101000 101000 101000", (status:match("\nUid:%s+([^\n]+)"):gsub("%s+", " ")))
    assert.equal("101001 101001 101001 101001", (status:match("\nGid:%s+([^\n]+)"):gsub("%s+", " ")))
    assert.equal("100044", status:match("\nGroups:%s+(%d+) *\n"))
    assert.equal("101000:101001", fixture.sh("stat -c %%u:%%g %s/work/file", rootfs))
    assert(box:signal "KILL")
    process:wait()
  end)

  it("owns its other namespaces [O69]", function()
    fixture.needs("root", "busybox")
    local out = inside.script(config { capabilities = { "NET_ADMIN", "SYS_ADMIN" }, seccomp = false },
      "ifconfig lo 127.0.0.2 && ifconfig lo | grep -c 127.0.0.2; hostname other && hostname")
    assert.equal("1\nother\n", out)
  end)

  it("has proc, sysfs, mqueue, devpts, tmpfs and its cgroups mounted, and its terminal [O69]", function()
    fixture.needs("root", "busybox")
    local out = inside.script(config(), "mount")
    for _, line in ipairs { "proc on /proc type proc", "sysfs on /sys type sysfs", "on /dev/mqueue type mqueue",
      "on /dev/pts type devpts", "on /dev/shm type tmpfs", "on /dev type tmpfs" } do
      assert.truthy(out:find(line, 1, true), line)
    end
    assert.truthy(out:find("on /sys/fs/cgroup", 1, true))
    local box <close> = assert(fixture.factory():create(fixture.id(), assert(configs.default(config()))))
    local process = assert(box:start { args = { "sh", "-c", "test -t 0 && stat -c %u:%g /dev/pts/0 /dev/console" },
      terminal = true })
    assert.equal("0:5 0:5", (process.terminal:read("a"):gsub("%s+", " "):match("^%s*(.-)%s*$")))
    assert.equal(0, process:wait(fixture.seconds(60)).status)
    process:close()
  end)

  it("has the host's devices in place of nodes, which keep nothing of set-user-id and exec [O74]", function()
    fixture.needs("root", "busybox")
    local out = inside.script(config(), "for n in null zero full random urandom tty; do stat -c '%n %t:%T %F' /dev/$n; "
      .. "done; echo x > /dev/null; head -c 2 /dev/zero | wc -c; grep ' /dev/null ' /proc/self/mountinfo")
    for node, number in pairs { null = "1:3", zero = "1:5", full = "1:7", random = "1:8", urandom = "1:9", tty = "5:0" } do
      assert.truthy(out:find(("/dev/%s %s character special file"):format(node, number), 1, true), node)
    end
    assert.truthy(out:find("\n2\n", 1, true))
    assert.matches("/dev/null rw,nosuid,noexec", out)
  end)

  it("makes a fifo, and refuses a device that the host has not at that path [O74]", function()
    fixture.needs("root", "busybox")
    local out = inside.script(config { devices = { { path = "/dev/queue", type = "p" } } },
      "stat -c '%F %u' /dev/queue")
    assert.equal("fifo 0\n", out)
    local err = inside.refused(config { devices = { { path = "/dev/zero", type = "c", major = 1, minor = 3 } } }, "true")
    assert.equal("devices[1]", err.field)
    assert.equal("ENODEV", err.errname)
    err = inside.refused(config { devices = { { path = "/dev/none", type = "c", major = 1, minor = 3 } } }, "true")
    assert.equal("ENOENT", err.errname)
  end)

  it("hides and protects what others do", function()
    fixture.needs("root", "busybox")
    local rootfs = owned_rootfs()
    fixture.write(rootfs .. "/secret", "secret")
    fixture.sh("mkdir %s/closed && echo x > %s/closed/file", rootfs, rootfs)
    local out = inside.script(config { rootfs = rootfs, mask_paths = { "/secret", "/closed" },
      readonly_paths = { "/etc" } }, "cat /secret; ls /closed; touch /etc/new 2>&1; stat -c %t:%T /secret")
    assert.equal("touch: /etc/new: Read-only file system\n1:3\n", out)
  end)

  it("sets kernel settings of its namespaces, those of users too", function()
    fixture.needs("root", "busybox")
    local out = inside.script(config { sysctl = { ["net.ipv4.ip_forward"] = "1", ["user.max_user_namespaces"] = "7" } },
      "cat /proc/sys/net/ipv4/ip_forward /proc/sys/user/max_user_namespaces")
    assert.equal("1\n7\n", out)
    assert.not_equal("7", fixture.sh("cat /proc/sys/user/max_user_namespaces"))
  end)

  it("takes further processes in, as the users that they are there", function()
    fixture.needs("root", "busybox")
    local box <close> = assert(fixture.factory():create(fixture.id(), assert(configs.default(config()))))
    local init = assert(box:start { "sleep", "60" })
    local user = fixture.sh("readlink /proc/%d/ns/user", init:pid())
    assert.equal(0, assert(box:exec { "sh", "-c", "mkdir /made && chown user:users /made" }).status)
    local result = assert(box:exec { "sh", "-c", "id; readlink /proc/self/ns/user; "
      .. "touch file && stat -c %u file", user = "user", cwd = "/made" })
    assert.equal("", result.stderr)
    assert.truthy(result.stdout:find("uid=1000(user) gid=1001(users) groups=1001(users),2000(extra)", 1, true)
      or result.stdout:find("uid=1000(user) gid=1001(users) groups=2000(extra)", 1, true), result.stdout)
    assert.truthy(result.stdout:find(user, 1, true))
    assert.equal("101000:101001", fixture.sh("stat -c %%u:%%g %s/made", box:config().rootfs))
    local all = assert(box:exec { "sh", "-c", "grep Uid /proc/self/status" })
    assert.matches("Uid:%s+0%s+0%s+0%s+0", all.stdout)
    assert.equal(1, #assert(box:processes()))
    assert.is_number(assert(box:stats()).memory.usage or 0)
    assert(box:pause())
    assert(box:resume())
    local done, err = box:checkpoint { images_directory = fixture.directory() .. "/images" }
    assert.is_nil(done)
    assert.matches("checkpoint: a user namespace could not come back", tostring(err))
    assert(box:signal "KILL")
    init:wait()
  end)

  it("is explained: mapped first, and its own root when everything of the host is opened", function()
    fixture.needs "busybox"
    local box <close> = assert(fixture.factory():create(fixture.id(), assert(configs.default(config()))))
    local at = {}
    for i, row in ipairs(assert(box:explain { "true" })) do at[row.op] = at[row.op] or i end
    assert.is_true(at.gate < at.tree_open and at.tree_open < at.device_open and at.device_open < at.root_enter)
    assert.equal(at.root_enter + 1, at.user)
    assert.equal("uid_mappings", box:explain({ "true" })[at.gate].field)
  end)

  it("has the host's root as its own, and sees nothing that is kept from everybody", function()
    fixture.needs "root"
    local t = assert(configs.host_root { namespaces = NAMESPACES, uid_mappings = mapping(), gid_mappings = mapping() })
    local box <close> = assert(fixture.factory():create(fixture.id(), t))
    local process = assert(box:start { args = { "sh", "-c", "id -u; cat /etc/shadow 2>/dev/null; echo x > /tmp/y && "
      .. "cat /tmp/y; touch /usr/x 2>/dev/null; echo $?; ls /proc | grep -c '^[0-9]'" }, stdout = "pipe" })
    assert.equal("0\nx\n1\n4\n", (process.stdout:read("a"):gsub("%d\n$", "4\n")))
    process:wait(fixture.seconds(60))
    process:close()
  end)

  it("is refused a user who has no number on the host, with the field", function()
    fixture.needs("root", "busybox")
    local factory, rootfs = fixture.factory(), owned_rootfs()
    local box <close> = assert(factory:create(fixture.id(), config { rootfs = rootfs, gid_mappings = mapping(1500) }))
    for user, why in pairs { ["70000"] = "user 70000 is not in uid_mappings", ["1:1600"] = "group 1600 is not in gid_",
      ["user"] = "group 2000 is not in gid_mappings" } do
      local process, err = box:start { args = { "true" }, user = user }
      assert.is_nil(process)
      assert.equal("ConfigInvalid", err.code)
      assert.equal("process.user", err.field)
      assert.truthy(tostring(err):find(why, 1, true), tostring(err))
    end
  end)

  it("with a root below a directory that its own users cannot enter starts all the same", function()
    fixture.needs("root", "busybox")
    local rootfs = owned_rootfs()
    assert.equal("700", fixture.sh("stat -c %%a %s/..", rootfs))
    local data = fixture.directory()
    fixture.write(data .. "/file", "text")
    local out = inside.script(config { rootfs = rootfs, bind = { data .. ":/data:ro" } },
      "cat /data/file 2>&1; stat -c %u /data")
    assert.equal("cat: can't open '/data/file': Permission denied\n65534\n", out)
  end)
end)

describe("mappings of ids", function()
  it("are refused without the user namespace, and that one without them", function()
    local said = problems_of { namespaces = { "mount", "pid" } }
    assert.truthy(said:find("uid_mappings: needs the user namespace", 1, true))
    assert.truthy(said:find("gid_mappings: needs the user namespace", 1, true))
    said = problems_of { uid_mappings = {}, gid_mappings = {} }
    assert.truthy(said:find("uid_mappings: is required for the user namespace", 1, true))
    assert.truthy(said:find("gid_mappings: is required", 1, true))
  end)

  it("must not overlap on either side, and must hold 0 [O67]", function()
    local said, err = problems_of { uid_mappings = { { container_id = 0, host_id = 10, size = 10 },
      { container_id = 9, host_id = 100, size = 1 }, { container_id = 50, host_id = 19, size = 2 } } }
    assert.equal(2, #err.problems)
    assert.truthy(said:find("uid_mappings[2].container_id", 1, true))
    assert.truthy(said:find("overlaps uid_mappings[1]", 1, true))
    assert.truthy(said:find("uid_mappings[3].host_id", 1, true))
    said = problems_of { gid_mappings = { { container_id = 1, host_id = 10, size = 10 } } }
    assert.truthy(said:find("gid_mappings: has no mapping of 0", 1, true))
  end)

  it("end with the last id, and with what the kernel reads", function()
    local said = problems_of { uid_mappings = { { container_id = 0, host_id = 4294967294, size = 2 } } }
    assert.truthy(said:find("leads beyond the last id", 1, true))
    assert.is_true(configs.validate(config { uid_mappings = { { container_id = 0, host_id = 0, size = 4294967295 } } }))
    local many = {}
    for i = 1, 341 do many[i] = { container_id = (i - 1) * 2, host_id = (i - 1) * 2, size = 1 } end
    assert.truthy(problems_of { uid_mappings = many }:find("has 341 items, more than 340", 1, true))
    many[341] = nil
    assert.is_true(configs.validate(config { uid_mappings = many }))
    for i = 1, 340 do many[i].host_id = 1000000000 + i * 2 end
    assert.truthy(problems_of { uid_mappings = many }:find("more than the 4095 bytes", 1, true))
  end)

  it("can be 340, as many as the kernel takes [O67]", function()
    fixture.needs("root", "busybox")
    local many = {}
    for i = 1, 340 do many[i] = { container_id = (i - 1) * 2, host_id = (i - 1) * 2 + 1, size = 1 } end
    assert.equal("340\n", inside.script(config { uid_mappings = many, rootfs = fixture.rootfs() },
      "wc -l < /proc/self/uid_map"))
  end)

  it("say which ids a mount may name", function()
    local said = problems_of { mounts = { { destination = "/dev/pts", type = "devpts", options = { "gid=70000" } } } }
    assert.truthy(said:find('mounts[1].options[1]', 1, true))
    assert.truthy(said:find("is not in gid_mappings", 1, true))
  end)

  it("forbid with the host's root what could uncover the host's own mounts", function()
    local said = problems_of { rootfs = "/", capabilities = { "SYS_ADMIN" } }
    for _, place in ipairs { "/dev", "/proc", "/sys" } do
      assert.truthy(said:find("must have something on " .. place, 1, true))
    end
    assert.truthy(said:find("could uncover what the host has", 1, true))
  end)
end)
