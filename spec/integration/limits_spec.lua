-- SPDX-License-Identifier: MIT
--- Every limit, read back from the kernel's file; what cannot be limited here; access to devices.
local fixture = require "spec.support.fixture"

local function create(limits, config)
  config = config or {}
  config.rootfs, config.cgroups = fixture.rootfs(), limits
  return fixture.factory():create(fixture.id(), config)
end

-- What a file of a container's cgroups holds, nil where there is no such file.
local function value_of(box, file)
  for _, path in pairs(box:state().cgroup_paths) do
    local value = fixture.read(path .. "/" .. file)
    if value then return (value:gsub("\n$", "")) end
  end
end

-- Start a container with these limits and compare its files.
local function gives(limits, files)
  local box <close> = assert(create(limits))
  assert(box:start { args = { "sleep", "1000" } })
  for file, expected in pairs(files) do
    assert.equal(expected, value_of(box, file), file)
  end
  assert(box:destroy())
end

-- A mount namespace of its own, whose mounts nobody else sees.
local function private(setup)
  return ("unshare -m sh -c 'mount --make-rprivate / && { %s; } && exec \"$@\"' x"):format(setup)
end

-- A block device of this machine, "254:0".
local function block_device()
  local numbers = fixture.sh("cat /sys/block/*/dev 2>/dev/null | grep -v '^1:' | sort -r | head -1")
  if numbers == "" then pending("needs a block device") end
  return numbers
end

describe("the limits of a container on cgroup v1", function()
  fixture.check_leaks()

  it("are all of memory's [O90] [O91]", function()
    fixture.needs("root", "busybox", "v1")
    gives({ memory = "64M", memory_swap = "96M", memory_reservation = "32M", kernel_memory_tcp = "8M",
      memory_swappiness = 0, oom_kill_disable = true, use_hierarchy = true }, {
      ["memory.limit_in_bytes"] = "67108864", ["memory.memsw.limit_in_bytes"] = "100663296",
      ["memory.soft_limit_in_bytes"] = "33554432", ["memory.kmem.tcp.limit_in_bytes"] = "8388608",
      ["memory.swappiness"] = "0", ["memory.oom_control"] =
        "oom_kill_disable 1\nunder_oom 0\noom_kill 0", ["memory.use_hierarchy"] = "1" })
  end)

  it("that are absent leave the kernel's values alone [D15]", function()
    fixture.needs("root", "busybox", "v1")
    local box <close> = assert(create { pids_limit = 5 })
    assert(box:start { args = { "sleep", "1000" } })
    local own = fixture.sh("cat /sys/fs/cgroup/memory$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)/memory.swappiness")
    assert.equal(own, value_of(box, "memory.swappiness"))
    assert.equal("1024", value_of(box, "cpu.shares"))
    assert(box:destroy())
  end)

  it("are all of the processors' [O93] [O94]", function()
    fixture.needs("root", "busybox", "v1")
    gives({ cpu_shares = 512, cpu_quota = 20000, cpu_period = 50000, cpu_burst = 10000, cpu_rt_period = 900000,
      cpu_rt_runtime = 0, cpuset_cpus = "0", cpuset_mems = "0" }, { ["cpu.shares"] = "512",
      ["cpu.cfs_quota_us"] = "20000", ["cpu.cfs_period_us"] = "50000", ["cpu.cfs_burst_us"] = "10000",
      ["cpu.rt_period_us"] = "900000", ["cpu.rt_runtime_us"] = "0", ["cpuset.cpus"] = "0", ["cpuset.mems"] = "0" })
    gives({ cpu_idle = true }, { ["cpu.idle"] = "1" })
    gives({ cpu_weight = 100 }, { ["cpu.shares"] = "1012" }) -- the least that cpu.weight 100 stands for
  end)

  it("are those of block devices [O96]", function()
    fixture.needs("root", "busybox", "v1")
    local device = block_device()
    gives({ blkio_throttle_read_bps_device = { [device] = "1M" },
      blkio_throttle_write_bps_device = { [device] = "2M" }, blkio_throttle_read_iops_device = { [device] = 30 },
      blkio_throttle_write_iops_device = { [device] = 40 } }, {
      ["blkio.throttle.read_bps_device"] = device .. " 1048576",
      ["blkio.throttle.write_bps_device"] = device .. " 2097152",
      ["blkio.throttle.read_iops_device"] = device .. " 30", ["blkio.throttle.write_iops_device"] = device .. " 40" })
    local box <close> = assert(create { blkio_weight = 200 })
    assert(box:start { args = { "sleep", "1000" } })
    assert.equal("200", value_of(box, "blkio.bfq.weight") or value_of(box, "blkio.weight"))
  end)

  it("are class and priority of what is sent [O98]", function()
    fixture.needs("root", "busybox", "v1")
    local place = fixture.directory() .. "/net"
    local text = fixture.lua_prints([[
      local box = assert(assert(lc.new(root)):create("box", { rootfs = rootfs,
        cgroups = { net_cls_classid = "0x100001", net_prio_ifpriomap = { lo = 7 } } }))
      assert(box:start { args = { "sleep", "1000" } })
      for _, file in ipairs { "net_cls.classid", "net_prio.ifpriomap" } do
        for line in io.lines(box:state().cgroup_paths["net_cls,net_prio"] .. "/" .. file) do print(line) end
      end
      assert(box:destroy())]], { args = { fixture.root(), fixture.rootfs() },
      before = private(("mkdir %s && mount -t cgroup -o net_cls,net_prio none %s"):format(place, place)) })
    -- A hierarchy outlives its last mount while a removed cgroup in it is still remembered: mounted and
    -- unmounted until it has gone.
    fixture.sh(private(([[for i in $(seq 100); do grep -q net_cls /proc/self/cgroup || break
      mount -t cgroup -o net_cls,net_prio none %s; umount %s; sleep 0.1; done]]):format(place, place)) .. " true")
    assert.is_nil(fixture.read("/proc/self/cgroup"):find("net_cls", 1, true))
    assert.matches("^1048577\n", text)
    assert.matches("\nlo 7\n", text)
  end)
end)

