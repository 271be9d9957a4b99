-- SPDX-License-Identifier: MIT
--- What a container has used: one table, whatever cgroups the machine has, that prints well; and the
-- same again and again.
local core = require "libcontainer.core"
local errors = require "libcontainer.errors"
local units = require "libcontainer.units"

---@class libcontainer.Pressure            of the time that tasks stood still for want of a resource
---@field some libcontainer.PressureLine   at least one task
---@field full libcontainer.PressureLine   all tasks at once

---@class libcontainer.PressureLine  empty without pressure stall information
---@field avg10 number|nil   percent of the last 10 seconds
---@field avg60 number|nil
---@field avg300 number|nil
---@field total number|nil   seconds

---@class libcontainer.CpuStats
---@field time number|nil               seconds of processor time
---@field user number|nil
---@field system number|nil
---@field percpu number[]|nil           seconds on each processor (v1)
---@field periods integer|nil           that had a quota
---@field throttled_periods integer|nil in which it was used up
---@field throttled_time number|nil     seconds
---@field bursts integer|nil
---@field burst_time number|nil         seconds
---@field load number|nil               processors in use since the sample before (watch)
---@field pressure libcontainer.Pressure

---@class libcontainer.MemoryPart  bytes
---@field usage integer|nil
---@field peak integer|nil
---@field limit integer|nil    absent when there is none
---@field failcnt integer|nil  how often the limit was met

---@class libcontainer.MemoryStats: libcontainer.MemoryPart
---@field working_set integer|nil  usage less the page cache that could be dropped at once
---@field anon integer|nil         memory of processes, not backed by files
---@field cache integer|nil        page cache
---@field swap libcontainer.MemoryPart         what is swapped out
---@field memory_swap libcontainer.MemoryPart  memory and swap together
---@field kernel libcontainer.MemoryPart
---@field kernel_tcp libcontainer.MemoryPart
---@field events table<string, integer>  oom_kill; on v2 also low, high, max, oom, …
---@field stat table<string, integer>    the lines of memory.stat, as this kernel has them
---@field pressure libcontainer.Pressure

---@class libcontainer.IoStats  sums of all devices
---@field read_bytes integer|nil
---@field write_bytes integer|nil
---@field discard_bytes integer|nil
---@field reads integer|nil
---@field writes integer|nil
---@field discards integer|nil
---@field devices table[]  the same of each device, with major and minor
---@field pressure libcontainer.Pressure

---@class libcontainer.Interface  as the container sees it
---@field name string
---@field rx_bytes integer
---@field rx_packets integer
---@field rx_errors integer
---@field rx_dropped integer
---@field tx_bytes integer
---@field tx_packets integer
---@field tx_errors integer
---@field tx_dropped integer

---@class libcontainer.Stats
---@field id string     of the container
---@field time number   of the sample: seconds of the monotonic clock
---@field cpu libcontainer.CpuStats
---@field memory libcontainer.MemoryStats
---@field io libcontainer.IoStats
---@field pids { current: integer|nil, peak: integer|nil, limit: integer|nil, failcnt: integer|nil }
---@field hugetlb table<string, table>  by page size: usage, peak, limit, reserved (bytes), failcnt
---@field rdma table<string, table>     by device: hca_handles, hca_objects
---@field misc table<string, table>     by resource: usage, peak, limit, failcnt
---@field cpuset { cpus: string|nil, mems: string|nil }  that it really may use: "0-3"
---@field interfaces libcontainer.Interface[]  empty when it has the host's network
local Stats = { __name = "libcontainer.stats" }
Stats.__index = Stats

local M = {}

local ENDED <const> = { created = true, stopped = true }

-- Why there are no numbers: it does not run, or it could not be looked at.
local function explain(box, status, raw)
  if status == "destroyed" then return errors.container_not_exists(box:id()) end
  -- An init that is ending has no namespaces any more, and is not dead yet.
  local is_ending = raw.step == "process" and core.errno_name(raw.errno) == "ESRCH"
  if ENDED[status] or is_ending then
    return errors.container_not_running(box:id(), ENDED[status] and status or "ending")
  end
  return errors.raw(raw)
end

--- Of this moment: all of it, or an error.
---@param box libcontainer.Container
---@return libcontainer.Stats|nil
---@return libcontainer.Error|nil err  ContainerNotRunning, ContainerNotExists
function M.read(box)
  local now = core.now()
  local stats, raw = box._core:stats()
  if not stats then
    local status, err = box:status()
    if not status then return nil, err end
    -- Another one may have started it since we looked, which we know of now.
    if not ENDED[status] then stats, raw = box._core:stats() end
    if not stats then return nil, explain(box, status, raw) end
  end
  stats.id, stats.time = box:id(), now
  return setmetatable(stats, Stats)
