-- SPDX-License-Identifier: MIT
--- The factory: a state root, and the containers in it.
local core = require "libcontainer.core"
local lazy = require "libcontainer.lazy"
local check = require "libcontainer.check"
local checkpoint = lazy "libcontainer.checkpoint"
local claims = require "libcontainer.claims"
local configs = lazy "libcontainer.configs"
local container = require "libcontainer.container"
local criu = lazy "libcontainer.criu"
local errors = lazy "libcontainer.errors"
local forms = lazy "libcontainer.configs.hooks"
local hooks = lazy "libcontainer.hooks"
local layer = lazy "libcontainer.layer"
local network = lazy "libcontainer.network"
local object = require "libcontainer.object"
local sharing = lazy "libcontainer.sharing"
local state = require "libcontainer.state"
local getenv = os and os.getenv or function() end

---@class libcontainer.Factory
local Factory = object.class "factory"

local M = {}

-- A process that destroys ids as fast as we make them does not hold us for ever.
local CREATE_ATTEMPTS <const> = 16

local OPTIONS <const> = { "cgroups", "init_path", "init_args", "validator", "criu_path", "fault" }

--- Names of the public methods.
---@return string[]
function M.methods()
  return object.methods(Factory)
end

local function default_root()
  local runtime = getenv("XDG_RUNTIME_DIR")
  if core.uid() ~= 0 and runtime and runtime ~= "" then return runtime .. "/libcontainer" end
  return "/run/libcontainer"
end

