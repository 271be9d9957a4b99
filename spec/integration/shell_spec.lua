-- SPDX-License-Identifier: MIT
-- The caller's terminal on a container's: scripts of their own, whose terminal is a pty of the host's.
-- What a person would type is written before: it waits in the terminal.
local fixture = require "spec.support.fixture"

local PRELUDE <const> = [[
local configs = require "libcontainer.configs"
local box <close> = assert(assert(lc.new(root)):create("box", configs.default { rootfs = rootfs }))
assert(box:start { "sleep", "1000" })
local master, slave = posix.openpty(100, 30)
local before = posix.attributes(slave)

local function type_in(text) posix.write(master, text) end
-- All that was shown so far.
local function shown()
  local text = ""
  while true do
    local is_fine, chunk = pcall(posix.read, master)
    if not is_fine or chunk == "" then return text end
    text = text .. chunk
  end
end
-- Somebody at the terminal, who waits for each text and then does what stands beside it.
local function person(steps)
  local child = posix.fork()
  if child ~= 0 then return child end
  local text = ""
  local deadline = require("libcontainer.core").now() + seconds(30)
  for _, step in ipairs(steps) do
    while not text:find(step[1], 1, true) do
      local is_fine, chunk = pcall(posix.read, master)
      text = text .. (is_fine and chunk or "")
      posix.pause(5000)
      if require("libcontainer.core").now() > deadline then posix.write(2, text) posix.exit(1) end
    end
    step[2]()
  end
  posix.exit(0)
end
local function shell(t)
  t.input, t.output = slave, slave
  return box:shell(t)
end
local function check_restored() assert(posix.attributes(slave) == before, posix.attributes(slave)) end
]]

local function script(text, options)
  options = options or {}
  options.args = { fixture.root(), fixture.rootfs() }
  return fixture.lua_prints(PRELUDE .. text, options)
end

