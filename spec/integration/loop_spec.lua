-- SPDX-License-Identifier: MIT
--- Event loops: the calls that wait let other coroutines run meanwhile, whichever loop it is.
local fixture = require "spec.support.fixture"
local lc = require "libcontainer"

-- A loop of nobody's: whoever is not done is resumed again, in turn.
local IN_TURN <const> = [[
  local turns = {}
  local in_turn = { name = "in turn", wait = coroutine.yield,
    spawn = function(body) turns[#turns + 1] = coroutine.create(body) end,
    run = function()
      while #turns > 0 do
        local co = table.remove(turns, 1)
        assert(coroutine.resume(co))
        if coroutine.status(co) ~= "dead" then turns[#turns + 1] = co end
      end
    end }
]]

local LOOPS <const> = { cqueues = '"cqueues"', luv = '"luv"', ["an adapter of one's own"] = "in_turn" }

-- `together(...)` runs functions as tasks at once; each waits for what another one does, so all come to an end
-- only where who waits lets others run.
local TOOLS <const> = IN_TURN .. [[
  local loop = assert(lc.loop(%s))
  local factory = assert(lc.new(root))
  local names = 0
  local function create(config)
    names = names + 1
    config = config or {}
    config.rootfs = rootfs
    return assert(factory:create("box" .. names, config))
  end
  local function together(...)
    for _, body in ipairs { ... } do loop:spawn(body) end
    loop:run()
  end
  local function run(program, more)
    local t = { "sh", "-c", program, rootfs = rootfs, factory = factory, timeout = seconds(60) }
    for name, value in pairs(more or {}) do t[name] = value end
    return assert(lc.run(t))
  end
]]

local function script(loop, text, more)
  local args = { fixture.root(), fixture.rootfs() }
  table.move(more or {}, 1, #(more or {}), 3, args)
  return fixture.lua_prints(TOOLS:format(loop) .. text, { args = args })
end

-- A directory of the host with a pipe in it, to be bound into containers.
local function meeting_place()
  local path = fixture.directory()
  fixture.sh("mkfifo %s/pipe", path)
  return path
end

for name, loop in pairs(LOOPS) do
  describe("in a loop: " .. name .. ",", function()
    fixture.check_leaks()
    before_each(function()
      fixture.needs("root", "busybox", "cc")
      if name == "cqueues" or name == "luv" then fixture.needs(name) end
    end)

    it("programs in containers run at once, and each result is its own", function()
      local place = meeting_place()
      assert.equal("hello\tnil\n24\n1\n", script(loop, [[
        local bind = { arg[3] .. ":/there" }
        local results = loop:map({ "cat /there/pipe", "echo hello >/there/pipe" }, 2, function(program)
          return run(program, { bind = bind })
        end)
        print(results[1].stdout:match "hello", results[2].stdout:match "hello")
        local many = {}
        for i = 1, 24 do many[i] = i end
        results = loop:map(many, 6, function(i, at)
          assert(i == at)
          return run("echo " .. i .. "; exit " .. i)
        end)
        for i = 1, 24 do assert(results[i].stdout == i .. "\n" and results[i].status == i) end
        print(results.n)
        print(run("exit 1").status) -- outside of the loop as ever
      ]], { place }))
    end)

    it("whoever waits for a process, a stream or a container lets others do what he waits for", function()
      assert.equal("TERM\ttrue\tKILL\n", script(loop, [[
        local box <close> = create()
        local cat <close> = assert(box:start { args = { "cat" }, stdin = "pipe", stdout = "pipe" })
        local size, got = 1000000, 0
        together(function() -- more than pipes hold
          assert(cat.stdin:write(("x"):rep(size)))
        end, function()
          repeat got = got + #assert(cat.stdout:read(10000)) until got >= size
        end)
        local line
        together(function() line = assert(cat.stdout:read "l") end, function() assert(cat.stdin:write "line\n") end)
        assert(line == "line")
        local further <close> = assert(box:start { args = { "sleep", "1000" } })
        local how_further, how_box, told
        together(function() how_further = assert(further:wait()).signal_name end,
          function() assert(further:signal "TERM") end)
        together(
          function() how_box = assert(box:wait()).signal_name end,
          function() told = assert(cat:wait(seconds(60))).signal ~= nil end,
          function() assert(box:signal "KILL") end)
        print(how_further, told, how_box)
      ]]))
    end)

    it("streams of events, of OOM kills and of statistics wait so", function()
      assert.equal("start exec exit exit destroy\nended\t2\n", script(loop, [[
        local box <close> = create()
        local is_heard, is_over, seen, many, ooms, how_ooms_end = false, false, {}, 0, nil, nil
        together(function()
          local events <close> = assert(box:events())
          is_heard = true
          for event in events do
            seen[#seen + 1] = event.type
            is_over = is_over or event.type == "exit"
          end
        end, function()
          while not is_heard do loop:sleep(0.001) end
          assert(box:start { args = { "sleep", "1000" } })
          assert(box:start { args = { "true" } })
          while not is_over do loop:sleep(0.001) end
          ooms = assert(box:notify_oom())
          how_ooms_end = ooms:next() == nil and "ended"
          ooms:close()
        end, function()
          while not ooms do loop:sleep(0.001) end
          for _ in box:watch(0.001) do
            many = many + 1
            if many == 2 then break end
          end
          assert(box:destroy())
        end)
        print(table.concat(seen, " "))
        print(how_ooms_end, many)
      ]]))
    end)

    it("hooks wait so, programs and functions, and poststop ones of a destroy", function()
      local place = meeting_place()
      assert.equal("program\tfunction\tpoststop\n", script(loop, [[
        local pipe, is_called, said = arg[3] .. "/pipe", false, {}
        local function program(word) -- it ends when somebody has read its word
          return { { path = "/bin/sh", args = { "sh", "-c", "echo " .. word .. " >" .. pipe }, timeout = seconds(60) } }
        end
        local function listen() -- a container reads the word
          return run("cat /there/pipe", { bind = { arg[3] .. ":/there" } }).stdout:match "%w+"
        end
        local box = create { hooks = {
          create_runtime = program "program",
          start_container = false or nil,
          poststart = { function() while not is_called do loop:sleep(0.001) end end },
          poststop = program "poststop" } }
        together(function() assert(box:start { args = { "true" } }) end, function()
          said[1] = listen()
          is_called, said[2] = true, "function"
        end)
        together(function() assert(box:destroy()) end, function() said[3] = listen() end)
        print(table.concat(said, "\t"))
      ]], { place }))
    end)

    it("stop lets the program have its say, and who waits for the lock of a container lets its holder go on", function()
      local place = meeting_place()
      assert.equal("7\trunning\tpaused\trunning\n", script(loop, [[
        local box <close> = create { mounts = { { destination = "/there", source = arg[3], type = "bind" } } }
        local p = assert(box:start { stdout = "pipe",
          args = { "sh", "-c", "trap 'cat /there/pipe; exit 7' TERM; echo; while :; do sleep 0.01; done" } })
        assert(p.stdout:read "l" == "")
        local exit
        together(function() exit = assert(box:stop { grace = seconds(60) }) end,
          function() run("echo >/there/pipe", { bind = { arg[3] .. ":/there" } }) end)
        local status, is_in_hook, states = exit.status, false, {}
        local held <close> = create { hooks = {
          poststart = { function()
            is_in_hook = true
            while not is_called do loop:sleep(0.001) end
          end } } }
        together(function() assert(held:start { args = { "sleep", "1000" } }) end, function()
          while not is_in_hook do loop:sleep(0.001) end
          assert(held:set { pids_limit = 30 }) -- waits for the lock
          states[1] = held:status()
        end, function()
          while not is_in_hook do loop:sleep(0.001) end
          is_called = true
        end)
        together(function() assert(held:pause()) states[2] = held:status() end)
        together(function() assert(held:resume()) states[3] = held:status() end)
        print(status, table.concat(states, "\t"))
      ]], { place }))
    end)

    it("what the kernel takes its time for, does not hold up the others", function()
      fixture.needs "v1"
      assert.equal("EBUSY\trunning\tdestroyed\n", script(loop, [[
        local box <close> = create { cgroups = { path = "/" .. arg[3] .. "/box" } }
        assert(box:start { args = { "sleep", "1000" } })
        local above
        for _, path in pairs(box:state().cgroup_paths) do
          local parent = path:match "(.*)/box$"
          if io.open(parent .. "/freezer.state") then above = parent .. "/freezer.state" end
        end
        local function set(state) -- of the cgroup above, which ours cannot do anything about
          local file <close> = assert(io.open(above, "w"))
          assert(file:write(state))
        end
        local is_tried, why, status = false, nil, nil
        set "FROZEN\n"
        together(function()
          local _, err = box:resume(0.01)
          why = err.errname
          is_tried = true
          assert(box:resume(seconds(60)))
          status = box:status()
        end, function()
          while not is_tried do loop:sleep(0.001) end
          loop:sleep(0.01)
          set "THAWED\n"
        end)
        set "FROZEN\n"
        together(function() assert(box:destroy { timeout = seconds(60) }) end, function()
          loop:sleep(0.01)
          set "THAWED\n"
        end)
        print(why, status, box:status())
      ]], { fixture.id() }))
    end)

    it("what is left of a limit of time is kept to, and a timeout ends what it is for", function()
      assert.equal("true\ttrue\tETIMEDOUT\n", script(loop, [[
        local out, waited, why
        together(function() out = run("sleep 1000", { timeout = 0.05 }).timed_out end, function()
          local box <close> = create()
          local p = assert(box:start { args = { "sleep", "1000" } })
          local _, err = p:wait(0.05)
          why = err.errname
          waited = p:wait(0) == nil
        end)
        print(out, waited, why)
      ]]))
    end)

    it("an error of a task is raised by who runs the loop, when the others have ended", function()
      assert.equal(("false\tfirst\t2\nfalse\tof the third\t2\ntrue\n"), script(loop, [[
        local done = 0
        for _, why in ipairs { "first", false, false } do
          loop:spawn(function()
            if why then error(why, 0) end
            run "true"
            done = done + 1
          end)
        end
        local is_fine, why = pcall(loop.run, loop)
        print(is_fine, why:match "^[^\n]*", done)
        done = 0
        is_fine, why = pcall(loop.map, loop, { 1, 2, 3, 4, 5 }, 2, function(i)
          if i == 3 then error("of the third", 0) end
          run "true"
          done = done + 1
          loop:sleep(0.01)
        end)
        print(is_fine, why:match "^[^\n]*", done <= 3 and 2)
        print(loop:run())
      ]]))
    end)

    it("images are unpacked while others run", function()
      fixture.needs("libarchive")
      assert.is_true(tonumber(script(loop, [[
        local turns, is_over = 0, false
        local source = arg[3]
        assert(os.execute(("cd %s && mkdir root && head -c 4000000 /dev/zero >root/zeros && tar -C root -cf tar .")
          :format(source)))
        together(function()
          local _ <close> = setmetatable({}, { __close = function() is_over = true end })
          local image = assert(require "libcontainer.image".open(source .. "/tar"))
          assert(image:unpack(source .. "/unpacked"))
        end, function()
          while not is_over do
            turns = turns + 1
            loop:sleep(0.001)
          end
        end)
        print(turns)
      ]], { fixture.directory() })) > 1)
    end)

    it("a call that cannot let others run, waits by itself", function()
      assert.equal("sorted\tcollected\tmade\n", script(loop, [[
        local said = {}
        together(function()
          table.sort({ 2, 1 }, function(a, b)
            run "true"
            said[1] = "sorted"
            return a < b
          end)
        end, function()
          create()
          collectgarbage()
          collectgarbage()
          said[2] = #assert(factory:list()) == 0 and "collected"
        end)
        said[3] = "made"
        print(table.concat(said, "\t"))
      ]]))
    end)
  end)
end

describe("coroutines that", function()
  fixture.check_leaks()
  before_each(function() fixture.needs("root", "busybox", "cc") end)

  it("are left while they wait, in a controller of cqueues that is closed or forgotten leave nothing", function()
    fixture.needs("cqueues")
    script('"cqueues"', [[
      local cqueues = require "cqueues"
      for _, ending in ipairs { "close", "forget" } do
        for _, pause in ipairs { 0, 0.002, 0.01, 0.05 } do
          local controller = cqueues.new()
          for i = 1, 4 do
            controller:wrap(function()
              local box <close> = create()
              local p <close> = assert(box:start { args = { "sh", "-c", "echo; exec sleep 1000" }, stdout = "pipe" })
              assert(p.stdout:read "l")
              p:wait()
            end)
          end
          local till = cqueues.monotime() + pause
          repeat assert(controller:step(0.001)) until cqueues.monotime() >= till
          if ending == "close" then controller:close() end
          controller = nil
          collectgarbage()
          collectgarbage()
          assert(#assert(factory:list()) == 0, ending)
        end
      end
    ]])
  end)

  it("are left while they wait in luv leave nothing when they are closed", function()
    fixture.needs("luv")
    assert.equal("true\n", script('"luv"', [[
      local uv = require "luv"
      for _, pause in ipairs { 0, 2, 10, 50 } do
        local all = {}
        for i = 1, 4 do
          all[i] = coroutine.create(function()
            local box <close> = create()
            local p <close> = assert(box:start { args = { "sh", "-c", "echo; exec sleep 1000" }, stdout = "pipe" })
            assert(p.stdout:read "l")
            p:wait()
          end)
          assert(coroutine.resume(all[i]))
        end
        local timer = uv.new_timer()
        timer:start(pause, 0, function()
          timer:close()
          for i = 1, 4 do assert(coroutine.close(all[i])) end
        end)
        uv.run()
        assert(#assert(factory:list()) == 0)
      end
      print(uv.loop_alive() == false)
    ]]))
  end)

  it("go on for long without waiting let others run in between", function()
    assert.equal("true\n", script("in_turn", [[
      local turns = 0
      local wait = in_turn.wait
      in_turn.wait = function(fd, seconds)
        if seconds == 0 then turns = turns + 1 end
        wait(fd, seconds)
      end
      loop = lc.loop(in_turn)
      together(function()
        local box <close> = create()
        local p <close> = assert(box:start { args = { "head", "-c", "100000000", "/dev/zero" }, stdout = "pipe" })
        assert(#p.stdout:read "a" == 100000000)
      end)
      print(turns > 0)
    ]]))
  end)

  it("wait in somebody's generator do not yield to him", function()
    fixture.needs("cqueues")
    assert.equal("1\n2\n", script('"cqueues"', [[
      together(function()
        for status in coroutine.wrap(function()
          for i = 1, 2 do coroutine.yield(run("exit " .. i).status) end
        end) do print(status) end
      end)
    ]]))
  end)
end)

describe("lc.loop", function()
  it("says which loop it is, and what it does not know", function()
    assert.equal("none", lc.loop():name())
    assert.equal("libcontainer.loop (none)", tostring(lc.loop()))
    assert.equal("loop", lc.type(lc.loop()))
    assert.equal(lc.loop(), lc.loop())
    for wrong, text in pairs {
      cqueue = 'unknown loop "cqueue", did you mean "cqueues"?',
      [12] = '"cqueues", "luv", "none" or an adapter expected, got number',
      [{ name = "x" }] = "the adapter has no function wait(fd, seconds)",
      [{ wait = true }] = "bad field wait of the adapter (a function expected, got boolean)",
      [{ name = 1 }] = "bad field name of the adapter (text expected)",
    } do
      local is_fine, why = pcall(lc.loop, wrong)
      assert.is_false(is_fine)
      assert.is_truthy(why:find(text, 1, true), why)
    end
    local none = lc.loop()
    assert.has_error(function() none:map(1, 1, print) end,
      "bad argument #1 to 'map' (an array or a function expected, got number)")
    assert.has_error(function() none:map({}, 0, print) end,
      "bad argument #2 to 'map' (how many at once: 1 or more, got 0)")
    assert.has_error(function() none:spawn(1) end, "bad argument #1 to 'spawn' (a function expected, got number)")
  end)

  it("names the package of a library that is not installed", function()
    assert.equal("cqueues is not installed (no module \"cqueues\")\tapt-get install lua-cqueues, or luarocks install "
      .. "cqueues\nnone\n", fixture.lua_prints([[
      package.path, package.cpath = "", ""
      local loop, err = lc.loop "cqueues"
      assert(not loop)
      print(err.message, err.hint)
      print(lc.loop():name())
    ]]))
  end)

  it("runs the same text without a loop, one after the other", function()
    assert.equal("1 2 3 \n", fixture.lua_prints([[
      local loop, said = lc.loop(), ""
      loop:spawn(function() said = said .. "1 " loop:sleep(0.001) said = said .. "2 " end)
      loop:map({ "3 " }, 5, function(text) said = said .. text end)
      print(said)
    ]]))
  end)
end)
