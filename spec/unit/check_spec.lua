-- SPDX-License-Identifier: MIT
require("spec.support.schema_stub").provide()
local check = require "libcontainer.check"
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"
local json = require "libcontainer.json"

-- The problems of a configuration as text, by field.
local function problems_of(config)
  local _, err = configs.validate(config)
  local found = {}
  for _, problem in ipairs(err and err.problems or {}) do
    found[problem.field] = problem.message .. (problem.hint and " — " .. problem.hint or "")
  end
  return found, err
end

-- A configuration and a process with every field that this version does, all of them valid.
local function full_config()
  return {
    rootfs = "/srv/x", readonlyfs = true, rootfs_propagation = "slave", hostname = "h",
      domainname = "d",
    namespaces = { "mount", "pid", "uts", "ipc", "network", "cgroup" },
    mounts = { { destination = "/data", source = "/srv/data", type = "bind", options = { "ro",
      "rbind" } } },
    devices = { { path = "/dev/x", type = "c", major = 10, minor = 229, file_mode = 438, uid = 1,
      gid = 2 } },
    mask_paths = { "/proc/kcore" }, readonly_paths = { "/proc/sys" },
      sysctl = { ["net.ipv4.ip_forward"] = "1" },
    capabilities = { bounding = { "CHOWN" }, effective = { "CHOWN" }, permitted = { "CHOWN" },
      inheritable = { "CHOWN" }, ambient = { "CHOWN" } },
    rlimits = { { type = "NOFILE", soft = 1024, hard = 4096 } }, no_new_privileges = true,
    seccomp = { default_action = "errno", default_errno_ret = 38, architectures = { "x86" },
      syscalls = {
      { names = { "read" }, action = "errno", errno_ret = 1,
        args = { { index = 0, value = 5, value_two = 1, op = "MASKED_EQ" } } },
      { names = { "execve" }, action = "allow" } } },
    cgroups = { path = "/a/b", memory = 1 << 26, memory_swap = 1 << 27,
      memory_reservation = 1 << 20,
      cpu_shares = 512, cpu_quota = 50000, cpu_period = 100000, cpuset_cpus = "0-1",
        cpuset_mems = "0",
      pids_limit = 64 },
    networks = { { type = "loopback" } }, parent_death_signal = 9, additional_groups = { "5" },
    detach = false, labels = { a = "b" }, annotations = { c = "d" },
    hooks = { prestart = { { path = "/bin/true", args = { "true" }, env = { "A=1" }, timeout = 5 } },
      poststop = { { path = "/bin/true" } } },
  }
end

local function full_process()
  return { args = { "sh" }, env = { "A=1" }, cwd = "/", user = "1000:1000",
    additional_groups = { "5" },
    stdin = "null", stdout = "null", stderr = "null", no_new_privileges = true, umask = 18,
    capabilities = { bounding = { "CHOWN" }, effective = {}, permitted = {}, inheritable = {},
      ambient = {} },
    rlimits = { { type = "NOFILE", soft = 1, hard = 2 } }, oom_score_adj = 0 }
end

-- Call visit(table, spec, path) for every field of a section that the table has, and below.
local function each_field(section, t, visit, path)
  for _, spec in ipairs(check.section(section).fields) do
    local value = t[spec.name]
    local field = path == "" and spec.name or path .. "." .. spec.name
    if value ~= nil then
      visit(t, spec, field)
      local inner = check.section(spec.detail) and spec.detail
      if inner and type(value) == "table" then
        if spec.kind == "objects" then
          for i, item in ipairs(value) do
            each_field(inner, item, visit, ("%s[%d]"):format(field, i))
          end
        else
          each_field(inner, value, visit, field)
        end
      end
    end
  end
end

local function sections_used(visit)
  for _, case in ipairs { { "config", full_config, configs.prepare_config }, { "process",
    full_process, configs.prepare_process } } do
    local count = 0
    each_field(case[1], case[2](), function()
      count = count + 1
    end, "")
    for n = 1, count do
      local t, index = case[2](), 0
      local target
      each_field(case[1], t, function(owner, spec, field)
        index = index + 1
        if index == n then
          target = { owner = owner, spec = spec, field = field }
        end
      end, "")
      visit(t, target, case[3], case[2])
    end
  end
