-- SPDX-License-Identifier: MIT
--- Named starting points: default, docker, strict, host_root, empty. Each call makes a new table.
--
-- The lists of masked and read-only paths are here once. What depends on the machine (how many
-- processors have a thermal_throttle directory, how many open files may be allowed) is read with
-- the io library where the program around us has one.
--
-- An ordinary user gets a user namespace beside the others, in which he is root. What a profile says gives way
-- where the caller's fields leave no room for it: `fit`.
local check = require "libcontainer.check"
local core = require "libcontainer.core"
local ids = require "libcontainer.configs.ids"
local rootless = require "libcontainer.configs.rootless"
local has_io, io_library = pcall(require, "io")

local M = {}

local function read(path)
  local file = has_io and io_library.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read("a")
  file:close()
  return text
end

local function exists(path)
  local file = has_io and io_library.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil and file ~= false
end

-- --- what is hidden, and what cannot be changed ---

local MASK_PATHS = {
  "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
  "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
  "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
}

local READONLY_PATHS = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/mtrr", "/proc/sys",
  "/proc/sysrq-trigger" }

-- What the host's root holds for root alone. Its owner, user 0, could read it without any capability.
local HOST_SECRETS = { "/root", "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-",
  "/etc/ssh", "/etc/ssl/private" }

local throttles

