-- SPDX-License-Identifier: MIT
-- One table: what a container costs here, beside the bare kernel work (floor.c) and beside the
-- runtimes that are installed. Everybody starts the same static program in the same kind of container
-- (bundle.json), in turns, so that a slow minute of the machine is slow for all; what counts are the
-- ratios, taken round by round. Shell commands are only used to start what is compared with.
--
--     lua5.4 bench/run.lua [ROUNDS [RUNS]]           after `make bench` has built the programs
--     lua5.4 bench/run.lua worker RUNS MIB DIRECTORY  what it starts itself: RUNS containers with MIB
--                                                     of Lua heap; prints each one's seconds
local lc = require "libcontainer"
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"
local json = require "libcontainer.json"

local PROGRAMS <const> = "build/bench/"
local BUNDLE <const> = "bench/bundle.json"
local MIB <const> = 1024 * 1024

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

local function shell(format, ...)
  assert(os.execute(format:format(...)), "a command of the bench failed")
end

local function output_of(format, ...)
  local pipe <close> = assert(io.popen(format:format(...)))
  return pipe:read("a")
end

local function is_installed(program)
  return os.execute(("command -v %s >/dev/null 2>&1"):format(program)) == true
end

-- --- in process ---

-- The bundle that runc and crun get, in our words.
local function config_of_bundle(rootfs)
  local bundle = assert(json.decode(read(BUNDLE)))
  local sets = bundle.process.capabilities
  return assert(configs.empty {
    rootfs = rootfs, readonlyfs = bundle.root.readonly, hostname = bundle.hostname,
    mounts = bundle.mounts, mask_paths = bundle.linux.maskedPaths,
    readonly_paths = bundle.linux.readonlyPaths, rlimits = bundle.process.rlimits,
    capabilities = { bounding = sets.bounding, effective = sets.effective, permitted = sets.permitted },
    cgroups = { memory = bundle.linux.resources.memory.limit, pids_limit = bundle.linux.resources.pids.limit,
      cpu_quota = bundle.linux.resources.cpu.quota, cpu_period = bundle.linux.resources.cpu.period },
  })
end

