-- SPDX-License-Identifier: MIT
--- events ID: one JSON object a line, statistics and what happens, in the words of runc, which engines read.
local json = require "libcontainer.json"
local store = require "nsinit.store"
local units = require "nsinit.units"

local NANOSECONDS <const> = 1000000000
local NO_LIMIT <const> = 9223372036854771712 -- as cgroup v1 says it

local function ns(seconds)
  return seconds and math.tointeger(seconds * NANOSECONDS // 1) or 0
end

-- "0-3,7" as its numbers.
local function numbers(list)
  local out = json.array()
  for first, last in (list or ""):gmatch("(%d+)%-?(%d*)") do
    for i = tonumber(first), tonumber(last ~= "" and last or first) do out[#out + 1] = math.tointeger(i) end
  end
  return out
end

local function entry(part)
  return { limit = part.limit or NO_LIMIT, usage = part.usage or 0, max = part.peak or 0, failcnt = part.failcnt or 0 }
end

local function cpu_of(cpu)
  local percpu
  for i, time in ipairs(cpu.percpu or {}) do
    percpu = percpu or {}
    percpu[i] = ns(time)
  end
  return { usage = { total = ns(cpu.time), percpu = percpu, kernel = ns(cpu.system), user = ns(cpu.user) },
    throttling = { periods = cpu.periods or 0, throttledPeriods = cpu.throttled_periods or 0,
      throttledTime = ns(cpu.throttled_time) } }
end

local function memory_of(memory)
  return { cache = memory.cache or 0, usage = entry(memory),
    swap = entry(memory.memory_swap.usage and memory.memory_swap or memory.swap),
    kernel = entry(memory.kernel), kernelTCP = entry(memory.kernel_tcp), raw = memory.stat }
end

-- A list for each kind of number: what each device has of it.
local KINDS <const> = {
  ioServiceBytesRecursive = { Read = "read_bytes", Write = "write_bytes", Discard = "discard_bytes" },
  ioServicedRecursive = { Read = "reads", Write = "writes", Discard = "discards" },
  ioQueueRecursive = { Read = "reads_queued", Write = "writes_queued" },
  ioMergedRecursive = { Read = "reads_merged", Write = "writes_merged" },
  ioServiceTimeRecursive = { Read = "read_service_time", Write = "write_service_time" },
  ioWaitTimeRecursive = { Read = "read_wait_time", Write = "write_wait_time" },
}

local function blkio_of(io)
  local out = {}
  for kind, names in pairs(KINDS) do
    for _, device in ipairs(io.devices or {}) do
      for _, op in ipairs { "Read", "Write", "Discard" } do
        local value = device[names[op] or ""]
        if value then
          out[kind] = out[kind] or {}
          table.insert(out[kind], { major = device.major, minor = device.minor, op = op,
            value = math.type(value) == "float" and ns(value) or value })
        end
      end
    end
  end
  return out
end

local function hugetlb_of(sizes)
  local out = {}
  for size, part in pairs(sizes) do
    out[size] = { usage = part.usage or 0, max = part.peak or 0, failcnt = part.failcnt or 0 }
  end
  return out
end

local function interfaces_of(list)
  local out
  for i, one in ipairs(list) do
    out = out or {}
    out[i] = { Name = one.name, RxBytes = one.rx_bytes, RxPackets = one.rx_packets, RxErrors = one.rx_errors,
      RxDropped = one.rx_dropped, TxBytes = one.tx_bytes, TxPackets = one.tx_packets, TxErrors = one.tx_errors,
      TxDropped = one.tx_dropped }
  end
  return out
end

local function data_of(stats)
  return {
    cpu = cpu_of(stats.cpu), memory = memory_of(stats.memory), blkio = blkio_of(stats.io),
    pids = { current = stats.pids.current or 0, limit = stats.pids.limit },
    hugetlb = hugetlb_of(stats.hugetlb), intel_rdt = {}, network_interfaces = interfaces_of(stats.interfaces),
    cpuset = { cpus = numbers(stats.cpuset.cpus), mems = numbers(stats.cpuset.mems) },
  }
end

-- In this order: callers look for the beginning of a line.
local function show(kind, id, data)
  io.stdout:write(('{"type":%s,"id":%s%s}\n'):format(json.encode(kind), json.encode(id),
    data and ',"data":' .. json.encode(data) or ""))
  io.stdout:flush()
end

local function show_stats(container)
  local stats, err = container:stats()
  if not stats then return nil, err end
  show("stats", container:id(), data_of(stats))
  return true
end

-- Until it ends.
local function follow(container, interval)
  local events <close>, err = container:events()
  if not events then return nil, err end
  while true do
    local event
    event, err = events:next(interval)
    if event and event.type == "oom" then
      show("oom", container:id())
    elseif event and (event.type == "exit" or event.type == "destroy") or not event and not err then
      return 0
    elseif err and err.errname == "ETIMEDOUT" then
      local shown, why = show_stats(container)
      if not shown then return why.code == "ContainerNotRunning" and 0 or nil, why end
    elseif err then
      return nil, err
    end
  end
end

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local interval = units.seconds(context.options.interval or "5s")
  if not interval or interval <= 0 then
    return nil, ("--interval %s: must be a time, 5s or 500ms"):format(context.options.interval)
  end
  local container, err = store.load(context)
  if not container then return nil, err end
  local shown
  if context.options.stats then
    shown, err = show_stats(container)
    return shown and 0, err
  end
  local status = container:status()
  if status == "stopped" or status == "created" then
    return nil, ("container not running: %q is %s"):format(context.args[1], status)
  end
  return follow(container, interval)
end
