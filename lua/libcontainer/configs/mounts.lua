-- SPDX-License-Identifier: MIT
--- Rules of mounts. A part of configs/rules.lua, and works as that does. Which options there are is
-- src/configs/names.c's to know.
local lazy = require "libcontainer.lazy"
local check = require "libcontainer.check"
local core = require "libcontainer.core"
local errors = lazy "libcontainer.errors"
local ids = require "libcontainer.configs.ids"
local layers = require "libcontainer.configs.layers"
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
  elseif path == "/proc" and mount.type ~= "proc" and mount.type ~= "bind" then
    add(problems, field .. ".destination", "only a mount of type proc may be on /proc, or a bind mount of a whole one",
      mount.destination)
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
    if mount.type == "overlay" then layers.of_mount(mount, field, problems) end
    ids.mount(mount, field, has_user, problems)
  end
  layers.of_root(config, has_user, problems)
end

return M
