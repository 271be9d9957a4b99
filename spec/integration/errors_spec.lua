-- SPDX-License-Identifier: MIT
--- Bad input: each gets its error object, says what is wrong, and leaves nothing.
local fixture = require "spec.support.fixture"
local lc = require "libcontainer"

local has_cjson, cjson = pcall(require, "cjson")

local function create(config)
  return fixture.factory():create(fixture.id(), config)
end

-- The error of a start in a fresh container, which is created again afterwards.
local function start_error(process, config)
  config = config or {}
  config.rootfs = config.rootfs or fixture.rootfs()
  local box <close> = assert(create(config))
  local p, err = box:start(process)
  assert.is_nil(p)
  assert.equal("created", box:status())
  assert.same({}, assert(box:processes()))
  return err
end

local function check_error(err, code)
  assert.is_true(lc.is_error(err))
  assert.equal(code, err.code)
  assert.is_string(err.message)
  assert.is_nil(tostring(err):find("[\0-\31]"))
  if err.errno then
    assert.equal("integer", math.type(err.errno))
    assert.matches("^E%u+", err.errname)
  end
  assert.is_string((require "libcontainer.json".encode(err)))
end

describe("a configuration with mistakes", function()
  fixture.check_leaks()

  -- what is wrong, the fields that must be named
  local cases = {
    { "a field that is misspelt", { hostnam = "x" }, { "hostnam" } },
    { "a field that nobody knows", { xyzzy = 1 }, { "xyzzy" } },
    { "a wrong type", { hostname = 7, mounts = "x", readonlyfs = "yes", cgroups = 3 },
      { "hostname", "mounts", "readonlyfs", "cgroups" } },
    { "a sparse array", { mask_paths = { "/a", nil, "/b" } }, { "mask_paths[2]" } },
    { "an array with a name in it", { mask_paths = { "/a", x = "/b" } }, { "mask_paths" } },
    { "a fraction", { cgroups = { pids_limit = 1.5 } }, { "cgroups.pids_limit" } },
    { "a number that is none", { cgroups = { pids_limit = 0 / 0, memory = math.huge } },
      { "cgroups.pids_limit", "cgroups.memory" } },
    { "a NUL byte", { hostname = "a\0b", mask_paths = { "/a\0b" }, labels = { a = "x\0y" } },
      { "hostname", "mask_paths[1]", "labels.a" } },
    { "an unknown capability", { capabilities = { "CHOWN", "CHOWNN" } }, { "capabilities[2]" } },
    { "an unknown system call", { seccomp = { default_action = "allow",
      syscalls = { { names = { "read", "no_such_call" }, action = "errno" } } } },
      { "seccomp.syscalls[1].names[2]" } },
    { "a mapping that is not whole", { uid_mappings = { { container_id = 0 } }, namespaces = { "mount", "user" } },
      { "uid_mappings[1].host_id", "uid_mappings[1].size", "gid_mappings" } },
    { "a function", { hostname = print }, { "hostname" } },
    { "a relative path", { mounts = { { destination = "data", type = "tmpfs" } } }, { "mounts[1].destination" } },
    { "a field of the process", { args = { "sh" } }, { "args" } },
    { "a bad limit", { cgroups = { memory = "64 potatoes", cpus = -1 } }, { "cgroups.memory", "cgroups.cpus" } },
  }
  for _, case in ipairs(cases) do
    it("is refused for " .. case[1] .. ", with every problem and its field", function()
      local config = { rootfs = "/srv" }
      for key, value in pairs(case[2]) do config[key] = value end
      local box, err = create(config)
      assert.is_nil(box)
      check_error(err, "ConfigInvalid")
      local found = {}
      for _, problem in ipairs(err.problems) do
        assert.is_string(problem.field)
        assert.is_string(problem.message)
        found[problem.field] = problem
      end
      for _, field in ipairs(case[3]) do
        assert.is_not_nil(found[field], ("%s is not named in: %s"):format(field, tostring(err)))
      end
      assert.equal(err.problems[1].field, err.field)
    end)
  end

  it("is told the nearest name", function()
    local _, err = create { rootfs = "/srv", hostnam = "x", mounts = { { destinatoin = "/x" } } }
    assert.matches('did you mean "hostname"?', tostring(err), 1, true)
    assert.matches('did you mean "destination"?', tostring(err), 1, true)
  end)

  it("takes null for absence, and refuses it where something is required", function()
    if not has_cjson then pending("needs lua-cjson") end
    local configs = require "libcontainer.configs"
    assert(configs.validate { rootfs = "/srv", hostname = cjson.null, mounts = cjson.null })
    local fine, err = configs.validate { rootfs = cjson.null }
    assert.is_nil(fine)
    assert.equal("rootfs", err.field)
    local p
    p, err = lc.process { args = cjson.null }
    assert.is_nil(p)
    assert.equal("args", err.field)
  end)

  it("is refused without arguments, with an empty one, or with a NUL in one", function()
    for _, case in ipairs { { {}, "args" }, { { args = {} }, "args" }, { { args = { "" } }, "args[1]" },
      { { args = { "a\0b" } }, "args[1]" }, { { args = "sh" }, "args" },
      { { args = { "x" }, env = { "A=b\0c" } }, "env[1]" }, { { args = { "x" }, env = { A = "b\0c" } }, "env.A" },
      { { args = { "x" }, cwd = "/a\0b" }, "cwd" }, { { args = { "x" }, user = "a\0b" }, "user" },
      { { args = { "x", nil, "y" } }, "args[2]" } } do
      local p, err = lc.process(case[1])
      assert.is_nil(p)
      check_error(err, "ConfigInvalid")
      assert.equal(case[2], err.field)
    end
    local r, err = lc.run { factory = fixture.factory() }
    assert.is_nil(r)
    assert.equal("args", err.field)
  end)

  it("raises for what is no table at all", function()
    local factory = fixture.factory()
    assert.has_error(function() factory:create("x") end, "bad argument #2 to 'create' (table expected)")
    assert.has_error(function() factory:create("x", "rootfs") end)
  end)
end)

