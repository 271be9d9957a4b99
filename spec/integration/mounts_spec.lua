-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local renaming = require "spec.support.renaming"
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"

-- The default's mounts and more.
local function with(...)
  local mounts = configs.default({ rootfs = "/x" }).mounts
  for _, mount in ipairs { ... } do mounts[#mounts + 1] = mount end
  return { mounts = mounts }
end

local function option(mount, name)
  for word in pairs(mount.super) do
    local value = word:match("^" .. name .. "=(.*)$")
    if value then return value end
  end
end

local function bind(source, destination, ...)
  return { type = "bind", source = source, destination = destination, options = { ... } }
end

-- Start a container, show what mounts each side sees, mount something on the host, count it inside.
local PROPAGATION_SCRIPT <const> = [[
  local directory, rootfs, mode = table.unpack(arg)
  local factory = assert(require "libcontainer".new(directory .. "/state"))
  local config = require "libcontainer.configs".default { rootfs = rootfs, rootfs_propagation = mode }
  local box <close> = assert(factory:create("x", config))
  local p = assert(box:start { args = { "sh", "-c",
    "sed s/^/own:\\ / /proc/self/mountinfo; echo ready; read x; echo late $(grep -c ' /mnt ' /proc/self/mountinfo)" },
    stdin = "pipe", stdout = "pipe" })
  for line in function() return p.stdout:read("l") end do
    if line == "ready" then break end
    print(line)
  end
  for line in io.lines("/proc/self/mountinfo") do print("host: " .. line) end
  assert(os.execute("mount -t tmpfs late " .. rootfs .. "/mnt"))
  p.stdin:close()
  print(p.stdout:read("l"))
  assert(p:wait(require "spec.support.patience".seconds(60)))
  p:close()]]

describe("mounts of a container", function()
  fixture.check_leaks()

  it("of the default are what podman gives: types, flags, sizes [O46] [A02]", function()
    fixture.needs("root", "busybox")
    local out = inside.script({}, "cat /proc/self/mountinfo; stat -c '%n %a %g %t:%T' /dev/ptmx /dev/pts/ptmx; "
      .. "ls -l /dev/ptmx; ls /dev/pts; stat -c '%n %a' /dev/shm /dev")
    local list = inside.mounts(out)
    for point, want in pairs {
      ["/proc"] = { "proc", "nosuid nodev noexec" }, ["/sys"] = { "sysfs", "ro nosuid nodev noexec" },
      ["/dev"] = { "tmpfs", "nosuid noexec" }, ["/dev/pts"] = { "devpts", "nosuid noexec" },
      ["/dev/shm"] = { "tmpfs", "nosuid nodev noexec" }, ["/dev/mqueue"] = { "mqueue", "nosuid nodev noexec" },
    } do
      local mount = assert(inside.mount_at(list, point), point)
      assert.equal(want[1], mount.type, point)
      for flag in want[2]:gmatch("%S+") do assert.is_true(mount.options[flag], point .. " " .. flag) end
    end
    assert.equal("65536k", option(inside.mount_at(list, "/dev"), "size"))
    local pts = inside.mount_at(list, "/dev/pts")
    assert.equal("620", option(pts, "mode"))
    assert.equal("5", option(pts, "gid"))
    assert.equal("666", option(pts, "ptmxmode"))
    assert.truthy(out:find("/dev/pts/ptmx 666 0 5:2", 1, true))
    assert.truthy(out:find("/dev/ptmx -> pts/ptmx", 1, true))
    assert.truthy(out:find("\nptmx\n", 1, true), "an instance of its own has nothing but ptmx")
    assert.truthy(out:find("/dev/shm 1777\n/dev 755\n", 1, true))
  end)

  it("include a terminal multiplexer of its own: pts/0 is the first, 0620 of group 5 [A02]", function()
    fixture.needs("root", "busybox", "gcc")
    local program = inside.compile("pty", [[
      #define _GNU_SOURCE
      #include <stdio.h>
      #include <stdlib.h>
      #include <fcntl.h>
      #include <sys/stat.h>
      int main(void)
      {
        int fd = posix_openpt(O_RDWR | O_NOCTTY);
        struct stat st;
        if (fd < 0 || unlockpt(fd) != 0 || stat(ptsname(fd), &st) != 0) { perror("pty"); return 1; }
        printf("%s %o %d\n", ptsname(fd), st.st_mode & 07777, (int) st.st_gid);
        return 0;
      }]])
    local rootfs = fixture.rootfs()
    inside.install(program, rootfs, "/bin/pty")
    assert.equal("/dev/pts/0 620 5\n", inside.script({ rootfs = rootfs }, "pty"))
  end)

  it("bind files and directories, writable or not, with or without what is below [O32]", function()
    fixture.needs("root", "busybox")
    local source = fixture.directory()
    fixture.sh("mkdir -p %s/d/sub && echo one >%s/d/f && echo two >%s/file", source, source, source)
    local none = bind(source .. "/d", "/none", "bind", "ro") -- as mount(8) and some generators write it
    none.type = "none"
    local config = with(none, bind(source .. "/d", "/rw"), bind(source .. "/d", "/ro", "ro"),
      bind(source .. "/file", "/made/of/file"), bind(source .. "/file", "/etc/rofile", "ro"),
      bind("/proc", "/plain"), bind("/dev", "/whole", "rbind", "rro"))
    local out = inside.script(config, [[cat /rw/f /ro/f /made/of/file /etc/rofile
      echo new >/rw/new && echo three >>/made/of/file
      for f in /ro/f /ro/new2 /etc/rofile; do (echo x >$f) 2>&1 | sed 's/.*: //'; done
      cat /proc/self/mountinfo]])
    assert.truthy(out:find("^one\none\ntwo\ntwo\n"))
    local _, refusals = out:gsub("Read%-only file system\n", "")
    assert.equal(3, refusals)
    assert.equal("new\n", fixture.read(source .. "/d/new"))
    assert.equal("two\nthree\n", fixture.read(source .. "/file"))
    local list = inside.mounts(out)
    assert.equal((source .. "/d"):match("[^/]+/d$"), inside.mount_at(list, "/ro").root:match("[^/]+/d$"))
    assert.is_true(inside.mount_at(list, "/ro").options.ro)
    assert.is_true(inside.mount_at(list, "/rw").options.rw)
    assert.is_true(inside.mount_at(list, "/none").options.ro)
    local below = 0
    for _, mount in ipairs(list) do
      assert.is_nil(mount.point:match("^/plain/"), "bind alone takes nothing along")
      if mount.point:match("^/whole/") then
        below = below + 1
        assert.is_true(mount.options.ro, mount.line)
      end
    end
    local host_below = tonumber(fixture.sh("cut -d' ' -f5 /proc/self/mountinfo | grep -c '^/dev/'"))
    assert.equal(host_below, below)
  end)

  it("name a bind source that is missing, and refuse a file over a directory [O32]", function()
    fixture.needs("root", "busybox")
    local source = fixture.directory()
    fixture.write(source .. "/file", "x")
    local err = inside.refused(with(bind(source .. "/missing", "/m")), "true")
    assert.equal("ENOENT", err.errname)
    assert.equal(source .. "/missing", err.subject)
    assert.truthy(err.field:match("^mounts%[%d+%]"))
    err = inside.refused(with(bind(source .. "/file", "/etc")), "true")
    assert.same({ "mount", "ENOTDIR", "/etc" }, { err.step, err.errname, err.subject })
    assert.matches("nor a file on a directory", err.hint)
    err = inside.refused(with(bind(source, "/etc/passwd")), "true")
    assert.equal("ENOTDIR", err.errname)
  end)

  it("take a link at either end for what it leads to, or for itself when told so [O45]", function()
    fixture.needs("root", "busybox")
    local dir, rootfs = fixture.directory(), fixture.rootfs()
    fixture.sh("cd %s && echo real >real && ln -s real link && ln -s /no/where dangling", dir)
    fixture.sh("cd %s/etc && echo image >target && ln -s target to && ln -s target to2 && ln -s /no/where same",
      rootfs)
    local function run(script, ...)
      local config = with(...)
      config.rootfs = rootfs
      return inside.script(config, script)
    end
    assert.equal("real\nreal\n", run("cat /a /etc/target; readlink /a || true", bind(dir .. "/link", "/a"),
      bind(dir .. "/link", "/etc/to")))
    assert.equal("image\n", fixture.read(rootfs .. "/etc/target"))
    local out = run("readlink /b; readlink /c; readlink /etc/same; cat /d; cat /etc/to2 /etc/target; "
      .. "cat /proc/self/mountinfo",
      bind(dir .. "/link", "/b", "src-nofollow", "rprivate"), bind(dir .. "/dangling", "/c", "copy-symlink", "rslave"),
      bind(dir .. "/dangling", "/etc/same", "copy-symlink"), bind(dir .. "/real", "/d", "copy-symlink", "ro", "rshared"),
      bind(dir .. "/real", "/etc/to2", "dest-nofollow", "shared"))
    assert.equal("real\n/no/where\n/no/where\nreal\nreal\nimage\n", out:match("^.-image\n"))
    local list = inside.mounts(out)
    assert.is_not_nil(inside.mount_at(list, "/b"))
    assert.is_nil(inside.mount_at(list, "/c"))
    assert.is_nil(inside.mount_at(list, "/etc/same"))
    assert.is_true(inside.mount_at(list, "/d").options.ro)
    assert.matches("^shared:", inside.mount_at(list, "/d").propagation)
    assert.matches("^shared:", inside.mount_at(list, "/etc/to2").propagation)
    assert.equal("", fixture.sh("readlink %s/b", rootfs))
    local config = with(bind(dir .. "/dangling", "/etc/to", "copy-symlink"))
    config.rootfs = rootfs
    local err = inside.refused(config, "true")
    assert.equal("EEXIST", err.errname)
    assert.equal("/etc/to", err.subject)
    for _, name in ipairs { "src-nofollow", "dest-nofollow", "copy-symlink" } do
      err = inside.refused(with { type = "tmpfs", destination = "/t", options = { name } }, "true")
      assert.equal("ConfigInvalid", err.code)
      assert.equal("mounts[" .. #with().mounts + 1 .. "].options[1]", err.field)
    end
  end)

  it("of the image are found while somebody else on the machine renames", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    -- so many ".." that a rename often meets it
    fixture.sh("mkdir -p %s/d/e && echo found >%s/d/e/file && ln -s %se %s/d/way", rootfs, rootfs, ("e/../"):rep(100), rootfs)
    local answers = renaming(function()
      local list = {}
      for i = 1, 12 do
        local r, err = fixture.run({ rootfs = rootfs, mounts = { bind(rootfs .. "/d/way", "/mnt") } }, "cat", "/mnt/file")
        list[i] = r and r.stdout or tostring(err)
      end
      return list
    end)
    for _, answer in ipairs(answers) do assert.equal("found\n", answer) end
  end)

  it("are put where a link of the image says that leads nowhere yet, which is made, inside [O45] [A14]", function()
    fixture.needs("root", "busybox")
    local canary, rootfs = inside.canary(), fixture.rootfs()
    local source = fixture.directory() .. "/file"
    fixture.write(source, "of the host\n")
    fixture.sh("cd %s && ln -s ../run/resolve/conf etc/resolv.conf && ln -s %s/new etc/absolute && ln -s /etc/resolv.conf etc/two",
      rootfs, canary.path)
    for link, target in pairs { ["/etc/resolv.conf"] = "/run/resolve/conf", ["/etc/absolute"] = canary.path .. "/new",
      ["/etc/two"] = "/run/resolve/conf" } do
      assert.equal("of the host\n", inside.script({ rootfs = rootfs, mounts = {
        { type = "bind", source = source, destination = link } } }, "cat " .. target), link)
      assert.equal("0", fixture.sh("stat -c %%s %s%s", rootfs, target), "a stub in the image")
      fixture.sh("rm %s%s", rootfs, target)
    end
    canary.check()
  end)

  it("get every flag that mount(8) knows, the last of two winning [O33]", function()
    fixture.needs("root", "busybox")
    local cases = {
      { "ro", "ro" }, { "rw", "rw" }, { "nosuid", "nosuid" }, { "nodev", "nodev" }, { "noexec", "noexec" },
      { "noatime", "noatime" }, { "nodiratime", "nodiratime" }, { "relatime", "relatime" },
      { "nosymfollow", "nosymfollow" }, { "strictatime", nil, "relatime noatime" },
      { "nosuid suid", nil, "nosuid" }, { "nodev dev", nil, "nodev" }, { "noexec exec", nil, "noexec" },
      { "ro rw", "rw" }, { "rw ro", "ro" }, { "noatime atime", nil, "noatime" },
      { "noatime relatime", "relatime", "noatime" }, { "relatime noatime", "noatime", "relatime" },
      { "nodiratime diratime", nil, "nodiratime" }, { "nosymfollow symfollow", nil, "nosymfollow" },
      { "noatime strictatime", nil, "noatime relatime" }, { "noatime noexec exec", "noatime", "noexec" },
      { "defaults async loud nomand norelatime noiversion nolazytime ro", "ro" },
    }
    local mounts = {}
    for i, case in ipairs(cases) do
      local options = {}
      for word in case[1]:gmatch("%S+") do options[#options + 1] = word end
      mounts[#mounts + 1] = { type = "tmpfs", destination = "/flag/t" .. i, source = "t", options = options }
      mounts[#mounts + 1] = bind(fixture.directory(), "/flag/b" .. i, table.unpack(options))
    end
    mounts[#mounts + 1] = { type = "tmpfs", destination = "/flag/sync", source = "t",
      options = { "sync", "dirsync" } }
    for i = 1, #mounts - 1, 2 do
      if cases[(i + 1) // 2][1]:match("lazytime") then mounts[i + 1].options = { "ro" } end
    end
    local list = inside.mountinfo(with(table.unpack(mounts)))
    for i, case in ipairs(cases) do
      for _, kind in ipairs { "t", "b" } do
        local mount = assert(inside.mount_at(list, "/flag/" .. kind .. i), case[1])
        for word in (case[2] or ""):gmatch("%S+") do assert.is_true(mount.options[word], case[1] .. mount.line) end
        for word in (case[3] or ""):gmatch("%S+") do assert.is_nil(mount.options[word], case[1] .. mount.line) end
      end
    end
    local sync = inside.mount_at(list, "/flag/sync")
    assert.is_true(sync.super.sync)
  end)

  it("of a source with flags keep those that no option takes away [O36]", function()
    fixture.needs("root", "busybox")
    local source = fixture.directory()
    -- in a mount namespace of its own, for the sake of the source
    local out = fixture.lua_prints([[
      local source = arg[3]
      assert(os.execute("mount -t tmpfs -o nosuid,nodev,noexec,noatime source " .. source))
      local mounts = { { destination = "/proc", type = "proc", source = "proc" } }
      for point, options in pairs { plain = {}, ro = { "ro" }, rw = { "rw" }, exec = { "exec" }, time = { "relatime" },
        all = { "suid", "dev", "exec" } } do
        table.insert(mounts, { type = "bind", source = source, destination = "/" .. point, options = options })
      end
      local box <close> = assert(assert(lc.new(root)):create("box", { rootfs = rootfs, mounts = mounts }))
      local p = assert(box:start { args = { "cat", "/proc/self/mountinfo" }, stdout = "pipe" })
      io.write(p.stdout:read("a"))
      assert(p:wait(seconds(60)))
      io.write(io.open("/proc/self/mountinfo"):read("a"))]],
      { args = { fixture.root(), fixture.rootfs(), source }, before = "unshare -m --propagation private" })
    local list = inside.mounts(out)
    for point, want in pairs {
      ["/plain"] = "nosuid nodev noexec noatime rw", ["/ro"] = "nosuid nodev noexec noatime ro",
      ["/rw"] = "nosuid nodev noexec noatime rw", ["/exec"] = "nosuid nodev noatime rw",
      ["/time"] = "nosuid nodev noexec relatime rw", ["/all"] = "noatime rw",
      [source] = "nosuid nodev noexec noatime rw" } do
      local mount = assert(inside.mount_at(list, point), point)
      for _, flag in ipairs { "nosuid", "nodev", "noexec", "noatime", "relatime", "ro", "rw" } do
        local is_wanted = (" " .. want .. " "):find(" " .. flag .. " ", 1, true) ~= nil
        assert.equal(is_wanted, mount.options[flag] or false, flag .. " " .. mount.line)
      end
    end
  end)

  it("get recursive flags on everything below, the plain ones not [O35]", function()
    fixture.needs("root", "busybox")
    local list = inside.mountinfo(with(bind("/dev", "/plain", "rbind", "ro"),
      bind("/dev", "/deep", "rbind", "rro", "rnosuid", "rnoexec", "rnodev", "rnoatime", "rnosymfollow")))
    local below = 0
    for _, mount in ipairs(list) do
      if mount.point:match("^/deep/") then
        below = below + 1
        for _, flag in ipairs { "ro", "nosuid", "noexec", "nodev", "noatime", "nosymfollow" } do
          assert.is_true(mount.options[flag], flag .. " " .. mount.line)
        end
      end
      if mount.point:match("^/plain/") then assert.is_nil(mount.options.nosymfollow) end
    end
    assert.is_true(below > 0)
    assert.is_true(inside.mount_at(list, "/plain").options.ro)
    assert.is_true(inside.mount_at(list, "/plain/pts").options.rw)
  end)

  it("get the propagation that is asked for, in its order [O34] [D22]", function()
    fixture.needs("root", "busybox")
    local dir = fixture.directory()
    local list = inside.mountinfo(with(bind(dir, "/p/private", "private"), bind(dir, "/p/shared", "shared"),
      bind(dir, "/p/both", "shared", "slave", "shared"), bind(dir, "/p/unbindable", "unbindable"),
      bind("/dev", "/p/rshared", "rbind", "rshared"), bind("/dev", "/p/r", "rbind", "rprivate")))
    local function propagation(point) return assert(inside.mount_at(list, point), point).propagation end
    assert.equal("", propagation "/p/private")
    assert.truthy(propagation("/p/shared"):match("^shared:%d+"))
    assert.truthy(propagation("/p/both"):match("shared:"))
    assert.equal("unbindable", propagation "/p/unbindable")
    assert.truthy(propagation("/p/rshared"):match("^shared:%d+"))
    assert.truthy(propagation("/p/rshared/pts"):match("^shared:%d+"))
    assert.equal("", propagation "/p/r/pts")
  end)

  it("are made in the order of the list, each seen through those before it [O30]", function()
    fixture.needs("root", "busybox")
    local dir = fixture.directory()
    fixture.sh("mkdir %s/sub; echo below >%s/sub/f", dir, dir)
    local tmpfs = { type = "tmpfs", destination = "/a", source = "t", options = { "mode=700" } }
    assert.equal("700\nbelow\n", inside.script(with(tmpfs, bind(dir .. "/sub", "/a/b/c")),
      "stat -c %a /a; cat /a/b/c/f"))
    assert.equal("0\n", inside.script(with(bind(dir .. "/sub", "/a/b/c"), tmpfs), "ls -A /a | wc -l | tr -d ' '"))
  end)

  it("of type tmpfs have the size and mode of their options, and any other type works too [O37] [O46]", function()
    fixture.needs("root", "busybox")
    local out = inside.script(with(
      { type = "tmpfs", destination = "/t", source = "t", options = { "size=64k", "mode=1750", "nr_inodes=50" } },
      { type = "ramfs", destination = "/r", source = "r" }),
      "stat -c %a /t; dd if=/dev/zero of=/t/f bs=1024 count=65 2>&1 | grep -o 'No space.*'; cat /proc/self/mountinfo")
    assert.truthy(out:find("^1750\nNo space left on device\n"), out)
    local list = inside.mounts(out)
    assert.equal("50", option(inside.mount_at(list, "/t"), "nr_inodes"))
    assert.equal("ramfs", inside.mount_at(list, "/r").type)
    local err = inside.refused(with({ type = "tmpfs", destination = "/t", source = "t",
      options = { "size=lots" } }), "true")
    assert.equal("mount", err.step)
    assert.truthy(tostring(err):find("size", 1, true), tostring(err))
    err = inside.refused(with { type = "nosuchfs", destination = "/t", source = "t" }, "true")
    assert.equal("ENODEV", err.errname)
  end)

  it("of type tmpfs have the mode of the directory that they cover, unless told another [O38]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.sh("cd %s && mkdir -m 1777 sticky && mkdir -m 2750 group && mkdir -m 700 closed && ln -s group link",
      rootfs)
    local config, names = with(), {}
    for name, options in pairs {
      ["/sticky"] = {}, ["/group"] = { "ro" }, ["/closed"] = { "size=1m", "nosuid" }, ["/made"] = {},
      ["/tmp/below/made"] = {}, ["/root"] = { "mode=711" }, ["/link"] = {},
    } do
      table.insert(config.mounts, { type = "tmpfs", destination = name, source = "t", options = options })
      names[#names + 1] = name
    end
    config.rootfs = rootfs
    table.sort(names)
    table.insert(config.mounts, { type = "ramfs", destination = "/etc", source = "r" })
    table.insert(config.mounts, { type = "mqueue", destination = "/bin/queue", source = "q" })
    assert.equal("/closed 700\n/group 2750\n/link 2750\n/made 1777\n/root 711\n/sticky 1777\n/tmp/below/made 1777\n"
      .. "/proc 555\n/sys 555\n/etc 755\n/bin/queue 1777\n",
      inside.script(config, "stat -L -c '%n %a' " .. table.concat(names, " ") .. " /proc /sys /etc /bin/queue"))
    assert.equal("755", fixture.sh("stat -c %%a %s/made", rootfs))
  end)

  it("take one option from each item: a comma smuggles no second one in [A66]", function()
    fixture.needs("root", "busybox")
    for _, text in ipairs { "mode=755,size=1k", "noexec,suid", "size=1k,", "a,b" } do
      local err = inside.refused(with { type = "tmpfs", destination = "/t", source = "t",
        options = { text } }, "true")
      assert.equal("ConfigInvalid", err.code, text)
    end
    local list = inside.mountinfo(with { type = "tmpfs", destination = "/t", source = 'a"b=c,ro',
      options = { "size=8k" } })
    assert.equal('a"b=c,ro', inside.mount_at(list, "/t").source)
    assert.is_true(inside.mount_at(list, "/t").options.rw)
  end)

  it("never cover /proc, nor go below it but for the known files [A18] [A38] [O40]", function()
    fixture.needs("root", "busybox")
    local source = fixture.directory()
    fixture.write(source .. "/file", "figures\n")
    for _, path in ipairs { "/proc/self", "/proc/1/attr", "/proc/sys", "/proc/../proc/self", "//proc//self",
      "/x/../proc/sys/kernel", "/proc/self/attr/exec", "/proc/cpuinfo/../self" } do
      local err = inside.refused(with(bind(source, path)), "true")
      assert.equal("ConfigInvalid", err.code, path)
      assert.truthy(err.problems[1].field:match("^mounts%[%d+%]%.destination$"))
    end
    assert.equal("figures\nfigures\n", inside.script(with(bind(source .. "/file", "/proc/cpuinfo"),
      bind(source .. "/file", "/proc/./meminfo")), "cat /proc/cpuinfo /proc/meminfo"))
    for _, path in ipairs { "/", "/proc" } do
      local err = inside.refused(with { type = "tmpfs", destination = path, source = "t" }, "true")
      assert.equal("ConfigInvalid", err.code)
    end
  end)

  it("on /proc are of the type proc, or bind mounts of a whole procfs, which the init proves [A38] [O40]", function()
    fixture.needs("root", "busybox")
    local namespaces = { "mount", "uts", "ipc", "network", "cgroup" }
    local shown = inside.script({ namespaces = namespaces, mounts = { bind("/proc", "/proc", "rbind", "nosuid") } },
      ("cat /proc/sys/kernel/random/boot_id; [ -d /proc/%d ] && echo sees us"):format(core.pid()))
    assert.equal(fixture.read "/proc/sys/kernel/random/boot_id" .. "sees us\n", shown)
    local volume = fixture.directory()
    for _, source in ipairs { volume, "/proc/self", "/proc/sys", "/sys" } do
      local err = inside.refused({ namespaces = namespaces, mounts = { bind(source, "/proc") } }, "true")
      assert.equal("mount EOPNOTSUPP mounts[1]", ("%s %s %s"):format(err.step, err.errname, err.field), source)
      assert.matches("only a whole proc file system may be bound on /proc", err.hint)
    end
    local rootfs = fixture.rootfs()
    fixture.sh("rm -rf %s/proc; mkdir %s/p; ln -s p %s/proc", rootfs, rootfs, rootfs)
    local err = inside.refused({ rootfs = rootfs, namespaces = namespaces, mounts = { bind("/proc", "/proc") } }, "true")
    assert.equal("mount ELOOP", err.step .. " " .. err.errname)
  end)

  it("do not get below /proc through a link of the image either [A18] [O40]", function()
    fixture.needs("root", "busybox")
    local rootfs, source = fixture.rootfs(), fixture.directory()
    fixture.sh("ln -s /proc %s/alias && ln -s /proc/sys/kernel %s/kernel && ln -s ../proc %s/etc/up",
      rootfs, rootfs, rootfs)
    for _, path in ipairs { "/alias", "/alias/sys", "/kernel", "/etc/up/1" } do
      local config = with(bind(source, path))
      config.rootfs = rootfs
      local err = inside.refused(config, "true")
      assert.equal("mount", err.step, path)
    end
  end)

  it("of the root are of the propagation that rootfs_propagation names, the host's are none of it [O47] [O66]",
    function()
      fixture.needs("root", "busybox", "gcc")
      -- what a bind mount of the root, and of a mount in it, says inside
      local program = inside.compile("binds", [[
        #include <errno.h>
        #include <stdio.h>
        #include <string.h>
        #include <sys/mount.h>
        int main(void)
        {
          printf("root %s\n", mount("/etc", "/tmp", NULL, MS_BIND, NULL) ? strerror(errno) : "bound");
          printf("dev %s\n", mount("/dev/shm", "/tmp", NULL, MS_BIND, NULL) ? strerror(errno) : "bound");
          return 0;
        }]])
      local rootfs, dir = fixture.rootfs(), fixture.directory()
      inside.install(program, rootfs, "/bin/binds")
      -- in a mount namespace of the test's own, where all is shared with it
      fixture.write(dir .. "/run.lua", [[
        local directory, rootfs, mode = table.unpack(arg)
        local factory = assert(require "libcontainer".new(directory .. "/state"))
        local config = require "libcontainer.configs".default { rootfs = rootfs, rootfs_propagation = mode,
          capabilities = { "SYS_ADMIN" }, seccomp = false }
        local box <close> = assert(factory:create("x", config))
        local p = assert(box:start { args = { "sh", "-c", "cat /proc/self/mountinfo; binds" }, stdout = "pipe" })
        print(p.stdout:read("a"))
        assert(p:wait(60))
        p:close()]])
      for mode, want in pairs {
        shared = { "^shared:%d+$", "^$" }, rshared = { "^shared:%d+$", "^shared:%d+$" },
        unbindable = { "^unbindable$", "^$", "root Invalid argument\ndev bound" },
        runbindable = { "^unbindable$", "^unbindable$", "root Invalid argument\ndev Invalid argument" },
        private = { "^$", "^$", "root bound\ndev bound" }, rprivate = { "^$", "^$" },
        slave = { "^master:%d+$", "^$" }, rslave = { "^master:%d+$", "^$" },
      } do
        local out = fixture.sh([[unshare -m --propagation private sh -c 'mount --bind %s %s &&
          mount --make-shared %s && lua5.4 %s/run.lua %s %s %s && cat /proc/self/mountinfo' 2>&1]], rootfs, rootfs,
          rootfs, dir, dir, rootfs, mode)
        local own, host = out:match("^(.-\nroot [^\n]*\ndev [^\n]*)(.*)$")
        assert.is_truthy(own, out)
        local list = inside.mounts(own)
        assert.matches(want[1], inside.mount_at(list, "/").propagation, mode)
        assert.matches(want[2], inside.mount_at(list, "/dev/shm").propagation, mode)
        assert.matches(want[3] or "root bound", own, 1, mode)
        local outer = inside.mount_at(inside.mounts(host), rootfs)
        assert.matches("^shared:%d+$", outer.propagation)
        assert.not_equal(outer.propagation, inside.mount_at(list, "/").propagation, mode)
        assert.is_nil(host:find(rootfs .. "/tmp", 1, true), host)
      end
    end)

  it("see later mounts of the host only where rootfs_propagation says so, and the host never theirs [L29] [O66]",
    function()
      fixture.needs("root", "busybox")
      -- In a mount namespace of the test's own, since the parents are to be shared, slave, private.
      local dir, rootfs = fixture.directory(), fixture.rootfs()
      fixture.sh("mkdir %s/mnt %s/peer", rootfs, dir)
      fixture.write(dir .. "/run.lua", PROPAGATION_SCRIPT)
      local prepare = ("mount --bind %s %s && mount --make-shared %s && mount --bind %s %s/peer"):format(rootfs,
        rootfs,
        rootfs, rootfs, dir)
      for _, case in ipairs { { "shared", "slave", "shared:", "1" }, { "shared", "private", "shared:", "0" },
        { "slave", "slave", "master:", "0" }, { "private", "slave", "", "0" },
        { "unbindable", "slave", "unbindable", "0" } } do
        local out = fixture.sh([[unshare -m --propagation private sh -c '%s && mount --make-%s %s
          cut -d" " -f4- /proc/self/mountinfo >%s/before
          lua5.4 %s/run.lua %s %s %s && umount %s/mnt
          cut -d" " -f4- /proc/self/mountinfo | cmp - %s/before && echo same' 2>&1]], prepare, case[1], rootfs,
          dir, dir, dir, rootfs, case[2], rootfs, dir)
        if case[1] == "unbindable" and out:find("EINVAL", 1, true) then
          -- kernels before 6.18 keep the word of who made it so, and there is nothing to look at
          assert.truthy(out:find("\nsame$"), out)
          break
        end
        assert.truthy(out:find("\nlate " .. case[4] .. "\n", 1, true), out)
        assert.truthy(out:find("\nsame$"), out)
        local host, own = {}, {}
        for where, line in out:gmatch("(%a+): ([^\n]+)") do table.insert(where == "host" and host or own, line) end
        local parent = inside.mount_at(inside.mounts(table.concat(host, "\n")), rootfs)
        assert.equal(case[3], parent.propagation:match("^%a*:?"))
        for _, mount in ipairs(inside.mounts(table.concat(host, "\n"))) do
          assert.is_nil(mount.point:find(rootfs .. "/", 1, true), mount.line)
        end
        for _, mount in ipairs(inside.mounts(table.concat(own, "\n"))) do
          assert.is_nil(mount.propagation:find("shared:", 1, true), mount.line)
        end
      end
    end)
end)
