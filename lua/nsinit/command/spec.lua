-- SPDX-License-Identifier: MIT
--- spec: a config.json to begin with.
local json = require "libcontainer.json"
local system = require "libcontainer.system"

local CAPABILITIES <const> = { "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE" }

local function mount(destination, kind, source, ...)
  return { destination = destination, type = kind, source = source, options = { ... } }
end

local function document()
  local mounts = {
    { destination = "/proc", type = "proc", source = "proc" },
    mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
    mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
    mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
    mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
    mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
    mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro"),
  }
  local namespaces = {}
  for i, kind in ipairs { "pid", "network", "ipc", "uts", "mount" } do namespaces[i] = { type = kind } end
  local unified <close> = io.open "/sys/fs/cgroup/cgroup.controllers"
  if unified then
    namespaces[#namespaces + 1] = { type = "cgroup" }
  end
  return {
    ociVersion = "1.0.2", root = { path = "rootfs", readonly = true }, hostname = "nsinit", mounts = mounts,
    process = {
      terminal = true, user = { uid = 0, gid = 0 }, args = { "sh" }, cwd = "/", noNewPrivileges = true,
      env = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm" },
      capabilities = { bounding = CAPABILITIES, effective = CAPABILITIES, permitted = CAPABILITIES },
      rlimits = { { type = "RLIMIT_NOFILE", hard = 1024, soft = 1024 } },
    },
    linux = {
      resources = { devices = { { allow = false, access = "rwm" } } }, namespaces = namespaces,
      maskedPaths = { "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
        "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi" },
      readonlyPaths = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger" },
    },
  }
end

-- What an ordinary user may not do is left out, or done otherwise.
local function make_rootless(spec)
  local linux = spec.linux
  linux.resources = nil
  local namespaces = {}
  for _, namespace in ipairs(linux.namespaces) do
    if namespace.type ~= "network" then namespaces[#namespaces + 1] = namespace end
  end
  namespaces[#namespaces + 1] = { type = "user" }
  linux.namespaces = namespaces
  linux.uidMappings = { { containerID = 0, hostID = system.uid(), size = 1 } }
  linux.gidMappings = { { containerID = 0, hostID = system.gid(), size = 1 } }
  local mounts = {}
  for _, one in ipairs(spec.mounts) do
    local options = {}
    for _, option in ipairs(one.options or {}) do
      if not option:find("^gid=") then options[#options + 1] = option end
    end
    one.options = one.options and options
    if one.destination == "/sys" then
      one = { destination = "/sys", type = "none", source = "/sys",
        options = { "rbind", "nosuid", "noexec", "nodev", "ro" } }
    end
    if one.destination ~= "/sys/fs/cgroup" then mounts[#mounts + 1] = one end
  end
  spec.mounts = mounts
end

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local path = (context.options.bundle or ".") .. "/" .. (context.options.config or "config.json")
  local there <close> = io.open(path)
  if there then return nil, ("file %s exists: remove it first"):format(path) end
  local spec = document()
  if context.options.rootless then make_rootless(spec) end
  local done, err = system.replace_file(path, json.encode(spec, { indent = "\t" }) .. "\n")
  return done and 0, err
end
