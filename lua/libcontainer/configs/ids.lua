-- SPDX-License-Identifier: MIT
--- The ids of a user namespace: what mappings must hold, and what cannot be had in such a namespace.
-- user_namespaces(7)
--
-- Like rules.lua, which calls it: fields of the wrong type are absent, and items that the walk has named
-- are passed over.
local check = require "libcontainer.check"
local paths = require "libcontainer.configs.paths"

local M = {}

local add = check.add

local ID_END <const> = 4294967295
local MAPPINGS_TEXT <const> = 4095 -- bytes that the kernel takes
local FIELDS <const> = { "uid_mappings", "gid_mappings" }
local EXAMPLE <const> = "{ { container_id = 0, host_id = 100000, size = 65536 } }"

local function is_whole(range)
  return type(range) == "table" and range.container_id and range.host_id and range.size
end

local function are_whole(list)
  for _, range in ipairs(list) do
    if not is_whole(range) then return false end
  end
  return true
end

--- Does one of the mappings hold this id of the container?
---@param list table[]
---@param id integer
---@return boolean
function M.is_mapped(list, id)
  for _, range in ipairs(list) do
    if is_whole(range) and id >= range.container_id and id - range.container_id < range.size then return true end
  end
  return false
end

-- --- mappings ---

local function meets(a, b, first)
  return a[first] < b[first] + b.size and b[first] < a[first] + a.size
end

local function one_range(list, i, name, problems)
  local range, field = list[i], ("%s[%d]"):format(name, i)
  for _, first in ipairs { "container_id", "host_id" } do
    if range[first] + range.size > ID_END then
      add(problems, field .. ".size", ("leads beyond the last id, %d, from %s on"):format(ID_END - 1, first),
        range.size)
    end
    for j = 1, i - 1 do
      if is_whole(list[j]) and meets(range, list[j], first) then
        local what = ("overlaps %s[%d]: an id has one number on each side"):format(name, j)
        add(problems, field .. "." .. first, what, range[first])
      end
    end
  end
end

local function text_length(list)
  local length = 0
  for _, range in ipairs(list) do
    length = length + #("%d %d %d\n"):format(range.container_id, range.host_id, range.size)
  end
  return length
end

local function ranges(list, name, problems, is_of_container)
  for i, range in ipairs(list) do
    if is_whole(range) then one_range(list, i, name, problems) end
  end
  if not are_whole(list) then return end
  if is_of_container and not M.is_mapped(list, 0) then
    add(problems, name, "has no mapping of 0, who sets the container up", nil, EXAMPLE)
  end
  if text_length(list) > MAPPINGS_TEXT then
    add(problems, name, ("takes more than the %d bytes that the kernel reads"):format(MAPPINGS_TEXT), nil,
      "join ranges that follow one another")
  end
end

local function mappings(config, has_user, problems)
  local is_joined = config.namespace_paths and config.namespace_paths.user ~= nil -- with those that it has
  for _, name in ipairs(FIELDS) do
    local list = config[name]
    local is_given = list ~= nil and #list > 0
    if is_given and not has_user then
      add(problems, name, "needs the user namespace", nil, 'add "user" to namespaces')
    elseif has_user and not is_given and not is_joined and not check.is_refused(problems, name) then
      add(problems, name, "is required for the user namespace, in which nobody would have a number", nil,
        ("%s = %s"):format(name, EXAMPLE))
    elseif is_given then
      ranges(list, name, problems, true)
    end
  end
end

--- The mappings of a mount.
---@param mount table
---@param field string      its path
---@param has_user boolean  has the container a user namespace?
---@param problems libcontainer.Problem[]
function M.mount(mount, field, has_user, problems)
  local options = mount.options or {}
  local uids, gids = mount.uid_mappings or {}, mount.gid_mappings or {}
  local is_asked = check.contains(options, "idmap") or check.contains(options, "ridmap")
  if #uids == 0 and #gids == 0 then
    if is_asked and not has_user then
      add(problems, field .. ".uid_mappings", "is required, as there is no user namespace whose ids could be meant",
        nil, "uid_mappings = " .. EXAMPLE)
    end
    return
  end
  if mount.type and mount.type ~= "bind" then
    add(problems, field .. ".uid_mappings", "is for bind mounts alone")
  end
  for _, name in ipairs(FIELDS) do
    local list = mount[name] or {}
    if #list == 0 and not check.is_refused(problems, field .. "." .. name) then
      add(problems, field .. "." .. name, "is required beside the other mappings", nil,
        ("%s = %s"):format(name, EXAMPLE))
    end
    ranges(list, field .. "." .. name, problems)
  end
end

-- --- what else a user namespace forbids ---

-- uid= and gid= of new file systems are numbers in it.
local function mount_ids(config, problems)
  for i, mount in ipairs(config.mounts or {}) do
    local options = type(mount) == "table" and mount.type ~= "bind" and mount.options or {}
    for j, option in ipairs(options) do
      local kind, id = tostring(option):match("^([ug]id)=(%d+)$")
      local list = kind and config[kind .. "_mappings"]
      if list and #list > 0 and not M.is_mapped(list, tonumber(id)) then
        add(problems, ("mounts[%d].options[%d]"):format(i, j), ("is not in %s_mappings"):format(kind), option,
          "map that id, or leave the option out")
      end
    end
  end
end

--- Mappings, and the ids that other fields name.
---@param config table
---@param has_user boolean  has it a user namespace?
---@param problems libcontainer.Problem[]
function M.rules(config, has_user, problems)
  mappings(config, has_user, problems)
  if has_user then mount_ids(config, problems) end
end

--- The host's root as that of a container with a user namespace. What is mounted there can be covered, and not
-- taken away: so it must be covered, and nobody may uncover it.
---@param config table
---@param problems libcontainer.Problem[]
function M.host_root(config, problems)
  local covered = {}
  for _, mount in ipairs(config.mounts or {}) do
    if type(mount) == "table" and mount.destination then covered[paths.normalise(mount.destination)] = true end
  end
  for _, place in ipairs { "/dev", "/proc", "/sys" } do
    if not covered[place] then
      add(problems, "mounts", ("must have something on %s: with a user namespace that of the host stays below it")
        :format(place), nil, "configs.host_root() has it")
    end
  end
  for _, set in ipairs { "bounding", "permitted" } do
    for i, name in ipairs(config.capabilities and config.capabilities[set] or {}) do
      if name == "SYS_ADMIN" then
        add(problems, ("capabilities.%s[%d]"):format(set, i), "could uncover what the host has on /proc and /dev",
          name, "with a user namespace the root / is for programs without it; use a rootfs of its own")
      end
    end
  end
end

return M
