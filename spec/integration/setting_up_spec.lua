-- SPDX-License-Identifier: MIT
-- A start whose host waits for nothing writes "running" while the init is at work still. What another process makes
-- of a container in that moment.
local fixture = require "spec.support.fixture"

-- A container whose init takes a while, started by a child of this script, and stopped by us in the middle of it:
-- the container as we load it, and its pid. Tried anew where the init was faster.
local CATCH <const> = [[
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"
local factory = assert(lc.new(root))
local function comm(pid)
  local file <close> = io.open("/proc/" .. pid .. "/comm")
  return file and file:read()
end
local function has_ended(child)
  local file <close> = assert(io.open("/proc/" .. child .. "/stat"))
  return file:read("a"):find(") Z ", 1, true) ~= nil
end
-- It stands still, or has ended. A signal comes when the call that it meets is over.
local function stands_still(pid)
  local deadline = core.now() + seconds(60)
  repeat
    local file <close> = io.open("/proc/" .. pid .. "/stat")
    local text = file and file:read("a")
    if not text or text:find("%) [TZX] ") then return end
  until core.now() > deadline
  error "it is not stopped"
end
-- Not all of it is mounted. Behind that it may have said all that it says, and go on without anybody.
local function is_at_work(pid)
  local file <close> = io.open("/proc/" .. pid .. "/mountinfo")
  local _, mounts = (file and file:read("a") or ""):gsub("/tmp/%d+ ", "")
  return comm(pid) == "lc-init" and mounts < 400
end
local function slow()
  local config = assert(configs.default { rootfs = rootfs, detach = true })
  for i = 1, 400 do
    config.mounts[#config.mounts + 1] = { type = "bind", destination = "/tmp/" .. i, source = rootfs .. "/bin" }
  end
  return config
end
-- A host in a process of its own, whose init is stopped when its record is about to be written, and is let go on then.
local function start_another(id, program)
  local child = posix.fork()
  if child ~= 0 then return child end
  local its = lc.new(root)
  local save = its._save
  rawset(its, "_save", function(self, box, text)
    local pid = text and text:match('"init_process_pid":%s*(%d+)')
    if pid then posix.kill(math.tointeger(pid), 19) end
    return save(self, box, text)
  end)
  local process, err = assert(its:create(id, slow())):start(program)
  io.stderr:write(process and "" or tostring(err) .. "\n")
  io.stderr:flush()
  posix.exit(process and 0 or 1)
end
local function catch(id, program)
  local child = start_another(id, program)
  local deadline = core.now() + seconds(60)
  repeat
    assert(core.now() < deadline, "it does not come up")
    local box = factory:load(id)
    local state = box and box:status() == "running" and box:state()
    local pid = state and state.init_process_pid
    if pid then
      stands_still(pid)
      if is_at_work(pid) then return box, pid, child end
      posix.kill(pid, 18)
    end
  until pid or has_ended(child)
  posix.wait(child)
  assert(factory:destroy(id))
end
local function catch_one(program)
  for i = 1, 20 do
    local box, pid, child = catch("slow-" .. i, program or { "sleep", "1000" })
    if box then return box, pid, child end
  end
  error "its init is never seen at work"
end
local function becomes(box, wanted)
  local deadline, status = core.now() + seconds(60), nil
  repeat status = box:status() until status == wanted or core.now() > deadline
  assert(status == wanted, "it is " .. tostring(status))
end
-- The start that was watched goes on, to this end of its host.
local function let_go(pid, child, wanted)
  pcall(posix.kill, pid, 18) -- it may have ended meanwhile
  local _, how, status = posix.wait(child)
  assert(how == "exit" and status == wanted, how .. " " .. status)
end
-- It is a container like any other.
local function use(box)
  local process = assert(box:start { "sleep", "1000" })
  assert(box:status() == "running")
  assert(box:destroy())
  process:wait(seconds(60))
end
]]

describe("a container whose init is still at work, and which is running for other processes", function()
  fixture.check_leaks()

  it("shares no namespace yet: there may be the host's root in it", function()
    fixture.needs("root", "busybox", "cc")
    assert.equal("refused\n", fixture.lua_prints(CATCH .. [[
      local other, pid, child = catch_one()
      local config = { namespaces = { "pid", mount = other }, rootfs = "/", capabilities = {}, seccomp = "default" }
      local box, err = factory:create("box", config)
      local result
      if box then
        local process, why = box:start { "sh", "-c", "ls /", stdout = "pipe" }
        result = process and "ran: " .. process.stdout:read("a") or "started: " .. tostring(why)
        if process then process:wait(seconds(30)) end
        assert(box:destroy())
      end
      let_go(pid, child, 0)
      assert(other:destroy())
      print(result or tostring(err):find("is being started", 1, true) and "refused" or tostring(err))
    ]], { args = { fixture.root(), fixture.rootfs() } }))
  end)

  it("lets nobody in before it is set up whole", function()
    fixture.needs("root", "busybox", "cc")
    assert.equal("waits\n400\n", fixture.lua_prints(CATCH .. [[
      local box, pid, child = catch_one()
      local asking, answer = posix.pipe()
      local other = posix.fork()
      if other == 0 then
        local poll = core.poll
        core.poll = function(entries, limit) -- nothing to wait for but the lock
          if #entries == 0 then posix.write(answer, "waits") core.poll = poll end
          return poll(entries, limit)
        end
        local process = assert(assert(lc.new(root):load(box:id())):start { "sh", "-c",
          "grep -c ' /tmp/[0-9]* ' /proc/self/mountinfo", stdout = "pipe" })
        posix.write(answer, "\n" .. process.stdout:read("a"))
        process:wait(seconds(60))
        posix.exit(0)
      end
      posix.close(answer)
      io.write(posix.read(asking))
      let_go(pid, child, 0)
      posix.wait(other)
      io.write(posix.read(asking))
      assert(box:destroy())
    ]], { args = { fixture.root(), fixture.rootfs() } }))
  end)

  it("goes with its host, though that has let it go on already, and leaves nothing [L01]", function()
    fixture.needs("root", "busybox", "cc")
    fixture.lua_prints(CATCH .. [[
      local box, pid, child = catch_one()
      posix.kill(child, 9)
      posix.wait(child)
      posix.kill(pid, 18)
      becomes(box, "stopped") -- and no program has run
      use(box)
      local second, number, host = catch_one()
      posix.kill(host, 9)
      posix.wait(host)
      posix.kill(number, 18)
      assert(factory:destroy(second:id())) -- at once
      assert(#factory:list() == 0)
    ]], { args = { fixture.root(), fixture.rootfs() } })
  end)

  it("is not started for them any more when its set-up fails or is ended, and can be used", function()
    fixture.needs("root", "busybox", "cc")
    local ended = fixture.lua(CATCH .. [[
      local box, pid, child = catch_one { "/nowhere" }
      let_go(pid, child, 1)
      assert(box:status() == "created", box:status())
      assert(box:state().init_process_pid == nil)
      use(box)
      box, pid, child = catch_one()
      assert(box:signal "KILL")
      let_go(pid, child, 1)
      assert(box:status() == "created", box:status())
      use(box)
    ]], { args = { fixture.root(), fixture.rootfs() } })
    assert.equal(0, ended.status, ended.stderr)
    assert.matches("/nowhere", ended.stderr, 1, true)
    assert.matches("was killed by signal 9", ended.stderr, 1, true)
  end)
end)
