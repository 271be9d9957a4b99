-- SPDX-License-Identifier: MIT
--- One run of criu: its command line in words, its end waited for with a deadline, and what its log says
-- when it fails.
local checkpoint_errors = require "libcontainer.checkpoint_errors"
local core = require "libcontainer.core"
local errors = require "libcontainer.errors"
local loop = require "libcontainer.loop"

local M = {}

--- What is looked for when the factory has no `criu_path`.
M.DEFAULT = "criu"

local LINES <const> = 3 -- of its log that an error tells

-- The last complaints, without time stamps and places in criu's source.
local function complaints(log)
  local found = {}
  for line in (log or ""):gmatch("[^\n]+") do
    local text = line:match("Error %([^)]*%): (.*)$")
    if text then found[#found + 1] = text end
  end
  return table.move(found, math.max(1, #found - LINES + 1), #found, 1, {})
end

--- Drive a session until it says `wanted`, doing what the host does at its gates; nil without an error when the time is over.
---@param session userdata
---@param wanted "ready"|"running"
---@param deadline number|nil
---@return true|nil
---@return libcontainer.RawError|nil
function M.drive(session, wanted, deadline)
  while true do
    local event, raw = session:step()
    if event == wanted then return true end
    if not event then return nil, raw end
    local done
    if event == "ready" then
      done, raw = session:go()
    elseif event == "gate" then -- that of networks: no other is in such a plan
      done, raw = session:network()
      if done then done, raw = session:go() end
    else
      done, raw = loop.wait(session:pollfd(), "r", deadline)
      if done == false then return nil end
    end
    if not done then return nil, raw end
  end
end

local function await(process, deadline)
  while true do
    local ended, raw = process:poll_group()
    if ended or ended == nil then return ended, raw end
    local ready
    ready, raw = loop.wait(process:pollfd(), "r", deadline)
    if not ready then return ready, raw end
  end
end

-- Why it could not be started.
local function not_started(job, raw)
  if not raw then return errors.timed_out(job.step, "criu does not come up", job.timeout) end
  if raw.step == "exec" or raw.step == "interpreter" then return checkpoint_errors.criu_missing(job.step, raw) end
  return errors.raw(raw)
end

--- Run it to its end.
-- `job`: `step` ("checkpoint", "restore"); `begin`, a function that answers a session of the core; `work`,
-- the directory with its log; `log`, the name of that; `log_path`, the whole of it, for people; `timeout`
-- in seconds.
---@param job table
---@return true|nil
---@return libcontainer.Error|nil err
---@return boolean|nil was_killed  it had no time to undo what it did
function M.run(job)
  local deadline = loop.deadline(job.timeout)
  local session <close>, raw = job.begin()
  if not session then return nil, not_started(job, raw) end
  local is_up
  is_up, raw = M.drive(session, "running", deadline)
  if not is_up then return nil, not_started(job, raw) end
  local process = session:finish()
  -- Whatever happens to us, it does not go on alone.
  local _ <close> = setmetatable({}, { __close = function()
    process:end_group()
    process:close()
  end })
  local ended
  ended, raw = await(process, deadline)
  if ended == nil then return nil, errors.raw(raw) end
  if ended and ended.status == 0 then return true end
  local log = job.work and job.work:read(job.log)
  if not ended then
    return nil, checkpoint_errors.criu_failed(job.step, ("did not end within %g s"):format(job.timeout),
      complaints(log), job.log_path, "ETIMEDOUT"), true
  end
  local how = ended.signal and "was killed by signal " .. (core.signal_name(ended.signal) or ended.signal)
    or ended.lost and "ended, and this program has taken its status away"
    or "failed with status " .. ended.status
  return nil, checkpoint_errors.criu_failed(job.step, how, complaints(log), job.log_path),
    ended.status == nil
end

-- What criu's network lock is made of, taken away as criu does it; all of it, or nothing.
local UNLOCK <const> = "*filter\n:CRIU - [0:0]\n-D INPUT -j CRIU\n-D OUTPUT -j CRIU\n-X CRIU\nCOMMIT\n"
local UNLOCK_TIMEOUT <const> = 30

local function unlock(box, program)
  local input <close> = core.text(UNLOCK)
  local null <close> = core.null()
  if not input or not null then return end
  local args = { program, "--wait", "--noflush" }
  M.run { step = "checkpoint", timeout = UNLOCK_TIMEOUT, begin = function()
    return box._core:repair(box._record.config, { args = args },
      { id = box._id, stdin = input, stdout = null, stderr = null })
  end }
end

--- A criu that was killed may have left rules that let nothing through in the container's network: take them
-- away. Where there are none this changes nothing, and where it fails there is nothing else to be done.
---@param box libcontainer.Container
function M.unlock_network(box)
  unlock(box, "iptables-restore")
  unlock(box, "ip6tables-restore")
end

return M
