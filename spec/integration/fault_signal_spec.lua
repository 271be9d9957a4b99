-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"

describe("a host with a signal every millisecond", function()
  fixture.check_leaks()

  -- [E19] and [L14]: its handler is without SA_RESTART, so whatever can be interrupted is.
  it("runs fifty containers as if there were none [L14] [E19]", function()
    fixture.needs("root", "busybox", "cc")
    local printed = fixture.lua_prints([[
      local run = require "libcontainer.run"
      local factory = assert(lc.new(root))
      posix.tick(1000)
      for i = 1, rounds(50, 10) do
        local text = ("%d\n"):format(i):rep(40000)
        local sent = false
        local r = assert(run.run(factory, { "sh", "-c", "cat; echo done >&2; exit 7", rootfs = rootfs,
          timeout = seconds(60), input = function() if not sent then sent = true return text end end }))
        assert(r.status == 7, tostring(r))
        assert(r.stdout == text and r.stderr == "done\n", #r.stdout)
        local box = assert(factory:create("missing", { rootfs = rootfs }))
        local p, err = box:start { "/absent" }
        assert(not p and err.step == "exec" and err.errname == "ENOENT", tostring(err))
        assert(box:destroy())
      end
      posix.tick(0) -- the handler goes with its library
      assert(posix.ticks() > 50)
      print(#assert(factory:list()))
    ]], { args = { fixture.directory() .. "/state", fixture.rootfs() } })
    assert.equal("0\n", printed)
  end)
end)
