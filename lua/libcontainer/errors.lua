-- SPDX-License-Identifier: MIT
--- Error objects, and the words of this project. What to do about an errno is in hints.lua, the words about
-- checkpoints and images are in checkpoint_errors.lua and image/errors.lua.
--
-- The core tells a step, an errno, a subject and the field of the configuration that asked for it;
-- here that becomes a sentence, a code that a program can compare, and, where we know it, the way
-- out. An error is a table of plain values, so it can be written as JSON. Other modules call the
-- constructors below and make no sentences of their own.
local core = require "libcontainer.core"
local hints = require "libcontainer.hints"
local units = require "libcontainer.units"

local M = {}

---@class libcontainer.Error
---@field code string "IdInUse", "InvalidIdFormat", "ContainerNotExists", "ContainerPaused", "ContainerNotStopped", "ContainerNotRunning", "ProcessNotExecuted", "ConfigInvalid", "ContainerNotPrepared" or "SystemError"
---@field step string|nil where in the lifecycle: "mount", "cgroup", "exec", …
---@field field string|nil the field of the configuration: "mounts[3]"
---@field subject string|nil path, key or name it was about
---@field errno integer|nil
---@field errname string|nil "EPERM"
---@field message string one sentence
---@field hint string|nil what to do about it
---@field op integer|nil operation of the plan, as in explain
---@field problems libcontainer.Problem[]|nil everything that is wrong with a configuration
---@field output string|nil of a hook that failed: the end of what it has written, at most 64 KiB
---@field status integer|nil of a hook that failed: its exit status
---@field signal integer|nil of a hook that was ended by one
---@field warnings libcontainer.Error[]|nil of a start that failed: what failed of its poststop hooks

---@class libcontainer.Problem
---@field field string where in the table: "mounts[3].destination"
---@field message string what is wrong with it
---@field value any what was found there, when it is text, a number or a boolean
---@field hint string|nil what to write in its place

local Error = { __name = "libcontainer.error" }
Error.__index = Error

--- The codes, with the ancestor's numbers.
M.codes = {
  IdInUse = 0, InvalidIdFormat = 1, ContainerNotExists = 2, ContainerPaused = 3,
  ContainerNotStopped = 4, ContainerNotRunning = 5, ProcessNotExecuted = 6, ConfigInvalid = 7,
  SystemError = 8, ContainerNotPrepared = 9, -- the last one is ours
}

--- The words of a field that this version does not know how to do.
M.NOT_SUPPORTED = "is not supported by this version"

-- One line: what a container or a file named badly must not break the line or hide in it.
local function printable(text)
  return (tostring(text):gsub("[\0-\31\127]", function(c)
    return ("\\x%02x"):format(c:byte())
  end))
end

function Error:__tostring()
  local text = rawget(self, "message") or rawget(self, "code") or "error"
  local hint = rawget(self, "hint")
  return printable(hint and text .. " — " .. hint or text)
end

--- Is it an error object of this library?
---@param value any
---@return boolean
function M.is(value)
  return type(value) == "table" and getmetatable(value) == Error
end

-- --- which code ---

-- "step errno", or "step" for all of them; else SystemError.
local CODES = {
  config = "ConfigInvalid",
  ["id EINVAL"] = "InvalidIdFormat", ["id ENAMETOOLONG"] = "InvalidIdFormat",
  ["id EEXIST"] = "IdInUse", ["state EEXIST"] = "IdInUse",
  ["id ENOENT"] = "ContainerNotExists", ["lock ENOENT"] = "ContainerNotExists",
  ["cgroup ENODEV"] = "ConfigInvalid",
  ["systemd EINVAL"] = "ConfigInvalid", ["systemd ENAMETOOLONG"] = "ConfigInvalid",
  ["rootfs ENOENT"] = "ConfigInvalid", ["rootfs ENOTDIR"] = "ConfigInvalid",
  ["rootfs ELOOP"] = "ConfigInvalid",
  ["user EINVAL"] = "ConfigInvalid",
  ["process ESRCH"] = "ContainerNotRunning", ["signal ESRCH"] = "ContainerNotRunning",
}

