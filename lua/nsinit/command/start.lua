-- SPDX-License-Identifier: MIT
--- start ID: let the program run that create has set up.
local store = require "nsinit.store"

local REASONS <const> = {
  created = "there is no process in its configuration to start",
  stopped = "cannot start a container that has stopped",
  running = "cannot start an already running container",
  paused = "cannot start a container in the paused state",
  pausing = "cannot start a container in the paused state",
}

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local container, err = store.load(context)
  if not container then return nil, err end
  local notifier <close>, problem = store.notifier(context)
  if problem then return nil, problem end
  local process, told
  process, err = container:release()
  if process and not notifier then return 0 end
  if process then
    notifier:of(process)
    told, err = notifier:wait(process)
    return told and 0, err
  end
  local reason = err.code == "ContainerNotPrepared" and REASONS[container:status() or ""]
  return nil, reason and ("%s: %s"):format(context.args[1], reason) or err
end
