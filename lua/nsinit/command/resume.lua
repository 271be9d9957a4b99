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
  if status == "running" or status == "prepared" then
    return nil, ("container %q is not paused"):format(context.args[1])
  end
  local done
  done, err = container:resume()
  return done and 0, err
end
