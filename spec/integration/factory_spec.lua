-- SPDX-License-Identifier: MIT
--- The factory: a state root and the containers in it.
local fixture = require "spec.support.fixture"
local lc = require "libcontainer"

local BAD_IDS <const> = { "", ".", "..", "a/b", "../x", "/", "/etc", "a\0b", "a\nb", "a b", "ä",
  ("x"):rep(256), ("x"):rep(1025) }

-- Everything below a directory, with modes, owners and times.
local function tree(path)
  return fixture.sh("find %s -printf '%%p %%y %%m %%u %%s %%T@\\n' | sort", path)
end

describe("a factory", function()
  fixture.check_leaks()

  it("makes its root, private to us, whatever the umask", function()
    fixture.needs("cc")
    for _, mask in ipairs { "000", "022", "077" } do
      local root = fixture.directory() .. "/a/b"
      fixture.lua_prints([[posix.umask(tonumber(arg[2], 8)); assert(lc.new(root))]],
        { args = { root, mask } })
      assert.equal("700", fixture.sh("stat -c %%a %s", root))
    end
  end)

  it("makes it sticky in $XDG_RUNTIME_DIR, where what lies still is swept away [O141]", function()
    local place = fixture.directory()
    for _, root in ipairs { place .. "/run/state", place .. "/other" } do
      fixture.sh("XDG_RUNTIME_DIR=%s/run lua5.4 -e 'package.path, package.cpath = [[%s]], [[%s]]; "
        .. "assert(require [[libcontainer]].new [[%s]])' 2>&1", place, package.path, package.cpath, root)
    end
    assert.equal("1700\n700", fixture.sh("stat -c %%a %s/run/state %s/other", place, place))
  end)

  it("tells its type and prints itself", function()
    local factory = fixture.factory()
    assert.equal("libcontainer", factory:type())
    assert.equal("factory", lc.type(factory))
    assert.matches("^libcontainer.factory /.*/state %(0 containers%)$", tostring(factory))
  end)

  it("refuses a root that others own or may write to [A12]", function()
    fixture.needs("root")
    local path = fixture.directory() .. "/state"
    fixture.sh("mkdir %s && chown 1000 %s", path, path)
    local factory, err = lc.new(path)
    assert.is_nil(factory)
    assert.equal("EPERM", err.errname)
    assert.equal("state", err.step)
    assert.equal(path, err.subject)
    assert.is_string(err.hint)
    fixture.sh("chown 0 %s && chmod 777 %s", path, path)
    factory, err = lc.new(path)
    assert.is_nil(factory)
    assert.equal("EPERM", err.errname)
    fixture.sh("chmod 700 %s", path)
    assert(lc.new(path))
  end)

  it("refuses a root that is no absolute path, and options that it does not know", function()
    for _, path in ipairs { "relative", "", "/a\0b" } do
      local factory, err = lc.new(path)
      assert.is_nil(factory)
      assert.equal("ConfigInvalid", err.code)
      assert.equal("root", err.field)
    end
    assert.has_error(function() lc.new(7) end, "bad argument #1 to 'new' (string expected)")
    local fine, why = pcall(lc.new, fixture.root(), { cgroup = "auto" })
    assert.is_false(fine)
    assert.matches('"cgroup", did you mean "cgroups"?', tostring(why), 1, true)
    local factory, err = lc.new(fixture.root(), { cgroups = "openrc" })
    assert.is_nil(factory)
    assert.equal("cgroups", err.field)
    factory, err = lc.new(fixture.root(), { init_path = "init" })
    assert.is_nil(factory)
    assert.equal("init_path", err.field)
  end)

  it("refuses options that are of no use where they will be used", function()
    for name, wrong in pairs { validator = "x", init_path = "/bin/true\0x", criu_path = 5 } do
      local factory, err = lc.new(fixture.root(), { [name] = wrong })
      assert.is_nil(factory, name)
      assert.equal("ConfigInvalid", err.code)
      assert.equal(name, err.field)
    end
    for _, wrong in ipairs { "x", { 5 }, { nil, "x" }, { "a\0b" } } do
      local _, err = lc.new(fixture.root(), { init_path = "/bin/true", init_args = wrong })
      assert.equal("init_args", err.field)
    end
  end)

  it("creates, loads, lists and destroys", function()
    fixture.needs("root", "busybox")
    local factory, rootfs = fixture.factory(), fixture.rootfs()
    assert.same({}, assert(factory:list()))
    local one <close> = assert(factory:create("one", { rootfs = rootfs }))
    local two <close> = assert(factory:create("two", { rootfs = rootfs, hostname = "two" }))
    local list = assert(factory:list())
    assert.equal(2, #list)
    assert.equal("one", list[1]:id())
    assert.equal("two", list[2]:id())
    assert.equal("two", two:id())
    local loaded = assert(factory:load("two"))
    assert.equal("two", loaded:config().hostname)
    assert.equal("created", loaded:status())
    assert.equal("container", lc.type(loaded))
    assert(one:destroy())
    list = assert(factory:list())
    assert.equal(1, #list)
    assert(factory:destroy("two"))
    assert.same({}, assert(factory:list()))
  end)

  it("starts nothing when it creates, and keeps the intent on disk", function()
    fixture.needs("root", "busybox")
    local root = fixture.root()
    local factory = assert(lc.new(root))
    local box <close> = assert(factory:create("web", { rootfs = fixture.rootfs() }))
    assert.equal("created", box:status())
    assert.same({}, assert(box:processes()))
    assert.matches('"id":"web"', fixture.read(root .. "/web/state.json"))
  end)

  it("never confuses two containers of one id in two roots", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    local a <close> = assert(fixture.factory():create("same", { rootfs = rootfs }))
    local b <close> = assert(fixture.factory():create("same", { rootfs = rootfs }))
    local pa = assert(a:start { args = { "sleep", "1000" } })
    local pb = assert(b:start { args = { "sleep", "1000" } })
    assert.same({ pa:pid() }, assert(a:processes()))
    assert.same({ pb:pid() }, assert(b:processes()))
    assert(a:destroy())
    assert.equal("running", b:status())
  end)

  it("refuses a bad id in create, load, destroy and run, and touches nothing [A11] [O125]", function()
    fixture.needs("root", "busybox")
    local above = fixture.directory()
    local factory = assert(lc.new(above .. "/state"))
    fixture.sh("mkdir %s/x %s/state/real && touch %s/x/sentinel %s/sentinel %s/state/real/sentinel",
      above, above, above, above, above)
    local before = tree(above)
    local rootfs = fixture.rootfs()
    for _, id in ipairs(BAD_IDS) do
      for name, call in pairs {
        create = function() return factory:create(id, { rootfs = rootfs }) end,
        load = function() return factory:load(id) end,
        destroy = function() return factory:destroy(id) end,
        run = function() return lc.run { "true", id = id, rootfs = rootfs, factory = factory } end,
      } do
        local done, err = call()
        assert.is_nil(done, name)
        assert.equal("InvalidIdFormat", err.code, name)
        assert.equal("id", err.step)
        assert.matches("1 to 255", err.hint)
        assert.is_nil(tostring(err):find("[\0-\31]"))
      end
    end
    for _, id in ipairs { 7, true, {} } do
      local done, err = factory:load(id)
      assert.is_nil(done)
      assert.equal("InvalidIdFormat", err.code)
    end
    assert.equal(before, tree(above))
    fixture.sh("rm -r %s/state/real", above)
  end)

  it("accepts the longest id and every character that is allowed [O125]", function()
    fixture.needs("root", "busybox")
    local factory, rootfs = fixture.factory(), fixture.rootfs()
    for _, id in ipairs { ("x"):rep(255), "a", "A-z_0+9.", "...", "-x", "+", "_" } do
      local box <close> = assert(factory:create(id, { rootfs = rootfs }))
      local p = assert(box:start { args = { "true" } })
      assert.equal(0, assert(p:wait(fixture.seconds(30))).status)
      assert(box:destroy())
    end
  end)

  it("never takes the containers of a root that was removed for those of one made in its place", function()
    fixture.needs("root", "busybox")
    local path, rootfs = fixture.root(), fixture.rootfs()
    local text = fixture.lua_prints([[
      local box = assert(assert(lc.new(root)):create("box", { rootfs = rootfs, detach = true }))
      print(assert(box:start { args = { "sleep", "1000" } }):pid())
      for _, place in pairs(box:state().cgroup_paths) do print(place) end]], { args = { path, rootfs } })
    local pid, places = text:match("^(%d+)\n(.*)\n$")
    local inode, again = fixture.sh("stat -c %%d:%%i %s", path), nil
    -- somebody removes it, and the file system gives the number of its directory away again
    fixture.sh("rm -r %s", path)
    for i = 1, 20 do
      fixture.sh("mkdir -m 700 %s%d", path, i)
      if fixture.sh("stat -c %%d:%%i %s%d", path, i) == inode then again = path .. i end
    end
    local status, is_running
    if again then
      local box = assert(assert(lc.new(again)):create("box", { rootfs = rootfs, detach = true }))
      status = assert(assert(box:start { args = { "true" } }):wait(fixture.seconds(60))).status
      assert(box:destroy())
      is_running = fixture.read(("/proc/%s/status"):format(pid)):match("State:%s+(%a)") == "S"
    end
    fixture.sh("kill -9 %s; for d in %s; do until rmdir $d 2>/dev/null || [ ! -d $d ]; do :; done; done", pid,
      (places:gsub("\n", " ")))
    if not again then pending("needs a file system that uses inode numbers again soon") end
    assert.equal(0, status)
    assert.is_true(is_running)
  end)

  it("keeps long ids apart that begin and end alike", function()
    fixture.needs("root", "busybox")
    local factory, rootfs = fixture.factory(), fixture.rootfs()
    local boxes = {}
    for i = 1, 4 do
      boxes[i] = assert(factory:create(("x"):rep(200) .. i .. ("y"):rep(50), { rootfs = rootfs }))
    end
    local pids = {}
    for i, box in ipairs(boxes) do
      pids[i] = assert(box:start { args = { "sleep", "1000" } }):pid()
    end
    for i, box in ipairs(boxes) do assert.same({ pids[i] }, assert(box:processes())) end
    for _, box in ipairs(boxes) do assert(box:destroy()) end
  end)

  it("says that an id is in use, and does not disturb its container", function()
    fixture.needs("root", "busybox")
    local factory, rootfs = fixture.factory(), fixture.rootfs()
    local box <close> = assert(factory:create("web", { rootfs = rootfs }))
    local p = assert(box:start { args = { "sleep", "1000" } })
    local other, err = factory:create("web", { rootfs = rootfs })
    assert.is_nil(other)
    assert.equal("IdInUse", err.code)
    assert.equal("web", err.subject)
    assert.is_string(err.hint)
    collectgarbage()
    assert.equal("running", box:status())
    assert.is_true(p:signal(0))
  end)

  it("takes no link in its root for a container, wherever that leads [A12]", function()
    fixture.needs "root"
    local root, elsewhere = fixture.root(), fixture.root()
    local factory = assert(lc.new(root))
    local box <close> = assert(assert(lc.new(elsewhere)):create("box", { rootfs = "/" }))
    fixture.sh("ln -s %s/box %s/box", elsewhere, root)
    for _, call in ipairs { factory.load, factory.destroy } do
      local none, err = call(factory, "box")
      assert.is_nil(none)
      assert.matches("something else", err.hint)
    end
    assert.same({}, assert(factory:list()))
    local none, err = factory:create("box", { rootfs = "/" })
    assert.is_nil(none)
    assert.equal("IdInUse", err.code)
    assert.equal("lock state.json", fixture.sh("echo $(ls %s/box)", elsewhere))
    assert.equal("created", box:status())
    fixture.sh("rm %s/box", root)
  end)

  it("destroys no directory that nobody has made for a container", function()
    fixture.needs("root")
    local root = fixture.root()
    local factory = assert(lc.new(root))
    fixture.sh("mkdir -p %s/data/layer %s/data/more && echo precious >%s/data/more/file", root, root, root)
    local before = tree(root)
    local done, err = factory:destroy("data")
    assert.is_nil(done)
    assert.equal("SystemError", err.code)
    assert.equal("state", err.step)
    assert.equal("data", err.subject)
    assert.matches('"more"', tostring(err))
    assert.equal(before, tree(root))
    assert.same({}, assert(factory:list()))
    -- what is left of a host that was killed is ours, whatever of it is there
    fixture.sh("cd %s/data && rm -r more && touch lock latch init .state.json.12ab34cd && mkdir criu.image", root)
    assert(factory:destroy("data"))
    assert.equal("", fixture.sh("ls -A %s", root))
  end)

  it("destroys no directory whose state.json is another program's", function()
    fixture.needs("root")
    local root = fixture.root()
    local factory = assert(lc.new(root))
    fixture.sh("mkdir -p %s/app/more && echo precious >%s/app/more/file && echo '{ \"state\": 1 }' >%s/app/state.json", root,
      root, root)
    local before = tree(root)
    local list = assert(factory:list())
    assert.equal(1, #list) -- nobody knows that it is none
    for _, destroy in ipairs { function() return factory:destroy("app") end, function() return list[1]:destroy() end } do
      local done, err = destroy()
      assert.is_nil(done)
      assert.matches('"app" is no container: there is no state.json of one in that directory, but "more"', err.message)
      assert.equal(before, tree(root))
    end
    -- with the lock of a container it is one, whatever has become of its state and whatever was put there
    fixture.sh("touch %s/app/lock", root)
    assert(factory:destroy("app"))
    assert.equal("", fixture.sh("ls -A %s", root))
  end)

  it("says that an id is unknown", function()
    local factory = fixture.factory()
    for _, method in ipairs { "load", "destroy" } do
      local done, err = factory[method](factory, "nobody")
      assert.is_nil(done)
      assert.equal("ContainerNotExists", err.code)
      assert.equal("nobody", err.subject)
      assert.is_string(err.hint)
    end
  end)

  it("asks the validator too", function()
    fixture.needs("root", "busybox")
    local seen
    local factory = fixture.factory { validator = function(config)
      seen = config
      return config.hostname ~= "forbidden", "that name is taken"
    end }
    local box, err = factory:create("web", { rootfs = fixture.rootfs(), hostname = "forbidden" })
    assert.is_nil(box)
    assert.equal("ConfigInvalid", err.code)
    assert.matches("that name is taken", tostring(err))
    assert.equal("forbidden", seen.hostname)
    local fine <close> = assert(factory:create("web", { rootfs = fixture.rootfs(), hostname = "free" }))
    assert.equal("created", fine:status())
  end)

  it("suggests the nearest method for one that does not exist", function()
    local factory = fixture.factory()
    local fine, why = pcall(function() return factory:craete("x", {}) end)
    assert.is_false(fine)
    assert.matches('did you mean "create"', why, 1, true)
    fine, why = pcall(function() return lc.nwe end)
    assert.is_false(fine)
    assert.matches('did you mean "new"', why, 1, true)
  end)

  it("runs lc.run in the factory that it is given", function()
    fixture.needs("root", "busybox")
    local root = fixture.root()
    local factory = assert(lc.new(root))
    local seen
    local r = assert(lc.run { "cat", rootfs = fixture.rootfs(), factory = factory, input = function()
      seen = seen or fixture.sh("ls %s", root)
    end })
    assert.equal(0, r.status)
    assert.matches("^run%-", seen)
    local none, err = lc.run { "cat", factory = 7 }
    assert.is_nil(none)
    assert.equal("factory", err.field)
  end)
end)
