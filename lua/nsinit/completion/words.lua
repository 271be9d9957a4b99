-- SPDX-License-Identifier: MIT
--- What the completions of all shells have alike: the words of the list of commands.
local commands = require "nsinit.commands"

local M = {}

--- An option as it is written, the long form first.
---@param option nsinit.Option
---@return string[]
function M.of(option)
  local list = { "--" .. option.long }
  if option.short then list[2] = "-" .. option.short end
  return list
end

--- All the ways to write the options of a list.
---@param options nsinit.Option[]
---@return string[]
function M.of_all(options)
  local list = {}
  for _, option in ipairs(options) do
    for _, word in ipairs(M.of(option)) do list[#list + 1] = word end
  end
  return list
end

--- Those that are followed by a value.
---@param options nsinit.Option[]
---@return string[]
function M.valued(options)
  local list = {}
  for _, option in ipairs(options) do
    if option.value then table.move(M.of(option), 1, 2, #list + 1, list) end
  end
  return list
end

--- Names of all commands, and help.
---@return string[]
function M.commands()
  local list = {}
  for i, command in ipairs(commands.list) do list[i] = command.name end
  list[#list + 1] = "help"
  return list
end

--- Names of the commands whose first argument is the id of a container that is there.
---@return string[]
function M.commands_with_id()
  local list = {}
  for _, command in ipairs(commands.list) do
    local makes_one = command.name == "create" or command.name == "run" or command.name == "restore"
    if command.args:find("^ID") and not makes_one then list[#list + 1] = command.name end
  end
  return list
end

--- A text with its @WORDS@ replaced.
---@param text string
---@param values table<string, string>
---@return string
function M.fill(text, values)
  local filled
  repeat
    filled = text
    text = text:gsub("@(%u+)@", values)
  until text == filled
  return text
end

return M
