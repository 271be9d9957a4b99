-- SPDX-License-Identifier: MIT
--- Rules of layers: those of a root (`overlay`), and of mounts of type overlay. A part of configs/rules.lua, and works as
-- that does.
--
-- No layer may be in another one. The kernel finds that out when it makes the overlay, in part: it passes a writable
-- layer inside of what it is written over, and says of nothing which directories it means.
local check = require "libcontainer.check"
local paths = require "libcontainer.configs.paths"

local M = {}

local add = check.add

---@class libcontainer.Layer
---@field path string   as it was written
---@field place string  normalised
---@field field string  where it was written
---@field value string  what is there
---@field name string   what it is called in a problem of another one

-- The host's root is around everything, and its layers may well be on other file systems: only the kernel knows.
local function are_nested(one, other)
  return one.place ~= "/" and other.place ~= "/"
    and (paths.is_below(one.place, other.place) or paths.is_below(other.place, one.place))
end

-- Each pair of fields once, at the first of the two.
local function apart(list, hint, problems)
  local told = {}
  for i, one in ipairs(list) do
    for j = i + 1, #list do
      local other = list[j]
      local pair = one.field .. "\0" .. other.field
      if are_nested(one, other) and not told[pair] then
        told[pair] = true
        local is_inner = paths.is_below(one.place, other.place)
        add(problems, one.field, (is_inner and "is in %s (%s), and layers share nothing"
          or "has %s (%s) in it, and layers share nothing"):format(other.name, other.path), one.value, hint)
      end
    end
  end
end

local function layer(path, field, name, value)
  return { path = path, place = paths.normalise(path), field = field, name = name, value = value or path }
end

local function is_absolute(path)
  return type(path) == "string" and path:sub(1, 1) == "/"
end

-- --- a root of layers ---

--- The section `overlay` of a container.
---@param config table      strict
---@param has_user boolean  has it a user namespace?
---@param problems libcontainer.Problem[]
function M.of_root(config, has_user, problems)
  local section = config.overlay
  if type(section) ~= "table" then return end
  if section.layer and section.memory then
    add(problems, "overlay.memory", "cannot be given together with layer", section.memory,
      "the layer is in memory, or in a directory")
  end
  if section.mapped and not has_user then
    add(problems, "overlay.mapped", "needs the user namespace, whose ids are meant", nil, 'add "user" to namespaces')
  end
  local list = {}
  for _, part in ipairs(section.layer and { "upper", "work" } or {}) do
    list[#list + 1] = layer(section.layer .. "/" .. part, "overlay.layer", "overlay.layer", section.layer)
  end
  for i, path in ipairs(section.lower or {}) do
    local field = ("overlay.lower[%d]"):format(i)
    list[#list + 1] = is_absolute(path) and layer(path, field, field) or nil
  end
  list[#list + 1] = config.rootfs and layer(config.rootfs, "rootfs", "rootfs") or nil
  apart(list, "a directory beside the others, or a copy; overlay.memory is a layer without a directory", problems)
end

-- --- mounts of type overlay ---

local LAYERS_MAX <const> = 32 -- as src/configs/layers.h

-- The paths of lowerdir=, as the kernel reads them: ":" between two, "\" before what is meant as it stands.
local function lower_paths(text)
  local list, path = {}, ""
  for escaped, one in text:gmatch("(\\?)(.)") do
    if one == ":" and escaped == "" then
      list[#list + 1], path = path, ""
    else
      path = path .. one
    end
  end
  list[#list + 1] = path
  return list
end

-- The three options by their names, with the place of each.
local function options_of(mount, field, problems)
  local given = {}
  for i, option in ipairs(mount.options or {}) do
    local name, value = tostring(option):match("^([%l+]+dir%+?)=(.*)$")
    if name == "lowerdir+" or name == "datadir+" then
      add(problems, ("%s.options[%d]"):format(field, i), "is not understood", option, "lowerdir=/top:/below lists all")
    elseif name then
      given[name] = { value = value, option = option, path = ("%s.options[%d]"):format(field, i) }
    end
  end
  return given
end

-- What the three name, the writable ones first.
local function layers_of(given, problems)
  local found = {}
  for _, name in ipairs { "upperdir", "workdir", "lowerdir" } do
    local one = given[name]
    local list = one and (name == "lowerdir" and lower_paths(one.value) or { one.value }) or {}
    local are_paths = true
    for _, path in ipairs(list) do are_paths = are_paths and is_absolute(path) end
    if not are_paths then
      add(problems, one.path, "must be absolute paths of the host", one.value)
    elseif #list > LAYERS_MAX then
      add(problems, one.path, ("has %d directories, more than %d"):format(#list, LAYERS_MAX))
    else
      for _, path in ipairs(list) do found[#found + 1] = layer(path, one.path, name .. "=", one.option) end
    end
  end
  return found
end

--- A mount of type overlay.
---@param mount table   strict
---@param field string  where it is
---@param problems libcontainer.Problem[]
function M.of_mount(mount, field, problems)
  local given = options_of(mount, field, problems)
  if not given.lowerdir then
    add(problems, field .. ".options", "must have lowerdir=, the directories of the host that it is made of", nil,
      'options = { "lowerdir=/top:/below", "upperdir=/layer/upper", "workdir=/layer/work" }')
  end
  if (given.upperdir == nil) ~= (given.workdir == nil) then
    add(problems, field .. ".options", given.upperdir and "have upperdir= without workdir="
      or "have workdir= without upperdir=", nil, "both, or neither: then nothing can be written")
  end
  apart(layers_of(given, problems), "each is a directory of its own beside the others, workdir= on the file system of "
    .. "upperdir=", problems)
end

return M
