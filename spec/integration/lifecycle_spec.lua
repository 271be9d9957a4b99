-- SPDX-License-Identifier: MIT
--- The life of a container as others meet it: who looks, signals, starts or destroys it from outside, and
-- what stays when it has gone.
local core = require "libcontainer.core"
local fixture = require "spec.support.fixture"
local proc = require "spec.support.proc"
local lc = require "libcontainer"

-- What `look` answers, as soon as that is `wanted`.
local function becomes(wanted, look)
  local deadline = os.time() + fixture.seconds(30)
  repeat
    local value = look()
    if value == wanted then return value end
    fixture.sh("sleep 0.05")
  until os.time() > deadline
  return look()
end

describe("a container", function()
  fixture.check_leaks()

  it("needs no program to be created, and one to be started [O2]", function()
    fixture.needs("root", "busybox")
    local box <close> = assert(fixture.factory():create("box", { rootfs = fixture.rootfs() }))
    assert.equal("created", box:status())
    local none, err = box:start {}
    assert.is_nil(none)
    assert.equal("ConfigInvalid", err.code)
    assert.equal("args", err.field)
    assert.equal("created", box:status())
    assert.equal(0, assert(assert(box:start { args = { "true" } }):wait(fixture.seconds(30))).status)
  end)

  it("keeps its annotations, and shows them to whoever looks [O61]", function()
    fixture.needs("root", "busybox")
    local root = fixture.root()
    local annotations = { ["org.example/empty"] = "", ["größe"] = "日本 \"quoted\"\n", long = ("x"):rep(65536) }
    local box <close> = assert(assert(lc.new(root)):create("box", { rootfs = fixture.rootfs(),
      annotations = annotations }))
    assert.same(annotations, box:state().config.annotations)
    assert(box:start { args = { "sleep", "1000" } })
    assert.same(annotations, assert(lc.new(root)):list()[1]:state().config.annotations)
    local none, err = assert(lc.new(root)):create("other", { rootfs = "/", annotations = { [""] = "x" } })
    assert.is_nil(none)
    assert.equal("ConfigInvalid", err.code)
    assert.matches("^annotations", err.field)
  end)

  it("is started as it was created, whatever becomes of the caller's table [O127]", function()
    fixture.needs("root", "busybox")
    local root = fixture.root()
    local config = { rootfs = fixture.rootfs(), hostname = "first", mounts = {
      { destination = "/tmp", type = "tmpfs", options = { "mode=711" } } } }
    local box <close> = assert(assert(lc.new(root)):create("box", config))
    config.hostname, config.mounts[1].options[1] = "second", "mode=755"
    config.mounts[2] = { destination = "/proc", type = "proc" }
    local process = { args = { "sh", "-c", "hostname; stat -c %a /tmp; ls /proc | wc -l" }, stdout = "pipe" }
    for _, each in ipairs { box, assert(assert(lc.new(root)):load("box")) } do
      local p = assert(each:start(process))
      assert.equal("first\n711\n0\n", p.stdout:read("a"))
      assert(p:wait(fixture.seconds(30)))
    end
  end)

  it("is what the kernel says, not what was written down: running, paused, stopped [O134]", function()
    fixture.needs("root", "busybox")
    local root = fixture.root()
    local factory = assert(lc.new(root))
    local box <close> = assert(factory:create("box", { rootfs = fixture.rootfs() }))
    local p = assert(box:start { args = { "sleep", "1000" } })
    local written = fixture.read(root .. "/box/state.json")
    local function seen()
      return box:status() .. " " .. assert(factory:load("box")):status() .. " " .. box:state().status
    end
    assert.equal("running running running", seen())
    local function freeze(is_frozen)
      for _, path in pairs(box:state().cgroup_paths) do
        if fixture.read(path .. "/freezer.state") then
          fixture.sh("echo %s >%s/freezer.state", is_frozen and "FROZEN" or "THAWED", path)
        elseif fixture.read(path .. "/cgroup.freeze") then
          fixture.sh("echo %d >%s/cgroup.freeze", is_frozen and 1 or 0, path)
        end
      end
    end
    freeze(true)
    assert.equal("paused paused paused", becomes("paused paused paused", seen))
    freeze(false)
    assert.equal("running running running", becomes("running running running", seen))
    fixture.sh("kill -9 %d", p:pid())
    assert.equal("stopped stopped stopped", becomes("stopped stopped stopped", seen)) -- a zombie: nobody waited
    assert.equal(written, fixture.read(root .. "/box/state.json"))
    assert.equal(9, assert(p:wait(fixture.seconds(30))).signal)
  end)

  it("that another one started again is seen, listed and destroyed by who knew the run before [O134] [O135]", function()
    fixture.needs("root", "busybox")
    local root = fixture.root()
    local box <close> = assert(assert(lc.new(root)):create("box", { rootfs = fixture.rootfs() }))
    local function run() return assert(box:start { args = { "sleep", "1000" } }) end
    local function finish(p)
      assert(p:signal("KILL"))
      assert(p:wait(fixture.seconds(30)))
    end
    local p, others = run(), {}
    for i = 1, 3 do others[i] = assert(assert(lc.new(root)):load("box")) end
    finish(p)
    p = run()
    assert.equal("running", others[1]:status())
    assert.same({ p:pid() }, others[1]:processes())
    assert.same({ p:pid() }, others[2]:processes())
    finish(p)
    p = run()
    assert(others[3]:destroy { timeout = fixture.seconds(10) })
    assert.is_false(proc.is_alive(p:pid()))
    assert.equal("destroyed", box:status())
  end)

  it("leaves no zombie of a run when another object or process has started the next, and its maker looks", function()
    fixture.needs("root", "busybox")
    local root = fixture.root()
    local box <close> = assert(assert(lc.new(root)):create("box", { rootfs = fixture.rootfs(), detach = true }))
    local again = [[assert(assert(assert(lc.new(arg[1])):load("box")):start { args = { "sleep", "1000" } })]]
    local ways = {
      function() assert(assert(assert(lc.new(root)):load("box")):start { args = { "sleep", "1000" } }) end,
      function() fixture.lua_prints(again, { args = { root } }) end,
    }
    for _, start_again in ipairs(ways) do
      local p = assert(box:start { args = { "sh", "-c", "exit 7" } })
      local pid = p:pid()
      assert(core.poll({ { p:pollfd(), "r" } }, fixture.seconds(30)) == 1)
      start_again()
      assert.equal("running", box:status())
      assert.is_nil(fixture.read(("/proc/%d/stat"):format(pid)))
      assert.equal(7, p:wait(0).status) -- who has started it has its status all the same
      assert(box:signal("KILL"))
      assert(box:wait(fixture.seconds(30)))
    end
    assert(box:destroy())
  end)

  it("that another one started again elsewhere in the cgroups is found there [O134] [O135]", function()
    fixture.needs("root", "busybox", "cc")
    local root, name = fixture.root(), fixture.id()
    -- two of them: on v2 a container is put beside the cgroup that its caller fills
    fixture.sh("for d in /sys/fs/cgroup /sys/fs/cgroup/*; do [ -e $d/cgroup.procs ] && mkdir -p $d/%s/in; done; "
      .. "cd /sys/fs/cgroup/cpuset 2>/dev/null && for f in cpuset.cpus cpuset.mems; do "
      .. "cat $f >%s/$f; cat $f >%s/in/$f; done", name, name, name)
    local factory = assert(lc.new(root))
    local box = assert(factory:create("box", { rootfs = fixture.rootfs(), detach = true }))
    assert(assert(box:start { args = { "true" } }):wait(fixture.seconds(30)))
    -- a shell that goes there first; the state tells the next run where its caller stood
    local pid = math.tointeger(fixture.lua_prints([[
      print(assert(assert(assert(lc.new(root)):load("box")):start { args = { "sleep", "1000" } }):pid())]],
      { args = { root }, shell = ("for d in /sys/fs/cgroup /sys/fs/cgroup/*; do [ -e $d/%s ] && "
        .. "echo $$ >$d/%s/in/cgroup.procs; done;"):format(name, name) }))
    assert.matches("/" .. name .. "/", fixture.read(("/proc/%d/cgroup"):format(pid)), 1, true)
    assert.same({ pid }, assert(box:processes()))
    assert.equal("running", box:status())
    assert(box:destroy())
    assert.is_false(proc.is_alive(pid))
    assert.equal("", fixture.sh("find /sys/fs/cgroup -path '*/%s/*' -type d ! -name in", name))
    fixture.sh("find /sys/fs/cgroup -depth -path '*/%s*' -type d -exec rmdir {} +", name)
  end)

  it("is destroyed though somebody put a program into it and reaps nothing [O135]", function()
    fixture.needs("root", "busybox", "cc")
    assert.equal("true\ndestroyed\n", fixture.lua_prints([[
      local box = assert(assert(lc.new(root)):create("box", { rootfs = rootfs, detach = true }))
      local p = assert(box:start { args = { "sleep", "1000" } })
      local reading, writing = posix.pipe()
      local child = posix.fork()
      if child == 0 then
        assert(assert(assert(lc.new(root)):load("box")):start { args = { "sleep", "1000" } })
        posix.write(writing, "x")
        while true do posix.pause(1000000) end
      end
      posix.read(reading)
      print(box:destroy { timeout = seconds(10) })
      print(box:status())
      posix.kill(child, 9)
      posix.wait(child)
      assert(p:wait(seconds(30)).signal == 9)]], { args = { fixture.root(), fixture.rootfs() } }))
  end)

  it("takes along all that was made for it, and nothing else [O132]", function()
    fixture.needs("root", "busybox")
    local rootfs, volume, root = fixture.rootfs(), fixture.directory(), fixture.root()
    local name = fixture.id()
    fixture.sh("echo kept >%s/file", volume)
    -- a place of somebody else's, with a neighbour in it
    fixture.sh("for d in /sys/fs/cgroup /sys/fs/cgroup/*; do [ -e $d/cgroup.procs ] && "
      .. "mkdir -p $d/%s/neighbour; done; cd /sys/fs/cgroup/cpuset 2>/dev/null && for f in cpuset.cpus cpuset.mems; "
      .. "do cat $f >%s/$f; done", name, name)
    local function places() return fixture.sh("find /sys/fs/cgroup -path '*/%s*' -type d | sort", name) end
    local function tree() return fixture.sh("cd %s && find . -path ./dev -prune -o -printf '%%p %%y %%m\\n' | sort",
      rootfs) end
    fixture.sh("mkdir %s/data", rootfs)
    local there, image = places(), tree()
    local factory = assert(lc.new(root))
    local box = assert(factory:create("box", { rootfs = rootfs, cgroups = { path = "/" .. name .. "/below/box" },
      mounts = { { destination = "/data", type = "bind", source = volume } } }))
    local p = assert(box:start { args = { "sh", "-c", "echo new >/data/new; sleep 1000 & sleep 1000 & wait" } })
    assert.equal("new\n", becomes("new\n", function() return fixture.read(volume .. "/new") end))
    assert.equal(3, becomes(3, function() return #box:processes() end))
    local pids = box:processes()
    assert.not_equal(there, places())
    assert(box:destroy())
    for _, pid in ipairs(pids) do assert.is_false(proc.is_alive(pid)) end
    assert.equal(there, places())
    assert.equal("", fixture.sh("ls -A %s", root))
    assert.equal("file new", fixture.sh("cd %s && echo *", volume))
    assert.equal(image, tree())
    assert(p:wait(0))
    fixture.sh("find /sys/fs/cgroup -path '*/%s*' -depth -type d -exec rmdir {} +", name)
  end)

  it("re-parents to the nearest subreaper, which gets its exit status and nobody between [O175]", function()
    fixture.needs("root", "busybox", "cc")
    -- the reaper's child makes the container, prints its pid and ends; the reaper waits for both
    local out = fixture.lua_prints([[
      posix.prctl(36, 1) -- PR_SET_CHILD_SUBREAPER
      local reading, writing = posix.pipe()
      local child = posix.fork()
      if child == 0 then
        local box = assert(assert(lc.new(root)):create("box", { rootfs = rootfs, detach = true }))
        local p = assert(box:start { args = { "sh", "-c", "read x; exit 47" }, stdin = reading })
        local file <close> = assert(io.open(root .. "/../pid", "w"))
        file:write(p:pid())
        file:close()
        posix.exit(3)
      end
      local ended = {}
      for i = 1, 2 do
        local pid, how, number = posix.wait(-1)
        ended[pid] = how .. " " .. number
        if i == 1 then posix.write(writing, "go\n") end -- its maker has gone, and it runs
      end
      local pid = math.tointeger(assert(io.open(root .. "/../pid")):read("n"))
      print(ended[child], ended[pid])
      print((posix.wait(-1))) -- no other child came over
      assert(assert(lc.new(root)):destroy("box"))]], { args = { fixture.root(), fixture.rootfs() } })
    assert.equal("exit 3\texit 47\nnil\n", out)
  end)
end)

describe("a state root", function()
  fixture.check_leaks()

  it("may hold what is no container of ours: it is listed as damaged, and lists never fail [O136]", function()
    fixture.needs("root", "busybox")
    local root = fixture.root()
    local factory = assert(lc.new(root))
    local box <close> = assert(factory:create("good", { rootfs = fixture.rootfs() }))
    fixture.sh([[cd %s && mkdir empty runc text number garbage && echo '{' >garbage/state.json
      echo x >file && ln -s good link && mkfifo fifo && mkdir 'a b' .hidden lost+found]], root)
    fixture.write(root .. "/runc/state.json", '{"id":"runc","init_process_pid":1,"init_process_start":"12"}')
    fixture.write(root .. "/text/state.json", '{"version":1,"id":"text","init_process_start":"12"}')
    fixture.write(root .. "/number/state.json", '{"version":1,"id":"number","init_process_start":12}')
    local ids = {}
    for _, each in ipairs(assert(factory:list())) do
      local status, err = each:status()
      ids[#ids + 1] = each:id() .. " " .. (status or err.message:match("damaged") or tostring(err))
      assert.is_string(tostring(each))
    end
    assert.same({ "garbage damaged", "good created", "number damaged", "runc damaged", "text damaged" }, ids)
    assert.equal("created", box:status())
    for _, id in ipairs { "garbage", "number", "runc", "text" } do assert(factory:destroy(id)) end
    fixture.sh("cd %s && rm -r empty file link fifo 'a b' .hidden lost+found", root)
  end)

  it("cannot be where nobody can make a directory", function()
    fixture.needs("root")
    local none, err = lc.new("/proc/libcontainer/root")
    assert.is_nil(none)
    assert.equal("ENOENT", err.errname)
    assert.equal("state", err.step)
    assert.matches("choose another state root", err.hint, 1, true)
  end)

  it("takes eight processes that start, signal and destroy one container at once [O135]", function()
    fixture.needs("root", "busybox", "cc")
    local out = fixture.lua_prints([[
      local ALLOWED = { IdInUse = true, ContainerNotExists = true, ContainerNotRunning = true,
        ContainerNotStopped = true }
      local function check(done, err)
        if done or ALLOWED[err.code] then return done end
        -- killed by another one's signal before it was quite there, or while something came in
        if not tostring(err):find("the init was killed by signal") and err.step ~= "namespace" then
          error(tostring(err), 2)
        end
        return done
      end
      local function work(seed)
        local factory = assert(lc.new(root))
        local function create() return factory:create("one", { rootfs = rootfs, detach = true }) end
        local function start(box) return box:start { args = { "sleep", "1000" } } end
        local acts = {
          create, start, create, start, create, start, create, start,
          function(box) return box:signal("KILL") end,
          function(box) return box:signal("TERM", { all = true }) end,
          function(box) return box:state() end,
          function(box) return box:processes() end,
          function(box) return box:destroy { force = false } end,
          function(box) return box:destroy() end,
        }
        local seen = {}
        math.randomseed(seed)
        for _ = 1, rounds(100, 20) do
          local act = acts[math.random(#acts)]
          local box = act == create or check(factory:load("one"))
          posix.pause(500) -- so that all are at it at the same time
          if box and check(act(box)) then seen[act == create and "created" or act == start and "started"] = true end
        end
        for what in pairs(seen) do posix.write(results, tostring(what) .. "\n") end
      end
      local children, waiting, starting = {}, posix.pipe()
      reading, results = posix.pipe()
      for i = 1, 8 do
        children[i] = posix.fork()
        if children[i] == 0 then
          posix.close(starting)
          posix.read(waiting) -- until all are there
          local fine, why = pcall(work, i)
          if not fine then io.stderr:write(tostring(why), "\n") end
          io.stderr:flush()
          posix.exit(fine and 0 or 1)
        end
      end
      posix.close(starting)
      for i = 1, 8 do
        local _, how, status = posix.wait(children[i])
        io.write(how, " ", status, "\n")
      end
      posix.write(results, "\n")
      local succeeded = posix.read(reading)
      assert(succeeded:find("created") and succeeded:find("started") and succeeded:find("false"), succeeded)
      local factory = assert(lc.new(root))
      for _, box in ipairs(assert(factory:list())) do assert(box:destroy()) end
      print(#factory:list())]], { args = { fixture.root(), fixture.rootfs() } })
    assert.equal(("exit 0\n"):rep(8) .. "0\n", out)
  end)
end)

describe("the words for callers of a runtime", function()
  fixture.check_leaks()

  it("say that nothing runs, or that nothing is there [O186] [O125]", function()
    fixture.needs("root", "busybox")
    local factory = fixture.factory()
    local box <close> = assert(factory:create("box", { rootfs = fixture.rootfs() }))
    local _, err = factory:create("box", { rootfs = "/" })
    assert.matches("container with given ID already exists", tostring(err), 1, true)
    _, err = factory:create("../box", { rootfs = "/" })
    assert.matches("invalid container ID format", tostring(err), 1, true)
    _, err = box:signal("TERM")
    assert.matches("container not running", tostring(err), 1, true)
    local p = assert(box:start { args = { "true" } })
    assert(p:wait(fixture.seconds(30)))
    _, err = box:signal("TERM")
    assert.matches("container not running", tostring(err), 1, true)
    _, err = p:signal("TERM")
    assert.matches("no such process", tostring(err), 1, true)
    assert(box:destroy())
    for _, call in ipairs { function() return box:signal("TERM") end, function() return factory:load("box") end,
      function() return factory:destroy("box") end } do
      _, err = call()
      assert.matches("does not exist", tostring(err), 1, true)
    end
  end)
end)
