-- SPDX-License-Identifier: MIT
--- Messages to a log of the system: --log journald:NAME and syslog:NAME.
local system = require "libcontainer.system"

local M = {}

-- As syslog(3) counts; those of programs in general.
local PRIORITIES <const> = { error = 3, warning = 4, debug = 7 }
local FACILITY <const> = 1 << 3

local function journal_message(name, level, text)
  -- a length in front, for the text may have more than one line
  return ("PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nMESSAGE\n%s\n"):format(PRIORITIES[level], name, ("<s8"):pack(text))
end

local function syslog_message(name, level, text)
  return ("<%d>%s %s: %s"):format(FACILITY + PRIORITIES[level], os.date "%b %e %H:%M:%S", name, text)
end

local KINDS <const> = {
  journald = { path = "/run/systemd/journal/socket", message = journal_message },
  syslog = { path = "/dev/log", message = syslog_message },
}

--- A function that sends a message there.
---@param kind "journald"|"syslog"
---@param name string  who says so
---@return fun(level: string, text: string)|nil
---@return string|nil problem
function M.open(kind, name)
  local sink = KINDS[kind]
  local socket, err = system.datagram()
  if not socket then return nil, tostring(err) end
  if not system.real_path(sink.path) then
    return nil, ("--log %s:%s: nobody listens at %s"):format(kind, name, sink.path)
  end
  return function(level, text)
    socket:send(sink.path, sink.message(name, level, text)) -- who does not take it leaves stderr
  end
end

return M
