-- SPDX-License-Identifier: MIT
--- Rules that need more than one field, or know what a field means.
--
-- Each is a function of the strict form (what check.walk left) that adds problems, with their path
-- and the way out. src/configs/validate.c refuses the same, with less to say. Fields of the wrong
-- type are absent here, and items of the wrong type are passed over: the walk has named them.
local core = require "libcontainer.core"
local lazy = require "libcontainer.lazy"
local check = require "libcontainer.check"
local contradictions = require "libcontainer.configs.contradictions"
local errors = lazy "libcontainer.errors"
local hooks = require "libcontainer.configs.hooks"
local ids = require "libcontainer.configs.ids"
local limits = require "libcontainer.configs.limits"
local mounts = require "libcontainer.configs.mounts"
local namespaces = require "libcontainer.configs.namespaces"
local network_rules = lazy "libcontainer.configs.networks"
local normal = require "libcontainer.configs.normal"
local paths = require "libcontainer.configs.paths"
local notifier = lazy "libcontainer.configs.seccomp"

local M = {}

local add = check.add

local function set_of(words)
  local set = {}
  for word in words:gmatch("%S+") do
    set[word] = true
  end
  return set
end

local function needs_namespace(config, name, field, problems)
  if config.namespaces and not namespaces.has(config, name) then
    add(problems, field, "needs the " .. name .. " namespace", nil,
      ('add "%s" to namespaces'):format(name))
  end
end

-- --- the container ---

local function rootfs(config, problems)
  local path = config.rootfs
  if path and paths.normalise(path) ~= path then
    add(problems, "rootfs", "must be written without \"..\", \".\", doubled or trailing slashes", path,
      errors.did_you_mean(paths.normalise(path)))
  end
end

local function own_namespaces(config, problems)
  local seen = {}
  for i, name in ipairs(config.namespaces or {}) do
    local field = ("namespaces[%d]"):format(i)
    if seen[name] then
      add(problems, field, "is listed twice", name)
    end
    if type(name) == "string" then
      seen[name] = true
    end
  end
  if config.namespaces and not seen.mount and not check.is_refused(problems, "namespaces") then
    add(problems, "namespaces", "must have \"mount\": a container has a root of its own")
  end
end

local function joined_namespaces(config, problems)
  if not config.namespace_paths or next(config.namespace_paths) == nil then return end
  if config.namespace_paths.mount then contradictions.joined_root(config, problems) end
  for name in next, config.namespace_paths do
    if type(name) == "string" and not check.contains(config.namespaces or {}, name) then
      add(problems, "namespace_paths." .. name, "must be in namespaces too")
    end
  end
  if config.namespace_paths.time and config.time_offsets then
    add(problems, "time_offsets", "are of a namespace that is made, and this one is joined")
  end
end

local function clocks(config, problems)
  if config.time_offsets and not namespaces.has(config, "time") then
    add(problems, "time_offsets", "needs the time namespace", nil, 'add "time" to namespaces')
  end
end

local function user_namespace(config, problems)
  local has_user = namespaces.has(config, "user")
  ids.rules(config, has_user, problems)
  if has_user and config.rootfs == "/" and not config.overlay and namespaces.has_own(config, "mount") then
    ids.host_root(config, problems)
  end
end

local function names_of_host(config, problems)
  if config.hostname then
    needs_namespace(config, "uts", "hostname", problems)
  end
  if config.domainname then
    needs_namespace(config, "uts", "domainname", problems)
  end
end

local function networks(config, problems)
  if config.networks or config.routes then network_rules.rules(config, namespaces.has(config, "network"), problems) end
end

local function mount_rules(config, problems)
  mounts.rules(config, namespaces.has(config, "user"), problems)
end

local function devices(config, problems)
  local seen = {}
  for i, device in check.tables(config.devices) do
    local field = ("devices[%d]"):format(i)
    local place = device.path and paths.normalise(device.path)
    if place == "/" or place == "/dev" then
      add(problems, field .. ".path", "must be a file", device.path)
    elseif place and (place == "/proc" or place:sub(1, 6) == "/proc/") then
      add(problems, field .. ".path", "is inside of /proc", device.path)
    elseif place and seen[place] then
      add(problems, field .. ".path", "is the same as devices[" .. seen[place] .. "]", device.path)
    end
    if place then
      seen[place] = seen[place] or i
    end
    if device.type and device.type ~= "p" and not (device.major and device.minor)
      and not check.is_refused(problems, field .. ".major")
      and not check.is_refused(problems, field .. ".minor") then
      add(problems, field, "needs major and minor", nil,
        "a fifo (type = \"p\") is the only one without")
    elseif device.type == "p" and (device.major or device.minor) then
      add(problems, field, "a fifo has no major and minor")
    end
  end
