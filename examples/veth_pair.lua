-- SPDX-License-Identifier: MIT
-- Two containers talk over a bridge: each has an end of a veth in it, with an address of its own. Needs
-- the packages libmnl0 and, for what they say, busybox.
local lc = require "libcontainer"
local configs = require "libcontainer.configs"
local network = require "libcontainer.network"

local number = math.random(1 << 24)
local bridge = ("lc%06x"):format(number)
assert(network.add_bridge(bridge))
local _ <close> = setmetatable({}, { __close = function() assert(network.remove_bridge(bridge)) end })

local factory = assert(lc.new())
local function plug(name, address)
  return assert(factory:create(("%s-%d"):format(name, number), assert(configs.host_root {
    hostname = name, memory = "64M",
    networks = { { type = "veth", bridge = bridge, address = address .. "/24", mtu = 1400 } } })))
end

local server <close> = plug("server", "192.0.2.1")
local client <close> = plug("client", "192.0.2.2")
for _, row in ipairs(assert(client:explain { "true" })) do
  if row.op:find("^host_") then print(row.op, row.field) end
end

assert(server:start { "busybox", "nc", "-l", "-p", "7000", "-e", "sh", "-c", "read -r x; echo $(hostname) heard $x" })
local program = assert(client:start { "sh", "-c", [[
  n=0
  until echo "a word of $(hostname)" | busybox nc 192.0.2.1 7000; do
    n=$((n + 1)); [ $n -lt 100 ] || exit 1
    sleep 0.1
  done; sleep 1000]], stdout = "pipe" })
print(program.stdout:read("l", 30))
for _, interface in ipairs(assert(client:stats()).interfaces) do
  if interface.name == "eth0" then print("it has sent something: " .. tostring(interface.tx_bytes > 0)) end
end
