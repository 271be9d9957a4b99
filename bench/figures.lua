-- SPDX-License-Identifier: MIT
-- What is done with samples. The machine does other things besides, so nothing is an average, and two
-- things are compared only with what was measured in the same round.
local M = {}

--- The middle one; the list stays as it is.
---@param list number[]
---@return number
function M.median(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  local middle = (#sorted + 1) // 2
  return (sorted[middle] + sorted[#sorted - middle + 1]) / 2
end

--- The median of the ratios, round by round: what slows down one slows down the other.
---@param samples number[]  one for each round
---@param others number[]   of the same rounds
---@return number
function M.ratio(samples, others)
  local ratios = {}
  for round, value in ipairs(samples) do ratios[round] = value / others[round] end
  return M.median(ratios)
end

return M
