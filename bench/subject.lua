-- SPDX-License-Identifier: MIT
-- What is measured: the container of bundle.json, which runc and crun get as it is, in our words; and the
-- directory with its root file system.
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"
local json = require "libcontainer.json"

local M = {}

--- Where `make bench` has put the programs.
M.PROGRAMS = "build/bench/"
local BUNDLE <const> = "bench/bundle.json"

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

--- Run a shell command that has to succeed. Only to start what is compared with.
---@param format string
function M.shell(format, ...)
  assert(os.execute(format:format(...)), "a command of the bench failed")
end

--- What a shell command prints.
---@param format string
---@return string
function M.output_of(format, ...)
  local pipe <close> = assert(io.popen(format:format(...)))
  return pipe:read("a")
end

--- The bundle that runc and crun get, as a configuration.
---@param directory string  of `make_directory`
---@return table
function M.config(directory)
  local bundle = assert(json.decode(read(BUNDLE)))
  local sets, resources = bundle.process.capabilities, bundle.linux.resources
  return assert(configs.empty {
    rootfs = directory .. "/rootfs", readonlyfs = bundle.root.readonly, hostname = bundle.hostname,
    mounts = bundle.mounts, mask_paths = bundle.linux.maskedPaths,
    readonly_paths = bundle.linux.readonlyPaths, rlimits = bundle.process.rlimits,
    capabilities = { bounding = sets.bounding, effective = sets.effective, permitted = sets.permitted },
    cgroups = { memory = resources.memory.limit, pids_limit = resources.pids.limit,
      cpu_quota = resources.cpu.quota, cpu_period = resources.cpu.period },
  })
end

--- One whole life of a container.
---@param factory libcontainer.Factory
---@param id string
---@param config table
function M.live(factory, id, config)
  local box = assert(factory:create(id, config))
  local process = assert(box:start { "/true" })
  assert(assert(process:wait(60)).status == 0)
  assert(box:destroy())
end

--- Two bundles: `directory` runs a program that ends at once, `directory/living` one that stays. On a
-- tmpfs, as /run is on nearly every system: everybody's state is written there.
---@return string directory
function M.make_directory()
  local directory = M.output_of("mktemp -d /dev/shm/libcontainer-bench.XXXXXX"):gsub("\n", "")
  M.shell("cd %s && mkdir -p rootfs/proc rootfs/dev rootfs/sys rootfs/etc living runc crun nsinit", directory)
  M.shell("cp %strue %ssleeper %s/rootfs", M.PROGRAMS, M.PROGRAMS, directory)
  local bundle = read(BUNDLE):gsub('"rootfs"', ('"%s/rootfs"'):format(directory))
  write(directory .. "/config.json", bundle)
  write(directory .. "/living/config.json", (bundle:gsub('"/true"', '"/sleeper"')))
  write(directory .. "/filter", core.seccomp_default())
  return directory
end

--- Take it away again.
---@param directory string
function M.remove_directory(directory)
  M.shell("rm -rf --one-file-system %s", directory)
end

return M