-- /sys/devices/system/cpu/cpu*/thermal_throttle of the processors that have one
local function thermal_throttles()
  if throttles then
    return throttles
  end
  local found = {}
  for first, last in (read("/sys/devices/system/cpu/present") or ""):gmatch("(%d+)%-?(%d*)") do
    local from = math.tointeger(tonumber(first))
    for cpu = from, last == "" and from or math.tointeger(tonumber(last)) do
      local path = ("/sys/devices/system/cpu/cpu%d/thermal_throttle"):format(cpu)
      if #found < 512 and exists(path) then
        found[#found + 1] = path
      end
    end
  end
  throttles = found
  return found
end

local function joined(...)
  local out = {}
  for _, list in ipairs { ... } do
    table.move(list, 1, #list, #out + 1, out)
  end
  return out
end

-- --- limits ---

--- Soft 1024, as programs that use select(2) expect; hard 4096, so that others can have more, but
-- never above what this process has itself: going beyond needs CAP_SYS_RESOURCE.
local function open_files()
  local text = (read("/proc/self/limits") or ""):match("\nMax open files%s+%w+%s+(%w+)")
  local hard = text == "unlimited" and 4096 or math.tointeger(tonumber(text)) or 1024
  hard = math.min(hard, 4096)
  return { type = "NOFILE", soft = math.min(hard, 1024), hard = hard }
end

-- --- mounts ---

local function proc()
  return { destination = "/proc", type = "proc", source = "proc",
    options = { "nosuid", "noexec", "nodev" } }
end

local function sys()
  return { destination = "/sys", type = "sysfs", source = "sysfs",
    options = { "nosuid", "noexec", "nodev", "ro" } }
end

local TTY_GROUP <const> = 5
local TTY_OPTION <const> = "gid=" .. TTY_GROUP

local function dev()
  return {
    { destination = "/dev", type = "tmpfs", source = "tmpfs",
      options = { "nosuid", "noexec", "strictatime", "mode=755", "size=65536k" } },
    { destination = "/dev/pts", type = "devpts", source = "devpts",
      options = { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", TTY_OPTION } },
    { destination = "/dev/shm", type = "tmpfs", source = "shm",
      options = { "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" } },
    { destination = "/dev/mqueue", type = "mqueue", source = "mqueue",
      options = { "nosuid", "noexec", "nodev" } },
  }
end

local function private_tmpfs(path, mode)
  return { destination = path, type = "tmpfs", source = "tmpfs",
    options = { "nosuid", "nodev", "mode=" .. mode } }
end

local NAMESPACES = { "mount", "pid", "uts", "ipc", "network", "cgroup" }

-- What the caller can have of his own.
local function base()
  if core.is_privileged() then return { namespaces = joined(NAMESPACES) } end
  local uids, gids = rootless.mappings()
  return { namespaces = joined(NAMESPACES, { "user" }), uid_mappings = uids, gid_mappings = gids }
end

local function over(config, fields)
  for name, value in next, fields do config[name] = value end
  return config
end

-- --- profiles ---

--- A container for any image: what podman gives, without device nodes and raw sockets.
---@return table config rootfs is still missing
function M.default()
  local own = base()
  return over(own, {
    hostname = "container",
    mounts = joined({ proc() }, dev(), { sys(), {
      destination = "/sys/fs/cgroup", type = "cgroup", source = "cgroup",
      options = { "nosuid", "noexec", "nodev", "relatime", "ro" } } }),
    mask_paths = joined(MASK_PATHS, thermal_throttles()),
    readonly_paths = joined(READONLY_PATHS),
    capabilities = { "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE",
      "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT" },
    rlimits = { open_files() },
    no_new_privileges = true,
    seccomp = "default",
    networks = { { type = "loopback" } },
    cgroups = { devices = {} }, -- device nodes of an image are none of the host's devices
  })
end

--- What `docker run` gives, for what was made to run there: its capabilities, MKNOD and NET_RAW among
-- them, and set-user-id programs that work. The filter is ours.
---@return table config rootfs is still missing
function M.docker()
  local config = M.default()
  config.capabilities = { "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID",
    "SETFCAP", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE" }
  config.rlimits = nil
  config.no_new_privileges = false
  return config
end

--- For programs that nobody trusts and that need nothing: no capability, a read-only root, small private tmpfs on
-- /tmp, /var/tmp and /run from which nothing is executed, no /sys, no core dumps. Limits are the caller's
-- to choose.
---@return table config rootfs is still missing
function M.strict()
  local config = M.default()
  local function scratch(path, mode)
    local mount = private_tmpfs(path, mode)
    table.move({ "noexec", "size=64m" }, 1, 2, #mount.options + 1, mount.options)
    return mount
  end
  config.readonlyfs = true
  config.capabilities = {}
  config.rootfs_propagation = "private"
  config.mounts = joined({ proc() }, dev(), { scratch("/tmp", "1777"), scratch("/var/tmp", "1777"),
    scratch("/run", "755") })
  table.insert(config.rlimits, { type = "CORE", soft = 0, hard = 0 })
  return config
end

--- No image at all: the host's own root, read-only, with private tmpfs where programs write.
--
-- Its capabilities are those that let a build unpack and install files of several owners below
-- /tmp: CHOWN, FOWNER, FSETID; and KILL, which reaches no further than the PID namespace. It has
-- neither DAC_OVERRIDE nor DAC_READ_SEARCH nor SETUID nor SETGID, because here every file of the
-- host is in sight, and each of them would open the files of other users.
---@param fields table|nil what will be laid over it: with a writable layer the root is not read-only
---@return table config
function M.host_root(fields)
  local own, is_written = base(), fields and fields.overlay
  return over(own, {
    rootfs = "/",
    readonlyfs = not is_written or nil,
    hostname = "container",
    mounts = joined({ proc() }, dev(), { sys(), private_tmpfs("/tmp", "1777"),
      private_tmpfs("/var/tmp", "1777"), private_tmpfs("/run", "755") }),
    mask_paths = joined(MASK_PATHS, thermal_throttles(), HOST_SECRETS),
    readonly_paths = joined(READONLY_PATHS),
    capabilities = { "CHOWN", "FOWNER", "FSETID", "KILL" },
    rlimits = { open_files() },
    no_new_privileges = true,
    seccomp = "default",
    networks = { { type = "loopback" } },
    cgroups = { devices = {} },
  })
end

--- Nothing but namespaces: no mounts, no capabilities. The filter and no_new_privileges stay.
---@return table config rootfs is still missing
function M.empty()
  return over(base(), { no_new_privileges = true, seccomp = "default" })
end

-- --- what gives way ---

local function find_mount(config, destination)
  for i, mount in ipairs(type(config.mounts) == "table" and config.mounts or {}) do
    if type(mount) == "table" and mount.destination == destination then return mount, i end
  end
  return nil
end

-- What is no mapping is not judged here.
local function is_without(gids, id)
  for _, range in ipairs(type(gids) == "table" and gids or {}) do
    if type(range) ~= "table" or math.type(range.container_id) ~= "integer" or math.type(range.size) ~= "integer" then
      return false
    end
  end
  return type(gids) == "table" and #gids > 0 and not ids.is_mapped(gids, id)
end

-- The group of terminals may have no number in the user namespace.
local function fit_terminals(config, said)
  local pts = find_mount(config, "/dev/pts")
  if not pts or find_mount(said, "/dev/pts") or not is_without(config.gid_mappings, TTY_GROUP) then return end
  for i = #pts.options, 1, -1 do
    if pts.options[i] == TTY_OPTION then table.remove(pts.options, i) end
  end
end

-- Message queues are mounted by who owns their namespace.
local function fit_queues(config, said)
  local list, paths = config.namespaces, config.namespace_paths or {}
  local _, at = find_mount(config, "/dev/mqueue")
  if not at or find_mount(said, "/dev/mqueue") or type(list) ~= "table" or type(paths) ~= "table" then return end
  local function is_own(name) return check.contains(list, name) and not paths[name] end
  if is_own "user" and not is_own "ipc" then table.remove(config.mounts, at) end
end

local OF_A_ROOT <const> = { "mounts", "mask_paths", "readonly_paths", "readonlyfs", "rootfs_propagation" }

-- What is joined is as whoever made it wanted it.
local function fit_joined(config, said)
  local function is_joined(name)
    local list, paths = config.namespaces, config.namespace_paths
    return type(list) == "table" and list[name] ~= nil or type(paths) == "table" and paths[name] ~= nil
  end
  local has_names = type(config.namespaces) ~= "table" or check.contains(config.namespaces, "uts")
  if (is_joined "uts" or not has_names) and said.hostname == nil then config.hostname = nil end
  local has_network = type(config.namespaces) ~= "table" or check.contains(config.namespaces, "network")
  if not has_network and not is_joined "network" then config.networks = said.networks end
  if is_joined "user" then config.uid_mappings, config.gid_mappings = said.uid_mappings, said.gid_mappings end
  if is_joined "mount" then
    for _, field in ipairs(OF_A_ROOT) do config[field] = said[field] end
    config.rootfs = config.rootfs or "/"
  end
end

--- A profile with the fields of a caller over it, without those of its own that contradict his.
---@param config table  both of them, is changed
---@param said table    what the caller says, in the forms of configs/normal.lua
---@return table config
function M.fit(config, said)
  fit_joined(config, said)
  fit_terminals(config, said)
  fit_queues(config, said)
  return config
end

return M
