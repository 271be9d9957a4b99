-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local configs = require "libcontainer.configs"

-- Start with this stdio and answer what the program wrote to stderr, its one pipe.
local function report(spec, config)
  config = config or configs.default { rootfs = fixture.rootfs() }
  local box <close> = assert(fixture.factory():create(fixture.id(), config))
  spec.stderr = "pipe"
  local process = assert(box:start(spec))
  local text = process.stderr:read("a")
  assert(process:wait(fixture.seconds(60)))
  process:close()
  return text
end

describe("descriptors of a program", function()
  fixture.check_leaks()

  it("are 0, 1 and 2, whatever the host has open and lets be inherited [O21] [A68] [A22] [O123]", function()
    fixture.needs("root", "busybox")
    local leaked = {}
    for i = 1, 20 do leaked[i] = assert(io.open(i % 2 == 0 and "/" or "/etc/passwd")) end -- not close-on-exec
    local out = inside.script({},
      "ls /proc/self/fd /proc/1/fd; for l in /proc/self/fd/* /proc/1/fd/*; do readlink $l; done; true")
    for _, file in ipairs(leaked) do file:close() end
    local own, first = out:match("/proc/self/fd:\n(.-)\n\n/proc/1/fd:\n(.-)\n[^%d]") -- 3 is the directory being read
    if not own then first, own = out:match("/proc/1/fd:\n(.-)\n\n/proc/self/fd:\n(.-)\n[^%d]") end
    assert.equal("0\n1\n2\n3", own, out)
    assert.equal("0\n1\n2", first, out)
    assert.is_nil(out:find("/etc/passwd", 1, true), out)
    for target in out:gmatch("\n([^\n]*[/:][^\n]*)") do
      assert.truthy(target:find("^pipe:") or target == "/dev/null" or target:find("^/proc/"), target)
    end
  end)

  it("on null are the container's own null device, read and written [O22] [D14] [A85]", function()
    fixture.needs("root", "busybox")
    local out = report { args = { "sh", "-c", [[exec 3>&1;
      stat -L -c '%t:%T %d' /proc/self/fd/0 /proc/self/fd/3 /dev/null >&2
      echo x && echo written >&2; cat; readlink /proc/self/fd/0 >&2; grep flags /proc/self/fdinfo/3 >&2]] } }
    local a, b, c, flags = out:match("^(1:3 %d+)\n(1:3 %d+)\n(1:3 %d+)\nwritten\n/dev/null\nflags:%s*(%d*2)\n$")
    assert.truthy(a, out)
    assert.equal(0, tonumber(flags, 8) & tonumber("4000", 8), "O_NONBLOCK") -- only while it was looked at
    assert.equal(c, a)
    assert.equal(c, b)
    local host = fixture.sh("stat -c %%d /dev/null")
    assert.not_equal(host, c:match("%d+$"))
  end)

  it("on null stay usable when the image has no /dev at all, or a fake one [A85] [O22]", function()
    fixture.needs("root", "busybox")
    local canary, rootfs = inside.canary(), fixture.rootfs()
    for _, make in ipairs { "rm -rf dev", "rm -rf dev; ln -s %s dev" } do
      fixture.sh("cd %s && " .. make, rootfs, canary.path)
      local dir = fixture.directory()
      fixture.sh("ln -s %s/file %s/null", canary.path, dir)
      local out = report({ args = { "sh", "-c", "cat; echo x; echo $? >&2" } }, { rootfs = rootfs, mounts = {
        { type = "proc", destination = "/proc" }, { type = "bind", source = dir, destination = "/dev" } } })
      assert.equal("0\n", out, make)
      canary.check()
    end
  end)

  it("on null are the null device and no other, whatever has its name in the image [A85] [O22]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    for _, make in ipairs { "mknod null c 1 5", "mknod null c 1 7", "mknod null b 1 3", "mkfifo null", "echo text >null",
      "mkdir null", "mknod zero c 1 5 && ln -s zero null", "true" } do
      local dir = fixture.directory()
      fixture.sh("cd %s && %s", dir, make)
      local out = report({ args = { "sh", "-c", [[exec 3>&1; for i in 0 3; do stat -L -c '%F %t:%T' /proc/self/fd/$i >&2
        done; cat; echo x; echo $? >&2]] } }, { rootfs = rootfs, mounts = {
        { type = "proc", destination = "/proc" }, { type = "bind", source = dir, destination = "/dev" } } })
      assert.equal("character special file 1:3\ncharacter special file 1:3\n0\n", out, make)
    end
  end)

  it("can be a Lua file or a descriptor of the host, which is open for it alone", function()
    fixture.needs("root", "busybox")
    local path = fixture.directory() .. "/out"
    local file <close> = assert(io.open(path, "w"))
    report { args = { "sh", "-c", "echo to the file" }, stdout = file }
    assert.equal("to the file\n", fixture.read(path))
  end)

  it("that are not open are an error that names which, and nothing is left", function()
    fixture.needs("root", "busybox")
    local closed = io.tmpfile()
    closed:close()
    local box <close> = assert(fixture.factory():create(fixture.id(), configs.default { rootfs = fixture.rootfs() }))
    for _, value in ipairs { closed, 9999 } do
      for _, name in ipairs { "stdin", "stdout", "stderr" } do
        local process, err = box:start { "true", [name] = value }
        assert.is_nil(process)
        assert.equal("EBADF", err.errname)
        assert.equal("process." .. name, err.field)
      end
    end
    assert.equal("created", box:status())
  end)

  it("do not give a controlling terminal, nor the caller's session [A26] [A27]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    inside.install_calls(rootfs)
    local out = inside.script({ rootfs = rootfs, seccomp = false }, [[calls ioctl 0 0x5412 @x;
      cut -d' ' -f4-8 /proc/1/stat
      (: </dev/tty) 2>&1 | sed 's/.*: //']])
    -- parent 0, group and session its own, no terminal
    assert.equal("ioctl ENOTTY\n0 1 1 0 -1\nNo such device or address\n", out)
  end)
