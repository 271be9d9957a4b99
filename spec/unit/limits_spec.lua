-- SPDX-License-Identifier: MIT
--- The section cgroups: friendly forms, and what is refused.
require("spec.support.schema_stub").provide()
local configs = require "libcontainer.configs"

local function strict(limits)
  return assert(configs.prepare_config { rootfs = "/srv/x", cgroups = limits }).cgroups
end

-- What is said about `field`, nil when nothing is.
local function said(limits, field)
  local fine, err = configs.validate { rootfs = "/srv/x", cgroups = limits }
  if fine then return nil end
  for _, problem in ipairs(err.problems) do
    if problem.field == "cgroups." .. field then return problem.message end
  end
  return nil, "another field: " .. tostring(err)
end

describe("limits as a person writes them", function()
  it("are numbers, and unlimited is -1", function()
    assert.same({ memory = 64 << 20, memory_swap = -1, pids_limit = -1, cpu_quota = -1,
      memory_reservation = -1 }, strict { memory = "64M", memory_swap = "unlimited", pids_limit = "max",
      cpu_quota = "max", memory_reservation = "unlimited" })
    assert.same({ net_cls_classid = 0x100001 }, strict { net_cls_classid = "0x100001" })
    assert.same({ cpuset_cpus = "0", cpuset_mems = "1" }, strict { cpuset_cpus = 0, cpuset_mems = 1.0 })
  end)

  it("of zero are left alone where the kernel has no zero, and kept where it has [D15]", function()
    assert.same({}, strict { memory = 0, memory_swap = 0, memory_reservation = "0B", kernel_memory = 0,
      kernel_memory_tcp = 0, cpu_shares = 0, cpu_weight = 0, cpu_quota = 0, cpu_period = 0,
      cpu_rt_period = 0, blkio_weight = 0, blkio_leaf_weight = 0 })
    local zeros = { memory_swappiness = 0, pids_limit = 0, cpu_burst = 0, net_cls_classid = 0,
      cpu_idle = false, oom_kill_disable = false }
    assert.same(zeros, strict(zeros))
  end)

  it("are what the ancestor wrote: its zeros are absent, its states in capitals, one device as text [D15]", function()
    assert.same({}, strict { cpuset_cpus = "", cpuset_mems = "", net_cls_classid = "", freezer = "",
      memory_swappiness = -1, blkio_weight_device = "", blkio_throttle_read_bps_device = "" })
    assert.same({ { major = 8, minor = 0, weight = 500 } }, strict { blkio_weight_device = "8:0 500" }.blkio_weight_device)
    assert.equal("thawed", strict { freezer = "THAWED" }.freezer)
    assert.same({ { allow = true, type = "c", minor = 3, access = "rw" } }, strict { allow_all_devices = false,
      allowed_devices = { { type = 99, major = "*", minor = 3, permissions = "rw" } } }.devices)
    for name, value in pairs { name = "web", parent = "nsinit", slice = "system.slice" } do
      assert.matches("part of cgroups.path", said({ [name] = value }, name))
    end
  end)

  it("of devices are tables, tables by device, or the lines of the kernel's files", function()
    local rates = { { major = 8, minor = 0, rate = 1 << 20 }, { major = 8, minor = 16, rate = 0 } }
    for _, form in ipairs { { ["8:0"] = "1M", ["8:16"] = 0 }, { "8:0 1048576", "8:16 0" },
      { { major = 8, minor = 0, rate = "1M" }, { major = 8, minor = 16, rate = "unlimited" } } } do
      assert.same(rates, strict { blkio_throttle_write_bps_device = form }.blkio_throttle_write_bps_device)
    end
    assert.same({ { major = 8, minor = 0, weight = 500 } },
      strict { blkio_weight_device = { ["8:0"] = 500 } }.blkio_weight_device)
    assert.same({ { major = 8, minor = 0, leaf_weight = 20 } },
      strict { blkio_weight_device = { { major = 8, minor = 0, weight = 0, leaf_weight = 20 } } }
        .blkio_weight_device)
  end)

  it("by name are arrays", function()
    assert.same({ hugetlb_limit = { { page_size = "1GB", limit = -1 }, { page_size = "2MB", limit = 4 << 20 } },
      net_prio_ifpriomap = { { interface = "eth0", priority = 5 } },
      rdma = { { device = "mlx5_0", hca_handles = 3 }, { device = "mlx5_1", hca_objects = -1 } },
      unified = { ["memory.high"] = "1048576" } },
      strict { hugetlb_limit = { ["2MB"] = "4M", ["1GB"] = "max" }, net_prio_ifpriomap = { eth0 = 5 },
        rdma = { mlx5_1 = { hca_objects = "max" }, mlx5_0 = 3 }, unified = { ["memory.high"] = 1 << 20 } })
  end)

  it("of access to devices are rules in order, text, or the ancestor's three fields", function()
    local null = { allow = true, type = "c", major = 1, minor = 3, access = "rw" }
    assert.same({ null, { allow = false, type = "b" } },
      strict { devices = { "c 1:3 rw", { allow = false, type = "b" } } }.devices)
    assert.same({ { allow = true, type = "c", access = "m" } },
      strict { devices = { "c *:* m" } }.devices)
    assert.same({ null }, strict { allowed_devices = { { type = "c", major = 1, minor = 3,
      permissions = "rw", path = "/dev/null" } } }.devices)
    assert.same({ { allow = true }, { allow = false, type = "c", major = 1, minor = 3, access = "rw" } },
      strict { allow_all_devices = true, denied_devices = { "c 1:3 rw" } }.devices)
    assert.same({}, strict { allow_all_devices = false }.devices)
    assert.matches("beside allow_all_devices", said({ devices = {}, allow_all_devices = true }, "devices"))
  end)
end)

