-- SPDX-License-Identifier: MIT
-- A program writes to its root, and the root stays as it was: what it has written is in a layer, which is
-- listed and thrown away. Needs a busybox without libraries (the package busybox-static).
local lc = require "libcontainer"
local configs = require "libcontainer.configs"

local rootfs = os.tmpname()
assert(os.remove(rootfs) and os.execute(([[cd / && mkdir -m 755 %s && cd %s && mkdir bin dev etc proc sys tmp &&
  cp /bin/busybox bin/sh && echo of the root >etc/motd && echo old >etc/old]]):format(rootfs, rootfs)))
local _ <close> = setmetatable({}, { __close = function() os.execute("rm -r " .. rootfs) end })

local factory = assert(lc.new())
local box <close> = assert(factory:create("overlay-diff", assert(configs.default {
  rootfs = rootfs, overlay = {}, memory = "64M" })))

local function run(script)
  local program = assert(box:start { "sh", "-c", script, stdout = "pipe" })
  io.write(program.stdout:read("a"))
  assert(program:wait(60).status == 0)
end

run "echo of the layer >/etc/motd; rm /etc/old; mkdir /etc/new; echo x >/etc/new/file; cat /etc/motd"
for _, entry in ipairs(assert(box:diff())) do print(entry.kind, entry.path) end
print("below it is " .. io.open(rootfs .. "/etc/motd"):read("l"))

assert(box:reset_layer())
print("differences now: " .. #assert(box:diff()))
run "cat /etc/motd /etc/old"
