-- SPDX-License-Identifier: MIT
--- Where the fields of a configuration are in an OCI runtime-spec document.
--
-- A field is where its name says: `time_offsets` of a container is linux.timeOffsets, `file_mode` of a
-- device is fileMode of an item of linux.devices. Only what has another name or another place is
-- listed here, in one line. What OCI has no property for (`PROPERTIES`) is ours alone. So a field of
-- src/configs/schema.def is read and written as soon as it is there.
local check = require "libcontainer.check"

local M = {}

-- --- what OCI has ---

-- Every property for Linux, with the first version that has it. What is said of several objects is
-- said once. Properties of maps and of plain arrays are none.
local PROPERTIES <const> = [[
1.0.0 : ociVersion root mounts process hostname hooks annotations linux
1.0.0 root: path readonly
1.0.0 mounts: destination source type options
1.1.0 mounts: uidMappings gidMappings
1.0.0 process: terminal consoleSize user args env cwd capabilities rlimits noNewPrivileges apparmorProfile
1.0.0 process: oomScoreAdj selinuxLabel
1.1.0 process: scheduler ioPriority
1.2.1 process: execCPUAffinity
1.0.0 process.consoleSize: height width
1.0.0 process.user: uid gid additionalGids
1.0.2 process.user: umask
1.0.0 process.capabilities: bounding effective permitted inheritable ambient
1.0.0 process.rlimits: type soft hard
1.1.0 process.scheduler: policy nice priority flags runtime deadline period
1.1.0 process.ioPriority: class priority
1.2.1 process.execCPUAffinity: initial final
1.1.0 : domainname
1.0.0 hooks: prestart poststart poststop
1.0.2 hooks: createRuntime createContainer startContainer
1.0.0 hooks.prestart hooks.poststart hooks.poststop: path args env timeout
1.0.2 hooks.createRuntime hooks.createContainer hooks.startContainer: path args env timeout
1.0.0 linux: namespaces uidMappings gidMappings devices cgroupsPath resources sysctl seccomp
1.0.0 linux: rootfsPropagation maskedPaths readonlyPaths mountLabel intelRdt
1.0.2 linux: personality
1.1.0 linux: timeOffsets
1.3.0 linux: netDevices memoryPolicy
1.0.0 linux.namespaces: type path
1.0.0 linux.uidMappings linux.gidMappings: containerID hostID size
1.1.0 mounts.uidMappings mounts.gidMappings: containerID hostID size
1.1.0 linux.timeOffsets: monotonic boottime
1.1.0 linux.timeOffsets.monotonic linux.timeOffsets.boottime: secs nanosecs
1.0.0 linux.devices: type path major minor fileMode uid gid
1.3.0 linux.netDevices: name
1.0.2 linux.personality: domain flags
1.3.0 linux.memoryPolicy: mode nodes flags
1.0.0 linux.intelRdt: l3CacheSchema
1.0.2 linux.intelRdt: closID memBwSchema
1.1.0 linux.intelRdt: enableCMT enableMBM
1.3.0 linux.intelRdt: schemata enableMonitoring
1.0.0 linux.resources: devices memory cpu blockIO hugepageLimits network pids
1.0.2 linux.resources: rdma
1.1.0 linux.resources: unified
1.0.0 linux.resources.devices: allow type major minor access
1.0.0 linux.resources.memory: limit reservation swap kernel kernelTCP swappiness disableOOMKiller
1.0.2 linux.resources.memory: useHierarchy
1.1.0 linux.resources.memory: checkBeforeUpdate
1.0.0 linux.resources.cpu: shares quota period realtimeRuntime realtimePeriod cpus mems
1.1.0 linux.resources.cpu: burst idle
1.0.0 linux.resources.blockIO: weight leafWeight weightDevice throttleReadBpsDevice throttleWriteBpsDevice
1.0.0 linux.resources.blockIO: throttleReadIOPSDevice throttleWriteIOPSDevice
1.0.0 linux.resources.blockIO.weightDevice: major minor weight leafWeight
1.0.0 linux.resources.blockIO.throttleReadBpsDevice linux.resources.blockIO.throttleWriteBpsDevice: major minor rate
1.0.0 linux.resources.blockIO.throttleReadIOPSDevice linux.resources.blockIO.throttleWriteIOPSDevice: major minor rate
1.0.0 linux.resources.hugepageLimits: pageSize limit
1.0.0 linux.resources.network: classID priorities
1.0.0 linux.resources.network.priorities: name priority
1.0.0 linux.resources.pids: limit
1.0.2 linux.resources.rdma: hcaHandles hcaObjects
1.0.0 linux.seccomp: defaultAction architectures syscalls
1.0.2 linux.seccomp: flags
1.1.0 linux.seccomp: defaultErrnoRet listenerPath listenerMetadata
1.0.0 linux.seccomp.syscalls: names action args
1.1.0 linux.seccomp.syscalls: errnoRet
1.0.0 linux.seccomp.syscalls.args: index value valueTwo op
]]

