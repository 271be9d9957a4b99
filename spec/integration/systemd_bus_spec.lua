-- SPDX-License-Identifier: MIT
--- The systemd driver on a bus of its own, where systemd does what a test wants it to, or is not there at
--- all. What a real one does is in spec/systemd.
local fixture = require "spec.support.fixture"

local function needs_a_bus()
  fixture.needs("root", "busybox", "dbus")
end

-- What systemd does to the machine: the scope in each hierarchy but v1's cpuset, and the process in it.
local SCRIPT <const> = [[#!/bin/sh
# start UNIT PID | stop UNIT
for mount in $(awk '$0 ~ / - cgroup2? / { print $5 }' /proc/self/mountinfo); do
  [ -e "$mount/cgroup.procs" ] && [ ! -e "$mount/cpuset.mems" ] || continue
  scope="$mount%s/system.slice/$2"
  if [ "$1" = start ]; then
    mkdir -p "$scope"
    [ -e "$mount/cgroup.controllers" ] || [ "$mount" != "${mount%%/systemd}" ] && echo "$3" >"$scope/cgroup.procs"
  else
    for try in 1 2 3 4 5 6 7 8 9 10; do
      rmdir "$scope/keeper" "$scope/container" "$scope" "${scope%%/*}" "$mount%s" 2>/dev/null
      [ -d "$scope" ] || break
      sleep 0.05
    done
  fi
done
exit 0
]]

-- A bus, and on it a fake systemd of that mode (nil: nobody). Answers what a script's shell has to say
-- before it uses them, and the path of the fake's log.
local function bus_with(mode, description)
  local path = fixture.directory()
  local root = "/libcontainer-fake-" .. path:match("[^.]+$"):gsub("/", "-")
  fixture.write(path .. "/script", SCRIPT:format(root, root))
  fixture.sh("chmod 755 %s/script", path)
  local shell = ([[clean() {
      kill $fake $daemon; wait
      find /sys/fs/cgroup -depth -type d -path '*%s*' -exec rmdir {} ';'
    } 2>/dev/null
    trap clean EXIT
    export fake DBUS_SYSTEM_BUS_ADDRESS=unix:path=%s/bus
    dbus-daemon --session --nofork --nopidfile --address=$DBUS_SYSTEM_BUS_ADDRESS --print-address \
      >%s/address 2>/dev/null & daemon=$!
    until [ -s %s/address ] || ! kill -0 $daemon; do sleep 0.02; done; fake=]]):format(root, path, path, path)
  if mode then
    shell = shell .. ([[

    FAKE_DESCRIPTION='%s' %s %s %s %s/script %s/log & fake=$!
    until grep -q ready %s/log 2>/dev/null || ! kill -0 $fake; do sleep 0.02; done]]):format(description or "", fixture.fake_systemd(), mode,
      root, path, path, path)
  end
  return shell .. "\n", path .. "/log"
end

-- Run a script on such a bus. It has `factory()`, which answers lc.new's two, and `show(err)`.
local function lua(shell, script, options)
  options = options or {}
  options.shell = shell .. " ( "
  options.after = ")"
  options.args = { fixture.root(), options.rootfs or "/", fixture.id() }
  return fixture.lua([[
    local function factory() return lc.new(root, { cgroups = "systemd" }) end
    local function show(err)
      print(err.step, err.errname, err.code, err.field)
      print(err)
    end
    local _ <const>, _ <const> = factory, show
  ]] .. script, options)
end

local OPEN <const> = "local _, err = factory() show(err)"