describe("a program that cannot run", function()
  fixture.check_leaks()

  it("is named, with the reason: not found", function()
    fixture.needs("root", "busybox")
    local err = start_error { args = { "no-such-program" } }
    check_error(err, "SystemError")
    assert.equal("exec", err.step)
    assert.equal("ENOENT", err.errname)
    assert.equal("no-such-program", err.subject)
    assert.matches("executable file not found in $PATH", err.message, 1, true)
    assert.is_string(err.hint)
    err = start_error { args = { "/no/such/program" } }
    assert.equal("exec", err.step)
    assert.equal("ENOENT", err.errname)
    assert.equal("/no/such/program", err.subject)
  end)

  it("is named, with the reason: not executable, or a directory", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.write(rootfs .. "/bin/data", "just text")
    local err = start_error({ args = { "/bin/data" } }, { rootfs = rootfs })
    assert.equal("exec", err.step)
    assert.equal("EACCES", err.errname)
    assert.equal("/bin/data", err.subject)
    assert.matches("executable", err.hint)
    err = start_error({ args = { "/bin" } }, { rootfs = rootfs })
    assert.equal("exec", err.step)
    assert.equal("EACCES", err.errname)
    err = start_error({ args = { "data" } }, { rootfs = rootfs })
    assert.equal("exec", err.step)
    assert.is_true(err.errname == "EACCES" or err.errname == "ENOENT")
  end)

  it("is named, with the reason: of a wrong format", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.write(rootfs .. "/bin/text", "echo no first line\n")
    fixture.write(rootfs .. "/bin/empty", "")
    fixture.sh("chmod 755 %s/bin/text %s/bin/empty", rootfs, rootfs)
    for _, name in ipairs { "/bin/text", "/bin/empty" } do
      local err = start_error({ args = { name } }, { rootfs = rootfs })
      assert.equal("exec", err.step)
      assert.equal("ENOEXEC", err.errname)
      assert.equal(name, err.subject)
      assert.matches("#!", err.hint, 1, true)
    end
  end)

  it("is named, with the reason: its interpreter or loader is missing", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.write(rootfs .. "/bin/script", "#!/opt/missing/python\n")
    fixture.sh("chmod 755 %s/bin/script; cp $(readlink -f /bin/sh) %s/bin/dynamic", rootfs, rootfs)
    for _, name in ipairs { "/bin/script", "/bin/dynamic" } do -- of a script, of an ELF file
      local err = start_error({ args = { name } }, { rootfs = rootfs })
      check_error(err, "SystemError")
      assert.equal("interpreter", err.step, tostring(err))
      assert.equal("ENOENT", err.errname)
      assert.matches("interpreter", err.message)
      assert.is_string(err.hint)
    end
  end)

  it("is named, with the reason: a working directory or user that is not there", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.write(rootfs .. "/file", "x")
    local err = start_error({ args = { "true" }, cwd = "/file/x" }, { rootfs = rootfs })
    assert.equal("cwd", err.step)
    err = start_error({ args = { "true" }, user = "nobody-here" }, { rootfs = rootfs })
    check_error(err, "ConfigInvalid")
    assert.equal("user", err.step)
    assert.matches("passwd", err.hint)
  end)
end)

