-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"

-- A program in the embedded default, where the host's own root is the container's.
local function run(config, ...)
  config.rootfs = "/"
  local run_module = require "libcontainer.run"
  local t = { ... }
  for key, value in pairs(config) do t[key] = value end
  t.rootfs = nil
  return run_module.run(fixture.factory(), t)
end

local function script(config, text)
  local result = assert(run(config, "sh", "-c", text))
  assert(result.status == 0, result.stdout .. result.stderr)
  return result.stdout
end

local WRITABLE <const> = { ["/tmp"] = true, ["/var/tmp"] = true, ["/run"] = true, ["/dev"] = true,
  ["/dev/shm"] = true,
  ["/dev/pts"] = true, ["/dev/mqueue"] = true, ["/proc"] = true }

describe("the host's root as a container", function()
  fixture.check_leaks()

  it("is read-only in every mount but the container's own [A01]", function()
    fixture.needs("root")
    local list = inside.mounts(script({}, "cat /proc/self/mountinfo"))
    assert.is_true(inside.mount_at(list, "/").options.ro)
    local seen = {}
    for _, mount in ipairs(list) do
      seen[mount.point] = mount
      if not WRITABLE[mount.point] then
        assert.is_true(mount.options.ro, mount.line)
      end
      assert.equal("", mount.propagation, mount.line)
    end
    for point in pairs(WRITABLE) do
      local mount = assert(seen[point], point)
      assert.truthy(mount.type:match("^tmpfs$") or mount.type:match("^devpts$") or mount.type:match("^mqueue$")
        or mount.type:match("^proc$"), mount.line)
    end
    -- what the host has mounted of its own below the root is there, and as closed as the rest
    for point in fixture.sh("cut -d' ' -f5 /proc/self/mountinfo"):gmatch("[^\n]+") do
      if not point:find("^/proc") and not point:find("^/sys") and not point:find("^/dev") and not point:find("^/tmp")
        and not point:find("^/run") and not point:find("^/var/tmp") and point ~= "/" then
        assert.is_table(seen[point], point)
      end
    end
  end)

  it("is as closed where the host has mounted something below it, and is shown nothing that comes later [A01] [L29]",
    function()
    fixture.needs("root")
    assert.equal("ro\nRead-only file system\nearlier\nro\nearlier\n", fixture.lua_prints([[
      local configs = require "libcontainer.configs"
      local box <close> = assert(assert(lc.new(root)):create("box", configs.host_root()))
      assert(box:start { "sleep", "1000" })
      local function look(script)
        io.write(assert(box:exec { "sh", "-c", script }).stdout)
      end
      local options = "grep ' /srv ' /proc/self/mountinfo | cut -d' ' -f6 | cut -c1-2; "
      look(options .. "touch /srv/x 2>&1 | sed 's/.*: //'; ls /srv")
      assert(os.execute("mount -t tmpfs later /srv/earlier && touch /srv/earlier/x && mount -t tmpfs later /srv"))
      look(options .. "ls /srv /srv/earlier | grep -v : | grep .")]], { args = { fixture.root() },
      before = "unshare -m --propagation private sh -c 'mount --make-rshared / && mount -t tmpfs host /srv && "
        .. "mkdir /srv/earlier && exec \"$@\"' x" }))
  end)

  it("cannot be written anywhere: each attempt is EROFS, and the host has nothing new [A01]", function()
    fixture.needs("root")
    local place = fixture.sh("mktemp -d /var/libcontainer-spec.XXXXXX")
    fixture.write(place .. "/file", "host\n")
    fixture.sh("chmod 777 %s && chmod 666 %s/file", place, place)
    local out = script({}, ([[
      try() { "$@" 2>&1 | sed 's/.*: //'; }
      try touch /x; try touch /etc/x; try touch /usr/x; try mkdir %s/d; try rm %s/file; try ln %s/file %s/hard;
        try mv %s/file %s/g
      try chmod 600 %s/file; try sh -c 'echo x >>%s/file'; try touch /sys/x; try truncate -s 0 /usr/bin/env
      find / -xdev -maxdepth 3 -type d 2>/dev/null | grep -vE '^(/dev|/tmp|/var/tmp|/run)$' |
        sed 's,$,/lc-x,' | tr '\n' '\0' | xargs -0 mkdir -v 2>/dev/null | sed 's/^/made /'
    ]]):gsub("%%s", place))
    local _, refusals = out:gsub("Read%-only file system", "")
    assert.is_true(refusals >= 10, out)
    assert.is_nil(out:find("made", 1, true), out)
    assert.equal("host\n", fixture.read(place .. "/file"))
    assert.equal("file", fixture.sh("ls %s", place))
    fixture.sh("rm -rf %s", place)
  end)

  it("hides what the host holds for root, by whatever name [A01]", function()
    fixture.needs("root")
    local out = script({}, [[ls -A /root; cat /etc/shadow /etc/gshadow 2>/dev/null; wc -c </etc/shadow;
      ls -A /etc/ssh 2>/dev/null
      ls -A /etc/ssl/private 2>/dev/null; cat /proc/1/root/etc/shadow; ls -A /../root; stat -c '%t:%T' /etc/shadow]])
    assert.equal("0\n1:3\n", out)
  end)

  it("keeps other users' files as closed as they are: root inside has no power over them [A01] [A03]", function()
    fixture.needs("root")
    local place = fixture.sh("mktemp -d /var/libcontainer-spec.XXXXXX")
    fixture.write(place .. "/file", "secret\n")
    fixture.sh("chown -R 4321:4321 %s && chmod 755 %s && chmod 600 %s/file", place, place, place)
    local result = assert(run({}, "cat", place .. "/file"))
    fixture.sh("rm -rf %s", place)
    assert.not_equal(0, result.status)
    assert.equal("", result.stdout)
  end)

  it("shows none of the host's sockets, temporary files, processes, devices or shared memory [A01] [A44]", function()
    fixture.needs("root")
    local dir = fixture.directory() -- in /tmp
    fixture.sh("mkdir -p /run/libcontainer-spec-%d", require "libcontainer.core".pid())
    local out = script({}, ("ls -A /run /tmp /var/tmp /dev/shm /dev/mqueue; ls -d %s 2>/dev/null; find /dev -type b; "
      .. "ls /proc | grep -c '^[0-9]'; cat /proc/net/unix | wc -l; "
      .. "find / -xdev -path /usr -prune -o -type s -print 2>/dev/null | head -n 3; true"):format(dir))
    fixture.sh("rmdir /run/libcontainer-spec-%d", require "libcontainer.core".pid())
    local listing, rest = out:match("^(.-\n)(%d+\n.*)$")
    for line in listing:gmatch("[^\n]+") do assert.truthy(line:match("^/.*:$"), line) end
    assert.truthy(rest:find("^%d\n1\n"), rest)
  end)

  it("has private writable places, one program's not another's", function()
    fixture.needs("root")
    assert.equal("x\n1777\n", script({}, "echo x >/tmp/own && cat /tmp/own; stat -c %a /tmp"))
    assert.equal("0\n", script({}, "ls -A /tmp /var/tmp /run | grep -vc : || true"):gsub("^%d+\n", function(n)
      return n == "2\n" and "0\n" or n end)) -- two blank lines of ls
    assert.is_nil(fixture.read("/tmp/own"))
  end)

  it("is masked and confined like any other container [A17]", function()
    fixture.needs("root")
    local status = inside.status(script({},
      "cat /proc/self/status; for p in /proc/kcore /proc/keys /proc/timer_list; do "
      .. "[ -e $p ] && head -c 10 $p; done; (echo x >/proc/sys/kernel/domainname) 2>/dev/null && echo bad: yes; true"))
    assert.equal("2", status.Seccomp)
    assert.equal("1", status.NoNewPrivs)
    assert.equal("0", status.Uid:match("^%d+"))
    assert.is_nil(status.bad)
  end)

  it("takes volumes, wherever there is a directory or a private place for them", function()
    fixture.needs("root")
    local dir = fixture.directory()
    fixture.write(dir .. "/f", "f\n")
    assert.equal("f\nf\n", script({ mounts = { { type = "bind", source = dir, destination = "/tmp/made/here" },
      { type = "bind", source = dir, destination = "/mnt", options = { "ro" } } } }, "cat /tmp/made/here/f /mnt/f"))
    local result, err = run({ mounts = { { type = "bind", source = dir, destination = "/no/such/place" } } }, "true")
    assert.is_nil(result)
    assert.equal("EROFS", err.errname)
    assert.equal("", fixture.sh("ls -d /no 2>/dev/null"))
  end)
end)
