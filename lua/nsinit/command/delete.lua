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
    if not done and err.code ~= "ContainerNotExists" then return nil, err end
    if done then context.log:warn_of(err) end
    return 0
  end
  local container
  container, err = factory:load(id)
  if not container then return nil, err end
  -- what was created and never started is removed as it is
  done, err = container:destroy { force = container:status() == "prepared" }
  if not done then return nil, err end
  context.log:warn_of(err)
  return 0
end
