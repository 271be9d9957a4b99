-- SPDX-License-Identifier: MIT
--- What spec/c/alloc_driver.c runs while memory fails: answers, for a name, the functions run and
-- check. Everything that they need is loaded here, before the first failure. The state root and the
-- root file system are in the environment: SWEEP_ROOT, SWEEP_ROOTFS.
local name = ...
local root, rootfs = os.getenv("SWEEP_ROOT"), os.getenv("SWEEP_ROOTFS")
local ID <const> = "swept"

-- The one for which nothing may be loaded before.
if name == "load" then
  return function() require "libcontainer" end, function() end
end

local lc = require "libcontainer"
local patience = require "spec.support.patience"
local configs = require "libcontainer.configs"
local run = require "libcontainer.run"

local function config()
  return { rootfs = rootfs, hostname = "swept", seccomp = "default",
    cgroups = { memory = "64M", pids_limit = 32 },
    mounts = { { destination = "/proc", type = "proc" } } }
end

local scenarios = {}

function scenarios.configs()
  local t = configs.default { rootfs = rootfs, cgroups = { memory = "64M" } }
  assert(configs.validate(t))
  assert(configs.host_root { hostname = "a" })
  assert(lc.process { args = { "true" }, env = { "A=b" }, user = "1000:1000" })
end

function scenarios.problems()
  local factory = assert(lc.new(root))
  local box, err = factory:create(ID, { rootfs = "relative", memroy = 1, hostname = 5,
    mounts = { { destination = "a" }, { source = "b" } }, capabilities = { "NONE" } })
  assert(not box and err.code == "ConfigInvalid" and #err.problems > 3, tostring(err))
  assert(#tostring(err) > 0)
  box, err = factory:load("absent")
  assert(not box and err.code == "ContainerNotExists")
  box, err = factory:create("../a", config())
  assert(not box and err.code == "InvalidIdFormat")
end

function scenarios.create()
  local c <close> = assert(assert(lc.new(root)):create(ID, config()))
  assert(c:status() == "created")
  assert(c:state())
  assert(c:destroy())
end

function scenarios.explain()
  local c <close> = assert(assert(lc.new(root)):create(ID, config()))
  assert(#tostring(c:explain { args = { "/bin/true" } }) > 100)
end

function scenarios.start()
  local factory = assert(lc.new(root))
  local c <close> = assert(factory:create(ID, config()))
  local p = assert(c:start { args = { "/bin/true" } })
  assert(assert(p:wait(patience.seconds(20))).status == 0)
  local loaded = assert(factory:list())[1]
  assert(loaded:status() == "stopped")
  assert(tostring(loaded))
  assert(c:destroy())
end

function scenarios.watch()
  local c <close> = assert(assert(lc.new(root)):create(ID, config()))
  local events <close> = assert(c:events())
  assert(c:start { args = { "/bin/sleep", "1000" } })
  local stats = assert(c:stats())
  assert(stats.memory.usage > 0 and #tostring(stats) > 100)
  local oom <close> = assert(c:notify_oom())
  assert(c:processes({ ns = "container" })[1] == 1)
  assert(c:destroy())
  local names = {}
  for event in events do names[#names + 1] = event.type end
  -- Without memory for an event there is one of type "lost".
  assert(names[#names] == "destroy" or table.concat(names, " "):find("lost"), table.concat(names, " "))
  assert(not oom:next(0))
end

local function running()
  local t = config()
  t.mounts[2] = { destination = "/dev/pts", type = "devpts", options = { "newinstance", "ptmxmode=0666" } }
  local c = assert(assert(lc.new(root)):create(ID, t))
  assert(c:start { args = { "/bin/sleep", "1000" } })
  return c
end

-- Further programs: one collected, with limits; one on a terminal; one that is not there.
function scenarios.exec()
  local c <close> = running()
  local r = assert(c:exec { "/bin/sh", "-c", "cat; echo two >&2; exit 3", input = "one\n", memory = "16M", pids = 8,
    timeout = patience.seconds(20) })
  assert(r.stdout == "one\n" and r.stderr == "two\n" and r.status == 3, tostring(r))
  local p, err = c:start { args = { "/bin/absent" } }
  assert(not p and err.step == "exec" and err.errname == "ENOENT", tostring(err))
end

function scenarios.terminal()
  local c <close> = running()
  local p <close> = assert(c:start { args = { "/bin/sh", "-c", "echo one; exit 3" }, terminal = true })
  assert(assert(p.terminal:read("a", patience.seconds(20))) == "one\r\n")
  assert(assert(p:wait(patience.seconds(20))).status == 3)
end

-- Changed, paused, resumed: and it must be one of the states that it had.
function scenarios.change()
  local c <close> = running()
  assert(c:set { memory = "48M", pids_limit = 16 })
  assert(c:config().cgroups.pids_limit == 16)
  assert(c:pause(patience.seconds(10)))
  assert(c:status() == "paused")
  local p, err = c:start { args = { "/bin/true" } }
  assert(not p and err.code == "ContainerPaused")
  assert(c:resume(patience.seconds(10)))
  assert(c:signal "KILL")
  assert(c:wait(patience.seconds(20)))
end

-- A start that fails, and its error.
function scenarios.failure()
  local c <close> = assert(assert(lc.new(root)):create(ID, config()))
  local p, err = c:start { args = { "/bin/absent" } }
  assert(not p and err.step == "exec" and err.errname == "ENOENT", tostring(err))
end

function scenarios.run()
  local t = config()
  t[1], t[2], t[3] = "/bin/sh", "-c", "cat; echo two >&2"
  t.input, t.timeout = "one\n", patience.seconds(20)
  local r = assert(run.run(assert(lc.new(root)), t))
  assert(r.stdout == "one\n" and r.stderr == "two\n", r.stdout .. r.stderr)
end

-- --- what is left, looked at with memory again ---

local sweep = require "spec.support.fault_sweep"
local function find_places()
  local factory = assert(lc.new(root))
  local c <close> = assert(factory:create(ID, config()))
  local cgroups = {}
  for _, path in pairs(c:state().cgroup_paths) do cgroups[#cgroups + 1] = path end
  return { root = factory._root, cgroups = cgroups }
end

local watch = sweep.watch(find_places())

local function check()
  watch("alloc " .. name)
  local count = sweep.problems()
  if count == 0 then return end
  assert(lc.new(root)):destroy(ID) -- for the cases after this one
  return count .. " left"
end

return assert(scenarios[name], name), check
