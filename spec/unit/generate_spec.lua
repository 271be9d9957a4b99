-- SPDX-License-Identifier: MIT
local generate = require "spec.support.generate"

describe("a case made at random", function()
  local function make(random)
    local t = {}
    for i = 1, 20 do t[i] = { number = random.below(1000), name = ("x"):rep(random.below(30)) } end
    return t
  end

  it("is the same each time", function()
    assert.same(make(generate.random(7)), make(generate.random(7)))
    assert.not_same(make(generate.random(7)), make(generate.random(8)))
  end)

  it("is shown as small as it still fails", function()
    local ok, problem = pcall(generate.for_all, 50, make, function(t)
      for _, item in next, t do
        assert(type(item) ~= "table" or (item.number or 0) < 400, "too large")
      end
    end)
    assert.is_false(ok)
    assert.matches('^case %d+: { %[%d+%] = { %["number"%] = [4-7]%d%d } }\n.*too large', problem)
  end)

  it("is not changed by who checks it, in what is shown", function()
    local ok, problem = pcall(generate.for_all, 1, function() return { a = 1 } end, function(t)
      t.a = nil
      error("always")
    end)
    assert.is_false(ok)
    assert.matches("^case 1: {  }\n.*always", problem)
  end)
end)
