-- SPDX-License-Identifier: MIT
-- Five containers live: processor, memory and pressure, every second, until you interrupt it. When its
-- output is no terminal, two rounds.
local lc = require "libcontainer"
local configs = require "libcontainer.configs"
local units = require "libcontainer.units"

local LOOP <const> = "while :; do :; done"
local PROGRAMS <const> = {
  { name = "idle", script = "exec sleep 10000" },
  { name = "busy", script = LOOP, cpus = 1 },
  { name = "throttled", script = LOOP, cpus = 0.1 },
  { name = "hoarder", script = "head -c 32M /dev/zero >/tmp/hoard; exec sleep 10000" },
  { name = "crowd", script = ("(%s) & (%s) & %s"):format(LOOP, LOOP, LOOP), cpus = 0.3 },
}

local function row(name, stats, before)
  local load = before and (stats.cpu.time - before.cpu.time) / (stats.time - before.time)
  local pressure = stats.cpu.pressure.some.avg10
  return ("%-10s %6s %10s %10s %6s"):format(name, load and ("%.0f %%"):format(load * 100) or "",
    units.format_size(stats.memory.usage), units.format_size(stats.memory.peak),
    pressure and ("%.0f %%"):format(pressure) or "?")
end

local is_terminal = os.execute("test -t 1")
local factory <const> = assert(lc.new())
local boxes, before = {}, {}
for i, program in ipairs(PROGRAMS) do
  local config = assert(configs.host_root { memory = "64M", pids = 16, cpus = program.cpus })
  boxes[i] = assert(factory:create(("top-%s-%x"):format(program.name, math.random(1 << 30)), config))
  assert(boxes[i]:start { "sh", "-c", program.script })
end
for round = 1, is_terminal and math.maxinteger or 2 do
  if round > 1 then lc.loop():sleep(1) end
  local lines = { ("%-10s %6s %10s %10s %6s"):format("CONTAINER", "CPU", "MEMORY", "PEAK", "WAITS") }
  for i, box in ipairs(boxes) do
    local stats = assert(box:stats())
    lines[i + 1], before[i] = row(PROGRAMS[i].name, stats, before[i]), stats
  end
  io.write(is_terminal and "\27[H\27[J" or "", table.concat(lines, "\n"), "\n")
end
for _, box in ipairs(boxes) do assert(box:destroy()) end
