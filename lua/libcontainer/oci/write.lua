-- SPDX-License-Identifier: MIT
--- A configuration and a process of ours, strict, as an OCI runtime-spec document.
--
-- The reverse of oci/read.lua, by the same lists. What OCI has no place for is told, and so is what it
-- can only say in another way: nothing is lost silently.
local check = require "libcontainer.check"
local core = require "libcontainer.core"
local fields = require "libcontainer.oci.fields"
local json = require "libcontainer.json"
local seccomp = require "libcontainer.configs.seccomp"

local M = {}

local join = fields.join

---@class libcontainer.oci.Writing
---@field problems libcontainer.Problem[]
---@field left_out libcontainer.Ignored[]
---@field version string  the first of the specification that has everything that was written

local function leave_out(writing, field, value)
  local kind = type(value)
  local is_plain = kind == "string" or kind == "number" or kind == "boolean"
  writing.left_out[#writing.left_out + 1] = { field = field, value = is_plain and value or nil }
end

local function later(a, b) -- of two versions "1.x.y" with one digit each
  return a > b and a or b
end

-- Put a value at a dotted place. `parent` is where the object is, without places in arrays.
local function put(writing, object, place, value, parent)
  local path, names = parent, {}
  for name in place:gmatch("[^.]+") do
    names[#names + 1] = name
    path = join(path, name)
    writing.version = later(writing.version, fields.versions()[path] or "1.0.0")
  end
  for i = 1, #names - 1 do
    object[names[i]] = object[names[i]] or {}
    object = object[names[i]]
  end
  object[names[#names]] = value
end

-- 64 bits as a number that is not negative.
local function unsigned(value)
  if value >= 0 then
    return value
  end
  local tenth = (value >> 1) // 5
  return json.integer(("%d%d"):format(tenth, value - tenth * 10))
end

-- --- what has another shape ---

-- Each is given our value, the writing, our path of it, and the section that it is in; and answers OCI's.
local FORMS = {}

local write_section

-- What is joined has its path beside the words.
FORMS["config.namespaces"] = function(value, _, _, config)
  local out, paths = json.array(), config.namespace_paths or {}
  for i, kind in ipairs(value) do
    out[i] = { type = kind, path = paths[kind] }
  end
  return out
end

-- For OCI it is the option that makes a bind mount.
FORMS["mount.options"] = function(value, _, _, mount)
  local out = json.array(table.move(value or {}, 1, #(value or {}), 1, {}))
  if mount.type == "bind" and not check.contains(out, "bind") and not check.contains(out, "rbind") then
    table.insert(out, 1, "bind")
  end
  return out
end

FORMS["rlimit.soft"], FORMS["rlimit.hard"] = unsigned, unsigned
FORMS["hugetlb_limit.limit"] = unsigned

local function id_of(text, writing, field)
  local id = type(text) == "string" and text:find("^%d+$") and math.tointeger(tonumber(text))
  if not id then
    check.add(writing.problems, field, "is a name, and OCI has numbers alone", text,
      "look it up in the container's /etc/passwd and /etc/group")
  end
  return id or 0
end

FORMS["process.user"] = function(value, writing, field)
  local uid, gid = value:match("^([^:]*):?(.*)$")
  return { uid = id_of(uid, writing, field), gid = gid ~= "" and id_of(gid, writing, field) or 0 }
end

FORMS["process.additional_groups"] = function(value, writing, field)
  local out = json.array()
  for i, group in ipairs(value) do
    out[i] = id_of(group, writing, ("%s[%d]"):format(field, i))
  end
  return out
end

FORMS["cgroups.cpu_idle"] = function(value)
  return value and 1 or 0
end

-- Who has no rule says "all denied" in front of none.
FORMS["cgroups.devices"] = function(value, writing, field)
  local out = json.array { { allow = false, access = "rwm" } }
  for i, rule in ipairs(value) do
    out[#out + 1] = write_section(writing, "device_rule", rule, ("%s[%d]"):format(field, i), "linux.resources.devices")
    out[#out].allow = rule.allow or false
  end
  return out
end

FORMS["cgroups.rdma"] = function(value, writing, field)
  local out = {}
  for i, limit in ipairs(value) do
    out[limit.device] = write_section(writing, "rdma_limit", limit, ("%s[%d]"):format(field, i), "linux.resources.rdma")
  end
  return out
end

local OF_DEVICES <const> = { type = true, host_interface_name = true, name = true }

-- Of networks OCI has devices that are moved in; a network namespace has its loopback up.
FORMS["config.networks"] = function(value, writing, field)
  local out
  for i, network in ipairs(value) do
    local here = ("%s[%d]"):format(field, i)
    if network.type == "device" then
      out = out or {}
      out[network.host_interface_name] = { name = network.name }
      for _, spec in ipairs(check.section("network").fields) do
        if network[spec.name] ~= nil and not OF_DEVICES[spec.name] then
          leave_out(writing, join(here, spec.name), network[spec.name])
        end
      end
    elseif network.type ~= "loopback" then
      leave_out(writing, here, network.type)
    end
  end
  return out
end

-- Whole seconds, and not less.
FORMS["hook.timeout"] = function(value)
  return math.ceil(value)
end

-- The kernel's word for no limit, in 32 bits.
local function of_32_bits(value)
  return value == -1 and 2147483647 or value
end
FORMS["rdma_limit.hca_handles"], FORMS["rdma_limit.hca_objects"] = of_32_bits, of_32_bits

-- --- limits that OCI has as files of cgroup v2, or in two numbers ---

local PERIOD <const> = 100000

local function rewrite_limits(limits)
  local out = check.copy(limits)
  out.unified = out.unified or {}
  local files = core.limit_files()
  for _, spec in ipairs(check.section("cgroups").fields) do
    local name, file = spec.name, files[spec.name]
    if limits[name] and file and not fields.place("cgroups", spec) then
      out[name] = nil
      out.unified[file] = out.unified[file] or (limits[name] == -1 and "max" or ("%d"):format(limits[name]))
    end
  end
  if limits.cpus then
    out.cpus, out.cpu_quota, out.cpu_period = nil, math.floor(limits.cpus * PERIOD), PERIOD
  end
  out.unified = (limits.unified or next(out.unified)) and out.unified
  return out
end

-- --- by kind ---

local function write_value(writing, section, spec, value, ours, parent, object)
  local form = FORMS[section .. "." .. spec.name]
  local inner = fields.section_of(spec)
  if form then
    return form(value, writing, ours, object)
  elseif spec.kind == "objects" then
    local out = json.array()
    for i, item in ipairs(value) do
      local here = ("%s[%d]"):format(ours, i)
      if inner == "hook" and not item.path then
        leave_out(writing, here) -- a function of this program
      else
        out[#out + 1] = write_section(writing, inner, item, here, parent)
      end
    end
    return out
  elseif inner then
    return write_section(writing, inner, value, ours, parent)
  elseif spec.kind == "words" or spec.kind == "strings" or spec.kind == "paths" then
    local out = json.array()
    for i, word in ipairs(value) do
      out[i] = fields.write_word(spec, word)
    end
    return out
  elseif spec.kind == "map" then
    local out = {}
    for key, text in next, value do
      out[key] = text
    end
    return out
  elseif spec.kind == "word" then
    return fields.write_word(spec, value)
  elseif spec.kind == "integer" and spec.minimum == -math.maxinteger then
    return unsigned(value)
  end
  return value
end

-- Fields of both that OCI has once, where the container's are.
local SHARED <const> = { capabilities = true, rlimits = true, no_new_privileges = true, seccomp = true,
  apparmor_profile = true, process_label = true }

-- Values that say what OCI's runtimes do anyway.
local IMPLIED <const> = { ["config.detach"] = false, ["config.session_keyring"] = true,
  ["config.parent_death_signal"] = 0 }

-- What a document without it would say something else than.
local REFUSED <const> = { ["mount.source_fd"] = "is a descriptor of this process, and OCI has paths alone" }

-- What is written where another field is.
local ELSEWHERE <const> = { ["config.additional_groups"] = true, ["rdma_limit.device"] = true,
  ["config.namespace_paths"] = true }
for name in next, SHARED do
  ELSEWHERE["process." .. name] = true
end

-- Into `out`, which is the document itself for sections that are spread over it.
function write_section(writing, section, object, ours, parent, out)
  out = out or {}
  for _, spec in ipairs(check.section(section).fields) do
    local value = object[spec.name]
    local place = fields.place(section, spec)
    local here = join(ours, spec.name)
    if value == nil and not (section == "mount" and spec.name == "options" and object.type == "bind") then
      goto continue
    elseif place == "" then
      write_section(writing, spec.detail, rewrite_limits(value), here, parent, out)
    elseif place then
      local written = write_value(writing, section, spec, value, here, join(parent, place), object)
      if written ~= nil then
        put(writing, out, place, written, parent)
      end
    elseif REFUSED[section .. "." .. spec.name] then
      check.add(writing.problems, here, REFUSED[section .. "." .. spec.name], value)
    elseif IMPLIED[section .. "." .. spec.name] ~= value and not ELSEWHERE[section .. "." .. spec.name] then
      leave_out(writing, here, value)
    end
    ::continue::
  end
  return out
end

-- --- the document ---

-- What both have is the process's own, or else the container's; and what OCI would take absence for, where we
-- mean something else by it.
local function effective(config, process, defaults)
  local shared = {}
  for name, value in next, config do
    shared[name] = value
  end
  for name in next, SHARED do
    if process[name] ~= nil then
      shared[name] = process[name]
    end
  end
  shared.namespaces = shared.namespaces or defaults
  if shared.no_new_privileges == nil then
    shared.no_new_privileges = true
  end
  if shared.seccomp == nil or shared.seccomp == "default" then
    shared.seccomp = seccomp.default
  elseif shared.seccomp == false then
    shared.seccomp = nil
  end
  return shared
end

--- Write a document.
---@param config table   strict
---@param process table|nil  strict
---@param namespaces string[]  what a container has that says nothing of them
---@return table document
---@return libcontainer.oci.Writing writing  its problems, and what was left out, by our paths
function M.document(config, process, namespaces)
  local writing = { problems = {}, left_out = {}, version = "1.0.0" }
  local own = process or {}
  local shared = effective(config, own, namespaces)
  local document = write_section(writing, "config", shared, "", "")
  local program = {}
  for name, value in next, own do
    program[name] = value
  end
  local groups = json.array()
  for _, list in ipairs { config.additional_groups or {}, own.additional_groups or {} } do
    table.move(list, 1, #list, #groups + 1, groups)
  end
  program.additional_groups = #groups > 0 and groups or own.additional_groups
  program.cwd, program.user = own.cwd or "/", own.user or "0:0"
  write_section(writing, "process", program, "process", "", document)
  if not (config.cgroups and config.cgroups.devices) then
    put(writing, document, "linux.resources.devices", json.array { { allow = true, access = "rwm" } }, "")
  end
  document.ociVersion = writing.version
  return document, writing
end

return M
