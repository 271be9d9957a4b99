-- SPDX-License-Identifier: MIT
-- Talking with a program: what it reads is written line by line, and each answer is read before the
-- next question. Closing its stdin is how it learns that there is no more.
local lc = require "libcontainer"
local configs = require "libcontainer.configs"

local factory = assert(lc.new())
local config = assert(configs.host_root { memory = "64M", pids = 8 })
local box <close> = assert(factory:create("pipeline-" .. math.random(1 << 30), config))
local program = assert(box:start {
  "sh", "-c", "while read -r a b; do echo $((a * b)); done; echo no more >&2",
  stdin = "pipe", stdout = "pipe", stderr = "pipe",
})

for _, pair in ipairs { "6 7", "12 12", "1000 1000" } do
  assert(program.stdin:write(pair, "\n"))
  print(pair .. " = " .. program.stdout:read("l", 10))
end
program.stdin:close()

for line in program.stderr:lines() do print("stderr: " .. line) end
print("status " .. assert(program:wait(10)).status)