describe("limits that are refused", function()
  it("contradict each other", function()
    assert.matches("less than cgroups.memory", said({ memory = 2, memory_swap = 1 }, "memory_swap"))
    assert.matches("needs cgroups.memory", said({ memory_swap = 1 }, "memory_swap"))
    assert.matches("must be %-1", said({ memory = -1, memory_swap = 1 }, "memory_swap"))
    assert.matches("more than cgroups.memory", said({ memory = 1, memory_reservation = 2 }, "memory_reservation"))
    assert.matches("together with cpu_quota", said({ cpus = 1, cpu_quota = 5000 }, "cpus"))
    assert.matches("what cpu_shares says", said({ cpu_shares = 5, cpu_weight = 5 }, "cpu_weight"))
    assert.matches("what memory_reservation says", said({ memory_reservation = 5, memory_low = 5 }, "memory_low"))
    assert.matches("more than the quota", said({ cpus = 0.5, cpu_burst = 50001 }, "cpu_burst")) -- [O93]
    assert.is_nil(said({ cpu_quota = -1, cpu_burst = 50001 }, "cpu_burst"))
    assert.matches("started frozen", said({ freezer = "frozen" }, "freezer"))
  end)

  it("are out of the kernel's range", function()
    for field, value in pairs { cpus = 0, cpu_quota = 5, cpu_period = 999, cpu_shares = 1, blkio_weight = 9,
      pids_limit = -2, memory = -2, memory_swappiness = 101, cpu_weight = 10001, net_cls_classid = 1 << 32 } do
      assert.is_string(said({ [field] = value }, field), field)
    end
    for _, list in ipairs { "x", "0-", "-1", "3-1", "0,,1", "0 1", "1-2-3" } do
      assert.is_string(said({ cpuset_cpus = list }, "cpuset_cpus"), list)
    end
    assert.is_nil(said({ cpuset_cpus = "0-3,7", memory = 1, memory_swap = -1, path = "a/b.slice" }, "memory"))
  end)

  it("would lead to other files or lines [A88] [O97] [O100]", function()
    for _, path in ipairs { "..", "/a/../b", "a/./b", "/", "a//b", "a\n", ("x"):rep(300) } do
      assert.is_string(said({ path = path }, "path"), path)
    end
    for _, size in ipairs { "../2MB", "2MB/x", "2mb", "MB", "2MB.rsvd", "2MB\n", "2TB" } do
      assert.is_string(said({ hugetlb_limit = { { page_size = size, limit = 1 } } }, "hugetlb_limit[1].page_size"), size)
    end
    for _, name in ipairs { "../x", "a/b", "a b", "a\n", ".." } do
      assert.is_string(said({ rdma = { { device = name, hca_handles = 1 } } }, "rdma[1].device"), name)
      assert.is_string(said({ net_prio_ifpriomap = { [name] = 1 } }, "net_prio_ifpriomap[1].interface"), name)
    end
    for _, name in ipairs { "../memory.max", "memory/../x.max", "memory", "memory.", ".max", "memory..max",
      "cgroup.procs", "cgroup.threads", "cgroup.kill", "cgroup.freeze", "cgroup.type", "cgroup.subtree_control" } do
      assert.is_string(said({ unified = { [name] = "1" } }, "unified." .. name), name)
    end
    assert.matches("one line", said({ unified = { ["io.max"] = "8:0 rbps=1\n8:16 rbps=1" } }, "unified.io.max"))
  end)

  it("are of another name", function()
    assert.equal("is no field of limits", said({ misc = {} }, "misc"))
  end)

  it("are device rules that mean nothing", function()
    assert.is_string(said({ devices = { { access = "rx" } } }, "devices[1].access"))
    assert.is_string(said({ devices = { { access = "rr" } } }, "devices[1].access"))
    assert.is_string(said({ devices = { { major = 1 } } }, "devices[1]"))
    for _, text in ipairs { "c 1:3", "a", "c 1:3 ", "c x:3 rwm", "" } do
      assert.matches("no rule", said({ devices = { { allow = true }, text } }, "devices[2]"))
      assert.matches("no rule", said({ allow_all_devices = true, denied_devices = { text } }, "denied_devices[1]"))
    end
    assert.same({ { allow = true, type = "c", major = 4 } },
      strict { devices = { { allow = true, type = "c", major = 4, minor = "*" } } }.devices)
    assert.is_string(said({ blkio_weight_device = { { major = 8, minor = 0 } } }, "blkio_weight_device[1]"))
    assert.is_string(said({ rdma = { { device = "x" } } }, "rdma[1]"))
    assert.is_string(said({ blkio_throttle_read_iops_device = { ["x"] = 1 } },
      "blkio_throttle_read_iops_device[1].major"))
  end)
end)

