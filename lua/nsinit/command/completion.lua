-- SPDX-License-Identifier: MIT
--- nsinit completion: print the completion for a shell.

local SHELLS <const> = { bash = true, fish = true, zsh = true }

---@param context nsinit.Context
---@return integer|nil status
---@return string|nil err
return function(context)
  local shell = context.args[1]
  if not SHELLS[shell] then return nil, ("no completion for %q: bash, fish or zsh"):format(shell) end
  io.stdout:write(require("nsinit.completion." .. shell)(context.name))
  return 0
end
