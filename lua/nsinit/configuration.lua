-- SPDX-License-Identifier: MIT
--- A configuration made of options: no bundle, and no image where there is no --rootfs.
local configs = require "libcontainer.configs"
local json = require "libcontainer.json"
local system = require "libcontainer.system"
local units = require "nsinit.units"

local M = {}


-- --- what a level of security means ---

local HIGH <const> = { "NET_BIND_SERVICE", "KILL", "AUDIT_WRITE" }
local MEDIUM <const> = { "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
  "NET_BIND_SERVICE", "KILL", "AUDIT_WRITE" }
local LOW <const> = table.move(MEDIUM, 1, #MEDIUM, 2, { "SYS_CHROOT" })

-- By every name that leads to the same.
local ALWAYS_DENIED <const> = { "unshare", "setns", "mount", "umount2", "umount", "create_module", "delete_module",
  "init_module", "finit_module", "kexec_load", "kexec_file_load", "mount_setattr", "move_mount", "open_tree", "fsopen",
  "fsconfig", "fsmount", "fspick", "pivot_root" }
local NAMES_DENIED <const> = { "chroot", "setdomainname", "sethostname" }
local FILES_DENIED <const> = { "capset", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown",
  "fchownat", "link", "linkat", "unlink", "unlinkat", "rmdir", "chroot", "setdomainname", "sethostname" }

local LEVELS <const> = {
  high = { capabilities = HIGH, denied = FILES_DENIED },
  medium = { capabilities = MEDIUM, denied = NAMES_DENIED },
  low = { capabilities = LOW, denied = {} },
}
local CLONE_NEWUSER <const> = 0x10000000
local EPERM <const>, ENOSYS <const> = 1, 38

local function filter_of(level)
  local names = table.move(level.denied, 1, #level.denied, #ALWAYS_DENIED + 1,
    table.move(ALWAYS_DENIED, 1, #ALWAYS_DENIED, 1, {}))
  return { default_action = "allow", syscalls = {
    { names = names, action = "errno", errno_ret = EPERM },
    { names = { "clone" }, action = "errno", errno_ret = EPERM,
      args = { { index = 0, value = CLONE_NEWUSER, value_two = CLONE_NEWUSER, op = "MASKED_EQ" } } },
    { names = { "clone3" }, action = "errno", errno_ret = ENOSYS }, -- its flags are out of a filter's sight: clone is used
  } }
end

local function secure(config, name)
  local level = LEVELS[name]
  if not level then return nil, ("--security %s: must be high, medium or low"):format(name) end
  config.capabilities, config.seccomp, config.no_new_privileges = level.capabilities, filter_of(level), true
  config.rlimits = { { type = "NOFILE", soft = 1024, hard = 1024 } }
  config.apparmor_profile, config.process_label, config.mount_label = nil, nil, nil
  return true
end

-- --- the parts of it; each answers true, or nil and what is wrong ---

local NAMESPACES <const> = { ipc = "ipc", mnt = "mount", net = "network", pid = "pid", uts = "uts" }

local function set_namespaces(config, options)
  for option, name in pairs(NAMESPACES) do
    local wanted = options[option]
    if wanted == "host" then
      local kept = {}
      for _, one in ipairs(config.namespaces) do
        if one ~= name then kept[#kept + 1] = one end
      end
      config.namespaces = kept
    elseif wanted and wanted ~= "" and wanted ~= "private" then
      config.namespace_paths = config.namespace_paths or {}
      config.namespace_paths[name] = wanted
    end
  end
  local shares = { network = options.net == "host", uts = options.uts == "host" }
  if shares.network then config.networks = nil end
  if shares.uts and not options.hostname then config.hostname = nil end
  return true
end

-- 0 is that user, all others are who they are on the host.
local function map_root(config, options)
  local text = options["userns-root-uid"]
  if not text then return true end
  local id = units.integer(text)
  if not id or id < 0 or id > 0x7ffffffe then return nil, ("--userns-root-uid %s: must be a user id"):format(text) end
  local ranges = { { container_id = 0, host_id = id, size = 1 },
    { container_id = id + 1, host_id = id + 1, size = 0x7fffffff - id } }
  if id > 1 then table.insert(ranges, 2, { container_id = 1, host_id = 1, size = id - 1 }) end
  config.namespaces[#config.namespaces + 1] = "user"
  config.uid_mappings, config.gid_mappings = ranges, ranges
  return true
end

local function set_network(config, options)
  local bridge, address = options["veth-bridge"], options["veth-address"]
  if not bridge and not address then return true end
  if not bridge or not address then return nil, "--veth-bridge and --veth-address are for each other: give both" end
  local mtu = options["veth-mtu"]
  if mtu and not units.integer(mtu) then return nil, ("--veth-mtu %s: must be a number of bytes"):format(mtu) end
  config.networks = { { type = "loopback" }, { type = "veth", name = "eth0", bridge = bridge, address = address,
    gateway = options["veth-gateway"], mtu = mtu and units.integer(mtu) } }
  return true
end

-- Where an option is in cgroups, and what it takes.
local LIMITS <const> = {
  ["cpushares"] = { "cpu_shares", units.integer }, ["memory-limit"] = { "memory", units.bytes },
  ["memory-swap"] = { "memory_swap", units.bytes }, ["memory-swappiness"] = { "memory_swappiness", units.integer },
  ["cpuset-cpus"] = { "cpuset_cpus", tostring }, ["cpuset-mems"] = { "cpuset_mems", tostring },
}

local function set_limits(config, options)
  for name, limit in pairs(LIMITS) do
    local text = options[name]
    if text then
      local value = limit[2](text)
      if value == nil then return nil, ("--%s %s: must be a number"):format(name, text) end
      config.cgroups = config.cgroups or {}
      config.cgroups[limit[1]] = value
    end
  end
  return true
end

local function set_death_signal(config, options)
  local text = options["parent-death-signal"]
  local number = text == "0" and 0 or system.signal_number(text or "KILL")
  if not number then return nil, ("--parent-death-signal %s: must be a signal"):format(text) end
  config.parent_death_signal = number
  return true
end

local function set_sysctls(config, options)
  for _, one in ipairs(options.sysctl or {}) do
    local name, value = one:match("^([^=]+)=(.*)$")
    if not name then return nil, ("--sysctl %s: must be NAME=VALUE"):format(one) end
    config.sysctl = config.sysctl or {}
    config.sysctl[name] = value
  end
  return true
end

local WORDS <const> = { ["apparmor-profile"] = "apparmor_profile", ["process-label"] = "process_label",
  ["mount-label"] = "mount_label", hostname = "hostname", groups = "additional_groups" }

local function set_words(config, options)
  for name, field in pairs(WORDS) do config[field] = options[name] or config[field] end
  if options["read-only"] then config.readonlyfs = true end
  return true
end

local function set_security(config, options)
  if not options.security then return true end
  return secure(config, options.security)
end

local PARTS <const> = { set_security, set_words, set_namespaces, map_root, set_network, set_limits, set_death_signal,
  set_sysctls }

-- What the profile takes at once; nil and what is wrong with it.
local function shorthand(options)
  local binds = {}
  for i, one in ipairs(options.bind or {}) do
    if not one:find "^/[^:]*:/" then
      return nil, ("--bind %s: must be SOURCE:DESTINATION, both absolute"):format(one)
    end
    local way = one:match(":(r[ow])$")
    binds[i] = way == "rw" and one:sub(1, -4) or one
  end
  return { bind = #binds > 0 and binds or nil, tmpfs = options.tmpfs }
end

local function with_cgroups(config)
  config.mounts[#config.mounts + 1] = { destination = "/sys/fs/cgroup", type = "cgroup", source = "cgroup",
    options = { "nosuid", "noexec", "nodev", "relatime", "ro" } }
end

local function has_mount(config, destination)
  for _, mount in ipairs(config.mounts) do
    if mount.destination == destination then return true end
  end
  return false
end

--- The configuration that the options mean.
---@param options table<string, any>
---@return table|nil config
---@return libcontainer.Error|string|nil err
function M.of(options)
  local rootfs = options.rootfs
  local said, wrong = shorthand(options)
  if not said then return nil, wrong end
  said.hostname = "nsinit"
  if rootfs then
    local path, err = system.real_path(rootfs)
    if not path then return nil, err end
    said.rootfs = path
  end
  local config, problem = configs.profile(rootfs and "docker" or "host_root", said)
  if not config then return nil, problem end
  if options.cgroup and not has_mount(config, "/sys/fs/cgroup") then with_cgroups(config) end
  for _, set in ipairs(PARTS) do
    local fine
    fine, problem = set(config, options)
    if not fine then return nil, problem end
  end
  local is_valid
  is_valid, problem = configs.validate(config)
  if not is_valid then return nil, problem end
  return config
end

--- A configuration as text.
---@param config table
---@return string
function M.text(config)
  return json.encode(config, { indent = "\t" }) .. "\n"
end

--- Read one from a file: what `text` has made, or a document of OCI.
---@param path string
---@return table|nil config
---@return libcontainer.Error|string|nil err
function M.read(path)
  local file <close>, problem = io.open(path)
  if not file then return nil, "--config " .. problem end
  local object, err = json.decode(file:read("a"), { name = path, null = "drop" })
  if object == nil then return nil, err end
  if type(object) ~= "table" then return nil, path .. ": must be a configuration, as config prints it" end
  if object.ociVersion then return configs.from_oci(path, { bundle = path:match("^(.*)/") or "." }) end
  local is_valid
  is_valid, err = configs.validate(object)
  if not is_valid then return nil, err end
  return object
end

return M
