-- SPDX-License-Identifier: MIT
--- oom ID: a line whenever something in it is killed for want of memory, until it ends.
local store = require "nsinit.store"

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local container, err = store.load(context)
  if not container then return nil, err end
  local events <close>, why = container:notify_oom()
  if not events then return nil, why end
  while true do
    local event
    event, err = events:next()
    if not event then return not err and 0 or nil, err end
    io.stdout:write("OOM notification received\n")
    io.stdout:flush()
  end
end
