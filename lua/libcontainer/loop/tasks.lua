-- SPDX-License-Identifier: MIT
--- Event loops: the same text under cqueues, luv, a loop of the caller's own, or none.
--
--     local loop = lc.loop "cqueues"
--     loop:map(programs, 64, function(program) return lc.run(program) end)
--
-- There is no second interface for loops. What waits goes through loop.lua, which asks the adapter to let
-- others run meanwhile; an adapter is a function that waits for one descriptor, and can be written for any loop.
local core = require "libcontainer.core"
local check = require "libcontainer.check"
local errors = require "libcontainer.errors"
local loop = require "libcontainer.loop"
local object = require "libcontainer.object"

local M = {}

---@class libcontainer.LoopAdapter
---@field name string
---@field wait fun(fd: integer, seconds: number|nil)  lets others run until the descriptor is readable or the time is over; it may come back early
---@field is_inside? fun(): boolean       may the running coroutine wait so? default: coroutine.isyieldable
---@field spawn? fun(body: fun())         have the loop run a function in a coroutine of its own
---@field run? fun()                      run the loop until nothing is left to do

---@class libcontainer.Loop
local Loop = object.class "loop"

-- What lc.loop knows by name, and the Debian package of the library that it needs.
local KNOWN <const> = {
  none = { new = require "libcontainer.loop.none".new },
  cqueues = { new = require "libcontainer.loop.cqueues".new, package = "lua-cqueues" },
  luv = { new = require "libcontainer.loop.luv".new, package = "lua-luv" },
}

local NAMES <const> = { "cqueues", "luv", "none" }
local FUNCTIONS <const> = { "wait", "is_inside", "spawn", "run" }

local active

local function make(adapter)
  return setmetatable({ _adapter = adapter, _failure = false }, Loop)
end

local function by_name(name)
  local known = KNOWN[name]
  if not known then
    error(errors.unknown("loop", name, check.nearest(name, NAMES))
      .. ' ("cqueues", "luv", "none" or an adapter expected)', 3)
  end
  local adapter = known.new()
  if not adapter then return nil, errors.missing_library(name, name, known.package) end
  return adapter
end

local function checked(adapter)
  if type(adapter) ~= "table" then
    error(('bad argument #1 to \'loop\' ("cqueues", "luv", "none" or an adapter expected, got %s)')
      :format(type(adapter)), 3)
  end
  local own = { name = adapter.name or "own", is_inside = coroutine.isyieldable }
  if type(own.name) ~= "string" then error("bad field name of the adapter (text expected)", 3) end
  for _, name in ipairs(FUNCTIONS) do
    local given = adapter[name]
    if given ~= nil and type(given) ~= "function" then
      error(("bad field %s of the adapter (a function expected, got %s)"):format(name, type(given)), 3)
    end
    own[name] = given or own[name]
  end
  if not own.wait then error("the adapter has no function wait(fd, seconds)", 3) end
  return own
end

--- Choose the event loop that runs while something is waited for: by its name, or as an adapter of the caller's.
---@param which string|libcontainer.LoopAdapter|nil  "cqueues", "luv", "none"; nil: the one that is in use
---@return libcontainer.Loop|nil
---@return libcontainer.Error|nil err  its library is not installed
function M.choose(which)
  if which == nil then
    active = active or make(by_name "none")
    return active
  end
  local adapter, err
  if type(which) == "string" then adapter, err = by_name(which) else adapter = checked(which) end
  if not adapter then return nil, err end
  loop.use(adapter.name ~= "none" and adapter or nil)
  active = make(adapter)
  return active
end

--- Its name.
---@return string  "cqueues", "luv", "none" or the adapter's
function Loop:name()
  return self._adapter.name
end

local function need(self, name)
  local found = self._adapter[name]
  if not found then
    error(("the adapter of the loop %q has no function %s"):format(self._adapter.name, name), 3)
  end
  return found
end

-- An error says where it was raised: the coroutine that it comes from is gone when it is seen.
local function traced(why)
  return type(why) == "string" and debug.traceback(why, 2) or why
end

--- Have a function run in a coroutine of its own: at once in a loop that runs, else in `run`.
-- Without a loop it runs in `run`, after those that were given before.
---@param body function
---@param ... any  its arguments
---@return libcontainer.Loop self
function Loop:spawn(body, ...)
  if type(body) ~= "function" then
    error(("bad argument #1 to 'spawn' (a function expected, got %s)"):format(type(body)), 2)
  end
  local arguments = table.pack(...)
  need(self, "spawn")(function()
    local is_fine, why = xpcall(body, traced, table.unpack(arguments, 1, arguments.n))
    if not is_fine then self._failure = self._failure or { why } end
  end)
  return self
end

--- Run the loop until nothing is left to do in it.
-- The first error of those that were spawned is raised then: others went on in spite of it.
---@return true
function Loop:run()
  local run = need(self, "run")
  if self._adapter.is_inside() then error("the loop runs already: run is for who is outside of it", 2) end
  run()
  local failure = self._failure
  self._failure = false
  if failure then error(failure[1], 0) end
  return true
end

--- Let others run for a while.
---@param seconds number|string
function Loop:sleep(seconds) -- luacheck: no self
  loop.pause(check.timeout(seconds, "argument #1 to 'sleep'"))
end

-- What gives the next item: a function is one already.
local function iterator(items)
  if type(items) == "function" then return items end
  if type(items) ~= "table" then
    error(("bad argument #1 to 'map' (an array or a function expected, got %s)"):format(type(items)), 3)
  end
  local i = 0
  return function()
    i = i + 1
    return items[i]
  end
end

local function check_count(at_once)
  if math.type(at_once) ~= "integer" or at_once < 1 then
    error(("bad argument #2 to 'map' (how many at once: 1 or more, got %s)"):format(tostring(at_once)), 3)
  end
end

--- Call a function for each item, so many at once, and wait for all.
-- After an error no further items are taken, and it is raised when those at work have ended. Outside of the loop
-- this runs it, and with it everything else that was spawned.
---@param items any[]|fun(): any   an array, or a function that returns one after the other and then nil
---@param at_once integer          how many at the same time
---@param fn fun(item: any, index: integer): any
---@return table results  what it returned first, by index; `n`: how many
function Loop:map(items, at_once, fn)
  local next_item = iterator(items)
  check_count(at_once)
  local ended <close>, raw = core.poll_set(true)
  if not ended then error(errors.raw(raw)) end
  local results, living, failure = { n = 0 }, at_once, nil
  local function worker()
    local item = next_item()
    while item ~= nil do
      results.n = results.n + 1
      local index = results.n
      results[index] = fn(item, index)
      item = not failure and next_item() or nil
    end
  end
  for _ = 1, at_once do
    need(self, "spawn")(function()
      local is_fine, why = xpcall(worker, traced)
      if not is_fine then failure = failure or { why } end
      living = living - 1
      if living == 0 and ended:pollfd() then ended:wake(true) end
    end)
  end
  if self._adapter.is_inside() then
    loop.wait(ended:pollfd(), "r")
  else
    self:run()
  end
  if failure then error(failure[1], 0) end
  return results
end

--- Its name at the prompt.
function Loop:__tostring()
  return ("libcontainer.loop (%s)"):format(self:name())
end

return M
