-- SPDX-License-Identifier: MIT
--- Who a container belongs to, and what ends with what.
local fixture = require "spec.support.fixture"
local proc = require "spec.support.proc"
local lc = require "libcontainer"

local function create(config, factory)
  config = config or {}
  config.rootfs = config.rootfs or fixture.rootfs()
  return assert((factory or fixture.factory()):create(fixture.id(), config))
end

-- A script that starts "owned" and "kept" (detached), prints their pids, and goes on with `ending`.
local function host_that_ends(root, ending)
  local ended = fixture.lua([[
    local factory = assert(lc.new(root))
    owned = assert(factory:create("owned", { rootfs = rootfs }))
    kept = assert(factory:create("kept", { rootfs = rootfs, detach = true }))
    print(assert(owned:start { args = { "sleep", "1000" } }):pid())
    print(assert(kept:start { args = { "sleep", "1000" } }):pid())
    io.stdout:flush()
  ]] .. ending, { args = { root, fixture.rootfs() } })
  local owned, kept = ended.stdout:match("(%d+)\n(%d+)")
  assert(owned, ended.stderr)
  return tonumber(owned), tonumber(kept), ended
end

describe("a container that is owned", function()
  fixture.check_leaks()

  it("is destroyed when it goes out of scope", function()
    fixture.needs("root", "busybox")
    local factory = fixture.factory()
    local pid
    do
      local box <close> = create({}, factory)
      pid = assert(box:start { args = { "sleep", "1000" } }):pid()
      assert.is_true(proc.is_alive(pid))
    end
    assert.is_false(proc.is_alive(pid))
    assert.same({}, assert(factory:list()))
  end)

  it("is destroyed when an error passes through its scope", function()
    fixture.needs("root", "busybox")
    local factory = fixture.factory()
    assert.is_false(pcall(function()
      local box <close> = create({}, factory)
      assert(box:start { args = { "sleep", "1000" } })
      error("on the way")
    end))
    assert.same({}, assert(factory:list()))
  end)

  it("is destroyed when it is collected, and not before its process is", function()
    fixture.needs("root", "busybox")
    local factory = fixture.factory()
    local p = assert(create({}, factory):start { args = { "sleep", "1000" } })
    collectgarbage()
    collectgarbage()
    assert.is_true(proc.is_alive(p:pid()))
    local pid = p:pid()
    p = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.is_false(proc.is_alive(pid))
    assert.same({}, assert(factory:list()))
  end)

  it("is destroyed when the garbage collector is generational, or runs all the time [E10]", function()
    fixture.needs("root", "busybox")
    fixture.lua_prints([[
      local factory = assert(lc.new(root))
      collectgarbage("generational")
      for i = 1, 5 do
        local box = assert(factory:create("g" .. i, { rootfs = rootfs }))
        assert(box:start { args = { "sleep", "1000" } })
        box = nil
        collectgarbage()
      end
      collectgarbage("incremental", 10, 1000)
      debug.sethook(function() collectgarbage("step") end, "", 100)
      for i = 1, 2 do
        local box <close> = assert(factory:create("i" .. i, { rootfs = rootfs }))
        local p = assert(box:start { args = { "sh", "-c", "echo out; exit 3" }, stdout = "pipe" })
        assert(p.stdout:read("a") == "out\n")
        assert(p:wait(seconds(30)).status == 3)
      end
      debug.sethook()
      collectgarbage()
      collectgarbage()
      assert(#factory:list() == 0)]], { args = { fixture.root(), fixture.rootfs() } })
  end)

  it("ends with its interpreter, and a detached one does not [E12]", function()
    fixture.needs("root", "busybox")
    for _, ending in ipairs { "", "os.exit(true, true)", "os.exit(3, true)", "error('uncaught')",
      "error(setmetatable({}, { __tostring = function() return 'object' end }))",
      "setmetatable({ owned }, { __gc = function(t) print(t[1]:status()) end }) os.exit(true, true)",
      "local co = coroutine.wrap(function() local b <close> = owned coroutine.yield() end) co()" } do
      local root = fixture.root()
      local owned, kept = host_that_ends(root, ending)
      assert.is_false(proc.is_alive(owned), ending)
      assert.is_true(proc.is_alive(kept), ending)
      local factory = assert(lc.new(root))
      local list = assert(factory:list())
      assert.equal(1, #list)
      assert.equal("kept", list[1]:id())
      assert.equal("running", list[1]:status())
      assert(list[1]:destroy())
      assert.is_false(proc.is_alive(kept))
    end
  end)

  it("stays when the host leaves without closing its interpreter, and can be destroyed [E12]", function()
    fixture.needs("root", "busybox", "cc")
    for _, ending in ipairs { "os.exit(0)", "posix.exit(0)", "posix.kill(posix.getpid(), 15)",
      "posix.kill(posix.getpid(), 9)" } do
      local root = fixture.root()
      local owned = host_that_ends(root, ending)
      assert.is_true(proc.is_alive(owned), ending)
      local factory = assert(lc.new(root))
      assert.equal(2, #assert(factory:list()))
      assert(factory:destroy("owned"))
      assert(factory:destroy("kept"))
      assert.is_false(proc.is_alive(owned))
    end
  end)

  it("ends with a second interpreter in the process [E12]", function()
    fixture.needs("root", "busybox", "cc")
    local root = fixture.root()
    assert.equal("running\n0\n", fixture.lua_prints([[
      local factory = assert(lc.new(root))
      print(posix.state(([=[
        local lc = require "libcontainer"
        box = assert(assert(lc.new(%q)):create("inner", { rootfs = %q }))
        assert(box:start { args = { "sleep", "1000" } })
        return box:status()]=]):format(root, rootfs)))
      print(#factory:list())]], { args = { root, fixture.rootfs() } }))
  end)

  it("comes up though a child that its host forked in the middle of the start lets go of it [E17]", function()
    fixture.needs("root", "busybox", "cc")
    assert.equal("running\n", fixture.lua_prints([[
      local factory = assert(lc.new(root))
      local box <close> = assert(factory:create("forked", { rootfs = rootfs }))
      local null = require "libcontainer.core".null()
      local session <close> = assert(box._core:begin(box._record.config, { args = { "sleep", "1000" } },
        { id = "forked", stdin = null, stdout = null, stderr = null }))
      local event
      repeat event = assert(session:step()) until event == "ready"
      local child = posix.fork()
      if child == 0 then
        session:close()
        posix.exit(0)
      end
      assert(select(3, posix.wait(child)) == 0)
      assert(session:go())
      repeat event = assert(session:step()) until event == "running"
      session:finish()
      print(box._core:status())]], { args = { fixture.root(), fixture.rootfs() } }))
  end)

  it("survives a child that its host forked, and everything that child does [E17]", function()
    fixture.needs("root", "busybox", "cc")
    assert.equal("running\n3\n", fixture.lua_prints([[
      local factory = assert(lc.new(root))
      local box = assert(factory:create("forked", { rootfs = rootfs }))
      local p = assert(box:start { args = { "cat" }, stdin = "pipe", stdout = "pipe" })
      for _, ending in ipairs { "gc", "close", "end" } do
        local child = posix.fork()
        if child == 0 then
          if ending == "close" then
            local b <close> = box
          elseif ending == "gc" then
            getmetatable(box).__gc(box)
            box, p, factory = nil, nil, nil
            collectgarbage()
            collectgarbage()
          end
          os.exit(0, true)
        end
        local _, how, number = posix.wait(child)
        assert(how == "exit" and number == 0, how)
      end
      print(box:status())
      assert(p.stdin:write("abc"))
      p.stdin:close()
      print(#p.stdout:read("a"))
      assert(box:destroy())]], { args = { fixture.root(), fixture.rootfs() } }))
  end)
end)

describe("a container that is not owned", function()
  fixture.check_leaks()

  it("stays when its object goes, and is found again", function()
    fixture.needs("root", "busybox")
    local factory = fixture.factory()
    local id, pid
    do
      local box <close> = create({ detach = true }, factory)
      id, pid = box:id(), assert(box:start { args = { "sleep", "1000" } }):pid()
    end
    collectgarbage()
    collectgarbage()
    assert.is_true(proc.is_alive(pid))
    assert.equal("running", assert(factory:load(id)):status())
    assert(factory:destroy(id))
    assert.is_false(proc.is_alive(pid))
  end)

  it("is what load answers: closing that ends nothing", function()
    fixture.needs("root", "busybox")
    local factory = fixture.factory()
    local box <close> = create({}, factory)
    assert(box:start { args = { "sleep", "1000" } })
    do
      local loaded <close> = assert(factory:load(box:id()))
      assert.equal("running", loaded:status())
    end
    assert(factory:list())
    collectgarbage()
    collectgarbage()
    assert.equal("running", box:status())
  end)
end)

describe("an object that has been finalised", function()
  fixture.check_leaks()

  it("answers errors and never crashes, whatever is called by hand [E11]", function()
    fixture.needs("root", "busybox")
    local factory = fixture.factory()
    local box = create({}, factory)
    local p = assert(box:start { args = { "cat" }, stdin = "pipe", stdout = "pipe" })
    local meta = getmetatable(box)
    meta.__gc(box)
    meta.__gc(box)
    meta.__close(box)
    for _, name in ipairs { "state", "processes", "start", "explain", "wait", "signal", "destroy" } do
      local done, err = box[name](box, name == "start" and { args = { "true" } } or nil)
      assert.is_nil(done, name)
      assert.equal("ContainerNotExists", err.code, name)
    end
    assert.equal("destroyed", box:status())
    assert.equal(9, assert(p:wait(fixture.seconds(30))).signal)
    assert.is_string(tostring(box))
    assert.is_string(tostring(p))
    assert.is_nil(box:pollfd())
    p:close()
    p:close()
    assert.has_error(function() p.stdin:write("x") end)
    local userdata = { factory._host, factory._root, p._handle }
    for _, object in ipairs(userdata) do
      local closer = getmetatable(object)
      closer.__gc(object)
      closer.__gc(object)
      for name, method in pairs(closer.__index) do
        pcall(method, object, 1, 2, 3) -- an error or nothing; a crash would end the run
        assert.is_string(name)
      end
    end
    for _, name in ipairs { "create", "load", "destroy", "list" } do
      local fine, done = pcall(factory[name], factory, "x", { rootfs = "/" })
      assert.is_false(fine and done ~= nil)
    end
    assert.is_string(tostring(p))
  end)

  it("is refused as an argument of another type's method [E25]", function()
    fixture.needs("root", "busybox")
    local factory = fixture.factory()
    local box <close> = create({}, factory)
    local handles = { factory._host, factory._root, box._core, box._directory, io.stdout, {}, 7, "x" }
    for i, object in ipairs(handles) do
      for j, other in ipairs(handles) do
        if i ~= j and type(object) == "userdata" then
          for name, method in pairs(getmetatable(object).__index) do
            if name ~= "close" and object ~= io.stdout then
              assert.is_false(pcall(method, other), name)
            end
          end
        end
      end
    end
  end)
end)
