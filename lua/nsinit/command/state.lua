-- SPDX-License-Identifier: MIT
--- state ID: what the specification calls the state, as JSON. state --id ID: the library's own, with all that it keeps.
local json = require "libcontainer.json"
local state = require "nsinit.state"
local store = require "nsinit.store"

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local container, err = store.load(context)
  if not container then return nil, err end
  local found
  if context.options.id then
    found, err = container:state()
    if not found then return nil, err end
    io.stdout:write((json.encode(found, { indent = "\t" })))
    return 0
  end
  found, err = state.of(container)
  if not found then return nil, err end
  io.stdout:write(state.text(found))
  return 0
end
