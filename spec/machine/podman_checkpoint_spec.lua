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

  -- Start one whose program counts.
  local function start(name, options)
    sh(("%s run -d --name %s %s localhost/bb sh -c "):format(podman, name, options)
      .. "'i=0; while :; do i=$((i+1)); echo $i >/tmp/new; mv /tmp/new /tmp/count; sleep 0.1; done'")
    finally(function() call(("%s rm -f -t 0 %s"):format(podman, name)) end)
    engine.becomes(("%s exec %s cat /tmp/count"):format(podman, name), "^%d", 60)
  end

  -- How far its program has counted.
  local function count(name)
    return tonumber(sh(("%s exec %s cat /tmp/count"):format(podman, name)))
  end

  local function status(name)
    return sh(("%s inspect -f '{{.State.Status}}' %s"):format(podman, name))
  end

  it("writes a container into files or an archive, and restores it, where it counts on [O166] [O174]", function()
    start("c1", "--network none")
    sh(podman .. "container checkpoint c1")
    assert.equal("exited", status "c1")
    sh(podman .. "container restore c1")
    assert.equal("running", status "c1")
    local before = count "c1"
    assert.is_true(before > 1)
    sh(("%s container checkpoint --leave-running --export %s/c1.tar.gz c1"):format(podman, at))
    assert.is_true(count "c1" >= before)
  end)

  it("restores one from an archive alone under another name, where nothing of it is left [O166] [O174]", function()
    sh(("mkdir -p %s/volume && echo text >%s/volume/file"):format(at, at))
    start("c2", ("--network none -v %s/volume:/deep/volume"):format(at))
    local before = count "c2"
    sh(("%s container checkpoint --export %s/c2.tar.gz c2"):format(podman, at))
    sh(podman .. "rm c2")
    finally(function() call(podman .. "rm -f -t 0 c3") end)
    sh(("%s container restore --import %s/c2.tar.gz --name c3"):format(podman, at))
    assert.equal("running", status "c3")
    assert.is_true(count "c3" >= before)
    assert.equal("text", sh(podman .. "exec c3 cat /deep/volume/file"))
    local now = count "c3"
    engine.becomes(("[ $(%s exec c3 cat /tmp/count) -gt %d ] && echo more"):format(podman, now), "^more", 60)
  end)

  it("refuses the checkpoint of one whose network namespace it was given, and that runs on [O166]", function()
    sh "ip netns add given"
    finally(function() call "ip netns delete given" end)
    start("c4", "--network ns:/run/netns/given")
    local before = count "c4"
    local failed, output = call(podman .. "container checkpoint c4")
    assert.is_true(failed ~= 0)
    assert.truthy(output:find("the network namespace is joined", 1, true), output)
    assert.equal("running", status "c4")
    engine.becomes(("[ $(%s exec c4 cat /tmp/count) -gt %d ] && echo more"):format(podman, before), "^more", 60)
  end)
end)
