-- SPDX-License-Identifier: MIT
--- What a record on disk says of cgroups and of an init, and what of it is believed.
-- A record is a claim. What it names is touched when the kernel says that it is the container's, so that no
-- damaged, edited or copied file makes us end or remove what is a stranger's. [L17]
local core = require "libcontainer.core"
local lazy = require "libcontainer.lazy"
local ending = require "libcontainer.ending"
local errors = lazy "libcontainer.errors"
local namespaces = require "libcontainer.configs.namespaces"
local state = require "libcontainer.state"

local M = {}

--- Whose claims they are.
---@class libcontainer.Claimant
---@field host userdata       the core's host
---@field id string
---@field name string         our own name for its cgroup, with the root and the id in it
---@field directory userdata  where its files are

-- May it have a cgroup there? With a scope around it, in the scope alone.
local function is_its_place(path, configured, name, scope)
  local function ends_with(tail) return ("/" .. path):sub(-#tail) == tail end
  if scope then return ends_with("/" .. scope.unit .. "/container") end
  return ends_with(configured and configured:gsub("^/*", "/") or "/" .. name)
end

-- The scope that a record names, if it is called as it has to be; nil when it names none.
local function scope_of(who, record, configured)
  local saved = record.systemd
  if not saved then return nil end
  local scope = core.scope(configured, who.name, saved.user == true)
  if scope and scope.unit == saved.unit and scope.slice == saved.slice then return scope end
  return nil, errors.state_damaged(who.id, "systemd names a scope that is not the container's")
end

-- That it has no cgroups is believed if there is a witness, and then its init is who that says.
local function ask_witness(who, record)
  local witness, err = state.load_witness(who.directory, who.name)
  if witness == nil then return nil, err end
  if not witness then
    return nil, errors.state_damaged(who.id, "cgroup_places is empty, and it was made with cgroups")
  end
  record.boot_id = witness.boot_id
  record.init_process_pid = witness.pid > 0 and witness.pid or nil
  record.init_process_start = witness.pid > 0 and witness.start or nil
  return true
end

-- The cgroups of a container are where the process that made or started it put them, below its own. A place
-- is believed only if it is named as we name it, or as configured, and what the core finds there has to say
-- that it is the container's. Answers the scope around them too.
local function check_places(who, record)
  if #record.cgroup_places == 0 then return ask_witness(who, record) end
  local witness, scope, err
  witness, err = state.load_witness(who.directory, who.name)
  if witness == nil then return nil, err end
  if witness and witness.pid > 0 then
    return nil, errors.state_damaged(who.id, "cgroup_places is not empty, and it was made without cgroups")
  end
  local configured = record.config.cgroups and record.config.cgroups.path
  scope, err = scope_of(who, record, configured)
  if err then return nil, err end
  for _, place in ipairs(record.cgroup_places) do
    if not is_its_place(place.path, configured, who.name, scope) then
      return nil, errors.state_damaged(who.id, "cgroup_places names a cgroup that is not the container's")
    end
  end
  return true, scope
end

-- A place that the record has lost would be left behind by a destroy.
local function check_whole(who, handle)
  local is_lost, raw = handle:is_lost(who.name)
  if is_lost == nil then return nil, errors.raw(raw) end
  if is_lost then return nil, errors.state_damaged(who.id, "cgroup_places does not name all of its cgroups") end
  return true
end

-- Would its init be the first process of a pid namespace? One that is joined has another one.
local function has_pid_namespace(config)
  return namespaces.has_own(config, "pid")
end

--- The core object of a container that another process made, its init not taken over yet.
---@param who libcontainer.Claimant
---@param record table  as state.load gave it; the config in it prepared
---@return userdata|nil handle
---@return libcontainer.Error|nil err  a state that is damaged, or what is in the way of looking
function M.open(who, record)
  local fine, scope = check_places(who, record)
  if not fine then return nil, scope end
  local handle, raw = core.saved_container(who.host, record.cgroup_places, who.name, scope)
  if not handle then return nil, errors.raw(raw) end
  local err
  if record.cgroup_places[1] then fine, err = check_whole(who, handle) end
  if fine then return handle end
  handle:close()
  return nil, err
end

--- Take over the init that a record names. A pid of another boot is a stranger's: no process has that
-- start time. [L19]
---@param who libcontainer.Claimant
---@param record table
---@param handle userdata
---@return true|nil
---@return libcontainer.Error|nil err
function M.adopt(who, record, handle)
  local is_of_this_boot = record.boot_id == who.host:boot_id()
  local adopted, raw = handle:adopt(record.init_process_pid,
    is_of_this_boot and record.init_process_start or -1, has_pid_namespace(record.config))
  if not adopted then return nil, errors.raw(raw) end
  return true
end

--- Another process has started it again: in cgroups made anew, maybe elsewhere.
---@param who libcontainer.Claimant
---@param record table  the new one
---@param handle userdata
---@return true|nil
---@return libcontainer.Error|nil err
function M.follow(who, record, handle)
  local fine, scope = check_places(who, record)
  if not fine then return nil, scope end
  local done, raw = handle:follow(record.cgroup_places, who.name, scope)
  if not done then return nil, errors.raw(raw) end
  return M.adopt(who, record, handle)
end

-- Of a container of which nobody says any more where its cgroups are, or who has made them: in a scope, by
-- our name for it, else wherever they are.
local function find(who)
  local handle = core.container(who.host, nil, who.name, "systemd")
  if handle and handle:exists() then return handle end
  if handle then handle:close() end
  return core.found_container(who.host, who.name)
end

--- The core object of a container whose record says nothing that can be believed.
---@param who libcontainer.Claimant
---@return userdata|nil handle
function M.open_damaged(who)
  local handle = find(who)
  if not handle then return nil end
  local witness = state.load_witness(who.directory, who.name)
  local is_known = witness and witness.pid > 0 and witness.boot_id == who.host:boot_id() and #handle:places() == 0
  handle:adopt(is_known and witness.pid or nil, is_known and witness.start or nil)
  return handle
end

--- Destroy cgroups that its record does not lead to: that names places which are not there.
---@param who libcontainer.Claimant
---@param handle userdata     its own, as `open` gave it
---@param timeout number|nil  seconds
---@return true|nil
---@return libcontainer.RawError|nil
function M.destroy_lost(who, handle, timeout)
  local _, is_whole = handle:exists()
  if is_whole then return true end
  local found <close>, raw = core.found_container(who.host, who.name)
  if not found then return nil, raw end
  return ending.destroy(found, timeout)
end

return M
