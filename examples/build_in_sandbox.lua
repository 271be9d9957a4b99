-- SPDX-License-Identifier: MIT
-- A real build, of this project's own C sources, in a container made from no image at all: the host's
-- root read-only, a private /tmp with a work directory in it, the sources bound read-only, no network,
-- limits on memory, processors and processes, the default filter, few capabilities. Then what it
-- cost, and a look at what is left of it.
local lc = require "libcontainer"
local units = require "libcontainer.units"

local BUILD <const> = [[exec 2>&1
for tool in make gcc lua5.4; do
  command -v $tool >/dev/null || { echo "$tool is missing: apt-get install $tool"; exit 127; }
done
make -s -C /tmp/source B=/tmp/work/build -j2 all
stat -c "core.so is %s bytes" /tmp/work/build/release/libcontainer/core.so]]

local function read(path)
  local file <close> = io.open(path)
  return file and file:read("a")
end

-- What is there still of the container that had this state?
local function what_is_left(state, mounts_before)
  local cgroups = 0
  for _, path in pairs(state.cgroup_paths) do
    if read(path .. "/cgroup.procs") then cgroups = cgroups + 1 end
  end
  local process = read("/proc/" .. state.init_process_pid .. "/cgroup") or ""
  return ("%d mounts, %d cgroups, %d state directories, %d processes"):format(
    read("/proc/self/mountinfo") == mounts_before and 0 or 1, cgroups,
    read("/run/libcontainer/" .. state.id .. "/state.json") and 1 or 0,
    process:find(state.id, 1, true) and 1 or 0)
end

local library = assert(package.searchpath("libcontainer", package.path))
local checkout = assert(library:match("^(/.*)/lua/libcontainer/init%.lua$"), 'eval "$(make -s env)" first')
local id, state = "build-" .. math.random(1 << 30), nil
local mounts = read("/proc/self/mountinfo")
print("building the sources of " .. checkout .. " in a container")

local result = assert(lc.run {
  "sh", "-ec", BUILD, id = id, hostname = "builder", env = { LANG = "C", HOME = "/tmp" },
  bind = { checkout .. ":/tmp/source:ro" }, tmpfs = { "/tmp/work:size=512m" },
  memory = "1G", cpus = 2, pids = 128, timeout = "10min",
  input = function() -- asked when it runs: another object of the same container says where it is
    state = assert(assert(lc.new():load(id)):state())
  end,
})
io.write(result.stdout)
print("exit status  " .. (result.status or "signal " .. result.signal_name))
print(("wall time    %.2f s"):format(result.time))
print(("CPU time     %.2f s"):format(result.usage.cpu_time))
print("peak memory  " .. units.format_size(result.usage.memory_peak))
print("left behind  " .. what_is_left(state, mounts))
os.exit(result.status == 0, true)
