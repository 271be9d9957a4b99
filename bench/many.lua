-- SPDX-License-Identifier: MIT
-- Does a container cost more when many live already? Whole lives are measured beside the bare kernel work,
-- which gets dearer too, when nothing else lives and when LIVING containers do; and what each of those
-- holds in this process.
--
--     lua5.4 bench/many.lua DIRECTORY LIVING [ROUNDS [RUNS]]   of run.lua, which makes the directory
local lc = require "libcontainer"
local core = require "libcontainer.core"
local json = require "libcontainer.json"
local figures = require "bench.figures"
local subject = require "bench.subject"

local directory, living = arg[1], assert(math.tointeger(tonumber(arg[2])))
local rounds, runs = math.tointeger(tonumber(arg[3] or 5)), math.tointeger(tonumber(arg[4] or 5))
local factory = assert(lc.new(directory .. "/many"))
local config = subject.config(directory)

local function floor()
  return assert(json.decode(subject.output_of("%sfloor %d %s %strue %sfloor-init %s/filter", subject.PROGRAMS,
    runs, directory, subject.PROGRAMS, subject.PROGRAMS, directory))).median_us / 1e6
end

local function lives()
  local seconds = {}
  for i = 1, runs do
    local began = core.now()
    subject.live(factory, "one", config)
    seconds[i] = core.now() - began
  end
  return figures.median(seconds)
end

-- Seconds of whole lives, of lists and of the floor, in turns.
local function measure()
  local ours, bare, lists = {}, {}, {}
  lives()
  for round = 1, rounds do
    bare[round], ours[round] = floor(), lives()
    local began = core.now()
    assert(#assert(factory:list()) <= living)
    lists[round] = core.now() - began
    collectgarbage() -- what was listed holds descriptors
  end
  return ours, bare, figures.median(lists)
end

local function line_of(path, key)
  local file <close> = assert(io.open(path))
  return math.tointeger(file:read("a"):match(key .. ":%s*(%d+)"))
end

local function count_descriptors()
  local count = 0
  for fd = 0, 100 + 20 * living do
    local link <close> = io.open("/proc/self/fdinfo/" .. fd)
    if link then count = count + 1 end
  end
  return count
end

-- What this process holds: descriptors, kB, kB of the Lua heap.
local function weigh()
  collectgarbage()
  collectgarbage()
  return { count_descriptors(), line_of("/proc/self/status", "VmRSS"), collectgarbage("count") }
end

local alone, alone_bare = measure()
local before = weigh()
local boxes, began, halves = {}, core.now(), {}
for i = 1, living do
  boxes[i] = assert(factory:create("living-" .. i, config))
  assert(boxes[i]:start { "/sleeper" })
  if i == living // 2 or i == living then
    halves[#halves + 1] = core.now() - began
    began = core.now()
  end
end
local after = weigh()
local among, among_bare, list = measure()
began = core.now()
for _, box in ipairs(boxes) do assert(box:destroy()) end
local ends = core.now() - began

local function row(name, seconds, times)
  print(("  %-40s %9.2f %9s"):format(name, seconds * 1000, times and ("%.2f"):format(times) or ""))
end
local function each(what) return (after[what] - before[what]) / living end

print(("\n%-42s %9s %9s"):format(("beside %d living containers"):format(living), "ms", "x floor"))
row("a whole one, beside none", figures.median(alone), figures.ratio(alone, alone_bare))
row("a whole one, beside all of them", figures.median(among), figures.ratio(among, among_bare))
row("the floor, beside all (x beside none)", figures.median(among_bare),
  figures.median(among_bare) / figures.median(alone_bare))
row("create and start, the last half (x first)", halves[2] / (living - living // 2), halves[2] / halves[1])
row("destroy of each", ends / living)
row("list(), for each", list / living)
print(("  each holds %.2f descriptors and %.1f kB of this process, %.1f kB of them Lua's"):format(each(1), each(2),
  each(3)))
