-- SPDX-License-Identifier: MIT
--- run ID: create, start, wait, delete.
local bundle = require "nsinit.bundle"
local foreground = require "nsinit.foreground"
local store = require "nsinit.store"

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local detaches = context.options.detach or false
  local container, process = bundle.create(context, detaches)
  if not container then return nil, process end
  if not process then
    container:destroy()
    return nil, "config.json has no process, and run has to run one"
  end
  local notifier <close>, problem = store.notifier(context)
  local signals <close> = not detaches and foreground.signals() or nil
  local started, err = nil, problem
  if not problem then started, err = container:start(process) end
  local told, status = started, nil
  if started and notifier then notifier:of(started) end
  if started then told, err = bundle.announce(context, started) end
  if told and detaches and notifier then told, err = notifier:wait(started) end
  if told and detaches then return 0 end
  if told then status, err = foreground.wait(started, signals, notifier) end
  if status and context.options.keep then return status end
  local gone, why = container:destroy()
  if not status then return nil, err end
  if not gone then return nil, why end
  context.log:warn_of(why)
  return status
end
