-- SPDX-License-Identifier: MIT
--- A user's table against the schema: everything that is wrong with it, at once.
--
-- First the table is copied with raw access (`copy`), so that no metatable of the user's runs and
-- nothing changes while it is read; then the copy is walked along a section of the schema (`walk`),
-- which collects problems with their path and leaves exact types behind: integers are integers,
-- sizes are bytes, arrays are marked as arrays. Friendly forms have been translated before, in
-- configs/normal.lua; rules of more than one field come after, in configs/rules.lua. No field is
-- known here by name.
local core = require "libcontainer.core"
local lazy = require "libcontainer.lazy"
local errors = lazy "libcontainer.errors"
local json = require "libcontainer.json"
local units = lazy "libcontainer.units"

local M = {}

local MAX_DEPTH <const> = 100
local MAX_TABLES <const> = 100000

-- --- names ---

-- Damerau-Levenshtein distance of two short words, a swap of neighbours counting as one.
local function distance(a, b)
  local rows = { [0] = {} }
  for j = 0, #b do
    rows[0][j] = j
  end
  for i = 1, #a do
    rows[i] = { [0] = i }
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      local best = math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        best = math.min(best, rows[i - 2][j - 2] + 1)
      end
      rows[i][j] = best
    end
  end
  return rows[#a][#b]
end

--- The name that was probably meant.
---@param name any
---@param names string[]
---@return string|nil nearest nil when none is near
function M.nearest(name, names)
  if type(name) ~= "string" or #name > 64 then
    return nil
  end
  local plain = name:lower():gsub("[^%w]", "")
  local best, best_distance
  for _, candidate in ipairs(names) do
    local target = candidate:lower():gsub("[^%w]", "")
    local d = distance(plain, target)
    if #plain >= 3 and d > 1 and (target:find(plain, 1, true) == 1
      or (#target >= 3 and plain:find(target, 1, true) == 1)) then
      d = 1.5 -- "mount" for "mounts", "mem" for "memory"
    end
    if d <= math.max(1, #target // 3) and (not best or d < best_distance) then
      best, best_distance = candidate, d
    end
  end
  return best
end

-- --- problems ---

local function kind_of(value)
  local kind = type(value)
  if kind == "string" then
    return "text"
  elseif kind == "number" and math.type(value) == "float" then
    return value ~= value and "nan" or "the number " .. tostring(value)
  elseif kind == "number" then
    return ("the number %d"):format(value)
  elseif kind == "boolean" then
    return tostring(value)
  end
  return "a " .. kind
end

--- Add a problem to a list.
---@param problems libcontainer.Problem[]
---@param field string
---@param message string
---@param value any
---@param hint string|nil
function M.add(problems, field, message, value, hint)
  local kind = type(value)
  if not (kind == "string" or kind == "number" or kind == "boolean") or value ~= value then
    value = nil -- an error must be possible to write as JSON
  end
  if type(value) == "number" and (value == math.huge or value == -math.huge) then
    value = nil
  end
  problems[#problems + 1] = { field = field, message = message, value = value, hint = hint }
end

local function join(prefix, name)
  return prefix == "" and name or prefix .. "." .. name
end

--- Has a field of that path been refused already? What follows from it is no further problem.
---@param problems libcontainer.Problem[]
---@param field string
---@return boolean
function M.is_refused(problems, field)
  for _, problem in ipairs(problems) do
    if problem.field == field then
      return true
    end
  end
  return false
end

-- --- the copy ---

-- The path of the table at `depth`, from the keys that led there.
local function path_of(state, depth)
  local path = state.field
  for i = 1, depth - 1 do
    local key = state.keys[i]
    path = type(key) == "string" and join(path, key) or path .. "[" .. tostring(key) .. "]"
  end
  return path
end

--- Is it a container of ours?
---@param value any
---@return boolean
function M.is_container(value)
  local class = type(value) == "table" and getmetatable(value)
  return type(class) == "table" and rawget(class, "__name") == "libcontainer.container"
end

local KEY_TYPES = { string = true, number = true, boolean = true }

local function copy_table(t, state, depth)
  local is_marked = getmetatable(t) ~= nil -- most are not, and are not asked how
  if is_marked and json.is_big(t) then
    return json.integer(tostring(rawget(t, "__integer")))
  elseif state.path[t] then
    M.add(state.problems, path_of(state, depth), "is a table inside itself")
    return nil
  elseif depth > MAX_DEPTH then
    M.add(state.problems, path_of(state, depth), ("is nested more than %d levels deep"):format(MAX_DEPTH))
    return nil
  end
  state.tables = state.tables + 1
  if state.tables > MAX_TABLES then
    if state.tables == MAX_TABLES + 1 then
      M.add(state.problems, state.field, ("has more than %d tables in it"):format(MAX_TABLES))
    end
    return nil
  end
  state.path[t] = true
  local out = is_marked and json.is_array(t) and json.array() or {}
  local opaque = depth == 1 and state.opaque
  for key, value in next, t do
    local kind = type(value)
    if not KEY_TYPES[type(key)] then
      M.add(state.problems, path_of(state, depth), "has a key that is " .. kind_of(key))
    elseif kind == "table" and not (opaque and opaque[key])
      and (getmetatable(value) == nil or not M.is_container(value)) then
      state.keys[depth] = key
      out[key] = copy_table(value, state, depth + 1)
    elseif kind ~= "userdata" or not json.is_null(value) then
      out[key] = value
    elseif math.type(key) == "integer" then
      M.add(state.problems, ("%s[%d]"):format(depth == 1 and state.items or path_of(state, depth), key),
        "is null, and an array has no place for that")
    end
  end
  state.path[t] = nil
  return out
end

--- A deep copy, made with raw access only: no metamethod is called, whatever the table is. A container of ours
-- stays what it is. Null is absence. What is neither table nor null is taken as it is, for `walk` to judge.
---@param value any
---@param problems libcontainer.Problem[]|nil cycles and too much depth are added
---@param field string|nil its path
---@param opaque table<string, boolean>|nil keys of the outermost table whose tables are not copied
---@param items string|nil what the array part of the outermost table is
---@return any
function M.copy(value, problems, field, opaque, items)
  if type(value) == "table" then
    local state = { problems = problems or {}, path = {}, keys = {}, tables = 0, field = field or "",
      opaque = opaque, items = items }
    return copy_table(value, state, 1)
  elseif json.is_null(value) then
    return nil
  end
  return value
end

-- --- the schema ---

local sections = {}

--- A section of the schema, with its fields also by name in `by_name`.
---@param name string
---@return table|nil
function M.section(name)
  local section = sections[name]
  if not section then
    section = core.schema(name)
    if not section then return nil end
    section.by_name, section.names = {}, {}
    for i, field in ipairs(section.fields) do
      section.by_name[field.name], section.names[i] = field, field.name
    end
    sections[name] = section
  end
  return section
end

-- --- the walk: one function for each kind of field ---

local walk_section

local split_words = {}

local function words_of(detail)
  local words = split_words[detail]
  if words then
    return words
  end
  words = {}
  for word in detail:gmatch("[^|]+") do
    words[#words + 1] = word
  end
  split_words[detail] = words
  return words
end

local function out_of_range(value, spec)
  -- the least number cannot be written in schema.def: where its neighbour is the minimum, all bits are fine
  return value < spec.minimum and spec.minimum ~= -math.maxinteger or value > spec.maximum
end

local function range_message(spec)
  return ("must be between %d and %d"):format(spec.minimum, spec.maximum)
end

local KINDS = {}

local function boolean(value, _, problems, field)
  if type(value) ~= "boolean" then
    M.add(problems, field, "must be true or false, not " .. kind_of(value), value)
    return nil
  end
  return value
end

KINDS.flag = boolean
KINDS.choice3 = boolean

function KINDS.integer(value, spec, problems, field)
  if json.is_big(value) and spec.minimum == -math.maxinteger then
    return json.bits(value) -- 64 bits of any meaning
  end
  local whole = units.integer(value)
  if json.is_big(value) or (not whole and type(value) == "number" and value == value) then
    M.add(problems, field, json.is_big(value) and range_message(spec)
      or "must be a whole number, not " .. kind_of(value), value)
    return nil
  elseif not whole then
    M.add(problems, field, "must be a whole number, not " .. kind_of(value), value)
    return nil
  elseif out_of_range(whole, spec) then
    M.add(problems, field, range_message(spec), value)
    return nil
  end
  return whole
end

function KINDS.size(value, spec, problems, field)
  local bytes, problem = units.size(value)
  if not bytes then
    M.add(problems, field, problem, value)
    return nil
  elseif out_of_range(bytes, spec) then
    M.add(problems, field, spec.minimum == 0 and "must not be negative" or range_message(spec), value)
    return nil
  end
  return bytes
end

function KINDS.number(value, spec, problems, field)
  if type(value) ~= "number" or value ~= value then
    M.add(problems, field, "must be a number, not " .. kind_of(value), value)
    return nil
  elseif out_of_range(value, spec) then
    M.add(problems, field, range_message(spec), value)
    return nil
  end
  return value
end

-- Text without NUL: true, or a problem was added.
local function is_text(value, problems, field)
  if type(value) ~= "string" then
    M.add(problems, field, "must be text, not " .. kind_of(value), value,
      type(value) == "number" and ('write "%s"'):format(value) or nil)
    return false
  elseif value:find("\0", 1, true) then
    M.add(problems, field, "has a NUL byte in it")
    return false
  end
  return true
end

function KINDS.string(value, spec, problems, field)
  if not is_text(value, problems, field) then
    return nil
  elseif #value < spec.minimum then
    M.add(problems, field, "must not be empty", value)
    return nil
  elseif spec.maximum > 0 and #value > spec.maximum then
    M.add(problems, field, ("is longer than %d bytes"):format(spec.maximum))
    return nil
  end
  return value
end

function KINDS.path(value, spec, problems, field)
  if not is_text(value, problems, field) then
    return nil
  elseif value:sub(1, 1) ~= "/" then
    M.add(problems, field, "must be an absolute path", value,
      value ~= "" and errors.did_you_mean("/" .. value) or nil)
    return nil
  elseif spec.maximum > 0 and #value > spec.maximum then
    M.add(problems, field, ("is longer than %d bytes"):format(spec.maximum))
    return nil
  end
  return value
end

function KINDS.word(value, spec, problems, field)
  if not is_text(value, problems, field) then
    return nil
  end
  local words = words_of(spec.detail)
  for _, word in ipairs(words) do
    if word == value then
      return value
    end
  end
  M.add(problems, field, "must be " .. (#words > 1 and "one of " or "") .. table.concat(words, ", "),
    value, errors.did_you_mean(M.nearest(value, words)))
  return nil
end

--- Look at an array: its length, and problems for holes and for keys that no array has.
---@param t any
---@param problems libcontainer.Problem[]
---@param field string
---@return integer|nil length nil when it is no array
function M.array_length(t, problems, field)
  if type(t) ~= "table" or json.is_big(t) then
    M.add(problems, field, "must be an array, not " .. kind_of(t), t)
    return nil
  end
  local in_order = 0
  for key in next, t do
    if key ~= in_order + 1 then
      in_order = nil
      break
    end
    in_order = key
  end
  if in_order then return in_order end -- as next has nearly all arrays: nothing else is in it
  local count, highest, ok = 0, 0, true
  for key in next, t do
    if math.type(key) == "integer" and key >= 1 then
      count, highest = count + 1, math.max(highest, key)
    else
      M.add(problems, field, ("must be an array, and has the key %s"):format(
        type(key) == "string" and ("%q"):format(key) or "[" .. tostring(key) .. "]"))
      ok = false
    end
  end
  if ok and highest ~= count then
    local hole = 1
    while rawget(t, hole) ~= nil do
      hole = hole + 1
    end
    local place = ("%s[%d]"):format(field, hole)
    if not M.is_refused(problems, place) then M.add(problems, place, "is missing: the array has a hole") end
    return nil
  end
  return ok and count or nil
end

-- An array whose items are of the kind `item`.
local function array_of(item, value, spec, problems, field)
  local count = M.array_length(value, problems, field)
  if not count then
    return nil
  elseif count < spec.minimum then
    M.add(problems, field, "must not be empty")
    return nil
  elseif spec.maximum > 0 and count > spec.maximum then
    M.add(problems, field, ("has %d items, more than %d"):format(count, spec.maximum))
    return nil
  end
  local item_spec = { detail = spec.detail, minimum = 0, maximum = 0 }
  for i = 1, count do
    if item == KINDS.string and type(value[i]) == "string" and not value[i]:find("\0", 1, true) then
      goto continue -- most items of most arrays: no path is made for them
    end
    local exact = item(value[i], item_spec, problems, ("%s[%d]"):format(field, i))
    if exact ~= nil then
      value[i] = exact -- a refused one stays where it is, so that the others keep their number
    end
    ::continue::
  end
  return json.array(value)
end

function KINDS.strings(...)
  return array_of(KINDS.string, ...)
end

function KINDS.paths(...)
  return array_of(KINDS.path, ...)
end

function KINDS.words(...)
  return array_of(KINDS.word, ...)
end

function KINDS.object(value, spec, problems, field)
  if type(value) ~= "table" or json.is_big(value) then
    M.add(problems, field, "must be a table, not " .. kind_of(value), value)
    return nil
  end
  return walk_section(M.section(spec.detail), value, problems, field)
end

function KINDS.objects(...)
  return array_of(KINDS.object, ...)
end

function KINDS.map(value, spec, problems, field)
  if type(value) ~= "table" or json.is_big(value) then
    M.add(problems, field, "must be a table, not " .. kind_of(value), value)
    return nil
  end
  local keys = {}
  for key in next, value do
    if type(key) ~= "string" then
      M.add(problems, field .. "[" .. tostring(key) .. "]", "must have a name for a key")
    elseif key == "" then
      M.add(problems, field, "has an empty name")
    elseif key:find("\0", 1, true) then
      M.add(problems, field, "has a NUL byte in a name")
    else
      keys[#keys + 1] = key
    end
  end
  table.sort(keys)
  for _, key in ipairs(keys) do
    is_text(value[key], problems, join(field, key))
  end
  if spec.maximum > 0 and #keys > spec.maximum then
    M.add(problems, field, ("has %d items, more than %d"):format(#keys, spec.maximum))
  end
  return setmetatable(value, nil)
end

local INT_MAX <const> = 0x7fffffff
local STDIO = { "null", "pipe", "inherit" }

-- A function, or functions by name.
local function handler(value, problems, field)
  if type(value) ~= "function" and type(value) ~= "table" then
    M.add(problems, field, "must be a function, or a table of functions by name, not " .. kind_of(value), value)
    return nil
  end
  for name, one in next, type(value) == "table" and value or {} do
    if type(name) ~= "string" or type(one) ~= "function" then
      M.add(problems, ("%s[%s]"):format(field, tostring(name)), "must be a function by the name of a system call", one)
    end
  end
  return value
end

-- Of this process, which has them open when the program starts.
local function descriptors(value, spec, problems, field)
  local count = M.array_length(value, problems, field)
  if count and count > spec.maximum then
    M.add(problems, field, ("must be at most %d"):format(spec.maximum), value)
  end
  for i = 1, count or 0 do
    local one = value[i]
    local descriptor, kind = units.integer(one), type(one)
    if not (kind == "userdata" or kind == "table" or descriptor and descriptor >= 0) then
      M.add(problems, ("%s[%d]"):format(field, i), "must be a descriptor or a file, not " .. kind_of(one), one)
    end
  end
  return value
end

function KINDS.lua(value, spec, problems, field)
  local kind = type(value)
  local section = M.section(spec.detail)
  if spec.detail == "flag" then
    return boolean(value, spec, problems, field)
  elseif spec.detail == "descriptors" then
    return descriptors(value, spec, problems, field)
  elseif spec.detail == "handler" then
    return handler(value, problems, field)
  elseif section and kind == "table" then
    return KINDS.object(value, spec, problems, field)
  elseif section then
    if value ~= false and value ~= "default" then
      M.add(problems, field, 'must be "default", a table, or false', value)
    end
  elseif spec.detail == "function" then
    if kind ~= "function" and value ~= true then
      M.add(problems, field, "must be a function, not " .. kind_of(value), value)
    end
  elseif spec.detail == "stdio" then
    local descriptor = units.integer(value)
    if not (kind == "string" or kind == "userdata" or descriptor and descriptor >= 0 and descriptor <= INT_MAX) then
      M.add(problems, field, 'must be "null", "pipe", "inherit", a descriptor or a file, not '
        .. kind_of(value), value)
    elseif kind == "string" and field ~= "stdin" and not M.contains(STDIO, value) then
      M.add(problems, field, 'must be "null", "pipe" or "inherit"', value,
        errors.did_you_mean(M.nearest(value, STDIO)))
    end
    return descriptor or value
  end
  return value
end

-- What says "not wanted" is no wish for a feature that does not exist.
function KINDS.later(value, _, problems, field)
  if value ~= false and not (type(value) == "table" and next(value) == nil) then
    M.add(problems, field, errors.NOT_SUPPORTED, value)
  end
  return nil
end

--- The tables of an array, with their index: what else is in it, the walk has named.
---@param list any
---@return fun(): integer|nil, table|nil
function M.tables(list)
  local i = 0
  return function()
    while type(list) == "table" do
      i = i + 1
      if list[i] == nil then return nil end
      if type(list[i]) == "table" and not json.is_big(list[i]) then return i, list[i] end
    end
  end
end

--- Is it in the list?
---@param list any[]
---@param value any
---@return boolean
function M.contains(list, value)
  for i = 1, #list do
    if list[i] == value then
      return true
    end
  end
  return false
end

function walk_section(section, t, problems, prefix)
  for _, spec in ipairs(section.fields) do
    local value = rawget(t, spec.name)
    if value == nil then
      if spec.required then
        M.add(problems, join(prefix, spec.name), "is required: " .. spec.meaning)
      end
    else
      t[spec.name] = KINDS[spec.kind](value, spec, problems, join(prefix, spec.name))
    end
  end
  local unknown
  for key in next, t do
    if type(key) ~= "string" or not section.by_name[key] then
      unknown = unknown or {}
      unknown[#unknown + 1] = key
    end
  end
  if not unknown then
    return t
  end
  table.sort(unknown, function(a, b)
    return tostring(a) < tostring(b)
  end)
  for _, key in ipairs(unknown) do
    local is_name = type(key) == "string"
    M.add(problems, is_name and join(prefix, key) or prefix .. "[" .. tostring(key) .. "]",
      is_name and "is no field of " .. section.meaning:match("^[^,;]+") or "has no name", t[key],
      errors.did_you_mean(M.nearest(key, section.names)))
  end
  return t
end

--- Walk a table along a section of the schema. It is changed: integers, sizes and arrays become
-- exact. It must be a copy (`copy`), as it is read with no care for metatables.
---@param name string the section: "config", "process", …
---@param t table
---@param problems libcontainer.Problem[] what is wrong is added
---@param prefix string|nil path of `t` itself
---@return table t
function M.walk(name, t, problems, prefix)
  return walk_section(M.section(name), t, problems, prefix or "")
end

-- --- arguments and options of functions ---

--- The table that a function describes its program with. Anything else is wrong use and raises in the
-- caller's caller; of text it is said how a shell command is written.
---@param value any
---@param name string the function
---@param expected string|nil default "table"
function M.program_table(value, name, expected)
  if type(value) == "table" then return end
  local text = ("bad argument #1 to '%s' (%s expected, got %s)"):format(name, expected or "table",
    value == nil and "no value" or type(value))
  if type(value) == "string" then text = text .. ": " .. errors.shell_hint(value) end
  error(text, 3)
end

--- How long a function may take, as seconds. What is no time is wrong use and raises in the caller's caller.
---@param value any    a number, math.huge for ever, or text such as "250ms"
---@param what string  "argument #1 to 'wait'"
---@return number|nil seconds  nil for nil
function M.timeout(value, what)
  if value == nil or value == math.huge then return value end
  local seconds, problem = units.duration(value)
  if not seconds then error(("bad %s (%s)"):format(what, problem), 3) end
  return seconds
end

--- The options of a function: a table whose keys are among `names`. Anything else is wrong use and
-- raises in the caller's caller, with the nearest name.
---@param options table|nil
---@param names string[]
---@param what string|nil the function, for the message
---@param flags string[]|nil names of those that are true or false: "no" is neither
---@return table options raw copy, an empty table for nil
function M.options(options, names, what, flags)
  local to = what and " of " .. what or ""
  if options == nil then
    return {}
  elseif type(options) ~= "table" then
    error("the options" .. to .. " must be a table, not " .. kind_of(options), 3)
  end
  local out = {}
  for key, value in next, options do
    if not M.contains(names, key) then
      error(errors.unknown("option" .. to, key, M.nearest(key, names)), 3)
    end
    if flags and M.contains(flags, key) and type(value) ~= "boolean" then
      error(("bad option %s%s (true or false expected, got %s)"):format(key, to, kind_of(value)), 3)
    end
    out[key] = value
  end
  return out
end

return M
