-- SPDX-License-Identifier: MIT
--- One sweep of the host's system calls: `fault_host.lua SCENARIO MODE ROOT ROOTFS [ERRNO …]`.
--
-- For calls n of the scenario that are spread over all of it, call n fails with one of the errnos ("once"),
-- call n and all after it fail until the scenario is over ("sticky"), or the host dies by SIGKILL at call n
-- ("kill"; a victim is a program of its own then). After each case nothing may be left: see fault_sweep.lua.
local core = require "libcontainer.core"
local lc = require "libcontainer"
local run = require "libcontainer.run"
local further = require "spec.support.fault_exec"
local mounts = require "spec.support.fault_mounts"
local patience = require "spec.support.patience"
local sweep = require "spec.support.fault_sweep"

local scenario_name, mode, root, rootfs = table.unpack(arg, 1, 4)
local errnos = table.move(arg, 5, #arg, 1, {})
local ID <const> = "swept"

-- --- scenarios: called with the label of the case, answer whether everything went well; when destroy was
-- made to fail, its error, and what it left is cleared away; and any other error, which excuses nothing that
-- is left. `arm` starts the counting ---

local function step(label, value, err)
  if value == nil or value == false then sweep.check_error(label, err) end
  return value
end

local scenario_path -- of the cgroups, where it is configured
local scenario_hooks
local scenario_networks
local scenario_program = { "/bin/true" } -- ends well only where everything was done that a start answers for
local scenario_mounts = {}
local function config()
  local t = { rootfs = rootfs, hostname = "swept", cgroups = { memory = "64M", pids_limit = 32, path = scenario_path },
    hooks = scenario_hooks, networks = scenario_networks,
    namespaces = { "mount", "pid", "uts", "ipc", "network", "cgroup" }, seccomp = "default" }
  for key, value in pairs(scenario_mounts) do t[key] = value end
  return t
end

further.use { root = root, id = ID, config = config }
local scenarios = further.scenarios
local is_further = scenarios[scenario_name] ~= nil

-- What a careful user writes.
function scenarios.life(label, arm)
  arm()
  local factory, why = lc.new(root)
  if not step(label .. " new", factory, why) then return false, nil, why end
  local c
  c, why = factory:create(ID, config())
  if not step(label .. " create", c, why) then return false, nil, why end
  local p
  p, why = c:start { args = scenario_program, stdout = "pipe" }
  local exit
  if step(label .. " start", p, why) then
    exit, why = p:wait(patience.seconds(20))
    step(label .. " wait", exit, why)
  end
  if exit and exit.status ~= 0 and not exit.lost then
    sweep.problem("%s: status %s signal %s", label, exit.status, exit.signal)
  end
  local gone, err = c:destroy()
  step(label .. " destroy", gone, err)
  return exit ~= nil and gone, err, why
end

-- At a place of its own, with directories above it that are not there.
function scenarios.place(label, arm)
  return scenarios.life(label, arm)
end
local PLACE <const> = "/libcontainer-placed" .. root:gsub("/", "_")
if scenario_name == "place" then scenario_path = PLACE .. "/above/box" end

-- With programs that are run while the init waits, and behind it. Those before the program leave a mark that
-- it looks for.
function scenarios.hooks(label, arm)
  for _, kind in ipairs { "prestart", "create_container", "start_container" } do os.remove(rootfs .. "/" .. kind) end
  return scenarios.life(label, arm)
end
if scenario_name == "hooks" then
  local function touch(path) return { { path = "/bin/touch", args = { "touch", path } } } end
  local list = { { path = "/bin/true" } }
  scenario_hooks = { prestart = touch(rootfs .. "/prestart"), create_container = touch(rootfs .. "/create_container"),
    start_container = touch "/start_container", poststart = list, poststop = list }
  scenario_program = { "/bin/sh", "-c", "test -e /prestart -a -e /create_container -a -e /start_container" }
end

-- With a writable layer, and mounts that the host opens.
for name, lay in pairs(mounts) do
  scenarios[name] = function(label, arm) return scenarios.life(label, arm) end
  if scenario_name == name then lay(scenario_mounts, root, rootfs) end
end

-- With a pair, and an interface of the host, in a network namespace that is our own. Where the host dies it
-- cannot give anything back, and the kernel does with an interface what it does.
function scenarios.network(label, arm)
  return scenarios.life(label, arm)
end
if scenario_name == "network" then
  local has_device = mode ~= "victim" and mode ~= "kill"
  scenario_program = { "/bin/sh", "-c", [[case "$(ip addr show dev eth0)" in
      *"mtu 1400"*"qlen 7"*10.1.0.2/24*fd00::2/64*) ;; *) exit 5 ;; esac
    case "$(ip route)" in *"default via 10.1.0.1"*) ;; *) exit 6 ;; esac]]
    .. (has_device and [[; case "$(ip addr show dev dev0)" in *10.9.0.1/24*) ;; *) exit 7 ;; esac]] or "") }
  scenario_networks = { { type = "veth", name = "eth0", bridge = "br0", address = "10.1.0.2/24",
    gateway = "10.1.0.1", ipv6_address = "fd00::2/64", mtu = 1400, txqueuelen = 7, hairpin_mode = true } }
  if mode ~= "victim" then
    assert(core.add_bridge("br0", "10.1.0.1/24"))
    os.execute("{ busybox ip link add dev0 type dummy || busybox ip link add dev0 type ifb; } 2>/dev/null; "
      .. "busybox ip addr add 10.9.0.1/24 dev dev0; busybox ip link set dev0 up")
  end
  if has_device then
    scenario_networks[2] = { type = "device", name = "dev0", host_interface_name = "dev0" }
  end
