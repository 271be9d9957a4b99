-- SPDX-License-Identifier: MIT
--- state.json: what is on disk about a container, and the only writer of it.
-- The record is written before the first side effect (an intent: id, config, place of the cgroups),
-- replaced atomically at every transition, and holds nothing that the kernel cannot prove: pid with
-- start time and boot id. A damaged file is an error for reading, never for destroying.
local core = require "libcontainer.core"
local lazy = require "libcontainer.lazy"
local errors = lazy "libcontainer.errors"
local hooks = lazy "libcontainer.configs.hooks"
local json = require "libcontainer.json"

local M = {}

local TRANSIENT <const> = { EMFILE = true, ENFILE = true, ENOMEM = true, EINTR = true, EIO = true }

--- Not the file is at fault, but this attempt to read it.
---@param err table
---@return boolean
function M.is_transient(err)
  return TRANSIENT[err.errname] or false
end

--- Version of the record's format. Older ones are read, newer ones refused.
M.VERSION = 1
local FILE = "state.json"

-- What each field must be, so that nothing read from a file is used unproved.
local FIELDS = {
  id = "string", created = "number", owner = "table", boot_id = "string", status = "string",
  config = "table", cgroup_paths = "table", cgroup_places = "table", namespace_paths = "table?",
  systemd = "table?", network_links = "table?", init_process_pid = "integer?", init_process_start = "integer?",
  started = "number?", config_changes = "integer?", checkpoint = "table?",
  poststop_due = "boolean?", is_prepared = "boolean?", process = "table?",
}

local function check(id, record)
  if type(record) ~= "table" then return nil, errors.state_damaged(id, "not an object") end
  local version = record.version
  if math.type(version) ~= "integer" then return nil, errors.state_damaged(id, "no version: not a file of ours") end
  if version > M.VERSION then
    return nil, errors.state_damaged(id, ("version %d, and this library reads up to %d"):format(version, M.VERSION),
      "use the newer library that made it")
  end
  for name, expected in pairs(FIELDS) do
    local value = record[name]
    local optional = expected:sub(-1) == "?"
    local kind = optional and expected:sub(1, -2) or expected
    if value == nil then
      if not optional then return nil, errors.state_damaged(id, name .. " is missing") end
    elseif (kind == "integer" and math.type(value) or type(value)) ~= kind then
      return nil, errors.state_damaged(id, ("%s is a %s"):format(name, type(value)))
    end
  end
  if record.id ~= id then return nil, errors.state_damaged(id, "it belongs to another id") end
  for _, place in ipairs(record.cgroup_places) do
    if type(place) ~= "table" or type(place.name) ~= "string" or type(place.path) ~= "string" then
      return nil, errors.state_damaged(id, "cgroup_places is malformed")
    end
  end
  for _, name in ipairs(record.network_links or {}) do
    if type(name) ~= "string" then return nil, errors.state_damaged(id, "network_links is malformed") end
  end
  local pid = record.init_process_pid
  if pid and (pid < 2 or pid > 0x7fffffff or not record.init_process_start) then
    return nil, errors.state_damaged(id, "init_process_pid is no pid")
  end
  return record
end

-- The tables of a record are replaced, never changed: their texts are made once. The configuration
-- is most of it, and many containers share one.
local texts = setmetatable({}, { __mode = "k" })

local function text_of(name, value)
  if type(value) ~= "table" then return json.encode(value) end
  if not texts[value] then texts[value] = json.encode(name == "config" and hooks.storable(value) or value) end
  return texts[value]
end

-- The whole text of a record as it was last read or made: whoever looks again parses only what has
-- changed since, and mostly nothing has.
local last_text = setmetatable({}, { __mode = "k" })