describe("the limits of a container on the unified tree beside v1", function()
  fixture.check_leaks()

  local function needs_unified(file)
    if fixture.sh("cat /sys/fs/cgroup/unified/cgroup.controllers 2>/dev/null"):find(file, 1, true) == nil then
      pending("needs the " .. file .. " controller in a unified tree beside v1")
    end
  end

  it("are those of huge pages, reserved ones too [O97]", function()
    fixture.needs("root", "busybox", "v1")
    needs_unified "hugetlb"
    gives({ hugetlb_limit = { ["2MB"] = "4M" } }, { ["hugetlb.2MB.max"] = "4194304",
      ["hugetlb.2MB.rsvd.max"] = "4194304" })
  end)

  it("are raw files by name, over the typed fields [O100]", function()
    fixture.needs("root", "busybox", "v1")
    needs_unified "hugetlb"
    gives({ hugetlb_limit = { ["2MB"] = "4M" }, unified = { ["hugetlb.2MB.max"] = 2 << 20, ["cgroup.max.depth"] = 3 } },
      { ["hugetlb.2MB.max"] = "2097152", ["cgroup.max.depth"] = "3" })
  end)
end)

describe("the limits of a container on cgroup v2", function()
  fixture.check_leaks()

  it("are all of memory's, swap without memory [O90]", function()
    fixture.needs("root", "busybox", "v2")
    gives({ memory = "64M", memory_swap = "96M", memory_reservation = "32M", memory_min = "4M", memory_high = "60M",
      oom_kill_disable = false, use_hierarchy = true }, { ["memory.max"] = "67108864",
      ["memory.swap.max"] = "33554432", ["memory.low"] = "33554432", ["memory.min"] = "4194304",
      ["memory.high"] = "62914560" })
    gives({ memory = "64M", memory_swap = -1, memory_low = "8M" }, { ["memory.max"] = "67108864",
      ["memory.swap.max"] = "max", ["memory.low"] = "8388608" })
  end)

  it("are all of the processors' [O92] [O93] [O94]", function()
    fixture.needs("root", "busybox", "v2")
    gives({ cpu_shares = 1024, cpu_quota = 20000, cpu_period = 50000, cpu_burst = 10000, cpuset_cpus = "0",
      cpuset_mems = "0" }, { ["cpu.weight"] = "100", ["cpu.max"] = "20000 50000", ["cpu.max.burst"] = "10000",
      ["cpuset.cpus"] = "0", ["cpuset.mems"] = "0" })
    gives({ cpu_weight = 321, cpus = 1.5, pids_limit = 7 }, { ["cpu.weight"] = "321", ["cpu.max"] = "150000 100000",
      ["pids.max"] = "7" })
    gives({ cpu_idle = true, cpu_period = 20000 }, { ["cpu.idle"] = "1", ["cpu.max"] = "max 20000" })
  end)

  it("are those of block devices and huge pages [O96] [O97]", function()
    fixture.needs("root", "busybox", "v2")
    gives({ hugetlb_limit = { ["2MB"] = "4M" }, blkio_weight = 500 }, { ["hugetlb.2MB.max"] = "4194304",
      ["hugetlb.2MB.rsvd.max"] = "4194304", ["io.weight"] = "default 4950" })
    local device = block_device()
    gives({ blkio_throttle_read_bps_device = { [device] = "1M" }, blkio_throttle_write_iops_device = { [device] = 40 },
      blkio_throttle_write_bps_device = { [device] = 0 } },
      { ["io.max"] = device .. " rbps=1048576 wbps=max riops=max wiops=40" })
  end)

  it("are raw files by name, over the typed fields [O100]", function()
    fixture.needs("root", "busybox", "v2")
    gives({ memory = "64M", unified = { ["memory.max"] = 32 << 20, ["memory.oom.group"] = 1, ["misc.max"] = nil } },
      { ["memory.max"] = "33554432", ["memory.oom.group"] = "1" })
  end)

  it("are those of RDMA devices, and one that is not there is named with the place of those that are [O99]", function()
    fixture.needs("root", "busybox", "v2")
    local box <close> = assert(create { rdma = { lc_none = { hca_handles = 3, hca_objects = "max" } } })
    local p, err = box:start { args = { "true" } }
    assert.is_nil(p)
    assert.equal("cgroups.rdma[1]", err.field)
    assert.equal("ENODEV", err.errname)
    assert.matches("/sys/class/infiniband", err.hint, 1, true)
  end)

  it("are not those of v1: refused by name [O91] [O98]", function()
    fixture.needs("root", "busybox", "v2")
    for field, value in pairs { memory_swappiness = 5, oom_kill_disable = true, use_hierarchy = false,
      kernel_memory = "1M", cpu_rt_runtime = 1000, blkio_leaf_weight = 20 } do
      local box, err = create { [field] = value }
      assert.is_nil(box)
      assert.equal("cgroups." .. field, err.field)
      assert.matches("needs cgroup v1", tostring(err))
    end
    for field, value in pairs { net_cls_classid = 5, net_prio_ifpriomap = { lo = 5 } } do
      local box, err = create { [field] = value }
      assert.is_nil(box)
      assert.matches("^cgroups%." .. field .. " needs the net_%l+ controller", tostring(err))
    end
  end)
end)

