-- SPDX-License-Identifier: MIT
--- How specs run a sweep of faults: in an interpreter of its own with the fault build of the core, and
-- in a mount namespace of its own, so that a mount of somebody else is not taken for a leak.
local fixture = require "spec.support.fixture"
local programs = require "spec.support.programs"
local sweep = require "spec.support.fault_sweep"

local M = {}

-- A sweep that hangs is ended; a sane one takes seconds, or minutes where it tries everything.
local TIMEOUT <const> = sweep.is_full and 3000 or 300

local function run(command, namespaces, format, ...)
  local output = fixture.directory() .. "/sweep"
  os.execute(("%s exec timeout -s KILL %d unshare %s %s >%s 2>&1"):format(command, fixture.seconds(TIMEOUT),
    namespaces, format:format(...), output))
  local text = fixture.read(output)
  local cases, problems = text:match("cases (%d+) %w+ %d+ problems (%d+)\n$")
  if problems ~= "0" then error("the sweep found:\n" .. text:sub(1, 4000), 0) end
  return tonumber(cases), text
end

--- Run one of spec/support/fault_{host,init}.lua; raises with what it found.
---@param program string   its name
---@param ... string       its arguments behind root and root file system
---@return integer cases
---@return string output
function M.sweep(program, scenario, ...)
  fixture.needs("root", "busybox", "fault_build", "release")
  local command = ("LUA_PATH='%s' LUA_CPATH='build/fault/?.so;%s/?.so;;'"):format(package.path,
    fixture.posix_directory() or ".")
  local before = program == "fault_host" and table.concat({ scenario, (...) }, " ") or scenario
  local rest = program == "fault_host" and table.concat({ select(2, ...) }, " ") or table.concat({ ... }, " ")
  -- That of the foreign containers holds one state root for each, so it is none itself.
  local root = fixture.directory() .. (scenario == "foreign" and "/roots" or "/state")
  local namespaces = scenario == "network" and "-m -n" or "-m" -- where nobody else has bridges
  return run(command, namespaces, "lua5.4 spec/support/%s.lua %s %s %s %s", program, before, root, fixture.rootfs(), rest)
end

local driver

local function make_driver()
  if driver == nil then
    driver = programs.compile("alloc_driver", fixture.read("spec/c/alloc_driver.c"),
      "cc -std=gnu17 -D_GNU_SOURCE -O1 -Wall -Wextra -I/usr/include/lua5.4", "-llua5.4") or false
  end
  return driver
end

--- Run a scenario of spec/support/fault_alloc.lua with the build under test.
---@param name string
---@param mode "once"|"from"
---@param cases integer  how many of its requests for memory fail
---@return integer cases
function M.starve(name, mode, cases)
  fixture.needs("root", "busybox", "cc")
  local command = ("LUA_PATH='%s' LUA_CPATH='%s' SWEEP_ROOT=%s/state SWEEP_ROOTFS=%s"):format(package.path,
    package.cpath, fixture.directory(), fixture.rootfs())
  return (run(command, "-m", "%s spec/support/fault_alloc.lua %s %s %d", assert(make_driver()), name, mode, cases))
end

return M