--- The record as text. Made apart from `write`, so that a start can do it while its init is at work.
---@param record table
---@return string|nil text
---@return table|nil err
function M.encode(record)
  record.version = M.VERSION
  local parts = {}
  for name, value in next, record do
    local text = text_of(name, value)
    if not text then return json.encode(record) end -- for its error, with the whole path
    parts[#parts + 1] = '"' .. name .. '":' .. text
  end
  table.sort(parts)
  parts[1] = "{" .. parts[1]
  parts[#parts] = parts[#parts] .. "}"
  local text = table.concat(parts, ",")
  last_text[record] = text
  return text
end

--- Replace the file by that text.
---@param directory userdata  the container's directory
---@param text string         of `encode`
---@return true|nil
---@return table|nil err
function M.write(directory, text)
  local done, raw = directory:replace(FILE, text)
  if not done then return nil, errors.raw(raw) end
  return true
end

--- Write the record.
---@param directory userdata
---@param record table
---@return true|nil
---@return table|nil err
function M.save(directory, record)
  local text, why = M.encode(record)
  if not text then return nil, why end
  return M.write(directory, text)
end

-- --- the witness ---

-- Of a container without cgroups the kernel does not say which processes are its own. So its pid is
-- written down a second time, in a file of its own and bound to this container of this root: a damaged,
-- edited or copied record does not make a stranger of its pid the init.
local WITNESS <const> = "init"

--- Is it a file that is kept beside the record, or a new text of one that was not finished?
---@param name string
---@return boolean
function M.is_file(name)
  local unfinished = name:match("^%.(.*)%.%x+$")
  return name == "lock" or name == "latch" or name == WITNESS or unfinished == FILE or unfinished == WITNESS
end

--- Is it the record?
---@param name string
---@return boolean
function M.is_record(name)
  return name == FILE
end

--- Write down that the container has no cgroups, and its init as soon as there is one.
---@param directory userdata
---@param name string      the container's own among all roots
---@param record table
---@return true|nil
---@return table|nil err
function M.save_witness(directory, name, record)
  local text = ("%s\n%s %d %d\n"):format(name, record.boot_id, record.init_process_pid or 0,
    record.init_process_start or 0)
  local done, raw = directory:replace(WITNESS, text)
  if not done then return nil, errors.raw(raw) end
  return true
end

--- What the witness says.
---@param directory userdata
---@param name string
---@return table|false|nil witness  boot_id, pid, start (0: none yet); false when there is none for this container
---@return table|nil err
function M.load_witness(directory, name)
  local text, raw = directory:read(WITNESS)
  if not text then
    if core.errno_name(raw.errno) == "ENOENT" then return false end
    return nil, errors.raw(raw)
  end
  local owner, boot_id, pid, start = text:match("^([^\n]+)\n(%S+) (%d+) (%d+)\n$")
  if owner ~= name then return false end
  return { boot_id = boot_id, pid = math.tointeger(pid), start = math.tointeger(start) }
end

-- --- reading ---

--- Is there a record, of whatever kind?
---@param directory userdata
---@return boolean|nil
---@return table|nil err
function M.exists(directory)
  local text, raw = directory:read(FILE)
  if text then return true end
  if core.errno_name(raw.errno) == "ENOENT" then return false end
  return nil, errors.raw(raw)
end

local function read(directory, id)
  local text, raw = directory:read(FILE)
  if text then return text end
  if core.errno_name(raw.errno) == "ENOENT" then return nil, errors.container_not_exists(id) end
  return nil, errors.raw(raw)
end

local function parse(id, text)
  local record, why = json.decode(text)
  if record == nil then return nil, errors.state_damaged(id, tostring(why)) end
  record, why = check(id, record)
  if record then last_text[record] = text end
  return record, why
end

--- Read the record.
---@param directory userdata
---@param id string
---@return table|nil record
---@return table|nil err  ContainerNotExists when there is none, SystemError when it is damaged
function M.load(directory, id)
  local text, why = read(directory, id)
  if not text then return nil, why end
  return parse(id, text)
end

--- Read the record again.
---@param directory userdata
---@param known table  the record as `load` gave it or `encode` wrote it
---@return table|false|nil record  false: the file says what `known` says
---@return table|nil err  as for `load`
function M.reload(directory, known)
  local text, why = read(directory, known.id)
  if not text then return nil, why end
  if text == last_text[known] then return false end
  return parse(known.id, text)
end

return M
