-- SPDX-License-Identifier: MIT
--- Hosts that know nothing of each other and want opposite things of one container at the same moment.
local fixture = require "spec.support.fixture"

-- Children of the script, which do `work(i)` when all are there; it must return. Their pids.
local TOGETHER <const> = [[
local function together(count, work)
  local waiting, starting = posix.pipe()
  local children = {}
  for i = 1, count do
    children[i] = posix.fork()
    if children[i] == 0 then
      posix.close(starting)
      posix.read(waiting) -- its end
      local fine, why = pcall(work, i)
      if not fine then io.stderr:write(tostring(why), "\n") end
      io.stderr:flush()
      posix.exit(fine and 0 or 1)
    end
  end
  posix.close(waiting)
  posix.close(starting)
  return children
end
local function all_went_well(children)
  for _, child in ipairs(children) do
    local _, how, status = posix.wait(child)
    if how ~= "exit" or status ~= 0 then return false, how .. " " .. status end
  end
  return true
end
]]

describe("a further program whose container is destroyed by another host at that moment", function()
  fixture.check_leaks()

  it("is refused or ends with it, and nothing stays behind [L37]", function()
    fixture.needs("root", "busybox", "cc")
    local printed = fixture.lua_prints([[
      local configs = require "libcontainer.configs"
      local config = configs.default { rootfs = rootfs, detach = true }
      local asking, answer = posix.pipe()
      local done, telling = posix.pipe()
      local me = posix.getpid()
      -- the other host: loads each container as soon as it is named, says so, and starts in it when told
      local child = posix.fork()
      if child == 0 then
        posix.close(answer)
        local count = { refused = 0, ended = 0 }
        local fine, why = pcall(function()
          for i = 1, rounds(1000, 40) do
            posix.read(asking)
            local box, err = assert(lc.new(root)):load("box-" .. i)
            assert(box, tostring(err))
            posix.write(telling, "l")
            posix.read(asking)
            local process
            process, err = box:start { args = { "sh", "-c", "sleep 1000 & wait" },
              cgroups = i % 2 == 0 and { pids_limit = 8 } or nil }
            if process then
              local exit = assert(process:wait(seconds(30)))
              assert(exit.signal == 9, exit.status)
              count.ended = count.ended + 1
            else
              assert(err.code == "ContainerNotRunning" or err.code == "ContainerNotExists", tostring(err))
              count.refused = count.refused + 1
            end
            local file <close> = io.open("/proc/self/task/" .. posix.getpid() .. "/children")
            local left = file:read("a")
            assert(left == "", "children left: " .. left)
            posix.write(telling, "e")
          end
          print(count.refused > 0, count.ended > 0)
          io.stdout:flush()
        end)
        if not fine then
          io.stderr:write(tostring(why), "\n")
          io.stderr:flush()
          posix.kill(me, 9)
        end
        posix.exit(0)
      end
      posix.close(asking)
      local factory = assert(lc.new(root))
      math.randomseed(37)
      for i = 1, rounds(1000, 40) do
        local box = assert(factory:create("box-" .. i, config))
        local init = assert(box:start { "sleep", "1000" })
        posix.write(answer, "c")
        posix.read(done)
        posix.write(answer, "g")
        posix.pause(math.random(0, 6000))
        local gone, err = box:destroy { timeout = seconds(10) }
        assert(gone, tostring(err))
        assert(init:wait(seconds(30)).signal == 9)
        posix.read(done)
      end
      posix.wait(child)
      print(#assert(factory:list()))]], { args = { fixture.root(), fixture.rootfs() } })
    assert.equal("true\ttrue\n0\n", printed)
  end)
end)

describe("many hosts on a few ids", function()
  fixture.check_leaks()

  it("each get a result or the right code, an id has one winner, and nothing is left [L30] [O135]", function()
    fixture.needs("root", "busybox", "cc")
    local printed = fixture.lua_prints(TOGETHER .. [[
      local IDS <const>, MANY <const> = 10, rounds(200, 20)
      local ALLOWED <const> = {
        create = { IdInUse = true },
        load = { ContainerNotExists = true },
        -- while we asked it was destroyed, or started by another, who left it there
        start = { ContainerNotExists = true, ContainerNotRunning = true },
        destroy = { ContainerNotExists = true },
      }
      local reading, writing = posix.pipe()
      local function check(verb, done, err)
        if not done and not ALLOWED[verb][err.code] then error(verb .. ": " .. tostring(err), 0) end
        return done
      end
      local function create(i)
        local config = { rootfs = rootfs, detach = true }
        return check("create", assert(lc.new(root)):create("box-" .. i % IDS, config))
      end
      print(all_went_well(together(MANY, function(i)
        if create(i) then posix.write(writing, "w") end
      end)))
      local won = #posix.read(reading)
      print(all_went_well(together(MANY, function(i)
        local factory = assert(lc.new(root))
        local box = create(i) or check("load", factory:load("box-" .. i % IDS))
        if box then
          check("start", box:start { args = { "sleep", "1000" } })
          local process = check("start", box:start { args = { "true" } })
          if process then assert(process:wait(seconds(60))) end
          assert(box:status())
          if i // IDS % 2 == 0 then check("destroy", box:destroy { timeout = seconds(60) }) end
        end
        check("destroy", factory:destroy("box-" .. (i + 1) % IDS))
      end)))
      local factory = assert(lc.new(root))
      for _, box in ipairs(assert(factory:list())) do assert(box:destroy()) end
      print(won, #factory:list())]], { args = { fixture.root(), fixture.rootfs() } })
    assert.equal("true\ntrue\n10\t0\n", printed)
  end)
end)
