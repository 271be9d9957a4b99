-- SPDX-License-Identifier: MIT
--- The time of day is somebody's to set: it is shown, and nothing depends on it.
local fixture = require "spec.support.fixture"
local trace = require "spec.support.trace"

local REALTIME <const>, MONOTONIC <const> = 0, 1

-- A life with all that has a deadline. A program of the host that asks a clock itself would do it without the
-- kernel, and is not seen.
local LIFE <const> = [[
  local core = require "libcontainer.core"
  local factory = assert(lc.new(root))
  local box = assert(factory:create("box", { rootfs = rootfs, detach = true }))
  local events <close> = assert(box:events())
  local p = assert(box:start { args = { "sleep", "1000" } })
  assert(box:status() == "running")
  local waited, err = box:wait(0.2)
  assert(not waited and err.errname == "ETIMEDOUT", tostring(err))
  waited, err = p:wait(0.1)
  assert(not waited and err.errname == "ETIMEDOUT", tostring(err))
  local result = assert(box:exec { "sleep", "1000", timeout = 0.3 })
  assert(result.timed_out, tostring(result))
  result = assert(box:exec { "sh", "-c", "echo fine", timeout = seconds(60) })
  assert(result.status == 0 and result.stdout == "fine\n" and not result.timed_out, tostring(result))
  assert(result.wall_time == nil or result.wall_time >= 0)
  assert(box:pause(seconds(30)))
  assert(box:resume(seconds(30)))
  assert(box:set { pids_limit = 60 })
  assert(box:stats())
  local loaded = assert(assert(lc.new(root)):load("box"))
  assert(loaded:status() == "running" and #assert(factory:list()) == 1)
  assert(math.type(loaded:state().created) and tostring(loaded):match("running, pid %d+, %d"), tostring(loaded))
  local event
  repeat event, err = events:next(0.2) until not event
  assert(err.errname == "ETIMEDOUT", tostring(err))
  local lock <close> = assert(box._directory:lock())
  local done
  done, err = loaded:destroy { timeout = 0.2 }
  assert(not done and err.errname == "ETIMEDOUT", tostring(err))
  lock:close()
  result = assert(require "libcontainer.run".run(factory, { "sleep", "1000", rootfs = rootfs, timeout = 0.3 }))
  assert(result.timed_out)
  assert(loaded:destroy { timeout = seconds(30) })
  assert(#factory:list() == 0)
  print(("done %.0f"):format(loaded._record.created))]]

describe("the time of day", function()
  fixture.check_leaks()

  it("may be in 1970, behind 2038, or jump: every deadline comes, none too early, and all goes on [L33]", function()
    for name, times in pairs {
      past = "0", ["2038"] = "2147483660", ["2106"] = "4294967300", far = "253402300800",
      jumping = "1790000000 0 2147483660 5 4294967300 1790000000 253402300800 1",
    } do
      local calls, printed = trace.calls(LIFE, { args = { fixture.root(), fixture.rootfs() },
        shell = ("export TRACER_TIMES='%s';"):format(times) })
      -- what is shown is the time that was set
      assert.equal(name == "jumping" and printed or ("done %s\n"):format(times), printed, name)
      local asked = {}
      for _, call in ipairs(calls) do
        if call.name == "clock_gettime" then asked[call.flags] = (asked[call.flags] or 0) + 1 end
        if call.name == "timerfd_create" or call.name == "clock_nanosleep" and call.who ~= "program" then
          assert.equal(MONOTONIC, call.flags, call.name)
        end
      end
      assert.is_true(asked[REALTIME] > 0 and asked[MONOTONIC] > asked[REALTIME], name)
    end
  end)

  it("is asked for by nothing but what shows it [L33]", function()
    -- created, started, the time of an event, an age: all by this one function
    local calls = trace.calls("require 'libcontainer.core'.time = function() return 7 end\n" .. LIFE,
      { args = { fixture.root(), fixture.rootfs() } })
    for _, call in ipairs(calls) do
      if call.name == "clock_gettime" then assert.equal(MONOTONIC, call.flags, call.who) end
    end
    -- and the core has no other way to ask: of the C library it uses no clock, no sleep and no timer
    assert.equal("", fixture.sh("nm -D --undefined-only %s/libcontainer/core.so | grep -E 'time|clock|sleep|alarm'",
      os.getenv("LIBCONTAINER_BUILD") or "build/release"))
  end)
end)
