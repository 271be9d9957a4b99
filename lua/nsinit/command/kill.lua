-- SPDX-License-Identifier: MIT
--- kill ID [SIGNAL].
local store = require "nsinit.store"
local system = require "libcontainer.system"

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local name = context.args[2] or "TERM"
  local number = name == "0" and 0 or system.signal_number(name)
  if not number then return nil, ("unknown signal %q"):format(name) end
  local container, err = store.load(context)
  if not container then return nil, err end
  local done
  done, err = container:signal(number, { all = context.options.all })
  if done or context.options.all and err.code == "ContainerNotRunning" then return 0 end
  return nil, err
end
