-- SPDX-License-Identifier: MIT
--- Which namespaces a container has.
local M = {}

--- What it has of its own when `namespaces` is absent.
M.DEFAULT = { "mount", "pid", "uts", "ipc", "network", "cgroup" }

--- Is it in a namespace of this kind that is not the host's?
---@param config table  strict
---@param name string
---@return boolean
function M.has(config, name)
  for _, one in ipairs(config.namespaces or M.DEFAULT) do
    if one == name then return true end
  end
  return false
end

--- Is it a namespace that the container has of its own, neither the host's nor one that is joined?
---@param config table  strict
---@param name string
---@return boolean
function M.has_own(config, name)
  return M.has(config, name) and not (config.namespace_paths and config.namespace_paths[name])
end

return M
