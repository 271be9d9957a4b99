-- SPDX-License-Identifier: MIT
--- What everything that a user holds has in common: it names the nearest method when one does not
-- exist, and it prints itself.
local lazy = require "libcontainer.lazy"
local check = lazy "libcontainer.check"
local errors = lazy "libcontainer.errors"

local M = {}

local function public_names(t)
  local names = {}
  for name, value in next, t do
    if type(value) == "function" and name:sub(1, 1) ~= "_" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

-- `__index` of what has these members: whoever asks for another one asks for the wrong thing.
local function strict(kind, members)
  return function(_, key)
    if type(key) ~= "string" or key:sub(1, 1) == "_" then return nil end
    error(errors.unknown(kind, key, check.nearest(key, public_names(members))), 2)
  end
end

--- The metatable of a class, which its methods are put into. It is its own `__index`, a table, so that a
-- prompt that completes names finds them.
---@param name string            what lc.type calls it
---@param absent string[]|nil    fields of its objects that may be nil
---@return table class
function M.class(name, absent)
  local class = { __name = "libcontainer." .. name }
  class.__index = class
  local refuse, may_be_nil = strict("method", class), {}
  for _, field in ipairs(absent or {}) do may_be_nil[field] = true end
  return setmetatable(class, { __index = function(object, key)
    if may_be_nil[key] then return nil end
    return refuse(object, key)
  end })
end

--- Names of the public methods of a class.
---@param class table
---@return string[]
function M.methods(class)
  return public_names(class)
end

--- A module that a user holds: calling what is not in it names the nearest function.
---@param module table
---@param text string  what it prints at the prompt: its name first
---@return table module
function M.module(module, text)
  return setmetatable(module, { __name = text:match("^[%w_.]+"), __index = strict("function", module),
    __tostring = function() return text end })
end

-- --- plain tables that print ---

local WIDTH <const> = 96
local INDENT <const> = "  "

local function key_text(key)
  if type(key) == "string" and key:find("^[%a_][%w_]*$") then return key end
  return "[" .. (type(key) == "string" and ("%q"):format(key) or tostring(key)) .. "]"
end

-- Numbers first, in order; then names, in order.
local function sorted_keys(t, from)
  local keys = {}
  for key in next, t do
    if not (math.type(key) == "integer" and key >= 1 and key <= from) then keys[#keys + 1] = key end
  end
  table.sort(keys, function(a, b)
    if type(a) == type(b) and (type(a) == "number" or type(a) == "string") then return a < b end
    return type(a) == "number" or type(b) ~= "number" and tostring(a) < tostring(b)
  end)
  return keys
end

local text_of
local PLAIN <const> = {}

local function table_text(t, indent)
  local metatable = getmetatable(t)
  if metatable and metatable ~= PLAIN and metatable.__tostring then return tostring(t) end
  local inner, parts = indent .. INDENT, {}
  local length = rawlen(t)
  for i = 1, length do parts[i] = text_of(t[i], inner) end
  for _, key in ipairs(sorted_keys(t, length)) do
    parts[#parts + 1] = key_text(key) .. " = " .. text_of(t[key], inner)
  end
  if #parts == 0 then return "{}" end
  local line = "{ " .. table.concat(parts, ", ") .. " }"
  if #line + #indent <= WIDTH and not line:find("\n", 1, true) then return line end
  return "{\n" .. inner .. table.concat(parts, ",\n" .. inner) .. ",\n" .. indent .. "}"
end

function text_of(value, indent)
  if type(value) == "table" and not check.is_container(value) then return table_text(value, indent) end
  if type(value) == "string" then
    return (("%q"):format(value):gsub("\\\n", "\\n"))
  end
  return tostring(value)
end

PLAIN.__tostring = function(t) return table_text(t, "") end

--- A plain table, which prints as Lua would write it, and so do those in it. It stays a plain table in
-- every other way.
---@generic T: table
---@param t T  without circles
---@return T
function M.plain(t)
  for _, value in next, t do
    if type(value) == "table" and not getmetatable(value) then M.plain(value) end
  end
  return setmetatable(t, PLAIN)
end

local LIST <const> = { __tostring = function(t)
  if #t == 0 then return "none" end
  local lines = {}
  for i, item in ipairs(t) do lines[i] = tostring(item) end
  return table.concat(lines, "\n")
end }

--- An array of objects, which prints as one in each line.
---@generic T: table
---@param t T
---@return T
function M.list(t)
  return setmetatable(t, LIST)
end

return M
