-- SPDX-License-Identifier: MIT
--- init: this process becomes the program of a container whose library was told that we are its init:
-- lc.new(root, { init_path = "/usr/bin/nsinit", init_args = { "init" } }).
local store = require "nsinit.store"
local system = require "libcontainer.system"
local units = require "nsinit.units"

local SESSION <const> = 3 -- where the library puts it

---@param context nsinit.Context
---@return nil
---@return any err
return function(context)
  local text = context.args[1] or tostring(SESSION)
  local fd = units.integer(text)
  if not fd or fd < 0 or not system.is_inherited(fd) then
    return nil, ("init %s: there is no session at that descriptor; it is for the library, as init_path"):format(text)
  end
  local factory, err = store.open(context.global)
  if not factory then return nil, err end
  return factory:start_initialization(fd)
end
