-- SPDX-License-Identifier: MIT
--- A host with coroutines: one may be left in the middle of anything, and two may use one container.
local fixture = require "spec.support.fixture"

local function args()
  return { fixture.root(), fixture.rootfs() }
end

-- What the scripts share. `posix.interrupt` has a coroutine yield in the middle of our own functions, as no
-- scheduler in Lua can: it stands for every way to be left there, an error of the host's debug hook too.
local TOOLS <const> = [[
  local factory = assert(lc.new(root))

  -- Go on until `stop` says so of a place in our files, "start.lua:20+3" (line and step in that line);
  -- files that only look at tables count for nothing. False when it has ended before.
  local function run_to(co, stop)
    local last_line, steps = nil, 0
    posix.interrupt(co, 1)
    while coroutine.resume(co) and coroutine.status(co) ~= "dead" do
      local at = debug.getinfo(co, 0, "Sl")
      local name = at.short_src:match("libcontainer/([%w_]+%.lua)$")
      local line = name and name ~= "check.lua" and name ~= "json.lua" and name .. ":" .. at.currentline
      steps = line == last_line and steps + 1 or 0
      last_line = line
      if line and stop(line .. "+" .. steps) then
        posix.interrupt(co, 0)
        return true
      end
    end
    return false
  end

  local function nothing_left(where)
    collectgarbage()
    collectgarbage()
    local list = assert(factory:list())
    local left = list[1] and list[1]:id() or ""
    for _, box in ipairs(list) do assert(box:destroy()) end
    assert(#list == 0, where .. ": " .. left)
    local free, err = factory:create("box", { rootfs = rootfs })
    assert(free, where .. ": " .. tostring(err))
    assert(free:destroy())
  end
]]

describe("a coroutine that is left in the middle", function()
  fixture.check_leaks()

  it("of a container's life leaves nothing, wherever that is and however it ends [E13]", function()
    fixture.needs("root", "busybox", "cc")
    local text = fixture.lua_prints(TOOLS .. [[
      local function life()
        local box <close> = assert(factory:create("box", { rootfs = rootfs }))
        local p <close> = assert(box:start { args = { "sh", "-c", "echo hello; exit 3" }, stdout = "pipe" })
        assert(p.stdout:read("a") == "hello\n")
        assert(assert(p:wait(seconds(30))).status == 3)
        assert(box:status() == "stopped")
        assert(box:destroy())
      end
      local places, is_known = {}, {}
      run_to(coroutine.create(life), function(place)
        if not is_known[place] then places[#places + 1] = place end
        is_known[place] = true
      end)
      local ends = {
        function(co) assert(coroutine.close(co)) end,
        function(co)
          debug.sethook(co, function() debug.sethook(co) error("raised", 0) end, "", 1)
          local is_fine, why = coroutine.resume(co)
          assert(not is_fine and why == "raised", why)
          coroutine.close(co)
        end,
        function() end, -- forgotten
      }
      -- every one where containers are made and started, elsewhere here and there
      local many = rounds(12, 1)
      for i, place in ipairs(places) do
        local is_critical = place:find("^factory") or place:find("^start")
        if i % (is_critical and 12 // many or 20) == 0 then
          local co = coroutine.create(life)
          if run_to(co, function(at) return at == place end) then ends[i % (is_critical and 2 or 3) + 1](co) end
          co = nil
          nothing_left(place)
        end
      end
      print(#places > 500)]], { args = args() })
    assert.equal("true\n", text)
  end)

  it("of a stream or a callback of lc.run leaves nothing [E13]", function()
    fixture.needs("root", "busybox", "cc")
    fixture.lua_prints(TOOLS .. [[
      local function run(input)
        return function()
          assert(lc.run { "cat", id = "box", input = input, rootfs = rootfs, factory = factory })
          error "it has come to an end"
        end
      end
      local function several() -- gives something, and yields in between
        return function() coroutine.yield("given") return "text\n" end
      end
      for round = 1, 3 do
        local co = coroutine.create(run(several()))
        for _ = 1, round do assert(select(2, coroutine.resume(co)) == "given") end
        assert(#assert(factory:list()) == 1)
        if round == 2 then co = nil else assert(coroutine.close(co)) end
        nothing_left("input " .. round)
      end
      local co = coroutine.wrap(run(function() error("raised", 0) end))
      local is_fine, why = pcall(co)
      assert(not is_fine and why == "raised")
      nothing_left("input that raises")
      co = coroutine.wrap(function()
        local box <close> = assert(factory:create("box", { rootfs = rootfs }))
        local p = assert(box:start { args = { "sh", "-c", "while :; do echo line; done" }, stdout = "pipe" })
        for line in p.stdout:lines() do coroutine.yield(line) end
      end)
      assert(co() == "line" and co() == "line")
      co = nil
      nothing_left("lines")]], { args = args() })
  end)
end)

describe("two coroutines", function()
  fixture.check_leaks()

  it("with one container: who waits for it while the other destroys it is told [E14]", function()
    fixture.needs("root", "busybox", "cc")
    assert.equal("KILL\tKILL\tContainerNotExists\n9\n", fixture.lua_prints(TOOLS .. [[
      local box = assert(factory:create("box", { rootfs = rootfs }))
      local p = assert(box:start { args = { "sleep", "1000" } })
      local function waiter(wait)
        return coroutine.wrap(function()
          while true do
            local exit, err = wait()
            if exit or err.errname ~= "ETIMEDOUT" then return exit and exit.signal_name or err.code end
            coroutine.yield(false)
          end
        end)
      end
      local loaded = assert(factory:load("box"))
      local of_process = waiter(function() return p:wait(0) end)
      local of_another = waiter(function() return box:wait(0) end)
      local of_loaded = waiter(function() return loaded:wait(0) end)
      assert(not of_process() and not of_another())
      assert(box:destroy())
      print(of_process(), p:wait(0).signal_name, of_another())
      assert(of_loaded() ~= false)

      -- and lc.run, whose container is destroyed while its input is thought about
      local run = coroutine.wrap(function()
        return lc.run { "cat", id = "box", rootfs = rootfs, factory = factory,
          input = function() coroutine.yield(false) return nil end }
      end)
      assert(run() == false)
      assert(factory:destroy("box"))
      local result = assert(run())
      -- the one that destroyed it has reaped it: the kernel tells others since 6.15
      print(result.signal or result.lost and 9)
      nothing_left("run")]], { args = args() }))
  end)

  it("may be in any two calls of one container at once [E14]", function()
    fixture.needs("root", "busybox", "cc")
    fixture.lua_prints(TOOLS .. [[
      local changes = {
        function(b) return b:start { args = { "sleep", "1000" } } end,
        function(b) return b:destroy() end,
        function(b) return b:destroy { force = false } end,
        function(b) return b:signal("TERM") end,
        function(b) return b:set { pids_limit = 20 } end,
        function(b) return b:pause() end,
        function(b) return b:resume() end,
      }
      local calls = {
        function(b) return b:status() end,
        function(b) return b:state() end,
        function(b) return b:config() end,
        function(b) return b:processes() end,
        function(b) return b:explain() end,
        function(b) return b:wait(0.01) end,
        function(b) return tostring(b) end,
        function(b) return b:pollfd() or "none" end,
        function(b) return factory:load(b:id()) end,
        function() return factory:list() end,
      }
      table.move(changes, 1, #changes, #calls + 1, calls)
      local ALLOWED <const> = { ContainerNotExists = true, ContainerNotRunning = true, ContainerNotStopped = true,
        ContainerPaused = true }
      local function turn(co)
        if coroutine.status(co) == "dead" then return end
        local is_fine, done, err = coroutine.resume(co)
        if coroutine.status(co) ~= "dead" then return end
        if not is_fine then
          -- what the other has destroyed is closed for who was in the middle of a call
          assert(tostring(done):find("closed", 1, true), done)
        elseif done == nil then
          assert(ALLOWED[err.code] or err.errname == "ETIMEDOUT" and err.step == "wait", err)
        end
      end
      local function at_once(call, another, is_running)
        local box <close> = assert(factory:create("box", { rootfs = rootfs }))
        if is_running then assert(box:start { args = { "sleep", "1000" } }) end
        local one = coroutine.create(function() return call(box) end)
        local other = coroutine.create(function() return another(box) end)
        -- by turns: who waits for the lock of the other lets him go on
        posix.interrupt(one, math.random(6000))
        turn(one)
        posix.interrupt(one, 3000)
        posix.interrupt(other, 3000)
        repeat
          turn(other)
          turn(one)
        until coroutine.status(one) == "dead" and coroutine.status(other) == "dead"
        local done, err = box:destroy()
        assert(done or err.code == "ContainerNotExists", err)
        assert(#assert(factory:list()) == 0)
      end
      math.randomseed(14)
      for _, change in ipairs(changes) do
        for i, call in ipairs(calls) do
          if math.random(3) == 1 or i > #calls - #changes then
            at_once(change, call, true)
            at_once(change, call, false)
          end
        end
      end
      nothing_left("pairs")]], { args = args() })
  end)
end)
