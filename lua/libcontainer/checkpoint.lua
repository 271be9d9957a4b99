-- SPDX-License-Identifier: MIT
--- A container into files, and back: what criu needs to be told, what it cannot bring back by itself, and
-- the proof that what came back is as confined as what went.
--
-- A checkpoint is a directory of criu's images and one file of ours, written last: without it the directory
-- is the rest of one that failed. Whoever can write there decides what runs with which privileges, so it
-- is believed only when it belongs to the caller and nobody else may write to it.
local check = require "libcontainer.check"
local checkpoint_errors = require "libcontainer.checkpoint_errors"
local confinement = require "libcontainer.confinement"
local core = require "libcontainer.core"
local criu = require "libcontainer.criu"
local errors = require "libcontainer.errors"
local events = require "libcontainer.events"
local externals = require "libcontainer.externals"
local forms = require "libcontainer.configs.hooks"
local hooks = require "libcontainer.hooks"
local json = require "libcontainer.json"
local layer = require "libcontainer.layer"
local loop = require "libcontainer.loop"
local network = require "libcontainer.network"
local obstacles = require "libcontainer.obstacles"
local process = require "libcontainer.process"
local start = require "libcontainer.start"
local state = require "libcontainer.state"
local units = require "libcontainer.units"

local M = {}

local FILE <const> = "libcontainer.json"
local VERSION <const> = 1
local IMAGES <const>, WORK <const>, SCRATCH <const> = "criu.image", "criu.work", "criu.run"
local TIMEOUT <const> = 60
local PARENTS_MAX <const> = 100
local THAW_TIMEOUT <const>, DESTROY_TIMEOUT <const>, END_TIMEOUT <const> = 10, 10, 10
local INSIDE_TIMEOUT <const> = 10
local SIGCONT <const> = 18

--- What it makes in the directory of a container.
M.NAMES = { IMAGES, WORK, SCRATCH }

-- --- options ---

local COMMON <const> = { "images_directory", "work_directory", "tcp_established", "external_unix_connections",
  "shell_job", "file_locks", "timeout", "progress" }
local OF_DUMP <const> = { "leave_running", "pre_dump", "parent_path", "link_remap", "tcp_skip_in_flight", "auto_dedup",
  "page_server", table.unpack(COMMON) }
local OF_RESTORE <const> = { "config", "stdin", "stdout", "stderr", table.unpack(COMMON) }

-- What a restore has to be told as well, when the checkpoint was.
local OF_BOTH <const> = { "tcp_established", "external_unix_connections", "shell_job", "file_locks" }

local FLAGS <const> = { { "tcp_established", "--tcp-established" }, { "external_unix_connections", "--ext-unix-sk" },
  { "shell_job", "--shell-job" }, { "file_locks", "--file-locks" }, { "leave_running", "--leave-running" },
  { "link_remap", "--link-remap" }, { "tcp_skip_in_flight", "--skip-in-flight" }, { "auto_dedup", "--auto-dedup" } }

local FLAG_NAMES <const> = { "pre_dump" }
for i, flag in ipairs(FLAGS) do FLAG_NAMES[i + 1] = flag[1] end

local function check_path(options, name)
  local path = options[name]
  local is_fine = type(path) == "string" and path:sub(1, 1) == "/" and not path:find("\0", 1, true)
  if path == nil or is_fine then return true end
  return nil, errors.config_problem(name, "must be an absolute path")
end

-- What came before is beside it: criu remembers it by a path that leads there from the images.
local function check_series(options)
  local parent = options.parent_path
  local is_relative = type(parent) == "string" and parent:find("^[^/]") and not parent:find("\0", 1, true)
  if parent ~= nil and not is_relative then
    return nil, errors.config_problem("parent_path", "must be a path that leads there from images_directory",
      'write "../before"')
  end
  if (parent or options.pre_dump) and not options.images_directory then
    return nil, errors.config_problem("images_directory", "is needed beside pre_dump and parent_path")
  end
  -- a pre-dump leaves everything running in any case
  if options.pre_dump then options.leave_running = nil end
  return true