local function code_of(step, errname)
  return CODES[(step or "") .. " " .. (errname or "")] or CODES[step or ""] or "SystemError"
end

-- --- sentences ---

--- A name in a sentence.
---@param text string
---@return string
local function quoted(text)
  return '"' .. text .. '"'
end
M.quoted = quoted

--- The words of the C library for an errno, in a sentence.
---@param raw { errno: integer|nil }
---@return string
local function errno_words(raw)
  if not raw.errno then
    return "failed"
  end
  local name = core.errno_name(raw.errno)
  -- the C library's words for this one are of networks
  local text = name == "ETIMEDOUT" and "not done in time" or core.errno_text(raw.errno) or "unknown error"
  return text:sub(1, 1):lower() .. text:sub(2) .. " (" .. (name or "errno " .. raw.errno) .. ")"
end
M.errno_words = errno_words

local function config_sentence(raw, errname)
  local what = raw.subject or raw.field or "configuration"
  local says_why = what:find(": ", 1, true)
  if errname == "ENOSYS" then
    return what .. (says_why and " " or ": ") .. M.NOT_SUPPORTED
  elseif errname == "EINVAL" or not errname then
    return says_why and what or what .. ": is not valid"
  end
  return what .. ": " .. errno_words(raw)
end

local function size_words(text)
  return units.format_size(math.tointeger(tonumber(text)))
end

-- What a limit misses: a controller, a file, the other version of cgroups, a size.
local function lacks_sentence(field, what)
  local size, others = what:match("^huge pages of (%S+), of (.*)$")
  if size then
    return ("%s: there are no huge pages of %s, but of %s"):format(field, size, others:gsub(" ", ", "))
  elseif what:find("^cgroup v%d$") then
    return ("%s needs %s, and its controller is that of cgroup v%d here"):format(field, what,
      what == "cgroup v1" and 2 or 1)
  elseif what:find(".", 1, true) then
    return ("%s needs the file %s, which this kernel does not have"):format(field, what)
  end
  return field .. " needs the " .. what .. " controller, which is not mounted"
end

-- The core says "cgroups.memory: …" of what a field was about.
local function limit_sentence(raw, errname)
  local field, what = (raw.subject or ""):match("^(cgroups%.[^: ]+): (.*)$")
  if not field then
    return nil
  elseif errname == "ENODEV" and not what:find("/", 1, true) then
    return lacks_sentence(field, what)
  end
  local limit, use, more = what:match("^limit (%d+) use (%d+)(.*)$")
  if limit then
    local peak = more:match("^ peak (%d+)")
    return ("%s: %s is less than the %s in use%s (EBUSY)%s"):format(field, size_words(limit),
      size_words(use), peak and ", whose peak was " .. size_words(peak) or "",
      more:match("; not put back: .*$") or "")
  end
end

-- These words, "container not running" and "does not exist" are looked for by what calls a runtime.
local BAD_ID <const> = "invalid container ID format: "
local ID_IN_USE <const> = "container with given ID already exists: "

