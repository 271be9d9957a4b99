-- SPDX-License-Identifier: MIT
--- The init of a container dies at each system call of a host that starts a further program in it:
-- `fault_death.lua ROOT ROOTFS`. The start answers ContainerNotRunning, or a process that ends with the
-- init; the container is stopped, nothing is in it, and it can be started again.
local core = require "libcontainer.core"
local lc = require "libcontainer"
local loop = require "libcontainer.loop"
local patience = require "spec.support.patience"
local sweep = require "spec.support.fault_sweep"

local root, rootfs = table.unpack(arg, 1, 2)
local DEADLINE <const> = patience.seconds(20)

local box = assert(assert(lc.new(root)):create("swept", { rootfs = rootfs, seccomp = "default",
  namespaces = { "mount", "pid", "uts", "ipc", "network", "cgroup" },
  mounts = { { destination = "/dev/pts", type = "devpts", options = { "newinstance", "ptmxmode=0666" } } } }))

local function spec()
  return { args = { "/bin/sh", "-c", "sleep 1000 & wait" }, stdout = "pipe", terminal = false,
    cgroups = { pids_limit = 8 } }
end

local function becomes_stopped()
  local deadline = loop.deadline(DEADLINE)
  while box:status() ~= "stopped" and core.now() < deadline do loop.pause(0.002) end
  return box:status()
end

-- Answers whether the init was made to die.
local function case(nth)
  local label = ("the init dies at %d"):format(nth)
  local init = assert(box:start { args = { "/bin/sleep", "10000" } })
  core.fault(nth, sweep.DIE, init:pid())
  local process, err = box:start(spec())
  local calls, fired = core.fault_calls()
  core.fault(0, 0)
  sweep.count()
  if not fired then
    if not process then sweep.problem("%s: failed without a death: %s", label, err) end
    assert(init:signal("KILL"))
  elseif not process and err.code ~= "ContainerNotRunning" and err.field ~= "process.cgroups" then
    -- Seen to be dead before anything else, the container is started anew, and its first process has no
    -- cgroup of its own.
    sweep.problem("%s: %s %s", label, err.code, err)
  end
  if process then
    local exit, why = process:wait(DEADLINE)
    if not exit or exit.signal ~= 9 then sweep.problem("%s: the program ended with %s", label, exit and exit.status or why) end
    process:close()
  end
  local exit, why = init:wait(DEADLINE)
  if not exit or exit.signal ~= 9 then sweep.problem("%s: the init: %s", label, exit and exit.status or why) end
  if becomes_stopped() ~= "stopped" then sweep.problem("%s: it is %s", label, box:status()) end
  local pids = assert(box:processes())
  if #pids > 0 then sweep.problem("%s: processes left: %s", label, table.concat(pids, " ")) end
  return fired, calls
end

case(math.maxinteger >> 32)
local watch = sweep.watch { root = assert(lc.new(root))._root, cgroups = {}, is_remade = true }
local _, calls = case(math.maxinteger >> 32)
local nth, stride = sweep.spread(calls, 60)
local fired
repeat
  fired, calls = case(nth)
  watch(("the init dies at %d"):format(nth))
  nth = nth + stride
until not fired
assert(box:destroy())
sweep.finish(calls)
