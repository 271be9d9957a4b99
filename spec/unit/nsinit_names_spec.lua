-- SPDX-License-Identifier: MIT
local names = require "nsinit.names"

describe("names that a word may go on with", function()
  local class = { start = print, stop = print, _load = print, version = 1 }
  class.__index = class
  local environment = { box = setmetatable({ root = "/", _record = {} }, class), boxes = {}, text = "abc", ["a b"] = 1,
    forever = setmetatable({ one = 1 }, {}), trap = setmetatable({ own = 1 }, { __index = function() error "asked" end }) }
  getmetatable(environment.forever).__index = environment.forever

  local function of(word) return table.concat(names.of(word, environment), " ") end

  it("are those of the environment, of fields and of what stands behind an object", function()
    assert.equal("box boxes", of "bo")
    assert.equal("box.root box.start( box.stop( box.version", of "box.")
    assert.equal("box:start( box:stop(", of "box:st")
    assert.equal("print(x,box.version", of "print(x,box.ver")
    assert.equal("text:upper(", of "text:upp")
    assert.equal("", of "none.x")
    assert.equal("", of "box.root.none.")
  end)

  it("are private ones for who asks for them alone, and none that could not be typed", function()
    assert.equal("box.__index box._load( box._record", of "box._")
    assert.equal("box boxes forever text trap", of "")
  end)

  it("are found by looking: nothing is called, and no circle followed without end", function()
    assert.equal("trap.own", of "trap.")
    assert.equal("", of "trap.absent.")
    assert.equal("forever.one", of "forever.")
  end)
end)
