-- SPDX-License-Identifier: MIT
--- A program of the caller's as the container's init: it ends in start_initialization.
local fixture = require "spec.support.fixture"
local lc = require "libcontainer"

-- A factory whose init is a Lua script.
local function factory_with(script)
  local path = fixture.directory() .. "/init.lua"
  fixture.write(path, script)
  return assert(lc.new(fixture.root(), { init_path = "/usr/bin/env", init_args = {
    "LUA_PATH=" .. package.path, "LUA_CPATH=" .. package.cpath, "lua5.4", path, "an argument" } }))
end

describe("an init of the caller's", function()
  fixture.check_leaks()

  it("runs first, in the new namespaces, and hands over to the plan", function()
    fixture.needs("root", "busybox", "release")
    local factory = factory_with([[
      assert(arg[1] == "an argument")
      print("init in " .. io.open("/proc/sys/kernel/hostname"):read("l"))
      io.stdout:flush()
      error(select(2, assert(require "libcontainer".new()):start_initialization()))]])
    local r = assert(lc.run { "sh", "-c", "echo $$; hostname; exit 3", rootfs = fixture.rootfs(),
      hostname = "web", factory = factory })
    assert.matches("^init in [^\n]+\n1\nweb\n$", r.stdout)
    assert.equal(3, r.status)
  end)

  it("that ends without handing over is an error, and leaves nothing", function()
    fixture.needs("root", "busybox")
    for script, words in pairs {
      ["os.exit(5)"] = "status 5", ["error('broken')"] = "status 1",
    } do
      local box <close> = assert(factory_with(script):create("box", { rootfs = fixture.rootfs() }))
      local p, err = box:start { args = { "true" } }
      assert.is_nil(p)
      assert.equal("session", err.step)
      assert.matches(words, tostring(err))
      assert.equal("created", box:status())
      assert.same({}, assert(box:processes()))
    end
  end)

  it("that does not exist is an error that names it", function()
    fixture.needs("root", "busybox")
    local factory = assert(lc.new(fixture.root(), { init_path = "/no/such/init" }))
    local box <close> = assert(factory:create("box", { rootfs = fixture.rootfs() }))
    local p, err = box:start { args = { "true" } }
    assert.is_nil(p)
    assert.equal("ENOENT", err.errname)
    assert.matches("/no/such/init", tostring(err), 1, true)
    assert.equal("created", box:status())
  end)

  it("can only be started with a session's descriptor", function()
    local factory = fixture.factory()
    assert.has_error(function() factory:start_initialization(2) end,
      "bad argument #1 to 'start_initialization' (descriptor expected)")
    assert.has_error(function() factory:start_initialization("x") end)
  end)
end)
