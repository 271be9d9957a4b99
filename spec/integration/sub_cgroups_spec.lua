-- SPDX-License-Identifier: MIT
--- A further program in a cgroup that is there inside the container's: by the library, and by nsinit exec --cgroup.
local command = require "spec.support.command"
local configs = require "libcontainer.configs"
local fixture = require "spec.support.fixture"

describe("a program that is told its cgroup inside the container's", function()
  fixture.check_leaks()
  local paths

  local function running()
    local box = assert(fixture.factory():create(fixture.id(), assert(configs.default { rootfs = fixture.rootfs() })))
    assert(box:start { "sleep", "1000" })
    paths = box:state().cgroup_paths
    return box
  end

  before_each(function()
    fixture.needs("root", "busybox")
  end)

  -- Make one of that name in every hierarchy, or in that of a controller. A cpuset of v1 begins with no processor.
  local function make(name, controller)
    for controllers, path in pairs(paths) do
      if not controller or ("," .. controllers .. ","):find("," .. controller .. ",", 1, true) then
        fixture.sh([[cd %s && mkdir %s && cd %s && if [ -e tasks ] && [ -e cpuset.cpus ]; then
          cat ../cpuset.cpus >cpuset.cpus && cat ../cpuset.mems >cpuset.mems; fi]], path, name, name)
      end
    end
  end

  -- Where it is, by hierarchy, from the container's own cgroup: "" is that, "init" of v2 too.
  local function places(process)
    local text, found = fixture.read(("/proc/%d/cgroup"):format(process:pid())), {}
    for _, path in pairs(paths) do
      local own = path:match "/(libcontainer%-[^/]+)$"
      for controllers, below in text:gmatch("%d+:([^:\n]*):[^\n]*/" .. own:gsub("%p", "%%%0") .. "([^\n]*)") do
        found[controllers] = below:gsub("^/init$", ""):gsub("^/", "")
      end
    end
    return found
  end

  local function started(box, spec)
    spec.args = { "sleep", "1000" }
    return assert(box:start(spec))
  end

  it("is there in every hierarchy, and nowhere else; a slash before it means the same [O155]", function()
    local box <close> = running()
    make "a"
    make "a/b"
    for _, path in ipairs { "a/b", "/a/b", "//a//b/" } do
      local found = places(started(box, { sub_cgroups = path }))
      assert.is_not_nil(next(found))
      for controllers, place in pairs(found) do assert.equal("a/b", place, controllers) end
    end
    for controllers, place in pairs(places(started(box, { sub_cgroups = "/" }))) do assert.equal("", place, controllers) end
    local pids = box:processes()
    assert.equal(5, #pids) -- they are the container's
  end)

  it("is by controller where that is a hierarchy, and in the others where the container is [O155]", function()
    fixture.needs "v1"
    local box <close> = running()
    make("m", "memory")
    make("c", "cpu")
    local found = places(started(box, { sub_cgroups = { memory = "m", cpu = "c" } }))
    for controllers, place in pairs(found) do
      local list = "," .. controllers .. ","
      assert.equal(list:find(",memory,", 1, true) and "m" or list:find(",cpu,", 1, true) and "c" or "", place, controllers)
    end
    local process, err = box:start { "true", sub_cgroups = { cpu = "c", all = "m" } }
    assert.is_nil(process)
    assert.truthy(tostring(err):find "m")
  end)

  it("is refused a place outside, one that is not there, and a controller that is not [O155]", function()
    local box <close> = running()
    make "a"
    local before = #box:processes()
    local function refused(sub_cgroups, code, words)
      local process, err = box:start { "true", sub_cgroups = sub_cgroups }
      assert.is_nil(process)
      assert.equal(code, err.code, tostring(err))
      assert.truthy(tostring(err):find(words, 1, true), tostring(err))
    end
    for _, path in ipairs { "..", "../x", "a/../..", "a/./b", "/../x" } do
      refused(path, "ConfigInvalid", "inside the container's")
    end
    refused({ whatever = "a" }, "ConfigInvalid", "unknown controller")
    refused("missing", "SystemError", "/missing")
    -- the core is told the same by itself
    local null = require("libcontainer.core").null()
    local session, raw = box._core:join(box._record.config, { args = { "true" }, sub_cgroups = { all = "../x" } },
      { id = "x", stdin = null, stdout = null, stderr = null })
    null:close()
    assert.is_nil(session)
    assert.equal("config", raw.step)
    assert.equal(before, #box:processes())
    local exec, err = box:exec { "true", sub_cgroups = "a" }
    assert.is_nil(exec)
    assert.equal("ConfigInvalid", err.code)
    local fresh <close> = assert(fixture.factory():create(fixture.id(), { rootfs = fixture.rootfs() }))
    session, err = fresh:start { "true", sub_cgroups = "a" }
    assert.is_nil(session)
    assert.equal("process.sub_cgroups", err.field)
  end)

  it("is not put into one that is frozen, where it could not even be ended", function()
    local box <close> = running()
    make "f"
    local froze = false
    for controllers, path in pairs(paths) do
      if controllers == "" or controllers == "unified" then
        fixture.sh("echo 1 >%s/f/cgroup.freeze", path)
        froze = true
      elseif controllers:find "freezer" then
        fixture.sh("echo FROZEN >%s/f/freezer.state", path)
        froze = true
      end
    end
    if not froze then fixture.skip "needs a freezer" end
    local process, err = box:start { "true", sub_cgroups = "f" }
    assert.is_nil(process)
    assert.same({ "freeze", "EBUSY" }, { err.step, err.errname })
    assert.truthy(tostring(err):find("frozen", 1, true))
    for controllers, path in pairs(paths) do
      if controllers:find "freezer" then fixture.sh("echo THAWED >%s/f/freezer.state", path) end
    end
  end)

  it("is told by nsinit exec --cgroup, with a controller or without [O155]", function()
    local nsinit, has = command.nsinit, command.has
    command.fresh()
    finally(command.end_box)
    command.running()
    paths = require("libcontainer.json").decode(nsinit("state", "--id", "box").stdout).cgroup_paths
    make "a"
    local function where(...)
      local ended = nsinit("exec", ..., "box", "cat", "/proc/self/cgroup")
      assert.same({ "", 0 }, { ended.stderr, ended.status })
      return ended.stdout
    end
    local function count(text, pattern) return select(2, text:gsub(pattern, "")) end
    assert.equal(0, count(where "--cgroup=/", "/a\n"))
    local hierarchies = 0
    for _ in pairs(paths) do hierarchies = hierarchies + 1 end
    assert.equal(hierarchies, count(where "--cgroup=/a", "/a\n"))
    local function refused(words, ...)
      local ended = nsinit("exec", ..., "box", "true")
      assert.equal(255, ended.status)
      has(ended.stderr, words)
    end
    refused("inside the container's", "--cgroup=../x")
    refused("unknown controller", "--cgroup=whatever:/a")
    refused("controller is missing", "--cgroup=:a")
    if fixture.read "/sys/fs/cgroup/cgroup.controllers" then return end
    local text = where("--cgroup=memory:a")
    assert.equal(1, count(text, "/a\n"))
    assert.truthy(text:find ":memory:[^\n]*/a\n")
  end)
end)
