-- SPDX-License-Identifier: MIT
--- Capabilities that this process cannot give: the specification has them told and left out, and the program run all
-- the same. In a user namespace of its own a container may have all of them.
local system = require "libcontainer.system"

local M = {}

local SETS <const> = { "bounding", "effective", "permitted", "inheritable", "ambient" }

--- Leave out what cannot be granted.
---@param sets table<string, string[]>|nil  as a configuration or a process has them; changed
---@param config table  the container's
---@param log nsinit.Log
function M.withhold(sets, config, log)
  if type(sets) ~= "table" then return end
  for _, kind in ipairs(config.namespaces or {}) do
    if kind == "user" then return end
  end
  local may_grant, seen = system.granter(), {}
  for _, set in ipairs(SETS) do
    local list = sets[set] or {}
    local kept = {}
    for _, name in ipairs(list) do
      if seen[name] == nil then
        seen[name] = may_grant(name)
        if not seen[name] then log:warn(("capability %s cannot be granted, and is left out"):format(name)) end
      end
      if seen[name] then kept[#kept + 1] = name end
    end
    if #kept < #list then sets[set] = kept end
  end
end

return M
