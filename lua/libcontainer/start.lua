-- SPDX-License-Identifier: MIT
--- A program comes to life in a container: the first one, its init, for which everything is made, and
-- further ones, which join what is there. Both are a conversation with an init of ours until it has
-- become the program; for the first one the state is written in the middle of it.
--
-- Callers hold the container's lock.
local lazy = require "libcontainer.lazy"
local check = lazy "libcontainer.check"
local core = require "libcontainer.core"
local ending = require "libcontainer.ending"
local errors = lazy "libcontainer.errors"
local hooks = lazy "libcontainer.hooks"
local layer = lazy "libcontainer.layer"
local loop = require "libcontainer.loop"
local network = lazy "libcontainer.network"
local namespaces = require "libcontainer.configs.namespaces"
local seccomp = lazy "libcontainer.configs.seccomp"
local sharing = lazy "libcontainer.sharing"
local state = require "libcontainer.state"
local supervisor = lazy "libcontainer.supervisor"
local usage = lazy "libcontainer.usage"

local M = {}

local START_TIMEOUT <const> = 60
local DEATH_TIMEOUT <const> = 1

-- The filter of a program, false for none; how it is loaded, and whom it asks: false for nobody. Or nil and an
-- error.
local function load_filter(config, specification, is_asked_later)
  if config.seccomp == false and not specification.seccomp then return false, 0, false end -- modules less to load
  local profile = seccomp.of(config, specification)
  local filter, err = seccomp.filter(profile, core)
  if filter == nil and err then
    return nil, errors.is(err) and err or errors.raw(err, { field = "seccomp" })
  end
  local agent = false
  if not is_asked_later and type(profile) == "table" and profile.listener_path then
    agent, err = supervisor.connect(profile, config)
  end
  if agent == nil then return nil, err end
  return filter or false, seccomp.flags(profile), agent
end

-- What the core needs beside config and process. Of a release it has its stdio, and of a start that is not
-- released yet somebody who is asked may be wanted later.
local function open_options(box, proc, is_release, is_asked_later)
  local filter, flags, agent = load_filter(box._record.config, proc:_specification(), is_asked_later)
  if filter == nil then return nil, flags end
  local options, err = {}, nil
  if not is_release then options, err = proc:_open_stdio() end
  if not options then
    if agent then agent.connection:close() end
    return nil, err
  end
  options.id, options.agent, options.mark = box._id, agent, box._factory:_mark(box._id)
  proc._host = box._factory._host -- who attaches a terminal to it needs it
  options.filter, options.filter_flags = filter or nil, flags
  options.descriptors = not is_release and proc:_specification().descriptors or nil
  local fault = box._factory:_fault()
  if fault then options.fault_nth, options.fault_errno = fault.nth, fault.errno end
  return options
end

-- The user namespace gets its ids.
local function map_ids(_, session)
  local done, raw = session:map_ids()
  return done, raw and errors.raw(raw)
end

-- What the host does while the init waits at a gate, by the gate's name: functions of the container, the
-- session and what it was begun with that answer true, or nil and the error that ends the start.
local GATES <const> = { ids = map_ids, network = function(...) return network.at_gate(...) end }

local function run_hooks(box, session, proc, options, kind)
  return hooks.run(box, kind, { session = session, spec = proc:_specification(), options = options })
end

function GATES.create_runtime(box, session, proc, options)
  local done, err = run_hooks(box, session, proc, options, "prestart")
  if not done then return nil, err end
  return run_hooks(box, session, proc, options, "create_runtime")
end

function GATES.create_container(box, session, proc, options)
  return run_hooks(box, session, proc, options, "create_container")
end

function GATES.start_container(box, session, proc, options)
  return run_hooks(box, session, proc, options, "start_container")
end

-- Wait until the session has something to say. What the filter notifies meanwhile are calls of our own init,
-- which pass: they are not the program's.
local function wait_for(proc, session, deadline)
  local served = proc:_served()
  local entries = { { session:pollfd() } }
  if served then
    entries[2] = { served:pollfd(), "r" }
    local helper = served:timeout() and session:helper() -- a call is kept, and its end says whose it is
    if helper then entries[3] = { helper, "r" } end
  end
  local count, raw = loop.poll(entries, deadline)
  if not count then return nil, errors.raw(raw) end
  if count == 0 then
    return nil, errors.timed_out("session", "the program does not come up", START_TIMEOUT)
  end
  if served and not entries[1][3] then served:_settle(function(pid) return session:is_own(pid) end) end
  return true
end

