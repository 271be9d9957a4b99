-- SPDX-License-Identifier: MIT
-- Checkpoints: what is done with criu, whatever it does.
local fixture = require "spec.support.fixture"
local counter = require "spec.support.counting"
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"
local obstacles = require "libcontainer.obstacles"

local create, counting, goes_on = counter.create, counter.counting, counter.goes_on

-- A program in the place of criu: a shell script that knows its options as variables. Answers its path.
local function stub(text)
  local path = fixture.directory() .. "/criu"
  fixture.write(path, [[#!/bin/sh
    verb=$1 all="$*"
    while [ $# -gt 0 ]; do case $1 in
      --tree) tree=$2 ;; --images-dir) images=$2 ;; --work-dir) work=$2 ;; --pidfile) pidfile=$2 ;; --log-file) log=$2 ;;
    esac; shift; done
    ]] .. text .. "\n")
  fixture.sh("chmod 700 %s", path)
  return path
end

local function with_stub(text)
  return fixture.factory { criu_path = stub(text) }
end

-- The processes whose numbers are in that file end, soon if not by now.
local function have_ended(path)
  local count, deadline = 0, core.now() + fixture.seconds(30)
  for pid in assert(fixture.read(path)):gmatch("%d+") do
    count = count + 1
    while fixture.sh("grep -h 'State:.*[RSDT] ' /proc/%s/status 2>/dev/null", pid) ~= "" do
      assert(core.now() < deadline, "process " .. pid .. " lives on")
    end
  end
  assert.is_true(count > 0)
end

-- What is in the container's directory beside what is always there.
local function leftovers(box, factory)
  return fixture.sh("cd %s && ls | grep -vx 'lock\\|state.json'", tostring(factory):match("factory (%S+)") .. "/" .. box:id())
end

