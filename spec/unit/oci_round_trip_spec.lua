-- SPDX-License-Identifier: MIT
-- Configurations made at random from the schema, as OCI documents in JSON, and back: nothing is lost.
require("spec.support.schema_stub").provide()
local check = require "libcontainer.check"
local configs = require "libcontainer.configs"
local fields = require "libcontainer.oci.fields"
local generate = require "spec.support.generate"
local json = require "libcontainer.json"
local seccomp = require "libcontainer.configs.seccomp"

local CASES <const> = 700

-- Numbers that are the same each time and everywhere, and all 64 bits of one.
local function generator(seed)
  local random = generate.random(seed)
  function random.bits() return random.below(math.maxinteger) ~ (random.below(2) << 63) end
  return random
end

local TEXTS <const> = { "a", "web-1", "with blank", "tab\tand\nline", "ümlaut", "\1\2", "☃ [] {} \"quoted\"", "x=y,z" }
local PATHS <const> = { "/a", "/srv/x", "/data/with blank", "/é", "/x/y/z" }
local NAMES <const> = { "CHOWN", "KILL", "NET_ADMIN", "SETUID", "SYS_CHROOT" }

local function some(random, list, least)
  local out = {}
  for _, item in ipairs(list) do
    if random.below(3) > 0 then out[#out + 1] = item end
  end
  for i = #out + 1, least or 0 do out[i] = list[i] end
  return out
end

local make_section

local function words_of(detail)
  local list = {}
  for word in detail:gmatch("[^|]+") do list[#list + 1] = word end
  return list
end

-- Values of fields whose meaning allows few: section.field → what makes one, given the random numbers.
local VALUES = {
  ["config.rootfs"] = function(r) return r.one_of { "/nowhere/a", "/nowhere/b c" } end,
  ["config.namespaces"] = function(r)
    local list = { "mount" }
    for _, name in ipairs(some(r, { "pid", "uts", "ipc", "network", "cgroup" })) do list[#list + 1] = name end
    return list
  end,
  ["config.hostname"] = function(r) return r.one_of { "web", "a.b", "X-1" } end,
  ["config.sysctl"] = function(r)
    return r.one_of { {}, { ["net.ipv4.ip_forward"] = "1" }, { ["kernel.shmmax"] = "9223372036854775807",
      ["net/ipv4/conf/eth0.1/forwarding"] = "0" } }
  end,
  ["config.uid_mappings"] = function(r)
    return r.one_of { { { container_id = 0, host_id = 100000, size = 65536 } },
      { { container_id = 1, host_id = 7, size = 1 }, { container_id = 0, host_id = 4294967294, size = 1 } } }
  end,
  ["config.seccomp"] = function(r)
    if r.below(2) == 0 then return make_section(r, "seccomp") end
    return r.below(8) == 0 and "default" -- which is long
  end,
  ["config.no_new_privileges"] = function(r) return r.below(2) == 0 end,
  ["seccomp.architectures"] = function(r) return some(r, { "x86", "x32", "x86_64", "aarch64", "mips64n32" }) end,
  ["seccomp_rule.names"] = function(r) return some(r, { "read", "write", "openat", "clone", "mount" }, 1) end,
  ["seccomp_rule.action"] = function(r)
    return r.one_of { "allow", "errno", "errno", "trace", "log", "trap", "kill_thread", "kill_process", "notify", "notify" }
  end,
  ["seccomp_arg.value_two"] = function(r) return r.bits() end,
  ["mount.type"] = function(r) return r.one_of { "bind", "tmpfs", "proc", "overlay" } end,
  ["mount.destination"] = function(r) return r.one_of(PATHS) end,
  ["mount.source"] = function(r) return r.one_of(PATHS) end,
  ["mount.source_fd"] = function() end, -- of this process alone
  ["mount.options"] = function(r) return r.one_of { { "bind" }, { "rbind", "ro" }, {}, { "ro", "size=1m" }, { "nosuid", "nodev" } } end,
  ["device.path"] = function(r) return ("/dev/%d"):format(r.below(1000)) end,
  ["device_rule.access"] = function(r) return r.one_of { "r", "w", "rw", "rwm", "m" } end,
  ["cgroups.path"] = function(r) return r.one_of { "/a/b", "relative", "x/y" } end,
  ["cgroups.cpuset_cpus"] = function(r) return r.one_of { "0", "0-3,7", "1-2" } end,
  ["cgroups.cpuset_mems"] = function(r) return r.one_of { "0", "0-1" } end,
  ["cgroups.unified"] = function(r) return r.one_of { {}, { ["memory.high"] = "max", ["io.max"] = "8:0 rbps=1" } } end,
  ["hugetlb_limit.page_size"] = function(r) return r.one_of { "2MB", "1GB", "64KB" } end,
  ["net_priority.interface"] = function(r) return r.one_of { "eth0", "lo" } end,
  ["process.scheduler"] = function(r)
    return r.one_of { { policy = "OTHER", nice = -5 }, { policy = "FIFO", priority = 1, flags = { "RESET_ON_FORK" } },
      { policy = "DEADLINE", runtime = 1000000, deadline = 2000000, period = 9000000 }, { policy = "IDLE" } }
  end,
  ["config.memory_policy"] = function(r)
    return r.one_of { { mode = "BIND", nodes = "0", flags = { "STATIC_NODES" } }, { mode = "LOCAL" },
      { mode = "INTERLEAVE", nodes = "0-1,3", flags = {} } }
  end,
  ["cpu_affinity.initial"] = function(r) return r.one_of { "0", "0-3,7" } end,
  ["cpu_affinity.final"] = function(r) return r.one_of { "0", "1,3" } end,
  ["hook.timeout"] = function(r) return r.below(100) + 1 end,
  ["hook.env"] = function(r) return some(r, { "A=b", "B=" }) end,
  ["hook.args"] = function(r) return some(r, TEXTS, 1) end,
  ["hook.path"] = function(r) return r.one_of(PATHS) end,
  ["hook.call"] = function() end, -- of this process alone
  ["config.networks"] = function(r)
    return r.one_of { { { type = "device", host_interface_name = "eth1" } },
      { { type = "device", host_interface_name = "eth1", name = "in%d" }, { type = "device", host_interface_name = "wl" } } }
  end,
  ["rdma_limit.device"] = function(r) return r.one_of { "mlx5_", "hfi" } end,
  ["rdma_limit.hca_handles"] = function(r) return r.below(1000) end,
  ["rdma_limit.hca_objects"] = function(r) return r.below(1000) end,
  ["process.args"] = function(r) return some(r, { "sh", "-c", "echo ☃", "" }, 1) end,
  ["process.env"] = function(r) return some(r, { "A=b", "B=", "PATH=/bin", "U=ü=x" }) end,
  ["process.user"] = function(r) return ("%d:%d"):format(r.below(4294967295), r.below(4294967295)) end,
  ["process.additional_groups"] = function(r) return some(r, { "0", "5", "4294967294" }) end,
}
VALUES["config.gid_mappings"] = VALUES["config.uid_mappings"]
for _, set in ipairs { "bounding", "effective", "permitted", "inheritable", "ambient" } do
  VALUES["capabilities." .. set] = function(r) return some(r, NAMES) end
end

local KINDS = {
  flag = function(r) return r.below(2) == 0 end,
  choice3 = function(r) return r.below(2) == 0 end,
  integer = function(r, spec)
    if spec.minimum == -math.maxinteger then return r.bits() end
    return r.one_of { spec.minimum, spec.maximum, spec.minimum + r.below(math.max(1, spec.maximum - math.max(0, spec.minimum))) }
  end,
  string = function(r) return r.one_of(TEXTS) end,
  path = function(r) return r.one_of(PATHS) end,
  word = function(r, spec) return r.one_of(words_of(spec.detail)) end,
  words = function(r, spec) return some(r, words_of(spec.detail)) end,
  strings = function(r) return some(r, TEXTS) end,
  paths = function(r) return some(r, PATHS) end,
  map = function(r) return r.one_of { {}, { a = "b" }, { ["x.y/z"] = "ü", [" "] = "" } } end,
  object = function(r, spec) return make_section(r, spec.detail) end,
  objects = function(r, spec)
    local list = {}
    for i = 1, r.below(4) do list[i] = make_section(r, spec.detail) end
    return list
  end,
}
KINDS.size = KINDS.integer
KINDS.number = KINDS.integer

-- Fields of one section that go together.
local TOGETHER = {
  hook = function(out) out.path = out.path or PATHS[1] end, -- or a function
  device = function(device)
    device.major = device.type ~= "p" and (device.major or 5) or nil
    device.minor = device.type ~= "p" and (device.minor or 7) or nil
  end,
  overlay = function(overlay)
    if overlay.layer then overlay.memory = nil end
    overlay.mapped = nil -- of a user namespace
  end,
  mount = function(mount)
    if mount.type == "overlay" then mount.options = { "lowerdir=/a:/b\\:c", "nosuid" } end
    local map = mount.type == "bind" and mount.uid_mappings and { { container_id = 0, host_id = 5, size = 10 } } or nil
    mount.uid_mappings, mount.gid_mappings = map, map and check.copy(map)
  end,
  device_rule = function(rule)
    if rule.type ~= "c" and rule.type ~= "b" then rule.major, rule.minor = nil, nil end
  end,
  seccomp_rule = function(rule)
    if rule.action ~= "errno" and rule.action ~= "trace" then rule.errno_ret = nil end
  end,
  seccomp = function(filter)
    if filter.default_action == "notify" then filter.default_action = "allow" end
    if not filter.listener_path then filter.listener_metadata = nil end
    local does_notify = false
    for _, rule in ipairs(filter.syscalls or {}) do does_notify = does_notify or rule.action == "notify" end
    if does_notify then
      table.insert(filter.syscalls, { names = { "sendmsg" }, action = "allow" })
      for _, rule in ipairs(filter.syscalls) do
        if rule.action ~= "allow" then rule.names = { "mkdir" } end
      end
    elseif filter.flags and check.contains(filter.flags, "WAIT_KILLABLE_RECV") then
      filter.flags = nil
    end
    if filter.default_action ~= "errno" and filter.default_action ~= "trace" then filter.default_errno_ret = nil end
    filter.syscalls = filter.syscalls or {}
    table.insert(filter.syscalls, { names = { "execve", "sendmsg" }, action = "allow" }) -- or nothing could start
    local notifies = false
    for _, rule in ipairs(filter.syscalls) do notifies = notifies or rule.action == "notify" end
    if not notifies then
      filter.listener_path, filter.listener_metadata = nil, nil
      for i = #(filter.flags or {}), 1, -1 do
        if filter.flags[i] == "WAIT_KILLABLE_RECV" then table.remove(filter.flags, i) end
      end
    elseif filter.listener_metadata then
      filter.listener_path = filter.listener_path or "/run/agent"
    end
    filter.syscalls = filter.syscalls or {}
    table.insert(filter.syscalls, { names = { "execve" }, action = "allow" }) -- or nothing could start
  end,
  scheduler = function(policy)
    local is_deadline = policy.policy == "DEADLINE"
    local is_real_time = policy.policy == "FIFO" or policy.policy == "RR"
    policy.runtime, policy.deadline = is_deadline and 5000 or nil, is_deadline and 6000 or nil
    policy.period = is_deadline and policy.period and 7000 or nil
    policy.priority = is_real_time and math.max(1, policy.priority or 1) or nil
    if policy.policy ~= "OTHER" and policy.policy ~= "BATCH" then policy.nice = nil end
  end,
  io_priority = function(wish)
    if wish.class == "IDLE" then wish.priority = nil end
  end,
  memory_policy = function(policy)
    local has_none = policy.mode == "DEFAULT" or policy.mode == "LOCAL"
    policy.nodes = not has_none and (policy.nodes or "2") or nil
    policy.flags = not has_none and policy.flags and { "STATIC_NODES" } or nil
  end,
  seccomp_arg = function(arg)
    if arg.value_two then arg.op = "MASKED_EQ" end
  end,
  capabilities = function(sets)
    if sets.permitted then sets.bounding = table.move(sets.permitted, 1, #sets.permitted, 1, {}) end
    sets.effective = sets.permitted and sets.effective and table.move(sets.permitted, 2, #sets.permitted, 1, {})
    sets.ambient = sets.ambient and sets.inheritable and sets.permitted and { sets.permitted[1] }
    if sets.ambient then sets.inheritable = table.move(sets.permitted, 1, #sets.permitted, 1, {}) end
  end,
}

-- Of twelve, how often a field is there that may be absent.
local OFTEN <const> = { cgroups = 3, mount = 9, seccomp = 9, seccomp_rule = 10 }

function make_section(random, name)
  local out = {}
  for _, spec in ipairs(check.section(name).fields) do
    local make = VALUES[name .. "." .. spec.name] or KINDS[spec.kind]
    local is_ours = name ~= "rdma_limit" and not fields.place(name, spec) and fields.is_spread(name)
    if make and not is_ours and (spec.required or random.below(12) < (OFTEN[name] or 6)) then
      out[spec.name] = make(random, spec)
    end
  end
  if TOGETHER[name] then TOGETHER[name](out) end
  return out
end

-- Take out what the rules refuse, the whole of the field at the top: then what is left is right.
local function without(t, problems)
  for _, problem in ipairs(problems) do
    local top, inner = problem.field:match("^([%w_]+)[.%[]?([%w_]*)")
    if top == "cgroups" and inner ~= "" and t.cgroups then
      t.cgroups[inner] = nil
    elseif problem.field:match("^mounts%[%d+%]%.options") and t.mounts then
      t.mounts[tonumber(problem.field:match("%d+"))].options = nil
    else
      t[top] = nil
    end
  end
end

local function valid(t, prepare)
  for _ = 1, 20 do
    local strict, err = prepare(t)
    if strict then return strict end
    without(t, err.problems)
  end
  error("nothing valid in 20 attempts")
end

-- The form that comes back: see configs.to_oci.
local function to_normal_form(config)
  for _, mount in ipairs(config.mounts or {}) do
    local options = mount.options or {}
    if mount.type == "bind" and not check.contains(options, "bind") and not check.contains(options, "rbind") then
      table.insert(options, 1, "bind")
      mount.options = options
    end
  end
  if config.cgroups and next(config.cgroups) == nil then config.cgroups = nil end
  for _, rule in ipairs(config.cgroups and config.cgroups.devices or {}) do
    rule.allow = rule.allow or false
  end
  if config.cgroups and config.cgroups.rdma then
    table.sort(config.cgroups.rdma, function(a, b) return a.device < b.device end)
  end
  if config.no_new_privileges == nil then config.no_new_privileges = true end
  if config.seccomp == nil then config.seccomp = "default" end
  if type(config.seccomp) == "table" and seccomp.hash(config.seccomp) == seccomp.hash(seccomp.default) then
    config.seccomp = "default"
  end
end

local function make(seed)
  local random = generator(seed)
  local config = make_section(random, "config")
  config.rootfs = config.rootfs or "/nowhere"
  config.namespaces = config.namespaces or { "mount" }
  if config.uid_mappings and config.gid_mappings then table.insert(config.namespaces, "user") end
  if config.time_offsets then table.insert(config.namespaces, "time") end
  if check.section("config").by_name.namespace_paths and not config.uid_mappings and random.below(3) == 0 then
    config.namespaces, config.namespace_paths = { "mount", "ipc", "network" }, { network = "/proc/1/ns/net" }
  end
  for i, limit in ipairs(config.cgroups and config.cgroups.rdma or {}) do
    limit.device = limit.device .. i
  end
  local process = random.below(4) > 0 and make_section(random, "process") or nil
  return valid(config, configs.prepare_config),
    process and valid(process, function(t)
      t.args = t.args or { "x" }
      return configs.prepare_process(t)
    end)
end

local cases

-- All of them, made once.
local function each_case()
  if not cases then
    cases = {}
    for seed = 1, CASES do
      local config, process = make(seed)
      cases[seed] = { config = config, process = process }
    end
  end
  return ipairs(cases)
end

local function text(value)
  return (assert(json.encode(value, { indent = 1 })))
end

-- Which fields a table has, as "section.field".
local function note_fields(section, t, into)
  for _, spec in ipairs(check.section(section).fields) do
    local value = t[spec.name]
    if value ~= nil then
      local inner = fields.section_of(spec)
      into[section .. "." .. spec.name] = (into[section .. "." .. spec.name] or 0) + 1
      if inner and spec.kind == "objects" then
        for _, item in ipairs(value) do note_fields(inner, item, into) end
      elseif inner and type(value) == "table" then
        note_fields(inner, value, into)
      end
    end
  end
end

describe("a configuration made at random", function()
  it("comes back from its OCI document as it was, and that document from it", function()
    for seed, case in each_case() do
      local config, process = case.config, case.process
      to_normal_form(config)
      local document, left_out = configs.to_oci(config, process)
      assert(document, ("seed %d: %s"):format(seed, tostring(left_out)))
      assert.same({}, left_out, "seed " .. seed)
      local written = text(document)
      local back, program, ignored = configs.from_oci(assert(json.decode(written)))
      assert(back, ("seed %d: %s\n%s"):format(seed, tostring(program), written))
      assert.equal(text(config), text(back), "seed " .. seed)
      if process then
        process.cwd, process.user = process.cwd or "/", process.user or "0:0"
        assert.equal(text(process), text(program), "seed " .. seed)
      else
        assert.is_nil(program)
      end
      assert.same({}, ignored, "seed " .. seed)
      assert.equal(written, text(configs.to_oci(back, program)), "seed " .. seed)
    end
  end)

  -- What is refused where the machine has not the means.
  local OF_MACHINES <const> = { apparmor_profile = "profile", process_label = "a:b:c:s0", mount_label = "a:b:c:s0",
    intel_rdt = { clos_id = "a", l3_cache_schema = "L3:0=f", mem_bw_schema = "MB:0=20", schemata = { "L3:0=3" },
      enable_monitoring = true } }

  it("comes back with what only other machines have, as far as OCI goes", function()
    local config = { rootfs = "/nowhere", namespaces = { "mount" }, seccomp = false, no_new_privileges = true }
    for name, value in pairs(OF_MACHINES) do config[name] = value end
    local document, writing = require "libcontainer.oci.write".document(config, { args = { "x" } }, {})
    assert.same({}, writing.left_out)
    local back, _, reading = require "libcontainer.oci.read".document(assert(json.decode(text(document))))
    assert.same({}, reading.problems)
    assert.same({}, reading.ignored)
    for name, value in pairs(OF_MACHINES) do assert.same(value, back[name]) end
  end)

  it("has every field that OCI has a place for", function()
    local seen, missing = {}, {}
    for _, case in each_case() do
      note_fields("config", case.config, seen)
      note_fields("process", case.process or {}, seen)
    end
    local function need(section, parent)
      for _, spec in ipairs(check.section(section).fields) do
        local place, name = fields.place(section, spec), section .. "." .. spec.name
        if place and spec.kind ~= "later" and not OF_MACHINES[spec.name] then
          if (seen[name] or 0) < 5 then missing[#missing + 1] = name end
          local inner = fields.section_of(spec)
          if inner then need(inner, place == "" and parent or fields.join(parent, place)) end
        end
      end
    end
    need("config", "")
    need("process", "")
    assert.same({}, missing)
  end)
end)
