-- SPDX-License-Identifier: MIT
--- --version: the first line is read by engines, who know a program by the name before the number.
local libcontainer = require "libcontainer"
local state = require "nsinit.state"

---@param context nsinit.Context
---@return integer status
return function(context)
  io.stdout:write(("%s version %s\ncommit: %s\nspec: %s\n"):format(context.name, libcontainer.version,
    libcontainer.version, state.OCI_VERSION))
  return 0
end
