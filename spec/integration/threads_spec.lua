-- SPDX-License-Identifier: MIT
--- A host with threads and with signal handlers: the moment between vfork and exec, in which a child
-- of ours stands on the host's memory, must not be felt by either.
local fixture = require "spec.support.fixture"

local function args()
  return { fixture.root(), fixture.rootfs() }
end

describe("a host with threads", function()
  fixture.check_leaks()

  it("keeps its memory and its errno while containers are started [E05]", function()
    fixture.needs("root", "busybox", "cc")
    assert.equal("true\t0\n", fixture.lua_prints([[
      local factory = assert(lc.new(root))
      posix.hammer(4)
      local starts = rounds(60, 10)
      for i = 1, starts do
        local box <close> = assert(factory:create("a" .. i, { rootfs = rootfs }))
        assert(assert(box:start { args = { "true" } }):wait(seconds(30)).status == 0)
      end
      local fine, broken = posix.hammered()
      print(fine > starts, broken)]], { args = args() }))
  end)

  it("keeps the errno of the thread that starts, on whose memory the child stands [E05]", function()
    fixture.needs("root", "busybox", "cc")
    assert.equal("77\t78\t79\n", fixture.lua_prints([[
      local factory = assert(lc.new(root))
      local box <close> = assert(factory:create("box", { rootfs = rootfs }))
      local null = require "libcontainer.core".null()
      local stdio = { id = "box", stdin = null, stdout = null, stderr = null }
      local config, spec = box._record.config, { args = { "sleep", "1000" } }
      local session
      local started = posix.errno_after(77, function() session = assert(box._core:begin(config, spec, stdio)) end)
      session:close()
      assert(box:start { "sleep", "1000" })
      local joined = posix.errno_after(78, function() session = assert(box._core:join(config, spec, stdio)) end)
      local closed = posix.errno_after(79, function() session:close() end)
      null:close()
      print(started, joined, closed)]], { args = args() }))
  end)

  it("may have an interpreter in each of them, with containers of its own [E15]", function()
    fixture.needs("root", "busybox", "cc")
    assert.equal("8\tfine\n0\n", fixture.lua_prints([[
      local results = posix.threads(8, ([=[
        local lc = require "libcontainer"
        local factory = assert(lc.new(%q))
        local me = tostring(factory):gsub("%%W", "") .. tostring({}):gsub("%%W", "")
        for i = 1, %d do
          local id = me:sub(-60) .. "-" .. i
          local box <close> = assert(factory:create(id, { rootfs = %q }))
          local p = assert(box:start { args = { "sh", "-c", "read x; echo $x" }, stdin = id .. "\n", stdout = "pipe" })
          assert(p.stdout:read("l", %d) == id)
          assert(assert(p:wait(%d)).status == 0)
          assert(box:destroy())
        end
        return "fine"
      ]=]):format(root, rounds(8, 2), rootfs, seconds(60), seconds(60)))
      for _, result in ipairs(results) do assert(result == "fine", result) end
      print(#results, results[1])
      print(#assert(lc.new(root)):list())]], { args = args() }))
  end)
end)

describe("a host with a signal handler", function()
  fixture.check_leaks()

  it("has it run in its own process only, however many signals come [E06]", function()
    fixture.needs("root", "busybox", "cc")
    assert.equal("true\t0\n", fixture.lua_prints([[
      local factory = assert(lc.new(root))
      local child = posix.storm(12, 50)
      local before = posix.stormed()
      for i = 1, rounds(100, 10) do
        local box <close> = assert(factory:create("a" .. i, { rootfs = rootfs }))
        -- in a session of its own by then, so the storm is over for it; before, SIGUSR2 would end it
        assert(assert(box:start { args = { "true" } }):wait(seconds(30)).status == 0)
      end
      local own, foreign = posix.stormed()
      posix.kill(child, 9)
      posix.wait(child)
      print(own - before > 100, foreign)]], { args = args(), before = "setsid -w" }))
  end)
end)
