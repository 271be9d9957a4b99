-- SPDX-License-Identifier: MIT
-- SELinux labels: given to programs by the kernel at their exec and to the files of new file systems, and read back
-- from it. The policy is ours and allows everything: which label is allowed what is none of our business.
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"

local OWN <const>, LABEL <const>, FILES <const> = "base_u:base_r:base_t", "base_u:base_r:box_t", "base_u:base_r:box_file_t"

-- As the host sees it: what a process may say of itself proves nothing.
local function label_of(pid)
  return (fixture.read(("/proc/%d/attr/current"):format(pid)) or ""):match("[^\n\0]*")
end

-- Of a file as the host sees it, through the root of a process.
local function file_label(pid, path)
  return fixture.sh("ls -dZ /proc/%d/root%s", pid, path):match("^%S+")
end

describe("an SELinux label", function()
  fixture.check_leaks()

  -- load-policy has been here
  local function needs()
    fixture.needs("root", "busybox")
    if label_of(core.pid()) == OWN then return true end
    pending("needs a kernel with SELinux and the policy of spec/selinux, as make check-selinux has them")
  end

  local function box_of(more)
    local config = { rootfs = fixture.rootfs(), process_label = LABEL, mount_label = FILES }
    for key, value in pairs(more or {}) do config[key] = value end
    return assert(fixture.factory():create(fixture.id(), configs.default(config)))
  end

  it("is that of the first program and of further ones, whatever their user and no_new_privileges [O16]", function()
    if not needs() then return end
    assert.is_true(core.features().selinux)
    for _, more in ipairs { {}, { no_new_privileges = false } } do
      local box <close> = box_of(more)
      local first = assert(box:start { "sleep", "1000" })
      assert.equal(LABEL, label_of(first:pid()))
      assert.equal(LABEL, label_of(assert(box:start { args = { "sleep", "1000" }, user = "1000" }):pid()))
      assert.equal(FILES,
        label_of(assert(box:start { args = { "sleep", "1000" }, process_label = FILES }):pid()))
    end
  end)

  it("is that of the files of new file systems, and of no other one [O16]", function()
    if not needs() then return end
    local box <close> = box_of { mounts = { { destination = "/own", type = "tmpfs", source = "tmpfs" } } }
    local pid = assert(box:start { "sh", "-c", "touch /own/file /dev/shm/file; exec sleep 1000" }):pid()
    local shown = inside.mounts(fixture.read(("/proc/%d/mountinfo"):format(pid)))
    for _, point in ipairs { "/own", "/dev", "/dev/shm" } do
      assert.is_true(inside.mount_at(shown, point).super["context=" .. FILES], point)
      assert.equal(FILES, file_label(pid, point), point)
    end
    assert.is_nil(inside.mount_at(shown, "/proc").super["context=" .. FILES])
  end)

  it("that no policy knows fails the start, and is named [O16] [A86]", function()
    if not needs() then return end
    local err = inside.refused({ process_label = "base_u:base_r:nothing_t" }, "true")
    assert.same({ "label", "base_u:base_r:nothing_t", "process_label" }, { err.step, err.subject, err.field })
    err = inside.refused({ mount_label = "base_u:base_r:nothing_t" }, "true")
    assert.equal("mount", err.step)
  end)
end)