describe("limits of which the container has a file too", function()
  local has <const> = { rootfs = "/", cgroups = { memory = "64M", memory_swap = "64M", cpus = 1,
    unified = { ["memory.max"] = "1000000", ["cpu.max"] = "max 100000" } } }

  it("are not changed, as the file goes over them: the error names it", function()
    for name, value in pairs { memory = "32M", cpus = 2, cpu_period = 50000 } do
      local config, err = configs.prepare_changes(assert(configs.prepare_config(has)), { [name] = value })
      assert.is_nil(config)
      assert.equal("cgroups." .. name, err.field)
      assert.matches('is overruled by cgroups.unified["' .. (name == "memory" and "memory.max" or "cpu.max"),
        err.message, 1, true)
    end
    assert(configs.prepare_changes(assert(configs.prepare_config(has)), { memory = "32M", unified = { ["memory.max"] = "2" } }))
  end)

  it("are written again only with the file behind them", function()
    local _, out = configs.prepare_changes(assert(configs.prepare_config(has)), { memory_swap = "128M" })
    assert.equal(64 << 20, out.memory)
    assert.same({ ["memory.max"] = "1000000" }, out.unified)
    _, out = configs.prepare_changes(assert(configs.prepare_config(has)), { pids = 10 })
    assert.is_nil(out.unified)
  end)
end)
