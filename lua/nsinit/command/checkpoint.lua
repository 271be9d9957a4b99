-- SPDX-License-Identifier: MIT
--- checkpoint ID: into files, by criu.
local store = require "nsinit.store"
local system = require "libcontainer.system"

-- Our options, by the words of the command line.
local FLAGS <const> = { ["leave-running"] = "leave_running", ["tcp-established"] = "tcp_established",
  ["tcp-skip-in-flight"] = "tcp_skip_in_flight", ["ext-unix-sk"] = "external_unix_connections",
  ["shell-job"] = "shell_job", ["file-locks"] = "file_locks", ["pre-dump"] = "pre_dump", ["auto-dedup"] = "auto_dedup",
  ["link-remap"] = "link_remap" }

local function absolute(path)
  return path:sub(1, 1) == "/" and path or (system.real_path(".") or "") .. "/" .. path
end

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local given, options = context.options, {}
  for word, name in pairs(FLAGS) do options[name] = given[word] end
  options.images_directory = absolute(given["image-path"] or "checkpoint")
  options.work_directory = given["work-path"] and absolute(given["work-path"])
  options.parent_path = given["parent-path"]
  if given["page-server"] then
    local address, port = given["page-server"]:match("^(.*):(%d+)$")
    if not address then return nil, ("--page-server %s: must be ADDRESS:PORT"):format(given["page-server"]) end
    options.page_server = { address = address, port = math.tointeger(tonumber(port)) }
  end
  local container, err = store.load(context)
  if not container then return nil, err end
  local done
  done, err = container:checkpoint(options)
  if not done then return nil, err end
  if not options.leave_running and not options.pre_dump then
    local gone, why = container:destroy()
    if not gone then return nil, why end
  end
  return 0
end
