-- SPDX-License-Identifier: MIT
--- What the schema says of a field, for the prompt: lc.help "mounts", lc.help "cgroups.memory",
-- lc.help(config). No field is known here by name.
local check = require "libcontainer.check"
local core = require "libcontainer.core"
local fields = require "libcontainer.oci.fields"

local M = {}

-- From here a path of a configuration begins.
local ROOTS <const> = { "config", "process" }
local LARGE <const> = 1 << 53
local VALUE_WIDTH <const> = 40

local function kind_of(spec)
  local kind, inner = spec.kind, fields.section_of(spec)
  if kind == "word" or kind == "words" then
    kind = (kind == "word" and "" or "any of ") .. spec.detail:gsub("|", ", ")
  elseif kind == "objects" then
    kind = "array of " .. spec.detail
  elseif kind == "lua" then
    kind = inner or spec.detail
  elseif (kind == "integer" or kind == "size") and spec.maximum < LARGE then
    kind = ("%s, %d to %d"):format(kind, spec.minimum, spec.maximum)
  end
  return kind
end

local function line(section, spec, indent, name)
  local property = fields.property(section, spec.name)
  return ("%s%s (%s%s): %s%s%s"):format(indent, name, kind_of(spec), spec.required and ", required" or "",
    spec.meaning, spec.default and "; default " .. spec.default or "",
    property and "; OCI " .. property or "")
end

-- A field, and the fields of what it is made of.
local function lines_of(section, spec, name)
  local lines = { line(section, spec, "  ", name) }
  local inner = fields.section_of(spec)
  for _, part in ipairs(inner and check.section(inner).fields or {}) do
    lines[#lines + 1] = line(inner, part, "    ", part.name)
  end
  return lines
end

-- Along a path from a section: "mounts.options", "mounts[2].options".
local function find(root, path)
  local section, spec, at = root, nil, root
  for name in path:gsub("%[%d+%]", ""):gmatch("[^.]+") do
    section = spec and fields.section_of(spec) or not spec and section or nil
    spec = section and check.section(section).by_name[name]
    if not spec then
      return nil
    end
    at = at .. "." .. name
  end
  return section, spec, at
end

--- What a field means, and those that it is made of.
---@param path string  "mounts", "cgroups.memory", "mounts[2].options", "device_rule.access"
---@return string|nil text  nil when there is no such field
function M.of(path)
  local lines, seen = {}, {}
  local function add(section, spec, name)
    if not seen[section .. "." .. spec.name] then
      seen[section .. "." .. spec.name] = true
      table.move(lines_of(section, spec, name), 1, 1000, #lines + 1, lines)
    end
  end
  for _, root in ipairs(ROOTS) do
    local section, spec, at = find(root, path)
    if spec then add(section, spec, at) end
  end
  for _, section in ipairs(core.schema()) do
    local own, name = path:match("^([%w_]+)%.([%w_]+)$")
    for _, spec in ipairs(section.fields) do
      if spec.name == path or (section.name == own and spec.name == name) then
        add(section.name, spec, section.name .. "." .. spec.name)
      end
    end
  end
  return lines[1] and table.concat(lines, "\n") or nil
end

--- Names of all fields.
---@return string[]
function M.names()
  local names = {}
  for _, section in ipairs(core.schema()) do
    for _, spec in ipairs(section.fields) do
      names[#names + 1] = spec.name
    end
  end
  return names
end

local function short(value)
  local text = (tostring(value):gsub("%s+", " "))
  if type(value) == "table" then
    return #value > 0 and ("%d of them"):format(#value) or "…"
  end
  return #text > VALUE_WIDTH and text:sub(1, VALUE_WIDTH) .. "…" or text
end

--- What a configuration says, field by field, and what else it could.
---@param config table
---@return string|nil text  nil for a table without any field of a container or a process
function M.of_config(config)
  local root, count = nil, 0
  for _, name in ipairs(ROOTS) do
    local found = 0
    for _, spec in ipairs(check.section(name).fields) do
      found = found + (rawget(config, spec.name) ~= nil and 1 or 0)
    end
    if found > count then root, count = name, found end
  end
  if not root then
    return nil
  end
  local lines, others = {}, {}
  for _, spec in ipairs(check.section(root).fields) do
    local value = rawget(config, spec.name)
    if value ~= nil then
      lines[#lines + 1] = ("  %s = %s: %s"):format(spec.name, short(value), spec.meaning)
    elseif spec.kind ~= "later" then
      others[#others + 1] = spec.name
    end
  end
  lines[#lines + 1] = "  Not in it: " .. table.concat(others, ", ")
  return table.concat(lines, "\n")
end

return M
