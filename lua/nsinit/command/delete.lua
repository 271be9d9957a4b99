-- SPDX-License-Identifier: MIT
--- delete ID.
local store = require "nsinit.store"

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local id, is_forced = context.args[1], context.options.force or false
  local factory, err = store.open(context.global)
  if not factory then return nil, err end
  local done
  if is_forced then
    done, err = factory:destroy(id)
    if done or err.code == "ContainerNotExists" then return 0 end
    return nil, err
  end
  local container
  container, err = factory:load(id)
  if not container then return nil, err end
  -- what was created and never started is removed as it is
  done, err = container:destroy { force = container:status() == "prepared" }
  return done and 0, err
end
