-- SPDX-License-Identifier: MIT
--- What confines the processes of a container, in the kernel's words: noted when it is checkpointed, and
-- proved when it is restored. A program that brings processes back may forget a filter or a mask; what it
-- says of itself is not evidence.
local core = require "libcontainer.core"
local errors = require "libcontainer.errors"

local M = {}

local SETS <const> = { "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb" }
local NUMBERS <const> = { "NoNewPrivs", "Seccomp", "Seccomp_filters" }
local IDS <const> = { "Uid", "Gid" }
local FLAGS <const> = { "ro", "nosuid", "nodev", "noexec" }

-- --- processes ---

---@class libcontainer.Confinement.Process
---@field pid integer     as the container sees it
---@field outer integer   as the host sees it
---@field parent integer  as the host sees it

local function parse_status(text)
  local values = {}
  for name, value in text:gmatch("([%w_]+):%s*([^\n]*)\n") do values[name] = value end
  if not values.NSpid then return nil end
  local process = { pid = math.tointeger(values.NSpid:match("(%d+)%s*$")), parent = math.tointeger(values.PPid),
    outer = math.tointeger(values.Pid) }
  for _, name in ipairs(SETS) do process[name] = values[name] end
  for _, name in ipairs(IDS) do process[name] = values[name] end
  for _, name in ipairs(NUMBERS) do process[name] = math.tointeger(values[name]) end
  return process
end

local GONE <const> = { ENOENT = true, ESRCH = true }