-- The next word of a text, and where to go on: gmatch takes half a kilobyte for each text, of which there are hundreds.
local function next_word(text, at)
  local _, stop, word = text:find("(%S+)", at)
  if stop then return stop + 1, word end
end

--- The first version that has a property, by its path without the places in arrays:
-- `since["mounts.source"]`. Nil for what is no property.
---@type table<string, string>
M.since = {}
for version, parents, names in PROPERTIES:gmatch("(%S+) ([^:\n]*): ?([^\n]+)") do
  for _, name in next_word, names, 1 do
    M.since[name] = parents == "" and version or M.since[name]
    for _, parent in next_word, parents, 1 do
      M.since[parent .. "." .. name] = version
    end
  end
end

-- --- where our fields are ---

-- Sections whose places are paths from the top of the document, and where that is when only the name
-- is known.
local HOMES <const> = { config = "linux.", process = "process.", cgroups = "linux.resources." }

local PLACES <const> = {
  config = {
    rootfs = "root.path", readonlyfs = "root.readonly", hostname = "hostname", domainname = "domainname",
    mounts = "mounts", hooks = "hooks", annotations = "annotations", mask_paths = "linux.maskedPaths",
    namespace_paths = false, -- in linux.namespaces
    personality = "linux.personality.domain", networks = "linux.netDevices",
    -- what further programs have too
    capabilities = "process.capabilities", rlimits = "process.rlimits",
    no_new_privileges = "process.noNewPrivileges", apparmor_profile = "process.apparmorProfile",
    process_label = "process.selinuxLabel",
    cgroups = "", -- all over the document
  },
  process = {
    capabilities = false, rlimits = false, no_new_privileges = false, apparmor_profile = false,
    process_label = false, -- of config
    terminal_size = "process.consoleSize", umask = "process.user.umask",
    additional_groups = "process.user.additionalGids",
    exec_cpu_affinity = "process.execCPUAffinity",
  },
  cgroups = {
    path = "linux.cgroupsPath", memory = "linux.resources.memory.limit",
    memory_swap = "linux.resources.memory.swap", memory_reservation = "linux.resources.memory.reservation",
    memory_swappiness = "linux.resources.memory.swappiness",
    oom_kill_disable = "linux.resources.memory.disableOOMKiller",
    use_hierarchy = "linux.resources.memory.useHierarchy",
    check_before_update = "linux.resources.memory.checkBeforeUpdate",
    kernel_memory = "linux.resources.memory.kernel", kernel_memory_tcp = "linux.resources.memory.kernelTCP",
    cpu_shares = "linux.resources.cpu.shares", cpu_quota = "linux.resources.cpu.quota",
    cpu_period = "linux.resources.cpu.period", cpu_burst = "linux.resources.cpu.burst",
    cpu_rt_runtime = "linux.resources.cpu.realtimeRuntime", cpu_rt_period = "linux.resources.cpu.realtimePeriod",
    cpu_idle = "linux.resources.cpu.idle", cpuset_cpus = "linux.resources.cpu.cpus",
    cpuset_mems = "linux.resources.cpu.mems", pids_limit = "linux.resources.pids.limit",
    blkio_weight = "linux.resources.blockIO.weight", blkio_leaf_weight = "linux.resources.blockIO.leafWeight",
    blkio_weight_device = "linux.resources.blockIO.weightDevice",
    blkio_throttle_read_bps_device = "linux.resources.blockIO.throttleReadBpsDevice",
    blkio_throttle_write_bps_device = "linux.resources.blockIO.throttleWriteBpsDevice",
    blkio_throttle_read_iops_device = "linux.resources.blockIO.throttleReadIOPSDevice",
    blkio_throttle_write_iops_device = "linux.resources.blockIO.throttleWriteIOPSDevice",
    hugetlb_limit = "linux.resources.hugepageLimits", net_cls_classid = "linux.resources.network.classID",
    net_prio_ifpriomap = "linux.resources.network.priorities",
  },
  net_priority = { interface = "name" },
  terminal_size = { columns = "width", rows = "height" },
  id_mapping = { container_id = "containerID", host_id = "hostID" },
  intel_rdt = { clos_id = "closID" },
  rdma_limit = { device = false }, -- the name in the map
}

