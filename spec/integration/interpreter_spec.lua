-- SPDX-License-Identifier: MIT
--- Living inside somebody's interpreter: strange hosts, and what they must not notice.
local fixture = require "spec.support.fixture"

local function args()
  return { fixture.root(), fixture.rootfs() }
end

describe("the library inside a program", function()
  fixture.check_leaks()

  it("works in two interpreters of one process side by side", function()
    fixture.needs("root", "busybox", "cc")
    assert.equal("inner\nouter\n1\n", fixture.lua_prints([[
      local factory = assert(lc.new(root))
      local box <close> = assert(factory:create("outer", { rootfs = rootfs }))
      local p = assert(box:start { args = { "sh", "-c", "read x; echo $x" }, stdin = "pipe", stdout = "pipe" })
      for _ = 1, 3 do
        said = posix.state(([=[
          local lc = require "libcontainer"
          local run = require "libcontainer.run".run
          return (assert(run(assert(lc.new(%q)), { "echo", "inner", rootfs = %q })).stdout:gsub("\n", ""))
        ]=]):format(root, rootfs))
      end
      print(said)
      assert(p.stdin:write("outer\n"))
      print(p.stdout:read("l", seconds(30)))
      print(#factory:list())]], { args = args() }))
  end)

  it("can be required a second time, beside the first [E16]", function()
    fixture.needs("root", "busybox")
    assert.equal("true\nrunning\nrunning\n3\n", fixture.lua_prints([[
      local factory = assert(lc.new(root))
      local box <close> = assert(factory:create("old", { rootfs = rootfs }))
      local p = assert(box:start { args = { "cat" }, stdin = "pipe" })
      local other
      for _ = 1, 20 do
        for name in pairs(package.loaded) do
          if name:match("^libcontainer") then package.loaded[name] = nil end
        end
        other = require "libcontainer"
        collectgarbage()
      end
      print(other ~= lc)
      print(box:status())
      local factory2 = assert(other.new(root))
      print(assert(factory2:load("old")):status())
      local r = assert(require "libcontainer.run".run(factory2, { "sh", "-c", "exit 3", rootfs = rootfs }))
      print(r.status)
      p.stdin:close()
      assert(p:wait(seconds(30)))]], { args = args() }))
  end)

  it("needs no global, and neither os, io nor debug [E30]", function()
    fixture.needs("root", "busybox")
    assert.equal("fine\n", fixture.lua_prints([[
      local print, error, tostring, pairs, setmetatable, G = print, error, tostring, pairs, setmetatable, _G
      local require, assert, collectgarbage = require, assert, collectgarbage
      for _, name in pairs { "os", "io", "debug" } do
        G[name] = nil
        package.loaded[name] = nil
        package.preload[name] = function() error(name .. " is asked for") end
      end
      -- a program that is strict about globals
      setmetatable(G, {
        __newindex = function(_, key) error("global " .. tostring(key) .. " written", 2) end,
        __index = function(_, key)
          if key ~= "os" and key ~= "io" and key ~= "debug" then
            error("global " .. tostring(key) .. " read", 2)
          end
        end,
      })
      local root, rootfs = arg[1], arg[2]
      local _ENV <const> = setmetatable({}, {
        __newindex = function(_, key) error("global " .. tostring(key) .. " written", 2) end,
        __index = function(_, key) error("global " .. tostring(key) .. " read", 2) end,
      })
      local lc = require "libcontainer"
      local factory = assert(lc.new(root))
      local r = assert(lc.run { "sh", "-c", "echo $0; exit 4", "x", rootfs = rootfs, factory = factory, input = "y" })
      assert(r.status == 4 and r.stdout == "x\n")
      local box = assert(factory:create("a", { rootfs = rootfs }))
      assert(box:explain())
      assert(tostring(box) and tostring(factory) and tostring(r))
      local none, err = factory:create("a", { rootfs = rootfs })
      assert(not none and err.code == "IdInUse")
      assert(box:destroy())
      lc.help()
      collectgarbage()
      print "fine"]], { args = args(), bare = true }))
  end)

  it("needs nothing more of package.path once it is loaded, nor what it has loaded", function()
    fixture.needs("root", "busybox")
    assert.equal("fine\n", fixture.lua_prints([[
      local lc = require "libcontainer"
      package.path, package.cpath = "/nowhere/?.lua", "/nowhere/?.so"
      for name in pairs(package.loaded) do
        if name:find("^libcontainer") or name == "cjson" then package.loaded[name] = nil end
      end
      local factory = assert(lc.new(arg[1]))
      local box <close> = assert(factory:create("a", { rootfs = arg[2],
        seccomp = { default_action = "allow" } }))
      assert(box:start { "sleep", "100" })
      local same = assert(factory:load("a"))
      assert(same:exec { "true", timeout = 30, pids = 8 })
      assert(same:stats() and same:set { pids_limit = 16 } and same:explain() and same:events())
      assert(lc.run { "cat", rootfs = arg[2], factory = factory, input = "x" }.stdout == "x")
      print "fine"]], { args = args() }))
  end)

  it("is not disturbed by a host that ignores SIGCHLD [E01]", function()
    fixture.needs("root", "busybox", "cc")
    local text = fixture.lua_prints([[
      posix.signal(17, "ignore")
      for i = 1, 3 do
        local box <close> = assert(assert(lc.new(root)):create("a" .. i, { rootfs = rootfs }))
        local p = assert(box:start { args = { "sh", "-c", "exit 7" } })
        local exit = assert(p:wait(seconds(30)))
        print(exit.status or exit.lost and "lost" or "?")
      end
      -- and what the host ignores, the program inside does not: the first signal, the last, and some between
      for _, number in ipairs { 1, 2, 13, 15, 31, 34, 63, 64 } do posix.signal(number, "ignore") end
      local r = assert(lc.run { "grep", "SigIgn", "/proc/self/status", rootfs = rootfs,
        factory = assert(lc.new(root)) })
      assert(r.stdout == "" or r.stdout:match("0000000000000000"), r.stdout)]], { args = args() })
    -- the kernel tells the status of an auto-reaped child since 6.15; before, that it is lost is told
    for line in text:gmatch("[^\n]+") do assert.is_true(line == "7" or line == "lost", line) end
  end)

  it("is not disturbed by a host that waits for any child, and takes none of the host's [E01]", function()
    fixture.needs("root", "busybox", "cc")
    local text = fixture.lua_prints([[
      local function thief() -- a host that reaps whatever ends
        repeat local pid = posix.wait(-1, true) until not pid or pid == 0
      end
      local factory = assert(lc.new(root))
      for i = 1, 3 do
        local box <close> = assert(factory:create("a" .. i, { rootfs = rootfs }))
        local p = assert(box:start { args = { "sh", "-c", "read x; exit 7" }, stdin = "pipe" })
        p.stdin:close()
        -- the end is seen on the pidfd without taking it, then the host takes it first
        local core = require "libcontainer.core"
        assert(core.poll({ { p:pollfd(), "r" } }, seconds(30)) == 1)
        thief()
        local exit = assert(p:wait(seconds(30)))
        print(exit.status or exit.lost and "lost" or "?")
        assert(box:status() == "stopped")
      end
      for i = 1, 10 do
        local _, how, number = os.execute("exit 9")
        assert(how == "exit" and number == 9)
        local child = posix.fork()
        if child == 0 then posix.exit(5) end
        assert(lc.run { "true", rootfs = rootfs, factory = factory }.status == 0)
        local pid, what, status = posix.wait(child)
        assert(pid == child and what == "exit" and status == 5)
      end]], { args = args() })
    for line in text:gmatch("[^\n]+") do assert.is_true(line == "7" or line == "lost", line) end
  end)

  it("makes none of its descriptors 0, 1 or 2 when the host has closed them [L39]", function()
    fixture.needs("root", "busybox")
    for _, closed in ipairs { "<&-", ">&-", "2>&-", "<&- >&- 2>&-" } do
      local out = fixture.directory() .. "/out"
      local ended = fixture.lua([[
        local factory = assert(lc.new(root))
        local text = {}
        local function look()
          for _, fd in ipairs { 0, 1, 2 } do
            local r = io.open("/proc/self/fd/" .. fd)
            local target = factory and io.open("/proc/self/fdinfo/" .. fd)
            text[#text + 1] = fd .. "=" .. (target and "open" or "closed")
            if target then target:close() end
            if r then r:close() end
          end
        end
        local box <close> = assert(factory:create("closed", { rootfs = rootfs }))
        local p = assert(box:start { args = { "sh", "-c", "read x; echo $x; echo e >&2; exit 3" },
          stdin = "pipe", stdout = "pipe", stderr = "pipe" })
        look()
        assert(p.stdin:write("through\n"))
        assert(p.stdout:read("l", seconds(30)) == "through")
        assert(p.stderr:read("l", seconds(30)) == "e")
        assert(p:wait(seconds(30)).status == 3)
        local r = assert(lc.run { "cat", input = "again", rootfs = rootfs, factory = factory })
        assert(r.stdout == "again" and r.status == 0)
        local plain = assert(lc.run { "true", rootfs = rootfs, factory = factory, stdout = "null", stderr = "null" })
        assert(plain.status == 0)
        local file = assert(io.open(arg[3], "w"))
        file:write(table.concat(text, " "))
        file:close()]], { args = { fixture.root(), fixture.rootfs(), out }, after = closed })
      assert.equal(0, ended.status, closed)
      local seen = fixture.read(out)
      -- what the shell closed is still closed, or is what the interpreter itself opened there
      assert.is_string(seen)
      local first = closed == "<&-" and "0=closed" or closed == ">&-" and "1=closed"
        or closed == "2>&-" and "2=closed" or "0=closed 1=closed 2=closed"
      assert.is_truthy(seen:find(first, 1, true), closed .. ": " .. seen)
    end
  end)

  it("passes nothing of a strange caller on to the program [E04]", function()
    fixture.needs("root", "busybox", "cc")
    local look = [[
      local r = assert(lc.run { "sh", "-c", "grep -E '^(Umask|Sig(Q|Pnd|Blk|Ign|Cgt)|ShdPnd|Cap|NoNew|Seccomp|" ..
        "Groups|Cpus_allowed:|THP)' /proc/self/status; " ..
        "cat /proc/self/oom_score_adj; cat /proc/self/limits; cat /proc/self/timerslack_ns; " ..
        " cut -d\" \" -f18,19,40,41 /proc/self/stat; umask; pwd; env; busybox ionice; cat /proc/self/personality",
        rootfs = rootfs, factory = assert(lc.new(root)) })
      assert(r.status == 0 or r.lost, r.stderr) -- lost: SIGCHLD is ignored, before 6.15
      io.write((r.stdout:gsub("SigQ[^\n]*\n", "")))]]
    local plain = fixture.lua_prints(look, { args = args() })
    assert.matches("SigBlk:\t0000000000000000", plain)
    local strange = fixture.lua_prints([[
      for _, number in ipairs { 1, 2, 3, 13, 14, 15, 10, 12, 17, 34, 40, 64 } do
        posix.signal(number, "ignore")
      end
      posix.block(1, 2, 13, 15, 17, 20, 35, 64)
      posix.umask(tonumber("0777", 8))
      posix.nice(7)
      posix.affinity(0)
      posix.prctl(29, 1000000000) -- PR_SET_TIMERSLACK
      posix.prctl(4, 0) -- PR_SET_DUMPABLE
      posix.prctl(36, 1) -- PR_SET_CHILD_SUBREAPER
      posix.prctl(1, 15) -- PR_SET_PDEATHSIG
      local f = assert(io.open("/proc/self/oom_score_adj", "w"))
      f:write("-500") -- a host that the kernel must spare: its containers are not spared
      f:close()
      posix.rlimit("FSIZE", 1 << 30, 1 << 40)
      posix.rlimit("CORE", 0, 1 << 30)]] .. "\n" .. look, { args = args(),
      shell = "export STRANGE=1 LD_BIND_NOW=1; cd /var; ",
      before = "setarch -R -L ionice -c 3 setpriv --inh-caps +kill,+net_raw --ambient-caps +kill,+net_raw" })
    -- limits are the caller's to lower, and documented to be inherited: all the rest is equal
    local function without_limits(text)
      return (text:gsub("Max [^\n]*\n", ""))
    end
    assert.equal(without_limits(plain), without_limits(strange))
  end)

  it("passes on that it is a likelier victim when memory runs out, not that it is to be spared [E04]", function()
    fixture.needs("root", "busybox")
    local look = [[
      local factory = assert(lc.new(root))
      local box <close> = assert(factory:create("a", require "libcontainer.configs".default { rootfs = rootfs }))
      local init = assert(box:start { "sh", "-c", "cat /proc/self/oom_score_adj; exec sleep 1000", stdout = "pipe" })
      io.write(init.stdout:read("l", seconds(30)), " ", assert(box:exec { "cat", "/proc/self/oom_score_adj" }).stdout)]]
    local run = "unshare -m --propagation private sh -c 'echo 300 >/proc/$$/oom_score_adj; %s exec \"$@\"' x"
    assert.equal("300 300\n", fixture.lua_prints(look, { args = args(), before = run:format "" }))
    -- It takes a capability to be spared, but not to read that one is.
    local path = fixture.directory() .. "/score"
    fixture.write(path, "-500\n")
    assert.equal("0 0\n", fixture.lua_prints(look, { args = args(),
      before = run:format(("mount --bind %s /proc/$$/oom_score_adj;"):format(path)) }))
  end)

  it("gives the container's programs 0, 1 and 2, however many descriptors its host left inheritable [E04]", function()
    fixture.needs("root", "busybox")
    assert.equal("0 1 2 3\n0 1 2 3\n", fixture.lua_prints([[
      local factory = assert(lc.new(root))
      local box <close> = assert(factory:create("a", require "libcontainer.configs".default { rootfs = rootfs }))
      local init = assert(box:start { "sh", "-c", "echo $(ls /proc/self/fd); exec sleep 1000", stdout = "pipe" })
      print(init.stdout:read("l", seconds(30)))
      -- 3 is what ls looks with
      io.write(assert(box:exec { "sh", "-c", "echo $(ls /proc/self/fd)" }).stdout)]], { args = args(),
      shell = "exec 5</etc/passwd 7</ 9>/dev/null; " }))
  end)

  it("leaves mask, handlers, umask, limits and directory of its host as they are [E03]", function()
    fixture.needs("root", "busybox")
    assert.equal("same\n", fixture.lua_prints([[
      local function read(name)
        local f <close> = io.open("/proc/self/" .. name)
        return f:read("a")
      end
      local function snapshot()
        local text = read("status"):gsub("\nVm[^\n]*", ""):gsub("\nRss[^\n]*", "")
          :gsub("\n[a-z_]*voluntary[^\n]*", ""):gsub("\nSigQ[^\n]*", ""):gsub("State[^\n]*", "")
        return text .. read("limits") .. read("oom_score_adj") .. read("environ") .. read("timerslack_ns")
          .. read("mountinfo") .. read("cgroup")
      end
      local factory = assert(lc.new(root))
      local before = snapshot()
      for i = 1, 3 do
        local box <close> = assert(factory:create("a" .. i, { rootfs = rootfs }))
        local p = assert(box:start { args = { "cat" }, stdin = "pipe", stdout = "pipe" })
        assert(snapshot() == before)
        p.stdin:close()
        assert(p:wait(seconds(30)).status == 0)
      end
      print(snapshot() == before and "same" or snapshot())]], { args = args() }))
  end)

  it("is as quick with a big heap as with a small one [E07]", function()
    fixture.needs("root", "busybox", "release")
    local text = fixture.lua_prints([[
      local core = require "libcontainer.core"
      local factory = assert(lc.new(root))
      local function best()
        local least = math.huge
        for i = 1, 10 do
          local began = core.now()
          local box <close> = assert(factory:create("a" .. i, { rootfs = rootfs }))
          assert(assert(box:start { args = { "true" } }):wait(seconds(30)).status == 0)
          assert(box:destroy())
          least = math.min(least, core.now() - began)
        end
        return least
      end
      best()
      local small = best()
      local heap = {}
      for i = 1, 512 do heap[i] = ("x"):rep(1024 * 1024 - 64 + i % 32) end
      local big = best()
      print(collectgarbage("count") > 500 * 1024, big < small * 2 + 0.02, small, big)]], { args = args() })
    -- a fork of this heap alone takes several times as long as the whole start
    assert.matches("^true\ttrue", text)
  end)

  it("holds no descriptor that a program of the host would inherit [E02]", function()
    fixture.needs("root", "busybox")
    assert.equal("same\n", fixture.lua_prints([[
      local function inherited()
        local pipe <close> = io.popen("ls /proc/self/fd")
        return pipe:read("a")
      end
      local before = inherited()
      local factory = assert(lc.new(root))
      local box <close> = assert(factory:create("a", { rootfs = rootfs }))
      local p = assert(box:start { args = { "cat" }, stdin = "pipe", stdout = "pipe", stderr = "pipe" })
      local after = inherited()
      print(after == before and "same" or after)
      assert(p:pid())]], { args = args() }))
  end)
end)
