-- SPDX-License-Identifier: MIT
-- Tables at random, of the names that are known and values that fit nowhere: nothing raises, and each problem
-- is told with a place that there is.
require("spec.support.schema_stub").provide()
local check = require "libcontainer.check"
local configs = require "libcontainer.configs"
local fields = require "libcontainer.oci.fields"
local json = require "libcontainer.json"
local generate = require "spec.support.generate"
local lc_errors = require "libcontainer.errors"

local CASES <const> = 250

local function angry() error("a metamethod was called") end
local ANGRY <const> = { __index = angry, __len = angry, __pairs = angry, __eq = angry, __lt = angry, __tostring = angry,
  __call = angry, __concat = angry, __name = 5 }

local SCALARS <const> = { false, true, 0, 1, -1, 1.5, 1e300, math.huge, 0 / 0, math.mininteger, math.maxinteger, "", "a",
  "/", "/a/../b", "a\0b", "\255\254", ("x"):rep(5000), "64M", "5ms", "1.0.0", "bind", "mount", "default", "CHOWN",
  "SCMP_ACT_ALLOW", "c 1:3 rwm", "8:0 5", "a=b", "rbind,ro", "veth", "FIFO", print, io.stdout, json.null or false,
  coroutine.create(print), json.integer("18446744073709551615") }