describe("the limit on processes", function()
  fixture.check_leaks()

  it("is a number, or none, and 0 is none but the program itself: of the first one and of a further one [O95]", function()
    fixture.needs("root", "busybox")
    gives({ pids_limit = 33 }, { ["pids.max"] = "33" })
    gives({ pids_limit = -1 }, { ["pids.max"] = "max" })
    gives({ pids_limit = 0 }, { ["pids.max"] = "0" })
    local r = assert(fixture.run({ cgroups = { pids_limit = 0 } }, "sh", "-c", "echo alone; /bin/true & echo forked"))
    assert.equal("alone\n", r.stdout)
    local box <close> = assert(create {})
    assert(box:start { args = { "sleep", "1000" } })
    for _, limit in ipairs { 0, 1 } do
      for _ = 1, fixture.rounds(20, 3) do
        r = assert(box:exec { "sh", "-c", "echo alone; /bin/true & echo forked", cgroups = { pids_limit = limit } })
        assert.equal("alone\n", r.stdout)
      end
    end
    for _ = 1, fixture.rounds(20, 3) do -- nor is there one less: who brings it there has gone before it runs
      assert.equal("one more\n", assert(box:exec { "sh", "-c", "/bin/true & wait; echo one more", pids = 2 }).stdout)
    end
    assert(box:destroy())
  end)
end)

