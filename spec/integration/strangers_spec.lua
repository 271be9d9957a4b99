-- SPDX-License-Identifier: MIT
--- State files that name cgroups and processes of others, or have lost their own: nothing is touched that
-- does not prove to be the container's, and one destroy removes all that is.
local fixture = require "spec.support.fixture"
local proc = require "spec.support.proc"
local core = require "libcontainer.core"
local json = require "libcontainer.json"
local lc = require "libcontainer"

local function mount_points()
  local _, hierarchies = core.host():cgroups()
  local list = {}
  for _, hierarchy in ipairs(hierarchies) do list[#list + 1] = hierarchy.mount_point end
  return list
end

-- Every cgroup of that name, anywhere.
local function directories(name)
  return fixture.sh("find %s -type d -name '%s' 2>/dev/null | sort", table.concat(mount_points(), " "), name)
end

local function file_of(root, id)
  return ("%s/%s/state.json"):format(root, id or "box")
end

local function edit(root, change, id)
  local record = assert(json.decode(fixture.read(file_of(root, id))))
  change(record)
  fixture.write(file_of(root, id), assert(json.encode(record)))
end

local function create(root, config, options)
  config = config or {}
  config.rootfs, config.detach = config.rootfs or fixture.rootfs(), true
  return assert(assert(lc.new(root, options)):create("box", config))
end

-- A program of the host in cgroups of its own, of that name; answers its pid and what ends it.
local function stranger(name)
  local places = {}
  for _, mount in ipairs(mount_points()) do places[#places + 1] = mount .. "/" .. name end
  local text = fixture.sh("mkdir %s && { for d in %s/cpuset* %s; do [ -e $d/cpuset.cpus ] && "
    .. "{ cat $d/../cpuset.cpus >$d/cpuset.cpus; cat $d/../cpuset.mems >$d/cpuset.mems; }; done 2>/dev/null; "
    .. "sleep 1000 >/dev/null 2>&1 & p=$!; for d in %s; do echo $p >$d/cgroup.procs; done; echo $p; }",
    table.concat(places, " "), "/nowhere", table.concat(places, " "), table.concat(places, " "))
  local pid = assert(math.tointeger(tonumber(text)), text)
  return pid, function()
    fixture.sh("kill -9 %d; while ! rmdir %s 2>/dev/null; do [ -z \"$(ls -d %s 2>/dev/null)\" ] && break; done",
      pid, table.concat(places, " "), table.concat(places, " "))
  end
end

local function use(box)
  box:status()
  box:processes()
  box:signal("KILL")
  box:signal("KILL", { all = true })
  box:pause(0.1)
  box:resume(0.1)
  assert.is_string(tostring(box))
end

describe("a state file that names no cgroups and a stranger's process", function()
  fixture.check_leaks()

  it("is damaged, unless the container was made without cgroups, and then the stranger is none of it [L17]", function()
    fixture.needs("root", "busybox")
    local rootfs, victims = fixture.rootfs(), {}
    local other = fixture.root()
    local pid, clear = stranger(fixture.id())
    finally(clear)
    victims[1] = pid
    for _, options in ipairs { {}, { cgroups = "none" } } do
      local box = create(other .. #victims, { rootfs = rootfs }, options)
      victims[#victims + 1] = assert(box:start { args = { "sleep", "1000" } }):pid()
    end
    for _, made_with in ipairs { "cgroups", "none" } do
      for _, state in ipairs { "created", "running", "stopped" } do
        for i, victim in ipairs(victims) do
          local label = ("%s %s %d"):format(made_with, state, i)
          local root = fixture.root()
          local box = create(root, { rootfs = rootfs }, { cgroups = made_with == "none" and "none" or nil })
          local p = state ~= "created" and assert(box:start { args = { "sleep", "1000" } })
          if state == "stopped" then assert(box:signal("KILL")) assert(p:wait(fixture.seconds(30))) end
          local paths = made_with == "cgroups" and box:state().cgroup_paths or {}
          edit(root, function(record)
            record.cgroup_places = json.array {}
            record.init_process_pid, record.init_process_start = victim, proc.start_time(victim)
            record.status = "running"
          end)
          local factory = assert(lc.new(root))
          local loaded, err = factory:load("box")
          if made_with == "cgroups" then
            assert.is_nil(loaded, label)
            assert.matches("damaged", err.message)
          else
            local expected = state == "running" and "running" or state
            assert.equal(expected, assert(loaded, tostring(err)):status(), label)
            if state ~= "running" then use(loaded) end
          end
          assert(factory:list())
          assert(factory:destroy("box"), label)
          assert.is_true(proc.is_alive(victim), label)
          if p then assert.is_true(proc.ends(p:pid()), label) end
          for _, path in pairs(paths) do assert.is_nil(fixture.read(path .. "/cgroup.procs"), label) end
        end
      end
    end
    assert(assert(lc.new(other .. "1")):destroy("box"))
    assert(assert(lc.new(other .. "2")):destroy("box"))
    fixture.sh("rmdir %s1 %s2", other, other)
  end)

  it("and a witness for it, is not believed of a process outside of a pid namespace [L17]", function()
    fixture.needs("root", "busybox")
    local root = fixture.root()
    local box = create(root, nil, { cgroups = "none" })
    assert(assert(box:start { args = { "true" } }):wait(fixture.seconds(30)))
    local pid, clear = stranger(fixture.id())
    finally(clear)
    local path = root .. "/box/init"
    local text = fixture.read(path):gsub(" %d+ %d+\n$", (" %d %d\n"):format(pid, proc.start_time(pid)))
    fixture.write(path, text)
    local loaded = assert(assert(lc.new(root)):load("box"))
    assert.equal("stopped", loaded:status())
    use(loaded)
    assert(loaded:destroy())
    assert.is_true(proc.is_alive(pid))
  end)

  it("is not one of a container that somebody has copied into another root [L17]", function()
    fixture.needs("root", "busybox")
    for _, options in ipairs { {}, { cgroups = "none" } } do
      local root, copy = fixture.root(), fixture.root()
      local box = create(root, nil, options)
      local pid = assert(box:start { args = { "sleep", "1000" } }):pid()
      fixture.sh("cp -a %s %s", root, copy)
      local factory = assert(lc.new(copy))
      assert.is_nil((factory:load("box")))
      assert(factory:destroy("box"))
      assert.is_true(proc.is_alive(pid))
      assert.equal("running", box:status())
      assert(box:destroy())
      assert.is_false(proc.is_alive(pid))
    end
  end)
end)

describe("a container without cgroups", function()
  fixture.check_leaks()

  it("is another process's to list, look at, signal, start again and destroy", function()
    fixture.needs("root", "busybox", "cc")
    local root, rootfs = fixture.root(), fixture.rootfs()
    local pid = tonumber(fixture.lua_prints([[
      local box = assert(assert(lc.new(root, { cgroups = "none" })):create("box", { rootfs = rootfs, detach = true }))
      print(assert(box:start { args = { "sleep", "1000" } }):pid())]], { args = { root, rootfs } }))
    local factory = assert(lc.new(root, { cgroups = "none" }))
    local box = assert(factory:list())[1]
    assert.equal("running", box:status())
    assert.same({ pid }, assert(box:processes()))
    assert(box:signal("KILL"))
    assert(box:wait(fixture.seconds(30)))
    assert.equal("stopped", box:status())
    local again = assert(box:start { args = { "sleep", "1000" } })
    assert.equal("running", assert(factory:load("box")):status())
    assert(factory:destroy("box"))
    assert.is_false(proc.is_alive(again:pid()))
    assert.equal("", fixture.sh("ls -A %s", root))
  end)

  it("has them when a factory starts it again that makes some, and none again after the next", function()
    fixture.needs("root", "busybox")
    local root = fixture.root()
    local box = create(root, nil, { cgroups = "none" })
    for i, manager in ipairs { "none", "fs", "none", "fs" } do
      local factory = assert(lc.new(root, { cgroups = manager }))
      local again = assert(factory:load("box"))
      local p = assert(again:start { args = { "sleep", "1000" } })
      assert.equal("running", assert(assert(lc.new(root)):load("box")):status())
      assert.equal(i % 2 == 0, again:state().cgroup_places[1] ~= nil)
      assert.equal("running", box:status())
      assert(again:signal("KILL"))
      assert(p:wait(fixture.seconds(30)))
    end
    assert(box:destroy())
    assert.equal("", fixture.sh("ls -A %s", root))
  end)

  it("whose state file is damaged is destroyed with what runs in it [L16] [L17]", function()
    fixture.needs("root", "busybox")
    for _, text in ipairs { "", "{", "\0\1\2", '{"version":99}' } do
      local root = fixture.root()
      local box = create(root, nil, { cgroups = "none" })
      local pid = assert(box:start { args = { "sh", "-c", "sleep 1000 & wait" } }):pid()
      fixture.write(file_of(root), text)
      local factory = assert(lc.new(root))
      assert.is_nil((factory:load("box")))
      assert(factory:destroy("box"))
      assert.is_false(proc.is_alive(pid))
    end
  end)
end)

describe("a state file that names a stranger's cgroup", function()
  fixture.check_leaks()

  -- As its own place: the configuration and the places say so.
  local function claim(path)
    return function(record)
      record.config.cgroups = { path = "/" .. path }
      for _, place in ipairs(record.cgroup_places) do
        place.path, place.was_there, place.made_above = path, false, 5
      end
    end
  end

  it("makes us neither signal what is in it nor remove it, nor what is above it [L17]", function()
    fixture.needs("root", "busybox")
    local rootfs, name = fixture.rootfs(), fixture.id()
    local pid, clear = stranger(name)
    local there = directories(name)
    fixture.sh("for d in %s; do mkdir -p $d/%s-empty/below; done", table.concat(mount_points(), " "), name)
    local empty = directories(name .. "-empty")
    finally(function()
      clear()
      fixture.sh("for d in %s; do rmdir $d/%s-empty/below $d/%s-empty; done", table.concat(mount_points(), " "), name,
        name)
    end)
    for _, path in ipairs { name, name .. "-empty/below", name .. "-empty/missing", name .. "-empty" } do
      for _, is_running in ipairs { false, true } do
        local root = fixture.root()
        local box = create(root, { rootfs = rootfs })
        local p = is_running and assert(box:start { args = { "sleep", "1000" } })
        edit(root, function(record)
          claim(path)(record)
          record.init_process_pid, record.init_process_start = pid, proc.start_time(pid)
        end)
        local factory = assert(lc.new(root))
        local loaded = factory:load("box")
        if loaded then use(loaded) end
        assert(factory:list())
        assert(factory:destroy("box"))
        assert.is_true(proc.is_alive(pid), path)
        assert.equal(there, directories(name))
        assert.equal(empty, directories(name .. "-empty"))
        assert.equal(#mount_points(), tonumber(fixture.sh("find %s -path '*/%s-empty/below' | wc -l",
          table.concat(mount_points(), " "), name)))
        if p then assert.is_true(proc.ends(p:pid()), path) end
      end
    end
  end)

  it("makes us leave another container's alone [L17]", function()
    fixture.needs("root", "busybox")
    local name, rootfs = fixture.id(), fixture.rootfs()
    local victim = create(fixture.root(), { rootfs = rootfs, cgroups = { path = "/" .. name .. "/box" } })
    local pid = assert(victim:start { args = { "sleep", "1000" } }):pid()
    local root = fixture.root()
    create(root, { rootfs = rootfs })
    edit(root, function(record)
      claim(name .. "/box")(record)
      record.init_process_pid, record.init_process_start = pid, proc.start_time(pid)
    end)
    local factory = assert(lc.new(root))
    use(assert(factory:load("box")))
    assert.equal("stopped", assert(factory:load("box")):status())
    assert(factory:destroy("box"))
    assert.equal("running", victim:status())
    assert.is_true(proc.is_alive(pid))
    assert(victim:destroy())
    assert.equal("", directories(name))
  end)
end)

describe("two containers with the same cgroups.path", function()
  fixture.check_leaks()

  it("never have it at the same time, and the end of one is not the other's [L28] [L17]", function()
    fixture.needs("root", "busybox")
    local rootfs, path = fixture.rootfs(), "/" .. fixture.id() .. "/box"
    local function another() return create(fixture.root(), { rootfs = rootfs, cgroups = { path = path } }) end
    local first, second = another(), another()
    assert(assert(first:start { args = { "true" } }):wait(fixture.seconds(30)))
    -- stopped, its cgroup is empty and still its own
    local p, err = second:start { args = { "sleep", "1000" } }
    assert.is_nil(p)
    assert.equal("EBUSY", err.errname)
    local third
    third, err = assert(lc.new(fixture.root())):create("box", { rootfs = rootfs, cgroups = { path = path } })
    assert.is_nil(third)
    assert.equal("EBUSY", err.errname)
    assert.equal("cgroups.path", err.field)
    assert.equal(0, assert(assert(first:start { args = { "true" } }):wait(fixture.seconds(30))).status)
    assert(first:destroy())
    p = assert(second:start { args = { "sleep", "1000" } })
    third = fixture.root()
    p = p:pid()
    local loser = assert(lc.new(third)):create("box", { rootfs = rootfs, cgroups = { path = path } })
    assert.is_nil(loser)
    assert.is_true(proc.is_alive(p))
    assert.equal("running", second:status())
    assert(second:destroy())
    assert.is_false(proc.is_alive(p))
    assert.equal("", directories(path:match("^/([^/]+)")))
  end)

  it("leave what they share above it to the last one", function()
    fixture.needs("root", "busybox")
    local rootfs, name = fixture.rootfs(), fixture.id()
    local boxes = {}
    for i = 1, 2 do
      boxes[i] = create(fixture.root(), { rootfs = rootfs, cgroups = { path = ("/%s/pool/%d"):format(name, i) } })
      assert(boxes[i]:start { args = { "sleep", "1000" } })
    end
    assert(boxes[1]:destroy())
    assert.equal("running", boxes[2]:status())
    assert.not_equal("", directories(name))
    assert(boxes[2]:destroy())
    assert.equal("", directories(name))
  end)
end)

describe("a cgroup at a configured place", function()
  fixture.check_leaks()

  it("that was there before bears no mark any more when its container has gone [L28]", function()
    fixture.needs("root", "busybox", "cc")
    local name = fixture.id()
    local places = {}
    for _, mount in ipairs(mount_points()) do places[#places + 1] = mount .. "/" .. name end
    fixture.sh("mkdir %s", table.concat(places, " "))
    finally(function() fixture.sh("rmdir %s", table.concat(places, " ")) end)
    for _ = 1, 2 do -- by another owner: a mark that stayed would refuse him
      local box = create(fixture.root(), { cgroups = { path = "/" .. name } })
      assert(box:start { args = { "sleep", "1000" } })
      assert(box:destroy())
    end
    for _, place in ipairs(places) do assert.equal(place, fixture.sh("ls -d %s", place)) end
  end)

  it("is found when the state says nothing of it [L16] [L17]", function()
    fixture.needs("root", "busybox")
    for _, text in ipairs { "", '{"version":99}' } do
      local root, name = fixture.root(), fixture.id()
      local box = create(root, { cgroups = { path = "/" .. name .. "/a/b" } })
      local pid = assert(box:start { args = { "sh", "-c", "sleep 1000 & wait" } }):pid()
      fixture.write(file_of(root), text)
      assert(assert(lc.new(root)):destroy("box"))
      assert.is_true(proc.ends(pid))
      assert.equal("", directories(name))
    end
  end)
end)

describe("a state file that has lost cgroups of its container", function()
  fixture.check_leaks()

  it("does not make destroy leave any of them, or a process [L17]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    for name, change in pairs {
      ["all of them"] = function(record) record.cgroup_places = json.array {} end,
      ["all but one"] = function(record) record.cgroup_places = { record.cgroup_places[1] } end,
      ["the last"] = function(record) table.remove(record.cgroup_places) end,
      ["all renamed"] = function(record)
        for _, place in ipairs(record.cgroup_places) do place.name = "nosuch" .. place.name end
      end,
      ["all elsewhere"] = function(record)
        for _, place in ipairs(record.cgroup_places) do place.path = "no/such/" .. place.path:match("[^/]+$") end
      end,
      ["one elsewhere"] = function(record)
        local place = record.cgroup_places[#record.cgroup_places]
        place.path = "no/such/" .. place.path:match("[^/]+$")
      end,
      ["a path that was not configured"] = function(record) record.config.cgroups = { path = "/else/where" } end,
    } do
      for _, configured in ipairs { false, "/" .. fixture.id() .. "/box" } do
        local root = fixture.root()
        local box = create(root, { rootfs = rootfs, cgroups = configured and { path = configured } or nil })
        local pid = assert(box:start { args = { "sh", "-c", "sleep 1000 & wait" } }):pid()
        local paths = box:state().cgroup_paths
        edit(root, change)
        assert(assert(lc.new(root)):destroy("box"), name)
        assert.is_true(proc.ends(pid), name)
        for _, path in pairs(paths) do
          assert.is_nil(fixture.read(path .. "/cgroup.procs"), ("%s: %s is left"):format(name, path))
        end
      end
    end
  end)

  it("is no matter when who destroys it is in another cgroup [L16]", function()
    fixture.needs("root", "busybox", "cc")
    local root, rootfs, name = fixture.root(), fixture.rootfs(), fixture.id()
    local places = {}
    for _, mount in ipairs(mount_points()) do places[#places + 1] = mount .. "/" .. name end
    finally(function() fixture.sh("rmdir %s", table.concat(places, " ")) end)
    fixture.sh("mkdir %s", table.concat(places, " "))
    local box = create(root, { rootfs = rootfs })
    local pid = assert(box:start { args = { "sleep", "1000" } }):pid()
    fixture.write(file_of(root), "cut off")
    fixture.lua_prints([[assert(assert(lc.new(root)):destroy("box"))]], { args = { root, rootfs },
      shell = ("for d in %s; do [ -e $d/cpuset.cpus ] && { cat $d/../cpuset.cpus >$d/cpuset.cpus; "
        .. "cat $d/../cpuset.mems >$d/cpuset.mems; }; echo $$ >$d/cgroup.procs; done 2>/dev/null;"):format(
        table.concat(places, " ")) })
    assert.is_true(proc.ends(pid))
    assert.equal("", fixture.sh("ls -A %s", root))
  end)
end)
