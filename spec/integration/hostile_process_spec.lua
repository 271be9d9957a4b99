-- SPDX-License-Identifier: MIT
-- Programs inside that work against the library while it starts others: its own executable and its
-- descriptors. And privileged-looking programs.
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"
local lc = require "libcontainer"

-- Run hunter.c in a container while `provoke` has inits come up before it, until it has met some: what it
-- caught.
local function hunt(config, arguments, provoke)
  inside.install(inside.compile("hunter", fixture.read("spec/support/hunter.c")), config.rootfs, "/bin/hunter")
  local box <close> = assert(fixture.factory():create("hunter", config))
  local process <close> = assert(box:start { args = { "hunter", table.unpack(arguments) }, stdout = "pipe" })
  assert.equal("looking\n", process.stdout:read("L"))
  local least, met, rounds = fixture.is_asan and 5 or 50, 0, 0
  while rounds < least or (met < 5 and rounds < 5000) do
    provoke(box)
    rounds = rounds + 1
    met = tonumber(fixture.read(config.rootfs .. "/met")) or 0
  end
  fixture.write(config.rootfs .. "/stop", "")
  local said = process.stdout:read("a")
  assert(process:wait(60))
  assert.is_true(met >= 5, ("it met %d inits in %d rounds"):format(met, rounds))
  return (said:gsub("done\n$", ""))
end

describe("the library's own program", function()
  fixture.check_leaks()

  local function checksum()
    return fixture.sh("sha256sum %s/libcontainer/core.so $(readlink -f $(command -v lua5.4)) /bin/busybox",
      fixture.build)
  end

  it("cannot be written or run again through /proc/self/exe [A33] [D30]", function()
    fixture.needs("root", "busybox", "gcc")
    local rootfs, before = fixture.rootfs(), checksum()
    inside.install(inside.compile("overwrite", [[
      #include <errno.h>
      #include <fcntl.h>
      #include <stdio.h>
      #include <string.h>
      #include <unistd.h>
      int main(int argc, char **argv)
      {
        int fd = open(argc > 1 ? argv[1] : "/proc/1/exe", O_WRONLY);
        if (fd >= 0) { printf("opened %zd\n", write(fd, "#!/evil\n", 8)); return 0; }
        puts(errno == ETXTBSY ? "ETXTBSY" : errno == EACCES ? "EACCES" : errno == EPERM ? "EPERM" :
          errno == EROFS ? "EROFS" :
          strerror(errno));
        return 0;
      }]]), rootfs, "/bin/overwrite")
    -- what is asked to be run is the init's own file
    for _, program in ipairs { "/proc/self/exe", "/proc/1/exe", "/proc/thread-self/exe" } do
      local result, err = fixture.run({ rootfs = rootfs }, program, "x")
      assert.is_true(result == nil and err ~= nil or result.status ~= 0, program)
    end
    fixture.write(rootfs .. "/bin/script", "#!/proc/self/exe\n")
    fixture.sh("chmod 755 %s/bin/script; ln -s /proc/self/exe %s/bin/alias", rootfs, rootfs)
    for _, program in ipairs { "script", "alias" } do
      local result = fixture.run({ rootfs = rootfs }, program)
      assert.is_true(result == nil or result.status ~= 0, program)
    end
    -- and what runs now is the container's own file, nothing of ours
    local answer = inside.script({ rootfs = rootfs }, "overwrite /proc/1/exe; readlink /proc/1/exe")
    assert.equal("ETXTBSY\n/bin/sh\n", answer)
    assert.equal(before, checksum())
  end)

  it("cannot be changed by its own host either, nor by who gets its descriptor [A33] [D30]", function()
    fixture.needs("root", "busybox")
    assert.equal("0\nEPERM\n0\n", fixture.lua_prints([[
      local core = require "libcontainer.core"
      local factory = assert(lc.new(root))
      print(assert(lc.run { "true", rootfs = rootfs, factory = factory }).status)
      local pipe <close> = assert(io.popen("ls -l /proc/" .. core.pid() .. "/fd"))
      local number = pipe:read("a"):match(" (%d+) %-> /memfd:libcontainer%-init")
      local file = assert(io.open("/proc/self/fd/" .. number, "r+b"))
      file:setvbuf("no")
      local done, _, errno = file:write("x")
      print(done and "written" or core.errno_name(errno))
      file:close() -- nobody can execute what somebody has open for writing
      print(assert(lc.run { "true", rootfs = rootfs, factory = factory }).status)]],
      { args = { fixture.root(), fixture.rootfs() } }))
  end)

  it("is a sealed file in memory that a race for it cannot open for writing [A33] [D30] [A23]", function()
    fixture.needs("root", "busybox", "gcc")
    -- A process that shares the host's pids looks at every init that is about to exec.
    local rootfs, before = fixture.rootfs(), checksum()
    local shared = configs.default { rootfs = rootfs }
    shared.namespaces = { "mount", "uts", "ipc", "network", "cgroup" } -- the host's pids, on purpose
    shared.seccomp, shared.no_new_privileges = false, true
    local said = hunt(shared, { tostring(core.pid()), "trace" }, function()
      assert.equal(0, inside.run({ rootfs = rootfs }, "true").status)
    end)
    assert.equal("", said)
    assert.equal(before, checksum())
  end)
end)

