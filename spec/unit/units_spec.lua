-- SPDX-License-Identifier: MIT
require("spec.support.schema_stub").provide()
local units = require "libcontainer.units"

local NONE = {}
local KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

describe("units", function()
  it("reads sizes strictly [E21]", function()
    local sizes = {
      { 0, 0 }, { 1, 1 }, { 1.0, 1 }, { -1, -1 }, { -0.0, 0 }, { 2 ^ 53, 1 << 53 }, { 1.5, NONE },
        { 0 / 0, NONE },
      { math.huge, NONE }, { -math.huge, NONE }, { 2 ^ 63, NONE }, { math.maxinteger,
        math.maxinteger },
      { "64M", 64 * MIB }, { "64m", 64 * MIB }, { "64MB", 64 * MIB }, { "64MiB", 64 * MIB },
        { "512k", 512 * KIB },
      { "1GiB", GIB }, { "1.5G", 3 * GIB // 2 }, { "0.5k", 512 }, { "1.50k", 1536 }, { "2T",
        2 << 40 },
      { "1P", 1 << 50 }, { "7E", 7 << 60 }, { "8E", NONE }, { "100B", 100 }, { "100b", 100 },
        { "0M", 0 },
      { "9007199254740993B", 9007199254740993 }, { "9223372036854775807B", math.maxinteger },
      { "9223372036854775808B", NONE }, { "1.1k", NONE }, { "1.3B", NONE }, { "0.0009765625M",
        KIB },
      { "1024", NONE }, { "1.5", NONE }, { "", NONE }, { "M", NONE }, { ".5M", NONE }, { "1.M",
        NONE }, { "1.2.3M", NONE },
      { "-5M", NONE }, { "+5M", NONE }, { " 5M", NONE }, { "5M ", NONE }, { "5 M", NONE },
        { "0x10M", NONE },
      { "1e3M", NONE }, { "064M", NONE }, { "64X", NONE }, { "64Mi", NONE }, { "64MiBs", NONE },
        { "5M\0", NONE },
      { "inf", NONE }, { "nan", NONE }, { true, NONE }, { {}, NONE }, { print, NONE },
      { ("9"):rep(400) .. "k", NONE },
    }
    for _, case in ipairs(sizes) do
      local bytes, problem = units.size(case[1])
      if case[2] == NONE then
        assert.is_nil(bytes, tostring(case[1]))
        assert.equal("string", type(problem), tostring(case[1]))
      else
        assert.equal(case[2], bytes, tostring(case[1]))
        assert.equal("integer", math.type(bytes), tostring(case[1]))
      end
    end
    assert.matches('write the number 1024, or "1024B"', select(2, units.size("1024")))
  end)

  it("reads durations strictly", function()
    local durations = {
      { 0, 0 }, { 5, 5 }, { 0.25, 0.25 }, { -1, NONE }, { 0 / 0, NONE }, { math.huge, NONE },
        { "250ms", 0.25 },
      { "5s", 5 }, { "2m", 120 }, { "2min", 120 }, { "1h", 3600 }, { "1d", 86400 }, { "1.5s",
        1.5 }, { "10us", 1e-5 },
      { "0.5m", 30 }, { "5", NONE }, { "", NONE }, { "s", NONE }, { "-5s", NONE }, { "5 s", NONE },
        { "5S", NONE },
      { "1h30m", NONE }, { "1e3s", NONE }, { "0x1s", NONE }, { false, NONE }, { {}, NONE },
        { ("9"):rep(40) .. "s", NONE },
    }
    for _, case in ipairs(durations) do
      local seconds, problem = units.duration(case[1])
      if case[2] == NONE then
        assert.is_nil(seconds, tostring(case[1]))
        assert.equal("string", type(problem))
      else
        assert.equal(case[2], seconds, tostring(case[1]))
      end
    end
  end)

  it("takes a number for an integer only when it is one [E21]", function()
    assert.equal(1, units.integer(1.0))
    assert.equal("integer", math.type(units.integer(1.0)))
    for _, value in ipairs { 1.5, "1", true, 2 ^ 63, 1e300, 0 / 0 } do
      assert.is_nil(units.integer(value))
    end
  end)

  it("writes sizes for people", function()
    assert.equal("64 MiB", units.format_size(64 * MIB))
    assert.equal("1.5 GiB", units.format_size(3 * GIB // 2))
    assert.equal("1023 B", units.format_size(1023))
  end)
end)
