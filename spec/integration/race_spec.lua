-- SPDX-License-Identifier: MIT
--- Volumes and images that somebody changes while a container is started on them.
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local configs = require "libcontainer.configs"

-- Exchanges two names in a directory, until it is told to stop: then they are as they were, and it says how
-- often it did.
local SWAPPER <const> = [[
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
static volatile sig_atomic_t is_over;
static void stop(int signal) { is_over = signal; }
int main(int argc, char **argv)
{
	unsigned long count = 0;
	signal(SIGTERM, stop);
	if (argc < 4 || chdir(argv[1]) != 0) return 1;
	alarm(600);
	printf(" "); /* it has begun */
	fflush(stdout);
	while (!is_over || count % 2 != 0)
		if (renameat2(AT_FDCWD, argv[2], AT_FDCWD, argv[3], RENAME_EXCHANGE) == 0) count++;
	printf("%lu\n", count);
	return 0;
}
]]

local function start_swapper(directory, name, other)
  local program, output = inside.compile("swapper", SWAPPER), fixture.directory() .. "/count"
  local pid = fixture.sh("%s %s %s %s >%s 2>&1 & echo $!; until [ -s %s ]; do :; done", program, directory, name,
    other, output, output)
  return { pid = tonumber(pid), output = output }
end

-- How often it did. Its parent was a shell that has ended, so it is not ours to wait for.
local function stop_swapper(swapper)
  fixture.sh("kill %d; while [ -d /proc/%d ] && ! grep -q '^State:.[ZX]' /proc/%d/status 2>/dev/null; do :; done",
    swapper.pid, swapper.pid, swapper.pid)
  return assert(tonumber(fixture.read(swapper.output)))
end

local function bind(source, destination, ...)
  return { type = "bind", source = source, destination = destination, options = { ... } }
end

describe("a volume that another process changes meanwhile", function()
  fixture.check_leaks()

  it("leads no mount, mount point, device or directory to the host [A47] [A72] [A40] [A61] [A69] [O31]", function()
    fixture.needs("root", "busybox", "gcc")
    local canary, rootfs = inside.canary(), fixture.rootfs()
    local volume, file = fixture.directory(), fixture.directory() .. "/file"
    fixture.write(file, "f")
    fixture.sh("mkdir %s/a && ln -s %s%s/directory %s/b", volume, ("../"):rep(20), canary.path:sub(2), volume)
    local config = configs.default { rootfs = rootfs }
    table.insert(config.mounts, bind(volume, "/vol", "rw"))
    for i = 1, 5 do
      table.insert(config.mounts, { type = "tmpfs", source = "t", destination = "/vol/a/t" .. i })
      table.insert(config.mounts, bind(file, "/vol/a/deep" .. i .. "/f"))
    end
    table.insert(config.mounts, { type = "proc", source = "p", destination = "/vol/a/proc" })
    table.insert(config.mask_paths, "/vol/a/t1")
    table.insert(config.readonly_paths, "/vol/a/t2")
    local least, starts, ran, refused = fixture.rounds(200, 12), 0, 0, 0
    local swapper = start_swapper(volume, "a", "b")
    local factory = fixture.factory()
    -- what was made by way of the link is in the container
    local function has_followed()
      return fixture.sh("stat -c %%F %s%s/directory 2>/dev/null", rootfs, canary.path) == "directory"
    end
    local fine, problem = pcall(function()
      -- until it has gone both ways: the directory was there all the time, and the link was for once
      while starts < least or (starts < 4000 and (ran == 0 or refused == 0 or not has_followed())) do
        starts = starts + 1
        local box <close> = assert(factory:create("race-" .. starts, {
          rootfs = rootfs, namespaces = config.namespaces, mounts = config.mounts, mask_paths = config.mask_paths,
          readonly_paths = config.readonly_paths, devices = { { path = "/vol/a/null", type = "c", major = 1,
            minor = 3 } } }))
        local process, err = box:start { args = { "true" }, cwd = "/vol/a/new" }
        if process then
          ran = ran + 1
          process:wait(fixture.seconds(60))
        else
          refused = refused + 1
          assert.is_true(err.step ~= "config" and err.code == "SystemError", tostring(err))
        end
      end
    end)
    local swaps = stop_swapper(swapper)
    assert(fine, problem)
    canary.check()
    local said = ("%d starts, %d ran, %d refused, %d swaps"):format(starts, ran, refused, swaps)
    assert.is_true(ran > 0 and refused > 0 and swaps > 10 * starts, said)
    assert.is_true(has_followed(), said)
    -- and there is what was made by way of the directory
    assert.truthy(fixture.sh("ls %s/a", volume):find("deep%d"))
  end)

  -- The image itself is what is shared. Starts containers while `other` changes places with its /proc, and
  -- calls `look` with what mountinfo shows in those that came up, when all is in its place again: until there
  -- were some, and some that were refused if there have to be.
  local function race_for_proc(rootfs, other, has_refusals, look)
    local factory = fixture.factory()
    local refused, whole, swaps, round = 0, 0, 0, 0
    local least = fixture.rounds(60, 6)
    while round < least or (round < 4000 and (whole == 0 or has_refusals and refused == 0)) do
      round = round + 1
      local swapper = start_swapper(rootfs, "proc", other)
      local box <close> = assert(factory:create("race-" .. round, configs.default { rootfs = rootfs }))
      local process, err = box:start { args = { "sh", "-c", "read go; cat /proc/self/mountinfo" }, stdin = "pipe",
        stdout = "pipe", stderr = "null" }
      swaps = swaps + stop_swapper(swapper)
      if process then
        process.stdin:write("go\n")
        local text = process.stdout:read("a")
        assert(process:wait(fixture.seconds(60)))
        process:close()
        if text ~= "" then
          whole = whole + 1
          look(inside.mounts(text))
        end
      else
        refused = refused + 1
        assert.equal("SystemError", err.code, tostring(err))
      end
    end
    assert.is_true(whole > 0 and (refused > 0 or not has_refusals) and swaps > round,
      ("%d starts, %d with their /proc, %d refused, %d swaps"):format(round, whole, refused, swaps))
  end

  local function count_below_proc(list)
    local count, locked = 0, 0
    for _, mount in ipairs(list) do
      if mount.point:find("^/proc/") then
        count = count + 1
        if mount.options.ro then locked = locked + 1 end
      end
    end
    return ("%d %d"):format(count, locked)
  end

  it("has nothing of /proc unhidden or writable that should not be, whoever moves /proc [A61] [A75] [A77] [A79]",
    function()
    fixture.needs("root", "busybox", "gcc")
    local rootfs = fixture.rootfs()
    local expected = count_below_proc(inside.mountinfo { rootfs = rootfs })
    fixture.sh("mkdir -p %s/other/sys %s/other/acpi", rootfs, rootfs)
    race_for_proc(rootfs, "other", false, function(list)
      assert.equal(expected, count_below_proc(list))
    end)
  end)

  it("is not followed when its /proc is a link at times [A40] [A61] [A62]", function()
    fixture.needs("root", "busybox", "gcc")
    local canary, rootfs = inside.canary(), fixture.rootfs()
    local expected = count_below_proc(inside.mountinfo { rootfs = rootfs })
    fixture.sh("ln -s %s/directory %s/link && mkdir -p %s%s/directory", canary.path, rootfs, rootfs, canary.path)
    race_for_proc(rootfs, "link", true, function(list)
      assert.equal(expected, count_below_proc(list))
    end)
    canary.check()
    assert.equal("", fixture.sh("ls -A %s%s/directory", rootfs, canary.path))
  end)
end)