describe("a program inside", function()
  fixture.check_leaks()

  it("cannot see or signal a process of the host [A22] [A53]", function()
    fixture.needs("root", "busybox")
    local out = inside.script({ capabilities = inside.all_capabilities(), seccomp = false },
      ("kill -0 %d 2>&1 | sed 's/.*: //'; kill -9 -1; echo alive; ls -d /proc/%d 2>/dev/null; true"):format(core.pid(),
      core.pid()))
    assert.equal("No such process\nalive\n", out)
  end)

  -- A further program comes into the hunter's own pid namespace.
  local function start_another(box, process)
    assert.equal(0, assert(assert(box:start(process)):wait(60)).status)
  end

  it("of the same user may look at a program, and not at the init before it is one [O26] [A25]", function()
    fixture.needs("root", "busybox")
    local config = configs.default { rootfs = fixture.rootfs(), capabilities = {}, seccomp = false }
    local box <close> = assert(fixture.factory():create("box", config))
    -- what a process of that user, with as few capabilities, gets of /proc of those in the container
    local function looks()
      local names = {}
      for _, pid in ipairs(box:processes()) do
        names[#names + 1] = fixture.sh("cat /proc/%d/comm; stat -c %%u /proc/%d/environ; setpriv --reuid 1000 --regid 1000 --clear-groups "
          .. "--inh-caps=-all readlink /proc/%d/exe || echo refused", pid, pid, pid):gsub("\n", " ")
      end
      table.sort(names)
      return names
    end
    -- asked when the set-up is over, just before the program
    local function started(process)
      local before
      local give = process._give_terminal
      process._give_terminal = function(...)
        before = looks()
        return give(...)
      end
      assert(box:start(process))
      return before
    end
    -- with a terminal, so that the host is asked before it runs
    local sleep = { args = { "sleep", "1000" }, user = "1000:1000", terminal = true }
    assert.same({ "lc-init 0 refused" }, started(lc.process(sleep)))
    assert.same({ "sleep 1000 /bin/sleep" }, looks())
    assert.same({ "lc-init 0 refused", "sleep 1000 /bin/sleep" }, started(lc.process(sleep)))
    assert.same({ "sleep 1000 /bin/sleep", "sleep 1000 /bin/sleep" }, looks())
  end)

  it("that lies in wait for further programs cannot trace one before it runs, nor write its program [A25] [A33] [O26]",
    function()
    fixture.needs("root", "busybox", "gcc")
    local config = configs.default { rootfs = fixture.rootfs(), seccomp = false }
    assert.equal("", hunt(config, { "0", "trace" }, function(box)
      start_another(box, { "true" })
    end))
  end)

  it("that may look into every process finds no way out and no power in a further one [A25] [A22]", function()
    fixture.needs("root", "busybox", "gcc")
    local canary = inside.canary()
    -- what the host forgot to close, on purpose
    local leaked = { assert(io.open("/")), assert(io.open(canary.path)), assert(io.open(canary.path .. "/file")) }
    local config = configs.default { rootfs = fixture.rootfs(), seccomp = false,
      capabilities = inside.all_capabilities() }
    local ids = fixture.sh("stat -c %%d:%%i %s/file %s / | tr '\\n' ' '", canary.path, canary.path)
    local arguments = { "0", "look" }
    for id in ids:gmatch("%S+") do arguments[#arguments + 1] = id end
    assert.equal("", hunt(config, arguments, function(box)
      start_another(box, { "true", capabilities = {} })
    end))
    for _, file in ipairs(leaked) do file:close() end
    canary.check()
  end)
end)
