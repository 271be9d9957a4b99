-- SPDX-License-Identifier: MIT
--- What the programs that sweep faults share: the look at what a case has left behind, in Lua alone
-- and cheap enough for thousands of cases, and the check of an error object.
--
-- Such a program runs in an interpreter of its own, with the fault build of the core on LUA_CPATH,
-- arms faults in itself and prints one line for each thing that is wrong and a last line
-- "cases N calls M". It must never start another program while faults are armed.
local core = require "libcontainer.core"
local errors = require "libcontainer.errors"
local patience = require "spec.support.patience"

local M = {}

--- Flags beside the errno, as in sys/sys_fault.h.
M.STICKY = 0x80000000
M.DIE = 0x7fffffff

local ERRNO <const> = { EINTR = 4, EIO = 5, ENOMEM = 12, EMFILE = 24, ENOSPC = 28, EPERM = 1 }
M.ERRNO = ERRNO

local problems, cases = 0, 0

--- Something is wrong: say so, and go on with the next case.
function M.problem(format, ...)
  problems = problems + 1
  if problems <= 30 then print("problem: " .. format:format(...)) end
end

--- How many things were wrong.
function M.problems()
  return problems
end

--- Count a case.
function M.count()
  cases = cases + 1
end

--- Print the sum and end the program.
function M.finish(calls)
  print(("cases %d calls %d problems %d"):format(cases, calls, problems))
  os.exit(problems == 0, true)
end

--- Are all calls to be tried, with every errno (`make sweep`)? Else some, as the others would take too long to
-- be part of every check.
M.is_full = os.getenv("LIBCONTAINER_SWEEP") == "full"

--- Which calls are tried: every so manieth. It is chance that chooses the first, so that from one run to the next
-- it is the turn of all of them; who finds something tells its number. Where something is waited for, one run makes
-- more calls than the next: who counts the cases asks for some fewer.
---@param total integer   how many calls there are
---@param wanted integer  how many of them to try on an ordinary machine
---@return integer first
---@return integer stride
function M.spread(total, wanted)
  local stride = M.is_full and 1 or math.max(1, total // patience.rounds(math.min(total, wanted), 8))
  return math.random(stride), stride
end

-- --- errors ---

local function is_well_formed(err)
  if not errors.is(err) then return "no error object: " .. tostring(err) end
  if not errors.codes[err.code] then return "unknown code " .. tostring(err.code) end
  local text = tostring(err)
  if text == "" or text:find("[\n\r]") then return "not one line: " .. text end
  if type(err.message) ~= "string" then return "no message" end
  if err.code == "SystemError" then
    if type(err.step) ~= "string" then return "no step: " .. text end
    if math.type(err.errno) ~= "integer" or err.errno <= 0 then return "no errno: " .. text end
    if err.errname ~= core.errno_name(err.errno) then return "no name of the errno: " .. text end
  end
end

--- Is this what an operation may answer when it fails?
---@param label string
---@param err any
function M.check_error(label, err)
  local wrong = is_well_formed(err)
  if wrong then M.problem("%s: %s", label, wrong) end
end

-- --- what is left ---

local function read(path)
  local file <close> = io.open(path)
  return file and file:read("a")
end

local FDS <const> = 64

local function descriptors()
  local list = {}
  for fd = 0, FDS - 1 do
    local file = io.open("/proc/self/fdinfo/" .. fd)
    if file then
      file:close()
      list[#list + 1] = fd
    end
  end
  return table.concat(list, " ")
end

-- Names of the interfaces that there are, and of one the addresses.
local function links()
  local names = {}
  for line in io.lines("/proc/self/net/dev") do names[#names + 1] = line:match("^%s*([^:%s]+):") end
  table.sort(names)
  local addresses = {}
  for line in read("/proc/self/net/fib_trie"):gmatch("|%-%- (10%.[%d.]+)\n") do addresses[line] = true end
  return table.concat(names, " ") .. (addresses["10.9.0.1"] and " with its address" or "")
end

local function look(places)
  local seen = {
    children = read(("/proc/self/task/%d/children"):format(core.pid())),
    descriptors = descriptors(),
    mounts = read("/proc/self/mountinfo"):gsub("%f[^\n\0]%d+ %d+ ", ""),
    umask = read("/proc/self/status"):match("Umask:\t(%d+)"),
    blocked = read("/proc/self/status"):match("SigBlk:\t(%x+)"),
    cgroups = "", state = "", links = links(),
  }
  if places.is_remade then seen.descriptors = select(2, seen.descriptors:gsub("%d+", "")) end
  for _, path in ipairs(places.cgroups) do
    if read(path .. "/cgroup.procs") then seen.cgroups = seen.cgroups .. " " .. path end
  end
  if places.root then seen.state = table.concat(places.root:ids(), " ") end
  return seen
end

--- Remember how it is now.
---@param places table  `cgroups`: directories that must not exist; `root`: core root that must be empty; `is_remade`: descriptors are counted
---@return fun(label: string)  compares, and reports each difference
function M.watch(places)
  collectgarbage()
  collectgarbage()
  local before = look(places)
  return function(label)
    collectgarbage()
    collectgarbage()
    local after = look(places)
    for what, value in pairs(before) do
      if after[what] ~= value then
        M.problem("%s: %s left: %s (was: %s)", label, what, after[what], value)
      end
    end
  end
end

return M
