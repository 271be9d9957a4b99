-- SPDX-License-Identifier: MIT
--- A module that is loaded when something of it is first used.
--
-- Loading all of the library takes longer than a container does, and a program that runs for a moment, as nsinit
-- does, needs a part of it. What is used in every start is required as usual.
---@param name string
---@return table module  stands for it
return function(name)
  return setmetatable({}, { __index = function(_, key) return require(name)[key] end })
end
