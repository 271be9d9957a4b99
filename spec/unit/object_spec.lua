-- SPDX-License-Identifier: MIT
-- What a user holds at the prompt: how it prints, what it says of names that do not exist, and what
-- lc.help says of it.
local configs = require "libcontainer.configs"
local lc = require "libcontainer"
local object = require "libcontainer.object"

local CLASSES <const> = { "factory", "container", "process" }

local function say(fn)
  local fine, message = pcall(fn)
  assert.is_false(fine)
  return message
end

describe("an object", function()
  it("has its methods in a table that a prompt can walk to complete a name", function()
    local process = assert(lc.process { "true" })
    local names = {}
    for name in pairs(getmetatable(process).__index) do names[name] = true end
    assert.is_true(names.wait and names.signal and names.pid)
  end)

  it("names the nearest method when one does not exist, and where it was asked for", function()
    local process = assert(lc.process { "true" })
    assert.matches('^spec/unit/object_spec.lua:%d+: unknown method "wiat", did you mean "wait"%?$',
      say(function() return process:wiat() end))
    assert.matches('unknown method "frobnicate"$', say(function() return process.frobnicate end))
    assert.is_nil(process.stdout) -- it has none yet
  end)

  it("names the nearest function of the module and of its configurations", function()
    assert.matches('^spec/unit/object_spec.lua:%d+: unknown function "runn", did you mean "run"%?$',
      say(function() return lc.runn end))
    assert.matches('unknown function "hostroot", did you mean "host_root"%?$',
      say(function() return configs.hostroot {} end))
    assert.matches("^libcontainer [%d.]+: lc.help%(%) ", tostring(lc))
    assert.matches("^libcontainer.configs: ", tostring(configs))
  end)

  it("names the nearest signal", function()
    local process = assert(lc.process { "true" })
    assert.matches('unknown signal "TREM", did you mean "TERM"%?$', say(function() process:signal "TREM" end))
    assert.matches('unknown signal "65"$', say(function() process:signal(65) end))
  end)
end)

describe("a plain table at the prompt", function()
  it("prints as Lua would write it, in the order of its names", function()
    local t = object.plain { 1, "two", b = true, a = { x = 1.5 }, ["a b"] = "\n\0", [9] = {} }
    assert.equal([[{ 1, "two", [9] = {}, a = { x = 1.5 }, ["a b"] = "\n\0", b = true }]], tostring(t))
    assert.same({ 1, "two", [9] = {}, a = { x = 1.5 }, ["a b"] = "\n\0", b = true }, load("return " .. tostring(t))())
  end)

  it("has a line for each name when it is long", function()
    local long = ("x"):rep(90)
    assert.equal('{\n  a = "' .. long .. '",\n  b = {\n    c = "' .. long .. '",\n  },\n}',
      tostring(object.plain { a = long, b = { c = long } }))
  end)

  it("shows what is in it as that shows itself", function()
    assert.equal("{ process = libcontainer.process (not started): sh }",
      tostring(object.plain { process = lc.process { "sh" } }))
  end)

  it("is what the functions for configurations return, which can be read back", function()
    local config = assert(configs.host_root { memory = "64M" })
    assert.same(config, load("return " .. tostring(config))())
    assert.equal("{ cgroups = { cpus = 2, memory = 1 } }",
      tostring(configs.merge({ cgroups = { memory = 1 } }, { cgroups = { cpus = 2 } })))
  end)

  it("is a list with a line for each, and says when it is empty", function()
    assert.equal("none", tostring(object.list {}))
    assert.equal("a\nb", tostring(object.list { "a", "b" }))
  end)
end)

describe("lc.help", function()
  it("knows a field by its path, and what it is made of", function()
    for _, path in ipairs { "mounts", "config.mounts", "mounts[3]" } do
      assert.matches("^  config%.[config.]*mounts %(array of mount%).-\n    destination %(path, required%)", lc.help(path))
    end
    assert.matches("^  config%.mounts%.options %(strings%)", lc.help "mounts[2].options")
    assert.matches("OCI linux%.resources%.memory%.limit", lc.help "cgroups.memory")
    assert.matches("config%.capabilities.-process%.capabilities", lc.help "capabilities")
    assert.matches('did you mean "memory"', lc.help "memroy")
    assert.matches("^unknown", lc.help "mounts.nothing")
    assert.matches("^unknown", lc.help "")
  end)

  it("knows what a configuration says, and a process, and what else they could", function()
    local text = lc.help(configs.default { rootfs = "/x", memory = "1M" })
    assert.matches("\n  mounts = 7 of them: what is mounted", text)
    assert.matches("\n  Not in it: .-domainname", text)
    assert.matches("args = 2 of them: the program", lc.help { args = { "sh", "x" }, cwd = "/" })
    assert.equal(lc.help(), lc.help {})
    assert.matches("mounts = 5: what is mounted", lc.help { mounts = 5 })
  end)

  it("has a line for every public method and function", function()
    local missing = {}
    local function need(name)
      if lc.help(name):find("^unknown") then missing[#missing + 1] = name end
    end
    for _, class in ipairs(CLASSES) do
      for _, name in ipairs(require("libcontainer." .. class).methods()) do need(name) end
    end
    for name, value in pairs(lc) do
      if type(value) == "function" then need(name) end
    end
    for name, value in pairs(configs) do
      if type(value) == "function" and not name:find("^prepare_") then need(name) end
    end
    assert.same({}, missing)
  end)

  it("names nothing that does not exist", function()
    for _, class in ipairs(CLASSES) do
      local known = {}
      for _, name in ipairs(require("libcontainer." .. class).methods()) do known[name] = true end
      local topic = lc.help(setmetatable({}, { __name = "libcontainer." .. class }))
      for name in topic:gmatch("%f[%w]%a+:([%l_]+)%f[^%w_]") do assert.is_true(known[name] or name == "next", name) end
    end
  end)

  it("tells objects apart", function()
    assert.matches("p:wait", lc.help(assert(lc.process { "true" })))
    assert.matches("configs%.merge", lc.help(configs))
    assert.matches("b:build", lc.help(configs.builder()))
    assert.matches("lc%.run", lc.help(lc))
    assert.matches("lc%.run", lc.help(7))
    local _, err = configs.validate {}
    assert.matches("err%.problems", lc.help(err))
  end)

  it("tells what a field means and how a method is called, and the nearest name of neither", function()
    assert.matches("cgroups%.memory %(size%): memory in bytes", lc.help "cgroups.memory")
    assert.matches("c:pause%(%) c:resume%(%)", lc.help "resume")
    assert.matches('unknown field or method "memry", did you mean "memory"%?', lc.help "memry")
    assert.matches('^unknown field or method "%%s"', lc.help "%s")
  end)
end)
