-- SPDX-License-Identifier: MIT
--- pause ID.
local store = require "nsinit.store"

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local container, err = store.load(context)
  if not container then return nil, err end
  if container:status() == "paused" then
    return nil, ("container not running: %q is paused already"):format(context.args[1])
  end
  local done
  done, err = container:pause()
  return done and 0, err
end
