-- SPDX-License-Identifier: MIT
--- nsinit and who watches over it: notifications to a service manager, logs of the system.
local command = require "spec.support.command"
local fixture = require "spec.support.fixture"
local json = require "libcontainer.json"

local ENVIRONMENT <const> = ("export LUA_PATH='%s' LUA_CPATH='%s'; unset LD_PRELOAD;"):format(package.path, package.cpath)

-- Somebody who listens at a socket and prints what he reads, a line for each message.
local LISTENER <const> = [[
local system = require "libcontainer.system"
local socket = assert(system.datagram(arg[1]))
while true do
  system.poll { { socket:pollfd(), "r" } }
  print((assert(socket:receive()):gsub("\n", "|")))
  io.stdout:flush()
end
]]

-- Shell text that runs while such a one listens at $socket; what he has read is in $heard then.
local function with_listener(directory, socket, text)
  fixture.write(directory .. "/listener.lua", LISTENER)
  return fixture.sh([[%s socket=%s; heard=%s/heard; lua5.4 %s/listener.lua $socket >$heard & listener=$!
    until test -S $socket; do sleep 0.02; done
    %s
    kill $listener]], ENVIRONMENT, socket, directory, directory, text)
end

describe("nsinit with a service manager", function()
  fixture.check_leaks()
  local root, directory

  before_each(function()
    fixture.needs "root"
    root, directory = fixture.root(), fixture.directory()
  end)

  -- Before the look for leaks.
  local function delete() command.run(root, { "delete", "--force", "box" }) end

  -- A bundle of the host's root whose program sends these messages and then does the rest.
  local function make_bundle(messages, rest)
    local script = { 'local socket = assert(require("libcontainer.system").datagram())' }
    for _, text in ipairs(messages) do
      script[#script + 1] = ('assert(socket:send(os.getenv "NOTIFY_SOCKET", %q))'):format(text)
    end
    fixture.write(directory .. "/say.lua", table.concat(script, "\n"))
    fixture.write(directory .. "/config.json", json.encode {
      ociVersion = "1.0.2", root = { path = "/", readonly = true },
      process = { cwd = fixture.sh "pwd", user = { uid = 0, gid = 0 },
        args = { "sh", "-c", ("lua5.4 %s/say.lua; %s"):format(directory, rest) },
        env = { "PATH=" .. os.getenv "PATH", "LUA_PATH=" .. package.path, "LUA_CPATH=" .. package.cpath } },
      mounts = { { destination = "/run", type = "tmpfs", source = "tmpfs" },
        { destination = "/proc", type = "proc", source = "proc" } },
      linux = { namespaces = { { type = "mount" }, { type = "pid" } } },
    })
  end

  it("passes on what the program says until it is ready, and whose pid that is; no pid of the container [O189]", function()
    make_bundle({ "STATUS=up\nMAINPID=7", "FDSTORE=1", "READY=1" }, "exec sleep 1000")
    local said = with_listener(directory, directory .. "/manager", ([[
      nsinit="%s --root %s"; export NOTIFY_SOCKET=$socket
      $nsinit create -b %s --pid-file %s/pid box </dev/null >/dev/null; test ! -s $heard && echo silent
      $nsinit start box; echo $?
      cat $heard; cat %s/pid; echo
      ls -A %s/box/notify; grep -c 'notify ro,nosuid,nodev,noexec' /proc/$(cat %s/pid)/mountinfo]]):format(command.program, root,
      directory, directory, directory, root, directory))
    delete()
    local pid = said:match("\n(%d+)\nnotify.sock\n1$")
    assert.equal(("silent\n0\nSTATUS=up\nREADY=1\nMAINPID=%s\nBARRIER=1\n%s\nnotify.sock\n1"):format(pid, pid), said)
  end)

  it("waits with run --detach as well, goes on passing on without it, and not for a program that has ended [O189]", function()
    make_bundle({ "READY=1", "STATUS=on" }, "exit 6")
    local said = with_listener(directory, directory .. "/manager", ([[
      nsinit="%s --root %s"; export NOTIFY_SOCKET=$socket
      $nsinit run -b %s box </dev/null; echo $?; grep -v MAINPID $heard]]):format(command.program, root, directory))
    assert.equal("6\nREADY=1\nBARRIER=1\nSTATUS=on", said)
    make_bundle({}, "exit 6")
    said = with_listener(directory, directory .. "/manager", ([[
      NOTIFY_SOCKET=$socket %s --root %s run -d -b %s box </dev/null; echo $?; cat $heard]]):format(command.program, root,
      directory))
    delete()
    assert.equal("0", said)
  end)

  it("writes its messages to the journal and to syslog, under the name that is asked for [O142]", function()
    -- in a mount namespace of its own: the sockets of this machine are not ours
    fixture.write(directory .. "/listener.lua", LISTENER)
    local said = fixture.sh([[%s unshare -m sh -c '
      mkdir -p /run/systemd/journal && mount -t tmpfs tmpfs /run/systemd/journal && mount -t tmpfs tmpfs /dev &&
        mknod -m 666 /dev/null c 1 3 || exit 1
      lua5.4 %s/listener.lua /run/systemd/journal/socket >%s/journal & a=$!
      lua5.4 %s/listener.lua /dev/log >%s/syslog & b=$!
      until test -S /run/systemd/journal/socket && test -S /dev/log; do sleep 0.02; done
      %s --root %s --log journald:web state nobody 2>%s/err; %s --root %s --log syslog: state nobody 2>%s/err
      for i in $(seq 1500); do test -s %s/journal && test -s %s/syslog && break; sleep 0.02; done
      kill $a $b'; cat %s/journal %s/syslog]], ENVIRONMENT, directory, directory, directory, directory, command.program,
      root, directory, command.program, root, directory, directory, directory, directory, directory)
    assert.truthy(said:find('^PRIORITY=3|SYSLOG_IDENTIFIER=web|MESSAGE|.%z%z%z%z%z%z%zcontainer "nobody" does not exist'), said)
    assert.truthy(said:find('\n<11>%a+ +%d+ %d%d:%d%d:%d%d nsinit: container "nobody" does not exist'), said)
    assert.equal(1, command.run(root, { "--log", "journald:web", "state", "nobody" }).status)
  end)
end)
