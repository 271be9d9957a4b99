-- SPDX-License-Identifier: MIT
--- The words of errors about checkpoints: what criu misses, what cannot be written to images, what has not come back.
local core = require "libcontainer.core"
local errors = require "libcontainer.errors"

local M = {}

--- What to do about images that are not believed.
M.UNTRUSTED_IMAGES = "a directory of images, and every file in it, must belong to the calling user, and nobody "
  .. "else may write to it: images decide what runs with which privileges"

-- Programs that criu runs, and where they come from.
local HELPERS <const> = { ["iptables-restore"] = "iptables", ["ip6tables-restore"] = "iptables", ip = "iproute2",
  tar = "tar" }

-- What criu asks for, and what our option is called.
local WANTED <const> = { ["--ext-unix-sk"] = "external_unix_connections", ["--tcp-established"] = "tcp_established",
  ["--file-locks"] = "file_locks", ["link-remap option"] = "link_remap", ["--shell-job"] = "shell_job" }

--- criu cannot be started.
---@param step "checkpoint"|"restore"
---@param raw libcontainer.RawError
---@return libcontainer.Error
function M.criu_missing(step, raw)
  local errname = core.errno_name(raw.errno)
  return errors.new { code = "SystemError", step = step, errno = raw.errno, errname = errname, subject = raw.subject,
    message = ("%s needs the program criu, and %s cannot be run: %s"):format(step, errors.quoted(raw.subject or "criu"),
      errors.errno_words(raw)),
    hint = "apt-get install criu iptables, or name it: lc.new(root, { criu_path = \"/…/criu\" })" }
end

--- criu has failed.
---@param step "checkpoint"|"restore"
---@param how string        "failed with status 1"
---@param lines string[]    the last complaints of its log
---@param log string|nil    the path of that
---@param errname string|nil
---@return libcontainer.Error
function M.criu_failed(step, how, lines, log, errname)
  local said = table.concat(lines, "; ")
  local program = said:match('execvp%("?([%w-]+)"?')
  local hint = log and "its log is " .. log
  if HELPERS[program or ""] then hint = ("apt-get install %s; %s"):format(HELPERS[program], hint) end
  for flag, option in pairs(WANTED) do
    if said:find(flag, 1, true) then hint = ("say %s = true; %s"):format(option, hint) end
  end
  return errors.new { code = "SystemError", step = step, subject = log, errname = errname,
    errno = errname == "ETIMEDOUT" and 110 or nil,
    message = ("%s: criu %s%s"):format(step, how, said ~= "" and ": " .. said or ""), hint = hint }
end

--- criu has ended, and the container has not.
---@return libcontainer.Error
function M.not_ended()
  return errors.new { code = "SystemError", step = "checkpoint", errname = "EBUSY", errno = 16,
    message = "checkpoint: criu says that it has dumped the container, and its first process runs on (EBUSY)" }
end

--- A process in the container whose parent is outside.
---@param id string
---@param pid integer
---@return libcontainer.Error
function M.has_outsider(id, pid)
  return errors.new { code = "SystemError", step = "checkpoint", subject = tostring(pid), errname = "EBUSY", errno = 16,
    message = ("container %s has a process that was started beside its first one: pid %d (EBUSY)")
      :format(errors.quoted(id), pid),
    hint = "only the first program and what it has started can be checkpointed: wait until that one has ended" }
end

-- What cannot be brought back, told before anything is done.
local function not_dumped(field, subject, what, hint)
  return errors.new { code = "SystemError", step = "checkpoint", field = field, subject = subject,
    errname = "EOPNOTSUPP", errno = 95, message = ("checkpoint: %s (EOPNOTSUPP)"):format(what), hint = hint }
end

--- A namespace that is joined: a restore would make a new one in its place.
---@param name string
---@return libcontainer.Error
function M.joined_not_dumped(name)
  return not_dumped("namespaces." .. name, name, ("the %s namespace is joined, and another one would come back"):format(
    name), "only a container whose namespaces are its own, or the host's, can be checkpointed")
end

