-- SPDX-License-Identifier: MIT
--- Networks and routes of a configuration: names that are not written, and everything that can be wrong
-- with them, all at once and with the way out. What an address is good for, the core decides (src/network/text.c),
-- for src/configs/validate_networks.c too, which stops at the first problem of a configuration that came another way.
local core = require "libcontainer.core"
local lazy = require "libcontainer.lazy"
local check = require "libcontainer.check"
local errors = lazy "libcontainer.errors"

local M = {}

local add = check.add

-- Types that have an interface of their own.
local MADE <const> = { veth = true, device = true }
local OF_VETH <const> = { "bridge", "hairpin_mode" }
local OF_MADE <const> = { "name", "bridge", "mac_address", "address", "gateway", "ipv6_address", "ipv6_gateway", "mtu",
  "txqueuelen", "host_interface_name", "hairpin_mode" }
local IPV6_MTU <const> = 1280
local NAME_RULE <const> = "a name has 1 to 15 characters, and no \"/\", \":\", quote, space or \"%\""

-- --- what is not written ---

--- Give a veth without a name the first that is free: eth0, eth1, …
---@param t table a raw copy
function M.normal(t)
  local taken = {}
  for _, network in check.tables(t.networks) do
    local name = network.name or network.type == "device" and network.host_interface_name
    if type(name) == "string" then taken[name] = true end
  end
  local number = 0
  for _, network in check.tables(t.networks) do
    if network.type == "veth" and network.name == nil then
      while taken["eth" .. number] do number = number + 1 end
      network.name = "eth" .. number
      taken[network.name] = true
    end
  end
end

-- --- rules ---

local function name_of(network)
  return network.name or network.type == "device" and network.host_interface_name or nil
end

local function link_name(network, field, may_be_template, path, problems)
  local name = network[field]
  if not name then return end
  if name == "lo" then
    add(problems, path .. "." .. field, "is the loopback, which every network has", name)
  elseif not core.link_name_is_valid(name, may_be_template) then
    add(problems, path .. "." .. field, "is no name of an interface", name, NAME_RULE)
  end
end

local FAMILY <const> = { [4] = "IPv4", [6] = "IPv6" }
local EXAMPLE <const> = { [4] = "10.1.0.2/24", [6] = "fd00::2/64" }

-- The way out of what the core finds wrong with an address.
local function way_out(fault, text, family)
  if fault == "no_network" or fault == "not_of_one" then return ('such as "%s"'):format(EXAMPLE[family]) end
  if fault == "not_ipv4" then return "it belongs into ipv6_address" end
  if fault == "not_ipv6" then return "it belongs into address" end
  if fault == "no_length" then return errors.did_you_mean(text .. (family == 4 and "/24" or "/64")) end
  return nil
end

-- The address, when it is one that the interface may have.
local function own_address(network, field, family, path, problems)
  local text = network[field]
  if not text then return nil end
  local fault, words = core.address_fault(text, family)
  if not fault then return text end
  add(problems, path .. "." .. field, words, text, way_out(fault, text, family))
  return nil
end

-- An address without the length of a network, nil when it is none.
local function host_family(text)
  local family, prefix = core.address(text)
  return not prefix and family or nil
end

local function gateway(network, field, of, family, own, path, problems)
  local text = network[field]
  if not text then return end
  path = path .. "." .. field
  local fault, words = core.gateway_fault(text, family, own)
  if not fault and not network[of] then
    add(problems, path, "needs " .. of, text)
  elseif fault then
    add(problems, path, words, text, fault == "no_host" and "an address without a length"
      or fault == "outside" and ("%s is %q"):format(of, own) or nil)
  end
end

local function one(network, path, problems)
  if network.type == "veth" then
    if not network.bridge and not check.is_refused(problems, path .. ".bridge") then
      add(problems, path .. ".bridge", "is required for a veth", nil, "the name of a bridge of the host")
    end
    if not network.address and not network.ipv6_address and not check.is_refused(problems, path .. ".address")
      and not check.is_refused(problems, path .. ".ipv6_address") then
      add(problems, path .. ".address", "is required for a veth, or ipv6_address", nil,
        ('such as "%s"'):format(EXAMPLE[4]))
    end
  else
    if not network.host_interface_name and not check.is_refused(problems, path .. ".host_interface_name") then
      add(problems, path .. ".host_interface_name", "is required for a device", nil,
        "the interface of the host that is moved in")
    end
    for _, field in ipairs(OF_VETH) do
      if network[field] then add(problems, path .. "." .. field, "is for a veth alone", network[field]) end
    end
  end
  link_name(network, "name", network.type == "device", path, problems)
  link_name(network, "bridge", false, path, problems)
  link_name(network, "host_interface_name", false, path, problems)
  if network.mac_address and not core.mac_is_valid(network.mac_address) then
    add(problems, path .. ".mac_address", "is no hardware address of one interface", network.mac_address,
      'such as "02:00:0a:01:00:02"')
  end
  local ipv4 = own_address(network, "address", 4, path, problems)
  local ipv6 = own_address(network, "ipv6_address", 6, path, problems)
  gateway(network, "gateway", "address", 4, ipv4, path, problems)
  gateway(network, "ipv6_gateway", "ipv6_address", 6, ipv6, path, problems)
  if network.ipv6_address and network.mtu and network.mtu < IPV6_MTU then
    add(problems, path .. ".mtu", "is too small for ipv6_address", network.mtu, ("from %d"):format(IPV6_MTU))
  end
