-- SPDX-License-Identifier: MIT
--- What the library asks the kernel for between create and destroy, call by call.
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local trace = require "spec.support.trace"

-- A whole life with much in it, and what looks at a container meanwhile.
local LIFE <const> = [[
  local configs = require "libcontainer.configs"
  local factory = assert(lc.new(root))
  local config = configs.default { rootfs = rootfs, hostname = "box", memory = "64M", pids = 20,
    cpus = 1, cgroups = { cpu_shares = 100, memory_swap = "64M", memory_reservation = "8M" },
    sysctl = { ["net.ipv4.ip_forward"] = "1" }, rlimits = { NOFILE = 100 } }
  table.insert(config.mounts, { type = "bind", source = arg[3], destination = "/etc/hosts" })
  table.insert(config.mounts, { type = "bind", source = arg[3], destination = "/etc/resolv.conf" })
  table.insert(config.mounts, { type = "bind", source = arg[3], destination = "/etc/made/file" })
  table.insert(config.mounts, { type = "bind", source = rootfs .. "/etc/group", destination = "/etc/made/group" })
  table.insert(config.mask_paths, "/etc/masked")
  table.insert(config.readonly_paths, "/etc/closed")
  config.devices = { { path = "/etc/node", type = "c", major = 1, minor = 3 } }
  local box <close> = assert(factory:create("box", config))
  local p = assert(box:start { args = { "cat" }, stdin = "pipe", stdout = "pipe", stderr = "null",
    user = "user", cwd = "/home/user" })
  local io <close> = assert(p)
  assert(#box:processes() == 1 and box:status() == "running" and box:state() and tostring(box))
  assert(box:stats().interfaces[1].name == "lo")
  assert(#factory:list() == 1 and assert(factory:load("box")):status() == "running")
  p.stdin:close()
  assert(assert(p:wait(60)).status == 0)
  assert(box:destroy())]]

-- An image in which every name that the library uses is there, or leads to the host.
local function make_image(canary)
  local rootfs = fixture.rootfs()
  fixture.sh([[cd %s && mkdir home && echo image >etc/masked && echo image >etc/closed && echo image >etc/hosts &&
    ln -s %s/file etc/resolv.conf && ln -s %s/directory home/user && mknod etc/node c 1 3 &&
    for n in nsswitch.conf localtime ld.so.cache ld.so.preload; do ln -s %s/file etc/$n; done &&
    mkdir -p .%s/directory && touch .%s/file]], rootfs, canary, canary, canary, canary, canary)
  return rootfs
end

describe("between create and destroy the library", function()
  fixture.check_leaks()

  local rootfs, root, file, calls, image

  -- Its calls: traced once, looked at by each test.
  local function trace_life()
    fixture.needs("root", "busybox", "gcc", "release")
    if calls then return end
    local canary = inside.canary()
    rootfs, root, file = make_image(canary.path), fixture.root(), fixture.directory() .. "/file"
    fixture.write(file, "of the host\n")
    image = {}
    local listing = fixture.sh("find %s %s %s -printf '%%D %%i %%p\\n'", rootfs, canary.path, file)
    for device, inode, path in listing:gmatch("(%d+) (%d+) ([^\n]+)") do
      device = math.tointeger(tonumber(device))
      -- as the kernel's makedev has it
      local major = (device >> 8 & 0xfff) | (device >> 32 & ~0xfff)
      local minor = (device & 0xff) | (device >> 12 & ~0xff)
      image[("%d:%d:%s"):format(major, minor, inode)] = path
    end
    local seen = {}
    calls = trace.calls(LIFE, { args = { root, rootfs, file } })
    canary.check()
    for _, call in ipairs(calls) do seen[(call.is_inside and "inside " or call.who .. " ") .. call.name] = true end
    for _, what in ipairs { "host mkdirat", "host openat2", "host renameat2", "host unlinkat", "init open_tree",
      "init pivot_root", "inside mknodat", "inside openat2", "inside execve" } do assert.is_true(seen[what], what) end
  end

  -- Calls that our own code makes, before the container's program is there.
  local function ours()
    local list = {}
    for _, call in ipairs(calls) do
      if call.who ~= "program" then list[#list + 1] = call end
    end
    return list
  end

  local function describe_call(call)
    return ("%s: %s %s"):format(call.who, call.name, table.concat(call.paths, " "))
  end

  it("names nothing in a directory that others can write to [A04]", function()
    trace_life()
    -- what the test itself made in /tmp, and the checkout, wherever it is
    local given = { root, rootfs, file, fixture.posix_directory(), fixture.sh("pwd") }
    local function is_given(path)
      for _, place in ipairs(given) do
        if trace.is_below(path, { place }) or trace.is_below(place, { path }) then return true end
      end
      return path:find("/script.lua", 1, true) ~= nil
    end
    local parents, list = {}, {}
    for _, call in ipairs(ours()) do
      for _, path in ipairs(call.is_inside and {} or call.paths) do
        local place = path:match("^(/.*)/[^/]*$")
        while place and not is_given(path) do
          parents[place] = describe_call(call)
          place = place:match("^(/.*)/[^/]*$")
        end
      end
    end
    for place in pairs(parents) do list[#list + 1] = "'" .. place .. "'" end
    assert.is_true(#list > 5)
    for place in fixture.sh("find -H %s -maxdepth 0 -type d -perm -0002 2>/dev/null",
      table.concat(list, " ")):gmatch("[^\n]+") do
      error(("%s, where everybody can write: %s"):format(place, parents[place]))
    end
  end)

  it("makes nothing on the host but its state and its cgroups: the root needs no directory [A36] [A04]", function()
    trace_life()
    local made = 0
    for _, call in ipairs(ours()) do
      local path = not call.is_inside and call.result >= 0 and trace.makes(call)
      if path then
        made = made + 1
        assert.is_true(trace.is_below(path, { root, "/sys/fs/cgroup" }), describe_call(call))
      end
      assert.is_false(call.name == "bind" and not call.is_inside, "a socket with a name")
    end
    assert.is_true(made > 3)
  end)

  it("opens no file of the image or the host to write into it, through whatever link [A73] [A15] [A16]", function()
    trace_life()
    local written = 0
    for _, call in ipairs(ours()) do
      if trace.opens_to_write(call) then
        written = written + 1
        assert.is_nil(image[call.inode], describe_call(call))
        if not call.is_inside then
          assert.is_true(call.mode & 0xf000 == 0x2000 or trace.is_below(call.file, { root, "/sys/fs/cgroup" }),
            describe_call(call))
        end
      end
    end
    assert.is_true(written > 3)
  end)

  it("follows no link in place of what it makes, or of what it has just looked at [A14] [A47] [A12]", function()
    trace_life()
    local looked, made = 0, 0
    for _, call in ipairs(ours()) do
      local path = call.paths[1]
      local is_of_state = not call.is_inside and trace.is_below(path or "", { root }) and path ~= root
      -- By name in a directory that is open, where openat2 would have walked from the root: what is left are
      -- the root itself and, as its user, the program.
      local is_by_name = call.is_inside and call.name == "openat" and path ~= "/" and path ~= "/.."
        and not path:find("bin/cat$")
      local is_root = call.who == "init" and path == rootfs and call.name == "openat"
      if call.name:find("^openat") and (is_by_name or is_root or is_of_state and trace.makes(call)) then
        looked = looked + 1
        if trace.makes(call) then made = made + 1 end
        assert.is_false(trace.follows_link(call), describe_call(call))
      end
    end
    assert.is_true(looked > 10 and made >= 3, looked .. " " .. made)
  end)

  it("reads of the image the user list and the head of its program, nothing else [A15] [A37] [A67]", function()
    trace_life()
    local read = {}
    for _, call in ipairs(ours()) do
      -- bin/cat has many names: it is a hard link
      if trace.opens(call) and call.mode & 0xf000 == 0x8000 and image[call.inode] then
        read[#read + 1] = call.file:match("([^/]*/[^/]*)$")
      end
    end
    table.sort(read)
    assert.equal("bin/cat etc/group etc/passwd", table.concat(read, " "))
  end)

  it("names the source of a bind mount once: who swaps it later swaps nothing [A71] [A64]", function()
    trace_life()
    local names = {}
    for _, call in ipairs(ours()) do
      for _, path in ipairs(call.is_inside and {} or call.paths) do
        if path == file then names[#names + 1] = describe_call(call) end
      end
    end
    -- three times in all, because it is the source of three mounts
    local once = "init: open_tree " .. file
    assert.same({ once, once, once }, names)
  end)

  it("joins no namespace and goes through no process to look at a container [A53] [A22]", function()
    trace_life()
    local looks = 0
    for _, call in ipairs(calls) do
      assert.is_true(call.name ~= "setns", describe_call(call))
      if call.who == "host" then
        assert.is_true(call.name ~= "unshare" and call.name ~= "chroot", describe_call(call))
        for _, path in ipairs(call.paths) do
          local pid, entry = path:match("^/proc/(%d+)/(.*)$")
          if pid and pid ~= call.pid then
            looks = looks + 1
            assert.is_true(entry == "stat" or entry == "status" or entry == "net/dev"
              or entry == "ns/net" and call.name == "readlinkat", describe_call(call))
          end
        end
      end
    end
    assert.is_true(looks > 0)
  end)

  it("opens every descriptor close-on-exec, so that no program of the host ever inherits one [E02]", function()
    trace_life()
    local bits = { socket = 0x80000, socketpair = 0x80000, pipe2 = 0x80000, epoll_create1 = 0x80000, memfd_create = 1,
      open_tree = 0x80000, openat = 0x80000, openat2 = 0x80000 }
    local count, seen = 0, {}
    for _, call in ipairs(calls) do
      if call.who == "host" and call.result >= 0 and bits[call.name] then
        seen[call.name] = true
        local path = call.paths[1] or ""
        -- the interpreter's own: its modules, what our profile reads by the io library
        local is_own = path:find("%.lua$") or path:find("%.so[%.%d]*$") or path:find("^/etc/ld") or path:find("/locale")
          or path:find("^/sys/devices/") or path:find("^/proc/%w+/limits$") or path:find("^/dev/null$")
        count = count + 1
        assert.is_true(is_own ~= nil or call.flags & bits[call.name] ~= 0, describe_call(call))
      end
    end
    assert.is_true(count > 20 and seen.socketpair and seen.pipe2 and seen.memfd_create)
  end)

  it("writes into no cgroup file but those that are its own to write [A88] [A51]", function()
    trace_life()
    local known = {}
    for name in ([[cgroup.procs cgroup.kill cgroup.subtree_control cpu.cfs_period_us cpu.cfs_quota_us cpu.max
      cpu.shares cpu.weight cpuset.cpus cpuset.mems devices.allow devices.deny freezer.state memory.high memory.limit_in_bytes memory.low
      memory.max memory.memsw.limit_in_bytes memory.soft_limit_in_bytes memory.swap.max pids.max tasks]]):gmatch("%S+") do
      known[name] = true
    end
    local written = 0
    for _, call in ipairs(ours()) do
      if trace.opens_to_write(call) and not call.is_inside and trace.is_below(call.file, { "/sys/fs/cgroup" }) then
        written = written + 1
        assert.is_true(known[call.file:match("[^/]*$")], describe_call(call))
        assert.truthy(call.file:find("/libcontainer-[^/]*-box/[^/]*$"), describe_call(call))
      end
    end
    assert.is_true(written > 3)
  end)

  it("opens no cgroup to remove it when everything in it has ended", function()
    fixture.needs "v1" -- whose many cgroups are opened by other calls than those of the end
    trace_life()
    local opened, removed = 0, 0
    for _, call in ipairs(calls) do
      local path = call.paths[1] or ""
      if call.name == "openat" and path:find("^/sys/fs/cgroup/") then
        opened = 0 -- the stats, the last that is asked before the end
      elseif path:find("^/sys/fs/cgroup/") and path:find("/libcontainer%-%x+%-box$") then
        if call.name == "openat2" then opened = opened + 1 end
        if call.name == "unlinkat" then removed = removed + 1 end
      end
    end
    assert.is_true(removed > 0 and opened <= removed, ("%d opened, %d removed"):format(opened, removed)) -- its usage is read
  end)
end)

describe("the init", function()
  fixture.check_leaks()

  -- What begins is open to others, and what changes who it is is so again where fs.suid_dumpable is 1.
  local CHANGES <const> = { setns = true, setresuid = true, setresgid = true, setreuid = true, setregid = true,
    setfsuid = true, setfsgid = true }
  local PR_SET_DUMPABLE <const> = 4

  -- Of each process of ours what has opened it, until it is closed again; `act` gets every other call.
  local function follow(calls, act)
    local opened, done = {}, {}
    for _, call in ipairs(calls) do
      local is_closing = call.option == PR_SET_DUMPABLE and call.flags == 0
      if call.who ~= "init" or call.name == "started" then opened[call.pid] = nil
      elseif is_closing then opened[call.pid] = nil
      elseif CHANGES[call.name] or call.option == PR_SET_DUMPABLE then
        opened[call.pid], done[call.name] = call.name, true
      elseif call.name ~= "prctl" then
        act(call, opened[call.pid])
        if call.name:find("^execve") and call.result == 0 then opened[call.pid] = call.name end
      end
    end
    return done
  end

  it("closes itself to others before anything else, and again wherever its user changes [A23] [A25]", function()
    fixture.needs "user_attributes"
    local calls = trace.calls([[
      local configs = require "libcontainer.configs"
      local factory = assert(lc.new(root))
      local function run(id, more, process)
        local config = configs.default { rootfs = rootfs, networks = {} }
        for name, value in pairs(more) do config[name] = value end
        local box = assert(factory:create(id, config))
        return box, assert(box:start(process))
      end
      local range = { { container_id = 0, host_id = 100000, size = 65536 } }
      local first <close>, process = run("first", { uid_mappings = range, gid_mappings = range, overlay = {},
        namespaces = { "mount", "pid", "uts", "ipc", "user" } }, { "sleep", "1000" })
      assert(assert(first:exec { "true", user = "1000:1001" }).status == 0)
      local second <close>, other = run("second", { namespaces = { "mount", "pid", "uts", "ipc",
        user = ("/proc/%d/ns/user"):format(process:pid()) } }, { "true", user = "1000:1001" })
      assert(assert(other:wait(60)).status == 0)]], { args = { fixture.root(), fixture.rootfs() } })
    local done = follow(calls, function(call, opened)
      assert.is_nil(opened, ("%s %s comes after %s"):format(call.name, call.paths[1] or "", opened))
    end)
    for name in pairs(CHANGES) do assert.is_true(done[name], name .. " is not among its calls") end
  end)
end)
