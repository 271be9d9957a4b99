-- SPDX-License-Identifier: MIT
--- shell: the prompt of the interpreter that runs us, with the library loaded and a factory of our state root.
local store = require "nsinit.store"
local system = require "libcontainer.system"

local INTERPRETER <const> = "/proc/self/exe"
-- For an interpreter that does not know our module paths yet.
local PRELUDE <const> = [[package.path, package.cpath = %q, %q
lc = require "libcontainer"
configs = require "libcontainer.configs"
factory = assert(lc.new(%q))
print(lc)
print("factory is that of %s; factory:list() shows its containers")]]

---@param context nsinit.Context
---@return nil
---@return any err
return function(context)
  local root = store.root(context.global)
  local prelude = PRELUDE:format(package.path, package.cpath, root, root:gsub("[%%\"\\]", "\\%0"))
  return system.become(INTERPRETER, { context.name, "-e", prelude, "-i" })
end
