-- SPDX-License-Identifier: MIT
--- What a person likes to write, translated into what the schema describes. In this one place.
--
-- Works on raw copies (check.copy) and changes them. What is not understood is left as it is, for
-- the walk along the schema to name; only what the walk could not see is a problem here.
local core = require "libcontainer.core"
local lazy = require "libcontainer.lazy"
local check = require "libcontainer.check"
local errors = lazy "libcontainer.errors"
local hooks = require "libcontainer.configs.hooks"
local limits = require "libcontainer.configs.limits"
local json = require "libcontainer.json"
local networks = lazy "libcontainer.configs.networks"
local units = lazy "libcontainer.units"

local M = {}

local NAMESPACES = { "mount", "pid", "uts", "ipc", "network", "cgroup", "user", "time" }

--- What lc.run and container:exec take beside the fields of a configuration and a process.
M.OPTIONS = { "input", "timeout", "id", "output_limit", "factory", "image" }
--- Shorthands of the top level, beside those that are process fields anyway (env, user, cwd).
M.SHORTHANDS = { "memory", "cpus", "pids", "bind", "tmpfs" }

local function sorted_keys(t)
  local keys = {}
  for key in next, t do
    if type(key) == "string" then
      keys[#keys + 1] = key
    end
  end
  table.sort(keys)
  return keys
end

local function number_text(value)
  local whole = units.integer(value)
  return whole and ("%d"):format(whole) or value
end

-- Not empty, and every key is a name.
local function has_names_only(t)
  for key in next, t do
    if type(key) ~= "string" then
      return false
    end
  end
  return next(t) ~= nil
end

-- "0666" and "0o666" as octal, as chmod(1) reads them; a number is a number.
local function octal(t, name, problems, field)
  local value = t[name]
  if type(value) ~= "string" then return end
  local digits = value:match("^0?o?([0-7]+)$")
  t[name] = digits and #digits <= 4 and tonumber(digits, 8) or nil
  if not t[name] then
    check.add(problems, field, "must be octal digits, or a number", value, "\"022\" and 18 are the same")
  end
end

-- --- parts of both tables ---

local CAPABILITIES = { "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL",
  "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST",
  "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT",
  "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME",
  "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE",
  "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
  "CHECKPOINT_RESTORE" }

--- Add the problem of a capability that the core does not know.
---@param problems libcontainer.Problem[]
---@param field string
---@param name any
function M.unknown_capability(problems, field, name)
  check.add(problems, field, "is no capability", name,
    errors.did_you_mean(check.nearest(name, CAPABILITIES)))
end

local function plain_capability(name)
  return type(name) == "string" and (name:upper():gsub("^CAP_", "")) or name
end

-- A list is bounding, effective and permitted at once. What is wrong in it is told once.
local function capability_list(t, list, problems)
  t.capabilities = nil
  if not check.array_length(list, problems, "capabilities") then
    return
  end
  local sets = { bounding = {}, effective = {}, permitted = {} }
  for i, item in ipairs(list) do
    local name, field = plain_capability(item), ("capabilities[%d]"):format(i)
    if type(name) ~= "string" then
      check.add(problems, field, "must be text, not a " .. type(item), item)
    elseif name:find("\0", 1, true) then
      check.add(problems, field, "has a NUL byte in it")
    elseif not core.capability(name) then
      M.unknown_capability(problems, field, item)
    else
      for _, set in next, sets do
        set[#set + 1] = name
      end
    end
  end
  t.capabilities = sets
end

local function capabilities(t, problems)
  local value = t.capabilities
  if type(value) ~= "table" then
    return
  elseif value[1] ~= nil or next(value) == nil then
    capability_list(t, value, problems)
    return
  end
  for _, set in next, value do
    if type(set) == "table" then
      for i, name in next, set do
        set[i] = plain_capability(name)
      end
    end
  end
end

local function rlimit_value(value)
  if value == "unlimited" or value == "infinity" then
    return -1
  end
  return type(value) == "string" and units.size(value) or value
end

local function rlimits(t)
  local value = t.rlimits
  if type(value) ~= "table" then
    return
  end
  if has_names_only(value) and not json.is_big(value) then
    -- { NOFILE = 1024 } or { NOFILE = { 1024, 4096 } }
    local list = {}
    for i, name in ipairs(sorted_keys(value)) do
      local limit = value[name]
      if type(limit) == "table" and limit.soft == nil and limit.hard == nil then
        limit = { soft = limit[1], hard = limit[2] }
      elseif type(limit) ~= "table" then
        limit = { soft = limit, hard = limit }
      end
      list[i] = { type = name, soft = limit.soft, hard = limit.hard }
    end
    t.rlimits, value = list, list
  end
  for _, limit in next, value do
    if type(limit) == "table" then
      if type(limit.type) == "string" then
        limit.type = limit.type:upper():gsub("^RLIMIT_", "")
      end
      limit.soft, limit.hard = rlimit_value(limit.soft), rlimit_value(limit.hard)
    end
  end
end

-- Words as the kernel's headers have them.
local function without_prefix(t, name, prefix)
  local value = t[name]
  if type(value) == "string" then
    t[name] = (value:gsub("^" .. prefix, ""))
  elseif type(value) == "table" then
    for i, word in next, value do
      if type(word) == "string" then
        value[i] = word:gsub("^" .. prefix, "")
      end
    end
  end
end

local NANOSECONDS <const> = 1000000000

local function scheduling(t, problems)
  if type(t.scheduler) == "table" then
    without_prefix(t.scheduler, "policy", "SCHED_")
    without_prefix(t.scheduler, "flags", "SCHED_FLAG_")
    for _, name in ipairs { "runtime", "deadline", "period" } do
      local value = t.scheduler[name]
      if type(value) == "string" then
        local seconds, problem = units.duration(value)
        t.scheduler[name] = seconds and math.tointeger(seconds * NANOSECONDS // 1) or nil
        if not t.scheduler[name] then
          check.add(problems, "scheduler." .. name, problem or "is too long", value)
        end
      end
    end
  end
  if type(t.io_priority) == "table" then
    without_prefix(t.io_priority, "class", "IOPRIO_CLASS_")
  end
  for _, name in ipairs { "initial", "final" } do
    local affinity = t.exec_cpu_affinity
    if type(affinity) == "table" then
      affinity[name] = number_text(affinity[name])
      if affinity[name] == "" then
        affinity[name] = nil -- OCI writes so what is not said
      end
    end
  end
end

local function memory_policy(t)
  local policy = t.memory_policy
  if type(policy) == "table" then
    without_prefix(policy, "mode", "MPOL_")
    without_prefix(policy, "flags", "MPOL_F_")
    policy.nodes = number_text(policy.nodes)
    if policy.nodes == "" then
      policy.nodes = nil
    end
  end
end

local function groups(t)
  if type(t.additional_groups) == "table" then
    for i, group in next, t.additional_groups do
      t.additional_groups[i] = number_text(group)
    end
  end
end

-- --- a configuration ---

-- Names in /proc/PID/ns that are others than ours.
local NAMESPACE_FILES <const> = { network = "net", mount = "mnt" }

-- A name with the path of what is joined.
local function joined(t, name, path, problems)
  if type(path) ~= "string" or path:sub(1, 1) ~= "/" then
    check.add(problems, "namespaces." .. name, "must be true, the absolute path of a namespace, or a container", path,
      "/proc/PID/ns/" .. (NAMESPACE_FILES[name] or name))
  elseif type(t.namespace_paths) == "table" or t.namespace_paths == nil then
    t.namespace_paths = t.namespace_paths or {}
    t.namespace_paths[name] = path
  end
end

-- { "mount", … }, { mount = true, … }, and what names a place to join
local function namespaces(t, problems)
  local value = t.namespaces
  if type(value) ~= "table" then
    return
  end
  local keys = sorted_keys(value)
  for _, name in ipairs(keys) do
    local wish = value[name]
    value[name] = nil
    if not check.contains(NAMESPACES, name) then
      check.add(problems, "namespaces." .. name, "is no namespace", nil,
        errors.did_you_mean(check.nearest(name, NAMESPACES)))
    elseif wish == true then
      value[#value + 1] = name
    elseif check.is_container(wish) then
      value[name] = wish -- until there is one to be created: see sharing.lua
    elseif wish ~= false then
      joined(t, name, wish, problems)
      value[#value + 1] = name -- it is wished for: nothing else has to complain that it is absent
    end
  end
end

-- A descriptor, as a number or a Lua file: where `source` has one it is source_fd. A closed file stays
-- what it is, for the walk to refuse.
local function source_descriptor(mount)
  if units.integer(mount.source) and mount.source_fd == nil then
    mount.source, mount.source_fd = nil, mount.source
  elseif type(mount.source) == "userdata" and mount.source_fd == nil then
    mount.source, mount.source_fd = nil, mount.source
  end
  if type(mount.source_fd) == "userdata" then
    local is_open, fd = pcall(core.fileno, mount.source_fd)
    mount.source_fd = is_open and fd or mount.source_fd
  end
end

-- "0-1000-10#10-2000-5" as mappings of a mount, as crun(1) has them: on the file system, on the host, how
-- many; behind an @ the second is one in the container. Nil for anything else.
local function mappings_from_text(text, own)
  local list = {}
  for part in (text .. "#"):gmatch("([^#]*)#") do
    local relative, first, there, size = part:match("^(@?)(%d+)%-(%d+)%-(%d+)$")
    first, there, size = units.integer(tonumber(first)), units.integer(tonumber(there)), units.integer(tonumber(size))
    if not first then
      return nil
    end
    local host = relative == "" and there or nil
    for _, range in ipairs(relative == "@" and type(own) == "table" and own or {}) do
      local inside = type(range) == "table" and units.integer(range.container_id)
      local offset = inside and there - inside
      if offset and offset >= 0 and units.integer(range.size) and offset + size <= units.integer(range.size) then
        host = units.integer(range.host_id) and units.integer(range.host_id) + offset
      end
    end
    if not host then
      return nil
    end
    list[#list + 1] = { container_id = first, host_id = host, size = size }
  end
  return list
end

-- "idmap=uids=…;gids=…" as the option and the two fields.
local function mapping_options(t, mount, i, problems)
  if type(mount.options) ~= "table" then
    return
  end
  for j, option in next, mount.options do
    local word, text = tostring(option):match("^(r?idmap)=(.*)$")
    local uids, gids = (text or ""):match("^uids=([^;]*);gids=([^;]*);?$")
    if word then
      mount.options[j] = word
      mount.uid_mappings = uids and mappings_from_text(uids, t.uid_mappings) or mount.uid_mappings
      mount.gid_mappings = gids and mappings_from_text(gids, t.gid_mappings) or mount.gid_mappings
      if not (uids and mount.uid_mappings and mount.gid_mappings) then
        check.add(problems, ("mounts[%s].options[%s]"):format(i, j), "has no mappings that can be read", option,
          "idmap=uids=0-100000-65536;gids=0-100000-65536, or the fields uid_mappings and gid_mappings")
      end
    end
  end
end

local function mounts(t, problems)
  if type(t.mounts) ~= "table" then
    return
  end
  for i, mount in next, t.mounts do
    if type(mount) == "table" then
      source_descriptor(mount)
      if type(mount.options) == "string" then
        local list = {}
        for option in mount.options:gmatch("[^,]+") do
          list[#list + 1] = option
        end
        mount.options = list
      end
      mapping_options(t, mount, i, problems)
      -- the option makes it a bind mount; "none" is what mount(8) calls a type that does not matter
      if (mount.type == nil or mount.type == "none") and type(mount.options) == "table"
        and (check.contains(mount.options, "bind") or check.contains(mount.options, "rbind")) then
        mount.type = "bind"
      end
    end
  end
end

-- 3600, -1.5 or "1h" for { secs =, nanosecs = }; what is neither is the walk's to refuse.
local function time_offsets(t)
  if type(t.time_offsets) ~= "table" then return end
  for clock, value in next, t.time_offsets do
    local is_negative = type(value) == "string" and value:sub(1, 1) == "-"
    local seconds = type(value) == "number" and value
      or type(value) == "string" and units.duration(is_negative and value:sub(2) or value)
    if seconds and seconds == seconds and math.abs(seconds) < 2 ^ 53 then
      seconds = is_negative and -seconds or seconds
      local whole = math.floor(seconds)
      local rest = math.min(999999999, math.floor((seconds - whole) * 1e9 + 0.5))
      t.time_offsets[clock] = { secs = whole, nanosecs = rest }
    end
  end
end

--- Translate a configuration, in place.
---@param t table a raw copy
---@param problems libcontainer.Problem[]
---@return table t
function M.config(t, problems)
  namespaces(t, problems)
  time_offsets(t)
  mounts(t, problems)
  if t.networks then networks.normal(t) end
  capabilities(t, problems)
  rlimits(t)
  groups(t)
  limits.normal(t.cgroups, problems)
  memory_policy(t)
  hooks.normal(t)
  if type(t.devices) == "table" then
    for i, device in next, t.devices do
      if type(device) == "table" and math.type(i) == "integer" then
        octal(device, "file_mode", problems, ("devices[%s].file_mode"):format(i))
      end
    end
  end
  if type(t.sysctl) == "table" then
    for key, value in next, t.sysctl do
      t.sysctl[key] = number_text(value)
    end
  end
  local signal = t.parent_death_signal
  if type(signal) == "string" then
    t.parent_death_signal = core.signal(signal)
    if not t.parent_death_signal then
      check.add(problems, "parent_death_signal", "is no signal", signal,
        "a name such as \"KILL\", or a number")
    end
  end
  return t
end

-- --- a process ---

local function environment(t, problems)
  local env = t.env
  if type(env) ~= "table" or env[1] ~= nil or json.is_big(env) then
    return
  end
  local list = {}
  for _, name in ipairs(sorted_keys(env)) do
    local value = number_text(env[name])
    if type(value) ~= "string" then
      check.add(problems, "env." .. name, "must be text or a whole number", value)
    elseif name == "" or name:find("=", 1, true) then
      check.add(problems, "env." .. name, "must have a name without \"=\"")
    elseif (name .. value):find("\0", 1, true) then
      check.add(problems, "env." .. name, "has a NUL byte in it")
    else
      list[#list + 1] = name .. "=" .. value
    end
    env[name] = nil
  end
  if next(env) ~= nil then
    return -- keys that are no names: the walk refuses them
  end
  t.env = list
end

-- A path inside is written with a slash before it or without.
local function sub_cgroups(t)
  if type(t.sub_cgroups) == "string" then t.sub_cgroups = { all = t.sub_cgroups } end
  if type(t.sub_cgroups) ~= "table" then return end
  for name, path in next, t.sub_cgroups do
    if type(path) == "string" then t.sub_cgroups[name] = path:gsub("/+", "/"):gsub("^/", ""):gsub("/$", "") end
  end
end

--- Translate a process, in place.
---@param t table a raw copy
---@param problems libcontainer.Problem[]
---@return table t
function M.process(t, problems)
  if t[1] ~= nil and t.args == nil then
    -- { "sh", "-c", … }: the array part is the argv
    local args = {}
    for key, value in next, t do
      if math.type(key) == "integer" then
        args[key] = value
      end
    end
    for key in next, args do
      t[key] = nil
    end
    t.args = args
  end
  environment(t, problems)
  limits.normal(t.cgroups, problems)
  sub_cgroups(t)
  local size = t.terminal_size
  if type(size) == "table" and size[1] ~= nil and size.columns == nil and size.rows == nil then
    t.terminal_size = { columns = size[1], rows = size[2] }
  end
  t.user = number_text(t.user)
  capabilities(t, problems)
  rlimits(t)
  groups(t)
  octal(t, "umask", problems, "umask")
  scheduling(t, problems)
  return t
end

-- --- shorthands of the top level ---

local function bind_mount(source, destination, mode, problems, field)
  local options = { "rbind", "rprivate" }
  if mode == "ro" then
    options[3] = "rro"
  elseif mode ~= "rw" then
    check.add(problems, field, "must end in :ro or :rw", mode)
  end
  return { type = "bind", source = source, destination = destination, options = options }
end

-- "src", "src:dst", "src:dst:ro"
local function bind_from_text(text, problems, field)
  local parts = {}
  for part in (text .. ":"):gmatch("([^:]*):") do
    parts[#parts + 1] = part
  end
  if #parts == 2 and (parts[2] == "ro" or parts[2] == "rw") then
    parts = { parts[1], parts[1], parts[2] }
  end
  if #parts > 3 or text == "" then
    check.add(problems, field, "must be \"source\", \"source:destination\" or "
      .. "\"source:destination:ro\"", text, "a path with a colon goes into mounts")
    return nil
  end
  return bind_mount(parts[1], parts[2] or parts[1], parts[3] or "rw", problems, field)
end

local function add_binds(value, list, problems)
  if type(value) == "string" then
    value = { value }
  elseif type(value) ~= "table" then
    check.add(problems, "bind", "must be text, an array of text, or a table from destination to "
      .. "source", value)
    return
  end
  local texts = {}
  for key, text in next, value do
    if type(key) ~= "string" then
      texts[key] = text
    end
  end
  if not check.array_length(texts, problems, "bind") then
    return
  end
  for i, text in ipairs(texts) do
    local field = ("bind[%d]"):format(i)
    if type(text) == "string" then
      list[#list + 1] = bind_from_text(text, problems, field)
    else
      check.add(problems, field, "must be text", text)
    end
  end
  for _, destination in ipairs(sorted_keys(value)) do
    local source = value[destination]
    local field = "bind." .. destination
    if type(source) == "string" then
      local path, mode = source:match("^(.*):(r[ow])$")
      list[#list + 1] = bind_mount(path or source, destination, mode or "rw", problems, field)
    else
      check.add(problems, field, "must be the source, as text", source)
    end
  end
end

local function add_tmpfs(value, list, problems)
  if type(value) == "string" then
    value = { value }
  end
  if not check.array_length(value, problems, "tmpfs") then
    return
  end
  for i, text in ipairs(value) do
    local path, data = nil, nil
    if type(text) == "string" then
      path, data = text:match("^([^:]+):?(.*)$")
    end
    if path then
      local options = { "nosuid", "nodev" }
      for option in data:gmatch("[^,]+") do
        options[#options + 1] = option
      end
      list[#list + 1] = { type = "tmpfs", source = "tmpfs", destination = path, options = options }
    else
      check.add(problems, ("tmpfs[%d]"):format(i), "must be a path, as text", text)
    end
  end
end

local LIMITS = { memory = "memory", cpus = "cpus", pids = "pids_limit" }

local function add_limit(config, name, value, problems)
  if config.cgroups == nil then
    config.cgroups = {}
  elseif type(config.cgroups) ~= "table" then
    return -- the walk says what is wrong with it
  elseif config.cgroups[LIMITS[name]] ~= nil then
    check.add(problems, name, "is given twice", value, "cgroups." .. LIMITS[name] .. " is the same")
    return
  end
  config.cgroups[LIMITS[name]] = value
end

local function take_option(options, name, value, problems)
  if name == "timeout" then
    local seconds, problem = units.duration(value)
    if not seconds then
      check.add(problems, name, problem, value)
    end
    value = seconds
  elseif name == "output_limit" then
    local bytes, problem = units.size(value)
    if not bytes or bytes < 0 then
      check.add(problems, name, problem or "must not be negative", value)
    end
    value = bytes
  elseif name == "input" and type(value) ~= "string" and type(value) ~= "function" then
    check.add(problems, name, "must be text, or a function that returns it piece by piece", value)
  elseif name == "id" and type(value) ~= "string" then
    check.add(problems, name, "must be text", value)
  end
  options[name] = value
end

-- Where a name of the top level belongs.
local function home_of(name, for_exec)
  if check.contains(M.OPTIONS, name) then
    return "option"
  elseif check.section("process").by_name[name]
    and (for_exec or not check.section("config").by_name[name]) then
    return "process"
  elseif check.contains(M.SHORTHANDS, name) then
    return "shorthand"
  elseif check.section("config").by_name[name] then
    return "config"
  end
  return nil
end

local function all_names(for_exec)
  local names = {}
  for _, list in ipairs { check.section("process").names, M.OPTIONS,
    for_exec and sorted_keys(LIMITS) or M.SHORTHANDS, for_exec and {} or check.section("config").names } do
    table.move(list, 1, #list, #names + 1, names)
  end
  return names
end

--- Translate the shorthands of a configuration, in place: memory, cpus and pids are limits of its
-- cgroup; tmpfs and then bind are mounted after its other mounts.
---@param t table a raw copy
---@param problems libcontainer.Problem[]
---@return table t
function M.shorthands(t, problems)
  for _, name in ipairs { "memory", "cpus", "pids" } do
    if t[name] ~= nil then
      add_limit(t, name, t[name], problems)
      t[name] = nil
    end
  end
  local extra = {}
  if t.tmpfs ~= nil then
    add_tmpfs(t.tmpfs, extra, problems)
  end
  if t.bind ~= nil then
    add_binds(t.bind, extra, problems)
  end
  t.tmpfs, t.bind = nil, nil
  -- behind a list with a hole they would fill it; the walk refuses that one
  if #extra > 0 and (t.mounts == nil or check.array_length(t.mounts, {}, "mounts")) then
    t.mounts = t.mounts or {}
    table.move(extra, 1, #extra, #t.mounts + 1, t.mounts)
  end
  return t
end

--- Names that hold objects of the caller's: they are not copied.
M.OPAQUE = { factory = true, image = true, input = true, stdin = true, stdout = true, stderr = true,
  descriptors = true }

--- Take the one table of lc.run apart: the array part is the argv; named keys are fields of the
-- configuration, of the process, shorthands and options. What a container and a process both have
-- (capabilities, rlimits, no_new_privileges, additional_groups) is the container's.
--
-- The parts are still in their friendly forms: give them to configs.prepare_config and
-- configs.prepare_process.
---@param t table as the user wrote it
---@param for_exec "exec"|nil for container:exec: no configuration, and what both have is the process's
---@return table config
---@return table process
---@return table options input, timeout (seconds), id, output_limit (bytes), factory
---@return libcontainer.Problem[] problems
function M.take_apart(t, for_exec)
  local problems = {}
  local config, process, options, args = {}, {}, {}, {}
  local further = {} -- limits of the process alone
  if type(t) ~= "table" then
    check.add(problems, "", "must be a table, not " .. type(t))
    return config, process, options, problems
  end
  t = check.copy(t, problems, "", M.OPAQUE, "args") or {}
  for key, value in next, t do
    if math.type(key) == "integer" then
      args[key] = value
    elseif type(key) ~= "string" then
      check.add(problems, "[" .. tostring(key) .. "]", "has no name")
    end
  end
  for _, name in ipairs(sorted_keys(t)) do
    local home, value = home_of(name, for_exec), t[name]
    if home == "option" and for_exec and (name == "id" or name == "factory" or name == "image") then
      check.add(problems, name, "belongs to the container and cannot be given to a further process")
    elseif home == "option" then
      take_option(options, name, value, problems)
    elseif home == "process" then
      process[name] = value
    elseif for_exec and LIMITS[name] then
      further[name] = value
    elseif home and for_exec then
      check.add(problems, name, "belongs to the container and cannot be given to a further process")
    elseif home then
      config[name] = value
    else
      check.add(problems, name, "is no field, option or shorthand", value,
        errors.did_you_mean(check.nearest(name, all_names(for_exec))))
    end
  end
  if next(args) ~= nil then
    if process.args ~= nil then
      check.add(problems, "args", "is given twice: the array part of the table is the same")
    end
    process.args = args
  end
  for name, value in next, further do
    add_limit(process, name, value, problems)
  end
  return M.shorthands(config, problems), process, options, problems
end

--- The same, for who cannot go on when something is wrong. configs.prepare_run tells more at once.
---@param t table
---@param for_exec "exec"|nil
---@return table|nil config
---@return table|libcontainer.Error process the error when config is nil
---@return table|nil options
function M.split(t, for_exec)
  local config, process, options, problems = M.take_apart(t, for_exec)
  if #problems > 0 then
    return nil, errors.config_invalid(problems)
  end
  return config, process, options
end

return M
