-- SPDX-License-Identifier: MIT
--- What a sweep of the host's calls does with a container that runs: further programs in it, of every
-- kind. The container is made once for all of the cases, so what a failure leaves in it is seen by the
-- next one; it must run on, and take a further program, after each of them.
local core = require "libcontainer.core"
local lc = require "libcontainer"
local loop = require "libcontainer.loop"
local patience = require "spec.support.patience"
local sweep = require "spec.support.fault_sweep"

local M = { scenarios = {} }

local OUTPUT <const> = "one\n"

---@class fault_exec.Place
---@field root string
---@field id string
---@field config fun(): table

local place, box, listening
local console_path

-- Not needed without a console socket; it is compiled by the specs.
local posix = select(2, pcall(require, "posix_for_specs"))

--- Where the container is made.
---@param of fault_exec.Place
function M.use(of)
  place = of
  console_path = of.root .. ".console"
end

--- The container, which runs: whoever has lost it makes another.
function M.container()
  if box and box:status() == "running" then return box end
  local config = place.config()
  config.mounts = { { destination = "/dev/pts", type = "devpts", options = { "newinstance", "ptmxmode=0666" } } }
  box = assert(assert(lc.new(place.root)):create(place.id, config))
  assert(box:start { args = { "/bin/sleep", "10000" } })
  return box
end

local function listen()
  if listening then return end
  os.remove(console_path)
  listening = posix.listen(console_path, 64)
end

--- Everything goes, at the end of the sweep.
function M.finish()
  if listening then
    posix.close(listening)
    os.remove(console_path)
  end
  if box then assert(box:destroy()) end
  box, listening = nil, nil
end

-- --- the scenarios: see fault_host.lua ---

local function step(label, value, err)
  if value == nil or value == false then sweep.check_error(label, err) end
  return value
end

local function check_exit(label, exit, status)
  if exit and exit.status ~= status and not exit.lost then
    sweep.problem("%s: status %s signal %s", label, exit.status, exit.signal)
  end
  return exit
end

-- What a further program printed and how it ended; a sweep that makes reading fail gets neither.
local function follow(label, process, stream, wanted)
  local text, err = stream:read("a", patience.seconds(20))
  step(label .. " read", text, err)
  local exit = step(label .. " wait", process:wait(patience.seconds(20)))
  process:close()
  if text and text ~= wanted then sweep.problem("%s: output %q", label, text) end
  return text ~= nil and check_exit(label, exit, 3) ~= nil, err
end

-- In the container's own cgroups, with nothing but a pipe.
function M.scenarios.start(label, arm)
  local c = M.container()
  arm()
  local process, err = c:start { args = { "/bin/sh", "-c", "echo one; exit 3" }, stdout = "pipe" }
  if not step(label .. " start", process, err) then return false, err end
  return follow(label, process, process.stdout, OUTPUT)
end

-- With a cgroup of its own, limits in it, and its output collected.
function M.scenarios.exec(label, arm)
  local c = M.container()
  local sent
  arm()
  local result, err = c:exec { "/bin/sh", "-c", "cat; echo two >&2; exit 3", memory = "32M", pids = 8, cpus = 0.9,
    timeout = patience.seconds(20), input = function()
      if sent then return nil end
      sent = true
      return OUTPUT
    end }
  if not step(label .. " exec", result, err) then return false, err end
  if result.stdout ~= OUTPUT or result.stderr ~= "two\n" then
    sweep.problem("%s: output %q %q", label, result.stdout, result.stderr)
  end
  return check_exit(label, result, 3) ~= nil
end

-- In cgroups that it names: here those of the container.
function M.scenarios.placed(label, arm)
  local c = M.container()
  arm()
  local process, err = c:start { args = { "/bin/sh", "-c", "exit 3" }, sub_cgroups = "/" }
  if not step(label .. " start", process, err) then return false, err end
  return check_exit(label, step(label .. " wait", process:wait(patience.seconds(20))), 3) ~= nil
end

-- On a terminal that is ours.
function M.scenarios.terminal(label, arm)
  local c = M.container()
  arm()
  local process, err = c:start { args = { "/bin/sh", "-c", "echo one; exit 3" }, terminal = true,
    terminal_size = { 100, 30 } }
  if not step(label .. " start", process, err) then return false, err end
  step(label .. " resize", process:resize(80, 24))
  return follow(label, process, process.terminal, "one\r\n")
end

-- On one that goes to whoever listens on a socket.
function M.scenarios.console(label, arm)
  local c = M.container()
  listen()
  arm()
  local process, err = c:start { args = { "/bin/sh", "-c", "exit 3" }, terminal = true, console = console_path }
  if not step(label .. " start", process, err) then return false, err end
  local exit = step(label .. " wait", process:wait(patience.seconds(20)))
  process:close()
  return check_exit(label, exit, 3) ~= nil
end

-- --- after each case, with no fault armed ---

-- What was sent to the console socket, and not taken yet.
local function take_consoles()
  while listening and loop.poll({ { listening, "r" } }, core.now()) > 0 do
    local _, terminal = posix.take(listening)
    if terminal then posix.close(terminal) end
  end
end

-- "init" is where the first processes are, once a cgroup v2 has children.
local function groups_below(c)
  local paths = {}
  for _, path in pairs(c:state().cgroup_paths) do paths[#paths + 1] = path end
  local pipe <close> = assert(io.popen("exec find " .. table.concat(paths, " ")
    .. " -mindepth 1 -type d ! -path '*-swept/init'"))
  return pipe:read("a")
end

-- Alone with its init, as soon as what was killed has gone.
local function is_alone(c, init)
  local deadline = loop.deadline(patience.seconds(20))
  while true do
    local pids = assert(c:processes())
    if #pids == 1 and pids[1] == init then return true end
    if core.now() > deadline then return false, table.concat(pids, " ") end
    loop.pause(0.002)
  end
end

--- The container runs, holds its init alone, and takes another program. Whoever could not undo anything
-- may have left the cgroup of a program, with nothing in it, until the container is destroyed.
---@param label string
---@param may_hold_groups boolean
---@param c libcontainer.Container|nil  default: that of the sweep
function M.settle(label, may_hold_groups, c)
  take_consoles()
  c = c or box
  local status, err = c:status()
  if status ~= "running" then return sweep.problem("%s: it is %s %s", label, status, err) end
  local alone, pids = is_alone(c, c:state().init_process_pid)
  if not alone then sweep.problem("%s: processes left in it: %s", label, pids) end
  local result, why = c:exec { "/bin/true", timeout = patience.seconds(20) }
  if not result or result.status ~= 0 then sweep.problem("%s: a later exec: %s", label, result or why) end
  assert(c:status()) -- which reaps that one
  local left = may_hold_groups and "" or groups_below(c)
  if left ~= "" then sweep.problem("%s: cgroups left in it: %s", label, left) end
end

return M
