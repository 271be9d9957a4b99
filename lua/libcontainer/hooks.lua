-- SPDX-License-Identifier: MIT
--- Hooks: programs of the host that are run at points of a container's lifecycle, while its init waits.
local core = require "libcontainer.core"
local criu = require "libcontainer.criu"
local errors = require "libcontainer.errors"
local json = require "libcontainer.json"

local M = {}

local TIMEOUT <const> = 30

-- The state that a hook reads, as OCI describes it.
local function state_text(box, pid)
  local config = box._record.config
  return json.encode { ociVersion = "1.2.0", id = box._id, status = "creating", pid = pid,
    bundle = config.rootfs:match("^(.+)/[^/]*$") or "/", annotations = config.annotations }
end

local function run(box, hook, field, text)
  local input <close>, raw = core.text(text)
  local null <close> = input and core.null()
  if not input or not null then return nil, errors.raw(raw) end
  local args = table.move(hook.args or {}, 1, #(hook.args or {}), 1, {})
  args[1] = hook.path
  local done, err = criu.run { step = "process", timeout = TIMEOUT, begin = function()
    return box._core:dump(box._record.config, { args = args },
      { id = box._id, stdin = input, stdout = null, stderr = null })
  end }
  if done then return true end
  err.field = field
  return nil, err
end

--- The init waits at the gate "create_runtime": run those hooks, in order.
---@param box libcontainer.Container
---@param session userdata
---@return true|nil
---@return libcontainer.Error|nil err
function M.create_runtime(box, session)
  local text, err = state_text(box, (session:pid()))
  if not text then return nil, err end
  for i, hook in ipairs(box._record.config.hooks.create_runtime) do
    local done
    done, err = run(box, hook, ("hooks.create_runtime[%d]"):format(i), text)
    if not done then return nil, err end
  end
  return true
end

return M
