-- SPDX-License-Identifier: MIT
--- A program whose end is waited for: what this process is told by signals meanwhile, the program is told.
local bundle = require "nsinit.bundle"
local system = require "libcontainer.system"

local M = {}

-- The exit status of a shell's kind.
local function status_of(exit)
  return exit.signal and 128 + exit.signal or exit.status or 1
end

local function wait(process, signals, notifier)
  local ending, told = { process:pollfd(), "r" }, { signals:pollfd(), "r" }
  repeat
    local count, err = system.poll { ending, told, notifier and { notifier:pollfd(), "r" } }
    if not count then return nil, err end
    local served, raw = true, nil
    if notifier then served, raw = notifier:serve() end
    if not served then return nil, system.failure(raw) end
    local signal = not ending[3] and signals:take()
    if signal then process:signal(signal) end
  until ending[3]
  return process:wait()
end

--- Take the signals of this process, before there is a program: none is lost.
---@return libcontainer.core.Signals|nil
---@return libcontainer.Error|nil err
M.signals = system.signals

--- Wait for its end.
---@param process libcontainer.Process
---@param signals libcontainer.core.Signals
---@param notifier nsinit.Notifier|nil  what is served meanwhile
---@return integer|nil status
---@return libcontainer.Error|nil err
function M.wait(process, signals, notifier)
  local exit, err = false, nil
  if process.terminal then
    exit, err = process:attach { detach_keys = false, signals = signals, beside = notifier }
    -- our terminal is gone, and with it that of the program, who is told so by the kernel
    if exit == false then process:close() end
  end
  if exit == false then exit, err = wait(process, signals, notifier) end
  if not exit then return nil, err end
  return status_of(exit)
end

--- Start a program in a container, tell who wants to know of it, and wait for its end unless it was told to detach.
---@param context nsinit.Context
---@param container libcontainer.Container
---@param process table  as Container:start takes it
---@return integer|nil status
---@return libcontainer.Error|string|nil err
function M.run(context, container, process)
  local signals <close> = not context.options.detach and M.signals() or nil
  local started, err = container:start(process)
  if not started then return nil, err end
  local told
  told, err = bundle.announce(context, started)
  if not told then
    started:signal("KILL")
    return nil, err
  end
  if not signals then return 0 end
  return M.wait(started, signals)
end

return M
