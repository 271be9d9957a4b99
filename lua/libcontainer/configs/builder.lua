-- SPDX-License-Identifier: MIT
--- A configuration, built by a chain of calls.
--
--   local config = assert(configs.builder():rootfs("/srv/x"):memory("64M"):cpus(0.5)
--     :mount { destination = "/data", type = "bind", source = "/srv/data", options = { "bind", "ro" } }
--     :sysctl("net.ipv4.ip_forward", 1):build())
--
-- The methods are the fields of the schema (those of a container, and of its cgroups), their singulars,
-- and the shorthands; none is listed here. They collect a table, which `build` merges over a profile and
-- checks: all that is wrong is told there, at once.
local check = require "libcontainer.check"
local errors = require "libcontainer.errors"
local normal = require "libcontainer.configs.normal"

local M = {}

local Builder = { __name = "libcontainer.configs.builder" }

local LISTS <const> = { objects = true, strings = true, paths = true, words = true }

local function singular(spec)
  return LISTS[spec.kind] and spec.name:match("^(.*%a)s$") or nil
end

-- --- what a method does ---

-- nil is what a variable without a value is, and would mean the default: the host's own root for rootfs.
local function check_given(name, value)
  if value == nil then
    error(("bad argument to '%s' (the value expected; false takes away what the profile has)"):format(name), 3)
  end
end

local function set(name)
  return function(self, value)
    check_given(name, value)
    self.fields[name] = value
    return self
  end
end

local function set_limit(name)
  return function(self, value)
    check_given(name, value)
    self.fields.cgroups = self.fields.cgroups or {}
    self.fields.cgroups[name] = value
    return self
  end
end

-- A table is put over what is there, name by name; a name and a value are one of it.
local function put(name)
  return function(self, key, value)
    local t = self.fields[name] or {}
    if type(key) == "table" then
      for inner, item in next, key do
        t[inner] = item
      end
    elseif key == nil or value == nil then
      error(("bad arguments to '%s' (a table, or a name and a value expected)"):format(name), 2)
    else
      t[key] = value
    end
    self.fields[name] = t
    return self
  end
end

-- One more item, behind those of the profile: a table; or its first field, and a table with the others.
local function append(name, spec)
  local first = spec.kind == "objects" and check.section(spec.detail).fields[1].name
  return function(self, item, more)
    if first and type(item) == "string" then
      local t = { [first] = item }
      for inner, value in next, more or {} do
        t[inner] = value
      end
      item = t
    end
    if item == nil then
      error(("bad argument to '%s' (the item expected)"):format(name), 2)
    end
    local list = self.added[spec.name] or {}
    list[#list + 1] = item
    self.added[spec.name] = list
    return self
  end
end

-- bind and tmpfs may be given any number of times.
local function append_texts(name)
  return function(self, value)
    check_given(name, value)
    local list = self.fields[name] or {}
    for key, item in next, type(value) == "table" and value or { value } do
      list[math.type(key) == "integer" and #list + 1 or key] = item
    end
    self.fields[name] = list
    return self
  end
end

local function hook(self, kind, item)
  if type(kind) ~= "string" or item == nil then
    error("bad arguments to 'hook' (a kind such as \"prestart\", and the hook expected)", 2)
  end
  local hooks = self.fields.hooks or {}
  hooks[kind] = hooks[kind] or {}
  table.insert(hooks[kind], item)
  self.fields.hooks = hooks
  return self
end

-- --- the methods ---

local methods

-- Names of the container come first, then those of its limits.
local function all_methods()
  if methods then
    return methods
  end
  local found = { hook = hook }
  for _, name in ipairs(normal.SHORTHANDS) do
    found[name] = (name == "bind" or name == "tmpfs") and append_texts(name) or set(name)
  end
  for _, spec in ipairs(check.section("config").fields) do
    found[spec.name] = (spec.kind == "map" or spec.kind == "object") and put(spec.name) or set(spec.name)
  end
  for _, spec in ipairs(check.section("config").fields) do
    local one = singular(spec)
    if one and not found[one] then
      found[one] = append(one, spec)
    elseif spec.kind == "map" and spec.name:sub(-1) == "s" then
      found[spec.name:sub(1, -2)] = put(spec.name)
    end
  end
  for _, spec in ipairs(check.section("cgroups").fields) do
    found[spec.name] = found[spec.name] or set_limit(spec.name)
  end
  found.capabilities = set "capabilities" -- a list, or a table of lists: as a whole
  methods = found
  return found
end

--- The configuration so far, over the profile, in the form that `configs.validate` accepts.
---@return libcontainer.fields.config|nil config
---@return libcontainer.Error|nil err everything that is wrong
local function build(self)
  return self.make(self.fields, self.added)
end

local function names_of(set_of_names)
  local names = {}
  for name in next, set_of_names do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

function Builder:__index(key)
  if key == "build" then
    return build
  end
  local method = all_methods()[key]
  if method or type(key) ~= "string" or key:sub(1, 1) == "_" then
    return method
  elseif check.section("process").by_name[key] then
    error(("%q is a field of the process, not of the container: give it to container:start"):format(key), 2)
  end
  local names = names_of(all_methods())
  names[#names + 1] = "build"
  error(errors.unknown("field", key, check.nearest(key, names)), 2)
end

function Builder:__tostring()
  local all = {}
  for _, t in ipairs { self.fields, self.added } do
    for name in next, t do
      all[name] = true
    end
  end
  local names = names_of(all)
  return "libcontainer.configs.builder" .. (names[1] and " (" .. table.concat(names, ", ") .. ")" or "")
end

--- A new builder.
---@param make fun(fields: table, added: table): table|nil, libcontainer.Error|nil  what becomes of what was collected: fields, and items of lists
---@return libcontainer.Builder
function M.new(make)
  return setmetatable({ fields = {}, added = {}, make = make }, Builder)
end

--- Names of all methods, for completion and help.
---@return string[]
function M.methods()
  local names = names_of(all_methods())
  names[#names + 1] = "build"
  return names
end

return M
