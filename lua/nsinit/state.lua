-- SPDX-License-Identifier: MIT
--- The state of a container as OCI has it.
local json = require "libcontainer.json"

local M = {}

M.OCI_VERSION = "1.2.0"
-- The newest document that is read.
M.OCI_VERSION_MAX = "1.3.0"

local STATUSES <const> = { created = "created", prepared = "created", running = "running", pausing = "running",
  paused = "paused", checkpointed = "stopped", stopped = "stopped", destroyed = "stopped" }

-- RFC 3339, of a time in seconds.
local function time(seconds)
  local whole = math.floor(seconds)
  local text = os.date("!%Y-%m-%dT%H:%M:%S", whole) .. ("%.9f"):format(seconds - whole):sub(2)
  return text .. "Z"
end

--- What the state command prints.
---@param container libcontainer.Container
---@return table|nil state
---@return libcontainer.Error|nil err
function M.of(container)
  local record, err = container:state()
  if not record then return nil, err end
  local config, status = record.config, STATUSES[record.status]
  return {
    ociVersion = M.OCI_VERSION, id = record.id, status = status,
    pid = status ~= "stopped" and record.init_process_pid or 0,
    bundle = config.labels and config.labels.bundle or config.rootfs:match("^(.+)/[^/]+$") or "/",
    rootfs = config.rootfs, created = time(record.created), annotations = config.annotations, owner = "",
    uid = record.owner.uid,
  }
end

local ORDER <const> = { "ociVersion", "id", "pid", "status", "bundle", "rootfs", "created", "annotations", "owner" }

--- A state as text, in the order that the specification names its properties.
---@param state table
---@return string
function M.text(state)
  local lines = {}
  for _, name in ipairs(ORDER) do
    if state[name] ~= nil then
      lines[#lines + 1] = ('  "%s": %s'):format(name,
        (json.encode(state[name], { indent = 2 }):gsub("\n", "\n  ")))
    end
  end
  return "{\n" .. table.concat(lines, ",\n") .. "\n}\n"
end

--- The same in one line.
---@param state table
---@return string
function M.line(state)
  local parts = {}
  for _, name in ipairs(ORDER) do
    if state[name] ~= nil then parts[#parts + 1] = ('"%s":%s'):format(name, json.encode(state[name])) end
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

return M
