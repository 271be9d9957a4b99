-- SPDX-License-Identifier: MIT
--- A plan to be read by a person: every operation of a start in order, with the field of the
-- configuration that asked for it.
local core = require "libcontainer.core"
local errors = require "libcontainer.errors"
local seccomp = require "libcontainer.configs.seccomp"

---@class libcontainer.PlanRow
---@field op string         name of the operation
---@field step string       the step that an error would name
---@field operands string   "target=/proc flags=0x3"
---@field meaning string    one line
---@field field string|nil  "mounts[3]"

---@class libcontainer.Plan: libcontainer.PlanRow[]
local Plan = { __name = "libcontainer.plan" }
Plan.__index = Plan

local M = {}

--- Compile without starting.
---@param id string
---@param container userdata  core container
---@param config table        strict
---@param proc table          strict
---@param is_running boolean   the process would join it
---@param mark string          the container's own among all roots
---@param layer string|nil     directory of its writable layer
---@return libcontainer.Plan|nil
---@return libcontainer.Error|nil err
function M.of(id, container, config, proc, is_running, mark, layer)
  local profile = seccomp.of(config, proc)
  local filter, why = seccomp.filter(profile, core)
  if filter == nil and why then
    return nil, errors.is(why) and why or errors.raw(why, { field = "seccomp" })
  end
  local options = { id = id, mark = mark, layer = layer, filter = filter or nil, filter_flags = seccomp.flags(profile) }
  for _, name in ipairs { "stdin", "stdout", "stderr" } do
    options["null_" .. name] = not proc.terminal and (proc[name] == nil or proc[name] == "null")
  end
  local compile = is_running and container.join_plan or container.plan
  local rows, raw = compile(container, config, proc, options)
  if not rows then return nil, errors.raw(raw) end
  return setmetatable(rows, Plan)
end

function Plan:__tostring()
  local lines = {}
  for i, row in ipairs(self) do
    lines[i] = ("%3d  %-18s %-16s %s"):format(i, row.op, row.field or "", row.operands)
      :gsub("%s+$", "")
  end
  return table.concat(lines, "\n")
end

return M
