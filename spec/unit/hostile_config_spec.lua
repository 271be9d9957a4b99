-- SPDX-License-Identifier: MIT
-- Configurations and OCI documents with something odd in them, wherever it fits: each is understood, and then
-- means the same when it is read again, or is refused with the field that is wrong.
require("spec.support.schema_stub").provide()
local configs = require "libcontainer.configs"
local generate = require "spec.support.generate"
local json = require "libcontainer.json"

local CASES <const> = 300
local DOCUMENTS <const> = 100 -- which take longer

local touched = 0
local function touch() touched = touched + 1 error("a metamethod of the user's has run") end
local METAMETHODS <const> = { __index = touch, __newindex = touch, __len = touch, __pairs = touch, __tostring = touch,
  __eq = touch, __lt = touch, __le = touch, __concat = touch, __call = touch, __name = 7, __unm = touch }

-- What fits nowhere, or only just.
local function odd(random)
  local itself = {}
  itself.itself = itself
  return random.one_of { n = 40,
    true, false, 0, -1, 1, 1.0, 1.5, -0.0, 0 / 0, math.huge, -math.huge, 2 ^ 53 + 1, 2 ^ 63, math.maxinteger,
    math.mininteger, "", "a\0b", "..", "/../x", "/", "64M", "1e3", "\n", ("x"):rep(5000), "\xff\xfe", "root", "-1",
    print, io.stdout, coroutine.create(print), json.null, {}, { {} }, { 1, nil, 3 }, { a = 1, 2 }, { [1.5] = 1 },
    { [true] = "x" }, { [-1] = "x", [0] = "y" }, itself, setmetatable({ "ro" }, METAMETHODS) }
end

local KEYS <const> = { "mounts", "memory", "user", "env", "cgroups", "hostname", "rlimits", "x", "", "__index", 1, 2, -1,
  1.5, "a\0b", "namespaces", "seccomp", "capabilities", "options", "type", "devices" }

-- One or two changes, anywhere in it.
local function change(random, t)
  for _ = 0, random.below(2) do
    local where, key = generate.place(t, random.below(10000))
    if not where or random.below(4) == 0 then
      where, key = t, random.one_of(KEYS)
    elseif type(where[key]) == "table" and random.below(3) == 0 then
      where, key = where[key], random.one_of(KEYS)
    end
    where[key] = random.below(5) > 0 and odd(random) or nil
  end
  return t
end

local BASES <const> = {
  function() return configs.default { rootfs = "/srv/x", hostname = "web", memory = "64M" } end,
  function() return configs.host_root {} end,
  function() return configs.empty { rootfs = "/srv/x" } end,
  function()
    return { rootfs = "/srv/x", namespaces = { "mount", "pid", "network" }, mounts = { { type = "tmpfs", destination = "/tmp",
      options = { "ro", "size=1m" } }, { source = "/srv", destination = "/data", options = "bind,ro" } },
      cgroups = { memory = "1G", cpus = 0.5, pids_limit = 5, devices = { { allow = false, access = "rwm" } } },
      rlimits = { NOFILE = { 10, 20 } }, sysctl = { ["net.ipv4.ip_forward"] = "1" }, capabilities = { "CHOWN" },
      seccomp = { default_action = "allow", syscalls = { { names = { "read" }, action = "errno", errno_ret = 5 } } } }
  end,
}

local function is_refusal(err)
  assert.equal("ConfigInvalid", err.code)
  assert.is_string(err.field)
  assert.is_true(#err.problems > 0)
  for _, problem in ipairs(err.problems) do
    assert.is_string(problem.field)
    assert.is_true(type(problem.message) == "string" and #problem.message > 0)
  end
  assert.is_nil(tostring(err):find("\n", 1, true))
end

local function whole(value)
  return (assert(json.encode(value, { indent = 1 })))
end

describe("a configuration with something odd in it", function()
  it("is understood or refused, always the same way, and is left as it was [F02] [E24]", function()
    local accepted, refused = 0, 0
    generate.for_all(CASES, function(random)
      return change(random, generate.copy(random.one_of(BASES)()))
    end, function(t)
      local before = generate.text(t)
      local strict, err = configs.prepare_config(t)
      assert.equal(0, touched)
      assert.equal(before, generate.text(t))
      local again, other = configs.prepare_config(t)
      if strict then
        accepted = accepted + 1
        assert.equal(whole(strict), whole(again))
        assert.equal(whole(strict), whole(assert(configs.prepare_config(strict))))
        assert.is_true(configs.validate(t))
      else
        refused = refused + 1
        is_refusal(err)
        assert.equal(tostring(err), tostring(other))
        assert.equal(#err.problems, #other.problems)
      end
    end)
    assert.is_true(accepted > CASES // 10 and refused > CASES // 10, accepted .. " accepted, " .. refused .. " refused")
  end)
end)

-- --- OCI documents ---

local function document(random)
  return assert(configs.to_oci(random.one_of(BASES)(), { args = { "sh" }, cwd = "/", env = { "A=b" } }))
end

-- What JSON can say, with keys that it can have.
local function sayable(value, seen)
  if type(value) ~= "table" then
    return type(value) ~= "function" and type(value) ~= "thread" and (type(value) ~= "userdata" or value == json.null) and
      value == value and value ~= math.huge and value ~= -math.huge
  end
  seen = seen or {}
  if seen[value] or getmetatable(value) == METAMETHODS then return false end
  seen[value] = true
  for key, item in next, value do
    if type(key) ~= "string" and math.type(key) ~= "integer" or not sayable(item, seen) then return false end
  end
  seen[value] = nil
  return true
end

local function check_document(t)
  local config, process, ignored = configs.from_oci(t)
  if not config then
    is_refusal(process)
    return false
  end
  local written, left_out = configs.to_oci(config, process)
  assert(written, tostring(left_out))
  local back, program, none = configs.from_oci(assert(json.decode(whole(written))))
  assert(back, tostring(program))
  -- defaults are in full the first time, and nothing changes from then on
  assert.equal(whole(written), whole((configs.to_oci(back, program))))
  assert.same({}, none)
  assert.is_table(ignored)
  return true
end

describe("an OCI document with something odd in it", function()
  it("is a configuration that comes back from its own document, or an error that names the place [F01]", function()
    local accepted, refused = 0, 0
    generate.for_all(DOCUMENTS, function(random)
      local t = change(random, document(random))
      return sayable(t) and t or document(random)
    end, function(t)
      if check_document(t) then accepted = accepted + 1 else refused = refused + 1 end
    end)
    assert.is_true(accepted > DOCUMENTS // 10 and refused > DOCUMENTS // 10, accepted .. " accepted, " .. refused .. " refused")
  end)

  it("is text that is one or is not, whatever byte of it is another [F01]", function()
    local read, unread = 0, 0
    generate.for_all(DOCUMENTS, function(random)
      local text = whole(document(random))
      for _ = 0, random.below(3) do
        local at, byte = random.below(#text) + 1, random.one_of { '"', "\\", "{", "}", "[", ",", ":", "0", "-", "e", "\0", "\xc3", " ", "" }
        text = text:sub(1, at - 1) .. byte .. text:sub(at + random.below(4))
      end
      return { text }
    end, function(t)
      local value, problem = json.decode(t[1] or "")
      if value == nil then
        unread = unread + 1
        assert.is_string(tostring(problem))
      elseif type(value) == "table" then
        read = read + 1
        check_document(value)
      end
    end)
    assert.is_true(read > DOCUMENTS // 10 and unread > DOCUMENTS // 10, read .. " read, " .. unread .. " not")
  end)
end)
