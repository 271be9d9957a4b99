-- SPDX-License-Identifier: MIT
--- update ID: change limits. A document of resources wins over the options.
local configs = require "libcontainer.configs"
local json = require "libcontainer.json"
local store = require "nsinit.store"
local units = require "nsinit.units"

-- Where an option is in linux.resources, and what it takes.
local PLACES <const> = {
  ["blkio-weight"] = { "blockIO", "weight", units.integer },
  ["cpu-period"] = { "cpu", "period", units.integer },
  ["cpu-quota"] = { "cpu", "quota", units.integer },
  ["cpu-burst"] = { "cpu", "burst", units.integer },
  ["cpu-share"] = { "cpu", "shares", units.integer },
  ["cpu-rt-period"] = { "cpu", "realtimePeriod", units.integer },
  ["cpu-rt-runtime"] = { "cpu", "realtimeRuntime", units.integer },
  ["cpu-idle"] = { "cpu", "idle", units.integer },
  ["cpuset-cpus"] = { "cpu", "cpus", tostring },
  ["cpuset-mems"] = { "cpu", "mems", tostring },
  ["memory"] = { "memory", "limit", units.bytes },
  ["memory-reservation"] = { "memory", "reservation", units.bytes },
  ["memory-swap"] = { "memory", "swap", units.bytes },
  ["pids-limit"] = { "pids", "limit", units.integer },
}
local IGNORED <const> = { "kernel-memory", "kernel-memory-tcp" }
local MISSING <const> = { "l3-cache-schema", "mem-bw-schema" }

local function from_options(context)
  local resources = {}
  for name, place in pairs(PLACES) do
    local text = context.options[name]
    if text then
      local value = place[3](text)
      if value == nil then return nil, ("--%s %s: must be a number"):format(name, text) end
      resources[place[1]] = resources[place[1]] or {}
      resources[place[1]][place[2]] = value
    end
  end
  for _, name in ipairs(IGNORED) do
    if context.options[name] then context.log:warn("--" .. name .. " has no effect any more") end
  end
  for _, name in ipairs(MISSING) do
    if context.options[name] then return nil, ("--%s: resctrl is not supported by this version"):format(name) end
  end
  return resources
end

local function from_file(path)
  local file, problem = io.stdin, nil
  if path ~= "-" then file, problem = io.open(path) end
  if not file then return nil, problem end
  return json.decode(file:read("a"), { name = path == "-" and "stdin" or path, null = "drop" })
end

-- As engines write it, "nothing said" is 0 or an empty text as well.
local function without_nothing(resources)
  for _, part in pairs(resources) do
    if type(part) == "table" then
      for name, value in pairs(part) do
        if value == 0 and name ~= "idle" or value == "" then part[name] = nil end
      end
    end
  end
  resources.devices = nil -- an update never touches them
  return resources
end

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local resources, err
  if context.options.resources then
    resources, err = from_file(context.options.resources)
    if type(resources) == "table" then resources = without_nothing(resources) end
  else
    resources, err = from_options(context)
  end
  if type(resources) ~= "table" then return nil, err or "the resources must be an object" end
  local memory = resources.memory
  if type(memory) == "table" and memory.limit == -1 and memory.swap == nil then memory.swap = -1 end
  local container, changes
  changes, err = configs.limits_from_oci(resources)
  if not changes then return nil, err end
  container, err = store.load(context)
  if not container then return nil, err end
  local status = container:status()
  if status == "stopped" then return nil, ("container not running: %q is stopped"):format(context.args[1]) end
  local done
  done, err = container:set(changes)
  return done and 0, err
end
