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

-- What of the host is mounted there: by a mount of the configuration, or along with the root.
local function host_source(config, ours, point)
  if ours and is_bind(ours) then return join(ours.source, point:sub(#ours.destination + 1)) end
  return join(config.rootfs, point)
end

-- Where a mount comes from when criu is not to make it: { kind, source }, nil when it is.
local function origin_of(config, mount, root)
  if mount.type == "tmpfs" and (mount.root == "/null" or mount.root == "/empty") then
    return { kind = "mask", source = mount.root }
  elseif CGROUPS[mount.type] then
    return { kind = "cgroup", source = mount.point:match("[^/]*$") }
  end
  local ours = mount_of(config, mount.point)
  local is_bound = ours and is_bind(ours)
  local is_of_root = mount.device == root.device and is_at_or_below(mount.root, root.root)
  if not is_bound and (is_of_root or KEPT_TYPES[mount.type] and ours) then return nil end
  return { kind = "host", source = host_source(config, ours, mount.point) }
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

--- The container is elsewhere on the host now, as another configuration says: its root, the sources of its bind mounts
-- by their destinations, its cgroup, and what it is called by. Everything else is what it was.
---@param description table  of a checkpoint: its `config`, `externals` and `facts` are changed
---@param config table       strict
---@return true|nil
---@return string|nil point  a mount that cannot be given again, because it would come from the image
function M.move(description, config)
  local kept, sources = description.config, {}
  for _, mount in ipairs(config.mounts or {}) do
    if is_bind(mount) then sources[mount.destination] = mount.source end
  end
  for _, mount in ipairs(kept.mounts or {}) do
    if is_bind(mount) then mount.source = sources[mount.destination] or mount.source end
  end
  kept.rootfs, kept.labels, kept.annotations = config.rootfs, config.labels, config.annotations
  kept.cgroups = kept.cgroups or {}
  kept.cgroups.path = config.cgroups and config.cgroups.path
  local is_elsewhere = { ["/"] = true }
  for _, external in ipairs(description.externals) do
    if external.kind == "host" then
      external.source = host_source(kept, mount_of(kept, external.point), external.point)
      if is_in_image(kept, external) then return nil, external.point end
      is_elsewhere[external.point] = true
    end
  end
  for _, mount in ipairs(description.facts.mounts) do
    if is_elsewhere[mount.point] then mount.type = nil end -- it is of the file system that is there
  end
  return true
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
