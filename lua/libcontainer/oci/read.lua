-- SPDX-License-Identifier: MIT
--- An OCI runtime-spec document as a configuration and a process of ours, in friendly forms.
--
-- The schema says which fields there are, oci/fields.lua where they are; here is what has another
-- shape (FORMS), and what OCI means by absence. What is read is remembered, so that afterwards
-- everything that nobody has read can be told: a property that the specification does not know is
-- ignored, as it demands, and one that it knows is a problem.
local lazy = require "libcontainer.lazy"
local check = require "libcontainer.check"
local core = require "libcontainer.core"
local errors = lazy "libcontainer.errors"
local fields = require "libcontainer.oci.fields"
local json = require "libcontainer.json"
local seccomp = lazy "libcontainer.configs.seccomp"

local M = {}

local match <const> = string.match
local join = fields.join

-- In place of nil, where it is known that there is nothing.
local ABSENT <const> = {}

---@class libcontainer.oci.Reading
---@field problems libcontainer.Problem[]
---@field ignored libcontainer.Ignored[]
---@field bundle string|nil
---@field used table<table, table<string, true>>  of each object, the properties that were looked at
---@field lists table<table, true>  arrays whose items were
---@field inner table<table, table<string, any>>  of each object, what is at the dotted paths that were gone
---@field document table
---@field at table<string, table<string, string>>|nil  of "config" and "process": OCI's path of a path of ours; nil until one is asked for

---@class libcontainer.Ignored
---@field field string where in the document: "linux.futureThing"
---@field value any when it is text, a number or a boolean

