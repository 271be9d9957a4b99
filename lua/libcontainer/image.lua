-- SPDX-License-Identifier: MIT
--- Root file systems from what people have: an OCI image layout or a docker-archive, as a directory or a tar,
-- a plain tar of a root, or a directory.
--
--     local image = require "libcontainer.image"
--     local img = assert(image.open("/srv/images/alpine:3.20"))
--     assert(img:unpack("/srv/alpine", { progress = print, size_limit = "2G" }))
--     local config = img:config()  -- args, env, cwd and user, as the image has them
--
-- What an archive says is read in a container (image/sandbox.lua), and is nowhere before it is whole.
local core = require "libcontainer.core"
local check = require "libcontainer.check"
local docker = require "libcontainer.image.docker"
local document = require "libcontainer.image.document"
local errors = require "libcontainer.errors"
local image_errors = require "libcontainer.image.errors"
local factories = require "libcontainer.factory"
local object = require "libcontainer.object"
local oci = require "libcontainer.image.oci"
local platforms = require "libcontainer.image.platform"
local sandbox = require "libcontainer.image.sandbox"
local sources = require "libcontainer.image.source"
local units = require "libcontainer.units"

---@class libcontainer.Image
local Image = object.class "image"

local M = {}

local SIZE_LIMIT <const>, ENTRY_LIMIT <const> = 16 << 30, 1000000
local TIMEOUT <const> = 3600
local HEADERS <const> = 4096 -- bytes of an archive that an entry may take beside its content, on average
local TOLD <const> = 100     -- of what was left out

-- --- opening ---

-- "path", "path:tag": the longest beginning that exists is the path.
local function split(name)
  if core.path_type(name) then return name end
  local at = #name
  while at > 1 do
    if name:sub(at, at) == ":" and core.path_type(name:sub(1, at - 1)) then
      return name:sub(1, at - 1), name:sub(at + 1)
    end
    at = at - 1
  end
  local _, raw = core.path_type(name)
  return nil, errors.raw(raw)
end

local function no_tag(path, tag)
  if tag == nil then return true end
  return nil, image_errors.invalid(path, ("is no image with tags, and %q was asked for"):format(tag))
end

-- An image of documents, or what has only a root.
local function read(source, path, tag, platform)
  if source and oci.is(source) then return oci.read(source, tag, platform) end
  if source and docker.is(source) then return docker.read(source, tag) end
  local fine, err = no_tag(path, tag)
  if not fine then return nil, err end
  return { layers = {} }
end

local function check_platform(image, path, wanted)
  local config = image.config
  if not config or config.os == nil and config.architecture == nil then return true end
  if platforms.matches(wanted, config) then return true end
  return nil, image_errors.invalid(path, ("is an image for %s, not for %s"):format(platforms.name(config),
    platforms.name(wanted)), "image.open(path, { platform = \"os/architecture\" }) says that it is meant")
end