describe("an image whose /dev somebody else moves", function()
  fixture.check_leaks()

  it("gets none of the container's devices and links, which are made in the mount [A47] [A72]", function()
    fixture.needs("root", "busybox", "gcc")
    local rootfs = fixture.rootfs()
    fixture.sh("mkdir %s/other", rootfs)
    local config = assert(configs.default { rootfs = rootfs })
    config.devices = { { path = "/dev/own", type = "c", major = 1, minor = 3, file_mode = "600" } }
    local factory, swaps, whole = fixture.factory(), 0, 0
    for i = 1, fixture.rounds(40, 6) do
      local swapper = start_swapper(rootfs, "dev", "other")
      local box <close> = assert(factory:create("race-" .. i, config))
      -- /dev may lead to the other one when something is mounted in it, or looked for
      local process, err = box:start { args = { "sh", "-c", "read go; stat -c %t:%T:%a /dev/own; ls -l /dev/fd" },
        stdin = "pipe", stdout = "pipe", stderr = "null" }
      swaps = swaps + stop_swapper(swapper)
      if process then
        process.stdin:write("go\n")
        local text = process.stdout:read("a")
        assert(process:wait(fixture.seconds(60)))
        process:close()
        if text:find("^1:3:600\n.*/proc/self/fd\n$") then whole = whole + 1 end
      else
        assert.equal("SystemError", err.code, tostring(err))
      end
      assert.equal("", fixture.sh("find %s/dev %s/other ! -type d", rootfs, rootfs))
    end
    assert.is_true(whole > 0 and swaps > 40, whole .. " " .. swaps)
  end)
end)

describe("a terminal whose names somebody else moves", function()
  fixture.check_leaks()

  it("is the one that was made, on a console that is covered or not at all [A76] [A84]", function()
    fixture.needs("root", "busybox", "gcc")
    local canary, rootfs = inside.canary(), fixture.rootfs()
    -- /dev is the image's, and shared: its console is a file one moment and a link to the host the next
    fixture.sh("cd %s/dev && : >console && ln -s %s/file other", rootfs, canary.path)
    local config = { rootfs = rootfs, mounts = { { destination = "/dev/pts", type = "devpts",
      options = { "newinstance", "ptmxmode=0666", "mode=0620", "gid=5" } } } }
    local factory = fixture.factory()
    local shown, refused, swaps, round = 0, 0, 0, 0
    local least = fixture.rounds(120, 10)
    while round < least or (round < 2000 and (shown == 0 or refused == 0)) do
      round = round + 1
      local swapper = start_swapper(rootfs .. "/dev", "console", "other")
      local box <close> = assert(factory:create("race-" .. round, config))
      local process, err = box:start { "sh", "-c", "read -r go; echo on the console >/dev/console; stat -c %t /dev/console",
        terminal = true }
      swaps = swaps + stop_swapper(swapper)
      if process then
        assert(process.terminal:write("go\n"))
        local text = process.terminal:read("a", fixture.seconds(60))
        assert(process:wait(fixture.seconds(60)))
        process:close()
        -- a mount stays with what it is on, which was moved back by then
        if text == "go\r\non the console\r\n88\r\n" then shown = shown + 1 end
      else
        refused = refused + 1
        assert.equal("terminal", err.step)
        assert.equal("/dev/console", err.subject)
      end
    end
    assert.is_true(shown > 0 and refused > 0 and swaps > round, ("%d %d %d"):format(shown, refused, swaps))
    assert.equal(0, #fixture.read(rootfs .. "/dev/console"))
    canary.check()
  end)
end)
