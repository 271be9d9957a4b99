-- SPDX-License-Identifier: MIT
-- The program nsinit, which carries Lua and the modules: what it runs is what stands in the sources.
local command = require "spec.support.command"
local fixture = require "spec.support.fixture"

local VERSION <const> = "lua/nsinit/command/version.lua"

describe("nsinit", function()
  fixture.check_leaks()

  -- A checkout of its own: the program where it is built, and the sources as old as they are here.
  local function checkout()
    local path, place = fixture.directory(), command.program:match("/(build/[^/]+/bin)/nsinit$")
    fixture.sh("mkdir -p %s/%s && cp %s %s/%s && cp -rp lua %s", path, place, command.program, path, place, path)
    return path, ("%s/%s/nsinit"):format(path, place)
  end

  local function version(program, options)
    return fixture.sh("%s %s --version 2>&1 || true", program, options or "")
  end

  it("in a checkout is what the sources say, also before it is built again", function()
    local path, program = checkout()
    local before = version(program)
    assert.truthy(before:find("version", 1, true))
    -- a source that looks the same is not read: it is what was compiled
    fixture.sh("cp -p %s/%s %s/old && echo 'return function() print \"other words\" return 0 end' >%s/new", path, VERSION,
      path, path)
    fixture.sh("head -c $(stat -c %%s %s/old) /dev/zero | tr '\\0' ' ' >%s/%s && cat %s/new 1<>%s/%s && touch -r %s/old %s/%s",
      path, path, VERSION, path, path, VERSION, path, path, VERSION)
    assert.equal(before, version(program))
    fixture.sh("touch %s/%s", path, VERSION)
    assert.equal("other words", version(program))
  end)

  it("in a checkout finds a module that was not there when it was built", function()
    local path, program = checkout()
    fixture.sh("echo 'return \"new words\"' >%s/lua/nsinit/later.lua", path)
    fixture.sh("echo 'return function() print((require \"nsinit.later\")) return 0 end' >%s/%s", path, VERSION)
    assert.equal("new words", version(program))
  end)

  it("runs without the sources it was built from", function()
    local path, program = checkout()
    local before = version(program)
    fixture.sh("rm -r %s/lua", path)
    assert.equal(before, version(program))
  end)

  it("has memory for more than a command usually needs", function()
    fixture.needs("root", "busybox")
    local bundle = command.bundle({ "true" }, function(document)
      document.annotations = {}
      for i = 1, 1000 do document.annotations["of a caller " .. i] = ("x"):rep(4000 + i) end
    end)
    local ended = command.run(fixture.root(), { "run", "-b", bundle, "box" })
    assert.equal("0 ", ended.status .. " " .. ended.stderr)
  end)

  it("loads nothing of the directory that it is started in", function()
    local path, program = checkout()
    fixture.sh("mkdir %s/root; for m in cjson nsinit/main libcontainer/core; do mkdir -p %s/$(dirname $m) && "
      .. "echo 'print \"of the directory\"' >%s/$m.lua && ln -s /nowhere %s/$m.so; done", path, path, path, path)
    assert.equal("[]", fixture.sh("cd %s && env -u LUA_PATH -u LUA_CPATH %s --root %s/root list -f json 2>&1", path, program,
      path))
  end)

  it("tells where an error comes from when it is asked to", function()
    local path, program = checkout()
    fixture.sh("echo 'return function() require \"nsinit.units\".seconds {} end' >%s/lua/nsinit/command/features.lua", path)
    local function said(options)
      return fixture.sh("%s %s features 2>&1 || true", program, options)
    end
    assert.truthy(said("--debug"):find("lua/nsinit/units.lua:%d+: "), said "--debug")
    assert.falsy(said(""):find("units.lua", 1, true), said "")
  end)
end)
