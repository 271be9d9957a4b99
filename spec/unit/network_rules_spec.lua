-- SPDX-License-Identifier: MIT
-- What networks and routes may be: one rule at a time, and all together.
require("spec.support.schema_stub").provide()
local configs = require "libcontainer.configs"

describe("networks and routes of a configuration", function()
  local function problems(t)
    t.rootfs = "/srv/root"
    local fine, err = configs.validate(t)
    assert.is_nil(fine)
    local list = {}
    for _, problem in ipairs(err.problems) do list[#list + 1] = problem.field .. ": " .. problem.message end
    table.sort(list)
    return list
  end

  it("have everything that is wrong with them told at once", function()
    assert.same({
      "networks[1].address: is required for a veth, or ipv6_address",
      "networks[1].bridge: is required for a veth",
      "networks[2].address: has no length of its network",
      "networks[2].bridge: is no name of an interface",
      "networks[2].mac_address: is no hardware address of one interface",
      "networks[2].mtu: must be between 68 and 65535",
      "networks[2].name: is no name of an interface",
      "networks[3].gateway: is not in the network of its interface",
      "networks[3].ipv6_gateway: needs ipv6_address",
      "networks[4].hairpin_mode: is for a veth alone",
      "networks[4].host_interface_name: is required for a device",
      "networks[4].name: is the name of networks[3] too",
      "networks[5].address: is for a veth or a device",
      "networks[6].type: is no network beside another",
      "networks[7].type: is the host's network, and namespaces has \"network\"",
      "routes[1].destination: is an address in a network, not a network",
      "routes[1].interface_name: is no interface of the container",
      "routes[2].gateway: is no IPv6 address",
      "routes[3]: leads nowhere: it needs a gateway or interface_name",
    }, problems {
      networks = { { type = "veth" },
        { type = "veth", name = "../eth", bridge = "a/b", address = "10.1.0.2", mac_address = "01:00:5e:00:00:01", mtu = 10 },
        { type = "veth", name = "x", bridge = "br0", address = "10.1.0.2/24", gateway = "10.2.0.1", ipv6_gateway = "fd00::1" },
        { type = "device", name = "x", hairpin_mode = true }, { type = "loopback", address = "127.0.0.1/8" },
        { type = "none" }, { type = "host" } },
      routes = { { destination = "10.2.0.1/16", interface_name = "eth9" },
        { destination = "fd01::/48", gateway = "10.1.0.1" }, { destination = "10.3.0.0/16" } } })
  end)

  -- One veth with something in place of what it has, and what is said of it.
  local function said(fields)
    local network = { type = "veth", bridge = "br0", address = "10.1.0.2/24", ipv6_address = "fd00::2/64" }
    for name, value in pairs(fields) do network[name] = value end
    return table.concat(problems { networks = { network } }, "; ")
  end

  it("have addresses of their family, in a network and not the network itself", function()
    assert.equal("networks[1].address: is no address and network", said { address = "10.1.0/24" })
    assert.equal("networks[1].ipv6_address: is no address and network", said { ipv6_address = "fd00::2::/64" })
    assert.equal("networks[1].address: is no IPv4 address", said { address = "fd00::3/64" })
    assert.equal("networks[1].ipv6_address: is no IPv6 address", said { ipv6_address = "10.1.0.3/24" })
    assert.equal("networks[1].address: is the network itself, not an address in it", said { address = "10.1.0.0/24" })
    assert.equal("networks[1].ipv6_address: is the network itself, not an address in it", said { ipv6_address = "fd00::/64" })
    assert.equal("networks[1].mtu: is too small for ipv6_address", said { mtu = 1279 })
    assert.is_true(configs.validate { rootfs = "/srv/root", networks = { { type = "veth", bridge = "br0", mtu = 1280,
      address = "10.1.0.0/31", ipv6_address = "fd00::/127" } } })
  end)

  it("have gateways that can be reached, and are others", function()
    assert.equal("networks[1].gateway: is no address", said { gateway = "10.1.0.1/24" })
    assert.equal("networks[1].gateway: is no IPv4 address", said { gateway = "fd00::1" })
    assert.equal("networks[1].ipv6_gateway: is no IPv6 address", said { ipv6_gateway = "10.1.0.1" })
    assert.equal("networks[1].gateway: is the container's own address", said { gateway = "10.1.0.2" })
    assert.equal("networks[1].ipv6_gateway: is the container's own address", said { ipv6_gateway = "fd00:0::2" })
    assert.equal("networks[1].ipv6_gateway: is not in the network of its interface", said { ipv6_gateway = "fd01::1" })
    assert.is_true(configs.validate { rootfs = "/srv/root", networks = { { type = "veth", bridge = "br0",
      ipv6_address = "fd00::2/64", ipv6_gateway = "fe90::1" } } })
  end)

  it("have routes from and over addresses, and each device once", function()
    assert.same({ "networks[2].host_interface_name: is that of networks[1] too", "routes[1].destination: is no network and no address",
      "routes[2].source: is no address", "routes[3].gateway: is no address" }, problems {
      networks = { { type = "device", host_interface_name = "eth7", name = "a" },
        { type = "device", host_interface_name = "eth7", name = "b" } },
      routes = { { destination = "10.2/16", interface_name = "a" }, { source = "10.1.0.2/24", interface_name = "a" },
        { gateway = "router" } } })
  end)

  it("refuse names that mean something else to the kernel, a shell or a path", function()
    for _, name in ipairs { "", "0123456789abcdef", ".", "..", "a/b", "a:0", "a b", "a\nb", "eth%d", "%s", "all", "default",
      "lo", "a\"b", "a'b", "\xc3\xa9", "a\0b" } do
      for _, field in ipairs { "name", "bridge", "host_interface_name" } do
        local network = { type = "veth", name = "eth0", bridge = "br0", address = "10.1.0.2/24" }
        network[field] = name
        local found = problems { networks = { network } }
        assert.matches("^networks%[1%]%." .. field .. ": ", found[1])
      end
    end
  end)

  it("need the network namespace, but for the host's", function()
    assert.same({ "networks: needs the network namespace", "routes: needs the network namespace" }, problems {
      namespaces = { "mount" }, networks = { { type = "veth", bridge = "br0", address = "10.1.0.2/24" } },
      routes = { { gateway = "10.1.0.1" } } })
    assert.is_true(configs.validate { rootfs = "/srv/root", namespaces = { "mount" }, networks = { { type = "host" } } })
    for _, address in ipairs { "0.0.0.5/8", "127.0.0.1/8", "224.0.0.1/4", "255.255.255.255/0" } do
      assert.same({ "networks[1].address: is no address that an interface can have" }, problems {
        networks = { { type = "veth", bridge = "br0", address = address } } })
    end
    for _, address in ipairs { "::1/128", "ff02::1/64", "::/128" } do
      assert.same({ "networks[1].ipv6_address: is no address that an interface can have" }, problems {
        networks = { { type = "veth", bridge = "br0", ipv6_address = address } } })
    end
    assert.same({ "networks[2].address: is that of networks[1] too", "networks[2].gateway: is a second one beside that of networks[1]",
      "networks[2].ipv6_address: is that of networks[1] too", "networks[2].ipv6_gateway: is a second one beside that of networks[1]" },
      problems { networks = {
        { type = "veth", bridge = "br0", address = "10.1.0.2/24", gateway = "10.1.0.1", ipv6_address = "fd00::2/64", ipv6_gateway = "fd00::1" },
        { type = "veth", bridge = "br1", address = "10.1.0.2/24", gateway = "10.1.0.3", ipv6_address = "fd00::2/64", ipv6_gateway = "fd00::3" } } })
  end)
end)
