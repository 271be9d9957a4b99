-- SPDX-License-Identifier: MIT
--- ps ID: what runs in it.
local json = require "libcontainer.json"
local store = require "nsinit.store"

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local format = context.options.format or "table"
  if format ~= "table" and format ~= "json" then return nil, ("--format %s: must be table or json"):format(format) end
  local container, err = store.load(context)
  if not container then return nil, err end
  local status, pids
  status, err = container:status()
  if not status then return nil, err end
  if status == "stopped" or status == "created" then
    return nil, ("container not running: %q is %s"):format(context.args[1], status)
  end
  pids, err = container:processes()
  if not pids then return nil, err end
  if format == "json" then
    io.stdout:write(json.encode(json.array(pids)), "\n")
    return 0
  end
  local text
  text, err = require("nsinit.process_table").text(pids, table.move(context.args, 2, #context.args, 1, {}))
  if not text then return nil, err end
  io.stdout:write(text)
  return 0
end
