-- SPDX-License-Identifier: MIT
--- A command line from its first word to its exit status.
--
-- Start-up is most of what a short command costs, so nothing is loaded here that the subcommand does not need.
local arguments = require "nsinit.arguments"
local commands = require "nsinit.commands"
local log = require "nsinit.log"

require("libcontainer.lazy").be_brief()
-- It refuses to be loaded with privileges that are not the caller's, and may be missing.
local is_loaded, refusal = pcall(require, "libcontainer.core")

local M = {}

---@class nsinit.Context
---@field name string                  what the program is called
---@field global table<string, any>
---@field command nsinit.Command
---@field options table<string, any>   those of the subcommand
---@field args string[]
---@field is_classic boolean|nil        the second form of the command is meant
---@field log nsinit.Log
---@field explain fun(err: any): string  an error as a person at a command line reads it
---@field become_whole (fun(file: file*|nil): string)|nil  see nsinit.libraries; nil: this program can load any

-- What a person at a command line can do, where the library speaks to programs.
local HINTS <const> = {
  ContainerNotExists = "%s list shows those that do",
  IdInUse = "delete that container first, or choose another id",
  ContainerPaused = "%s resume lets it run on",
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
local function misuse(name, problem, command, output, form)
  local help = require "nsinit.help"
  io.stderr:write(help.usage(name, command, form), "\n")
  output:error(problem, name)
  return 1
end

local function count_fits(name, form, args)
  if #args < form.min or #args > form.max then
    local wanted = form.min == form.max and "exactly " .. form.min
      or #args < form.min and "at least " .. form.min or "at most " .. form.max
    return nil, ("%q requires %s argument(s): %s"):format(name, wanted, form.args)
  end
  return true
end

-- Options and arguments, and the form of the command that they are of: the classic one where they can be read so
-- and one of its own options is there.
local function read(command, words, from)
  local classic, problem = command.classic, nil
  if classic then
    local options, args = arguments.read(classic.options, words, from, classic.stops)
    problem = args
    for name in pairs(options or {}) do
      if commands.is_classic(command, name) then return options, args, classic end
    end
  end
  local options, args = arguments.read(command.options, words, from, command.stops or false)
  if options or not classic then return options, args, command end
  -- what this form does not know may be meant for the other one, with a mistake in it
  local unknown = args:match "^unknown option: %-%-(.+)$"
  for _, option in ipairs(unknown and classic.options or {}) do
    if option.long == unknown then return nil, problem, classic end
  end
  return nil, args, command
end

local function traceback(problem)
  return type(problem) == "table" and problem or debug.traceback(tostring(problem), 2)
end

-- Do it: the exit status, or nil and an error, whatever is raised.
local function carry_out(context)
  if context.become_whole then
    local fine, problem = require("nsinit.libraries").of_command(context)
    if not fine then return nil, problem end
  end
  local run = require("nsinit.command." .. context.command.name)
  local is_fine, status, err = xpcall(run, traceback, context)
  if is_fine then return status, err end
  if context.global.debug then return nil, status end
  return nil, "internal error: " .. tostring(status):match("^[^\n]*") .. " — --debug shows where"
end

--- Carry out a command line.
---@param words string[]
---@param name string  what the program is called
---@param become_whole (fun(file: file*|nil): string)|nil  where this one can load no library: be the one that can, with these words
---@return integer status
function M.main(words, name, become_whole)
  if not is_loaded then
    io.stderr:write(name, ": ", tostring(refusal):match("^[^\n]*"), "\n")
    return 1
  end
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
  if not command then
    return misuse(name, ("No help topic for '%s': no such command: %s"):format(word, word), nil, output)
  end
  if words[first + 1] == "--help" or words[first + 1] == "-h" or global.help then
    return require("nsinit.help").show(name, command)
  end
  local options, args, form = read(command, words, first + 1)
  if not options then
    for i = first + 1, command.stops and #words or #words do
      if words[i] == "--help" or words[i] == "-h" then return require("nsinit.help").show(name, command) end
    end
    return misuse(name, args, command, output, form)
  end
  local is_classic = form ~= command
  if options.id and not is_classic then table.insert(args, 1, options.id) end
  local fine
  fine, problem = count_fits(command.name, form, args)
  if not fine then return misuse(name, problem, command, output, form) end
  output:tell(("%s %s"):format(command.name, table.concat(args, " ")))
  local status, err = carry_out { name = name, global = global, command = command, options = options, args = args,
    is_classic = is_classic, log = output, become_whole = become_whole,
    explain = function(why) return text_of(why, name) end }
  if status then return status end
  output:error(text_of(err, name), name, type(err) == "table" and err.code or nil)
  return command.failure or 1
end

return M