describe("container:shell", function()
  fixture.check_leaks()

  it("puts the caller's terminal on a program's, raw, and gives it back", function()
    fixture.needs("root", "busybox", "cc")
    local printed = script([[
      type_in "busybox tty; busybox stty size; echo $((40 + 2)) $TERM; exit 7\r"
      local exit, process = shell {}
      check_restored()
      local text = shown():gsub("\r", "")
      assert(text:find("\n/dev/pts/0\n30 100\n42 ", 1, true), text)
      assert(exit.status == 7 and process:wait(0).status == 7)
      -- any program, as any user, with the terminal that the caller chooses
      type_in "word\n"
      exit = assert(shell { "sh", "-c", "read -r x; id -u; echo got $x $A", user = "1000", env = { A = "a", PATH = "/bin" },
        terminal_size = { 20, 10 } })
      assert(exit.status == 0)
      text = shown():gsub("\r", "")
      assert(text:find("1000\ngot word a\n", 1, true), text)
      check_restored()
      print(#assert(box:processes()))]])
    assert.equal("1\n", printed)
  end)

  it("carries every byte, both ways: nothing is edited, echoed or made a signal here", function()
    fixture.needs("root", "busybox", "cc")
    script([[
      -- The other side is raw too, and tells what came in.
      local bytes = {}
      for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
      local all = table.concat(bytes)
      local hex = all:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
      local child = person { { "up", function() type_in(all) end }, { hex, function() end } }
      local exit = assert(shell { "sh", "-c", "busybox stty raw -echo; echo up; head -c 256 >/tmp/in;"
        .. "busybox od -An -v -tx1 /tmp/in | tr -d ' \\n'; sleep 0.2", detach_keys = false })
      assert(select(3, posix.wait(child)) == 0)
      check_restored()
      -- and the other way: more than a terminal holds, with nobody between two bytes
      child = person { { "0\n", function() end }, { "2999\n", function() end } }
      exit = assert(shell { "sh", "-c", "busybox stty -opost; i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done" })
      assert(select(3, posix.wait(child)) == 0)
      assert(exit.status == 0)]])
  end)

  it("answers what was typed byte by byte, however much is on its way and whatever its size [F19]", function()
    fixture.needs("root", "busybox", "cc")
    script([[
      -- 192 KiB that are the same each time, in pieces of every length; the program reads when no more goes in
      local bytes, state = {}, 1
      for i = 1, 192 << 10 do
        state = (state * 1103515245 + 12345) & 0x7fffffff
        bytes[i] = string.char(state >> 16 & 255)
      end
      local all = table.concat(bytes)
      local child = posix.fork()
      if child == 0 then
        local now = require("libcontainer.core").now
        local deadline, typed, text, turn, refused = now() + seconds(20), 0, "", 0, 0
        while #text < #all + 2 do
          if now() > deadline then -- something was lost: the program is given what it still waits for
            posix.write(2, ("%d of %d\n"):format(#text, #all))
            for _ = 1, 3000 do
              pcall(posix.write, master, all:sub(1, 500))
              pcall(posix.read, master)
              posix.pause(1000)
            end
            posix.exit(1)
          end
          turn = turn + 1
          if text:sub(1, 2) == "up" and typed < #all then
            local is_fine, count = pcall(posix.write, master, all:sub(typed + 1, typed + turn * 7 % 3000))
            typed = typed + (is_fine and count or 0)
            refused = is_fine and 0 or refused + 1
            if refused == 30 then assert(io.open(rootfs .. "/tmp/go", "w")):close() end
          end
          if turn % 16 == 0 then posix.resize(master, 40 + turn % 100, 20 + turn % 30) end
          local is_fine, chunk = pcall(posix.read, master)
          if is_fine then text = text .. chunk else posix.pause(1000) end
        end
        posix.exit(text == "up" .. all and 0 or 2)
      end
      local exit = assert(shell { "sh", "-c", "busybox stty raw -echo; printf up; until test -e /tmp/go; do sleep 0.01; done;"
        .. "head -c 196608", detach_keys = false })
      assert(exit.status == 0)
      assert(select(3, posix.wait(child)) == 0)]])
  end)

  it("follows the size of the caller's terminal without a signal handler", function()
    fixture.needs("root", "busybox", "cc")
    script([[
      local child = person { { "up", function() posix.resize(master, 77, 33) end }, { "33 77", function() end } }
      local exit = assert(shell { "sh", "-c", "trap 'busybox stty size; exit 5' WINCH; echo up; while :; do sleep 0.05; done" })
      assert(exit.status == 5)
      assert(select(3, posix.wait(child)) == 0)
      check_restored()]])
  end)

  it("lets go at the detach keys, and can be taken up again", function()
    fixture.needs("root", "busybox", "cc")
    script([[
      local child = person { { "up", function() type_in "one\r\16x\16\17" end } }
      local exit, process = shell { "sh", "-c", "echo up; read -r x; echo got $x; read -r y; echo then $y; exit 3" }
      assert(exit == false, tostring(process))
      posix.wait(child)
      check_restored()
      assert(not process:wait(0))
      child = person { { "got one", function() type_in "two\r" end }, { "then", function() end } }
      exit = assert(process:attach { input = slave, output = slave })
      assert(exit.status == 3)
      assert(select(3, posix.wait(child)) == 0)
      -- other keys, and none
      child = person { { "up", function() type_in "a\1d" end } }
      exit, process = shell { "sh", "-c", "echo up; exec sleep 1000", detach_keys = "ctrl-a,d" }
      assert(exit == false)
      posix.wait(child)
      assert(process:signal("KILL") and process:wait(seconds(30)))
      child = person { { "up", function() type_in "\16\17\r\4" end } }
      exit = assert(shell { "sh", "-c", "echo up; cat", detach_keys = false })
      posix.wait(child)
      assert(exit.status == 0)
      check_restored()
      assert(not pcall(shell, { detach_keys = "ctrl-" }))]])
  end)

  it("gives the terminal back when something fails, or is raised, or the interpreter ends", function()
    fixture.needs("root", "busybox", "cc")
    script([[
      -- no such program: never touched
      local exit, err = shell { "no-such-program" }
      assert(exit == nil and err.step == "exec")
      check_restored()
      -- an error in the middle of it
      -- (of a program that goes on without its terminal)
      local function stubborn() return { "sh", "-c", "trap '' HUP; exec sleep 1000" } end
      local core = require "libcontainer.core"
      local loop = require "libcontainer.loop"
      local poll = loop.poll
      local function break_off(how)
        loop.poll = function(...)
          if posix.attributes(slave) == before then return poll(...) end -- not attached yet
          return how()
        end
      end
      break_off(function() error("in the middle", 0) end)
      local is_fine, why = pcall(shell, stubborn())
      loop.poll = poll
      assert(not is_fine and why == "in the middle")
      check_restored()
      break_off(function() return nil, { errno = 5, step = "stdio" } end)
      exit, err = shell(stubborn())
      loop.poll = poll
      assert(exit == nil and err.errname == "EIO")
      check_restored()
      -- and what was started for it has gone both times
      local deadline = require("libcontainer.core").now() + seconds(30)
      while #assert(box:processes()) > 1 and require("libcontainer.core").now() < deadline do posix.pause(5000) end
      assert(#box:processes() == 1)
      -- a raw terminal that nobody closes
      local function forget()
        local stream = core.duplicate(slave)
        local guard = assert(core.raw(stream))
        stream:close()
        assert(posix.attributes(slave) ~= before)
        return guard == nil
      end
      forget()
      collectgarbage() collectgarbage()
      check_restored()
      local child = posix.fork()
      if child == 0 then
        local guard = core.raw(core.duplicate(slave))
        os.exit(guard and 0 or 1, true)
      end
      posix.wait(child)
      check_restored()
      -- a forked child does not give back what is its parent's
      local guard = core.raw(core.duplicate(slave))
      child = posix.fork()
      if child == 0 then guard:close() posix.exit(0) end
      posix.wait(child)
      assert(posix.attributes(slave) ~= before)
      guard:close()
      check_restored()]])
  end)

  it("gives the terminal back when a coroutine is closed in the middle of it", function()
    fixture.needs("root", "busybox", "cc")
    script([[
      local loop = require "libcontainer.loop"
      local poll = loop.poll
      local turn = coroutine.create(function() return shell { "sleep", "1000" } end)
      loop.poll = function(...)
        if coroutine.isyieldable() and posix.attributes(slave) ~= before then coroutine.yield "raw" end
        return poll(...)
      end
      assert(select(2, coroutine.resume(turn)) == "raw")
      assert(posix.attributes(slave) ~= before)
      assert(coroutine.close(turn))
      loop.poll = poll
      check_restored()]])
  end)

  it("gives the terminal back when its host is killed, by whatever signal", function()
    fixture.needs("root", "busybox", "cc")
    script([[
      local core = require "libcontainer.core"
      local function becomes(is_raw)
        local deadline = core.now() + seconds(30)
        while (posix.attributes(slave) ~= before) ~= is_raw do
          if core.now() > deadline then error(is_raw and "it never was raw" or "it stays raw") end
          posix.pause(1000)
        end
      end
      -- not HUP, which who runs this may have told it to ignore
      for _, number in ipairs { 9, 15, 14, 6 } do -- KILL, TERM, ALRM, ABRT
        local child = posix.fork()
        if child == 0 then
          -- an object of its own: those of a parent are of no use here
          local mine = assert(assert(lc.new(root)):load("box"))
          mine:shell { "sleep", "1000", input = slave, output = slave }
          posix.exit(1)
        end
        becomes(true)
        posix.kill(child, number)
        local _, how, signal = posix.wait(child)
        assert(how == "signal" and signal == number)
        becomes(false)
      end]])
  end)

  it("leaves a terminal alone that somebody else has changed since", function()
    fixture.needs("root", "busybox", "cc")
    script([[
      local core = require "libcontainer.core"
      local reading, writing = posix.pipe()
      local child = posix.fork()
      if child == 0 then
        local guard = assert(core.raw(core.duplicate(slave), assert(lc.new(root))._host))
        local file <close> = assert(io.open("/proc/self/task/" .. posix.getpid() .. "/children"))
        posix.write(writing, guard and file:read("a"))
        -- as a shell would that takes its terminal back
        os.execute("exec busybox stty sane -echo </proc/" .. posix.getpid() .. "/fd/" .. slave)
        posix.kill(posix.getpid(), 9)
      end
      local watcher = posix.read(reading):match("%d+")
      posix.wait(child)
      local deadline = core.now() + seconds(30)
      while true do
        local file <close> = io.open("/proc/" .. watcher .. "/stat")
        local text = file and file:read("a")
        if not text or text:find(") Z ", 1, true) then break end
        assert(core.now() < deadline)
        posix.pause(1000)
      end
      assert(posix.attributes(slave) ~= before)]])
  end)

  it("ends for the caller when his terminal goes, and the program is hung up with its end", function()
    fixture.needs("root", "busybox", "cc")
    script([[
      local child = person { { "up", function() end } }
      posix.close(master) -- he is the last one who has it
      local exit, process = shell { "sh", "-c", "trap 'exit 9' HUP; echo up; while :; do sleep 0.05; done" }
      assert(exit == false, tostring(process))
      process:close()
      assert(process:wait(seconds(30)).status == 9)]])
  end)

  it("needs a terminal on both sides", function()
    fixture.needs("root", "busybox", "cc")
    script([[
      local exit, err = box:shell {} -- our input is no terminal
      assert(exit == nil and err.errname == "ENOTTY" and err.hint)
      exit, err = box:shell { input = 900 }
      assert(exit == nil and err.errname == "EBADF")
      local process = assert(box:start { "true" })
      exit, err = process:attach { input = slave, output = slave }
      assert(exit == nil and err.errname == "ENOTTY")
      assert(process:wait(seconds(30)))
      exit, err = shell { console = "/run/x" }
      assert(exit == nil and err.code == "ConfigInvalid")
      exit, err = assert(lc.process { "sh", terminal = true }):attach()
      assert(exit == nil and err.code == "ProcessNotExecuted")
      assert(#assert(box:processes()) == 1)
      assert(not pcall(box.shell, box, "sh"))
      check_restored()]])
  end)
end)
