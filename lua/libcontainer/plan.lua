-- SPDX-License-Identifier: MIT
--- A plan to be read by a person: every operation of a start in order, with the field of the
-- configuration that asked for it.
local core = require "libcontainer.core"
local check = require "libcontainer.check"
local errors = require "libcontainer.errors"
local hooks = require "libcontainer.configs.hooks"
local seccomp = require "libcontainer.configs.seccomp"

---@class libcontainer.PlanRow
---@field op string         name of the operation
---@field step string       the step that an error would name
---@field operands string   "target=/proc flags=0x3"
---@field meaning string    one line
---@field field string|nil  "mounts[3]"
---@field hooks libcontainer.PlanHook[]|nil  of a gate: what is run while the init waits there

---@class libcontainer.PlanHook
---@field field string        "hooks.prestart[1]"
---@field program string|nil  nil for a Lua function
---@field timeout number|nil  seconds
---@field meaning string      where and when it is run

---@class libcontainer.Plan: libcontainer.PlanRow[]
---@field poststart libcontainer.PlanHook[]  what is run when the program runs
---@field poststop libcontainer.PlanHook[]   what is run when nothing is left of it
local Plan = { __name = "libcontainer.plan" }
Plan.__index = Plan

local M = {}

-- --- hooks: they are no operations of the init ---

local function hooks_of(config, kind)
  local list = {}
  for i, hook in ipairs(config.hooks and config.hooks[kind] or {}) do
    list[i] = { field = hooks.field(kind, i), program = hook.path, timeout = hook.path and hooks.timeout(hook) or nil,
      meaning = check.section("hooks").by_name[kind].meaning }
  end
  return list
end

-- At the gate that a hook asked for, those of that gate.
local function add_hooks(rows, config)
  for _, row in ipairs(rows) do
    local kind = row.op == "gate" and (row.field or ""):match("^hooks%.(.*)$")
    if kind then
      row.hooks = hooks_of(config, kind)
      if kind == "prestart" then
        for _, hook in ipairs(hooks_of(config, "create_runtime")) do row.hooks[#row.hooks + 1] = hook end
      end
    end
  end
end

local function add_hook_lines(lines, list, mark)
  for _, hook in ipairs(list) do
    lines[#lines + 1] = ("%s  %-35s %s"):format(mark, hook.field,
      hook.program and ("%s (at most %g s)"):format(hook.program, hook.timeout) or "a Lua function")
  end
end

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
  add_hooks(rows, config)
  rows.poststart = is_running and {} or hooks_of(config, "poststart")
  rows.poststop = is_running and {} or hooks_of(config, "poststop")
  return setmetatable(rows, Plan)
end

function Plan:__tostring()
  local lines = {}
  for i, row in ipairs(self) do
    lines[#lines + 1] = ("%3d  %-18s %-16s %s"):format(i, row.op, row.field or "", row.operands)
      :gsub("%s+$", "")
    add_hook_lines(lines, row.hooks or {}, "  |")
  end
  add_hook_lines(lines, self.poststart, "  >")
  add_hook_lines(lines, self.poststop, "  x")
  return table.concat(lines, "\n")
end

return M
