-- SPDX-License-Identifier: MIT
-- The default filter as data, and the cache of compiled filters; the core is a table of functions.

local seccomp = require("libcontainer.configs.seccomp")

local function counting_core()
  local core = { compiled = 0 }

  function core.seccomp_default()
    return "default bytes"
  end

  function core.seccomp_compile(profile)
    core.compiled = core.compiled + 1
    if profile.default_action == "bad" then
      return nil, { errno = 22 }
    end
    return "bytes " .. profile.default_action .. " " .. (profile.default_errno_ret or "")
  end

  return core
end

describe("the default filter", function()
  it("names no call twice without a condition [O109]", function()
    local seen = {}
    for _, rule in ipairs(seccomp.default.syscalls) do
      for _, name in ipairs(rule.args and {} or rule.names) do
        assert.is_nil(seen[name], name)
        seen[name] = true
      end
    end
  end)

  it("answers ENOSYS to what it does not name [O111]", function()
    assert.equal("errno", seccomp.default.default_action)
    assert.equal(38, seccomp.default.default_errno_ret)
  end)

  it("is copied deeply", function()
    local copy = seccomp.copy()
    assert.same(seccomp.default, copy)
    copy.syscalls[1].names[1] = "mount"
    assert.not_same(seccomp.default, copy)
    assert.equal("socketcall", seccomp.default.syscalls[1].names[1])
  end)
end)

describe("the default filter in another table", function()
  it("is known, and none that differs from it", function()
    assert.is_true(seccomp.is_default(seccomp.copy()))
    for i, change in ipairs {
      function(copy) copy.default_action = "allow" end,
      function(copy) copy.default_errno_ret = copy.default_errno_ret + 0.0 end,
      function(copy) copy.flags = {} end,
      function(copy) copy.architectures[#copy.architectures + 1] = "arm" end,
      function(copy) copy.syscalls[#copy.syscalls] = nil end,
      function(copy) copy.syscalls[#copy.syscalls].args[1].value = "1" end,
      function(copy) table.insert(copy.syscalls[1].names, "mount") end,
    } do
      local copy = seccomp.copy()
      change(copy)
      assert.is_false(seccomp.is_default(copy), i)
    end
    assert.is_false(seccomp.is_default(setmetatable({}, { __index = seccomp.default })))
  end)
end)

describe("the content of a filter", function()
  it("is the same for equal filters and differs for others", function()
    assert.equal(seccomp.hash(seccomp.default), seccomp.hash(seccomp.copy()))
    assert.equal(seccomp.hash({ a = 1, b = 2 }), seccomp.hash({ b = 2, a = 1 }))
    assert.not_equal(seccomp.hash({ a = 1 }), seccomp.hash({ a = "1" }))
    assert.not_equal(seccomp.hash({ "ab", "c" }), seccomp.hash({ "a", "bc" }))
    assert.not_equal(seccomp.hash({ { "a" }, "b" }), seccomp.hash({ { "a", "b" } }))
    assert.not_equal(seccomp.hash({ a = true }), seccomp.hash({ a = false }))
  end)

  it("does not exist for what cannot be a filter", function()
    local circle = {}
    circle.circle = circle
    assert.is_nil(seccomp.hash(circle))
    assert.is_nil(seccomp.hash({ f = print }))
  end)
end)

describe("seccomp.filter", function()
  it("takes the default from the library", function()
    local core = counting_core()
    assert.equal("default bytes", seccomp.filter("default", core))
    assert.equal(0, core.compiled)
  end)

  it("compiles equal filters once", function()
    local core = counting_core()
    assert.equal("bytes once ", seccomp.filter({ default_action = "once" }, core))
    assert.equal("bytes once ", seccomp.filter({ default_action = "once" }, core))
    assert.equal(1, core.compiled)
  end)

  it("hands on a failure and does not keep it", function()
    local core = counting_core()
    for attempt = 1, 2 do
      local bytes, err = seccomp.filter({ default_action = "bad" }, core)
      assert.is_nil(bytes)
      assert.same({ errno = 22 }, err)
      assert.equal(attempt, core.compiled)
    end
  end)

  it("keeps 64 filters and forgets the oldest", function()
    local core = counting_core()
    for i = 1, 65 do
      seccomp.filter({ default_action = "many", default_errno_ret = i }, core)
    end
    seccomp.filter({ default_action = "many", default_errno_ret = 65 }, core)
    assert.equal(65, core.compiled)
    seccomp.filter({ default_action = "many", default_errno_ret = 1 }, core)
    assert.equal(66, core.compiled)
  end)
end)