end

local function masks(config, problems)
  for _, name in ipairs { "mask_paths", "readonly_paths" } do
    for i, path in ipairs(config[name] or {}) do
      if type(path) == "string" and paths.normalise(path) == "/" then
        add(problems, ("%s[%d]"):format(name, i), "is the root itself", path,
          name == "readonly_paths" and "readonlyfs = true makes the root read-only" or nil)
      end
    end
  end
end

-- What a namespace of its own makes safe to change. O78
local SYSCTLS = {
  ipc = set_of [[ kernel.msgmax kernel.msgmnb kernel.msgmni kernel.sem kernel.shmall kernel.shmmax
    kernel.shmmni kernel.shm_rmid_forced ]],
  uts = set_of "kernel.domainname",
}

-- The name with dots between its parts: "net/ipv4/conf/eth0.1/forwarding" has a dot in one, which
-- becomes a slash, as sysctl(8) writes it.
local function dotted(name)
  local dot, slash = name:find(".", 1, true), name:find("/", 1, true)
  if slash and (not dot or slash < dot) then
    return (name:gsub("[./]", { ["."] = "/", ["/"] = "." }))
  end
  return name
end

local function sysctl_namespace(name)
  for namespace, names in next, SYSCTLS do
    if names[name] then
      return namespace
    end
  end
  return name:match("^fs%.mqueue%.[%w_]") and "ipc" or name:match("^net%.[%w_]") and "network"
    or name:match("^user%.[%w_]") and "user" or nil
end

local function sysctl_name(config, name, field, problems)
  local plain = dotted(name)
  if name:find("[^%w_./%-]") or plain:find("..", 1, true) or name:find("//", 1, true)
    or plain:find("^[./]") or plain:find("[./]$") then
    add(problems, field, "is no name of a kernel setting", nil,
      "a name such as net.ipv4.ip_forward")
    return
  end
  local namespace = sysctl_namespace(plain)
  if plain == "kernel.hostname" then
    add(problems, field, "is what the field hostname sets")
  elseif not namespace then
    add(problems, field, "belongs to the whole host, not to a namespace of the container", nil,
      "only settings of the network, IPC, UTS and user namespaces can be set")
  elseif not namespaces.has(config, namespace) then
    add(problems, field, "would change the host: it needs the " .. namespace .. " namespace", nil,
      ('add "%s" to namespaces'):format(namespace))
  end
end

