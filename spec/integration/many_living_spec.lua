-- SPDX-License-Identifier: MIT
--- What a container costs does not depend on how many live already. Counted, not timed: system calls of
-- the host, descriptors, and the memory that Lua knows of.
local fixture = require "spec.support.fixture"

-- By a test build, which counts. How often a host looks before something has happened is a matter of
-- luck, so of some tries the least counts; what grows with the number of containers is in all of them.
local SCRIPT <const> = [[
  local core = require "libcontainer.core"
  local configs = require "libcontainer.configs"
  local living, tries = math.tointeger(tonumber(arg[3])), 5
  local factory = assert(lc.new(root))
  local config = configs.default { rootfs = rootfs, memory = "64M", pids = 20 }

  local function calls_of(what)
    core.fault(0, 0)
    local answer = assert(what())
    return core.fault_calls(), answer
  end
  local function descriptors()
    local count = 0
    for fd = 0, 16 + 10 * living do
      local link <close> = io.open("/proc/self/fdinfo/" .. fd)
      if link then count = count + 1 end
    end
    return count
  end
  local function memory()
    collectgarbage()
    collectgarbage()
    return collectgarbage("count")
  end

  -- One more container, with a program beside its init, which is destroyed again.
  local function measure()
    local least = {}
    local function note(name, what)
      local count, answer = calls_of(what)
      least[name] = math.min(least[name] or count, count)
      return answer
    end
    for i = 1, tries do
      local box = note("create", function() return factory:create("one", config) end)
      note("start", function() return box:start { "sleep", "1000" } end)
      local p = note("exec", function() return box:start { "true" } end)
      note("wait", function() return p:wait(seconds(60)) end)
      note("status", function() return box:status() end)
      note("processes", function() return box:processes() end)
      note("stats", function() return box:stats() end)
      note("pause", function() return box:pause() end)
      note("resume", function() return box:resume() end)
      note("destroy", function() return box:destroy() end)
    end
    return least
  end

  local first = measure()
  local boxes, programs = {}, {}
  local function one_more(i)
    boxes[i] = assert(factory:create("living-" .. i, config))
    assert(boxes[i]:start { "sleep", "1000" })
    if i % 2 == 0 then programs[i] = assert(boxes[i]:start { "sleep", "1000" }) end
  end
  for i = 1, 10 do one_more(i) end
  local fds, kib = descriptors(), memory()
  for i = 11, living do one_more(i) end
  local each = living - 10
  print("descriptors", (descriptors() - fds) / each)
  print("memory", (memory() - kib) / each)
  fds = descriptors()
  local calls, list = calls_of(function() return factory:list() end)
  print("listed", (descriptors() - fds) / living, calls / living)
  assert(#list == living)
  local last = measure()
  for name, count in pairs(first) do print(name, count, last[name]) end
  for i = living, 1, -1 do
    assert(boxes[i]:destroy())
    if programs[i] then assert(programs[i]:wait(seconds(60)).signal == 9) end
  end
]]

describe("when many containers live", function()
  fixture.check_leaks()

  it("one more takes as many system calls as the first, and holds as little as any other", function()
    fixture.needs("root", "busybox", "fault_build")
    local saved = package.cpath
    package.cpath = "build/fault/?.so;" .. saved
    local fine, printed = pcall(fixture.lua_prints, SCRIPT, { args = { fixture.root(), fixture.rootfs(),
      fixture.rounds(200, 40) } })
    package.cpath = saved
    assert(fine, printed)
    local seen = {}
    for name, first, last in printed:gmatch("(%a+)\t([%d.]+)\t?([%d.]*)") do
      seen[name] = { tonumber(first), tonumber(last) }
    end
    for _, name in ipairs { "create", "start", "exec", "wait", "status", "processes", "stats", "pause", "resume",
      "destroy" } do
      local first, last = table.unpack(seen[name])
      -- a wait more or less, or a cgroup that is not empty at the first look, but nothing for each of the others,
      -- of whom there are 40 at least
      assert.is_true(math.abs(last - first) < 35, ("%s: %d calls, and then %d"):format(name, first, last))
    end
    -- of the container its directory and two of its init; every other one has a program more
    assert.is_true(seen.descriptors[1] <= 3.5, seen.descriptors[1] .. " descriptors")
    assert.is_true(seen.listed[1] <= 2.1, seen.listed[1] .. " descriptors in a list")
    assert.is_true(seen.memory[1] <= 32, seen.memory[1] .. " KiB")
  end)
end)