-- Steps whose sentence is not "step field: subject: errno". Each answers a sentence, or nil.
local SENTENCES = {
  config = config_sentence,
  exec = function(raw, errname)
    if errname == "ENOENT" and raw.subject and not raw.subject:find("/", 1, true) then
      -- these words are looked for by podman and docker
      return "exec: " .. quoted(raw.subject) .. ": executable file not found in $PATH (ENOENT)"
    end
    return raw.subject and "exec: " .. quoted(raw.subject) .. ": " .. errno_words(raw)
  end,
  interpreter = function(raw)
    return raw.subject and "exec: the interpreter or loader " .. quoted(raw.subject) .. ": "
      .. errno_words(raw)
  end,
  cgroup = limit_sentence,
  systemd = function(raw, errname)
    if errname == "ELIBACC" or errname == "ELIBBAD" then
      return ("cgroups = \"systemd\" needs the package %s, which is %s"):format(raw.subject,
        errname == "ELIBACC" and "not installed" or "too old")
    end
  end,
  network = function(raw, errname)
    local field = (raw.field or ""):match("%.([%w_]+)$")
    if errname == "ELIBACC" or errname == "ELIBBAD" then
      return ("networks need the package %s, which is %s"):format(raw.subject,
        errname == "ELIBACC" and "not installed" or "too old")
    elseif raw.subject and field == "bridge" and errname == "ENODEV" then
      return ("network %s: there is no bridge %s on the host (ENODEV)"):format(raw.field, quoted(raw.subject))
    elseif raw.subject and errname == "EOPNOTSUPP" and (field == "bridge" or field == "host_interface_name") then
      return ("network %s: %s is no %s (EOPNOTSUPP)"):format(raw.field, quoted(raw.subject),
        field == "bridge" and "bridge" or "interface that can be moved")
    end
  end,
  id = function(raw, errname)
    if errname == "EINVAL" or errname == "ENAMETOOLONG" then
      return BAD_ID .. quoted(raw.subject or "")
    elseif errname == "EEXIST" then
      return ID_IN_USE .. quoted(raw.subject or "")
    elseif errname == "ENOENT" then
      return "container " .. quoted(raw.subject or "") .. " does not exist"
    end
  end,
  memory = function()
    return "out of memory (ENOMEM)"
  end,
}

--- How a command that is one text is written.
---@param command string
---@return string
function M.shell_hint(command)
  return ('for a shell command write { "sh", "-c", %s }'):format(printable(quoted(command)))
end

local ID_HINT <const> = "an id is 1 to 255 of the characters 0-9 A-Z a-z _ + - . and not . or .."

local function sentence_of(raw, errname)
  local special = SENTENCES[raw.step or ""]
  local text = special and special(raw, errname)
  if text then
    return text
  end
  local head = raw.step or "operation"
  if raw.field and raw.field ~= raw.step and raw.field ~= raw.subject then
    head = head .. " " .. raw.field
  end
  if raw.subject and raw.subject ~= "" then
    head = head .. ": " .. raw.subject
  end
  return head .. ": " .. errno_words(raw)
end

-- --- constructors ---

local SHOWN_VALUE <const> = 60 -- bytes of a value that stands in a message

-- "field" or "field = value", unless the message says already what it is.
local function place_of(problem)
  local value, message = problem.value, problem.message
  local is_text = type(value) == "string" and #value <= SHOWN_VALUE and value:find("^[%g ]*$")
  if not (is_text or type(value) == "number") or message:find(", not ", 1, true) then return problem.field end
  if not is_text then return problem.field .. " = " .. value end
  return message:find(quoted(value), 1, true) and problem.field or problem.field .. " = " .. quoted(value)
end

local function problem_line(problem)
  local text = problem.field ~= "" and place_of(problem) .. ": " .. problem.message or problem.message
  return problem.hint and text .. " (" .. problem.hint .. ")" or text
end