-- The digests of the layers without compression, by which the configuration names them.
local function join_diff_ids(image)
  if not image.config then return true end
  local what = image.config_name
  local rootfs, err = document.member(image.config, "rootfs", "table", what, true)
  if not rootfs then return nil, err end
  local ids
  ids, err = document.strings(rootfs, "diff_ids", what .. ": rootfs")
  if not ids then return nil, err end
  if #ids ~= #image.layers then
    return nil, image_errors.invalid(what, ("names %d layers, and there are %d"):format(#ids, #image.layers))
  end
  for i, id in ipairs(ids) do
    local algorithm
    algorithm, err = document.algorithm(id, ("%s: rootfs: diff_ids[%d]"):format(what, i))
    if not algorithm then return nil, err end
    image.layers[i].diff_id = id
  end
  return true
end

-- What the configuration says of programs, looked at now, so that config() cannot fail.
local function read_process(image)
  if not image.config then return {} end
  local what = image.config_name
  local t, err = document.member(image.config, "config", "table", what)
  if err then return nil, err end
  t = t or {}
  local out = {}
  for name, field in pairs { Entrypoint = "entrypoint", Cmd = "cmd", Env = "env" } do
    out[field], err = document.strings(t, name, what .. ": config")
    if not out[field] then return nil, err end
  end
  for name, field in pairs { WorkingDir = "cwd", User = "user", StopSignal = "stop_signal" } do
    out[field], err = document.member(t, name, "string", what .. ": config")
    if err then return nil, err end
    if out[field] == "" then out[field] = nil end
  end
  out.labels, err = document.member(t, "Labels", "table", what .. ": config")
  if err then return nil, err end
  for _, kind in ipairs { "os", "architecture", "variant" } do
    out[kind], err = document.member(image.config, kind, "string", what)
    if err then return nil, err end
  end
  return out
end

local OPEN_OPTIONS <const> = { "platform", "factory", "timeout" }

local function source_of(path, kind, options)
  if kind == "directory" then return sources.directory(path, options) end
  return sources.archive(path, options)
end

local function open(path, tag, platform, options)
  local kind = core.path_type(path)
  if kind ~= "directory" and kind ~= "file" then
    return nil, image_errors.invalid(path, "is neither a file nor a directory")
  end
  local source, err = source_of(path, kind, options)
  if not source and err then return nil, err end
  local image, fine, process
  image, err = read(source, path, tag, platform)
  if not image then return nil, err end
  fine, err = check_platform(image, path, platform)
  if fine then fine, err = join_diff_ids(image) end
  if not fine then return nil, err end
  process, err = read_process(image)
  if not process then return nil, err end
  return setmetatable({ _path = path, _kind = kind, _source = image.config and source or false,
    _factory = options.factory, _image = image, _process = process }, Image)
end

--- Open an image. Nothing is unpacked yet; a tar is listed, in a container.
-- Options: `platform`: "linux/arm64/v8", default that of this machine; `factory`: who makes the containers,
-- default that of lc.run; `timeout`: how long reading a tar may take, default an hour.
---@param name string  the path of a layout, a docker-archive, a tar or a directory; behind a colon the tag
---@param options table|nil
---@return libcontainer.Image|nil
---@return libcontainer.Error|nil err  names the file, and what of it
function M.open(name, options)
  if type(name) ~= "string" then
    error(("bad argument #1 to 'open' (string expected, got %s)"):format(name == nil and "no value" or type(name)), 2)
  end
  options = check.options(options, OPEN_OPTIONS, "open")
  options.timeout = check.timeout(options.timeout, "option \"timeout\"") or TIMEOUT
  local wanted = options.platform
  local platform = (wanted == nil or type(wanted) == "string") and platforms.parse(wanted)
  if not platform then
    return nil, errors.config_problem("platform", "must be written as \"linux/arm64\" or \"linux/arm/v7\"")
  end
  if name:find("\0", 1, true) then return nil, image_errors.invalid(name, "has a NUL byte in it: no path has") end
  local path, tag = split(name)
  if not path then return nil, tag end
  local err
  if options.factory == nil then
    options.factory, err = factories.default()
    if not options.factory then return nil, err end
  end
  return open(sandbox.absolute(path), tag, platform, options)
end

-- --- what it says ---

--- Its layers, the lowest first.
---@return { digest: string|nil, diff_id: string|nil, size: integer|nil, media_type: string|nil }[]
function Image:layers()
  local list = {}
  for i, layer in ipairs(self._image.layers) do
    list[i] = { digest = layer.digest, diff_id = layer.diff_id, size = layer.size, media_type = layer.media_type }
  end
  return object.plain(list)
end

--- How the image wants its program to be run, as fields of a process: `args` (entrypoint and command), `env`,
-- `cwd`, `user`; what it does not say is absent. It says nothing of its confinement, whatever is written in it.
---@param args string[]|nil  arguments for its entrypoint in place of its command
---@return libcontainer.fields.process
function Image:config(args)
  if args ~= nil and type(args) ~= "table" then
    error(("bad argument #1 to 'config' (table expected, got %s)"):format(type(args)), 2)
  end
  local process = self._process
  local config = { cwd = process.cwd, user = process.user, args = {}, env = {} }
  for _, list in ipairs { process.entrypoint or {}, args or process.cmd or {} } do
    table.move(list, 1, #list, #config.args + 1, config.args)
  end
  table.move(process.env or {}, 1, #(process.env or {}), 1, config.env)
  if #config.args == 0 then config.args = nil end
  if #config.env == 0 then config.env = nil end
  return object.plain(config)
end

--- What else its configuration tells: `tag`, `digest`, `platform`, `labels`, `stop_signal`.
---@return table
function Image:details()
  local process, labels = self._process, {}
  for key, value in pairs(process.labels or {}) do
    if type(key) == "string" and type(value) == "string" then labels[key] = value end
  end
  return object.plain { tag = self._image.tag, digest = self._image.digest, stop_signal = process.stop_signal,
    platform = process.architecture and platforms.name(process), labels = labels }
end

-- --- unpacking ---

local UNPACK_OPTIONS <const> = { "progress", "size_limit", "entry_limit", "uid_mappings", "gid_mappings", "devices",
  "privileges", "timeout" }

local ID_MAX <const> = 4294967295

-- { { container_id, host_id, size } } as the program takes it: "0:100000:65536".
local function map_text(map, field, problems)
  if map == nil then return nil end
  local count = check.array_length(map, problems, field)
  if not count then return nil end
  if count == 0 then check.add(problems, field, "must not be empty") end
  local ranges = {}
  for i = 1, count do
    local range, place = map[i], ("%s[%d]"):format(field, i)
    local numbers = {}
    for j, name in ipairs { "container_id", "host_id", "size" } do
      local value = type(range) == "table" and units.integer(range[name])
      if not value or value < 0 or value > ID_MAX then
        check.add(problems, place .. "." .. name, "must be a whole number, at most " .. ID_MAX)
      end
      numbers[j] = ("%d"):format(value or 0)
    end
    ranges[i] = table.concat(numbers, ":")
  end
  return table.concat(ranges, ",")
end

local function check_flag(options, name, problems)
  if options[name] ~= nil and type(options[name]) ~= "boolean" then
    check.add(problems, name, "must be true or false", options[name])
  end
end

-- Limits as numbers; every problem of the options at once.
local function check_options(options)
  local problems = {}
  local size, problem = units.size(options.size_limit or SIZE_LIMIT)
  if not size or size < 0 then check.add(problems, "size_limit", problem or "must not be negative") end
  local entries = units.integer(options.entry_limit or ENTRY_LIMIT)
  if not entries or entries < 1 then check.add(problems, "entry_limit", "must be a positive whole number") end
  if options.progress ~= nil and type(options.progress) ~= "function" then
    check.add(problems, "progress", "must be a function, not a " .. type(options.progress))
  end
  check_flag(options, "devices", problems)
  check_flag(options, "privileges", problems)
  local uids = map_text(options.uid_mappings, "uid_mappings", problems)
  local gids = map_text(options.gid_mappings, "gid_mappings", problems)
  if (uids == nil) ~= (gids == nil) then
    check.add(problems, uids and "gid_mappings" or "uid_mappings", "is missing: users and groups are mapped together")
  end
  if uids and gids and core.uid() ~= 0 then
    check.add(problems, "uid_mappings", "needs root: what an ordinary user unpacks is his own")
  end
  if #problems > 0 then return nil, errors.config_invalid(problems) end
  return { size_limit = size, entry_limit = entries, uids = uids, gids = gids, progress = options.progress,
    devices = options.devices or false, privileges = options.privileges or false,
    timeout = options.timeout }
end

local function flag(value)
  return value and "1" or "0"
end

-- The work of one layer, with what is left of the limits. `layer` is its number, nil of a root without layers.
local function job_of(limits, staging, total, what, mode, layer)
  local size, entries = limits.size_limit - total.bytes, limits.entry_limit - total.entries
  local args = { mode, ("size=%d"):format(size), ("entries=%d"):format(entries),
    ("plain=%d"):format(limits.size_limit + HEADERS * math.min(limits.entry_limit, 1 << 40)),
    "first=" .. flag((layer or 1) == 1), "layer=" .. flag(layer),
    "owners=" .. flag(core.uid() == 0), "devices=" .. flag(limits.devices),
    "privileges=" .. flag(limits.privileges) }
  if limits.uids then
    args[#args + 1], args[#args + 2] = "uids=" .. limits.uids, "gids=" .. limits.gids
  end
  return { args = args, what = what, staging = staging, devices = limits.devices, privileges = limits.privileges,
    size_limit = limits.size_limit, entry_limit = limits.entry_limit, timeout = limits.timeout,
    on_skip = function(kind, path)
      local skipped = total.skipped
      skipped.count = skipped.count + 1
      if #skipped < TOLD then skipped[#skipped + 1] = { what = kind, path = path } end
    end }
end

local function on_progress(limits, total, layer, layers, size)
  if not limits.progress then return nil end
  return function(entries, bytes, count)
    limits.progress(object.plain { layer = layer, layers = layers, entries = total.entries + entries,
      bytes = total.bytes + bytes, read = count, size = size })
  end
end

local function take(total, done)
  total.entries, total.bytes = total.entries + done.entries, total.bytes + done.bytes
end

-- A root without an image around it.
local function unpack_root(self, staging, limits, total)
  local is_copy = self._kind == "directory"
  local job = job_of(limits, staging, total, self._path, is_copy and "copy" or "tar")
  if is_copy then
    job.source, job.on_progress = self._path, on_progress(limits, total, 1, 1)
    return sandbox.run(self._factory, job)
  end
  local file <close>, size = core.open_file(self._path)
  if not file then return nil, errors.raw(size) end
  job.stdin, job.on_progress = file, on_progress(limits, total, 1, 1, size)
  return sandbox.run(self._factory, job)
end

local function unpack_layer(self, number, staging, limits, total)
  local layer, layers = self._image.layers[number], self._image.layers
  local name = layer.digest or layer.name
  local what = ("%s: layer %d (%s)"):format(self._path, number, name)
  local job = job_of(limits, staging, total, what, "tar", number)
  job.layer, job.digest = number, layer.digest or layer.diff_id
  if layer.diff_id then job.args[#job.args + 1] = "plain_digest=" .. layer.diff_id:match("^%w+") end
  job.on_progress = on_progress(limits, total, number, #layers, layer.size)
  local done, err = self._source:unpack(layer, job)
  if not done then return nil, err end
  if layer.diff_id and done.plain ~= layer.diff_id then
    return nil, image_errors.digest(what .. ", uncompressed", layer.diff_id, done.plain, number)
  end
  return done
end

local function fill(self, staging, limits, total)
  if not self._source then
    local done, err = unpack_root(self, staging, limits, total)
    if not done then return nil, err end
    take(total, done)
    return true
  end
  for number = 1, #self._image.layers do
    local done, err = unpack_layer(self, number, staging, limits, total)
    if not done then return nil, err end
    take(total, done)
  end
  return true
end

-- A copy of a directory that holds the copy has no end.
local function is_in_source(self, parent)
  if self._source or self._kind ~= "directory" then return false end
  local source, place = core.real_path(self._path), core.real_path(parent)
  if not source or not place then return false end -- opening them says why
  return source == "/" or (place .. "/"):sub(1, #source + 1) == source .. "/"
end

---@class libcontainer.Unpacked
---@field path string       the root file system
---@field entries integer   of all layers
---@field bytes integer     written
---@field skipped table     what was left out: `count`, and the first hundred as { what, path }

--- Make a root file system of it. It is there when it is whole; after a failure, whatever it is, nothing is.
-- Options: `progress`: called now and then with { layer, layers, entries, bytes, read, size }; `size_limit`:
-- bytes, default 16 GiB; `entry_limit`: default a million; `uid_mappings`, `gid_mappings`: whose files become
-- whose, as in a configuration, else ids are kept; `devices`: make device nodes, which are left out else;
-- `privileges`: keep set-user-ID and set-group-ID bits and file capabilities, which every user of this machine
-- who can reach the directory could use; `timeout`: of each layer, default an hour.
---@param path string  a directory that does not exist, or is empty
---@param options table|nil
---@return libcontainer.Unpacked|nil
---@return libcontainer.Error|nil err  `layer` and `digest` say of which layer
function Image:unpack(path, options)
  if type(path) ~= "string" then
    error(("bad argument #1 to 'unpack' (string expected, got %s)"):format(path == nil and "no value" or type(path)), 2)
  end
  options = check.options(options, UNPACK_OPTIONS, "unpack")
  options.timeout = check.timeout(options.timeout, "option \"timeout\"") or TIMEOUT
  local limits, err = check_options(options)
  if not limits then return nil, err end
  local parent, place = sandbox.absolute(path):match("^(.*)/([^/]+)/*$")
  if not place or place == "." or place == ".." or path:find("\0", 1, true) then
    return nil, errors.config_problem("path", "must name a directory that does not exist yet")
  end
  parent = parent == "" and "/" or parent
  if is_in_source(self, parent) then
    return nil, errors.config_problem("path", "is in the directory that is to be copied")
  end
  local staging <close>, raw = core.staging(parent, place, true)
  if not staging then
    return nil, errors.raw(raw, { subject = path, hint = core.errno_name(raw.errno) == "ENOENT"
      and "make the directory first that it is to be in" or nil })
  end
  local total = { entries = 0, bytes = 0, skipped = { count = 0 } }
  local fine
  fine, err = fill(self, staging, limits, total)
  if not fine then return nil, err end
  fine, raw = staging:commit()
  if not fine then return nil, errors.raw(raw, { subject = path }) end
  return object.plain { path = (parent == "/" and "" or parent) .. "/" .. place, entries = total.entries,
    bytes = total.bytes, skipped = total.skipped }
end

function Image:__tostring()
  local process = self._process
  if not self._source then return ("libcontainer.image (%s, a %s)"):format(self._path,
    self._kind == "file" and "tar" or "directory") end
  local tag = self._image.tag and ":" .. self._image.tag or ""
  return ("libcontainer.image (%s%s, %s, %d layers)"):format(self._path, tag,
    process.architecture and platforms.name(process)
    or "any platform", #self._image.layers)
end

return object.module(M, "libcontainer.image: open")
