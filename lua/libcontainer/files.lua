-- SPDX-License-Identifier: MIT
--- The files of a container: read and written from outside, by descriptors below its root, which no link leads out of.
--
-- Of one with an init the root is what the init sees, with its mounts. Of one without, it is the directory that
-- `rootfs` names, where nothing is mounted then; an overlay, or the host's root, is no such directory.
local core = require "libcontainer.core"
local check = require "libcontainer.check"
local lazy = require "libcontainer.lazy"
local errors = lazy "libcontainer.errors"
local loop = require "libcontainer.loop"
local object = require "libcontainer.object"
local units = lazy "libcontainer.units"

local M = {}

-- What is read whole has to fit into memory, and who made the file may not mean well.
local READ_LIMIT <const> = 64 << 20
local CHUNK <const> = 65536
local BETWEEN_PAUSES <const> = 1 << 20 -- bytes, after which others may have their turn

-- It has an init.
local LIVES <const> = { prepared = true, running = true, pausing = true, paused = true }

-- The words of container.lua that are needed here: lock, check_alive.
local inside

---@class libcontainer.Container
local methods = {}

-- --- options ---

local function absolute(path, name, index)
  if type(path) ~= "string" then
    error(("bad argument #%d to '%s' (path expected, got %s)"):format(index or 1, name, type(path)), 3)
  end
  if path:sub(1, 1) == "/" and not path:find("\0", 1, true) then return true end
  return nil, errors.config_problem("path", "must be an absolute path of the container, without zero bytes",
    "/" .. (path:gsub("%z.*", "")))
end

-- 0644, 420 and "644" are the same.
local function mode_of(value)
  if value == nil then return nil end
  local mode = math.type(value) == "integer" and value
    or type(value) == "string" and value:find("^[0-7]+$") and math.tointeger(tonumber(value, 8))
  if mode and mode >= 0 and mode <= 4095 then return mode end
  return false, errors.config_problem("mode", "must be the bits of a mode", '"644", or 0x1a4')
end

local function id_of(value)
  local id = units.integer(value)
  return id and id >= 0 and id < 0xffffffff and id or nil
end

-- { uid, gid } or "uid:gid".
local function owner_of(value)
  if value == nil then return nil end
  local uid, gid
  if type(value) == "table" then
    uid, gid = id_of(rawget(value, 1)), id_of(rawget(value, 2))
  elseif type(value) == "string" then
    uid, gid = value:match("^(%d+):(%d+)$")
    uid, gid = id_of(tonumber(uid)), id_of(tonumber(gid))
  end
  if uid and gid then return uid, gid end
  return false, errors.config_problem("owner", "must be two numbers, user and group", '{ 1000, 1000 } or "1000:1000"')
end

local function limit_of(value, default)
  if value == nil then return default end
  local limit, problem = units.size(value)
  if limit and limit >= 0 then return limit end
  return nil, errors.config_problem("limit", problem or "must not be negative", '"64M"')
end

-- --- the root ---

-- Of who is being set up it is not his own yet; he who does that has the lock.
local function of_living(self, status)
  if status ~= "prepared" and self:_is_no_program_yet() then
    return nil, errors.container_not_running(self._id, "being started")
  end
  local files, raw = self._core:files()
  if not files then return nil, errors.raw(raw, { subject = self._id }) end
  return files
end

local function of_directory(self, status)
  local config = self._record.config
  if config.overlay or not config.rootfs or config.rootfs == "/" then
    return nil, errors.no_root_at_rest(self._id, status, config.overlay ~= nil)
  end
  local files, raw = core.files_of(config.rootfs,
    { rootfs = config.rootfs, uid_mappings = config.uid_mappings, gid_mappings = config.gid_mappings })
  if not files then return nil, errors.raw(raw, { field = "rootfs" }) end
  return files
end

local function enter(self)
  local alive, err = inside.check_alive(self)
  if not alive then return nil, err end
  local lock <close>, why = inside.lock(self._directory, self._id, self._core)
  if not lock then return nil, why end
  local status
  status, err = self:status()
  if not status then return nil, err end
  if LIVES[status] then return of_living(self, status) end
  return of_directory(self, status)
end

-- --- one file ---

