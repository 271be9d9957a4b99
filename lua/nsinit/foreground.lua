-- SPDX-License-Identifier: MIT
--- A program whose end is waited for: what this process is told by signals meanwhile, the program is told.
local system = require "libcontainer.system"

local M = {}

-- The exit status of a shell's kind.
local function status_of(exit)
  return exit.signal and 128 + exit.signal or exit.status or 1
end

local function wait(process, signals)
  while true do
    local exit, err = process:wait(0)
    if exit or err.errname ~= "ETIMEDOUT" then return exit, err end
    local count
    count, err = system.poll { { process:pollfd(), "r" }, { signals:pollfd(), "r" } }
    if not count then return nil, err end
    local signal = signals:take()
    if signal then process:signal(signal) end
  end
end

--- Take the signals of this process, before there is a program: none is lost.
---@return libcontainer.core.Signals|nil
---@return libcontainer.Error|nil err
M.signals = system.signals

--- Wait for its end.
---@param process libcontainer.Process
---@param signals libcontainer.core.Signals
---@return integer|nil status
---@return libcontainer.Error|nil err
function M.wait(process, signals)
  local exit, err = false, nil
  if process.terminal then
    exit, err = process:attach { detach_keys = false, signals = signals }
    -- our terminal is gone, and with it that of the program, who is told so by the kernel
    if exit == false then process:close() end
  end
  if exit == false then exit, err = wait(process, signals) end
  if not exit then return nil, err end
  return status_of(exit)
end

return M
