-- SPDX-License-Identifier: MIT
--- What a test may leave behind: mounts, cgroups, descriptors, processes, the signal mask, the working
-- directory. Looked at by the interpreter itself: starting programs for it takes longer than most tests,
-- and a program that a shell starts may see us with all signals blocked, as the C library does it.
local core = require "libcontainer.core"

local M = {}

local DESCRIPTORS <const> = 256

local function read(path)
  local file <close> = io.open(path)
  return file and file:read("a")
end

local function lines_of(path, keep)
  local list = {}
  for line in read(path):gmatch("[^\n]+") do
    line = keep(line)
    if line then list[#list + 1] = line end
  end
  return table.concat(list, "\n")
end

-- Without the numbers, which say nothing about what is mounted.
local function list_mounts()
  return lines_of("/proc/self/mountinfo", function(line) return line:match("^%d+ %d+ %S+ %S+ (.*)") end)
end

local function list_masks()
  return lines_of("/proc/self/status", function(line)
    return (line:find("^Sig[BIC]") or line:find("^Umask")) and line
  end)
end

-- With what tells one file from another; the position moves while one reads.
local function list_descriptors()
  local list = {}
  for fd = 0, DESCRIPTORS - 1 do
    local text = read("/proc/self/fdinfo/" .. fd)
    if text then
      list[#list + 1] = ("%d: mount %s, inode %s"):format(fd, text:match("mnt_id:%s*(%d+)"), text:match("ino:%s*(%d+)"))
    end
  end
  return table.concat(list, "\n")
end

-- Children, those that nobody has reaped too, but for shells of popen.
local function list_processes()
  local list = {}
  for pid in read(("/proc/self/task/%d/children"):format(core.pid())):gmatch("%d+") do
    local status = read(("/proc/%s/status"):format(pid))
    local name, state = (status or ""):match("^Name:%s*(%S+).*\nState:%s*(%a)")
    if state and name ~= "sh" then list[#list + 1] = ("%s %s %s"):format(pid, name, state) end
  end
  return table.concat(list, "\n")
end

-- Of the state roots below these directories: others may test beside us.
local function list_cgroups(directories, sh)
  local keys = {}
  for _, path in ipairs(directories) do
    local is_there <close> = io.open(path .. "/state")
    local handle = is_there and core.root(path .. "/state")
    if handle then
      keys[#keys + 1] = ("-name 'libcontainer-%s-*'"):format(handle:key())
      handle:close()
    end
  end
  if #keys == 0 then return "" end
  return sh("find /sys/fs/cgroup -type d \\( %s \\) 2>/dev/null | sort", table.concat(keys, " -o "))
end

--- How it is now.
---@param directories string[]  that the test has made
---@param sh function           fixture.sh
---@return table<string, string>
function M.snapshot(directories, sh)
  return {
    mounts = list_mounts(),
    cgroups = list_cgroups(directories, sh),
    descriptors = list_descriptors(),
    processes = list_processes(),
    masks = list_masks(),
    -- relative names still lead to this checkout
    directory = read("spec/support/leaks.lua") and "the checkout" or "another",
  }
end

--- What is another now, in words; nil when all is as it was.
---@param before table<string, string>
---@param after table<string, string>
---@return string|nil
function M.difference(before, after)
  for what, value in pairs(before) do
    if after[what] ~= value then
      return ("%s changed by the test:\n%s\nbecame\n%s"):format(what, value, after[what])
    end
  end
end

return M
