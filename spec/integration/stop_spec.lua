-- SPDX-License-Identifier: MIT
--- container:stop, and containers that do not want to end.
local fixture = require "spec.support.fixture"
local proc = require "spec.support.proc"
local configs = require "libcontainer.configs"
local lc = require "libcontainer"
local loop = require "libcontainer.loop"

local function create(config)
  config = config or {}
  config.rootfs = config.rootfs or fixture.rootfs()
  return assert(fixture.factory():create(fixture.id(), assert(configs.default(config))))
end

-- A shell script as its init, which has said "ready".
local function shell(box, text)
  local process = assert(box:start { "sh", "-c", text, stdout = "pipe" })
  assert.equal("ready", process.stdout:read("l", fixture.seconds(30)))
  process:close()
  return process
end

local STUBBORN <const> = "trap '' TERM; echo ready; while :; do sleep 0.05; done"

describe("stopping a container", function()
  fixture.check_leaks()

  it("asks its init by a signal, and tells how it ended", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    local process = shell(box, "trap 'exit 5' TERM; trap 'exit 6' INT; echo ready; while :; do sleep 0.05; done")
    local exit = assert(box:stop { grace = fixture.seconds(30) })
    assert.equal(5, exit.status)
    assert.equal(exit, process:wait(0))
    assert.equal("stopped", box:status())
    shell(box, "trap 'exit 5' TERM; trap 'exit 6' INT; echo ready; while :; do sleep 0.05; done")
    assert.equal(6, assert(box:stop { signal = "INT", grace = fixture.seconds(30) }).status)
    local again, err = box:stop()
    assert.is_nil(again)
    assert.equal("ContainerNotRunning", err.code)
  end)

  it("kills an init that does not end within its grace time [L41]", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    shell(box, STUBBORN)
    local further = assert(box:start { "sh", "-c", "trap '' TERM; sleep 1000" })
    assert.equal("KILL", assert(box:stop { grace = 0.1 }).signal_name)
    assert.equal(9, assert(further:wait(fixture.seconds(30))).signal)
    assert.equal("stopped", box:status())
    assert.same({}, box:processes())
  end)

  it("takes along what an init leaves behind that forks and ends, with a pid namespace and without [L41]", function()
    fixture.needs("root", "busybox")
    for _, has_pids in ipairs { true, false } do
      local box <close> = create { namespaces = { "mount", "uts", "ipc", "network", "cgroup", has_pids and "pid" or nil } }
      shell(box, "trap 'exit 0' TERM; (trap '' TERM HUP; sleep 1000; :) & (sleep 1000 & sleep 1000) & echo ready;"
        .. " while :; do sleep 0.05; done")
      -- the shells beside it need not have forked by the time it says so
      local pids = box:processes()
      for _ = 1, fixture.seconds(30) * 100 do
        if #pids >= 4 then break end
        loop.pause(0.01)
        pids = box:processes()
      end
      assert.is_true(#pids >= 4)
      assert.equal(0, assert(box:stop { grace = fixture.seconds(30) }).status)
      assert.same({}, box:processes())
      for _, pid in ipairs(pids) do assert.is_true(proc.ends(pid)) end
      -- and one that ends at once, unasked
      local init = shell(box, "sleep 1000 & echo ready")
      assert.equal(0, assert(init:wait(fixture.seconds(30))).status)
      assert.same({}, box:processes())
    end
  end)

  it("lets a paused one hear of it", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    shell(box, "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done")
    assert(box:pause(fixture.seconds(10)))
    assert.equal(5, assert(box:stop { grace = fixture.seconds(30) }).status)
  end)

  it("works for who did not start it, and says what is wrong with its options", function()
    fixture.needs("root", "busybox")
    local factory = fixture.factory()
    local box <close> = assert(factory:create("box", assert(configs.default { rootfs = fixture.rootfs() })))
    local none, err = box:stop()
    assert.is_nil(none)
    assert.equal("ContainerNotRunning", err.code)
    shell(box, STUBBORN)
    assert.equal("KILL", assert(assert(factory:load("box")):stop { grace = "50ms" }).signal_name)
    assert.has_error(function() box:stop { grace = "soon" } end)
    assert.has_error(function() box:stop { signal = "NONE" } end)
    assert.has_error(function() box:stop { timeout = 1 } end)
    assert(box:destroy())
    none, err = box:stop()
    assert.is_nil(none)
    assert.equal("ContainerNotExists", err.code)
  end)
end)

describe("a container that shares the host's process ids", function()
  fixture.check_leaks()

  -- It sends a signal to whoever has come to become a further program, and is not one yet.
  local function start_with(box, hunter, signal)
    local process = lc.process { "sleep", "1000", terminal = true } -- the host is asked before it runs
    local give = process._give_terminal
    process._give_terminal = function(...)
      for _, pid in ipairs(box:processes()) do
        if pid ~= hunter:pid() then assert(hunter.stdin:write(("kill -%s %d; echo sent\n"):format(signal, pid))) end
      end
      assert.equal("sent", hunter.stdout:read("l", fixture.seconds(30)))
      return give(...)
    end
    return box:start(process)
  end

  it("may kill or stop the helpers that come to it; that is an error in time, and it is destroyed all the same [L40]",
    function()
    fixture.needs("root", "busybox")
    local box <close> = create { namespaces = { "mount", "uts", "ipc", "network", "cgroup" }, capabilities = { "KILL" } }
    local hunter = assert(box:start { "sh", stdin = "pipe", stdout = "pipe" })
    local process, err = start_with(box, hunter, "KILL")
    assert.is_nil(process)
    assert.equal("session", err.step)
    assert.matches("killed by signal 9", err.message)
    -- the deadline of a start, sooner than usual
    local deadline = loop.deadline
    loop.deadline = function(seconds) return deadline(seconds and math.min(seconds, 0.3)) end
    process, err = start_with(box, hunter, "STOP")
    loop.deadline = deadline
    assert.is_nil(process)
    assert.equal("ETIMEDOUT", err.errname)
    assert.same({ hunter:pid() }, box:processes())
    -- and who has become a program
    process = assert(box:start { "sleep", "1000" })
    assert(hunter.stdin:write(("kill -STOP %d; echo sent\n"):format(process:pid())))
    assert.equal("sent", hunter.stdout:read("l", fixture.seconds(30)))
    assert(box:destroy { timeout = fixture.seconds(10) })
    assert.equal(9, assert(process:wait(fixture.seconds(30))).signal)
    hunter:close()
  end)
end)