describe("a limit that this machine does not have", function()
  fixture.check_leaks()

  local function refused(limits, config)
    local box, err = create(limits, config)
    assert.is_nil(box)
    assert.equal("ConfigInvalid", err.code)
    return err
  end

  it("is refused with its name and what it misses, before anything is made [D18] [O87] [O99]", function()
    fixture.needs("root", "busybox", "v1")
    local err = refused { memory_high = "1M" }
    assert.equal("cgroups.memory_high", err.field)
    assert.matches("^cgroups%.memory_high needs cgroup v2", tostring(err))
    assert.matches("^cgroups%.unified%.memory%.max needs cgroup v2",
      tostring(refused { unified = { ["memory.max"] = "1" } }))
    assert.matches("^cgroups%.rdma needs the rdma controller, which is not mounted", tostring(refused { rdma = { x = 1 } }))
    assert.matches("no huge pages of 3MB, but of .*2MB", tostring(refused { hugetlb_limit = { ["3MB"] = 1 } }))
    local factory = fixture.factory()
    assert.is_nil((factory:create("box", { rootfs = fixture.rootfs(), cgroups = { memory_high = "1M" } })))
    assert.same({}, assert(factory:list()))
  end)

  it("is refused by the kernel's word for what it does not know, and nothing stays [A89]", function()
    fixture.needs("root", "busybox", "v1")
    local box <close> = assert(create { blkio_throttle_read_bps_device = { ["4000:7"] = "1M" } })
    local p, err = box:start { args = { "true" } }
    assert.is_nil(p)
    assert.equal("cgroups.blkio_throttle_read_bps_device[1]", err.field)
    assert.equal("ENODEV", err.errname)
    for _, path in pairs(box:state().cgroup_paths) do assert.equal("", fixture.sh("ls -d %s 2>/dev/null", path)) end
  end)

  it("is told where to look for those that there are", function()
    fixture.needs("root", "busybox")
    for field, place in pairs { cpuset_cpus = "/sys/devices/system/cpu/online",
      cpuset_mems = "/sys/devices/system/node/online" } do
      local box <close> = assert(create { [field] = "999" })
      local p, err = box:start { args = { "true" } }
      assert.is_nil(p)
      assert.equal("cgroups." .. field, err.field)
      assert.matches(place, err.hint, 1, true)
    end
  end)
end)

