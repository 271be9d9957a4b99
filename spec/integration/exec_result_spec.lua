-- SPDX-License-Identifier: MIT
-- container:exec: a further program's result, and the cgroup that it has for itself.
local fixture = require "spec.support.fixture"
local configs = require "libcontainer.configs"
local lc = require "libcontainer"

local function running(config, factory)
  config = config or {}
  config.rootfs = config.rootfs or fixture.rootfs()
  local box = assert((factory or fixture.factory()):create(fixture.id(), assert(configs.default(config))))
  assert(box:start { "sleep", "1000" })
  return box
end

-- Cgroup directories below those of the container, relative.
local function below(box)
  local found = {}
  for _, path in pairs(box:state().cgroup_paths) do
    for name in fixture.sh("cd %s && find . -mindepth 1 -type d", path):gmatch("[^\n]+") do found[name] = true end
  end
  found["./init"] = nil -- where the first processes are, once a cgroup v2 has children
  local names = {}
  for name in pairs(found) do names[#names + 1] = name end
  return names
end

local function count(box)
  return #assert(box:processes())
end

describe("container:exec", function()
  fixture.check_leaks()

  it("tells status, signal, output, usage and time of a further program", function()
    fixture.needs("root", "busybox")
    local box <close> = running()
    local r = assert(box:exec { "sh", "-c", "echo one; echo two >&2; exit 3" })
    assert.equal("result", lc.type(r))
    assert.equal("one\n", r.stdout)
    assert.equal("two\n", r.stderr)
    assert.equal(3, r.status)
    assert.is_false(r.oom or r.timed_out or r.truncated or r.core)
    assert.is_true(r.usage.cpu_time > 0 and r.time > 0)
    assert.equal("libcontainer.result", tostring(r):match("^%S+"))
    r = assert(box:exec { "sh", "-c", "kill -KILL $$" })
    assert.equal("KILL", r.signal_name)
    assert.equal("a\nb\n", assert(box:exec { "cat", input = "a\nb\n" }).stdout)
    local lines = { "c\n", "d\n" }
    assert.equal("c\nd\n", assert(box:exec { "cat", input = function() return table.remove(lines, 1) end }).stdout)
    assert.equal("/tmp 1000 v\n", assert(box:exec { "sh", "-c", "echo $(pwd) $(id -u) $X", cwd = "/tmp", user = "1000",
      env = { X = "v", PATH = "/bin" } }).stdout)
    assert.equal(1, count(box))
    assert.same({}, below(box))
  end)

  it("keeps of the output what its limit allows, and reads on [A54]", function()
    fixture.needs("root", "busybox")
    local box <close> = running()
    local r = assert(box:exec { "sh", "-c", "head -c 300000 /dev/zero; echo end >&2", output_limit = 1000 })
    assert.equal(1000, #r.stdout)
    assert.is_true(r.truncated)
    assert.equal(0, r.status)
    r = assert(box:exec { "yes", output_limit = 5000, timeout = fixture.moment() })
    assert.equal(5000, #r.stdout)
    assert.is_true(r.truncated and r.timed_out)
    assert.equal(1, count(box))
  end)

  it("ends all that it has started at its timeout, and nothing else", function()
    fixture.needs("root", "busybox")
    local box <close> = running()
    local other = assert(box:start { "sleep", "1000" })
    local r = assert(box:exec { "sh", "-c",
      "trap '' TERM HUP; (sleep 1000; :) & sh -c 'sleep 1000 & sleep 1000' & echo here; wait",
      timeout = fixture.moment() })
    assert.is_true(r.timed_out)
    assert.equal(9, r.signal)
    assert.equal("here\n", r.stdout)
    assert.equal(2, count(box)) -- the init and the other one
    assert.is_nil((other:wait(0)))
    assert.same({}, below(box))
    assert(other:signal("KILL"))
    assert(other:wait(fixture.seconds(60)))
  end)

  it("leaves running what the program leaves running, until the container goes", function()
    fixture.needs("root", "busybox")
    local box <close> = running()
    local r = assert(box:exec { "sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $!" })
    assert.equal(0, r.status)
    assert.equal(2, count(box))
    assert.equal(1, #below(box))
    -- once it has ended, the next one clears its cgroup away
    assert.equal(0, assert(box:exec { "sh", "-c", "kill -9 " .. r.stdout }).status)
    for _ = 1, 200 do
      if count(box) == 1 then break end
      require("libcontainer.loop").pause(0.02)
    end
    assert(box:exec { "true" })
    assert.same({}, below(box))
  end)

  it("limits and accounts the program alone, inside of the container's limits [L35]", function()
    fixture.needs("root", "busybox")
    local box <close> = running { memory = "512M", pids = 64 }
    local r = assert(box:exec { "dd", "if=/dev/zero", "of=/dev/null", "bs=40M", "count=1" })
    assert.is_true(r.usage.memory_peak > 40 * 1024 * 1024)
    assert.is_true(assert(box:exec { "true" }).usage.memory_peak < 20 * 1024 * 1024)
    r = assert(box:exec { "dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1", memory = "32M" })
    assert.is_true(r.oom)
    assert.equal(9, r.signal)
    assert.equal("running", box:status())
    assert.is_false(assert(box:exec { "true", memory = "32M" }).oom)
    -- one process is the program itself
    assert.equal(0, assert(box:exec { "true", pids = 1 }).status)
    assert.not_equal("", assert(box:exec { "sh", "-c", "sleep 0 & wait", pids = 1 }).stderr)
    assert.equal("", assert(box:exec { "sh", "-c", "sleep 0 & wait", pids = 2 }).stderr)
    assert.is_true(assert(box:exec { "sh", "-c", "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done" }).usage.cpu_time > 0)
    assert.same({}, below(box))
  end)

  it("takes limits of each hierarchy, also where the container has none of them", function()
    fixture.needs("root", "busybox")
    local box <close> = running {}
    local limits = { memory = "64M", pids_limit = 9, cpu_weight = 1, cpuset_cpus = "0", cpuset_mems = "0" }
    local expected = { ["pids.max"] = "9", ["cpuset.cpus"] = "0", ["memory.limit_in_bytes memory.max"] = "67108864",
      ["cpu.shares"] = "2", ["cpu.weight"] = "1" }
    if (fixture.read("/sys/fs/cgroup/cgroup.controllers") or fixture.read("/sys/fs/cgroup/unified/cgroup.controllers")
      or ""):find("hugetlb") then
      limits.hugetlb_limit, expected["hugetlb.2MB.max"] = { ["2MB"] = "4M" }, "4194304"
    end
    local p = assert(box:start { args = { "sleep", "1000" }, cgroups = limits })
    local found = 0
    for names, value in pairs(expected) do
      for _, path in pairs(box:state().cgroup_paths) do
        for name in names:gmatch("%S+") do
          local text = fixture.sh("cat %s/exec-*/%s 2>/dev/null", path, name)
          if text ~= "" then
            assert.equal(value, text, name)
            found = found + 1
          end
        end
      end
    end
    assert.is_true(found >= 4)
    assert(p:signal("KILL") and p:wait(fixture.seconds(30)))
    assert.same({}, below(box))
  end)

  it("tells that a neighbour took the memory which both may use [L35]", function()
    fixture.needs("root", "busybox")
    local box <close> = running { memory = "64M" }
    local process = assert(box:start { "dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1" })
    local exit = assert(process:wait(fixture.seconds(60)))
    assert.equal(9, exit.signal)
    assert.is_true(exit.oom)
    assert.is_false(assert(assert(box:start { "true" }):wait(fixture.seconds(60))).oom)
  end)

  it("does not keep others from joining the cgroup of the init afterwards [O89]", function()
    fixture.needs("root", "busybox")
    local box <close> = running { memory = "64M" }
    assert(box:exec { "true", memory = "32M" })
    local function cgroup(pid) return fixture.read(("/proc/%d/cgroup"):format(pid)) end
    local process = assert(box:start { "sleep", "1000" })
    assert.equal(cgroup(box:state().init_process_pid), cgroup(process:pid()))
    assert.equal(2, count(box))
    assert(box:destroy())
    assert.equal(9, assert(process:wait(fixture.seconds(60))).signal)
  end)

  it("refuses what belongs to the container, and limits that cannot be, with every mistake at once", function()
    fixture.needs("root", "busybox")
    local box <close> = running()
    local r, err = box:exec { "true", rootfs = "/", bind = "/a:/b", id = "x", memroy = 1, cgroups = { path = "/x" } }
    assert.is_nil(r)
    assert.equal("ConfigInvalid", err.code)
    local fields = {}
    for _, problem in ipairs(err.problems) do fields[problem.field] = problem.message end
    for _, name in ipairs { "rootfs", "bind", "id" } do assert.matches("belongs to the container", fields[name]) end
    assert.is_string(fields.memroy)
    assert.is_string(fields["cgroups.path"])
    r, err = box:exec { "true", cgroups = { cpuset_cpus = "4095" } }
    assert.is_nil(r)
    assert.matches("cpuset_cpus", tostring(err))
    r, err = box:exec { "no-such-program", memory = "32M" }
    assert.is_nil(r)
    assert.equal("exec", err.step)
    assert.same({}, below(box))
    assert.equal(1, count(box))
    assert.has_error(function() box:exec("true") end, "bad argument #1 to 'exec' (table expected, got string): "
      .. 'for a shell command write { "sh", "-c", "true" }')
    -- the first program has the limits of the container
    local fresh <close> = assert(fixture.factory():create(fixture.id(), { rootfs = fixture.rootfs() }))
    local p
    p, err = fresh:start { "true", cgroups = { memory = "32M" } }
    assert.is_nil(p)
    assert.equal("process.cgroups", err.field)
  end)

  it("needs a container that runs", function()
    fixture.needs("root", "busybox")
    local factory, rootfs = fixture.factory(), fixture.rootfs()
    local box <close> = assert(factory:create(fixture.id(), assert(configs.default { rootfs = rootfs })))
    local r, err = box:exec { "true" }
    assert.is_nil(r)
    assert.equal("ContainerNotRunning", err.code)
    assert(assert(box:start { "true" }):wait(fixture.seconds(60)))
    r, err = box:exec { "true" }
    assert.is_nil(r)
    assert.equal("ContainerNotRunning", err.code)
    assert(box:destroy())
    r, err = box:exec { "true" }
    assert.is_nil(r)
    assert.equal("ContainerNotExists", err.code)
  end)

  it("is refused at once while the container is paused, whoever did that, and works again afterwards [D7] [O85]", function()
    fixture.needs("root", "busybox")
    local root, rootfs = fixture.root(), fixture.rootfs()
    local box <close> = running({ rootfs = rootfs }, assert(lc.new(root)))
    local function check_refused()
      for _, call in ipairs { box.exec, box.start } do
        local r, err = call(box, { "true", cgroups = { memory = "32M" } })
        assert.is_nil(r)
        assert.equal("ContainerPaused", err.code)
      end
      -- the core looks too, should the pause come after that
      local group, raw = box._core:group { args = { "true" }, cgroups = {} }
      assert.is_nil(group)
      assert.equal("freeze", raw.step)
      local null = require("libcontainer.core").null()
      group, raw = box._core:join(box._record.config, { args = { "true" } }, { id = "x", stdin = null, stdout = null,
        stderr = null })
      assert.is_nil(group)
      assert.equal("freeze", raw.step)
      null:close()
      assert.same({}, below(box))
      assert.equal(1, count(box))
    end
    assert(box:pause())
    check_refused()
    assert(box:resume())
    assert.equal(0, assert(box:exec { "true" }).status)
    fixture.lua_prints([[assert(assert(assert(lc.new(root)):load(arg[2])):pause())]], { args = { root, box:id() } })
    check_refused()
    assert(box:resume())
    assert.equal(0, assert(box:exec { "true" }).status)
    -- what it had started before stands still too, and is ended all the same
    local process = assert(box:start { "sleep", "1000", cgroups = {} })
    assert(box:pause())
    assert(box:destroy())
    assert.equal(9, assert(process:wait(fixture.seconds(60))).signal)
  end)

  it("lets go of the program when the input function fails", function()
    fixture.needs("root", "busybox")
    local box <close> = running()
    assert.has_error(function() box:exec { "sh", "-c", "sleep 1000 & cat", input = function() error("mine", 0) end } end,
      "mine")
    assert.equal(1, count(box))
    assert.same({}, below(box))
  end)
end)
