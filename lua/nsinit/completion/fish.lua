-- SPDX-License-Identifier: MIT
--- Completion for fish, from the list of commands: a line for each option.
local commands = require "nsinit.commands"
local words = require "nsinit.completion.words"

local HEAD <const> = [=[
# fish completion for @NAME@
function __@FUNCTION@_ids
	set -l root
	set -l line (commandline -opc)
	for i in (seq (count $line))
		switch $line[$i]
		case --root
			set root --root $line[(math $i + 1)]
		case '--root=*'
			set root $line[$i]
		end
	end
	@NAME@ $root list --quiet 2>/dev/null
end

complete -c @NAME@ -f
]=]

-- -x: nothing but what is said here.
local ACTIONS <const> = { file = " -r -F", directory = " -x -a '(__fish_complete_directories)'",
  id = " -x -a '(__@FUNCTION@_ids)'" }

local function quoted(text)
  return "'" .. text:gsub("[\\']", "\\%0") .. "'"
end

local function line(condition, option)
  local action = type(option.kind) == "table" and " -x -a " .. quoted(table.concat(option.kind, " "))
    or ACTIONS[option.kind] or option.value and " -x" or ""
  return ("complete -c @NAME@ -n %s -l %s%s%s -d %s\n"):format(quoted(condition), option.long,
    option.short and " -s " .. option.short or "", action, quoted(option.help))
end

---@param name string  what the program is called
---@return string
return function(name)
  local out = { HEAD }
  local function add(format, ...) out[#out + 1] = format:format(...) end
  for _, option in ipairs(commands.global) do out[#out + 1] = line("__fish_use_subcommand", option) end
  for _, command in ipairs(commands.list) do
    add("complete -c @NAME@ -n __fish_use_subcommand -a %s -d %s\n", command.name, quoted(command.summary))
    for _, option in ipairs(commands.all_options(command)) do
      out[#out + 1] = line("__fish_seen_subcommand_from " .. command.name, option)
    end
  end
  add("complete -c @NAME@ -n '__fish_seen_subcommand_from %s' -a '(__@FUNCTION@_ids)'\n",
    table.concat(words.commands_with_id(), " "))
  add("complete -c @NAME@ -n '__fish_seen_subcommand_from help' -a %s\n", quoted(table.concat(words.commands(), " ")))
  add("complete -c @NAME@ -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n")
  return words.fill(table.concat(out), { NAME = name, FUNCTION = name:gsub("[^%w_]", "_") })
end
