-- SPDX-License-Identifier: MIT
--- What is said of the commands, from their list.
local commands = require "nsinit.commands"

local M = {}

local function option_words(option)
  local value = option.value and " " .. option.value or ""
  return (option.short and "-" .. option.short .. ", " or "    ") .. "--" .. option.long .. value
end

local function rows(list, first, second)
  local width, lines = 0, {}
  for _, item in ipairs(list) do width = math.max(width, #first(item)) end
  for i, item in ipairs(list) do
    lines[i] = ("   %-" .. width .. "s  %s"):format(first(item), second(item))
  end
  return table.concat(lines, "\n")
end

local function options(list)
  return rows(list, option_words, function(option) return option.help .. (option.many and " (repeatable)" or "") end)
end

--- The one line of how it is written.
---@param name string
---@param command nsinit.Command|nil
---@param form nsinit.Form|nil  of the command; default its first
---@return string
function M.usage(name, command, form)
  if not command then return ("usage: %s [global options] command [options] [arguments]"):format(name) end
  form = form or command
  return ("usage: %s %s%s%s"):format(name, command.name, #form.options > 0 and " [options]" or "",
    form.args ~= "" and " " .. form.args or "")
end

local function general(name)
  return ("NAME:\n   %s - containers by the OCI runtime specification, and by hand\n\n"
    .. "USAGE:\n   %s [global options] command [options] [arguments]\n\n"
    .. "COMMANDS:\n%s\n\nGLOBAL OPTIONS:\n%s\n\n%s help COMMAND says more of one.\n"):format(name, name,
    rows(commands.list, function(c) return c.name end, function(c) return c.summary end),
    options(commands.global), name)
end

-- How a form is written, its options and examples.
local function add_form(parts, name, command, form)
  parts[#parts + 1] = "   " .. M.usage(name, command, form):gsub("^usage: ", "") .. "\n"
  if #form.options > 0 then parts[#parts + 1] = "\nOPTIONS:\n" .. options(form.options) .. "\n" end
  if form.examples then
    parts[#parts + 1] = "\nEXAMPLES:\n   " .. table.concat(form.examples, "\n   "):gsub("nsinit", name) .. "\n"
  end
end

local function particular(name, command)
  local parts = { ("NAME:\n   %s %s - %s\n\nUSAGE:\n"):format(name, command.name, command.summary) }
  add_form(parts, name, command, command)
  if command.classic then
    parts[#parts + 1] = "\nCLASSIC USAGE, with an option that it alone has:\n"
    add_form(parts, name, command, command.classic)
  end
  return table.concat(parts)
end

--- Print it.
---@param name string
---@param command nsinit.Command|nil  nil: of all
---@return integer status
function M.show(name, command)
  io.stdout:write(command and particular(name, command) or general(name))
  return 0
end

return M
