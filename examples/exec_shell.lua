-- SPDX-License-Identifier: MIT
-- Further programs in a container that runs: one whose result is collected, with limits of its own, one
-- that is looked at through a terminal, and a shell on the terminal of whoever starts this (ctrl-p ctrl-q
-- leaves it).
local lc = require "libcontainer"
local configs = require "libcontainer.configs"

local factory = assert(lc.new())
local box <close> = assert(factory:create("exec-shell", configs.host_root { hostname = "box", memory = "256M" }))
assert(box:start { "sleep", "infinity" })

-- A result: status, output, what it used. The timeout would end it and all that it has started.
local r = assert(box:exec { "sh", "-c", "echo from $(hostname); exit 3", memory = "32M", timeout = "10s" })
print(r.status, (r.stdout:gsub("\n", "")))

-- A terminal of the container's own, read and typed on from here.
local process = assert(box:start { "sh", "-c", "tty; read -r word; echo got $word", terminal = true })
print((process.terminal:read("l"):gsub("\r", "")))
process.terminal:write("a word\n") -- which the terminal echoes
print((process.terminal:read("a"):gsub("\r", "")))
assert(process:wait())

-- The same with a person at it.
local exit, why = box:shell { "sh" }
if exit then
  print("the shell ended with status " .. tostring(exit.status))
else
  print(exit == false and "detached" or tostring(why))
end
