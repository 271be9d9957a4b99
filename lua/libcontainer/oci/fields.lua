-- SPDX-License-Identifier: MIT
--- Where the fields of a configuration are in an OCI runtime-spec document, and how their words are written there:
-- what src/configs/schema.def says of each in its column for OCI. So a field is read and written as soon as it is there.
local check = require "libcontainer.check"

local M = {}

-- --- a field ---

-- Sections whose places are paths from the top of the document, and where that is when none is written.
local HOMES <const> = { config = "linux.", process = "process.", cgroups = "linux.resources." }

-- Written in place of a place: all over the document.
local SPREAD <const> = "."

local function camel(name)
  return (name:gsub("_(%w)", string.upper))
end

local function join(parent, name)
  return parent == "" and name or parent .. "." .. name
end
M.join = join

---@class libcontainer.oci.Field
---@field version string|nil  of OCI, the first that has it; nil when none has
---@field place string|nil    where it is written when that is not where its name says
---@field prefix string|nil   what is in front of OCI's words, which are in upper case
---@field path string|nil     where it is, see M.place

---@type table<table, libcontainer.oci.Field>
local known_fields = {}

local function known(spec)
  local field = known_fields[spec]
  if not field then
    field = {}
    local version, place, prefix = (spec.oci or ""):match("^(%S*)%s*(%S*)%s*(%S*)$")
    if place:sub(-1) == "*" then place, prefix = "", place end
    field.version = version ~= "" and version or nil
    field.place = place ~= "" and place or nil
    field.prefix = prefix ~= "" and prefix:sub(1, -2) or nil
    known_fields[spec] = field
  end
  return field
end

--- Is the section spread over the document, and its places paths from the top?
---@param section string
---@return boolean
function M.is_spread(section)
  return HOMES[section] ~= nil
end

--- Where a field is: of the container, the process and the limits a path from the top of the document,
-- of other sections one from the object that the section is.
---@param section string
---@param spec table the field
---@return string|nil place nil when OCI has none, "" for all over the document
function M.place(section, spec)
  local field = known(spec)
  if not field.version then return nil end
  if not field.path then -- a spec is of one section
    field.path = field.place == SPREAD and "" or field.place or (HOMES[section] or "") .. camel(spec.name)
  end
  return field.path
end

--- The section that a field's value is of: of an object, of each item of an array, of a filter.
---@param spec table
---@return string|nil
function M.section_of(spec)
  local is_table = spec.kind == "object" or spec.kind == "objects" or spec.kind == "lua"
  return is_table and check.section(spec.detail) and spec.detail or nil
end

-- --- all of them ---

-- What no field is, but a part of one (oci/read.lua has their forms); and what this version refuses.
local OTHERS <const> = {
  ociVersion = "1.0.0", ["linux.namespaces.type"] = "1.0.0", ["linux.namespaces.path"] = "1.0.0",
  ["process.user.uid"] = "1.0.0", ["process.user.gid"] = "1.0.0",
  ["linux.personality.flags"] = "1.0.2", ["linux.intelRdt.enableCMT"] = "1.1.0", ["linux.intelRdt.enableMBM"] = "1.1.0",
}

local versions, properties

-- An object is as old as the first of what is in it.
local function note_version(path, version)
  local stop = 0
  repeat
    stop = path:find(".", stop + 1, true) or #path + 1
    local part = path:sub(1, stop - 1)
    versions[part] = (versions[part] or version) <= version and versions[part] or version
  until stop > #path
end

-- What is in an object is no older than that.
local function note_section(section, parent, shown, version)
  for _, spec in ipairs(check.section(section).fields) do
    local place, inner = M.place(section, spec), M.section_of(spec)
    if place then
      local path, text = join(parent, place), join(shown, place)
      local own = known(spec).version
      own = own > version and own or version
      if place == "" then
        path, text = parent, shown
      else
        local name = section .. "." .. spec.name
        properties[name] = properties[name] or text
        note_version(path, own)
      end
      if inner then
        note_section(inner, path, text .. (spec.kind == "objects" and "[]" or ""), own)
      end
    end
  end
end

local function note_all()
  versions, properties = {}, {}
  note_section("config", "", "", "1.0.0")
  note_section("process", "", "", "1.0.0")
  for path, version in next, OTHERS do versions[path] = version end
end

--- The first version of OCI that has a property, by its path without the places in arrays: "mounts.source".
---@return table<string, string>
function M.versions()
  if not versions then note_all() end
  return versions
end

--- The property of a field, for people: "linux.devices[].fileMode". Where a section is in several places,
-- in the first.
---@param section string
---@param field string
---@return string|nil property nil when OCI has none
function M.property(section, field)
  if not properties then note_all() end
  return properties[section .. "." .. field]
end

-- --- words ---

local known_words = {}

-- Our words by OCI's, without what is in front of those.
local function words_of(detail)
  local words = known_words[detail]
  if not words then
    words = {}
    for word in detail:gmatch("[^|]+") do words[word:upper()] = word end
    known_words[detail] = words
  end
  return words
end

local ALIASES <const> = { SCMP_ACT_KILL = "kill_thread" }

--- A word of ours from one of OCI; what has not the form of OCI's is nil.
---@param spec table the field
---@param word any
---@return any word nil when it is none
function M.read_word(spec, word)
  local prefix = known(spec).prefix
  if not prefix or type(word) ~= "string" then
    return word
  elseif ALIASES[word] then
    return ALIASES[word]
  elseif word:sub(1, #prefix) ~= prefix then
    return nil
  end
  local rest = word:sub(#prefix + 1)
  return words_of(spec.detail)[rest] or rest
end

--- The reverse.
---@param spec table
---@param word string
---@return string
function M.write_word(spec, word)
  local prefix = known(spec).prefix
  return prefix and prefix .. word:upper() or word
end

--- What OCI writes in front of the words of a field, nil for most.
---@param spec table
---@return string|nil
function M.prefix(spec)
  return known(spec).prefix
end

return M
