-- SPDX-License-Identifier: MIT
--- Which ids an ordinary user may map: his own, as root of the container, and behind it the ranges that
-- /etc/subuid and /etc/subgid give him, where newuidmap and newgidmap are there to map them. subuid(5)
--
-- Files are read with the io library, where the program around us has one; without it there is the one id.
local core = require "libcontainer.core"
local has_io, io_library = pcall(require, "io")

local M = {}

local RANGES_MAX <const> = 339 -- and his own

local function lines_of(path)
  local file = has_io and io_library.open(path, "rb")
  if not file then return function() end end
  local text = file:read("a")
  file:close()
  return (text or ""):gmatch("[^\n]+")
end

local function is_there(path)
  local file = has_io and io_library.open(path, "rb")
  if file then file:close() end
  return file ~= nil and file ~= false
end

-- Programs that gain rights by exec gain none here, or are not there.
local function may_use_programs()
  for line in lines_of("/proc/self/status") do
    if line == "NoNewPrivs:\t1" then return false end
  end
  for _, name in ipairs { "newuidmap", "newgidmap" } do
    if not is_there("/usr/bin/" .. name) and not is_there("/bin/" .. name) then return false end
  end
  return true
end

local function name_of(uid)
  for line in lines_of("/etc/passwd") do
    local name, number = line:match("^([^:]+):[^:]*:(%d+):")
    if math.tointeger(tonumber(number)) == uid then return name end
  end
  return nil
end

-- "name:100000:65536" or "1000:100000:65536"
local function ranges_of(path, uid, name)
  local list = {}
  for line in lines_of(path) do
    local who, first, count = line:match("^([^:]+):(%d+):(%d+)%s*$")
    if who and (who == name or who == tostring(uid)) and tonumber(count) > 0 and #list < RANGES_MAX then
      list[#list + 1] = { first = math.tointeger(tonumber(first)), count = math.tointeger(tonumber(count)) }
    end
  end
  return list
end

local function mappings_of(own, ranges)
  local list, inside = { { container_id = 0, host_id = own, size = 1 } }, 1
  for _, range in ipairs(ranges) do
    list[#list + 1] = { container_id = inside, host_id = range.first, size = range.count }
    inside = inside + range.count
  end
  return list
end

--- The mappings of the calling user. Both are of one id when one of them would be: a user without a group, or
-- the other way round, helps nobody.
---@return table[] uid_mappings
---@return table[] gid_mappings
function M.mappings()
  local uid, gid = core.uid(), core.gid()
  local name = name_of(uid)
  local uids, gids = {}, {}
  if name and may_use_programs() then -- they know nobody without a name
    uids, gids = ranges_of("/etc/subuid", uid, name), ranges_of("/etc/subgid", uid, name)
  end
  if #uids == 0 or #gids == 0 then uids, gids = {}, {} end
  return mappings_of(uid, uids), mappings_of(gid, gids)
end

return M
