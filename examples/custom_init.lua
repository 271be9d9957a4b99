-- SPDX-License-Identifier: MIT
-- A Lua script as the container's init. This file is both halves: the host tells its factory to start
-- it again with "init"; that half, already in the new namespaces and limits, does something of its
-- own, then hands over to the plan, which ends in the program.
local lc = require "libcontainer"
local configs = require "libcontainer.configs"

if arg[1] == "init" then
  -- what is done here is done before the container's root is in place, and the program inherits it
  local file = assert(io.open("/proc/self/oom_score_adj", "w"))
  assert(file:write("500"))
  file:close()
  print("init: a Lua script, " .. _VERSION)
  io.stdout:flush()
  error(select(2, assert(lc.new()):start_initialization()))
end

local lua_path, lua_cpath = "LUA_PATH=" .. package.path, "LUA_CPATH=" .. package.cpath
local factory = assert(lc.new(nil, {
  init_path = "/usr/bin/env", -- an init starts without environment: env gives it one
  init_args = { lua_path, lua_cpath, "lua5.4", arg[0], "init" },
}))
local id = "custom-" .. math.random(1 << 30)
local box <close> = assert(factory:create(id, assert(configs.host_root())))
local program = assert(box:start {
  "sh", "-c", "echo \"program: process $$, oom_score_adj $(cat /proc/self/oom_score_adj)\"",
  stdout = "pipe", stderr = "inherit",
})
io.write(program.stdout:read("a"))
print("status " .. assert(program:wait(10)).status)
