-- SPDX-License-Identifier: MIT
--- Limits and accounting, read back from the kernel's own files; what else may sit in a cgroup.
local fixture = require "spec.support.fixture"
local hooked = require "spec.support.hooks"
local proc = require "spec.support.proc"
local inside = require "spec.support.inside"

local function create(config)
  config = config or {}
  config.rootfs = config.rootfs or fixture.rootfs()
  return assert(fixture.factory():create(fixture.id(), config))
end

-- The directory of a container that has one of these files, by the files' names in v1 and in v2, and
-- the file's content.
local function value_of(box, v1, v2)
  for _, path in pairs(box:state().cgroup_paths) do
    local value = fixture.read(path .. "/" .. v1) or fixture.read(path .. "/" .. v2)
    if value then return (value:gsub("\n$", "")) end
  end
  error("neither " .. v1 .. " nor " .. v2 .. " is there")
end

-- Start something that stays, which must not be killed with the test's container: answers its pid.
local function foreign_process()
  return tonumber(fixture.sh("sleep 7000 >/dev/null 2>&1 & echo $!"))
end

describe("the limits of a container", function()
  fixture.check_leaks()

  it("are what the kernel's files say: memory, processes, processors", function()
    fixture.needs("root", "busybox")
    local box <close> = create { cgroups = { memory = "64M", pids_limit = 33, cpus = 0.5 } }
    assert(box:start { args = { "sleep", "1000" } })
    assert.equal("67108864", value_of(box, "memory.limit_in_bytes", "memory.max"))
    assert.equal("33", value_of(box, "pids.max", "pids.max"))
    local quota = value_of(box, "cpu.cfs_quota_us", "cpu.max")
    assert.is_true(quota == "50000" or quota == "50000 100000", quota)
  end)

  it("hold what is written exactly: quota, period, shares, reservation", function()
    fixture.needs("root", "busybox")
    local box <close> = create { cgroups = { cpu_quota = 20000, cpu_period = 50000, cpu_shares = 512,
      memory = "64M", memory_reservation = "32M" } }
    assert(box:start { args = { "sleep", "1000" } })
    local quota = value_of(box, "cpu.cfs_quota_us", "cpu.max")
    assert.is_true(quota == "20000" or quota == "20000 50000", quota)
    assert.equal("33554432", value_of(box, "memory.soft_limit_in_bytes", "memory.low"))
    local shares = value_of(box, "cpu.shares", "cpu.weight")
    assert.is_true(shares == "512" or (tonumber(shares) > 1 and tonumber(shares) < 100), shares)
  end)

  it("kill what takes more memory than it may, and the result says so [L35]", function()
    fixture.needs("root", "busybox")
    local r = assert(fixture.run({ memory = "16M", cgroups = { memory_swap = "16M" } }, "sh", "-c",
      "x=$(head -c 100000000 /dev/zero | tr '\\0' y); echo survived"))
    assert.equal("", r.stdout)
    assert.is_true(r.oom)
    assert.equal(9, r.signal)
    assert.equal("KILL", r.signal_name)
    assert.is_true(r.usage.oom_kills >= 1)
    assert.is_true(r.usage.memory_peak > 8 * 1024 * 1024)
    local fine, why = pcall(r.check, r)
    assert.is_false(fine)
    assert.matches("out of memory", why)
  end)

  it("stop a fork bomb, whose end is complete [L34] [O105]", function()
    fixture.needs("root", "busybox")
    local box <close> = create { cgroups = { pids_limit = 50 }, namespaces = { "mount", "uts" } }
    assert(box:start { args = { "sh", "-c", "f() { f & f; }; f; while :; do sleep 1; done" } })
    local most = 0
    for _ = 1, 20 do
      local pids = box:processes()
      most = math.max(most, pids and #pids or 0)
      assert.is_true(most <= 50)
    end
    assert(box:destroy())
    assert.equal("destroyed", box:status())
  end)

  it("account for processor time and memory", function()
    fixture.needs("root", "busybox")
    local r = assert(fixture.run({ memory = "256M" }, "sh", "-c",
      "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; x=$(head -c 20000000 /dev/zero | tr '\\0' y)"))
    assert.equal(0, r.status)
    assert.is_true(r.usage.cpu_time > 0.005 and r.usage.cpu_time < r.time * 64 + 1)
    assert.is_true(r.usage.memory_peak > 20000000 and r.usage.memory_peak <= 256 * 1024 * 1024)
    assert.is_false(r.oom)
  end)

  it("leave no directory behind, after a start that failed too [A89]", function()
    fixture.needs("root", "busybox")
    local box = create { cgroups = { memory = "64M", pids_limit = 10 } }
    local paths = box:state().cgroup_paths
    assert.is_nil((box:start { args = { "no-such-program" } }))
    for _, path in pairs(paths) do assert.equal("", fixture.sh("ls -d %s 2>/dev/null", path)) end
    assert(box:start { args = { "sleep", "1000" } })
    for _, path in pairs(paths) do assert.equal(path, fixture.sh("ls -d %s", path)) end
    assert(box:destroy())
    for _, path in pairs(paths) do assert.equal("", fixture.sh("ls -d %s 2>/dev/null", path)) end
  end)
end)

describe("a cgroup of the caller's choice", function()
  fixture.check_leaks()

  local function directories(name)
    return fixture.sh("find /sys/fs/cgroup -type d -name %s | sort -r", name)
  end

  it("is refused when it has processes in it, with a hint, and is left alone [L28] [A89] [O85]", function()
    fixture.needs("root", "busybox")
    local name = fixture.id()
    local first <close> = create { cgroups = { path = "/" .. name } }
    local p = assert(first:start { args = { "sleep", "1000" } })
    local box, err = fixture.factory():create("second", { rootfs = fixture.rootfs(), cgroups = { path = "/" .. name } })
    assert.is_nil(box)
    assert.equal("EBUSY", err.errname)
    assert.equal("cgroup", err.step)
    assert.equal("cgroups.path", err.field)
    assert.is_string(err.hint)
    assert.is_true(proc.is_alive(p:pid()))
    assert.equal("running", first:status())
    assert(first:destroy())
    assert.equal("", directories(name))
  end)

  it("is refused when it is frozen [L28] [A89] [O85]", function()
    fixture.needs("root", "busybox")
    local name = fixture.id()
    local place = fixture.sh("for d in /sys/fs/cgroup/freezer /sys/fs/cgroup/unified /sys/fs/cgroup; do "
      .. "[ -e $d/cgroup.procs ] && { echo $d; break; }; done")
      .. "/" .. name
    fixture.sh("mkdir %s; echo FROZEN 2>/dev/null >%s/freezer.state || echo 1 >%s/cgroup.freeze", place, place, place)
    local box, err = fixture.factory():create("box", { rootfs = fixture.rootfs(), cgroups = { path = "/" .. name } })
    fixture.sh("echo THAWED 2>/dev/null >%s/freezer.state || echo 0 >%s/cgroup.freeze", place, place)
    assert.is_nil(box)
    assert.equal("EBUSY", err.errname)
    assert.is_string(err.hint)
    assert.equal(place, fixture.sh("ls -d %s", place))
    fixture.sh("rmdir %s", place)
  end)

  it("that was there before, empty and thawed, is used and stays [L28] [O106]", function()
    fixture.needs("root", "busybox")
    local name = fixture.id()
    fixture.sh("for d in /sys/fs/cgroup /sys/fs/cgroup/*; do [ -e $d/cgroup.procs ] && mkdir $d/%s; done", name)
    local there = directories(name)
    local box <close> = create { cgroups = { path = "/" .. name } }
    local p = assert(box:start { args = { "sleep", "1000" } })
    assert.same({ p:pid() }, assert(box:processes()))
    assert(box:destroy())
    assert.equal(there, directories(name))
    fixture.sh("rmdir %s", (there:gsub("\n", " ")))
  end)
end)

describe("a cgroup that passes controllers on to its children", function()
  fixture.check_leaks()

  -- Where the unified tree is, with a controller that it can pass on; nil without.
  local function unified()
    for _, place in ipairs { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" } do
      local controllers = fixture.read(place .. "/cgroup.controllers") or ""
      if controllers:find("hugetlb") then return place end
    end
  end

  it("takes a container in a leaf of its own, and its further programs too [O87] [O89]", function()
    fixture.needs("root", "busybox")
    local place = unified()
    if not place then pending("needs a unified tree with the hugetlb controller") end
    local name = fixture.id()
    fixture.sh("mkdir %s/%s", place, name)
    finally(function() fixture.sh("rmdir %s/%s", place, name) end)
    do -- a limit of a child makes it pass the controller on
      local child <close> = create { cgroups = { path = "/" .. name .. "/child", hugetlb_limit = { ["2MB"] = "4M" } } }
      assert(child:start { args = { "true" } })
    end
    assert.matches("hugetlb", fixture.read(place .. "/" .. name .. "/cgroup.subtree_control"))
    local box <close> = create { cgroups = { path = "/" .. name, hugetlb_limit = { ["2MB"] = "8M" } } }
    local p = assert(box:start { args = { "sleep", "1000" } })
    assert.equal("8388608", value_of(box, "hugetlb.2MB.max", "hugetlb.2MB.max"))
    local further = assert(box:start { args = { "sleep", "1000" } })
    for _, pid in ipairs { p:pid(), further:pid() } do
      assert.matches("\n0::/" .. name:gsub("%p", "%%%0") .. "/init\n", "\n" .. fixture.read(("/proc/%d/cgroup"):format(pid)))
    end
    assert.equal(2, #box:processes())
    assert(box:destroy())
    assert.equal(place .. "/" .. name, fixture.sh("find %s/%s -type d", place, name))
  end)
end)

describe("the cgroup of a container", function()
  fixture.check_leaks()

  it("is where its processes are, in every hierarchy of the host", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    local pid = assert(box:start { args = { "sleep", "1000" } }):pid()
    local paths, count = box:state().cgroup_paths, 0
    for _, path in pairs(paths) do
      count = count + 1
      assert.truthy(("\n" .. fixture.read(path .. "/cgroup.procs")):find("\n" .. pid .. "\n", 1, true), path)
    end
    assert.equal(tonumber(fixture.sh("grep -cE ' - cgroup2? ' /proc/self/mountinfo")), count)
  end)
end)

describe("what else happens to a container's cgroup", function()
  fixture.check_leaks()

  it("a process moved in and sub-cgroups end with it [L26] [O105] [O106]", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    assert(box:start { args = { "sleep", "1000" } })
    local foreign = foreign_process()
    for _, path in pairs(box:state().cgroup_paths) do
      -- cpuset wants its processors set before a process comes in
      fixture.sh("mkdir -p %s/sub/deep; { for f in cpus mems; do for d in sub sub/deep; do "
        .. "cat %s/cpuset.$f >%s/$d/cpuset.$f; done; done; } 2>/dev/null",
        path, path, path)
      fixture.sh("echo %d 2>/dev/null >%s/sub/deep/cgroup.procs", foreign, path)
    end
    assert.is_true(proc.is_alive(foreign))
    local paths = box:state().cgroup_paths
    assert(box:destroy())
    assert.is_true(proc.ends(foreign))
    for _, path in pairs(paths) do assert.equal("", fixture.sh("ls -d %s 2>/dev/null", path)) end
  end)

  it("of our own name, left by a container whose state was lost, is taken over and removed [L27] [O106]", function()
    fixture.needs("root", "busybox")
    local root, rootfs = fixture.root(), fixture.rootfs()
    local factory = assert(require("libcontainer").new(root))
    local box = assert(factory:create("box", { rootfs = rootfs }))
    local p = assert(box:start { args = { "sleep", "1000" } })
    local paths = box:state().cgroup_paths
    fixture.sh("rm -r %s/box", root)
    assert(p:signal("KILL"))
    assert(p:wait(fixture.seconds(30)))
    for _, path in pairs(paths) do assert.equal("there", fixture.sh("[ -d %s ] && echo there", path)) end
    local again <close> = assert(factory:create("box", { rootfs = rootfs }))
    assert.equal(0, assert(assert(again:start { args = { "true" } }):wait(fixture.seconds(30))).status)
    assert.same(paths, again:state().cgroup_paths)
    assert(again:destroy())
    for _, path in pairs(paths) do assert.equal("", fixture.sh("[ -d %s ] && echo there || true", path)) end
    box:destroy() -- finds nothing
  end)

  it("removed underneath by somebody: destroy succeeds, and nothing is invented [L27] [O106]", function()
    fixture.needs("root", "busybox")
    local factory = fixture.factory()
    local box = assert(factory:create("box", { rootfs = fixture.rootfs() }))
    local p = assert(box:start { args = { "sleep", "1000" } })
    assert(p:signal("KILL"))
    assert(require "libcontainer.core".poll({ { p:pollfd(), "r" } }, fixture.seconds(30)) == 1)
    local paths = {}
    for _, path in pairs(box:state().cgroup_paths) do paths[#paths + 1] = path end
    fixture.sh("rmdir %s", table.concat(paths, " "))
    local exit = assert(p:wait(fixture.seconds(30)))
    assert.equal(9, exit.signal)
    assert.is_nil(exit.usage.memory_peak)
    assert.equal("stopped", box:status())
    assert.equal("stopped", assert(factory:load("box")):status())
    assert(box:destroy())
    assert.same({}, assert(factory:list()))
  end)

  it("frozen by somebody: the container is paused, and destroy ends it [L23]", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    local p = assert(box:start { args = { "sleep", "1000" } })
    for _, path in pairs(box:state().cgroup_paths) do
      if fixture.read(path .. "/freezer.state") then
        fixture.sh("echo FROZEN >%s/freezer.state", path)
      elseif fixture.read(path .. "/cgroup.freeze") then
        fixture.sh("echo 1 >%s/cgroup.freeze", path)
      end
    end
    for _ = 1, fixture.rounds(100, 100) do
      if box:status() ~= "pausing" then break end
      fixture.sh("sleep 0.05")
    end
    assert.equal("paused", box:status())
    local none, err = box:start { args = { "true" } }
    assert.is_nil(none)
    assert.equal("ContainerPaused", err.code)
    assert(box:destroy { timeout = fixture.seconds(30) })
    assert.is_false(proc.is_alive(p:pid()))
  end)

  it("without room for one more process: an error that names the limit, and nothing left [L15]", function()
    fixture.needs("root", "busybox", "v1")
    local place = fixture.sh("ls -d /sys/fs/cgroup/pids/cgroup.procs | xargs dirname")
    if place == "" then pending("needs the pids controller") end
    local name = fixture.id()
    fixture.sh("mkdir %s/%s", place, name)
    local text = fixture.lua_prints([[
      local factory = assert(lc.new(root))
      local box = assert(factory:create("box", { rootfs = rootfs }))
      local f <close> = assert(io.open(arg[3] .. "/pids.max", "w"))
      f:write("1")
      f:flush()
      local p, err = box:start { args = { "true" } }
      f:seek("set")
      f:write("max")
      f:flush()
      assert(not p)
      print(err.errname, err.step)
      print(err.hint)
      assert(box:destroy())]], { args = { fixture.root(), fixture.rootfs(), place .. "/" .. name },
      shell = ("echo $$ >%s/%s/cgroup.procs;"):format(place, name) })
    fixture.sh("rmdir %s/%s", place, name)
    assert.matches("^EAGAIN\tspawn\n.*pids.max", text)
  end)
end)

describe("where no cgroups can be made", function()
  fixture.check_leaks()

  it("a start is refused with the way out, and without cgroups everything else works", function()
    fixture.needs("root", "busybox")
    local text = fixture.lua_prints([[
      local configs = require "libcontainer.configs"
      local config = configs.default { rootfs = rootfs }
      local box, err = assert(lc.new(root)):create("box", config)
      if box then
        local p
        p, err = box:start { args = { "true" } }
        assert(not p)
        assert(box:destroy())
      end
      print(err.errname, err.step, (err.hint:match('cgroups = "none"')))
      local factory = assert(lc.new(root, { cgroups = "none" }))
      box = assert(factory:create("box", config))
      local p = assert(box:start { args = { "sh", "-c", "ls /sys/fs/cgroup | wc -l; sleep 1000 & wait" }, stdout = "pipe" })
      print(p.stdout:read(), box:status(), #box:processes())
      p:close()
      local other = assert(assert(lc.new(root)):load("box")) -- the record says that it has none
      print(other:status())
      local paused, why = box:pause()
      print(paused, why.errname, why.step)
      assert(box:signal("KILL", { all = true }))
      print(assert(p:wait(seconds(30))).signal, box:status())
      assert(box:start { args = { "sleep", "1000" } })
      assert(other:destroy())
      local r = assert(lc.run { "sleep", "1000", rootfs = rootfs, factory = factory, timeout = 0.2 })
      print(r.timed_out, r.usage.memory_peak)
      local limited, problem = factory:create("limited", { rootfs = rootfs, cgroups = { memory = "64M" } })
      print(limited, problem.code, problem.field, problem.hint)]], { args = { fixture.root(), fixture.rootfs() },
      before = "unshare -m sh -c 'mount --make-rprivate / && for m in $(grep -oE \" /sys/fs/cgroup[^ ]* \" "
        .. "/proc/self/mountinfo); do mount -o remount,bind,ro $m; done && exec \"$@\"' x" })
    assert.equal("EROFS\tcgroup\tcgroups = \"none\"\n0\trunning\t1\nrunning\nnil\tENODEV\tfreeze\n9\tstopped\n"
      .. "true\tnil\nnil\tConfigInvalid\tcgroups.memory\tthis factory was opened with cgroups = \"none\"\n", text)
  end)
end)

describe("in a container that shows its cgroups writable", function()
  fixture.check_leaks()

  -- Run a script in an interpreter that is in such a container, with the host's root.
  local function nested(script)
    local path = fixture.directory()
    fixture.write(path .. "/script.lua", "local lc = require 'libcontainer'\nlocal root = ...\n" .. script)
    local r = assert(require("libcontainer.run").run(fixture.factory(), { "lua5.4", path .. "/script.lua", "/run/root",
      seccomp = false, mask_paths = {}, readonly_paths = {}, capabilities = inside.all_capabilities(),
      bind = { path, fixture.sh("pwd") }, mounts = { { destination = "/sys/fs/cgroup", type = "cgroup", options = { "nosuid" } } },
      env = { LUA_PATH = package.path, LUA_CPATH = package.cpath, PATH = os.getenv("PATH") } }))
    if r.status ~= 0 then error(tostring(r) .. "\n" .. r.stderr) end
    return r.stdout
  end

  it("containers are made below it, or what stands in the way is named [D45] [O87]", function()
    fixture.needs("root")
    local text = nested [[
      local factory = assert(lc.new(root))
      print(assert(lc.run { "true", factory = factory }).status)
      local r, err = lc.run { "true", factory = factory, cgroups = { pids_limit = 20, devices = {} } }
      print(r and r.status or err)
      for line in io.lines("/proc/self/mountinfo") do
        local place = line:match(" (/sys/fs/cgroup%S*) .* cgroup2? ")
        for name in place and io.popen("ls " .. place):lines() or function() end do
          if name:find("^libcontainer") then print("left", place, name) end
        end
      end]]
    local in_v2 = (fixture.read("/sys/fs/cgroup/cgroup.controllers") or ""):find("pids") ~= nil
    -- a v2 cgroup with processes in it, as the container's own, has no limits to give
    assert.matches(in_v2 and "^0\ncgroup[^\n]*holds processes, so it cannot pass controllers on[^\n]*\n$" or "^0\n0\n$", text)
  end)
end)

describe("hooks", function()
  fixture.check_leaks()

  it("that run inside are in the container's cgroups, and those of the host where their host is", function()
    fixture.needs("root", "busybox")
    local box, place = hooked.with_place(function(place)
      return { prestart = { hooked.sh("cat /proc/self/cgroup >" .. place .. "/outside") },
        start_container = { hooked.sh "cat /proc/self/cgroup >/place/inside" } },
        { namespaces = { "mount", "pid", "uts", "ipc", "network" } }
    end)
    local p = assert(box:start { args = { "cat", "/proc/self/cgroup" }, stdout = "pipe" })
    local program = p.stdout:read("a")
    assert(p:wait(fixture.seconds(60)))
    p:close()
    assert(box:destroy())
    assert.equal(program, fixture.read(place .. "/inside"))
    assert.equal(fixture.read("/proc/self/cgroup"), fixture.read(place .. "/outside"))
    assert.not_equal(program, fixture.read(place .. "/outside"))
  end)
end)