-- All of a stream, which may be longer than it said.
local function read_all(stream, path, limit)
  local chunks, count, paused = {}, 0, 0
  while true do
    local chunk, why = stream:read(math.min(CHUNK, limit - count + 1))
    if why == "again" then return nil, errors.would_wait(path) end
    if not chunk then return nil, errors.raw(why, { step = "file", subject = path }) end
    if chunk == "" then return table.concat(chunks) end
    count = count + #chunk
    if count > limit then return nil, errors.file_too_large(path, limit) end
    chunks[#chunks + 1] = chunk
    if count - paused >= BETWEEN_PAUSES then
      paused = count
      loop.pause(0)
    end
  end
end

--- Read a file of it, whichever links lead there. Nothing but a regular file is opened.
---@param path string           absolute, as the container sees it
---@param options? { limit?: integer|string }  how many bytes it may have, default "64M"
---@return string|nil content
---@return libcontainer.Error|nil err  errname "EFBIG" for more than the limit; ContainerNotRunning
function methods:read_file(path, options)
  options = check.options(options, { "limit" }, "read_file")
  local fine, err = absolute(path, "read_file")
  if not fine then return nil, err end
  local limit
  limit, err = limit_of(options.limit, READ_LIMIT)
  if not limit then return nil, err end
  local files <close>, why = enter(self)
  if not files then return nil, why end
  local stream <close>, size = files:open(path)
  if not stream then return nil, errors.raw(size) end
  if size > limit then return nil, errors.file_too_large(path, limit) end
  return read_all(stream, path, limit)
end

--- Write a file into it: whole or not at all, and in its place by a rename. What was there is replaced, a link
-- too; a regular file leaves mode and owner to the new one.
---@param path string   absolute, as the container sees it; its directory is there
---@param data string
---@param options? { mode?: integer|string, owner?: integer[]|string }  "644"; { uid, gid } as the container numbers them; default for a new file: 644, its root's
---@return true|nil
---@return libcontainer.Error|nil err  errname "EROFS", "ENOSPC", …: nothing has changed then; ContainerNotRunning
function methods:write_file(path, data, options)
  options = check.options(options, { "mode", "owner" }, "write_file")
  local fine, err = absolute(path, "write_file")
  if not fine then return nil, err end
  if type(data) ~= "string" then
    error(("bad argument #2 to 'write_file' (string expected, got %s)"):format(type(data)), 2)
  end
  local mode, why = mode_of(options.mode)
  if mode == false then return nil, why end
  local uid, gid = owner_of(options.owner)
  if uid == false then return nil, gid end
  local files <close>, problem = enter(self)
  if not files then return nil, problem end
  local done, raw = files:write(path, data, mode, uid, gid)
  if not done then return nil, errors.raw(raw) end
  return true
end

-- --- trees ---

local COPY_OPTIONS <const> = { "owner", "mode", "overwrite", "devices", "privileges", "limit" }
local COPY_FLAGS <const> = { "overwrite", "devices", "privileges" }
local STEPS_BETWEEN_PAUSES <const> = 64

---@class libcontainer.CopyOptions
---@field owner? "keep"|integer[]|string  "keep": the same numbers on both sides, each as it is seen there; { uid, gid } of the new ones; default the container's root, or the caller
---@field mode? integer|string  of regular files; default theirs
---@field overwrite? boolean    replace what has that name, a whole directory too
---@field devices? boolean      make device nodes
---@field privileges? boolean   keep set-id bits and file capabilities
---@field limit? integer|string  bytes of all files

---@class libcontainer.Copied
---@field entries integer  files, directories, links
---@field bytes integer
---@field left_out { path: string, what: string }[]  sockets; devices and set-id bits that were not asked for; what is mounted in the tree

local function copy_options(options)
  local mode, problem = mode_of(options.mode)
  if problem then return nil, problem end
  local limit, err = limit_of(options.limit)
  if err then return nil, err end
  local out = { overwrite = options.overwrite, devices = options.devices, privileges = options.privileges,
    mode = mode, limit = limit }
  if options.owner == "keep" then
    out.keeps_owner = true
    return out
  end
  out.uid, out.gid = owner_of(options.owner)
  if out.uid == false then return nil, out.gid end
  return out
end

local function run_copy(copy)
  local left_out, steps = {}, 0
  while true do
    local is_done, what, path = copy:step()
    if is_done == nil then return nil, errors.raw(what) end
    if what then left_out[#left_out + 1] = { path = path, what = what } end
    if is_done then break end
    steps = steps + 1
    if steps % STEPS_BETWEEN_PAUSES == 0 then loop.pause(0) end
  end
  local entries, bytes = copy:counts()
  return object.plain { entries = entries, bytes = bytes, left_out = left_out }
end

local function check_host_path(path, index, name)
  if type(path) ~= "string" or path == "" or path:find("\0", 1, true) then
    error(("bad argument #%d to '%s' (path of the host expected)"):format(index, name), 3)
  end
end

--- Copy a file or a tree of the host into it, as `path`, where its directory is there. It is in its place when all of
-- it is there, or not at all.
---@param host_path string  the last component is not followed: a link is copied
---@param path string       absolute, as the container sees it: the name of the copy
---@param options? libcontainer.CopyOptions
---@return libcontainer.Copied|nil
---@return libcontainer.Error|nil err  errname "EEXIST" without `overwrite`, "EFBIG" beyond the limit, …; ContainerNotRunning
function methods:copy_in(host_path, path, options)
  options = check.options(options, COPY_OPTIONS, "copy_in", COPY_FLAGS)
  check_host_path(host_path, 1, "copy_in")
  local fine, err = absolute(path, "copy_in", 2)
  if not fine then return nil, err end
  local wanted
  wanted, err = copy_options(options)
  if not wanted then return nil, err end
  local files <close>, why = enter(self)
  if not files then return nil, why end
  local copy <close>, raw = files:copy_in(host_path, path, wanted)
  if not copy then return nil, errors.raw(raw) end
  return run_copy(copy)
end

--- Copy a file or a tree of it to the host, as `host_path`. It is in its place when all of it is there, or not at all.
---@param path string       absolute, as the container sees it; the last component is not followed
---@param host_path string  the name of the copy
---@param options? libcontainer.CopyOptions
---@return libcontainer.Copied|nil
---@return libcontainer.Error|nil err  as of copy_in
function methods:copy_out(path, host_path, options)
  options = check.options(options, COPY_OPTIONS, "copy_out", COPY_FLAGS)
  local fine, err = absolute(path, "copy_out")
  if not fine then return nil, err end
  check_host_path(host_path, 2, "copy_out")
  local wanted
  wanted, err = copy_options(options)
  if not wanted then return nil, err end
  local files <close>, why = enter(self)
  if not files then return nil, why end
  local copy <close>, raw = files:copy_out(path, host_path, wanted)
  if not copy then return nil, errors.raw(raw) end
  return run_copy(copy)
end

--- The methods, for the class of containers.
---@param tools table  lock and check_alive of container.lua
---@return table<string, function>
function M.methods(tools)
  inside = tools
  return methods
end

return M
