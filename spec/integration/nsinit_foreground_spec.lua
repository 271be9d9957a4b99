-- SPDX-License-Identifier: MIT
--- nsinit while it waits for a program: signals, its terminal, and what it does not run with.
local command = require "spec.support.command"
local fixture = require "spec.support.fixture"

-- A script that starts `nsinit run` as its child, at a terminal if `at_terminal`, and sends it signals.
local SCRIPT <const> = [[
local now = require("libcontainer.core").now
local log = arg[2] .. "/rootfs/tmp/log"
local function wait_for(word)
  local deadline = now() + seconds(30)
  local function is_there()
    local file <close> = io.open(log)
    return file and (file:read("a"):find(word .. "\n", 1, true)) ~= nil
  end
  while not is_there() do
    assert(now() < deadline, "no " .. word)
    posix.pause(5000)
  end
end
local master, slave = posix.openpty(100, 30)
for _, number in ipairs { 1, 2, 3, 10, 20 } do posix.signal(number, "default") end
local child = posix.fork()
if child == 0 then
  for fd = 0, at_terminal and 2 or -1 do posix.move(slave, fd) end
  posix.become(arg[3], "nsinit", "--root", root, "run", "-b", arg[2], "box")
end
wait_for "ready"
if at_terminal then
  posix.resize(master, 90, 20)
  posix.kill(child, 28)
  wait_for "20 90"
end
for _, signal in ipairs { { "INT", 2 }, { "HUP", 1 }, { "USR1", 10 }, { "TSTP", 20 }, { "TERM", 15 } } do
  posix.kill(child, signal[2])
  wait_for(signal[1])
end
local _, how, number = posix.wait(child)
print(how, number)
]]

describe("nsinit that waits", function()
  fixture.check_leaks()
  local root

  before_each(function()
    fixture.needs("root", "busybox")
    root = fixture.root()
  end)

  -- How it ends when all of them have reached the program, which ends with 7 at the last.
  local function signalled(at_terminal)
    local bundle = command.bundle({ "sh", "-c", [[
      for s in INT HUP USR1 TSTP; do trap "echo $s >>/tmp/log" $s; done
      trap 'stty size >>/tmp/log' WINCH
      trap 'echo TERM >>/tmp/log; exit 7' TERM
      echo ready >>/tmp/log
      while :; do sleep 0.05; done]] }, function(document) document.process.terminal = at_terminal end)
    fixture.sh("ln %s/rootfs/bin/busybox %s/rootfs/bin/stty", bundle, bundle)
    return fixture.lua_prints(("local at_terminal = %s\n"):format(at_terminal) .. SCRIPT, { args = { root, bundle, command.program } })
  end

  it("passes on the signals that it gets, and ends as the program does [O152]", function()
    fixture.needs "cc"
    assert.equal("exit\t7\n", signalled(false))
  end)

  it("passes them on while its terminal is the program's, whose size follows", function()
    fixture.needs "cc"
    assert.equal("exit\t7\n", signalled(true))
  end)
end)

describe("nsinit with privileges that are not its caller's", function()
  fixture.check_leaks()

  it("does nothing [A41]", function()
    fixture.needs("root", "suid")
    local directory = fixture.directory()
    fixture.sh("chmod 755 %s && cp %s %s/nsinit && chmod 4755 %s/nsinit", directory, command.program, directory, directory)
    for _, words in ipairs { "--version", "list", "exec --create -- true" } do
      local said = fixture.sh("cd %s && setpriv --reuid 65534 --clear-groups --regid 65534 env -u LUA_PATH -u LUA_CPATH "
        .. "./nsinit --root %s/state %s 2>&1; echo $?", directory, directory, words)
      assert.truthy(said:find("^nsinit: libcontainer refuses to run [^\n]*\n1$"), said)
      assert.equal("", fixture.sh("ls %s/state 2>/dev/null", directory))
    end
    fixture.sh("chmod 755 %s/nsinit", directory)
    local said = fixture.sh("cd %s && setpriv --reuid 65534 --clear-groups --regid 65534 env -u LUA_PATH -u LUA_CPATH "
      .. "./nsinit --version", directory)
    assert.truthy(said:find("^nsinit version"), said)
  end)
end)