describe("access to devices", function()
  fixture.check_leaks()

  it("is not had by the device nodes of an image, unless it is asked for [O101]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.sh("mknod %s/kmsg c 1 11 && mknod %s/tty1 c 4 1", rootfs, rootfs)
    local function opens(limits)
      return fixture.run({ rootfs = rootfs, cgroups = limits }, "sh", "-c", "true >/kmsg").status == 0
    end
    assert.is_false(opens(nil))
    assert.is_true(opens { devices = { "c 1:11 w" } })
    assert.is_true(opens { devices = { { allow = true } } })
    -- to read by one rule, to write by another: both at once by the two
    assert.equal(0, fixture.run({ rootfs = rootfs, cgroups = { devices = { "c 4:* r", "c 4:1 w" } } },
      "sh", "-c", "true <>/tty1").status)
  end)

  -- Whether each of these opens in a container: what the shell said of those that do not.
  local SCRIPT <const> = [[true </dev/null && echo null; true >/dev/kmsg && echo kmsg-w; true </dev/zero && echo zero;
    rm -f /tmp/tty1; mknod /tmp/tty1 c 4 1 && echo mknod; true >/tmp/tty1 && echo tty1]]

  local function opens(rules)
    return fixture.run({ cgroups = { devices = rules }, capabilities = { "MKNOD", "DAC_OVERRIDE" },
      devices = { { path = "/dev/kmsg", type = "c", major = 1, minor = 11 } } }, "sh", "-c", SCRIPT).stdout
  end

  it("is free without rules, and with rules what they, the container's nodes and the usual ones allow [O101]", function()
    fixture.needs("root", "busybox")
    assert.equal("null\nkmsg-w\nzero\nmknod\n", opens({}))
    assert.equal("null\nzero\nmknod\n", opens { { allow = false, type = "c", major = 1, minor = 11 } })
    assert.matches("tty1", opens { "c 4:1 rw" })
    local text = fixture.run({ cgroups = { devices = { { allow = true, type = "b" } } } }, "sh", "-c", "echo fine").stdout
    assert.equal("fine\n", text)
  end)

  it("is what the kernel lists: nothing at all before the rules [O101]", function()
    fixture.needs("root", "busybox", "v1")
    local box <close> = assert(create { devices = { "b 8:* r" } })
    assert(box:start { args = { "sleep", "1000" } })
    local list = value_of(box, "devices.list") .. "\n"
    assert.matches("^b 8:%* r\n", list)
    assert.is_nil(list:find("a *:*", 1, true))
    for _, line in ipairs { "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:2 rwm",
      "c 136:* rwm", "c 10:200 rwm", "c *:* m", "b *:* m" } do
      assert.is_truthy(list:find(line .. "\n", 1, true), line)
    end
  end)

  it("is looked after by a program in the unified tree where v1 has no devices [O101]", function()
    fixture.needs("root", "busybox")
    local text = fixture.lua_prints(([[
      local function opens(rules)
        local factory = assert(lc.new(root))
        local r = assert(lc.run { "sh", "-c", %q, rootfs = rootfs, factory = factory, cgroups = { devices = rules },
          capabilities = { "MKNOD", "DAC_OVERRIDE" }, devices = { { path = "/dev/kmsg", type = "c", major = 1, minor = 11 } } })
        print((r.stdout:gsub("\n", " ")))
      end
      opens({})
      opens { { allow = false, type = "c", major = 1, minor = 11 } }
      opens { "c 4:1 rw" }
      opens { "c 1:* rw", { allow = false, type = "c", major = 1, minor = 11, access = "w" } } -- v1 refuses that
      ]]):format(SCRIPT), { args = { fixture.root(), fixture.rootfs() },
      before = private("umount /sys/fs/cgroup/devices 2>/dev/null || true") })
    assert.same({ "null kmsg-w zero mknod ", "null zero mknod ", "null kmsg-w zero mknod tty1 ", "null zero mknod " },
      { text:match("^(.-)\n(.-)\n(.-)\n(.-)\n$") })
  end)

  it("cannot have a hole on v1: the rule is named", function()
    fixture.needs("root", "busybox", "v1")
    local box, err = create { devices = { "c 1:* rwm", { allow = false, type = "c", major = 1, minor = 11 } } }
    assert.is_nil(box)
    assert.equal("ConfigInvalid", err.code)
    assert.equal("cgroups.devices[2]", err.field)
  end)
end)
