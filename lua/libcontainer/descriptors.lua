-- SPDX-License-Identifier: MIT
--- What processes have open, as the kernel tells it.
local core = require "libcontainer.core"
local errors = require "libcontainer.errors"

local M = {}

local GONE <const> = { ENOENT = true, ESRCH = true, EBADF = true }

--- A file of /proc/PID; "" of a process or a descriptor that is not there any more.
---@param pid integer
---@param name string
---@return string|nil
---@return libcontainer.Error|nil err
function M.read(pid, name)
  local text, raw = core.proc_file(pid, name)
  if text then return text end
  if GONE[core.errno_name(raw.errno)] then return "" end
  return nil, errors.raw(raw)
end

---@class libcontainer.Descriptor
---@field process libcontainer.Confinement.Process
---@field pid integer    of it, as the host sees it
---@field fd integer
---@field target string  "/dev/null", "socket:[4711]", …
---@field info string    of /proc/PID/fdinfo

--- Each descriptor of each process.
---@param processes libcontainer.Confinement.Process[]
---@return libcontainer.Descriptor[]|nil
---@return libcontainer.Error|nil err
function M.of(processes)
  local list = {}
  for _, process in ipairs(processes) do
    local fds, raw = core.proc_fds(process.outer)
    if not fds and not GONE[core.errno_name(raw.errno)] then return nil, errors.raw(raw) end
    for _, fd in ipairs(fds or {}) do
      local target = core.proc_link(process.outer, ("fd/%d"):format(fd))
      local info, err = M.read(process.outer, ("fdinfo/%d"):format(fd))
      if not info then return nil, err end
      if target then
        list[#list + 1] = { process = process, pid = process.outer, fd = fd, target = target, info = info }
      end
    end
  end
  return list
end

return M
