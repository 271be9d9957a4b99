-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"

local KINDS <const> = { "mnt", "pid", "uts", "ipc", "net", "cgroup" }
local NAMES <const> = { "mount", "pid", "uts", "ipc", "network", "cgroup" }

local function host(kind)
  return fixture.sh("readlink /proc/%d/ns/%s", core.pid(), kind)
end

local function of_container(config)
  local out = inside.script(config, "for n in mnt pid uts ipc net cgroup user; do readlink /proc/self/ns/$n; done")
  local kinds = {}
  for kind, id in out:gmatch("(%a+):(%b[])") do kinds[kind] = kind .. ":" .. id end
  return kinds
end

-- The default less what would need the namespace `name`.
local function without(name, namespaces)
  local config = assert(configs.default { rootfs = fixture.rootfs() })
  config.namespaces = namespaces
  if name == "uts" then config.hostname = nil end
  if name == "network" then
    config.networks = nil
    -- a sysfs shows the network namespace and needs one of its own
    for i = #config.mounts, 1, -1 do
      if config.mounts[i].destination:match("^/sys") then table.remove(config.mounts, i) end
    end
  end
  return config
end

local function output_of(config, ...)
  local box <close> = assert(fixture.factory():create(fixture.id(), config))
  local process = assert(box:start { args = { ... }, stdout = "pipe" })
  local text = process.stdout:read("a")
  assert(process:wait(fixture.seconds(60)))
  process:close()
  return (text:gsub("\n$", ""))
end

describe("namespaces of a container", function()
  fixture.check_leaks()

  it("are its own, all six, and the user namespace is the host's [O63] [O65]", function()
    fixture.needs("root", "busybox")
    local own = of_container {}
    for _, kind in ipairs(KINDS) do
      assert.is_string(own[kind])
      assert.not_equal(host(kind), own[kind], kind)
    end
    assert.equal(host "user", own.user)
  end)

  it("are shared with the host when they are not listed [O65]", function()
    fixture.needs("root", "busybox")
    for i = 2, #NAMES do
      local list = {}
      for k, other in ipairs(NAMES) do
        if k ~= i then list[#list + 1] = other end
      end
      assert.equal(host(KINDS[i]), output_of(without(NAMES[i], list),
        "readlink", "/proc/self/ns/" .. KINDS[i]))
    end
  end)

  it("must include the mount namespace, once each, and those that fields need [O63] [O65]", function()
    fixture.needs("root", "busybox")
    for field, config in pairs {
      namespaces = { namespaces = { "pid", "uts", "ipc", "network", "cgroup" } },
      ["namespaces[2]"] = { namespaces = { "mount", "mount", "uts", "network" } },
      hostname = { namespaces = { "mount", "network" }, hostname = "x" },
    } do
      local err = inside.refused(config, "true")
      assert.equal("ConfigInvalid", err.code)
      assert.equal(field, err.problems[1].field)
    end
    for _, name in ipairs { "user", "nonsense" } do -- a user namespace without mappings
      local err = inside.refused({ namespaces = { "mount", "uts", "network", name } }, "true")
      assert.equal("ConfigInvalid", err.code)
    end
  end)

  it("make the program the first process, and show nobody else [O72]", function()
    fixture.needs("root", "busybox")
    local out = inside.script({}, "echo $$; cat /proc/1/cmdline | tr '\\0' ' '; echo; echo /proc/[0-9]*")
    assert.truthy(out:find("^1\nsh %-c "))
    assert.truthy(out:find("\n/proc/1\n$"), out)
  end)

  it("hide where in the host's cgroups it is: they start at / [O71]", function()
    fixture.needs("root", "busybox")
    local out = inside.script({}, "cat /proc/self/cgroup")
    local count = 0
    for line in out:gmatch("[^\n]+") do
      count = count + 1
      assert.equal("/", line:match("^%d+:[^:]*:(.*)$"), line)
    end
    assert.is_true(count > 0)
  end)

  it("have the loopback interface up and no other [O77]", function()
    fixture.needs("root", "busybox")
    local out = inside.script({}, "cat /sys/class/net/lo/flags; ls /sys/class/net; ifconfig lo")
    assert.equal(1, tonumber(out:match("^0x%x+")) & 1) -- IFF_UP
    assert.truthy(out:find("inet addr:127.0.0.1", 1, true), out)
    -- who listens has nothing to say: at the end of that, the other one would go, and may not have spoken yet
    local wire = inside.script({}, "mkfifo /tmp/f; nc -l -p 7 <>/tmp/f >/tmp/got & "
      .. "until echo ping | nc 127.0.0.1 7 2>/dev/null; do :; done; wait; cat /tmp/got; grep -c : /proc/net/dev")
    assert.truthy(wire:find("ping\n", 1, true))
    for name in inside.script({}, "ls /sys/class/net"):gmatch("%S+") do
      -- what modules of the kernel put into every new network namespace, down, is not ours
      if name ~= "lo" then
        assert.equal(0, tonumber(inside.script({}, "cat /sys/class/net/" .. name .. "/flags")) & 1)
      end
    end
  end)

  it("have a host name and a domain name of their own [O25]", function()
    fixture.needs("root", "busybox")
    local before = fixture.sh("hostname; cat /proc/sys/kernel/domainname")
    assert.equal("box.example\nbox.example\nnis\n", inside.script({ hostname = "box.example",
      domainname = "nis" }, "hostname; cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname"))
    assert.equal(before, fixture.sh("hostname; cat /proc/sys/kernel/domainname"))
  end)

  it("keep System V messages apart from the host's [O63]", function()
    fixture.needs("root", "busybox")
    local id = fixture.sh("command -v ipcmk >/dev/null && ipcmk -Q | grep -o '[0-9]*$'")
    if id == "" then return pending("needs ipcmk") end
    local seen = inside.script({}, "cat /proc/sysvipc/msg")
    fixture.sh("ipcrm -q %s", id)
    local _, lines = seen:gsub("\n", "")
    assert.equal(1, lines, "the header alone")
  end)
end)
