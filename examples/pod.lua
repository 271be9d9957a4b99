-- SPDX-License-Identifier: MIT
-- A pod: two containers that share network and ipc, and nothing else.
local lc = require "libcontainer"
local configs = require "libcontainer.configs"

local factory = assert(lc.new())
local first <close> = assert(factory:create("pod-first", assert(configs.host_root { hostname = "first" })))
local server = assert(first:start { args = { "sleep", "60" } })

local config = assert(configs.host_root { hostname = "second" })
config.namespaces = { "mount", "pid", "uts", "cgroup", network = first, ipc = first }
local second <close> = assert(factory:create("pod-second", config))
local client = assert(second:start { args = { "sleep", "60" } })

for _, name in ipairs { "net", "ipc", "uts", "pid" } do
  local function namespace(process)
    local script = ("readlink /proc/self/ns/%s"):format(name)
    return assert(process:exec { "sh", "-c", script }).stdout
  end
  print(name, namespace(first) == namespace(second) and "shared" or "its own")
end
print(assert(second:exec { "hostname" }).stdout:match("%w+"))
server:signal "KILL"
client:signal "KILL"
