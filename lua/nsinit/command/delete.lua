-- SPDX-License-Identifier: MIT
--- delete ID.
local libraries = require "nsinit.libraries"
local store = require "nsinit.store"

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local id, is_forced = context.args[1], context.options.force or false
  local factory, err = store.open(context.global)
  if not factory then return nil, err end
  local container, why = factory:load(id)
  local done, fine
  if container then
    fine, err = libraries.of_container(context, container)
  else
    fine, err = libraries.of_remains(context, why)
  end
  if not fine then return nil, err end
  if is_forced then
    done, err = factory:destroy(id)
    if not done and err.code ~= "ContainerNotExists" then return nil, err end
    if done then context.log:warn_of(err) end
    return 0
  end
  if not container then return nil, why end
  -- what was created and never started is removed as it is
  done, err = container:destroy { force = container:status() == "prepared" }
  if done then
    context.log:warn_of(err)
    return 0
  end
  if err.code ~= "ContainerNotStopped" then return nil, err end
  return nil, ("cannot delete container %s that is not stopped: %s — %s kill ends it, %s delete --force removes it")
    :format(id, container:status() or "running", context.name, context.name)
end
