-- SPDX-License-Identifier: MIT
--- Engines that run containers by nsinit, in the place that run-engines makes: shell lines and what comes of them.
local fixture = require "spec.support.fixture"

local M = {}

--- A directory of this file of specs alone, on a disk.
M.at = os.getenv "LIBCONTAINER_ENGINES_AT"
--- nsinit, as it is installed below an empty prefix.
M.nsinit = os.getenv "LIBCONTAINER_ENGINES_NSINIT"

--- Skip the spec, with the reason, unless these programs are here.
---@param ... string
function M.needs(...)
  if not M.at then fixture.skip "needs to be run by spec/support/run-engines" end
  for _, name in ipairs { ... } do
    if not os.execute(("command -v %s >/dev/null"):format(name)) then fixture.skip("needs " .. name) end
  end
end

--- Run a line of bash.
---@param line string
---@param seconds number|nil
---@return integer status  124 when the time is over
---@return string output   of both streams
function M.call(line, seconds)
  local path = fixture.directory()
  fixture.write(path .. "/line", line)
  local _, how, status = os.execute(("exec timeout -k 2 %g bash %s/line >%s/out 2>&1 </dev/null"):format(
    fixture.seconds(seconds or 60), path, path))
  return how == "exit" and status or 128 + status, fixture.read(path .. "/out")
end

--- Run a line that has to succeed.
---@param line string
---@return string output  without the newlines at its end
function M.sh(line)
  local status, output = M.call(line)
  assert(status == 0, ("%s\nended with %d: %s"):format(line, status, output))
  return (output:gsub("%s+$", ""))
end

--- Run a line until what it prints has this in it.
---@param line string
---@param pattern string
---@param seconds number|nil
---@return string output
function M.becomes(line, pattern, seconds)
  local deadline = os.time() + fixture.seconds(seconds or 30)
  local status, output
  repeat
    status, output = M.call(line)
    if output:find(pattern) then return output end
    os.execute "exec sleep 0.1"
  until os.time() > deadline
  error(("%s\nnever printed %q; it ended with %d: %s"):format(line, pattern, status, output), 2)
end

--- Is a file there that holds a root of busybox alone, as tar?
---@return string path
function M.image()
  local path = M.at .. "/image.tar"
  M.sh(([[cd %s && [ -e image.tar ] || {
    mkdir -p rootfs/{bin,dev,etc,proc,root,run,sys,tmp,var,data}
    cp "$(readlink -f "$(command -v busybox)")" rootfs/bin/busybox
    for name in $(rootfs/bin/busybox --list); do [ "$name" = busybox ] || ln rootfs/bin/busybox rootfs/bin/$name; done
    echo root:x:0:0:root:/root:/bin/sh >rootfs/etc/passwd; echo root:x:0: >rootfs/etc/group
    echo text >rootfs/bin/no-program
    tar --numeric-owner -C rootfs -cf image.tar . ;}]]):format(M.at))
  return path
end

--- Start a daemon in the background; it ends with the place that it is in.
---@param line string  what it writes goes to daemon.log
function M.daemon(line)
  M.sh(("cd %s && { %s >>daemon.log 2>&1 & }"):format(M.at, line))
end

--- Start dockerd with nsinit as its default runtime, and wait for it; `docker` finds it.
---@param options string|nil  of dockerd
function M.docker(options)
  fixture.write("/run/d.json", ('{"runtimes":{"nsinit":{"path":"%s"}},"default-runtime":"nsinit"}\n'):format(M.nsinit))
  M.daemon(("dockerd --config-file /run/d.json --data-root %s/docker -H unix:///run/docker.sock "
    .. "--storage-driver=overlay2 %s"):format(M.at, options or "--iptables=false --ip6tables=false --bridge=none"))
  M.becomes("docker info --format '{{.ServerVersion}}'", "^%d", 90)
end

return M
