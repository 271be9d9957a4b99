-- SPDX-License-Identifier: MIT
--- Networks: pairs in a bridge, interfaces of the host moved in, routes; read back from the kernel, in network
-- namespaces that a test has of its own, so that no bridge of it meets one of the machine.
local configs = require "libcontainer.configs"
local fixture = require "spec.support.fixture"

-- What the scripts below share. `sys` is a sysfs that shows the network of the script: that of the machine
-- shows the machine's.
local LAB <const> = [[
local configs = require "libcontainer.configs"
local network = require "libcontainer.network"
local sys = arg[3]
local function sh(format, ...)
  local pipe <close> = assert(io.popen("{ " .. format:format(...) .. "\n} 2>&1"))
  return (pipe:read("a"):gsub("\n$", ""))
end
local function read(path)
  local file <close> = io.open(path)
  return file and (file:read("a"):gsub("\n$", ""))
end
local function links()
  local names = {}
  for line in io.lines("/proc/self/net/dev") do names[#names + 1] = line:match("^%s*([^:%s]+):") end
  table.sort(names)
  return table.concat(names, " ")
end
local factory = assert(lc.new(root))
local function config(networks, more)
  local t = { rootfs = rootfs, networks = networks, seccomp = false }
  for key, value in pairs(more or {}) do t[key] = value end
  return assert(configs.default(t))
end
local function create(id, networks, more) return assert(factory:create(id, config(networks, more))) end
local function veth(t)
  local one = { type = "veth", bridge = "br0", address = "10.1.0.2/24" }
  for key, value in pairs(t or {}) do one[key] = value end
  return one
end
-- What a shell script in a container prints.
local function inside(box, script)
  local p = assert(box:start { "sh", "-c", script, stdout = "pipe", stderr = "pipe" })
  local text, complaint = p.stdout:read("a"), p.stderr:read("a")
  local exit = assert(p:wait(seconds(30)))
  p:close()
  if exit.status ~= 0 then error(("status %s: %s %s"):format(exit.status, text, complaint)) end
  return (text:gsub("\n$", ""))
end
local function is(expected, found, what)
  if expected ~= found then error(("%s: expected %q, found %q"):format(what or "", expected, found), 2) end
end
-- A device that belongs to nobody: dummies are the usual ones, and a kernel without them may have ifb.
local function add_device(name)
  sh("busybox ip link add %s type dummy || busybox ip link add %s type ifb", name, name)
  return links():find(name, 1, true) ~= nil
end
]]

-- Run a script in a network of its own, and answer what it printed.
local function lab(script, options)
  fixture.needs("root", "busybox")
  local sys = fixture.directory()
  options = options or {}
  options.args = { fixture.root(), fixture.rootfs(), sys }
  options.before = ("unshare -n -m sh -c 'mount -t sysfs none %s && exec \"$@\"' sh %s"):format(sys,
    options.before or "")
  return fixture.lua_prints(LAB .. script, options)
end

describe("a veth", function()
  fixture.check_leaks()

  it("has its name, hardware address, MTU, queue, addresses and gateways, as the kernel tells inside", function()
    lab [[
      assert(network.add_bridge("br0", { address = "10.1.0.1/24", ipv6_address = "fd00::1/64" }))
      local box <close> = create("a", { veth { name = "net0", mac_address = "02:00:0a:01:00:02", mtu = 1400,
        txqueuelen = 77, gateway = "10.1.0.1", ipv6_address = "fd00::2/64", ipv6_gateway = "fd00::1" } })
      assert(box:loads_libraries())
      local text = inside(box, "cd /sys/class/net/net0; cat address mtu tx_queue_len operstate; ip -4 addr show net0; "
        .. "cat /proc/net/if_inet6; ip route; ip -6 route")
      is("02:00:0a:01:00:02\n1400\n77\nup", text:match("^.-\n.-\n.-\n%w+"))
      assert(text:find("inet 10.1.0.2/24 brd 10.1.0.255 scope global net0", 1, true), text)
      -- 80 is permanent and 02 without asking others for it: usable at once
      assert(text:find("fd000000000000000000000000000002 %x+ 40 00 82%s+net0"), text)
      assert(text:find("default via 10.1.0.1 dev net0", 1, true), text)
      assert(text:find("default via fd00::1 dev net0", 1, true), text)
    ]]
  end)

  it("has its other end in the bridge, up, with the same MTU and queue, and hairpin when it is asked for", function()
    lab [[
      assert(network.add_bridge("br0"))
      for _, wish in ipairs { false, true } do
        local box <close> = create("a", { veth { mtu = 1400, txqueuelen = 77, hairpin_mode = wish } })
        local p = assert(box:start { "sleep", "1000" })
        local links = box:state().network_links
        is(1, #links)
        local path = sys .. "/class/net/" .. links[1]
        is("1400", read(path .. "/mtu"))
        is("77", read(path .. "/tx_queue_len"))
        is("up", read(path .. "/operstate"))
        is(wish and "1" or "0", read(path .. "/brport/hairpin_mode"))
        is("br0", (sh("readlink %s/brport/bridge", path):match("[^/]+$")))
        assert(box:destroy())
      end
    ]]
  end)

  it("comes back from a checkpoint, with its other end where and as it was", function()
    fixture.needs("root", "busybox", "criu")
    lab [[
      assert(network.add_bridge("br0", { address = "10.1.0.1/24" }))
      local box <close> = create("a", { veth { mtu = 1400, txqueuelen = 77, hairpin_mode = true, gateway = "10.1.0.1",
        mac_address = "02:00:0a:01:00:02", host_interface_name = "mine0" }, veth { name = "eth1", address = "10.2.0.2/24" } })
      assert(box:start { "sleep", "1000" })
      local alias = read(sys .. "/class/net/mine0/ifalias")
      local seen = "ip -o addr | sed 's/@[^:]*//; s/.*inet/inet/; s/ *valid_lft.*//' | grep -v '^inet6 fe80'; ip route; "
        .. "cd /sys/class/net/eth0; cat address mtu tx_queue_len"
      local before = box:exec { "sh", "-c", seen }.stdout
      assert(before:find("10.1.0.2/24", 1, true) and before:find("02:00:0a:01:00:02", 1, true), before)
      for _ = 1, 2 do -- what comes back can be taken away again
        assert(box:checkpoint { timeout = seconds(60) })
        while links() ~= "br0 lo" do sh("sleep 0.1") end
        assert(factory:restore("a", { timeout = seconds(60) }))
        is(before, box:exec { "sh", "-c", seen }.stdout)
        is(alias, read(sys .. "/class/net/mine0/ifalias"))
        is("1400 77 up 1 br0", ("%s %s %s %s %s"):format(read(sys .. "/class/net/mine0/mtu"),
          read(sys .. "/class/net/mine0/tx_queue_len"), read(sys .. "/class/net/mine0/operstate"),
          read(sys .. "/class/net/mine0/brport/hairpin_mode"),
          (sh("readlink %s/class/net/mine0/brport/bridge", sys):match("[^/]+$"))))
        is("0", sh("busybox ping -c 1 -W 20 10.1.0.2 >/dev/null; echo $?"))
      end
      assert(box:destroy())
      is("br0 lo", links())
    ]]
  end)

  it("is looked for before anything of a checkpoint comes back", function()
    lab [[
      assert(network.add_bridge("br0"))
      local criu = root .. ".criu"
      local file = assert(io.open(criu, "w"))
      file:write("#!/bin/sh\ncase $1 in dump) while [ $# -gt 0 ]; do [ $1 = --tree ] && kill -9 $2; shift; done;; "
        .. "*) echo \"$*\" >>" .. criu .. ".said; exit 9;; esac\n")
      file:close()
      sh("chmod 700 %s", criu)
      factory = assert(lc.new(root, { criu_path = criu }))
      local box <close> = create("a", { veth { host_interface_name = "mine0" } })
      assert(box:start { "sleep", "1000" })
      assert(box:checkpoint { timeout = seconds(60) })
      while links() ~= "br0 lo" do sh("sleep 0.1") end
      assert(add_device("mine0"))
      local back, err = factory:restore("a", { timeout = seconds(60) })
      is("nil networks[1].host_interface_name EEXIST", ("%s %s %s"):format(back, err.field, err.errname))
      is(nil, read(criu .. ".said"))
      sh("busybox ip link del mine0")
      assert(network.remove_bridge("br0"))
      back, err = factory:restore("a", { timeout = seconds(60) })
      is("nil networks[1].bridge ENODEV", ("%s %s %s"):format(back, err.field, err.errname))
      is(nil, read(criu .. ".said"))
      assert(network.add_bridge("br0"))
      factory:restore("a", { timeout = seconds(60) })
      local said = read(criu .. ".said")
      assert(said and said:find("%-%-external veth%[eth0%]:veth%x+"), said)
      sh("rm -f %s %s.said", criu, criu)
    ]]
  end)

  it("of two containers reach each other, over IPv4 and IPv6", function()
    lab [[
      assert(network.add_bridge("br0"))
      local server <close> = create("server", { veth { ipv6_address = "fd00::2/64" } })
      local client <close> = create("client", { veth { address = "10.1.0.3/24", ipv6_address = "fd00::3/64" } })
      local p = assert(server:start { "sh", "-c", "nc -l -p 7000 -e sh -c 'read x; echo got $x'; "
        .. "nc -l -p 7000 -e sh -c 'read x; echo got $x'", stdout = "pipe", stderr = "pipe" })
      for _, address in ipairs { "10.1.0.2", "fd00::2" } do
        local deadline = lc.version and 200
        is("got hello", inside(client, ("n=0; until echo hello | nc %s 7000; do n=$((n+1)); "
          .. "[ $n -lt %d ] || exit 1; sleep 0.1; done"):format(address, deadline)), address)
      end
    ]]
  end)

  it("is counted in the stats as the container sees it: what it has sent has come in at the other end", function()
    lab [[
      assert(network.add_bridge("br0", { address = "10.1.0.1/24" }))
      local box <close> = create("a", { veth {} })
      local p = assert(box:start { "sh", "-c", "echo x | nc -w 1 10.1.0.1 9 2>/dev/null; echo done; exec sleep 1000",
        stdout = "pipe" })
      is("done", p.stdout:read("l", seconds(30)))
      local counts
      for _, one in ipairs(assert(box:stats()).interfaces) do if one.name == "eth0" then counts = one end end
      for inside_name, name in pairs { tx = "rx", rx = "tx" } do
        for _, what in ipairs { "bytes", "packets" } do
          local count = counts[inside_name .. "_" .. what]
          assert(count > 0, inside_name .. what)
          local other = tonumber(read(("%s/class/net/%s/statistics/%s_%s"):format(sys, box:state().network_links[1],
            name, what)))
          assert(count <= other, ("%s %s: %d and %d"):format(inside_name, what, count, other))
        end
        is(0, counts[inside_name .. "_errors"])
      end
    ]]
  end)

  it("listens to no router advertisement, whatever the bridge brings [A42]", function()
    lab [[
      assert(network.add_bridge("br0"))
      local box <close> = create("a", { veth {} })
      is("0", inside(box, "cat /proc/sys/net/ipv6/conf/eth0/accept_ra"))
    ]]
  end)

  it("without a name is the first that is free, and the loopback is up beside it", function()
    lab [[
      assert(network.add_bridge("br0"))
      local box <close> = create("a", { { type = "loopback" }, veth { name = "eth0" }, veth { address = "10.1.0.3/24" },
        veth { name = "eth2", address = "10.1.0.4/24" }, veth { address = "10.1.0.5/24" } })
      is("10.1.0.2/24 eth0\n10.1.0.3/24 eth1\n10.1.0.4/24 eth2\n10.1.0.5/24 eth3",
        inside(box, "ip -4 -o addr show | grep -v ' lo ' | while read a b c d e; do echo $d $b; done | sort"))
      assert(inside(box, "ip addr show lo"):find("LOOPBACK,UP", 1, true))
    ]]
  end)

  it("shows in explain as what the host does at its gate, with the fields", function()
    local box <close> = assert(fixture.factory { cgroups = "none" }:create(fixture.id(), assert(configs.default {
      rootfs = "/", networks = { { type = "veth", bridge = "br0", address = "10.1.0.2/24", gateway = "10.1.0.1" } },
      routes = { { destination = "10.2.0.0/16", gateway = "10.1.0.9" } } })))
    local plan = assert(box:explain())
    local shown = {}
    for _, row in ipairs(plan) do
      if row.op == "gate" or row.op:find("^host_") then shown[#shown + 1] = row.op .. " " .. row.field end
    end
    assert.same({ "gate networks", "host_pair networks[1]", "host_bridge networks[1].bridge",
      "host_address networks[1].address", "host_up networks[1]", "host_route networks[1].gateway",
      "host_route routes[1]" }, shown)
  end)
end)

describe("routes", function()
  fixture.check_leaks()

  it("are those of the configuration, in its order, when the interfaces are up", function()
    lab [[
      assert(network.add_bridge("br0"))
      local box <close> = create("a", { veth { ipv6_address = "fd00::2/64" } }, { routes = {
        { destination = "10.2.0.0/16", gateway = "10.1.0.9", source = "10.1.0.2" },
        { destination = "10.3.0.1", interface_name = "eth0" },
        { destination = "fd01::/48", gateway = "fd00::9", interface_name = "eth0" },
        { gateway = "10.2.0.1", interface_name = "eth0" } } })
      local _, err = box:start { "true" }
      -- the last one: that gateway is not on the link
      is("routes[4]", err.field)
      is("ENETUNREACH", err.errname)
      assert(box:destroy())
      local other <close> = create("b", { veth { ipv6_address = "fd00::2/64" } }, { routes = {
        { destination = "10.2.0.0/16", gateway = "10.1.0.9", source = "10.1.0.2" },
        { destination = "10.3.0.1", interface_name = "eth0" },
        { destination = "fd01::/48", gateway = "fd00::9", interface_name = "eth0" },
        { gateway = "10.1.0.7" } } })
      local text = inside(other, "ip route; ip -6 route")
      for _, line in ipairs { "10.2.0.0/16 via 10.1.0.9 dev eth0  src 10.1.0.2", "10.3.0.1 dev eth0 scope link",
        "fd01::/48 via fd00::9 dev eth0", "default via 10.1.0.7 dev eth0" } do
        assert(text:find(line, 1, true), line .. " is not in\n" .. text)
      end
    ]]
  end)
end)

describe("a container's network", function()
  fixture.check_leaks()

  it("is the host's with type host, and nothing but loopback with none", function()
    fixture.needs("root", "busybox")
    local function interfaces(t)
      t.rootfs, t.mounts = fixture.rootfs(), { { type = "proc", destination = "/proc" } }
      local box <close> = assert(fixture.factory():create(fixture.id(), t))
      local p = assert(box:start { "readlink", "/proc/self/ns/net", stdout = "pipe" })
      local text = p.stdout:read("a")
      assert(p:wait(fixture.seconds(30)))
      return text
    end
    local own = fixture.sh("readlink /proc/self/ns/net")
    assert.equal(own .. "\n", interfaces { networks = { { type = "host" } }, namespaces = { "mount", "pid" } })
    assert.not_equal(own .. "\n", interfaces { networks = { { type = "none" } } })
  end)

  it("leaves nothing on the host: at its end, after a destroy, or when the start fails later", function()
    lab [[
      assert(network.add_bridge("br0"))
      local before = links()
      local box = create("a", { veth {}, veth { address = "10.1.0.3/24", host_interface_name = "mine0" } })
      local p = assert(box:start { "sleep", "1000" })
      assert(links():find("mine0", 1, true))
      -- somebody has its namespace open: the kernel keeps that, and would keep both ends
      local holder <close> = assert(io.open(("/proc/%d/ns/net"):format(p:pid())))
      assert(box:destroy())
      is(before, links(), "after a destroy")
      box = create("a", { veth { host_interface_name = "mine0" } })
      local started, err = box:start { "/no/such/program" }
      assert(not started and err.step == "exec", tostring(err))
      is(before, links(), "after a start that failed")
      for _ = 1, 3 do -- again and again: an old end is in nobody's way
        assert(assert(box:start { "true" }):wait(seconds(30)))
      end
      assert(box:destroy())
      is(before, links(), "after it ended by itself")
    ]]
  end)

  it("leaves nothing when its host is killed, and somebody else destroys it [L01]", function()
    lab [[
      assert(network.add_bridge("br0"))
      local before = links()
      local script = os.tmpname()
      local file = assert(io.open(script, "w"))
      file:write("local lc = require 'libcontainer'\nlocal configs = require 'libcontainer.configs'\n",
        ("local box = assert(lc.new(%q):create('a', assert(configs.default { rootfs = %q, detach = true, "):format(root, rootfs),
        "networks = { { type = 'veth', bridge = 'br0', address = '10.1.0.2/24', host_interface_name = 'mine0' } } })))\n",
        "assert(box:start { 'sleep', '1000' })\nio.open('/proc/self/stat'):close()\n",
        "require 'posix_for_specs'.kill(tonumber(io.open('/proc/self/stat'):read('a'):match('^%d+')), 9)\n")
      file:close()
      sh("lua5.4 %s", script)
      os.remove(script)
      assert(links():find("mine0", 1, true), links())
      local box = assert(factory:load("a"))
      is("mine0", box:state().network_links[1])
      local holder <close> = assert(io.open(("/proc/%d/ns/net"):format(box:state().init_process_pid)))
      assert(box:destroy())
      is(before, links())
    ]]
  end)

  it("touches no interface that has the name and not the mark [L44]", function()
    lab [[
      assert(network.add_bridge("br0"))
      assert(add_device("mine0"))
      local before = links()
      local box = create("a", { veth { host_interface_name = "mine0" } })
      local started, err = box:start { "true" }
      assert(not started)
      is("network networks[1].host_interface_name: mine0: file exists (EEXIST) — choose another name, or remove what has it", tostring(err))
      assert(box:destroy())
      is(before, links())
    ]]
  end)
end)

describe("an interface of the host", function()
  fixture.check_leaks()

  it("is moved in with its addresses, under another name, and up [O76]", function()
    lab [[
      assert(add_device("dev0"))
      sh("busybox ip addr add 10.9.0.1/24 brd + dev dev0; busybox ip addr add fd09::1/64 dev dev0; "
        .. "busybox ip link set dev0 up")
      local mac = read(sys .. "/class/net/dev0/address")
      local box <close> = create("a", { { type = "device", host_interface_name = "dev0", name = "eth%d",
        address = "10.8.0.2/24", gateway = "10.8.0.1" } })
      local text = inside(box, "cat /sys/class/net/eth0/address; ip addr show eth0; ip route")
      is(mac, text:match("^%S+"))
      for _, what in ipairs { "NOARP,UP", "inet 10.9.0.1/24 brd 10.9.0.255", "inet6 fd09::1/64", "inet 10.8.0.2/24",
        "default via 10.8.0.1 dev eth0" } do
        assert(text:find(what, 1, true), what .. " is not in\n" .. text)
      end
    ]]
  end)

  it("is given back as it was when the container ends, however it ends [O76]", function()
    lab [[
      assert(add_device("dev0"))
      sh("busybox ip addr add 10.9.0.1/24 dev dev0; busybox ip addr add fd09::1/64 dev dev0; "
        .. "busybox ip link set dev0 up")
      local function look()
        return (sh("busybox ip addr show dev0"):gsub("^%d+:", ""):gsub("\n[^\n]*fe80[^\n]*\n[^\n]*", "")
          :gsub("scope global flags %d+", "scope global"))
      end
      local before = look()
      assert(before:find("fd09", 1, true), before)
      local box = create("a", { { type = "device", host_interface_name = "dev0", name = "other", mtu = 1300,
        txqueuelen = 7 } }, { capabilities = { "NET_ADMIN" } })
      is("1300\n7", inside(box, "cd /sys/class/net/other; cat mtu tx_queue_len"))
      is(before, look(), "it has ended")
      -- and its processes may have done with it what they want
      local p = assert(box:start { "sh", "-c", "ip link set other down; ip addr flush dev other; "
        .. "ip link set other name mine && echo done; exec sleep 1000", stdout = "pipe" })
      is("done", p.stdout:read("l", seconds(30)))
      is("lo", links(), "while it runs")
      assert(p:signal("KILL") and p:wait(seconds(30)))
      is(before, look(), "it was killed")
      assert(box:start { "sleep", "1000" })
      is("lo", links(), "while it runs")
      assert(box:destroy())
      is(before, look(), "it was destroyed")
      box = create("b", { { type = "device", host_interface_name = "dev0" } })
      local started, err = box:start { "/no/such/program" }
      assert(not started and err.step == "exec", tostring(err))
      is(before, look(), "it did not start")
      assert(box:destroy())
    ]]
  end)

  it("has the hardware address that it is given while it is inside, and its own again [O76]", function()
    lab [[
      -- the devices of the lab have none that could be changed: an end of a pair has
      assert(network.add_bridge("br0"))
      local other <close> = create("other", { veth { host_interface_name = "dev0" } })
      assert(other:start { "sleep", "1000" })
      sh("busybox brctl delif br0 dev0")
      local mac = read(sys .. "/class/net/dev0/address")
      local box = create("a", { { type = "device", host_interface_name = "dev0", name = "mine",
        mac_address = "02:00:0a:01:00:02" } })
      local p = assert(box:start { "sh", "-c", "cat /sys/class/net/mine/address; exec sleep 1000", stdout = "pipe" })
      is("02:00:0a:01:00:02", p.stdout:read("l", seconds(30)))
      assert(box:destroy())
      is(mac, read(sys .. "/class/net/dev0/address"))
    ]]
  end)

  it("is given back with a name of its own when somebody has taken that meanwhile [O76]", function()
    lab [[
      assert(add_device("dev0"))
      local box = create("a", { { type = "device", host_interface_name = "dev0" } })
      assert(box:start { "sleep", "1000" })
      assert(add_device("dev0"))
      assert(box:destroy())
      assert(links():find("^dev0 dev%d lo$"), links())
    ]]
  end)

  it("goes into a user namespace and comes back from there, where nobody inside could send it [O76]", function()
    lab [[
      assert(network.add_bridge("br0"))
      assert(add_device("dev0"))
      sh("busybox ip addr add 10.9.0.1/24 dev dev0")
      local ids = { { container_id = 0, host_id = 100000, size = 65536 } }
      local box <close> = create("a", { veth {}, { type = "device", host_interface_name = "dev0" } }, {
        uid_mappings = ids, gid_mappings = ids,
        namespaces = { "mount", "pid", "uts", "ipc", "network", "cgroup", "user" } })
      local text = inside(box, "ip addr; cat /proc/self/uid_map")
      for _, what in ipairs { "inet 10.1.0.2/24", "inet 10.9.0.1/24", " 100000 " } do
        assert(text:find(what, 1, true), what .. " is not in\n" .. text)
      end
      is("br0 dev0 lo", (links():gsub("veth%x+ ?", ""):gsub(" $", "")))
      assert(sh("busybox ip addr show dev0"):find("10.9.0.1/24", 1, true))
    ]]
  end)

  it("is not moved when the name is taken inside, or it is in a bridge [O76]", function()
    lab [[
      assert(network.add_bridge("br0"))
      assert(add_device("dev0") and add_device("dev1"))
      sh("busybox brctl addif br0 dev1")
      local before = links()
      local function refused(networks)
        local box <close> = create("a", networks)
        local started, err = box:start { "true" }
        assert(not started, "it was not refused")
        is(before, links(), tostring(err))
        return err
      end
      is("networks[1].host_interface_name", refused { { type = "device", host_interface_name = "dev1" } }.field)
      is("EBUSY", refused { { type = "device", host_interface_name = "dev1" } }.errname)
      is("EOPNOTSUPP", refused { { type = "device", host_interface_name = "br0" } }.errname)
    ]]
  end)
end)

describe("what cannot be done about a network", function()
  fixture.check_leaks()

  it("is an error with the field, and nothing is made [L44]", function()
    lab [[
      assert(network.add_bridge("br0"))
      assert(add_device("dev0") and add_device("dev1"))
      local before = links()
      local function refused(networks, more)
        local box <close> = create("a", networks, more)
        local started, err = box:start { "true" }
        assert(not started, "it was not refused")
        is(before, links(), tostring(err))
        return err
      end
      local err = refused { veth { bridge = "br7" } }
      is("network networks[1].bridge: there is no bridge \"br7\" on the host (ENODEV) — see /sys/class/net for the "
        .. "interfaces that there are", tostring(err))
      is("networks[1].bridge", err.field)
      err = refused { veth {}, veth { address = "10.1.0.3/24", bridge = "dev0" } }
      is("networks[2].bridge", err.field)
      is("EOPNOTSUPP", err.errname)
      err = refused { { type = "device", host_interface_name = "nodev" } }
      is("networks[1].host_interface_name", err.field)
      is("ENODEV", err.errname)
      err = refused({ veth {}, { type = "device", host_interface_name = "dev0" },
        { type = "device", host_interface_name = "dev1" } }, { routes = { { gateway = "10.99.0.1" } } })
      is("routes[1]", err.field) -- the last thing that is done, and all before it is undone
      is("ENETUNREACH", err.errname)
    ]]
  end)

  it("is of a bridge with a name of its whole length: none is cut at a NUL", function()
    local network = require "libcontainer.network"
    for _, change in ipairs { network.add_bridge, network.remove_bridge } do
      local done, err = change("lo\0x")
      assert.is_nil(done)
      assert.equal("name", err.field)
    end
  end)

  it("is told of the package that is missing where libmnl is", function()
    fixture.needs("root", "busybox")
    local library = fixture.sh("ldconfig -p | sed -n 's/.*libmnl.so.0 .*=> //p' | head -1")
    local said = lab([[
      local box <close> = create("a", { veth {} })
      local started, err = box:start { "true" }
      print(started, err, err.field)
      local plain <close> = create("b", { { type = "loopback" } })
      is("fine", inside(plain, "echo fine"))
    ]], { before = ("sh -c 'mount --bind /dev/null $(readlink -f %s) && exec \"$@\"' sh"):format(library) })
    assert.equal("nil\tnetworks need the package libmnl0, which is not installed — apt-get install libmnl0\tnetworks\n",
      said)
  end)

  it("is an error without the right to make interfaces", function()
    local said = lab([[
      local box <close> = create("a", { veth {} })
      local started, err = box:start { "true" }
      print(started, err.field, err.errname)
      print(network.add_bridge("br1"))
    ]], { before = "sh -c 'busybox ip link add br0 type bridge; exec capsh --drop=cap_net_admin --shell=/bin/sh -- -c "
      .. "\"exec \\\"\\$@\\\"\" sh \"$@\"' sh" })
    -- even the loopback of a namespace that belongs to the host's users takes the capability
    assert.matches("^nil\tnamespaces\tEPERM\nnil\tnetwork: br1: operation not permitted %(EPERM%) — interfaces can "
      .. "be made and moved by root", said)
  end)
end)
