-- SPDX-License-Identifier: MIT
--- Hooks: what is run at points of a container's lifecycle.
--
-- A program is started by the core, beside a guard that ends it when this process goes; here are its
-- input, its output, its deadline, and what is said when it fails. Its state is in memory of its own, so
-- nobody waits for a hook that does not read; its output is read as it comes and its tail is kept; it is
-- its own end that is waited for, whoever else holds its pipes. A process group is what is killed, not a
-- cgroup: a hook of the host is not accounted to the container, works where no cgroup can be made, and may
-- leave a daemon behind, which leads a session of its own.
--
-- A function is called here and now. It holds up the start, and nothing limits its time.
local core = require "libcontainer.core"
local lazy = require "libcontainer.lazy"
local check = lazy "libcontainer.check"
local errors = lazy "libcontainer.errors"
local forms = lazy "libcontainer.configs.hooks"
local json = lazy "libcontainer.json"
local loop = require "libcontainer.loop"
local object = require "libcontainer.object"

local M = {}

local OCI_VERSION <const> = "1.2.0"
local OUTPUT_LIMIT <const> = 64 * 1024
-- How often output is read behind the end of a hook: one that it has left running may never stop writing.
local READS_AT_END <const> = 16

local PLACES <const> = { create_container = "namespaces", start_container = "inside" }
local STATUSES <const> = { prestart = "creating", create_runtime = "creating", create_container = "creating",
  start_container = "created", poststart = "running", poststop = "stopped" }

---@class libcontainer.HookContext  the start that hooks belong to, or the restore
---@field session userdata|nil  of the init; nil of a restore
---@field pid integer|nil       of the init, where there is no session
---@field spec table|nil        the process that it will be, strict
---@field options table|nil     of the start: filter, filter_flags

-- --- what a hook is told ---

-- The bundle, where it was made of one: else the directory that the root is in.
local function bundle_of(config)
  return config.labels and config.labels.bundle or config.rootfs:match("^(.+)/[^/]+/*$") or "/"
end

-- Of hooks in its namespaces the number that they see.
local function pid_of(kind, context)
  if not context then return nil end
  local pid = context.pid or context.session:pid()
  if not PLACES[kind] then return pid end
  local status, raw = core.proc_file(pid, "status")
  if not status then return nil, raw end
  return math.tointeger(status:match("\nNSpid:[\t%d]-(%d+)\n"))
end

-- The state as OCI has it.
local function state_of(box, kind, context)
  local config = box._record.config
  local pid, raw = pid_of(kind, context)
  if raw then return nil, errors.raw(raw) end
  return { ociVersion = OCI_VERSION, id = box._id, status = STATUSES[kind], pid = pid, bundle = bundle_of(config),
    annotations = check.copy(config.annotations) }
end

-- --- programs ---

-- Of a process what makes it who it is: a hook inside takes its place, and no more than that.
local IDENTITY <const> = { "user", "cwd", "additional_groups", "capabilities", "rlimits", "no_new_privileges",
  "umask", "oom_score_adj" }

local function in_place_of(spec, hook)
  local process = { args = { hook.path } }
  for _, name in ipairs(spec and IDENTITY or {}) do process[name] = spec[name] end
  return process
end

-- Start it: a session, and our end of its output.
local function begin(box, kind, hook, text, context)
  local input <close>, raw = core.text(text)
  if not input then return nil, raw end
  local ours, theirs = core.pipe("out")
  if not ours then return nil, theirs end
  local _ <close> = theirs
  local place = PLACES[kind] or "host"
  local options = { id = box._id, stdin = input, stdout = theirs, stderr = theirs, hook = hook, place = place,
    of = context and context.session, directory = bundle_of(box._record.config) }
  if place == "inside" then
    options.filter, options.filter_flags = context.options.filter, context.options.filter_flags
  end
  local session
  session, raw = box._core:hook(box._record.config, in_place_of(place == "inside" and context.spec, hook), options)
  if session then return session, ours end
  ours:close()
  return nil, raw
end

-- Read what is there, at most so many chunks, and keep the end of it; false when nobody writes any more.
local function drain(output, tail, reads)
  for _ = 1, reads do
    local chunk, why = output:read()
    if not chunk then return why == "again", tail end
    if chunk == "" then return false, tail end
    tail = (tail .. chunk):sub(-OUTPUT_LIMIT)
  end
  return true, tail
end

