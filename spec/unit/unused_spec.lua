-- SPDX-License-Identifier: MIT
-- Nothing is there that nobody uses: a function is called by the library itself, or it is a part of its
-- interface. A spec that calls it is no use of it.
local fixture = require "spec.support.fixture"

local function sources(command, comment)
  local texts, counts = {}, {}
  for path in fixture.sh(command):gmatch("%S+") do
    local text = assert(fixture.read(path)):gsub(comment, " ")
    texts[path] = text
    for word in text:gmatch("[%a_][%w_]*") do counts[word] = (counts[word] or 0) + 1 end
  end
  return texts, counts
end

describe("a function", function()
  it("of the C core that other files may call is called by one", function()
    local texts, counts = sources("find src -name '*.[ch]' -o -name '*.def'", "/%*.-%*/")
    local unused, count = {}, 0
    for path, text in pairs(texts) do
      -- operations of the init are called by the table that is made from ops.def, what cleans up by a macro
      for name in ("\n" .. text):gmatch("\n[%a][%w_ ]*[ *](lc_[%w_]+)%(") do
        local wanted = path:match("%.c$") and 3 or 2 -- declared, defined, called; inline ones are not declared
        count = count + 1
        local is_named = not name:match("^lc_init_") and not name:match("^lc_cleanup_")
        if is_named and counts[name] < wanted then unused[#unused + 1] = path .. ": " .. name end
      end
    end
    assert.same({}, unused)
    assert.is_true(count > 300, "only " .. count)
  end)

  it("that the core offers to Lua is called there, or by what makes faults", function()
    local _, counts = sources("find lua -name '*.lua' ! -path '*/meta/*'", "%-%-[^\n]*")
    local binding = sources("find src/binding -name '*.c'", "/%*.-%*/")
    local unused, count = {}, 0
    for _, text in pairs(binding) do
      for name in text:gmatch('{"([%l_]+)", [%l_]+}') do
        count = count + 1
        if not counts[name] and not name:match("^fault") and not name:match("^__") then unused[#unused + 1] = name end
      end
    end
    assert.same({}, unused)
    assert.is_true(count > 80, "only " .. count)
  end)

  it("of a Lua module is called by the library, or documented", function()
    local texts, counts = sources("find lua src/nsinit -type f ! -path '*/meta/*'", "%-%-[^\n]*")
    local page, unused, count = fixture.read "doc/reference/api.md", {}, 0
    for path, text in pairs(texts) do
      for name in ("\n" .. text):gmatch("\nfunction %u%l*[.:](%l[%w_]*)%(") do
        count = count + 1
        if counts[name] < 2 and not page:find("[.:`]" .. name .. "%f[^%w_]") then
          unused[#unused + 1] = path .. ": " .. name
        end
      end
    end
    assert.same({}, unused)
    assert.is_true(count > 150, "only " .. count)
  end)
end)
