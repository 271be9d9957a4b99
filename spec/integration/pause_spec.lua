-- SPDX-License-Identifier: MIT
--- Pausing and resuming: by us, by others, by either freezer; what can be done meanwhile.
local fixture = require "spec.support.fixture"
local proc = require "spec.support.proc"
local inside = require "spec.support.inside"
local core = require "libcontainer.core"
local lc = require "libcontainer"

local COUNTER <const> = { "sh", "-c", "trap 'echo term; exit 5' TERM; while :; do echo .; sleep 0.01; done" }

local function create(config)
  config = config or {}
  config.rootfs = fixture.rootfs()
  return assert(fixture.factory():create(fixture.id(), config))
end

local function counting(config)
  local box = create(config)
  local p = assert(box:start { args = COUNTER, stdout = "pipe" })
  assert.equal(".", p.stdout:read())
  return box, p
end

-- Everything that it has written until now.
local function drain(p)
  local text = ""
  while true do
    local chunk = p.stdout:read_now()
    if not chunk or chunk == "" then return text end
    text = text .. chunk
  end
end

-- What was told to pause needs a moment for it.
local function until_paused(box)
  local deadline = core.now() + fixture.seconds(10)
  while box:status() == "pausing" and core.now() < deadline do fixture.sh("sleep 0.01") end
  assert.equal("paused", box:status())
end

local function another(box)
  return assert(assert(lc.new((tostring(box._factory):match("factory (%S+)")))):load(box:id()))
end

-- A file of the freezer of a container's own group, v1's or that of the unified tree.
local function freezer_file(box, name)
  for _, path in pairs(box:state().cgroup_paths) do
    if fixture.read(path .. "/" .. name) then return path .. "/" .. name end
  end
  pending("needs " .. name)
end

