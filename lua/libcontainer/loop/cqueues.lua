-- SPDX-License-Identifier: MIT
--- Waiting in an event loop of cqueues: see tasks.lua.
local M = {}

--- An adapter for the controllers of cqueues. What is spawned outside of all of them gets one of its own.
---@return libcontainer.LoopAdapter|nil
---@return string|nil why  cqueues is not installed
function M.new()
  local is_there, cqueues = pcall(require, "cqueues")
  if not is_there then return nil, cqueues end
  local own
  local adapter = { name = "cqueues" }

  -- In a coroutine that a controller resumes itself: who is in a generator of somebody's would yield to that.
  function adapter.is_inside()
    local controller, is_direct = cqueues.running()
    return controller ~= nil and is_direct and coroutine.isyieldable()
  end

  function adapter.wait(fd, seconds)
    -- A controller remembers descriptors: one that is closed behind its back is not to be mixed up with the next.
    local _ <close> = setmetatable({}, { __close = function() cqueues.cancel(fd) end })
    cqueues.poll({ pollfd = fd, events = "r" }, seconds)
  end

  function adapter.spawn(body)
    local controller = cqueues.running()
    if not controller then
      own = own or cqueues.new()
      controller = own
    end
    controller:wrap(body)
  end

  function adapter.run()
    if own then assert(own:loop()) end
  end

  return adapter
end

return M
