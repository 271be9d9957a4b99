-- SPDX-License-Identifier: MIT
--- How little memory a container needs: what the library itself takes of a limit.
local fixture = require "spec.support.fixture"
local lc = require "libcontainer"

describe("the smallest memory limit", function()
  fixture.check_leaks()

  local function run(factory, rootfs, limit)
    return lc.run { "true", rootfs = rootfs, memory = limit, cgroups = { memory_swap = limit }, factory = factory }
  end

  -- A program is copied into memory so that its image cannot be overwritten; the copy is the host's to pay for.
  it("is a program's own need and little more: 512 KiB are enough for a static one, every time [A90]", function()
    fixture.needs("root", "busybox", "release")
    local factory, rootfs = fixture.factory(), fixture.rootfs()
    for _ = 1, 20 do
      local r, err = run(factory, rootfs, 512 << 10)
      assert.equal(0, assert(r, tostring(err)).status)
      assert.is_true(r.usage.memory_peak <= 512 << 10)
    end
  end)

  it("that is too small for anything is an error that says so, and leaves nothing", function()
    fixture.needs("root", "busybox")
    local factory, rootfs = fixture.factory(), fixture.rootfs()
    for _, limit in ipairs { 4 << 10, 16 << 10, 64 << 10 } do
      local r, err = run(factory, rootfs, limit)
      assert.is_nil(r)
      assert.matches("memory", tostring(err))
      assert.same({}, assert(factory:list()))
    end
  end)
end)