describe("a checkpoint, whatever is called criu,", function()
  fixture.check_leaks()

  it("says what to install when there is none, and the container runs on [L49]", function()
    fixture.needs("root", "busybox")
    local factory = fixture.factory { criu_path = "/nowhere/criu" }
    local box <close>, count = counting(factory)
    local done, err = box:checkpoint()
    assert.is_nil(done)
    assert.equal("SystemError checkpoint ENOENT", ("%s %s %s"):format(err.code, err.step, err.errname))
    assert.equal('checkpoint needs the program criu, and "/nowhere/criu" cannot be run: no such file or directory '
      .. "(ENOENT)", err.message)
    assert.matches("apt%-get install criu iptables", err.hint)
    assert.equal("criu.work", leftovers(box, factory))
    assert.equal("running", box:status())
    goes_on(count)
  end)

  it("tells its status and the last of its log when it fails, and leaves no images [L49]", function()
    fixture.needs("root", "busybox")
    local factory = with_stub [[touch $images/half.img
      printf '(00.1) Error (criu/a.c:1): first\n(00.2) fine\n(00.3) Error (criu/b.c:2): it is broken\n' >$work/$log; exit 3]]
    local box <close>, count = counting(factory)
    local done, err = box:checkpoint()
    assert.is_nil(done)
    assert.equal("checkpoint: criu failed with status 3: first; it is broken", err.message)
    assert.equal("its log is " .. err.subject, err.hint)
    assert.matches("it is broken", fixture.read(err.subject))
    assert.equal("criu.work", leftovers(box, factory))
    assert.equal("running", box:status())
    goes_on(count)
  end)

  it("names the package of a program that criu misses", function()
    fixture.needs("root", "busybox")
    local box <close> = counting(with_stub [[
      echo '(0) Error (criu/util.c:1): execvp("iptables-restore", ...) failed: No such file' >$work/$log; exit 1]])
    local _, err = box:checkpoint()
    assert.matches("^apt%-get install iptables; its log is ", err.hint)
  end)

  it("lets the container run on when it is killed while everything is frozen [L49]", function()
    fixture.needs("root", "busybox")
    local freezer = fixture.directory() .. "/freezer"
    local factory = with_stub(("sh %s; kill -9 $$"):format(freezer))
    local box <close>, count = counting(factory)
    local paths = box:state().cgroup_paths
    fixture.write(freezer, paths.unified and ("echo 1 >%s/cgroup.freeze"):format(paths.unified)
      or ("echo FROZEN >%s/freezer.state"):format(paths.freezer))
    local done, err = box:checkpoint()
    assert.is_nil(done)
    assert.equal("checkpoint: criu was killed by signal KILL", err.message)
    assert.equal("running", box:status())
    goes_on(count)
  end)

  it("is ended with everything that it has started when its time is over [L49]", function()
    fixture.needs("root", "busybox")
    local pids = fixture.directory() .. "/pids"
    local factory = with_stub(("sleep 1000 & echo $$ $! >%s; wait"):format(pids))
    local box <close>, count = counting(factory)
    local done, err = box:checkpoint { timeout = fixture.moment() }
    assert.is_nil(done)
    assert.equal("ETIMEDOUT", err.errname)
    assert.matches("^checkpoint: criu did not end within ", err.message)
    have_ended(pids)
    assert.equal("criu.work", leftovers(box, factory))
    goes_on(count)
  end)

  it("takes along what it has started when it fails [L49]", function()
    fixture.needs("root", "busybox")
    local pids = fixture.directory() .. "/pids"
    local box <close> = counting(with_stub(("sleep 1000 & echo $! >%s; exit 1"):format(pids)))
    local done = box:checkpoint()
    assert.is_nil(done)
    have_ended(pids)
  end)

  it("is not believed when the container runs on", function()
    fixture.needs("root", "busybox")
    local factory = with_stub "touch $images/inventory.img"
    local box <close>, count = counting(factory)
    assert.is_true(box:checkpoint { leave_running = true })
    assert.equal("running", box:status())
    local done, err = box:checkpoint()
    assert.is_nil(done)
    assert.equal("EBUSY", err.errname)
    goes_on(count)
  end)

  it("makes it a checkpointed one, for everybody, which can be destroyed [D7] [D10]", function()
    fixture.needs("root", "busybox")
    local factory = with_stub "kill -9 $tree"
    local box <close> = counting(factory)
    local steps = {}
    assert.is_true(box:checkpoint { progress = function(step) steps[#steps + 1] = step end })
    assert.same({ "dump", "done" }, steps)
    assert.equal("checkpointed", box:status())
    assert.equal("checkpointed", box:state().status)
    assert.equal("checkpointed", assert(factory:load(box:id())):status())
    local process, err = box:start { "true" }
    assert.is_nil(process)
    assert.equal("ContainerNotRunning", err.code)
    assert.matches("is checkpointed", err.message)
    assert.equal("9", tostring(box:wait(fixture.seconds(10)).signal))
    assert.is_true(box:destroy { force = false })
  end)

  it("is refused for what does not run", function()
    fixture.needs("root", "busybox")
    local factory = with_stub "exit 1"
    local box <close> = create(factory)
    local done, err = box:checkpoint()
    assert.is_nil(done)
    assert.equal("ContainerNotRunning", err.code)
    assert(box:start { "sleep", "1000" })
    assert(box:pause(fixture.seconds(10)))
    done, err = box:checkpoint()
    assert.is_nil(done)
    assert.equal("ContainerPaused", err.code)
  end)

  it("is refused while a further program runs, which has its parent outside", function()
    fixture.needs("root", "busybox")
    local factory = with_stub "exit 1"
    local box <close> = counting(factory)
    local further = assert(box:start { "sleep", "1000" })
    local done, err = box:checkpoint()
    assert.is_nil(done)
    assert.equal("EBUSY " .. further:pid(), err.errname .. " " .. err.subject)
    assert(further:signal("KILL"))
    assert(further:wait(fixture.seconds(10)))
    done, err = box:checkpoint()
    assert.is_nil(done)
    assert.matches("failed with status 1", err.message)
  end)

  it("is told what the options say, in criu's words", function()
    fixture.needs("root", "busybox")
    local said, images = fixture.directory() .. "/said", fixture.directory()
    local box <close> = counting(with_stub(("echo \"$all\" >%s"):format(said)))
    local function arguments(options)
      options.images_directory, options.leave_running = fixture.directory(), true
      assert(box:checkpoint(options))
      return (fixture.read(said):gsub("\n", " "))
    end
    local plain = arguments {}
    assert.matches("^dump .*%-%-manage%-cgroups=ignore .*%-%-leave%-running .*%-%-tree %d+ ", plain)
    assert.is_nil(plain:find("tcp"))
    for option, words in pairs { tcp_established = "--tcp-established", external_unix_connections = "--ext-unix-sk",
      shell_job = "--shell-job", file_locks = "--file-locks", link_remap = "--link-remap",
      tcp_skip_in_flight = "--skip-in-flight", auto_dedup = "--auto-dedup" } do
      assert.truthy(arguments({ [option] = true }):find(" " .. words .. " ", 1, true), option)
    end
    assert.truthy(arguments({ page_server = { address = "::1", port = 7 } })
      :find(" --page-server --address ::1 --port 7 ", 1, true))
    local before = images .. "/before"
    assert(box:checkpoint { pre_dump = true, images_directory = before })
    assert.matches("^pre%-dump .* %-%-track%-mem", fixture.read(said))
    assert(box:checkpoint { parent_path = "../before", images_directory = images .. "/after", leave_running = true })
    assert.matches(" %-%-track%-mem %-%-prev%-images%-dir ../before ", (fixture.read(said):gsub("\n", " ")))
  end)

  it("goes on from images that nobody else could have written", function()
    fixture.needs("root", "busybox")
    local images = fixture.directory()
    local box <close> = counting(with_stub "true")
    local function errname(options)
      local done, err = box:checkpoint(options)
      assert.is_nil(done)
      return err.errname or err.code
    end
    assert(box:checkpoint { pre_dump = true, images_directory = images .. "/before" })
    fixture.sh("chmod 777 %s/before", images)
    assert.equal("EPERM", errname { parent_path = "../before", images_directory = images .. "/after" })
    assert.equal("ENOENT", errname { parent_path = "../none", images_directory = images .. "/after" })
    assert.equal("ConfigInvalid", errname { parent_path = images .. "/before", images_directory = images .. "/after" })
    assert.equal("ConfigInvalid", errname { pre_dump = true })
    fixture.sh("chmod 700 %s/before", images)
    local back, err = fixture.factory():restore(fixture.id(), { images_directory = images .. "/before" })
    assert.is_nil(back)
    assert.matches("holds no checkpoint, or an incomplete one", err.message)
  end)

  it("is refused when links of the image would say what of the host is mounted", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.sh("mkdir %s/volume", rootfs)
    local box <close> = counting(with_stub "exit 1", { rootfs = rootfs,
      mounts = { { source = rootfs .. "/volume", destination = "/data", type = "bind" } } })
    local done, err = box:checkpoint()
    assert.is_nil(done)
    assert.equal("EOPNOTSUPP /data", err.errname .. " " .. err.subject)
  end)

  it("writes into no directory that others can write to, and none that is in use", function()
    fixture.needs("root", "busybox")
    local factory = with_stub "exit 1"
    local box <close> = counting(factory)
    local path = fixture.directory() .. "/images"
    local function errname(options)
      local done, err = box:checkpoint(options)
      assert.is_nil(done)
      return err.errname or err.code, err
    end
    fixture.sh("mkdir -m 777 %s", path)
    local name, err = errname { images_directory = path }
    assert.equal("EPERM", name)
    assert.matches("must belong to the calling user", err.hint)
    fixture.sh("chmod 700 %s; chown 65534 %s", path, path)
    assert.equal("EPERM", (errname { images_directory = path }))
    fixture.sh("chown 0 %s; ln -s %s %s.link", path, path, path)
    assert.equal("ENOTDIR", (errname { images_directory = path .. ".link" }))
    fixture.sh("touch %s/something", path)
    assert.equal("ENOTEMPTY", (errname { images_directory = path }))
    assert.is_not_nil(fixture.read(path .. "/something"))
    assert.equal("ConfigInvalid", (errname { images_directory = "images" }))
    assert.equal("ConfigInvalid", (errname { timeout = 0 }))
    assert.equal("ConfigInvalid", (errname { page_server = { address = "::1" } }))
    assert.error_matches(function() box:checkpoint { leave_runing = true } end, "did you mean \"leave_running\"")
  end)
end)

describe("a checkpoint of what could not come back", function()
  fixture.check_leaks()

  -- A container whose checkpoint is refused: criu was not called, and nothing was made.
  local function refused(config, spec, options)
    local called = fixture.directory() .. "/called"
    local factory = with_stub("touch " .. called)
    config.rootfs = config.rootfs or fixture.rootfs()
    local box <close> = assert(factory:create(fixture.id(), assert(configs.default(config))))
    local process = assert(box:start(spec or { "sleep", "1000" }))
    if process.stdout then process.stdout:read("l", fixture.seconds(30)) end
    local done, err = box:checkpoint(options)
    assert.is_nil(done)
    assert.equal("EOPNOTSUPP checkpoint", err.errname .. " " .. err.step, err.message)
    assert.is_nil(fixture.read(called))
    assert.equal("", leftovers(box, factory):gsub("layer", ""))
    assert.equal("running", box:status())
    return err
  end

  local OTHERS <const> = { "mount", "pid", "uts", "ipc", "cgroup" }

  it("is refused for a namespace that is joined, as another one would come back", function()
    fixture.needs("root", "busybox")
    local namespaces = { network = "/proc/self/ns/net", table.unpack(OTHERS) }
    local err = refused { namespaces = namespaces }
    assert.equal("namespaces.network", err.field)
    assert.matches("the network namespace is joined", err.message)
  end)

  it("is refused for a user namespace, whose root would have to read the images", function()
    fixture.needs("root", "busybox")
    local ids = { { container_id = 0, host_id = 100000, size = 1000 } }
    local rootfs = fixture.rootfs()
    fixture.sh("chown -hR 100000:100000 %s", rootfs)
    local err = refused { rootfs = rootfs, uid_mappings = ids, gid_mappings = ids,
      namespaces = { "user", "network", table.unpack(OTHERS) } }
    assert.equal("namespaces", err.field)
    assert.matches("nobody but their owner may read them", err.hint)
  end)

  it("is refused for a mount from a descriptor", function()
    fixture.needs("root", "busybox")
    local file <close> = assert(io.open("/bin/busybox"))
    local err = refused { mounts = { { type = "bind", source = file, destination = "/given" } } }
    assert.matches("^mounts%[%d+%]%.source_fd$", err.field)
  end)

  it("is refused for an interface of the host, and for a pair whose end has another name now", function()
    local device = { type = "device", host_interface_name = "dev0" }
    local err = obstacles.of_config { networks = { { type = "loopback" }, device } }
    assert.equal("networks[2] EOPNOTSUPP", err.field .. " " .. err.errname)
    assert.matches('the host\'s interface "dev0"', err.message, 1, true)
    local config = { networks = { { type = "loopback" }, { type = "veth", name = "away-7" } } }
    assert.is_nil(obstacles.of_config(config))
    err = obstacles.of_processes(config, { processes = {}, namespaces = {} }, core.pid(), "a", {})
    assert.equal("networks[2].name EOPNOTSUPP", err.field .. " " .. err.errname)
    config.networks[2].name = "lo" -- one that everybody has
    assert.is_nil(obstacles.of_processes(config, { processes = {}, namespaces = {} }, core.pid(), "a", {}))
  end)

  it("is refused for a hook that is a function, which no file can keep", function()
    fixture.needs("root", "busybox")
    local err = refused { hooks = { poststart = { function() end } } }
    assert.equal("hooks.poststart[1]", err.field)
  end)

  it("is refused for a terminal whose other end is outside", function()
    fixture.needs("root", "busybox")
    local factory = with_stub "exit 1"
    local box <close> = create(factory)
    local process <close> = assert(box:start { "sleep", "1000", terminal = true })
    local done, err = box:checkpoint { shell_job = true }
    assert.is_nil(done)
    assert.equal("EOPNOTSUPP process.terminal", err.errname .. " " .. err.field)
    assert.matches("process " .. process:pid() .. " has the terminal /dev/pts/0 as descriptor 0, and its other end is "
      .. "outside", err.message, 1, true)
    assert.equal("", leftovers(box, factory))
  end)

  it("is not refused for a terminal whose other end is in one of its processes", function()
    fixture.needs "cc"
    assert.equal("nil\nprocess.terminal\n", fixture.lua_prints [[
      local core, obstacles = require "libcontainer.core", require "libcontainer.obstacles"
      local function obstacle()
        return obstacles.of_processes({}, { processes = { { outer = core.pid() } }, namespaces = {} }, core.pid(), "a", {})
      end
      local master, slave = posix.openpty()
      print(obstacle())
      local outside = posix.fork() -- who has the other end too, and then alone
      if outside == 0 then while true do end end
      posix.close(master)
      print(obstacle().field)
      posix.close(slave)
      posix.kill(outside, 9)
      posix.wait(outside)]])
  end)

  it("is refused for a lock of a file, unless file_locks is said", function()
    fixture.needs("root")
    local spec = { "flock", "-x", "/tmp/lock", "sh", "-c", "echo; exec sleep 1000", stdout = "pipe" }
    local config = assert(configs.host_root())
    local err = refused(config, spec)
    assert.equal("file_locks", err.field)
    assert.equal("say file_locks = true", err.hint)
    local box <close> = assert(with_stub("exit 7"):create(fixture.id(), config))
    assert(box:start(spec)).stdout:read("l", fixture.seconds(30))
    err = select(2, box:checkpoint { file_locks = true })
    assert.matches("criu failed with status 7", err.message)
  end)

  it("is refused for a TCP connection, unless tcp_established is said; not for who listens", function()
    fixture.needs("root", "busybox")
    local listens = "mkfifo /tmp/f; nc -l -p 5000 <>/tmp/f & "
      .. "while ! grep -q ':1388 .* 0A' /proc/net/tcp /proc/net/tcp6; do :; done; "
    local connects = "nc 127.0.0.1 5000 <>/tmp/f & while ! grep -q ':1388 .* 01' /proc/net/tcp /proc/net/tcp6; do :; done; "
    local spec = { "sh", "-c", listens .. connects .. "echo; wait", stdout = "pipe" }
    local err = refused({}, spec)
    assert.equal("tcp_established", err.field)
    local factory = with_stub "exit 7"
    for text, options in pairs { [listens .. connects] = { tcp_established = true }, [listens] = {} } do
      local box <close> = create(factory)
      assert(box:start { "sh", "-c", text .. "echo; wait", stdout = "pipe" }).stdout:read("l", fixture.seconds(30))
      err = select(2, box:checkpoint(options))
      assert.matches("criu failed with status 7", err.message)
    end
  end)

  it("tells which option criu asks for", function()
    fixture.needs("root", "busybox")
    local box <close> = counting(with_stub [[
      echo '(0) Error (criu/sk-unix.c:1): unix: External socket is used. Consider using --ext-unix-sk option.' >$work/$log
      exit 1]])
    local _, err = box:checkpoint()
    assert.matches("^say external_unix_connections = true; its log is ", err.hint)
  end)
end)

describe("a restore, whatever is called criu,", function()
  fixture.check_leaks()

  -- Images of a container that has gone, and a factory whose criu is `text`.
  local function images()
    local factory = with_stub "kill -9 $tree"
    local box <close> = counting(factory)
    local path = fixture.directory() .. "/images"
    assert(box:checkpoint { images_directory = path })
    return path, box:config().rootfs
  end

  local function refused(factory, id, options)
    local box, err = factory:restore(id, options)
    assert.is_nil(box)
    return err
  end

  it("that fails leaves nothing of a new container [L49]", function()
    fixture.needs("root", "busybox")
    local path = images()
    local id = fixture.id()
    local err = refused(with_stub "exit 5", id, { images_directory = path })
    assert.equal("restore: criu failed with status 5", err.message)
    local factory = fixture.factory { criu_path = "/nowhere/criu" }
    err = refused(factory, id, { images_directory = path })
    assert.equal("restore ENOENT", err.step .. " " .. err.errname)
    assert.equal(0, #factory:list())
    factory = with_stub "sleep 1000 & wait"
    err = refused(factory, id, { images_directory = path, timeout = fixture.moment() })
    assert.equal("ETIMEDOUT", err.errname)
    assert.equal(0, #factory:list())
    factory = with_stub "kill -SEGV $$"
    err = refused(factory, id, { images_directory = path })
    assert.equal("restore: criu was killed by signal SEGV", err.message)
    assert.equal(0, #factory:list())
  end)

  it("that fails leaves the checkpointed one as it was [L49]", function()
    fixture.needs("root", "busybox")
    local place = fixture.directory()
    local left = place .. "/left"
    local factory = with_stub(([[[ $verb = restore ] || { kill -9 $tree; exit; }
      setsid sleep 1000 & echo $! >>%s
      [ -e %s/once ] && { echo x >$pidfile; exit 0; }
      : >%s/once; exit 5]]):format(left, place, place))
    local box <close> = counting(factory)
    assert(box:checkpoint())
    for _, message in ipairs { "restore: criu failed with status 5", "wrote no pid" } do
      local err = refused(factory, box:id())
      assert.matches(message, err.message, 1, true)
      assert.equal("checkpointed", box:status())
      assert.equal("criu.image\ncriu.work", leftovers(box, factory))
      have_ended(left)
    end
    assert(box:destroy())
  end)

  it("gives us no process that is not ours", function()
    fixture.needs("root", "busybox")
    local path = images()
    local id = fixture.id()
    for text, what in pairs {
      ["echo $PPID >$pidfile"] = "not the container's",
      ["sleep 1000 & echo $! >$pidfile"] = "not the container's", -- in its cgroup, and a child of somebody else
      ["echo x >$pidfile"] = "wrote no pid",
      ["true"] = "no such file",
    } do
      local factory = with_stub(text)
      local err = refused(factory, id, { images_directory = path })
      assert.equal("restore", err.step)
      assert.matches(what, err.message, 1, true)
      assert.equal(0, #factory:list())
    end
  end)

  it("believes no images that others could have written", function()
    fixture.needs("root", "busybox")
    local path = images()
    local factory, id = with_stub "exit 1", fixture.id()
    local function errname()
      local err = refused(factory, id, { images_directory = path })
      return err.errname, err
    end
    fixture.sh("touch %s/core-1.img; chmod 666 %s/core-1.img", path, path)
    local name, err = errname()
    assert.equal("EPERM " .. path .. "/core-1.img", name .. " " .. err.subject)
    fixture.sh("chmod 600 %s/core-1.img; chown 65534 %s/core-1.img", path, path)
    assert.equal("EPERM", (errname()))
    fixture.sh("rm %s/core-1.img; chmod 770 %s", path, path)
    assert.equal("EPERM", (errname()))
    fixture.sh("chmod 700 %s; rm %s/libcontainer.json", path, path)
    name, err = errname()
    assert.equal("ENOENT", name)
    assert.matches("holds no checkpoint, or an incomplete one", err.message)
    fixture.write(path .. "/libcontainer.json", "{}")
    assert.equal("ENOENT", (errname()))
  end)

  it("takes no id that is in use, and none that does not exist without images", function()
    fixture.needs("root", "busybox")
    local path = images()
    local factory = with_stub "exit 1"
    local box <close> = create(factory)
    assert.equal("IdInUse", refused(factory, box:id(), { images_directory = path }).code)
    assert.equal("ContainerNotExists", refused(factory, fixture.id()).code)
    assert.equal("InvalidIdFormat", refused(factory, "a/b").code)
  end)

  it("is told what the checkpoint was told, unless it is told otherwise", function()
    fixture.needs("root", "busybox")
    local said, path = fixture.directory() .. "/said", fixture.directory() .. "/images"
    local box <close> = counting(with_stub "kill -9 $tree")
    assert(box:checkpoint { images_directory = path, tcp_established = true, file_locks = true, link_remap = true })
    local factory = with_stub(('echo "$all" >%s; exit 1'):format(said))
    refused(factory, fixture.id(), { images_directory = path, file_locks = false })
    local words = fixture.read(said)
    assert.truthy(words:find("--tcp-established", 1, true))
    assert.is_nil(words:find("--file-locks", 1, true) or words:find("--link-remap", 1, true))
  end)

  it("as another container takes from a configuration what is elsewhere now, and has places made for it [O166]", function()
    fixture.needs("root", "busybox")
    local data, now, path = fixture.directory(), fixture.directory(), fixture.directory() .. "/images"
    local function mounts(at)
      fixture.write(at .. "/file", "text\n")
      return { { type = "bind", source = at, destination = "/data/deep" },
        { type = "bind", source = at .. "/file", destination = "/etc/conf/file" } }
    end
    local box <close> = counting(with_stub "kill -9 $tree", { mounts = mounts(data), labels = { of = "then" } })
    assert(box:checkpoint { images_directory = path })
    local rootfs, outside, said = fixture.rootfs(), fixture.directory() .. "/out", fixture.directory() .. "/said"
    fixture.sh("mkdir %s; ln -s %s %s/data", outside, outside, rootfs)
    local factory = with_stub(('echo "$all" >%s; exit 1'):format(said))
    local options = { images_directory = path, config = { rootfs = rootfs, mounts = mounts(now) } }
    refused(factory, fixture.id(), options)
    local words = fixture.read(said)
    for _, source in ipairs { now, now .. "/file" } do
      assert.truthy(words:find("]:" .. source .. " ", 1, true), source .. " in " .. words)
    end
    assert.is_nil(words:find(data, 1, true))
    -- below the new root, whatever its links say
    assert.equal("directory-755 empty-644", fixture.sh("stat -c %%F-%%a %s%s/deep; stat -c %%F-%%a %s/etc/conf/file", rootfs, outside, rootfs)
      :gsub("regular empty file", "empty"):gsub("\n", " "))
    assert.equal("", fixture.sh("ls %s", outside))
    assert.equal(0, #factory:list())
  end)

  it("takes no configuration that has a mount from the image, and none for the container that was checkpointed", function()
    fixture.needs("root", "busybox")
    local factory, data = with_stub "[ $verb = restore ] && exit 5; kill -9 $tree", fixture.directory()
    local box <close>, rootfs = counting(factory, { mounts = { { type = "bind", source = data, destination = "/data" } } }),
      fixture.rootfs()
    assert(box:checkpoint())
    local config = { rootfs = rootfs, mounts = { { type = "bind", source = rootfs .. "/etc", destination = "/data" } } }
    local err = refused(factory, box:id(), { config = config })
    assert.equal("ConfigInvalid config", err.code .. " " .. err.problems[1].field)
    local images_directory = fixture.directory() .. "/images"
    local other <close> = counting(with_stub "kill -9 $tree", { mounts = { { type = "bind", source = data,
      destination = "/data" } } })
    assert(other:checkpoint { images_directory = images_directory })
    err = refused(factory, fixture.id(), { images_directory = images_directory, config = config })
    assert.matches("/data", tostring(err), 1, true)
    assert.equal("EOPNOTSUPP", err.errname)
    assert(box:destroy())
  end)

  it("is refused where the layer of its root is not", function()
    fixture.needs("root", "busybox")
    local path = fixture.directory() .. "/images"
    local box <close> = counting(with_stub "kill -9 $tree", { overlay = {} })
    assert(box:checkpoint { images_directory = path })
    local factory = with_stub "exit 1"
    local err = refused(factory, fixture.id(), { images_directory = path })
    assert.equal("EOPNOTSUPP overlay.layer", err.errname .. " " .. err.field)
    assert.matches(box:id(), err.message, 1, true)
    assert.equal(0, #factory:list())
  end)

  it("runs the hooks behind its end when it fails, and those of the life before once", function()
    fixture.needs("root", "busybox")
    local log = fixture.directory() .. "/log"
    local function hooks(kind)
      return { { path = "/bin/sh", args = { "sh", "-c", ("echo %s >>%s"):format(kind, log) } } }
    end
    local factory = with_stub "[ $verb = restore ] && exit 5; kill -9 $tree"
    local box <close> = counting(factory, { hooks = { create_runtime = hooks "runtime", poststop = hooks "poststop" } })
    assert.equal("runtime\n", fixture.read(log))
    assert(box:checkpoint())
    assert.equal("runtime\n", fixture.read(log)) -- it is not destroyed
    refused(factory, box:id())
    assert.equal("runtime\npoststop\npoststop\n", fixture.read(log)) -- of the first life, and of this attempt
    assert.equal("checkpointed", assert(factory:load(box:id())):status())
    assert(box:destroy())
    assert.equal("runtime\npoststop\npoststop\n", fixture.read(log))
  end)

  it("looks for the programs of its hooks before anything is made", function()
    fixture.needs("root", "busybox")
    local path, hook = fixture.directory() .. "/images", fixture.directory() .. "/hook"
    fixture.write(hook, "#!/bin/sh\n")
    fixture.sh("chmod 755 %s", hook)
    local box <close> = counting(with_stub "kill -9 $tree", { hooks = { prestart = { { path = hook } } } })
    assert(box:checkpoint { images_directory = path })
    fixture.sh("rm %s", hook)
    local err = refused(with_stub "exit 1", fixture.id(), { images_directory = path })
    assert.equal("hooks.prestart[1].path ENOENT", err.field .. " " .. err.errname)
  end)

  it("asks the factory's validator about the configuration that it finds", function()
    fixture.needs("root", "busybox")
    local path, rootfs = images()
    local seen
    local factory = fixture.factory { criu_path = stub "exit 1", validator = function(config)
      seen = config.rootfs
      return nil, "not here"
    end }
    assert.matches("not here", refused(factory, fixture.id(), { images_directory = path }).message)
    assert.equal(rootfs, seen)
  end)
end)

describe("a host that is killed", function()
  fixture.check_leaks()

  -- One that is killed by what it takes for criu, and takes that along.
  local function killed_host(root, id, body)
    local pids = fixture.directory() .. "/pids"
    local ended = fixture.lua(([[
      local configs = require "libcontainer.configs"
      local factory = assert(lc.new(root, { criu_path = %q }))
      %s]]):format(stub(("echo $$ >%s; kill -9 $PPID; exec sleep 1000"):format(pids)), body),
      { args = { root, id } })
    assert.equal("9", tostring(ended.signal), ended.stderr)
    have_ended(pids)
  end

  it("while it makes a checkpoint leaves a container that runs and can be destroyed [L01]", function()
    fixture.needs("root", "busybox")
    local factory = fixture.factory()
    local root = tostring(factory):match("factory (%S+)")
    local box <close>, count = counting(factory)
    killed_host(root, box:id(), "assert(factory:load(arg[2])):checkpoint()")
    assert.equal("running", box:status())
    goes_on(count)
    assert.is_true(box:destroy())
    assert.equal(0, #factory:list())
  end)

  it("while it restores leaves what can be destroyed, or restored again [L01]", function()
    fixture.needs("root", "busybox")
    local factory = with_stub "[ $verb = restore ] && exit 5; kill -9 $tree"
    local root = tostring(factory):match("factory (%S+)")
    local box <close> = counting(factory)
    assert(box:checkpoint())
    killed_host(root, box:id(), "factory:restore(arg[2])")
    assert.equal("checkpointed", assert(factory:load(box:id())):status())
    local back, err = factory:restore(box:id())
    assert.is_nil(back)
    assert.equal("restore: criu failed with status 5", err.message)
    local images, id = fixture.directory(), fixture.id()
    fixture.sh("cp -r %s/%s/criu.image/. %s", root, box:id(), images)
    killed_host(root, id, ("factory:restore(arg[2], { images_directory = %q })"):format(images))
    assert.equal("created", assert(factory:load(id)):status())
    assert.is_true(factory:destroy(id))
    assert.is_true(box:destroy())
    assert.equal(0, #factory:list())
  end)
end)
