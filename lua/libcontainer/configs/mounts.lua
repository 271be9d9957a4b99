-- SPDX-License-Identifier: MIT
--- Rules of mounts, and of the layers of a root. A part of configs/rules.lua, and works as that does. Which options
-- there are is src/configs/names.c's to know.
local lazy = require "libcontainer.lazy"
local check = require "libcontainer.check"
local core = require "libcontainer.core"
local errors = lazy "libcontainer.errors"
local ids = require "libcontainer.configs.ids"
local paths = require "libcontainer.configs.paths"

local M = {}

local add = check.add

-- What a person may have meant with an option of a bind mount that is none.
local USUAL_OPTIONS <const> = { "ro", "rw", "nosuid", "nodev", "noexec", "rbind", "bind", "rprivate", "private",
  "rslave", "slave", "rshared", "shared", "relatime", "noatime", "rro" }

-- Files of /proc that may be mounted over, by name below it. O40
local PROC_FILES <const> = { cpuinfo = true, diskstats = true, meminfo = true, stat = true, swaps = true, uptime = true,
  loadavg = true, slabinfo = true, ["sys/kernel/ns_last_pid"] = true, ["sys/crypto/fips_enabled"] = true }

local function place(mount, field, problems)
  local path = paths.normalise(mount.destination)
  if path == "/" then
    add(problems, field .. ".destination", "is the root itself", mount.destination, "the root is what rootfs says")
  elseif path == "/proc" and mount.type ~= "proc" and not (mount.type == "bind" and mount.source == "/proc") then
    add(problems, field .. ".destination", "only a mount of type proc may be on /proc", mount.destination)
  elseif path:sub(1, 6) == "/proc/" and not PROC_FILES[path:sub(7)] then
    add(problems, field .. ".destination", "is inside of /proc", mount.destination,
      "only a few files there can be mounted over, such as /proc/cpuinfo")
  end
end

-- --- options ---

-- What is wrong with an option of a mount of which the type is known, and the way out.
local function option_problem(mount, option, scope)
  local is_bind = mount.type == "bind"
  if (scope == "bind" or scope == "path") and not is_bind then
    return "is an option of bind mounts alone"
  elseif scope == "path" and mount.source_fd then
    return "is for sources by path", "open the link itself (O_PATH, O_NOFOLLOW)"
  elseif scope == "tmpfs" and mount.type ~= "tmpfs" then
    return "is an option of tmpfs alone"
  elseif scope == "file system" and is_bind then
    return "is of a file system, and a bind mount has that of its source"
  elseif not scope and is_bind then
    return "is no option of a bind mount", errors.did_you_mean(check.nearest(option, USUAL_OPTIONS))
      or "data is for new file systems, a bind mount has what its source has"
  end
end

local function options(mount, field, problems)
  for i, option in ipairs(mount.options or {}) do
    local path = ("%s.options[%d]"):format(field, i)
    if type(option) ~= "string" then
      goto continue -- named by the walk
    end
    local first = option:match("^([^,]+),")
    if option == "" then
      add(problems, path, "must not be empty")
    elseif option:match("^[^=]+") == "remount" then
      add(problems, path, "would change a mount that is there already", option,
        "its options are those of its own entry in mounts; readonlyfs is the root's")
    elseif first and core.mount_option(first) then
      add(problems, path, "has several options in one text", option, "one option per item")
    elseif mount.type then
      local problem, hint = option_problem(mount, option, core.mount_option(option))
      if problem then add(problems, path, problem, option, hint) end
    end
    ::continue::
  end
end

-- --- mounts of type overlay ---

local LAYERS_MAX <const> = 32 -- as src/configs/layers.h

