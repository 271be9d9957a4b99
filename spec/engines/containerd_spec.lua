-- SPDX-License-Identifier: MIT
--- containerd's runc shim over nsinit, by ctr.
local engine = require "spec.support.engine"
local fixture = require "spec.support.fixture"
local sh, call, becomes = engine.sh, engine.call, engine.becomes

describe("containerd", function()
  local CONF <const> = [[
version = 2
root = "%s/root"
state = "/run/cd/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "/run/cd/socket"
]]

  setup(function()
    if not engine.at or not os.execute "command -v containerd >/dev/null && command -v ctr >/dev/null" then return end
    engine.image()
    fixture.write(engine.at .. "/cd.toml", CONF:format(engine.at))
    sh("mkdir -p /run/cd")
    fixture.write("/run/c", "#!/bin/sh\nexec ctr -a /run/cd/socket \"$@\"\n")
    fixture.write("/run/r", ("#!/bin/sh\nexec ctr -a /run/cd/socket run --runc-binary %s --rootfs \"$@\"\n"):format(engine.nsinit))
    sh("chmod +x /run/c /run/r; cp -a " .. engine.at .. "/rootfs /run/rootfs")
    engine.daemon("containerd -c cd.toml")
    becomes("/run/c version", "Server:", 60)
  end)

  before_each(function()
    engine.needs("containerd", "ctr", "containerd-shim-runc-v2", "busybox", "umoci")
  end)

  local function detached(name, options, words)
    sh(("/run/r -d %s /run/rootfs %s %s"):format(options, name, words))
    finally(function() call(("/run/c t kill -s KILL %s; /run/c t rm -f %s; /run/c c rm %s"):format(name, name, name)) end)
  end

  it("runs a program and hands on its output and how it ended", function()
    assert.equal("hello", sh "/run/r --rm /run/rootfs a1 /bin/echo hello")
    assert.equal(7, (call "/run/r --rm /run/rootfs a2 /bin/sh -c 'exit 7'"))
    assert.truthy(sh("script -qec '/run/r --rm -t /run/rootfs a3 /bin/tty' /dev/null"):find "/dev/pts/")
    local status, output = call "/run/r --rm /run/rootfs a4 /no/such"
    assert.not_equal(0, status)
    assert.truthy(output:find("no such file or directory", 1, true), output)
  end)

  it("runs an image that is a directory of an OCI layout", function()
    sh(([[cd %s && umoci init --layout layout && umoci new --image layout:bb &&
      umoci unpack --image layout:bb raw && cp -a rootfs/. raw/rootfs/ && umoci repack --image layout:bb raw &&
      umoci config --image layout:bb --config.user 7:8 --config.cmd /bin/sh --config.cmd -c \
        --config.cmd 'echo imported $(id -u):$(id -g)' && tar -C layout -cf layout.tar . &&
      /run/c i import --base-name localhost/bb layout.tar]]):format(engine.at))
    assert.equal("imported 7:8", sh(("/run/c run --rm --runc-binary %s localhost/bb:bb i1"):format(engine.nsinit)))
  end)

  it("runs further programs, and tells of their ends", function()
    detached("b1", "", "/bin/sleep 1000")
    becomes("/run/c t ls", "b1%s+%d+%s+RUNNING")
    assert.equal("inside", sh "/run/c t exec --exec-id e1 b1 /bin/echo inside")
    assert.equal(9, (call "/run/c t exec --exec-id e2 b1 /bin/sh -c 'exit 9'"))
    assert.truthy(sh("script -qec '/run/c t exec --tty --exec-id e3 b1 /bin/tty' /dev/null"):find "/dev/pts/")
    assert.equal("7", sh "/run/c t exec --user 7:8 --exec-id e4 b1 /bin/id -u")
    assert.equal("/tmp", sh "/run/c t exec --cwd /tmp --exec-id e5 b1 /bin/pwd")
    local status, output = call "/run/c t exec --exec-id e6 b1 /no/such"
    assert.not_equal(0, status)
    assert.truthy(output:find("no such file or directory", 1, true), output)
    assert.truthy(sh("/run/c t ps b1"):find "%d")
  end)

  it("measures, pauses and resumes", function()
    detached("b2", "--memory-limit 67108864", "/bin/sleep 1000")
    assert.equal("67108864", sh [[cd /sys/fs/cgroup; f=memory/default/b2/memory.limit_in_bytes
      [ -e $f ] || f=default/b2/memory.max; cat $f]])
    assert.truthy(sh("/run/c t metrics b2"):find "memory")
    sh "/run/c t pause b2"
    assert.truthy(sh("/run/c t ls"):find "b2%s+%d+%s+PAUSED")
    sh "/run/c t resume b2"
    assert.truthy(sh("/run/c t ls"):find "b2%s+%d+%s+RUNNING")
  end)

  it("gives what ctr's options ask for", function()
    local run <const> = "/run/r --rm "
    assert.truthy(sh(run .. "--cap-add CAP_SYS_ADMIN /run/rootfs o1 /bin/grep CapBnd /proc/self/status"):find "a82425fb")
    assert.equal("v", sh(run .. "--env A=v /run/rootfs o2 /bin/sh -c 'echo $A'"))
    assert.equal("root:x:0:0:root:/root:/bin/sh", sh(run .. "--mount type=bind,src=" .. engine.at
      .. "/rootfs/etc,dst=/data,options=rbind:ro /run/rootfs o3 /bin/cat /data/passwd"))
    assert.equal("512", sh(run .. "--cpu-shares 512 --device /dev/fuse /run/rootfs o5 /bin/sh -c 'ls /dev/fuse >/dev/null && echo 512'"))
    assert.equal("/tmp", sh(run .. "--cwd /tmp /run/rootfs o6 /bin/pwd"))
    assert.not_equal(0, (call(run .. "--read-only /run/rootfs o7 /bin/touch /f")))
    sh(run .. "--privileged /run/rootfs o8 /bin/mount -t tmpfs none /data")
    assert.truthy(sh(run .. "--seccomp /run/rootfs o9 /bin/grep Seccomp: /proc/self/status"):find "2")
    assert.equal("1000", sh(run .. "--pid-file /run/o10.pid --label a=b --annotation c=d --rootfs-propagation private /run/rootfs o10 /bin/echo 1000"))
  end)

  it("tells what happened as events", function()
    sh "{ /run/c events >/run/events 2>&1 & echo $! >/run/events.pid; }"
    finally(function() sh "kill $(cat /run/events.pid)" end)
    becomes("/run/r --rm /run/rootfs v1 /bin/true; cat /run/events", "/tasks/exit")
    local events = becomes("cat /run/events", "/tasks/delete")
    for _, topic in ipairs { "/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete" } do
      assert.truthy(events:find(topic, 1, true), topic)
    end
  end)

  it("hears of a program that ran out of memory", function()
    sh "{ /run/c events >/run/events2 2>&1 & echo $! >/run/events2.pid; }"
    finally(function() sh "kill $(cat /run/events2.pid)" end)
    assert.equal(137, (call "/run/r --rm --memory-limit 16777216 /run/rootfs m1 /bin/tail /dev/zero"))
    becomes("cat /run/events2", "/tasks/oom")
  end)

  it("kills and deletes, and leaves no cgroup and no state", function()
    detached("k1", "", "/bin/sleep 1000")
    sh "/run/c t exec -d --exec-id e1 k1 /bin/sleep 1000"
    sh "/run/c t kill -s KILL k1"
    becomes("/run/c t ls", "k1%s+%d+%s+STOPPED")
    sh "/run/c t rm k1; /run/c c rm k1"
    detached("k2", "", "/bin/sh -c 'trap \"exit 5\" TERM; while :; do sleep 0.1; done'")
    becomes("/run/c t kill -s TERM k2; /run/c t ls", "k2%s+%d+%s+STOPPED")
    sh "/run/c t rm k2; /run/c c rm k2"
    detached("k3", "", "/bin/sleep 1000")
    sh "/run/c t rm -f k3; /run/c c rm k3"
    assert.equal("", sh "/run/c c ls -q")
    assert.equal("", sh "find /sys/fs/cgroup -type d -path '*/default/*'")
    assert.equal("", sh "ls -A /run/containerd/runc/default 2>/dev/null || :")
  end)
end)
