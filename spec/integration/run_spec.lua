-- SPDX-License-Identifier: MIT
--- lc.run: one call, and everything about the program that ran.
local core = require "libcontainer.core"
local fixture = require "spec.support.fixture"
local lc = require "libcontainer"

describe("lc.run", function()
  fixture.check_leaks()

  it("tells status, output, usage and time of a program", function()
    fixture.needs("root", "busybox")
    local r = assert(fixture.run({ memory = "64M" }, "sh", "-c", "echo hello; echo oops >&2; exit 3"))
    assert.equal("hello\n", r.stdout)
    assert.equal("oops\n", r.stderr)
    assert.equal(3, r.status)
    assert.is_nil(r.signal)
    assert.is_nil(r.signal_name)
    assert.is_false(r.core)
    assert.is_false(r.oom)
    assert.is_false(r.timed_out)
    assert.is_false(r.truncated)
    assert.is_nil(r.lost)
    assert.equal("sh", r.command)
    assert.is_true(r.time > 0 and r.time < 60)
    assert.is_true(r.usage.cpu_time > 0 and r.usage.cpu_time < 60)
    assert.is_true(r.usage.memory_peak > 0 and r.usage.memory_peak <= 64 * 1024 * 1024)
  end)

  it("tells the signal that ended a program", function()
    fixture.needs("root", "busybox")
    -- an init is immune to its own signals: its child dies, and it passes the news on
    local r = assert(fixture.run({}, "sh", "-c", "sh -c 'kill -TERM $$'; echo $?"))
    assert.equal("143\n", r.stdout)
    local box <close> = assert(fixture.factory():create(fixture.id(),
      { rootfs = fixture.rootfs(), namespaces = { "mount", "uts" } }))
    local p = assert(box:start { args = { "sh", "-c", "kill -TERM $$" } })
    local exit = assert(p:wait(fixture.seconds(30)))
    assert.is_nil(exit.status)
    assert.equal(15, exit.signal)
    assert.equal("TERM", exit.signal_name)
  end)

  it("needs no image: without rootfs it is the host's root, read-only", function()
    fixture.needs("root")
    local text = fixture.lua_prints([[
      local r = assert(lc.run { "sh", "-c", "id -u; touch /etc/x; touch /tmp/fine && echo yes" })
      io.write(r.stdout, r.stderr)]])
    assert.matches("^0\nyes\n.*Read%-only", text)
  end)

  it("reads its input from a string, however long", function()
    fixture.needs("root", "busybox")
    local text = ("0123456789abcde\n"):rep(40000)
    local r = assert(fixture.run({ input = text }, "wc", "-c"))
    assert.equal(#text, tonumber(r.stdout))
    assert.equal("", assert(fixture.run({ input = "" }, "cat")).stdout)
    assert.equal("a\0b", assert(fixture.run({ input = "a\0b" }, "cat")).stdout)
  end)

  it("asks a function for input until it answers nil", function()
    fixture.needs("root", "busybox")
    local left = 500
    local r = assert(fixture.run({ input = function()
      left = left - 1
      return left >= 0 and ("x"):rep(4096) or nil
    end }, "wc", "-c"))
    assert.equal(500 * 4096, tonumber(r.stdout))
  end)

  it("goes on when the program does not want all its input", function()
    fixture.needs("root", "busybox")
    local asked = 0
    local r = assert(fixture.run({ input = function()
      asked = asked + 1
      return ("x"):rep(65536)
    end }, "sh", "-c", "exec <&-; exit 4"))
    assert.equal(4, r.status)
    assert.is_true(asked < 100)
  end)

  it("destroys the container when the input function raises", function()
    fixture.needs("root", "busybox")
    local fine, why = pcall(fixture.run, { input = function() error("from the function", 0) end }, "cat")
    assert.is_false(fine)
    assert.equal("from the function", why)
    fine, why = pcall(fixture.run, { input = function() return 7 end }, "cat")
    assert.is_false(fine)
    assert.matches("must return strings", why)
  end)

  it("has nothing on stdin without input", function()
    fixture.needs("root", "busybox")
    assert.equal("0\n", assert(fixture.run({}, "wc", "-c")).stdout)
  end)

  it("kills the whole tree at its timeout, children that ignore TERM too", function()
    fixture.needs("root", "busybox")
    local began = os.time()
    local r = assert(fixture.run({ timeout = fixture.moment() }, "sh", "-c",
      "trap '' TERM; (trap '' TERM; while :; do sleep 1000; done) & echo begun; sleep 1000; wait"))
    assert.is_true(r.timed_out)
    assert.is_nil(r.status)
    assert.equal(9, r.signal)
    assert.equal("KILL", r.signal_name)
    assert.equal("begun\n", r.stdout)
    assert.is_true(r.time >= fixture.moment())
    assert.is_true(os.time() - began < fixture.seconds(30))
  end)

  it("kills the whole tree at its timeout without a PID namespace too [O105]", function()
    fixture.needs("root", "busybox")
    local rootfs, me = fixture.rootfs(), core.pid() -- by which our programs are told from others' on this machine
    local r = assert(fixture.run({ timeout = fixture.moment(), rootfs = rootfs,
      namespaces = { "mount", "uts", "ipc", "network", "cgroup" } },
      "sh", "-c", ("(trap '' TERM HUP; exec sleep 7%d) & (sleep 7%d &) ; sleep 7%d"):format(me, me, me)))
    assert.is_true(r.timed_out)
    assert.equal("", fixture.sh("grep -sl '^sleep.7%d' /proc/[0-9]*/cmdline", me))
  end)

  it("answers when the program has ended, though a child of it keeps the output open", function()
    fixture.needs("root", "busybox")
    local began = os.time()
    local r = assert(fixture.run({}, "sh", "-c", "sleep 1000 & echo done"))
    assert.equal("done\n", r.stdout)
    assert.equal(0, r.status)
    assert.is_true(os.time() - began < fixture.seconds(30))
  end)

  it("keeps no more output than its limit, and says so [A54]", function()
    fixture.needs("root", "busybox")
    local r = assert(fixture.run({ output_limit = "64K" }, "sh", "-c",
      "yes | head -c 3000000; yes no | head -c 3000000 >&2"))
    assert.equal(65536, #r.stdout)
    assert.equal(65536, #r.stderr)
    assert.is_true(r.truncated)
    assert.equal(0, r.status)
    collectgarbage()
    local before = collectgarbage("count")
    r = assert(fixture.run({}, "head", "-c", "17000000", "/dev/zero")) -- the default is 16 MiB
    assert.equal(16 * 1024 * 1024, #r.stdout)
    assert.is_true(r.truncated)
    r = assert(fixture.run({ output_limit = "64K", timeout = fixture.moment() }, "yes")) -- without end
    assert.equal(65536, #r.stdout)
    assert.is_true(r.truncated)
    assert.is_true(r.timed_out)
    r = nil -- luacheck: ignore
    collectgarbage()
    assert.is_true(collectgarbage("count") - before < 1024)
  end)

  it("raises in check() what a person needs to know, and passes a success through", function()
    fixture.needs("root", "busybox")
    local r = assert(fixture.run({}, "true"))
    assert.equal(r, r:check())
    r = assert(fixture.run({}, "sh", "-c", "for i in $(seq 20); do echo line $i >&2; done; exit 5"))
    local fine, why = pcall(r.check, r)
    assert.is_false(fine)
    assert.matches("sh ended with status 5", why)
    assert.matches("line 20", why)
    assert.is_nil(why:find("line 9\n", 1, true))
    r = assert(fixture.run({ timeout = 0.1 }, "sleep", "1000"))
    fine, why = pcall(r.check, r)
    assert.is_false(fine)
    assert.matches("sleep was killed at its timeout", why)
    assert.matches("libcontainer.result %(sleep was killed at its timeout", tostring(r))
  end)

  it("answers nil and the error when the program cannot be started", function()
    fixture.needs("root", "busybox")
    local r, err = fixture.run({}, "no-such-program")
    assert.is_nil(r)
    assert.equal("exec", err.step)
  end)

  it("refuses what is no table, and names what is wrong in one", function()
    assert.has_error(function() lc.run("true") end, "bad argument #1 to 'run' (table expected, got string): "
      .. 'for a shell command write { "sh", "-c", "true" }')
    fixture.needs("root", "busybox")
    local r, err = fixture.run({ input = 7 }, "cat")
    assert.is_nil(r)
    assert.equal("ConfigInvalid", err.code)
    assert.equal("input", err.field)
    r, err = fixture.run({ input = "x", stdin = "null" }, "cat")
    assert.is_nil(r)
    assert.equal("ConfigInvalid", err.code)
    r, err = fixture.run({ timeout = "soon" }, "cat")
    assert.is_nil(r)
    assert.equal("timeout", err.field)
  end)

  it("gives each container its own environment, arguments and nothing else [A43] [A45]", function()
    fixture.needs("root", "busybox")
    local factory, rootfs = fixture.factory(), fixture.rootfs()
    local function run(i)
      local run_in = require "libcontainer.run".run
      return assert(run_in(factory, { "sh", "-c", "tr '\\0' '\\n' </proc/1/environ; echo --; env; echo $0",
        "argument-" .. i, rootfs = rootfs, env = { ["ONLY_" .. i] = "value-" .. i } }))
    end
    for i = 1, 10 do
      local r = run(i)
      local first = r.stdout:match("^(.-)%-%-\n")
      local names = {}
      for name in first:gmatch("([^\n=]+)=") do names[#names + 1] = name end
      table.sort(names)
      assert.same({ "HOME", "ONLY_" .. i, "PATH" }, names)
      assert.matches("ONLY_" .. i .. "=value%-" .. i .. "\n", r.stdout)
      assert.matches("argument%-" .. i .. "\n$", r.stdout)
      for j = 1, 10 do
        if j ~= i then assert.is_nil(r.stdout:find("ONLY_" .. j .. "=", 1, true)) end
      end
    end
  end)
end)
