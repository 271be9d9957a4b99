-- SPDX-License-Identifier: MIT
--- Where this program is linked statically, it can load no library: what needs one is done by the whole program,
-- from the beginning. That is known before anything is done, or not done at all. Libraries are loaded for
--
-- - systemd's bus: a scope is to be made, or was; or an ordinary user is looked for what he may have;
-- - networks: libmnl;
-- - what a damaged container has left, which nobody says: either;
-- - whatever is typed at the prompt.
local user = require "nsinit.user"

local M = {}

-- At the prompt, and where a configuration comes that no function below is asked about.
local COMMANDS <const> = { restore = true, shell = true }

-- Go on where libraries can be loaded, if this program cannot. It returns when it can, or when that fails.
local function load_any(context)
  if not context.become_whole then return true end
  return nil, context.become_whole(context.log.file)
end

--- What a command line needs, before it is looked at more closely.
---@param context nsinit.Context
---@return true|nil
---@return string|nil err
function M.of_command(context)
  local global = context.global
  local is_for_systemd = global["systemd-cgroup"] or global["cgroup-manager"] == "systemd"
  if is_for_systemd or context.is_classic or COMMANDS[context.command.name] or not user.is_root() then
    return load_any(context)
  end
  return true
end

--- What a container needs that is to be made.
---@param context nsinit.Context
---@param config table
---@return true|nil
---@return string|nil err
function M.of_config(context, config)
  if config.networks and #config.networks > 0 then return load_any(context) end
  return true
end

--- What one needs that is there.
---@param context nsinit.Context
---@param container libcontainer.Container
---@return true|nil
---@return string|nil err
function M.of_container(context, container)
  if container:loads_libraries() then return load_any(context) end
  return true
end

--- What one needs that cannot be loaded: who is damaged may have left anything.
---@param context nsinit.Context
---@param why libcontainer.Error
---@return true|nil
---@return string|nil err
function M.of_remains(context, why)
  if why.code == "ContainerNotExists" then return true end
  return load_any(context)
end

return M
