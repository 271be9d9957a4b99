-- SPDX-License-Identifier: MIT
-- A terminal of the container's own, for its first program and for further ones.
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local proc = require "spec.support.proc"
local configs = require "libcontainer.configs"

local function create(config)
  config = config or {}
  config.rootfs = config.rootfs or fixture.rootfs()
  return assert(fixture.factory():create(fixture.id(), assert(configs.default(config))))
end

local function running(config)
  local box = create(config)
  assert(box:start { "sleep", "1000" })
  return box
end

-- A shell script on a terminal: what was shown, as lines, and how it ended. `typed` is typed at once.
local function on_terminal(box, script, more, typed)
  local spec = { "sh", "-c", script, terminal = true }
  for key, value in pairs(more or {}) do spec[key] = value end
  local process = assert(box:start(spec))
  if typed then assert(process.terminal:write(typed)) end
  local text = process.terminal:read("a", fixture.seconds(60))
  local exit = assert(process:wait(fixture.seconds(60)))
  process:close()
  return text, exit
end

-- What somebody sees who started it as the first program and as a further one.
local function both(check)
  local first <close> = create()
  check(first, true)
  local second <close> = running()
  check(second, false)
end

describe("a terminal", function()
  fixture.check_leaks()

  it("is the container's own, sized, and is stdin, stdout, stderr and the controlling one [O6] [D32] [A02]", function()
    fixture.needs("root", "busybox")
    both(function(box)
      local text, exit = on_terminal(box, [[busybox tty; busybox stty size; for i in 0 1 2; do readlink /proc/self/fd/$i; done
        stat -c '%F %a %u:%g %t' $(busybox tty); test -t 0 && test -t 1 && test -t 2 && echo all; echo own >/dev/tty
        set -- $(sed 's/.*) //' /proc/$$/stat); echo $([ $4 = $$ ] && echo leader) $5; exit 3]],
        { terminal_size = { 123, 45 }, user = "1000:1001" })
      assert.equal("/dev/pts/0\r\n45 123\r\n/dev/pts/0\r\n/dev/pts/0\r\n/dev/pts/0\r\n"
        .. "character special file 620 1000:5 88\r\nall\r\nown\r\nleader 34816\r\n", text)
      assert.equal(3, exit.status)
    end)
    local box <close> = running()
    assert.equal("24 80\r\n", on_terminal(box, "busybox stty size"))
    assert.equal("45 123\r\n", on_terminal(box, "busybox stty size", { terminal_size = { columns = 123, rows = 45 } }))
  end)

  it("is the first program's console, and no further program's", function()
    fixture.needs("root", "busybox")
    local script = "stat -c '%F %t:%T' /dev/console 2>&1 | cut -c1-40; echo here >/dev/console"
    local box <close> = create()
    assert.equal("character special file 88:0\r\nhere\r\n", (on_terminal(box, script)))
    local readonly <close> = create { readonlyfs = true, rootfs = fixture.rootfs() }
    assert.equal("character special file 88:0\r\nhere\r\n", (on_terminal(readonly, script)))
    local other <close> = running()
    assert.truthy(on_terminal(other, "ls /dev/console"):find("No such file", 1, true))
  end)

  it("carries what is typed: lines, the end of input, and signals", function()
    fixture.needs("root", "busybox")
    local box <close> = running()
    assert.equal("one\r\ngot one\r\n", (on_terminal(box, "read -r x; echo got $x", nil, "one\n")))
    assert.equal("a\r\na\r\nend\r\n", (on_terminal(box, "cat; echo end", nil, "a\n\4")))
    local process = assert(box:start { "sh", "-c", "trap 'echo int; exit 5' INT; echo up; while :; do sleep 0.05; done",
      terminal = true })
    assert.equal("up\r", process.terminal:read("l", fixture.seconds(30)))
    assert(process.terminal:write("\3"))
    assert.truthy(process.terminal:read("a", fixture.seconds(30)):find("int", 1, true))
    assert.equal(5, assert(process:wait(fixture.seconds(30))).status)
    process:close()
  end)

  it("loses nothing of what is written last: the kernel may tell of the end before it", function()
    fixture.needs("root", "busybox")
    local box <close> = running()
    for _ = 1, fixture.rounds(300, 10) do
      local process = assert(box:start { "sh", "-c",
        "trap 'echo last; exit' INT; echo up; while :; do sleep 0.05; done", terminal = true })
      assert.equal("up\r", process.terminal:read("l", fixture.seconds(30)))
      assert(process.terminal:write("\3"))
      assert.matches("last\r\n$", process.terminal:read("a", fixture.seconds(30)))
      assert(process:wait(fixture.seconds(30)))
      process:close()
    end
  end)

  it("can be resized, and the program is told", function()
    fixture.needs("root", "busybox")
    local box <close> = running()
    local process = assert(box:start { "sh", "-c",
      "trap 'busybox stty size; exit' WINCH; echo up; while :; do sleep 0.05; done", terminal = true })
    assert.equal("up\r", process.terminal:read("l", fixture.seconds(30)))
    assert(process:resize(50, 20))
    assert.same({ 50, 20 }, { process.terminal:size() })
    assert.equal("20 50\r", process.terminal:read("l", fixture.seconds(30)))
    assert(process:wait(fixture.seconds(30)))
    assert.has_error(function() process:resize(0, 1) end)
    process:close()
    local none, err = process:resize(1, 1)
    assert.is_nil(none)
    assert.equal("ENOTTY", err.errname)
    local plain = assert(box:start { "true" })
    none, err = plain:resize(1, 1)
    assert.is_nil(none)
    assert.equal("ENOTTY", err.errname)
    assert(plain:wait(fixture.seconds(30)))
  end)

  it("that is closed hangs up on the program, as a real one does [L38]", function()
    fixture.needs("root", "busybox")
    both(function(box)
      local process = assert(box:start { "sh", "-c", "trap 'exit 9' HUP; echo up; while :; do sleep 0.05; done",
        terminal = true })
      assert.equal("up\r", process.terminal:read("l", fixture.seconds(30)))
      process.terminal:close()
      assert.equal(9, assert(process:wait(fixture.seconds(30))).status)
    end)
  end)

  it("is hung up when the host dies with it, and the container is left to others [L38]", function()
    fixture.needs("root", "busybox", "cc")
    local root, rootfs = fixture.root(), fixture.rootfs()
    local pid = fixture.lua([[
      local configs = require "libcontainer.configs"
      local box = assert(assert(lc.new(root)):create("box", configs.default { rootfs = rootfs, detach = true }))
      assert(box:start { "sleep", "1000" })
      local process = assert(box:start { "sh", "-c", "echo up; exec sleep 1000", terminal = true })
      assert(process.terminal:read("l", seconds(30)))
      io.stdout:write(process:pid()) io.stdout:flush()
      posix.kill(posix.getpid(), 9)]], { args = { root, rootfs } }).stdout
    assert.is_true(proc.ends(tonumber(pid)))
    local box = assert(require("libcontainer").new(root):load("box"))
    assert.equal("running", box:status())
    assert(box:destroy())
  end)

  it("gives lc.run and exec their output, and their input with its end", function()
    fixture.needs("root", "busybox")
    local box <close> = running()
    local r = assert(box:exec { "sh", "-c", "cat; busybox tty; echo error >&2; exit 4", terminal = true, input = "in\n",
      timeout = fixture.seconds(30) })
    assert.equal("in\r\nin\r\n/dev/pts/0\r\nerror\r\n", r.stdout)
    assert.equal("", r.stderr)
    assert.equal(4, r.status)
    r = assert(box:exec { "busybox", "seq", "1", "20000", terminal = true })
    assert.equal(128894, #r.stdout)
    r = assert(fixture.run({ terminal = true }, "busybox", "tty"))
    assert.equal("/dev/pts/0\r\n", r.stdout)
    r = assert(box:exec { "sh", "-c", "sleep 1000", terminal = true, timeout = 0.2 })
    assert.is_true(r.timed_out)
  end)

  it("is not the caller's: nothing is typed into that, and nothing of it is inherited [A26] [A27] [D32]", function()
    fixture.needs("root", "busybox", "gcc", "cc")
    -- On a terminal of its own as its controlling one, a host without a filter in its container.
    local rootfs, root = fixture.rootfs(), fixture.root()
    inside.install(inside.compile("type_in", [[
      #include <errno.h>
      #include <fcntl.h>
      #include <stdio.h>
      #include <string.h>
      #include <sys/ioctl.h>
      int main(void)
      {
        int tty = open("/dev/tty", O_RDWR);
        printf("%s\n", tty >= 0 ? "a terminal" : strerror(errno));
        for (const char *c = "echo typed\n"; *c; c++) {
          ioctl(0, TIOCSTI, c);
          if (tty >= 0) ioctl(tty, TIOCSTI, c);
        }
        return 0;
      }]]), rootfs, "/bin/type_in")
    local shown = fixture.sh("cat >%s/../host.lua <<'END'\n%s\nEND\n"
      .. "LUA_PATH='%s' LUA_CPATH='%s' script -qec 'lua5.4 %s/../host.lua %s %s' /dev/null </dev/null", rootfs, [[
      local lc = require "libcontainer"
      local configs = require "libcontainer.configs"
      local box <close> = assert(lc.new(arg[1]):create("box", configs.default { rootfs = arg[2], seccomp = false }))
      assert(box:start { "sleep", "1000" })
      for _, terminal in ipairs { false, true } do
        local spec = { "type_in", stdin = "inherit", stdout = "inherit", stderr = "inherit" }
        if terminal then spec = { "type_in", terminal = true } end
        local process = assert(box:start(spec))
        if terminal then io.write(process.terminal:read("a", 60)) end
        assert(process:wait(60))
      end
      print("left: " .. (io.read("l") or "nothing"))]], package.path, package.cpath, rootfs, root, rootfs)
    assert.truthy(shown:find("left: nothing", 1, true), shown)
    assert.truthy(shown:find("No such device or address", 1, true), shown)
    assert.truthy(shown:find("a terminal", 1, true), shown)
  end)

  it("needs a devpts on /dev/pts, and says so", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    local box <close> = assert(fixture.factory():create(fixture.id(), { rootfs = rootfs }))
    local process, err = box:start { "true", terminal = true }
    assert.is_nil(process)
    assert.equal("terminal", err.step)
    assert.equal("process.terminal", err.field)
    assert.truthy(err.hint:find("devpts", 1, true))
    assert(box:start { "sleep", "1000" })
    process, err = box:start { "true", terminal = true }
    assert.is_nil(process)
    assert.equal("terminal", err.step)
    -- a directory full of nodes is none
    fixture.sh("mkdir -p %s/dev/pts && mknod %s/dev/pts/ptmx c 5 2 && mknod %s/dev/pts/0 c 136 0", rootfs, rootfs, rootfs)
    process, err = box:start { "true", terminal = true }
    assert.is_nil(process)
    assert.equal("ENODEV", err.errname)
    assert.equal(1, #assert(box:processes()))
  end)

  it("is described without contradiction", function()
    local lc = require "libcontainer"
    local process, err = lc.process { "true", terminal = true, stdout = "pipe", terminal_size = { 0, 70000 },
      console = "relative" }
    assert.is_nil(process)
    local fields = {}
    for _, problem in ipairs(err.problems) do fields[#fields + 1] = problem.field end
    table.sort(fields)
    assert.same({ "console", "stdout", "terminal_size.columns", "terminal_size.rows" }, fields)
    process, err = lc.process { "true", console = "/run/x", terminal_size = { 1, 1 } }
    assert.is_nil(process)
    assert.equal(2, #err.problems)
    assert.is_nil(assert(lc.process { "true", terminal = true }).terminal)
  end)

  it("is put on no link or directory that an image has in place of the console [A84] [A76]", function()
    fixture.needs("root", "busybox")
    local canary = inside.canary()
    for _, trap in ipairs { "ln -s %s/directory/new dev/console", "ln -s %s/file dev/console", "mkdir dev/console" } do
      local rootfs = fixture.rootfs()
      fixture.sh("cd %s && " .. trap, rootfs, canary.path)
      local box <close> = assert(fixture.factory():create(fixture.id(), { rootfs = rootfs, mounts = {
        { destination = "/dev/pts", type = "devpts", options = { "newinstance", "ptmxmode=0666", "mode=0620", "gid=5" } } } }))
      local process, err = box:start { "true", terminal = true }
      assert.is_nil(process)
      assert.equal("terminal", err.step)
      assert.equal("/dev/console", err.subject)
    end
    canary.check()
  end)
end)

describe("a console socket", function()
  fixture.check_leaks()

  local PRELUDE <const> = [[
    local configs = require "libcontainer.configs"
    local box <close> = assert(assert(lc.new(root)):create("box", configs.default { rootfs = rootfs }))
    local function talk(path, spec)
      local listening = posix.listen(path)
      spec.terminal, spec.console = true, spec.console or path
      local process, err = box:start(spec)
      if not process then posix.close(listening) return nil, err end
      assert(process.terminal == nil)
      local name, master, rest = posix.take(listening)
      posix.close(listening)
      return process, name, master, rest
    end
  ]]

  it("gets the terminal's other end and its name before the program runs, in one message [O177] [O6]", function()
    fixture.needs("root", "busybox", "cc")
    local directory = fixture.directory()
    local printed = fixture.lua_prints(PRELUDE .. [[
      for i = 1, 2 do -- the first program, and a further one
        local process, name, master, rest = assert(talk(arg[3] .. "/" .. i, { "sh", "-c",
          "busybox tty; read -r x; echo got $x; [ $$ = 1 ] && exec sleep 1000", terminal_size = { 90, 33 } }))
        assert(rest == "")
        local text = ""
        while not text:find("/dev/pts/0\r\n", 1, true) do text = text .. posix.read(master) end
        posix.write(master, "typed\n") -- not before: its echo would come first
        while not text:find("got typed\r\n", 1, true) do text = text .. posix.read(master) end
        print(name, (text:gsub("\r", ""):gsub("\n", ",")))
        local none, err = process:resize(1, 1)
        assert(not none and err.errname == "ENOTTY" and err.hint:find("console"))
        if i == 2 then print(assert(process:wait(seconds(30))).status) end
        posix.close(master)
        if i == 1 then
          assert(process:signal("KILL") and process:wait(seconds(30)))
          assert(box:start { "sleep", "1000" })
        end
      end]], { args = { fixture.root(), fixture.rootfs(), directory } })
    assert.equal("/dev/pts/0\t/dev/pts/0,typed,got typed,\n/dev/pts/0\t/dev/pts/0,typed,got typed,\n1\n", printed)
  end)

  it("may have a path that is longer than an address, by its directory [O177]", function()
    fixture.needs("root", "busybox", "cc")
    local directory = fixture.directory()
    local long = directory .. "/" .. ("d"):rep(120)
    fixture.sh("mkdir %s && ln -s %s %s/short", long, long, directory)
    assert.equal("/dev/pts/0\n", fixture.lua_prints(PRELUDE .. [[
      local process, name, master = assert(talk(arg[3], { "true", console = arg[4] }))
      assert(process:wait(seconds(30)))
      print(name)
      posix.close(master)]], { args = { fixture.root(), fixture.rootfs(), directory .. "/short/s", long .. "/s" } }))
  end)

  it("that nobody listens on fails the start, and nothing is left", function()
    fixture.needs("root", "busybox", "cc")
    local directory = fixture.directory()
    fixture.write(directory .. "/file", "")
    local box <close> = create()
    for _, path in ipairs { directory .. "/absent", directory .. "/file", "/" .. ("x"):rep(200) } do
      local process, err = box:start { "true", terminal = true, console = path }
      assert.is_nil(process)
      assert.equal("process.console", err.field)
      assert.equal("terminal", err.step)
      assert.is_string(err.hint)
      assert.equal("created", box:status())
    end
  end)
end)
