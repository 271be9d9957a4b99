-- SPDX-License-Identifier: MIT
-- What is compared, in sections: the first row of each is what the others are set in relation to. A row is
-- its name, a function that answers the seconds of some runs, and the program or the library of Lua that it
-- needs, if any.
local core = require "libcontainer.core"
local json = require "libcontainer.json"
local seccomp = require "libcontainer.configs.seccomp"
local subject = require "bench.subject"

local PROGRAMS <const> = subject.PROGRAMS

---@class bench.Place
---@field directory string  of subject.make_directory
---@field runs integer      how often
---@field box libcontainer.Container  one that lives

local function numbers_of(text)
  local seconds = {}
  for number in text:gmatch("%S+") do
    seconds[#seconds + 1] = assert(tonumber(number), "a program of the bench says " .. number)
  end
  assert(#seconds > 0, "a program of the bench broke off")
  return seconds
end

-- Seconds of each call.
local function time(runs, call)
  local seconds = {}
  for i = 1, runs do
    local began = core.now()
    call()
    seconds[i] = core.now() - began
  end
  return seconds
end

-- --- in process ---

local function lives(mib)
  return function(place)
    return numbers_of(subject.output_of("lua5.4 bench/lives.lua %d %d %s", place.runs, mib, place.directory))
  end
end

local function further(place)
  return time(place.runs, function()
    assert(assert(assert(place.box:start { "/true" }):wait(60)).status == 0)
  end)
end

local function exec(place)
  return time(place.runs, function() assert(assert(place.box:exec { "/true" }).status == 0) end)
end

local function pause(place)
  return time(place.runs, function()
    assert(place.box:pause())
    assert(place.box:resume())
  end)
end

local function stats(place)
  return time(10 * place.runs, function() assert(place.box:stats()) end)
end

-- The bytes of a filter as long as the default one: of another each time, or of the same.
local function filter(is_new)
  local profile, number = seccomp.copy(), 0
  return function(place)
    return time(place.runs, function()
      number = is_new and number + 1 or 1
      profile.syscalls[1].errno_ret = 1000 + number % 3000 -- no errno that another rule has
      assert(seccomp.filter(profile, core))
    end)
  end
end

-- --- in bare C ---

local function floor(place)
  local line = subject.output_of("%sfloor %d %s %strue %sfloor-init %s/filter", PROGRAMS, place.runs,
    place.directory, PROGRAMS, PROGRAMS, place.directory)
  return { assert(json.decode(line)).median_us / 1e6 }
end

local function cgroups_of(place)
  local paths = {}
  for _, path in pairs(place.box:state().cgroup_paths) do paths[#paths + 1] = path end
  return table.concat(paths, " ")
end

local function pause_floor(place)
  return numbers_of(subject.output_of("%spause-floor %d %s", PROGRAMS, place.runs, cgroups_of(place)))
end

local function stats_floor(place)
  local text = subject.output_of("%sstats-floor %d %d %s", PROGRAMS, 10 * place.runs,
    place.box:state().init_process_pid, cgroups_of(place))
  return { assert(tonumber(text:match("^%S+"))) / 1e6 }
end

-- --- other programs ---

-- crun refuses hybrid cgroups: it sees a machine without the unified tree.
local WRAPPED <const> = {
  runc = "sh -c '%s'", nsinit = "sh -c '%s'",
  crun = "unshare -m --propagation private sh -c 'mount -t tmpfs tmpfs /sys/fs/cgroup/unified 2>/dev/null; %s'",
}
local RUNTIME <const> = {
  runc = "runc --root DIRECTORY/runc",
  crun = "crun --root DIRECTORY/crun --cgroup-manager=cgroupfs",
  nsinit = "build/release/bin/nsinit --root DIRECTORY/nsinit",
}

-- They take long: fewer runs.
local function run_script(place, runtime, script)
  script = script:gsub("TIMED", ("%stimed %d"):format(PROGRAMS, math.max(1, place.runs // 3)))
  script = script:gsub("RUNTIME", RUNTIME[runtime]):gsub("DIRECTORY", place.directory):gsub("ID", "bench-" .. runtime)
  return numbers_of(subject.output_of(WRAPPED[runtime], script))
end

local function runtime_life(runtime)
  return function(place) return run_script(place, runtime, "TIMED RUNTIME run -b DIRECTORY ID-#") end
end

-- `command` may be several, see timed.c; all are given the id of a container that lives.
local function runtime_does(runtime, command)
  return function(place)
    return run_script(place, runtime, ("RUNTIME run -d -b DIRECTORY/living ID </dev/null >/dev/null && "
      .. "TIMED %s; RUNTIME delete -f ID"):format(command))
  end
end

-- What an engine does with one container, each a command of its own; of these are timed those that are named.
local STEPS <const> = {
  { "create", "RUNTIME create -b DIRECTORY/living ID-#" },
  { "start", "RUNTIME start ID-#" },
  { "kill", "RUNTIME kill ID-# KILL" },
  { "wait", "sleep 0.05" },
  { "delete", "RUNTIME delete ID-#" },
}

local function runtime_steps(runtime, timed)
  local commands = {}
  for i, step in ipairs(STEPS) do
    commands[i] = (timed:find(step[1], 1, true) and "" or "@ ") .. step[2]
  end
  local script = "TIMED " .. table.concat(commands, " -- ")
  return function(place) return run_script(place, runtime, script) end
end

-- Of many in one thread, what each takes.
local AT_ONCE <const> = 64
local function tasks(name, at_once)
  return function(place)
    return numbers_of(subject.output_of("lua5.4 bench/loop.lua %s %d %d %s", name, 10 * place.runs, at_once,
      place.directory))
  end
end

local function lua(script)
  return function(place)
    return numbers_of(subject.output_of("%stimed %d lua5.4 -e '%s'", PROGRAMS, place.runs, script))
  end
end

return {
  {
    name = "a container: create, start, wait, destroy",
    { "floor: the same kernel work in bare C", floor },
    { "in process", lives(0) },
    { "the same with 1 GiB of Lua heap", lives(1024) },
    { "crun run", runtime_life("crun"), "crun" },
    { "runc run", runtime_life("runc"), "runc" },
  },
  {
    name = "a further program in it: start, wait",
    { "floor: a whole container in bare C", floor },
    { "start and wait, in process", further },
    { "exec: its own limits, its output", exec },
    { "crun exec", runtime_does("crun", "RUNTIME exec ID /true"), "crun" },
    { "runc exec", runtime_does("runc", "RUNTIME exec ID /true"), "runc" },
  },
  {
    name = "pause and resume",
    { "floor: writes to the freezer in bare C", pause_floor },
    { "in process", pause },
    { "crun", runtime_does("crun", "RUNTIME pause ID -- RUNTIME resume ID"), "crun" },
    { "runc", runtime_does("runc", "RUNTIME pause ID -- RUNTIME resume ID"), "runc" },
  },
  {
    name = "statistics",
    { "floor: reading the same files in bare C", stats_floor },
    { "stats()", stats },
    { "runc events --stats", runtime_does("runc", "RUNTIME events --stats ID"), "runc" },
  },
  {
    name = "a filter of the caller's",
    { "never seen before: compiled", filter(true) },
    { "seen before", filter(false) },
  },
  {
    name = "nsinit: run of a program that ends at once",
    { "nsinit run", runtime_life("nsinit") },
    { "crun run", runtime_life("crun"), "crun" },
    { "runc run", runtime_life("runc"), "runc" },
  },
  {
    name = "nsinit: state",
    { "nsinit state", runtime_does("nsinit", "RUNTIME state ID") },
    { "crun state", runtime_does("crun", "RUNTIME state ID"), "crun" },
    { "runc state", runtime_does("runc", "RUNTIME state ID"), "runc" },
  },
  {
    name = "nsinit: kill, with a signal that ends nothing",
    { "nsinit kill", runtime_does("nsinit", "RUNTIME kill ID CONT") },
    { "crun kill", runtime_does("crun", "RUNTIME kill ID CONT"), "crun" },
    { "runc kill", runtime_does("runc", "RUNTIME kill ID CONT"), "runc" },
  },
  {
    name = "nsinit: delete",
    { "nsinit delete", runtime_steps("nsinit", "delete") },
    { "crun delete", runtime_steps("crun", "delete"), "crun" },
    { "runc delete", runtime_steps("runc", "delete"), "runc" },
  },
  {
    name = "nsinit: create, start, delete, as an engine calls them",
    { "nsinit", runtime_steps("nsinit", "create start delete") },
    { "crun", runtime_steps("crun", "create start delete"), "crun" },
    { "runc", runtime_steps("runc", "create start delete"), "runc" },
  },
  {
    name = "the first use",
    { "lua5.4 that does nothing", lua("") },
    { "and loads the library", lua([[require "libcontainer"]]) },
    { "and has a result of lc.run", lua([[assert(require "libcontainer".run { "true" })]]) },
  },
  {
    name = "many in one thread, each",
    { "one after the other", tasks("none", 1) },
    { ("%d at once, in the loop of luv"):format(AT_ONCE), tasks("luv", AT_ONCE), nil, "luv" },
    { ("%d at once, in the loop of cqueues"):format(AT_ONCE), tasks("cqueues", AT_ONCE), nil, "_cqueues" },
  },
}
