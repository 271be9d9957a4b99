-- SPDX-License-Identifier: MIT
--- Lines that somebody types. At a terminal they can be edited and called back, and names are completed, where
--- Debian's package lua-readline is installed; everywhere else they are read as they are.
local names = require "nsinit.names"
local system = require "libcontainer.system"

local M = {}

local HISTORY <const> = "/.nsinit_history"

-- The library readline; nil where it is not there or would look for a home directory that nobody has named.
local function open_readline()
  local home = os.getenv "HOME"
  if not home or home == "" then return nil end
  local is_there, readline = pcall(require, "readline")
  if not is_there then return nil end
  readline.set_options { histfile = home .. HISTORY }
  readline.set_readline_name "nsinit" -- for who says in ~/.inputrc what is to be different here
  readline.set_complete_function(function(line, from, to)
    readline.set_completion_append_character "" -- each time: it is a space again before
    return names.of(line:sub(from, to), _G)
  end)
  return readline
end

---@class nsinit.Prompt
---@field is_for_person boolean  does a terminal ask?
---@field can_edit boolean
local Prompt = {}
Prompt.__index = Prompt

--- Ask for one line.
---@param text string  what is before it at a terminal
---@return string|nil line  without its end; nil when there is none any more
function Prompt:ask(text)
  if self.can_edit then return self._readline.readline(text) end
  if self.is_for_person then io.stdout:write(text) end
  io.stdout:flush()
  return io.stdin:read "l"
end

--- Keep for the next time what has been typed.
function Prompt:close()
  if self.can_edit then self._readline.save_history() end
end

---@return nsinit.Prompt
function M.open()
  local is_for_person = system.is_terminal(0)
  local readline = is_for_person and system.is_terminal(1) and open_readline() or nil
  return setmetatable({ is_for_person = is_for_person, can_edit = readline ~= nil, _readline = readline }, Prompt)
end

return M
