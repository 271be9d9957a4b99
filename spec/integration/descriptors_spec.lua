-- SPDX-License-Identifier: MIT
--- How many descriptors living containers cost: a program may have a thousand of them, and 1,024 of those.
local fixture = require "spec.support.fixture"

local MOST <const> = 1024

local function count()
  collectgarbage()
  collectgarbage()
  local found = 0
  for fd = 0, MOST - 1 do
    local file = io.open("/proc/self/fdinfo/" .. fd)
    if file then
      file:close()
      found = found + 1
    end
  end
  return found
end

-- Each of them answers whether it went well.
local LOOKS <const> = {
  status = function(box) return box:status() == "running" end,
  state = function(box) return box:state() end,
  processes = function(box) return #assert(box:processes()) == 1 end,
  ["processes inside"] = function(box) return #assert(box:processes { ns = "container" }) == 1 end,
  stats = function(box) return box:stats() end,
  print = function(box) return tostring(box):find("running") end,
  ["signal"] = function(box) return box:signal("WINCH") end,
  ["signal to all"] = function(box) return box:signal("WINCH", { all = true }) end,
  pause = function(box) return box:pause() and box:status() == "paused" end,
  resume = function(box) return box:resume() end,
  set = function(box) return box:set { pids_limit = 60 } end,
  exec = function(box) return assert(box:exec { "true" }).status == 0 and box:status() end, -- which reaps it
}
local ORDER <const> = { "status", "state", "processes", "processes inside", "stats", "print", "signal", "signal to all",
  "pause", "stats", "resume", "set", "exec", "stats" }

describe("living containers", function()
  fixture.check_leaks()

  it("keep no descriptor more for having been looked at, paused, changed or loaded", function()
    fixture.needs("root", "busybox")
    local factory, rootfs = fixture.factory(), fixture.rootfs()
    local boxes, loaded = {}, {}
    for i = 1, 4 do
      boxes[i] = assert(factory:create("c" .. i, { rootfs = rootfs }))
      assert(boxes[i]:start { args = { "sleep", "1000" } })
    end
    assert(boxes[1]:exec { "true" }) -- what is kept once for all, and what a look reaps
    assert(boxes[1]:status())
    local before = count()
    for _, name in ipairs(ORDER) do
      for _, box in ipairs(boxes) do assert.is_truthy(LOOKS[name](box), name) end
      assert.equal(before, count(), name)
    end
    -- what load and list answer has a directory and a process
    for i = 1, 4 do loaded[i] = assert(factory:load("c" .. i)) end
    assert.equal(before + 2 * 4, count())
    for _, name in ipairs(ORDER) do
      for _, box in ipairs(loaded) do assert.is_truthy(LOOKS[name](box), name) end
      assert.equal(before + 2 * 4, count(), name)
    end
    for _, box in ipairs(assert(factory:list())) do box:_release() end
    assert.equal(before + 2 * 4, count())
    for i, box in ipairs(boxes) do
      loaded[i]:_release()
      assert(box:destroy())
    end
  end)
end)
