-- SPDX-License-Identifier: MIT
--- What a container has used: one table whatever the machine has, whole or an error.
local core = require "libcontainer.core"
local fixture = require "spec.support.fixture"
local lc = require "libcontainer"

local function create(config, id)
  config = config or {}
  config.rootfs = config.rootfs or fixture.rootfs()
  return assert(fixture.factory():create(id or fixture.id(), assert(require("libcontainer.configs").default(config))))
end

-- A container whose program has done its work and sleeps.
local function busy(config, script)
  local box = create(config)
  local p = assert(box:start { "sh", "-c", script .. "; echo done; exec sleep 1000", stdout = "pipe" })
  assert.equal("done", p.stdout:read("l", fixture.seconds(60)))
  return box, p
end

-- The names of all tables and numbers in it but those that are data: "cpu.time".
local function shape_of(stats, keep)
  local names = {}
  local function walk(t, prefix)
    for key, value in pairs(t) do
      local name = prefix .. key
      if type(value) == "table" and not keep[name] then
        names[#names + 1] = name .. ".*"
        walk(value, name .. ".")
      else
        names[#names + 1] = name
      end
    end
  end
  walk(stats, "")
  table.sort(names)
  return table.concat(names, "\n")
end

local DATA <const> = { ["memory.stat"] = true, ["memory.events"] = true, ["io.devices"] = true, interfaces = true,
  hugetlb = true, rdma = true, misc = true, ["cpu.percpu"] = true }

describe("the stats of a container", function()
  fixture.check_leaks()

  it("are those of its processors, memory, devices and processes, as numbers [O103]", function()
    fixture.needs("root", "busybox")
    -- so little of a processor that it is throttled, however many others want that processor; on a slow machine
    -- more of it and less to do, as the start of a program alone would take minutes
    local share <const>, turns <const> = math.max(0.02, fixture.seconds(0.004)), fixture.rounds(10000, 250)
    local box <close> = busy({ memory = "64M", pids = 20, cpus = share, tmpfs = { "/work" } },
      ("head -c 8388608 /dev/zero >/tmp/data; i=0; while [ $i -lt %d ]; do i=$((i+1)); done"):format(turns))
    local stats = assert(box:stats())
    assert.equal(box:id(), stats.id)
    assert.is_true(stats.time <= core.now() and stats.time > core.now() - fixture.seconds(60))
    assert.is_true(stats.cpu.time > 0 and stats.cpu.time < fixture.seconds(60))
    assert.is_true(stats.cpu.user + stats.cpu.system <= stats.cpu.time + 0.1)
    assert.is_true(stats.cpu.periods > 0 and stats.cpu.throttled_periods > 0 and stats.cpu.throttled_time > 0)
    assert.equal(64 << 20, stats.memory.limit)
    assert.is_true(stats.memory.usage >= 8 << 20 and stats.memory.usage <= stats.memory.peak)
    assert.is_true(stats.memory.peak <= stats.memory.limit)
    assert.is_true(stats.memory.cache >= 8 << 20)
    assert.is_true(stats.memory.working_set <= stats.memory.usage)
    assert.equal(0, stats.memory.failcnt)
    assert.equal(0, stats.memory.events.oom_kill)
    assert.is_true(next(stats.memory.stat) ~= nil)
    assert.equal(20, stats.pids.limit)
    assert.equal(1, stats.pids.current)
    assert.equal("integer", math.type(stats.io.read_bytes))
    assert.equal(0, stats.io.discards)
    assert.matches("^%d", stats.cpuset.cpus)
  end)

  it("are those that the kernel's files tell at that moment [L46]", function()
    fixture.needs("root", "busybox", "v1")
    local box <close> = busy({ memory = "64M" }, "head -c 4194304 /dev/zero >/tmp/data")
    local function value(file)
      for _, path in pairs(box:state().cgroup_paths) do
        local text = fixture.read(path .. "/" .. file)
        if text then return tonumber(text:match("\ntotal_pgfault (%d+)") or text) end
      end
    end
    local FILES <const> = { "memory.max_usage_in_bytes", "memory.memsw.max_usage_in_bytes",
      "memory.kmem.max_usage_in_bytes", "memory.stat", "pids.peak", "cpuacct.usage" }
    local before, after = {}, {}
    for i, file in ipairs(FILES) do before[i] = value(file) end
    local stats = assert(box:stats())
    for i, file in ipairs(FILES) do after[i] = value(file) end
    local total = 0
    for _, seconds in ipairs(stats.cpu.percpu) do total = total + seconds end
    local memory = stats.memory
    for i, number in ipairs { memory.peak, memory.memory_swap.peak, memory.kernel.peak, memory.stat.total_pgfault,
      stats.pids.peak, total * 1e9 } do
      assert.is_true(before[i] <= number + 1 and number <= after[i] + 1, FILES[i])
    end
  end)

  it("count how often a limit was met, and what was killed for it [L35]", function()
    fixture.needs("root", "busybox")
    local box <close> = busy({ memory = "16M", pids = 5 },
      "(tail /dev/zero; for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait) 2>/dev/null")
    local stats = assert(box:stats())
    assert.equal(1, stats.memory.events.oom_kill)
    assert.is_true(stats.memory.failcnt > 0)
    assert.is_true(stats.pids.failcnt > 0)
  end)

  it("are absent, not zero, where there is no limit", function()
    fixture.needs("root", "busybox")
    local box <close> = busy(nil, "true")
    local stats = assert(box:stats())
    assert.is_nil(stats.memory.limit)
    assert.is_nil(stats.memory.memory_swap.limit)
    assert.is_nil(stats.pids.limit)
  end)

  it("have pressure and huge pages where the unified tree is [O103]", function()
    fixture.needs("root", "busybox")
    local box <close> = busy(nil, "true")
    local stats = assert(box:stats())
    local unified = box:state().cgroup_paths.unified
    for _, name in ipairs { "cpu", "memory", "io" } do
      local pressure = stats[name].pressure
      if fixture.read(("%s/%s.pressure"):format(unified or "/none", name)) then
        assert.is_true(pressure.some.avg10 >= 0 and pressure.some.avg300 >= 0 and pressure.some.total >= 0)
        assert.is_true(pressure.full.total <= pressure.some.total)
      else
        assert.same({ some = {}, full = {} }, pressure)
      end
    end
    if fixture.read((unified or "/none") .. "/hugetlb.2MB.current") then
      assert.equal(0, stats.hugetlb["2MB"].usage)
    end
  end)

  it("have the interfaces of its network, as it sees them [A53]", function()
    fixture.needs("root", "busybox")
    local box <close> = busy(nil, "nc -w 1 127.0.0.1 9 </dev/null 2>/dev/null")
    local interfaces = assert(box:stats()).interfaces
    assert.equal("lo", interfaces[1].name)
    assert.is_true(interfaces[1].rx_bytes > 0)
    assert.equal(interfaces[1].tx_bytes, interfaces[1].rx_bytes)
    local shared <close> = assert(fixture.factory():create(fixture.id(), { rootfs = fixture.rootfs(), networks = {},
      namespaces = { "mount", "pid", "ipc", "uts" } }))
    assert(shared:start { "sleep", "1000" })
    assert.same({}, assert(shared:stats()).interfaces)
  end)

  it("print well", function()
    fixture.needs("root", "busybox")
    local box <close> = busy({ memory = "64M", pids = 20 }, "true")
    local stats = assert(box:stats())
    assert.equal("stats", lc.type(stats))
    local text = tostring(stats)
    assert.matches("^libcontainer%.stats of spec%-%d+%-%d+\n  cpu          [%d.]+ s %(user [%d.]+, system [%d.]+%)\n", text)
    assert.matches("\n  memory       [%d.]+ [KM]iB of 64 MiB", text)
    assert.matches("\n  pids         1 of 20", text)
    assert.matches("\n  lo           0 B in, 0 B out$", text)
  end)
end)

describe("the stats of a container that does not run", function()
  fixture.check_leaks()

  it("are an error that says so [L46]", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    local stats, err = box:stats()
    assert.is_nil(stats)
    assert.equal("ContainerNotRunning", err.code)
    assert.matches("created", tostring(err))
    local p = assert(box:start { args = { "true" } })
    assert(p:wait(fixture.seconds(30)))
    err = select(2, box:stats())
    assert.equal("ContainerNotRunning", err.code)
    assert.matches("stopped", tostring(err))
    assert(box:destroy())
    assert.equal("ContainerNotExists", select(2, box:stats()).code)
  end)

  it("are whole until then: while it ends no number is missing and none is 0 again [L46]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    for _ = 1, fixture.rounds(40, 5) do
      local box <close> = create { rootfs = rootfs, memory = "64M" }
      assert(box:start { "sh", "-c", "head -c 65536 /dev/zero >/dev/null & wait; sleep 0.02" })
      local shape, before
      while true do
        local stats, err = box:stats()
        if not stats then
          assert.equal("ContainerNotRunning", err.code)
          break
        end
        shape = shape or shape_of(stats, DATA)
        assert.equal(shape, shape_of(stats, DATA))
        assert.is_true(not before or stats.cpu.time >= before.cpu.time and stats.memory.peak >= before.memory.peak)
        assert.equal(1, #stats.interfaces)
        before = stats
      end
    end
  end)

  it("are so for another process that looks, while this one destroys it [L46]", function()
    fixture.needs("root", "busybox")
    local root, rootfs = fixture.root(), fixture.rootfs()
    local factory = assert(lc.new(root))
    local config = assert(require("libcontainer.configs").default { rootfs = rootfs, memory = "64M", detach = true })
    local ready, out = fixture.directory() .. "/ready", fixture.directory() .. "/out"
    local script <close> = assert(io.open(out .. ".lua", "w"))
    assert(script:write([[
      local lc = require "libcontainer"
      local box = assert(assert(lc.new(arg[1])):load("box"))
      local samples, err = 0, nil
      repeat
        local stats
        stats, err = box:stats()
        if stats then
          samples = samples + 1
          assert(stats.memory.usage > 0 and stats.memory.limit == 64 << 20 and stats.pids.current >= 1)
          assert(stats.cpu.time and #stats.interfaces == 1)
          if samples == 3 then assert(io.open(arg[2], "w")):close() end
        end
      until not stats
      print(err.code)]]))
    script:close()
    for _ = 1, fixture.rounds(10, 2) do
      local box = assert(factory:create("box", config))
      assert(box:start { args = { "sleep", "1000" } })
      os.remove(ready)
      os.execute(("LUA_PATH='%s' LUA_CPATH='%s' lua5.4 %s.lua %s %s >%s 2>&1 &"):format(package.path, package.cpath, out,
        root, ready, out))
      local deadline = core.now() + fixture.seconds(60)
      while not fixture.read(ready) and core.now() < deadline do core.poll({}, 0.002) end
      assert(box:destroy())
      while not (fixture.read(out) or ""):find("\n") and core.now() < deadline do core.poll({}, 0.002) end
      local code = fixture.read(out)
      assert.is_true(code == "ContainerNotRunning\n" or code == "ContainerNotExists\n", code)
    end
  end)

  it("are an error when its cgroup was removed underneath, and destroy succeeds [L27]", function()
    fixture.needs("root", "busybox", "v1")
    local box <close> = busy(nil, "true")
    local path = box:state().cgroup_paths.memory
    local above = path:match("^(.*)/[^/]*$")
    fixture.sh("echo %d >%s/cgroup.procs && rmdir %s", box:processes()[1], above, path)
    local stats, err = box:stats()
    assert.is_nil(stats)
    assert.equal("SystemError", err.code)
    assert.truthy(tostring(err):find(path, 1, true), tostring(err))
    assert.equal("running", box:status())
    assert(box:destroy())
  end)
end)

describe("watching a container", function()
  fixture.check_leaks()

  it("gives stats again and again, and ends with it", function()
    fixture.needs("root", "busybox")
    local box <close> = create { cpus = 1 }
    local p <close> = assert(box:start { args = { "cat" }, stdin = "pipe" })
    local samples, last = 0, nil
    for stats in box:watch("10ms") do
      samples = samples + 1
      assert.is_true(not last or stats.time > last.time and stats.cpu.load >= 0)
      assert.is_true(last ~= nil or stats.cpu.load == nil)
      last = stats
      if samples == 4 then p.stdin:close() end
    end
    assert.is_true(samples >= 4)
    assert.equal(0, assert(p:wait(0)).status)
  end)

  it("ends at once when it does not run, and in time when the interval is long", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    assert.is_nil(box:watch()())
    local p = assert(box:start { args = { "true" } })
    local began = core.now()
    for _ in box:watch(fixture.seconds(600)) do assert.is_nil(nil) end
    assert.is_true(core.now() - began < fixture.seconds(300))
    assert.equal(0, assert(p:wait(0)).status)
    assert(box:destroy())
    assert.is_nil(box:watch()())
  end)

  it("knows what an interval is", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    for _, interval in ipairs { "soon", 0, -1, {} } do
      assert.has_error(function() box:watch(interval) end)
    end
  end)
end)
