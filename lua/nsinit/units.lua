-- SPDX-License-Identifier: MIT
--- Numbers as they are typed behind an option.
local M = {}

local BYTES <const> = { b = 1, k = 1 << 10, m = 1 << 20, g = 1 << 30, t = 1 << 40 }

--- A whole number.
---@param text string
---@return integer|nil
function M.integer(text)
  return math.tointeger(tonumber(text:match("^%-?%d+$") or ""))
end

--- Bytes: "64M", "1g", "-1".
---@param text string
---@return integer|nil
function M.bytes(text)
  local number, unit = text:match("^(%d+)([bkmgtBKMGT]?)[iI]?[bB]?$")
  if not number then return M.integer(text) end
  return math.tointeger(tonumber(number)) * (BYTES[unit:lower()] or 1)
end

local SECONDS <const> = { ms = 0.001, s = 1, m = 60, h = 3600 }

--- Seconds: "5s", "500ms", "1m", "5".
---@param text string
---@return number|nil
function M.seconds(text)
  local number, unit = text:match("^(%d*%.?%d+)(%l*)$")
  local factor = SECONDS[unit ~= "" and unit or "s"]
  return number and factor and tonumber(number) * factor
end

return M
