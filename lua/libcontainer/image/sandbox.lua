-- SPDX-License-Identifier: MIT
--- The container that archives are read in, and what the program in it says.
--
-- It sees the libraries of the system, read-only, and the directory that it fills; nothing else of the host,
-- no network, one process, little memory, and of capabilities those that owners need. What it says is
-- believed as far as it can be checked: a record has a length that it may have, and the letters are known.
local core = require "libcontainer.core"
local configs = require "libcontainer.configs"
local errors = require "libcontainer.errors"
local image_errors = require "libcontainer.image.errors"
local loop = require "libcontainer.loop"

local M = {}

--- Where the program sees the directory that it fills, and the one that it copies: src/unpack/main.c.
local TARGET <const>, SOURCE <const>, PROGRAM <const> = "/new", "/source", "/unpack"

-- What a program with a C library needs to start, and where libarchive is looked for.
local SYSTEM <const> = { "/usr", "/lib", "/lib64", "/lib32", "/etc/ld.so.cache", "/nix/store", "/gnu/store" }

-- For the windows of decompressors. It bounds what the program asks for, and so is met as a sentence; the
-- limit of the cgroup bounds what the kernel keeps for it, which goes when there is need.
local HEAP <const> = 768 << 20
local MEMORY <const> = 1 << 30
local RECORD_MAX <const> = 65536
local GRACE <const> = 5 -- seconds that its end may take when it has said everything

--- An absolute path for one that may be relative to the working directory.
---@param path string
---@return string
function M.absolute(path)
  if path:sub(1, 1) == "/" then return path end
  local here = core.proc_link(core.pid(), "cwd")
  return (here or "") .. "/" .. path
end

-- Installed beside core.so, as the init is.
local function program()
  local path = package.searchpath("libcontainer.core", package.cpath)
  path = path and M.absolute((path:gsub("core%.so$", "unpack")))
  if path and core.path_type(path) == "file" then return path end
  return nil, image_errors.program_missing(path)
end

local function bind(source, destination, ...)
  return { type = "bind", source = source, destination = destination, options = { "rbind", "nosuid", "nodev", ... } }
end

