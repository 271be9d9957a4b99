-- SPDX-License-Identifier: MIT
--- create ID: everything but the program.
local bundle = require "nsinit.bundle"

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local container, process = bundle.create(context, true)
  if not container then return nil, process end
  if not process then return 0 end -- start will say what is missing
  local prepared, err = container:prepare(process)
  if prepared then prepared, err = bundle.announce(context, prepared) end
  if prepared then return 0 end
  container:destroy()
  return nil, err
end
