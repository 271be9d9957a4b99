-- SPDX-License-Identifier: MIT
--- state ID: what the specification calls the state, as JSON.
local state = require "nsinit.state"
local store = require "nsinit.store"

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local container, err = store.load(context)
  if not container then return nil, err end
  local found
  found, err = state.of(container)
  if not found then return nil, err end
  io.stdout:write(state.text(found))
  return 0
end
