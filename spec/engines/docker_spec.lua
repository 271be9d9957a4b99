-- SPDX-License-Identifier: MIT
--- Docker, whose default runtime is nsinit.
local engine = require "spec.support.engine"
local fixture = require "spec.support.fixture"
local sh, call, becomes = engine.sh, engine.call, engine.becomes

describe("Docker", function()
  setup(function()
    if not engine.at or not os.execute "command -v dockerd >/dev/null && command -v docker >/dev/null" then return end
    engine.docker()
    sh("docker import " .. engine.image() .. " bb")
  end)

  before_each(function()
    engine.needs("dockerd", "docker", "containerd", "busybox")
  end)

  local function detached(name, words)
    sh(("docker run -d --name %s --network none %s"):format(name, words))
    finally(function() call("docker rm -f " .. name) end)
  end

  it("takes nsinit for its default runtime, and what it says of itself", function()
    assert.equal("nsinit", sh "docker info --format '{{.DefaultRuntime}}'")
    assert.falsy(sh("cat " .. engine.at .. "/daemon.log"):find "ailed to .*runtime.*nsinit")
  end)

  it("runs a program and hands on its output, its input and how it ended", function()
    local run <const> = "docker run --rm --network none "
    assert.equal("hello", sh(run .. "bb echo hello"))
    assert.equal("in", sh("echo in | " .. run .. "-i bb cat"))
    assert.equal(7, (call(run .. "bb sh -c 'exit 7'")))
    assert.equal(137, (call(run .. "bb sh -c 'kill -9 $$; exec sh -c \"kill -9 1; sleep 1; exit 137\"'")))
    assert.truthy(sh("script -qec '" .. run .. "-it bb tty' /dev/null"):find "/dev/pts/0")
  end)

  it("knows by what nsinit says why a program cannot be run: 125, 126, 127", function()
    local run <const> = "docker run --rm --network none "
    for words, wanted in pairs { ["--nosuch bb true"] = 125, ["bb /bin/no-program"] = 126, ["bb /etc"] = 126,
      ["bb /no/such"] = 127, ["bb no-such"] = 127, ["-v /run/d.json:/bin bb true"] = 125,
      ["--sysctl kernel.nosuch=1 bb true"] = 125, ["-u nobody bb true"] = 125 } do
      local status, output = call(run .. words)
      assert.equal(wanted, status, words .. ": " .. output)
      assert.falsy(output:find "did not terminate successfully", output)
    end
    assert.truthy(select(2, call(run .. "-v /run/d.json:/bin bb true")):find("Are you trying to mount a directory onto a file", 1, true))
  end)

  it("runs further programs, as whom and where and with what it is told", function()
    detached("e1", "bb sleep 1000")
    assert.equal("inside", sh "docker exec e1 echo inside")
    assert.equal("in", sh "echo in | docker exec -i e1 cat")
    assert.equal(9, (call "docker exec e1 sh -c 'exit 9'"))
    assert.equal("7:8 /tmp v", sh "docker exec -u 7:8 -w /tmp -e A=v e1 sh -c 'echo $(id -u):$(id -g) $PWD $A'")
    assert.truthy(sh("script -qec 'docker exec -it e1 tty' /dev/null"):find "/dev/pts/")
    -- all that both Docker and this machine know: those of a machine without CAP_SYS_RESOURCE are one less
    assert.truthy(sh("docker exec --privileged e1 grep CapEff /proc/self/status"):find "f[ef]ffffff$")
    local status, output = call "docker exec e1 /no/such"
    assert.is_true(status == 126 or status == 127, output)
    assert.truthy(output:find("no such file or directory", 1, true), output)
    status, output = call "docker exec e1 /bin/no-program"
    assert.equal(126, status, output)
    status, output = call "docker exec -w /no/such e1 true"
    assert.is_true(status == 126 or status == 127, output)
    sh "docker exec -d e1 sh -c 'echo there >/tmp/f'"
    becomes("docker exec e1 cat /tmp/f", "there")
  end)

  it("tells what runs and what it takes, pauses it and changes its limits", function()
    detached("s1", "-m 64m --memory-swap 64m --pids-limit 50 bb sleep 1000")
    assert.truthy(sh("docker stats --no-stream --format '{{.Name}} {{.MemUsage}} {{.PIDs}}' s1"):find "^s1 %S+ / 64MiB 1$")
    assert.truthy(sh("docker top s1"):find "sleep 1000")
    sh "docker update --memory 96m --memory-swap 96m --cpus 0.5 --pids-limit 77 s1"
    assert.equal("100663296", sh [[docker exec s1 sh -c 'f=/sys/fs/cgroup/memory/memory.limit_in_bytes
      [ -e $f ] || f=/sys/fs/cgroup/memory.max; cat $f']])
    assert.equal("77", sh [[docker exec s1 sh -c 'f=/sys/fs/cgroup/pids/pids.max; [ -e $f ] || f=/sys/fs/cgroup/pids.max; cat $f']])
    sh "docker pause s1"
    assert.equal("paused", sh "docker inspect -f '{{.State.Status}}' s1")
    assert.not_equal(0, (call "docker exec s1 true"))
    sh "docker unpause s1"
    sh "docker exec s1 true"
  end)

  it("sends signals, stops, starts and restarts", function()
    detached("k1", "bb sh -c 'trap \"echo hup\" HUP; trap \"echo bye; exit 5\" TERM; echo up; while :; do sleep 0.1; done'")
    becomes("docker logs k1", "up")
    sh "docker kill -s HUP k1"
    becomes("docker logs k1", "hup")
    sh "docker stop -t 10 k1"
    assert.equal("exited 5", sh "docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' k1")
    sh "docker start k1"
    sh "docker restart -t 10 k1"
    assert.equal("running", sh "docker inspect -f '{{.State.Status}}' k1")
    sh "docker kill k1"
    becomes("docker inspect -f '{{.State.ExitCode}}' k1", "137")
    sh "docker rm k1"
  end)

  it("starts again by its restart policies", function()
    detached("r1", "--restart on-failure:2 bb sh -c 'echo once; exit 1'")
    becomes("docker inspect -f '{{.RestartCount}} {{.State.Status}}' r1", "2 exited")
    detached("r2", "--restart always bb sh -c 'sleep 0.1'")
    becomes("docker inspect -f '{{.RestartCount}}' r2", "[1-9]")
    detached("r3", "--restart unless-stopped bb sleep 1000")
    sh "docker exec r3 kill -9 1; docker stop -t 0 r3"
    assert.equal("exited", sh "docker inspect -f '{{.State.Status}}' r3")
  end)

  it("asks for health, by exec", function()
    detached("h1", "--health-cmd 'test -e /tmp/well' --health-interval 1s --health-retries 1 bb sleep 1000")
    becomes("docker inspect -f '{{.State.Health.Status}}' h1", "unhealthy")
    sh "docker exec h1 touch /tmp/well"
    becomes("docker inspect -f '{{.State.Health.Status}}' h1", "^healthy")
  end)

  it("confines what it is told to, and no more", function()
    local run <const> = "docker run --rm --network none "
    assert.truthy(sh(run .. "--init bb cat /proc/1/comm"):find "docker%-init")
    assert.not_equal(0, (call(run .. "--read-only bb touch /f")))
    sh(run .. "--read-only --tmpfs /data:size=1m bb touch /data/f")
    sh(run .. "--privileged bb mount -t tmpfs none /data")
    assert.not_equal(0, (call(run .. "bb mount -t tmpfs none /data")))
    assert.truthy(sh(run .. "--cap-drop ALL bb grep CapEff /proc/self/status"):find "0000000000000000")
    assert.truthy(sh(run .. "--cap-drop ALL --cap-add KILL bb grep CapEff /proc/self/status"):find "0000000000000020")
    assert.equal("1234", sh(run .. "--ulimit nofile=1234:1234 bb sh -c 'ulimit -n'"))
    assert.equal("7", sh(run .. "--sysctl kernel.msgmni=7 bb cat /proc/sys/kernel/msgmni"))
    assert.truthy(sh(run .. "--device /dev/fuse:/dev/f bb ls -l /dev/f"):find "10, *229")
    assert.equal("box", sh(run .. "--hostname box bb hostname"))
    assert.equal("7", sh(run .. "-u 7 bb id -u"))
    assert.equal("5", sh(run .. "--oom-score-adj 5 bb cat /proc/self/oom_score_adj"))
    assert.truthy(sh(run .. "--security-opt no-new-privileges bb grep NoNewPrivs /proc/self/status"):find "1")
    assert.truthy(sh(run .. "--shm-size 1m bb df -k /dev/shm"):find "1024")
    sh(run .. "bb grep -q ' /proc/sys ' /proc/self/mountinfo")
    sh(run .. "--security-opt systempaths=unconfined bb sh -c '! grep -q \" /proc/sys \" /proc/self/mountinfo'")
    assert.truthy(sh(run .. "--cpuset-cpus 0 --cpu-shares 512 --blkio-weight 300 bb grep Cpus_allowed_list /proc/self/status"):find "0$")
  end)

  it("gives its own filter of system calls, another one, or none", function()
    fixture.write(engine.at .. "/seccomp.json", '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],'
      .. '"action":"SCMP_ACT_ERRNO","errnoRet":95}]}')
    local run <const> = "docker run --rm --network none "
    assert.truthy(sh(run .. "bb grep Seccomp: /proc/self/status"):find "2")
    assert.truthy(sh(run .. "--security-opt seccomp=unconfined bb grep Seccomp: /proc/self/status"):find "0")
    local status, output = call(run .. "--security-opt seccomp=" .. engine.at .. "/seccomp.json bb mkdir /x")
    assert.equal(1, status)
    assert.truthy(output:find "not supported", output)
  end)

  it("mounts volumes and shares namespaces", function()
    sh "mkdir -p /run/v && echo there >/run/v/f"
    assert.equal("there", sh "docker run --rm --network none -v /run/v:/data:ro bb cat /data/f")
    assert.not_equal(0, (call "docker run --rm --network none -v /run/v:/data:ro bb touch /data/g"))
    sh "docker run --rm --network none -v vol:/data bb sh -c 'echo kept >/data/f'"
    assert.equal("kept", sh "docker run --rm --network none --mount type=volume,src=vol,dst=/data bb cat /data/f")
    detached("n1", "--ipc shareable bb sleep 1000")
    assert.truthy(sh("docker run --rm --network container:n1 --pid container:n1 --ipc container:n1 bb ps"):find "sleep 1000")
    assert.truthy(sh("docker run --rm --network host --pid host --uts host --ipc host bb ps"):find "dockerd")
  end)

  it("builds an image from scratch", function()
    sh(("mkdir -p %s/build && cp %s/image.tar %s/build/"):format(engine.at, engine.at, engine.at))
    fixture.write(engine.at .. "/build/Dockerfile", [[
FROM scratch
ADD image.tar /
ENV A=built
RUN echo made >/made && chown 7:8 /made
USER 7:8
WORKDIR /tmp/deep/er
HEALTHCHECK NONE
CMD ["sh", "-c", "echo $A $(id -u) $PWD $(stat -c %u /made)"]
]])
    sh(("DOCKER_BUILDKIT=0 docker build --network none -t built %s/build"):format(engine.at))
    assert.equal("built 7 /tmp/deep/er 7", sh "docker run --rm --network none built")
  end)

  it("copies, commits and tells differences", function()
    detached("d1", "bb sh -c 'echo new >/new; sleep 1000'")
    becomes("docker diff d1", "A /new")
    sh "docker cp d1:/new /run/new"
    sh "docker commit d1 committed"
    assert.equal("new", sh "docker run --rm --network none committed cat /new")
  end)

  it("removes what runs, and leaves no cgroup and no state", function()
    sh "docker run -d --name x1 --network none bb sleep 1000"
    sh "docker rm -f x1 && docker container prune -f && for id in $(docker ps -aq); do docker rm -f $id; done"
    assert.equal("", sh "docker ps -a --format '{{.Names}} {{.Status}} {{.Command}}'")
    becomes("find /sys/fs/cgroup -type d -path '*/docker/*'", "^$")
    becomes("ls -A /run/docker/runtime-runc/moby 2>/dev/null || :", "^$")
  end)
end)
