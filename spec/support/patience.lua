-- SPDX-License-Identifier: MIT
--- How patient the specs are. LIBCONTAINER_PATIENCE says how many times slower than an ordinary machine
-- this one is: about 40 with an emulated processor, 5 under a sanitizer (run-all sets that). What must
-- happen is waited for that much longer, and what is repeated to meet a rare moment is repeated less.
-- Nothing else may read the variable.
local factor <const> = tonumber(os.getenv("LIBCONTAINER_PATIENCE") or 1)
assert(factor and factor >= 1, "LIBCONTAINER_PATIENCE: a number from 1 on expected")

local M = {}

--- A deadline.
---@param usual number seconds on an ordinary machine
---@return number
function M.seconds(usual)
  return usual * factor
end

--- A deadline that is meant to pass, but not before what has it has begun, though the machine stops for a second.
---@return number seconds
function M.moment()
  return math.max(2, M.seconds(0.3))
end

--- How many times to repeat something.
---@param usual integer on an ordinary machine
---@param least integer below which it would prove nothing
---@return integer
function M.rounds(usual, least)
  return math.max(least, math.tointeger(usual // factor))
end

--- Is this machine so slow that what takes seconds elsewhere, as compiling does, is better left out?
M.is_very_slow = factor > 10

return M
