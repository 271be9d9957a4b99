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

-- `waiting` has the name of each, and what is to be done with it then.
local function load(module)
  local name, on_load = table.unpack(waiting[module])
  local loaded = require(name)
  waiting[module] = nil
  setmetatable(module, { __index = loaded })
  if on_load then on_load(loaded) end
  return loaded
end

--- Load whatever waits for its first use, unless the program is a brief one.
function M.settle()
  while not is_brief and next(waiting) do load((next(waiting))) end
end

--- Said before the library is loaded: what it does not use is not to be loaded.
function M.be_brief()
  is_brief = true
end

local function stub(class, module, method)
  return function(...)
    if waiting[module] then load(module) end
    return class[method](...)
  end
end

--- Methods that a class has of another module, whose function `methods` answers them: the call of one loads it.
---@param class table
---@param name string       the module
---@param methods string[]  those that it gives
---@param tools table       for its `methods`
function M.methods(class, name, methods, tools)
  local module = {}
  waiting[module] = { name, function(loaded)
    for method, body in next, loaded.methods(tools) do class[method] = body end
  end }
  for _, method in ipairs(methods) do class[method] = stub(class, module, method) end
end

---@param name string
---@return table module  stands for it
local function lazy(_, name)
  local module = {}
  waiting[module] = { name }
  return setmetatable(module, { __index = function(_, key) return load(module)[key] end })
end

return setmetatable(M, { __call = lazy })
