-- SPDX-License-Identifier: MIT
--- What a container uses, as a table that is shown again and again: each number with a curve of those before.
local units = require "libcontainer.units"

local M = {}

local WIDTH <const> = 40
local LEVELS <const> = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }
-- To the upper left corner; clear the rest of a line; clear what is below.
local HOME <const>, END_OF_LINE <const>, BELOW <const> = "\27[H", "\27[K\n", "\27[J"

--- A curve of numbers, the last ones of a list.
---@param values number[]
---@param top number|nil  what is a full block; default the largest
---@return string
function M.curve(values, top)
  local first = math.max(1, #values - WIDTH + 1)
  for i = first, #values do top = math.max(top or 0, values[i]) end
  local out = {}
  for i = first, #values do
    local part = top > 0 and values[i] / top or 0
    out[#out + 1] = LEVELS[math.min(#LEVELS, math.max(1, math.ceil(part * #LEVELS)))]
  end
  return table.concat(out)
end

local function size(bytes)
  return units.format_size(math.tointeger(bytes // 1))
end

local function rate(bytes)
  return size(bytes) .. "/s"
end

local function percent(part)
  return ("%.0f %%"):format(part * 100)
end

local function count(number)
  return ("%d"):format(number)
end

local function sum(interfaces, name)
  local total = 0
  for _, one in ipairs(interfaces) do total = total + one[name] end
  return #interfaces > 0 and total or nil
end

-- What is shown: a value of a sample, or, where it only grows, `grows`: what it has grown by in a second.
local ROWS <const> = {
  { name = "CPU", grows = true, words = percent, value = function(s) return s.cpu.time end },
  { name = "MEMORY", words = size, value = function(s) return s.memory.usage end,
    limit = function(s) return s.memory.limit end },
  { name = "PIDS", words = count, value = function(s) return s.pids.current end,
    limit = function(s) return s.pids.limit end },
  { name = "READ", grows = true, words = rate, value = function(s) return s.io.read_bytes end },
  { name = "WRITE", grows = true, words = rate, value = function(s) return s.io.write_bytes end },
  { name = "RECEIVE", grows = true, words = rate, value = function(s) return sum(s.interfaces, "rx_bytes") end },
  { name = "SEND", grows = true, words = rate, value = function(s) return sum(s.interfaces, "tx_bytes") end },
}

-- The value of a row in this sample; nil when it is not known, or not yet.
local function value_of(row, stats, before)
  local value = row.value(stats)
  if not value or not row.grows then return value end
  local last = before and row.value(before)
  return last and (value - last) / (stats.time - before.time)
end

--- A function that makes text of one sample after the other.
---@param is_terminal boolean  each takes the place of the one before
---@return fun(stats: libcontainer.Stats): string
function M.new(is_terminal)
  local before
  local history = {}
  for i in ipairs(ROWS) do history[i] = {} end
  return function(stats)
    local lines = { stats.id }
    for i, row in ipairs(ROWS) do
      local value, limit = value_of(row, stats, before), row.limit and row.limit(stats)
      if value then
        table.insert(history[i], value)
        if #history[i] > WIDTH then table.remove(history[i], 1) end
        local curve = M.curve(history[i])
        lines[#lines + 1] = ("%-8s %12s  %s%s"):format(row.name, row.words(value), curve,
          limit and (" "):rep(WIDTH - #history[i] + 1) .. "of " .. row.words(limit) or "")
      end
    end
    before = stats
    if is_terminal then return HOME .. table.concat(lines, END_OF_LINE) .. END_OF_LINE .. BELOW end
    return table.concat(lines, "\n") .. "\n\n"
  end
end

return M
