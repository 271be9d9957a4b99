-- SPDX-License-Identifier: MIT
--- Who runs this program.
local system = require "libcontainer.system"

local M = {}

--- Root of the machine, and not of a user namespace, as which podman calls us for an ordinary user.
---@return boolean
function M.is_root()
  return system.uid() == 0 and system.text_of("/proc/self/uid_map"):find "^%s*0%s+0%s+4294967295" ~= nil
end

return M
