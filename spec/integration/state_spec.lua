-- SPDX-License-Identifier: MIT
--- What is on disk about a container: another process works with it, and damage does not spread.
local fixture = require "spec.support.fixture"
local proc = require "spec.support.proc"
local json = require "libcontainer.json"
local lc = require "libcontainer"

-- A running container that its object does not own, with its factory and state file.
local function running(id, rootfs)
  local root = fixture.root()
  local factory = assert(lc.new(root))
  rootfs = rootfs or fixture.rootfs()
  local box = assert(factory:create(id or "box", { rootfs = rootfs, detach = true }))
  local p = assert(box:start { args = { "sleep", "1000" } })
  return { factory = factory, box = box, pid = p:pid(), p = p, root = root,
    file = ("%s/%s/state.json"):format(root, id or "box") }
end

-- Has what was running ended? Its cgroup may be empty, and removed, a moment before that.
local function has_ended(ours)
  return ours.p:wait(fixture.seconds(30)) ~= nil
end

local function edit(file, change)
  local record = assert(json.decode(fixture.read(file)))
  local replaced = change(record)
  fixture.write(file, assert(json.encode(replaced or record)))
end

describe("the state", function()
  fixture.check_leaks()

  it("is written before anything else, replaced at each step, and gone at the end", function()
    fixture.needs("root", "busybox")
    local root = fixture.root()
    local factory = assert(lc.new(root))
    local box <close> = assert(factory:create("box", { rootfs = fixture.rootfs(), hostname = "web" }))
    local record = assert(json.decode(fixture.read(root .. "/box/state.json")))
    assert.equal("box", record.id)
    assert.equal("created", record.status)
    assert.equal("web", record.config.hostname)
    assert.is_nil(record.init_process_pid)
    for _, path in pairs(record.cgroup_paths) do
      assert.equal("", fixture.sh("ls -d '%s' 2>/dev/null", path))
    end
    local p = assert(box:start { args = { "sleep", "1000" } })
    record = assert(json.decode(fixture.read(root .. "/box/state.json")))
    assert.equal("running", record.status)
    assert.equal(p:pid(), record.init_process_pid)
    assert.equal(proc.start_time(p:pid()), record.init_process_start)
    assert.equal("lock\nstate.json", fixture.sh("ls -A %s/box", root))
    assert(box:destroy())
    assert.equal("", fixture.sh("ls -A %s", root))
  end)

  it("is the same tree under every umask, and nobody else's to read [A91] [A05] [A46]", function()
    fixture.needs("root", "busybox", "cc")
    local trees = {}
    for i, mask in ipairs { "000", "077" } do
      local root, rootfs = fixture.root(), fixture.rootfs()
      fixture.lua_prints([[
        posix.umask(tonumber(arg[3], 8))
        local box = assert(assert(lc.new(root)):create("box", { rootfs = rootfs, detach = true }))
        assert(box:start { args = { "sleep", "1000" } })]], { args = { root, rootfs, mask } })
      local parent = root:match("^(.*)/")
      fixture.sh("chmod 755 %s", parent)
      trees[i] = fixture.sh("find %s %s \\( -path '*/bin/*' -o -path '*/etc/*' \\) -prune -o "
        .. "-printf '%%P %%y %%m %%u:%%g\\n' | sort",
        root, rootfs)
      assert.equal("", fixture.sh("find %s -perm /077", root))
      local denied = fixture.sh("setpriv --reuid 65534 --regid 65534 --clear-groups "
        .. "sh -c 'ls %s; ls %s/box; cat %s/box/state.json' 2>/dev/null",
        root, root, root)
      assert.equal("", denied)
      assert(assert(lc.new(root)):destroy("box"))
    end
    assert.equal(trees[1], trees[2])
    assert.matches("box/state.json f 600 root:root", trees[1], 1, true)
  end)

  it("lets another process list, inspect, wait for and destroy", function()
    fixture.needs("root", "busybox", "cc")
    local root, rootfs = fixture.root(), fixture.rootfs()
    local pid = tonumber(fixture.lua_prints([[
      local box = assert(assert(lc.new(root)):create("box", { rootfs = rootfs, hostname = "web", detach = true }))
      print(assert(box:start { args = { "sleep", "1000" } }):pid())]], { args = { root, rootfs } }))
    local factory = assert(lc.new(root))
    local box = assert(factory:list())[1]
    assert.equal("running", box:status())
    assert.equal("web", box:config().hostname)
    assert.equal(pid, box:state().init_process_pid)
    assert.same({ pid }, assert(box:processes()))
    local none, err = box:wait(0.05)
    assert.is_nil(none)
    assert.equal("ETIMEDOUT", err.errname)
    assert(box:signal("KILL"))
    local exit = assert(box:wait(fixture.seconds(30)))
    assert.is_true(exit.signal == 9 or exit.lost == true) -- not our child: the kernel tells since 6.15
    assert(box:destroy())
    assert.is_false(proc.is_alive(pid))
  end)

  it("follows what other processes do to the container", function()
    fixture.needs("root", "busybox")
    local root, rootfs = fixture.root(), fixture.rootfs()
    local factory = assert(lc.new(root))
    local box = assert(factory:create("box", { rootfs = rootfs, detach = true }))
    fixture.lua_prints([[
      assert(assert(assert(lc.new(root)):load("box")):start { args = { "sleep", "1000" } })]],
      { args = { root, rootfs } })
    assert.equal("running", box:status())
    assert.equal(1, #assert(box:processes()))
    assert.equal(0, assert(assert(box:start { args = { "true" } }):wait(60)).status)
    fixture.lua_prints([[assert(assert(lc.new(root)):destroy("box"))]], { args = { root, rootfs } })
    assert.equal("destroyed", box:status())
    local none, err = box:destroy()
    assert.is_nil(none)
    assert.equal("ContainerNotExists", err.code)
  end)

  it("from before a reboot is of a stopped container, whose pid is a stranger's [L19]", function()
    fixture.needs("root", "busybox")
    local ours, stranger = running(), running("stranger")
    assert(ours.box:signal("KILL"))
    assert(ours.box:wait(fixture.seconds(30)))
    edit(ours.file, function(record)
      record.boot_id = "00000000-0000-4000-8000-000000000000"
      record.init_process_pid = stranger.pid
      record.init_process_start = proc.start_time(stranger.pid)
    end)
    local box = assert(ours.factory:load("box"))
    assert.equal("stopped", box:status())
    local done, err = box:signal("KILL")
    assert.is_nil(done)
    assert.equal("ContainerNotRunning", err.code)
    assert(box:destroy())
    assert.is_true(proc.is_alive(stranger.pid))
    assert(stranger.box:destroy())
  end)

  it("whose pid has been given to another process is of a stopped container [L20] [D2] [O130]", function()
    fixture.needs("root", "busybox")
    local ours, stranger = running(), running("stranger")
    assert(ours.box:signal("KILL"))
    assert(ours.box:wait(fixture.seconds(30)))
    edit(ours.file, function(record) record.init_process_pid = stranger.pid end)
    local box = assert(ours.factory:load("box"))
    assert.equal("stopped", box:status())
    assert.is_nil((box:signal("KILL")))
    assert(box:destroy())
    assert.is_true(proc.is_alive(stranger.pid))
    assert(stranger.box:destroy())
  end)

  it("that has the pid, and the start time or the boot of another process, is of a stopped container [L19] [L20] [D2]",
    function()
    fixture.needs("root", "busybox")
    for field, change in pairs {
      init_process_start = function(start) return start - 1 end,
      boot_id = function(id) return (id:gsub("^.", id:sub(1, 1) == "0" and "1" or "0")) end,
    } do
      -- even when that process is in the container's own cgroup, as one started after the init's end may be
      local ours = running()
      edit(ours.file, function(record) record[field] = change(record[field]) end)
      local box = assert(ours.factory:load("box"))
      assert.equal("stopped", box:status(), field)
      local done, err = box:signal("KILL")
      assert.is_nil(done)
      assert.equal("ContainerNotRunning", err.code)
      assert(box:destroy())
      assert.is_true(has_ended(ours))
    end
  end)

  it("of an init that nobody reaps is stopped, and its parent still gets the status [L21] [D2] [O134]", function()
    fixture.needs("root", "busybox", "cc")
    assert.equal("stopped\ndestroyed\n5\n", fixture.lua_prints([[
      local core = require "libcontainer.core"
      local factory = assert(lc.new(root))
      local box = assert(factory:create("box", { rootfs = rootfs, detach = true }))
      local p = assert(box:start { args = { "sh", "-c", "exit 5" } })
      assert(core.poll({ { p:pollfd(), "r" } }, seconds(30)) == 1) -- a zombie now: we do not take it
      io.stdout:flush()
      local child = posix.fork()
      if child == 0 then
        local other = assert(assert(lc.new(root)):load("box"))
        print(other:status())
        assert(other:destroy())
        print("destroyed")
        io.stdout:flush()
        posix.exit(0)
      end
      local _, _, status = posix.wait(child)
      assert(status == 0)
      print(assert(p:wait(seconds(30))).status)]], { args = { fixture.root(), fixture.rootfs() } }))
  end)

  it("truncated at any byte is an error for reading, and can be destroyed [L16]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    local ours = running("box", rootfs)
    local text = fixture.read(ours.file)
    local factory = ours.factory
    for length = 0, #text - 1 do
      fixture.write(ours.file, text:sub(1, length))
      local box, err = factory:load("box")
      if box or err.code ~= "SystemError" or not err.message:find("damaged", 1, true) then
        error(("%d bytes of %d: %s"):format(length, #text, tostring(box or err)))
      end
    end
    local listed = assert(factory:list())
    assert.equal(1, #listed)
    assert.equal("box", listed[1]:id())
    local status, err = listed[1]:status()
    assert.is_nil(status)
    assert.matches("damaged", err.message)
    assert.matches("damaged", tostring(listed[1]))
    assert.matches("destroy", err.hint)
    assert.is_true(proc.is_alive(ours.pid))
    assert(listed[1]:destroy())
    assert.is_true(has_ended(ours))
    for _, share in ipairs { 0, 0.3, 0.6, 0.9 } do
      local other = running("b" .. math.tointeger(share * 10 // 1), rootfs)
      local whole = fixture.read(other.file)
      fixture.write(other.file, whole:sub(1, (#whole * share) // 1 | 0))
      assert(other.factory:destroy(other.box:id()))
      assert.is_true(has_ended(other))
    end
  end)

  it("that belongs to another container is refused, and is removed without touching that [L17]", function()
    fixture.needs("root", "busybox")
    local ours, other = running(), running("other")
    edit(ours.file, function(record) record.id = "other" end)
    local box, err = ours.factory:load("box")
    assert.is_nil(box)
    assert.matches("belongs to another id", tostring(err))
    assert(ours.factory:destroy("box"))
    assert.is_true(proc.is_alive(other.pid))
    assert(other.box:destroy())
  end)

  it("that somebody has forged makes us touch nothing that is not proved ours [L17]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    local victim = running("victim", rootfs)
    local self_pid = require "libcontainer.core".pid()
    local places = json.decode(fixture.read(victim.file)).cgroup_places
    local forgeries = {
      function() return "garbage" end,
      function(r) r.id = "victim" end,
      function(r) r.init_process_pid = -1 end,
      function(r) r.init_process_pid = 0 end,
      function(r) r.init_process_pid = 1 r.init_process_start = proc.start_time(1) end,
      function(r) r.init_process_pid = 1 << 40 end,
      function(r) r.init_process_pid = "12" end,
      function(r) r.init_process_pid = 1.5 end,
      function(r) r.init_process_start = nil end,
      function(r) r.init_process_pid = self_pid r.init_process_start = proc.start_time(self_pid) end,
      function(r) r.init_process_pid = victim.pid r.init_process_start = proc.start_time(victim.pid) end,
      function(r) r.cgroup_places = places end,
      function(r) for _, place in ipairs(r.cgroup_places) do place.path = "/" end end,
      function(r) for _, place in ipairs(r.cgroup_places) do place.path = "" end end,
      function(r) for _, place in ipairs(r.cgroup_places) do place.path = "../../x" end end,
      function(r) for _, place in ipairs(r.cgroup_places) do place.path = place.path .. "/../.." end end,
      function(r) for _, place in ipairs(r.cgroup_places) do place.made_above = 50 end end,
      function(r) for _, place in ipairs(r.cgroup_places) do place.made_above = -1 end end,
      function(r) r.cgroup_places = { { name = "memory" } } end,
      function(r) r.cgroup_places = { 7 } end,
      function(r) r.cgroup_places = "x" end,
      function(r) r.cgroup_paths = { memory = "/" } end,
      function(r) r.config = {} end,
      function(r) r.config = { rootfs = "relative" } end,
      function(r) r.config.mounts = "x" end,
      function(r) r.boot_id = 7 end,
      function(r) r.owner = nil end,
      function(r) r.status = {} end,
      function() return {} end,
      function() return json.array {} end,
      function() return 7 end,
    }
    for i, forge in ipairs(forgeries) do
      local ours = running("b" .. i, rootfs)
      edit(ours.file, forge)
      local box = ours.factory:load("b" .. i)
      if box then
        box:status()
        box:processes()
        box:signal("TERM")
        assert.is_string(tostring(box))
      end
      assert(ours.factory:list())
      local done, err = ours.factory:destroy("b" .. i)
      assert.is_true(proc.is_alive(victim.pid), "forgery " .. i)
      if not done then error("forgery " .. i .. ": " .. tostring(err)) end
      if not has_ended(ours) then error("forgery " .. i .. ": the container lives") end
    end
    assert.equal("running", victim.box:status())
    assert(victim.box:destroy())
  end)

  it("survives bytes of any kind in its file [L17]", function()
    fixture.needs("root", "busybox")
    local ours = running()
    local text = fixture.read(ours.file)
    math.randomseed(20)
    for _ = 1, fixture.rounds(200, 40) do
      local at = math.random(#text)
      fixture.write(ours.file, text:sub(1, at - 1) .. string.char(math.random(0, 255)) .. text:sub(at + 1))
      local box, err = ours.factory:load("box")
      assert.is_true(box ~= nil or err.code == "SystemError", tostring(err))
    end
    fixture.write(ours.file, ("["):rep(100000))
    assert.is_nil((ours.factory:load("box")))
    assert(ours.factory:destroy("box"))
    assert.is_true(has_ended(ours))
  end)

  it("of a newer version, or of another runtime, is refused by name and can be destroyed [L18]", function()
    fixture.needs("root", "busybox")
    local ours = running()
    edit(ours.file, function(record) record.version = 2 end)
    local box, err = ours.factory:load("box")
    assert.is_nil(box)
    assert.equal("SystemError", err.code)
    assert.matches("version 2", err.message)
    assert.matches("newer", err.hint)
    assert(ours.factory:destroy("box"))
    assert.is_true(has_ended(ours))
    ours = running()
    fixture.write(ours.file, '{"id":"box","init_process_pid":1,"init_process_start":1,'
      .. '"created":"2015-01-01T00:00:00Z",'
      .. '"config":{"rootfs":"/","labels":["bundle=/x"]},"rootless":false,'
      .. '"cgroup_paths":{"memory":"/sys/fs/cgroup/memory"}}')
    box, err = ours.factory:load("box")
    assert.is_nil(box)
    assert.matches("no version", err.message)
    assert(ours.factory:destroy("box"))
    assert.is_true(has_ended(ours))
  end)
end)

describe("the lock of a container", function()
  fixture.check_leaks()

  it("vanishes with its holder [L31] [O135]", function()
    fixture.needs("root", "busybox", "cc")
    fixture.lua_prints([[
      local core = require "libcontainer.core"
      local factory = assert(lc.new(root))
      local box = assert(factory:create("box", { rootfs = rootfs, detach = true }))
      local reading, writing = posix.pipe()
      local child = posix.fork()
      if child == 0 then
        lock = assert(box._directory:lock())
        posix.write(writing, "x")
        while true do posix.pause(1000000) end
      end
      assert(posix.read(reading) == "x")
      local lock, raw = box._directory:lock()
      assert(not lock and core.errno_name(raw.errno):match("EAGAIN"))
      posix.kill(child, 9)
      posix.wait(child)
      assert(box:destroy())]], { args = { fixture.root(), fixture.rootfs() } })
  end)

  it("that a stopped process holds is an error after the deadline that names it, and holds up no reader [L32]", function()
    fixture.needs("root", "busybox", "cc")
    assert.equal("created\nETIMEDOUT\nlock\ntrue\ttrue\n1\n", fixture.lua_prints([[
      local factory = assert(lc.new(root))
      local box = assert(factory:create("box", { rootfs = rootfs, detach = true }))
      local reading, writing = posix.pipe()
      local child = posix.fork()
      if child == 0 then
        lock = assert(box._directory:lock())
        posix.write(writing, "x")
        posix.kill(posix.getpid(), 19)
        posix.exit(0)
      end
      assert(posix.read(reading) == "x")
      print(assert(factory:load("box")):status())
      local done, err = box:destroy { timeout = 0.2 }
      assert(not done)
      print(err.errname)
      print(err.step)
      print(err.subject == tostring(child), err.message:find("process " .. child, 1, true) ~= nil)
      print(#factory:list())
      posix.kill(child, 9)
      posix.wait(child)
      assert(box:destroy())]], { args = { fixture.root(), fixture.rootfs() } }))
  end)
end)

describe("two processes that work on one container", function()
  fixture.check_leaks()

  it("do not wait for each other: who waits for the lock reaps what its holder waits for", function()
    fixture.needs("root", "busybox", "cc")
    assert.equal("true\n", fixture.lua_prints([[
      local configs = require "libcontainer.configs"
      local factory = assert(lc.new(root))
      local box = assert(factory:create("box", configs.default { rootfs = rootfs, detach = true }))
      assert(box:start { args = { "sleep", "1000" } })
      local reading, writing = posix.pipe()
      local answer, answering = posix.pipe()
      local child = posix.fork()
      if child == 0 then
        -- its zombie keeps the container's init from ending
        local other = assert(assert(lc.new(root)):load("box"))
        local program = assert(other:start { args = { "true" } })
        require "libcontainer.core".poll({ { program:pollfd(), "r" } }, seconds(60))
        posix.write(writing, "x")
        assert(posix.read(answer) == "x")
        other:destroy { timeout = seconds(60) }
        posix.exit(0)
      end
      assert(posix.read(reading) == "x")
      local lock = assert(box._directory:lock())
      posix.write(answering, "x")
      print((box._core:destroy(seconds(30))))
      lock:close()
      posix.wait(child)
      factory:destroy("box")]], { args = { fixture.root(), fixture.rootfs() } }))
  end)
end)

describe("two processes", function()
  fixture.check_leaks()

  it("that race for one id: one wins, the other is told, and nothing is left [L30] [O135]", function()
    fixture.needs("root", "busybox", "cc")
    local root = fixture.root()
    local text = fixture.lua_prints([[
      local ALLOWED = { IdInUse = true, ContainerNotExists = true, ContainerNotRunning = true,
        ContainerNotStopped = true }
      local factory = assert(lc.new(root))
      local function check(done, err)
        if not done and not ALLOWED[err.code] then error(tostring(err), 2) end
        return done
      end
      local function compete(seed)
        math.randomseed(seed)
        local won = 0
        for _ = 1, rounds(50, 6) do
          local box = check(factory:create("one", { rootfs = rootfs, detach = true }))
          if box then won = won + 1 end
          if box and math.random(3) > 1 then check(box:start { args = { "sleep", "1000" } }) end
          if math.random(2) == 1 then
            local other = check(factory:load("one"))
            if other then
              check(other:status())
              if math.random(2) == 1 then check(other:start { args = { "true" } }) end
            end
          end
          assert(factory:list())
          check(factory:destroy("one"))
        end
        return won
      end
      local children = {}
      for i = 1, 4 do
        children[i] = posix.fork()
        if children[i] == 0 then
          local fine, why = pcall(compete, i)
          if not fine then io.stderr:write(tostring(why), "\n") end
          io.stderr:flush()
          posix.exit(fine and (why > 0 and 0 or 2) or 1)
        end
      end
      local winners = 0
      for i = 1, 4 do
        local _, how, status = posix.wait(children[i])
        assert(how == "exit" and status ~= 1, status)
        if status == 0 then winners = winners + 1 end
      end
      print(winners > 0)
      local list = assert(factory:list())
      for _, box in ipairs(list) do assert(box:destroy()) end
      print(#list)]], { args = { root, fixture.rootfs() } })
    assert.equal("true\n0\n", text)
  end)
end)

describe("a host that is killed", function()
  fixture.check_leaks()

  it("takes its init along at once, whatever that is at: even one that is stopped [D17] [L01]", function()
    fixture.needs("root", "busybox", "cc", "release")
    assert.equal("gone\n", fixture.lua_prints([[
      local mounts = {}
      for i = 1, 3000 do mounts[i] = { type = "tmpfs", destination = "/tmp/" .. i } end -- it takes its time
      local factory = assert(lc.new(root))
      local box = assert(factory:create("box", { rootfs = rootfs, detach = true, mounts = mounts }))
      local function read(format, ...)
        local file <close> = io.open(format:format(...))
        return file and file:read("a") or ""
      end
      local host = posix.fork()
      if host == 0 then
        box:start { args = { "sleep", "1000" } }
        posix.exit(0)
      end
      local init
      while not init do
        init = read("/proc/%d/task/%d/children", host, host):match("%d+")
        if init and #read("/proc/%s/mountinfo", init) < 20000 then init = nil end
      end
      posix.kill(math.tointeger(init), 19)
      local state
      repeat state = read("/proc/%s/stat", init):match("%) (%a)") until state ~= "R" and state ~= "D" and state ~= "S"
      assert(state == "T" and read("/proc/%s/comm", init) == "lc-init\n", state)
      posix.kill(host, 9)
      posix.wait(host)
      local deadline = os.time() + seconds(60)
      repeat state = read("/proc/%s/stat", init):match("%) (%a)") until not state or state == "Z" or os.time() > deadline
      print((not state or state == "Z") and "gone" or "still there: " .. state)
      assert(box:destroy())]], { args = { fixture.root(), fixture.rootfs() } }))
  end)

  it("at any moment of create and start leaves what one destroy clears away [L01] [O185]", function()
    fixture.needs("root", "busybox", "cc")
    local root = fixture.root()
    local text = fixture.lua_prints([[
      local factory = assert(lc.new(root))
      local seen = {}
      -- how long a whole run takes here: the moments are spread over a little more than that
      local core = require "libcontainer.core"
      local function work()
        local box = assert(factory:create("box", { rootfs = rootfs, detach = true }))
        assert(box:start { args = { "sleep", "1000" } })
        return box
      end
      local began = core.now()
      assert(work():destroy())
      local whole = (core.now() - began) * 1.5
      local moments = rounds(60, 12)
      local i = 0
      while i < moments or not seen.running and i < 4 * moments do -- on, where it takes longer by now
        local child = posix.fork()
        if child == 0 then
          pcall(work)
          while true do posix.pause(1000000) end
        end
        posix.pause(math.tointeger(whole * 1000000 * i // moments))
        posix.kill(child, 9)
        posix.wait(child)
        local other = assert(lc.new(root)) -- as another process would
        local box, err = other:load("box")
        local status = box and assert(box:status()) or err.code
        seen[status] = (seen[status] or 0) + 1
        local done, why = other:destroy("box")
        if not done and why.code ~= "ContainerNotExists" then error(tostring(why)) end
        assert(#other:list() == 0)
        local again = assert(other:create("box", { rootfs = rootfs })) -- usable again at once
        if i % 10 == 0 then
          assert(assert(again:start { args = { "true" } }):wait(seconds(30)).status == 0)
        end
        assert(again:destroy())
        i = i + 1
      end
      for status, count in pairs(seen) do print(status, count) end]],
      { args = { root, fixture.rootfs() } })
    assert.matches("running\t%d", text)
    assert.equal("", fixture.sh("ls %s", root))
  end)

  it("at any moment of destroy leaves what one destroy clears away [L01] [O185]", function()
    fixture.needs("root", "busybox", "cc")
    local root = fixture.root()
    fixture.lua_prints([[
      local core = require "libcontainer.core"
      local factory = assert(lc.new(root))
      local function made()
        local box = assert(factory:create("box", { rootfs = rootfs, detach = true }))
        assert(box:start { args = { "sh", "-c", "sleep 1000 & wait" } })
        return box
      end
      local box = made()
      local began = core.now()
      assert(box:destroy())
      local whole = (core.now() - began) * 1.3
      local moments = rounds(25, 6)
      for i = 0, moments - 1 do
        box = made()
        local child = posix.fork()
        if child == 0 then
          assert(lc.new(root)):destroy("box")
          while true do posix.pause(1000000) end
        end
        posix.pause(math.tointeger(whole * 1000000 * i // moments))
        posix.kill(child, 9)
        posix.wait(child)
        local done, why = assert(lc.new(root)):destroy("box")
        if not done and why.code ~= "ContainerNotExists" then error(tostring(why)) end
        box = nil
      end]], { args = { root, fixture.rootfs() } })
    assert.equal("", fixture.sh("ls %s", root))
  end)
end)
