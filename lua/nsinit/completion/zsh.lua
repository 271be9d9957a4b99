-- SPDX-License-Identifier: MIT
--- Completion for zsh, from the list of commands: a function for its _arguments.
local commands = require "nsinit.commands"
local words = require "nsinit.completion.words"

local HEAD <const> = [=[
#compdef @NAME@
_@FUNCTION@_ids()
{
	local -a root ids
	(( ${+opt_args[--root]} )) && root=(--root ${(Q)opt_args[--root]})
	ids=(${(f)"$(@NAME@ $root list --quiet 2>/dev/null)"})
	compadd -a ids
}

_@FUNCTION@()
{
	local context state line
	local -A opt_args
	local -a names=(
@COMMANDS@
	)
	_arguments -C \
@GLOBAL@		'1: :->command' '*:: :->rest'
	case $state in
	command) _describe -t commands command names ;;
	rest)
		case $words[1] in
@CASES@		esac ;;
	esac
}

if [[ $funcstack[1] == _@FUNCTION@ ]]; then _@FUNCTION@ "$@"; else compdef _@FUNCTION@ @NAME@; fi
]=]

local ACTIONS <const> = { file = "_files", directory = "_files -/", id = "_@FUNCTION@_ids" }

-- In single quotes, inside the brackets and between the colons of a specification.
local function plain(text)
  return (text:gsub("[%[%]:\\]", "\\%0"):gsub("'", "'\\''"))
end

local function specification(option)
  local action = type(option.kind) == "table" and ("(%s)"):format(table.concat(option.kind, " "))
    or ACTIONS[option.kind] or " "
  local value = option.value and (":%s:%s"):format(plain(option.value), action) or ""
  local lines = {}
  for _, word in ipairs(words.of(option)) do
    local is_long = word:sub(1, 2) == "--"
    lines[#lines + 1] = ("'%s%s%s[%s]%s'"):format(option.many and "*" or "", word,
      option.value and (is_long and "=" or "+") or "", plain(option.help), value)
  end
  return table.concat(lines, " ")
end

local function specifications(options)
  local lines = {}
  for i, option in ipairs(options) do lines[i] = "\t\t" .. specification(option) .. " \\\n" end
  return table.concat(lines)
end

---@param name string  what the program is called
---@return string
return function(name)
  local with_id, names, cases = {}, {}, {}
  for _, word in ipairs(words.commands_with_id()) do with_id[word] = true end
  for i, command in ipairs(commands.list) do
    names[i] = ("\t\t'%s:%s'"):format(command.name, plain(command.summary))
    local argument = with_id[command.name] and "'1:container:_@FUNCTION@_ids'"
      or command.name == "completion" and "'1:shell:(bash zsh fish)'" or "'1:id:()'"
    cases[i] = ("\t\t%s) _arguments -S \\\n%s\t\t%s ;;\n"):format(command.name,
      specifications(commands.all_options(command)), argument)
  end
  cases[#cases + 1] = "\t\thelp) _describe -t commands command names ;;\n"
  return words.fill(HEAD, { NAME = name, FUNCTION = name:gsub("[^%w_]", "_"), COMMANDS = table.concat(names, "\n"),
    GLOBAL = specifications(commands.global), CASES = table.concat(cases) })
end