-- What lies in $XDG_RUNTIME_DIR untouched for hours may be removed, unless it is sticky: its specification says so.
local function is_swept(root)
  local runtime = getenv("XDG_RUNTIME_DIR") or ""
  return runtime ~= "" and root:sub(1, #runtime + 1) == runtime .. "/"
end

-- The init program as a file, installed beside core.so: for systems that execute no memfd.
local function installed_init()
  local path = package.searchpath("libcontainer.core", package.cpath)
  return path and path:gsub("core%.so$", "init")
end

local CGROUPS <const> = { auto = true, fs = true, systemd = true, none = true }

local function check_cgroups_option(value)
  if value == nil or CGROUPS[value] then return true end
  if type(value) == "function" then
    return nil, errors.config_problem("cgroups", errors.NOT_SUPPORTED, 'write "auto"')
  end
  return nil, errors.config_problem("cgroups", ("%q is no cgroup manager"):format(tostring(value)),
    'write "auto", "fs", "systemd" or "none"')
end

local function is_text(value)
  return type(value) == "string" and not value:find("\0", 1, true)
end

local function is_argument_list(value)
  local count = check.array_length(value, {}, "init_args")
  for i = 1, count or 0 do
    if not is_text(value[i]) then return false end
  end
  return count ~= nil
end

local function check_options(options)
  local path, args = options.init_path, options.init_args
  for _, name in ipairs { "init_path", "criu_path" } do
    local value = options[name]
    if value ~= nil and not (is_text(value) and value:sub(1, 1) == "/") then
      return nil, errors.config_problem(name, "must be an absolute path")
    end
  end
  if args ~= nil and (path == nil or not is_argument_list(args)) then
    return nil, errors.config_problem("init_args", "must be an array of strings beside init_path")
  end
  local validator = options.validator
  if validator ~= nil and type(validator) ~= "function" then
    return nil, errors.config_problem("validator", "must be a function, not a " .. type(validator))
  end
  return true
end

--- Open a state root.
---@param root string|nil  absolute path, made (0700) when missing; default /run/libcontainer, for an ordinary user $XDG_RUNTIME_DIR/libcontainer
-- Options: `cgroups`: "auto", "fs", "systemd", "none"; `init_path`, `init_args`: a program in place of our
-- init, that ends in `start_initialization`; `validator`: a function (config) → true | nil, message;
-- `criu_path`: the program that makes checkpoints, default the criu of the system.
---@param options table|nil
---@return libcontainer.Factory|nil
---@return libcontainer.Error|nil err
function M.new(root, options)
  if root ~= nil and type(root) ~= "string" then
    error("bad argument #1 to 'new' (string expected)", 2)
  end
  options = check.options(options, OPTIONS, "new")
  root = root or default_root()
  if root:sub(1, 1) ~= "/" or root:find("\0", 1, true) then
    return nil, errors.config_problem("root", "must be an absolute path", "write lc.new(\"/run/...\")")
  end
  local fine, err = check_cgroups_option(options.cgroups)
  if fine then fine, err = check_options(options) end
  if not fine then return nil, err end
  local manager = options.cgroups ~= "none" and options.cgroups or nil
  local host, raw = core.host(installed_init(), manager)
  if not host then return nil, errors.raw(raw, { field = raw.step == "systemd" and "cgroups" or nil }) end
  local handle
  handle, raw = core.root(root, is_swept(root))
  if not handle then return nil, errors.raw(raw) end
  return setmetatable({ _path = root, _host = host, _root = handle, _options = options }, Factory)
end

--- The kind of factory.
---@return "libcontainer"
function Factory:type()
  return "libcontainer"
end

-- --- what containers ask of their factory ---

function Factory:_is_owner()
  return self._host:is_owner()
end

function Factory:_fault()
  return self._options.fault
end

function Factory:_remove_directory(id, directory)
  return self._root:remove(id, directory)
end

-- A directory without a record that can be read may be anybody's, and so may the record: what we make has
-- nothing else in it, or a lock beside the record.
function Factory:_check_is_ours(box)
  local names, raw = box._directory:names()
  if not names then
    if core.errno_name(raw.errno) == "ENOENT" then return true end -- removed by another one: the lock tells it
    return nil, errors.raw(raw)
  end
  local has_record, has_lock, strange = false, false, nil
  for _, name in ipairs(names) do
    has_record, has_lock = has_record or state.is_record(name), has_lock or name == "lock"
    local is_known = state.is_record(name) or state.is_file(name) or name == layer.NAME
      or check.contains(checkpoint.NAMES, name)
    if not is_known then strange = strange or name end
  end
  if not strange or has_record and has_lock then return true end
  return nil, errors.no_container(box._id, strange, has_record)
end

function Factory:_criu()
  return self._options.criu_path or criu.DEFAULT
end

-- The path of something in the directory of a container.
function Factory:_place(id, name)
  return ("%s/%s/%s"):format(self._path, id, name)
end

-- Directory and name of the state root: what is for a moment only is made beside it, where no id is looked for.
function Factory:_beside()
  local directory, name = self._path:match("^(.*)/([^/]+)/*$")
  return directory == "" and "/" or directory or "/", name or "libcontainer"
end

-- Our own name for a container's cgroup: the root's key keeps two state roots apart.
local function cgroup_name(self, id)
  local name = ("libcontainer-%s-%s"):format(self._root:key(), id)
  if #name > 200 then
    -- a directory name ends at 255 bytes; ids of one root that share 150 characters are told apart
    -- by their length and a checksum
    local sum = 0
    for i = 1, #id do sum = (sum * 31 + id:byte(i)) & 0xffffffffffff end
    name = ("%s-%d-%012x"):format(name:sub(1, 180), #id, sum)
  end
  return name
end

-- What is not in its directory, and bears this, is the container's.
function Factory:_mark(id)
  return cgroup_name(self, id)
end

local function claimant(self, id, directory)
  return { host = self._host, id = id, name = cgroup_name(self, id), directory = directory }
end

-- argv of the program that replaces our init, nil for our own.
function Factory:_init_command()
  local path = self._options.init_path
  if not path then return nil end
  local argv = { path }
  table.move(self._options.init_args or {}, 1, #(self._options.init_args or {}), 2, argv)
  return argv
end

-- Where the cgroups of a container to be made are: the configured place, and our name for it; neither
-- when it is to have none. An ordinary user has none where he may make none, unless he names a place.
local function place_of(self, id, config)
  local place = config.cgroups and config.cgroups.path
  if self._options.cgroups == "none" or self._has_no_cgroups and not place then return nil, nil end
  return place, cgroup_name(self, id)
end

-- Root of a user namespace may make namespaces, and owns no cgroup by that.
local function is_root_of_machine()
  local map = core.is_privileged() and core.proc_file(core.pid(), "uid_map")
  return map and map:find "^%s*0%s+0%s+4294967295" ~= nil
end

-- Asked once, with a name that nobody has, unless the caller has said what he wants.
local function look_for_cgroups(self)
  local wish = self._options.cgroups
  if self._has_no_cgroups ~= nil or is_root_of_machine() or (wish and wish ~= "auto") then return end
  local handle = core.container(self._host, nil, cgroup_name(self, "none"))
  self._has_no_cgroups = not (handle and handle:may_make())
end

-- The core object of a container to be made.
local function open_core(self, id, config)
  look_for_cgroups(self)
  local place, name = place_of(self, id, config)
  local handle, raw = core.container(self._host, place, name)
  if not handle then return nil, errors.raw(raw, { field = place and "cgroups.path" }) end
  return handle
end

-- What its limits need must be there, before anything is made.
local function check_limits(self, handle, config)
  if not config.cgroups then return true end
  local fine, raw = handle:check { cgroups = config.cgroups, devices = config.devices }
  if fine then return true end
  local hint = self._options.cgroups == "none" and 'this factory was opened with cgroups = "none"'
    or self._has_no_cgroups and "this user may make no cgroup here: limits need one that was delegated to him, "
      .. "as systemd-run --user -p Delegate=yes does"
  return nil, errors.raw(raw, { hint = hint or nil })
end

-- The same for one that does not run: what its core object knows is what its last start has made.
function Factory:_check_limits(id, config)
  local handle <close>, err = open_core(self, id, config)
  if not handle then return nil, err end
  return check_limits(self, handle, config)
end

-- Its place must be free.
local function probe(handle, config)
  local free, raw = handle:probe()
  if free then return true end
  return nil, errors.raw(raw, { field = config.cgroups and config.cgroups.path and "cgroups.path" })
end

-- Where its cgroups are, into its record.
local function note_places(box)
  local record, handle = box._record, box._core
  record.cgroup_places, record.cgroup_paths = handle:places(), handle:cgroup_paths()
  record.systemd = handle:scope()
end

-- Write the record of a container, as text where it is made already. Of one without cgroups there is a
-- witness, which is asked before the record and so is written first.
function Factory:_save(owner, text)
  local record = owner._record
  local done, err = true, nil
  if not record.cgroup_places[1] then
    done, err = state.save_witness(owner._directory, cgroup_name(self, owner._id), record)
  end
  if not done then return nil, err end
  if text then return state.write(owner._directory, text) end
  return state.save(owner._directory, record)
end

-- A container that starts again: cgroups made anew, and their places in its record. The core object
-- stays the same, because the container's finaliser must come before that of the core.
function Factory:_renew(owner)
  local config, handle = owner._record.config, owner._core
  local place, name = place_of(self, owner._id, config)
  local done, raw = handle:renew(place, name)
  if not done then return nil, errors.raw(raw, { field = place and "cgroups.path" }) end
  owner._init = false
  note_places(owner)
  if owner._record.cgroup_places[1] and state.load_witness(owner._directory, cgroup_name(self, owner._id)) then
    local retired, err = state.save_witness(owner._directory, cgroup_name(self, owner._id),
      { boot_id = self._host:boot_id() }) -- it had none until now
    if not retired then return nil, err end
  end
  return self:_save(owner) -- the intent, before anything is made
end

-- Is there a directory of that id?
function Factory:_has_directory(id)
  local directory <close> = self._root:find(id)
  return directory ~= nil
end

-- Another process has started a container again.
function Factory:_follow(owner, record)
  return claims.follow(claimant(self, owner._id, owner._directory), record, owner._core)
end

-- Before a destroy: who is made here knows its cgroups, and others may have been lost from the record.
function Factory:_destroy_lost(owner, timeout)
  if owner._is_made_here then return true end
  return claims.destroy_lost(claimant(self, owner._id, owner._directory), owner._core, timeout)
end

-- --- create, load, list ---

local function check_id(id)
  if type(id) ~= "string" or not core.id_is_valid(id) then return nil, errors.invalid_id(id) end
  return true
end

local function prepare(self, config)
  local strict, err = configs.prepare_shared(config)
  if not strict then return nil, err end
  local fine
  fine, err = forms.check_written(strict)
  if not fine then return nil, err end
  local validator = self._options.validator
  if validator then
    local is_wanted, message = validator(check.copy(strict))
    if not is_wanted then
      return nil, errors.config_problem("config", tostring(message or "refused by the validator"))
    end
  end
  return strict
end

local function new_record(self, id, config)
  return {
    id = id, config = config, created = core.time(), boot_id = self._host:boot_id(),
    owner = { uid = core.uid(), pid = core.pid() }, status = "created",
    network_links = config.networks and network.links_of(config, cgroup_name(self, id)) or nil,
  }
end

-- In a directory that we made: look whether the cgroups are free, write the intent. What fails takes the
-- directory away, unless it is somebody else's by now.
local function write_intent(self, box)
  local id, directory = box._id, box._directory
  local lock <close>, err = container.lock(directory, id, box._core, nil, true)
  if not lock then
    local is_taken = err.code == "ContainerNotExists" or err.errname == "ETIMEDOUT"
    if not is_taken then self._root:remove(id, directory) end
    return nil, err
  end
  -- Two make it, and one of them a second time because it was removed meanwhile: both have opened the last.
  local exists
  exists, err = state.exists(directory)
  if exists then return nil, errors.id_in_use(id) end
  local record, done = box._record, nil
  if exists == false then done, err = probe(box._core, record.config) end
  if done then
    note_places(box)
    done, err = self:_save(box)
  end
  if not done then self._root:remove(id, directory) end
  return done, err
end

-- Copies of the descriptors that are sources of mounts, by index of the mount: they are the container's
-- from now on, whatever the caller does with his own.
local function open_sources(config)
  local sources = {}
  for i, mount in ipairs(config.mounts or {}) do
    local raw
    if mount.source_fd then
      sources[i], raw = core.duplicate(mount.source_fd)
      if not sources[i] then
        for _, source in pairs(sources) do source:close() end
        return nil, errors.raw(raw, { field = ("mounts[%d].source_fd"):format(i), subject = tostring(mount.source_fd),
          hint = "it must be open, and stay so until the container has been created" })
      end
    end
  end
  return sources
end

-- Once more when the third answer is true: somebody destroyed the directory before it was locked.
local function make(self, id, strict, shared)
  local handle, err = open_core(self, id, strict)
  if not handle then return nil, err end
  local fine
  fine, err = check_limits(self, handle, strict)
  if not fine then return nil, err end
  -- The object exists before the directory, so that an error at any moment, or a coroutine that is not
  -- resumed, leaves an owner; its metatable comes behind what it needs, see container.new.
  local sources
  sources, err = open_sources(strict)
  if not sources then return nil, err end
  local directory, record = self._root:directory(), new_record(self, id, strict)
  record.shared = shared and sharing.names(shared) or nil
  local box = container.new { factory = self, id = id, directory = directory, core = handle,
    record = record, sources = sources, shared = shared, is_owned = true, is_made_here = true }
  local made, raw = self._root:make(id, directory)
  if not made then
    box._is_destroyed = true
    local name = core.errno_name(raw.errno)
    if name == "EEXIST" then return nil, errors.id_in_use(id) end
    return nil, errors.raw(raw), name == "ENOENT"
  end
  local is_fine, written, problem = pcall(write_intent, self, box)
  if is_fine and written then
    box._is_owned = not strict.detach
    return box
  end
  if not is_fine then self._root:remove(id, directory) end -- no memory
  box._is_destroyed = true
  directory:close()
  if not is_fine then error(written, 0) end
  return nil, problem, problem.code == "ContainerNotExists"
end

--- Create a container: its directory and intent on disk. Nothing is started.
---@param id string     1–255 of 0-9 A-Z a-z _ + - . , never . or ..
---@param config libcontainer.fields.config  see doc/reference/fields.md
---@return libcontainer.Container|nil
---@return libcontainer.Error|nil err  InvalidIdFormat, IdInUse, ConfigInvalid, SystemError
function Factory:create(id, config)
  if type(config) ~= "table" then error("bad argument #2 to 'create' (table expected)", 2) end
  local fine, err = check_id(id)
  if not fine then return nil, err end
  local shared, strict
  config, shared = sharing.resolve(config)
  if not config then return nil, shared end
  strict, err = prepare(self, config)
  if not strict then return nil, err end
  local box, is_lost
  for _ = 1, CREATE_ATTEMPTS do
    box, err, is_lost = make(self, id, strict, shared)
    if not is_lost then break end
  end
  if not box then return nil, err end
  return box
end

-- A container whose state cannot be read: enough of one to be listed and destroyed. Its cgroups are known
-- by the name that the root and the id give, and nothing that the file says is used.
local function damaged_container(self, id, directory, err)
  local handle = claims.open_damaged(claimant(self, id, directory))
  if not handle then return nil, err end
  return container.new { factory = self, id = id, directory = directory, core = handle,
    record = { config = {} }, damaged = err }
end

local function open_container(self, id, directory)
  local record, err = state.load(directory, id)
  if not record then
    if err.code == "ContainerNotExists" or state.is_transient(err) then return nil, err end
    return nil, err, damaged_container(self, id, directory, err)
  end
  local strict
  strict, err = configs.prepare_shared(record.config)
  if not strict then
    err = errors.state_damaged(id, "its config: " .. tostring(err))
    return nil, err, damaged_container(self, id, directory, err)
  end
  record.config = strict
  local who = claimant(self, id, directory)
  local handle
  handle, err = claims.open(who, record)
  if not handle and state.is_transient(err) then return nil, err end
  if not handle then return nil, err, damaged_container(self, id, directory, err) end
  local adopted
  adopted, err = claims.adopt(who, record, handle)
  if not adopted then return nil, err end
  return container.new { factory = self, id = id, directory = directory, core = handle,
    record = record }
end

-- Now that its lock is held: what could not be read may have been in the making, and what has been made
-- since is to be destroyed too.
function Factory:_reopen(owner)
  local id, directory = owner._id, owner._directory
  local now, err, damaged = open_container(self, id, directory)
  now = now or damaged
  if not now and err.code == "ContainerNotExists" then
    now, err = damaged_container(self, id, directory, owner._damaged)
  end
  if not now then return nil, err end
  owner._core:close()
  owner._core, owner._record, owner._damaged = now._core, now._record, now._damaged
  return true
end

local function find(self, id)
  local directory, raw = self._root:find(id)
  if directory then return directory end
  if core.errno_name(raw.errno) == "ENOENT" then return nil, errors.container_not_exists(id) end
  return nil, errors.raw(raw)
end

--- The container of that id, made by whichever process. It is not owned: closing it ends nothing.
---@param id string
---@return libcontainer.Container|nil
---@return libcontainer.Error|nil err  InvalidIdFormat, ContainerNotExists, SystemError (damaged state)
function Factory:load(id)
  local fine, err = check_id(id)
  if not fine then return nil, err end
  local directory
  directory, err = find(self, id)
  if not directory then return nil, err end
  local loaded, why, damaged = open_container(self, id, directory)
  if loaded then return loaded end
  -- Not left to the collector: a program that polls would run out of descriptors first.
  if damaged then damaged:_release() end
  directory:close()
  return nil, why
end

-- --- checkpoints ---

-- In a container whose lock is held. Answers the process, and warnings of what its last life has left to do.
local function restore_in(self, box, images, description, options, is_new)
  local lock <close>, err = container.lock(box._directory, box._id, box._core)
  if not lock then return nil, err end
  local warnings
  if not is_new then
    local status
    status, err = box:status()
    if not status then return nil, err end
    if status ~= "checkpointed" then return nil, errors.id_in_use(box._id) end
    local done, raw = box._core:destroy() -- its cgroups, which are empty
    if not done then return nil, errors.raw(raw) end
    warnings = hooks.poststop(box)
    box._record.config = description.config
    done, err = self:_renew(box)
    if not done then return nil, err end
  end
  local proc
  proc, err = checkpoint.restore(box, images, description, options)
  if proc then return proc, warnings end
  return nil, err
end

-- The one that was checkpointed, to come back where it was; nil without an error when there is none.
local function find_checkpointed(self, id)
  if not self:_has_directory(id) then return nil end
  local box, err = self:load(id)
  if not box then return nil, err end
  if box:status() == "checkpointed" then return box end
  box:_release()
  return nil, errors.id_in_use(id)
end

-- Where it is restored as another container, and elsewhere on the host.
local function move(self, description, config, is_new)
  if config == nil then return true end
  if not is_new then
    return nil, errors.config_problem("config", "is for a new container", "what was checkpointed is where it was")
  end
  local strict, err = prepare(self, config)
  if not strict then return nil, err end
  return checkpoint.move(description, strict)
end

--- Bring a container back from a checkpoint: the one that was checkpointed, where it was; or, with
-- `images_directory`, a new one of any id. It runs then, as confined as it was, or nothing is left of it.
-- Options: `images_directory`, `work_directory`, `tcp_established`, `external_unix_connections`, `shell_job`,
-- `file_locks`, `timeout`, `progress` as for container:checkpoint; `stdin`, `stdout`, `stderr`, as of a process,
-- take the place of pipes that led out of the container; `config`: of a new one that is elsewhere on the host, from
-- which rootfs, sources of bind mounts with the same destination, cgroups.path, labels and annotations are taken.
---@param id string
---@param options table|nil
---@return libcontainer.Container|nil
---@return libcontainer.Process|libcontainer.Error  its init, with its ends of pipes; IdInUse, ContainerNotExists, ConfigInvalid, SystemError
---@return libcontainer.Error[]|nil warnings  of poststop hooks of the life that the checkpoint has ended
function Factory:restore(id, options)
  local fine, err = check_id(id)
  if not fine then return nil, err end
  options, err = checkpoint.restore_options(options)
  if not options then return nil, err end
  local box
  box, err = find_checkpointed(self, id)
  if err then return nil, err end
  if not box and not options.images_directory then return nil, errors.container_not_exists(id) end
  local images <close>, description = checkpoint.open(options.images_directory, box)
  if not images then return nil, description end
  local is_new = box == nil
  fine, err = move(self, description, options.config, is_new)
  if not fine then return nil, err end
  local config
  config, err = prepare(self, description.config)
  if not config then return nil, err end
  description.config = config
  fine, err = checkpoint.check(description, is_new)
  if not fine then return nil, err end
  if is_new then box, err = self:create(id, config) end
  if not box then return nil, err end
  local proc, warnings
  proc, warnings = restore_in(self, box, images, description, options, is_new)
  if proc then
    box._is_owned = not config.detach
    if warnings then return box, proc, warnings end
    return box, proc
  end
  err = warnings
  if is_new then box:destroy() else box:_release() end
  return nil, err
end

--- Every container of the root, by id. One with a damaged state is listed too; its methods answer
-- what is wrong, and it can be destroyed.
---@return libcontainer.Container[]|nil
---@return libcontainer.Error|nil err
function Factory:list()
  local ids, raw = self._root:ids()
  if not ids then return nil, errors.raw(raw) end
  table.sort(ids)
  local list = {}
  for _, id in ipairs(ids) do
    local directory, err = find(self, id)
    local loaded, damaged
    if directory then loaded, err, damaged = open_container(self, id, directory) end
    if loaded or damaged then
      list[#list + 1] = loaded or damaged
    elseif err.code ~= "ContainerNotExists" then
      return nil, err -- EMFILE and the like: an incomplete list is no list [L12]
    end
  end
  return object.list(list)
end

--- Destroy a container by id, whatever state its files are in. A directory that nobody has made for a
-- container is left alone.
---@param id string
---@param options table|nil  as for container:destroy
---@return true|nil
---@return libcontainer.Error|nil err  ContainerNotExists
function Factory:destroy(id, options)
  local fine, err = check_id(id)
  if not fine then return nil, err end
  local directory
  directory, err = find(self, id)
  if not directory then return nil, err end
  local loaded, why, damaged = open_container(self, id, directory)
  if not loaded and not damaged and why.code == "ContainerNotExists" then
    -- made, but killed before its intent was written: there is nothing else of it
    damaged = damaged_container(self, id, directory, why)
  end
  local target = loaded or damaged
  if not target then return nil, why end
  return target:destroy(options)
end

--- For a program that replaces the init (`init_path`): carry out the plan. Does not return on
-- success; the process becomes the container's program.
---@param fd integer|nil  the session's descriptor, 3 unless it was moved; the plan's follows it
---@return nil
---@return libcontainer.Error err
function Factory:start_initialization(fd)
  fd = fd or 3
  if math.type(fd) ~= "integer" or fd < 3 then
    error("bad argument #1 to 'start_initialization' (descriptor expected)", 2)
  end
  local _, raw = core.start_initialization(fd, fd + 1, installed_init())
  return nil, errors.raw(raw)
end

function Factory:__tostring()
  local ids = self._root:ids()
  return ("libcontainer.factory %s (%d containers)"):format(self._path, ids and #ids or 0)
end

-- One of each interpreter: it holds descriptors.
local default

--- The factory that is used where none is named: the default root, opened at the first use.
---@return libcontainer.Factory|nil
---@return libcontainer.Error|nil err
function M.default()
  local err
  if not default then default, err = M.new() end
  return default, err
end

return M
