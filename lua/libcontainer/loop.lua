-- SPDX-License-Identifier: MIT
--- The one place that waits.
-- Everything that blocks (start, wait, read, write, lock) comes here with descriptors and a deadline
-- of the monotonic clock, so there is one way to wait and one to give up. By default it uses the C core's
-- poll. After `lc.loop` it lets the other coroutines of an event loop run meanwhile: whatever is waited for
-- is put into one epoll instance, whose descriptor is all that the loop gets to see. So two may wait for the
-- same thing, and nothing that the library closes is known to the loop, which would mix it up with what has
-- the same number later.
local core = require "libcontainer.core"

local M = {}

-- The event loop: see loop/tasks.lua. Without one, nobody is ever inside of it.
local current = nil

-- Sets that nobody waits for, to be used again.
local idle = {}

-- Seconds that one coroutine may go on for without waiting; and since when one has.
local LONGEST_TURN <const> = 0.005
local turn_began = 0

--- The moment that is `seconds` from now, for the functions below.
---@param seconds number|nil  nil: never
---@return number|nil deadline  on the monotonic clock
function M.deadline(seconds)
  return seconds and core.now() + seconds
end

--- Let this event loop run while something is waited for.
---@param adapter libcontainer.LoopAdapter|nil  nil: none
function M.use(adapter)
  current = adapter
end

-- The directions that each descriptor is waited for.
local function directions_of(entries)
  local directions = {}
  for _, entry in ipairs(entries) do
    local fd, direction = entry[1], entry[2]
    local known = directions[fd]
    directions[fd] = (not known or known == "e") and direction
      or (direction == "e" or direction == known) and known or "rw"
  end
  return directions
end

local function fill(set, directions)
  for fd, direction in pairs(directions) do
    local added, raw = set:add(fd, direction)
    if not added then return nil, raw end
  end
  return true
end

-- Let others run until one may be ready. Whoever is cancelled meanwhile leaves a set that is closed.
local function yield(entries, left)
  local set, raw = table.remove(idle)
  if not set then set, raw = core.poll_set() end
  if not set then return nil, raw end
  local directions = directions_of(entries)
  local is_filled, why = fill(set, directions)
  if is_filled then current.wait(set:pollfd(), left) end
  turn_began = core.now()
  for fd in pairs(directions) do set:remove(fd) end
  idle[#idle + 1] = set
  return is_filled, why
end

--- Let others run now and then: for who finds whatever he would wait for each time.
function M.turn()
  if current and core.now() - turn_began > LONGEST_TURN and current.is_inside() then yield({}, 0) end
end

--- Wait until one of the descriptors is ready or the deadline has passed.
-- Interrupted waits go on with the time that is left.
---@param entries table[]     each `{ descriptor, "r"|"w"|"e" }`, "e": the other side is closed; field 3 is set to whether it is ready
---@param deadline number|nil see `deadline`
---@return integer|nil count  how many are ready, 0 when the deadline has passed; nil on failure
---@return table|nil raw      the raw error of the core
function M.poll(entries, deadline)
  local is_inside = current and current.is_inside()
  while true do
    local left = deadline and math.max(deadline - core.now(), 0)
    local count, raw = core.poll(entries, is_inside and 0 or left)
    if not count then return nil, raw end
    if count > 0 or left == 0 then
      M.turn()
      return count
    end
    if is_inside then
      local done
      done, raw = yield(entries, left)
      if not done then return nil, raw end
    end
  end
end

--- Wait for one descriptor.
---@param fd integer
---@param direction "r"|"w"
---@param deadline number|nil
---@return boolean|nil ready  false when the deadline has passed, nil on failure
---@return table|nil raw
function M.wait(fd, direction, deadline)
  local count, raw = M.poll({ { fd, direction } }, deadline)
  if not count then return nil, raw end
  return count > 0
end

--- Let a moment pass, for what no descriptor tells.
---@param seconds number
function M.pause(seconds)
  M.poll({}, M.deadline(seconds))
end

-- What the core answers when the time was too short.
local TOO_SHORT <const> = { ETIMEDOUT = true, EBUSY = true }
local LONGEST_PAUSE <const> = 0.02

--- Have the core do what takes a while, as long as it may. Outside of an event loop it waits itself; inside of
-- one it gets no time, and is asked again and again while others run.
---@param seconds number  how long it may take
---@param attempt fun(seconds: number): true|nil, table|nil  may be called often
---@return true|nil done
---@return table|nil raw
function M.persist(seconds, attempt)
  if not (current and current.is_inside()) then return attempt(seconds) end
  local deadline, pause = M.deadline(seconds), 0.001
  while true do
    local done, raw = attempt(0)
    local left = deadline - core.now()
    if done or left <= 0 or not TOO_SHORT[core.errno_name(raw.errno)] then return done, raw end
    M.pause(math.min(pause, left))
    pause = math.min(pause * 2, LONGEST_PAUSE)
  end
end

return M
