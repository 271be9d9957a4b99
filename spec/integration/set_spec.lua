-- SPDX-License-Identifier: MIT
--- Changing the limits of a container: at once, all or none, kept.
local fixture = require "spec.support.fixture"
local lc = require "libcontainer"

local function create(limits)
  return assert(fixture.factory():create(fixture.id(), { rootfs = fixture.rootfs(), cgroups = limits }))
end

local function running(limits)
  local box = create(limits)
  assert(box:start { args = { "sleep", "1000" } })
  return box
end

-- The same container as another process sees it.
local function seen_by_another(box)
  local root = tostring(box._factory):match("factory (%S+)")
  return assert(assert(lc.new(root)):load(box:id()))
end

-- The file of this name, in v1 or in v2, and what it holds.
local function file_of(box, ...)
  for _, path in pairs(box:state().cgroup_paths) do
    for _, name in ipairs { ... } do
      local value = fixture.read(path .. "/" .. name)
      if value then return (value:gsub("\n$", "")), path .. "/" .. name end
    end
  end
  error("there is no " .. (...))
end

local function memory_of(box)
  return file_of(box, "memory.limit_in_bytes", "memory.max")
end

local function shares_of(box)
  return file_of(box, "cpu.shares", "cpu.weight")
end

describe("a change of limits", function()
  fixture.check_leaks()

  it("is in force at once, kept, and known to another process [D13]", function()
    fixture.needs("root", "busybox")
    local box <close> = running { memory = "64M", cpu_shares = 1024 }
    assert(box:set { memory = "32M", pids = 40, cgroups = { cpus = 0.5 } })
    assert.equal("33554432", memory_of(box))
    assert.equal("40", (file_of(box, "pids.max")))
    local other = seen_by_another(box)
    assert.same({ memory = 32 << 20, pids_limit = 40, cpus = 0.5, cpu_shares = 1024 }, other:config().cgroups)
    assert(other:set { pids_limit = 50 })
    assert.equal(50, box:config().cgroups.pids_limit)
    assert.equal(50, box:state().config.cgroups.pids_limit)
    assert(box:set { memory = "48M" })
    assert.equal(50, seen_by_another(box):config().cgroups.pids_limit)
    assert.equal("50", (file_of(box, "pids.max")))
  end)

  it("of memory and swap finds its order in either direction [D13] [O90]", function()
    fixture.needs("root", "busybox")
    local box <close> = running { memory = "64M", memory_swap = "96M" }
    local swap = function()
      local value, path = file_of(box, "memory.memsw.limit_in_bytes", "memory.swap.max")
      return path:find("memsw") and tonumber(value) or tonumber(value) + tonumber((memory_of(box)))
    end
    for _, pair in ipairs { { 128, 192 }, { 32, 48 }, { 48, 48 }, { 16, 512 }, { 512, 512 } } do
      assert(box:set { memory = pair[1] << 20, memory_swap = pair[2] << 20 })
      assert.equal(tostring(pair[1] << 20), memory_of(box))
      assert.equal(pair[2] << 20, swap())
    end
    assert(box:set { memory = "unlimited" })
    assert.equal(-1, box:config().cgroups.memory_swap)
  end)

  it("of quota, period and burst keeps those that it does not name [O93]", function()
    fixture.needs("root", "busybox")
    local box <close> = running { cpu_quota = 50000, cpu_period = 100000, cpu_burst = 20000 }
    local function is(quota, period, burst)
      local value, path = file_of(box, "cpu.cfs_quota_us", "cpu.max")
      if path:find("cpu.max", 1, true) then
        assert.equal(quota .. " " .. period, value)
      else
        assert.equal(quota, value)
        assert.equal(period, (file_of(box, "cpu.cfs_period_us")))
      end
      assert.equal(burst, (file_of(box, "cpu.cfs_burst_us", "cpu.max.burst")))
    end
    is("50000", "100000", "20000")
    assert(box:set { cpu_period = 200000 })
    is("50000", "200000", "20000")
    assert(box:set { cpu_quota = 10000, cpu_burst = 5000 })
    is("10000", "200000", "5000")
    assert(box:set { cpu_quota = 80000, cpu_burst = 70000 })
    is("80000", "200000", "70000")
    assert(box:set { cpus = 1, cpu_burst = 0 })
    is("100000", "100000", "0")
    assert.is_nil(box:config().cgroups.cpu_quota)
    assert(box:set { cpu_period = 50000 })
    is("50000", "50000", "0")
  end)

  it("of a block device is taken back when another one is refused [O96] [L45]", function()
    fixture.needs("root", "busybox")
    local device = fixture.sh("cat /sys/block/*/dev 2>/dev/null | grep -v '^1:' | sort -r | head -1")
    if device == "" then return pending("needs a block device") end
    local function reads_of(box)
      local text = file_of(box, "blkio.throttle.read_bps_device", "io.max")
      return text:match("[^\n]*") == text and text:match("^%S+ ([^w]*)") or text
    end
    for _, before in ipairs { {}, { blkio_throttle_read_bps_device = { [device] = "2M" } } } do
      local box <close> = running(before)
      local held = reads_of(box)
      local done, err = box:set { blkio_throttle_read_bps_device = { [device] = "1M" },
        blkio_throttle_write_iops_device = { ["4000:7"] = 10 } }
      assert.is_nil(done)
      assert.equal("cgroups.blkio_throttle_write_iops_device[1]", err.field)
      assert.equal(held, reads_of(box))
      assert(box:set { blkio_throttle_read_bps_device = { [device] = "3M" } })
      assert.matches("3145728", reads_of(box))
    end
  end)

  it("to idle and back gives the share of the processors back, when it fails too [O93] [L45]", function()
    fixture.needs("root", "busybox")
    local box <close> = running { cpu_shares = 512 }
    local share = shares_of(box)
    local function is(idle, shares)
      assert.equal(idle, (file_of(box, "cpu.idle")))
      if shares then assert.equal(shares, shares_of(box)) end
    end
    is("0", share)
    local done, err = box:set { cpu_idle = true, blkio_throttle_read_bps_device = { ["4000:7"] = "1M" } }
    assert.is_nil(done)
    assert.equal("cgroups.blkio_throttle_read_bps_device[1]", err.field)
    assert.matches("/sys/block", err.hint, 1, true)
    is("0", share)
    assert(box:set { cpu_idle = true })
    is("1")
    done, err = box:set { cpu_shares = 100 }
    assert.is_nil(done)
    assert.equal("cgroups.cpu_shares", err.field)
    assert.matches("cpu_idle = false", err.hint, 1, true)
    assert(box:set { cpu_idle = true })
    assert(box:set { cpu_idle = false })
    is("0", share)
    assert(box:set { cpu_idle = true })
    assert(box:set { cpu_idle = false, cpu_shares = 1024 })
    is("0")
    assert.not_equal(share, shares_of(box))
  end)

  it("to less memory than is in use is refused with the numbers; the container lives on as it was [L36]", function()
    fixture.needs("root", "busybox")
    local box <close> = create { memory = "64M" }
    local p = assert(box:start { args = { "sh", "-c", "x=$(head -c 8000000 /dev/zero | tr '\\0' y); echo up; sleep 1000" },
      stdout = "pipe" })
    assert.equal("up", p.stdout:read())
    local done, err = box:set { memory = "4K", cpu_shares = 100 }
    assert.is_nil(done)
    assert.equal("cgroups.memory", err.field)
    assert.equal("EBUSY", err.errname)
    assert.matches("4 KiB is less than the [%d.]+ %a+ in use, whose peak was [%d.]+ MiB", tostring(err))
    assert.equal("67108864", memory_of(box))
    assert.equal("running", box:status())
    assert.equal(64 << 20, box:config().cgroups.memory)
    p:close()
  end)

  it("to less memory than is in use is done all the same on cgroup v2, when it need not be checked [O90]", function()
    fixture.needs("root", "busybox", "v2")
    local box <close> = create { memory = "64M" }
    local p = assert(box:start { args = { "sh", "-c", "x=$(head -c 8000000 /dev/zero | tr '\\0' y); echo up; sleep 1000" },
      stdout = "pipe" })
    assert.equal("up", p.stdout:read())
    assert(box:set { memory = "1M", check_before_update = false })
    assert.equal("1048576", (memory_of(box)))
    p:close()
  end)

  it("that fails half way leaves everything as it was [L45] [D13]", function()
    fixture.needs("root", "busybox")
    local box <close> = running { memory = "64M", memory_swap = "96M", cpu_shares = 1024, cpuset_cpus = "0" }
    local shares = shares_of(box)
    local before = fixture.read(("%s/state.json"):format(tostring(box._factory):match("factory (%S+)") .. "/" .. box:id()))
    -- there is no such device, and devices come last
    local done, err = box:set { memory = "128M", memory_swap = "256M", cpu_shares = 77, pids_limit = 9,
      blkio_throttle_read_bps_device = { ["4000:7"] = "1M" } }
    assert.is_nil(done)
    assert.equal("cgroups.blkio_throttle_read_bps_device[1]", err.field)
    assert.is_nil(tostring(err):find("not put back"))
    assert.equal("67108864", memory_of(box))
    assert.equal(shares, shares_of(box))
    assert.equal("max", (file_of(box, "pids.max")))
    assert.equal(before, fixture.read(("%s/state.json"):format(tostring(box._factory):match("factory (%S+)") .. "/" .. box:id())))
    assert.same({ memory = 64 << 20, memory_swap = 96 << 20, cpu_shares = 1024, cpuset_cpus = "0" }, box:config().cgroups)
  end)

  it("is checked like a configuration, with all problems at once [D13]", function()
    fixture.needs("root", "busybox")
    local box <close> = running { memory = "64M", memory_swap = "64M" }
    local done, err = box:set { memory = "96M", cpu_sharez = 5, hostname = "x", path = "/y", freezer = "cold" }
    assert.is_nil(done)
    assert.equal("ConfigInvalid", err.code)
    local found = {}
    for _, problem in ipairs(err.problems) do found[problem.field] = problem.message end
    assert.matches("less than cgroups.memory", found["cgroups.memory_swap"])
    assert.matches("is no limit", found.cpu_sharez)
    assert.matches("cannot be changed", found.hostname)
    assert.matches("cannot be changed", found["cgroups.path"])
    assert.is_string(found["cgroups.freezer"])
    assert.equal("67108864", memory_of(box))
    assert.has_error(function() box:set "more" end)
  end)

  it("needs its controller, and is refused before anything is written [D18]", function()
    fixture.needs("root", "busybox", "v1")
    local box <close> = running { memory = "64M" }
    local done, err = box:set { memory = "32M", memory_high = "16M" }
    assert.is_nil(done)
    assert.equal("cgroups.memory_high", err.field)
    assert.equal("67108864", memory_of(box))
  end)

  it("of a container that does not run is there when it starts", function()
    fixture.needs("root", "busybox")
    local box <close> = create { memory = "64M" }
    assert(seen_by_another(box):set { memory = "32M" })
    local p = assert(box:start { args = { "true" } })
    assert(p:wait(30))
    assert(box:set { memory = "24M", labels = { colour = "red" } })
    assert(box:start { args = { "sleep", "1000" } })
    assert.equal("25165824", memory_of(box))
    assert.same({ colour = "red" }, box:config().labels)
    assert(box:destroy())
    local done, err = box:set { memory = "1M" }
    assert.is_nil(done)
    assert.equal("ContainerNotExists", err.code)
  end)

  it("is known for what it is after a start that made no cgroup", function()
    fixture.needs("root", "busybox", "cc")
    fixture.lua_prints([[
      local box <close> = assert(assert(lc.new(root)):create("box", { rootfs = rootfs, cgroups = { memory = "64M" } }))
      local held = {}
      while true do -- a descriptor is left for each step until the cgroups are made
        local file = io.open("/dev/null")
        if not file then break end
        held[#held + 1] = file
      end
      local p, err
      repeat
        assert(held[1], "no start has failed at its cgroups")
        table.remove(held):close()
        p, err = box:start { "true" }
      until p or err.step == "cgroup" and err.subject:find("libcontainer-", 1, true)
      assert(not p and err.errname == "EMFILE", tostring(err))
      for _, file in ipairs(held) do file:close() end
      assert(box:set { pids = 9 })
      assert(box:start { "true" })]], { args = { fixture.root(), fixture.rootfs() }, shell = "ulimit -n 64;" })
  end)

  it("of what the container has as a file too is refused, as it would be overruled", function()
    fixture.needs("root", "busybox")
    local box <close> = running { hugetlb_limit = { ["2MB"] = "4M" }, unified = { ["hugetlb.2MB.max"] = 2 << 20 } }
    local function limit() return fixture.read(box:state().cgroup_paths.unified .. "/hugetlb.2MB.max") end
    if not box:state().cgroup_paths.unified or not limit() then pending "needs the hugetlb controller of cgroup v2" end
    local done, err = box:set { hugetlb_limit = { ["2MB"] = "8M" } }
    assert.is_nil(done)
    assert.equal("ConfigInvalid", err.code)
    assert.matches('is overruled by cgroups.unified["hugetlb.2MB.max"]', err.message, 1, true)
    assert.equal("cgroups.hugetlb_limit", err.field)
    assert.equal("2097152\n", limit())
    assert(box:set { unified = { ["hugetlb.2MB.max"] = 6 << 20 } })
    assert.equal("6291456\n", limit())
    assert(box:set { hugetlb_limit = { ["2MB"] = "8M" }, unified = { ["hugetlb.2MB.max"] = 4 << 20 } })
    assert.equal("4194304\n", limit())
  end)

  it("of one item of a list leaves the others", function()
    fixture.needs("root", "busybox")
    local box <close> = running { hugetlb_limit = { ["2MB"] = "4M" } }
    local function limit() return (file_of(box, "hugetlb.2MB.max", "hugetlb.2MB.limit_in_bytes")) end
    assert(box:set { hugetlb_limit = { ["2MB"] = "8M" }, unified = { ["cgroup.max.depth"] = 7 } })
    assert.equal("8388608", limit())
    assert(box:set { unified = { ["cgroup.max.descendants"] = 3 } })
    assert.same({ ["cgroup.max.depth"] = "7", ["cgroup.max.descendants"] = "3" }, box:config().cgroups.unified)
    assert.same({ { page_size = "2MB", limit = 8 << 20 } }, box:config().cgroups.hugetlb_limit)
  end)
end)

describe("a change of access to devices", function()
  fixture.check_leaks()

  it("is the difference alone: what others allowed stays, and other changes do not touch it [O102] [D13]", function()
    fixture.needs("root", "busybox", "v1")
    local box <close> = running { devices = { "c 4:1 rw", "c 4:2 rw" } }
    local list, path = file_of(box, "devices.list")
    fixture.sh("echo 'c 9:9 r' >%s", (path:gsub("list$", "allow")))
    assert(box:set { memory = "64M" })
    assert.is_truthy((file_of(box, "devices.list")):find("c 9:9 r", 1, true))
    assert(box:set { devices = { "c 4:1 r", "c 4:3 rw" } })
    local now = (file_of(box, "devices.list")) .. "\n"
    for _, line in ipairs { "c 9:9 r\n", "c 4:1 r\n", "c 4:3 rw\n" } do
      assert.is_truthy(now:find(line, 1, true), line)
    end
    assert.is_nil(now:find("c 4:2", 1, true))
    assert.is_truthy(list:find("c 4:2 rw", 1, true))
  end)

  it("that fails half way is taken back: lists, and the default [L45]", function()
    fixture.needs("root", "busybox", "v1")
    local box <close> = running { devices = { "c 4:1 rw" } }
    local list = (file_of(box, "devices.list"))
    local function sorted(text)
      local lines = {}
      for line in text:gmatch("[^\n]+") do lines[#lines + 1] = line end
      table.sort(lines)
      return lines
    end
    for _, rules in ipairs { { "c 4:2 rw" }, { { allow = true }, { allow = false, type = "b" } } } do
      local done = box:set { devices = rules, unified = { ["cgroup.max.depth"] = "nonsense" } }
      assert.is_nil(done)
      assert.same(sorted(list), sorted((file_of(box, "devices.list"))))
    end
  end)

  it("replaces the program in the unified tree, and puts the old one back [O101] [L45]", function()
    fixture.needs("root", "busybox")
    local text = fixture.lua_prints([[
      local box = assert(assert(lc.new(root)):create("box", { rootfs = rootfs, cgroups = { devices = { "c 4:1 w" } },
        namespaces = { "mount", "pid", "uts", "ipc", "network", "cgroup" }, seccomp = false }))
      os.execute("mknod " .. rootfs .. "/tmp/one c 4 1; mknod " .. rootfs .. "/tmp/two c 4 2")
      local p = assert(box:start { args = { "sh", "-c", "while read x; do for f in one two; do " ..
        "{ true >/tmp/$f; } 2>/dev/null && echo -n $f; done; echo .; done" }, stdin = "pipe", stdout = "pipe" })
      local function opens()
        p.stdin:write("x\n")
        print(p.stdout:read())
      end
      opens()
      assert(box:set { devices = { "c 4:2 w" } })
      opens()
      assert(not box:set { devices = { "c 4:* w" }, unified = { ["cgroup.max.depth"] = "nonsense" } })
      opens()
      assert(box:set { devices = { { allow = true } } })
      opens()
      assert(box:destroy())]], { args = { fixture.root(), fixture.rootfs() },
      before = "unshare -m sh -c 'mount --make-rprivate / && { umount /sys/fs/cgroup/devices 2>/dev/null; exec \"$@\"; }' x" })
    assert.equal("one.\ntwo.\ntwo.\nonetwo.\n", text)
  end)
end)
