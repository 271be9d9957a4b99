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

  -- The name of a namespace, as a program on the host and one inside see it.
  local function namespaces_of(options)
    local inside = sh(podman .. "run --rm " .. options
      .. " localhost/bb sh -c 'for n in pid net ipc user; do readlink /proc/self/ns/$n; done; id -u'")
    local list = {}
    for line in inside:gmatch "[^\n]+" do list[#list + 1] = line end
    return { pid = list[1], net = list[2], ipc = list[3], user = list[4], id = list[5] }
  end

  it("shares namespaces of the host with them, the proc of the host too", function()
    local ours = { pid = sh "readlink /proc/self/ns/pid", net = sh "readlink /proc/self/ns/net",
      ipc = sh "readlink /proc/self/ns/ipc" }
    local theirs = namespaces_of "--pid host --ipc host --network host"
    assert.same(ours, { pid = theirs.pid, net = theirs.net, ipc = theirs.ipc })
    theirs = namespaces_of "--network none"
    for name, link in pairs(ours) do assert.not_equal(link, theirs[name]) end
    assert.equal("0", theirs.id)
    assert.equal(sh "id -u", namespaces_of("--network none --userns keep-id").id)
  end)

  it("has them with volumes, and with an init of podman's", function()
    sh(("mkdir -p %s/volume && echo text >%s/volume/file"):format(engine.at, engine.at))
    assert.equal("text", sh(podman .. ("run --rm --network none -v %s/volume:/v localhost/bb sh -c "):format(engine.at)
      .. "'cat /v/file; echo more >>/v/file'"))
    assert.equal("text\nmore", sh(("cat %s/volume/file"):format(engine.at)))
    assert.truthy(sh(podman .. "run --rm --network none --init localhost/bb sh -c 'cat /proc/1/cmdline'"):find "init")
  end)

  it("runs a program on a terminal, and stops the container", function()
    finally(function() call(podman .. "rm -f -t 0 c2") end)
    sh(podman .. "run -d --name c2 --network none localhost/bb sleep 1000")
    assert.truthy(sh(("script -qec '%s exec -it c2 tty' /dev/null"):format(podman)):find("/dev/pts/0", 1, true))
    sh(podman .. "stop -t 0 c2")
    assert.equal("exited 137", sh(podman .. "inspect -f '{{.State.Status}} {{.State.ExitCode}}' c2"))
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