describe("a root that cannot be used", function()
  fixture.check_leaks()

  it("is named when it is relative, missing, a file, or a link", function()
    fixture.needs("root", "busybox")
    local box, err = create { rootfs = "relative/path" }
    assert.is_nil(box)
    check_error(err, "ConfigInvalid")
    assert.equal("rootfs", err.field)
    box, err = create {}
    assert.is_nil(box)
    assert.equal("rootfs", err.field)
    local directory = fixture.directory()
    fixture.write(directory .. "/file", "x")
    fixture.sh("ln -s %s %s/link; ln -s / %s/outside", fixture.rootfs(), directory, directory)
    for name, errname in pairs { missing = "ENOENT", file = "ENOTDIR", link = "ELOOP", outside = "ELOOP" } do
      err = start_error({ args = { "true" } }, { rootfs = directory .. "/" .. name })
      check_error(err, "ConfigInvalid")
      assert.equal("rootfs", err.field)
      assert.equal(errname, err.errname)
      assert.equal(directory .. "/" .. name, err.subject)
      assert.is_string(err.hint)
    end
  end)

  it("keeps mounts inside, though their destination leads out through a link", function()
    fixture.needs("root", "busybox")
    local rootfs, outside = fixture.rootfs(), fixture.directory()
    fixture.sh("mkdir %s/target && touch %s/target/canary && ln -s %s/target %s/data && "
      .. "ln -s ../../../../../../..%s/target %s/data2",
      outside, outside, outside, rootfs, outside, rootfs)
    local before = fixture.sh("ls -laR --time-style=full-iso %s/target", outside)
    local r = assert(fixture.run({ rootfs = rootfs, mounts = {
      { destination = "/data", type = "tmpfs" }, { destination = "/data2", type = "tmpfs" } } },
      "sh", "-c", ("touch /data/inside /data2/inside && ls %s/target"):format(outside)))
    assert.equal("inside\n", r.stdout)
    assert.equal(before, fixture.sh("ls -laR --time-style=full-iso %s/target", outside))
  end)

  it("keeps devices inside, though its /dev leads out through a link", function()
    fixture.needs("root", "busybox")
    local rootfs, outside = fixture.rootfs(), fixture.directory()
    fixture.sh("rmdir %s/dev && ln -s %s %s/dev", rootfs, outside, rootfs)
    local box <close> = assert(create { rootfs = rootfs })
    local p = box:start { args = { "true" } } -- made inside, or refused: both are right
    if p then assert(p:wait(fixture.seconds(30))) end
    assert.equal("", fixture.sh("ls -A %s", outside))
  end)
end)

describe("wrong use of a container", function()
  fixture.check_leaks()

  it("is an error of its own kind each time", function()
    fixture.needs("root", "busybox")
    local factory, rootfs = fixture.factory(), fixture.rootfs()
    local box <close> = assert(factory:create("box", { rootfs = rootfs }))
    local _, err = factory:create("box", { rootfs = rootfs })
    check_error(err, "IdInUse")
    _, err = factory:load("nobody")
    check_error(err, "ContainerNotExists")
    _, err = factory:create("../box", { rootfs = rootfs })
    check_error(err, "InvalidIdFormat")
    assert(box:start { args = { "sleep", "1000" } })
    _, err = box:destroy { force = false }
    check_error(err, "ContainerNotStopped")
    assert(box:destroy())
    _, err = box:wait(1)
    check_error(err, "ContainerNotExists")
    _, err = box:destroy()
    check_error(err, "ContainerNotExists")
    _, err = factory:destroy("box")
    check_error(err, "ContainerNotExists")
  end)
end)

