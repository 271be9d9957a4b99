-- SPDX-License-Identifier: MIT
--- The state root of a command line, and a container of it by its id.
local libcontainer = require "libcontainer"
local libraries = require "nsinit.libraries"
local system = require "libcontainer.system"
local user = require "nsinit.user"

local M = {}

local MANAGERS <const> = { cgroupfs = "fs", systemd = "systemd", disabled = "none" }

local function default_root()
  local runtime = os.getenv("XDG_RUNTIME_DIR")
  if runtime and runtime ~= "" and not user.is_root() then return runtime .. "/nsinit" end
  return "/run/nsinit"
end

--- Where the containers are, absolute.
---@param global table<string, any>
---@return string
function M.root(global)
  local root = global.root or default_root()
  if root:sub(1, 1) ~= "/" then root = (system.real_path(".") or "") .. "/" .. root end
  return root
end

local ROOTLESS <const> = { ["true"] = true, ["false"] = true, auto = true }

-- nil: as this user can have them, or not at all.
local function manager(global)
  if global["systemd-cgroup"] then return "systemd" end
  local rootless = global.rootless or "auto"
  if not ROOTLESS[rootless] then return false, ("--rootless %s: must be true, false or auto"):format(rootless) end
  local name = global["cgroup-manager"] or "cgroupfs"
  if name == "cgroupfs" and rootless ~= "false" then return nil end
  if MANAGERS[name] then return MANAGERS[name] end
  return false, ("--cgroup-manager %s: must be cgroupfs, systemd or disabled"):format(name)
end

--- Open the state root.
---@param global table<string, any>
---@return libcontainer.Factory|nil
---@return libcontainer.Error|string|nil err
function M.open(global)
  local cgroups, problem = manager(global)
  if cgroups == false then return nil, problem end
  local criu = global.criu and global.criu:sub(1, 1) == "/" and global.criu or nil -- a name alone is what is found anyway
  return libcontainer.new(M.root(global), { cgroups = cgroups, criu_path = criu })
end

--- A container that is there.
---@param context nsinit.Context
---@return libcontainer.Container|nil
---@return libcontainer.Error|string|nil err
function M.load(context)
  local factory, err = M.open(context.global)
  if not factory then return nil, err end
  local container
  container, err = factory:load(context.args[1])
  if not container then return nil, err end
  local fine
  fine, err = libraries.of_container(context, container)
  if not fine then return nil, err end
  return container
end

--- The socket by which the program of a command line is to say that it is ready.
---@param context nsinit.Context
---@return nsinit.Notifier|nil  nil and no error: nobody is to be told
---@return libcontainer.Error|nil err
function M.notifier(context)
  if not os.getenv "NOTIFY_SOCKET" then return nil end
  return require("nsinit.notify").listen(M.root(context.global), context.args[1])
end

return M
