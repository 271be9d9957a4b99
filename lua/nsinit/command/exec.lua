-- SPDX-License-Identifier: MIT
--- exec ID COMMAND...: a further program in a container.
local bundle = require "nsinit.bundle"
local capabilities = require "nsinit.capabilities"
local configs = require "libcontainer.configs"
local descriptors = require "nsinit.descriptors"
local foreground = require "nsinit.foreground"
local json = require "libcontainer.json"
local store = require "nsinit.store"

local function read_all(path)
  if path == "-" then return io.stdin:read("a") end
  local file <close>, problem = io.open(path)
  if not file then return nil, problem end
  return file:read("a")
end

-- The process that a file describes.
local function read_process(path)
  local text, problem = read_all(path)
  if not text then return nil, problem end
  local object, err = json.decode(text, { name = path, null = "drop" })
  if object == nil then return nil, err end
  if type(object) ~= "table" or #object > 0 then return nil, path .. ": must be a process object" end
  return configs.process_from_oci(object)
end

local SETS <const> = { "bounding", "effective", "permitted" }

local function with_capabilities(process, config, names)
  local sets, out = process.capabilities or config.capabilities or {}, {}
  for set, list in pairs(sets) do out[set] = table.move(list, 1, #list, 1, {}) end
  local inheritable = {}
  for _, name in ipairs(out.inheritable or {}) do inheritable[name] = true end
  for _, name in ipairs(names) do
    local plain = name:upper():gsub("^CAP_", "")
    for _, set in ipairs(SETS) do
      out[set] = out[set] or {}
      table.insert(out[set], plain)
    end
    if inheritable[plain] then
      out.ambient = out.ambient or {}
      table.insert(out.ambient, plain)
    end
  end
  process.capabilities = out
end

local function user_of(text)
  local uid, gid = text:match("^(%d+):(%d+)$")
  uid = uid or text:match("^%d+$")
  if not uid then return nil, ("bad uid in --user %s: must be UID or UID:GID"):format(text) end
  return uid .. ":" .. (gid or "0")
end

-- Where inside the container's cgroups it is to be: of one path in all of them, or by controllers.
local function sub_cgroups_of(list)
  local paths = {}
  for _, text in ipairs(list) do
    local controllers, path = text:match "^([^:]*):(.*)$"
    if not controllers and #list == 1 then return text end
    for name in ((controllers or "") .. ","):gmatch "([^,]*)," do
      if name == "" then return nil, ("--cgroup %s: a controller is missing: CONTROLLER:PATH"):format(text) end
      if paths[name] then return nil, ("--cgroup %s: there is another one for %s"):format(text, name) end
      paths[name] = path
    end
  end
  return paths
end

-- The process of the container, changed by the options.
local function from_options(state, context)
  local options, process = context.options, {}
  for name, value in pairs(state.process or {}) do process[name] = value end
  process.args = table.move(context.args, 2, #context.args, 1, {})
  process.terminal, process.terminal_size = options.tty or nil, nil
  process.cwd = options.cwd or process.cwd
  if options.env then
    process.env = table.move(process.env or {}, 1, #(process.env or {}), 1, {})
    table.move(options.env, 1, #options.env, #process.env + 1, process.env)
  end
  if options.user then
    local user, problem = user_of(options.user)
    if not user then return nil, problem end
    process.user, process.additional_groups = user, nil
  end
  for _, gid in ipairs(options["additional-gids"] or {}) do
    process.additional_groups = process.additional_groups or {}
    table.insert(process.additional_groups, gid)
  end
  process.process_label = options["process-label"] or process.process_label
  process.apparmor_profile = options.apparmor or process.apparmor_profile
  if options["no-new-privs"] ~= nil then process.no_new_privileges = options["no-new-privs"] end
  if options.cap then with_capabilities(process, state.config, options.cap) end
  return process
end

local function prepare(container, context)
  local options, process = context.options
  local state, err = container:state()
  if not state then return nil, err end
  if options.process then
    process, err = read_process(options.process)
    if process and options.tty then process.terminal = true end
  elseif #context.args < 2 then
    return nil, "there is no command to run: write it behind the id, or give --process"
  else
    process, err = from_options(state, context)
  end
  if not process then return nil, err end
  if options.cgroup then
    process.sub_cgroups, err = sub_cgroups_of(options.cgroup)
    if not process.sub_cgroups then return nil, err end
  end
  capabilities.withhold(process.capabilities, state.config, context.log)
  local fine
  fine, err = bundle.check_console(process, options, options.detach or false)
  if fine then fine, err = descriptors.give(process, options, context.log) end
  if not fine then return nil, err end
  return process
end

-- Until it runs again: true, or nil and why it will not.
local function wait_until_resumed(container)
  local events <close>, err = container:events()
  if not events then return nil, err end
  local status
  status, err = container:status() -- it may have been before we listened
  while status == "paused" or status == "pausing" do
    local event
    event, err = events:next()
    if not event then break end
    status, err = container:status()
  end
  if not status then return nil, err end
  return true
end

local function exec(context)
  local container, err = store.load(context)
  if not container then return nil, err end
  local status
  status, err = container:status()
  if not status then return nil, err end
  if status == "paused" or status == "pausing" then
    if not context.options["ignore-paused"] then
      return nil, "cannot exec in a paused container (use --ignore-paused to wait until it is resumed)"
    end
    local is_resumed
    is_resumed, err = wait_until_resumed(container)
    if not is_resumed then return nil, err end
    status, err = container:status()
    if not status then return nil, err end
  end
  if status == "stopped" or status == "created" then return nil, "cannot exec in a stopped container" end
  local process
  process, err = prepare(container, context)
  if not process then return nil, err end
  return foreground.run(context, container, process)
end

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local run = context.is_classic and require "nsinit.classic" or exec
  local status, err = run(context)
  if status then return status end
  if type(err) ~= "table" then return nil, "exec failed: " .. tostring(err) end
  return nil, { code = err.code, message = "exec failed: " .. context.explain(err) }
end
