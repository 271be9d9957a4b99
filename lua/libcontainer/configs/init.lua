-- SPDX-License-Identifier: MIT
--- Configurations: plain tables, and functions that make, merge and check them.
--
--   local configs = require "libcontainer.configs"
--   local config = configs.default { rootfs = "/srv/alpine", hostname = "web", memory = "64M" }
--   assert(configs.validate(config))
--
-- What a user wrote goes through four rooms: a raw copy (check.lua), friendly forms (normal.lua),
-- the schema (check.lua), rules of more than one field (rules.lua). What comes out is strict, and
-- the only thing that the core is ever given.
local lazy = require "libcontainer.lazy"
local builder = lazy "libcontainer.configs.builder"
local check = require "libcontainer.check"
local core = require "libcontainer.core"
local errors = lazy "libcontainer.errors"
local json = require "libcontainer.json"
local limits = lazy "libcontainer.configs.limits"
local merge = lazy "libcontainer.configs.merge"
local namespaces = require "libcontainer.configs.namespaces"
local normal = require "libcontainer.configs.normal"
local oci_read = lazy "libcontainer.oci.read"
local oci_write = lazy "libcontainer.oci.write"
local object = require "libcontainer.object"
local paths = lazy "libcontainer.configs.paths"
local profile = lazy "libcontainer.configs.profile"
local rules = lazy "libcontainer.configs.rules"
local shared = require "libcontainer.configs.shared"
local sharing = lazy "libcontainer.sharing"

local M = {}

-- --- making ---

local function copy(value, what, problems)
  if value == nil then
    return {}
  elseif type(value) ~= "table" then
    error(what .. " must be a table, not " .. type(value), 4)
  end
  return check.copy(value, problems) or {}
end

-- A raw copy in the strict forms of configs/normal.lua, shorthands understood.
local function normal_copy(value, problems)
  local t = copy(value, "a configuration", problems)
  return normal.config(normal.shorthands(t, problems), problems)
end

--- Configurations, or parts of them, each over those before it; they stay as they are. What a later one does
-- not have stays. sysctl, labels, annotations, cgroups and hooks are merged name by name, of mounts
-- with one destination, devices with one path and rlimits of one type the later counts, hooks come behind
-- those that are there, and anything else takes the place of what was. `false` takes a field away, or a name
-- in a map; of a flag it is false, and seccomp = false is no filter. Shorthands are understood.
---@param ... libcontainer.Overrides
---@return table|nil config
---@return libcontainer.Error|nil err a table inside itself, or a form that is none
function M.merge(...)
  local problems, base = {}, {}
  for i = 1, select("#", ...) do
    base = merge.over(base, normal_copy((select(i, ...)), problems))
  end
  if #problems > 0 then
    return nil, errors.config_invalid(problems)
  end
  return object.plain(base)
end

-- A profile with overrides in friendly forms.
local function from_profile(make, overrides)
  local problems = {}
  local more = normal_copy(overrides, problems)
  if #problems > 0 then
    return nil, errors.config_invalid(problems)
  end
  return object.plain(profile.fit(merge.over(make(more), more), more))
end

--- A container for any root file system: /proc, /dev, /sys and a read-only view of its cgroups, all
-- namespaces, podman's capabilities without MKNOD and NET_RAW, the default filter, and no devices but the
-- usual ones.
---@param overrides libcontainer.Overrides fields over it, as for `merge`; rootfs is needed. Shorthands are understood
---@return libcontainer.fields.config|nil config
---@return libcontainer.Error|nil err
function M.default(overrides)
  return from_profile(profile.default, overrides)
end

--- A container without any image: the host's root, read-only or below a layer (`overlay`), private tmpfs on /tmp,
-- /var/tmp and /run, no network but loopback, four capabilities. See configs/profile.lua for the reasons.
---@param overrides libcontainer.Overrides|nil as for `default`
---@return libcontainer.fields.config|nil config
---@return libcontainer.Error|nil err
function M.host_root(overrides)
  return from_profile(profile.host_root, overrides)
end

--- What `docker run` gives, MKNOD, NET_RAW and set-user-id programs included, for images that need it.
---@param overrides libcontainer.Overrides as for `default`
---@return libcontainer.fields.config|nil config
---@return libcontainer.Error|nil err
function M.docker(overrides)
  return from_profile(profile.docker, overrides)
