-- SPDX-License-Identifier: MIT
--- What the library asks the kernel for, by tracer.c: every call that names a file, of the host's
-- interpreter, of the init and of the program, with what the kernel made of it.
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"

local M = {}

---@class trace.Call
---@field who "host"|"init"|"program"  the init begins in the window between clone and exec
---@field is_inside boolean            the root has been entered: paths are the container's
---@field name string
---@field paths string[]               every path in it, absolute, as it was given otherwise
---@field flags integer
---@field option integer|nil           of prctl, whose argument is `flags`
---@field result integer
---@field file string|nil              what it has opened, …
---@field mode integer|nil
---@field inode string|nil             … "device:inode"

local function join(base, path)
  if path:sub(1, 1) == "/" then return path end
  return path == "" and base or base:gsub("/$", "") .. "/" .. path
end

local function read_call(pid, name, arguments, results)
  local call = { pid = pid, name = name, paths = {}, flags = 0 }
  local base = ""
  for letter, value in arguments:gmatch("\t(%l)=([^\t]*)") do
    if letter == "d" then
      base = value
      if name == "setns" or name == "fchdir" then call.paths[#call.paths + 1] = value end
    elseif letter == "p" then
      call.paths[#call.paths + 1] = join(base, value)
    elseif letter == "f" then
      if name == "prctl" then call.option = call.option or tonumber(value, 16) end
      call.flags = tonumber(value, 16)
    end
  end
  local result, file, mode, inode = results:match("^([^\t]+)\t?([^\t]*)\t?([^\t]*)\t?(.*)$")
  call.result = math.tointeger(tonumber(result))
  if inode ~= "" then call.file, call.mode, call.inode = file, tonumber(mode, 8), inode end
  return call
end

-- Whose calls they are: the interpreter's own tasks; what it starts, until the second exec; the rest.
local function tell_whose(list)
  local tasks = { [list[1].pid] = { who = "host", execs = 0 } }
  for _, call in ipairs(list) do
    local task = tasks[call.pid]
    call.who, call.is_inside = task.who, task.is_inside or false
    if call.name == "started" then
      tasks[tostring(call.result)] = { who = task.who == "host" and "init" or "program", execs = 0,
        is_inside = task.is_inside }
    elseif call.name:find("^execve") and call.result == 0 and task.who == "init" then
      task.execs = task.execs + 1
      if task.execs == 2 then task.who = "program" end
    elseif call.name == "pivot_root" and call.result == 0 then
      task.is_inside = true
    end
  end
end

--- Run a script as fixture.lua_prints does, and answer the calls of it and of what it started.
---@return trace.Call[] calls
---@return string stdout
function M.calls(script, options)
  fixture.needs("root", "gcc", "release")
  local tracer = inside.compile("tracer", fixture.read("spec/support/tracer.c"))
  local output = fixture.directory() .. "/calls"
  local more = { before = ("timeout -s KILL %d %s %s"):format(fixture.seconds(300), tracer, output) }
  for name, value in pairs(options or {}) do more[name] = value end
  local stdout = fixture.lua_prints(script, more)
  local list = {}
  for line in io.lines(output) do
    local pid, name, arguments, results = line:match("^(%d+)\t(%w+_?%w*)(.-)\t>\t(.*)$")
    list[#list + 1] = read_call(pid, name, arguments, results)
  end
  tell_whose(list)
  return list, stdout
end

local OPEN <const> = { open = true, openat = true, openat2 = true, creat = true }
local O_PATH <const>, O_TRUNC <const>, O_CREAT <const>, O_EXCL <const> = 0x200000, 0x200, 0x40, 0x80
local O_NOFOLLOW <const> = fixture.sh("uname -m") == "aarch64" and 0x8000 or 0x20000

--- Did the call open a file's content?
function M.opens(call)
  return OPEN[call.name] and call.result >= 0 and call.flags & O_PATH == 0
end

--- Did it open one to write into it, or make it?
function M.opens_to_write(call)
  return M.opens(call) and (call.name == "creat" or call.flags & 3 ~= 0 or call.flags & (O_TRUNC | O_CREAT) ~= 0)
end

--- Would it follow a link in the place of the last name? A new file is made in the place of none.
function M.follows_link(call)
  if OPEN[call.name] and call.flags & O_CREAT ~= 0 and call.flags & O_EXCL ~= 0 then return false end
  return call.flags & O_NOFOLLOW == 0
end

local MAKES <const> = { creat = 1, mkdir = 1, mkdirat = 1, mknod = 1, mknodat = 1, symlink = 1, symlinkat = 1,
  link = 2, linkat = 2, rename = 2, renameat = 2, renameat2 = 2 }

--- The path of what the call makes or would make, nil when it makes nothing.
function M.makes(call)
  if OPEN[call.name] and call.flags & O_CREAT ~= 0 then return call.paths[1] end
  return MAKES[call.name] and call.paths[MAKES[call.name]]
end

--- Is `path` one of `places`, or below one?
function M.is_below(path, places)
  for _, place in ipairs(places) do
    if path == place or path:sub(1, #place + 1) == place .. "/" then return true end
  end
  return false
end

return M
