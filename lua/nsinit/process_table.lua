-- SPDX-License-Identifier: MIT
--- A table of processes in the columns of ps(1), which need not be installed: those of `ps -ef`, or what the words
-- behind the id ask for, in the forms that are common: `aux`, `-e -x`, `-o pid,comm`.
local system = require "libcontainer.system"

local M = {}

local TICKS <const> = 100 -- a second has so many for programs, whatever the kernel counts in

local function clock(seconds)
  return ("%02d:%02d:%02d"):format(seconds // 3600, seconds // 60 % 60, seconds % 60)
end

local function cpu_seconds(one)
  return one.ticks // TICKS
end

-- Of the time that it has been there.
local function share(one)
  local age = math.max(one.now - one.started, 1)
  return one.ticks / TICKS / age * 100
end

-- Today's by its time, another day's by its date.
local function when(one)
  local format = os.date("%x", one.started) == os.date("%x", one.now) and "%H:%M" or "%b%d"
  return os.date(format, one.started)
end

local function terminal(one)
  local major, minor = one.terminal >> 8 & 0xfff, one.terminal & 0xff | one.terminal >> 12 & 0xfff00
  if one.terminal == 0 then return "?" end
  if major >= 136 and major <= 143 then return ("pts/%d"):format((major - 136) * 256 + minor) end
  return ("%d:%d"):format(major, minor)
end

local function user(one)
  return one.user
end

local function long_state(one)
  return one.state .. (one.nice < 0 and "<" or one.nice > 0 and "N" or "") .. (one.session == one.pid and "s" or "")
    .. (one.threads > 1 and "l" or "")
end

local function number(name)
  return function(one) return ("%d"):format(one[name]) end
end

local function short_time(one)
  return ("%d:%02d"):format(cpu_seconds(one) // 60, cpu_seconds(one) % 60)
end

-- By the name that -o has for it: what stands above it, its value, and whether it is a number.
local COLUMNS <const> = {
  pid = { "PID", number "pid", true }, ppid = { "PPID", number "parent", true },
  uid = { "UID", number "uid", true }, euid = { "EUID", number "uid", true },
  user = { "USER", user }, euser = { "EUSER", user },
  pgid = { "PGID", number "group", true }, sid = { "SID", number "session", true },
  c = { "C", function(one) return ("%d"):format(math.min(share(one) // 1, 99)) end, true },
  pcpu = { "%CPU", function(one) return ("%.1f"):format(share(one)) end, true },
  pmem = { "%MEM", function(one) return ("%.1f"):format(one.resident / one.memory * 100) end, true },
  vsz = { "VSZ", function(one) return ("%d"):format(one.size // 1024) end, true },
  rss = { "RSS", function(one) return ("%d"):format(one.resident // 1024) end, true },
  tty = { "TTY", terminal }, stime = { "STIME", when }, start = { "START", when },
  time = { "TIME", function(one) return clock(cpu_seconds(one)) end, true },
  cputime = { "TIME", short_time, true },
  s = { "S", function(one) return one.state end }, stat = { "STAT", long_state },
  ni = { "NI", number "nice", true }, nlwp = { "NLWP", number "threads", true },
  etime = { "ELAPSED", function(one) return clock(math.max(one.now - one.started, 0)) end, true },
  comm = { "COMMAND", function(one) return one.name end }, ucmd = { "CMD", function(one) return one.name end },
  args = { "COMMAND", function(one) return one.command end }, cmd = { "CMD", function(one) return one.command end },
  who = { "UID", user },
}
COLUMNS.command, COLUMNS["%cpu"], COLUMNS["%mem"], COLUMNS.state = COLUMNS.args, COLUMNS.pcpu, COLUMNS.pmem, COLUMNS.s
COLUMNS.tt, COLUMNS.nice, COLUMNS.ruser, COLUMNS.thcount = COLUMNS.tty, COLUMNS.ni, COLUMNS.user, COLUMNS.nlwp
COLUMNS.start_time, COLUMNS.ucomm, COLUMNS.pgrp, COLUMNS.sess = COLUMNS.stime, COLUMNS.comm, COLUMNS.pgid, COLUMNS.sid

local FULL <const> = { "who", "pid", "ppid", "c", "stime", "tty", "time", "cmd" }
local BSD <const> = { "pid", "tty", "stat", "cputime", "args" }
local BSD_USER <const> = { "user", "pid", "pcpu", "pmem", "vsz", "rss", "tty", "stat", "start", "cputime", "args" }

-- "pid,comm=NAME": the columns and what stands above them.
local function chosen(text, into)
  for item in text:gmatch("[^,%s]+") do
    local name, title = item:match("^([^=]+)=?(.*)$")
    local column = COLUMNS[name:lower()]
    if not column then return nil, ("ps has no column %q here"):format(name) end
    into[#into + 1] = { item:find("=", 1, true) and title or column[1], column[2], column[3] }
  end
  return true
end

local function named(names)
  local list = {}
  for i, name in ipairs(names) do list[i] = COLUMNS[name] end
  return list
end

-- What the words ask for. Which processes they choose does not count: those of the container are shown.
local function columns_of(words)
  local own, kind, i = {}, FULL, 1
  while i <= #words do
    local word = words[i]
    local list = word:match("^%-?o(.*)$") or word:match("^%-%-format=?(.*)$")
    if list then
      if list == "" then
        i = i + 1
        list = words[i] or ""
      end
      local fine, problem = chosen(list, own)
      if not fine then return nil, problem end
    elseif word:find("^%-?%l*u") and word:sub(1, 1) ~= "-" then
      kind = BSD_USER
    elseif word:find("^%-?%l*x") or word:sub(1, 1) ~= "-" then
      kind = BSD
    end
    i = i + 1
  end
  return #own > 0 and own or named(kind)
end

local function names_of_users()
  local names = {}
  local file <close> = io.open "/etc/passwd"
  for line in file and file:lines() or function() end do
    local name, uid = line:match("^([^:]+):[^:]*:(%d+):")
    if name then names[tonumber(uid)] = names[tonumber(uid)] or name end
  end
  return names
end

local function cells_of(pids, columns)
  local rows, users = {}, names_of_users()
  for _, pid in ipairs(pids) do
    local one = system.process(pid)
    if one then -- else it ended meanwhile
      one.user = users[one.uid] or ("%d"):format(one.uid)
      local row = {}
      for i, column in ipairs(columns) do row[i] = column[2](one) end
      rows[#rows + 1] = row
    end
  end
  return rows
end

--- The table, as lines.
---@param pids integer[]
---@param words string[]  of ps
---@return string|nil text
---@return string|nil problem
function M.text(pids, words)
  local columns, problem = columns_of(words)
  if not columns then return nil, problem end
  local titles, widths = {}, {}
  for i, column in ipairs(columns) do titles[i], widths[i] = column[1], math.max(#column[1], column[3] and 7 or 8) end
  local rows = cells_of(pids, columns)
  table.insert(rows, 1, titles)
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do widths[i] = math.max(widths[i], #cell) end
  end
  local lines = {}
  for k, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do
      local gap = (" "):rep(widths[i] - #cell)
      cells[i] = columns[i][3] and gap .. cell or i == #row and cell or cell .. gap
    end
    lines[k] = table.concat(cells, " ")
  end
  return table.concat(lines, "\n") .. "\n"
end

return M
