-- SPDX-License-Identifier: MIT
-- What a run of the tests ends with: what failed, of all that it has said.
local SAID <const> = [[
core.so is 2853000 bytes
-- spec/unit/one_spec.lua (3 s)
++-+
3 successes / 1 failure / 0 errors / 1 pending : 2 seconds

Pending -> ./spec/support/fixture.lua @ 135
waits for another machine

Failure -> spec/unit/one_spec.lua @ 22
one thing
spec/unit/one_spec.lua:23: Expected objects to be equal.

stack traceback:
-- spec/unit/two_spec.lua (2 s)
2 successes / 0 failures / 0 errors / 0 pending : 2 seconds
not ok 7 - of C
== what failed
Failure -> spec/unit/one_spec.lua @ 22
said before
left on the machine (< before, > after):
> /sys/fs/cgroup/libcontainer-x
8 passed, 3 failed, 1 skipped
=== make check: 5 s
]]

describe("the end of a run", function()
  local function failures(text)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    assert(file:write(text))
    file:close()
    local said <close> = assert(io.popen("spec/support/failures " .. path))
    local answer = said:read("a")
    os.remove(path)
    return answer
  end

  it("says again what failed, once, with its file", function()
    assert.equal([[
--- spec/unit/one_spec.lua
Failure -> spec/unit/one_spec.lua @ 22
one thing
spec/unit/one_spec.lua:23: Expected objects to be equal.

stack traceback:
not ok 7 - of C
left on the machine (< before, > after):
> /sys/fs/cgroup/libcontainer-x
]], failures(SAID))
  end)

  it("says nothing where nothing failed", function()
    assert.equal("", failures((SAID:gsub("Failure.*", ""))))
  end)
end)
