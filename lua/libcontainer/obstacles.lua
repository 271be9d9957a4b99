-- SPDX-License-Identifier: MIT
--- What stands in the way of a checkpoint: looked at before anything stands still. criu would meet most of it
-- too, when everything is frozen, and would tell of it in words that name no field and no option of ours; some
-- of it it would pass over in silence, and what comes back would be another container.
local check = require "libcontainer.check"
local checkpoint_errors = require "libcontainer.checkpoint_errors"
local confinement = require "libcontainer.confinement"
local forms = require "libcontainer.configs.hooks"
local network = require "libcontainer.network"
local opened = require "libcontainer.descriptors"

local M = {}

-- --- the configuration ---

local function namespace(config)
  local name = next(config.namespace_paths or {})
  if name then return checkpoint_errors.joined_not_dumped(name) end
  if check.contains(config.namespaces or {}, "user") then return checkpoint_errors.user_namespace_not_dumped() end
end

local function given_mount(config)
  for i, mount in ipairs(config.mounts or {}) do
    if mount.source_fd then return checkpoint_errors.mount_of_descriptor(i) end
  end
end

local function device(config)
  for i, item in ipairs(config.networks or {}) do
    if item.type == "device" then return checkpoint_errors.device_not_dumped(i, item.host_interface_name) end
  end
end

local function hook(config)
  local field = forms.of_function(config)
  return field and checkpoint_errors.hook_not_dumped(field)
end

-- --- what its processes have open ---

-- A terminal comes back when whoever holds its other end comes back too.
local function terminal(descriptors)
  local own = {}
  for _, one in ipairs(descriptors) do
    local index = one.info:match("tty%-index:%s*(%d+)")
    if index then own["/dev/pts/" .. index] = true end
  end
  for _, one in ipairs(descriptors) do
    local is_terminal = one.target:find("^/dev/pts/%d+$") or one.target:find("^/dev/console$")
      or one.target:find("^/dev/tty%w+$")
    if is_terminal and not own[one.target] then return checkpoint_errors.terminal_not_dumped(one) end
  end
end

local function lock(descriptors)
  for _, one in ipairs(descriptors) do
    if one.info:find("\nlock:") then
      return checkpoint_errors.needs_dump_option("file_locks", one, "holds a lock of a file")
    end
  end
end

local LISTENS <const>, CLOSED <const> = "0A", "07"

-- The inodes of sockets that are connected, or about to be.
local function connections(pid, inodes)
  for _, family in ipairs { "tcp", "tcp6" } do
    local text, err = opened.read(pid, "net/" .. family)
    if not text then return nil, err end
    for state, inode in text:gmatch("\n%s*%d+: %S+ %S+ (%x%x) %S+ %S+ %S+%s+%d+%s+%d+ (%d+)") do
      if state ~= LISTENS and state ~= CLOSED then inodes[inode] = true end
    end
  end
  return true
end

local function connection(descriptors)
  local inodes, seen = {}, {}
  for _, one in ipairs(descriptors) do
    local inode = one.target:match("^socket:%[(%d+)%]$")
    if inode and not seen[one.pid] then
      seen[one.pid] = true
      local done, err = connections(one.pid, inodes)
      if not done then return err end
    end
    if inodes[inode] then return checkpoint_errors.needs_dump_option("tcp_established", one, "has a TCP connection") end
  end
end

-- criu makes a pair anew by the name that its end inside had; whoever is in there may have given it another.
local function pair(config, init)
  local made = network.pairs_of(config, "")
  if not made[1] then return end
  local text, err = opened.read(init, "net/dev")
  if not text then return err end
  for _, one in ipairs(made) do
    if not text:find("\n%s*" .. one.name:gsub("%p", "%%%0") .. ":") then
      return checkpoint_errors.pair_not_dumped(one.index, one.name)
    end
  end
end

-- --- all of it ---

--- What is seen in the configuration alone.
---@param config table
---@return libcontainer.Error|nil
function M.of_config(config)
  return namespace(config) or given_mount(config) or device(config) or hook(config)
end

--- What is seen in its processes.
---@param config table
---@param facts table    as confinement.read gave them
---@param init integer   as the host sees it
---@param id string
---@param options table  of the checkpoint
---@return libcontainer.Error|nil
function M.of_processes(config, facts, init, id, options)
  local outsider = confinement.outsider(facts, init)
  if outsider then return checkpoint_errors.has_outsider(id, outsider) end
  local descriptors, err = opened.of(facts.processes)
  if not descriptors then return err end
  return pair(config, init) or terminal(descriptors) or not options.file_locks and lock(descriptors)
    or not options.tcp_established and connection(descriptors) or nil
end

return M