end

--- No capability, a read-only root, small private tmpfs that nothing is executed from, no /sys, no core dumps.
---@param overrides libcontainer.Overrides as for `default`
---@return libcontainer.fields.config|nil config
---@return libcontainer.Error|nil err
function M.strict(overrides)
  return from_profile(profile.strict, overrides)
end

--- The least: a root and namespaces.
---@param overrides libcontainer.Overrides as for `default`
---@return libcontainer.fields.config|nil config
---@return libcontainer.Error|nil err
function M.empty(overrides)
  return from_profile(profile.empty, overrides)
end

local PROFILES <const> = { "default", "docker", "strict", "host_root", "empty" }

--- A profile by its name: configs.profile("strict", overrides) is configs.strict(overrides).
---@param name "default"|"docker"|"strict"|"host_root"|"empty"
---@param overrides libcontainer.Overrides|nil
---@return libcontainer.fields.config|nil config
---@return libcontainer.Error|nil err
function M.profile(name, overrides)
  if not check.contains(PROFILES, name) then
    error(errors.unknown("profile", name, check.nearest(name, PROFILES)), 2)
  end
  return from_profile(profile[name], overrides)
end

-- --- checking ---

-- Fields of the other table: say so, rather than "unknown".
local function misplaced(t, own, other, message, problems)
  for name in next, t do
    if not check.section(own).by_name[name] and check.section(other).by_name[name] then
      check.add(problems, name, message, t[name])
      t[name] = nil
    end
  end
end

local function by_field(problems)
  -- misplaced fields come in no order
  table.sort(problems, function(a, b)
    return a.field < b.field
  end)
end