describe("the systemd driver", function()
  fixture.check_leaks()

  it("says which package is missing where libsystemd is [O84]", function()
    fixture.needs("root", "cc")
    local library = fixture.sh("ldconfig -p | sed -n 's/.*libsystemd.so.0 .*=> //p' | head -1")
    local before = library ~= "" and ("unshare -m sh -c 'mount --bind /dev/null %s && exec \"$@\"' sh"):format(library)
    local ended = fixture.lua([[
      local _, err = lc.new(root, { cgroups = "systemd" })
      print(err.step, err.code, err.field)
      print(err)
      print(lc.new(root, { cgroups = "fs" }) ~= nil, lc.new(root) ~= nil)
    ]], { before = before or nil, args = { fixture.root() } })
    assert.equal("", ended.stderr)
    assert.matches("^systemd\tSystemError\tcgroups\n", ended.stdout)
    assert.matches("needs the package libsystemd0, which is not installed", ended.stdout, 1, true)
    assert.matches("apt-get install libsystemd0", ended.stdout, 1, true)
    assert.matches("true\ttrue\n$", ended.stdout)
  end)

  it("is an error where no bus is, or nobody on it, with the way out [L48]", function()
    needs_a_bus()
    local ended = fixture.lua([[
      local _, err = lc.new(root, { cgroups = "systemd" })
      print(err.step, err.errname, err.hint)
      print(lc.new(root) ~= nil)
    ]], { before = "env DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent/bus", args = { fixture.root() } })
    assert.matches("^systemd\tENOENT\tsystemd or its bus does not run here.*\"fs\".*\ntrue\n$", ended.stdout)
    ended = lua(bus_with(nil), OPEN)
    assert.matches("^systemd\tEHOSTUNREACH\tSystemError\tcgroups\n", ended.stdout)
  end)

  it("gives up on a bus that does not answer [L48]", function()
    needs_a_bus()
    local path = fixture.directory()
    -- connected by the kernel, and accepted by nobody
    local ended = fixture.lua([[
      local bus = posix.listen(arg[2])
      local _, err = lc.new(root, { cgroups = "systemd" })
      print(bus ~= nil, err.step, err.errname)
    ]], { before = ("env DBUS_SYSTEM_BUS_ADDRESS=unix:path=%s/bus"):format(path), args = { fixture.root(), path .. "/bus" } })
    assert.equal("true\tsystemd\tETIMEDOUT\n", ended.stdout, ended.stderr)
  end)

  local RUN <const> = [[
    local made = assert(factory())
    local box <close> = assert(made:create(arg[3], { rootfs = rootfs }))
    local p, err = box:start { args = { "sleep", "1000" } }
    if not p then show(err) end
    print(box:status(), #box:processes())
    print(box:destroy())
  ]]

  it("makes a scope, runs in it and stops it [L48]", function()
    needs_a_bus()
    local shell, log = bus_with "works"
    local ended = lua(shell, RUN, { rootfs = fixture.rootfs() })
    assert.equal("", ended.stderr)
    assert.equal("running\t1\ntrue\n", ended.stdout)
    assert.matches("ControlGroup.*\nSubscribe\nStartTransientUnit\n.*Description\n.*StopUnit\n", fixture.read(log))
    assert.not_matches("failed: ", fixture.read(log))
  end)

  it("gives the scope what annotations ask for, below what the limits say [O62]", function()
    needs_a_bus()
    local shell, log = bus_with "works"
    local ended = lua(shell, [[
      local made = assert(factory())
      local box <close> = assert(made:create(arg[3], { rootfs = rootfs, cgroups = { pids_limit = 10 }, annotations = {
        ["org.systemd.property.TimeoutStopUSec"] = "uint64 123",
        ["org.systemd.property.RuntimeMaxSec"] = "1.5",
        ["org.systemd.property.CollectMode"] = "'inactive'",
        ["org.systemd.property.After"] = "['a.service', \"b.service\"]",
        ["org.systemd.property.TasksMax"] = "uint64 7",
        ["org.systemd.property.SendSIGHUP"] = "true",
        ["org.systemd.property.IPEgressFilterPath"] = "@as []",
        ["org.example"] = "not systemd's",
      } }))
      assert(box:start { args = { "true" } }):wait(seconds(30))
      print(box:destroy())
    ]], { rootfs = fixture.rootfs() })
    assert.equal("true\n", ended.stdout, ended.stderr)
    local text = fixture.read(log)
    for _, line in ipairs { "TimeoutStopUSec = t 123", "RuntimeMaxUSec = t 1500000", "CollectMode = s inactive",
      "After = as a.service b.service", "SendSIGHUP = b", "IPEgressFilterPath = as" } do
      assert.is_truthy(text:find("\n  " .. line .. "\n", 1, true), line .. " in\n" .. text)
    end
    assert.matches("CollectMode = s inactive%-or%-failed\n.*CollectMode = s inactive\n", text)
    assert.matches("TasksMax = t 7\n.*TasksMax = t 11\n", text)
    assert.not_matches("example", text)
  end)

  it("fails with the words of systemd, and leaves nothing, when the job does [L48]", function()
    needs_a_bus()
    local ended = lua(bus_with "fails", RUN, { rootfs = fixture.rootfs() })
    assert.equal("", ended.stderr)
    assert.matches("^systemd\tECANCELED\tSystemError\tnil\nsystemd: the job of libcontainer%-%S*%.scope: failed: .*"
      .. "journalctl.*\ncreated\t0\ntrue\n$", ended.stdout)
  end)

  it("fails when systemd goes away in between, and leaves nothing [L48]", function()
    needs_a_bus()
    local ended = lua(bus_with "gone", RUN, { rootfs = fixture.rootfs() })
    assert.equal("", ended.stderr)
    assert.matches("^systemd\t%u+\tSystemError\tnil\n.*StartTransientUnit.*\ncreated\t0\ntrue\n$", ended.stdout)
  end)

  it("resets and replaces a failed scope of the same container [L48]", function()
    needs_a_bus()
    local path = fixture.root()
    fixture.sh("mkdir -p -m 700 %s", path)
    local handle = require "libcontainer.core".root(path)
    local owner = ("container libcontainer-%s-"):format(handle:key())
    handle:close()
    local shell, log = bus_with("stale", owner .. "stale")
    local ended = lua(shell, ([[root = %q; arg[3] = "stale"
      ]]):format(path) .. RUN, { rootfs = fixture.rootfs() })
    assert.equal("", ended.stderr)
    assert.equal("running\t1\ntrue\n", ended.stdout)
    assert.matches("StartTransientUnit\n.*StopUnit\nResetFailedUnit\nStartTransientUnit\n", fixture.read(log))
  end)

  it("leaves a unit alone that is somebody else's [L28] [L48]", function()
    needs_a_bus()
    local shell, log = bus_with("foreign", "ssh daemon")
    local ended = lua(shell, RUN, { rootfs = fixture.rootfs() })
    assert.equal("", ended.stderr)
    assert.matches('^systemd\tEBUSY\tSystemError\tnil\n.*somebody else\'s: "ssh daemon".*\ncreated\t0\ntrue\n$', ended.stdout)
    assert.not_matches("StopUnit", fixture.read(log))
    assert.not_matches("ResetFailedUnit", fixture.read(log))
  end)

  it("destroys a container whose systemd has gone [L48]", function()
    needs_a_bus()
    local shell = bus_with "works"
    local ended = lua(shell, [[
      local made = assert(factory())
      local box <close> = assert(made:create(arg[3], { rootfs = rootfs }))
      local p = assert(box:start { args = { "sleep", "1000" } })
      posix.kill(tonumber(os.getenv("fake")), 9)
      local done, err = box:destroy { timeout = 1 }
      print(done, err and err.step, err and err.errname)
      print(assert(p:wait(seconds(10))).signal)
      for _, path in pairs(box:state().cgroup_paths) do
        local scope = path:match("^(.*)/[^/]*$")
        os.execute(("rmdir '%s/keeper' '%s' 2>/dev/null"):format(scope, scope))
      end
      print(box:destroy())
    ]], { rootfs = fixture.rootfs() })
    assert.equal("", ended.stderr)
    assert.matches("^nil\tsystemd\t%u+\n9\ntrue\n$", ended.stdout)
  end)
end)