end

-- An init that is ending is soon dead; seconds.
local END_TIMEOUT <const> = 10
local IS_END <const> = { ContainerNotRunning = true, ContainerNotExists = true }

-- Wait for the next moment: false when the container has ended before.
local function wait(box, deadline)
  local _, err = box:wait(math.max(deadline - core.now(), 0))
  if err and err.errname == "ETIMEDOUT" then return true end
  if err and not IS_END[err.code] then error(err, 0) end
  return false
end

--- Every `interval` seconds, the first time at once; ends with the container.
---@param box libcontainer.Container
---@param interval number
---@return fun(): libcontainer.Stats|nil
function M.watch(box, interval)
  local before, deadline
  return function()
    if deadline and not wait(box, deadline) then return nil end
    local stats, err = box:stats()
    if not stats then
      if not IS_END[err.code] then error(err, 0) end
      box:wait(END_TIMEOUT)
      return nil
    end
    if before and stats.cpu.time and before.cpu.time then
      stats.cpu.load = (stats.cpu.time - before.cpu.time) / (stats.time - before.time)
    end
    -- Who is late takes the next one at once, and does not hurry after it.
    deadline = math.max((deadline or stats.time) + interval, stats.time)
    before = stats
    return stats
  end
end

-- --- how it looks ---

local function size(bytes)
  return bytes and units.format_size(bytes)
end

-- "3 of 20, peak 5" of what is known of it.
local function part(values, words)
  if not values.usage then return nil end
  return words(values.usage) .. (values.limit and " of " .. words(values.limit) or "")
    .. (values.peak and ", peak " .. words(values.peak) or "")
end

local function cpu_words(cpu)
  if not cpu.time then return nil end
  local text = ("%.3f s"):format(cpu.time)
  if cpu.user then text = text .. (" (user %.3f, system %.3f)"):format(cpu.user, cpu.system or 0) end
  if cpu.load then text = text .. (", %.2f processors"):format(cpu.load) end
  if (cpu.periods or 0) > 0 then
    text = text .. (", throttled in %d of %d periods, %.3f s"):format(cpu.throttled_periods, cpu.periods,
      cpu.throttled_time)
  end
  return text
end

local function memory_words(memory)
  local text = part(memory, size)
  if not text then return nil end
  if memory.cache then text = text .. ", cache " .. size(memory.cache) end
  if (memory.failcnt or 0) > 0 then text = text .. (", limit met %d times"):format(memory.failcnt) end
  local kills = memory.events.oom_kill or 0
  return kills > 0 and ("%s, %d killed"):format(text, kills) or text
end

local function io_words(io)
  if not io.read_bytes then return nil end
  return ("%s read, %s written"):format(size(io.read_bytes), size(io.write_bytes))
end

local function pressure_words(self)
  local parts = {}
  for _, name in ipairs { "cpu", "memory", "io" } do
    local share = self[name].pressure.some.avg10
    if share then parts[#parts + 1] = ("%s %.2f %%"):format(name, share) end
  end
  return parts[1] and table.concat(parts, ", ") .. " of 10 s"
end

local function add_hugetlb(lines, hugetlb)
  local sizes = {}
  for name, values in pairs(hugetlb) do
    if (values.usage or 0) > 0 or values.limit then sizes[#sizes + 1] = name end
  end
  table.sort(sizes)
  for _, name in ipairs(sizes) do lines[#lines + 1] = { "pages of " .. name, part(hugetlb[name], size) } end
end

function Stats:__tostring()
  local lines = { { "cpu", cpu_words(self.cpu) }, { "memory", memory_words(self.memory) },
    { "swap", (self.memory.swap.usage or 0) > 0 and part(self.memory.swap, size) },
    { "pids", part({ usage = self.pids.current, limit = self.pids.limit, peak = self.pids.peak }, tostring) },
    { "io", io_words(self.io) }, { "pressure", pressure_words(self) } }
  add_hugetlb(lines, self.hugetlb)
  for _, interface in ipairs(self.interfaces) do
    lines[#lines + 1] = { interface.name, ("%s in, %s out"):format(size(interface.rx_bytes),
      size(interface.tx_bytes)) }
  end
  local text = { "libcontainer.stats of " .. self.id }
  for _, line in ipairs(lines) do
    if line[2] then text[#text + 1] = ("  %-12s %s"):format(line[1], line[2]) end
  end
  return table.concat(text, "\n")
end

return M
