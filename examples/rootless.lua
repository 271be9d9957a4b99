-- SPDX-License-Identifier: MIT
-- A container without root: an ordinary user is root in it, and nobody outside. Run it as an ordinary user, or
-- as root, who has to say whose ids it gets.
local lc = require "libcontainer"
local configs = require "libcontainer.configs"

local factory = assert(lc.new())
local config = assert(configs.host_root())
if not config.uid_mappings then
  local ids = { { container_id = 0, host_id = 100000, size = 65536 } }
  config = assert(configs.host_root { uid_mappings = ids, gid_mappings = ids,
    namespaces = { "mount", "pid", "uts", "ipc", "network", "cgroup", "user" } })
end

local box <close> = assert(factory:create("rootless", config))
local process = assert(box:start { args = { "sh", "-c", "echo inside it is user $(id -u); read line" },
  stdin = "pipe", stdout = "pipe" })
print(process.stdout:read("l"))

local status <close> = assert(io.open(("/proc/%d/status"):format(process:pid())))
print("outside it is user " .. status:read("a"):match("\nUid:%s*(%d+)"))
for _, range in ipairs(config.uid_mappings) do
  print(("user %d and the next %d are %d and so on"):format(range.container_id, range.size - 1, range.host_id))
end
process.stdin:close()
process:wait()
