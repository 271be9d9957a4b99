-- SPDX-License-Identifier: MIT
--- What specs of hooks share: containers that have some, and a directory in which they leave word.
local fixture = require "spec.support.fixture"
local core = require "libcontainer.core"

local M = {}

M.KINDS = { "prestart", "create_runtime", "create_container", "start_container", "poststart", "poststop" }
M.PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
M.PROC = { { destination = "/proc", type = "proc", source = "proc" } }

--- A shell command of the host, or inside of the container, where sh is busybox.
function M.sh(script, more)
  local hook = { path = "/bin/sh", args = { "sh", "-c", script }, env = { M.PATH } }
  for name, value in pairs(more or {}) do hook[name] = value end
  return hook
end

--- A container with these hooks, and a directory of the host that is /place inside.
function M.container(hooks, more)
  local place = fixture.directory()
  local config = { rootfs = fixture.rootfs(), hooks = hooks, mounts = { M.PROC[1],
    { type = "bind", source = place, destination = "/place", options = { "rw" } } } }
  for name, value in pairs(more or {}) do config[name] = value end
  local box = assert(fixture.factory():create("box", config))
  return box, place, config.rootfs
end

--- The same: a hook must know its place before there is a container.
function M.with_place(make)
  local place = fixture.directory()
  local rootfs = fixture.rootfs()
  local hooks, more = make(place, rootfs)
  local config = { rootfs = rootfs, hooks = hooks, mounts = { M.PROC[1],
    { type = "bind", source = place, destination = "/place", options = { "rw" } } } }
  for name, value in pairs(more or {}) do config[name] = value end
  return assert(fixture.factory():create("box", config)), place, rootfs
end

--- The pid that a hook has written in a line, once it has.
function M.written_pid(path)
  local deadline = core.now() + fixture.seconds(30)
  local text = fixture.read(path)
  while not (text and text:find("\n")) do
    assert(core.now() < deadline, path .. ": no line with a pid")
    core.poll({}, 0.001)
    text = fixture.read(path)
  end
  return math.tointeger(text:match("%d+"))
end

return M
