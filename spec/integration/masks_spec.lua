-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local configs = require "libcontainer.configs"

-- hardening list: what must be hidden and what must not be writable in a default container
local MASKED <const> = [[/proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats
  /proc/sched_debug /proc/scsi /proc/timer_list /proc/timer_stats /sys/devices/virtual/powercap /sys/firmware]]
local READONLY <const> = "/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger"

-- Everything that permissions could stop, it may: only masks and read-only mounts are left to.
local ALL <const> = inside.all_capabilities()

describe("masked and read-only paths", function()
  fixture.check_leaks()

  it("of the built configurations are the whole list [A17] [A29] [A30]", function()
    for _, config in ipairs { configs.default { rootfs = "/x" }, configs.host_root() } do
      local masked = " " .. table.concat(config.mask_paths, " ") .. " "
      local readonly = " " .. table.concat(config.readonly_paths, " ") .. " "
      for path in MASKED:gmatch("%S+") do assert.truthy(masked:find(" " .. path .. " ", 1, true), path) end
      for path in READONLY:gmatch("%S+") do assert.truthy(readonly:find(" " .. path .. " ", 1, true), path) end
      for path in fixture.sh("ls -d /sys/devices/system/cpu/cpu*/thermal_throttle 2>/dev/null"):gmatch("%S+") do
        assert.truthy(masked:find(" " .. path .. " ", 1, true), path)
      end
    end
  end)

  it("are empty, or cannot be written, seen from inside with every capability [A17] [A29] [A30] [O49] [O50]",
    function()
    fixture.needs("root", "busybox")
    local out = inside.script({ capabilities = ALL, seccomp = false }, ([[
      for p in %s /sys/devices/system/cpu/cpu*/thermal_throttle; do
        [ -e "$p" ] || continue
        if [ -d $p ]; then echo "masked $p $(ls -A $p | wc -l)"; touch $p/x 2>/dev/null && echo "made $p/x"
        else echo "masked $p $(head -c 100 $p | wc -c)"; stat -c "is %%F %%t:%%T" $p; fi
      done
      for p in %s; do
        [ -e $p ] || continue
        for f in $(find $p -type f 2>/dev/null | head -n 3000); do
          (: >>$f) 2>/dev/null && echo "writable $f"
        done
      done; true]]):format(MASKED:gsub("\n", " "), READONLY))
    assert.is_nil(out:find("writable", 1, true), out)
    assert.is_nil(out:find("made", 1, true), out)
    local count = 0
    for path, size in out:gmatch("masked (%S+) +(%d+)") do
      assert.equal("0", size, path)
      count = count + 1
    end
    assert.is_true(count > 3, out)
    for kind in out:gmatch("is ([^\n]+)") do assert.equal("character special file 1:3", kind) end
  end)

  it("leave no file directly below /proc that can be written and stands in neither list [A17]", function()
    fixture.needs("root", "busybox")
    -- By mode: root without any capability could write those. A new kernel's new file shows here
    -- before it is a hole.
    local out = inside.script({}, "touch /dev/w; chmod 200 /dev/w; find /dev/w /proc -maxdepth 1 -type f -perm /222")
    assert.truthy(out:find("/dev/w\n", 1, true), "the look itself works")
    local config = configs.default { rootfs = "/x" }
    local known = " " .. table.concat(config.mask_paths, " ") .. " " .. table.concat(config.readonly_paths,
      " ") .. " "
    for path in out:gmatch("/proc/%S+") do
      assert.truthy(known:find(" " .. path .. " ", 1, true),
        path .. " can be written and is in neither list")
    end
  end)

  it("hide a file, a directory and what a link leads to, and pass over what is missing [O49]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.sh([[cd %s && echo s >file && mkdir -p dir/sub && echo s >dir/sub/f && echo s >target &&
      ln -s target link &&
      ln -s nowhere dangling && ln -s dir dirlink2]], rootfs)
    local out = inside.script({ rootfs = rootfs, capabilities = ALL, seccomp = false,
      mask_paths = { "/file", "/dir", "/link", "/missing", "/missing/deep", "/dangling", "/file/below", "/file",
        "/dir" } },
      [[cat /file /link /target; ls -A /dir /dirlink2/; touch /dir/x 2>/dev/null; rm /file 2>/dev/null
        echo x >/file; ls -A /dir; stat -c '%F %a' /file /dir
        mkdir /dir/y 2>&1 | sed 's/.*: //'; grep -E ' /(file|dir|target) ' /proc/self/mountinfo]])
    local seen, mounts = out:match("^(.-system\n)(.*)$")
    assert.equal("/dir:\n\n/dirlink2/:\ncharacter special file 666\ndirectory 555\nRead-only file system\n", seen)
    local list = inside.mounts(mounts)
    assert.is_true(#list >= 3)
    for _, mount in ipairs(list) do
      assert.is_true(mount.options.ro and mount.options.nosuid and mount.options.noexec, mount.line)
    end
    assert.equal("s\ns\ns", fixture.sh("cat %s/file %s/dir/sub/f %s/target", rootfs, rootfs, rootfs))
    assert.equal("", fixture.sh("ls %s/missing %s/nowhere 2>/dev/null", rootfs, rootfs))
  end)

  it("that are there and cannot be looked at are errors, not passed over [O49] [O50]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.sh("ln -s loop %s/loop", rootfs)
    for field, step in pairs { mask_paths = "mask", readonly_paths = "readonly" } do
      local err = inside.refused({ exact = true, rootfs = rootfs, [field] = { "/loop/x" } }, "true")
      assert.same({ step, "ELOOP", field .. "[1]", "/loop/x" }, { err.step, err.errname, err.field, err.subject })
    end
  end)

  it("share nothing writable between two containers", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.sh("mkdir %s/dir", rootfs)
    for _ = 1, 2 do
      assert.equal("0\n", inside.script({ rootfs = rootfs, mask_paths = { "/dir" }, capabilities = ALL,
        seccomp = false },
        "ls -A /dir | wc -l | tr -d ' '; mount -o remount,bind,rw /dir 2>/dev/null; touch /dir/x 2>/dev/null; true"))
    end
  end)

  it("are read-only with all that is mounted below, the source on the host not [O50] [D22]", function()
    fixture.needs("root", "busybox")
    local rootfs, source = fixture.rootfs(), fixture.directory()
    local dir = fixture.directory()
    fixture.write(dir .. "/run.lua", [[
      local configs = require "libcontainer.configs"
      local factory = assert(require "libcontainer".new(arg[1] .. "/state"))
      local config = configs.default { rootfs = arg[2], readonly_paths = { "/v", "/missing", "/file" } }
      table.insert(config.mounts, { type = "bind", source = arg[3], destination = "/v", options = { "rbind",
        "nosuid" } })
      local box <close> = assert(factory:create("x", config))
      local p = assert(box:start { args = { "sh", "-c",
        "for f in /v/x /v/sub/x /file; do (echo x >$f) 2>&1 | sed 's/.*: //'; done; grep ' /v' /proc/self/mountinfo" },
        stdout = "pipe" })
      io.write(p.stdout:read("a"))
      assert(p:wait(require "spec.support.patience".seconds(60)))
      p:close()]])
    fixture.sh("touch %s/file && mkdir %s/sub", rootfs, source)
    local out = fixture.sh([[unshare -m --propagation private sh -c 'mount -t tmpfs -o noexec t %s && mkdir %s/sub &&
      mount -t tmpfs t %s/sub && lua5.4 %s/run.lua %s %s %s && echo host >%s/written && echo host >%s/sub/written &&
      cat %s/written %s/sub/written' 2>&1]], source, source, source, dir, dir, rootfs,
      source, source, source, source, source)
    assert.truthy(out:find("^" .. ("Read%-only file system\n"):rep(3)), out)
    assert.truthy(out:find("host\nhost$"), out)
    local list = inside.mounts(out)
    assert.is_true(inside.mount_at(list, "/v").options.ro)
    assert.is_true(inside.mount_at(list, "/v").options.nosuid)
    assert.is_true(inside.mount_at(list, "/v").options.noexec)
    assert.is_true(inside.mount_at(list, "/v").super.rw)
    assert.is_true(inside.mount_at(list, "/v/sub").options.ro)
  end)

  it("may be a mask below a read-only path, and the other way round [O49] [O50]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.sh("mkdir -p %s/ro/secret && echo s >%s/ro/secret/f && echo r >%s/ro/f", rootfs, rootfs, rootfs)
    assert.equal("r\n0\nRead-only file system\n", inside.script({ rootfs = rootfs, mask_paths = { "/ro/secret" },
      readonly_paths = { "/ro" } },
        "cat /ro/f; ls -A /ro/secret | wc -l | tr -d ' '; touch /ro/x 2>&1 | sed 's/.*: //'"))
  end)

  it("cannot be undone or gone around from inside without the power to mount [A17]", function()
    fixture.needs("root", "busybox")
    local out = inside.script({}, [[umount /proc/sys 2>&1 | sed 's/.*: //';
      mount -o remount,rw /proc/sys 2>&1 | sed 's/.*: //'
      mount -t proc p /tmp 2>&1 | sed 's/.*: //'; echo 0 >/proc/../proc/./sys/kernel/panic
      echo 0 >/proc/1/root/proc/sys/kernel/panic; echo c >/proc/self/root/proc/sysrq-trigger; true]])
    assert.equal(("Operation not permitted\n"):rep(3), (out:gsub("mount: permission denied[^\n]*",
      "Operation not permitted")
      :gsub("permission denied %(are you root%?%)", "Operation not permitted")))
  end)
end)