-- Until it has ended: true, false when the time is over, nil and a raw error; and the end of its output.
local function serve(session, output, deadline)
  local tail, is_open = "", true
  while true do
    local event, raw = session:step()
    if not event then return nil, tail, raw end
    if event == "ended" then
      if is_open then tail = select(2, drain(output, tail, READS_AT_END)) end
      return true, tail
    end
    -- Whom its filter asks answers for the program alone: what is asked of a hook fails with ENOSYS.
    if event == "listener" then session:listener():close() end
    if core.now() >= deadline then return false, tail end
    local entries = { { session:pollfd(), "r" }, is_open and { output:pollfd(), "r" } or nil }
    local count
    count, raw = loop.poll(entries, deadline)
    if not count then return nil, tail, raw end
    if is_open then is_open, tail = drain(output, tail, 1) end
  end
end

local function run_program(box, kind, hook, field, context)
  local timeout = forms.timeout(hook)
  local deadline = loop.deadline(timeout)
  local state, err = state_of(box, kind, context)
  if not state then return nil, err end
  local text
  text, err = json.encode(state)
  if not text then return nil, err end
  local session <close>, output = begin(box, kind, hook, text, context)
  if not session then return nil, errors.hook_not_run(field, output) end
  local _ <close> = output
  local ended, tail, raw = serve(session, output, deadline)
  if ended == nil then return nil, errors.hook_not_run(field, raw) end
  if not ended then return nil, errors.hook_timed_out(field, hook.path, timeout, tail) end
  local status, signal = session:exit()
  if status == 0 then return true end
  return nil, errors.hook_failed(field, hook.path, status, signal, tail)
end

-- --- functions ---

local function run_function(box, kind, hook, field, context)
  if hook.call == true then return nil, errors.hook_lost(field, box._record.owner and box._record.owner.pid) end
  local state, err = state_of(box, kind, context)
  if not state then return nil, err end
  local is_fine, answer, why = pcall(hook.call, state)
  if not is_fine then return nil, errors.hook_raised(field, answer) end
  if not answer and why ~= nil then return nil, errors.hook_raised(field, why) end
  return true
end

-- --- lists ---

local function list_of(box, kind)
  local hooks = box._record.config.hooks
  return hooks and hooks[kind] or {}
end

local function run_one(box, kind, i, context)
  local hook, field = list_of(box, kind)[i], forms.field(kind, i)
  if hook.call then return run_function(box, kind, hook, field, context) end
  return run_program(box, kind, hook, field, context)
end

--- Run the hooks of a kind in order, up to the first that fails.
---@param box libcontainer.Container
---@param kind string
---@param context libcontainer.HookContext
---@return true|nil
---@return libcontainer.Error|nil err
function M.run(box, kind, context)
  for i = 1, #list_of(box, kind) do
    local done, err = run_one(box, kind, i, context)
    if not done then return nil, err end
  end
  return true
end

--- Can these hooks be run by this process? Told before anything is made.
---@param config table  strict
---@param owner_pid integer  who made the container
---@param kinds string[]|nil  which; all that a start has
---@return true|nil
---@return libcontainer.Error|nil err
function M.check(config, owner_pid, kinds)
  local lost = forms.lost(config, true)
  if lost then return nil, errors.hook_lost(lost, owner_pid) end
  for _, kind in ipairs(config.hooks and (kinds or forms.KINDS) or {}) do
    for i, hook in ipairs(PLACES[kind] ~= "inside" and config.hooks[kind] or {}) do
      local fine, raw = true, nil
      if hook.path then fine, raw = core.program(hook.path) end
      if not fine then return nil, errors.hook_not_run(forms.field(kind, i) .. ".path", raw) end
    end
  end
  return true
end

-- --- behind the end ---

--- A start begins: from now on its poststop hooks are due, though this process dies.
---@param box libcontainer.Container
---@return true|nil
---@return libcontainer.Error|nil err
function M.expect_poststop(box)
  if #list_of(box, "poststop") == 0 or box._record.poststop_due then return true end
  box._record.poststop_due = true
  return box._factory:_save(box)
end

--- What the last start has made is gone: run its poststop hooks, all of them, once.
---@param box libcontainer.Container
---@return libcontainer.Error[]|nil warnings  of those that failed
function M.poststop(box)
  if not box._record.poststop_due then return nil end
  local warnings = {}
  for i = 1, #list_of(box, "poststop") do
    local is_fine, done, err = pcall(run_one, box, "poststop", i)
    if not is_fine then done, err = nil, errors.hook_raised(forms.field("poststop", i), done) end
    if not done then warnings[#warnings + 1] = err end
  end
  box._record.poststop_due = nil
  return warnings[1] and object.list(warnings) or nil
end

return M