-- Which capabilities: owners (CHOWN, FOWNER, FSETID), directories that others own (DAC_OVERRIDE), and what is
-- asked for: device nodes (MKNOD), file capabilities (SETFCAP).
local function capabilities(job)
  if not job.staging then return {} end
  local list = { "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID" }
  if job.devices then list[#list + 1] = "MKNOD" end
  if job.privileges then list[#list + 1] = "SETFCAP" end
  return list
end

-- An ordinary user may have no cgroup; the limit on the heap is the program's in every case.
local function cgroups_of(job)
  if core.uid() ~= 0 then return nil end
  -- On a tmpfs what is unpacked is memory of its own, which does not go.
  local memory = MEMORY + (job.staging and job.staging:is_memory() and job.size_limit or 0)
  return { memory = memory, pids_limit = 1,
    devices = job.devices and { { allow = true, type = "a", access = "m" } } or {} }
end

local function config_of(job, file, place)
  local mounts = { { type = "tmpfs", source = "tmpfs", destination = "/dev",
    options = { "nosuid", "noexec", "mode=755", "size=64k" } } }
  for _, path in ipairs(SYSTEM) do
    if core.path_type(path) then mounts[#mounts + 1] = bind(path, path, "ro") end
  end
  mounts[#mounts + 1] = bind(file, PROGRAM, "ro")
  if job.source then mounts[#mounts + 1] = bind(job.source, SOURCE, "ro", "noexec") end
  if job.staging then mounts[#mounts + 1] = bind(place .. "/new", TARGET, "noexec") end
  return configs.empty { rootfs = place .. "/box", readonlyfs = true, hostname = "unpack", mounts = mounts,
    capabilities = capabilities(job),
    rlimits = { { type = "AS", soft = HEAP, hard = HEAP }, { type = "CORE", soft = 0, hard = 0 } },
    cgroups = cgroups_of(job) }
end

-- --- what it says ---

local function fields_of(record)
  local fields = {}
  for text in record:gmatch("([^\0]*)\0") do fields[#fields + 1] = text end
  return fields
end

local function number_of(text)
  local number = math.tointeger(tonumber(text))
  return number and number >= 0 and number or nil
end

-- One record: letter and the rest; nil at the end, or nil, err.
local function next_record(stream, deadline)
  local function read(count)
    return stream:read(count, deadline and math.max(0, deadline - core.now()))
  end
  local head, err = read(4)
  if not head or #head < 4 then return nil, err end
  local size = string.unpack("<I4", head)
  if size < 1 or size > RECORD_MAX then return nil, image_errors.nonsense() end
  local record
  record, err = read(size)
  if not record or #record < size then return nil, err end
  return record:sub(1, 1), record:sub(2)
end

-- What each record does: nothing, or it answers the end of the conversation: done, or nil and err.
local RECORDS <const> = {
  P = function(job, record)
    local fields = fields_of(record)
    if job.on_progress then
      job.on_progress(number_of(fields[1]) or 0, number_of(fields[2]) or 0, number_of(fields[3]) or 0)
    end
  end,
  S = function(job, record)
    local fields = fields_of(record)
    if job.on_skip then job.on_skip(fields[1] or "?", fields[2] or "?") end
  end,
  M = function(job, record)
    local fields = fields_of(record)
    local is_enough = job.on_member and job.on_member { name = fields[1] or "", type = fields[2] or "",
      size = number_of(fields[3]) or 0, link = fields[4] or "" }
    return is_enough or nil
  end,
  T = function(job, record)
    if job.on_bytes then job.on_bytes(record) end
  end,
  D = function(_, record)
    local fields = fields_of(record)
    local entries, bytes = number_of(fields[1]), number_of(fields[2])
    if not entries or not bytes then return false, image_errors.nonsense() end
    return { entries = entries, bytes = bytes, plain = fields[3] or "", raw = fields[4] or "" }
  end,
  E = function(job, record)
    local fields = fields_of(record)
    return false, image_errors.failed(job, { kind = fields[1] or "", entry = fields[2] or "", text = fields[3] or "",
      errno = number_of(fields[4]) })
  end,
}

local function converse(job, stream, deadline)
  while true do
    local letter, record = next_record(stream, deadline)
    if not letter then return nil, record end
    local take = RECORDS[letter]
    if not take then return nil, image_errors.nonsense() end
    local done, err = take(job, record)
    if done then return done end
    if done == false then return nil, err end
  end
end

-- It said nothing more, and nothing of a failure.
local function how_it_ended(job, proc)
  local exit, err = proc:wait(GRACE)
  if not exit then return nil, err end
  return nil, image_errors.ended(job, exit)
end

-- --- running it ---

local runs = 0
local function id_of()
  runs = runs + 1
  return ("unpack-%d-%d-%x"):format(core.pid(), runs, math.floor(core.now() * 1e6))
end

local function run_in(job, factory, config)
  local box <close>, err = factory:create(id_of(), config)
  if not box then return nil, err end
  local deadline = loop.deadline(job.timeout)
  local args = { PROGRAM, core.version }
  table.move(job.args, 1, #job.args, 3, args)
  local proc
  proc, err = box:start { args = args, stdin = job.stdin, stdout = "pipe" }
  if not proc then return nil, err end
  local stream <close> = proc.stdout
  local done
  done, err = converse(job, stream, deadline)
  if done then return done end
  if err and err.errname == "ETIMEDOUT" then
    return nil, image_errors.timed_out(job, job.timeout)
  elseif err then
    return nil, err
  end
  return how_it_ended(job, proc)
end

local function run_at(job, factory, file, staging)
  local place, raw = staging:path()
  if not place then return nil, errors.raw(raw) end
  local config, err = config_of(job, file, place)
  if not config then return nil, err end
  return run_in(job, factory, config)
end

--- Run the program once.
-- `job`: `args`, its arguments; `what`, of which archive or layer this is, for errors, with `layer`, its number,
-- and `digest`; `stdin`, the archive as a core stream; `staging`, what it fills; `source`, a directory that it
-- copies; `devices`, `privileges`, `size_limit`; `timeout` in seconds; `on_progress(entries, bytes, read)`,
-- `on_skip(what, path)`, `on_member(member)`, which may answer true for "enough", `on_bytes(bytes)`.
---@param factory libcontainer.Factory
---@param job table
---@return { entries: integer, bytes: integer, plain: string, raw: string }|true|nil done
---@return libcontainer.Error|nil err
function M.run(factory, job)
  local file, err = program()
  if not file then return nil, err end
  if job.staging then return run_at(job, factory, file, job.staging) end
  -- A root for the container has to be somewhere: beside the state.
  local parent, place = factory:_beside()
  local own <close>, raw = core.staging(parent, place, false)
  if not own then return nil, errors.raw(raw) end
  return run_at(job, factory, file, own)
end

return M
