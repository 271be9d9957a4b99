-- SPDX-License-Identifier: MIT
--- The names that an expression typed half-way may go on with. Looking is all that is done: no function is called,
--- also not one that is an `__index`.
local M = {}

local STEPS_MAX <const> = 100 -- of tables that stand behind each other; some stand behind themselves

-- Where names of a value are looked for that it has not itself.
local function behind(value)
  local metatable = debug.getmetatable(value)
  local index = type(metatable) == "table" and rawget(metatable, "__index") or nil
  return type(index) == "table" and index or nil
end

-- The tables that answer for a value, itself first.
local function tables_of(value)
  local list = {}
  local at = type(value) == "table" and value or behind(value)
  while at and #list < STEPS_MAX do
    list[#list + 1] = at
    at = behind(at)
  end
  return list
end

local function field(value, name)
  for _, t in ipairs(tables_of(value)) do
    local found = rawget(t, name)
    if found ~= nil then return found end
  end
end

--- What an unfinished word may become. A name with `_` before it is private, and only shown to who typed that.
---@param word string        the end of a line: `lc`, `print(box:st`, `box.`
---@param environment table  where its first name is looked up, as _G
---@return string[] words    whole, what came before the name in them; sorted
function M.of(word, environment)
  local before, chain, separator, start = word:match "^(.-)([%w_.:]-)([.:]?)([%a_]?[%w_]*)$"
  local value = environment
  for name in chain:gmatch "[^.:]+" do
    value = field(value, name)
    if value == nil then return {} end
  end
  if separator == "" and chain ~= "" then return {} end
  local words, seen = {}, {}
  for _, t in ipairs(tables_of(value)) do
    for name, member in next, t do
      if type(name) == "string" and not seen[name] and name:sub(1, #start) == start and name:find "^[%a_][%w_]*$"
        and (start ~= "" or name:sub(1, 1) ~= "_") and (separator ~= ":" or type(member) == "function") then
        seen[name] = true
        words[#words + 1] = before .. chain .. separator .. name .. (type(member) == "function" and "(" or "")
      end
    end
  end
  table.sort(words)
  return words
end

return M