local function camel(name)
  return (name:gsub("_(%w)", string.upper))
end

local function join(parent, name)
  return parent == "" and name or parent .. "." .. name
end
M.join = join

--- Is the section spread over the document, and its places paths from the top?
---@param section string
---@return boolean
function M.is_spread(section)
  return HOMES[section] ~= nil
end

--- Where a field is: of the container, the process and the limits a path from the top of the document,
-- of other sections one from the object that the section is.
---@param section string
---@param field string
---@param parent string where that object is, without places in arrays
---@return string|nil place nil when OCI has none
function M.place(section, field, parent)
  local listed = PLACES[section] and PLACES[section][field]
  if listed ~= nil then
    return listed or nil
  end
  local name = (HOMES[section] or "") .. camel(field)
  return M.since[HOMES[section] and name or join(parent, name)] and name or nil
end

local properties

local function note_properties(section, parent, shown)
  for _, spec in ipairs(check.section(section).fields) do
    local place, name = M.place(section, spec.name, parent), section .. "." .. spec.name
    local inner = M.section_of(spec)
    if place and not properties[name] then
      properties[name] = place ~= "" and join(shown, place) or nil
      if inner then
        note_properties(inner, place == "" and parent or join(parent, place),
          place == "" and shown or join(shown, place) .. (spec.kind == "objects" and "[]" or ""))
      end
    end
  end
end

--- The property of a field, for people: "linux.devices[].fileMode". Where a section is in several places,
-- in the first.
---@param section string
---@param field string
---@return string|nil property nil when OCI has none
function M.property(section, field)
  if not properties then
    properties = {}
    note_properties("config", "", "")
    note_properties("process", "", "")
  end
  return properties[section .. "." .. field]
end

-- --- words ---

-- What is in front of OCI's words, which are in upper case.
local PREFIXES <const> = {
  ["rlimit.type"] = "RLIMIT_", ["seccomp.default_action"] = "SCMP_ACT_", ["seccomp_rule.action"] = "SCMP_ACT_",
  ["seccomp_arg.op"] = "SCMP_CMP_", ["seccomp.architectures"] = "SCMP_ARCH_",
  ["seccomp.flags"] = "SECCOMP_FILTER_FLAG_",
  ["capabilities.bounding"] = "CAP_", ["capabilities.effective"] = "CAP_", ["capabilities.permitted"] = "CAP_",
  ["capabilities.inheritable"] = "CAP_", ["capabilities.ambient"] = "CAP_",
  ["scheduler.policy"] = "SCHED_", ["scheduler.flags"] = "SCHED_FLAG_", ["io_priority.class"] = "IOPRIO_CLASS_",
  ["memory_policy.mode"] = "MPOL_", ["memory_policy.flags"] = "MPOL_F_",
}
local known_words = {}

-- Our words by OCI's, without what is in front of those.
local function words_of(detail)
  local words = known_words[detail]
  if not words then
    words = {}
    for word in detail:gmatch("[^|]+") do words[word:upper()] = word end
    known_words[detail] = words
  end
  return words
end

local ALIASES <const> = { SCMP_ACT_KILL = "kill_thread" }

--- A word of ours from one of OCI; what has not the form of OCI's is nil.
---@param section string
---@param spec table the field
---@param word any
---@return any word nil when it is none
function M.read_word(section, spec, word)
  local prefix = PREFIXES[section .. "." .. spec.name]
  if not prefix or type(word) ~= "string" then
    return word
  elseif ALIASES[word] then
    return ALIASES[word]
  elseif word:sub(1, #prefix) ~= prefix then
    return nil
  end
  local rest = word:sub(#prefix + 1)
  return words_of(spec.detail)[rest] or rest
end

--- The reverse.
---@param section string
---@param spec table
---@param word string
---@return string
function M.write_word(section, spec, word)
  local prefix = PREFIXES[section .. "." .. spec.name]
  return prefix and prefix .. word:upper() or word
end

--- What OCI writes in front of the words of a field, nil for most.
---@param section string
---@param field string
---@return string|nil
function M.prefix(section, field)
  return PREFIXES[section .. "." .. field]
end

--- The section that a field's value is of: of an object, of each item of an array, of a filter.
---@param spec table
---@return string|nil
function M.section_of(spec)
  local is_table = spec.kind == "object" or spec.kind == "objects" or spec.kind == "lua"
  return is_table and check.section(spec.detail) and spec.detail or nil
end

return M