--- Make an error object. `message` may be absent when `problems`, or `step` and `errno`, say enough.
---@param fields table the fields of libcontainer.Error; `code` is required
---@return libcontainer.Error
function M.new(fields)
  local err = {}
  for key, value in next, fields do
    err[key] = value
  end
  if M.codes[err.code or ""] == nil then
    error("bad error code " .. tostring(err.code), 2)
  end
  if err.errno and not err.errname then
    err.errname = core.errno_name(err.errno)
  end
  local problems = err.problems
  if problems and problems[1] then
    err.field = err.field or problems[1].field
  end
  if not err.message then
    if problems and #problems == 1 then
      err.message = problem_line(problems[1])
    elseif problems and #problems > 1 then
      local lines = {}
      for i, problem in ipairs(problems) do
        lines[i] = problem_line(problem)
      end
      err.message = ("%d problems: %s"):format(#problems, table.concat(lines, "; "))
    else
      err.message = sentence_of(err, err.errname)
    end
  end
  if err.hint == nil and err.errname and err.step ~= "config" then
    local is_command = err.step == "exec" and err.errname == "ENOENT" and (err.subject or ""):find("%s")
    -- of a limit's file, not of what it misses
    local is_other = err.step == "cgroup" and (err.subject or ""):sub(1, 1) ~= "/"
    local field = not is_other and err.field or nil
    err.hint = is_command and M.shell_hint(err.subject) or hints.of(err.step, err.errname, field)
  end
  return setmetatable(err, Error)
end

---@class libcontainer.RawError
---@field errno integer
---@field step string
---@field op integer|nil
---@field subject string|nil
---@field field string|nil

--- From what the core gave.
---@param raw libcontainer.RawError
---@param more table|nil fields that are known better here: `field`, `code`, `hint`, `subject`, `message`
---@return libcontainer.Error
function M.raw(raw, more)
  local err = {
    step = raw.step, errno = raw.errno, op = raw.op, field = raw.field,
    subject = raw.subject ~= "" and raw.subject or nil,
  }
  err.errname = raw.errno and core.errno_name(raw.errno) or nil
  for key, value in next, more or {} do
    err[key] = value
  end
  err.code = err.code or code_of(err.step, err.errname)
  if err.code == "ConfigInvalid" and not err.field and err.subject then
    err.field = err.step == "rootfs" and "rootfs" or err.step == "user" and "user"
      or err.subject:match("^[%w_%.%[%]]+")
  end
  if err.step == "cgroup" and err.subject then
    local field, rest = err.subject:match("^(cgroups%.[^: ]+): (.*)$")
    err.field = err.field or field
    if field and rest:sub(1, 1) == "/" then err.subject = rest end
    if field and err.errname == "ENODEV" and not rest:find("/", 1, true) then
      err.hint = err.hint or "leave this limit out, or see to it that the machine has what is missing"
    end
    if not field and err.errname == "ENODEV" then err.code = "SystemError" end -- a cgroup went away
    if field and rest:find("^limit %d+ use ") then
      err.hint = "everything is as it was: give a higher limit, or end something in the container"
    end
  end
  if err.code == "InvalidIdFormat" then
    err.hint = err.hint or ID_HINT
  end
  return M.new(err)
end

--- A configuration with everything that is wrong with it.
---@param problems libcontainer.Problem[] at least one
---@return libcontainer.Error
function M.config_invalid(problems)
  return M.new { code = "ConfigInvalid", step = "config", problems = problems }
end

--- One problem of a configuration.
---@param field string
---@param message string
---@param hint string|nil
---@return libcontainer.Error
function M.config_problem(field, message, hint)
  return M.config_invalid { { field = field, message = message, hint = hint } }
end

--- An id that no directory can have.
---@param id any
---@return libcontainer.Error
function M.invalid_id(id)
  local text = type(id) == "string" and #id <= 64 and quoted(id)
    or type(id) == "string" and ("%d bytes"):format(#id) or id == nil and "nil" or "a " .. type(id)
  return M.new { code = "InvalidIdFormat", step = "id", subject = type(id) == "string" and id or nil,
    message = BAD_ID .. text, hint = ID_HINT }
end

--- A container of that id exists.
---@param id string
---@return libcontainer.Error
function M.id_in_use(id)
  return M.new { code = "IdInUse", step = "id", subject = id,
    message = ID_IN_USE .. quoted(id),
    hint = "destroy that container first, or choose another id" }
end

--- None does.
---@param id string
---@return libcontainer.Error
function M.container_not_exists(id)
  return M.new { code = "ContainerNotExists", step = "state", subject = id,
    message = "container " .. quoted(id) .. " does not exist",
    hint = "factory:list() shows those that do" }
end

--- What is asked for needs one that runs.
---@param id string
---@return libcontainer.Error
function M.container_paused(id)
  return M.new { code = "ContainerPaused", step = "process", subject = id,
    message = "container " .. quoted(id) .. " is paused", hint = "resume it first" }
end

--- It has to end first.
---@param id string
---@param status string|nil  what it is
---@return libcontainer.Error
function M.container_not_stopped(id, status)
  return M.new { code = "ContainerNotStopped", step = "destroy", subject = id,
    message = "container " .. quoted(id) .. " is " .. (status or "not stopped"),
    hint = "destroy{ force = true } kills what runs" }
end

--- An ordinary user without a user namespace.
---@return libcontainer.Error
function M.needs_user_namespace()
  return M.new { code = "SystemError", step = "namespace", field = "namespaces", errname = "EPERM", errno = 1,
    message = "namespaces: an ordinary user can make others only beside a user namespace (EPERM)",
    hint = 'add "user" to namespaces, with the mappings that configs.default has for this user, or be root' }
end

--- It has to run for that.
---@param id string
---@param status string|nil  what it is
---@return libcontainer.Error
function M.container_not_running(id, status)
  return M.new { code = "ContainerNotRunning", step = "process", subject = id,
    message = "container not running: " .. quoted(id) .. (status and " is " .. status or ""),
    hint = status == "created" and "start it first" or nil }
end

--- Its root is put together at its start, of layers or of the host's.
---@param id string
---@param status string
---@param has_overlay boolean
---@return libcontainer.Error
function M.no_root_at_rest(id, status, has_overlay)
  local err = M.container_not_running(id, status)
  err.hint = (has_overlay and "its root is an overlay" or "its root is the host's")
    .. ", which is there while it runs: start or prepare it first"
  return err
end

--- More than the caller wants to have.
---@param path string
---@param limit integer  bytes
---@return libcontainer.Error
function M.file_too_large(path, limit)
  return M.new { code = "SystemError", step = "file", subject = path, errno = 27, errname = "EFBIG",
    message = ("file: %s: is larger than the limit of %s (EFBIG)"):format(path, units.format_size(limit)),
    hint = "give a higher limit" }
end

--- There is nothing to be taken away.
---@param path string
---@return libcontainer.Error
function M.nothing_mounted(path)
  return M.new { code = "SystemError", step = "mount", subject = path, errno = 22, errname = "EINVAL",
    message = ("mount: %s: nothing is mounted there (EINVAL)"):format(path),
    hint = "container:mounts() lists what is mounted" }
end

--- A file whose content comes when it pleases.
---@param path string
---@return libcontainer.Error
function M.would_wait(path)
  return M.new { code = "SystemError", step = "file", subject = path, errno = 11, errname = "EAGAIN" }
end

--- Nothing waits there to be let run.
---@param id string
---@param status string  what it is
---@return libcontainer.Error
function M.container_not_prepared(id, status)
  return M.new { code = "ContainerNotPrepared", step = "process", subject = id,
    message = ("%s is %s: there is no program that waits to be let run"):format(quoted(id), status),
    hint = status == "created" and "prepare it first, or start it" or nil }
end

--- It is in files, and has no processes.
---@param id string
---@return libcontainer.Error
function M.container_checkpointed(id)
  return M.new { code = "ContainerNotRunning", step = "process", subject = id,
    message = "container not running: " .. quoted(id) .. " is checkpointed",
    hint = "factory:restore brings it back, destroy removes it" }
end

-- --- hooks ---

local LINES_OF_OUTPUT <const> = 3
local BYTES_OF_OUTPUT <const> = 500

-- The last lines that a hook has written.
local function last_words(output)
  local lines = {}
  for line in output:sub(-BYTES_OF_OUTPUT):gmatch("[^\n]+") do lines[#lines + 1] = line end
  local text = table.concat(lines, "; ", math.max(1, #lines - LINES_OF_OUTPUT + 1))
  return text ~= "" and ": " .. text or ""
end

local function hook_error(field, path, how, output, more)
  local err = M.new { code = "SystemError", step = "hook", field = field, subject = path, output = output,
    message = ("%s: %s %s%s"):format(field, quoted(path), how, last_words(output)) }
  for name, value in next, more do err[name] = value end
  return err
end

--- A hook could not be started, or not be waited for.
---@param field string
---@param raw libcontainer.RawError
---@return libcontainer.Error
function M.hook_not_run(field, raw)
  local err = M.raw(raw, { field = field, hint = raw.step == "exec"
    and "start_container finds its program in the container, all others on the host" or nil })
  err.message, err.op = field .. ": " .. err.message, nil
  return err
end

--- A hook has ended, and not well.
---@param field string          "hooks.prestart[1]"
---@param path string
---@param status integer|nil
---@param signal integer|nil    when one has ended it
---@param output string         the end of what it has written
---@return libcontainer.Error
function M.hook_failed(field, path, status, signal, output)
  local how = signal and "was ended by signal " .. (core.signal_name(signal) or signal)
    or ("failed with status %d"):format(status)
  return hook_error(field, path, how, output, { status = status, signal = signal })
end

--- A hook took too long, and was killed.
---@param field string
---@param path string
---@param seconds number
---@param output string
---@return libcontainer.Error
function M.hook_timed_out(field, path, seconds, output)
  return hook_error(field, path, ("did not end within %g s, and was killed (ETIMEDOUT)"):format(seconds), output,
    { errno = 110, errname = "ETIMEDOUT", hint = field .. ".timeout is how long it may take" })
end

--- A hook that is a function has raised, or answered nil and this.
---@param field string
---@param problem any
---@return libcontainer.Error
function M.hook_raised(field, problem)
  return M.new { code = "SystemError", step = "hook", field = field,
    message = ("%s: the function failed: %s"):format(field, M.is(problem) and problem.message or tostring(problem)),
    hint = M.is(problem) and problem.hint or nil }
end

--- A hook that is a function of another process.
---@param field string
---@param owner integer|nil  the process that made the container
---@return libcontainer.Error
function M.hook_lost(field, owner)
  return M.new { code = "SystemError", step = "hook", field = field,
    message = ("%s is a Lua function of the process that made the container%s, and cannot be called by another one")
      :format(field, owner and (" (pid %d)"):format(owner) or ""),
    hint = "do this in that process, or give a program" }
end

--- A container that writes into its rootfs, or into memory.
---@param id string
---@param overlay table|nil  what its configuration has
---@return libcontainer.Error
function M.no_layer(id, overlay)
  return M.new { code = "SystemError", step = "layer", field = overlay and "overlay.memory" or "overlay",
    errname = "EINVAL", errno = 22,
    message = ("container %s %s (EINVAL)"):format(quoted(id), overlay
      and "has its writable layer in memory, where only its own programs see it" or "has no writable layer"),
    hint = overlay and "create it with overlay = {}, or with overlay.layer" or "create it with overlay = {}" }
end

--- A process object that nothing has been started with.
---@return libcontainer.Error
function M.process_not_executed()
  return M.new { code = "ProcessNotExecuted", step = "process",
    message = "the process has not been started", hint = "container:start(process) does" }
end

--- A deadline has passed.
---@param step string
---@param what string "the process does not end"
---@param seconds number|nil
---@return libcontainer.Error
function M.timed_out(step, what, seconds)
  return M.new { code = "SystemError", step = step, errno = 110, errname = "ETIMEDOUT",
    message = what .. (seconds and (" within %g s"):format(seconds) or " in time") .. " (ETIMEDOUT)" }
end

--- Somebody else works on the container, and goes on doing so.
---@param id string
---@param pid integer|nil who it is, where the kernel tells
---@param seconds number the deadline
---@param is_own boolean it is this process
---@return libcontainer.Error
function M.locked(id, pid, seconds, is_own)
  local err = M.timed_out("lock", ("process %s holds the lock of container %s and did not give it back")
    :format(pid or "of another pid namespace", quoted(id)), seconds)
  err.subject = pid and tostring(pid) or id
  err.hint = is_own and "that is this program: a hook cannot act on its own container, and what another coroutine has "
    .. "begun must come to its end" or "wait for it, or end it"
  return err
end

--- A state file that cannot be used.
---@param id string
---@param what string what is wrong with it
---@param hint string|nil
---@return libcontainer.Error
function M.state_damaged(id, what, hint)
  return M.new { code = "SystemError", step = "state", subject = id,
    message = "the state of container " .. quoted(id) .. " is damaged: " .. what,
    hint = hint or "destroy removes the container all the same" }
end

--- A directory of the state root that nobody made for a container.
---@param id string
---@param name string what is in it
---@param has_record boolean  a state.json too, which is none of ours
---@return libcontainer.Error
function M.no_container(id, name, has_record)
  return M.new { code = "SystemError", step = "state", subject = id,
    message = ("%s is no container: there is %s in that directory, but %s"):format(quoted(id),
      has_record and "no state.json of one" or "no state.json", quoted(name)),
    hint = "nothing was removed: choose another state root, or remove the directory by hand" }
end

--- A document that is no JSON.
---@param what string
---@param name string|nil of the file
---@param line integer|nil
---@param column integer|nil
---@return libcontainer.Error
function M.json(what, name, line, column)
  local at = line and (" at line %d, column %d"):format(line, column) or ""
  local first = what:sub(1, 1):lower() .. what:sub(2):gsub("T_END", "the end of the text")
  return M.new { code = "ConfigInvalid", step = "config", subject = name, line = line,
    column = column, message = (name and name .. ": " or "") .. "not valid JSON: " .. first .. at }
end

--- A value that cannot be written as JSON.
---@param path string[] steps to it
---@param what string
---@return libcontainer.Error
function M.not_json(path, what)
  local deep = #path > 8
  local field = table.concat(path, "", 1, deep and 8 or #path) .. (deep and "…" or "")
  return M.new { code = "ConfigInvalid", step = "config", field = field ~= "" and field or nil,
    message = (field ~= "" and field or "value") .. ": " .. what .. " cannot be written as JSON" }
end

--- A Lua library that is not installed.
---@param name string
---@param module string what require was asked for
---@param package string the Debian package
---@return libcontainer.Error
function M.missing_library(name, module, package)
  return M.new { code = "SystemError", step = "host", subject = module,
    message = name .. " is not installed (no module " .. quoted(module) .. ")",
    hint = "apt-get install " .. package .. ", or luarocks install " .. name }
end

--- A locale in which JSON cannot be read.
---@param point string its decimal point
---@return libcontainer.Error
function M.unusable_locale(point)
  return M.new { code = "SystemError", step = "host", subject = "LC_NUMERIC",
    message = ("numbers cannot be read in this locale, whose decimal point is %q"):format(point),
    hint = 'os.setlocale("C", "numeric")' }
end

--- "did you mean …", nil without a name near enough.
---@param nearest string|nil
---@return string|nil
function M.did_you_mean(nearest)
  return nearest and "did you mean " .. quoted(nearest) .. "?" or nil
end

--- Wrong use of a function: the text to raise for an option or method that does not exist.
---@param kind string "option", "field", "method"
---@param name any
---@param nearest string|nil
---@return string
function M.unknown(kind, name, nearest)
  local text = "unknown " .. kind .. " " .. quoted(tostring(name))
  return nearest and text .. ", " .. M.did_you_mean(nearest) or text
end

return M
