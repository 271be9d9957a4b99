-- SPDX-License-Identifier: MIT
-- An image becomes a root file system and runs. It is made here, of busybox alone: an OCI layout by umoci, or,
-- where there is none, a tar. What is in it is read in a container, so nothing in it gets out.
local lc = require "libcontainer"
local image = require "libcontainer.image"

local place = os.tmpname()
local function sh(command) return os.execute(("{ cd %s && %s; } >/dev/null 2>&1"):format(place, command)) end
assert(os.remove(place) and os.execute("mkdir -m 700 " .. place))
local _ <close> = setmetatable({}, { __close = function() os.execute("rm -r " .. place) end })

assert(sh "mkdir -p root/bin root/etc && cp /bin/busybox root/bin && ln -s busybox root/bin/cat")
assert(sh "echo hello from an image >root/etc/motd")
local name = place .. "/layout:v1"
if not sh [[command -v umoci && umoci init --layout layout && umoci new --image layout:v1 &&
  umoci insert --image layout:v1 root/bin /bin && umoci insert --image layout:v1 root/etc /etc &&
  umoci config --image layout:v1 --config.cmd cat --config.cmd motd --config.workingdir /etc]] then
  assert(sh "tar -C root -cf root.tar .")
  name = place .. "/root.tar"
end

local img = assert(image.open(name))
local told = 0
local done = assert(img:unpack(place .. "/rootfs", { size_limit = "64M", progress = function() told = told + 1 end }))
print("unpacked", done.bytes > 100000, told > 0)

local program = img:config() -- what the image says: args and cwd; a tar says nothing
local run = program.args or { "cat", "/etc/motd" }
run.cwd, run.rootfs, run.memory = program.cwd, done.path, "32M"
io.write(assert(lc.run(run)).stdout)

local _, err = img:unpack(place .. "/another", { size_limit = "1k" })
print((tostring(err):gsub("^.*(unpacks to)", "%1")))
