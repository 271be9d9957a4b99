-- SPDX-License-Identifier: MIT
-- Every program in examples/ runs as it stands, prints what it promises and leaves nothing; so does
-- every example in doc/reference/api.md.
local fixture = require "spec.support.fixture"

-- With a /run of its own: its state root is empty before, and looked at afterwards.
local function run_example(name, more, arguments)
  local text = fixture.sh([[unshare -m %s sh -c 'mount -t tmpfs tmpfs /run && lua5.4 examples/%s.lua %s </dev/null 2>&1
    echo "exit status $?"; ls -A /run/libcontainer']], more or "", name, arguments or "")
  local output, status, left = text:match("^(.-)exit status (%d+)\n?(.*)$")
  assert(output, text)
  assert.equal("", left)
  return output, tonumber(status)
end

local EXPECTED <const> = {
  hello = "hello from container, process 1\nstatus 3\nmemory known\n",
  hooks = "prestart: the container is creating\npoststart: the container is running\nit runs\n"
    .. "poststop: the container is stopped\n"
    .. 'warning: hooks.poststop[2]: "/bin/false" failed with status 1\n'
    .. 'it does not start: hooks.create_runtime[1]: "/bin/sh" failed with status 3: there is no network today\n',
  limits = "memory hog  killed: it met its memory limit\n  peak at most 32 MiB: true\n"
    .. "fork bomb   ended: it met its process limit\nsleeper     killed at its timeout\n",
  pipeline = "6 7 = 42\n12 12 = 144\n1000 1000 = 1000000\nstderr: no more\nstatus 0\n",
  landlock = "landlock: yes\nreading /etc/hostname: refused\nreading /etc/passwd: allowed\n"
    .. "writing below /tmp: allowed\nwriting below /run: refused\n",
  seccomp_profile = "chmod: refused, EPERM\nmkdir /tmp/allowed: made\n"
    .. "mkdir /tmp/secret: refused by the supervisor, EACCES\nmkdir was asked for: allowed, secret\n",
  oom = "started: sh\n3 killed for want of memory, then it ended with status 7\nthe last event: destroy\n",
  overlay_diff = "of the layer\nchanged\t/etc/motd\nadded\t/etc/new\nadded\t/etc/new/file\ndeleted\t/etc/old\n"
    .. "below it is of the root\ndifferences now: 0\nof the root\nold\n",
  custom_init = "init: a Lua script, Lua 5.4\nprogram: process 1, oom_score_adj 500\nstatus 0\n",
  pod = "net\tshared\nipc\tshared\nuts\tits own\npid\tits own\nsecond\n",
  rootless = "inside it is user 0\noutside it is user 100000\nuser 0 and the next 65535 are 100000 and so on\n",
  orchestrate = "12 jobs, 783 primes below 6000\n",
  exec_shell = "3\tfrom box\n/dev/pts/0\na word\ngot a word\n\nthere is no terminal to attach: the input is none — "
    .. "give a terminal as input and output\n",
  image = "unpacked\ttrue\ttrue\nhello from an image\n"
    .. "unpacks to more than size_limit = 1 KiB allows — if it is no decompression bomb, raise size_limit\n",
  inspect = [[
hostname           hostname           set the host name
no_new_privileges  no_new_privileges  never gain privileges by exec
exec               process.args       become the program
before the start: created
after it: running, processes: 1
its init is the program: true
another look: running
pid 1 ignores TERM: true
ended by KILL, then stopped
at the end: destroyed
]],
}

-- What of them is the driver's of cgroups; the others are the same whichever that is.
local OF_CGROUPS <const> = { hello = true, limits = true, oom = true }

describe("an example", function()
  fixture.check_leaks()

  for name, expected in pairs(EXPECTED) do
    it(name .. ".lua prints what it promises and leaves nothing", function()
      fixture.needs "root"
      if not OF_CGROUPS[name] then fixture.needs "pace" end
      local output, status = run_example(name)
      assert.equal(expected, output)
      assert.equal(0, status)
    end)
  end

  it("many.lua runs 200 containers, 8 at a time, and leaves nothing", function()
    fixture.needs "root"
    local count = fixture.rounds(200, 20) // 10 * 10 -- the statuses are 0 to 9 in turn
    local output, status = run_example("many", nil, count < 200 and count or nil)
    assert.equal(("%d containers, 8 at a time, sum of their statuses %d\n"):format(count, count // 10 * 45), output)
    assert.equal(0, status)
  end)

  it("top.lua shows five containers twice when nobody watches, and leaves nothing", function()
    fixture.needs "root"
    local output, status = run_example "top"
    assert.equal(0, status, output)
    local head, row = "CONTAINER +CPU +MEMORY +PEAK +WAITS\n", " +%d* ?%%? +[%d.]+ %a+ +[%d.]+ %a+ +[%d?]+ ?%%?\n"
    local rows = ("idle%s busy%s throttled%s hoarder%s crowd%s"):gsub(" ", ""):gsub("%%s", function() return row end)
    assert.matches("^" .. head .. rows .. head .. rows .. "$", output)
  end)

  it("veth_pair.lua talks over a bridge, and leaves nothing", function()
    fixture.needs("root", "busybox", "pace")
    local output, status = run_example("veth_pair", "-n")
    assert.equal("host_pair\tnetworks[1]\nhost_mtu\tnetworks[1].mtu\nhost_bridge\tnetworks[1].bridge\n"
      .. "host_address\tnetworks[1].address\nhost_up\tnetworks[1]\nserver heard a word of client\n"
      .. "it has sent something: true\n", output)
    assert.equal(0, status)
  end)

  it("checkpoint.lua counts on, with criu or without, and leaves nothing", function()
    fixture.needs "root"
    local output, status = run_example "checkpoint"
    assert.equal(0, status, output)
    if output:find "no checkpoint" then
      assert.matches("^it counts: 1 2\nno checkpoint: checkpoint[^\n]*\nit counts on all the same: 3\n$", output)
    else
      assert.equal("it counts: 1 2\nnow it is checkpointed\nit counts on: 3\nit ended with status 0\n", output)
    end
  end)

  it("build_in_sandbox.lua builds the real sources and leaves nothing", function()
    fixture.needs("root", "gcc", "release", "pace")
    local output, status = run_example "build_in_sandbox"
    assert.equal(0, status, output)
    assert.matches("core%.so is %d+ bytes", output)
    assert.matches("exit status  0\nwall time    [%d.]+ s\nCPU time     [%d.]+ s\npeak memory  [%d.]+ %a+\n", output)
    assert.matches("left behind  0 mounts, 0 cgroups, 0 state directories, 0 processes\n", output)
  end)

  it("exec_shell.lua gives a shell to who sits at a terminal, and the terminal back", function()
    fixture.needs("root", "cc", "pace")
    local shown = fixture.lua_prints([[
      local master, slave = posix.openpty()
      local before = posix.attributes(slave)
      posix.write(master, "echo $(tty) $((6 * 7)) $(hostname); exit 5\r")
      local here = ("/proc/%d/fd/%d"):format(posix.getpid(), slave)
      assert(os.execute(("unshare -m sh -c 'mount -t tmpfs tmpfs /run && lua5.4 examples/exec_shell.lua <%s >%s 2>&1 &&"
        .. " test -z \"$(ls -A /run/libcontainer)\"'"):format(here, here)))
      assert(posix.attributes(slave) == before)
      while true do
        local is_fine, text = pcall(posix.read, master)
        if not is_fine then break end
        io.write((text:gsub("\r", "")))
      end]])
    assert.matches("/dev/pts/%d 42 box\n", shown)
    assert.matches("\nthe shell ended with status 5\n$", shown)
  end)

  local OF_THEIR_OWN <const> = { build_in_sandbox = true, many = true, top = true, checkpoint = true, veth_pair = true }

  it("is there for each subject, begins with what it shows, and is listed here", function()
    for path in fixture.sh("ls examples"):gmatch("%S+") do
      local name = path:match("^([%l_]+)%.lua$")
      assert.is_true(EXPECTED[name] ~= nil or OF_THEIR_OWN[name], path)
      assert.matches("^%-%- SPDX%-License%-Identifier: MIT\n%-%- [%u%d]", fixture.read("examples/" .. path))
    end
  end)
end)

describe("README.md", function()
  it("has a shortest example that runs as it stands", function()
    fixture.needs "root"
    local path = fixture.directory() .. "/shortest.lua"
    fixture.write(path, assert(fixture.read("README.md"):match("\n```lua\n(.-)```")))
    assert.matches("^hello\n\t3\tfalse\tfalse\t%d+$", fixture.sh("lua5.4 %s 2>&1", path))
  end)

  it("has a line that makes the checkout usable from a shell that stands anywhere", function()
    fixture.needs("release", "pace")
    local line = assert(fixture.read("README.md"):match("`(eval [^`]*)`"))
    local said = fixture.sh([[unset LUA_PATH LUA_CPATH; %s && cd / && lua5.4 -l libcontainer -e 'print(libcontainer)' 2>&1]],
      line)
    assert.matches("^libcontainer [%d.]+: ", said)
  end)

  it("has a session at the prompt that goes as it stands, but for its numbers", function()
    fixture.needs "root"
    local session = assert(fixture.read("README.md"):match("\n```\n%$ lua5.4\n(.-)\n```"))
    local path = fixture.directory() .. "/session.lua"
    fixture.write(path, ([[
      local function show(fine, ...)
        if not fine then print(...) return end
        if select("#", ...) > 0 then print(...) end
      end
      for line in ([==[%s]==]):gmatch("[^\n]+") do
        local input = line:match("^> (.*)$")
        if input then
          print(line)
          show(pcall(assert(load("return " .. input) or load(input))))
        end
      end]]):format(session))
    local said = fixture.sh("unshare -m sh -c 'mount -t tmpfs tmpfs /run && lua5.4 %s 2>&1'", path)
    local function without_numbers(text)
      return (text:gsub("%d[%d.]*", "N"):gsub("e%-N", ""))
    end
    assert.equal(without_numbers(session), without_numbers(said))
  end)

  fixture.check_leaks()
end)

describe("the page of functions", function()
  local page = assert(fixture.read "doc/reference/api.md")
  -- the factory of lc.run, and its descriptors, stay until the end of the interpreter
  setup(function() require("libcontainer").run { "true" } end)
  fixture.check_leaks()

  it("has examples that run and hold", function()
    fixture.needs "root"
    local prelude = [[local lc = require "libcontainer"
      local configs = require "libcontainer.configs"
      local factory, id = ... ]]
    local number = 0
    for block in page:gmatch("\n```lua\n(.-)\n```") do
      number = number + 1
      local chunk = assert(load(prelude .. block, ("=example %d of api.md: %s"):format(number, block:match("[^\n]+"))))
      chunk(fixture.factory(), fixture.id())
    end
  end)
end)
