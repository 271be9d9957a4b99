-- SPDX-License-Identifier: MIT
--- ps ID: what runs in it. The table is made here: ps(1) need not be installed, and its options are accepted.
local json = require "libcontainer.json"
local store = require "nsinit.store"
local system = require "libcontainer.system"

local function show_table(pids)
  local rows = { ("%-8s %8s %8s %-9s %s"):format("UID", "PID", "PPID", "STATE", "CMD") }
  for _, pid in ipairs(pids) do
    local found = system.process(pid)
    if found then
      rows[#rows + 1] = ("%-8d %8d %8d %-9s %s"):format(found.uid, pid, found.parent, found.state, found.command)
    end
  end
  io.stdout:write(table.concat(rows, "\n"), "\n")
end

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
  else
    show_table(pids)
  end
  return 0
end