-- What the host could not do at a gate, and an init that has gone meanwhile is why. It is seen to have no root
-- and no namespaces any more a moment before its end of the session closes; who waits at the gate still is not
-- waited for.
local function why_at_gate(session, err)
  local is_of_hook = err.step == "hook" or err.step == "exec"
  if not is_of_hook and session:is_ending() then
    loop.wait(session:pollfd(), "r", loop.deadline(DEATH_TIMEOUT))
  end
  local event, raw = session:step()
  return event and err or errors.raw(raw)
end

-- Drive the session until the program runs. `on_ready` is called when everything is set up and the
-- program does not run yet, and `on_alone` when a further one is, with a limit on processes or a scheduling
-- policy of its own, and whoever brought it there has gone.
local function converse(box, proc, session, options, on_ready, on_alone)
  local deadline = loop.deadline(START_TIMEOUT)
  local has_gone = false
  while true do
    local event, raw = session:step()
    if event == "running" then
      box._init_calls = session:init_calls() -- test builds: where a sweep of faults ends
      return true
    end
    if not event then return nil, errors.raw(raw) end
    if event == "gate" then
      local fine, err = GATES[session:gate()](box, session, proc, options)
      if not fine then return nil, why_at_gate(session, err) end
      fine, raw = session:go()
      if not fine then return nil, errors.raw(raw) end
      deadline = loop.deadline(START_TIMEOUT) -- what was done there has deadlines of its own
    elseif event == "ready" then
      local fine, err
      if has_gone then
        fine, err = on_alone()
      else
        fine, err = proc:_give_terminal(session:terminal())
        if fine then fine, err = on_ready() end
      end
      if not fine then return nil, err end
      has_gone, raw = session:go()
      if not has_gone then return nil, errors.raw(raw) end
    elseif event == "listener" then
      local pid = session:pid()
      local fine, err = proc:_give_listener(session:listener(), options.agent, { id = box._id, pid = pid,
        init = box._record.init_process_pid or pid, status = options.is_further and "running" or "creating" })
      if not fine then return nil, err end
    else
      local fine, err = wait_for(proc, session, deadline)
      if not fine then return nil, err end
    end
  end
end

-- Run `begin`, and close what the program has got, or would have.
local function with_stdio(proc, options, begin)
  local is_fine, running, err = pcall(begin)
  local is_running = is_fine and running
  proc:_close_stdio(options, is_running)
  if is_running then return proc end
  return nil, is_fine and err or running, not is_fine
end

--- What the init waits for: a function that answers the descriptors of the further processes that we
-- have started beside it. The kernel ends it after them.
---@param box libcontainer.Container
---@return fun(): integer[]
function M.siblings_of(box)
  return function()
    return box._is_destroyed and {} or box._core:siblings()
  end
end

-- --- the first one ---

--- What is done when the init has ended, once: its accounting is read; and without a pid namespace of its own,
-- whose end ends everything in it, the rest is ended here; and interfaces of the host go back. [D11]
---@param box libcontainer.Container
---@return fun(): table usage
function M.at_end(box)
  local read = usage.of(box)
  return function()
    local found = read()
    local has_pids = namespaces.has_own(box._record.config, "pid")
    if not box._is_destroyed and not has_pids then ending.kill(box._core) end
    if not box._is_destroyed then box._core:give_back() end -- what fails is tried again by destroy
    return found
  end
end

--- Where the namespaces of an init are to be found.
---@param config table
---@param pid integer
---@return table<string, string>
function M.namespace_paths(config, pid)
  local files = { mount = "mnt", network = "net" }
  local paths = {}
  for _, name in ipairs(config.namespaces or namespaces.DEFAULT) do
    paths[name] = ("/proc/%d/ns/%s"):format(pid, files[name] or name)
  end
  return paths
end

-- What is to be written down about the start. It is made while the init sets everything up, and
-- written when that is done and the program does not run yet. Where the init is made by another process, the
-- first one that is known is that one.
local function started_text(box, proc, session, is_prepared)
  local record = box._record
  local pid, start = session:pid()
  record.init_process_pid, record.init_process_start = pid, start
  record.namespace_paths = M.namespace_paths(record.config, pid)
  record.status, record.checkpoint = is_prepared and "prepared" or "running", nil
  record.is_prepared = is_prepared or nil
  -- Who releases it, or runs further programs like it, is another process. What is in its environment is nobody
  -- else's while the container belongs to this one.
  record.process = (is_prepared or record.config.detach) and proc:_storable() or nil
  record.started = not is_prepared and core.time() or nil
  return state.encode(record)