--- Those of the moment; one that ends meanwhile is none.
---@param handle userdata  the core's container
---@return libcontainer.Confinement.Process[]|nil
---@return libcontainer.Error|nil err
function M.processes(handle)
  local pids, raw = handle:pids()
  if not pids then return nil, errors.raw(raw) end
  local list = {}
  for _, pid in ipairs(pids) do
    local text
    text, raw = core.proc_file(pid, "status")
    if text then list[#list + 1] = parse_status(text)
    elseif not GONE[core.errno_name(raw.errno)] then return nil, errors.raw(raw) end
  end
  return list
end

-- --- mounts ---

local function unescape(text)
  return (text:gsub("\\(%d%d%d)", function(octal) return string.char(tonumber(octal, 8)) end))
end

local function has_flag(options, flag)
  return ("," .. options .. ","):find("," .. flag .. ",", 1, true) ~= nil
end

---@class libcontainer.Confinement.Mount
---@field point string    where, as the container sees it
---@field root string     what of its file system
---@field device string   major:minor of that
---@field type string
---@field options string  of the mount itself: "ro,nosuid"
---@field source string
---@field super string    options of the file system

--- Those that a process sees.
---@param pid integer
---@return libcontainer.Confinement.Mount[]|nil
---@return libcontainer.Error|nil err
function M.mounts(pid)
  local text, raw = core.proc_file(pid, "mountinfo")
  if not text then return nil, errors.raw(raw) end
  local list = {}
  for line in text:gmatch("[^\n]+") do
    local device, root, point, options, kind, source, super =
      line:match("^%d+ %d+ (%S+) (%S+) (%S+) (%S+) .-%- (%S+) (%S*) (%S+)")
    list[#list + 1] = { device = device, root = unescape(root), point = unescape(point), options = options,
      type = kind, source = unescape(source), super = super }
  end
  return list
end

local STDIO <const> = { "fd/0", "fd/1", "fd/2" }
local NAMESPACES <const> = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" }

-- Which of them are not ours.
local function read_namespaces(pid)
  local own = {}
  for _, name in ipairs(NAMESPACES) do
    local theirs, raw = core.proc_link(pid, "ns/" .. name)
    if not theirs then return nil, errors.raw(raw) end
    own[name] = theirs ~= core.proc_link(core.pid(), "ns/" .. name)
  end
  return own
end

--- What confines a container that runs.
---@param handle userdata  the core's container
---@return table|nil facts  `init` (its pid as the container sees it), `processes`, `mounts`, `namespaces`, `stdio`
---@return libcontainer.Error|nil err
function M.read(handle)
  local init = handle:init()
  local processes, err = M.processes(handle)
  if not processes then return nil, err end
  local mounts
  mounts, err = M.mounts(init)
  if not mounts then return nil, err end
  local namespaces
  namespaces, err = read_namespaces(init)
  if not namespaces then return nil, err end
  local stdio = {}
  for i, name in ipairs(STDIO) do stdio[i] = core.proc_link(init, name) or "" end
  local inner
  for _, process in ipairs(processes) do inner = process.outer == init and process.pid or inner end
  return { init = inner, processes = processes, mounts = mounts, namespaces = namespaces, stdio = stdio }
end

--- Was its root read-only?
---@param facts table
---@return boolean
function M.is_root_readonly(facts)
  for _, mount in ipairs(facts.mounts) do
    if mount.point == "/" then return has_flag(mount.options, "ro") end
  end
  return false
end

--- A process that is no descendant of the init, nil when there is none.
---@param facts table
---@param init integer  as the host sees it
---@return integer|nil pid
function M.outsider(facts, init)
  local known = {}
  for _, process in ipairs(facts.processes) do known[process.outer] = true end
  for _, process in ipairs(facts.processes) do
    if process.outer ~= init and not known[process.parent] then return process.outer end
  end
end

-- --- proving ---

local function lost_of_process(before, after)
  for _, name in ipairs(SETS) do
    local had, has = tonumber(before[name], 16), tonumber(after[name], 16)
    if not had or not has or has & ~had ~= 0 then
      return ("%s is %s and was %s"):format(name, after[name], before[name])
    end
  end
  for _, name in ipairs(NUMBERS) do
    if (after[name] or 0) < (before[name] or 0) then
      return ("%s is %s and was %s"):format(name, after[name], before[name])
    end
  end
  for _, name in ipairs(IDS) do
    if after[name] ~= before[name] then return ("%s is %s and was %s"):format(name, after[name], before[name]) end
  end
end

local function by(list, field)
  local index = {}
  for _, item in ipairs(list) do index[item[field]] = item end -- of several mounts the topmost
  return index
end

local function count_by(list, field)
  local counts = {}
  for _, item in ipairs(list) do counts[item[field]] = (counts[item[field]] or 0) + 1 end
  return counts
end

local function lost_of_mount(before, after)
  if not after then return "is not mounted" end
  if before.type and after.type ~= before.type then return ("is a %s and was a %s"):format(after.type, before.type) end
  if before.type == "tmpfs" and after.root ~= before.root then return "is no mask any more" end
  for _, flag in ipairs(FLAGS) do
    local is_lost = has_flag(before.options, flag) and not has_flag(after.options, flag)
    if is_lost then return "is not " .. flag .. " any more" end
  end
end

--- Is everything that confined it there again?
---@param before table  as `read` gave it, before; a mount without a type may be of any
---@param after table   and now
---@return true|nil
---@return string|nil what  the first thing that is not
function M.prove(before, after)
  local processes, mounts = by(after.processes, "pid"), by(after.mounts, "point")
  for _, process in ipairs(before.processes) do
    local now = processes[process.pid]
    local lost = now and lost_of_process(process, now)
    if lost then return nil, ("process %d: %s"):format(process.pid, lost) end
  end
  if before.init ~= after.init then return nil, "the first process has another number" end
  for name, is_own in pairs(before.namespaces) do
    if is_own and not after.namespaces[name] then return nil, "its " .. name .. " namespace is the host's" end
  end
  local had = count_by(before.mounts, "point")
  for point, count in pairs(count_by(after.mounts, "point")) do
    if count > (had[point] or 0) then return nil, point .. " has something mounted on it that was not there" end
  end
  for point, mount in pairs(by(before.mounts, "point")) do
    local lost = lost_of_mount(mount, mounts[point])
    if lost then return nil, point .. " " .. lost end
  end
  return true
end

return M
