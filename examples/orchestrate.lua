-- SPDX-License-Identifier: MIT
-- A small build farm: twelve jobs, four at a time, each in a container with limits, and a table of how far they are.
-- One thread does it all, in the event loop of cqueues or luv; without either the jobs run one after the other.
local lc = require "libcontainer"

local loop = lc.loop "cqueues" or lc.loop "luv" or lc.loop "none"

-- Primes below a limit, counted by the shell of the container: every job has its own part of the numbers.
local SCRIPT <const> = [[
  n=$1 count=0
  while [ $n -lt $2 ]; do
    i=2
    while [ $((i * i)) -le $n ] && [ $((n % i)) -ne 0 ]; do i=$((i + 1)); done
    [ $((i * i)) -gt $n ] && count=$((count + 1))
    n=$((n + 1))
  done
  echo $count
]]

local jobs = {}
for i = 1, 12 do
  local from, below = (i - 1) * 500, i * 500
  jobs[i] = { name = ("%d to %d"):format(from, below - 1), state = "waits", from = math.max(from, 2), below = below }
end

local is_terminal = os.execute("test -t 1")
local is_over = false

local function show()
  local lines = {}
  for i, job in ipairs(jobs) do lines[i] = ("%-14s %-8s %s"):format(job.name, job.state, job.answer or "") end
  io.write("\27[H\27[J", table.concat(lines, "\n"), "\n")
  io.flush()
end

local function build(job)
  job.state = "runs"
  local result = assert(lc.run { "sh", "-c", SCRIPT, "sh", tostring(job.from), tostring(job.below),
    memory = "64M", pids = 8, timeout = "60s", hostname = "builder" })
  job.state = result.status == 0 and "done" or "failed"
  job.answer = tonumber(result.stdout)
  return job.answer
end

-- The table is a task beside the jobs: nobody calls it.
if is_terminal and loop:name() ~= "none" then
  loop:spawn(function()
    while not is_over do
      show()
      loop:sleep "100ms"
    end
  end)
end
local total = 0
loop:spawn(function()
  for _, count in ipairs(loop:map(jobs, 4, build)) do total = total + count end
  is_over = true
end)
loop:run()
if is_terminal then show() end
print(("%d jobs, %d primes below %d"):format(#jobs, total, jobs[#jobs].below))
