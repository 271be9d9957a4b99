-- SPDX-License-Identifier: MIT
--- Mounts of a container that come from outside of it, and have to be given to criu again: what was bound from
-- the host, its cgroups, masks. All others (its root, /proc, tmpfs with what is in it) criu makes itself.
local check = require "libcontainer.check"

local M = {}

local KEPT_TYPES <const> = { proc = true, sysfs = true, tmpfs = true, devpts = true, mqueue = true }
local CGROUPS <const> = { cgroup = true, cgroup2 = true }

local function is_bind(mount)
  return mount.type == "bind" or check.contains(mount.options or {}, "bind")
    or check.contains(mount.options or {}, "rbind")
end

local function is_at_or_below(path, directory)
  return directory == "/" or path == directory or path:sub(1, #directory + 1) == directory .. "/"
end

-- The mount of the configuration that `point` lies in.
local function mount_of(config, point)
  local found
  for _, mount in ipairs(config.mounts or {}) do
    if is_at_or_below(point, mount.destination)
      and (not found or #mount.destination >= #found.destination) then found = mount end
  end
  return found
end

local function join(directory, rest)
  if rest == "" then return directory end
  return (directory:gsub("/$", "")) .. rest
end

-- Where a mount comes from when criu is not to make it: { kind, source }, nil when it is.
local function origin_of(config, mount, root)
  if mount.type == "tmpfs" and (mount.root == "/null" or mount.root == "/empty") then
    return { kind = "mask", source = mount.root }
  elseif CGROUPS[mount.type] then
    return { kind = "cgroup", source = mount.point:match("[^/]*$") }
  end
  local ours = mount_of(config, mount.point)
  if ours and is_bind(ours) then
    return { kind = "host", source = join(ours.source, mount.point:sub(#ours.destination + 1)) }
  end
  local is_of_root = mount.device == root.device and is_at_or_below(mount.root, root.root)
  if is_of_root or KEPT_TYPES[mount.type] and ours then return nil end
  return { kind = "host", source = join(config.rootfs, mount.point) } -- came along with the root
end

-- The links of an image must not choose what of the host gets mounted, and criu follows them. At a start
-- such a source is looked for below the root; here it can only be refused. The host's own root is no image.
local function is_in_image(config, origin)
  return origin.kind == "host" and config.rootfs ~= "/" and is_at_or_below(origin.source, config.rootfs)
end

--- The mounts that criu is not to make itself.
---@param config table
---@param mounts table[]  as confinement.read gave them
---@return table[]|nil externals  { key, point, kind, source }
---@return string|nil point       one that cannot be given again, because it comes from the image
function M.of(config, mounts)
  local list, root = {}, nil
  for _, mount in ipairs(mounts) do
    if mount.point == "/" then root = mount end
  end
  for _, mount in ipairs(mounts) do
    local origin = mount.point ~= "/" and root and origin_of(config, mount, root)
    if origin and is_in_image(config, origin) then return nil, mount.point end
    if origin then
      origin.point, origin.key = mount.point, "m" .. #list + 1
      list[#list + 1] = origin
    end
  end
  return list
end

--- Where such a mount comes from, now.
---@param external table
---@param masks string                    the directory with what masks are made of
---@param cgroups table<string, string>   the container's, by hierarchy
---@return string path
function M.source(external, masks, cgroups)
  if external.kind == "mask" then return masks .. external.source end
  if external.kind == "cgroup" then return cgroups[external.source] or cgroups.unified end
  return external.source
end

return M
