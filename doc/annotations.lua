-- SPDX-License-Identifier: MIT
-- Writes lua/libcontainer/meta/fields.lua: the fields of configurations and processes as an editor
-- wants to know them, from the schema that the library itself reads (src/configs/schema.def).
-- `make doc` runs it; a spec compares its output with the file that is committed.
local builder = require "libcontainer.configs.builder"
local core = require "libcontainer.core"

local HEAD <const> = [[
---@meta
-- SPDX-License-Identifier: MIT
-- The fields of configurations and processes, for editors. Generated from src/configs/schema.def by
-- `make doc`; nothing requires this file. Every field may be absent: profiles have most of them.
-- luacheck: ignore 631
]]

-- What is understood beside the fields: see doc/reference/api.md.
local TAIL <const> = [[

---@class libcontainer.Shorthands
---@field memory? integer|string  cgroups.memory
---@field cpus? number  cgroups.cpus
---@field pids? integer  cgroups.pids_limit

---What configs.default, host_root and empty take.
---@class libcontainer.Overrides: libcontainer.fields.config, libcontainer.Shorthands
---@field bind? string[]  "source:destination" or "source:destination:ro"
---@field tmpfs? string[]  "path" or "path:size=64m"

---@class libcontainer.CollectOptions
---@field [integer] string  the program and its arguments
---@field input? string|fun(): string|nil  what the program reads
---@field timeout? number|string  seconds, or "500ms"; after that everything is killed
---@field output_limit? integer|string  bytes of each of stdout and stderr, default 16 MiB

---What lc.run takes.
---@class libcontainer.RunOptions: libcontainer.Overrides, libcontainer.fields.process, libcontainer.CollectOptions
---@field id? string  default one that nobody else has
---@field factory? libcontainer.Factory
---@field image? string|libcontainer.Image  its root: a path as image.open takes it, or what that answered

---What container:exec takes.
---@class libcontainer.ExecOptions: libcontainer.fields.process, libcontainer.Shorthands, libcontainer.CollectOptions
]]

local TYPES <const> = {
  flag = "boolean", choice3 = "boolean", integer = "integer", size = "integer|string", number = "number",
  string = "string", path = "string", strings = "string[]", paths = "string[]",
  ["function"] = "function", handler = "function|table<string, function>", descriptors = "any[]",
  map = "table<string, string|number|boolean>", stdio = '"null"|"pipe"|"inherit"|string|integer|file*', -- detail of a field of its own form
}

-- Other forms of a field that lua/libcontainer/configs/normal.lua understands.
local FRIENDLY <const> = {
  additional_groups = "integer[]", capabilities = "string[]", env = "table<string, string|integer>",
  file_mode = "string", namespaces = "table<string, true>",
  parent_death_signal = "string", rlimits = "table<string, any>",
  soft = "string", hard = "string", terminal_size = "integer[]", umask = "string", user = "integer",
}

local function alternatives(detail)
  return '"' .. detail:gsub("|", '"|"') .. '"'
end

local function type_of(field, is_section)
  local object = is_section[field.detail] and "libcontainer.fields." .. field.detail
  if field.kind == "object" then return object end
  if field.kind == "objects" then return object .. "[]" end
  if field.kind == "lua" then
    return object and object .. "|string|false" or assert(TYPES[field.detail], field.detail)
  end
  if field.kind == "word" then return alternatives(field.detail) end
  if field.kind == "words" then return "(" .. alternatives(field.detail) .. ")[]" end
  return assert(TYPES[field.kind], field.kind)
end

io.write(HEAD)
local sections, is_section = core.schema(), {}
for _, section in ipairs(sections) do is_section[section.name] = true end
for _, section in ipairs(sections) do
  local meaning = section.meaning:gsub("^%l", string.upper)
  io.write(("\n---%s.\n---@class libcontainer.fields.%s\n"):format(meaning, section.name))
  for _, field in ipairs(section.fields) do
    if field.kind ~= "later" then
      local types = type_of(field, is_section) .. (FRIENDLY[field.name] and "|" .. FRIENDLY[field.name] or "")
      io.write(("---@field %s? %s  %s%s\n"):format(field.name, types, field.meaning,
        field.default and "; default " .. field.default or ""))
    end
  end
  if section.name == "process" then io.write("---@field [integer] string  args, as an array\n") end
end
io.write(TAIL)

-- The builder: a method for each field, shorthand and singular.
local CHAINS <const> = "fun(self: libcontainer.Builder, ...: any): libcontainer.Builder"
io.write("\n---What configs.builder answers: fields, shorthands and the singulars of lists as methods, which chain.\n",
  "---@class libcontainer.Builder\n")
for _, name in ipairs(builder.methods()) do
  if name ~= "build" then io.write(("---@field %s %s\n"):format(name, CHAINS)) end
end
io.write("---@field build fun(self: libcontainer.Builder): libcontainer.fields.config|nil, libcontainer.Error|nil\n")