end

local function check_options(options, names, what)
  options = check.options(options, names, what, FLAG_NAMES)
  if options.progress ~= nil and type(options.progress) ~= "function" then
    return nil, errors.config_problem("progress", "must be a function, not a " .. type(options.progress))
  end
  local fine, err = check_path(options, "images_directory")
  if fine then fine, err = check_path(options, "work_directory") end
  if fine then fine, err = check_series(options) end
  if not fine then return nil, err end
  local timeout, problem = units.duration(options.timeout or TIMEOUT)
  if not timeout or timeout <= 0 then
    return nil, errors.config_problem("timeout", problem or "must be more than 0", 'write 60 or "2min"')
  end
  local server = options.page_server
  if server ~= nil and (type(server) ~= "table" or type(server.address) ~= "string"
    or math.type(server.port) ~= "integer" or server.port < 1 or server.port > 65535) then
    return nil, errors.config_problem("page_server", "must be { address = \"…\", port = 1 to 65535 }")
  end
  options.timeout = timeout
  return options
end

local function tell(options, step)
  if options.progress then options.progress(step) end
end

-- --- directories ---

-- The directory that an option names, or the usual one in that of the container.
local function open_directory(box, path, name, step, may_make)
  local directory, made
  if path then
    directory, made = core.images(path, step, may_make)
  else
    directory, made = box._directory:images(name, step, may_make)
  end
  if directory then return directory end
  local subject = path or box._factory:_place(box._id, name)
  return nil, errors.raw(made, { subject = subject,
    hint = core.errno_name(made.errno) == "EPERM" and checkpoint_errors.UNTRUSTED_IMAGES or nil })
end

local function open_work(box, options, step)
  local work, err = open_directory(box, options.work_directory, WORK, step, true)
  if not work then return nil, err end
  return work, (options.work_directory or box._factory:_place(box._id, WORK)) .. "/"
end

-- Prove a directory of images, and read what we wrote there.
local function read_description(images, name)
  local fine, raw = images:check("restore")
  if not fine then
    return nil, errors.raw(raw, { subject = name .. "/" .. raw.subject,
      hint = core.errno_name(raw.errno) == "EPERM" and checkpoint_errors.UNTRUSTED_IMAGES or nil })
  end
  local text, description, err
  text, raw = images:read(FILE)
  if text then
    description, err = json.decode(text)
    if description == nil then return nil, err end
  elseif core.errno_name(raw.errno) ~= "ENOENT" then
    return nil, errors.raw(raw)
  end
  if type(description) ~= "table" or description.version ~= VERSION or type(description.config) ~= "table"
    or type(description.facts) ~= "table" or type(description.externals) ~= "table" then
    return nil, checkpoint_errors.no_checkpoint(name)
  end
  return description
end

-- The ones that it goes on from, as far as they go, are read by criu too.
local function check_parents(images, name, parent, left)
  if parent == nil then return true end
  name = name .. "/" .. tostring(parent)
  if type(parent) ~= "string" or left == 0 then return nil, checkpoint_errors.no_checkpoint(name) end
  local directory <close>, raw = images:images(parent, "restore", false)
  if not directory then return nil, errors.raw(raw, { subject = name }) end
  local description, err = read_description(directory, name)
  if not description then return nil, err end
  return check_parents(directory, name, description.parent, left - 1)
end

-- --- checkpoint ---

