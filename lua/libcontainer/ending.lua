-- SPDX-License-Identifier: MIT
--- Ending what runs, of a container or of one further program: other coroutines run while the kernel takes its time.
local loop = require "libcontainer.loop"

local M = {}

-- Seconds that the kernel may take to end what is killed.
local TIMEOUT <const> = 10

--- Kill everything in it, and wait for the end.
---@param handle userdata         the core's container, or its group of a further program
---@param timeout number|nil      seconds, default 10
---@return true|nil
---@return libcontainer.RawError|nil
function M.kill(handle, timeout)
  return loop.persist(timeout or TIMEOUT, function(seconds) return handle:kill(seconds) end)
end

--- Kill everything in it, and remove what it is in the kernel.
---@param handle userdata         the core's container
---@param timeout number|nil      seconds, default 10
---@return true|nil
---@return libcontainer.RawError|nil
function M.destroy(handle, timeout)
  return loop.persist(timeout or TIMEOUT, function(seconds) return handle:destroy(seconds) end)
end

return M
