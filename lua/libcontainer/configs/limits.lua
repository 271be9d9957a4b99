-- SPDX-License-Identifier: MIT
--- The section cgroups of a configuration: friendly forms, rules, and changes over it.
--
-- `normal` and `rules` are parts of configs/normal.lua and configs/rules.lua, and work as they do.
local lazy = require "libcontainer.lazy"
local check = require "libcontainer.check"
local core = require "libcontainer.core"
local json = require "libcontainer.json"
local units = lazy "libcontainer.units"

local M = {}

local add = check.add

-- --- friendly forms ---

-- Microseconds, and what is written as a time: "50ms".
local MICROSECONDS = { "cpu_quota", "cpu_period", "cpu_burst", "cpu_rt_runtime", "cpu_rt_period" }

-- 0 is the same as absent here: the kernel has no such value, and older configurations wrote it for
-- what they did not limit.
local ZERO_IS_ABSENT = { "memory", "memory_swap", "memory_reservation", "kernel_memory",
  "kernel_memory_tcp", "cpu_shares", "cpu_weight", "cpu_quota", "cpu_period", "cpu_rt_period",
  "blkio_weight", "blkio_leaf_weight" }

-- So is no text, the ancestor's zero of these.
local EMPTY_IS_ABSENT = { "cpuset_cpus", "cpuset_mems", "net_cls_classid", "freezer" }

local function is_unlimited(value)
  return value == "unlimited" or value == "max"
end

