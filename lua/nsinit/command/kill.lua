-- SPDX-License-Identifier: MIT
--- kill ID [SIGNAL].
local store = require "nsinit.store"
local system = require "libcontainer.system"

-- Those that end nothing.
local HARMLESS <const> = {}
for _, name in ipairs { "CHLD", "CONT", "URG", "WINCH", "STOP", "TSTP", "TTIN", "TTOU" } do
  HARMLESS[system.signal_number(name)] = true
end

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local name = context.args[2] or ""
  if name == "" then name = "TERM" end
  local number = name == "0" and 0 or system.signal_number(name)
  if not number then return nil, ("unknown signal %q"):format(name) end
  local container, err = store.load(context)
  if not container then return nil, err end
  if number ~= 0 and not HARMLESS[number] and container:status() == "prepared" then
    number = 9 -- what waits to be let run is the first of its pid namespace, which no other signal ends
  end
  local done
  done, err = container:signal(number, { all = context.options.all })
  if done or context.options.all and err.code == "ContainerNotRunning" then return 0 end
  return nil, err
end
