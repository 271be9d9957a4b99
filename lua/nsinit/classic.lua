-- SPDX-License-Identifier: MIT
--- The classic exec: a program in the container of that id, which is made if there is none; or in one of its own.
-- What was made goes with the program. [D25] [D46]
local bundle = require "nsinit.bundle"
local configuration = require "nsinit.configuration"
local descriptors = require "nsinit.descriptors"
local foreground = require "nsinit.foreground"
local store = require "nsinit.store"
local system = require "libcontainer.system"

-- One that nobody else has, where none was asked for.
local function any_id()
  return ("nsinit-%08x"):format(math.random(0, 0xffffffff))
end

local function configure(options)
  local config, err
  if options.config then
    config, err = configuration.read(options.config)
  else
    config, err = configuration.of(options)
  end
  if not config then return nil, err end
  config.detach = true -- it ends by us, or by whoever deletes it
  if options.detach and not options["parent-death-signal"] then config.parent_death_signal = nil end
  return config
end

-- The container, and whether it was made for this program.
local function open(context)
  local options, global = context.options, context.global
  if options.systemd then global["systemd-cgroup"] = true end
  local factory, err = store.open(global)
  if not factory then return nil, err end
  if options.id and not options.create then
    local there, why = factory:load(options.id)
    if there then return there, false end
    if why.code ~= "ContainerNotExists" then return nil, why end
  end
  local config, container
  config, err = configure(options)
  if not config then return nil, err end
  container, err = factory:create(options.id or any_id(), config)
  if not container then return nil, err end
  return container, true
end

-- The program of the command line: in a container that was there as its first one, in a new one as little as that.
local function describe(container, is_made, options, args, log)
  local state, err = container:state()
  if not state then return nil, err end
  local process = {}
  for name, value in pairs(state.process or {}) do process[name] = value end
  process.args, process.terminal_size = args, nil
  local env = table.move(process.env or {}, 1, #(process.env or {}), 1, {})
  if is_made then
    env[1] = "TERM=" .. (os.getenv "TERM" or "xterm")
    env[2] = "HOSTNAME=" .. (state.config.hostname or "nsinit")
  end
  process.env = table.move(options.env or {}, 1, #(options.env or {}), #env + 1, env)
  process.cwd = options.cwd or process.cwd
  process.user = options.user or process.user
  if options.user then process.additional_groups = nil end
  local is_at_terminal = not options.detach and system.is_terminal(0) and system.is_terminal(1)
  process.terminal = options.tty or options.tty == nil and is_at_terminal or nil
  local fine
  fine, err = bundle.check_console(process, options, options.detach or false)
  if fine then fine, err = descriptors.give(process, options, log) end
  if not fine then return nil, err end
  return process
end

local function run(context, container, is_made)
  local process, err = describe(container, is_made, context.options, context.args, context.log)
  if not process then return nil, err end
  return foreground.run(context, container, process)
end

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local container, is_made = open(context)
  if not container then return nil, is_made end
  local status, err = run(context, container, is_made)
  local is_kept = status and (context.options.detach or container:status() == "checkpointed")
  if not is_made or is_kept then return status, err end
  local gone, why = container:destroy()
  if not status then return nil, err end
  if not gone then return nil, why end
  return status
end