describe("a paused container", function()
  fixture.check_leaks()

  it("does nothing until it is resumed", function()
    fixture.needs("root", "busybox")
    local box <close>, p = counting()
    assert(box:pause())
    assert.equal("paused", box:status())
    drain(p)
    for _ = 1, 5 do
      fixture.sh("sleep 0.05")
      assert.equal("", drain(p))
    end
    assert(box:pause()) -- once more is no failure
    assert(box:resume())
    assert.equal("running", box:status())
    assert.equal(".", p.stdout:read())
    assert(box:resume())
    p:close()
  end)

  it("is paused for every process that looks, whoever paused it, and anybody can resume it [D6]", function()
    fixture.needs("root", "busybox")
    local box <close>, p = counting()
    assert(another(box):pause())
    assert.equal("paused", box:status())
    assert.equal("paused", another(box):state().status)
    assert(box:resume())
    assert.equal("running", another(box):status())
    for name, words in pairs { ["freezer.state"] = { "FROZEN", "THAWED" }, ["cgroup.freeze"] = { "1", "0" } } do
      local file
      for _, path in pairs(box:state().cgroup_paths) do
        file = fixture.read(path .. "/" .. name) and path .. "/" .. name or file
      end
      if file then
        fixture.sh("echo %s >%s", words[1], file)
        until_paused(box)
        assert(box:resume())
        assert.equal("running", box:status(), file)
        assert.equal(words[2], (fixture.read(file):gsub("\n", "")))
      end
    end
    drain(p)
    p:close()
  end)

  it("by both freezers at once is paused, and resumed from both [D6]", function()
    fixture.needs("root", "busybox", "v1")
    local box <close>, p = counting()
    fixture.sh("echo FROZEN >%s", freezer_file(box, "freezer.state"))
    assert(box:pause())
    assert.equal("paused", box:status())
    assert(box:resume())
    assert.equal("running", box:status())
    drain(p)
    assert.is_string(p.stdout:read())
    p:close()
  end)

  it("takes no further program: ContainerPaused at once [D7]", function()
    fixture.needs("root", "busybox")
    local box <close>, p = counting()
    assert(box:pause())
    local none, err = box:start { args = { "true" } }
    assert.is_nil(none)
    assert.equal("ContainerPaused", err.code)
    assert.matches("resume it first", tostring(err))
    assert.equal("ContainerPaused", select(2, box:exec { "true" }).code)
    assert.equal("ContainerPaused", select(2, box:shell { input = io.tmpfile() }).code) -- before it misses a terminal
    p:close()
  end)

  it("hears a signal when it is resumed, and KILL at once [L23]", function()
    fixture.needs("root", "busybox")
    local box <close>, p = counting()
    assert(box:pause())
    drain(p)
    assert(box:signal("TERM"))
    assert.equal("paused", box:status())
    assert.equal("", drain(p))
    assert(box:resume())
    assert.equal(5, assert(p:wait(fixture.seconds(60))).status)
    p:close()
    for _, all in ipairs { false, true } do
      local other <close>, q = counting()
      assert(other:pause())
      assert(other:signal("KILL", { all = all }))
      assert.equal(9, assert(q:wait(fixture.seconds(60))).signal)
      assert.equal("stopped", other:status())
      q:close()
    end
  end)

  it("by the freezer of v1 hears KILL too [L23]", function()
    fixture.needs("root", "busybox", "v1")
    local box <close>, p = counting()
    fixture.sh("echo FROZEN >%s", freezer_file(box, "freezer.state"))
    assert(box:signal("KILL"))
    assert.equal(9, assert(p:wait(fixture.seconds(60))).signal)
    assert.equal("stopped", box:status())
    p:close()
  end)

  it("by the freezer of v1, the whole of it or a part, is destroyed [L23]", function()
    fixture.needs("root", "busybox", "v1")
    for _, part in ipairs { "", "/part" } do
      local box <close>, p = counting()
      local group = freezer_file(box, "freezer.state"):match("^(.*)/") .. part
      if part ~= "" then fixture.sh("mkdir %s && echo %d >%s/cgroup.procs", group, p:pid(), group) end
      fixture.sh("echo FROZEN >%s/freezer.state", group)
      local pid = p:pid()
      assert(box:destroy())
      assert.is_false(proc.is_alive(pid))
      p:close()
    end
  end)

  it("is destroyed, with or without a pid namespace [L23] [D10]", function()
    fixture.needs("root", "busybox")
    for _, namespaces in ipairs { { "mount", "pid" }, { "mount" } } do
      local box <close>, p = counting { namespaces = namespaces }
      local pids = assert(box:processes())
      assert(box:pause())
      local done, err = box:destroy { force = false }
      assert.is_nil(done)
      assert.equal("ContainerNotStopped", err.code)
      assert(box:destroy())
      for _, pid in ipairs(pids) do assert.is_true(proc.ends(pid)) end
      p:close()
    end
  end)

  it("is one that runs: not one that was never started, or has ended", function()
    fixture.needs("root", "busybox")
    local box <close> = create()
    for _ = 1, 2 do
      for _, verb in ipairs { "pause", "resume" } do
        local done, err = box[verb](box)
        assert.is_nil(done)
        assert.equal("ContainerNotRunning", err.code)
      end
      assert(assert(box:start { args = { "true" } }):wait(60))
    end
    assert(box:destroy())
    assert.equal("ContainerNotExists", select(2, box:pause()).code)
  end)

  it("can have its limits changed, and set pauses and resumes", function()
    fixture.needs("root", "busybox")
    local box <close>, p = counting()
    assert(box:set { freezer = "frozen", pids = 20 })
    assert.equal("paused", box:status())
    assert(box:set { pids = 30 })
    assert.equal("paused", box:status())
    local done = box:set { freezer = "thawed", unified = { ["cgroup.max.depth"] = "nonsense" } }
    assert.is_nil(done)
    assert.equal("paused", box:status())
    assert(box:set { freezer = "thawed" })
    assert.equal("running", box:status())
    assert.is_nil(box:config().cgroups.freezer)
    p:close()
  end)
end)

-- Sleeps in the kernel, in a page fault that nobody answers, until it is killed: no freezer stops it.
local SLEEPER <const> = [[
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register reg = {.mode = UFFDIO_REGISTER_MODE_MISSING};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC), pipes[2];
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (unsigned long) page;
	reg.range.len = 4096;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg) || pipe(pipes))
		return 1;
	puts("up");
	fflush(stdout);
	close(1);
	write(pipes[1], page, 4096);
	return 2;
}
]]