-- The keys of a table whose keys are all names, nil for any other.
local function sorted_names(t)
  local names = {}
  if json.is_big(t) then
    return nil
  end
  for key in next, t do
    if type(key) ~= "string" then
      return nil
    end
    names[#names + 1] = key
  end
  table.sort(names)
  return names[1] and names
end

-- { name = value } as an array of what `item` makes of each; an array stays as it is.
local function as_array(limits, field, item)
  local value = limits[field]
  local names = type(value) == "table" and sorted_names(value)
  if not names then
    return
  end
  local list = {}
  for i, name in ipairs(names) do
    list[i] = item(name, value[name])
  end
  limits[field] = list
end

-- "8:0" or "8:16 value": numbers, and what follows them. Two words go into `name` as they are when
-- they are no such text: the walk says what is wrong.
local function device_numbers(text)
  local major, minor, rest = text:match("^(%d+):(%d+)%s*(.-)%s*$")
  if not major then
    return text, nil, ""
  end
  return math.tointeger(tonumber(major)), math.tointeger(tonumber(minor)), rest
end

local function number_or_text(text)
  return math.tointeger(tonumber(text)) or text
end

-- Throttles and weights: { ["8:0"] = "1M" }, { "8:0 1048576" } as the kernel's files have them, or
-- { { major = 8, minor = 0, rate = … } }.
local function block_devices(limits, field, name)
  if type(limits[field]) == "string" then
    limits[field] = limits[field] ~= "" and { limits[field] } or nil -- one device, as the ancestor wrote it
  end
  as_array(limits, field, function(key, value)
    local major, minor = device_numbers(key)
    return { major = major, minor = minor, [name] = value }
  end)
  if type(limits[field]) ~= "table" or json.is_big(limits[field]) then
    return
  end
  for i, item in next, limits[field] do
    if type(item) == "string" then
      local major, minor, rest = device_numbers(item)
      limits[field][i] = { major = major, minor = minor, [name] = number_or_text(rest) }
    elseif type(item) == "table" and name == "rate" and is_unlimited(item.rate) then
      item.rate = 0
    elseif type(item) == "table" and name == "weight" then
      item.weight = item.weight ~= 0 and item.weight or nil
      item.leaf_weight = item.leaf_weight ~= 0 and item.leaf_weight or nil
    end
  end
end

-- The ancestor's JSON had the letter as a number.
local function device_type(kind)
  local letter = ({ [97] = "a", [98] = "b", [99] = "c" })[kind]
  return letter or kind
end

local function device_number(number)
  return number ~= "*" and number or nil
end

-- "c 1:3 rwm" or a table, allowed unless it says otherwise.
local function device_rule(rule, allow, field, problems)
  if type(rule) == "string" then
    local kind, major, minor, access = rule:match("^(%a) ([%d*]+):([%d*]+) (%a+)$")
    if not kind then
      add(problems, field, "is no rule for devices", rule, "such as \"c 1:3 rwm\" or \"b 8:* r\"")
      return { allow = false }
    end
    return { allow = allow, type = kind, access = access,
      major = major ~= "*" and number_or_text(major) or nil,
      minor = minor ~= "*" and number_or_text(minor) or nil }
  elseif type(rule) == "table" and rule.permissions ~= nil then
    -- as the ancestor wrote a device, of which here only this counts
    return { allow = allow, type = device_type(rule.type), major = device_number(rule.major),
      minor = device_number(rule.minor), access = rule.permissions }
  elseif type(rule) == "table" then
    if rule.allow == nil then
      rule.allow = allow
    end
    rule.major, rule.minor = device_number(rule.major), device_number(rule.minor)
  end
  return rule
end

local function append_rules(list, rules, name, allow, problems)
  for i, rule in ipairs(type(rules) == "table" and rules or {}) do
    list[#list + 1] = device_rule(rule, allow, ("cgroups.%s[%d]"):format(name, i), problems)
  end
end

-- The ancestor's three fields as rules in an order.
local function devices(limits, problems)
  local all, allowed, denied = limits.allow_all_devices, limits.allowed_devices, limits.denied_devices
  if all == nil and allowed == nil and denied == nil then
    if type(limits.devices) == "table" and not json.is_big(limits.devices) then
      for i, rule in next, limits.devices do
        local field = ("cgroups.devices[%s]"):format(i)
        if type(rule) == "string" and math.type(i) == "integer" then
          limits.devices[i] = device_rule(rule, true, field, problems)
        elseif type(rule) == "table" then
          rule.major, rule.minor = device_number(rule.major), device_number(rule.minor)
        end
      end
    end
    return
  end
  limits.allow_all_devices, limits.allowed_devices, limits.denied_devices = nil, nil, nil
  if limits.devices ~= nil then
    add(problems, "cgroups.devices", "cannot be given beside allow_all_devices, allowed_devices and "
      .. "denied_devices", nil, "write all of it as rules in devices")
    return
  end
  local rules = {}
  if all then
    rules[1] = { allow = true }
    append_rules(rules, denied, "denied_devices", false, problems)
  else
    append_rules(rules, allowed, "allowed_devices", true, problems)
  end
  limits.devices = rules
end

-- The ancestor's place of a cgroup.
local function no_place(limits, problems)
  for _, name in ipairs { "name", "parent", "slice" } do
    if limits[name] ~= nil then
      add(problems, "cgroups." .. name, "is a part of cgroups.path", limits[name],
        "path = \"parent/name\", with systemd \"slice:parent:name\"")
      limits[name] = nil
    end
  end
end

local function named_lists(limits)
  as_array(limits, "hugetlb_limit", function(size, limit)
    return { page_size = size, limit = limit }
  end)
  as_array(limits, "net_prio_ifpriomap", function(name, priority)
    return { interface = name, priority = priority }
  end)
  as_array(limits, "rdma", function(name, limit)
    local item = type(limit) == "table" and limit or { hca_handles = limit }
    item.device = name
    return item
  end)
  for _, field in ipairs { "hugetlb_limit", "rdma" } do
    for _, item in next, type(limits[field]) == "table" and limits[field] or {} do
      for key, value in next, type(item) == "table" and item or {} do
        item[key] = is_unlimited(value) and -1 or value
      end
    end
  end
end

local function unified(limits)
  for name, value in next, type(limits.unified) == "table" and limits.unified or {} do
    local whole = units.integer(value)
    limits.unified[name] = whole and ("%d"):format(whole) or value
  end
end

--- Translate the section, in place.
---@param limits any a raw copy
---@param problems libcontainer.Problem[]
function M.normal(limits, problems)
  if type(limits) ~= "table" then
    return
  end
  for _, spec in ipairs(check.section("cgroups").fields) do
    if spec.minimum == -1 and is_unlimited(limits[spec.name]) then limits[spec.name] = -1 end
  end
  for _, name in ipairs(MICROSECONDS) do
    local seconds = type(limits[name]) == "string" and units.duration(limits[name])
    limits[name] = seconds and math.tointeger(seconds * 1000000) or limits[name]
  end
  for _, name in ipairs(ZERO_IS_ABSENT) do
    if units.size(limits[name]) == 0 then
      limits[name] = nil
    end
  end
  for _, name in ipairs(EMPTY_IS_ABSENT) do
    limits[name] = limits[name] ~= "" and limits[name] or nil
  end
  for _, name in ipairs { "cpuset_cpus", "cpuset_mems" } do
    local number = units.integer(limits[name])
    limits[name] = number and ("%d"):format(number) or limits[name] -- of a single one
  end
  if limits.memory_swappiness == -1 then
    limits.memory_swappiness = nil -- the ancestor's word for absent
  end
  if type(limits.freezer) == "string" then
    limits.freezer = limits.freezer:lower()
  end
  no_place(limits, problems)
  for _, kind in ipairs { "read_bps", "write_bps", "read_iops", "write_iops" } do
    block_devices(limits, "blkio_throttle_" .. kind .. "_device", "rate")
  end
  block_devices(limits, "blkio_weight_device", "weight")
  named_lists(limits)
  devices(limits, problems)
  unified(limits)
  if type(limits.net_cls_classid) == "string" then
    limits.net_cls_classid = number_or_text(limits.net_cls_classid) -- "0x100001", as tc(8) has it
  end
end

-- --- rules ---

local function items(limits, field)
  local list, i = limits[field] or {}, 0
  return function()
    repeat
      i = i + 1
    until list[i] == nil or (type(list[i]) == "table" and not json.is_big(list[i]))
    if list[i] ~= nil then
      return ("cgroups.%s[%d]"):format(field, i), list[i]
    end
  end
end

local function at_least(limits, name, least, problems)
  local value = limits[name]
  if value and value ~= -1 and value < least then
    add(problems, "cgroups." .. name, ("must be at least %d"):format(least), value)
  end
end

local function memory(limits, problems)
  local limit, swap = limits.memory, limits.memory_swap
  if swap and swap ~= -1 then
    if not limit and not check.is_refused(problems, "cgroups.memory") then
      add(problems, "cgroups.memory_swap", "needs cgroups.memory", swap,
        "it limits memory and swap together")
    elseif limit == -1 then
      add(problems, "cgroups.memory_swap", "must be -1 when cgroups.memory is -1", swap,
        "it limits memory and swap together")
    elseif limit and swap < limit then
      add(problems, "cgroups.memory_swap", "must not be less than cgroups.memory", swap,
        "it limits memory and swap together")
    end
  end
  if limit and limit ~= -1 and limits.memory_reservation and limits.memory_reservation > limit then
    add(problems, "cgroups.memory_reservation", "must not be more than cgroups.memory",
      limits.memory_reservation)
  end
  if limits.memory_reservation and limits.memory_low then
    add(problems, "cgroups.memory_low", "is what memory_reservation says", limits.memory_low,
      "give one of the two")
  end
end

local function cpu(limits, problems)
  if limits.cpus and (limits.cpu_quota or limits.cpu_period) then
    add(problems, "cgroups.cpus", "cannot be given together with cpu_quota or cpu_period",
      limits.cpus, "cpus = 0.5 is cpu_quota = 50000 in cpu_period = 100000")
  elseif limits.cpus and limits.cpus < 0.01 then
    add(problems, "cgroups.cpus", "must be at least 0.01", limits.cpus)
  end
  if limits.cpu_quota and limits.cpu_quota ~= -1 and limits.cpu_quota < 1000 then
    add(problems, "cgroups.cpu_quota", "must be -1, or at least 1000 microseconds", limits.cpu_quota)
  end
  at_least(limits, "cpu_period", 1000, problems)
  at_least(limits, "cpu_shares", 2, problems)
  if limits.cpu_shares and limits.cpu_weight then
    add(problems, "cgroups.cpu_weight", "is what cpu_shares says", limits.cpu_weight,
      "give one of the two")
  end
  local quota = limits.cpu_quota or limits.cpus and math.floor(limits.cpus * 100000)
  if limits.cpu_burst and quota and quota ~= -1 and limits.cpu_burst > quota then
    add(problems, "cgroups.cpu_burst", "must not be more than the quota", limits.cpu_burst,
      ("the quota is %d microseconds"):format(quota))
  end
end

-- "0-3,7"
local function is_list_of_numbers(text)
  for part in (text .. ","):gmatch("([^,]*),") do
    local first, last = part:match("^(%d+)%-?(%d*)$")
    if not first or (last == "" and part:find("-", 1, true)) or #first > 6 or #last > 6
      or (last ~= "" and tonumber(last) < tonumber(first)) then
      return false
    end
  end
  return true
end

local function cpuset(limits, problems)
  for _, name in ipairs { "cpuset_cpus", "cpuset_mems" } do
    if limits[name] and not is_list_of_numbers(limits[name]) then
      add(problems, "cgroups." .. name, "must be a list of numbers and ranges", limits[name],
        "such as \"0-3,7\"")
    end
  end
end

local function block(limits, problems)
  at_least(limits, "blkio_weight", 10, problems)
  at_least(limits, "blkio_leaf_weight", 10, problems)
  for field, item in items(limits, "blkio_weight_device") do
    if not item.weight and not item.leaf_weight and not check.is_refused(problems, field .. ".weight") then
      add(problems, field, "needs weight or leaf_weight")
    end
  end
end

-- What becomes part of a file's name or of a line: one word that leads nowhere else. [A88]
local function names(limits, problems)
  for field, item in items(limits, "hugetlb_limit") do
    if item.page_size and not item.page_size:find("^%d+[KMG]B$") then
      add(problems, field .. ".page_size", "must be a size such as \"2MB\" or \"1GB\"", item.page_size)
    end
  end
  for field, item in items(limits, "net_prio_ifpriomap") do
    local name = item.interface
    if name and (name:find("[/%s%c]") or name == "." or name == "..") then
      add(problems, field .. ".interface", "is no name of a network interface", name)
    end
  end
  for field, item in items(limits, "rdma") do
    if item.device and (not item.device:find("^[%w_%-.]+$") or item.device:find("..", 1, true)) then
      add(problems, field .. ".device", "is no name of a device", item.device)
    elseif not item.hca_handles and not item.hca_objects then
      add(problems, field, "needs hca_handles or hca_objects")
    end
  end
end

-- Written by us, or the end of what we rely on.
local OURS = { procs = true, threads = true, kill = true, freeze = true, type = true,
  subtree_control = true }

local function raw_files(limits, problems)
  local sorted = sorted_names(limits.unified or {}) or {}
  for _, name in ipairs(sorted) do
    local field, value = "cgroups.unified." .. name, limits.unified[name]
    if not name:find("^[%l_]+%.[%w_.]+$") or name:find("..", 1, true) or #name > 100 then
      add(problems, field, "is no name of a cgroup file", nil, "such as \"memory.high\"")
    elseif OURS[name:match("^cgroup%.(.*)$") or ""] then
      add(problems, field, "is looked after by the library")
    elseif type(value) == "string" and (value == "" or #value > 4000 or value:find("[\n%z]")) then
      add(problems, field, "must be one line", value)
    end
  end
end

local function device_rules(limits, problems)
  for field, rule in items(limits, "devices") do
    local access = rule.access
    if access and (access:find("[^rwm]") or access:find("(.).*%1")) then
      add(problems, field .. ".access", "must be of the letters r, w and m, each once", access)
    end
    if (rule.type or "a") == "a" and ((rule.major or -1) ~= -1 or (rule.minor or -1) ~= -1) then
      add(problems, field, "needs a type beside its numbers", nil, "type = \"c\" or \"b\"")
    end
  end
end

local function path(limits, problems)
  local text = limits.path
  if not text then
    return
  end
  local is_bad = text == "/" or text:find("//", 1, true) or text:find("[\n%c]")
  for part in text:gmatch("[^/]+") do
    is_bad = is_bad or part == ".." or part == "." or #part > 255
  end
  if is_bad then
    add(problems, "cgroups.path", "must be names with single slashes, without \"..\" and \".\"", text)
  end
end

-- Lists whose items are known by these fields: an item of a change goes over that of the same name.
local KEYS = { hugetlb_limit = { "page_size" }, net_prio_ifpriomap = { "interface" }, rdma = { "device" },
  blkio_weight_device = { "major", "minor" } }
for _, kind in ipairs { "read_bps", "write_bps", "read_iops", "write_iops" } do
  KEYS["blkio_throttle_" .. kind .. "_device"] = { "major", "minor" }
end

local function key_of(item, fields)
  local parts = {}
  for i, field in ipairs(fields) do
    parts[i] = tostring(item[field])
  end
  return table.concat(parts, ":")
end

-- One limit for each of what it is for.
local function twice(limits, problems)
  for _, list in ipairs(sorted_names(KEYS)) do
    local fields = KEYS[list]
    local seen = {}
    for field, item in items(limits, list) do
      local key = key_of(item, fields)
      if seen[key] and not key:find("nil", 1, true) then
        add(problems, field, "is for the same as " .. seen[key])
      end
      seen[key] = seen[key] or field
    end
  end
end

--- Apply the rules of the section to the strict form of a configuration.
---@param config table
---@param problems libcontainer.Problem[]
function M.rules(config, problems)
  local limits = config.cgroups
  if not limits then
    return
  end
  for _, rule in ipairs { path, memory, cpu, cpuset, block, names, twice, raw_files, device_rules } do
    rule(limits, problems)
  end
  if limits.freezer == "frozen" then
    add(problems, "cgroups.freezer", "a container cannot be started frozen", nil,
      "container:pause() does it afterwards")
  end
end

-- --- changes ---

-- What says the same in another way, and goes when this comes.
local INSTEAD_OF = { cpus = { "cpu_quota", "cpu_period" }, cpu_quota = { "cpus" }, cpu_shares = { "cpu_weight" },
  cpu_weight = { "cpu_shares" }, memory_reservation = { "memory_low" }, memory_low = { "memory_reservation" } }

-- Fields that the kernel's files have together: all of them are written when one changes.
local TOGETHER = { { "memory", "memory_swap" }, { "cpus", "cpu_quota", "cpu_period" } }

local function merge_list(base, more, fields)
  local at = {}
  for i, item in ipairs(base) do
    at[key_of(item, fields)] = i
  end
  for _, item in ipairs(more) do
    local place = at[key_of(item, fields)]
    local old = base[place or #base + 1] or {}
    for name, value in next, item do
      old[name] = value
    end
    base[place or #base + 1] = old
  end
  return base
end

-- --- files that are written as they are, after all others ---

-- Files of what is no number.
local FILES = { cpus = "cpu.max", cpuset_cpus = "cpuset.cpus", cpuset_mems = "cpuset.mems", rdma = "rdma.max",
  blkio_weight_device = "io.bfq.weight", blkio_throttle_read_bps_device = "io.max",
  blkio_throttle_write_bps_device = "io.max", blkio_throttle_read_iops_device = "io.max",
  blkio_throttle_write_iops_device = "io.max" }

-- The entries of `unified` that stand for the same as the field.
local function raw_of(files, name, value)
  local found = {}
  local file = FILES[name] or core.limit_files()[name]
  if file and files[file] then found[1] = file end
  for _, item in ipairs(name == "hugetlb_limit" and type(value) == "table" and value or {}) do
    file = ("hugetlb.%s.max"):format(type(item) == "table" and item.page_size)
    if files[file] then found[#found + 1] = file end
  end
  return found
end

--- A change of what the container has in `unified`, which goes over it, would be none.
---@param base table       strict
---@param changes table    strict
---@param problems libcontainer.Problem[]
function M.overruled(base, changes, problems)
  local said = type(changes.unified) == "table" and changes.unified or {}
  for _, name in ipairs(base.unified and sorted_names(changes) or {}) do
    for _, file in ipairs(raw_of(base.unified, name, changes[name])) do
      if not said[file] then
        local problem = ('is overruled by cgroups.unified["%s"], which the container has'):format(file)
        add(problems, "cgroups." .. name, problem, changes[name],
          ('set { unified = { ["%s"] = … } } changes it'):format(file))
      end
    end
  end
end

--- Limits with changes over them.
---@param base table     strict; it is changed
---@param changes table  strict
---@return table base
function M.merge(base, changes)
  local cpus = base.cpus
  for name in next, changes do
    for _, other in ipairs(INSTEAD_OF[name] or {}) do
      base[other] = nil
    end
  end
  for name, value in next, changes do
    if KEYS[name] and base[name] then
      merge_list(base[name], value, KEYS[name])
    elseif name == "unified" and base.unified then
      for file, text in next, value do
        base.unified[file] = text
      end
    else
      base[name] = check.copy(value)
    end
  end
  if changes.cpu_period and cpus and not changes.cpu_quota then
    base.cpus, base.cpu_quota = nil, math.floor(cpus * changes.cpu_period)
  end
  if changes.memory == -1 and base.memory_swap then
    base.memory_swap = -1 -- memory without a limit leaves none for memory and swap
  end
  return base
end

--- Of merged limits what has to be written: what changes, and what the kernel has in one file with it.
---@param merged table   what `merge` gave
---@param changes table  what it was given
---@return table
function M.to_write(merged, changes)
  local out = { check_before_update = merged.check_before_update }
  for name, value in next, changes do
    out[name] = (KEYS[name] or name == "unified") and value or merged[name]
  end
  for _, group in ipairs(TOGETHER) do
    for _, name in ipairs(group) do
      if changes[name] ~= nil then
        for _, other in ipairs(group) do
          out[other] = merged[other]
        end
      end
    end
  end
  if changes.cpu_idle == false then -- what was idle has forgotten its share
    out.cpu_shares, out.cpu_weight = merged.cpu_shares, merged.cpu_weight
  end
  local again = {} -- what goes over something that is written only because the kernel has it in one file
  for name, value in next, merged.unified and out or {} do
    for _, file in ipairs(raw_of(merged.unified, name, value)) do again[file] = merged.unified[file] end
  end
  for file, text in next, again do
    out.unified = out.unified or {}
    out.unified[file] = out.unified[file] or text
  end
  return out
end

return M
