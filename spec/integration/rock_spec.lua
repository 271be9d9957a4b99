-- SPDX-License-Identifier: MIT
-- The rock: what `luarocks make` installs works without the checkout.
local fixture = require "spec.support.fixture"

-- A command with nothing of the checkout in its paths.
local function installed(tree, format, ...)
  return fixture.sh([[cd / && LUA_PATH='%s/share/lua/5.4/?.lua;%s/share/lua/5.4/?/init.lua;;' \
    LUA_CPATH='%s/lib/lua/5.4/?.so;;' ]] .. format, tree, tree, tree, ...)
end

describe("luarocks make --deps-mode=none --tree DIR", function()
  fixture.check_leaks()

  it("gives an installation that runs a container, and its files are complete", function()
    fixture.needs("root", "gcc", "luarocks", "release", "pace")
    -- in a copy without build/: the rock builds everything itself, and the checkout stays as it is
    local copy, tree = fixture.directory() .. "/a copy", fixture.directory() .. "/a tree"
    fixture.sh("mkdir '%s' && tar -c --exclude=./build --exclude=./.git . | tar -x -C '%s'", copy, copy)
    local log = fixture.sh("cd '%s' && luarocks --lua-version=5.4 make --deps-mode=none --tree '%s' "
      .. "rockspec/libcontainer-scm-1.rockspec 2>&1", copy, tree)
    fixture.sh("rm -rf '%s'", copy)
    assert.truthy(fixture.read(tree .. "/lib/lua/5.4/libcontainer/core.so"), log)

    local script = fixture.directory() .. "/script.lua"
    fixture.write(script, [[
      local lc = require "libcontainer"
      local r = assert(lc.run { "sh", "-c", "echo from $(uname -n)", memory = "64M" })
      io.write(r.stdout, r.status, "\n", package.searchpath("libcontainer", package.path), "\n")]])
    assert.equal("from container\n0\n" .. tree .. "/share/lua/5.4/libcontainer/init.lua",
      installed(tree, "lua5.4 %s 2>&1", script))

    -- the command has all of it inside, and asks nobody where
    local evil = fixture.directory()
    fixture.sh("mkdir %s/nsinit && echo 'error \"of the caller\"' | tee %s/nsinit/main.lua >%s/cjson.lua", evil, evil, evil)
    assert.equal("[]", fixture.sh("cd / && LUA_PATH='%s/?.lua' LUA_CPATH='%s/?.so' '%s/bin/nsinit' --root %s list -f json 2>&1",
      evil, evil, tree, evil))

    for module in fixture.sh("cd lua && find libcontainer -name '*.lua' ! -path '*/meta/*'"):gmatch("%S+") do
      local name = module:gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
      assert.equal("", installed(tree, "lua5.4 -e 'require \"%s\"' 2>&1", name))
    end
    assert.is_true(fixture.read(tree .. "/lib/lua/5.4/libcontainer/init"):find("^\127ELF") ~= nil)
  end)
end)
