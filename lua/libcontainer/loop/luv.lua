-- SPDX-License-Identifier: MIT
--- Waiting in the event loop of luv, libuv's Lua face: see tasks.lua.
local M = {}

-- Close it at the end of the scope.
local function closing(handle)
  return setmetatable({}, { __close = function()
    if not handle:is_closing() then handle:close() end
  end })
end

--- An adapter for the default loop of luv.
---@return libcontainer.LoopAdapter|nil
---@return string|nil why  luv is not installed
function M.new()
  local is_there, uv = pcall(require, "luv")
  if not is_there then return nil, uv end
  local adapter = { name = "luv", is_inside = coroutine.isyieldable }

  function adapter.wait(fd, seconds)
    local waiter = coroutine.running()
    local poll = assert(uv.new_poll(fd))
    local _ <close> = closing(poll)
    local timer = seconds and assert(uv.new_timer())
    local _ <close> = timer and closing(timer)
    local function wake()
      local co = waiter
      waiter = nil -- once: both may come in one turn of the loop
      if not co then return end
      local is_fine, why = coroutine.resume(co)
      if not is_fine then error(debug.traceback(co, tostring(why)), 0) end
    end
    assert(poll:start("r", wake))
    if timer then assert(timer:start(math.ceil(seconds * 1000), 0, wake)) end
    coroutine.yield()
  end

  function adapter.spawn(body)
    local idle = assert(uv.new_timer())
    assert(idle:start(0, 0, function()
      idle:close()
      coroutine.wrap(body)()
    end))
  end

  function adapter.run()
    uv.run()
  end

  return adapter
end

return M
