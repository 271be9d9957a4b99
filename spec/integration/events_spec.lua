-- SPDX-License-Identifier: MIT
--- Being told what happens in a container: once for each thing, to everybody who listens, to the end.
local core = require "libcontainer.core"
local fixture = require "spec.support.fixture"
local lc = require "libcontainer"

local seconds = fixture.seconds

local function create(config)
  config = config or {}
  config.rootfs = config.rootfs or fixture.rootfs()
  return assert(fixture.factory():create(fixture.id(), assert(require("libcontainer.configs").default(config))))
end

-- A container that does what is written to its stdin.
local function shell(config)
  local box = create(config)
  local p = assert(box:start { "sh", stdin = "pipe", stdout = "pipe" })
  return box, p
end

-- The next event, which must come.
local function next_of(events, kind)
  local event, err = events:next(seconds(60))
  assert.is_nil(err)
  if kind then assert.equal(kind, event and event.type) end
  return event
end

-- All that there is without waiting, as "start exec exit".
local function types_of(events)
  local names = {}
  while true do
    local event, err = events:next(0)
    if not event then return table.concat(names, " "), err and err.errname or "end" end
    names[#names + 1] = event.type
  end
end

local function at_its_end(events)
  local event, err = events:next(seconds(60))
  assert.is_nil(event)
  assert.is_nil(err)
  assert.is_nil((events:next()))
end

-- Fill up memory until the limit is met: the shell goes on.
local HOG <const> = "tail /dev/zero\n"

describe("a listener for OOM", function()
  fixture.check_leaks()

  it("is told once of each process that is killed, and of nothing else [L35] [D34]", function()
    fixture.needs("root", "busybox")
    local box <close>, p = shell { memory = "16M" }
    local oom <close> = assert(box:notify_oom())
    assert.same({ "", "ETIMEDOUT" }, { types_of(oom) })
    for _ = 1, 3 do
      p.stdin:write(HOG)
      assert.equal(1, next_of(oom, "oom").count)
    end
    p.stdin:write("true & wait\n")
    assert.same({ "", "ETIMEDOUT" }, { types_of(oom) })
    assert.equal("running", box:status())
  end)

  it("counts what happens while nobody looks, and holds up nobody [D34]", function()
    fixture.needs("root", "busybox")
    local box <close>, p = shell { memory = "16M" }
    local one <close> = assert(box:notify_oom())
    local two <close> = assert(box:notify_oom())
    p.stdin:write(HOG:rep(4) .. "echo done\n")
    assert.equal("done", p.stdout:read("l", seconds(60)))
    for _, oom in ipairs { one, two } do
      local count = 0
      while count < 4 do count = count + next_of(oom, "oom").count end
      assert.equal(4, count)
      assert.same({ "", "ETIMEDOUT" }, { types_of(oom) })
    end
  end)

  it("is told of the first program's own death, and is at its end then [L35]", function()
    fixture.needs("root", "busybox")
    local box <close>, p = shell { memory = "16M" }
    local oom <close> = assert(box:notify_oom())
    p.stdin:write("exec tail /dev/zero\n")
    assert.equal(1, next_of(oom, "oom").count)
    at_its_end(oom)
    assert.equal(1, core.poll({ { oom:pollfd(), oom:events() } }, 0)) -- the end is readable
    assert.is_true(assert(p:wait(seconds(30))).oom)
  end)

  it("is told of further programs, with the container's limit and with their own [L35]", function()
    fixture.needs("root", "busybox")
    local box <close> = shell { memory = "32M" }
    local oom <close> = assert(box:notify_oom())
    assert.is_true(assert(box:exec { "sh", "-c", "tail /dev/zero" }).oom)
    assert.equal(1, next_of(oom, "oom").count)
    assert.is_true(assert(box:exec { "sh", "-c", "tail /dev/zero; true", memory = "8M" }).oom)
    assert.equal(1, next_of(oom, "oom").count)
    local further = assert(box:start { "sh", "-c", "tail /dev/zero; exec sleep 1000", cgroups = { memory = "8M" } })
    assert.equal(1, next_of(oom, "oom").count)
    assert(further:signal("KILL"))
    assert(further:wait(seconds(30)))
    assert.same({ "", "ETIMEDOUT" }, { types_of(oom) })
  end)

  it("is told of those too that came before anybody could listen: of a first program, and of a further one [L35]", function()
    fixture.needs("root", "busybox")
    local tells = require "libcontainer.events"
    local tell = tells.tell
    finally(function() tells.tell = tell end)
    tells.tell = function(container, what, proc) -- a host that is late: it has been killed by then
      if proc then assert.equal("killed", proc.stdout:read("l", seconds(60))) end
      return tell(container, what, proc)
    end
    local box <close> = create { memory = "32M" }
    local events <close> = assert(box:events())
    for _, kind in ipairs { "start", "exec" } do
      local p = assert(box:start { "sh", "-c", "tail /dev/zero; echo killed; exec sleep 1000", stdout = "pipe",
        cgroups = kind == "exec" and { memory = "8M" } or nil })
      -- of a further program in either order: on v2 the container's cgroup tells of it, as of any other in there
      local first, second = next_of(events), next_of(events)
      if kind == "exec" and first.type == "oom" then first, second = second, first end
      assert.same({ kind, "oom", 1 }, { first.type, second.type, second.count })
      if kind == "exec" then
        assert(p:signal("KILL"))
        assert(p:wait(seconds(30)))
        next_of(events, "exit")
      end
      p:close()
    end
    assert.same({ "", "ETIMEDOUT" }, { types_of(events) })
  end)

  it("does not take the removal of the cgroup for an OOM [D34] [L27]", function()
    fixture.needs("root", "busybox")
    local box <close>, p = shell { memory = "16M" }
    local oom <close> = assert(box:notify_oom())
    p.stdin:close()
    assert(p:wait(seconds(30)))
    at_its_end(oom)
    assert(box:start { "sleep", "1000" })
    local again <close> = assert(box:notify_oom())
    assert(box:destroy())
    at_its_end(again)
  end)

  it("hears of the removal, which v1 tells like an OOM, and says nothing [D34] [L27]", function()
    fixture.needs("root", "busybox", "v1")
    local box <close>, p = shell { memory = "16M" }
    local oom <close> = assert(box:notify_oom())
    local path = box:state().cgroup_paths.memory
    fixture.sh("echo %d >%s/../cgroup.procs && rmdir %s", p:pid(), path, path)
    assert.equal(1, core.poll({ { oom:pollfd(), "r" } }, seconds(60)))
    assert.same({ "", "ETIMEDOUT" }, { types_of(oom) })
    assert.equal(0, core.poll({ { oom:pollfd(), "r" } }, 0))
  end)

  it("ends with the container when another process destroys it [L46]", function()
    fixture.needs("root", "busybox")
    local root = fixture.root()
    local box = assert(assert(lc.new(root)):create("box", { rootfs = fixture.rootfs(), detach = true }))
    assert(box:start { args = { "sleep", "1000" } })
    local oom <close> = assert(box:notify_oom())
    local events <close> = assert(box:events())
    fixture.lua_prints([[assert(assert(lc.new(root)):destroy("box"))]], { args = { root } })
    at_its_end(oom)
    next_of(events, "exit")
    next_of(events, "destroy")
    at_its_end(events)
  end)

  it("says that it is stalled where nothing is killed", function()
    fixture.needs("root", "busybox", "v1")
    local box <close>, p = shell { memory = "16M", cgroups = { oom_kill_disable = true } }
    local oom <close> = assert(box:notify_oom())
    p.stdin:write("x=xxxxxxxx; while :; do x=$x$x; done\n") -- not by a system call, which would fail instead
    assert.is_true(next_of(oom, "oom").is_stalled)
    assert(box:destroy())
  end)

  it("is an error where the container does not run", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    assert.equal("ContainerNotRunning", select(2, box:notify_oom()).code)
    assert(box:destroy())
    assert.equal("ContainerNotExists", select(2, box:notify_oom()).code)
    local bare <close> = assert(assert(lc.new(fixture.root(), { cgroups = "none" })):create("bare",
      { rootfs = fixture.rootfs() }))
    assert(bare:start { args = { "sleep", "1000" } })
    local _, err = bare:notify_oom()
    assert.equal("OOM needs the memory controller, which is not mounted (ENODEV)", err.message)
  end)
end)

describe("a listener for pressure", function()
  fixture.check_leaks()

  local function needs_pressure(box)
    if not fixture.read((box:state().cgroup_paths.unified or "/none") .. "/cpu.pressure") then
      pending "needs pressure stall information in a unified tree"
    end
  end

  -- More programs than processors, and a quota beside: somebody always waits.
  local BUSY <const> = { "sh", "-c", "i=0; while [ $i -lt 6 ]; do (while :; do :; done) & i=$((i+1)); done; wait" }

  it("is told when tasks wait for longer than that part of the window", function()
    fixture.needs("root", "busybox")
    local box <close> = create { cpus = 0.5 }
    assert(box:start(BUSY))
    needs_pressure(box)
    local pressure <close> = assert(box:notify_pressure("cpu", { some = 0.1 }))
    for _ = 1, 2 do
      local event = next_of(pressure, "pressure")
      assert.equal("cpu", event.resource)
      assert.is_true(event.pressure.some.total > 0)
    end
    assert(box:signal("KILL"))
    local event
    repeat event = pressure:next(seconds(60)) until not event
    at_its_end(pressure)
  end)

  it("is not told when they do not", function()
    fixture.needs("root", "busybox")
    local box <close> = shell()
    needs_pressure(box)
    local pressure <close> = assert(box:notify_pressure("io", { full = 1, window = 2 }))
    assert.same({ "", "ETIMEDOUT" }, { types_of(pressure) })
  end)

  it("is its own: another one on the same resource takes nothing from it", function()
    fixture.needs("root", "busybox")
    local box <close> = create { cpus = 0.5 }
    assert(box:start(BUSY))
    needs_pressure(box)
    local one <close> = assert(box:notify_pressure("cpu", { some = 0.1 }))
    local two <close> = assert(box:notify_pressure("cpu", { some = 0.05, window = 4 }))
    local all <close> = assert(box:events { pressure = { cpu = { some = 0.1 } } })
    next_of(one, "pressure")
    next_of(two, "pressure")
    next_of(all, "pressure")
  end)

  it("says what is wrong with its numbers, all of it", function()
    fixture.needs("root", "busybox")
    local box <close> = shell()
    for _, case in ipairs { { {}, "some: is missing" }, { { some = 0 }, "some = 0: must be a part of the time" },
      { { some = 1.5 }, "some = 1.5: must be a part" }, { { full = "x" }, "full = \"x\": must be a part" },
      { { some = 0.1, full = 0.1 }, "full = 0.1: is one of" }, { { some = 0.1, window = 20 }, "window = 20: must be from 0.5 to 10" },
      { { some = 0.1, window = "soon" }, "window = \"soon\": must be a number of seconds" }, { { level = "high" }, "level = \"high\": must be" },
      { { some = 2, window = 0.1 }, "2 problems" } } do
      local pressure, err = box:notify_pressure("memory", case[1])
      assert.is_nil(pressure)
      assert.equal("ConfigInvalid", err.code)
      assert.truthy(tostring(err):find(case[2], 1, true), tostring(err))
    end
    assert.has_error(function() box:notify_pressure("disk", { some = 0.1 }) end)
    assert.has_error(function() box:notify_pressure("cpu", { som = 0.1 }) end)
    assert.equal("ConfigInvalid", select(2, box:notify_pressure("cpu", { level = "low" })).code)
    assert.equal("ConfigInvalid", select(2, box:events { pressure = { cpu = { some = 7 } } }).code)
    assert.has_error(function() box:events { pressure = { disk = {} } } end)
  end)

  it("tells the way out when the kernel refuses its window", function()
    fixture.needs("root", "busybox")
    local box <close> = shell()
    needs_pressure(box)
    local pressure, err = box:notify_pressure("memory", { some = 0.15, window = 1 })
    local capabilities = tonumber(fixture.read("/proc/self/status"):match("CapEff:%s*(%x+)"), 16)
    if capabilities & 1 << 24 ~= 0 then -- CAP_SYS_RESOURCE
      assert(pressure):close()
      return
    end
    assert.is_nil(pressure)
    assert.equal("window", err.field)
    assert.matches("multiple of 2 s", err.hint)
  end)

  it("knows v1's levels", function()
    fixture.needs("root", "busybox", "v1")
    local box <close>, p = shell { memory = "16M", tmpfs = { "/work" } }
    local low <close> = assert(box:notify_pressure("memory", { level = "low" }))
    p.stdin:write("while :; do head -c 33554432 /dev/zero >/tmp/data 2>/dev/null; cat /bin/* /tmp/* >/dev/null; done\n")
    local event = next_of(low, "pressure")
    assert.same({ "memory", "low" }, { event.resource, event.level })
    assert.is_true(event.count > 0)
    assert(box:destroy())
    local last
    repeat last = low:next(seconds(60)) until not last
    at_its_end(low)
  end)

  it("is an error where the level or the pressure is not known", function()
    fixture.needs("root", "busybox", "v2")
    local box <close> = shell()
    local _, err = box:notify_pressure("memory", { level = "low" })
    assert.matches("needs the memory controller", err.message)
  end)
end)

describe("the events of a container", function()
  fixture.check_leaks()

  it("are its whole life in order, and end with it", function()
    fixture.needs("root", "busybox")
    local box = create { memory = "16M" }
    local events <close> = assert(box:events())
    local p = assert(box:start { "sh", stdin = "pipe" })
    local started = next_of(events, "start")
    assert.same({ p:pid(), { "sh" } }, { started.pid, started.args })
    assert.is_true(math.abs(started.time - core.time()) < seconds(60))
    local further = assert(box:start { "sh", "-c", "exit 5" })
    assert.same({ further:pid(), { "sh", "-c", "exit 5" } }, { next_of(events, "exec").pid, { "sh", "-c", "exit 5" } })
    local ended = next_of(events, "exit")
    assert.same({ further:pid(), 5, false }, { ended.pid, ended.status, ended.is_init })
    assert(box:pause())
    next_of(events, "pause")
    assert(box:resume())
    next_of(events, "resume")
    p.stdin:write(HOG)
    assert.equal(1, next_of(events, "oom").count)
    assert(box:signal("KILL"))
    ended = next_of(events, "exit")
    assert.same({ p:pid(), 9, "KILL", true }, { ended.pid, ended.signal, ended.signal_name, ended.is_init })
    assert(box:start { "true" })
    next_of(events, "start")
    next_of(events, "exit")
    assert(box:destroy())
    next_of(events, "destroy")
    at_its_end(events)
    assert.matches("at its end", tostring(events))
  end)

  it("are the same for everybody who listens, and none is lost that is read late", function()
    fixture.needs("root", "busybox")
    local box = create()
    local one <close> = assert(box:events())
    local two <close> = assert(box:events())
    assert(box:start { "sleep", "1000" })
    local three <close> = assert(box:events())
    for _ = 1, 3 do assert(box:exec { "true" }) end
    assert(box:destroy())
    local whole = "start exec exit exec exit exec exit exit destroy"
    assert.same({ whole, "end" }, { types_of(one) })
    assert.same({ whole, "end" }, { types_of(two) })
    assert.same({ (whole:gsub("^start ", "")), "end" }, { types_of(three) })
  end)

  it("are readable by any loop, as long as there is one and at the end", function()
    fixture.needs("root", "busybox")
    local box = create()
    local events <close> = assert(box:events())
    local function is_readable() return core.poll({ { events:pollfd(), events:events() } }, 0) == 1 end
    assert.is_false(is_readable())
    assert.is_nil(events:timeout())
    local p = assert(box:start { "cat", stdin = "pipe" })
    assert.is_true(is_readable())
    next_of(events, "start")
    assert.is_false(is_readable())
    p.stdin:close()
    assert.equal(1, core.poll({ { events:pollfd(), "r" } }, seconds(60)))
    -- the kernel tells that the cgroup is empty now, which is no event, before or behind it
    next_of(events, "exit")
    assert.same({ "", "ETIMEDOUT" }, { types_of(events) })
    assert(box:destroy())
    assert.is_true(is_readable())
    assert.equal("destroy", types_of(events))
    assert.is_true(is_readable())
  end)

  it("can be iterated to the end, by who destroys the container meanwhile [E28]", function()
    fixture.needs("root", "busybox")
    local box = create()
    local events <close> = assert(box:events())
    assert(box:start { "true" })
    local names = {}
    for event in events do
      names[#names + 1] = event.type
      if event.type == "exit" then assert(box:destroy()) end
    end
    assert.same({ "start", "exit", "destroy" }, names)
  end)

  it("tell what another process does with it: start, end, pause where the kernel tells, destroy [L46]", function()
    fixture.needs("root", "busybox")
    local root, rootfs = fixture.root(), fixture.rootfs()
    local box = assert(assert(lc.new(root)):create("box", { rootfs = rootfs, detach = true }))
    local events <close> = assert(box:events())
    local function elsewhere(script)
      return fixture.lua_prints("local box = assert(assert(lc.new(root)):load('box'))\n" .. script, { args = { root } })
    end
    local pid = tonumber(elsewhere [[print((assert(box:start { "sleep", "1000" }):pid()))]])
    assert.equal(pid, next_of(events, "start").pid)
    if box:state().cgroup_paths.unified then
      elsewhere "assert(box:pause())"
      next_of(events, "pause")
      elsewhere "assert(box:resume())"
      next_of(events, "resume")
    end
    elsewhere "assert(box:signal('KILL'))"
    assert.same({ pid, true }, { events:next(seconds(60)).pid, true })
    elsewhere "assert(box:destroy())"
    next_of(events, "destroy")
    at_its_end(events)
  end)

  it("are kept to a number when nobody reads them, and tell how many were lost [D34]", function()
    fixture.needs("root", "busybox")
    local box <close> = shell()
    local events <close> = assert(box:events())
    assert(box:pause())
    assert(box:resume())
    local before = #fixture.sh("ls /proc/%d/fd", core.pid())
    for _ = 1, 2100 do
      assert(box:pause())
      assert(box:resume())
    end
    assert.equal(before, #fixture.sh("ls /proc/%d/fd", core.pid()))
    assert.equal(4202 - 4096, next_of(events, "lost").count)
    next_of(events, "pause")
  end)

  it("hold on to no process of the past when nobody reads them", function()
    fixture.needs("root", "busybox")
    local box <close> = shell()
    local events <close> = assert(box:events())
    local function count() return tonumber(fixture.sh("ls /proc/%d/fd | wc -l", core.pid())) end
    assert(box:exec { "true" })
    local before = count()
    for _ = 1, 10 do assert(box:exec { "true" }) end
    collectgarbage()
    collectgarbage()
    assert.is_true(count() <= before + 2)
    assert.equal("exec", next_of(events).type)
  end)

  it("end when they are closed, also while somebody waits for them", function()
    fixture.needs("root", "busybox")
    local box <close> = shell()
    local events = assert(box:events())
    events:close()
    events:close()
    assert.is_nil(events:pollfd())
    at_its_end(events)
    assert.equal("events", lc.type(events))
    do local _ <close> = assert(box:events()) end
    for _ = 1, 20 do assert(box:events()) end -- left to the collector
    assert(box:pause())
    assert(box:resume())
  end)

  it("keep the container that nobody else holds [E10]", function()
    fixture.needs("root", "busybox")
    local events
    do
      local box = create()
      assert(box:start { "sleep", "1000" })
      events = assert(box:events())
    end
    collectgarbage()
    collectgarbage()
    assert.same({ "", "ETIMEDOUT" }, { types_of(events) })
    events:close()
    events = nil
    collectgarbage()
    collectgarbage()
    assert.is_nil(events)
  end)
end)

describe("the processes of a container as it sees them", function()
  fixture.check_leaks()

  it("have the numbers that they have inside, those in cgroups below too [D21]", function()
    fixture.needs("root", "busybox")
    local box <close>, p = shell()
    p.stdin:write("sleep 1000 & sleep 1000 & echo $! $$\n")
    local last, own = p.stdout:read("l", seconds(60)):match("(%d+) (%d+)")
    local inner = assert(box:processes { ns = "container" })
    assert.equal("1", own)
    assert.same({ 1, tonumber(last) - 1, tonumber(last) }, inner)
    assert.equal(3, #assert(box:processes()))
    local further = assert(box:start { "sh", "-c", "echo $$; exec sleep 1000", stdout = "pipe",
      cgroups = { memory = "8M" } })
    local number = tonumber(further.stdout:read("l", seconds(60)))
    inner = assert(box:processes { ns = "container" })
    assert.equal(4, #inner)
    assert.equal(number, inner[4])
    assert.same(box:processes(), box:processes { ns = "host" })
    assert.has_error(function() box:processes { ns = "guest" } end)
  end)

  it("are the host's numbers where it has the host's, and none when nothing runs [L46]", function()
    fixture.needs("root", "busybox")
    local box <close> = assert(fixture.factory():create(fixture.id(), { rootfs = fixture.rootfs(),
      namespaces = { "mount", "uts", "ipc", "network" } }))
    local p = assert(box:start { args = { "sleep", "1000" } })
    assert.same({ p:pid() }, box:processes { ns = "container" })
    assert(p:signal("KILL"))
    assert(p:wait(seconds(30)))
    assert.same({}, box:processes { ns = "container" })
  end)
end)
