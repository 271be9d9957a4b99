-- SPDX-License-Identifier: MIT
--- Notifications to a service manager, as sd_notify(3) sends them: a socket of ours in the container, whose messages
-- are passed on to the one that NOTIFY_SOCKET names here. The container sees a directory with this socket alone, and
-- nothing of the host's.
local system = require "libcontainer.system"

local M = {}

local DIRECTORY <const> = "/run/notify"
local NAME <const> = "notify.sock"
local BARRIER_TIMEOUT <const> = 30

---@class nsinit.Notifier
---@field is_ready boolean  the program has said so, and it has been passed on
local Notifier = {}
Notifier.__index = Notifier

local function target()
  local path = os.getenv "NOTIFY_SOCKET"
  return path and path:find("^[/@].") and path or nil
end

local function directory_of(root, id)
  return ("%s/%s/notify"):format(root, id)
end

--- Give a process that is to be started the socket, where this one has a service manager to tell.
---@param config table
---@param process table
---@param root string  state root
---@param id string
---@return boolean is_wanted  `make` has to make the directory then
function M.give(config, process, root, id)
  if not target() then return false end
  config.mounts = config.mounts or {}
  table.insert(config.mounts, { destination = DIRECTORY, source = directory_of(root, id), type = "bind",
    options = { "bind", "ro", "nosuid", "noexec", "nodev" } })
  process.env = process.env or {}
  table.insert(process.env, "NOTIFY_SOCKET=" .. DIRECTORY .. "/" .. NAME)
  return true
end

--- Make what the container will see.
---@param root string
---@param id string
---@return true|nil
---@return libcontainer.Error|nil err
function M.make(root, id)
  return system.make_directory(directory_of(root, id), 493) -- 0755
end

--- Listen, before the program runs: nil where nobody is to be told.
---@param root string
---@param id string
---@return nsinit.Notifier|nil
---@return libcontainer.Error|nil err
function M.listen(root, id)
  local path, directory = target(), directory_of(root, id)
  if not path or not system.real_path(directory) then return nil end
  local socket, err = system.datagram(directory .. "/" .. NAME)
  if not socket then return nil, err end
  return setmetatable({ socket = socket, target = path, is_ready = false }, Notifier)
end

--- The program, when it runs.
---@param process libcontainer.Process
function Notifier:of(process)
  self.pid = process:pid()
end

function Notifier:pollfd()
  return self.socket:pollfd()
end

function Notifier:close()
  self.socket:close()
end
Notifier.__close = Notifier.close

-- What a process inside may say: pids there are not those of the host, and descriptors do not go along.
local function passed_on(text)
  local lines = {}
  for line in text:gmatch("[^\n]+") do
    local name = line:match("^([^=]+)=")
    if name and name ~= "MAINPID" and name ~= "BARRIER" and not name:find("^FD") then lines[#lines + 1] = line end
  end
  return lines
end

local function is_ready_among(lines)
  for _, line in ipairs(lines) do
    if line == "READY=1" then return true end
  end
  return false
end

--- Pass on what has come.
---@return true|nil
---@return libcontainer.RawError|nil raw
function Notifier:serve()
  while true do
    local text, raw = self.socket:receive()
    if text == nil then return nil, raw end
    if not text then return true end
    local lines = passed_on(text)
    local told = #lines == 0
    if not told then told, raw = self.socket:send(self.target, table.concat(lines, "\n")) end
    if told and is_ready_among(lines) then
      self.is_ready = true
      told, raw = self.socket:send(self.target, ("MAINPID=%d"):format(self.pid))
      if told then told, raw = self.socket:barrier(self.target, BARRIER_TIMEOUT) end
    end
    if not told then return nil, raw end
  end
end

--- Until the program has said that it is ready, or has ended.
---@param process libcontainer.Process
---@return true|nil
---@return libcontainer.Error|nil err
function Notifier:wait(process)
  while not self.is_ready do
    local exit, err = process:wait(0)
    if exit then return true end
    if err.errname ~= "ETIMEDOUT" then return nil, err end
    local count, served, raw
    count, err = system.poll { { process:pollfd(), "r" }, { self:pollfd(), "r" } }
    if not count then return nil, err end
    served, raw = self:serve()
    if not served then return nil, system.failure(raw) end
  end
  return true
end

return M
