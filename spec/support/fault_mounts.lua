-- SPDX-License-Identifier: MIT
--- What sweeps of faults put on top of their container where mounts are swept: by the name of the scenario.
local M = {}

local IDS <const> = { { container_id = 0, host_id = 100000, size = 65536 } }

-- Directories of the user namespace's root, beside the state root, and one of them open.
local function layers(root)
  local place = root:match("^(.*)/") .. "/layers"
  assert(os.execute(("exec mkdir -p %s/low %s/up %s/work"):format(place, place, place)))
  assert(os.execute(("exec chown 100000:100000 %s/low %s/up %s/work"):format(place, place, place)))
  assert(os.execute(("exec chmod 711 %s %s"):format(place, root:match("^(.*)/"))))
  return place, assert(io.open(place .. "/low"))
end

--- A writable layer in the state directory, in a user namespace whose ids the root has; a source by descriptor, one
-- with mapped ids, a tmpfs that begins with a copy, and an overlay.
---@param config table    changed
---@param root string     of the state
---@param rootfs string
function M.layered(config, root, rootfs)
  local place, file = layers(root)
  config.namespaces = { "mount", "pid", "uts", "ipc", "network", "cgroup", "user" }
  config.uid_mappings, config.gid_mappings = IDS, IDS
  config.overlay = { mapped = true, lower = { place .. "/low" } }
  config.mounts = config.mounts or {}
  for _, mount in ipairs {
    { destination = "/given", type = "bind", source_fd = file },
    { destination = "/mapped", type = "bind", source = rootfs .. "/etc", options = { "idmap", "ro" } },
    { destination = "/etc", type = "tmpfs", options = { "tmpcopyup", "mode=755" } },
    { destination = "/over", type = "overlay", options = { "lowerdir=" .. place .. "/low", "upperdir=" .. place .. "/up",
      "workdir=" .. place .. "/work" } },
  } do table.insert(config.mounts, mount) end
end

--- A writable layer in memory, over two directories.
function M.memory(config, root)
  local place, file = layers(root)
  file:close()
  config.overlay = { memory = "1M", lower = { place .. "/low" } }
end

return M
