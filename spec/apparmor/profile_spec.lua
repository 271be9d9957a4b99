-- SPDX-License-Identifier: MIT
-- AppArmor profiles: loaded here, given to programs by the kernel at their exec, and read back from it.
local configs = require "libcontainer.configs"
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"

local PROFILE <const> = [[
profile libcontainer-spec flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  network,
  signal,
  deny /secret/** rwklx,
}
]]

-- The lines of attr/current as the host sees them: what a process may say of itself proves nothing.
local function label_of(pid)
  return (fixture.read(("/proc/%d/attr/apparmor/current"):format(pid)) or fixture.read(("/proc/%d/attr/current"):format(pid)))
    :match("[^\n\0]*")
end

describe("an AppArmor profile", function()
  local parser
  setup(function()
    parser = fixture.sh("command -v apparmor_parser")
    if parser == "" then return end
    fixture.write("/tmp/libcontainer-spec-profile", PROFILE)
    assert(os.execute("apparmor_parser -r -K /tmp/libcontainer-spec-profile"))
  end)
  teardown(function()
    if parser ~= "" then os.execute("apparmor_parser -R /tmp/libcontainer-spec-profile; rm /tmp/libcontainer-spec-profile") end
  end)
  fixture.check_leaks()

  local function box_of(more)
    local config = { rootfs = fixture.rootfs(), apparmor_profile = "libcontainer-spec" }
    for key, value in pairs(more or {}) do config[key] = value end
    fixture.sh("mkdir -p %s/secret && echo s >%s/secret/s", config.rootfs, config.rootfs)
    return assert(fixture.factory():create(fixture.id(), configs.default(config)))
  end

  it("is that of the first program and of further ones, in force, whatever their user and no_new_privileges [O15] [A38]",
    function()
    fixture.needs("root", "busybox")
    assert.is_true(require("libcontainer").features().apparmor)
    for _, more in ipairs { {}, { no_new_privileges = false } } do
      local box <close> = box_of(more)
      local first = assert(box:start { "sleep", "1000" })
      assert.equal("libcontainer-spec (enforce)", label_of(first:pid()))
      local further = assert(box:start { args = { "sleep", "1000" }, user = "1000" })
      assert.equal("libcontainer-spec (enforce)", label_of(further:pid()))
      assert.equal("refused\n", assert(box:exec { "sh", "-c", "cat /secret/s 2>/dev/null || echo refused" }).stdout)
    end
  end)

  it("does not go through /proc of the container, whatever is there [A13] [A77] [A79]", function()
    fixture.needs("root", "busybox")
    local box <close> = box_of { mounts = { { destination = "/elsewhere", type = "tmpfs", source = "tmpfs" } } }
    local first = assert(box:start { "sleep", "1000" })
    assert.equal("libcontainer-spec (enforce)", label_of(first:pid()))
    -- a root that brings a /proc of its own: files that would swallow a label
    local rootfs = fixture.rootfs()
    fixture.sh("mkdir -p %s/proc/self/attr/apparmor %s/proc/thread-self/attr && touch %s/proc/self/attr/apparmor/exec "
      .. "%s/proc/self/attr/exec %s/proc/thread-self/attr/exec", rootfs, rootfs, rootfs, rootfs, rootfs)
    local bare <close> = assert(fixture.factory():create(fixture.id(), configs.empty { rootfs = rootfs,
      apparmor_profile = "libcontainer-spec" }))
    local fooled = assert(bare:start { "sleep", "1000" })
    assert.equal("libcontainer-spec (enforce)", label_of(fooled:pid()))
    local further = assert(bare:start { "sleep", "1000" })
    assert.equal("libcontainer-spec (enforce)", label_of(further:pid()))
    assert.equal("", fixture.sh("cat %s/proc/self/attr/apparmor/exec %s/proc/self/attr/exec", rootfs, rootfs))
  end)

  it("that is not loaded fails the start, and names it [O15] [A86]", function()
    fixture.needs("root", "busybox")
    local err = inside.refused({ apparmor_profile = "libcontainer-not-loaded" }, "true")
    assert.same({ "label", "ENOENT", "libcontainer-not-loaded", "apparmor_profile" },
      { err.step, err.errname, err.subject, err.field })
    assert.matches("apparmor_parser", err.hint)
  end)
end)
