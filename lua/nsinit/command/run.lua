-- SPDX-License-Identifier: MIT
--- run ID: create, start, wait, delete.
local bundle = require "nsinit.bundle"
local system = require "libcontainer.system"

-- Until its end; what this process is told by signals meanwhile, the program is told.
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

local function status_of(exit)
  return exit.signal and 128 + exit.signal or exit.status or 1
end

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local detaches = context.options.detach or false
  local container, process = bundle.create(context, detaches)
  if not container then return nil, process end
  if not process then
    container:destroy()
    return nil, "config.json has no process, and run has to run one"
  end
  local signals = not detaches and system.signals()
  local started, err = container:start(process)
  local told = started
  if started then told, err = bundle.announce(context, started) end
  if told and detaches then return 0 end
  local exit
  if told then
    if process.terminal then exit, err = started:attach() else exit, err = wait(started, signals) end
  end
  if told and exit and context.options.keep then return status_of(exit) end
  local gone, why = container:destroy()
  if not exit then return nil, err end
  if not gone then return nil, why end
  return status_of(exit)
end
