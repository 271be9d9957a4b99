-- SPDX-License-Identifier: MIT
--- podman of an ordinary user in a session of his: in a machine that systemd runs (`make check-engines-machine`).
local engine = require "spec.support.engine"
local sh, call, becomes = engine.sh, engine.call, engine.becomes

describe("podman of an ordinary user", function()
  local podman

  setup(function()
    if not engine.at then return end
    podman = ("podman --runtime %s "):format(engine.nsinit)
    sh("mkdir -p " .. engine.at)
    if not os.execute "command -v podman >/dev/null && command -v conmon >/dev/null" then return end
    sh(podman .. "import " .. engine.image() .. " localhost/bb")
  end)

  before_each(function()
    engine.needs("podman", "conmon", "busybox")
  end)

  it("has containers in scopes of his own systemd, with limits and a proc of their own", function()
    assert.equal("0\n67108864\n1", sh(podman .. "run --rm --network none -m 64m localhost/bb sh -c "
      .. "'id -u; cat /sys/fs/cgroup/memory.max; echo $$'"))
  end)

  it("has them without cgroups too", function()
    assert.equal("runs", sh(podman .. "--cgroup-manager cgroupfs run --rm --network none localhost/bb echo runs"))
  end)

  it("runs further programs, pauses, tells what is used, and leaves nothing", function()
    finally(function() call(podman .. "rm -f -t 0 c1") end)
    sh(podman .. "run -d --name c1 --network none localhost/bb sleep 1000")
    assert.equal("inside", sh(podman .. "exec c1 echo inside"))
    sh(podman .. "pause c1")
    assert.equal("paused", sh(podman .. "inspect -f '{{.State.Status}}' c1"))
    sh(podman .. "unpause c1")
    assert.truthy(sh(podman .. "stats --no-stream --format '{{.Name}} {{.PIDs}}' c1"):find "^c1 1$")
    sh(podman .. "kill -s KILL c1")
    becomes(podman .. "inspect -f '{{.State.ExitCode}}' c1", "137", 60)
    sh(podman .. "rm c1")
    assert.equal("", sh("ls " .. os.getenv "XDG_RUNTIME_DIR" .. "/nsinit"))
    becomes("systemctl --user list-units 'libpod-*' --no-legend | grep -cv conmon", "^0\n", 60)
  end)
end)
