-- SPDX-License-Identifier: MIT
--- Hooks as a part of a configuration: their forms, their rules, and what of them a file can keep.
--
-- A hook is a program or a Lua function. A function lives in one process: in a state file, and so in a
-- container that another process has loaded, `call` is true in its place.
local lazy = require "libcontainer.lazy"
local check = lazy "libcontainer.check"
local errors = lazy "libcontainer.errors"
local units = lazy "libcontainer.units"

local type <const> = type

local M = {}

--- The kinds, in the order of their times.
M.KINDS = { "prestart", "create_runtime", "create_container", "start_container", "poststart", "poststop" }

local TIMEOUT <const> = 30

--- How long a program may take.
---@param hook table
---@return number seconds
function M.timeout(hook)
  return hook.timeout or TIMEOUT
end

--- The field of a hook.
---@param kind string
---@param i integer
---@return string
function M.field(kind, i)
  return ("hooks.%s[%d]"):format(kind, i)
end

-- Every hook that is a table, with its kind and number; `config` may be anything that the walk has not seen.
local function each(config, visit)
  local hooks = config.hooks
  if type(hooks) ~= "table" then return end
  for _, kind in ipairs(M.KINDS) do
    local list = hooks[kind]
    for i = 1, type(list) == "table" and #list or 0 do
      if type(list[i]) == "table" then visit(list[i], kind, i) end
    end
  end
end

--- Friendly forms: a function is a hook, and a timeout may have a unit.
---@param t table  a raw copy
function M.normal(t)
  if type(t.hooks) ~= "table" then return end
  for _, kind in ipairs(M.KINDS) do
    local list = t.hooks[kind]
    for i = 1, type(list) == "table" and #list or 0 do
      if type(list[i]) == "function" then list[i] = { call = list[i] } end
    end
  end
  each(t, function(hook)
    if type(hook.timeout) == "string" then hook.timeout = units.duration(hook.timeout) or hook.timeout end
  end)
end

-- --- rules ---

local OF_PROGRAMS <const> = { "path", "args", "env", "timeout" }

local function function_rules(hook, field, problems)
  for _, name in ipairs(OF_PROGRAMS) do
    if hook[name] ~= nil then
      check.add(problems, field .. "." .. name, "is for a program, and this hook is a Lua function", hook[name])
    end
  end
end

local function program_rules(hook, field, problems)
  if not hook.path and not check.is_refused(problems, field .. ".path") then
    check.add(problems, field .. ".path", "is required", nil,
      "a program of the host, or a Lua function in place of the table")
  end
  for i, entry in ipairs(hook.env or {}) do
    if type(entry) == "string" and not entry:find("^[^=]+=") then
      check.add(problems, ("%s.env[%d]"):format(field, i), 'must be "NAME=value"', entry)
    end
  end
  if hook.timeout == 0 then
    check.add(problems, field .. ".timeout", "must be more than 0", 0, "absent is 30 seconds")
  end
end

--- The rules of more than one field.
---@param config table  strict
---@param problems libcontainer.Problem[]
function M.rules(config, problems)
  each(config, function(hook, kind, i)
    local field = M.field(kind, i)
    if check.is_refused(problems, field .. ".call") then return end
    if hook.call ~= nil then
      function_rules(hook, field, problems)
    else
      program_rules(hook, field, problems)
    end
  end)
end

-- --- what cannot be written down ---

-- The field of the first hook that is looked for.
local function first(config, is_wanted)
  local field
  each(config, function(hook, kind, i)
    if not field and is_wanted(hook, kind) then field = M.field(kind, i) end
  end)
  return field
end

local function has_function(config)
  return first(config, function(hook) return type(hook.call) == "function" end) ~= nil
end

--- The first hook that is a function, of this process or of another one.
---@param config table
---@return string|nil field
function M.of_function(config)
  return first(config, function(hook) return hook.call ~= nil end)
end

--- The configuration as a file can keep it.
---@param config table  strict; it is not changed
---@return table
function M.storable(config)
  if not has_function(config) then return config end
  local copy = check.copy(config)
  each(copy, function(hook)
    if hook.call then hook.call = true end
  end)
  return copy
end

--- The configuration as a file has it, with the functions that this process knows of it: hooks do not change.
---@param config table  strict; it is not changed
---@param known table   strict, of the same container
---@return table
function M.with_functions(config, known)
  if not has_function(known) then return config end
  local copy = {}
  for name, value in next, config do copy[name] = value end
  copy.hooks = known.hooks
  return copy
end

--- The first hook, of all kinds or but for poststop, that is a function of another process.
---@param config table
---@param but_poststop boolean|nil
---@return string|nil field
function M.lost(config, but_poststop)
  return first(config, function(hook, kind)
    return hook.call == true and not (but_poststop and kind == "poststop")
  end)
end

--- Refuse what only a state file may say.
---@param config table  strict
---@return true|nil
---@return libcontainer.Error|nil err
function M.check_written(config)
  local field = M.lost(config)
  if not field then return true end
  return nil, errors.config_problem(field .. ".call", "must be a function: true stands for one in a state file")
end

return M
