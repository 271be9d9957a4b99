-- SPDX-License-Identifier: MIT
--- The C core as far as the Lua modules for configurations need it, read from schema.def: so their
-- specs run in a checkout that has not been compiled. With a compiled core, that one is used.
local M = {}

local function read(path)
  local file = assert(io.open(path, "rb"), "run the specs in the root of the checkout")
  local text = file:read("a")
  file:close()
  return text
end

local function unescape(text)
  return (text:gsub("\\(.)", "%1"))
end

-- The arguments of one FIELD(…), commas inside of quotes left alone.
local function arguments(text)
  local out, position = {}, 1
  while position <= #text do
    local value, after = text:match('^%s*"(.-[^\\])"%s*,?()', position)
    if text:match('^%s*""', position) then
      value, after = "", text:match('^%s*""%s*,?()', position)
    elseif not value then
      value, after = text:match("^%s*([^,]-)%s*,()", position)
      if not value then
        value, after = text:match("^%s*(.-)%s*$", position), #text + 1
      end
    end
    out[#out + 1] = unescape(value)
    position = after
  end
  return out
end

local function schema()
  local sections, by_name = {}, {}
  for line in read("src/configs/schema.def"):gmatch("[^\n]+") do
    local name, meaning = line:match('^SECTION_BEGIN%(([%w_]+), "(.*)"%)$')
    local inside = line:match("^FIELD%((.*)%)$")
    if name then
      by_name[name] = { name = name, meaning = unescape(meaning), fields = {} }
      sections[#sections + 1] = by_name[name]
    elseif inside then
      local a = arguments(inside)
      local fields = by_name[a[1]].fields
      fields[#fields + 1] = {
        kind = a[2]:lower(), name = a[3], detail = a[4], required = a[5] == "REQUIRED",
        minimum = math.tointeger(tonumber(a[6])), maximum = math.tointeger(tonumber(a[7])),
        default = a[8] ~= "" and a[8] or nil, since = a[9], oci = a[10] ~= "" and a[10] or nil, meaning = a[11],
      }
    end
  end
  return sections
end

local CAPABILITIES = "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP "
  .. "LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE "
  .. "SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME "
  .. "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG "
  .. "WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
local SIGNALS = { HUP = 1, INT = 2, KILL = 9, USR1 = 10, TERM = 15 }
local ERRORS = {
  [1] = { "EPERM", "Operation not permitted" }, [2] = { "ENOENT", "No such file or directory" },
  [3] = { "ESRCH", "No such process" }, [7] = { "E2BIG", "Argument list too long" },
  [8] = { "ENOEXEC", "Exec format error" }, [12] = { "ENOMEM", "Cannot allocate memory" },
  [13] = { "EACCES", "Permission denied" }, [16] = { "EBUSY", "Device or resource busy" },
  [17] = { "EEXIST", "File exists" }, [19] = { "ENODEV", "No such device" },
  [20] = { "ENOTDIR", "Not a directory" }, [22] = { "EINVAL", "Invalid argument" },
  [24] = { "EMFILE", "Too many open files" }, [28] = { "ENOSPC", "No space left on device" },
  [30] = { "EROFS", "Read-only file system" }, [38] = { "ENOSYS", "Function not implemented" },
  [40] = { "ELOOP", "Too many levels of symbolic links" },
  [110] = { "ETIMEDOUT", "Connection timed out" },
}
local SYSCALLS = { read = true, write = true, openat = true, clone = true, mount = true, execve = true }

function M.core()
  local capabilities, number = {}, 0
  for name in CAPABILITIES:gmatch("%S+") do
    capabilities[name], number = number, number + 1
  end
  local sections
  return {
    schema = function(name)
      sections = sections or schema()
      for _, section in ipairs(sections) do
        if section.name == name then return section end
      end
      return name == nil and sections or nil
    end,
    capability = function(name)
      return capabilities[(name:upper():gsub("^CAP_", ""))]
    end,
    limit_files = function()
      local files = {}
      for field, file in read("src/cgroups/limits.def"):gmatch('\nLIMIT%(([%l_]+), [^\n]* "([%l_]+%.[%w_.]+)"%)') do
        files[field] = file
      end
      return files
    end,
    signal = function(name)
      return SIGNALS[(name:upper():gsub("^SIG", ""))]
    end,
    syscall_known = function(name)
      return SYSCALLS[name] == true
    end,
    errno_name = function(n)
      return ERRORS[n] and ERRORS[n][1]
    end,
    errno_text = function(n)
      return ERRORS[n] and ERRORS[n][2] or "unknown error"
    end,
  }
end

--- Provide "libcontainer.core" where it has not been built.
function M.provide()
  if not pcall(require, "libcontainer.core") then
    package.loaded["libcontainer.core"] = M.core()
  end
end

return M
