-- SPDX-License-Identifier: MIT
--- No event loop: tasks run one after the other, and who waits is all that there is. See tasks.lua.
local M = {}

--- The adapter of no loop.
---@return libcontainer.LoopAdapter
function M.new()
  local waiting, first = {}, 1
  local adapter = { name = "none" }

  function adapter.is_inside()
    return false
  end

  function adapter.spawn(body)
    waiting[#waiting + 1] = body
  end

  function adapter.run()
    while waiting[first] do
      local body = waiting[first]
      waiting[first], first = false, first + 1
      body()
    end
    waiting, first = {}, 1
  end

  return adapter
end

return M
