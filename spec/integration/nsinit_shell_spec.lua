-- SPDX-License-Identifier: MIT
-- nsinit's prompt at a terminal: a pty of the host's, and somebody who types when they are asked.
local command = require "spec.support.command"
local fixture = require "spec.support.fixture"

local AT_A_TERMINAL <const> = [[
local now = require("libcontainer.core").now
local line, directory = ...
local master, slave = posix.openpty(100, 30)
local child = posix.fork()
if child == 0 then
  for fd = 0, 2 do posix.move(slave, fd) end
  posix.close(master)
  os.execute(line)
  posix.exit(0)
end
posix.close(slave)

local text, at = "", 1
local function sees(what)
  local deadline = now() + seconds(30)
  while true do
    local _, last = text:find(what, at, true)
    if last then at = last + 1 return end
    local is_fine, chunk = pcall(posix.read, master)
    if is_fine then text = text .. chunk end
    assert(now() < deadline, what .. " never came: " .. text)
    posix.pause(5000)
  end
end
local function types(what) posix.write(master, what) end
]]

describe("nsinit shell at a terminal", function()
  local function at_a_terminal(script, home)
    return fixture.lua_prints(AT_A_TERMINAL .. script, { args = {
      ("HOME=%s TERM=dumb exec %s --root %s/root shell"):format(home, command.program, fixture.directory()), fixture.directory() } })
  end

  it("edits lines, completes names, and knows them the next time", function()
    fixture.needs("root", "cc")
    if not pcall(require, "readline") then fixture.skip "needs the package lua-readline" end
    local home = fixture.directory()
    at_a_terminal([[
      sees "> " types "1 + 12\b\n" sees "\n2"
      sees "> " types "lc.vers\t\n" sees("\n" .. require("libcontainer").version)
      sees "> " types "factory:li\t)\n" sees "none"
      sees "> " types "x = function()\n" sees ">> " types "return 'sev' .. 'en' end\n"
      sees "> " types "x()\n" sees "seven"
      sees "> " types "error 'of mine'\n" sees "of mine"
      sees "> " types "\4" assert(posix.wait(child) == child)]], home)
    assert.truthy(fixture.read(home .. "/.nsinit_history"):find("x()\n", 1, true))
    at_a_terminal([[
      sees "> " types "\27[A\n" sees "stdin:1: of mine"
      sees "> " types "\4" assert(posix.wait(child) == child)]], home)
  end)

  it("reads lines as they are where nobody has a home", function()
    fixture.needs("root", "cc")
    at_a_terminal([[
      sees "> " types "1 + 1\n" sees "\n2"
      sees "> " types "\4" assert(posix.wait(child) == child)]], "")
  end)
end)
