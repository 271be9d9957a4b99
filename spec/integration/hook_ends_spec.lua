-- SPDX-License-Identifier: MIT
--- What becomes of hooks that do not end well, and of those whose host does not.
local core = require "libcontainer.core"
local fixture = require "spec.support.fixture"
local hooked = require "spec.support.hooks"
local proc = require "spec.support.proc"

local KINDS, sh, container = hooked.KINDS, hooked.sh, hooked.container
local with_place, written_pid = hooked.with_place, hooked.written_pid

describe("a hook that does not end", function()
  fixture.check_leaks()

  for _, kind in ipairs(KINDS) do
    it(("is killed at its deadline with all of its group, whoever holds its pipes: %s [L03] [L05]"):format(kind), function()
      fixture.needs("root", "busybox")
      local box, place = with_place(function(place)
        local log = kind == "start_container" and "/place" or place
        return { [kind] = { sh(("sleep 1000 & echo $! >%s/child; echo $$ >%s/hook; sleep 1000"):format(log, log), { timeout = fixture.moment() }) } }
      end)
      local began = core.now()
      local p, err = box:start { "sleep", "1000" }
      if kind == "poststop" then
        assert(p, err)
        local _, warnings = box:destroy()
        err = warnings[1]
      else
        assert.is_nil(p)
        assert(box:destroy())
      end
      -- that it ends at all is what is proved: without the deadline it would take a thousand seconds
      assert.is_true(core.now() - began < fixture.seconds(60))
      assert.same({ "ETIMEDOUT", "hook", ("hooks.%s[1]"):format(kind) }, { err.errname, err.step, err.field })
      if kind ~= "start_container" and kind ~= "create_container" then
        assert.is_true(proc.ends(written_pid(place .. "/hook")))
        assert.is_true(proc.ends(written_pid(place .. "/child")))
      end
    end)
  end

  it("is killed with its group by a guard that gets to it late", function()
    fixture.needs("root", "busybox")
    local box, place = with_place(function(place)
      -- the guard is its parent; seconds later than the deadline something lets it go on
      return { prestart = { sh(("sleep 1000 & echo $! >%s/child; (sleep %d; kill -CONT $PPID) & kill -STOP $PPID; "
        .. "echo $$ >%s/hook; sleep 1000"):format(place, 2 * fixture.moment() // 1, place), { timeout = fixture.moment() }) } }
    end)
    local _, err = box:start { "true" }
    assert.equal("ETIMEDOUT", err.errname)
    assert.is_true(proc.ends(written_pid(place .. "/hook")))
    assert.is_true(proc.ends(written_pid(place .. "/child")))
    assert(box:destroy())
  end)

  it("is killed though it stops itself and its group [L03]", function()
    fixture.needs("root", "busybox")
    local box, place = with_place(function(place)
      return { prestart = { sh(("echo $$ >%s/hook; kill -STOP 0"):format(place), { timeout = fixture.moment() }) } }
    end)
    local _, err = box:start { "true" }
    assert.equal("ETIMEDOUT", err.errname)
    assert.is_true(proc.ends(written_pid(place .. "/hook")))
    assert(box:destroy())
  end)

  it("but floods its output is read all the while, and the end of that is kept [L06]", function()
    fixture.needs("root", "busybox")
    for _, kind in ipairs { "prestart", "create_container", "start_container" } do
      local box = container { [kind] = { sh("echo first; exec yes", { timeout = fixture.moment() }) } }
      local _, err = box:start { "true" }
      assert.equal("ETIMEDOUT", err.errname)
      assert.equal(64 * 1024, #err.output)
      assert.is_nil(err.output:find("first"))
      assert.is_true(#tostring(err) < 1000)
      assert(box:destroy())
    end
    local box = container { prestart = { sh("head -c 300000 /dev/zero | tr '\\0' a; echo end >&2; exit 1") } }
    local _, err = box:start { "true" }
    assert.equal(1, err.status)
    assert.matches("aaaend\n$", err.output)
    assert(box:destroy())
  end)

  it("while one that it has left behind does: its own end is what counts, and success is success [L04]", function()
    fixture.needs("root", "busybox")
    for _, kind in ipairs { "prestart", "create_container", "start_container", "poststart", "poststop" } do
      local box, place = with_place(function(place)
        local log = kind == "start_container" and "/place" or place
        return { [kind] = { sh(("sleep 1000 & echo $! >%s/child; exit 0"):format(log), { timeout = fixture.seconds(120) }) } }
      end)
      assert(box:start { "sleep", "1000" })
      local _, warnings = box:destroy()
      assert.is_nil(warnings)
      local child = written_pid(place .. "/child")
      -- a daemon of the host's stays; what is in the pid namespace has gone with it
      if kind ~= "create_container" and kind ~= "start_container" then
        assert.is_true(proc.is_alive(child))
        fixture.sh("kill -9 %d", child)
        assert.is_true(proc.ends(child))
      end
    end
  end)

  it("has failed when its status says so, and what it has begun is ended", function()
    fixture.needs("root", "busybox")
    local box, place = with_place(function(place)
      return { prestart = { sh(("sleep 1000 & echo $! >%s/child; exit 1"):format(place)) } }
    end)
    local _, err = box:start { "true" }
    assert.equal(1, err.status)
    assert.is_true(proc.ends(written_pid(place .. "/child")))
    assert(box:destroy())
  end)
end)

describe("a host that is killed while a hook runs", function()
  fixture.check_leaks()

  for _, kind in ipairs(KINDS) do
    it(("takes it along; another process destroys the container, and the id is free: %s [L02]"):format(kind), function()
      fixture.needs("root", "busybox", "cc", "release")
      local root, rootfs, place = fixture.root(), fixture.rootfs(), fixture.directory()
      local ended = fixture.lua([[
        local place, kind = arg[3], arg[4]
        local inside = kind == "start_container" and "/place" or place
        local function hook(script) return { path = "/bin/sh", args = { "sh", "-c", script }, env = { "PATH=/bin:/usr/bin" } } end
        local hooks = { poststop = { hook("echo stopped >>" .. place .. "/stopped") } }
        hooks[kind] = hooks[kind] or {}
        -- the first time; what is run again by who comes after us ends
        table.insert(hooks[kind], 1, hook(("test -e %s/began && exit 0; sleep 1000 & echo $! >%s/child; cat /proc/$$/status >%s/hook; "
          .. "touch %s/began; sleep 1000"):format(inside, inside, inside, inside)))
        local pid = posix.fork()
        if pid == 0 then
          local box = assert(assert(lc.new(root)):create("box", { rootfs = rootfs, detach = true, hooks = hooks,
            namespaces = { "mount", "uts", "ipc", "network" },
            mounts = { { destination = "/proc", type = "proc", source = "proc" },
              { type = "bind", source = place, destination = "/place", options = { "rw" } } } }))
          box:start { "sleep", "1000" }
          box:destroy()
          posix.exit(1)
        end
        while not io.open(place .. "/began") do end
        posix.kill(pid, 9)
        posix.wait(pid)
        local factory = assert(lc.new(root))
        local box = assert(factory:load("box"))
        local gone, err = box:destroy()
        print(gone, err)
        assert(assert(factory:create("box", { rootfs = rootfs })):destroy())]], { args = { root, rootfs, place, kind } })
      assert.equal("true\tnil\n", ended.stdout, ended.stderr)
      assert.is_true(proc.ends(math.tointeger(fixture.read(place .. "/hook"):match("\nPid:%s+(%d+)"))))
      assert.is_true(proc.ends(written_pid(place .. "/child")))
      assert.equal("stopped\n", fixture.read(place .. "/stopped"))
    end)
  end
end)