-- Names of all sections, or of all objects of a document.
local OURS, OCI = {}, {}
for _, section in ipairs { "config", "process", "mount", "device", "rlimit", "capabilities", "cgroups", "device_rule",
  "hugetlb_limit", "network", "seccomp", "seccomp_rule", "seccomp_arg", "scheduler", "memory_policy", "hook", "hooks" } do
  table.move(check.section(section).names, 1, 1000, #OURS + 1, OURS)
end
for path in pairs(fields.versions()) do OCI[#OCI + 1] = path:match("[^.]+$") end
table.sort(OCI)

local function garbage(below, names, depth)
  local choice = below(depth > 5 and 2 or 6)
  if choice <= 1 then return SCALARS[below(#SCALARS) + 1] end
  local t = {}
  for i = 1, below(5) do
    local key = choice == 2 and i or names[below(#names) + 1]
    if below(12) == 0 then key = ({ 0, -5, 1.5, true, 100, "x.y", "a\0", "" })[below(8) + 1] end
    t[key] = garbage(below, names, depth + 1)
  end
  return below(10) == 0 and setmetatable(t, ANGRY) or t
end

-- A table that goes along the schema, with garbage here and there.
local function nearly_right(below, section, depth)
  local t = {}
  for _, spec in ipairs(check.section(section).fields) do
    local inner = fields.section_of(spec)
    if below(3) == 0 then
      if below(4) == 0 or not inner or depth > 4 then
        t[spec.name] = garbage(below, OURS, 4)
      elseif spec.kind == "objects" then
        t[spec.name] = { nearly_right(below, inner, depth + 1), nearly_right(below, inner, depth + 1) }
      else
        t[spec.name] = nearly_right(below, inner, depth + 1)
      end
    end
  end
  return t
end

-- The same along the properties of a document.
local function nearly_document(below, parent, depth)
  local t = {}
  for path in pairs(fields.versions()) do
    local name = path:sub(1, #parent) == parent and path:sub(#parent + 1)
    if name and name ~= "" and not name:find(".", 1, true) and below(2) == 0 then
      local inner = depth < 5 and below(4) > 0 and nearly_document(below, path .. ".", depth + 1) or nil
      t[name] = inner and next(inner) and (below(2) == 0 and inner or { inner, inner }) or garbage(below, OCI, 4)
    end
  end
  return t
end

-- Is there such a place, or one beside it that has been left out?
local function is_place(t, path)
  if path == "" then return true end
  if type(t) ~= "table" or json.is_big(t) then return false end
  for key, value in next, t do
    local text = type(key) == "string" and key or "[" .. tostring(key) .. "]"
    if text == "" and is_place(value, path) then
      return true -- a key that a path does not show
    elseif path:sub(1, #text) == text then
      local rest = path:sub(#text + 1)
      if rest == "" or rest:sub(1, 1) == "[" then
        if is_place(value, rest) then return true end
      elseif rest:sub(1, 1) == "." and is_place(value, rest:sub(2)) then
        return true
      end
    end
  end
  return path:find("^[%w_.]+$") ~= nil or path:find("^%[%d+%]$") ~= nil
end

-- Of a friendly form, the place is in the strict one: { NOFILE = 5 } is rlimits[1].
local function is_friendly(t, path)
  for name in pairs { rlimits = 1, cgroups = 1, capabilities = 1, namespaces = 1, networks = 1, hooks = 1 } do
    if path:find("^" .. name .. "[%[.]") and type(rawget(t, name)) == "table" then return true end
  end
  return path:find("^args") ~= nil or path:find("^env%.") ~= nil or path:find("^mounts%[%d+%]%.options%[1%]$") ~= nil
end

local function check_answer(seed, t, friendly, ok, err)
  if ok then return end
  assert.is_true(lc_errors.is(err), ("seed %d: %s"):format(seed, type(err)))
  assert.equal("ConfigInvalid", err.code)
  assert.is_true(#err.problems > 0)
  assert.is_string(tostring(err))
  assert.is_string(json.encode(err.problems), "seed " .. seed)
  for _, problem in ipairs(err.problems) do
    local where = ("seed %d: %s: %s"):format(seed, tostring(problem.field), tostring(problem.message))
    assert.is_string(problem.field, where)
    assert.is_true(type(problem.message) == "string" and #problem.message > 0, where)
    assert.is_true(type(t) ~= "table" or is_place(t, problem.field) or (friendly and is_friendly(t, problem.field)), where)
  end
end

describe("a table at random", function()
  it("is judged by validate without raising, each problem at a place in it [A87] [E24]", function()
    local right = 0
    for seed = 1, CASES do
      local below = generate.random(seed).below
      local t = seed % 3 == 0 and garbage(below, OURS, 0) or nearly_right(below, "config", 0)
      if type(t) == "table" and seed % 2 == 0 then rawset(t, "rootfs", "/x") end
      local ran, ok, err = pcall(configs.validate, t)
      assert.is_true(ran, ("seed %d raises: %s"):format(seed, tostring(ok)))
      check_answer(seed, t, true, ok, err)
      right = right + (ok and 1 or 0)
      ran, ok, err = pcall(configs.prepare_process, seed % 3 == 0 and t or nearly_right(below, "process", 0))
      assert.is_true(ran, ("seed %d raises: %s"):format(seed, tostring(ok)))
      if not ok then assert.is_true(lc_errors.is(err)) end
    end
    assert.is_true(right < CASES // 2)
  end)

  it("is judged by from_oci in the same way [A87] [O24]", function()
    for seed = 1, CASES do
      local below = generate.random(seed).below
      local t = seed % 3 == 0 and garbage(below, OCI, 0) or nearly_document(below, "", 0)
      if type(t) ~= "table" and type(t) ~= "string" then t = { linux = t } end
      if type(t) == "string" then t = { process = t } end
      if seed % 2 == 0 then rawset(t, "ociVersion", "1.0.0") end
      local ran, config, err = pcall(configs.from_oci, t, { bundle = "/x" })
      assert.is_true(ran, ("seed %d raises: %s"):format(seed, tostring(config)))
      check_answer(seed, t, false, config, err)
    end
  end)

  it("is merged, built and written without raising", function()
    for seed = 1, CASES // 3 do
      local below = generate.random(seed).below
      local a, b = nearly_right(below, "config", 0), nearly_right(below, "config", 0)
      for _, f in ipairs { function() return configs.merge(a, b) end, function() return configs.default(a) end,
        function() return configs.builder(a):hostname("x"):mount("/a", b):build() end,
        function() return configs.to_oci(a, b) end } do
        local ran, value, err = pcall(f)
        assert.is_true(ran, ("seed %d raises: %s"):format(seed, tostring(value)))
        if value == nil then assert.is_true(lc_errors.is(err)) end
      end
    end
  end)
end)
