-- SPDX-License-Identifier: MIT
require("spec.support.schema_stub").provide()
local errors = require "libcontainer.errors"
local json = require "libcontainer.json"

local function decode(text, options)
  local value, err = json.decode(text, options)
  return value, err and tostring(err)
end

describe("json", function()
  it("reads whole numbers as integers, exactly from -2^63 to 2^64-1 [E21]", function()
    local exact = {
      ["0"] = 0, ["-0"] = 0, ["1"] = 1, ["1.0"] = 1, ["1e3"] = 1000, ["1073741824"] = 1073741824,
      ["9007199254740991"] = 9007199254740991, ["9007199254740993"] = 9007199254740993,
      ["-9007199254740993"] = -9007199254740993, ["123456789012345678"] = 123456789012345678,
      ["9223372036854775807"] = math.maxinteger, ["-9223372036854775808"] = math.mininteger,
    }
    for text, number in pairs(exact) do
      for _, form in ipairs { "[%s]", "[ %s ]", '["x%s",%s]' } do
        local got = assert(json.decode((form:gsub("%%s", text))))
        assert.equal(number, got[#got], text)
        assert.equal("integer", math.type(got[#got]), text)
      end
    end
  end)

  it("keeps whole numbers above 2^63-1 as their digits", function()
    for _, digits in ipairs { "9223372036854775808", "18446744073709551615" } do
      local got = assert(json.decode('{"limit":' .. digits .. "}")).limit
      assert.is_true(json.is_big(got))
      assert.equal(digits, tostring(got))
      assert.equal(digits, json.encode(got))
      assert.equal(json.integer(digits), got)
    end
    assert.equal(-1, json.bits(json.integer("18446744073709551615")))
    assert.equal(math.mininteger, json.bits(json.integer("9223372036854775808")))
    assert.equal(5, json.bits(5.0))
    assert.is_nil(json.bits("5"))
  end)

  it("refuses numbers that nothing can hold, with their place [E21]", function()
    local _, why = decode('{\n "a": 18446744073709551616}', { name = "f.json" })
    assert.equal("f.json: not valid JSON: a whole number outside of -2^63..2^64-1 at line 2, column 7", why)
    for _, text in ipairs { "[-9223372036854775809]", "[1e999]", "[nan]", "[NaN]", "[inf]",
      "[Infinity]",
      "[0x10]", "[+1]", "[01]", "[.5]", "[-]" } do
      local value, err = json.decode(text)
      assert.is_nil(value, text)
      assert.is_true(errors.is(err), text)
    end
    assert.matches("too large, at a%[2%]%.b", select(2, decode('{"a":[1,{"b":1e999}]}')))
  end)

  it("does not take digits of text, fractions and exponents for whole numbers", function()
    local got = assert(json.decode('["12345678901234567890", 0.12345678901234567890, '
      .. '1234567890123456789012.5, 1e0000000000000000001, 12345678901234567, "\\u0001#5", "\\u0001[", '
      .. '"\\"12345678901234567"]'))
    assert.same({ "12345678901234567890", 0.12345678901234567890, 1234567890123456789012.5, 10,
      12345678901234567, "\1#5", "\1[", '"12345678901234567' }, got)
    assert.same({ ["\1[x"] = 12345678901234567 }, json.decode('{"\\u0001[x":12345678901234567}'))
  end)

  it("keeps empty arrays apart from empty objects [E23]", function()
    local text = '{"a":[],"b":{},"c":[[],{}],"d":"[]"}'
    local got = assert(json.decode(text))
    assert.is_true(json.is_array(got.a))
    assert.is_false(json.is_array(got.b))
    assert.equal(text, json.encode(got))
    assert.equal("[]", json.encode(json.decode("[ \n ]")))
    assert.equal("[]", json.encode(json.array()))
    assert.equal("[1]", json.encode(json.array { 1 }))
    assert.equal("{}", json.encode {})
    table.insert(got.a, "x")
    assert.equal('["x"]', json.encode(got.a))
  end)

  it("has null for null, or absence when asked [E22]", function()
    local got = assert(json.decode('{"a":null,"b":[null,1]}'))
    assert.is_true(json.is_null(got.a))
    assert.is_true(json.is_null(json.null))
    assert.equal('{"a":null,"b":[null,1]}', json.encode(got))
    got = assert(json.decode('{"a":null,"b":[null,1]}', { null = "drop" }))
    assert.is_nil(got.a)
    assert.is_true(json.is_null(got.b[1]))
    assert.is_false(json.is_null(io.stdout))
    assert.is_false(json.is_null(nil))
  end)

  it("says line and column of a mistake", function()
    local cases = {
      ['{"a":\n tru}'] = "at line 2, column 2", ["[1,2"] = "at line 1, column 5",
        [""] = "at line 1, column 1",
      ['{"big":12345678901234567,\n\n "x" 1}'] = "at line 3, column 6",
        ["[1] x"] = "at line 1, column 5",
      ["[\xff]"] = "UTF%-8 at line 1, column 2", ["[\0]"] = "NUL byte at line 1, column 2",
      ['"\\ud800"'] = "escape", ["[[]"] = "end of the text at line 1, column 4",
    }
    for text, pattern in pairs(cases) do
      local value, err = json.decode(text)
      assert.is_nil(value, text)
      assert.matches(pattern, tostring(err))
      assert.equal("ConfigInvalid", err.code)
    end
  end)

  it("refuses documents that are nested too deeply, both ways", function()
    assert.is_nil(json.decode(("["):rep(200) .. ("]"):rep(200)))
    local deep = {}
    for _ = 1, 200 do
      deep = { deep }
    end
    assert.matches("nested too deeply", tostring(select(2, json.encode(deep))))
    local loop = {}
    loop.loop = loop
    assert.matches("^loop.loop", tostring(select(2, json.encode(loop))))
  end)

  it("carries every byte through text, and NUL", function()
    local bytes = {}
    for i = 0, 255 do
      bytes[#bytes + 1] = string.char(i)
    end
    for _, text in ipairs { table.concat(bytes), "caf\xe9/\xff", "😀é", "\xed\xa0\x80", "\u{d7ff}",
      "a\0b" } do
      local written = assert(json.encode { text, [2] = text })
      assert.is_truthy(utf8.len(written))
      assert.same({ text, text }, json.decode(written))
    end
    assert.same({ "\xff😀" }, json.decode('["\\udcff\\ud83d\\ude00"]'))
  end)

  it("names the path of what cannot be written", function()
    local cases = {
      ["a.b: a number that is not finite"] = { a = { b = 0 / 0 } },
      ["^a%[2%]: a number that is not finite"] = { a = { 1, math.huge } },
      ["array with holes"] = { 1, nil, 3 },
      ["an array and named fields"] = { 1, x = 2 },
      ["f: a value that JSON has not %(function%)"] = { f = print },
      ["u: a value that JSON has not %(userdata%)"] = { u = io.stdout },
      ["neither text nor part"] = { [0] = 1 },
      ["neither text nor"] = { [true] = 1 },
    }
    for pattern, value in pairs(cases) do
      local text, err = json.encode(value)
      assert.is_nil(text)
      assert.matches(pattern, tostring(err))
    end
  end)

  it("writes keys in order, with indentation when asked", function()
    assert.equal('{"a":1,"b":[1,{"x":true}],"c":"/"}', json.encode { c = "/", b = { 1,
      { x = true } }, a = 1.0 })
    assert.equal('{\n  "a": 1,\n  "b": [\n    2\n  ],\n  "c": [],\n  "d": {}\n}',
      json.encode({ d = {}, c = json.array(), b = { 2 }, a = 1 }, { indent = 2 }))
  end)

  it("looks at no metatable [E24]", function()
    local function bad()
      error("called")
    end
    local t = setmetatable({ a = 1 }, { __index = bad, __pairs = bad, __len = bad,
      __tostring = bad, __eq = bad })
    assert.equal('{"a":1}', json.encode(t))
  end)

  it("leaves the program's own cjson as it was", function()
    local cjson = require "cjson"
    local before = { cjson.encode_max_depth(), cjson.decode_max_depth(),
      cjson.encode_number_precision() }
    json.decode("[1,[],12345678901234567890]")
    assert.same(before, { cjson.encode_max_depth(), cjson.decode_max_depth(),
      cjson.encode_number_precision() })
    assert.is_true(cjson.decode("[nan]")[1] ~= cjson.decode("[nan]")[1])
  end)

  it("names the package when cjson is missing", function()
    local loaded, preload = package.loaded.cjson, package.preload.cjson
    package.loaded.cjson, package.preload.cjson = nil, function()
      error("module 'cjson' not found")
    end
    local fresh = assert(loadfile("lua/libcontainer/json.lua"))()
    local value, err = fresh.decode("1")
    package.loaded.cjson, package.preload.cjson = loaded, preload
    assert.is_nil(value)
    assert.equal("SystemError", err.code)
    assert.matches("lua%-cjson is not installed.*apt%-get install lua%-cjson", tostring(err))
  end)

  it("gives back every document that it writes", function()
    local random = 12345
    local function roll(n)
      random = (random * 1103515245 + 12345) & 0x7fffffff
      return (random >> 8) % n
    end
    local numbers = { 0, -1, 1.5, 0.1, 1e300, -1e-300, 2 ^ 53, 2 ^ 53 + 2, 2 ^ 63, math.maxinteger,
      math.mininteger, 1e15, 1e16, 123456789012345678, 5e-324, 1.7976931348623157e308, 1 / 3 }
    local hostile = '"\\[]{}:,0123456789012345678u\1#é\n\1['
    local function text()
      local out = {}
      for i = 1, roll(12) do
        local from = roll(#hostile) + 1
        out[i] = roll(4) == 0 and string.char(roll(256)) or hostile:sub(from, from + roll(20))
      end
      return table.concat(out)
    end
    local function document(depth)
      local kind = roll(depth > 4 and 6 or 8)
      if kind == 0 then
        return text()
      elseif kind == 1 then
        return numbers[roll(#numbers) + 1]
      elseif kind == 2 then
        return roll(2) == 0
      elseif kind == 3 then
        return json.integer("1844674407370955" .. (1000 + roll(600)))
      elseif kind == 4 then
        return (roll(1 << 22) << 42) ~ roll(1 << 22)
      elseif kind == 5 then
        return json.null
      end
      local out = kind == 6 and json.array() or {}
      for i = 1, roll(6) do
        out[kind == 6 and i or "k" .. text()] = document(depth + 1)
      end
      return out
    end
    for _ = 1, 2000 do
      local doc = document(1)
      local written = assert(json.encode(doc))
      local back, err = json.decode(written)
      assert.is_nil(err, written)
      assert.equal(written, json.encode(back))
      assert.same(doc, back)
      assert.equal(written, json.encode(json.decode(json.encode(doc, { indent = 1 }))))
    end
  end)
end)
