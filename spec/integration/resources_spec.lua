-- SPDX-License-Identifier: MIT
--- Real shortages: a full or read-only disk, no descriptors, a state root that goes away.
local fixture = require "spec.support.fixture"
local lc = require "libcontainer"

-- A private mount namespace whose mounts nobody else sees; `setup` runs in it first.
local function private(setup)
  return ("unshare -m sh -c 'mount --make-rprivate / && { %s; } && exec \"$@\"' x"):format(setup)
end

describe("a state root", function()
  fixture.check_leaks()

  it("that is removed underneath: the container can be ended all the same [L11]", function()
    fixture.needs("root", "busybox")
    local root = fixture.root()
    local factory = assert(lc.new(root))
    local box = assert(factory:create("box", { rootfs = fixture.rootfs(), detach = true }))
    local p = assert(box:start { args = { "sleep", "1000" } })
    fixture.sh("rm -rf %s", root)
    assert.equal("running", box:status())
    assert.same({ p:pid() }, assert(box:processes()))
    local none, err = factory:load("box")
    assert.is_nil(none)
    assert.equal("ContainerNotExists", err.code)
    local list, gone = factory:list() -- an empty list would be a lie
    assert.is_nil(list)
    assert.equal("ENOENT", gone.errname)
    local other, why = factory:create("other", { rootfs = fixture.rootfs() })
    assert.is_nil(other)
    assert.equal("ENOENT", why.errname)
    local paths = box:state().cgroup_paths
    assert(box:destroy())
    assert.equal(9, assert(p:wait(fixture.seconds(30))).signal)
    for _, path in pairs(paths) do assert.equal("", fixture.sh("ls -d %s 2>/dev/null", path)) end
  end)

  it("that is read-only: reading and ending work, and what cannot be done is named [L10]", function()
    fixture.needs("root", "busybox")
    local root = fixture.directory() .. "/ro"
    local text = fixture.lua_prints([[
      local factory = assert(lc.new(root))
      local box = assert(factory:create("box", { rootfs = rootfs, detach = true }))
      local p = assert(box:start { args = { "sleep", "1000" } })
      os.execute("mount -o remount,ro " .. root)
      local none, err = factory:create("other", { rootfs = rootfs })
      assert(not none)
      print(err.code, err.errname, err.step, err.subject)
      print(err.hint)
      assert(#factory:list() == 1)
      local loaded = assert(factory:load("box"))
      print(loaded:status(), loaded:state().id)
      assert(loaded:signal("CONT"))
      local gone, why = loaded:destroy()
      assert(not gone)
      print(why.errname, why.step)
      local exit = assert(p:wait(seconds(30))) -- what is in the kernel has gone
      assert(exit.signal == 9 or exit.lost) -- taken by the other object, before 6.15
      os.execute("mount -o remount,rw " .. root)
      assert(factory:destroy("box"))
      assert(#factory:list() == 0)]], { args = { root, fixture.rootfs() },
      before = private(("mkdir %s && mount -t tmpfs -o mode=700 none %s"):format(root, root)) })
    assert.matches("^SystemError\tEROFS\tstate\tother\n.*writable", text)
    assert.matches("\nrunning\tbox\nEROFS\t%l+\n", text)
  end)

  it("on a full disk: create is refused, what runs can be read and destroyed [L09]", function()
    fixture.needs("root", "busybox")
    local root = fixture.directory() .. "/full"
    for _, option in ipairs { "size=24k", "size=28k", "size=40k", "nr_inodes=5", "nr_inodes=6", "nr_inodes=7" } do
      local text = fixture.lua_prints([[
        local factory = assert(lc.new(root))
        local box = assert(factory:create("box", { rootfs = rootfs, detach = true }))
        os.execute("for i in 1 2 3 4 5 6 7 8 9; do head -c 4096 /dev/zero >" .. root .. "/fill$i; done 2>/dev/null")
        local before = io.open(root .. "/box/state.json"):read("a")
        for i = 1, 3 do
          local none, err = factory:create("other" .. i, { rootfs = rootfs })
          if not none then
            assert(err.errname == "ENOSPC" and err.hint, tostring(err))
          else
            assert(none:destroy())
          end
        end
        local p, err = box:start { args = { "sleep", "1000" } }
        if not p then
          assert(err.errname == "ENOSPC", tostring(err))
          assert(io.open(root .. "/box/state.json"):read("a") == before)
          assert(box:status() == "created")
        end
        assert(#factory:list() == 1)
        assert(assert(factory:load("box")):status() == (p and "running" or "created"))
        assert(factory:destroy("box"))
        assert(#factory:list() == 0)
        print("fine")]], { args = { root, fixture.rootfs() },
        before = private(("mkdir -p %s && mount -t tmpfs -o mode=700,%s none %s"):format(root, option, root)) })
      assert.equal("fine\n", text)
    end
  end)
end)

describe("few descriptors", function()
  fixture.check_leaks()

  it("give an error that says so, never a wrong answer, and leave nothing [L12]", function()
    fixture.needs("root", "busybox", "cc", "release")
    local root, rootfs = fixture.root(), fixture.rootfs()
    fixture.lua_prints([[
      local core = require "libcontainer.core"
      local first = assert(assert(lc.new(root)):create("there", { rootfs = rootfs, detach = true }))
      assert(first:start { args = { "sleep", "1000" } })
      local function check(done, err)
        if done == nil then
          local text = tostring(err)
          if err.errname ~= "EMFILE" or not err.hint then error(text, 2) end
        end
        return done
      end
      for limit = 3, 45 do
        local child = posix.fork()
        if child == 0 then
          local fine, why = pcall(function()
            posix.rlimit("NOFILE", limit, 4096)
            local factory = check(lc.new(root))
            if not factory then return end
            local list = check(factory:list())
            assert(not list or #list == 1)
            local there = check(factory:load("there"))
            if there then
              assert(check(there:status()) ~= "stopped")
              check(there:processes())
            end
            local box = check(factory:create("new", { rootfs = rootfs }))
            if box then
              local p = check(box:start { args = { "sh", "-c", "exit 3" }, stdout = "pipe" })
              if p then
                local exit = check(p:wait(seconds(30)))
                assert(not exit or exit.status == 3)
              end
              if not box:destroy() then
                posix.rlimit("NOFILE", 4096, 4096)
                assert(box:destroy())
              end
            end
          end)
          if not fine then io.stderr:write(limit, ": ", tostring(why), "\n") end
          posix.exit(fine and 0 or 1)
        end
        local _, how, status = posix.wait(child)
        assert(how == "exit" and status == 0, how .. " " .. status)
        local list = assert(assert(lc.new(root)):list())
        assert(#list == 1 and list[1]:status() == "running", limit)
      end
      assert(assert(lc.new(root)):destroy("there"))]], { args = { root, rootfs } })
  end)
end)