end

local function forget_started(box)
  local record = box._record
  record.init_process_pid, record.init_process_start, record.namespace_paths = nil, nil, nil
  record.status, record.started, record.is_prepared, record.process = "created", nil, nil, nil
  box._factory:_save(box)
end

-- A container that has run can run again: in cgroups made anew. Warnings are those of poststop hooks.
local function prepare(box, status)
  local warnings
  if status == "stopped" then
    if box._init then box._init:_poll() end -- its accounting, before the cgroup goes
    local done, raw = ending.destroy(box._core)
    if not done then return nil, errors.raw(raw) end
    warnings = hooks.poststop(box)
  end
  if status == "stopped" or box._has_failed then
    local renewed, err = box._factory:_renew(box)
    if not renewed then return nil, err end
  end
  return true, warnings
end

-- A start has failed, and nothing of it is left.
local function undo_first(box, err)
  local record = box._record
  local was_due = record.poststop_due
  local warnings = hooks.poststop(box)
  if record.init_process_pid then forget_started(box) elseif was_due then box._factory:_save(box) end
  if errors.is(err) then err.warnings = warnings end
end

-- Most inits need nothing of the host: what they would wait for when they are ready is done while they are at
-- work. A set-up that fails is written down then as it was before. Not where somebody else's namespaces are
-- entered: they are looked at once more when that is done. True when the init has been let go, false when not.
local function go_ahead(box, session, text)
  if box._shared then return false end
  local may_go, raw = session:adopt()
  if may_go == nil then return nil, errors.raw(raw) end
  if not may_go then return false end
  local saved, err = box._factory:_save(box, text)
  if not saved then return nil, err end
  local gone
  gone, raw = session:go()
  if not gone then return nil, errors.raw(raw) end
  return true
end

local function begin_first(box, proc, options)
  local expected, problem = hooks.expect_poststop(box)
  if not expected then return nil, problem end
  local session <close>, raw = box._core:begin(box._record.config, proc:_specification(), options)
  if not session then return nil, errors.raw(raw) end
  local is_prepared = options.latch ~= nil
  local text, err = started_text(box, proc, session, is_prepared)
  if not text then return nil, err end
  local running, has_gone
  has_gone, err = go_ahead(box, session, text)
  if has_gone == nil then return nil, err end
  running, err = converse(box, proc, session, options, not has_gone and function()
    local fine, why = sharing.check(box) -- the paths that were entered have been its until now
    if not fine then return nil, why end
    if session:pid() ~= box._record.init_process_pid then
      text, why = started_text(box, proc, session, is_prepared)
      if not text then return nil, why end
    end
    return box._factory:_save(box, text)
  end)
  if running and not is_prepared then running, err = run_hooks(box, session, proc, options, "poststart") end
  if not running then return nil, err end
  -- What may run out of memory comes before finish: until then the session undoes everything.
  proc:_attach(M.at_end(box), M.siblings_of(box))
  proc._handle = session:finish()
  box._init = proc -- only now: a destroy asks it for its end
  return true
end

-- Without new privileges the filter is the last thing, behind the latch.
local function is_filtered_late(box, proc)
  local wanted = proc:_specification().no_new_privileges
  if wanted == nil then wanted = box._record.config.no_new_privileges end
  return wanted ~= false
end

-- Fields that the first program cannot have, and what it has.
local FURTHER_ALONE <const> = {
  cgroups = "the first one has the limits of the container",
  sub_cgroups = "the first one is in the container's cgroup",
  exec_cpu_affinity = "the first one runs on cgroups.cpuset_cpus",
}

--- Start the init.
---@param box libcontainer.Container
---@param proc libcontainer.Process
---@param status "created"|"stopped"
---@param is_prepared boolean|nil  it waits for `release` when all is set up
---@return libcontainer.Process|nil
---@return libcontainer.Error|libcontainer.Error[]|nil err  of a start that went well the warnings of hooks
function M.first(box, proc, status, is_prepared)
  for field, hint in pairs(FURTHER_ALONE) do
    if proc:_specification()[field] then
      return nil, errors.config_problem("process." .. field, "is for a process beside the first one", hint)
    end
  end
  if not core.is_privileged() and not check.contains(box._record.config.namespaces or {}, "user") then
    return nil, errors.needs_user_namespace()
  end
  local fine, err = sharing.check(box)
  if fine then fine, err = hooks.check(box._record.config, box._record.owner.pid) end
  if not fine then return nil, err end
  local warnings
  fine, warnings = prepare(box, status)
  if not fine then return nil, warnings end
  fine, err = layer.make(box)
  if not fine then return nil, err end
  local options
  options, err = open_options(box, proc, false, is_prepared and is_filtered_late(box, proc))
  if not options then return nil, err end
  options.latch = is_prepared and box._directory or nil
  options.init = box._factory:_init_command()
  options.sources = box._sources or nil
  options.layer = layer.path(box)
  options.beside = sharing.beside(box)
  local running, has_raised
  running, err, has_raised = with_stdio(proc, options, function() return begin_first(box, proc, options) end)
  box._has_failed = not running
  if running then return proc, warnings end
  undo_first(box, err)
  if has_raised then error(err, 0) end
  return nil, err
