-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"

describe("a container", function()
  fixture.check_leaks()

  it("runs a program and tells its status and output", function()
    fixture.needs("root", "busybox")
    local r = assert(fixture.run({}, "sh", "-c", "echo hello; exit 3"))
    assert.equal("hello\n", r.stdout)
    assert.equal(3, r.status)
  end)
end)
