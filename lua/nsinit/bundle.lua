-- SPDX-License-Identifier: MIT
--- A bundle, and the container that is made of it: what create and run have alike.
local capabilities = require "nsinit.capabilities"
local configs = require "libcontainer.configs"
local descriptors = require "nsinit.descriptors"
local lazy = require "libcontainer.lazy"
local libraries = require "nsinit.libraries"
local notify = lazy "nsinit.notify"
local store = require "nsinit.store"
local system = require "libcontainer.system"

local M = {}

--- Read the bundle of a command line, for a container that outlives this process.
---@param context nsinit.Context
---@return { config: table, process: table|nil }|nil
---@return libcontainer.Error|string|nil err
function M.read(context)
  local given = context.options.bundle or "."
  local path, err = system.real_path(given)
  if not path then return nil, err end
  local file = context.options.config or "config.json"
  if file:sub(1, 1) ~= "/" then file = path .. "/" .. file end
  local ours = { detach = true, labels = { bundle = path } }
  if context.options["no-new-keyring"] then ours.session_keyring = false end
  local config, process, ignored = configs.from_oci(file, { bundle = path, fields = ours })
  if not config then return nil, process end
  for _, one in ipairs(ignored) do context.log:tell("ignored: " .. one.field) end
  capabilities.withhold(config.capabilities, config, context.log)
  return { config = config, process = process }
end

--- Where the terminal goes: a program that outlives us needs a socket for it, and none else may have one.
---@param process table|nil
---@param options table<string, any>
---@param detaches boolean
---@return true|nil
---@return string|nil problem
function M.check_console(process, options, detaches)
  local socket = options["console-socket"]
  if process and process.terminal and detaches and not socket then
    return nil, "cannot allocate tty if runc will detach without setting console socket"
  elseif socket and not (process and process.terminal and detaches) then
    return nil, "cannot use console socket if runc will not detach or allocate tty"
  end
  return true
end

--- Make the container of a command line: its configuration with what the options change, nothing started.
---@param context nsinit.Context
---@param detaches boolean  the program outlives this process
---@return libcontainer.Container|nil
---@return table|libcontainer.Error|string process  what is to be run in it, nil for nothing; the error when there is no container
function M.create(context, detaches)
  local options = context.options
  local bundle, err = M.read(context)
  if not bundle then return nil, err end
  local config, process = bundle.config, bundle.process
  local fine
  fine, err = libraries.of_config(context, config)
  if fine then fine, err = M.check_console(process, options, detaches) end
  if not fine then return nil, err end
  local id, root, is_notified = context.args[1], store.root(context.global), false
  if process then
    fine, err = descriptors.give(process, options, context.log)
    if not fine then return nil, err end
    is_notified = os.getenv "NOTIFY_SOCKET" ~= nil and notify.give(config, process, root, id)
  end
  local factory, container
  factory, err = store.open(context.global)
  if not factory then return nil, err end
  container, err = factory:create(id, config)
  if not container then return nil, err end
  if is_notified then
    fine, err = notify.make(root, id)
    if not fine then
      container:destroy()
      return nil, err
    end
  end
  return container, process
end

--- Tell those who asked of the program that is there now. What fails is to undo the container.
---@param context nsinit.Context
---@param process libcontainer.Process
---@return true|nil
---@return libcontainer.Error|nil err
function M.announce(context, process)
  local path, socket = context.options["pid-file"], context.options["pidfd-socket"]
  if socket then
    local sent, err = system.send_descriptor(socket, context.command.name == "exec" and "setns" or "standard",
      process:pollfd())
    if not sent then return nil, err end
  end
  if not path then return true end
  return system.replace_file(path, tostring(process:pid()))
end

return M
