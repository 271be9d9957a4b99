-- SPDX-License-Identifier: MIT
--- Programs start many containers of few configurations, and the same programs in them again and again; to
-- check a table takes a tenth of a start. So the latest are remembered, as they were written and in the
-- strict form.
local check = require "libcontainer.check"
local json = require "libcontainer.json"

local mathtype <const>, rawget <const>, type <const> = math.type, rawget, type

local M = {}

local REMEMBERED <const> = 4

-- How many fields and items are in `t` and in `known` alike, or nil when one in `t` is not. `known` is a
-- copy made by check.copy, so it ends somewhere whatever `t` is; what only it has, the number tells.
local function count_same(t, known)
  if json.mark_of(t) ~= json.mark_of(known) then return nil end
  local count = 0
  for key, value in next, t do
    local other, kind = rawget(known, key), type(value)
    if kind == "table" then
      local inner = type(other) == "table" and count_same(value, other)
      if not inner then return nil end
      count = count + inner
    elseif value ~= other or (kind == "number" and mathtype(value) ~= mathtype(other)) then
      return nil
    end
    count = count + 1
  end
  return count
end

-- How many fields and items there are. Only what is text, numbers and tables of them is remembered, of anything else
-- the answer is nil: a file that somebody gave must be collected when he has done with it.
local function count_plain(t)
  local count = 0
  for _, value in next, t do
    local kind = type(value)
    if kind == "table" then
      local inner = count_plain(value)
      if not inner then return nil end
      count = count + inner
    elseif kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
      return nil
    end
    count = count + 1
  end
  return count
end

--- A function that does the same for equal tables once, and answers the same result: for what is never
-- changed afterwards.
---@param prepare fun(t: table): table|nil, any  makes the strict form; what it refuses is not remembered
---@return fun(t: table): table|nil, any
---@return fun(strict: table) remember  so that a strict form is known already by who comes with an equal table
function M.among_equals(prepare)
  local remembered = {}
  local function remember(written, strict)
    local count = count_plain(written)
    if not count then return end
    table.insert(remembered, 1, { written = written, count = count, strict = strict })
    remembered[REMEMBERED + 1] = nil
  end
  return function(t)
    for i = 1, type(t) == "table" and #remembered or 0 do
      local one = remembered[i]
      if count_same(t, one.written) == one.count then
        table.insert(remembered, 1, table.remove(remembered, i))
        return one.strict
      end
    end
    local strict, err = prepare(t)
    if not strict then return nil, err end
    remember(check.copy(t, {}), strict)
    return strict
  end, function(strict) remember(strict, strict) end
end

return M
