-- SPDX-License-Identifier: MIT
--- A start in two halves: prepare, and release by whoever comes.
local configs = require "libcontainer.configs"
local fixture = require "spec.support.fixture"

describe("a prepared container", function()
  fixture.check_leaks()

  local function prepared(process, more)
    local factory = fixture.factory()
    local config = { rootfs = fixture.rootfs() }
    for name, value in pairs(more or {}) do config[name] = value end
    local box = assert(factory:create("box", assert(configs.default(config))))
    return box, assert(box:prepare(process)), factory, config.rootfs
  end

  before_each(function() fixture.needs("root", "busybox") end)

  it("has everything but its program, which runs when it is released, once", function()
    local box <close>, process, factory = prepared { "sh", "-c", "read -r _; exit 3", stdin = "pipe" }
    assert.equal("prepared", box:status())
    assert.equal("lc-init\n", fixture.read(("/proc/%d/comm"):format(process:pid())))
    local other = assert(factory:load("box"))
    assert.equal("prepared", other:status())
    local released = assert(other:release())
    assert.equal(process:pid(), released:pid())
    assert.equal("running", box:status()) -- which knows nothing of the other one
    assert(process.stdin:write("\n"))
    assert.equal(3, process:wait(fixture.seconds(30)).status)
    local again, err = other:release()
    assert.is_nil(again)
    assert.equal("ContainerNotPrepared", err.code)
  end)

  it("runs further programs, stands still, and cannot be prepared again", function()
    local box <close> = prepared { "true" }
    assert.equal("x\n", assert(box:exec { "echo", "x" }).stdout)
    local twice, err = box:prepare { "true" }
    assert.is_nil(twice)
    assert.equal("ContainerNotStopped", err.code)
    assert(box:pause())
    assert.equal("paused", box:status())
    local released
    released, err = box:release()
    assert.is_nil(released)
    assert.equal("ContainerNotPrepared", err.code)
    assert(box:resume())
    assert.equal("prepared", box:status())
    assert(box:release())
    assert.equal(0, box:wait(fixture.seconds(30)).status)
  end)

  it("tells whoever releases it why its program cannot run, and has ended then", function()
    local box <close>, _, _, rootfs = prepared { "true" }
    os.remove(rootfs .. "/bin/true")
    local released, err = box:release()
    assert.is_nil(released)
    assert.equal("ENOENT", err.errname)
    assert.equal("exec", err.step)
    assert.equal("stopped", box:status())
  end)

  it("runs the hooks of its start when it is released, and not before", function()
    local ran = {}
    local box <close> = prepared({ "true" }, { hooks = {
      create_runtime = { function() ran[#ran + 1] = "create_runtime" end },
      start_container = { function() ran[#ran + 1] = "start_container" end },
      poststart = { function() ran[#ran + 1] = "poststart" end },
    } })
    assert.same({ "create_runtime" }, ran)
    assert(box:release())
    assert.same({ "create_runtime", "start_container", "poststart" }, ran)
    assert(box:wait(fixture.seconds(30)))
  end)

  it("outlives whoever prepared it", function()
    fixture.needs "cc"
    local rootfs, root = fixture.rootfs(), fixture.root()
    fixture.lua_prints([[
      local configs = require "libcontainer.configs"
      local box = assert(lc.new(root):create("box", assert(configs.default { rootfs = rootfs, detach = true })))
      assert(box:prepare { args = { "sleep", "1000" } })
    ]], { args = { root, rootfs } })
    local lc = require "libcontainer"
    local box = assert(assert(lc.new(root)):load("box"))
    assert.equal("prepared", box:status())
    assert.equal("prepared", box:status())
    assert(box:release())
    assert.equal("running", box:status())
    assert(box:destroy())
  end)
end)

describe("a process", function()
  fixture.check_leaks()

  it("gets descriptors of its caller from 3 on, and no others", function()
    fixture.needs("root", "busybox")
    local path = fixture.directory() .. "/file"
    fixture.write(path, "from the host\n")
    local first <close> = assert(io.open(path))
    local second <close> = assert(io.open(path))
    local box <close> = assert(fixture.factory():create("box", assert(configs.default { rootfs = fixture.rootfs() })))
    local process = assert(box:start { "sh", "-c", "cat <&4; ls /proc/self/fd | wc -l; sleep 1000",
      descriptors = { first, second }, stdout = "pipe" })
    assert.equal("from the host\n", process.stdout:read("L"))
    assert.equal("6\n", process.stdout:read("L")) -- 0 to 4, and that of ls
    local further = assert(box:start { "sh", "-c", "cat <&3", descriptors = { second }, stdout = "pipe" })
    assert.equal("", further.stdout:read("a")) -- one file, read to its end
    assert.equal(0, further:wait(fixture.seconds(30)).status)
  end)
end)
