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
---@return string
function M.usage(name, command)
  if not command then return ("usage: %s [global options] command [options] [arguments]"):format(name) end
  return ("usage: %s %s%s%s"):format(name, command.name, #command.options > 0 and " [options]" or "",
    command.args ~= "" and " " .. command.args or "")
end

local function general(name)
  return ("NAME:\n   %s - containers by the OCI runtime specification, and by hand\n\n"
    .. "USAGE:\n   %s [global options] command [options] [arguments]\n\n"
    .. "COMMANDS:\n%s\n\nGLOBAL OPTIONS:\n%s\n\n%s help COMMAND says more of one.\n"):format(name, name,
    rows(commands.list, function(c) return c.name end, function(c) return c.summary end),
    options(commands.global), name)
end

local function particular(name, command)
  local parts = { ("NAME:\n   %s %s - %s\n\nUSAGE:\n   %s\n"):format(name, command.name, command.summary,
    M.usage(name, command):gsub("^usage: ", "")) }
  if #command.options > 0 then parts[#parts + 1] = "\nOPTIONS:\n" .. options(command.options) .. "\n" end
  if command.examples then
    parts[#parts + 1] = "\nEXAMPLES:\n   " .. table.concat(command.examples, "\n   "):gsub("nsinit", name) .. "\n"
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
