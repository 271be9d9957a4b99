-- SPDX-License-Identifier: MIT
-- What is written about the library, against the library: the generated page of fields, the editor's
-- annotations of the C core, and the page of functions with its examples.
local core = require "libcontainer.core"
local fixture = require "spec.support.fixture"
local lc = require "libcontainer"

local function read(path)
  return assert(fixture.read(path), path .. " is missing")
end

local function sorted(set)
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return table.concat(list, "\n")
end

describe("doc/reference/fields.md", function()
  it("is what doc/fields.lua writes from the schema: run `make doc` after a change", function()
    assert.equal(read "doc/reference/fields.md", fixture.sh("lua5.4 doc/fields.lua") .. "\n")
  end)

  it("has a row for every field that can be used, and names those that come later", function()
    local page = read "doc/reference/fields.md"
    for _, section in ipairs(core.schema()) do
      assert.truthy(page:find("\n## " .. section.name .. "\n", 1, true), section.name)
      for _, field in ipairs(section.fields) do
        local at = field.kind == "later" and ("`%s` ("):format(field.name) or ("\n| `%s` |"):format(field.name)
        assert.truthy(page:find(at, 1, true), section.name .. "." .. field.name)
      end
    end
  end)
end)

describe("lua/libcontainer/meta/fields.lua", function()
  it("is what doc/annotations.lua writes from the schema: run `make doc` after a change", function()
    assert.equal(read "lua/libcontainer/meta/fields.lua", fixture.sh("lua5.4 doc/annotations.lua") .. "\n")
  end)
end)

describe("the annotations of the C core", function()
  -- class in the file → metatable of the core
  local TYPES <const> = { Host = "host", Root = "root", Directory = "directory", Lock = "lock",
    Container = "core.container", Session = "session", Process = "core.process", Stream = "core.stream",
    Group = "group", Raw = "raw", Changes = "changes", PollSet = "poll_set", Notifier = "core.notifier", Listener = "core.listener",
    Staging = "staging" }

  local function annotated()
    local names = {}
    for class, name in read("lua/libcontainer/meta/core.lua"):gmatch("\nfunction (%w+)[.:]([%w_]+)%(") do
      names[class] = names[class] or {}
      names[class][name] = true
    end
    return names
  end

  it("name every function of the module and nothing else", function()
    local real = {}
    for name, value in pairs(core) do
      if type(value) == "function" and not name:find("^fault") then real[name] = true end
    end
    assert.equal(sorted(real), sorted(annotated().core))
  end)

  it("name every method of its objects and nothing else", function()
    local names = annotated()
    for class, metatable in pairs(TYPES) do
      local methods = debug.getregistry()["libcontainer." .. metatable].__index
      assert.equal(sorted(methods), sorted(names[class]), class)
    end
  end)
end)

describe("the annotations of the modules", function()
  -- A function that a module or a class has: "M.run", "Container:start", but none of its own ("_") and no metamethod.
  local function functions(path)
    local found, comment, open = {}, {}, nil
    for line in fixture.read(path):gmatch("([^\n]*)\n") do
      local name, parameters = line:match("^function (%u%l*[.:]%l[%w_]*)%((.-)%)")
      if name then
        open = { name = name, parameters = parameters, comment = table.concat(comment, "\n") .. "\n" }
        found[#found + 1] = open
      elseif open and line:match("return [^%s]") and not line:match("return end") then
        open.returns = true
      elseif line == "end" then
        open = nil
      end
      if line:match("^%-%-") then comment[#comment + 1] = line else comment = {} end
    end
    return found
  end

  it("say what each function is for, what each parameter and what the result is, with its type", function()
    local missing, count = {}, 0
    for path in fixture.sh("find lua/libcontainer -name '*.lua' ! -path '*/meta/*'"):gmatch("%S+") do
      for _, one in ipairs(functions(path)) do
        local function need(what) missing[#missing + 1] = ("%s: %s: %s"):format(path, one.name, what) end
        count = count + 1
        if not one.comment:match("^%-%-%-%s*[%w`\"]") then need "what it is for" end
        for parameter in one.parameters:gmatch("[%w_.]+") do
          if not one.comment:find("---@param " .. parameter .. " ", 1, true) then need(parameter) end
        end
        if one.returns and not one.comment:find("%-%-%-@return %S") then need "the result" end
      end
    end
    assert.same({}, missing)
    assert.is_true(count > 150, "only " .. count)
  end)

  it("name no class that is not described", function()
    local described, named = {}, {}
    for path in fixture.sh("find lua/libcontainer -name '*.lua'"):gmatch("%S+") do
      for line in fixture.read(path):gmatch("[^\n]+") do
        local class = line:match("^%-%-%-@class ([%w_.]+)")
        if class then described[class] = true end
        for tag, types in line:gmatch("^%-%-%-@(%a+) (.*)") do
          if tag ~= "class" then
            for name in types:gmatch("libcontainer%.[%a_.]*%a") do named[name] = path end
          else
            for name in types:gsub("^[%w_.]+", ""):gmatch("libcontainer%.[%a_.]*%a") do named[name] = path end
          end
        end
      end
    end
    for name, path in pairs(named) do assert.is_true(described[name], path .. ": " .. name) end
  end)
end)

describe("doc/reference/api.md", function()
  local page = read "doc/reference/api.md"

  it("has a heading for every public function and method", function()
    local missing = {}
    local function need(heading)
      if not page:find("\n### " .. heading, 1, true) then missing[#missing + 1] = heading end
    end
    for name, value in pairs(lc) do
      if type(value) == "function" then need("lc." .. name .. "(") end
    end
    for _, class in ipairs { "factory", "container", "process" } do
      for _, name in ipairs(require("libcontainer." .. class).methods()) do need(class .. ":" .. name .. "(") end
    end
    for name, value in pairs(require "libcontainer.configs") do
      if type(value) == "function" and not name:find("^prepare_") then need("configs." .. name .. "(") end
    end
    for _, name in ipairs { "read", "lines", "write", "close", "pollfd" } do need("stream:" .. name .. "(") end
    for _, name in ipairs { "spawn", "run", "map", "sleep", "name" } do need("loop:" .. name .. "(") end
    for _, name in ipairs { "next", "close", "pollfd" } do need("events:" .. name .. "(") end
    for _, class in ipairs { "supervisor", "call" } do
      for _, name in ipairs(require("libcontainer.supervisor").methods(class)) do need(class .. ":" .. name .. "(") end
    end
    for _, name in ipairs { "open" } do need("image." .. name .. "(") end
    for _, name in ipairs { "layers", "config", "details", "unpack" } do need("image:" .. name .. "(") end
    assert.same({}, missing)
  end)

  it("has examples that are Lua", function()
    local count = 0
    for block in page:gmatch("\n```lua\n(.-)\n```") do
      count = count + 1
      assert(load(block, "=example " .. count .. ": " .. block:sub(1, 40)))
    end
    assert.is_true(count >= 30, "only " .. count)
  end)
end)