--- A user namespace.
---@return libcontainer.Error
function M.user_namespace_not_dumped()
  return not_dumped("namespaces", "user",
    "a user namespace could not come back: its root would have to read the images",
    "images hold all of its memory and say what runs, so nobody but their owner may read them: do without uid_mappings")
end

--- An interface of the host that is inside.
---@param number integer
---@param name string  on the host
---@return libcontainer.Error
function M.device_not_dumped(number, name)
  return not_dumped(("networks[%d]"):format(number), name, ("networks[%d] is the host's interface %q, which no image "
    .. "brings back"):format(number, name), 'only interfaces of type "loopback" and "veth" can be in a checkpoint')
end

--- An end of a pair that is not where it was put.
---@param number integer
---@param name string  inside
---@return libcontainer.Error
function M.pair_not_dumped(number, name)
  return not_dumped(("networks[%d].name"):format(number), name, ("the container has no interface %q any more, and what "
    .. "has become of it would not come back"):format(name), "have it renamed back, or do without")
end

--- A hook that no file can keep.
---@param field string
---@return libcontainer.Error
function M.hook_not_dumped(field)
  return not_dumped(field, nil, field .. " is a Lua function, which no file can keep for the restore", "give a program")
end

--- A terminal whose other end is outside.
---@param descriptor table  pid, fd, target
---@return libcontainer.Error
function M.terminal_not_dumped(descriptor)
  return not_dumped("process.terminal", descriptor.target, ("process %d has the terminal %s as descriptor %d, and its "
    .. "other end is outside"):format(descriptor.pid, descriptor.target, descriptor.fd),
    "start the program without a terminal, on pipes or /dev/null: these come back")
end

--- What comes back only when it is asked for.
---@param option string     of a checkpoint
---@param descriptor table  pid, fd
---@param has string        "holds a lock of a file"
---@return libcontainer.Error
function M.needs_dump_option(option, descriptor, has)
  return not_dumped(option, tostring(descriptor.pid), ("process %d %s, with descriptor %d"):format(descriptor.pid, has,
    descriptor.fd), ("say %s = true"):format(option))
end

--- A mount whose source is in the image.
---@param point string
---@return libcontainer.Error
function M.mount_of_image(point)
  return not_dumped("mounts", point, point .. " is mounted from the image itself",
    "criu would follow links of the image out of it: mount from a directory of the host instead")
end

--- A mount whose source is a descriptor.
---@param number integer  of the mount
---@return libcontainer.Error
function M.mount_of_descriptor(number)
  return not_dumped(("mounts[%d].source_fd"):format(number), nil,
    ("mounts[%d] comes from a descriptor, which a restore would not have"):format(number), "give its path as source")
end

--- A directory for images that is not empty.
---@param path string
---@return libcontainer.Error
function M.images_in_use(path)
  return errors.new { code = "SystemError", step = "checkpoint", subject = path, errname = "ENOTEMPTY", errno = 39,
    message = "checkpoint: " .. path .. " is not empty (ENOTEMPTY)",
    hint = "images_directory must be a new or an empty directory" }
end

--- A directory without a whole checkpoint in it.
---@param path string
---@return libcontainer.Error
function M.no_checkpoint(path)
  return errors.new { code = "SystemError", step = "restore", subject = path, errname = "ENOENT", errno = 2,
    message = "restore: " .. path .. " holds no checkpoint, or an incomplete one",
    hint = "only a checkpoint of this library that came to its end can be restored" }
end

--- A checkpoint whose root has been written to a layer that is not there.
---@param id string
---@return libcontainer.Error
function M.layer_not_there(id)
  return errors.new { code = "SystemError", step = "restore", field = "overlay.layer", subject = id,
    errname = "EOPNOTSUPP", errno = 95,
    message = ("restore: what was written to the root is in the directory of container %s, and comes back "
      .. "with that one alone (EOPNOTSUPP)"):format(errors.quoted(id)),
    hint = "restore it in its place, or create it with overlay = { layer = \"/…\" }" }
end

--- What came back is not what went.
---@param what string
---@return libcontainer.Error
function M.not_restored(what)
  return errors.new { code = "SystemError", step = "restore", subject = what,
    message = "restore: criu has not brought it back as it was: " .. what, hint = "nothing of it runs" }
end

return M