-- The paths of lowerdir=, as the kernel reads them: ":" between two, "\" before what is meant as it stands.
local function lower_paths(text)
  local list, path = {}, ""
  for escaped, one in text:gmatch("(\\?)(.)") do
    if one == ":" and escaped == "" then
      list[#list + 1], path = path, ""
    else
      path = path .. one
    end
  end
  list[#list + 1] = path
  return list
end

local function layers(mount, field, problems)
  local given = {}
  for i, option in ipairs(mount.options or {}) do
    local name, value = tostring(option):match("^([%l+]+dir%+?)=(.*)$")
    if name == "lowerdir+" or name == "datadir+" then
      add(problems, ("%s.options[%d]"):format(field, i), "is not understood", option, "lowerdir=/top:/below lists all")
    elseif name then
      given[name] = { value = value, path = ("%s.options[%d]"):format(field, i) }
    end
  end
  if not given.lowerdir then
    add(problems, field .. ".options", "must have lowerdir=, the directories of the host that it is made of", nil,
      'options = { "lowerdir=/top:/below", "upperdir=/layer/upper", "workdir=/layer/work" }')
  end
  if (given.upperdir == nil) ~= (given.workdir == nil) then
    add(problems, field .. ".options", given.upperdir and "have upperdir= without workdir="
      or "have workdir= without upperdir=", nil, "both, or neither: then nothing can be written")
  end
  for _, name in ipairs { "lowerdir", "upperdir", "workdir" } do
    local one = given[name]
    local list = one and (name == "lowerdir" and lower_paths(one.value) or { one.value }) or {}
    for _, path in ipairs(list) do
      if path:sub(1, 1) ~= "/" then
        add(problems, one.path, "must be absolute paths of the host", one.value)
        break
      end
    end
    if #list > LAYERS_MAX then
      add(problems, one.path, ("has %d directories, more than %d"):format(#list, LAYERS_MAX))
    end
  end
end

-- --- a mount ---

local function kind(mount, field, problems)
  if not mount.type and not check.is_refused(problems, field .. ".type") then
    add(problems, field .. ".type", "is required, unless the options have bind or rbind", nil,
      mount.source and mount.source:sub(1, 1) == "/" and "type = \"bind\" mounts a host path" or nil)
  elseif mount.type and (mount.type == "" or mount.type:find("[^%w_%.%-]")) then
    add(problems, field .. ".type", "is no name of a file system", mount.type)
  elseif mount.type and mount.type ~= "bind"
    and (check.contains(mount.options or {}, "bind") or check.contains(mount.options or {}, "rbind")) then
    add(problems, field .. ".type", "is not bind, and the options say bind", mount.type)
  end
end

local function source(mount, field, problems)
  if mount.type == "bind" then
    if mount.source and mount.source_fd then
      add(problems, field .. ".source_fd", "cannot be given together with source", mount.source_fd)
    elseif not mount.source and not mount.source_fd and not check.is_refused(problems, field .. ".source")
      and not check.is_refused(problems, field .. ".source_fd") then
      add(problems, field .. ".source", "is required for a bind mount")
    elseif mount.source and mount.source:sub(1, 1) ~= "/" then
      add(problems, field .. ".source", "must be an absolute path of the host", mount.source)
    end
  elseif mount.source_fd and mount.type then
    add(problems, field .. ".source_fd", "is for bind mounts alone", mount.source_fd)
  end
end

-- --- a root of layers ---

local function overlay(config, has_user, problems)
  local section = config.overlay
  if type(section) ~= "table" then return end
  if section.layer and section.memory then
    add(problems, "overlay.memory", "cannot be given together with layer", section.memory,
      "the layer is in memory, or in a directory")
  end
  if section.mapped and not has_user then
    add(problems, "overlay.mapped", "needs the user namespace, whose ids are meant", nil, 'add "user" to namespaces')
  end
end

--- All of them.
---@param config table      strict
---@param has_user boolean  has it a user namespace?
---@param problems libcontainer.Problem[]
function M.rules(config, has_user, problems)
  for i, mount in check.tables(config.mounts) do
    local field = ("mounts[%d]"):format(i)
    if mount.destination then place(mount, field, problems) end
    kind(mount, field, problems)
    source(mount, field, problems)
    options(mount, field, problems)
    if mount.type == "overlay" then layers(mount, field, problems) end
    ids.mount(mount, field, has_user, problems)
  end
  overlay(config, has_user, problems)
end

return M
