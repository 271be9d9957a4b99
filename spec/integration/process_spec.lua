-- SPDX-License-Identifier: MIT
--- The process object: its end, and what a program gets as stdin, stdout and stderr.
local fixture = require "spec.support.fixture"
local lc = require "libcontainer"

local function create(config)
  config = config or {}
  config.rootfs = config.rootfs or fixture.rootfs()
  return assert(fixture.factory():create(fixture.id(), config))
end

describe("a process", function()
  fixture.check_leaks()

  it("says that it has not been started", function()
    local p = assert(lc.process { args = { "true" } })
    assert.equal("process", lc.type(p))
    for _, call in ipairs {
      function() return p:pid() end, function() return p:wait(1) end, function() return p:signal("TERM") end,
    } do
      local none, err = call()
      assert.is_nil(none)
      assert.equal("ProcessNotExecuted", err.code)
    end
    assert.is_nil(p.stdin)
    assert.is_nil(p:pollfd())
    assert.equal("libcontainer.process (not started): true", tostring(p))
  end)

  it("is described with every mistake at once", function()
    local p, err = lc.process { args = {}, cwd = "relative", usr = "0", umask = 1000 }
    assert.is_nil(p)
    assert.equal("ConfigInvalid", err.code)
    local fields = {}
    for _, problem in ipairs(err.problems) do fields[problem.field] = problem end
    assert.is_not_nil(fields.args)
    assert.is_not_nil(fields.cwd)
    assert.is_not_nil(fields.umask)
    assert.equal('did you mean "user"?', fields.usr.hint)
    assert.has_error(function() lc.process(7) end, "bad argument #1 to 'process' (table expected, got number)")
  end)

  it("tells its pid, takes signals by name and by number, and tells its end", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    local p = assert(box:start { args = { "sh", "-c",
      "trap 'echo hup' HUP; trap 'echo usr1; exit 7' USR1; echo up; while :; do sleep 0.05; done" }, stdout = "pipe" })
    assert.equal("up", p.stdout:read("l", fixture.seconds(30)))
    assert.matches("^%d+ %(sh%)", fixture.read(("/proc/%d/stat"):format(p:pid())))
    assert(p:signal("SIGHUP"))
    assert.equal("hup", p.stdout:read("l", fixture.seconds(30)))
    assert(p:signal(10))
    assert.equal("usr1", p.stdout:read("l", fixture.seconds(30)))
    local exit = assert(p:wait(fixture.seconds(30)))
    assert.equal(7, exit.status)
    assert.is_nil(exit.signal)
    assert.is_false(exit.core)
    assert.is_false(exit.oom)
    assert.is_true(exit.usage.cpu_time > 0)
    assert.equal(exit, assert(p:wait()))
    local done, err = p:signal("TERM")
    assert.is_nil(done)
    assert.equal("ContainerNotRunning", err.code)
    assert.has_error(function() p:signal("NOSUCH") end)
  end)

  it("ends its wait at the deadline", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    local p = assert(box:start { args = { "sleep", "1000" } })
    for _, timeout in ipairs { 0, 0.05 } do
      local exit, err = p:wait(timeout)
      assert.is_nil(exit)
      assert.equal("ETIMEDOUT", err.errname)
      assert.equal("wait", err.step)
    end
  end)

  it("has /dev/null of the container on 0, 1 and 2 unless told otherwise", function()
    fixture.needs("root", "busybox")
    local out = fixture.directory() .. "/out"
    local file <close> = assert(io.open(out, "w"))
    local box <close> = create { mounts = {
      { destination = "/proc", type = "proc", source = "proc" },
      { destination = "/dev", type = "tmpfs", source = "tmpfs" } } }
    local p = assert(box:start { args = { "sh", "-c",
      "for i in 0 2; do stat -L -c '%t:%T %d' /proc/self/fd/$i /dev/null; done" }, stdout = file })
    assert.equal(0, assert(p:wait(fixture.seconds(30))).status)
    local lines = {}
    for line in fixture.read(out):gmatch("[^\n]+") do lines[#lines + 1] = line end
    assert.equal(4, #lines)
    for _, line in ipairs(lines) do assert.equal(lines[2], line) end
    assert.matches("^1:3 ", lines[1])
  end)

  it("speaks through pipes", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    local p = assert(box:start { args = { "sh", "-c", "while read x; do echo out $x; echo err $x >&2; done" },
      stdin = "pipe", stdout = "pipe", stderr = "pipe" })
    assert(p.stdin:write("one\n"))
    assert.equal("out one", p.stdout:read("l", fixture.seconds(30)))
    assert.equal("err one", p.stderr:read("l", fixture.seconds(30)))
    assert(p.stdin:write("two", "\n", 3, "\n"))
    p.stdin:close()
    assert.equal("out two\nout 3\n", p.stdout:read("a"))
    assert.equal("err two\nerr 3\n", p.stderr:read("a"))
    assert.equal(0, assert(p:wait(fixture.seconds(30))).status)
  end)

  it("inherits the host's own descriptors", function()
    fixture.needs("root", "busybox")
    local input = fixture.directory() .. "/input"
    fixture.write(input, "from the host\n")
    local ended = fixture.lua([[
      local f = assert(lc.new(root))
      local box <close> = assert(f:create("inherit", { rootfs = rootfs }))
      local p = assert(box:start { args = { "sh", "-c", "cat; echo err >&2" },
        stdin = "inherit", stdout = "inherit", stderr = "inherit" })
      assert(p:wait(seconds(30)))
      assert(not p.stdin and not p.stdout)]],
      { args = { fixture.root(), fixture.rootfs() }, after = "<" .. input })
    assert.equal(0, ended.status)
    assert.equal("from the host\n", ended.stdout)
    assert.equal("err\n", ended.stderr)
  end)

  it("takes descriptors and Lua files, also one file for two, and leaves them open", function()
    fixture.needs("root", "busybox")
    local directory = fixture.directory()
    fixture.write(directory .. "/in", "first\nsecond\n")
    local input <close> = assert(io.open(directory .. "/in"))
    local output <close> = assert(io.open(directory .. "/out", "w"))
    assert(output:write("before\n")) -- still in the buffer of the C library
    local box <close> = create()
    local p = assert(box:start { args = { "sh", "-c", "cat; echo err >&2" },
      stdin = input, stdout = output, stderr = output })
    assert.equal(0, assert(p:wait(fixture.seconds(30))).status)
    assert.is_nil(p.stdout)
    assert(output:write("after\n"))
    output:flush()
    assert.equal("before\nfirst\nsecond\nerr\nafter\n", fixture.read(directory .. "/out"))
    -- a number: the descriptor behind the file
    local fd = require "libcontainer.core".fileno(output)
    local q = assert(box:start { args = { "echo", "by number" }, stdout = fd })
    assert.equal(0, assert(q:wait(fixture.seconds(30))).status)
    assert.matches("by number\n$", fixture.read(directory .. "/out"))
  end)

  it("reads a string as stdin", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    local p = assert(box:start { args = { "cat" }, stdin = "line one\nline two\n", stdout = "pipe" })
    assert.equal("line one\nline two\n", p.stdout:read("a"))
    assert.equal(0, assert(p:wait(fixture.seconds(30))).status)
  end)

  it("refuses a descriptor that is not open, a closed file, and what is neither", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    local none, err = box:start { args = { "true" }, stdout = 987 }
    assert.is_nil(none)
    assert.equal("EBADF", err.errname)
    for _, value in ipairs { "pip", 1.5, -1, true } do
      local p, why = lc.process { args = { "true" }, stdout = value }
      assert.is_nil(p)
      assert.equal("stdout", why.field)
    end
    local file = assert(io.open("/dev/null"))
    file:close()
    local fine, why = pcall(box.start, box, { args = { "true" }, stdout = file })
    assert.is_false(fine and why ~= nil)
    assert.equal("created", box:status())
  end)

  it("gets nothing but 0, 1 and 2, whatever the host has open", function()
    fixture.needs("root", "busybox")
    local dir <close> = assert(io.open("/etc/passwd"))
    local r = assert(fixture.run({}, "ls", "/proc/self/fd"))
    assert.equal("0\n1\n2\n3\n", r.stdout) -- 3 is the directory that ls reads
    assert.is_not_nil(dir)
  end)

  it("closes its pipes with it, and the streams tell that they are closed", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    do
      local p <close> = assert(box:start { args = { "cat" }, stdin = "pipe", stdout = "pipe" })
      assert.is_not_nil(p.stdin:pollfd())
    end
    assert.equal(0, assert(box:wait(fixture.seconds(30))).status) -- the end of its input
  end)

  it("reports EPIPE when the program closes stdin, and the host gets no SIGPIPE [E18] [L39]", function()
    fixture.needs("root", "busybox")
    -- by itself, so that a SIGPIPE would show: it ends the interpreter
    assert.equal("EPIPE\nalive\n", fixture.lua_prints([[
      local box <close> = assert(assert(lc.new(root)):create("pipe", { rootfs = rootfs }))
      local p = assert(box:start { args = { "sh", "-c", "exec <&-; echo closed; sleep 1000" },
        stdin = "pipe", stdout = "pipe" })
      assert(p.stdout:read("l", seconds(30)) == "closed")
      local done, err = p.stdin:write(("x"):rep(100000))
      assert(not done)
      print(err.errname)
      assert(box:destroy())
      print("alive")]], { args = { fixture.root(), fixture.rootfs() } }))
  end)

  it("is not held up by output that nobody reads [L39]", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    local p = assert(box:start { args = { "sh", "-c", "yes | head -c 10000000" }, stdout = "pipe" })
    assert.is_nil((p:wait(0.1))) -- the pipe is full: it waits for us, and we do not hang
    local size = 0
    while true do
      local chunk = p.stdout:read(65536)
      if not chunk then break end
      size = size + #chunk
    end
    assert.equal(10000000, size)
    assert.equal(0, assert(p:wait(fixture.seconds(30))).status)
  end)

  it("tells the end of the process though its children hold the output open", function()
    fixture.needs("root", "busybox")
    local box <close> = create { namespaces = { "mount", "uts", "ipc" } }
    local p = assert(box:start { args = { "sh", "-c", "sleep 1000 & exit 3" }, stdout = "pipe" })
    assert.equal(3, assert(p:wait(fixture.seconds(30))).status)
    assert.same({}, assert(box:processes()))
  end)
end)