describe("a machine that does not allow it", function()
  fixture.check_leaks()

  it("says what is missing without root, and explains all the same", function()
    fixture.needs("root", "busybox")
    local directory, rootfs = fixture.directory(), fixture.rootfs()
    fixture.sh("chmod 777 %s; chmod 755 %s", directory, rootfs:match("^(.*)/"))
    local text = fixture.lua_prints([[
      local factory = assert(lc.new(root))
      local box = assert(factory:create("box", { rootfs = rootfs, hostname = "web" }))
      local plan = assert(box:explain { args = { "sh" } })
      assert(#plan > 5 and tostring(plan):find("hostname"))
      local p, err = box:start { args = { "true" } }
      assert(not p)
      print(err.code, err.errname, err.step)
      assert(err.hint, tostring(err))
      print(err.hint)
      assert(box:status() == "created")
      assert(box:destroy())
      assert(#factory:list() == 0)
      local refused, why = lc.new("/run/libcontainer-of-root/x")
      assert(not refused and why.errname == "EACCES" and why.hint, tostring(why))
      local r, no = lc.run { "true" }
      assert(not r and no.hint, tostring(no))]],
      { args = { directory .. "/own", rootfs }, shell = fixture.library_for_everybody(),
        before = "setpriv --reuid 65534 --regid 65534 --clear-groups" })
    assert.matches("^SystemError\tE%u+\t%l+\n", text)
    assert.matches("root", text)
  end)

  it("learns no more without root than the kernel tells it: what it may not see is there or not, all the same [A31]",
    function()
    fixture.needs("root", "busybox")
    local directory = fixture.directory()
    fixture.sh("chmod 777 %s; mkdir -p %s/hidden/there/rootfs; chmod 700 %s/hidden; touch %s/hidden/there/file", directory,
      directory, directory, directory)
    local text = fixture.lua_prints([[
      local factory = assert(lc.new(root .. "/own"))
      local said = { there = {}, empty = {} }
      for name, list in pairs(said) do
        local hidden = root .. "/hidden/" .. name
        local function say(what, _, err)
          list[#list + 1] = what .. ": " .. (tostring(err):gsub("/hidden/" .. name, "/hidden/NAME"))
        end
        say("root", lc.new(hidden))
        say("a root below it", lc.new(hidden .. "/deep"))
        for _, config in ipairs { { rootfs = hidden .. "/rootfs" },
          { rootfs = root, mounts = { { type = "bind", source = hidden .. "/file", destination = "/x" } } } } do
          local box <close> = assert(factory:create("box", config))
          say("explain", box:explain { args = { "true" }, user = "user" })
          say("start", box:start { args = { "true" } })
          say("start as user", box:start { args = { "true" }, user = "user" })
        end
        local with_init = assert(lc.new(root .. "/own", { init_path = hidden .. "/file" }))
        local box <close> = assert(with_init:create("box", { rootfs = root }))
        say("init", box:start { args = { "true" } })
      end
      for i, line in ipairs(said.there) do
        assert(line == said.empty[i], line .. " / " .. said.empty[i])
        print(line)
      end]], { args = { directory }, shell = fixture.library_for_everybody(),
        before = "setpriv --reuid 65534 --regid 65534 --clear-groups" })
    assert.matches("root: [^\n]*EACCES", text)
    -- and nothing of what is installed runs with more rights than its caller
    assert.equal("", fixture.sh("find %s/libcontainer -perm /6000; getcap -r %s/libcontainer 2>/dev/null", fixture.build,
      fixture.build))
  end)

  it("works without any cgroup mounted, and names the controller that a limit needs", function()
    fixture.needs("root", "busybox")
    local text = fixture.lua_prints([[
      local factory = assert(lc.new(root))
      local box <close> = assert(factory:create("box", { rootfs = rootfs }))
      local p = assert(box:start { args = { "sh", "-c", "exit 4" } })
      print(assert(p:wait(seconds(30))).status)
      assert(box:destroy())
      local limited, err = factory:create("limited", { rootfs = rootfs, cgroups = { memory = "64M" } })
      if limited then
        local none
        none, err = limited:start { args = { "true" } }
        assert(not none)
        assert(limited:destroy())
      end
      print(err.code, err.errname)
      print(tostring(err))
      assert(err.hint:find("leave this limit out"))
      assert(#factory:list() == 0)]], { args = { fixture.root(), fixture.rootfs() },
      before = "unshare -m sh -c 'mount --make-rprivate / && mount -t tmpfs none /sys/fs/cgroup && exec \"$@\"' x" })
    assert.matches("^4\nConfigInvalid\tENODEV\n", text)
    assert.matches("memory", text)
  end)
end)