local function ignore(reading, field, value)
  local kind = type(value)
  local is_plain = kind == "string" or kind == "number" or kind == "boolean"
  reading.ignored[#reading.ignored + 1] = { field = field, value = is_plain and value or nil }
end

local function is_object(value)
  return type(value) == "table" and value[1] == nil and json.mark_of(value) == nil
end

-- OCI's path of a path of ours, noted where somebody has asked for one (M.path_of).
local function note(reading, side, ours, path)
  if reading.at then reading.at[side][ours] = path end
end

-- The value of a property of what must be an object.
local function property(reading, object, name, path)
  local used = reading.used[object]
  if not used then -- its first look
    if not is_object(object) then
      if not check.is_refused(reading.problems, path) then
        check.add(reading.problems, path, "must be an object, not " .. (type(object) == "table" and "an array"
          or "a " .. type(object)), object)
      end
      return nil
    end
    used = {}
    reading.used[object] = used
  end
  used[name] = true
  return rawget(object, name)
end

-- The value at a dotted path; what is on the way must be objects. Most of a document is side by side, below the same
-- few of its objects: the way to them is gone once.
local function look_up(reading, object, place, path)
  local way, name = match(place, "^(.+)%.([^.]+)$")
  if way then
    local known = reading.inner[object]
    if not known then
      known = {}
      reading.inner[object] = known
    end
    if known[way] == nil then
      local inner = look_up(reading, object, way, path)
      known[way] = inner == nil and ABSENT or inner
    end
    object, place = known[way], name
    if object == ABSENT then return nil end
    if not reading.used[object] then path = join(path, way) end
  end
  if object == nil then return nil end
  return property(reading, object, place, path)
end

-- --- what has another shape ---

-- Each is given the value, the reading, OCI's path of it, and the object that it is in; and answers ours.
local FORMS = {}

FORMS["config.rootfs"] = function(value, reading, path)
  if type(value) ~= "string" or value == "" or value:find("\0", 1, true) then
    return value
  elseif value:sub(1, 1) ~= "/" and not reading.bundle then
    check.add(reading.problems, path, "is relative, and there is no bundle that it is relative to", value,
      "configs.from_oci(document, { bundle = \"/path/of/the/bundle\" })")
    return nil
  end
  local absolute = value:sub(1, 1) == "/" and value or reading.bundle .. "/" .. value
  return core.real_path(absolute) or absolute
end

-- Types that share what the runtime has are those that are not listed.
FORMS["config.namespaces"] = function(value, reading, path)
  if not check.array_length(value, reading.problems, path) then
    return nil
  end
  local out, seen = json.array(), {}
  reading.lists[value] = true
  for i, item in ipairs(value) do
    local at = ("%s[%d]"):format(path, i)
    local kind = look_up(reading, item, "type", at)
    local join_path = look_up(reading, item, "path", at)
    if type(kind) ~= "string" then
      if is_object(item) then check.add(reading.problems, at .. ".type", "must be text", kind) end
    elseif seen[kind] then
      check.add(reading.problems, at .. ".type", "is listed twice", kind)
    elseif join_path ~= nil and join_path ~= "" then
      out[kind] = join_path
      note(reading, "config", "namespaces." .. kind, at .. ".path")
      note(reading, "config", "namespace_paths." .. kind, at .. ".path")
    else
      out[#out + 1] = kind
      note(reading, "config", ("namespaces[%d]"):format(#out), at .. ".type")
    end
    seen[type(kind) == "string" and kind or ""] = true
  end
  return out
end

FORMS["mount.destination"] = function(value)
  if type(value) == "string" and value ~= "" and value:sub(1, 1) ~= "/" then
    return "/" .. value -- as runtimes have always read it
  end
  return value
end

local function is_bind(mount)
  local options = type(mount.options) == "table" and mount.options or {}
  return mount.type == "bind" or check.contains(options, "bind") or check.contains(options, "rbind")
end

FORMS["mount.source"] = function(value, reading, path, mount)
  if type(value) ~= "string" or value == "" or value:sub(1, 1) == "/" or not is_bind(mount) then
    return value
  elseif not reading.bundle then
    check.add(reading.problems, path, "is relative, and there is no bundle that it is relative to", value,
      "configs.from_oci(document, { bundle = \"/path/of/the/bundle\" })")
    return nil
  end
  return reading.bundle .. "/" .. value
end

-- The kind of a file is no part of its mode here.
FORMS["device.file_mode"] = function(value)
  return math.type(value) == "integer" and value & 0xfff or value
end

local function unlimited(value)
  -- 2^64-1, or more than any limit of the kernel's
  return json.is_big(value) and -1 or value
end

local function infinity(value)
  return json.is_big(value) and json.bits(value) == -1 and -1 or value
end
FORMS["rlimit.soft"], FORMS["rlimit.hard"] = infinity, infinity
FORMS["hugetlb_limit.limit"] = unlimited

FORMS["process.user"] = function(value, reading, path)
  local uid, gid = look_up(reading, value, "uid", path), look_up(reading, value, "gid", path)
  local ids = {}
  for name, id in next, { uid = uid, gid = gid } do
    if math.type(id) ~= "integer" or id < 0 or id > 4294967294 then
      check.add(reading.problems, join(path, name), "must be a whole number between 0 and 4294967294", id)
    else
      ids[name] = id
    end
  end
  return ("%d:%d"):format(ids.uid or 0, ids.gid or 0)
end

FORMS["process.additional_groups"] = function(value, reading, path)
  if not check.array_length(value, reading.problems, path) then
    return nil
  end
  local out = json.array()
  for i, id in ipairs(value) do
    if math.type(id) ~= "integer" or id < 0 or id > 4294967294 then
      check.add(reading.problems, ("%s[%d]"):format(path, i), "must be a whole number between 0 and 4294967294", id)
    else
      out[#out + 1] = ("%d"):format(id)
    end
  end
  return out
end

FORMS["cgroups.cpu_idle"] = function(value, reading, path)
  if value == 0 or value == 1 then
    return value == 1
  end
  check.add(reading.problems, path, "must be 0 or 1", value)
  return nil
end

local function is_for_all(rule, allow)
  return is_object(rule) and (rule.allow or false) == allow and (rule.type or "a") == "a"
    and (rule.major or -1) == -1 and (rule.minor or -1) == -1 and (rule.access or "rwm") == "rwm"
end

local read_section

-- "All denied" in front is what a list means here anyway; "all allowed" alone is no list.
FORMS["cgroups.devices"] = function(value, reading, path)
  if not check.array_length(value, reading.problems, path) then
    return nil
  end
  local out, skipped = json.array(), is_for_all(value[1], false) and 1 or 0
  local is_none = #value == 1 and is_for_all(value[1], true)
  reading.lists[value] = true
  for i, rule in ipairs(value) do
    local at = ("%s[%d]"):format(path, i)
    local ours = ("cgroups.devices[%d]"):format(i - skipped)
    local read = read_section(reading, "device_rule", rule, ours, at, "config")
    if i > skipped then
      out[#out + 1] = read
    end
  end
  return not is_none and out or nil
end

-- The keys of an object whose members are named by the document, in order; nil, with a problem, of anything else.
local function names_of(value, reading, path)
  if not is_object(value) then
    check.add(reading.problems, path, "must be an object", value)
    return nil
  end
  local names = {}
  reading.used[value] = {}
  for name in next, value do
    names[#names + 1] = type(name) == "string" and name or nil
  end
  table.sort(names)
  return names
end

FORMS["cgroups.rdma"] = function(value, reading, path)
  local names = names_of(value, reading, path)
  if not names then return nil end
  local out = json.array()
  for i, name in ipairs(names) do
    reading.used[value][name] = true
    out[i] = read_section(reading, "rdma_limit", value[name], ("cgroups.rdma[%d]"):format(i), join(path, name),
      "config")
    out[i].device = name
  end
  return out
end

-- Of networks OCI has devices that are moved in alone.
FORMS["config.networks"] = function(value, reading, path)
  local names = names_of(value, reading, path)
  if not names then return nil end
  local out = json.array()
  for i, name in ipairs(names) do
    local at = join(path, name)
    reading.used[value][name] = true
    local renamed = look_up(reading, value[name], "name", at)
    out[i] = { type = "device", host_interface_name = name, name = renamed ~= "" and renamed or nil }
    note(reading, "config", ("networks[%d]"):format(i), at)
  end
  return #out > 0 and out or nil
end

-- A name that no architecture has does nothing: it is newer than this machine, or another one's.
FORMS["seccomp_rule.names"] = function(value, reading, path)
  if not check.array_length(value, reading.problems, path) then
    return nil
  end
  local out = json.array()
  for i, name in ipairs(value) do
    if type(name) ~= "string" or core.syscall_known(name) then
      out[#out + 1] = name
    else
      ignore(reading, ("%s[%d]"):format(path, i), name)
    end
  end
  return out
end

-- A rule that names unknown calls alone has nothing to do.
FORMS["seccomp.syscalls"] = function(value, reading, path)
  if not check.array_length(value, reading.problems, path) then
    return nil
  end
  local out = json.array()
  reading.lists[value] = true
  for i, item in ipairs(value) do
    local rule = read_section(reading, "seccomp_rule", item, ("seccomp.syscalls[%d]"):format(#out + 1),
      ("%s[%d]"):format(path, i), "config")
    if not (json.is_array(rule.names) and #rule.names == 0 and #item.names > 0) then
      out[#out + 1] = rule
    end
  end
  return out
end

FORMS["config.seccomp"] = function(value, reading, path)
  if not is_object(value) then
    check.add(reading.problems, path, "must be an object", value)
    return nil
  elseif next(value) == nil then
    return false
  end
  local filter = read_section(reading, "seccomp", value, "seccomp", path, "config")
  return seccomp.is_default(filter) and "default" or filter
end

-- Can a capability of a set be granted, with those that are in the sets before it? What is no subset of "permitted" at
-- all is for the rules to refuse.
local GRANTS <const> = {
  permitted = function(kept, name) return kept.bounding[name] or kept.inheritable[name] end,
  effective = function(kept, name, said) return kept.permitted[name] or not said.permitted[name] end,
  ambient = function(kept, name) return kept.permitted[name] and kept.inheritable[name] end,
}

-- What cannot be granted is no failure: a name that this version does not know, a permitted one that an exec takes
-- away, ambient ones that are not permitted and inheritable too, which the kernel refuses (other tools write those).
FORMS["config.capabilities"] = function(value, reading, path)
  local sets = read_section(reading, "capabilities", value, "capabilities", path, "config")
  local kept, said = {}, {}
  for _, set in ipairs { "bounding", "inheritable", "permitted", "effective", "ambient" } do
    local list = json.array()
    kept[set], said[set] = {}, {}
    for i, name in ipairs(type(sets[set]) == "table" and sets[set] or {}) do
      local is_text = type(name) == "string"
      local is_granted = not is_text or core.capability(name)
        and (not GRANTS[set] or GRANTS[set](kept, name, said))
      if is_text then kept[set][name], said[set][name] = is_granted, true end
      if is_granted then
        list[#list + 1] = name
        if reading.at then -- there are many: no paths are made for nothing
          note(reading, "config", ("capabilities.%s[%d]"):format(set, #list), ("%s.%s[%d]"):format(path, set, i))
        end
      else
        ignore(reading, ("%s.%s[%d]"):format(path, set, i), value[set][i])
      end
    end
    sets[set] = sets[set] and list
  end
  return sets
end

-- --- by kind ---

local function words(spec, value, reading, path)
  local out = json.array()
  if not check.array_length(value, reading.problems, path) then
    return nil
  end
  for i, word in ipairs(value) do
    out[i] = fields.read_word(spec, word)
    if out[i] == nil then
      check.add(reading.problems, ("%s[%d]"):format(path, i), "must begin with "
        .. fields.prefix(spec), word)
      out[i] = word
    end
  end
  return out
end

local function objects(section, value, reading, ours, path, side)
  if not check.array_length(value, reading.problems, path) then
    return nil
  end
  local out = json.array()
  reading.lists[value] = true
  for i, item in ipairs(value) do
    local at = ("[%d]"):format(i)
    out[i] = read_section(reading, section, item, ours .. at, path .. at, side)
  end
  return out
end

local function says_nothing(value)
  return value == false or value == "" or (type(value) == "table" and next(value) == nil)
end

local TEXTS <const> = { string = true, path = true, word = true }

local function is_list(value)
  return type(value) == "table" and not json.is_big(value)
end

local function is_whole(value)
  return json.is_big(value) or math.type(value) == "integer" or (type(value) == "number" and value % 1 == 0)
end

-- What a value is in a document, by the kind of our field: no friendly forms. Others are looked at elsewhere.
local FITS <const> = {
  flag = { "true or false", function(value) return type(value) == "boolean" end },
  integer = { "a whole number", is_whole },
  number = { "a number", function(value) return type(value) == "number" end },
  string = { "text", function(value) return type(value) == "string" end },
  strings = { "an array", is_list },
  map = { "an object", is_object },
}
FITS.choice3, FITS.size, FITS.path, FITS.word = FITS.flag, FITS.integer, FITS.string, FITS.string
FITS.paths, FITS.words = FITS.strings, FITS.strings

-- The value of one field.
local function read_value(reading, section, spec, value, object, ours, path, side)
  local form = FORMS[section .. "." .. spec.name]
  local inner = fields.section_of(spec)
  if form then
    return form(value, reading, path, object)
  elseif spec.kind == "objects" then
    return objects(inner, value, reading, ours, path, side)
  elseif inner then
    return read_section(reading, inner, value, ours, path, side)
  elseif FITS[spec.kind] and not FITS[spec.kind][2](value) then
    check.add(reading.problems, path, "must be " .. FITS[spec.kind][1], value)
    return nil
  elseif spec.kind == "words" or spec.kind == "strings" then
    return fields.prefix(spec) and words(spec, value, reading, path) or value
  elseif not spec.required and (value == "" and TEXTS[spec.kind] or spec.kind == "later" and says_nothing(value)) then
    return nil -- how others write absence
  end
  local word = fields.read_word(spec, value)
  if word == nil then
    check.add(reading.problems, path, "must begin with " .. fields.prefix(spec), value)
  end
  return word
end

--- One section from one object.
function read_section(reading, section, object, ours, path, side)
  local out = {}
  note(reading, side, ours, path) -- also of what is none: more may be wrong with it
  if not is_object(object) then
    check.add(reading.problems, path, "must be an object", object)
    return out
  end
  reading.used[object] = reading.used[object] or {}
  for _, spec in ipairs(check.section(section).fields) do
    local place = fields.place(section, spec)
    local is_spread = place == ""
    if place then
      local value = is_spread and object or look_up(reading, object, place, path)
      if value ~= nil or reading.at then
        local name, here = join(ours, spec.name), is_spread and path or join(path, place)
        note(reading, side, name, here)
        if value ~= nil then
          out[spec.name] = read_value(reading, section, spec, value, object, name, here, side)
        end
      end
    end
  end
  return out
end

-- --- what nobody has read ---

local function unread(reading, object, path, pattern)
  local names = {}
  for name in next, object do
    names[#names + 1] = type(name) == "string" and name or nil
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local value = object[name]
    local is_used, is_table = reading.used[object][name], type(value) == "table"
    local here, known
    if not is_used or is_table then here, known = join(path, name), join(pattern, name) end
    if not is_used then
      if not fields.versions()[known] then
        ignore(reading, here, value)
      elseif not says_nothing(value) then
        check.add(reading.problems, here, errors.NOT_SUPPORTED, value)
      end
    elseif is_table and reading.lists[value] then
      for i, item in ipairs(value) do
        if reading.used[item] then unread(reading, item, ("%s[%d]"):format(here, i), known) end
      end
    elseif is_table and reading.used[value] then
      unread(reading, value, here, known)
    end
  end
end

-- --- the document ---

-- Dotted identifiers behind a sign, or nothing.
local function is_suffix(text, sign)
  return text == "" or (text:sub(1, 1) == sign and #text > 1 and not text:find("^.%.") and not text:find("%.%.")
    and text:sub(-1) ~= ".")
end

-- SemVer 2.0.0, of the first major version. O1
local function version(reading, document)
  local value = look_up(reading, document, "ociVersion", "")
  local minor, patch, release, build
  if type(value) == "string" then
    minor, patch, release, build = value:match("^1%.(%d+)%.(%d+)(%-?[%w.%-]*)(%+?[%w.%-]*)$")
  end
  if not minor or minor:find("^0%d") or patch:find("^0%d") or not is_suffix(release, "-")
    or not is_suffix(build, "+") then
    check.add(reading.problems, "ociVersion", value == nil and "is required"
      or "must be a version 1.x.y of the OCI runtime specification", value, "such as \"1.0.2\"")
  end
end

-- What OCI means where it says nothing, and we would mean something else.
local function absences(config, document)
  config.cgroups = config.cgroups or {}
  config.namespaces = config.namespaces or json.array()
  if config.seccomp == nil then
    config.seccomp = false
  end
  if config.no_new_privileges == nil and type(document.process) == "table" then
    config.no_new_privileges = false
  end
  local resources = type(document.linux) == "table" and document.linux.resources
  if type(resources) ~= "table" or resources.devices == nil then
    config.cgroups.devices = json.array()
  end
  config.cgroups = next(config.cgroups) and config.cgroups or nil
end

-- Required there, and no must of ours: engines write it always, and who leaves it out meant something.
local function working_directory(reading, process)
  if is_object(process) and (process.cwd == nil or process.cwd == "") then
    check.add(reading.problems, "process.cwd", "is required: an absolute path", process.cwd, 'such as "/"')
  end
end

-- A process object with what belongs to the container alone, and no program.
local function says_more(process)
  for name, value in next, process do
    if not (name == "cwd" and value == "/") and not (name == "user" and value == "0:0") then
      return true
    end
  end
  return false
end

local function read_document(document, bundle, at)
  local reading = { problems = {}, ignored = {}, bundle = bundle, used = {}, lists = {}, inner = {},
    document = document, at = at }
  if not is_object(document) then
    check.add(reading.problems, "", "must be an object", document)
    return {}, nil, reading
  end
  version(reading, document)
  working_directory(reading, document.process)
  local config = read_section(reading, "config", document, "", "", "config")
  absences(config, document)
  local process
  if document.process ~= nil then
    process = read_section(reading, "process", document, "", "", "process")
    process = says_more(process) and process or nil
  end
  if reading.used[document] then
    reading.used[document].linux = true
    unread(reading, document, "", "")
  end
  return config, process, reading
end

--- Read a document.
---@param document table  a copy of our own (check.copy), without null; not changed as long as somebody has the reading
---@param bundle string|nil  absolute path that relative ones are relative to
---@return table config   friendly
---@return table|nil process  friendly; nil when the document has none, or nothing to run in it
---@return libcontainer.oci.Reading reading  its problems, what was ignored, and how paths are translated
function M.document(document, bundle)
  return read_document(document, bundle)
end

--- OCI's path of what is wrong with a field of ours.
---@param reading libcontainer.oci.Reading
---@param side "config"|"process"
---@param field string
---@return string
function M.path_of(reading, side, field)
  local known, rest = field, ""
  if not reading.at then -- nothing is wrong with most documents: for what is, it is read again
    reading.at = { config = {}, process = {} }
    read_document(reading.document, reading.bundle, reading.at)
  end
  while known ~= "" do
    local place = reading.at[side][known]
    if place and place ~= "" then
      return place .. rest
    end
    local cut = known:find("[.%[][^.%[]*$") or 1
    known, rest = known:sub(1, cut - 1), known:sub(cut) .. rest
  end
  return field
end

return M
