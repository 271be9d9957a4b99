-- SPDX-License-Identifier: MIT
-- Checking a configuration once for many containers: what may be shared, and what may not.
local check = require "libcontainer.check"
local configs = require "libcontainer.configs"
local json = require "libcontainer.json"

local function written()
  return { rootfs = "/srv/a", hostname = "one", mounts = { { destination = "/proc", type = "proc" } },
    cgroups = { memory = "64M", cpus = 1 }, labels = { a = "b" } }
end

describe("a configuration that was checked before", function()
  it("has the strict form of a fresh check", function()
    local shared = assert(configs.prepare_shared(written()))
    assert.same(assert(configs.prepare_config(written())), shared)
    assert.equal(shared, assert(configs.prepare_shared(written())))
  end)

  it("is another one as soon as anything in it differs", function()
    local shared = assert(configs.prepare_shared(written()))
    for _, change in ipairs {
      function(t) t.hostname = "two" end, function(t) t.hostname = nil end,
      function(t) t.domainname = "x" end, function(t) t.mounts[1].options = { "ro" } end,
      function(t) t.mounts[2] = { destination = "/tmp", type = "tmpfs" } end,
      function(t) t.cgroups.cpus = 1.5 end, function(t) t.labels = {} end,
      function(t) t.labels = nil end, function(t) t.hostname, t.devices = nil, {} end,
      function(t) t.labels, t.domainname = nil, "x" end, function(t) t.mounts[1].options = json.array() end,
    } do
      local t = written()
      change(t)
      local other = assert(configs.prepare_shared(t))
      assert.not_equal(shared, other)
      assert.same(assert(configs.prepare_config(t)), other)
    end
  end)

  it("is another one when a table stands where a name or a switch stood, and the other way round", function()
    local rules = { default_action = "allow", syscalls = { { names = { "chroot" }, action = "errno" } } }
    for _, first in ipairs { false, "default", rules } do
      for _, second in ipairs { false, "default", rules } do
        local one, two = written(), written()
        one.seccomp, two.seccomp = first, second
        assert.same(first, assert(configs.prepare_shared(one)).seccomp)
        assert.same(second, assert(configs.prepare_shared(two)).seccomp)
      end
    end
  end)

  it("is what from_oci has answered, as long as nobody changes that", function()
    local document = { ociVersion = "1.0.2", root = { path = "/srv/a" }, hostname = "one",
      mounts = { { destination = "/proc", type = "proc", source = "proc", options = { "nosuid" } } },
      linux = { namespaces = { { type = "mount" }, { type = "uts" } }, resources = { memory = { limit = 1 << 26 } } } }
    local read = assert(configs.from_oci(document, { fields = { detach = true, labels = { a = "b" } } }))
    assert.is_true(read.detach)
    local walk <close> = setmetatable({ of = check.walk, calls = 0 }, { __close = function(self) check.walk = self.of end })
    check.walk = function(...)
      walk.calls = walk.calls + 1
      return walk.of(...)
    end
    local shared = assert(configs.prepare_shared(read))
    assert.equal(0, walk.calls)
    assert.same(assert(configs.prepare_config(read)), shared)
    read.labels.a = "c"
    assert.equal("b", shared.labels.a)
    assert.equal("c", assert(configs.prepare_shared(read)).labels.a)
    assert.equal(2, walk.calls)
  end)

  it("does not change when the caller changes his table afterwards", function()
    local mine = written()
    local shared = assert(configs.prepare_shared(mine))
    mine.mounts[1].destination = "/elsewhere"
    assert.equal("/proc", shared.mounts[1].destination)
    assert.equal(shared, assert(configs.prepare_shared(written())))
  end)

  it("is refused each time when it has mistakes, and when it is inside itself", function()
    assert(configs.prepare_shared(written()))
    for _ = 1, 2 do
      local bad = written()
      bad.hostnme = "x"
      assert.equal("ConfigInvalid", select(2, configs.prepare_shared(bad)).code)
      local round = written()
      round.mounts[1] = round
      assert.equal("ConfigInvalid", select(2, configs.prepare_shared(round)).code)
    end
  end)

  it("is read without running a metamethod", function()
    assert(configs.prepare_shared(written()))
    local trap = function() error "a metamethod ran" end
    local mine = setmetatable(written(), { __index = trap, __pairs = trap, __len = trap, __eq = trap,
      __name = "trap", __metatable = "locked" })
    assert(configs.prepare_shared(mine))
  end)
end)

describe("a process that was checked before", function()
  it("has the strict form of then, unless anything differs", function()
    local one = assert(configs.prepare_process { "sh", "-c", "exit 3", env = { A = "b" } })
    assert.equal(one, assert(configs.prepare_process { "sh", "-c", "exit 3", env = { A = "b" } }))
    for _, other in ipairs { { "sh", "-c", "exit 4", env = { A = "b" } }, { "sh", "-c", "exit 3", env = { A = "c" } },
      { "sh", "-c", "exit 3" }, { "sh", "-c", "exit 3", env = { A = "b" }, cwd = "/tmp" } } do
      assert.not_equal(one, assert(configs.prepare_process(other)))
    end
  end)

  it("that has a file is not remembered: the file is collected with it", function()
    local files = setmetatable({}, { __mode = "v" })
    files[1] = assert(io.open("/dev/null"))
    assert(configs.prepare_process { "true", stdin = files[1] })
    collectgarbage()
    collectgarbage()
    assert.is_nil(files[1])
  end)
end)