local function common_arguments(box, verb, images, work, log, options)
  local args = { box._factory:_criu(), verb, "--images-dir", images:path(), "--work-dir", work:path(),
    "--log-file", log, "-v4", "--manage-cgroups=ignore" }
  for _, flag in ipairs(FLAGS) do
    if options[flag[1]] then args[#args + 1] = flag[2] end
  end
  return args
end

local function add(args, ...)
  for _, value in ipairs { ... } do args[#args + 1] = value end
end

local function dump_arguments(box, images, work, given, options)
  local verb = options.pre_dump and "pre-dump" or "dump"
  local args = common_arguments(box, verb, images, work, "dump.log", options)
  add(args, "--tree", tostring((box._core:init())))
  for _, external in ipairs(given) do
    add(args, "--external", ("mnt[%s]:%s"):format(external.point, external.key))
  end
  if options.pre_dump or options.parent_path then add(args, "--track-mem") end
  if options.parent_path then add(args, "--prev-images-dir", options.parent_path) end
  if options.page_server then
    add(args, "--page-server", "--address", options.page_server.address, "--port", tostring(options.page_server.port))
  end
  return args
end

-- What nobody can bring back is told before anything is made, and before anything stands still. Answers what
-- confines it, and the mounts that criu is not to make.
local function look(box, options)
  local config = box._record.config
  local err = obstacles.of_config(config)
  if err then return nil, err end
  local facts
  facts, err = confinement.read(box._core)
  if not facts then return nil, err end
  err = obstacles.of_processes(config, facts, (box._core:init()), box._id, options)
  if err then return nil, err end
  local given, point = externals.of(config, facts.mounts)
  if not given then return nil, checkpoint_errors.mount_of_image(point) end
  return facts, given
end

local function write_description(box, images, facts, given, options)
  local said = {}
  for _, name in ipairs(OF_BOTH) do said[name] = options[name] end
  local text, err = json.encode { version = VERSION, id = box._id, created = core.time(),
    pre_dump = options.pre_dump, parent = options.parent_path, config = forms.storable(box._record.config),
    facts = facts, externals = given, options = said }
  if not text then return nil, err end
  local done, raw = images:replace(FILE, text)
  if not done then return nil, errors.raw(raw) end
  return true
end

-- The container is as it was, or the error says that it is not.
local function undo(box, images, options, err)
  if box:status() ~= "running" then box._core:thaw(THAW_TIMEOUT) end
  local status = box:status()
  if status ~= "running" then
    err.message = err.message .. ("; the container is %s"):format(status or "in a state that cannot be read")
  end
  images:clear("checkpoint")
  if not options.images_directory then box._directory:remove(IMAGES, "checkpoint") end
  return nil, err
end

local function goes_on(options)
  return options.leave_running or options.pre_dump
end

-- criu says that it has killed everything; the kernel has the last word.
local function await_end(box)
  local deadline = loop.deadline(END_TIMEOUT)
  while box._core:status() ~= "stopped" do
    if core.now() >= deadline then return nil, checkpoint_errors.not_ended() end
    loop.pause(0.01)
  end
  return true
end

local function dump(box, images, work, log_path, facts, given, options)
  local config = box._record.config
  local null <close>, raw = core.null()
  if not null then return nil, errors.raw(raw) end
  local args = dump_arguments(box, images, work, given, options)
  tell(options, "dump")
  local done, err, was_killed = criu.run { step = "checkpoint", work = work, log = "dump.log",
    log_path = log_path .. "dump.log", timeout = options.timeout, begin = function()
      return box._core:dump(config, { args = args }, { id = box._id, stdin = null, stdout = null, stderr = null })
    end }
  if was_killed and box._core:thaw(THAW_TIMEOUT) and facts.namespaces.net then criu.unlock_network(box) end
  if done and not goes_on(options) then done, err = await_end(box) end
  if not done then return nil, err end
  return write_description(box, images, facts, given, options)
end

-- Nothing may be in it that could be mistaken for a part of this one. The usual one is ours: what is there
-- is of a time that has gone.
local function empty(images, options)
  if not options.images_directory then
    local done, raw = images:clear("checkpoint")
    return done, raw and errors.raw(raw)
  end
  local is_empty, raw = images:is_empty("checkpoint")
  if is_empty then return true end
  return nil, raw and errors.raw(raw) or checkpoint_errors.images_in_use(options.images_directory)
end

-- What is to be known of it when it is asked for its status.
local function note_end(box, options)
  if box._init then box._init:_poll() end -- its accounting, and the status that it ended with
  box._record.checkpoint = { time = core.time(), images = options.images_directory }
  box._record.status = "checkpointed"
  local saved, err = state.save(box._directory, box._record)
  if saved then return true end
  err.hint = "the checkpoint is complete, and the container has ended"
  return nil, err
end

--- Write a container that runs into files. The caller holds its lock and has looked at its status.
---@param box libcontainer.Container
---@param options table  of `dump_options`
---@return true|nil
---@return libcontainer.Error|nil err
function M.dump(box, options)
  local facts, given = look(box, options)
  if not facts then return nil, given end
  local images <close>, err = open_directory(box, options.images_directory, IMAGES, "checkpoint", true)
  if not images then return nil, err end
  local done
  done, err = empty(images, options)
  if done and options.parent_path then
    done, err = check_parents(images, options.images_directory, options.parent_path, PARENTS_MAX)
  end
  if not done then return nil, err end
  local work <close>, log_path = open_work(box, options, "checkpoint")
  if not work then return undo(box, images, options, log_path) end
  local is_fine
  is_fine, done, err = pcall(dump, box, images, work, log_path, facts, given, options)
  if not is_fine then
    undo(box, images, options, { message = "" })
    error(done, 0)
  end
  if not done then return undo(box, images, options, err) end
  events.tell(box, "checkpoint")
  if not goes_on(options) then
    done, err = note_end(box, options)
    if not done then return nil, err end
  end
  tell(options, "done")
  return true
end

--- The options of a checkpoint; raises for unknown ones.
---@param options table|nil
---@return table|nil options  a raw copy with its defaults
---@return libcontainer.Error|nil err  ConfigInvalid
function M.dump_options(options)
  return check_options(options, OF_DUMP, "checkpoint")
end

-- --- restore ---

--- The options of a restore; raises for unknown ones.
---@param options table|nil
---@return table|nil options  a raw copy with its defaults
---@return libcontainer.Error|nil err  ConfigInvalid
function M.restore_options(options)
  return check_options(options, OF_RESTORE, "restore")
end

--- Open a checkpoint, and read what we wrote there.
---@param path string|nil  absolute; nil: where that container was checkpointed to
---@param box libcontainer.Container|nil
---@return userdata|nil images  to be closed
---@return table description    `config`, `facts`, `externals`; or the error
function M.open(path, box)
  path = path or box._record.checkpoint.images
  local images, err = open_directory(box, path, IMAGES, "restore", false)
  if not images then return nil, err end
  local name = path or box._factory:_place(box._id, IMAGES)
  local description, fine
  description, err = read_description(images, name)
  if description and description.pre_dump then
    description, err = nil, checkpoint_errors.no_checkpoint(name)
  elseif description then
    fine, err = check_parents(images, name, description.parent, PARENTS_MAX)
  end
  if description and fine then return images, description end
  images:close()
  return nil, err
end

--- Take what is elsewhere on the host now from a configuration.
---@param description table
---@param config table  strict
---@return true|nil
---@return libcontainer.Error|nil err
function M.move(description, config)
  local done, point = externals.move(description, config)
  if not done then return nil, checkpoint_errors.mount_of_image(point) end
  return true
end

-- What was done inside, by hooks too, is in the images; the host's part has to be done again.
local HOOKS <const> = { "prestart", "create_runtime" }

--- Can it be restored here? Told before anything is made.
---@param description table
---@param is_new boolean  as another container than the one that was checkpointed
---@return true|nil
---@return libcontainer.Error|nil err
function M.check(description, is_new)
  local overlay = description.config.overlay
  if is_new and overlay and not overlay.layer then return nil, checkpoint_errors.layer_not_there(description.id) end
  return hooks.check(description.config, core.pid(), { "prestart", "create_runtime", "poststop" })
end

local STDIO <const> = { "stdin", "stdout", "stderr" }

-- A pipe that led out of the container is ours to give again, one descriptor for each.
local function inherit(args, facts)
  local seen = {}
  for i in ipairs(STDIO) do
    local what = facts.stdio[i]
    if what and what:find("^pipe:%[%d+%]$") and not seen[what] then
      seen[what] = true
      add(args, "--inherit-fd", ("fd[%d]:%s"):format(i - 1, what))
    end
  end
end

local function restore_arguments(box, images, work, scratch, place, description, options)
  for name, value in pairs(description.options or {}) do
    if options[name] == nil then options[name] = value end
  end
  local args = common_arguments(box, "restore", images, work, "restore.log", options)
  add(args, "--restore-detached", "--restore-sibling", "--leave-stopped", "--root", place .. "/root",
    "--pidfile", scratch:path() .. "/pid")
  local cgroups = box._core:cgroup_paths()
  for _, external in ipairs(description.externals) do
    add(args, "--external", ("mnt[%s]:%s"):format(external.key, externals.source(external, place .. "/masks", cgroups)))
  end
  for _, pair in ipairs(network.pairs_of(box._record.config, box._factory:_mark(box._id))) do
    add(args, "--external", ("veth[%s]:%s"):format(pair.name, pair.host_name))
  end
  inherit(args, description.facts)
  return args
end

-- Have something done in namespaces of what criu has made: `method` is the session's in the core.
local function inside(box, method, what_it_is_when_late)
  local null <close>, raw = core.null()
  if not null then return nil, errors.raw(raw) end
  local session <close>, problem = box._core[method](box._core, box._record.config, { args = { "" } },
    { id = box._id, mark = box._factory:_mark(box._id), stdin = null, stdout = null, stderr = null })
  if not session then return nil, errors.raw(problem) end
  local done
  done, raw = criu.drive(session, "ready", loop.deadline(INSIDE_TIMEOUT))
  if done then return true end
  if raw then return nil, errors.raw(raw) end
  return nil, errors.timed_out("restore", what_it_is_when_late, INSIDE_TIMEOUT)
end

-- criu leaves the root writable.
local function close_root(box)
  return inside(box, "close_root", "the root does not become read-only")
end

-- The other ends of its pairs are on the host, and nothing more.
local function plug_in(box)
  if not box._record.network_links then return true end
  return inside(box, "restore_networks", "its networks do not come back")
end

-- What criu has made is the container's from now on, and stands still.
local function take(box, scratch, description)
  local text, raw = scratch:read("pid")
  local pid = text and math.tointeger(tonumber(text))
  if not pid or pid < 2 then
    return nil, raw and errors.raw(raw, { step = "restore" }) or checkpoint_errors.not_restored("criu wrote no pid")
  end
  local taken
  taken, raw = box._core:take_restored(pid)
  if not taken then return nil, errors.raw(raw) end
  local facts
  local done, err = true, nil
  if confinement.is_root_readonly(description.facts) then done, err = close_root(box) end
  if done then facts, err = confinement.read(box._core) end
  if not facts then return nil, err end
  local fine, what = confinement.prove(description.facts, facts)
  if not fine then return nil, checkpoint_errors.not_restored(what) end
  return true
end

-- criu runs in the container's cgroups, and needs room of its own there: as much more for the time.
local ROOM <const> = { memory = 64 << 20, memory_swap = 64 << 20, pids_limit = 64 }

-- A configuration with that room, and the limits that have to be set afterwards; nil when there are none.
local function with_room(config)
  local roomy, limits = check.copy(config), {}
  for name, room in pairs(ROOM) do
    local limit = config.cgroups and config.cgroups[name]
    if math.type(limit) == "integer" and limit > 0 then
      roomy.cgroups[name], limits[name] = limit + room, limit
    end
  end
  return roomy, next(limits) and limits
end

local function run_hooks(box)
  for _, kind in ipairs(HOOKS) do
    local done, err = hooks.run(box, kind, { pid = (box._core:init()) })
    if not done then return nil, err end
  end
  return true
end

local function set_limits(box, limits)
  local config = box._record.config
  local done, raw = true, nil
  if limits then
    done, raw = box._core:set({ cgroups = limits, devices = config.devices }, { devices = config.devices })
  end
  return done, raw and errors.raw(raw)
end

local function note_start(box)
  local record = box._record
  record.init_process_pid, record.init_process_start = box._core:init()
  record.namespace_paths = start.namespace_paths(record.config, record.init_process_pid)
  record.status, record.started, record.checkpoint = "running", core.time(), nil
  return box._factory:_save(box)
end

local function run_criu(box, proc, config, args, place, work, log_path, description, options)
  local fds, err = proc:_open_stdio()
  if not fds then return nil, err end
  fds.id, fds.scratch, fds.layer, fds.mark = box._id, place, layer.path(box), box._factory:_mark(box._id)
  for _, name in ipairs(STDIO) do fds["null_" .. name] = nil end
  local has_nnp = false
  for _, one in ipairs(description.facts.processes) do
    if one.pid == description.facts.init then has_nnp = one.NoNewPrivs == 1 end
  end
  local spec = { args = args, no_new_privileges = has_nnp }
  local is_fine, done, why = pcall(criu.run, { step = "restore", work = work, log = "restore.log",
    log_path = log_path .. "restore.log", timeout = options.timeout,
    begin = function() return box._core:restore(config, spec, fds) end })
  if is_fine and done then proc:_attach(start.at_end(box), start.siblings_of(box)) end
  proc:_close_stdio(fds, is_fine and done)
  if not is_fine then error(done, 0) end
  return done, why
end

local function restore(box, images, description, options)
  local scratch <close>, err = open_directory(box, nil, SCRATCH, "restore", true)
  if not scratch then return nil, err end
  local raw
  for _, name in ipairs { "root", "masks" } do
    local made <close>, problem = scratch:images(name, "restore", true)
    if not made then return nil, errors.raw(problem) end
  end
  local work <close>, log_path = open_work(box, options, "restore")
  if not work then return nil, log_path end
  local proc
  proc, err = process.new { args = { "(restored as " .. box._id .. ")" }, stdin = options.stdin,
    stdout = options.stdout, stderr = options.stderr }
  if not proc then return nil, err end
  local place = box._factory:_place(box._id, SCRATCH)
  local args = restore_arguments(box, images, work, scratch, place, description, options)
  local done
  done, err = hooks.expect_poststop(box)
  if not done then return nil, err end
  tell(options, "restore")
  local roomy, limits = with_room(box._record.config)
  done, err = run_criu(box, proc, roomy, args, place, work, log_path, description, options)
  if not done then return nil, err end
  tell(options, "verify")
  done, err = take(box, scratch, description)
  if done then done, err = plug_in(box) end
  if done then done, err = run_hooks(box) end
  if done then done, err = set_limits(box, limits) end
  if done then done, err = note_start(box) end
  if not done then return nil, err end
  proc._handle, raw = box._core:open_init()
  if not proc._handle then return nil, errors.raw(raw) end
  box._init = proc
  done, raw = box._core:signal_all(SIGCONT)
  if not done then return nil, errors.raw(raw) end
  return proc
end

-- What a failure takes back of the record: the container is what it was.
local KEPT <const> = { "status", "checkpoint", "started", "init_process_pid", "init_process_start", "namespace_paths" }

local function keep(record)
  local kept = {}
  for _, name in ipairs(KEPT) do kept[name] = record[name] end
  return kept
end

-- Nothing of it lives, and the hooks behind the end have run.
local function undo_restore(box, kept)
  box._core:destroy(DESTROY_TIMEOUT)
  box._core:reap()
  local warnings = hooks.poststop(box)
  for _, name in ipairs(KEPT) do box._record[name] = kept[name] end
  box._factory:_save(box)
  return warnings
end

--- Bring a checkpoint back to life in a container that has been made for it, and whose lock is held.
---@param box libcontainer.Container
---@param images userdata
---@param description table
---@param options table
---@return libcontainer.Process|nil
---@return libcontainer.Error|nil err  nothing of it lives then
function M.restore(box, images, description, options)
  local kept = keep(box._record)
  local is_fine, proc, err = pcall(restore, box, images, description, options)
  box._directory:remove(SCRATCH, "restore")
  if is_fine and proc then
    tell(options, "done")
    return proc
  end
  local warnings = undo_restore(box, kept)
  if not is_fine then error(proc, 0) end
  err.warnings = warnings
  return nil, err
end

return M
