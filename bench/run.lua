-- SPDX-License-Identifier: MIT
-- One table: what a container costs here, beside the bare kernel work and beside the runtimes that are
-- installed. Everybody starts the same static programs in the same kind of container (bundle.json), in
-- turns, so that a slow minute of the machine is slow for all; what counts are the ratios, taken round
-- by round.
--
--     lua5.4 bench/run.lua [ROUNDS [RUNS [LIVING]]]   after `make bench` has built the programs
local lc = require "libcontainer"
local figures = require "bench.figures"
local sections = require "bench.rows"
local subject = require "bench.subject"

local function is_installed(program, library)
  return (not program or os.execute(("command -v %s >/dev/null 2>&1"):format(program)) == true)
    and (not library or package.searchpath(library, package.cpath) ~= nil)
end

-- Medians by section, row and round.
local function measure(place, rounds)
  local samples = {}
  for round = 1, rounds do
    for s, section in ipairs(sections) do
      samples[s] = samples[s] or {}
      for i, row in ipairs(section) do
        if is_installed(row[3], row[4]) then
          samples[s][i] = samples[s][i] or {}
          samples[s][i][round] = figures.median(row[2](place))
          io.stderr:write(("\rround %d of %d: %-40s"):format(round, rounds, row[1]))
        end
      end
    end
  end
  io.stderr:write(("\r%60s\r"):format(""))
  return samples
end

local function print_table(samples)
  for s, section in ipairs(sections) do
    print(("\n%-42s %9s %9s"):format(section.name, "ms", "x first"))
    for i, row in ipairs(section) do
      local found = samples[s][i]
      if found then
        print(("  %-40s %9.2f %9.2f"):format(row[1], figures.median(found) * 1000,
          figures.ratio(found, samples[s][1])))
      else
        print(("  %-40s %9s"):format(row[1], "not here"))
      end
    end
  end
end

-- What was set as a goal: { what, section, row, row that it is compared with, at most }.
local GOALS <const> = {
  { "a container / the bare kernel work", 1, 2, 1, 1.5 },
  { "with 1 GiB of heap / an empty heap", 1, 3, 2, 1.15 },
  { "a further program / the bare container", 2, 2, 1, 0.6 },
  { "a further program / crun exec", 2, 2, 4, 0.2 },
  { "stats() / the bare reads", 4, 2, 1, 1.5 },
  { "nsinit run / crun run", 6, 1, 2, 0.5 },
  { "nsinit run / runc run", 6, 1, 3, 0.2 },
  { "nsinit state / crun state", 7, 1, 2, 1 },
  { "nsinit kill / crun kill", 8, 1, 2, 1 },
  { "nsinit delete / crun delete", 9, 1, 2, 1 },
  { "nsinit create, start, delete / crun's", 10, 1, 2, 0.67 },
}

local function print_goals(samples)
  print()
  for _, goal in ipairs(GOALS) do
    local what, s, row, other, most = table.unpack(goal)
    local of, to = samples[s][row], samples[s][other]
    if of and to then
      local value = figures.ratio(of, to)
      print(("%-42s %9.2f   wanted: at most %.2f, %s"):format(what, value, most,
        value <= most and "reached" or "MISSED"))
    end
  end
end

local rounds, runs = tonumber(arg[1]) or 9, math.tointeger(tonumber(arg[2] or 15))
local directory = subject.make_directory()
local fine, problem = pcall(function()
  local factory = assert(lc.new(directory .. "/state"))
  local box <close> = assert(factory:create("living", subject.config(directory)))
  assert(box:start { "/sleeper" })
  local release <close> = assert(io.open("/proc/sys/kernel/osrelease"))
  print(("Linux %s, %d rounds of %d runs"):format(release:read(), rounds, runs))
  local samples = measure({ directory = directory, runs = runs, box = box }, rounds)
  print_table(samples)
  subject.shell("lua5.4 bench/many.lua %s %d", directory, math.tointeger(tonumber(arg[3] or 1000)))
  print_goals(samples)
end)
subject.remove_directory(directory)
if not fine then error(problem, 0) end