describe("a container that cannot be paused", function()
  fixture.check_leaks()

  -- A container with such a process in it, which has fallen asleep: before that it can be stopped as any other.
  local function with_sleeper()
    local said = fixture.directory() .. "/said"
    local pid = tonumber(fixture.sh("%s >%s & echo $!", inside.compile("sleeper", SLEEPER), said))
    local deadline = core.now() + fixture.seconds(30)
    local state
    repeat
      state = (fixture.read(("/proc/%d/stat"):format(pid)) or ""):match(".*%) (%a)")
      if not state or state == "Z" then pending("needs userfaultfd") end
      assert(core.now() < deadline, "it does not fall asleep")
    until fixture.read(said) == "up\n" and state == "S"
    local box = create()
    assert(box:start { args = { "sleep", "1000" } })
    for _, path in pairs(box:state().cgroup_paths) do fixture.sh("echo %d >%s/cgroup.procs", pid, path) end
    return box, pid
  end

  it("runs on after the deadline, and is told to be pausing before [L24] [D8]", function()
    fixture.needs("root", "busybox", "gcc")
    local box <close>, pid = with_sleeper()
    fixture.sh("echo 1 >%s", freezer_file(box, "cgroup.freeze"))
    assert.equal("pausing", box:status())
    local none, why = box:start { args = { "true" } }
    assert.is_nil(none)
    assert.equal("ContainerPaused", why.code)
    assert(box:resume())
    local done, err = box:pause(0.2)
    assert.is_nil(done)
    assert.equal("ETIMEDOUT", err.errname)
    assert.equal("freeze", err.step)
    assert.is_string(err.hint)
    assert.equal("running", box:status())
    assert.equal("0\n", fixture.read(freezer_file(box, "cgroup.freeze")))
    assert.is_true(proc.is_alive(pid))
    assert(box:destroy())
    assert.is_true(proc.ends(pid))
  end)

  it("is told to be pausing by the freezer of v1 too, and takes no further program [D8]", function()
    fixture.needs("root", "busybox", "gcc", "v1")
    local box <close>, pid = with_sleeper()
    local file = freezer_file(box, "freezer.state")
    fixture.sh("echo FROZEN >%s", file)
    assert.equal("FREEZING\n", fixture.read(file))
    assert.equal("pausing", box:status())
    local none, why = box:start { args = { "true" } }
    assert.is_nil(none)
    assert.equal("ContainerPaused", why.code)
    assert(box:resume())
    assert.equal("running", box:status())
    assert(box:destroy())
    assert.is_true(proc.ends(pid))
  end)
end)

describe("a container below a frozen cgroup", function()
  fixture.check_leaks()

  -- The container's parent in the v1 freezer, frozen; thawed and removed afterwards.
  local function below()
    local name = fixture.id()
    local box = create { cgroups = { path = "/" .. name .. "/box" } }
    local p = assert(box:start { args = COUNTER, stdout = "pipe" })
    assert.equal(".", p.stdout:read())
    local above = freezer_file(box, "freezer.state"):gsub("/box/", "/")
    return box, p, above
  end

  it("cannot be resumed, and the error says why", function()
    fixture.needs("root", "busybox", "v1")
    local box <close>, p, above = below()
    fixture.sh("echo FROZEN >%s", above)
    until_paused(box)
    local done, err = box:resume(0.1)
    fixture.sh("echo THAWED >%s", above)
    assert.is_nil(done)
    assert.equal("EBUSY", err.errname)
    assert.matches("a cgroup above it", tostring(err))
    assert(box:resume())
    assert.equal("running", box:status())
    p:close()
  end)

  it("cannot be destroyed: the processes are named, and it can be done later [L22] [L25]", function()
    fixture.needs("root", "busybox", "v1")
    local box <close>, p, above = below()
    local pid = p:pid()
    fixture.sh("echo FROZEN >%s", above)
    local done, err = box:destroy { timeout = 0.3 }
    assert.is_nil(done)
    assert.equal("ETIMEDOUT", err.errname)
    assert.equal("destroy", err.step)
    assert.is_truthy((err.subject .. " "):find(" " .. pid .. " ", 1, true))
    assert.is_string(err.hint)
    local loaded = another(box)
    until_paused(loaded)
    fixture.sh("echo THAWED >%s", above)
    assert(loaded:destroy())
    assert.is_false(proc.is_alive(pid))
    p:close()
  end)
end)

describe("the end of the init of a container without a pid namespace", function()
  fixture.check_leaks()

  it("is the end of everything in it, whatever its status [D11]", function()
    fixture.needs("root", "busybox")
    for _, status in ipairs { 0, 3 } do
      local box <close> = create { namespaces = { "mount" } }
      local p = assert(box:start { args = { "sh", "-c", "sleep 1000 & echo $!; exit " .. status }, stdout = "pipe" })
      local pid = tonumber(p.stdout:read())
      assert.equal(status, assert(p:wait(fixture.seconds(60))).status)
      assert.is_true(proc.ends(pid))
      assert.same({}, assert(box:processes()))
      p:close()
    end
  end)
end)
