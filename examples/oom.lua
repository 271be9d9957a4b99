-- SPDX-License-Identifier: MIT
-- What happens in a container, as it happens: one stream of events that ends with it. Three programs in
-- it take more memory than there is; the kernel kills them, and tells.
local lc = require "libcontainer"
local configs = require "libcontainer.configs"

local factory = assert(lc.new())
local config = assert(configs.host_root { memory = "32M" })
local box <close> = assert(factory:create("oom-" .. math.random(1 << 30), config))
local events <close> = assert(box:events())

-- tail keeps the last line, and /dev/zero never ends one
assert(box:start { "sh", "-c", "for i in 1 2 3; do tail /dev/zero; done; exit 7" })

local killed = 0
for event in events do
  if event.type == "start" then
    print("started: " .. event.args[1])
  elseif event.type == "oom" then
    killed = killed + event.count
  elseif event.type == "exit" then
    print(("%d killed for want of memory, then it ended with status %d"):format(killed, event.status))
    assert(box:destroy())
  else
    print("the last event: " .. event.type)
  end
end
