-- SPDX-License-Identifier: MIT
--- list: the containers of the state root.
local state = require "nsinit.state"
local store = require "nsinit.store"
local system = require "libcontainer.system"

local COLUMNS <const> = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" }

local function show_table(states)
  local rows, widths = { COLUMNS }, {}
  for i, one in ipairs(states) do
    rows[i + 1] = { one.id, ("%d"):format(one.pid), one.status, one.bundle, one.created, one.owner }
  end
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do widths[i] = math.max(widths[i] or 0, #cell) end
  end
  for _, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do cells[i] = cell .. (" "):rep(widths[i] - #cell) end
    io.stdout:write((table.concat(cells, "   "):gsub(" +$", "")), "\n")
  end
end

local function show(states, format, is_quiet)
  if is_quiet then
    for _, one in ipairs(states) do io.stdout:write(one.id, "\n") end
  elseif format == "json" then
    local lines = {}
    for i, one in ipairs(states) do lines[i] = state.line(one) end
    io.stdout:write("[", table.concat(lines, ","), "]\n")
  else
    show_table(states)
  end
  return 0
end

-- The name of a user, or his number.
local function owner(uid)
  local file <close> = io.open "/etc/passwd"
  for line in file and file:lines() or function() end do
    local name, number = line:match("^([^:]+):[^:]*:(%d+):")
    if tonumber(number) == uid then return name end
  end
  return ("%d"):format(uid)
end

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local format = context.options.format or "table"
  if format ~= "table" and format ~= "json" then
    return nil, ("--format %s: must be table or json"):format(format)
  end
  local states = {}
  local there, missing = system.real_path(store.root(context.global))
  if not there and missing.errname == "ENOENT" then
    if context.global.root then return nil, ("--root %s: there is no such directory"):format(context.global.root) end
    return show(states, format, context.options.quiet)
  end
  local factory, err = store.open(context.global)
  if not factory then return nil, err end
  local list
  list, err = factory:list()
  if not list then return nil, err end
  local names = {}
  for _, container in ipairs(list) do
    local found, why = state.of(container)
    if found then
      found.owner = names[found.uid] or owner(found.uid)
      names[found.uid], found.uid = found.owner, nil
      states[#states + 1] = found
    else
      context.log:warn(("%s: %s"):format(container:id(), tostring(why)))
    end
  end
  return show(states, format, context.options.quiet)
end
