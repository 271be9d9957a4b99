-- SPDX-License-Identifier: MIT
--- The one place that waits.
-- Everything that blocks (start, wait, read, write, lock) comes here with descriptors and a deadline
-- of the monotonic clock, so there is one way to wait and one to give up. It uses the C core's poll
-- and nothing else.
local core = require "libcontainer.core"

local M = {}

--- The moment that is `seconds` from now, for the functions below.
---@param seconds number|nil  nil: never
---@return number|nil deadline  on the monotonic clock
function M.deadline(seconds)
  return seconds and core.now() + seconds
end

--- Wait until one of the descriptors is ready or the deadline has passed.
-- Interrupted waits go on with the time that is left.
---@param entries table[]     each `{ descriptor, "r"|"w"|"e" }`, "e": the other side is closed; field 3 is set to whether it is ready
---@param deadline number|nil see `deadline`
---@return integer|nil count  how many are ready, 0 when the deadline has passed; nil on failure
---@return table|nil raw      the raw error of the core
function M.poll(entries, deadline)
  while true do
    local left = deadline and deadline - core.now()
    local count, raw = core.poll(entries, left and math.max(left, 0))
    if not count then return nil, raw end
    if count > 0 or (left and left <= 0) then return count end
  end
end

--- Wait for one descriptor.
---@param fd integer
---@param direction "r"|"w"
---@param deadline number|nil
---@return boolean|nil ready  false when the deadline has passed, nil on failure
---@return table|nil raw
function M.wait(fd, direction, deadline)
  local count, raw = M.poll({ { fd, direction } }, deadline)
  if not count then return nil, raw end
  return count > 0
end

--- Let a moment pass, for what no descriptor tells.
---@param seconds number
function M.pause(seconds)
  M.poll({}, M.deadline(seconds))
end

return M
