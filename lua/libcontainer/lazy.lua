-- SPDX-License-Identifier: MIT
--- Modules that a program which runs for a moment, as nsinit does, loads when something of them is first used:
-- loading all of the library takes longer than a container does, and such a program needs a part of it.
--
-- Everybody else gets all of it at once. Later package.path may be another one, or a relative one mean another
-- place.
--
--     local stats = lazy "libcontainer.stats"
local M = {}

local waiting, is_brief = {}, false

local function load(module, name)
  local loaded = require(name)
  waiting[module] = nil
  setmetatable(module, { __index = loaded })
  return loaded
end

--- Load whatever waits for its first use, unless the program is a brief one.
function M.settle()
  while not is_brief and next(waiting) do load(next(waiting)) end
end

--- Said before the library is loaded: what it does not use is not to be loaded.
function M.be_brief()
  is_brief = true
end

---@param name string
---@return table module  stands for it
local function lazy(_, name)
  local module = {}
  waiting[module] = name
  return setmetatable(module, { __index = function(_, key) return load(module, name)[key] end })
end

return setmetatable(M, { __call = lazy })
