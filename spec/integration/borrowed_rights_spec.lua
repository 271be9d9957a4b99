-- SPDX-License-Identifier: MIT
--- An interpreter that has rights which its caller has not: by the mode or the capabilities of its file.
local fixture = require "spec.support.fixture"

-- Everything that an ordinary user needs to run a copy of the interpreter, prepared by shell commands.
local function try(prepare)
  local directory = fixture.directory()
  fixture.sh("cd %s && cp $(command -v lua5.4) lua && cd - && cp -r lua %s/modules && cp -r %s/libcontainer %s && "
    .. "chown -R root:root %s && chmod -R go+rX %s && chmod 755 %s && cd %s && %s", directory, directory, fixture.build,
    directory, directory, directory, directory, directory, prepare)
  fixture.write(directory .. "/script.lua", [[
    local is_fine, why = pcall(require, "libcontainer")
    print(is_fine or why)]])
  fixture.sh("chmod 644 %s/script.lua", directory)
  return fixture.sh("cd %s && export LUA_PATH='./modules/?.lua;./modules/?/init.lua' LUA_CPATH='./?.so;%s' && "
    .. "setpriv --reuid 65534 --regid 65534 --clear-groups ./lua script.lua 2>&1", directory, package.cpath)
end

describe("an interpreter that", function()
  fixture.check_leaks()

  it("has its caller's rights alone loads the library, whoever that is", function()
    fixture.needs("root", "release")
    assert.equal("true", try "true")
  end)

  it("got rights from its file is refused the library, in words that say why and what to do [E32]", function()
    fixture.needs("root", "release", "setcap", "suid")
    for _, prepare in ipairs { "chmod 4755 lua", "chgrp 7 lua && chmod 2755 lua", "setcap cap_sys_admin+ep lua",
      "chown 4321 lua && chmod 4755 lua" } do
      local said = try(prepare)
      assert.matches("libcontainer refuses to run", said, prepare)
      assert.matches("set%-user%-ID, set%-group%-ID or file capabilities", said, prepare)
      assert.matches("by a service or sudo", said, prepare)
    end
  end)
end)
