-- SPDX-License-Identifier: MIT
--- The whole interface in any order: random calls on three containers, by several objects of each, with
-- random deaths, against a model of what each call may answer in each state. A sequence that fails is
-- made again with LIBCONTAINER_SEED.
local fixture = require "spec.support.fixture"
local core = require "libcontainer.core"
local loop = require "libcontainer.loop"

local IDS <const> = { "one", "two", "three" }
local CALLS <const> = 30

local ALIVE <const> = { running = true, paused = true }

-- --- the model: what `status` makes of a call; a code, or true for success, and the status after it ---

local function needs_life(after)
  return function(status)
    if ALIVE[status] then return true, after end
    return "ContainerNotRunning"
  end
end

local function needs_running(after)
  return function(status)
    if status == "paused" then return "ContainerPaused" end
    if status == "running" then return true, after end
    return "ContainerNotRunning"
  end
end

local function always() return true end

-- The calls on an object of a container that exists.
local calls = {
  start = { model = function(status)
    if status == "paused" then return "ContainerPaused" end
    return true, "running"
  end, run = function(box, _, started)
    local process, err = box:start { "sleep", "1000" }
    started[#started + 1] = process
    return process, err
  end },
  exec = { model = needs_running(), run = function(box)
    local result, err = box:exec { "sh", "-c", "echo out; exit 3", timeout = fixture.seconds(30) }
    if result and (result.status ~= 3 or result.stdout ~= "out\n") then error(tostring(result)) end
    return result, err
  end },
  missing = { model = function(status)
    local answer = needs_running()(status)
    return answer == true and "SystemError" or answer
  end, run = function(box) return box:exec { "no-such-program" } end },
  pause = { model = needs_life("paused"), run = function(box) return box:pause(fixture.seconds(10)) end },
  resume = { model = needs_life("running"), run = function(box) return box:resume(fixture.seconds(10)) end },
  set = { model = always, run = function(box) return box:set { pids_limit = math.random(20, 90) } end },
  set_wrong = { model = function() return "ConfigInvalid" end, run = function(box) return box:set { pidslimit = 1 } end },
  signal = { model = needs_life(), run = function(box) return box:signal("CONT", { all = true }) end },
  kill = { model = needs_life("stopped"), run = function(box) return box:signal "KILL" end },
  kill_all = { model = needs_life("stopped"), run = function(box) return box:signal("KILL", { all = true }) end,
    -- any freezer but our own may keep them
    is_for = function(status) return status ~= "paused" end },
  stop = { model = needs_life("stopped"), run = function(box) return box:stop { grace = 0.01 } end },
  wait = { model = function(status)
    if ALIVE[status] then return "ETIMEDOUT" end
    return "ContainerNotRunning"
  end, run = function(box) return box:wait(0) end, is_for = function(status) return status ~= "stopped" end },
  stats = { model = needs_life(), run = function(box) return box:stats() end },
  notify_oom = { model = needs_life(), run = function(box)
    local events, err = box:notify_oom()
    if events then events:close() end
    return events, err
  end },
  processes = { model = always, run = function(box, status)
    local pids, err = box:processes()
    if pids and (#pids > 0) ~= (ALIVE[status] or false) then error(#pids .. " processes") end
    return pids, err
  end },
  config = { model = always, run = function(box) return box:config() end },
  state = { model = always, run = function(box, status)
    local state, err = box:state()
    if state and state.status ~= status then error("state says " .. state.status) end
    return state, err
  end },
  explain = { model = always, run = function(box) return box:explain { "true" } end },
  destroy_stopped = { model = function(status)
    if ALIVE[status] then return "ContainerNotStopped" end
    return true, "destroyed"
  end, run = function(box) return box:destroy { force = false } end },
  destroy = { model = function() return true, "destroyed" end, run = function(box)
    return box:destroy { timeout = fixture.seconds(10) }
  end },
}

local NAMES <const> = {}
for name in pairs(calls) do NAMES[#NAMES + 1] = name end
table.sort(NAMES)
for _ = 1, 5 do NAMES[#NAMES + 1] = "start" end -- or little would ever run

-- --- one sequence ---

local function code_of(err)
  return err.errname == "ETIMEDOUT" and "ETIMEDOUT" or err.code
end

-- What dies takes a moment.
local function becomes(box, status)
  local deadline = loop.deadline(fixture.seconds(30))
  local seen
  repeat
    seen = box:status()
    if seen == status then return end
    loop.pause(0.001)
  until core.now() > deadline
  error(("it is %s and not %s"):format(seen, status))
end

local Run = {}
Run.__index = Run

function Run:say(format, ...)
  self.story[#self.story + 1] = format:format(...)
end

function Run:create(id)
  local place = self.places[id]
  local box, err = self.factory:create(id, { rootfs = self.rootfs, cgroups = { pids_limit = 64 } })
  self:say("create %s", id)
  if place.status == "destroyed" then
    assert(box, tostring(err))
    place.status, place.boxes = "created", { box }
  else
    assert(not box and err.code == "IdInUse", tostring(err))
  end
end

function Run:load(id)
  local place = self.places[id]
  local box, err = self.factory:load(id)
  self:say("load %s", id)
  if place.status ~= "destroyed" then
    place.boxes[#place.boxes + 1] = assert(box, tostring(err))
  else
    assert(not box and err.code == "ContainerNotExists", tostring(err))
  end
end

-- Somebody outside kills its init.
function Run:murder(id)
  local place = self.places[id]
  if place.status ~= "running" then return end
  self:say("murder %s", id)
  fixture.sh("kill -KILL %d", place.boxes[1]:state().init_process_pid)
  place.status = "stopped"
  becomes(place.boxes[1], "stopped")
end

function Run:list()
  local ids, expected = {}, {}
  for _, box in ipairs(assert(self.factory:list())) do ids[#ids + 1] = box:id() .. " " .. box:status() end
  for id, place in pairs(self.places) do
    if place.status ~= "destroyed" then expected[#expected + 1] = id .. " " .. place.status end
  end
  table.sort(ids)
  table.sort(expected)
  self:say("list")
  assert(table.concat(ids, ", ") == table.concat(expected, ", "), table.concat(ids, ", "))
end

-- A call on an object that may know of an earlier life of the container, or of none any more.
function Run:call(id)
  local place = self.places[id]
  local box = place.boxes[math.random(#place.boxes)]
  local name = NAMES[math.random(#NAMES)]
  local call = calls[name]
  if call.is_for and not call.is_for(place.status) then return end
  self:say("%s %s, which is %s", name, id, place.status)
  local done, err = call.run(box, place.status, self.started)
  if place.status == "destroyed" then
    -- what is known of it may still be told
    local is_told = done and (name == "config" or name == "explain" or name == "wait")
    assert(is_told or not done and code_of(err) == "ContainerNotExists", tostring(err))
    return
  end
  local answer, after = call.model(place.status)
  if answer == true then
    assert(done, tostring(err))
    place.status = after or place.status
  else
    assert(not done, "it was not refused")
    assert(code_of(err) == answer, tostring(err))
  end
  becomes(box, place.status)
  becomes(place.boxes[1], place.status)
end

local function make_run(factory, rootfs)
  local run = setmetatable({ factory = factory, rootfs = rootfs, places = {}, story = {}, started = {} }, Run)
  for _, id in ipairs(IDS) do run.places[id] = { status = "destroyed", boxes = {} } end
  return run
end

function Run:step()
  local id = IDS[math.random(#IDS)]
  local dice = math.random(12)
  if #self.places[id].boxes == 0 or dice == 1 then return self:create(id) end
  if dice == 2 then return self:load(id) end
  if dice == 3 then return self:murder(id) end
  if dice == 4 then return self:list() end
  return self:call(id)
end

function Run:finish()
  for _, box in ipairs(assert(self.factory:list())) do assert(box:destroy { timeout = fixture.seconds(10) }) end
  assert(#self.factory:list() == 0)
  -- whichever object knew of it, and however its container ended
  for _, process in ipairs(self.started) do assert(process:wait(fixture.seconds(30))) end
end

describe("calls in any order, with deaths between them,", function()
  fixture.check_leaks()

  it("answer what the state of the container allows, and nothing else [F22]", function()
    fixture.needs("root", "busybox")
    local factory, rootfs = fixture.factory(), fixture.rootfs()
    local first = math.tointeger(os.getenv("LIBCONTAINER_SEED") or os.time())
    local last = os.getenv("LIBCONTAINER_SEED") and first or first + fixture.rounds(40, 3) - 1
    for seed = first, last do
      math.randomseed(seed)
      local run = make_run(factory, rootfs)
      local fine, why = pcall(function()
        for _ = 1, CALLS do run:step() end
      end)
      run:finish()
      if not fine then
        error(("LIBCONTAINER_SEED=%d\n%s\n%s"):format(seed, table.concat(run.story, "\n"), why), 0)
      end
    end
  end)
end)
