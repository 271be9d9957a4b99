-- SPDX-License-Identifier: MIT
--- One version of the library after another, while containers live.
local fixture = require "spec.support.fixture"
local proc = require "spec.support.proc"
local json = require "libcontainer.json"
local lc = require "libcontainer"
local state = require "libcontainer.state"

local BUILD <const> = os.getenv("LIBCONTAINER_BUILD") or "build/release"

-- A library of its own in a directory, which writes that version of the state; answers the environment.
local function install(version)
  local path = fixture.directory()
  fixture.sh("cp -r lua %s && mkdir %s/libcontainer && cp %s/libcontainer/core.so %s/libcontainer && "
    .. "sed -i 's/^M.VERSION = .*/M.VERSION = %d/' %s/lua/libcontainer/state.lua", path, path, BUILD, path, version, path)
  assert(fixture.read(path .. "/lua/libcontainer/state.lua"):find(("\nM.VERSION = %d\n"):format(version), 1, true))
  return path, ("export LUA_PATH='%s/lua/?.lua;%s/lua/?/init.lua;;' LUA_CPATH='%s/?.so;%s/?.so;;';"):format(path, path,
    path, fixture.posix_directory() or ".")
end

describe("an upgrade of the library", function()
  fixture.check_leaks()

  it("finds the containers of the one before: it lists, signals, joins and destroys them [L50]", function()
    fixture.needs("root", "busybox", "cc", "release")
    for _, made_by in ipairs { state.VERSION, state.VERSION - 1 } do
      local root, rootfs = fixture.root(), fixture.rootfs()
      local path, shell = install(made_by)
      local pid = tonumber(fixture.lua_prints([[
        local box = assert(assert(lc.new(root)):create("box", { rootfs = rootfs, detach = true, hostname = "old" }))
        print(assert(box:start { args = { "sh", "-c", "trap 'exit 7' TERM; sleep 1000 & wait" } }):pid())
      ]], { args = { root, rootfs }, shell = shell }))
      fixture.sh("rm -r %s/lua %s/libcontainer", path, path)
      local factory = assert(lc.new(root))
      assert.equal("box", assert(factory:list())[1]:id())
      local box = assert(factory:load("box"))
      assert.equal("running", box:status())
      assert.equal(pid, box:state().init_process_pid)
      assert.equal("old\n", assert(box:exec { "hostname" }).stdout)
      assert(box:pause() and box:resume())
      assert(box:set { pids_limit = 50 })
      assert(box:signal("TERM"))
      assert.is_true(proc.ends(pid))
      assert.equal("stopped", box:status())
      assert(box:start { args = { "sleep", "1000" } })
      assert(factory:destroy("box"))
      assert.equal("", fixture.sh("ls -A %s", root))
    end
  end)

  it("leaves a program that runs the one before what it needs: its init is its own [L50]", function()
    fixture.needs("root", "busybox", "cc", "release")
    local root, rootfs = fixture.root(), fixture.rootfs()
    local path, shell = install(state.VERSION)
    local box = [[assert(factory:create("%s", { rootfs = rootfs, detach = true }))]]
    local printed = fixture.lua_prints(([[
      local core = require "libcontainer.core"
      local factory = assert(lc.new(root))
      local box = %s
      assert(box:start { args = { "sleep", "1000" } })
      -- another version comes in place of its files, and nothing of it fits
      assert(os.execute("rm -r " .. arg[3] .. "/lua && echo new >" .. arg[3] .. "/libcontainer/new && mv "
        .. arg[3] .. "/libcontainer/new " .. arg[3] .. "/libcontainer/core.so"))
      assert(assert(box:exec { "echo", "joined" }).stdout == "joined\n")
      local other = %s
      print(assert(assert(other:start { args = { "true" } }):wait(seconds(30))).status)
      assert(other:destroy())
      print(box:status())]]):format(box:format("box"), box:format("other")), { args = { root, rootfs, path }, shell = shell })
    assert.equal("0\nrunning\n", printed)
    assert(assert(lc.new(root)):destroy("box"))
  end)

  it("that is taken back is told so by the state of the newer one, and can destroy all of it [L50] [L18]", function()
    fixture.needs("root", "busybox", "cc", "release")
    local root, rootfs = fixture.root(), fixture.rootfs()
    local _, shell = install(state.VERSION + 1)
    local pids = {}
    for pid in fixture.lua_prints([[
      local factory = assert(lc.new(root))
      local function run(id, config)
        config.rootfs, config.detach = rootfs, true
        local box = assert(factory:create(id, config))
        print(assert(box:start { args = { "sh", "-c", "sleep 1000 & wait" } }):pid())
        return box
      end
      run("running", {})
      assert(run("paused", {}):pause())
      run("placed", { cgroups = { path = arg[3] } })
      print(assert(run("joined", {}):start { args = { "sleep", "1000" } }):pid())
      assert(factory:create("created", { rootfs = rootfs, detach = true }))
    ]], { args = { root, rootfs, "/" .. fixture.id() .. "/box" }, shell = shell }):gmatch("%d+") do
      pids[#pids + 1] = tonumber(pid)
    end
    assert.equal(5, #pids)
    local factory = assert(lc.new(root))
    local list = assert(factory:list())
    assert.equal(5, #list)
    for _, box in ipairs(list) do
      local status, err = box:status()
      assert.is_nil(status)
      assert.matches(("version %d.*up to %d"):format(state.VERSION + 1, state.VERSION), err.message)
      assert.matches("newer", err.hint)
      assert.matches("damaged", tostring(box))
      local loaded
      loaded, err = factory:load(box:id())
      assert.is_nil(loaded)
      assert.equal("SystemError", err.code)
    end
    for _, pid in ipairs(pids) do assert.is_true(proc.is_alive(pid)) end
    for _, box in ipairs(list) do assert(factory:destroy(box:id())) end
    for _, pid in ipairs(pids) do assert.is_true(proc.ends(pid)) end
    assert.equal("", fixture.sh("ls -A %s", root))
  end)
end)

-- What each version has written stays in spec/fixtures/state for ever, with @WORDS@ for what differs.
local function fill(text, record)
  local words = { PID = record.init_process_pid, START = record.init_process_start, BOOT = record.boot_id,
    ID = record.id, ROOTFS = record.config.rootfs }
  text = text:gsub('"@(%u+)@"', { PID = words.PID, START = words.START }):gsub("@(%u+)@", words)
  local filled = assert(json.decode(text))
  local form = filled.cgroup_places[1]
  filled.cgroup_places = {}
  for i, place in ipairs(record.cgroup_places) do
    local copy = {}
    for name, value in pairs(form) do copy[name] = value end
    copy.name, copy.path = place.name, place.path
    filled.cgroup_places[i] = copy
  end
  return assert(json.encode(filled))
end

describe("a state file of every version that there has been", function()
  fixture.check_leaks()

  it("is read, and its container is a whole one [L18] [L50] [F03]", function()
    fixture.needs("root", "busybox")
    local versions = {}
    for path in fixture.sh("ls spec/fixtures/state/*.json"):gmatch("%S+") do
      local root, rootfs = fixture.root(), fixture.rootfs()
      local factory = assert(lc.new(root))
      local made = assert(factory:create("box", { rootfs = rootfs, detach = true }))
      local pid = assert(made:start { args = { "sleep", "1000" } }):pid()
      local file = root .. "/box/state.json"
      local text = fill(fixture.read(path), assert(json.decode(fixture.read(file))))
      versions[json.decode(text).version] = true
      fixture.write(file, text)
      local box = assert(factory:load("box"), path)
      assert.equal("running", box:status())
      assert.equal("web", box:config().hostname)
      assert.equal(pid, box:state().init_process_pid)
      assert(box:set { pids_limit = 40 }) -- which writes it anew
      assert.equal(state.VERSION, json.decode(fixture.read(file)).version)
      assert(box:signal("KILL"))
      assert(box:wait(fixture.seconds(30)))
      assert(factory:destroy("box"))
      assert.equal("", fixture.sh("ls -A %s", root))
    end
    for version = 1, state.VERSION do
      assert.is_true(versions[version], ("no file of version %d in spec/fixtures/state"):format(version))
    end
  end)
end)