end

-- A start fails and cannot even be undone; what it has left is the same object's to destroy.
local disarmed
function scenarios.undo(label, arm)
  local c = assert(assert(lc.new(root)):create(ID, config()))
  arm()
  local p, err = c:start { args = { "/bin/sleep", "1000" } }
  disarmed = { core.fault_calls() }
  core.fault(0, 0)
  step(label .. " start", p, err)
  local gone, why = c:destroy()
  if not gone then sweep.problem("%s: an unhindered destroy fails: %s", label, why) end
  return p ~= nil and gone, err
end

-- Results first, with all three pipes.
function scenarios.run(label, arm)
  local lines = { "one\n", "two\n" }
  arm()
  local factory, why = lc.new(root)
  if not step(label .. " new", factory, why) then return false, nil, why end
  local t = config()
  t[1], t[2], t[3] = "/bin/sh", "-c", "cat; echo three >&2"
  t.id, t.timeout = ID, patience.seconds(20)
  t.input = function() return table.remove(lines, 1) end
  local result, err = run.run(factory, t)
  step(label .. " run", result, err)
  if result and (result.stdout ~= "one\ntwo\n" or result.stderr ~= "three\n") then
    sweep.problem("%s: output %q %q", label, result.stdout, result.stderr)
  end
  return result ~= nil, err
end

-- A container of another process, one for each case: listed, loaded, looked at, destroyed.
local foreign = 0
local function foreign_place()
  return ("%s/%d"):format(root, foreign)
end

local function foreign_cgroup(i)
  return ("/libcontainer-swept%s-%d"):format(root:gsub("/", "_"), i)
end

-- `fault_host.lua foreign make ROOT ROOTFS FIRST LAST`: the other process.
local function make_foreign(first, last)
  for i = first, last do
    local t = config()
    t.detach = true
    t.cgroups.path = foreign_cgroup(i)
    local c = assert(assert(lc.new(("%s/%d"):format(root, i))):create(ID, t))
    assert(c:start { args = { "/bin/sleep", "1000" } })
  end
end

function scenarios.foreign(label, arm)
  foreign = foreign + 1
  arm()
  local factory = step(label .. " new", lc.new(foreign_place()))
  if not factory then return false, true end
  local list = step(label .. " list", factory:list())
  if list and #list ~= 1 then sweep.problem("%s: a list of %d", label, #list) end
  local c = step(label .. " load", factory:load(ID))
  if not c then return false, true end
  local status = step(label .. " status", c:status())
  if status and status ~= "running" then sweep.problem("%s: status %s", label, status) end
  step(label .. " processes", c:processes())
  local gone, err = c:destroy()
  step(label .. " destroy", gone, err)
  return gone, err
end

-- Of a scenario whose victim leaves the destroy to others: how many calls come before that.
local victim_calls

-- Limits of a running container change: all of them or none, whichever call fails.
local LIMITS <const> = { -- file of v1, of v2
  { "memory.limit_in_bytes", "memory.max" }, { "cpu.shares", "cpu.weight" }, { "pids.max", "pids.max" },
}

local function read_limits(c)
  local values = {}
  for _, path in pairs(c:state().cgroup_paths) do
    for i, limit in ipairs(LIMITS) do
      for k = 1, 2 do
        local file <close> = io.open(path .. "/" .. limit[k])
        if file then values[i] = { path .. "/" .. limit[k], file:read() } end
      end
    end
  end
  return values
end

