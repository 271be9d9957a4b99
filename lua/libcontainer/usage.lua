-- SPDX-License-Identifier: MIT
--- The accounting of a cgroup in our units: bytes, seconds, counts. What the kernel does not tell is
-- absent.
local M = {}

local SECONDS <const> = { cpu_ns = "cpu_time", cpu_user_ns = "cpu_user", cpu_system_ns = "cpu_system" }

--- Of this moment.
---@param handle userdata  something of the core that has `usage`
---@return table usage     `error`, a raw one, when it cannot be read
function M.read(handle)
  local usage, raw = handle:usage()
  if not usage then return { error = raw } end
  for name, ours in pairs(SECONDS) do
    if usage[name] then usage[ours], usage[name] = usage[name] / 1e9, nil end
  end
  return usage
end

--- What a process object asks when its process, the container's init, has ended.
---@param box libcontainer.Container
---@return fun(): table
function M.of(box)
  return function()
    return box._is_destroyed and {} or M.read(box._core)
  end
end

--- The same for a process with a cgroup of its own, which goes with it unless something is still in it.
---@param group userdata  core group
---@param left userdata[] groups that have to be removed later
---@return fun(): table
function M.of_group(group, left)
  return function()
    local usage = M.read(group)
    if not group:close() then left[#left + 1] = group end
    return usage
  end
end

--- The same for a further process in the cgroup of the container: how often the OOM killer struck
-- while it ran.
---@param box libcontainer.Container
---@return fun(): table
function M.since(box)
  local before = box._core:oom_kills()
  return function()
    local now = before and not box._is_destroyed and box._core:oom_kills()
    return { oom_kills = now and now - before }
  end
end

return M
