-- SPDX-License-Identifier: MIT
--- Completion for bash, from the list of commands. Words come from the shell's own COMP_WORDS, ids from
-- `nsinit list --quiet` with the --root that stands on the line.
local commands = require "nsinit.commands"
local words = require "nsinit.completion.words"

local HEAD <const> = [=[
# bash completion for @NAME@
_@FUNCTION@_ids()
{
	local i root=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--root) root=(--root "${COMP_WORDS[i + 1]}") ;;
		--root=*) root=("${COMP_WORDS[i]}") ;;
		esac
	done
	@NAME@ "${root[@]}" list --quiet 2>/dev/null
}

_@FUNCTION@()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		@VALUED@) ((i++)) ;;
		-*) ;;
		*) command=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $command,$before in
]=]

local TAIL <const> = [=[
	esac
	if [[ $word == -* ]]; then
		case $command in
@OPTIONS@
		esac
		return
	fi
	case $command in
	'') mapfile -t COMPREPLY < <(compgen -W '@COMMANDS@' -- "$word") ;;
	help) mapfile -t COMPREPLY < <(compgen -W '@COMMANDS@' -- "$word") ;;
	@WITHID@) mapfile -t COMPREPLY < <(compgen -W "$(_@FUNCTION@_ids)" -- "$word") ;;
	completion) mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$word") ;;
	esac
}
complete -F _@FUNCTION@ @NAME@
]=]

local ACTIONS <const> = { file = "compgen -f", directory = "compgen -d", id = 'compgen -W "$(_@FUNCTION@_ids)"' }

-- The line that completes what an option is given.
local function case_of(command, option)
  local action = type(option.kind) == "table" and ("compgen -W '%s'"):format(table.concat(option.kind, " "))
    or ACTIONS[option.kind]
  local patterns = {}
  for _, name in ipairs(words.of(option)) do patterns[#patterns + 1] = command .. "," .. name end
  local what = action and ('mapfile -t COMPREPLY < <(%s -- "$word")'):format(action) or ":"
  return ("\t%s) %s; return ;;\n"):format(table.concat(patterns, " | "), what)
end

---@param name string  what the program is called
---@return string
return function(name)
  local out, options = { HEAD }, {}
  local function add(list, command)
    for _, option in ipairs(list) do
      if option.value then out[#out + 1] = case_of(command, option) end
    end
    options[#options + 1] = ("\t\t'%s') mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$word\") ;;"):format(command,
      table.concat(words.of_all(list), " "))
  end
  add(commands.global, "")
  for _, command in ipairs(commands.list) do add(commands.all_options(command), command.name) end
  out[#out + 1] = TAIL
  return words.fill(table.concat(out), { NAME = name, FUNCTION = name:gsub("[^%w_]", "_"),
    VALUED = table.concat(words.valued(commands.global), " | "), OPTIONS = table.concat(options, "\n"),
    COMMANDS = table.concat(words.commands(), " "), WITHID = table.concat(words.commands_with_id(), " | ") })
end
