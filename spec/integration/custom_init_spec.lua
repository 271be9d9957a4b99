-- SPDX-License-Identifier: MIT
--- A program of the caller's as the container's init: it ends in start_initialization.
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local lc = require "libcontainer"

-- A factory whose init is a Lua script.
local function factory_with(script)
  local path = fixture.directory() .. "/init.lua"
  fixture.write(path, script)
  return assert(lc.new(fixture.root(), { init_path = "/usr/bin/env", init_args = {
    "LUA_PATH=" .. package.path, "LUA_CPATH=" .. package.cpath, "lua5.4", path, "an argument" } }))
end

-- An init that says something else than ours would: the case is its argument. It does not go by itself.
local STRANGER <const> = [[
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>
static char large[200000];
static void say(uint32_t kind, int32_t errnum, uint16_t step, uint16_t op)
{
	struct lc_report report = {.kind = kind, .calls = 7,
		.error = {.errnum = errnum, .step = step, .op = op}};
	memset(report.error.subject, 0xff, sizeof(report.error.subject));
	send(3, &report, sizeof(report), 0);
}
/* Wait at a gate. */
static void gate(uint32_t which)
{
	struct lc_report report = {.kind = LCT_REPORT_GATE, .gate = which};
	send(3, &report, sizeof(report), 0);
}
static void hear(void) { char message[300]; recv(3, message, sizeof(message), 0); }
/* As many descriptors at once. */
static void pass(int count, unsigned char kind)
{
	char control[CMSG_SPACE(200 * sizeof(int))] = {0};
	struct lc_report report = {.kind = kind, .gate = kind == LCT_REPORT_GATE ? LCT_GATE_CREATE_RUNTIME : 0};
	struct iovec part = {&report, sizeof(report)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int))};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET; head->cmsg_type = SCM_RIGHTS; head->cmsg_len = CMSG_LEN(count * sizeof(int));
	sendmsg(3, &message, 0); /* that of its stdin, again and again */
}
static void give(int count, unsigned char kind) { pass(count, kind); say(9, 0, 0, 0); }
static void become(void) { fcntl(3, F_SETFD, FD_CLOEXEC); execl("/bin/sleep", "sleep", "1000", NULL); }
static void run(void) { hear(); become(); }
int main(int argc, char **argv)
{
	int sizes[] = {1, 7, sizeof(struct lc_report) - 1, sizeof(struct lc_report) + 1, 4096, sizeof(large)}, i, which = argc > 1 ? atoi(argv[1]) : 0;
	memset(large, 2, sizeof(large));
	if (which < 6) send(3, large, sizes[which], 0);
	switch (which) {
	case 6: send(3, large, 0, 0); break;
	case 7: say(0, 0, 0, 0); break;
	case 8: say(3, 0, 0, 0); break;
	case 9: say(0xffffffff, 1, 1, 1); break;
	case 10: say(1, 0, 1, 1); break;
	case 11: say(1, -1, 1, 1); break;
	case 12: say(1, 0x7fffffff, 0xffff, 0xfffe); break;
	case 13: say(1, 2, 0x7fff, 0x7fff); break;
	case 14: say(1, 2, 11, 3); break;
	case 15: say(2, 0, 0, 0); say(2, 0, 0, 0); break;
	case 16: say(2, 0, 0, 0); hear(); say(2, 0, 0, 0); break;
	case 17: say(2, 0, 0, 0); hear(); send(3, large, sizeof(large), 0); break;
	case 18: say(2, 0, 0, 0); hear(); say(1, 5, 3, 2); break;
	case 19: for (i = 0; i < 5000; i++) if (send(3, large, 64, MSG_DONTWAIT) < 0) break; break;
	case 20: give(1, LCT_REPORT_READY); break;
	case 21: give(1, LCT_REPORT_CHILD); break;
	case 22: say(LCT_REPORT_CHILD, 0, 0, 0); break;
	case 23: give(1, LCT_REPORT_TERMINAL); say(2, 0, 0, 0); break;
	case 24: give(2, LCT_REPORT_READY); break;
	case 25: give(2, LCT_REPORT_CHILD); break;
	case 26: give(3, LCT_REPORT_READY); break;
	case 27: give(200, LCT_REPORT_READY); break;
	case 28: gate(LCT_GATE_CREATE_RUNTIME); break;
	case 40: say(2, 0, 0, 0); run(); break;
	case 41: gate(0); hear(); say(2, 0, 0, 0); run(); break;
	case 42: gate(LCT_GATE_IDS); hear(); say(2, 0, 0, 0); run(); break;
	case 43: gate(0xffffffff); hear(); say(2, 0, 0, 0); run(); break;
	case 44: pass(1, LCT_REPORT_GATE); hear(); say(2, 0, 0, 0); run(); break;
	case 45: gate(LCT_GATE_CREATE_RUNTIME); gate(LCT_GATE_CREATE_RUNTIME); hear(); hear(); say(2, 0, 0, 0); run(); break;
	case 46: gate(LCT_GATE_CREATE_RUNTIME); hear(); gate(LCT_GATE_CREATE_RUNTIME); hear(); run(); break;
	case 47: gate(LCT_GATE_CREATE_RUNTIME); exit(3);
	case 48: gate(LCT_GATE_CREATE_RUNTIME); hear(); say(2, 0, 0, 0); run(); break;
	case 49: pass(1, LCT_REPORT_TERMINAL); say(2, 0, 0, 0); run(); break;
	case 50: say(2, 0, 0, 0); run(); break;
	case 51: /* hand our own init a plan that could be changed while it is read */
		i = memfd_create("plan", MFD_ALLOW_SEALING);
		while (sendfile(i, 4, NULL, 1 << 20) > 0) ;
		dup2(i, 4);
		execl(argv[2], "init", NULL);
		break;
	case 52: hear(); say(2, 0, 0, 0); become(); break;
	case 53: hear(); become(); break;
	case 54: hear(); say(2, 0, 0, 0); say(2, 0, 0, 0); become(); break;
	}
	for (;;) pause();
}
]]
local CASES <const> = 28