end

describe("the schema's stand-in", function()
  it("has the sections and kinds of schema.def", function()
    local names = {}
    for _, section in ipairs(core.schema()) do
      names[section.name] = #section.fields
    end
    assert.is_true(names.config > 25 and names.process > 10 and names.mount > 4)
    assert.equal("objects", check.section("config").by_name.mounts.kind)
    assert.is_true(check.section("config").by_name.rootfs.required)
    assert.equal(262144, check.section("cgroups").by_name.cpu_shares.maximum)
  end)
end)

describe("check.nearest", function()
  it("finds the name that was meant", function()
    local names = check.section("config").names
    local meant = { rootsf = "rootfs", ["root_fs"] = "rootfs", hostnmae = "hostname",
      mount = "mounts",
      namespace = "namespaces", Hostname = "hostname", maskPaths = "mask_paths", rlimit = "rlimits",
      no_new_privilege = "no_new_privileges", readonly_fs = "readonlyfs" }
    for wrong, right in pairs(meant) do
      assert.equal(right, check.nearest(wrong, names), wrong)
    end
    for _, wrong in ipairs { "xyzzy", "q", "", ("x"):rep(100) } do
      assert.is_nil(check.nearest(wrong, names))
    end
    assert.is_nil(check.nearest(5, names))
  end)
end)

describe("check.copy", function()
  it("calls no metamethod, whatever it does [E24]", function()
    local calls = 0
    local function bad()
      calls = calls + 1
      error("called")
    end
    local function endless()
      calls = calls + 1
      return setmetatable({}, { __index = endless })
    end
    for _, act in ipairs { bad, endless, coroutine.yield } do
      local meta = {}
      for _, name in ipairs { "__index", "__newindex", "__len", "__pairs", "__tostring", "__eq",
        "__call", "__close",
        "__concat", "__lt", "__le", "__unm" } do
        meta[name] = act
      end
      meta.__name, meta.__metatable = 5, false
      local config = setmetatable({ rootfs = "/x", mounts = setmetatable({
        setmetatable({ destination = "/d", type = "tmpfs" }, meta) }, meta) }, meta)
      local problems = {}
      local copy = check.copy(config, problems)
      assert.same({ rootfs = "/x", mounts = { { destination = "/d", type = "tmpfs" } } }, copy)
      assert.is_nil(getmetatable(copy.mounts))
      assert.is_true(configs.validate(config))
      assert.is_true(configs.validate(configs.merge(config, config)))
    end
    assert.equal(0, calls)
  end)

  it("refuses cycles, depth and floods of tables [E24]", function()
    local loop = { rootfs = "/x" }
    loop.cgroups = { again = loop }
    assert.equal("is a table inside itself", problems_of(loop)["cgroups.again"])
    local deep = {}
    for _ = 1, 200 do
      deep = { deep }
    end
    local _, err = configs.validate { rootfs = "/x", mounts = deep }
    assert.matches("nested more than 100 levels", tostring(err))
    local laugh = { "ha" }
    for _ = 1, 40 do
      laugh = { laugh, laugh }
    end
    assert.matches("has more than 100000 tables", tostring(select(2,
      configs.validate { rootfs = "/x", mounts = laugh })))
  end)

  it("shares nothing with what it was made from", function()
    local mine = full_config()
    local strict = assert(configs.prepare_config(mine))
    strict.mounts[1].options[1] = "rw"
    strict.labels.a = "changed"
    assert.same(full_config(), mine)
  end)
end)

