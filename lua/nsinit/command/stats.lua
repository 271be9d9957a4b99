-- SPDX-License-Identifier: MIT
--- stats ID: what it has used, once, as a table for a person and as JSON for a program; with --watch again and again.
local json = require "libcontainer.json"
local store = require "nsinit.store"
local system = require "libcontainer.system"
local units = require "nsinit.units"

-- Until it ends.
local function watch(container, interval, as_json)
  local show = not as_json and require("nsinit.dashboard").new(system.is_terminal(1))
  for stats in container:watch(interval) do
    io.stdout:write(as_json and json.encode(stats) .. "\n" or show(stats))
    io.stdout:flush()
  end
  return 0
end

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local options = context.options
  local interval = units.seconds(options.interval or "1s")
  if not interval or interval <= 0 then
    return nil, ("--interval %s: must be a time, 1s or 500ms"):format(options.interval)
  end
  local container, err = store.load(context)
  if not container then return nil, err end
  local stats
  stats, err = container:stats()
  if not stats then return nil, err end
  if options.watch then return watch(container, interval, options.json) end
  local is_for_person = not options.json and system.is_terminal(1)
  io.stdout:write(is_for_person and tostring(stats) .. "\n" or json.encode(stats, { indent = "\t" }))
  return 0
end