-- The messages are what the library itself has.
local function compile_stranger()
  local headers = fixture.read("src/base/error.h") .. fixture.read("src/plan/report.h"):gsub('#include "[^"]*"', "")
  return inside.compile("stranger", "#define _GNU_SOURCE\n" .. headers .. STRANGER)
end

describe("an init of the caller's", function()
  fixture.check_leaks()

  it("runs first, in the new namespaces, and hands over to the plan", function()
    fixture.needs("root", "busybox", "release")
    local factory = factory_with([[
      assert(arg[1] == "an argument")
      print("init in " .. io.open("/proc/sys/kernel/hostname"):read("l"))
      io.stdout:flush()
      error(select(2, assert(require "libcontainer".new()):start_initialization()))]])
    local r = assert(lc.run { "sh", "-c", "echo $$; hostname; exit 3", rootfs = fixture.rootfs(),
      hostname = "web", factory = factory })
    assert.matches("^init in [^\n]+\n1\nweb\n$", r.stdout)
    assert.equal(3, r.status)
  end)

  it("gets none of the host's descriptors, and passes on none of its own [A68] [A22]", function()
    fixture.needs("root", "busybox", "release")
    local open = {} -- not close-on-exec, here and there
    for i = 1, 20 do open[i] = assert(io.open("/etc/passwd")) end
    local factory = factory_with([[
      for number = 0, 60 do
        local file <close> = io.open("/proc/self/fdinfo/" .. number)
        if file then io.write(number, " ") end
      end
      io.stdout:flush()
      local open = {}
      for i = 1, 20 do open[i] = assert(io.open("/etc/passwd")) end
      error(select(2, assert(require "libcontainer".new()):start_initialization()))]])
    local r = assert(lc.run { "ls", "/proc/self/fd", rootfs = fixture.rootfs(), factory = factory })
    for _, file in ipairs(open) do file:close() end
    -- with the session and the plan; then with the directory that is being read
    assert.equal("0 1 2 3 4 0\n1\n2\n3\n", r.stdout)
  end)

  it("that ends without handing over is an error, and leaves nothing", function()
    fixture.needs("root", "busybox")
    for script, words in pairs {
      ["os.exit(5)"] = "status 5", ["error('broken')"] = "status 1",
    } do
      local box <close> = assert(factory_with(script):create("box", { rootfs = fixture.rootfs() }))
      local p, err = box:start { args = { "true" } }
      assert.is_nil(p)
      assert.equal("session", err.step)
      assert.matches(words, tostring(err))
      assert.equal("created", box:status())
      assert.same({}, assert(box:processes()))
    end
  end)

  it("that is missing, no program, or ends without a word is an error that says what it should be", function()
    fixture.needs("root", "busybox")
    local text, rootfs = fixture.directory() .. "/text", fixture.rootfs()
    fixture.sh("echo text >%s && chmod 755 %s", text, text)
    for path, case in pairs { ["/nowhere"] = { "ENOENT", "init_path" }, [text] = { "ENOEXEC", "init_path" },
      ["/bin/true"] = { "EPIPE", "start_initialization" } } do
      local factory = assert(lc.new(fixture.root(), { init_path = path }))
      local box <close> = assert(factory:create("box", { rootfs = rootfs }))
      local p, err = box:start { args = { "true" } }
      assert.is_nil(p)
      assert.equal(case[1], err.errname)
      assert.matches(case[2], err.hint, 1, true)
      assert.equal("created", box:status())
    end
  end)

  it("that says anything but what is agreed is ended, and is an error that can be read [D40] [F05]", function()
    fixture.needs("root", "busybox", "gcc")
    local program, rootfs = compile_stranger(), fixture.rootfs()
    for case = 0, CASES do
      local factory = assert(lc.new(fixture.root(), { init_path = program, init_args = { tostring(case) } }))
      local box <close> = assert(factory:create("box", { rootfs = rootfs }))
      local p, err = box:start { args = { "true" } }
      assert.is_nil(p, "case " .. case)
      assert.is_true(lc.is_error(err))
      assert.is_true(#tostring(err) > 0 and #tostring(err) < 2000 and type(err.step) == "string", "case " .. case)
      if case < 6 or case == 17 or case >= 26 and case < 28 then assert.equal("EPROTO", err.errname, "case " .. case) end
      assert.equal("created", box:status())
      assert.same({}, assert(box:processes()))
    end
  end)

  it("may go before it is ready where the host waits for nothing, and says so all the same [D40]", function()
    fixture.needs("root", "busybox", "gcc")
    local program, rootfs = compile_stranger(), fixture.rootfs()
    for case = 52, 54 do
      local factory = assert(lc.new(fixture.root(), { init_path = program, init_args = { tostring(case) } }))
      local box <close> = assert(factory:create("box", { rootfs = rootfs, seccomp = false }))
      local p, err = box:start { args = { "true" } }
      if case == 52 then -- what is agreed
        assert(p, err)
        assert.equal("running", box:status())
      else
        assert.is_nil(p, "case " .. case)
        assert.equal("session", err.step)
        assert.equal("created", box:status())
        assert.is_nil(box:state().init_process_pid) -- it was in the record while the init was at work
        assert.same({}, assert(box:processes()))
      end
    end
  end)

  it("that says it is ready without the terminal that was asked for, or gives something else for it, is ended [D40]", function()
    fixture.needs("root", "busybox", "gcc")
    local program, rootfs = compile_stranger(), fixture.rootfs()
    for _, case in ipairs { 49, 50 } do
      local factory = assert(lc.new(fixture.root(), { init_path = program, init_args = { tostring(case) } }))
      local box <close> = assert(factory:create("box", { rootfs = rootfs }))
      local p, err = box:start { "true", terminal = true }
      assert.is_nil(p, "case " .. case)
      assert.equal("unexpected message", err.subject, "case " .. case)
      assert.same({}, assert(box:processes()))
    end
  end)

  it("that does not wait at the gate of its plan, or at another one, is ended, and nothing starts [D40]", function()
    fixture.needs("root", "busybox", "gcc")
    local program, rootfs = compile_stranger(), fixture.rootfs()
    local place = fixture.directory()
    for case = 40, 48 do
      local factory = assert(lc.new(fixture.root(), { init_path = program, init_args = { tostring(case) } }))
      local ran = ("%s/%d"):format(place, case)
      local box <close> = assert(factory:create("box", { rootfs = rootfs, seccomp = false,
        hooks = { create_runtime = { { path = "/usr/bin/touch", args = { "touch", ran } } } } }))
      local p, err = box:start { "true" }
      if case == 48 then -- what is agreed
        assert(p, err)
      else
        assert.is_nil(p, "case " .. case)
        assert.equal("session", err.step)
        assert.matches(case == 47 and "status 3" or "unexpected message", tostring(err))
        assert.equal("created", box:status())
        assert.same({}, assert(box:processes()))
      end
      assert.equal(case >= 45, fixture.read(ran) ~= nil, "case " .. case)
    end
  end)

  it("that leaves the filter out is found out by the kernel's word, and ended [O116]", function()
    fixture.needs("root", "busybox", "gcc")
    local program = compile_stranger()
    local factory = assert(lc.new(fixture.root(), { init_path = program, init_args = { "50" } }))
    local box <close> = assert(factory:create("box", { rootfs = fixture.rootfs() }))
    local p, err = box:start { args = { "true" } }
    assert.is_nil(p)
    assert.equal("seccomp", err.step)
    assert.same({}, assert(box:processes()))
    -- without a filter it is the caller's word what an init of his runs
    local other <close> = assert(factory:create("other", { rootfs = fixture.rootfs(), seccomp = false }))
    assert(other:start { args = { "true" } })
    assert.equal(1, #assert(other:processes()))
  end)

  it("that gives our own a plan which is not sealed is refused by it [D40]", function()
    fixture.needs("root", "busybox", "gcc")
    local own = fixture.sh("readlink -f %s/libcontainer/init", fixture.build)
    local factory = assert(lc.new(fixture.root(), { init_path = compile_stranger(), init_args = { "51", own } }))
    local box <close> = assert(factory:create("box", { rootfs = fixture.rootfs() }))
    local p, err = box:start { args = { "true" } }
    assert.is_nil(p)
    assert.equal("plan", err.step)
    assert.equal("plan is not sealed", err.subject)
  end)

  it("that put something over the old root ends there: what is above the new one is looked at [O48]", function()
    fixture.needs("root", "busybox", "release")
    local script = fixture.directory() .. "/init.lua"
    fixture.write(script, ([[
      local _, err = require "libcontainer".new("%s"):start_initialization()
      io.stderr:write(tostring(err))]]):format(fixture.root()))
    local factory = assert(lc.new(fixture.root(), { init_path = "/bin/sh", init_args = { "-c",
      ("mount --make-rslave / && mount -t tmpfs none / && LUA_PATH='%s' LUA_CPATH='%s' exec lua5.4 %s"):format(
        package.path, package.cpath, script) } }))
    local box <close> = assert(factory:create("box", { rootfs = fixture.rootfs() }))
    local p, err = box:start { args = { "ls", "/.." } }
    assert.is_nil(p)
    assert.equal("pivot", err.step)
    assert.equal("EXDEV", err.errname)
  end)

  it("that outlives its host starts nothing, however late it comes to the plan [D17]", function()
    fixture.needs("root", "busybox", "cc", "release")
    local root, rootfs, place = fixture.root(), fixture.rootfs(), fixture.directory()
    -- it comes to the plan when nobody is there any more to send it a signal or to say that it may go
    local init = place .. "/init.lua"
    fixture.write(init, ([[
      io.open("%s/began", "w"):close()
      while not io.open("%s/gone") do end
      require "libcontainer".new("%s"):start_initialization()
      io.open("%s/refused", "w"):close()]]):format(place, place, root, place))
    local ended = fixture.lua([[
      local place = arg[3]
      local factory = assert(lc.new(root, { init_path = "/usr/bin/env", init_args = { "LUA_PATH=" .. package.path,
        "LUA_CPATH=" .. package.cpath, "lua5.4", place .. "/init.lua" } }))
      local box = assert(factory:create("box", { rootfs = rootfs, detach = true, namespaces = { "mount", "uts" },
        mounts = { { type = "bind", source = place, destination = "/place", options = { "rw" } } } }))
      local pid = posix.fork()
      if pid == 0 then
        box:start { args = { "sh", "-c", "echo ran >/place/ran" } }
        posix.exit(1)
      end
      while not io.open(place .. "/began") do end
      posix.kill(pid, 9)
      posix.wait(pid)
      print(#assert(box:processes()))
      io.open(place .. "/gone", "w"):close()
      while #assert(box:processes()) > 0 do end]], { args = { root, rootfs, place } })
    assert.equal("1\n", ended.stdout, ended.stderr)
    assert.is_nil(fixture.read(place .. "/ran"))
    assert(assert(lc.new(root)):destroy("box"))
  end)

  it("that does not exist is an error that names it", function()
    fixture.needs("root", "busybox")
    local factory = assert(lc.new(fixture.root(), { init_path = "/no/such/init" }))
    local box <close> = assert(factory:create("box", { rootfs = fixture.rootfs() }))
    local p, err = box:start { args = { "true" } }
    assert.is_nil(p)
    assert.equal("ENOENT", err.errname)
    assert.matches("/no/such/init", tostring(err), 1, true)
    for _, path in pairs(box:state().cgroup_paths) do
      assert.equal("", fixture.sh("ls -d %s 2>/dev/null", path))
    end
    assert.equal("created", box:status())
  end)

  it("can only be started with a session's descriptor", function()
    local factory = fixture.factory()
    assert.has_error(function() factory:start_initialization(2) end,
      "bad argument #1 to 'start_initialization' (descriptor expected)")
    assert.has_error(function() factory:start_initialization("x") end)
  end)
end)