describe("a configuration", function()
  it("with every field is accepted, and its strict form again", function()
    local strict = assert(configs.prepare_config(full_config()))
    assert.same(strict, assert(configs.prepare_config(strict)))
    assert.same(strict, assert(configs.prepare_config(json.decode(json.encode(strict)))))
    assert.is_table(configs.prepare_process(full_process()))
  end)

  it("tells all problems at once", function()
    local found, err = problems_of { rootfs = 5, hostnam = "x", readonlyfs = "yes",
      mounts = { { destination = "a" } },
      cgroups = { memory = "64" }, intel_rdt = { clos_id = "x" }, namespaces = { "mount", "user" } }
    assert.equal("ConfigInvalid", err.code)
    assert.equal('must be text, not the number 5 — write "5"', found.rootfs)
    local _, number = configs.prepare_process { args = { "sleep", 0.1 } }
    assert.equal('args[2]: must be text, not the number 0.1 (write "0.1")', tostring(number))
    assert.equal('is no field of a container — did you mean "hostname"?', found.hostnam)
    assert.matches("must be true or false", found.readonlyfs)
    assert.matches("absolute path", found["mounts[1].destination"])
    assert.matches("has no unit", found["cgroups.memory"])
    assert.matches("needs the file system resctrl", found.intel_rdt)
    assert.matches("is required for the user namespace", found.uid_mappings)
    assert.equal(9, #err.problems)
  end)

  it("refuses NUL in every text, with the field's name [E20]", function()
    local seen = 0
    sections_used(function(t, target, prepare)
      local kind, owner, name = target.spec.kind, target.owner, target.spec.name
      local field = target.field
      if kind == "string" or kind == "path" or kind == "word" then
        owner[name] = owner[name] .. "\0b"
      elseif kind == "strings" or kind == "paths" or kind == "words" then
        owner[name] = { (owner[name][1] or "CHOWN") .. "\0b" }
        field = field .. "[1]"
      elseif kind == "map" then
        owner[name] = { key = "a\0b" }
        field = field .. ".key"
      else
        return
      end
      local result, err = prepare(t)
      assert.is_nil(result, field)
      local named = false
      for _, problem in ipairs(err.problems) do
        named = named or (problem.field == field and problem.message == "has a NUL byte in it")
      end
      assert.is_true(named, field .. ": " .. tostring(err))
      seen = seen + 1
    end)
    assert.is_true(seen > 30)
    assert.matches("NUL", problems_of({ rootfs = "/x", labels = { ["a\0"] = "b" } }).labels)
  end)

  it("takes only exact numbers [E21]", function()
    local bad = { 1.5, -0.5, 0 / 0, math.huge, -math.huge, 1e300, -1e300, 2 ^ 63, "1", "0x1", "",
      "1e3",
      "nan", true, false, math.mininteger, json.integer("18446744073709551615") }
    sections_used(function(t, target, prepare, make)
      local kind, owner, name = target.spec.kind, target.owner, target.spec.name
      if kind ~= "integer" and kind ~= "size" then
        return
      end
      local good = owner[name]
      owner[name] = good + 0.0
      local strict = assert(prepare(t))
      assert.same(prepare(make()), strict)
      for _, value in ipairs(bad) do
        local is_64_bits = target.spec.minimum == -math.maxinteger
          and (json.is_big(value) or value == math.mininteger)
        -- octal text and signal names are friendly forms
        local is_friendly = type(value) == "string"
          and (name == "file_mode" or name == "umask" or name == "parent_death_signal")
        if not is_64_bits and not is_friendly then
          owner[name] = value
          local result, err = prepare(t)
          assert.is_nil(result, target.field .. " = " .. tostring(value))
          assert.equal(target.field, err.problems[1].field)
        end
      end
    end)
    assert.is_true(configs.validate { rootfs = "/x", cgroups = { cpus = 0.5 } })
    for _, value in ipairs { 0 / 0, math.huge, "0.5", true, -1 } do
      assert.is_truthy(problems_of({ rootfs = "/x", cgroups = { cpus = value } })["cgroups.cpus"])
    end
  end)

  it("reads null as absence, and misses what is required [E22]", function()
    sections_used(function(t, target, prepare)
      target.owner[target.spec.name] = json.null
      local with_null, err = prepare(t)
      if target.spec.required then
        assert.is_nil(with_null)
        assert.equal(target.field, err.problems[1].field)
        assert.matches("is required", err.problems[1].message)
      elseif with_null then
        if target.field == target.spec.name then
          assert.is_nil(with_null[target.spec.name])
        end
      end
    end)
    assert.equal("is required: " .. check.section("config").by_name.rootfs.meaning,
      problems_of({ rootfs = json.null }).rootfs)
    assert.matches("not a userdata", problems_of({ rootfs = "/x", hostname = io.stdout }).hostname)
    -- but an item of an array is not left out: what was meant by it is not done
    for _, paths in ipairs { { "/a", json.null, "/b" }, { "/a", json.null } } do
      assert.same({ ["mask_paths[2]"] = "is null, and an array has no place for that" },
        problems_of { rootfs = "/x", mask_paths = paths })
    end
  end)

  it("never crashes on a field of any other kind, and names it [A87]", function()
    local deep = {}
    for _ = 1, 200 do
      deep = { deep }
    end
    local values = { false, true, 0, -1, 1e300, math.mininteger, "", "x", "\255", {}, { 1 },
      { {} }, { a = 1 }, { [3] = "x" }, deep,
      json.array(), json.integer("18446744073709551615"), print, io.stdout,
        coroutine.create(print) }
    sections_used(function(t, target, prepare)
      for i = 1, #values do
        target.owner[target.spec.name] = values[i]
        local ok, result, err = pcall(prepare, t)
        assert.is_true(ok, tostring(result))
        if not result then
          assert.equal("ConfigInvalid", err.code)
          assert.is_string(err.field)
          assert.is_nil(tostring(err):find("\n", 1, true))
          assert.is_string(json.encode(err))
          local root = target.field:match("^[%w_]+")
          assert.equal(root, err.problems[1].field:match("^[%w_]+"), target.field)
        end
      end
    end)
    for _, value in ipairs { false, 0, "", print } do
      assert.is_nil(configs.validate(value))
      assert.is_nil(configs.prepare_process(value))
    end
  end)

  it("takes only arrays without holes for arrays [E23]", function()
    sections_used(function(t, target, prepare)
      local kind, owner, name = target.spec.kind, target.owner, target.spec.name
      if kind ~= "strings" and kind ~= "paths" and kind ~= "words" and kind ~= "objects" then
        return
      end
      local item = owner[name][1] or "CHOWN"
      owner[name] = { [1] = item, [3] = item }
      assert.is_nil(prepare(t), target.field)
      owner[name] = { item, n = 1 }
      assert.is_nil(prepare(t), target.field)
      owner[name] = { [2] = item }
      assert.is_nil(prepare(t), target.field)
      owner[name] = { [1.0] = item }
      local _, err = prepare(t)
      assert.is_true(not err or err.problems[1].field ~= target.field, tostring(err))
      owner[name] = {}
      local strict = prepare(t)
      if strict and target.field == name and name ~= "capabilities" then
        assert.is_true(json.is_array(strict[name]), target.field)
        assert.matches('"' .. name .. '":%[%]', json.encode(strict))
      end
    end)
    local many = {}
    for i = 1, 2000 do
      many[i] = "/a"
    end
    assert.equal("has 2000 items, more than 1024", problems_of({ rootfs = "/x",
      mask_paths = many }).mask_paths)
    assert.is_truthy(select(2, configs.prepare_process { args = {} }).problems[1].field == "args")
  end)

  it("knows what a later version will do, and says so", function()
    for _, spec in ipairs(check.section("config").fields) do
      if spec.kind == "later" then
        assert.equal("is not supported by this version", problems_of({ rootfs = "/x",
          [spec.name] = { "x" } })[spec.name])
        assert.is_true(configs.validate { rootfs = "/x", [spec.name] = false })
        assert.is_true(configs.validate { rootfs = "/x", [spec.name] = {} })
      end
    end
  end)
end)

describe("check.options", function()
  it("raises for an option that does not exist", function()
    assert.same({ force = true }, check.options({ force = true }, { "force", "timeout" }))
    assert.same({}, check.options(nil, {}))
    local ok, why = pcall(check.options, { forec = true }, { "force", "timeout" }, "destroy")
    assert.is_false(ok)
    assert.matches('unknown option of destroy "forec", did you mean "force"?', why, 1, true)
    assert.is_false(pcall(check.options, "x", {}, "destroy"))
  end)
end)
