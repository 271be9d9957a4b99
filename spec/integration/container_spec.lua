-- SPDX-License-Identifier: MIT
--- The container object and its life.
local fixture = require "spec.support.fixture"
local lc = require "libcontainer"

local function create(config, id)
  config = config or {}
  config.rootfs = config.rootfs or fixture.rootfs()
  return assert(fixture.factory():create(id or fixture.id(), config))
end

describe("a container", function()
  fixture.check_leaks()

  it("goes from created to running to stopped to destroyed", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    assert.equal("created", box:status())
    local p = assert(box:start { args = { "cat" }, stdin = "pipe" })
    assert.equal("running", box:status())
    assert.equal("running", box:state().status)
    p.stdin:close()
    assert.equal(0, assert(box:wait(fixture.seconds(30))).status)
    assert.equal("stopped", box:status())
    assert.equal("stopped", box:state().status)
    assert(box:destroy())
    assert.equal("destroyed", box:status())
  end)

  it("answers its id, and its configuration as a copy", function()
    fixture.needs("root", "busybox")
    local box <close> = create { hostname = "web", cgroups = { memory = "64M" } }
    assert.matches("^spec%-", box:id())
    local config = box:config()
    assert.equal("web", config.hostname)
    assert.equal(67108864, config.cgroups.memory)
    config.hostname = "changed"
    config.cgroups.memory = 1
    assert.equal("web", box:config().hostname)
    assert.equal(67108864, box:config().cgroups.memory)
  end)

  it("tells in its state what is in the kernel", function()
    fixture.needs("root", "busybox")
    local box <close> = create { labels = { team = "blue" } }
    local p = assert(box:start { args = { "sleep", "1000" } })
    local state = assert(box:state())
    assert.equal(box:id(), state.id)
    assert.equal(p:pid(), state.init_process_pid)
    local stat = fixture.read("/proc/" .. p:pid() .. "/stat"):match("%) (.*)")
    local fields = {}
    for field in stat:gmatch("%S+") do fields[#fields + 1] = field end
    assert.equal(tonumber(fields[20]), state.init_process_start)
    assert.equal(fixture.read("/proc/sys/kernel/random/boot_id"):gsub("\n", ""), state.boot_id)
    assert.equal("blue", state.config.labels.team)
    assert.equal(("/proc/%d/ns/pid"):format(p:pid()), state.namespace_paths.pid)
    assert.is_true(math.abs(os.time() - state.created) < 120)
    for _, path in pairs(state.cgroup_paths) do
      assert.is_not_nil(fixture.read(path .. "/cgroup.procs"), path)
    end
    state.id = "changed"
    assert.equal(box:id(), box:state().id)
  end)

  it("lists every process in it, as the host sees them", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    local p = assert(box:start { args = { "sh", "-c", "sleep 1000 & sleep 1000 & echo up; wait" },
      stdout = "pipe" })
    assert.equal("up", p.stdout:read("l", fixture.seconds(30)))
    local pids = assert(box:processes())
    assert.equal(3, #pids)
    assert.is_true(pids[1] < pids[2] and pids[2] < pids[3])
    local found = false
    for _, pid in ipairs(pids) do
      found = found or pid == p:pid()
      assert.is_not_nil(fixture.read(("/proc/%d/stat"):format(pid)))
    end
    assert.is_true(found)
  end)

  it("starts again after the end", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    local p = assert(box:start { args = { "sleep", "1000" } })
    assert(p:signal("KILL"))
    assert.equal(9, assert(p:wait(fixture.seconds(30))).signal)
    local q = assert(box:start { args = { "sh", "-c", "exit 6" } })
    assert.equal(6, assert(q:wait(fixture.seconds(30))).status)
    assert.equal(9, assert(p:wait(0)).signal)
  end)

  it("starts a process object once", function()
    fixture.needs("root", "busybox")
    local a <close> = create()
    local b <close> = create()
    local p = assert(lc.process { args = { "sleep", "1000" } })
    assert.equal(p, assert(a:start(p)))
    local none, err = b:start(p)
    assert.is_nil(none)
    assert.equal("EBUSY", err.errname)
    assert.equal("created", b:status())
    assert.has_error(function() b:start("true") end,
      [[bad argument #1 to 'start' (process or table expected, got string): for a shell command write { "sh", "-c", "true" }]])
  end)

  it("answers one value when it has done what it was asked, so that a prompt shows no nil", function()
    fixture.needs("root", "busybox")
    local function one(name, ...) assert.equal(1, select("#", ...), name) return ... end
    local factory = fixture.factory()
    local box <close> = one("create", factory:create(fixture.id(), { rootfs = fixture.rootfs() }))
    one("load", factory:load(box:id()))
    one("list", factory:list())
    local process = one("start", box:start { "sleep", "100" })
    one("start", box:start { "true" })
    one("exec", box:exec { "true" })
    for _, name in ipairs { "id", "status", "state", "config", "processes", "stats", "pause", "resume", "explain",
      "pollfd", "events", "watch", "signal" } do
      one(name, box[name](box))
    end
    one("set", box:set { pids_limit = 64 })
    one("signal", process:signal "KILL")
    one("wait", process:wait())
    one("wait", box:wait())
    one("destroy", box:destroy())
  end)

  it("is created for everybody after a start that failed at its very last step", function()
    fixture.needs("root", "busybox")
    local root, rootfs = fixture.root(), fixture.rootfs()
    fixture.sh("echo data >%s/bin/data && chmod 755 %s/bin/data", rootfs, rootfs)
    local box <close> = assert(assert(lc.new(root)):create("box", { rootfs = rootfs }))
    local p, err = box:start { "data" }
    assert.is_nil(p)
    assert.equal("ENOEXEC", err.errname)
    local other = assert(assert(lc.new(root)):load("box"))
    assert.equal("created", other:status())
    assert.is_nil(other:state().init_process_pid)
  end)

  it("is created again, and usable, after a start that failed", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    local none, err = box:start { args = { "no-such-program" } }
    assert.is_nil(none)
    assert.equal("exec", err.step)
    assert.equal("created", box:status())
    assert.is_nil(box:state().init_process_pid)
    local p = assert(box:start { args = { "true" } })
    assert.equal(0, assert(p:wait(fixture.seconds(30))).status)
  end)

  it("signals its init, or everything in it", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    local p = assert(box:start { args = { "sh", "-c",
      "trap 'echo got; exit 5' TERM; echo up; while :; do sleep 0.05; done" }, stdout = "pipe" })
    assert.equal("up", p.stdout:read("l", fixture.seconds(30)))
    assert(box:signal())
    assert.equal("got", p.stdout:read("l", fixture.seconds(30)))
    assert.equal(5, assert(box:wait(fixture.seconds(30))).status)
    local q = assert(box:start { args = { "sh", "-c", "sleep 1000 & echo up; wait; echo over; sleep 1000" },
      stdout = "pipe" })
    assert.equal("up", q.stdout:read("l", fixture.seconds(30)))
    assert(box:signal("TERM", { all = true })) -- the init of a PID namespace does not take it
    assert.equal("over", q.stdout:read("l", fixture.seconds(30)))
    assert(box:signal(9, { all = true }))
    assert.equal(9, assert(q:wait(fixture.seconds(30))).signal)
  end)

  it("says that it does not run, before and after", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    for _ = 1, 2 do
      for name, call in pairs { signal = { "TERM" }, pause = {}, resume = {}, exec = { { "true" } }, stats = {},
        shell = { { input = io.tmpfile() } }, notify_oom = {}, notify_pressure = { "cpu", { some = 0.5 } },
        set = { { freezer = "frozen" } } } do
        local done, err = box[name](box, table.unpack(call))
        assert.is_nil(done, name)
        assert.equal("ContainerNotRunning", err.code, name)
      end
      if box:status() == "created" then
        local done, err = box:wait(1)
        assert.is_nil(done)
        assert.equal("ContainerNotRunning", err.code)
        assert(assert(box:start { args = { "true" } }):wait(fixture.seconds(30)))
      end
    end
    assert.has_error(function() box:signal("NONSENSE") end)
    assert.has_error(function() box:signal(65) end)
    assert.has_error(function() box:signal("TERM", { al = true }) end)
  end)

  it("waits with a deadline, and answers the same table each time", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    local p = assert(box:start { args = { "cat" }, stdin = "pipe" })
    local none, err = box:wait(0.05)
    assert.is_nil(none)
    assert.equal("ETIMEDOUT", err.errname)
    assert.is_string(err.hint)
    assert.is_nil((box:wait(0)))
    assert.equal("ETIMEDOUT", select(2, p:wait("50ms")).errname)
    p.stdin:close()
    local exit = assert(box:wait(fixture.seconds(30)))
    assert.equal(exit, assert(box:wait()))
    assert.equal(exit, assert(p:wait()))
  end)

  it("takes a time in words wherever it takes one, and raises for what is none where it is given", function()
    fixture.needs("root", "busybox")
    local box = create()
    local p = assert(box:start { args = { "cat" }, stdin = "pipe", stdout = "pipe" })
    assert.equal("ETIMEDOUT", select(2, box:wait("1us")).errname)
    assert.equal("ETIMEDOUT", select(2, p.stdout:read("l", "1us")).errname)
    local events <close> = assert(box:events())
    assert.equal("ETIMEDOUT", select(2, events:next("1us")).errname)
    assert(box:pause("10min") and box:resume("10min"))
    for name, call in pairs {
      wait = function(time) box:wait(time) end, pause = function(time) box:pause(time) end,
      resume = function(time) box:resume(time) end, destroy = function(time) box:destroy { timeout = time } end,
      read = function(time) p.stdout:read("l", time) end, next = function(time) events:next(time) end } do
      for _, time in ipairs { "5", "soon", -1, 0 / 0, {} } do
        local fine, why = pcall(call, time)
        assert.is_false(fine)
        assert.matches("^[^\n]*container_spec%.lua:%d+: bad %l+ .*'" .. name .. "' %(", why)
      end
    end
    assert.equal("running", box:status())
    assert(box:destroy { timeout = "10min" })
  end)

  it("kills what runs when it is destroyed, unless told not to", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    local p = assert(box:start { args = { "sh", "-c", "trap '' TERM INT HUP; while :; do sleep 1000; done" } })
    local done, err = box:destroy { force = false }
    assert.is_nil(done)
    assert.equal("ContainerNotStopped", err.code)
    assert.is_string(err.hint)
    for _, neither in ipairs { "no", 0, {} } do
      assert.error_matches(function() box:destroy { force = neither } end, "force of destroy %(true or false expected")
    end
    assert.error_matches(function() box:signal("KILL", { all = "no" }) end, "all of signal %(true or false expected")
    assert.equal("running", box:status())
    assert(box:destroy())
    local exit = assert(p:wait(fixture.seconds(30))) -- the end of a destroyed one is still told
    assert.equal(9, exit.signal)
    local stopped <close> = create()
    assert(assert(stopped:start { args = { "true" } }):wait(fixture.seconds(30)))
    assert(stopped:destroy { force = false })
  end)

  it("says so when it is destroyed already, whatever is asked of it", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    assert(box:destroy())
    for _, call in ipairs {
      function() return box:destroy() end, function() return box:wait(1) end,
      function() return box:start { args = { "true" } } end, function() return box:state() end,
      function() return box:signal("TERM") end, function() return box:processes() end,
      function() return box:explain() end,
    } do
      local done, err = call()
      assert.is_nil(done)
      assert.equal("ContainerNotExists", err.code)
    end
    assert.equal("destroyed", box:status())
    assert.is_string(box:id())
    assert.is_table(box:config())
    assert.matches("destroyed", tostring(box))
  end)

  it("explains the plan with the field that each operation comes from", function()
    fixture.needs("root", "busybox")
    local box <close> = create { hostname = "web",
      mounts = { { destination = "/proc", type = "proc", source = "proc" } } }
    local plan = assert(box:explain { args = { "sh" }, cwd = "/tmp" })
    local by_field, last = {}, plan[#plan]
    for _, row in ipairs(plan) do
      assert.is_string(row.op)
      assert.is_string(row.step)
      assert.is_string(row.operands)
      assert.is_true(#row.meaning > 0)
      if row.field then by_field[row.field] = row end
    end
    assert.is_not_nil(by_field.hostname)
    assert.is_not_nil(by_field["mounts[1]"])
    assert.matches("exec", last.op:lower())
    assert.matches("web", tostring(plan))
    assert.equal("created", box:status())
  end)

  it("prints itself at the prompt", function()
    fixture.needs("root", "busybox")
    local box <close> = create({}, "web")
    assert.equal("libcontainer.container web (created)", tostring(box))
    local p = assert(box:start { args = { "sleep", "1000" } })
    assert.matches("^libcontainer.container web %(running, pid " .. p:pid() .. ", %d+ s, .*sleep 1000%)$",
      tostring(box))
    assert.matches("pid " .. p:pid(), tostring(p))
    assert(box:destroy())
    assert.equal("libcontainer.container web (destroyed)", tostring(box))
    assert.matches("ended by signal KILL", tostring(p))
  end)

  it("has a descriptor that tells its end", function()
    fixture.needs("root", "busybox")
    local core = require "libcontainer.core"
    local box <close> = create()
    local p = assert(box:start { args = { "cat" }, stdin = "pipe" })
    assert.equal(0, core.poll({ { box:pollfd(), "r" } }, 0))
    p.stdin:close()
    assert.equal(1, core.poll({ { box:pollfd(), "r" } }, fixture.seconds(30)))
    assert.equal(1, core.poll({ { p:pollfd(), p:events() } }, fixture.seconds(30)))
    assert.equal(0, assert(box:wait(0)).status)
  end)

  it("suggests the nearest method for one that does not exist", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    local fine, why = pcall(function() return box:destory() end)
    assert.is_false(fine)
    assert.matches('did you mean "destroy"', why, 1, true)
  end)
end)
