-- SPDX-License-Identifier: MIT
--- Networks: bridges for containers to be plugged into, and what the host does about a container's
-- interfaces. All of it through libmnl, which is loaded when it is needed; no program is run.
--
--   local network = require "libcontainer.network"
--   assert(network.add_bridge("br0", { address = "10.1.0.1/24" }))
local lazy = require "libcontainer.lazy"
local check = lazy "libcontainer.check"
local core = require "libcontainer.core"
local errors = lazy "libcontainer.errors"
local object = require "libcontainer.object"

local M = {}

-- --- bridges ---

local function check_name(name, what)
  if type(name) ~= "string" then
    error(("bad argument #1 to '%s' (string expected)"):format(what), 3)
  end
  if core.link_name_is_valid(name) then return true end
  return nil, errors.config_problem("name", ("%q is no name of an interface"):format(name))
end

local function check_address(field, text, family)
  local found, prefix = core.address(type(text) == "string" and text or "")
  if found == family and prefix then return true end
  return nil, errors.config_problem(field, ("%s is no address and network"):format(tostring(text)),
    family == 4 and 'such as "10.1.0.1/24"' or 'such as "fd00::1/64"')
end

--- Make a bridge in the network of the calling process, up. It stays until it is removed.
-- Options: `address`, `ipv6_address`: its own, with the length of the network; containers may use it as gateway.
---@param name string
---@param options table|nil
---@return true|nil
---@return libcontainer.Error|nil err  ConfigInvalid; SystemError: errname "EEXIST" when the name is taken, "EPERM"
function M.add_bridge(name, options)
  options = check.options(options, { "address", "ipv6_address" }, "add_bridge")
  local fine, err = check_name(name, "add_bridge")
  if fine and options.address then fine, err = check_address("address", options.address, 4) end
  if fine and options.ipv6_address then fine, err = check_address("ipv6_address", options.ipv6_address, 6) end
  if not fine then return nil, err end
  local addresses = { options.address }
  addresses[#addresses + 1] = options.ipv6_address
  local done, raw = core.add_bridge(name, table.unpack(addresses))
  if not done then return nil, errors.raw(raw) end
  return true
end

--- Remove a bridge. What is plugged into it stays, and leads nowhere.
---@param name string
---@return true|nil
---@return libcontainer.Error|nil err  SystemError: errname "ENODEV" when there is none, "EOPNOTSUPP" for what is no bridge
function M.remove_bridge(name)
  local fine, err = check_name(name, "remove_bridge")
  if not fine then return nil, err end
  local done, raw = core.remove_bridge(name)
  if not done then return nil, errors.raw(raw) end
  return true
end

-- --- what containers ask for ---

--- Names that the other ends of a container's pairs have on the host; nil without any.
---@param config table  strict
---@param mark string   the container's own among all roots
---@return string[]|nil
function M.links_of(config, mark)
  local names = {}
  for i, item in ipairs(config.networks or {}) do
    if item.type == "veth" then names[#names + 1] = item.host_interface_name or core.link_name(mark, i) end
  end
  return names[1] and names or nil
end

--- The pairs of a container, for who makes them in the place of us: their ends inside, and the names that the
-- other ends are to be born with, by which we know them.
---@param config table  strict
---@param mark string   the container's own among all roots
---@return { index: integer, name: string, host_name: string }[]
function M.pairs_of(config, mark)
  local list = {}
  for i, item in ipairs(config.networks or {}) do
    if item.type == "veth" then
      list[#list + 1] = { index = i, name = item.name, host_name = core.link_name(mark, i) }
    end
  end
  return list
end

--- The gate of that name: the host makes the container's network.
---@param _ libcontainer.Container
---@param session userdata
---@return true|nil
---@return libcontainer.Error|nil err
function M.at_gate(_, session)
  local done, raw = session:network()
  if not done then return nil, errors.raw(raw) end
  return true
end

-- Where they are to be looked for: each has had a name made from the mark, before another that was chosen.
local function all_names(record, mark)
  local names = table.move(record.network_links, 1, #record.network_links, 1, {})
  for i, item in ipairs(record.config.networks or {}) do
    if item.type == "veth" and item.host_interface_name then names[#names + 1] = core.link_name(mark, i) end
  end
  return names
end

--- Of a container that has ended: the other ends of its pairs, which the kernel removes with its namespace,
-- but in its own time. Whose record is damaged has those that bear its mark.
---@param record table
---@param mark string
---@param is_damaged boolean
---@return true|nil
---@return libcontainer.RawError|nil raw
function M.remove_links(record, mark, is_damaged)
  if not record.network_links and not is_damaged then return true end
  local done, raw = core.remove_links(mark, record.network_links and all_names(record, mark))
  if done then return true end
  -- Without the library there never were any, or it was removed since, and the kernel is all there is.
  if core.errno_name(raw.errno) == "ELIBACC" then return true end
  return nil, raw
end

return object.module(M, "libcontainer.network: add_bridge, remove_bridge")