local function check_limits(label, before, done, err)
  local says_so = err and tostring(err):find("not put back", 1, true)
  for i, value in ipairs(before) do
    local file <close> = io.open(value[1])
    local now = file:read()
    local is_changed = now ~= value[2]
    if is_changed ~= (done or false) and not says_so then
      sweep.problem("%s: %s is %s (%s), and set answered %s %s", label, value[1], now, LIMITS[i][1], done, err)
    end
  end
end

function scenarios.set(label, arm)
  local c = assert(assert(lc.new(root)):create(ID, config()))
  assert(c:start { args = { "/bin/sleep", "1000" } })
  local before = read_limits(c)
  arm()
  local done, err = c:set { memory = "96M", cpu_shares = 512, pids_limit = 48 }
  step(label .. " set", done, err)
  check_limits(label, before, done, err)
  victim_calls = core.fault_calls()
  if mode == "victim" then return done end
  local gone
  gone, err = c:destroy()
  step(label .. " destroy", gone, err)
  return done and gone, err
end

-- Pause and resume: paused, or running as before.
function scenarios.pause(label, arm)
  local c = assert(assert(lc.new(root)):create(ID, config()))
  assert(c:start { args = { "/bin/sleep", "1000" } })
  local freezers = {}
  for _, path in pairs(c:state().cgroup_paths) do
    for _, name in ipairs { "freezer.state", "cgroup.freeze" } do
      local file <close> = io.open(path .. "/" .. name)
      if file then freezers[#freezers + 1] = path .. "/" .. name end
    end
  end
  local function is_thawed()
    for _, path in ipairs(freezers) do
      local file <close> = io.open(path)
      local text = file:read()
      if text ~= "THAWED" and text ~= "0" then return false end
    end
    return true
  end
  arm()
  local paused, err = c:pause(1)
  step(label .. " pause", paused, err)
  -- Where every call fails it cannot be thawed again: then a destroy must do.
  if mode ~= "sticky" and is_thawed() == (paused or false) then sweep.problem("%s: pause answered %s %s", label, paused, err) end
  local resumed, why = c:resume(1)
  step(label .. " resume", resumed, why)
  if resumed and not is_thawed() then sweep.problem("%s: resume answered %s %s", label, resumed, why) end
  victim_calls = core.fault_calls()
  if mode == "victim" then return paused and resumed end
  local gone
  gone, err = c:destroy()
  step(label .. " destroy", gone, err)
  return paused and resumed and gone, err
end

-- The end of a container with programs in it that do not want to go, one of them in a cgroup of its own.
function scenarios.destroy(label, arm)
  local c = assert(assert(lc.new(root)):create(ID, config()))
  assert(c:start { args = { "/bin/sleep", "1000" } })
  local stubborn = "trap '' TERM INT HUP; sleep 1000 & while :; do wait; done"
  assert(c:start { args = { "/bin/sh", "-c", stubborn } })
  assert(c:start { args = { "/bin/sh", "-c", stubborn }, cgroups = { pids_limit = 8 } })
  arm()
  local gone, err = c:destroy()
  step(label .. " destroy", gone, err)
  return gone, err
end

-- Looking at a container and listening to it: the whole, or an error.
local function names_of(t, prefix, names)
  for key, value in pairs(t) do
    if type(value) == "table" then names_of(value, prefix .. key .. ".", names) end
    names[#names + 1] = prefix .. key
  end
  table.sort(names)
  return table.concat(names, " ")
end

local PRESSURE <const> = { some = 1, window = 2 }

local function listen(label, c)
  local events, err = c:events()
  if not step(label .. " events", events, err) then return end
  local event
  event, err = events:next(0)
  if event then sweep.problem("%s: %s comes from nowhere", label, event.type) end
  if err and err.errname ~= "ETIMEDOUT" then sweep.check_error(label .. " next", err) end
  return events
end

local function check_end(label, events)
  local last
  for event in function() return events:next(0) end do last = event.type end
  if last ~= "destroy" then sweep.problem("%s: the last event is %s", label, last) end
end

-- Files are put into a container and fetched: whole or not at all, and nothing that was made on the way is left.
local function check_files(label, is_hindered)
  local pipe <close> = io.popen(("cd %s/tmp && find . -mindepth 1 -printf '%%P ' -name '.libcontainer-*'"):format(rootfs))
  local names = pipe:read("a")
  if not is_hindered and names:find(".libcontainer-", 1, true) then sweep.problem("%s: left: %s", label, names) end
  for _, name in ipairs { "written", "in/file", "out/file" } do
    local file <close> = io.open(("%s/tmp/%s"):format(rootfs, name))
    local text = file and file:read("a")
    if text and text ~= "whole" then sweep.problem("%s: %s holds %q", label, name, text) end
  end
end

function scenarios.files(label, arm)
  os.execute(("cd %s/tmp && rm -rf in out written .libcontainer-* && mkdir -p tree && printf whole >tree/file && ln -f tree/file tree/same")
    :format(rootfs))
  local c = assert(assert(lc.new(root)):create(ID, config()))
  assert(c:start { args = { "/bin/sleep", "1000" } })
  arm()
  local written = step(label .. " write_file", c:write_file("/tmp/written", "whole"))
  local text = step(label .. " read_file", c:read_file("/tmp/tree/file"))
  if text and text ~= "whole" then sweep.problem("%s: read %q", label, text) end
  local is_in = step(label .. " copy_in", c:copy_in(rootfs .. "/tmp/tree", "/tmp/in"))
  local is_out = step(label .. " copy_out", c:copy_out("/tmp/tree", rootfs .. "/tmp/out"))
  -- where every call fails nothing can be removed either
  check_files(label, mode == "sticky")
  victim_calls = core.fault_calls()
  local gone, err = c:destroy()
  step(label .. " destroy", gone, err)
  return written and text and is_in and is_out and gone, err
end

function scenarios.watch(label, arm)
  local c = assert(assert(lc.new(root)):create(ID, config()))
  local p = assert(c:start { args = { "/bin/sleep", "1000" } })
  local whole = names_of(assert(c:stats()), "", {})
  local has_pressure = c:notify_pressure("memory", PRESSURE)
  if has_pressure then has_pressure:close() end
  arm()
  local stats = step(label .. " stats", c:stats())
  local found = stats and names_of(stats, "", {})
  if found and found ~= whole then sweep.problem("%s: half of the stats: %s", label, found) end
  for _, ns in ipairs { "host", "container" } do
    local pids = step(label .. " processes", c:processes { ns = ns })
    local wanted = ns == "host" and p:pid() or 1
    if pids and pids[1] ~= wanted then sweep.problem("%s: processes %s", label, pids[1]) end
  end
  local events <close> = listen(label, c)
  local oom = step(label .. " notify_oom", c:notify_oom())
  local pressure = has_pressure and step(label .. " notify_pressure", c:notify_pressure("memory", PRESSURE))
  local gone, err = c:destroy()
  step(label .. " destroy", gone, err)
  if gone and events then check_end(label, events) end
  if oom then oom:close() end
  if pressure then pressure:close() end
  return stats and events and gone, err
end

local scenario = assert(scenarios[scenario_name], scenario_name)

-- --- one case ---

local function arm_with(nth, how)
  return function() core.fault(nth, how) end
end

-- What dies may be the child in the window before its exec: then the victim itself lives on.
local LIVES_ON <const> = 3
if mode == "victim" then
  scenario("victim", arm_with(tonumber(errnos[1]), sweep.DIE))
  local _, fired = core.fault_calls()
  os.exit(fired and LIVES_ON or 0)
end

-- A container that runs, to learn where its cgroups are.
local function cgroup_places(place)
  local factory = assert(lc.new(place))
  local c = assert(factory:create(ID, config()))
  local paths = {}
  for _, path in pairs(c:state().cgroup_paths) do
    paths[#paths + 1] = path
    if scenario_path then
      paths[#paths + 1] = path:match("^(.*)/box$")
      paths[#paths + 1] = path:match("^(.*)/above/box$")
    end
  end
  assert(c:destroy())
  return paths
end

local watch
local function clean_up(label)
  local factory = assert(lc.new(scenario_name == "foreign" and foreign_place() or root))
  local gone, err = factory:destroy(ID)
  if not gone and err.code ~= "ContainerNotExists" then
    sweep.problem("%s: an unhindered destroy fails: %s", label, err)
  end
end

local function in_process(label, nth, how)
  local began = core.now()
  local is_fine, went_well, problem, why = pcall(scenario, label, arm_with(nth, how))
  local calls, fired = core.fault_calls()
  core.fault(0, 0)
  if disarmed then calls, fired = table.unpack(disarmed) end
  if not is_fine then sweep.problem("%s: raised %s", label, went_well) end
  if core.now() - began > patience.seconds(30) then sweep.problem("%s: took %d s", label, core.now() - began) end
  if not fired and not went_well then sweep.problem("%s: failed without a fault: %s", label, why or problem) end
  if is_further then
    further.settle(label, how & sweep.STICKY ~= 0)
    if mode == "kill" then further.finish() end -- each victim makes its own
  elseif scenario_name ~= "undo" and (problem or how & sweep.STICKY ~= 0) then
    clean_up(label)
  end
  watch(label)
  return fired, calls
end

local function check_loadable(label)
  local loaded, err = assert(lc.new(root)):load(ID)
  if not loaded and err.code ~= "ContainerNotExists" and not tostring(err):find("damaged") then
    sweep.problem("%s: cannot be loaded: %s", label, err)
  end
end

-- Who was killed has left a container that runs, or stands still and can be made to run.
local function check_usable(label)
  local c = assert(assert(lc.new(root)):load(ID))
  local status = c:status()
  if status == "paused" or status == "pausing" then
    local resumed, err = c:resume(patience.seconds(10))
    if not resumed then sweep.problem("%s: it cannot be resumed: %s", label, err) end
  end
  local done, err = c:set { pids_limit = 40 }
  if not done then sweep.problem("%s: its limits cannot be changed: %s", label, err) end
  further.settle(label, true, c)
end

-- The victim is another program, so no fault is armed here.
local function by_victim(label, nth)
  local command = ("exec lua5.4 spec/support/fault_host.lua %s victim %s %s %d"):format(
    scenario_name, root, rootfs, nth)
  local fine, how, code = os.execute(command)
  if fine then
    clean_up(label)
    return false
  end
  if how == "exit" and code ~= LIVES_ON and code ~= 137 then
    sweep.problem("%s: the victim ended with status %d", label, code)
  end
  check_loadable(label)
  if is_further or scenario_name == "set" or scenario_name == "pause" then check_usable(label) end
  clean_up(label)
  watch(label)
  return true
end

-- --- the sweep ---

-- How many calls are tried: fewer of what takes long, because programs are started for it or network namespaces
-- come and go.
local WANTED <const> = { life = 300, place = 80, run = 80, hooks = 60, network = 60, undo = 80, foreign = 60,
  destroy = 33, kill = 40, other = 60 }

if mode == "make" then
  make_foreign(tonumber(errnos[1]), tonumber(errnos[2]))
  os.exit(0)
end

local made = 0
local function before_case()
  if scenario_name ~= "foreign" or foreign < made then return end
  local first = made + 1
  made = made + patience.rounds(60, 5)
  assert(os.execute(("exec lua5.4 spec/support/fault_host.lua foreign make %s %s %d %d"):format(
    root, rootfs, first, made)))
end

if scenario_name == "foreign" then
  local watch_descriptors = sweep.watch { cgroups = {} }
  watch = function(label)
    watch_descriptors(label)
    local place = assert(lc.new(foreign_place()))
    if #place._root:ids() > 0 then sweep.problem("%s: state left", label) end
    local _, hierarchies = place._host:cgroups()
    for _, hierarchy in ipairs(hierarchies) do
      local path = hierarchy.mount_point .. foreign_cgroup(foreign)
      local file = io.open(path .. "/cgroup.procs")
      if file then
        file:close()
        sweep.problem("%s: cgroup left: %s", label, path)
      end
    end
  end
else
  local cgroups = cgroup_places(root)
  if is_further and mode ~= "kill" then
    scenario("before", function() end) -- what is made once is there now
    further.settle("before", false)
    cgroups = {}
  end
  watch = sweep.watch { root = assert(lc.new(root))._root, cgroups = cgroups }
end

before_case()
local _, calls = in_process("without a fault", math.maxinteger >> 32, sweep.ERRNO.EIO)
local nth, stride = sweep.spread(mode == "kill" and victim_calls or calls, WANTED[mode == "kill" and mode or scenario_name] or WANTED.other)
local turn = math.random(math.max(1, #errnos))
repeat
  local more = false
  if mode == "kill" then
    sweep.count()
    more = by_victim(("kill at %d"):format(nth), nth)
    calls = nth
  else
    -- One errno for each call, in turn, or all of them.
    local first, last = turn % #errnos + 1, turn % #errnos + 1
    if sweep.is_full then first, last = 1, #errnos end
    for i = first, last do
      local name = errnos[i]
      before_case()
      sweep.count()
      local how = sweep.ERRNO[name] | (mode == "sticky" and sweep.STICKY or 0)
      local fired
      fired, calls = in_process(("%s %s at %d"):format(mode, name, nth), nth, how)
      more = more or fired
    end
  end
  nth, turn = nth + stride, turn + 1
until not more
while foreign < made do -- made for nobody
  foreign = foreign + 1
  clean_up("the rest")
end
further.finish()
sweep.finish(calls)
