-- SPDX-License-Identifier: MIT
--- restore ID: what was checkpointed goes on, as a container of that id.
local bundle = require "nsinit.bundle"
local foreground = require "nsinit.foreground"
local store = require "nsinit.store"
local system = require "libcontainer.system"

local FLAGS <const> = { ["tcp-established"] = "tcp_established", ["ext-unix-sk"] = "external_unix_connections",
  ["shell-job"] = "shell_job", ["file-locks"] = "file_locks" }

local function absolute(path)
  return path:sub(1, 1) == "/" and path or (system.real_path(".") or "") .. "/" .. path
end

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local given, options = context.options, { stdin = "inherit", stdout = "inherit", stderr = "inherit" }
  for word, name in pairs(FLAGS) do options[name] = given[word] end
  options.images_directory = absolute(given["image-path"] or "checkpoint")
  options.work_directory = given["work-path"] and absolute(given["work-path"])
  local factory, err = store.open(context.global)
  if not factory then return nil, err end
  if given.bundle then
    local read
    read, err = bundle.read(context)
    if not read then return nil, err end
    options.config = read.config
  end
  local signals <close> = not given.detach and foreground.signals() or nil
  local container, process = factory:restore(context.args[1], options)
  if not container then return nil, process end
  local told, status
  told, err = bundle.announce(context, process)
  if told and not signals then return 0 end
  if told then status, err = foreground.wait(process, signals) end
  local gone, why = container:destroy()
  if not status then return nil, err end
  if not gone then return nil, why end
  return status
end
