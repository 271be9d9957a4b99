-- SPDX-License-Identifier: MIT
--- resume ID.
local store = require "nsinit.store"

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local container, err = store.load(context)
  if not container then return nil, err end
  local status = container:status()
  if status and status ~= "paused" and status ~= "pausing" then
    return nil, ("container not paused: %q is %s"):format(context.args[1], status == "prepared" and "created" or status)
  end
  local done
  done, err = container:resume()
  return done and 0, err
end
