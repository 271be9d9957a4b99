-- SPDX-License-Identifier: MIT
--- Rules of fields that are each right, and not together: nothing could start, or it would happen to the
-- host. Parts of configs/rules.lua, and they work as those do.
local check = require "libcontainer.check"
local paths = require "libcontainer.configs.paths"

local M = {}

local add = check.add

-- --- a filter that nothing can start behind ---

-- What goes on to the kernel.
local PASSES <const> = { allow = true, log = true, trace = true, notify = true }
-- The init becomes the program by this call, behind the filter.
local STARTS <const> = "execve"

--- A filter that refuses execve whatever its arguments are.
---@param t table  strict, of a container or a process
---@param problems libcontainer.Problem[]
function M.filter(t, problems)
  local filter = t.seccomp
  if type(filter) ~= "table" or not filter.default_action then
    return
  end
  local passes, at = PASSES[filter.default_action] or false, nil
  for i, rule in ipairs(filter.syscalls or {}) do
    local is_about_it = type(rule) == "table" and type(rule.names) == "table" and check.contains(rule.names, STARTS)
    if is_about_it and PASSES[rule.action] then
      passes = true
    elseif is_about_it and rule.action and not (rule.args and #rule.args > 0) then
      passes, at = false, i
      break
    end
  end
  if not passes then
    add(problems, at and ("seccomp.syscalls[%d]"):format(at) or "seccomp",
      "refuses execve, by which every program is started", nil,
      'allow it: { names = { "execve" }, action = "allow" }')
  end
end

-- --- names ---

--- Names of the machine in one line of visible letters.
---@param config table
---@param problems libcontainer.Problem[]
function M.names(config, problems)
  for _, field in ipairs { "hostname", "domainname" } do
    local name = config[field]
    if name and name:find("[%s%c/]") then
      add(problems, field, "has a blank, a slash or a control character in it", name)
    end
  end
end

-- --- a root that is there ---

-- What makes a root, or changes it.
local OF_A_ROOT <const> = { "mounts", "devices", "mask_paths", "readonly_paths", "readonlyfs", "rootfs_propagation",
  "overlay" }

local function says_something(value)
  return value ~= nil and value ~= false and not (type(value) == "table" and #value == 0 and next(value) == nil)
end

--- With a mount namespace that is joined the root and its mounts are those that are there, and others live in them.
---@param config table
---@param problems libcontainer.Problem[]
function M.joined_root(config, problems)
  if config.rootfs and config.rootfs ~= "/" then
    add(problems, "rootfs", "is chosen by the mount namespace that is joined", config.rootfs,
      'rootfs = "/" is its root; without namespaces.mount the container has a root of its own')
  end
  for _, field in ipairs(OF_A_ROOT) do
    if says_something(config[field]) then
      add(problems, field, "would change the root of others: the mount namespace is joined", nil,
        ("%s = false leaves it out of a profile; whoever made that namespace has its own"):format(field))
    end
  end
  if type(config.hooks) == "table" and says_something(config.hooks.create_container) then
    add(problems, "hooks.create_container", "is run before the root is entered, and that of a joined mount "
      .. "namespace has been", nil, "start_container is run in it, create_runtime on the host")
  end
end

-- --- nodes in the host's /dev ---

--- Devices that would be made in the host's own /dev, because that is what is mounted there.
---@param config table
---@param problems libcontainer.Problem[]
function M.devices(config, problems)
  for i, device in ipairs(type(config.devices) == "table" and config.devices or {}) do
    local path, deepest, place = type(device) == "table" and device.path and paths.normalise(device.path), -1, nil
    for at, mount in ipairs(path and config.mounts or {}) do
      local destination = type(mount) == "table" and mount.destination and paths.normalise(mount.destination)
      if destination and paths.is_below(path, destination) and #destination >= deepest then
        deepest, place = #destination, at
      end
    end
    local mount = place and config.mounts[place]
    local source = mount and mount.type == "bind" and type(mount.source) == "string" and paths.normalise(mount.source)
    if source and paths.is_below(source, "/dev") then
      add(problems, ("devices[%d].path"):format(i), ("would be made in %s of the host, which mounts[%d] binds"):format(
        source, place), device.path, "a tmpfs there, as configs.default has it, is the container's own")
    end
  end
end

return M
