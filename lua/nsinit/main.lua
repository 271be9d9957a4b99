-- SPDX-License-Identifier: MIT
--- A command line from its first word to its exit status.
--
-- Start-up is most of what a short command costs, so nothing is loaded here that the subcommand does not need.
local arguments = require "nsinit.arguments"
local commands = require "nsinit.commands"
local log = require "nsinit.log"

require("libcontainer.lazy").be_brief()

local M = {}

---@class nsinit.Context
---@field name string                  what the program is called
---@field global table<string, any>
---@field command nsinit.Command
---@field options table<string, any>   those of the subcommand
---@field args string[]
---@field log nsinit.Log
---@field explain fun(err: any): string  an error as a person at a command line reads it

-- What a person at a command line can do, where the library speaks to programs.
local HINTS <const> = {
  ContainerNotExists = "%s list shows those that do",
  IdInUse = "delete that container first, or choose another id",
  ContainerPaused = "%s resume lets it run on",
  ContainerNotStopped = "%s kill ends it, %s delete --force removes it as it is",
}

-- And what it calls a way out, where the command line has another word for that.
local WORDS <const> = {
  { "lc%.new%(path%)", "--root DIR" }, { "set session_keyring = false", "give --no-new-keyring" },
  { "session_keyring = false", "--no-new-keyring" },
  { "destroy removes the container all the same", "%s delete --force removes the container all the same" },
}

-- One that has its hint, and not one that a command has put together.
local function is_of_library(err)
  return getmetatable(err) ~= nil
end

local function text_of(err, name)
  if type(err) ~= "table" then return tostring(err) end
  if not is_of_library(err) then return err.message end
  local hint = HINTS[err.code or ""]
  if hint and err.message then return ("%s — %s"):format(err.message, (hint:gsub("%%s", name))) end
  local text = tostring(err)
  for _, word in ipairs(WORDS) do text = text:gsub(word[1], (word[2]:gsub("%%s", name))) end
  return text
end

-- Wrong use: what is wrong, and how it is written.
local function misuse(name, problem, command, output)
  local help = require "nsinit.help"
  io.stderr:write(help.usage(name, command), "\n")
  output:error(problem, name)
  return 1
end

local function count_fits(command, args)
  if #args < command.min or #args > command.max then
    local wanted = command.min == command.max and "exactly " .. command.min
      or #args < command.min and "at least " .. command.min or "at most " .. command.max
    return nil, ("%q requires %s argument(s): %s"):format(command.name, wanted, command.args)
  end
  return true
end

local function traceback(problem)
  return type(problem) == "table" and problem or debug.traceback(tostring(problem), 2)
end

-- Do it: the exit status, or nil and an error, whatever is raised.
local function carry_out(context)
  local run = require("nsinit.command." .. context.command.name)
  local is_fine, status, err = xpcall(run, traceback, context)
  if is_fine then return status, err end
  if context.global.debug then return nil, status end
  return nil, "internal error: " .. tostring(status):match("^[^\n]*") .. " — --debug shows where"
end

--- Carry out a command line.
---@param words string[]
---@param name string  what the program is called
---@return integer status
function M.main(words, name)
  local global, _, first = arguments.read(commands.global, words, 1, true)
  local output, problem = log.open(global or {})
  if not output then
    io.stderr:write(name, ": ", problem, "\n")
    return 1
  end
  if not global then return misuse(name, select(2, arguments.read(commands.global, words, 1, true)), nil, output) end
  if global.version then return require("nsinit.command.version") { name = name } end
  local word = words[first]
  if word == nil or word == "help" or (global.help and word == nil) then
    return require("nsinit.help").show(name, word and commands.find(words[first + 1] or ""))
  end
  local command = commands.find(word)
  if not command then return misuse(name, "no such command: " .. word, nil, output) end
  local wanted = command.options
  local options, args
  if words[first + 1] == "--help" or words[first + 1] == "-h" or global.help then
    return require("nsinit.help").show(name, command)
  end
  options, args = arguments.read(wanted, words, first + 1, command.stops or false)
  if not options then
    for i = first + 1, command.stops and #words or #words do
      if words[i] == "--help" or words[i] == "-h" then return require("nsinit.help").show(name, command) end
    end
    return misuse(name, args, command, output)
  end
  local fine
  fine, problem = count_fits(command, args)
  if not fine then return misuse(name, problem, command, output) end
  local status, err = carry_out { name = name, global = global, command = command, options = options, args = args,
    log = output, explain = function(why) return text_of(why, name) end }
  if status then return status end
  output:error(text_of(err, name), name, type(err) == "table" and err.code or nil)
  return command.failure or 1
end

return M
