-- SPDX-License-Identifier: MIT
--- Hooks as a part of a configuration: what is understood, what is refused, what a file keeps.
require("spec.support.schema_stub").provide()
local check = require "libcontainer.check"
local configs = require "libcontainer.configs"
local hooks = require "libcontainer.configs.hooks"

local function problems_of(list)
  local _, err = configs.validate { rootfs = "/srv/x", hooks = list }
  local found = {}
  for _, problem in ipairs(err and err.problems or {}) do
    found[problem.field] = problem.message .. (problem.hint and " — " .. problem.hint or "")
  end
  return found
end

describe("hooks of a configuration", function()
  it("are programs or functions, a timeout seconds or text with a unit [O53] [O59]", function()
    local function call() end
    local strict = assert(configs.prepare_config { rootfs = "/srv/x", hooks = { prestart = { call,
      { path = "/a", args = { "" }, env = { "A=" }, timeout = "250ms" }, { call = call }, { path = "/b", timeout = 2 } } } })
    local list = strict.hooks.prestart
    assert.equal(call, list[1].call)
    assert.equal(0.25, list[2].timeout)
    assert.equal(call, list[3].call)
    assert.same({ 2, 30 }, { hooks.timeout(list[4]), hooks.timeout(list[1]) })
    for _, kind in ipairs(hooks.KINDS) do
      assert.is_true(configs.validate { rootfs = "/srv/x", hooks = { [kind] = { { path = "/a" } } } })
      assert.is_true(configs.validate { rootfs = "/srv/x", hooks = { [kind] = {} } })
    end
  end)

  it("name the field, the value and the way out of everything that is wrong, at once [O53] [O59]", function()
    local found = problems_of { prestart = { {}, { path = "bin/true" }, { path = "/a", args = {} }, { path = "/a", env = { "A", "=b" } },
      { path = "/a", timeout = 0 }, { path = "/a", timeout = -1 }, { path = "/a", timeout = "soon" }, { path = "/a", user = "x" },
      { path = "/a", arg = { "x" } }, "text", { call = "f" }, { call = print, path = "/a", timeout = 1 }, { path = "/a\0b" },
      { path = "/a", timeout = 0 / 0 }, { path = "/a", timeout = math.huge } },
      createRuntime = {}, poststart = { path = "/a" }, poststop = "x" }
    assert.matches("is required — a program of the host, or a Lua function", found["hooks.prestart[1].path"])
    assert.matches('must be an absolute path — did you mean "/bin/true"', found["hooks.prestart[2].path"])
    assert.matches("must not be empty", found["hooks.prestart[3].args"])
    assert.equal('must be "NAME=value"', found["hooks.prestart[4].env[1]"])
    assert.equal('must be "NAME=value"', found["hooks.prestart[4].env[2]"])
    assert.matches("must be more than 0", found["hooks.prestart[5].timeout"])
    assert.matches("must be between", found["hooks.prestart[6].timeout"])
    assert.matches("must be a number, not text", found["hooks.prestart[7].timeout"])
    assert.matches("is no field of what is run", found["hooks.prestart[8].user"])
    assert.matches('did you mean "args"', found["hooks.prestart[9].arg"])
    assert.matches("must be a table, not text", found["hooks.prestart[10]"])
    assert.equal("must be a function, not text", found["hooks.prestart[11].call"])
    assert.matches("is for a program, and this hook is a Lua function", found["hooks.prestart[12].path"])
    assert.matches("is for a program", found["hooks.prestart[12].timeout"])
    assert.matches("NUL", found["hooks.prestart[13].path"])
    assert.is_string(found["hooks.prestart[14].timeout"])
    assert.is_string(found["hooks.prestart[15].timeout"])
    assert.matches('did you mean "create_runtime"', found["hooks.createRuntime"])
    assert.matches('has the key "path"', found["hooks.poststart"])
    assert.matches("must be an array", found["hooks.poststop"])
    assert.matches("must be a table", problems_of("x").hooks)
    local many = {}
    for i = 1, 1025 do many[i] = { path = "/a" } end
    assert.matches("more than 1024", problems_of({ prestart = many })["hooks.prestart"])
  end)

  it("that are functions are true in a file, and are known again", function()
    local function call() end
    local strict = assert(configs.prepare_config { rootfs = "/srv/x", hostname = "a",
      hooks = { prestart = { { path = "/a" }, call }, poststop = { call } } })
    local stored = hooks.storable(strict)
    assert.same({ { path = "/a" }, { call = true } }, check.copy(stored.hooks.prestart))
    assert.equal(call, strict.hooks.prestart[2].call)
    local read = assert(configs.prepare_config(stored))
    assert.equal("hooks.prestart[2]", hooks.lost(read))
    assert.is_nil(hooks.lost(strict))
    read.hostname = "b"
    local known = hooks.with_functions(read, strict)
    assert.same({ "b", call, true }, { known.hostname, known.hooks.prestart[2].call, read.hooks.prestart[2].call })
    read.hooks.prestart = nil
    assert.same({ "hooks.poststop[1]", nil }, { hooks.lost(read), hooks.lost(read, true) })
    assert.matches("stands for one in a state file", tostring(select(2, hooks.check_written(read))))
    local plain = assert(configs.prepare_config { rootfs = "/srv/x", hooks = { prestart = { { path = "/a" } } } })
    assert.equal(plain, hooks.storable(plain))
    assert.equal(plain, hooks.with_functions(plain, plain))
  end)
end)