end

-- --- one that was prepared ---

local function release(box, proc, options)
  local session <close>, raw = box._core:release(box._record.config, proc:_specification(), options)
  if not session then return nil, errors.raw(raw) end
  local done, err
  done, raw = session:go()
  if not done then return nil, errors.raw(raw) end
  done, err = converse(box, proc, session, options)
  if done then done, err = run_hooks(box, session, proc, options, "poststart") end
  if not done then return nil, err end
  local record = box._record
  record.status, record.is_prepared, record.started = "running", nil, core.time()
  done, err = box._factory:_save(box)
  if not done then return nil, err end
  box._directory:remove_latch()
  proc:_attach(M.at_end(box), M.siblings_of(box))
  proc._handle = session:finish()
  box._init = proc
  return true
end

--- Let the program of a prepared container run. What fails ends the container, which stays.
---@param box libcontainer.Container
---@param proc libcontainer.Process  as it was prepared
---@return libcontainer.Process|nil
---@return libcontainer.Error|nil err
function M.release(box, proc)
  local fine, err = hooks.check(box._record.config, box._record.owner.pid)
  if not fine then return nil, err end
  local options
  options, err = open_options(box, proc, true, not is_filtered_late(box, proc))
  if not options then return nil, err end
  options.latch = box._directory
  proc._pending = {}
  local running, has_raised
  running, err, has_raised = with_stdio(proc, options, function() return release(box, proc, options) end)
  if running then return proc end
  if has_raised then error(err, 0) end
  return nil, err
end

-- --- a further one ---

-- A process with limits, of whatever kind, gets a cgroup of its own; without it is in the container's.
local function begin_further(box, proc, options)
  local spec = proc:_specification()
  options.is_further = true
  if spec.cgroups then
    local group, raw = box._core:group { args = spec.args, cgroups = spec.cgroups }
    if not group then return nil, errors.raw(raw) end
    options.group = group
  end
  local read = options.group and usage.of_group(options.group, box._groups) or usage.since(box)
  local session <close>, raw = box._core:join(box._record.config, spec, options)
  if not session then return nil, errors.raw(raw) end
  local running, err = converse(box, proc, session, options, function() return true end, function()
    local done, why = session:schedule()
    if done and options.group then done, why = options.group:settle() end
    return done, why and errors.raw(why)
  end)
  if not running then return nil, err end
  proc:_attach(read)
  proc._handle, proc._group = session:finish(), options.group or false
  return true
end

-- Cgroups of processes that have ended and left something running in them, which may have ended too.
local function clear_groups(box)
  for i = #box._groups, 1, -1 do
    if box._groups[i]:close() then table.remove(box._groups, i) end
  end
end

-- The cgroup of a process that did not come to run, or ran too early: nothing stays in it.
local function undo_group(box, group)
  ending.kill(group)
  if not group:close() then box._groups[#box._groups + 1] = group end
end

-- What became of the container meanwhile says more than the step that failed because of it.
local function explain_failure(box, err)
  local status = box:status()
  if status == "paused" or status == "pausing" then return errors.container_paused(box._id) end
  if status and status ~= "running" and status ~= "prepared" then
    return errors.container_not_running(box._id, status)
  end
  return err
end

--- Start a program beside the init.
---@param box libcontainer.Container
---@param proc libcontainer.Process
---@return libcontainer.Process|nil
---@return libcontainer.Error|nil err  ContainerPaused, ContainerNotRunning
function M.further(box, proc)
  clear_groups(box)
  local options, err = open_options(box, proc)
  if not options then return nil, err end
  local running, has_raised
  running, err, has_raised = with_stdio(proc, options, function() return begin_further(box, proc, options) end)
  if running then return proc end
  if options.group then undo_group(box, options.group) end
  if has_raised then error(err, 0) end
  return nil, explain_failure(box, err)
end

return M