end

local function only_once(seen, network, field, i, problems, message)
  local value = network[field] and (message and true or network[field])
  if not value then return end
  if seen[value] then
    add(problems, ("networks[%d].%s"):format(i, field), (message or "is that of networks[%d] too"):format(seen[value]),
      network[field], message and "one way out is enough: routes has others")
  end
  seen[value] = seen[value] or i
end

-- Addresses of its own, and the ways to everything else, of which a table of routes has one.
local function addresses(networks, problems)
  local seen = { address = {}, ipv6_address = {}, gateway = {}, ipv6_gateway = {} }
  for i, network in check.tables(networks) do
    only_once(seen.address, network, "address", i, problems)
    only_once(seen.ipv6_address, network, "ipv6_address", i, problems)
    only_once(seen.gateway, network, "gateway", i, problems, "is a second one beside that of networks[%d]")
    only_once(seen.ipv6_gateway, network, "ipv6_gateway", i, problems, "is a second one beside that of networks[%d]")
  end
end

local function duplicates(networks, problems)
  local names, devices = {}, {}
  for i, network in check.tables(networks) do
    local path, name = ("networks[%d]"):format(i), name_of(network)
    if name and not name:find("%", 1, true) then
      if names[name] then
        add(problems, path .. (network.name and ".name" or ".host_interface_name"),
          ("is the name of networks[%d] too"):format(names[name]), name)
      end
      names[name] = names[name] or i
    end
    local device = network.host_interface_name
    if device and devices[device] then
      add(problems, path .. ".host_interface_name", ("is that of networks[%d] too"):format(devices[device]), device)
    end
    if device then devices[device] = devices[device] or i end
  end
end

local function route(item, names, path, problems)
  local destination = item.destination and core.address(item.destination)
  local source = item.source and host_family(item.source)
  local over = item.gateway and host_family(item.gateway)
  if item.destination and not destination then
    add(problems, path .. ".destination", "is no network and no address", item.destination,
      'such as "10.2.0.0/16"; absent for everything')
  elseif item.destination and select(3, core.address(item.destination)) then
    add(problems, path .. ".destination", "is an address in a network, not a network", item.destination)
  end
  if item.source and not source then add(problems, path .. ".source", "is no address", item.source) end
  if item.gateway and not over then add(problems, path .. ".gateway", "is no address", item.gateway) end
  local family = destination or over or source
  for field, found in pairs { source = source or nil, gateway = over or nil } do
    if family and found and found ~= family then
      add(problems, path .. "." .. field, "is no " .. FAMILY[family] .. " address", item[field])
    end
  end
  local name = item.interface_name
  if not name and not item.gateway then
    add(problems, path, "leads nowhere: it needs a gateway or interface_name")
  elseif name and names and not names[name] then
    local known = {}
    for one_name in pairs(names) do known[#known + 1] = one_name end
    table.sort(known)
    add(problems, path .. ".interface_name", "is no interface of the container", name,
      errors.did_you_mean(check.nearest(name, known)) or "it has " .. table.concat(known, ", "))
  end
end

-- Names of its interfaces; nil when only the kernel will know them.
local function names_in(networks)
  local names = { lo = true }
  for _, network in check.tables(networks) do
    local name = name_of(network)
    if name and name:find("%", 1, true) then return nil end
    if name then names[name] = true end
  end
  return names
end

--- What the fields of networks and routes say of each other, and of the namespaces.
---@param config table  strict
---@param has_own boolean  it has a network namespace
---@param problems libcontainer.Problem[]
function M.rules(config, has_own, problems)
  local count = config.networks and #config.networks or 0
  for i, network in check.tables(config.networks) do
    local path = ("networks[%d]"):format(i)
    if network.type == "host" and has_own then
      add(problems, path .. ".type", "is the host's network, and namespaces has \"network\"", "host",
        'leave "network" out of namespaces')
    elseif network.type and network.type ~= "host" and not has_own then
      if not check.is_refused(problems, "networks") then
        add(problems, "networks", "needs the network namespace", nil, 'add "network" to namespaces')
      end
    elseif network.type == "none" and count > 1 then
      add(problems, path .. ".type", "is no network beside another", "none")
    end
    if MADE[network.type] then
      one(network, path, problems)
    elseif network.type then
      for _, field in ipairs(OF_MADE) do
        if network[field] then
          add(problems, path .. "." .. field, "is for a veth or a device", network[field])
        end
      end
    end
  end
  duplicates(config.networks, problems)
  addresses(config.networks, problems)
  if config.routes and #config.routes > 0 and not has_own then
    add(problems, "routes", "needs the network namespace", nil, 'add "network" to namespaces')
  end
  local names = names_in(config.networks)
  for i, item in check.tables(config.routes) do route(item, names, ("routes[%d]"):format(i), problems) end
end

return M
