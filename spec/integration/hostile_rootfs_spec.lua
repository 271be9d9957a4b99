-- SPDX-License-Identifier: MIT
-- Images made to reach the host: links where the library makes or opens something. Whatever happens,
-- a tree on the host beside the rootfs stays as it was.
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local configs = require "libcontainer.configs"

-- The default without the mounts at and below these places.
local function without(...)
  local config = configs.default { rootfs = "/x" }
  for _, place in ipairs { ... } do
    for i = #config.mounts, 1, -1 do
      if (config.mounts[i].destination .. "/"):find(place .. "/", 1, true) == 1 then
        table.remove(config.mounts, i)
      end
    end
  end
  config.exact, config.rootfs = true, nil
  return config
end

-- Ways to write a link that leads from a directory of the image, `depth` deep, to a place of the host.
local function links(path)
  return { path, "/../../../../../.." .. path, ("../"):rep(20) .. path:sub(2), "/proc/1/root" .. path,
    "/proc/self/root" .. path, "/proc/self/cwd" .. path, "/proc/self/fd/3/../../../.." .. path }
end

describe("an image that wants to reach the host", function()
  local canary, rootfs

  before_each(function()
    if require "libcontainer.core".uid() ~= 0 then return end
    canary, rootfs = inside.canary(), fixture.rootfs()
  end)

  after_each(function()
    if canary then canary.check() end
    canary = nil
  end)

  fixture.check_leaks()

  it("gets every type of mount inside of itself, where its links lead by its own root [A14] [A16] [A09] [O31] [D23]",
    function()
      fixture.needs("root", "busybox")
      local source = fixture.directory()
      fixture.write(source .. "/f", "f\n")
      fixture.sh("ln -s %s/directory %s/abs && ln -s %s%s %s/rel && ln -s %s/new/dir %s/dangling",
        canary.path, rootfs, ("../"):rep(20), canary.path:sub(2), rootfs, canary.path, rootfs)
      local kinds = {
        { type = "tmpfs", source = "t" }, { type = "bind", source = source }, { type = "bind",
          source = source .. "/f" },
        { type = "mqueue", source = "m" }, { type = "devpts", source = "d" }, { type = "cgroup", source = "c",
          options = { "ro" } },
      }
      for _, via in ipairs { "abs", "rel", "dangling" } do
        local config = configs.default { rootfs = rootfs }
        for i, mount in ipairs(kinds) do
          mount = { type = mount.type, source = mount.source, options = mount.options,
            destination = ("/%s/deep/m%d"):format(via, i) }
          table.insert(config.mounts, mount)
        end
        local out = inside.script({ rootfs = rootfs, mounts = config.mounts }, "cat /proc/self/mountinfo")
        local place = via == "dangling" and canary.path .. "/new/dir" or via == "abs" and canary.path .. "/directory"
          or canary.path
        for i, mount in ipairs(kinds) do
          local got = inside.mount_at(inside.mounts(out), ("%s/deep/m%d"):format(place, i))
          assert.is_table(got, via .. " " .. mount.type)
        end
        canary.check()
      end
    end)

  it("cannot have a mount end outside by .. in its destination [A14] [A55] [O31]", function()
    fixture.needs("root", "busybox")
    local config = configs.default { rootfs = rootfs }
    table.insert(config.mounts, { type = "tmpfs", source = "t",
      destination = "/../../.." .. canary.path .. "/empty" })
    table.insert(config.mounts, { type = "tmpfs", source = "t", destination = "/etc/../../../x/./y" })
    local out = inside.script({ rootfs = rootfs, mounts = config.mounts }, "cut -d' ' -f5 /proc/self/mountinfo")
    assert.truthy(out:find("\n" .. canary.path .. "/empty\n", 1, true), out)
    assert.truthy(out:find("\n/x/y\n", 1, true), out)
  end)

  it("cannot have a mount end outside by a magic link of /proc [A14] [A68] [O31]", function()
    fixture.needs("root", "busybox")
    local held <close> = assert(io.open("/")) -- inherited by whoever does not close it
    for i, text in ipairs(links(canary.path .. "/directory")) do
      fixture.sh("rm -f %s/l && ln -s %s %s/l", rootfs, text, rootfs)
      local config = configs.default { rootfs = rootfs }
      table.insert(config.mounts, { type = "tmpfs", source = "t", destination = "/l/made-" .. i })
      local result = fixture.run({ rootfs = rootfs, mounts = config.mounts }, "cat", "/proc/self/mountinfo")
      if i <= 3 then assert.equal(0, assert(result, text).status) end
      if i > 3 then assert.is_nil(result, text) end
      canary.check()
    end
    assert(held)
  end)

  it("cannot loosen its own confinement by files, labels or annotations [A07]", function()
    fixture.needs("root", "busybox")
    local looks = [[grep -E '^(Cap|NoNewPrivs|Seccomp|Uid|Gid|Groups)' /proc/self/status; ls /dev; cat /proc/self/limits;
      cut -d' ' -f4- /proc/self/mountinfo | sed 's/spec\.[^ /]*//g' | sort; hostname; id; env; pwd]]
    local function confinement(config)
      local process = { args = { "sh", "-c", looks }, env = { "A=b" } }
      local box <close> = assert(fixture.factory():create("box", configs.default(config)))
      local plan = tostring(assert(box:explain(process)))
      process.stdout = "pipe"
      local program <close> = assert(box:start(process))
      local said = program.stdout:read("a")
      assert(program:wait(60))
      return plan, said
    end
    local plan, said = confinement { rootfs = rootfs }
    assert.truthy(plan:find("seccomp", 1, true) and said:find("NoNewPrivs:\t1", 1, true), said)
    -- whatever other runtimes and their images have for it
    local loose = [[{"ociVersion":"1.0.0","process":{"user":{"uid":0,"gid":0},"noNewPrivileges":false,"env":["X=y"],
      "capabilities":{"bounding":["CAP_SYS_ADMIN"]}},"no_new_privileges":false,"seccomp":false,"mask_paths":[],
      "linux":{"seccomp":null,"maskedPaths":[],"readonlyPaths":[]},"privileged":true}]]
    for _, name in ipairs { "config.json", "state.json", "manifest.json", ".libcontainer.json", "etc/libcontainer.json",
      "etc/libcontainer/config.json", "run/libcontainer/config.json", "etc/containers/containers.conf",
      "etc/environment", "etc/security/capability.conf", "etc/default/libcontainer" } do
      fixture.sh("mkdir -p $(dirname %s/%s)", rootfs, name)
      fixture.write(rootfs .. "/" .. name, loose)
      fixture.sh("cp %s/%s %s/../%s 2>/dev/null", rootfs, name, rootfs, name) -- where a bundle would have it
    end
    local claims = {}
    for _, name in ipairs { "privileged", "io.podman.annotations.privileged", "io.podman.annotations.seccomp",
      "run.oci.keep_original_groups", "org.systemd.property.DeviceAllow", "no_new_privileges", "seccomp", "mask_paths",
      "capabilities", "rootfs", "user", "io.kubernetes.cri-o.Privileged", "RUN", "INSTALL" } do
      claims[name] = name:find("seccomp") and "unconfined" or "true"
    end
    local same_plan, same = confinement { rootfs = rootfs, labels = claims, annotations = claims }
    assert.equal(plan, same_plan)
    assert.equal(said, same)
  end)

  it("does not choose by its links what of the host a bind mount shows, though the source lies in it [A64]", function()
    fixture.needs("root", "busybox")
    fixture.sh("mkdir -p %s%s/directory && echo of-the-image >%s%s/directory/file", rootfs, canary.path, rootfs,
      canary.path)
    for i, text in ipairs(links(canary.path .. "/directory")) do
      fixture.sh("cd %s && rm -f data && ln -s %s data && mkdir -p sub", rootfs, text)
      for _, source in ipairs { "/data", "/sub/../data", "//data/.", "/./data/" } do
        local config = configs.default { rootfs = rootfs }
        table.insert(config.mounts, { type = "bind", source = rootfs .. source, destination = "/shown" })
        local result, err = fixture.run({ rootfs = rootfs, mounts = config.mounts }, "cat", "/shown/file")
        if i <= 3 then
          assert.equal("of-the-image\n", assert(result, tostring(err)).stdout, text)
        else
          -- what its own /proc would say: there is none yet, and a magic link is never followed
          assert.is_nil(result, text)
          assert.equal("mount", err.step)
          assert.truthy(err.subject:find(rootfs, 1, true), err.subject)
        end
      end
      canary.check()
    end
    -- a link itself, when that is what is wanted, is none of the host's either
    fixture.sh("cd %s && rm -f data up && ln -s / up && ln -s %s/file data", rootfs, canary.path)
    local itself = configs.default { rootfs = rootfs }
    table.insert(itself.mounts, { type = "bind", source = rootfs .. "/up/data", destination = "/copied",
      options = { "copy-symlink" } })
    assert.equal(canary.path .. "/file\n", inside.script({ rootfs = rootfs, mounts = itself.mounts },
      "readlink /copied"))
    -- what does not lie in it is the caller's own word
    local link = fixture.directory() .. "/link"
    fixture.sh("ln -s %s/directory %s", canary.path, link)
    local config = configs.default { rootfs = rootfs }
    table.insert(config.mounts, { type = "bind", source = link, destination = "/shown", options = { "ro" } })
    assert.equal("secret-of-the-host\n", inside.script({ rootfs = rootfs, mounts = config.mounts }, "cat /shown/file"))
  end)

  it("has each mount that a configuration adds by itself put inside, wherever its target leads [A65]", function()
    fixture.needs("root", "busybox")
    local added = configs.default { rootfs = rootfs }.mounts
    for i, mount in ipairs(added) do
      for _, text in ipairs { canary.path .. "/empty", ("../"):rep(20) .. canary.path:sub(2) .. "/empty",
        canary.path .. "/missing" } do
        -- each alone, so that nothing but the image is where its target is
        local target = rootfs .. mount.destination
        fixture.sh("cd %s && rm -rf dev proc sys .%s && mkdir -p .%s dev proc sys && rm -rf %s && mkdir -p %s && ln -sT %s %s",
          rootfs, canary.path, canary.path, target, target:match("^(.*)/"), text, target)
        local config = { exact = true, rootfs = rootfs, mounts = { mount } }
        if mount.destination ~= "/proc" then
          table.insert(config.mounts, 1, { type = "proc", destination = "/proc" })
        end
        if mount.destination == "/proc" or mount.destination == "/sys" then
          assert.equal("ELOOP", inside.refused(config, "true").errname)
        else
          local place = text:find("missing") and canary.path .. "/missing" or canary.path .. "/empty"
          local list = inside.mounts(inside.script(config, "cat /proc/self/mountinfo"))
          assert.is_table(inside.mount_at(list, place), added[i].destination .. " at " .. text)
        end
        canary.check()
      end
    end
    assert.is_true(#added >= 7)
  end)

  it("is refused when its /proc or /sys is a link [A62] [A78] [O40]", function()
    fixture.needs("root", "busybox")
    for _, name in ipairs { "proc", "sys" } do
      for _, text in ipairs { "/etc", canary.path .. "/directory", "dev" } do
        fixture.sh("rm -rf %s/proc %s/sys; mkdir -p %s/proc %s/sys; rmdir %s/%s; ln -s %s %s/%s", rootfs, rootfs,
          rootfs,
          rootfs, rootfs, name, text, rootfs, name)
        local err = inside.refused({ rootfs = rootfs }, "true")
        assert.equal("mount", err.step, name .. " → " .. text)
        assert.equal("ELOOP", err.errname)
        assert.equal("/" .. name, err.subject)
      end
    end
  end)

  it("gets device nodes inside of itself when its /dev is a link to a host directory [A81] [D23]", function()
    fixture.needs("root", "busybox")
    for _, text in ipairs { canary.path .. "/empty", ("../"):rep(20) .. canary.path:sub(2) .. "/empty" } do
      fixture.sh("rm -rf %s/dev && ln -s %s %s/dev", rootfs, text, rootfs)
      local config = without "/dev"
      config.rootfs = rootfs
      config.devices = { { path = "/dev/mine", type = "c", major = 1, minor = 5 } }
      assert.equal(canary.path .. "/empty\n1:3\n1:5\n", inside.script(config,
        "readlink -f /dev; stat -c %t:%T /dev/null /dev/mine"))
      canary.check()
    end
    -- and with a mount there, the mount lands inside as well
    assert.equal(canary.path .. "/empty\n", inside.script({ rootfs = rootfs }, "readlink -f /dev"))
  end)

  it("is refused when a node's name is a link or a file, nothing is opened through it [A15] [A75] [A85] [D24] [O73]",
    function()
      fixture.needs("root", "busybox")
      local config = without "/dev"
      config.rootfs = rootfs
      for _, make in ipairs { "ln -s %s/file null", "echo fake-%.0s >null", "mknod null c 1 5; : %s",
        "mkfifo null; : %s",
        "mkdir null; : %s", "ln -s %s/missing null", "mknod null b 1 3; : %s" } do
        fixture.sh("cd %s/dev && rm -rf * && " .. make, rootfs, canary.path)
        local before = fixture.sh("stat -c '%%F %%t %%T %%s %%Y' %s/dev/null", rootfs)
        local err = inside.refused(config, "true")
        assert.equal("device", err.step, make)
        assert.equal("/dev/null", err.subject)
        assert.equal(before, fixture.sh("stat -c '%%F %%t %%T %%s %%Y' %s/dev/null", rootfs))
        canary.check()
      end
      for _, name in ipairs { "zero", "full", "random", "urandom", "tty" } do
        fixture.sh("cd %s/dev && rm -rf * && ln -s %s/file %s", rootfs, canary.path, name)
        assert.equal("/dev/" .. name, inside.refused(config, "true").subject)
      end
      fixture.sh("cd %s/dev && rm -rf * && mknod -m 600 null c 1 3", rootfs)
      assert.equal("1:3\n", inside.script(config, "stat -c %t:%T /dev/null"))
    end)

  it("has links of /dev replaced or kept, never followed [A84] [O51]", function()
    fixture.needs("root", "busybox")
    local config = without "/dev"
    config.rootfs = rootfs
    table.insert(config.mounts, { type = "devpts", source = "d", destination = "/dev/pts", options = {
      "newinstance" } })
    fixture.sh("cd %s/dev && for n in fd stdin stdout stderr core ptmx console; do ln -s %s/file $n; done", rootfs,
      canary.path)
    local out = inside.script(config, "readlink /dev/ptmx; readlink /dev/stdin; readlink /dev/console")
    assert.equal(("pts/ptmx\n%s/file\n%s/file\n"):format(canary.path, canary.path), out)
  end)

  it("has masks and read-only paths put where its links lead inside [A75] [A79] [O49]", function()
    fixture.needs("root", "busybox")
    local held <close> = assert(io.open("/"))
    for _, text in ipairs(links(canary.path .. "/file")) do
      fixture.sh("rm -f %s/m && ln -s %s %s/m", rootfs, text, rootfs)
      local result, err = fixture.run({ rootfs = rootfs, mask_paths = { "/m" }, readonly_paths = { "/m" } }, "true")
      -- where it leads to nothing there is nothing to hide; a magic link is refused
      if result then
        assert.equal(0, result.status, text)
      else
        assert.equal("ELOOP", err.errname, text)
      end
      canary.check()
    end
    assert(held)
  end)

  it("cannot have its masks made of a /dev/null of its own [A75] [A79]", function()
    fixture.needs("root", "busybox")
    local config = without "/dev"
    config.rootfs = rootfs
    -- its null is the real one, yet is bound over by a file: the mask must not be that file
    fixture.write(rootfs .. "/fake", "fake\n")
    fixture.write(rootfs .. "/secret", "secret\n")
    fixture.sh("mkdir %s/hidden && echo secret >%s/hidden/f", rootfs, rootfs)
    table.insert(config.mounts, { type = "bind", source = rootfs .. "/fake", destination = "/dev/null" })
    config.mask_paths = { "/secret", "/hidden" }
    local err = inside.refused(config, "true")
    assert.equal("device", err.step)
    table.remove(config.mounts)
    fixture.sh("rm %s/dev/null", rootfs)
    assert.equal("character special file 1:3\n0\n\n", inside.script(config,
      "stat -c '%F %t:%T' /secret; cat /secret | wc -c | tr -d ' '; echo x >/secret; ls -A /hidden; echo"))
    assert.equal("secret\n", fixture.read(rootfs .. "/secret"))
  end)

  it("has the working directory made inside, through links too [A09] [A83] [O5]", function()
    fixture.needs("root", "busybox")
    fixture.sh("ln -s %s/directory %s/abs && ln -s %s%s %s/rel && ln -s %s/missing %s/dangling", canary.path, rootfs,
      ("../"):rep(20), canary.path:sub(2), rootfs, canary.path, rootfs)
    for cwd, place in pairs { ["/abs/new/deep"] = "/directory/new/deep", ["/rel/new"] = "/new",
      ["/dangling"] = "/missing" } do
      local result = inside.run({ rootfs = rootfs, cwd = cwd, user = "1000:1001" }, "sh", "-c",
        "pwd -P; stat -c %u:%g .; touch mine && echo mine")
      assert.equal(canary.path .. place .. "\n1000:1001\nmine\n", result.stdout .. result.stderr)
      canary.check()
    end
  end)

  it("is not asked for its programs or libraries before its own program runs [A10] [A37]", function()
    fixture.needs("root", "busybox")
    -- everything that a helper might want to run or load notes that it was run
    fixture.write(rootfs .. "/trap", "#!/bin/sh\necho $0 $$ >>/trapped\n")
    fixture.sh([[chmod 755 %s/trap; cd %s && mkdir -p sbin usr/bin usr/sbin lib lib64 &&
      for n in sbin/mount usr/bin/mount usr/bin/ip sbin/init usr/bin/newuidmap usr/sbin/ip usr/bin/nsinit \
        lib/libc.so.6 \
        lib64/ld-linux-x86-64.so.2 etc/ld.so.preload etc/nsswitch.conf; do cp trap $n; done]], rootfs, rootfs)
    assert.equal(0, inside.run({ rootfs = rootfs, user = "user:users" }, "true").status)
    assert.is_nil(fixture.read(rootfs .. "/trapped"))
  end)

  it("cannot stall or fool the look at its passwd and group [A67] [A82] [O124]", function()
    fixture.needs("root", "busybox")
    local kinds = { ["mkfifo F"] = "EINVAL", ["mknod F c 1 5"] = "EINVAL", ["mkdir F"] = "EINVAL",
      ["ln -s /dev/zero F"] = "ELOOP", ["ln -s " .. canary.path .. "/file F"] = "ELOOP", ["truncate -s 10G F"] = "EFBIG" }
    local right = { passwd = "user:x:1000:1001:u:/home/user:/bin/sh\n", group = "users:x:1001:\n" }
    for _, name in ipairs { "passwd", "group" } do
      for how, errname in pairs(kinds) do
        fixture.sh("cd %s/etc && rm -rf %s && " .. how:gsub("F", name), rootfs, name)
        -- in a process of its own, which can be ended if it stalls
        local ended = fixture.lua([[
          local done, err = lc.run { "true", rootfs = rootfs, factory = assert(lc.new(root)), user = "user:users" }
          io.write(done and "it ran" or err.step .. " " .. err.errname)
        ]], { args = { fixture.root(), rootfs }, before = "timeout -s KILL " .. fixture.seconds(60) })
        assert.equal("user " .. errname, ended.stdout .. ended.stderr, how)
      end
      fixture.sh("rm -rf %s/etc/%s", rootfs, name)
      fixture.write(rootfs .. "/etc/" .. name, right[name])
    end
    local many = {}
    for i = 1, 40000 do many[i] = ("g%d:x:%d:user\n"):format(i, 100000 + i) end
    fixture.write(rootfs .. "/etc/group", "users:x:1001:\n" .. table.concat(many))
    local result, err = fixture.run({ rootfs = rootfs, user = "user" }, "true")
    assert.equal(0, assert(result, tostring(err)).status)
  end)

  it("may be deep, odd and long, and every walk through it ends [A39]", function()
    fixture.needs("root", "busybox")
    fixture.sh("cd %s && ln -s loop2 loop1 && ln -s loop1 loop2 && i=0; "
      .. "while [ $i -lt 45 ]; do ln -s c$((i+1)) %s/c$i; "
      .. "i=$((i+1)); done; ln -s . %s/dot; ln -s .. %s/up", rootfs, rootfs, rootfs, rootfs)
    for _, path in ipairs { "/loop1", "/loop1/x", "/c0/x" } do
      local err = inside.refused({ exact = true, rootfs = rootfs, mounts = { { type = "tmpfs",
        destination = path } } }, "true")
      assert.equal("ELOOP", err.errname, path)
    end
    local out = inside.script({ exact = true, rootfs = rootfs, mounts = { { type = "proc", destination = "/proc" },
      { type = "tmpfs",
      destination = "/dot/up/up/dot/made" }, { type = "tmpfs", destination = ("/dot"):rep(30) .. "/m2" } } },
      "cut -d' ' -f5 /proc/self/mountinfo")
    assert.equal("/\n/proc\n/made\n/m2\n", out)
  end)
end)
