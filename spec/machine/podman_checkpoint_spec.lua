-- SPDX-License-Identifier: MIT
--- podman's checkpoints, by nsinit and criu: in a machine whose kernel criu knows (`make check-engines-machine`).
local engine = require "spec.support.engine"
local fixture = require "spec.support.fixture"
local sh, call = engine.sh, engine.call

describe("podman", function()
  local podman, at

  setup(function()
    if not engine.at then return end
    at = engine.at
    podman = ("podman --root %s/storage --runroot %s/run --runtime %s --cgroup-manager cgroupfs "):format(at, at,
      engine.nsinit)
    sh("mkdir -p " .. at)
    if not os.execute "command -v podman >/dev/null && command -v conmon >/dev/null" then return end
    sh(podman .. "import " .. engine.image() .. " localhost/bb")
  end)

  teardown(function()
    if at then call(("umount %s/storage/overlay"):format(at)) end -- podman makes it a mount, and leaves it
  end)

  before_each(function()
    engine.needs("podman", "conmon", "busybox", "criu")
    fixture.needs("root", "criu")
  end)

  -- How far its program has counted.
  local function count()
    return tonumber(sh(podman .. "exec c1 cat /tmp/count"))
  end

  it("writes a container into files or an archive, and restores it, where it counts on [O166] [O174]", function()
    finally(function() call(podman .. "rm -f -t 0 c1") end)
    sh(podman .. "run -d --name c1 --network none localhost/bb sh -c "
      .. "'i=0; while :; do i=$((i+1)); echo $i >/tmp/new; mv /tmp/new /tmp/count; sleep 0.1; done'")
    engine.becomes(podman .. "exec c1 cat /tmp/count", "^%d", 60)
    sh(podman .. "container checkpoint c1")
    assert.equal("exited", sh(podman .. "inspect -f '{{.State.Status}}' c1"))
    sh(podman .. "container restore c1")
    assert.equal("running", sh(podman .. "inspect -f '{{.State.Status}}' c1"))
    local before = count()
    assert.is_true(before > 1)
    sh(("%s container checkpoint --leave-running --export %s/c1.tar.gz c1"):format(podman, at))
    assert.is_true(count() >= before)
  end)
end)