local function sysctl(config, problems)
  local names, seen = {}, {}
  for name in next, config.sysctl or {} do
    names[#names + 1] = type(name) == "string" and name or nil
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local field, value = "sysctl." .. name, config.sysctl[name]
    sysctl_name(config, name, field, problems)
    if seen[dotted(name)] then
      add(problems, field, "is given twice", nil, "sysctl." .. seen[dotted(name)] .. " is the same")
    end
    seen[dotted(name)] = name
    -- one write sets one value: nothing that ends a line or begins another assignment
    if type(value) == "string" and (value == "" or value:find("[^%w_.,:/ \t%-]")
      or value:find("..", 1, true) or value:find("//", 1, true)) then
      add(problems, field, "has a value that no kernel setting takes", value)
    end
  end
end

-- --- what a container and a process both have ---

local SETS = { "bounding", "effective", "permitted", "inheritable", "ambient" }

local function subset(capabilities, name, of, problems)
  local allowed = {}
  for _, capability in ipairs(capabilities[of] or {}) do
    if type(capability) == "string" then allowed[capability] = true end
  end
  for i, capability in ipairs(capabilities[name] or {}) do
    if type(capability) == "string" and core.capability(capability) and not allowed[capability] then
      add(problems, ("capabilities.%s[%d]"):format(name, i), "must be in capabilities." .. of .. " too",
        capability)
    end
  end
end

-- Of what is permitted a program keeps, also root's, what may be gained or is inherited: without a word.
local function lost_at_exec(sets, problems)
  for i, name in ipairs(sets.permitted or {}) do
    if type(name) == "string" and core.capability(name) and not check.contains(sets.bounding or {}, name)
      and not check.contains(sets.inheritable or {}, name) then
      add(problems, ("capabilities.permitted[%d]"):format(i),
        "must be in capabilities.bounding too: the program would be started without it", name,
        ("capabilities = { %q } is bounding, permitted and effective"):format(name))
    end
  end
end

local function capabilities(t, problems)
  local sets = t.capabilities
  if not sets then
    return
  end
  for _, set in ipairs(SETS) do
    for i, name in ipairs(sets[set] or {}) do
      if type(name) == "string" and not core.capability(name) then
        normal.unknown_capability(problems, ("capabilities.%s[%d]"):format(set, i), name)
      end
    end
  end
  subset(sets, "effective", "permitted", problems)
  lost_at_exec(sets, problems)
  subset(sets, "ambient", "permitted", problems)
  subset(sets, "ambient", "inheritable", problems)
end

local function as_unsigned(limit)
  return limit == -1 and math.huge or limit
end

local function rlimits(t, problems)
  local seen = {}
  for i, limit in check.tables(t.rlimits) do
    local field = ("rlimits[%d]"):format(i)
    if limit.type and seen[limit.type] then
      add(problems, field .. ".type", "is the same as rlimits[" .. seen[limit.type] .. "]", limit.type)
    elseif limit.type then
      seen[limit.type] = i
    end
    if limit.soft and limit.hard and as_unsigned(limit.soft) > as_unsigned(limit.hard) then
      add(problems, field .. ".soft", "must not be more than hard", limit.soft)
    end
  end
end

local MAX_ID <const> = 4294967294

-- "12" in range, or a name; nil and the problem otherwise.
local function id_problem(text, what)
  if text:find("^%d+$") then
    local number = math.tointeger(tonumber(text))
    if #text > 10 or not number or number > MAX_ID then
      return ("has a %s id above %d"):format(what, MAX_ID)
    end
  elseif not text:find("^[%a_.][%w_.%-]*%$?$") then
    return "is no " .. what .. " id and no " .. what .. " name"
  end
  return nil
end

local function additional_groups(t, problems)
  for i, group in ipairs(t.additional_groups or {}) do
    local problem = type(group) == "string" and id_problem(group, "group")
    if problem then
      add(problems, ("additional_groups[%d]"):format(i), problem, group)
    end
  end
end

-- --- the filter ---

local function seccomp_rule(rule, field, problems)
  for i, name in ipairs(rule.names or {}) do
    if type(name) == "string" and not core.syscall_known(name) then
      add(problems, ("%s.names[%d]"):format(field, i), "is no system call", name)
    end
  end
  if rule.errno_ret and rule.action and rule.action ~= "errno" and rule.action ~= "trace" then
    add(problems, field .. ".errno_ret", "is for the actions errno and trace", rule.errno_ret)
  end
  for i, arg in check.tables(rule.args) do
    if arg.value_two and arg.value_two ~= 0 and arg.op and arg.op ~= "MASKED_EQ" then
      add(problems, ("%s.args[%d].value_two"):format(field, i), "is for MASKED_EQ", arg.value_two)
    end
  end
end

-- The listener is given to the host behind the filter.
local GIVES_LISTENER <const> = "sendmsg"

local function passes_listener(filter)
  local passes = filter.default_action == "allow" or filter.default_action == "log"
  for _, rule in check.tables(filter.syscalls) do
    if check.contains(rule.names or {}, GIVES_LISTENER) then
      if rule.action ~= "allow" and rule.action ~= "log" then return false end
      passes = passes or not rule.args or #rule.args == 0
    end
  end
  return passes
end

local function seccomp_listener(filter, problems)
  if not notifier.notifies(filter) then
    if check.contains(filter.flags or {}, "WAIT_KILLABLE_RECV") then
      add(problems, "seccomp.flags", "have WAIT_KILLABLE_RECV, which is for filters that notify")
    end
  elseif not passes_listener(filter) then
    add(problems, "seccomp.syscalls", "notify, and do not allow sendmsg, by which the listener is given away", nil,
      'add { names = { "sendmsg" }, action = "allow" }')
  end
  if filter.listener_metadata and not filter.listener_path then
    add(problems, "seccomp.listener_metadata", "is for who listens at listener_path", filter.listener_metadata)
  end
end

local function seccomp(config, problems)
  local filter = config.seccomp
  if type(filter) ~= "table" then
    return
  end
  for i, rule in check.tables(filter.syscalls) do
    seccomp_rule(rule, ("seccomp.syscalls[%d]"):format(i), problems)
  end
  seccomp_listener(filter, problems)
  local action = filter.default_action
  if filter.default_errno_ret and action and action ~= "errno" and action ~= "trace" then
    add(problems, "seccomp.default_errno_ret", "is for the actions errno and trace",
      filter.default_errno_ret)
  end
end

-- What annotations say of a systemd scope. O62
local UNIT_PROPERTY = "org.systemd.property."
local UNIT_PROPERTIES = 32

local function annotations(config, problems)
  local names = {}
  for name, value in next, config.annotations or {} do
    local is_text = type(name) == "string" and type(value) == "string"
    if is_text and name:sub(1, #UNIT_PROPERTY) == UNIT_PROPERTY then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local value = config.annotations[name]
    local problem = core.unit_property_problem(name:sub(#UNIT_PROPERTY + 1), value)
    if problem then
      add(problems, "annotations." .. name, "is no property of a systemd unit: " .. problem, value,
        ("annotations = { [%q] = \"uint64 30\" }"):format(UNIT_PROPERTY .. "TimeoutStopSec"))
    end
  end
  if #names > UNIT_PROPERTIES then
    add(problems, "annotations", ("have %d properties of a systemd unit, more than %d"):format(#names,
      UNIT_PROPERTIES))
  end
end

-- --- the process ---

local function args(process, problems)
  if process.args and process.args[1] == "" then
    add(problems, "args[1]", "must be a program, and is empty")
  end
end

local function env(process, problems)
  for i, entry in ipairs(process.env or {}) do
    if type(entry) == "string" and not entry:find("^[^=]+=") then
      add(problems, ("env[%d]"):format(i), "must be \"NAME=value\"", entry)
    end
  end
end

local function user(process, problems)
  local text = process.user
  if not text then
    return
  end
  local first, group = text:match("^([^:]*):([^:]*)$")
  local problem
  if text:find(":", 1, true) and not first then
    problem = "must be \"user\" or \"user:group\""
  else
    problem = id_problem(first or text, "user") or (group and id_problem(group, "group"))
  end
  if problem then
    add(problems, "user", problem, text, "\"1000\", \"1000:1000\", \"name\" or \"name:group\"")
  end
end

local function terminal(process, problems)
  if process.terminal then
    for _, name in ipairs { "stdin", "stdout", "stderr" } do
      if process[name] ~= nil then
        add(problems, name, "is the terminal", nil, "leave it out, or leave out terminal")
      end
    end
    return
  end
  for _, name in ipairs { "terminal_size", "console" } do
    if process[name] ~= nil then
      add(problems, name, "needs a terminal", nil, "terminal = true")
    end
  end
end

local function own_limits(process, problems)
  limits.rules(process, problems)
  if process.cgroups and process.cgroups.path then
    add(problems, "cgroups.path", "is inside of the container's and cannot be chosen",
      process.cgroups.path)
  end
end

local function sub_cgroups(process, problems)
  if process.sub_cgroups and process.cgroups then
    add(problems, "sub_cgroups", "are not for what has limits in a cgroup of its own", nil,
      "leave out cgroups; container:exec always makes such a one, container:start does not")
  end
  for name, path in next, process.sub_cgroups or {} do
    local is_text = type(name) == "string" and type(path) == "string" -- else it was refused already
    if is_text and (("/" .. path .. "/"):find("/%.%.?/") or path:find("\n", 1, true)) then
      add(problems, "sub_cgroups." .. name, "must be a path inside the container's", path)
    end
  end
end

-- --- when, where and with which memory ---

local NUMBER_MAX <const> = 8191
local LIST <const> = "numbers and ranges, separated by commas: \"0-3,7\""

-- "0-3,7"; true for what is absent or refused already.
local function number_list(text, field, problems)
  for part in (text and text .. "," or ""):gmatch("([^,]*),") do
    local first, last = part:match("^(%d+)%-?(%d*)$")
    first, last = math.tointeger(first), math.tointeger(last ~= "" and last or first)
    if not first or not last or last < first or last > NUMBER_MAX or part:sub(-1) == "-" then
      add(problems, field, "must be a list of numbers and ranges", text, LIST)
      return
    end
  end
end

local function affinity(process, problems)
  for _, name in ipairs { "initial", "final" } do
    number_list(process.exec_cpu_affinity and process.exec_cpu_affinity[name], "exec_cpu_affinity." .. name, problems)
  end
end

local DEADLINE_TIMES <const> = { "runtime", "deadline", "period" }
local RUNTIME_MIN <const> = 1024

local function deadline(policy, problems)
  if policy.policy ~= "DEADLINE" then
    for _, name in ipairs(DEADLINE_TIMES) do
      if (policy[name] or 0) ~= 0 then
        add(problems, "scheduler." .. name, "is for the policy DEADLINE", policy[name])
      end
    end
    return
  end
  local runtime, within = policy.runtime or 0, policy.deadline or 0
  local period = (policy.period or 0) ~= 0 and policy.period or within
  if runtime < RUNTIME_MIN then
    add(problems, "scheduler.runtime", "must be at least 1024 nanoseconds", runtime,
      'a time in each period: runtime = "10ms", deadline = "30ms", period = "100ms"')
  elseif within < runtime then
    add(problems, "scheduler.deadline", "must not be less than runtime", policy.deadline)
  elseif period < within then
    add(problems, "scheduler.period", "must not be less than deadline", policy.period)
  end
end

local NICE_POLICIES <const> = { OTHER = true, BATCH = true }
local PRIORITY_POLICIES <const> = { FIFO = true, RR = true }

local function scheduler(process, problems)
  local policy = process.scheduler
  if not policy or not policy.policy then return end
  if (policy.nice or 0) ~= 0 and not NICE_POLICIES[policy.policy] then
    add(problems, "scheduler.nice", "is for the policies OTHER and BATCH", policy.nice)
  end
  local priority = policy.priority or 0
  if PRIORITY_POLICIES[policy.policy] and priority == 0 then
    if not check.is_refused(problems, "scheduler.priority") then
      add(problems, "scheduler.priority", "must be from 1 to 99 with " .. policy.policy, policy.priority)
    end
  elseif priority ~= 0 and not PRIORITY_POLICIES[policy.policy] then
    add(problems, "scheduler.priority", "is for the policies FIFO and RR", priority)
  end
  deadline(policy, problems)
end

local function io_priority(process, problems)
  local wish = process.io_priority
  if wish and wish.class == "IDLE" and (wish.priority or 0) ~= 0 then
    add(problems, "io_priority.priority", "is for the classes RT and BE", wish.priority)
  end
end

local MODES_WITHOUT_NODES <const> = { DEFAULT = true, LOCAL = true }
local BALANCED_MODES <const> = { BIND = true, PREFERRED_MANY = true }

local function memory_policy(config, problems)
  local policy = config.memory_policy
  if not policy or not policy.mode then return end
  local mode, nodes, flags = policy.mode, policy.nodes, policy.flags or {}
  number_list(nodes, "memory_policy.nodes", problems)
  if nodes and MODES_WITHOUT_NODES[mode] then
    add(problems, "memory_policy.nodes", "are none with the mode " .. mode, nodes)
  elseif not nodes and not MODES_WITHOUT_NODES[mode] and mode ~= "PREFERRED"
    and not check.is_refused(problems, "memory_policy.nodes") then
    add(problems, "memory_policy.nodes", "are needed with the mode " .. mode, nil,
      "/sys/devices/system/node/online lists them")
  elseif not nodes and #flags > 0 then
    add(problems, "memory_policy.flags", "say how nodes are meant, and there are none")
  end
  if check.contains(flags, "STATIC_NODES") and check.contains(flags, "RELATIVE_NODES") then
    add(problems, "memory_policy.flags", "have STATIC_NODES and RELATIVE_NODES, which exclude each other")
  end
  if check.contains(flags, "NUMA_BALANCING") and not BALANCED_MODES[mode] then
    add(problems, "memory_policy.flags", "have NUMA_BALANCING, which is for the modes BIND and PREFERRED_MANY")
  end
end

local function contradicting(config, problems)
  contradictions.filter(config, problems)
  contradictions.names(config, problems)
  contradictions.devices(config, problems)
end

-- --- landlock and labels: what this kernel has ---

-- Rights that are newer than Landlock itself, and the ABI that has them.
local NEWER_RIGHTS <const> = { refer = 2, truncate = 3, bind_tcp = 4, connect_tcp = 4, ioctl_dev = 5,
  abstract_unix_socket = 6, signal = 6 }
local BEST_EFFORT <const> = "best_effort = true does without"

local function newer_rights(words, field, abi, problems)
  for i, word in ipairs(words or {}) do
    local needed = NEWER_RIGHTS[word]
    if needed and needed > abi then
      add(problems, ("%s[%d]"):format(field, i), ("needs Landlock ABI %d, and this kernel has %d"):format(needed, abi),
        word, BEST_EFFORT)
    end
  end
end

local function landlock(config, problems)
  local domain = config.landlock
  if not domain then return end
  if config.no_new_privileges == false then
    add(problems, "landlock", "needs no_new_privileges", nil, "leave out no_new_privileges = false")
  end
  local function is_empty(list) return not list or #list == 0 end
  if is_empty(domain.paths) and is_empty(domain.ports) and is_empty(domain.refuse) and is_empty(domain.scope) then
    add(problems, "landlock", "refuses nothing", nil, "it takes paths, ports, refuse or scope")
  end
  if domain.best_effort then return end
  local abi = core.features().landlock
  if abi == 0 then
    add(problems, "landlock", "is not there: this kernel has no Landlock, or it was not switched on at its start", nil,
      BEST_EFFORT .. "; the kernel parameter lsm=landlock,… switches it on")
    return
  end
  for _, name in ipairs { "paths", "ports" } do
    for i, rule in check.tables(domain[name]) do
      newer_rights(rule.access, ("landlock.%s[%d].access"):format(name, i), abi, problems)
    end
  end
  newer_rights(domain.refuse, "landlock.refuse", abi, problems)
  newer_rights(domain.scope, "landlock.scope", abi, problems)
end

local MODULES <const> = { apparmor_profile = { "apparmor", "AppArmor" }, process_label = { "selinux", "SELinux" },
  mount_label = { "selinux", "SELinux" } }

local function kernel_modules(config, problems)
  for _, field in ipairs { "apparmor_profile", "process_label", "mount_label" } do
    local feature, name = table.unpack(MODULES[field])
    if config[field] and not core.features()[feature] then
      add(problems, field, ("is asked for, and %s is not active in this kernel"):format(name), config[field],
        "/sys/kernel/security/lsm lists what is; leave it out to go without")
    elseif config[field] and config[field]:find("[%c]") then
      add(problems, field, "has a control character in it")
    end
  end
  if config.intel_rdt and next(config.intel_rdt) ~= nil then
    add(problems, "intel_rdt", core.features().resctrl and errors.NOT_SUPPORTED
      or "needs the file system resctrl, which this kernel does not have", nil,
      "cgroups.cpus and cgroups.cpuset_cpus share processors")
  end
end

--- Every rule of a container.
---@type (fun(config: table, problems: libcontainer.Problem[]))[]
M.config_rules = { rootfs, own_namespaces, user_namespace, joined_namespaces,
  clocks, names_of_host, networks, mount_rules, devices,
  masks, sysctl, capabilities, rlimits, additional_groups, annotations, limits.rules, seccomp, memory_policy,
  hooks.rules, landlock, kernel_modules, contradicting }

--- Every rule of a process.
---@type (fun(process: table, problems: libcontainer.Problem[]))[]
M.process_rules = { args, env, user, capabilities, rlimits, additional_groups, terminal, own_limits, sub_cgroups,
  seccomp, scheduler, io_priority, affinity, kernel_modules, contradictions.filter }

--- Apply all rules of a container to its strict form.
---@param config table
---@param problems libcontainer.Problem[]
function M.config(config, problems)
  for _, rule in ipairs(M.config_rules) do
    rule(config, problems)
  end
end

--- Apply all rules of a process to its strict form.
---@param process table
---@param problems libcontainer.Problem[]
function M.process(process, problems)
  for _, rule in ipairs(M.process_rules) do
    rule(process, problems)
  end
end

return M
