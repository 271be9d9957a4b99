-- SPDX-License-Identifier: MIT
--- The check of the floors finds what it is there for.
describe("the check of the floors", function()
  local copy

  local function run(command)
    local done = os.execute(("cd %s && %s >out 2>&1"):format(copy, command))
    local file <close> = assert(io.open(copy .. "/out"))
    return done or false, file:read("a")
  end

  before_each(function()
    copy = os.tmpname()
    os.remove(copy)
    os.execute(("mkdir -p %s/spec/support && cp -r src lua examples bench %s/"):format(copy, copy))
    os.execute(("cp spec/support/floors.lua %s/spec/support/"):format(copy))
  end)
  after_each(function() os.execute("rm -rf " .. copy) end)

  local function check_with(path, line)
    local file <close> = assert(io.open(copy .. "/" .. path, "a"))
    file:write(line, "\n")
    file:close()
    return run("lua5.4 spec/support/floors.lua")
  end

  it("passes the house as it is", function()
    local fine, text = run("lua5.4 spec/support/floors.lua")
    assert.is_true(fine, text)
  end)

  it("fails for an include of a floor above", function()
    local fine, text = check_with("src/plan/read.c", '#include "container/host.h"')
    assert.is_false(fine)
    assert.matches("src/plan/read.c: plan may not use container/host.h", text, 1, true)
  end)

  it("fails for lua.h outside of the binding", function()
    local fine, text = check_with("src/container/host.c", "#include <lua.h>")
    assert.is_false(fine)
    assert.matches("lua.h belongs to src/binding/", text, 1, true)
  end)

  it("fails when the init uses more of the ground floor than the error", function()
    assert.is_false((check_with("src/init/exec.c", '#include "base/file.h"')))
  end)

  it("fails for a circle of modules", function()
    local fine, text = check_with("lua/libcontainer/loop.lua", 'require "libcontainer.container"')
    assert.is_false(fine)
    assert.matches("circle", text, 1, true)
  end)

  it("fails for a circle of two files in one room", function()
    -- a word in a comment, a text, or of a type is no use
    assert.is_true((check_with("src/base/parse.c",
      '/* lc_cgroup_pids */\nstatic const char *const no_use = "lc_cgroup_pids"; struct lc_cgroup_usage;')))
    local fine, text = check_with("src/cgroups/tree.c",
      "int lc_cgroup_turn(struct lc_cgroup *cg)\n{\n\treturn lc_cgroup_pids(cg, NULL, NULL, NULL);\n}")
    assert.is_false(fine)
    assert.matches("circle", text, 1, true)
    assert.matches("src/cgroups/tree.c", text, 1, true)
  end)

  it("fails when the library requires a foreign module", function()
    assert.is_false((check_with("lua/libcontainer/loop.lua", 'require "socket"')))
  end)
end)
