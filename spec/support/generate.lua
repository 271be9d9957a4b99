-- SPDX-License-Identifier: MIT
--- Cases made at random, the same each time, and the smallest one that fails.
--
--   generate.for_all(500, function(random) return random.below(100) end, function(n) assert(n < 100) end)
--
-- `make` gets random numbers and answers a value; `check` raises when something is wrong with it. A table that
-- fails is made smaller (without one of its keys, with a simpler value in it) as long as it still fails.
local M = {}

local SHRINKS <const> = 600 -- attempts, for one failure

---@class generate.Random
---@field below fun(n: integer): integer  0 … n - 1
---@field one_of fun(list: table): any  of list[1] … list[#list]; `list.n` where values may be nil

--- Numbers that are the same each time and everywhere.
---@param seed integer
---@return generate.Random
function M.random(seed)
  local state = seed * 2654435761 + 88172645463325252
  local function below(n)
    state = state ~ (state << 13)
    state = state ~ (state >> 7)
    state = state ~ (state << 17)
    return (state >> 1) % n
  end
  return { below = below, one_of = function(list) return list[below(list.n or #list) + 1] end }
end

--- A copy of tables, at any depth, with the same metatables; a table in itself stays one.
function M.copy(value, seen)
  if type(value) ~= "table" then
    return value
  end
  seen = seen or {}
  if not seen[value] then
    local copy = {}
    seen[value] = copy
    for key, item in next, value do
      copy[key] = M.copy(item, seen)
    end
    setmetatable(copy, getmetatable(value))
  end
  return seen[value]
end

-- Every place in it: the table, the key, and how it is got to.
local function places(value, list, seen, path)
  if type(value) == "table" and not seen[value] then
    seen[value] = true
    for key, item in next, value do
      local here = path .. "\0" .. tostring(key)
      list[#list + 1] = { value, key, here }
      places(item, list, seen, here)
    end
  end
  return list
end

--- The n-th place of a table, at any depth; nil when it has none.
---@return table|nil where
---@return any key
function M.place(value, n)
  local list = places(value, {}, {}, "")
  -- next() has another order each time
  table.sort(list, function(a, b) return a[3] < b[3] end)
  local place = list[n % math.max(1, #list) + 1]
  if place then
    return place[1], place[2]
  end
end

local function simpler(value)
  if type(value) == "string" and #value > 0 then
    return { "", value:sub(1, #value // 2), value:sub(#value // 2 + 1) }
  elseif math.type(value) == "integer" and value ~= 0 then
    return { 0, value // 2 }
  elseif type(value) == "table" and next(value) ~= nil then
    return { {} }
  end
  return {}
end

-- One step: a smaller case that fails too, or nil.
local function smaller(value, fails, budget)
  local count = #places(value, {}, {}, "")
  for n = 1, count do
    local candidates = { { "remove" } }
    local where, key = M.place(value, n)
    for _, item in ipairs(simpler(where[key])) do
      candidates[#candidates + 1] = { "put", item }
    end
    for _, candidate in ipairs(candidates) do
      if budget.left == 0 then return nil end
      budget.left = budget.left - 1
      local copy = M.copy(value)
      where, key = M.place(copy, n)
      where[key] = candidate[2] -- nil: without it
      if fails(copy) then return copy end
    end
  end
end

--- A table as text, whatever is in it.
function M.text(value, seen)
  seen = seen or {}
  if type(value) == "string" then
    return ("%q"):format(value)
  elseif type(value) ~= "table" or seen[value] then
    return type(value) == "table" and "(itself)" or tostring(value)
  end
  seen[value] = true
  local parts = {}
  for key, item in next, value do
    parts[#parts + 1] = ("[%s] = %s"):format(M.text(key, seen), M.text(item, seen))
  end
  seen[value] = nil
  table.sort(parts)
  return "{ " .. table.concat(parts, ", ") .. " }" .. (getmetatable(value) and " (metatable)" or "")
end

--- Check so many cases; the first that fails is an error that shows it, as small as it gets.
---@param cases integer
---@param make fun(random: generate.Random): any
---@param check fun(value: any)
function M.for_all(cases, make, check)
  for seed = 1, cases do
    local value = make(M.random(seed))
    local kept = M.copy(value)
    if not pcall(check, value) then
      local budget = { left = SHRINKS }
      local function fails(candidate) return not pcall(check, M.copy(candidate)) end
      local small = kept
      repeat
        kept = small
        small = smaller(kept, fails, budget)
      until not small
      local _, problem = pcall(check, M.copy(kept))
      error(("case %d: %s\n%s"):format(seed, M.text(kept), tostring(problem)), 0)
    end
  end
end

return M