end)

describe("environment and attributes of a program", function()
  fixture.check_leaks()

  it("are the configured variables, PATH and HOME, and nothing of the host's [A45] [O4]", function()
    fixture.needs("root", "busybox")
    local out = inside.run({ env = { "A=1", "B=two words", "C=", "D=x=y" } }, "cat", "/proc/1/environ").stdout
    assert.equal("A=1\0B=two words\0C=\0D=x=y\0"
      .. "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\0HOME=/root\0", out)
  end)

  it("have the last of two variables of one name [O4]", function()
    fixture.needs("root", "busybox")
    assert.equal("X=3\nPATH=/bin\nY=\xff\xfe\nHOME=/\n", inside.run({ env = { "X=1", "PATH=/none", "X=2", "X=3",
      "PATH=/bin",
      "Y=\xff\xfe", "HOME=/" } }, "env").stdout)
    for _, env in ipairs { { "NOEQUALS" }, { "=x" }, { "A=\0" }, { A = "\0" }, { ["A=B"] = "x" } } do
      assert.equal("ConfigInvalid", inside.refused({ env = env }, "true").code)
    end
    local long = ("x"):rep(100000)
    assert.equal(100000, #inside.script({ env = { L = long } }, "echo -n $L"))
  end)

  it("have the mask of file modes that was asked for, 022 otherwise, never the caller's [O9] [A91]", function()
    fixture.needs("root", "busybox")
    for umask, want in pairs { [false] = "0022", [0] = "0000", ["077"] = "0077", [18] = "0022" } do
      assert.equal(want .. "\n", inside.script({ umask = umask or nil }, "umask"))
    end
    local rootfs = fixture.rootfs()
    inside.script({ rootfs = rootfs, umask = "077", cwd = "/made/here" }, "touch f; mkdir d")
    assert.equal("600 f\n700 d\n755 .", fixture.sh("cd %s/made/here && stat -c '%%a %%n' f d .", rootfs))
  end)

  it("have default signal handling and an empty mask", function()
    fixture.needs("root", "busybox")
    local status = inside.status(inside.run({}, "cat", "/proc/self/status").stdout)
    for _, name in ipairs { "SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd" } do
      assert.equal("0000000000000000", status[name], name)
    end
  end)

  it("have the parent death signal that was asked for, also after a change of user, none otherwise [O23]", function()
    fixture.needs("root", "busybox", "gcc")
    local rootfs = fixture.rootfs()
    inside.install(inside.compile("pdeath", [[
      #include <stdio.h>
      #include <sys/prctl.h>
      int main(void) { int s = -1; prctl(PR_GET_PDEATHSIG, &s); printf("%d\n", s); return 0; }]]), rootfs,
        "/bin/pdeath")
    for signal, want in pairs { [0] = "0\n", TERM = "15\n", SIGKILL = "9\n", [10] = "10\n" } do
      for _, user in ipairs { "0", "1000" } do
        assert.equal(want, inside.run({ rootfs = rootfs, parent_death_signal = signal, user = user },
          "pdeath").stdout)
      end
    end
    assert.equal("0\n", inside.run({ rootfs = rootfs }, "pdeath").stdout)
    assert.equal("ConfigInvalid", inside.refused({ parent_death_signal = "NOPE" }, "true").code)
  end)

  it("have the OOM score that was asked for, the caller's otherwise [O14]", function()
    fixture.needs("root", "busybox")
    local own = fixture.read "/proc/self/oom_score_adj"
    assert.equal(own, inside.script({}, "cat /proc/self/oom_score_adj"))
    assert.equal("321\n", inside.script({ oom_score_adj = 321 }, "cat /proc/self/oom_score_adj"))
    -- less than our own takes a capability that root may lack: then it is refused, not forgotten
    local status = inside.status(fixture.read "/proc/self/status")
    if tonumber(status.CapEff, 16) >> 24 & 1 == 1 then
      assert.equal("-321\n", inside.script({ oom_score_adj = -321 }, "cat /proc/self/oom_score_adj"))
    else
      local err = inside.refused({ oom_score_adj = -321 }, "true")
      assert.same({ "EACCES", "process.oom_score_adj" }, { err.errname, err.field })
      assert.matches("CAP_SYS_RESOURCE", err.hint)
    end
    assert.equal(own, fixture.read "/proc/self/oom_score_adj")
  end)
end)

describe("the program of a container", function()
  fixture.check_leaks()

  it("is looked for in the PATH of its own environment, by its own user [O3]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.sh([[cd %s && mkdir -p a b c priv && chmod 700 priv && mkdir b/prog && for d in a c priv; do
      printf '#!/bin/sh\necho %%s\n' $d >$d/prog; done && chmod 644 a/prog && chmod 755 c/prog priv/prog]], rootfs)
    -- passed over: not executable, a directory, what is missing, what the user may not reach
    -- (with no capability left over from root, which the kernel would use at exec too)
    for path, want in pairs { ["/a:/b:/missing:/c"] = "c\n", ["/priv:/c"] = "c\n", ["/c:/priv"] = "c\n" } do
      local result = inside.run({ rootfs = rootfs, user = "1000", capabilities = {}, env = { PATH = path } }, "prog")
      assert.equal(want, result.stdout, path)
    end
    assert.equal("priv\n", inside.run({ rootfs = rootfs, env = { PATH = "/priv:/c" } }, "prog").stdout)
    local err = inside.refused({ rootfs = rootfs, user = "1000", capabilities = {}, env = { PATH = "/a" } }, "prog")
    assert.equal("EACCES", err.errname)
    -- what cannot be looked at might have been the right one
    fixture.sh("ln -s loop %s/loop", rootfs)
    err = inside.refused({ rootfs = rootfs, env = { PATH = "/missing:/loop:/c" } }, "prog")
    assert.same({ "ELOOP", "/loop/prog" }, { err.errname, err.subject })
    err = inside.refused({ rootfs = rootfs, env = { PATH = "/missing:" } }, "prog")
    assert.equal("ENOENT", err.errname)
    assert.equal("exec", err.step)
  end)

  it("may be a path, then relative to the working directory [O3]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.sh("mkdir %s/w && printf '#!/bin/sh\\npwd -P\\n' >%s/w/x && chmod 755 %s/w/x", rootfs, rootfs, rootfs)
    assert.equal("/w\n", inside.run({ rootfs = rootfs, cwd = "/w" }, "./x").stdout)
    assert.equal("/\n", inside.run({ rootfs = rootfs }, "w/x").stdout)
    assert.equal("/w\n", inside.run({ rootfs = rootfs, cwd = "/w", env = { PATH = ":/bin" } }, "x").stdout)
    assert.equal("ENOENT", inside.refused({ rootfs = rootfs }, "./x").errname)
  end)

  it("is told apart: missing, no program, not executable, no interpreter, on noexec [O3]", function()
    fixture.needs("root", "busybox")
    local rootfs, noexec = fixture.rootfs(), fixture.directory()
    fixture.sh([[cd %s && echo data >plain && echo data >format && chmod 755 format && mkdir dir && mkfifo fifo &&
      chmod 755 fifo &&
      printf '#!/no/such/interpreter\n' >script && chmod 755 script && cp bin/true %s/prog && ln -s /loop loop]],
        rootfs, noexec)
    for program, want in pairs { ["/missing"] = "ENOENT", ["/plain"] = "EACCES", ["/dir"] = "EACCES",
      ["/fifo"] = "EACCES",
      ["/format"] = "ENOEXEC", ["/script"] = "ENOENT", ["/n/prog"] = "EACCES", ["/plain/x"] = "ENOTDIR",
      ["/loop"] = "ELOOP", [("/x"):rep(2100)] = "ENAMETOOLONG" } do
      local err = inside.refused({ rootfs = rootfs, mounts = { { type = "bind", source = noexec, destination = "/n",
        options = { "noexec" } } } }, program)
      assert.equal(want, err.errname, program)
      if program == "/script" then
        assert.truthy(tostring(err):find("/no/such/interpreter", 1, true))
      end
    end
  end)
end)
