-- SPDX-License-Identifier: MIT
-- nsinit as an ordinary user calls it: run by `make check-rootless`.
local command = require "spec.support.command"
local core = require "libcontainer.core"
local fixture = require "spec.support.fixture"
local lc = require "libcontainer"

-- Has he a cgroup in which he may make some?
local function may_make_cgroups()
  local box <close> = assert(assert(lc.new(fixture.root(), { cgroups = "auto" })):create(fixture.id(), { rootfs = "/" }))
  return #assert(box:state()).cgroup_places > 0
end

describe("nsinit of an ordinary user", function()
  fixture.check_leaks()
  local nsinit, has = command.nsinit, command.has

  before_each(function()
    fixture.needs "busybox"
    command.fresh()
  end)

  local function bundle(args, change)
    return command.bundle(args, function(document)
      table.insert(document.linux.namespaces, { type = "user" })
      document.linux.uidMappings = { { containerID = 0, hostID = core.uid(), size = 1 } }
      document.linux.gidMappings = { { containerID = 0, hostID = core.gid(), size = 1 } }
      document.linux.resources = nil
      if change then change(document) end
    end)
  end

  it("runs a bundle that spec --rootless has written", function()
    local path = command.bundle { "true" }
    os.remove(path .. "/config.json")
    local ended = nsinit("--rootless=auto", "spec", "--rootless", "-b", path)
    assert.same({ "", 0 }, { ended.stderr, ended.status })
    fixture.sh([[sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"id", "-u"/' %s/config.json]], path)
    ended = nsinit("--rootless=auto", "run", "-b", path, "box")
    assert.same({ "0\n", "", 0 }, { ended.stdout, ended.stderr, ended.status })
  end)

  it("goes without cgroups where he may make none, unless it is told not to [O147]", function()
    local path, may_make = bundle { "echo", "runs" }, may_make_cgroups()
    for _, wish in ipairs { "true", "auto" } do
      local ended = nsinit("--rootless=" .. wish, "run", "-b", path, "box")
      assert.same({ "runs\n", "", 0 }, { ended.stdout, ended.stderr, ended.status }, wish)
    end
    local ended = nsinit("--rootless=false", "run", "-b", path, "box")
    assert.equal(may_make and 0 or 1, ended.status)
    if not may_make then has(ended.stderr, "cgroup") end
    ended = nsinit("--rootless=perhaps", "run", "-b", path, "box")
    assert.equal(1, ended.status)
    has(ended.stderr, "--rootless perhaps: must be true, false or auto")
  end)

  it("says of a limit that it takes a cgroup, and does not run without it [O147]", function()
    if may_make_cgroups() then fixture.skip "needs a user who may make no cgroup" end
    local ended = nsinit("--rootless=true", "run", "-b", bundle({ "echo", "runs" }, function(document)
      document.linux.resources = { pids = { limit = 50 } }
    end), "box")
    assert.same({ "", 1 }, { ended.stdout, ended.status })
    has(ended.stderr, "this user may make no cgroup here")
    assert.equal("", nsinit("--rootless=true", "list", "-q").stdout)
  end)
end)
