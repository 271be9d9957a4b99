-- SPDX-License-Identifier: MIT
--- What is otherwise where cgroup v2 is all that there is: who may make what in one tree, and one freezer
--- that KILL goes through.
local fixture = require "spec.support.fixture"
local proc = require "spec.support.proc"

-- The cgroup that this process's own one is in.
local function parent()
  return fixture.sh("echo /sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)"):match("^(.*)/[^/]*$")
end

local function create(config)
  config.rootfs = config.rootfs or fixture.rootfs()
  return assert(fixture.factory():create(fixture.id(), assert(require("libcontainer.configs").default(config))))
end

describe("on cgroup v2, a container below a frozen cgroup", function()
  fixture.check_leaks()

  local function below(namespaces)
    local box = create { cgroups = { path = fixture.id() .. "/box" }, namespaces = namespaces }
    local p = assert(box:start { "sh", "-c", "sleep 1000 & echo runs; exec sleep 1000", stdout = "pipe" })
    assert.equal("runs", p.stdout:read("l", fixture.seconds(60)))
    local above = box:state().cgroup_paths.unified:match("^(.*)/box$")
    fixture.sh("echo 1 >%s/cgroup.freeze", above)
    local deadline = os.time() + fixture.seconds(30)
    while box:status() ~= "paused" do assert(os.time() < deadline, box:status()) end
    return box, p, above
  end

  it("cannot be resumed, and the error says why", function()
    fixture.needs("root", "busybox", "v2")
    local box <close>, p, above = below()
    local done, err = box:resume(0.2)
    fixture.sh("echo 0 >%s/cgroup.freeze", above)
    assert.is_nil(done)
    assert.equal("EBUSY", err.errname)
    assert.matches("a cgroup above it", tostring(err))
    assert(box:resume(fixture.seconds(10)))
    assert.equal("running", box:status())
    p:close()
    assert(box:destroy())
    fixture.sh("rmdir %s 2>/dev/null", above)
  end)

  it("is destroyed all the same: who is frozen can be killed [L22]", function()
    fixture.needs("root", "busybox", "v2")
    -- whose processes do not end with the first of them
    local box <close>, p, above = below { "mount", "uts", "ipc", "network" }
    local pids = assert(box:processes())
    assert.equal(2, #pids)
    assert(box:destroy())
    for _, pid in ipairs(pids) do assert.is_true(proc.ends(pid)) end
    assert.equal(9, assert(p:wait(fixture.seconds(30))).signal)
    p:close()
    fixture.sh("rmdir %s 2>/dev/null", above)
  end)
end)

describe("on cgroup v2, the stats of a container", function()
  fixture.check_leaks()

  it("are those that the kernel's files tell at that moment [L46]", function()
    fixture.needs("root", "busybox", "v2")
    local box <close> = create { memory = "64M", tmpfs = { "/work" } }
    local p = assert(box:start { "sh", "-c", "head -c 4194304 /dev/zero >/work/data; echo done; exec sleep 1000",
      stdout = "pipe" })
    assert.equal("done", p.stdout:read("l", fixture.seconds(60)))
    local path = box:state().cgroup_paths.unified
    local FILES <const> = { { "memory.peak" }, { "memory.stat", "pgfault" }, { "memory.stat", "file" },
      { "cpu.stat", "usage_usec" }, { "cpu.stat", "user_usec" }, { "memory.events", "max" }, { "pids.peak" },
      { "pids.current" } }
    local function look()
      local values = {}
      for i, file in ipairs(FILES) do
        local text = "\n" .. (fixture.read(path .. "/" .. file[1]) or "")
        -- pids.peak came after 6.1
        values[i] = tonumber(file[2] and text:match("\n" .. file[2] .. " (%d+)") or text) or false
      end
      return values
    end
    local before = look()
    local stats = assert(box:stats())
    local after = look()
    local told = { stats.memory.peak, stats.memory.stat.pgfault, stats.memory.stat.file, stats.cpu.time * 1e6,
      stats.cpu.user * 1e6, stats.memory.failcnt, stats.pids.peak or false, stats.pids.current }
    for i, file in ipairs(FILES) do
      local name = table.concat(file, " ")
      if before[i] then
        assert.is_true(before[i] <= told[i] + 1 and told[i] <= after[i] + 1,
          ("%s: %s, %s, %s"):format(name, before[i], told[i], after[i]))
      else
        assert.is_false(told[i], name)
      end
    end
    assert.is_true(stats.memory.cache >= 4 << 20)
    p:close()
  end)
end)

describe("on cgroup v2, a tree of which the host was given a part", function()
  fixture.check_leaks()

  -- Run a script in an interpreter that sees a tree with those controllers alone, and sits in a child of
  -- its root, "host". Descriptor 9 is the limit on processes of all, which is not for who is inside.
  local function delegated(controllers, script, setup)
    local place = parent() .. "/" .. fixture.id()
    local text = fixture.lua_prints(script, { args = { fixture.root(), fixture.rootfs() },
      shell = ([[mkdir -p %s/given/host && echo '%s' >%s/cgroup.subtree_control && echo $$ >%s/given/cgroup.procs
        exec 9>%s/given/pids.max;]]):format(place, controllers, place, place, place),
      before = ("unshare -Cm sh -c 'mount --make-rprivate / && umount -l /sys/fs/cgroup && "
        .. "mount -t cgroup2 none /sys/fs/cgroup && echo 0 >/sys/fs/cgroup/host/cgroup.procs && %s; exec \"$@\"' x")
        :format(setup or "true") })
    local left = fixture.sh("find %s -mindepth 2 -type d ! -path '*/given/host'; find %s -depth -type d -exec rmdir {} ';'",
      place, place)
    assert.equal("", left)
    return text
  end

  it("has the limits of what is in it; another is refused with its name and what is missing [O87] [D18]", function()
    fixture.needs("root", "busybox", "v2")
    local text = delegated("+cpu +pids", [[
      local factory = assert(lc.new(root))
      local function try(cgroups)
        local box, err = factory:create("box", { rootfs = rootfs, cgroups = cgroups })
        local p
        if box then
          p, err = box:start { args = { "sleep", "1000" } }
          local stats = p and assert(box:stats())
          if p then print(stats.pids.limit, stats.pids.current, stats.memory.usage) end
          assert(box:destroy())
        end
        if err then print(err.field, err) end
      end
      try { pids_limit = 20, cpu_weight = 50 }
      try { memory = "64M" }
      try { cpuset_cpus = "0" }]])
    assert.matches("^20\t1\tnil\n[^\n]*cgroups%.memory[^\n]*memory[^\n]*\n[^\n]*cgroups%.cpuset_cpus[^\n]*cpuset", text)
  end)

  it("that may not be written is a clear error, and leaves nothing [O87]", function()
    fixture.needs("root", "busybox", "v2")
    local text = delegated("+cpu +pids", [[
      local factory = assert(lc.new(root))
      for _, limits in ipairs { { pids_limit = 20 }, {} } do
        local box = assert(factory:create("box", { rootfs = rootfs, cgroups = limits }))
        local p, err = box:start { args = { "true" } }
        print(p, err.errname, err.step, err.hint)
        assert(box:destroy())
      end]], "mount -o remount,bind,ro /sys/fs/cgroup")
    local refused <const> = 'nil\tEROFS\tcgroup\t[^\n]*cgroups = "none"[^\n]*\n'
    assert.matches("^" .. refused .. refused .. "$", text)
  end)

  it("without room for one more process is an error that names the limit, and nothing is left [L15]", function()
    fixture.needs("root", "busybox", "v2", "cc")
    local text = delegated("+pids", [[
      local box = assert(assert(lc.new(root)):create("box", { rootfs = rootfs }))
      posix.write(9, "1")
      local p, err = box:start { args = { "true" } }
      posix.write(9, "max")
      assert(not p)
      print(err.errname, err.step, err.hint)
      assert(box:destroy())]])
    assert.matches("^EAGAIN\tspawn\t.*pids.max", text)
  end)
end)

describe("on cgroup v2, the root of a container's own users", function()
  fixture.check_leaks()
  local FIRST <const> = 100000
  local MAKE <const> = [[cd /sys/fs/cgroup && mkdir a && echo $$ >a/cgroup.procs && echo +pids >cgroup.subtree_control &&
    echo 7 >a/pids.max && echo "made $(cat a/pids.max)"; echo 9 >pids.max || echo kept; exec sleep 1000]]

  -- Run it where /sys/fs/cgroup is mounted with these options: what it says first, and where its cgroup is.
  local function started(options, namespaces)
    local mapping, rootfs = { { container_id = 0, host_id = FIRST, size = 65536 } }, fixture.rootfs()
    fixture.sh("find %s -type d -exec chown %d:%d {} +", rootfs, FIRST, FIRST)
    local box = assert(fixture.factory():create(fixture.id(), { rootfs = rootfs, uid_mappings = mapping,
      gid_mappings = mapping, namespaces = namespaces or { "user", "mount", "pid", "ipc", "network", "cgroup" },
      cgroups = { pids_limit = 50 }, mounts = { { destination = "/proc", type = "proc", source = "proc" },
        { destination = "/sys/fs/cgroup", type = "cgroup", source = "cgroup", options = options } } }))
    local process = assert(box:start { "sh", "-c", MAKE, stdout = "pipe" })
    return box, process.stdout:read("l", fixture.seconds(60)), box:state().cgroup_paths.unified
  end
  local function owners(path)
    return fixture.sh("cd %s && for f in . *; do [ $(stat -c %%u $f) = 0 ] || echo $f; done", path)
  end

  it("may make cgroups in it and move between them where he can write to them, and lifts no limit [O88]", function()
    fixture.needs("root", "busybox", "v2")
    local box <close>, said, path = started { "nosuid", "noexec", "nodev" } -- luacheck: ignore 211
    assert.equal("made 7", said)
    assert.equal("50\n", fixture.read(path .. "/pids.max"))
    local given = { ["."] = true, a = true }
    for name in fixture.read("/sys/kernel/cgroup/delegate"):gmatch "[^\n]+" do given[name] = true end
    for name in owners(path):gmatch "[^\n]+" do assert.is_true(given[name], name .. " is not root's any more") end
    assert.equal("100000", fixture.sh("stat -c %%u %s", path))
  end)

  it("is given nothing where he only sees them, or sees those of others [O88]", function()
    fixture.needs("root", "busybox", "v2")
    for _, case in ipairs { { { "nosuid", "ro" } },
      { {}, { "user", "mount", "pid", "ipc", "network" } } } do
      local box <close>, said, path = started(table.unpack(case)) -- luacheck: ignore 211
      assert.equal("kept", said)
      assert.equal("", owners(path))
    end
  end)
end)
