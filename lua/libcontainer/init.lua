-- SPDX-License-Identifier: MIT
--- libcontainer: Linux containers inside the calling Lua process.
--
--     local lc = require "libcontainer"
--     local r = assert(lc.run { "sh", "-c", "echo hello; exit 3" })
--     print(r.stdout, r.status)
--
-- This file is the door: it only names what the modules behind it do.
local core = require "libcontainer.core"
local lazy = require "libcontainer.lazy"
local check = lazy "libcontainer.check"
local errors = lazy "libcontainer.errors"
local factory = require "libcontainer.factory"
local object = require "libcontainer.object"
local process = lazy "libcontainer.process"
local repl = lazy "libcontainer.repl"
local run = lazy "libcontainer.run"
local tasks = lazy "libcontainer.loop.tasks"

local M = {}

--- Version of the library.
M.version = core.version

M.new = factory.new
--- A process that has not been started: see process.lua.
---@param t libcontainer.ProcessSpec
---@return libcontainer.Process
function M.process(t)
  return process.new(t)
end

--- What can be called, one line each: of the library, or of what is given. See repl.lua.
---@param what any
---@return string
function M.help(what)
  return repl.help(what)
end

---@class libcontainer.Features
---@field landlock integer  its ABI; 0: none
---@field seccomp_notify boolean  filters may ask
---@field apparmor boolean
---@field selinux boolean
---@field resctrl boolean

--- What this kernel has of what is not everywhere.
---@return libcontainer.Features
function M.features()
  return object.plain(core.features())
end

--- Run a program in a container of its own: see run.lua.
---@param t libcontainer.RunOptions
---@return libcontainer.Result|nil
---@return libcontainer.Error|nil err
function M.run(t)
  check.program_table(t, "run")
  local made = rawget(t, "factory")
  if made == nil then
    local err
    made, err = factory.default()
    if not made then return nil, err end
  elseif M.type(made) ~= "factory" then
    return nil, errors.config_problem("factory", "must be a factory, as lc.new answers")
  end
  return run.run(made, t)
end

--- The event loop that runs while something is waited for: see loop/tasks.lua.
---@param which string|libcontainer.LoopAdapter|nil  "cqueues", "luv", "none" or an adapter; nil: the one in use
---@return libcontainer.Loop|nil
---@return libcontainer.Error|nil err  its library is not installed
function M.loop(which)
  return tasks.choose(which)
end

--- Is it one of our error objects?
---@param value any
---@return boolean
function M.is_error(value)
  return errors.is(value)
end

--- What kind of object is it?
---@param value any
---@return "container"|"process"|"factory"|"stream"|"supervisor"|"call"|"stats"|"events"|"result"|"plan"|"loop"|"error"|nil
function M.type(value)
  local name = type(value) == "table" and (getmetatable(value) or {}).__name
  return type(name) == "string" and name:match("^libcontainer%.(%w+)$") or nil
end

lazy.settle()

return object.module(M, ("libcontainer %s: lc.help() lists what it can do"):format(M.version))
