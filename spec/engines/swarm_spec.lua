-- SPDX-License-Identifier: MIT
--- A swarm of one node, whose tasks nsinit runs.
local engine = require "spec.support.engine"
local sh, becomes = engine.sh, engine.becomes

describe("Swarm", function()
  setup(function()
    if not engine.at or not os.execute "command -v dockerd >/dev/null && command -v docker >/dev/null" then return end
    engine.docker()
    sh("docker import " .. engine.image() .. " bb:1 && docker tag bb:1 bb:2")
    sh "docker swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1"
  end)

  before_each(function()
    engine.needs("dockerd", "docker", "containerd", "busybox")
  end)

  -- How many tasks run, by docker and by the runtime's own list.
  local function count(number, image)
    becomes(("docker service ps -f desired-state=running --format '{{.Image}} {{.CurrentState}}' s | grep -c '^%s Running'")
      :format(image or "bb:1"), "^" .. number .. "\n", 120)
    becomes(("%s --root /run/docker/runtime-runc/moby list | grep -c running"):format(engine.nsinit), "^" .. number .. "\n", 60)
  end

  it("runs five replicas by nsinit, ten, five again, replaces one that is killed, and updates all one by one", function()
    sh("docker service create -d --name s --replicas 5 --network host --restart-delay 0s --update-delay 0s "
      .. "--limit-memory 64m --stop-grace-period 1s --no-resolve-image bb:1 sh -c 'trap \"exit 0\" TERM; while :; do sleep 0.2; done'")
    count(5)
    assert.equal("nsinit", sh "docker inspect -f '{{.HostConfig.Runtime}}' $(docker ps -q) | sort -u")
    sh "docker service scale -d s=10"
    count(10)
    sh "docker service scale -d s=5"
    count(5)

    -- Whichever runs: one that the scaling has ended is listed for a moment still, and then it is no victim.
    local victim = becomes("docker kill $(docker ps -q -f status=running -f name=^s\\. | head -1)", "^%x+\n$", 60)
      :match "%x+"
    becomes("docker ps -q", "^[^\n]*\n[^\n]*\n[^\n]*\n[^\n]*\n[^\n]*\n$", 60)
    count(5)
    assert.falsy(sh("docker ps -q"):find(victim, 1, true))

    sh "docker service update -d --no-resolve-image --image bb:2 s"
    count(5, "bb:2")
    becomes("docker service inspect -f '{{.UpdateStatus.State}}' s", "completed", 120)

    sh "docker service rm s"
    becomes("docker ps -q", "^$", 60)
    becomes(engine.nsinit .. " --root /run/docker/runtime-runc/moby list -q", "^$", 60)
    sh "docker swarm leave --force"
  end)
end)