local function strict_config(t, problems)
  if type(t) ~= "table" or json.is_big(t) then
    check.add(problems, "", "a configuration must be a table, not " .. type(t))
    return {}
  end
  local config = sharing.stand_in(check.copy(t, problems) or {})
  normal.shorthands(config, problems)
  local elsewhere = {}
  misplaced(config, "config", "process", "is a field of the process, not of the container", elsewhere)
  by_field(elsewhere)
  table.move(elsewhere, 1, #elsewhere, #problems + 1, problems)
  normal.config(config, problems)
  check.walk("config", config, problems)
  rules.config(config, problems)
  return config
end

local function strict_process(t, problems)
  if type(t) ~= "table" or json.is_big(t) then
    check.add(problems, "", "a process must be a table, not " .. type(t))
    return {}
  end
  local process = check.copy(t, problems, "", normal.OPAQUE, "args") or {}
  local elsewhere = {}
  normal.process(process, problems)
  misplaced(process, "process", "config", "is a field of the container, not of a process", elsewhere)
  by_field(elsewhere)
  table.move(elsewhere, 1, #elsewhere, #problems + 1, problems)
  check.walk("process", process, problems)
  rules.process(process, problems)
  return process
end

--- Check a configuration without doing anything.
---@param config libcontainer.fields.config
---@return true|nil ok
---@return libcontainer.Error|nil err code ConfigInvalid, everything that is wrong in `err.problems`
function M.validate(config)
  local problems = {}
  strict_config(config, problems)
  if #problems > 0 then
    return nil, errors.config_invalid(problems)
  end
  return true
end

--- The strict form of a configuration: a deep copy that shares nothing with `t`.
---@param t table
---@return table|nil config
---@return libcontainer.Error|nil err as for `validate`
function M.prepare_config(t)
  local problems = {}
  local config = strict_config(t, problems)
  if #problems > 0 then
    return nil, errors.config_invalid(problems)
  end
  return config
end

--- `prepare_config` for what keeps the result and never changes it: equal configurations get the
-- same table.
---@type fun(t: table): table|nil, libcontainer.Error|nil
local remember_config
M.prepare_shared, remember_config = shared.among_equals(M.prepare_config)

-- --- OCI ---

-- A document from a file, and the directory that its relative paths are relative to.
local function read_bundle(path)
  local file = path
  local real, raw = core.real_path(path)
  local text
  if real then
    text, raw = core.bundle_file(real)
    if not text and raw.errno and core.errno_name(raw.errno) == "EISDIR" then
      file = path:gsub("/+$", "") .. "/config.json"
      real, raw = core.real_path(file)
      if real then
        text, raw = core.bundle_file(real)
      end
    end
  end
  if not text then
    return nil, errors.raw(raw, { code = "SystemError", hint = "the directory of a bundle, or its config.json" })
  end
  local document, err = json.decode(text, { name = file, null = "drop" })
  return document, err or real:match("^(.*)/[^/]*$")
end

-- Has it, or something that it is in, been refused when it was read?
local function is_refused_above(problems, field)
  for _, problem in ipairs(problems) do
    local above = problem.field
    if field == above or field:find("^[.%[]", #above + 1) and field:sub(1, #above) == above then
      return true
    end
  end
  return false
end

-- Problems of one table of ours, by the paths of the document.
local function translated(reading, side, problems)
  local found = {}
  for _, problem in ipairs(problems) do
    problem.field = oci_read.path_of(reading, side, problem.field)
    if not is_refused_above(reading.problems, problem.field) then
      found[#found + 1] = problem
    end
  end
  table.move(found, 1, #found, #reading.problems + 1, reading.problems)
end

--- A configuration and a process from an OCI runtime-spec document (config.json) of any version 1.x.
--
-- What the specification does not know is ignored, as it demands, and told in `ignored`: properties of
-- other platforms, of later versions, of one's own, and names of system calls that this machine does not know.
-- What it knows and this version cannot do is an error, with every other problem, each by its path in
-- the document. Absence means what it means there: no filter, no new privileges only when asked for, no
-- devices but the usual ones.
---@param source string|table  path of a bundle, or of its config.json; or the document as a table
---@param options { bundle: string|nil, fields: table|nil }|nil  bundle: what its relative paths are relative to, of a file its directory, unless told; fields: of the configuration, such as OCI has no place for, and checked with it
---@return table|nil config
---@return table|nil process  what to start in it, nil when the document has none; the error when config is nil
---@return libcontainer.Ignored[]|nil ignored  `{ field, value }` each
function M.from_oci(source, options)
  if type(source) ~= "string" and type(source) ~= "table" then
    error("bad argument #1 to 'from_oci' (path or table expected, got " .. type(source) .. ")", 2)
  end
  options = check.options(options, { "bundle", "fields" }, "from_oci")
  local bundle, given = options.bundle, options.fields
  if bundle ~= nil and (type(bundle) ~= "string" or bundle:sub(1, 1) ~= "/") then
    error("bad option 'bundle' of from_oci (absolute path expected)", 2)
  elseif given ~= nil and type(given) ~= "table" then
    error("bad option 'fields' of from_oci (table expected)", 2)
  end
  local document, place = source, bundle
  if type(source) == "string" then
    if source:find("\0", 1, true) then
      return nil, errors.config_problem("source", "has a NUL byte in it: no path has")
    end
    document, place = read_bundle(source)
    if document == nil then
      return nil, place
    end
  end
  local problems = {}
  document = check.copy(document, problems)
  if type(document) ~= "table" or json.is_big(document) or #problems > 0 then
    return nil, errors.config_invalid(#problems > 0 and problems
      or { { field = "", message = "a configuration must be an object" } })
  end
  local config, process, reading = oci_read.document(document, bundle or place)
  config.rootfs = config.rootfs and type(config.rootfs) == "string" and config.rootfs:sub(1, 1) == "/"
    and paths.normalise(config.rootfs) or config.rootfs
  for name, value in next, given or {} do config[name] = value end
  local found = {}
  local strict = strict_config(config, found)
  translated(reading, "config", found)
  local program
  if process then
    found = {}
    program = strict_process(process, found)
    translated(reading, "process", found)
  end
  if #reading.problems > 0 then
    return nil, errors.config_invalid(reading.problems)
  end
  remember_config(strict) -- a container is mostly made of it as it is
  return object.plain(check.copy(strict)), program and object.plain(program), reading.ignored
end

-- What OCI has in the process, and we in the container unless a further process is to differ.
local OF_PROCESS <const> = { "capabilities", "rlimits", "no_new_privileges", "apparmor_profile", "process_label" }

--- A process alone from OCI's process object, for a container that runs: capabilities, limits and labels are its own, in
-- place of the container's.
---@param source table  OCI's object, as JSON has it
---@return table|nil process
---@return libcontainer.Error|nil err with every problem, by its path in the object
function M.process_from_oci(source)
  if type(source) ~= "table" then
    error("bad argument #1 to 'process_from_oci' (table expected, got " .. type(source) .. ")", 2)
  end
  local problems = {}
  local copied = check.copy(source, problems)
  local config, process, reading = oci_read.document({ ociVersion = "1.0.0", process = copied }, nil)
  process = process or {}
  for _, name in ipairs(OF_PROCESS) do process[name] = config[name] end
  local found = {}
  local strict = strict_process(process, found)
  translated(reading, "process", found)
  table.move(reading.problems, 1, #reading.problems, #problems + 1, problems)
  if #problems > 0 then
    return nil, errors.config_invalid(problems)
  end
  return object.plain(strict)
end

--- Limits from OCI's linux.resources, as container:set takes them.
---@param source table  as JSON has it
---@return table|nil changes
---@return libcontainer.Error|nil err with every problem, by its path in a document
function M.limits_from_oci(source)
  if type(source) ~= "table" then
    error("bad argument #1 to 'limits_from_oci' (table expected, got " .. type(source) .. ")", 2)
  end
  local problems = {}
  local copied = check.copy(source, problems)
  local config, _, reading = oci_read.document({ ociVersion = "1.0.0", linux = { resources = copied } }, nil)
  table.move(reading.problems, 1, #reading.problems, #problems + 1, problems)
  if #problems > 0 then
    return nil, errors.config_invalid(problems)
  end
  local limits_alone = config.cgroups or {}
  if copied.devices == nil then limits_alone.devices = nil end
  return object.plain(limits_alone)
end

--- A configuration, and a process of it, as an OCI runtime-spec document: a table that
-- `require "libcontainer.json".encode` writes exactly. Its ociVersion is the first that has all of it.
--
-- What OCI has no place for is told in `left_out`: who owns the container, labels, networks that are made,
-- limits of the process alone. `from_oci` of the document answers the same configuration in a normal form:
-- `cpus` as quota and period, `cpu_weight`, `memory_min`, `memory_low` and `memory_high` as files of
-- cgroup v2, what both have in the container, further groups in the process, and defaults in full.
---@param config libcontainer.fields.config
---@param process libcontainer.fields.process|nil
---@return table|nil document
---@return libcontainer.Ignored[]|libcontainer.Error left_out  the error when document is nil
function M.to_oci(config, process)
  local problems, further = {}, {}
  local strict = strict_config(config, problems)
  local program = process ~= nil and strict_process(process, further) or nil
  for _, problem in ipairs(further) do
    problem.field = "process" .. (problem.field ~= "" and "." .. problem.field or "")
    problems[#problems + 1] = problem
  end
  if #problems > 0 then
    return nil, errors.config_invalid(problems)
  end
  local document, writing = oci_write.document(strict, program, namespaces.DEFAULT)
  if #writing.problems > 0 then
    return nil, errors.config_invalid(writing.problems)
  end
  return document, writing.left_out
end

--- A builder: every field, its singular and every shorthand is a method, calls chain, and `build` answers the
-- configuration over a profile, or everything that is wrong with it. A field that is none raises, with
-- the nearest name.
--
--   configs.builder():rootfs("/srv/x"):memory("64M"):mount("/tmp", { type = "tmpfs" }):build()
---@param base string|table|nil  the name of a profile, or a configuration; absent: `default`, without rootfs `host_root`
---@return libcontainer.Builder
function M.builder(base)
  if base ~= nil and type(base) ~= "table" and not check.contains(PROFILES, base) then
    error(errors.unknown("profile", base, check.nearest(base, PROFILES)), 2)
  end
  return builder.new(function(fields, added)
    local problems = {}
    local name = base or (fields.rootfs == nil and "host_root" or "default")
    local said = normal_copy(fields, problems)
    local config = type(name) == "table" and normal_copy(name, problems) or profile[name](said)
    config = merge.over(config, said)
    if type(name) == "string" then profile.fit(config, said) end
    config = merge.behind(config, normal_copy(added, problems))
    strict_config(config, problems)
    if #problems > 0 then
      return nil, errors.config_invalid(problems)
    end
    return object.plain(config)
  end)
end

-- What a change of a living container may name beside limits.
local CHANGEABLE = { labels = true, annotations = true }
-- Forms of limits that are no fields.
local LIMIT_FORMS = { allow_all_devices = true, allowed_devices = true, denied_devices = true }

-- The limits of a change: in `cgroups`, or named directly; `pids` is pids_limit here too.
local function collect_limits(t, problems)
  local found = type(t.cgroups) == "table" and t.cgroups or {}
  local known = check.section("cgroups")
  local keys = {}
  for key in next, t do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for _, key in ipairs(keys) do
    local name = key == "pids" and "pids_limit" or key
    if key == "cgroups" or CHANGEABLE[key] then
      if type(t[key]) ~= "table" then
        check.add(problems, key, "must be a table, not " .. type(t[key]), t[key])
      end
    elseif known.by_name[name] or LIMIT_FORMS[name] then
      if found[name] ~= nil then
        check.add(problems, key, "is given twice", t[key], "cgroups." .. name .. " is the same")
      end
      found[name] = t[key]
    elseif check.section("config").by_name[key] then
      check.add(problems, key, "cannot be changed while the container exists", t[key])
    else
      check.add(problems, tostring(key), "is no limit", t[key],
        errors.did_you_mean(check.nearest(key, known.names)))
    end
  end
  return found
end

--- A change of a container: the configuration that it has afterwards, and what is to be done now.
---@param config table   strict, as it is
---@param changes table  what container:set takes
---@return table|nil config
---@return table|libcontainer.Error limits to be written; the error when config is nil
---@return "frozen"|"thawed"|nil freezer
function M.prepare_changes(config, changes)
  local problems = {}
  local t = check.copy(changes, problems) or {}
  local wanted = collect_limits(t, problems)
  limits.normal(wanted, problems)
  check.walk("cgroups", wanted, problems, "cgroups")
  if wanted.path then
    check.add(problems, "cgroups.path", "cannot be changed while the container exists", wanted.path)
  end
  local freezer = wanted.freezer
  wanted.freezer = nil
  local merged = check.copy(config)
  limits.overruled(merged.cgroups or {}, wanted, problems)
  merged.cgroups = limits.merge(merged.cgroups or {}, wanted)
  for name in next, CHANGEABLE do
    if type(t[name]) == "table" then
      merged = merge.over(merged, { [name] = t[name] })
    end
  end
  local strict = strict_config(merged, problems)
  if #problems > 0 then
    return nil, errors.config_invalid(problems)
  end
  return strict, limits.to_write(strict.cgroups, wanted), freezer
end

--- The strict form of a process, which nobody changes: equal ones get the same table. stdin, stdout and
-- stderr are handed through as they are.
---@type fun(t: table): table|nil, libcontainer.Error|nil
M.prepare_process = shared.among_equals(function(t)
  local problems = {}
  local process = strict_process(t, problems)
  if #problems > 0 then
    return nil, errors.config_invalid(problems)
  end
  return process
end)

--- The strict parts of the one table of lc.run, all their problems together. Without rootfs the
-- configuration stands on `host_root`, with one on `default`.
---@param t table
---@return table|nil config
---@return table|libcontainer.Error process the error when config is nil
---@return table|nil options input, timeout (seconds), id, output_limit (bytes), factory
function M.prepare_run(t)
  local config, process, options, problems = normal.take_apart(t)
  normal.config(config, problems)
  local base = config.rootfs == nil and profile.host_root(config) or profile.default()
  local strict = strict_config(profile.fit(merge.over(base, config), config), problems)
  local program = strict_process(process, problems)
  if #problems > 0 then
    return nil, errors.config_invalid(problems)
  end
  return strict, program, options
end

--- The same for container:exec: there is no configuration.
---@param t table
---@return table|nil process
---@return table|libcontainer.Error options the error when process is nil
function M.prepare_exec(t)
  local _, process, options, problems = normal.take_apart(t, "exec")
  local program = strict_process(process, problems)
  if #problems > 0 then
    return nil, errors.config_invalid(problems)
  end
  return program, options
end

return object.module(M, "libcontainer.configs: default, docker, strict, host_root, empty, profile, builder, merge, "
  .. "validate, from_oci, to_oci")
