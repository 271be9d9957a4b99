-- SPDX-License-Identifier: MIT
--- podman and conmon over nsinit, which stands in containers.conf.
local engine = require "spec.support.engine"
local fixture = require "spec.support.fixture"
local sh, call, becomes = engine.sh, engine.call, engine.becomes

describe("podman", function()
  local CONF <const> = [[
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
[engine]
events_logger = "file"
cgroup_manager = "cgroupfs"
runtime = "nsinit"
runtime_supports_json = ["nsinit", "crun", "runc"]
runtime_supports_nocgroup = ["nsinit", "crun"]
[engine.runtimes]
nsinit = ["%s"]
]]

  -- A command line of podman, p, in its own store.
  setup(function()
    if not engine.at then return end
    fixture.write(engine.at .. "/containers.conf", CONF:format(engine.nsinit))
    fixture.write(engine.at .. "/p", ([[#!/bin/sh
export CONTAINERS_CONF=%s/containers.conf
exec podman --root %s/store --runroot /run/pr --tmpdir /run/pt --storage-driver overlay "$@"
]]):format(engine.at, engine.at))
    sh("chmod +x " .. engine.at .. "/p; ln -s " .. engine.at .. "/p /run/p")
    if not os.execute "command -v podman >/dev/null && command -v conmon >/dev/null" then return end
    sh("/run/p import " .. engine.image() .. " localhost/bb")
  end)

  before_each(function()
    engine.needs("podman", "conmon", "busybox")
  end)

  local function detached(name, words)
    sh(("/run/p run -d --name %s --network none %s"):format(name, words))
    finally(function() call("/run/p rm -f -t 0 " .. name) end)
  end

  it("finds nsinit by its name in containers.conf, installed below an empty prefix", function()
    assert.equal("nsinit " .. engine.nsinit, sh "/run/p info -f '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}'")
    assert.truthy(sh("/run/p info -f '{{.Host.OCIRuntime.Version}}'"):find("nsinit version", 1, true))
  end)

  it("is called by conmon and podman in the words that they have for runc, with a log of JSON [O172] [O179]", function()
    sh "mkdir -p /run/w"
    fixture.write("/run/w/nsinit", ("#!/bin/sh\necho \"$@\" >>/run/calls\nexec %s \"$@\"\n"):format(engine.nsinit))
    sh "chmod +x /run/w/nsinit; rm -f /run/calls"
    finally(function() call "/run/p rm -f -t 0 w1" end)
    sh "/run/p --runtime /run/w/nsinit run -d --name w1 --network none localhost/bb sleep 1000"
    sh "/run/p exec w1 true"
    sh "/run/p rm -f -t 0 w1"
    local calls = fixture.read "/run/calls"
    local id = calls:match "\n?%S*[^\n]* create [^\n]* (%x+)\n"
    for _, pattern in ipairs { "create %-%-bundle %S+ %-%-pid%-file %S+ " .. id .. "\n", "start " .. id .. "\n",
      "exec [^\n]*%-%-pid%-file %S+ [^\n]*%-%-process %S+ [^\n]*%-%-detach [^\n]*" .. id .. "\n", "delete %-%-force " .. id .. "\n" } do
      assert.truthy(calls:find(pattern), pattern .. " in " .. calls)
    end
    assert.truthy(calls:find("--log-format=json --log ", 1, true), calls)
  end)

  it("goes without cgroups where it is asked to: the program stays in podman's", function()
    local own = fixture.read("/proc/self/cgroup")
    finally(function() call "/run/p rm -f -t 0 n1" end)
    sh "/run/p run -d --name n1 --cgroups disabled --network none localhost/bb sleep 1000"
    local pid = sh "/run/p inspect -f '{{.State.Pid}}' n1"
    assert.equal(own, fixture.read("/proc/" .. pid .. "/cgroup"))
    assert.equal(own, sh "/run/p exec n1 cat /proc/self/cgroup" .. "\n")
  end)

  it("gives the program the descriptors of socket activation, with a pid of conmon's making", function()
    fixture.write("/run/activated", "from the socket\n")
    assert.equal("from the socket\n1 1", sh [[exec 3</run/activated; export LISTEN_FDS=1 LISTEN_PID=$$
      exec /run/p run --rm --network none localhost/bb sh -c 'cat <&3; echo $LISTEN_FDS $LISTEN_PID']])
  end)

  it("runs a program and hands on its output, its input and how it ended", function()
    assert.equal("hello", sh "/run/p run --rm --network none localhost/bb echo hello")
    assert.equal("in", sh "echo in | /run/p run --rm -i --network none localhost/bb cat")
    assert.equal(7, (call "/run/p run --rm --network none localhost/bb sh -c 'exit 7'"))
    assert.equal(143, (call "/run/p run --rm --network none localhost/bb sh -c 'trap \"exit 143\" TERM; kill $$; sleep 9'"))
  end)

  it("knows by what nsinit says why a program cannot be run", function()
    local status, output = call "/run/p run --rm --network none localhost/bb /no/such"
    assert.equal(127, status)
    assert.truthy(output:find("no such file or directory", 1, true), output)
    status, output = call "/run/p run --rm --network none localhost/bb no-such"
    assert.equal(127, status)
    assert.truthy(output:find("executable file not found in $PATH", 1, true), output)
    status, output = call "/run/p run --rm --network none localhost/bb /bin/no-program"
    assert.equal(126, status)
    assert.truthy(output:find("permission denied", 1, true), output)
  end)

  it("has a terminal by run -it and by exec -it", function()
    -- What is written before podman has attached itself goes to the log alone; its terminal's size comes behind that.
    local shown = sh("script -qec 'stty rows 33 cols 77; /run/p run --rm -it --network none localhost/bb sh -c "
      .. "\"until stty size | grep -qx \\\"33 77\\\"; do sleep 0.01; done; tty\"' /dev/null")
    assert.truthy(shown:find "/dev/pts/0", shown)
    detached("t1", "localhost/bb sleep 1000")
    assert.truthy(sh("script -qec '/run/p exec -it t1 tty' /dev/null"):find "/dev/pts/")
    assert.truthy(sh("script -qec 'stty rows 33 cols 77; /run/p exec -it t1 sh -c \"sleep 0.3; stty size\"' /dev/null")
      :find "33 77")
  end)

  it("runs further programs, as whom and where and with what it is told", function()
    detached("e1", "localhost/bb sleep 1000")
    assert.equal("inside", sh "/run/p exec e1 echo inside")
    assert.equal("in", sh "echo in | /run/p exec -i e1 cat")
    assert.equal(9, (call "/run/p exec e1 sh -c 'exit 9'"))
    assert.equal("7:8 /tmp v", sh "/run/p exec -u 7:8 -w /tmp -e A=v e1 sh -c 'echo $(id -u):$(id -g) $PWD $A'")
    local status, output = call "/run/p exec e1 /no/such"
    assert.equal(127, status, output)
    status, output = call "/run/p exec e1 /bin/no-program"
    assert.equal(126, status, output)
    status, output = call "/run/p exec -w /no/such e1 true"
    assert.equal(127, status, output)
    sh "/run/p exec -d e1 sh -c 'echo there >/tmp/f'"
    becomes("/run/p exec e1 cat /tmp/f", "there")
    assert.truthy(sh("/run/p exec --privileged e1 grep CapEff /proc/self/status"):find "1ff%x+f$")
  end)

  it("pauses, unpauses, and tells what runs and what it takes", function()
    detached("s1", "-m 64m --pids-limit 50 localhost/bb sleep 1000")
    assert.truthy(sh("/run/p stats --no-stream --format '{{.Name}} {{.MemUsage}} {{.PIDs}}' s1"):find "^s1 %S+ / 67.11MB 1$")
    assert.truthy(sh("/run/p top s1"):find "sleep 1000")
    assert.truthy(sh("/run/p top s1 pid user comm"):find "sleep")
    sh "/run/p pause s1"
    assert.equal("paused", sh "/run/p inspect -f '{{.State.Status}}' s1")
    assert.not_equal(0, (call "/run/p exec s1 true"))
    sh "/run/p unpause s1"
    assert.equal("running", sh "/run/p inspect -f '{{.State.Status}}' s1")
    sh "/run/p exec s1 true"
  end)

  it("sends signals, stops and restarts", function()
    detached("k1", "localhost/bb sh -c 'trap \"echo hup\" HUP; trap \"echo bye; exit 5\" TERM; echo up; while :; do sleep 0.1; done'")
    becomes("/run/p logs k1", "up")
    sh "/run/p kill -s HUP k1"
    becomes("/run/p logs k1", "hup")
    sh "/run/p stop -t 10 k1"
    assert.equal("exited 5", sh "/run/p inspect -f '{{.State.Status}} {{.State.ExitCode}}' k1")
    sh "/run/p start k1"
    sh "/run/p restart -t 10 k1"
    assert.equal("running", sh "/run/p inspect -f '{{.State.Status}}' k1")
    sh "/run/p kill k1"
    becomes("/run/p inspect -f '{{.State.ExitCode}}' k1", "137")
    sh "/run/p rm k1"
  end)

  it("starts what it is to restart again", function()
    detached("r1", "--restart on-failure:2 localhost/bb sh -c 'echo once; exit 1'")
    becomes("/run/p inspect -f '{{.RestartCount}} {{.State.Status}}' r1", "2 exited")
    assert.equal("once\nonce\nonce", sh "/run/p logs r1")
  end)

  it("asks for health, by exec", function()
    detached("h1", "--health-cmd 'test -e /tmp/well' --health-interval disable --health-retries 1 localhost/bb sleep 1000")
    assert.not_equal(0, (call "/run/p healthcheck run h1"))
    sh "/run/p exec h1 touch /tmp/well"
    sh "/run/p healthcheck run h1"
    assert.equal("healthy", sh "/run/p inspect -f '{{.State.Healthcheck.Status}}' h1")
  end)

  it("changes limits of what runs", function()
    detached("u1", "-m 64m localhost/bb sleep 1000")
    local LIMIT <const> = "f=/sys/fs/cgroup/memory/memory.limit_in_bytes; [ -e $f ] || f=/sys/fs/cgroup/memory.max; cat $f"
    assert.equal("67108864", sh(("/run/p exec u1 sh -c '%s'"):format(LIMIT)))
    sh "/run/p update --memory 96m --memory-swap 96m --cpus 0.5 u1"
    assert.equal("100663296", sh(("/run/p exec u1 sh -c '%s'"):format(LIMIT)))
  end)

  it("confines what it is told to", function()
    local run <const> = "/run/p run --rm --network none "
    assert.truthy(sh(run .. "--cap-drop ALL localhost/bb grep CapEff /proc/self/status"):find "0000000000000000")
    assert.truthy(sh(run .. "--cap-add SYS_ADMIN localhost/bb grep CapBnd /proc/self/status"))
    assert.not_equal(0, (call(run .. "--read-only localhost/bb touch /f")))
    sh(run .. "--read-only --tmpfs /data localhost/bb touch /data/f")
    sh(run .. "--privileged localhost/bb mount -t tmpfs none /data")
    assert.equal("1234", sh(run .. "--ulimit nofile=1234:1234 --ulimit nproc=4096:4096 localhost/bb sh -c 'ulimit -n'"))
    assert.equal("7", sh(run .. "--sysctl kernel.shm_rmid_forced=1 --sysctl kernel.msgmni=7 localhost/bb cat /proc/sys/kernel/msgmni"))
    assert.truthy(sh(run .. "--device /dev/fuse localhost/bb ls /dev/fuse"):find "fuse")
    if os.execute "command -v catatonit >/dev/null" then
      assert.equal("podman-init", sh(run .. "--init localhost/bb cat /proc/1/comm"))
    end
    assert.equal("0 1000", sh(run .. "--uidmap 0:1000:10 --gidmap 0:1000:10 localhost/bb awk '{ print $1, $2 }' /proc/self/uid_map"))
  end)

  it("mounts volumes and shares namespaces", function()
    sh("mkdir -p /run/v && echo there >/run/v/f")
    assert.equal("there", sh "/run/p run --rm --network none -v /run/v:/data:ro localhost/bb cat /data/f")
    assert.not_equal(0, (call "/run/p run --rm --network none -v /run/v:/data:ro localhost/bb touch /data/g"))
    sh "/run/p run --rm --network none -v vol:/data localhost/bb sh -c 'echo kept >/data/f'"
    assert.equal("kept", sh "/run/p run --rm --network none -v vol:/data localhost/bb cat /data/f")
    detached("n1", "localhost/bb sleep 1000")
    assert.truthy(sh("/run/p run --rm --network container:n1 --pid container:n1 --ipc container:n1 localhost/bb ps"):find "sleep 1000")
  end)

  it("runs two containers of a pod, in the same namespaces", function()
    finally(function() call "/run/p pod rm -f -t 0 pd" end)
    sh "/run/p pod create --name pd --network none --infra-image localhost/bb --infra-command 'sleep 1000'"
    sh "/run/p run -d --pod pd --name pa localhost/bb sleep 1000"
    sh "/run/p run -d --pod pd --name pb localhost/bb sleep 1000"
    assert.equal(sh "/run/p exec pa readlink /proc/self/ns/uts", sh "/run/p exec pb readlink /proc/self/ns/uts")
    sh "/run/p pod pause pd && /run/p pod unpause pd && /run/p pod restart pd"
    sh "/run/p pod stop -t 0 pd && /run/p pod rm pd"
  end)

  it("plays the YAML of a Kubernetes pod", function()
    fixture.write(engine.at .. "/pod.yaml", [[
apiVersion: v1
kind: Pod
metadata: { name: play }
spec:
  hostNetwork: true
  containers:
  - name: one
    image: localhost/bb
    command: ["sh", "-c", "echo played; sleep 1000"]
    resources: { limits: { memory: 64Mi } }
  - name: two
    image: localhost/bb
    command: ["sleep", "1000"]
    securityContext: { readOnlyRootFilesystem: true, runAsUser: 7 }
]])
    finally(function() call("/run/p kube down " .. engine.at .. "/pod.yaml; /run/p pod rm -f -t 0 play") end)
    sh("/run/p kube play " .. engine.at .. "/pod.yaml")
    becomes("/run/p logs play-one", "played")
    assert.equal("7", sh "/run/p exec play-two id -u")
    sh("/run/p kube down " .. engine.at .. "/pod.yaml")
  end)

  it("removes what runs, and leaves no cgroup, mount or state", function()
    sh "/run/p run -d --name x1 --network none localhost/bb sleep 1000"
    sh "/run/p rm -f -t 0 x1"
    assert.equal("", sh "/run/p ps -aq")
    assert.equal("", sh "find /sys/fs/cgroup -type d -name 'libpod-[0-9a-f]*'")
    assert.equal("", sh "ls -A /run/nsinit 2>/dev/null || :")
  end)
end)
