-- SPDX-License-Identifier: MIT
--- Which builds of Lua the binding can be compiled for. Its headers are looked at, nothing is run.
local fixture = require "spec.support.fixture"

-- What the compiler says of a file of the binding, with headers of Lua that `change` (sed) has changed.
local function compile(change, options)
  fixture.needs("gcc", "cc")
  local include = fixture.directory()
  fixture.sh("cp /usr/include/lua5.4/*.h %s && sed -i '%s' %s/luaconf.h %s/lua.h && mkdir %s/gnu && : >%s/gnu/stubs-32.h",
    include, change, include, include, include, include)
  return fixture.sh("gcc %s -std=gnu17 -D_GNU_SOURCE -fsyntax-only -Isrc -isystem %s src/binding/failure.c 2>&1; "
    .. "echo status $?", options or "", include)
end

describe("the binding", function()
  fixture.check_leaks()

  it("compiles for the usual Lua, with its checks of the API on or off [E31]", function()
    assert.equal("status 0", compile("s/nothing/nothing/"))
    assert.equal("status 0", compile("s/nothing/nothing/", "-DLUA_USE_APICHECK -DLUAI_ASSERT"))
  end)

  it("is refused by the compiler for a Lua that it cannot work with, which is told what is missing [E31]", function()
    for change, words in pairs {
      ["s/#define LUA_32BITS.*/#define LUA_32BITS 1/"] = "build Lua without LUA_32BITS",
      ["s,.*#define LUA_NOCVTN2S .*,#define LUA_NOCVTN2S,"] = "build Lua without LUA_NOCVTN2S",
      ["s/#define LUA_INT_TYPE.*/#define LUA_INT_TYPE LUA_INT_INT/"] = "64%-bit integers",
      ["s/#define LUA_FLOAT_TYPE.*/#define LUA_FLOAT_TYPE LUA_FLOAT_FLOAT/"] = "numbers are doubles",
      ["s/LUA_VERSION_NUM.*504/LUA_VERSION_NUM 503/"] = "headers of Lua 5%.4",
    } do
      local said = compile(change)
      assert.matches(words, said)
      assert.matches("status [1-9]", said)
    end
  end)

  it("is refused on a machine of 32 bits [E31]", function()
    fixture.needs("gcc", "x86_64")
    -- its own headers of libc need not be installed for that
    local said = compile("s/nothing/nothing/", "-m32 -isystem /usr/include/$(gcc -print-multiarch)")
    assert.matches("64%-bit machine", said)
    assert.matches("status [1-9]", said)
  end)
end)
