-- SPDX-License-Identifier: MIT
--- One configuration over another, by the kinds of the schema.
--
-- What is not there leaves what was. A map is merged name by name, and so are the limits and the
-- hooks. Of mounts, devices and rlimits one that is the same takes the place of the old one, and others
-- come behind; hooks come behind. Anything else takes the old one's place as a whole: a list of names is
-- what the later configuration says, so that what it leaves out is left out. `false` takes away what no
-- boolean is, a name in a map too.
local check = require "libcontainer.check"

local M = {}

-- Lists whose items are known by one of their fields.
local KEYED <const> = { mounts = "destination", devices = "path", rlimits = "type" }
-- Objects that are merged field by field; others say one thing as a whole.
local MERGED <const> = { cgroups = true, hooks = true }
-- Kinds for which false is a value.
local HAS_FALSE <const> = { flag = true, choice3 = true, lua = true }

-- What has a hole, or something that is no item, is not put behind another list: it would lose what is
-- wrong with it, and what comes behind the hole.
local function is_list(t)
  return check.array_length(t, {}, "") ~= nil
end

local function over_items(base, more, key)
  local at = {}
  for i, item in ipairs(base) do
    if key and type(item) == "table" and type(item[key]) == "string" then
      at[item[key]] = i
    end
  end
  for _, item in ipairs(more) do
    local place = key and type(item) == "table" and type(item[key]) == "string" and at[item[key]]
    base[place or #base + 1] = item
  end
  return base
end

local function over_map(base, more)
  for name, value in next, more do
    base[name] = value ~= false and value or nil
  end
  return base
end

local over_section

local function over_value(section, spec, old, new)
  local kind = spec and spec.kind
  if new == false and kind and not HAS_FALSE[kind] then
    return nil
  elseif not spec or type(old) ~= "table" or type(new) ~= "table" then
    return new -- what is no field, validation names
  elseif section == "config" and KEYED[spec.name] and is_list(new) then
    return over_items(old, new, KEYED[spec.name])
  elseif kind == "map" then
    return over_map(old, new)
  elseif kind == "object" and MERGED[spec.name] then
    return over_section(spec.detail, old, new)
  elseif section == "hooks" and is_list(new) then
    return over_items(old, new)
  end
  return new
end

function over_section(section, base, more)
  local by_name = check.section(section).by_name
  for name, value in next, more do
    base[name] = over_value(section, by_name[name], base[name], value)
  end
  return base
end

--- Put items behind the lists of a configuration; of mounts, devices and rlimits one that is the same is replaced.
---@param base table  a copy, which is changed
---@param more table<string, table>  lists, parts of which are taken
---@return table base
function M.behind(base, more)
  for name, list in next, more do
    base[name] = over_items(type(base[name]) == "table" and base[name] or {}, list, KEYED[name])
  end
  return base
end

--- Put a configuration over another. Both have been through configs/normal.lua, or are made by us.
---@param base table  a copy, which is changed
---@param more table  a copy, parts of which are taken
---@return table base
function M.over(base, more)
  return over_section("config", base, more)
end

return M
