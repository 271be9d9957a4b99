-- SPDX-License-Identifier: MIT
--- Sizes and durations as people write them, and the numbers that they are.
--
-- Strict: what is not understood to the last character is refused, a fraction must give whole
-- bytes, a string must say its unit. Every answer is the number, or nil and what is wrong with it.
local M = {}

local tointeger = math.tointeger

--- Powers of 1024, as in docker and systemd: "64M", "64MB" and "64MiB" are the same.
local POWERS = { k = 1, m = 2, g = 3, t = 4, p = 5, e = 6 }

local SECONDS = { us = { 1, 1000000 }, ms = { 1, 1000 }, s = { 1, 1 }, m = { 60, 1 },
  min = { 60, 1 }, h = { 3600, 1 }, d = { 86400, 1 } }

local SIZE_HELP <const> = "a whole number of bytes, or text such as \"64M\" or \"1.5GiB\""
local DURATION_HELP <const> = "a number of seconds, or text such as \"250ms\", \"5s\" or \"2m\""

-- "12", "12.5" → whole part and fraction as digits, and what follows.
local function split(text)
  local whole, rest = text:match("^(%d+)(.*)$")
  if not whole or (#whole > 1 and whole:sub(1, 1) == "0") then
    return nil
  end
  local fraction, unit = rest:match("^%.(%d+)(%a*)$")
  if fraction then
    return whole, fraction, unit
  end
  unit = rest:match("^%a*$")
  return unit and whole, "", unit
end

local function multiplier_of(unit)
  local letter, tail = unit:lower():match("^(%a)(%a*)$")
  if not letter then
    return nil
  elseif letter == "b" and tail == "" then
    return 1
  elseif not POWERS[letter] or not (tail == "" or tail == "b" or tail == "ib") then
    return nil
  end
  return 1 << (10 * POWERS[letter])
end

-- digits * multiplier / 10^places, when it is whole and fits.
local function scaled(digits, places, multiplier)
  while places > 0 and digits:sub(-1) == "0" do
    digits, places = digits:sub(1, -2), places - 1
  end
  local value = tointeger(tonumber(digits))
  if not value or math.type(tonumber(digits)) ~= "integer" then
    return nil, "is too large"
  end
  -- take the tens out of both sides first, so that the product does not overflow needlessly
  for _ = 1, places do
    if value % 10 == 0 then
      value = value // 10
    elseif multiplier % 2 == 0 and value % 5 == 0 then
      value, multiplier = value // 5, multiplier // 2
    else
      return nil, "is not a whole number of bytes"
    end
  end
  if value ~= 0 and multiplier > math.maxinteger // value then
    return nil, "is too large"
  end
  return value * multiplier
end

--- A number that is whole, as an integer: 1.0 is, 1.5, "1", nan and 2^63 are not.
---@param value any
---@return integer|nil
function M.integer(value)
  if math.type(value) == nil then
    return nil
  end
  return tointeger(value)
end

--- Bytes.
---@param value any a whole number, or text with a unit ("64M", "1GiB", "512k", "1.5G", "100B")
---@return integer|nil bytes
---@return string|nil problem
function M.size(value)
  if type(value) == "number" then
    local bytes = tointeger(value)
    if not bytes then
      return nil, "must be a whole number of bytes"
    end
    return bytes
  elseif type(value) ~= "string" then
    return nil, "must be " .. SIZE_HELP
  end
  local whole, fraction, unit = split(value)
  if whole and unit == "" and fraction == "" then
    return nil, "has no unit: write the number " .. whole .. ", or \"" .. whole .. "B\""
  end
  local multiplier = whole and multiplier_of(unit)
  if not multiplier then
    return nil, "must be " .. SIZE_HELP
  end
  return scaled(whole .. fraction, #fraction, multiplier)
end

--- Seconds.
---@param value any a number, or text with a unit (us, ms, s, m, min, h, d)
---@return number|nil seconds
---@return string|nil problem
function M.duration(value)
  if type(value) == "number" then
    if value ~= value or value == math.huge or value < 0 then
      return nil, "must be a number of seconds, neither negative nor without end"
    end
    return value
  elseif type(value) ~= "string" then
    return nil, "must be " .. DURATION_HELP
  end
  local whole, fraction, unit = split(value)
  if whole and unit == "" then
    return nil, "has no unit: write the number " .. value .. ", or \"" .. value .. "s\""
  end
  local scale = whole and SECONDS[unit]
  if not scale or #whole + #fraction > 15 then
    return nil, "must be " .. DURATION_HELP
  end
  local number = tointeger(tonumber(whole .. fraction)) * scale[1]
  local divisor = scale[2] * tointeger(10 ^ #fraction)
  if number % divisor == 0 then
    return number // divisor
  end
  return number / divisor
end

--- Bytes as a person reads them: 67108864 is "64 MiB".
---@param bytes integer
---@return string
function M.format_size(bytes)
  local names = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" }
  local index, value = 1, bytes
  while (value >= 1024 or value <= -1024) and index < #names do
    value, index = value / 1024, index + 1
  end
  local text = index == 1 and ("%d"):format(value) or ("%.1f"):format(value):gsub("[.,]0$", "")
  return text .. " " .. names[index]
end

return M
