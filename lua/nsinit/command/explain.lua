-- SPDX-License-Identifier: MIT
--- explain: what create and start of a bundle would do, operation by operation. Nothing is started.
local bundle = require "nsinit.bundle"
local json = require "libcontainer.json"
local store = require "nsinit.store"

local FIELDS <const> = { "op", "step", "operands", "meaning", "field" }

local function as_json(plan)
  local rows = json.array()
  for i, row in ipairs(plan) do
    rows[i] = {}
    for _, name in ipairs(FIELDS) do rows[i][name] = row[name] end
    for j, hook in ipairs(row.hooks or {}) do
      rows[i].hooks = rows[i].hooks or {}
      rows[i].hooks[j] = { field = hook.field, program = hook.program, timeout = hook.timeout }
    end
  end
  return json.encode(rows, { indent = 2 })
end

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local read, err = bundle.read(context)
  if not read then return nil, err end
  local factory, container, plan
  factory, err = store.open(context.global)
  if not factory then return nil, err end
  container, err = factory:create(("explain-%08x"):format(math.random(0, 0xffffffff)), read.config)
  if not container then return nil, err end
  plan, err = container:explain(read.process)
  local gone, why = container:destroy()
  if not plan then return nil, err end
  if not gone then return nil, why end
  io.stdout:write(context.options.json and as_json(plan) or tostring(plan), "\n")
  return 0
end