-- Half in long strings, half in small tables, as programs have it.
local function fill_heap(mib)
  local kept = {}
  for i = 1, mib // 2 do kept[i] = ("x"):rep(MIB - 8) .. i end
  while collectgarbage("count") < mib * 1024 do
    for _ = 1, 10000 do kept[#kept + 1] = { 1, 2, 3, 4, { name = "x" } } end
  end
  collectgarbage()
  return kept
end

local function one_container(factory, id, config)
  local box = assert(factory:create(id, config))
  local process = assert(box:start { "/true" })
  assert(assert(process:wait(60)).status == 0)
  assert(box:destroy())
end

local function worker(runs, mib, directory)
  local kept = fill_heap(mib)
  local factory = assert(lc.new(directory .. "/state"))
  local config = config_of_bundle(directory .. "/rootfs")
  for i = 0, runs do
    local began = core.now()
    one_container(factory, "bench-" .. i, config)
    if i > 0 then print(("%.9f"):format(core.now() - began)) end -- the first one warms up
  end
  assert(#kept >= 0)
end

-- --- what is compared ---

-- Each answers seconds, one for each run.
local function floor_row(directory, runs)
  local line = output_of("%sfloor %d %s %strue %sfloor-init %s/filter", PROGRAMS, runs, directory,
    PROGRAMS, PROGRAMS, directory)
  return { assert(json.decode(line)).median_us / 1e6 }
end

local function worker_row(mib)
  return function(directory, runs)
    local seconds = {}
    for number in output_of("lua5.4 bench/run.lua worker %d %d %s", runs, mib, directory):gmatch("%S+") do
      seconds[#seconds + 1] = assert(tonumber(number), "the worker says " .. number)
    end
    assert(#seconds == runs, "the worker broke off")
    return seconds
  end
end

local function command_row(format)
  return function(directory, runs)
    local seconds = {}
    for i = 1, math.max(1, runs // 3) do
      local id = ("bench-%d-%d"):format(core.pid(), i)
      local command = format:gsub("DIRECTORY", directory):gsub("ID", id)
      local began = core.now()
      shell("%s </dev/null", command)
      seconds[i] = core.now() - began
    end
    return seconds
  end
end

local ROWS <const> = {
  { "floor: the same kernel work in bare C", floor_row },
  { "create+start+wait+destroy, in process", worker_row(0) },
  { "the same with 1 GiB of Lua heap", worker_row(1024) },
  { "crun run", command_row("unshare -m --propagation private sh -c 'mount -t tmpfs tmpfs "
    .. "/sys/fs/cgroup/unified 2>/dev/null; exec crun --root DIRECTORY/crun --cgroup-manager=cgroupfs "
    .. "run -b DIRECTORY ID'"), "crun" },
  { "runc run", command_row("runc --root DIRECTORY/runc run -b DIRECTORY ID"), "runc" },
}

-- --- the table ---

local function median(list)
  table.sort(list)
  local middle = (#list + 1) // 2
  return (list[middle] + list[#list - middle + 1]) / 2
end

-- On a tmpfs, as /run is on nearly every system: everybody's state is written there.
local function make_directory()
  local directory = output_of("mktemp -d /dev/shm/libcontainer-bench.XXXXXX"):gsub("\n", "")
  shell("cd %s && mkdir -p rootfs/proc rootfs/dev rootfs/sys rootfs/etc runc crun", directory)
  shell("cp %strue %s/rootfs/true && cp %s %s/config.json", PROGRAMS, directory, BUNDLE, directory)
  write(directory .. "/filter", core.seccomp_default())
  return directory
end

-- Medians by row and round.
local function measure(directory, rounds, runs)
  local samples = {}
  for round = 1, rounds do
    for i, row in ipairs(ROWS) do
      if not row[3] or is_installed(row[3]) then
        samples[i] = samples[i] or {}
        samples[i][round] = median(row[2](directory, runs))
        io.stderr:write(("\rround %d of %d: %-40s"):format(round, rounds, row[1]))
      end
    end
  end
  io.stderr:write(("\r%60s\r"):format(""))
  return samples
end

-- Of the two in the same round: what the machine does besides slows down both.
local function ratio(samples, others)
  local ratios = {}
  for round, value in ipairs(samples) do ratios[round] = value / others[round] end
  return median(ratios)
end

-- Seconds of stats() and of reading the same files in bare C, a pair for each round.
local function measure_stats(directory, rounds)
  local READS <const> = 200
  local factory = assert(lc.new(directory .. "/state"))
  local box <close> = assert(factory:create("stats", assert(configs.host_root { memory = "64M" })))
  local program = assert(box:start { "sleep", "1000" })
  local paths = {}
  for _, path in pairs(box:state().cgroup_paths) do paths[#paths + 1] = path end
  local ours, bare = {}, {}
  for round = 1, rounds do
    local seconds = {}
    for i = 1, READS do
      local began = core.now()
      assert(box:stats())
      seconds[i] = core.now() - began
    end
    ours[round] = median(seconds)
    bare[round] = tonumber(output_of("%sstats-floor %d %d %s", PROGRAMS, READS, program:pid(),
      table.concat(paths, " ")):match("^%S+")) / 1e6
  end
  return ours, bare
end

local function verdict(what, value, limit)
  print(("%-40s %9.2f   wanted: at most %.2f, %s"):format(what, value, limit,
    value <= limit and "reached" or "MISSED"))
end

local function print_table(samples, runs)
  print(("Linux %s, %d rounds of %d starts"):format(read("/proc/sys/kernel/osrelease"):match("%S+"),
    #samples[1], runs))
  print(("%-40s %9s %9s"):format("", "ms", "x floor"))
  for i, row in ipairs(ROWS) do
    if samples[i] then
      local times = ratio(samples[i], samples[1])
      print(("%-40s %9.2f %9.2f"):format(row[1], median({ table.unpack(samples[i]) }) * 1000, times))
    else
      print(("%-40s %9s"):format(row[1], "not here"))
    end
  end
  verdict("in process / floor", ratio(samples[2], samples[1]), 1.5)
  verdict("1 GiB of heap / empty heap", ratio(samples[3], samples[2]), 1.15)
end

if arg[1] == "worker" then
  worker(math.tointeger(tonumber(arg[2])), math.tointeger(tonumber(arg[3])), arg[4])
else
  local directory = make_directory()
  local fine, problem = pcall(function()
    local runs = math.tointeger(tonumber(arg[2] or 15))
    local rounds = tonumber(arg[1]) or 9
    print_table(measure(directory, rounds, runs), runs)
    local ours, bare = measure_stats(directory, rounds)
    verdict(("stats() (%.2f ms) / the bare reads"):format(median(table.move(ours, 1, #ours, 1, {})) * 1000),
      ratio(ours, bare), 1.5)
  end)
  shell("rm -rf --one-file-system %s", directory)
  if not fine then error(problem, 0) end
end
