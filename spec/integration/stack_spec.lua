-- SPDX-License-Identifier: MIT
--- Tables without an end, and calls from where there is hardly any stack left: errors, never a crash.
local configs = require "libcontainer.configs"
local fixture = require "spec.support.fixture"
local json = require "libcontainer.json"
local lc = require "libcontainer"
local run = require "libcontainer.run"

local LEVELS <const> = 1000000

local function nested(key)
  local t = {}
  for _ = 1, LEVELS do t = { [key] = t } end
  return t
end

-- Where a table can be nested: as the whole, a section, a list, an item, a value.
local function places(t)
  return { t, { rootfs = "/", mounts = t }, { rootfs = "/", mounts = { t } }, { rootfs = "/", cgroups = t },
    { rootfs = "/", seccomp = t }, { rootfs = "/", labels = { a = t } }, { rootfs = "/", capabilities = t },
    { args = t }, { args = { "true" }, env = t }, { args = { "true" }, user = t } }
end

local function calls(factory)
  return { lc.process, function(t) return run.run(factory, t) end, configs.default, configs.host_root, configs.empty, configs.validate, json.encode,
    function(t) return configs.merge(t, t) end, function(t) return factory:create("box", t) end }
end

-- Run `use` in an interpreter of its own, from every one of these depths, and look what is left.
local function from_depths(rootfs, enter)
  return fixture.lua_prints([[
    local factory = assert(lc.new(root))
    local function run()
      local r = assert(lc.run { "true", rootfs = rootfs, factory = factory })
      assert(r.status == 0)
    end
    local fine, refused = 0, 0
    local function try(within, depth)
      local is_fine, why = pcall(within, depth, run)
      if is_fine then
        fine = fine + 1
      else
        assert(tostring(why):find("stack overflow", 1, true), why)
        refused = refused + 1
      end
      collectgarbage()
      collectgarbage()
      local list = assert(factory:list())
      assert(#list == 0, list[1])
    end
    ]] .. enter .. [[
    print(fine > 0, refused > 0)]], { args = { fixture.root(), rootfs } })
end

describe("a configuration", function()
  fixture.check_leaks()

  it("that is nested a million levels deep is refused by every function that takes one [E27]", function()
    local factory = fixture.factory()
    for _, key in ipairs { "mounts", "env", 1 } do
      for i, t in ipairs(places(nested(key))) do
        for j, call in ipairs(calls(factory)) do
          local done, err = call(t)
          assert.is_nil(done, ("call %d with table %d of %s"):format(j, i, key))
          assert.equal("ConfigInvalid", err.code)
          assert.is_true(#tostring(err) < 10000)
        end
      end
    end
    assert.same({}, assert(factory:list()))
  end)

  it("nested that deep in a document is refused too [E27]", function()
    for _, opening in ipairs { "[", '{"a":', '[{"mounts":' } do
      local value, err = json.decode(opening:rep(LEVELS))
      assert.is_nil(value)
      assert.matches("nested", err.message)
    end
  end)
end)

describe("a call", function()
  fixture.check_leaks()

  it("from near the end of the C stack works or raises, and leaves nothing [E27]", function()
    fixture.needs("root", "busybox")
    assert.equal("true\ttrue\n", from_depths(fixture.rootfs(), [[
      local function within(levels, f)
        if levels == 0 then return f() end
        string.gsub("x", "x", function() within(levels - 1, f) end)
      end
      for depth = 199, 199 - rounds(40, 20), -1 do try(within, depth) end]]))
  end)

  it("from near the end of Lua's stack works or raises, and leaves nothing [E27]", function()
    fixture.needs("root", "busybox")
    assert.equal("true\ttrue\n", from_depths(fixture.rootfs(), [[
      -- frames of 200 values come near to the end soon, and small ones exactly
      local wide = load("local within, f, levels = ... local " .. ("x,"):rep(180) .. "x "
        .. "if levels == 0 then return f() end local answer = within(within, f, levels - 1) return answer")
      local function small(f, levels)
        if levels == 0 then return f() end
        local answer = small(f, levels - 1)
        return answer
      end
      local function most_of(call)
        local most, over = 0, 10000
        while most < over - 1 do
          local middle = (most + over) // 2
          if pcall(call, middle) then most = middle else over = middle end
        end
        return most
      end
      local frames = most_of(function(levels) wide(wide, function() end, levels) end) - 5
      local function within(levels, f)
        wide(wide, function() small(f, levels) end, frames)
      end
      local most = most_of(function(levels) within(levels, function() end) end)
      for depth = most, most - 200, -5 do try(within, depth) end]]))
  end)
end)
