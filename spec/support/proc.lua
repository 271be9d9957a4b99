-- SPDX-License-Identifier: MIT
--- What the kernel says of a process by its number.
local core = require "libcontainer.core"
local fixture = require "spec.support.fixture"

local M = {}

--- Does it run still? A zombie does not.
---@param pid integer
---@return boolean
function M.is_alive(pid)
  local status = fixture.read(("/proc/%d/status"):format(pid))
  return status ~= nil and status:match("State:%s+(%a)") ~= "Z"
end

--- Does it end by itself? What has left its cgroup may still be on its way out, and nobody who does not
-- know it waits for that.
---@param pid integer
---@return boolean
function M.ends(pid)
  local deadline = core.now() + fixture.seconds(30)
  while M.is_alive(pid) and core.now() < deadline do core.poll({}, 0.001) end
  return not M.is_alive(pid)
end

--- When it was started, in clock ticks since the machine was.
---@param pid integer
---@return integer|nil
function M.start_time(pid)
  local fields = {} -- behind the name, which may hold anything: from field 3 on
  for field in fixture.read(("/proc/%d/stat"):format(pid)):match(".*%) (.*)"):gmatch("%S+") do
    fields[#fields + 1] = field
  end
  return math.tointeger(tonumber(fields[20]))
end

return M
