-- SPDX-License-Identifier: MIT
--- lc.run: a program in a container of its own.
local core = require "libcontainer.core"
local configs = require "libcontainer.configs"
local lazy = require "libcontainer.lazy"
local ending = require "libcontainer.ending"
local results = require "libcontainer.result"
local sharing = require "libcontainer.sharing"
local roots = lazy "libcontainer.image.root"

local M = {}

local function random_id()
  local bytes = {}
  local seed = ("%d.%.9f.%s"):format(core.pid(), core.now(), tostring(bytes))
  local hash = 0xcbf29ce484222325
  for i = 1, #seed do hash = (hash ~ seed:byte(i)) * 0x100000001b3 end
  return ("run-%016x"):format(hash)
end

local function run_in(factory, config, spec, options)
  local box <close>, err = factory:create(options.id or random_id(), config)
  if not box then return nil, err end
  options.began = core.now()
  options.kill = function() return ending.kill(box._core) end
  -- What did not die with the init (no pid namespace) must not hold the pipes.
  options.settle = options.kill
  local proc
  proc, err = box:start(spec)
  if options.text then options.text:close() end
  if not proc then
    box:destroy()
    return nil, err
  end
  local result
  local fine, problem = pcall(function()
    result, err = results.collect(proc, options)
  end)
  proc:close()
  local gone, why = box:destroy()
  if not fine then error(problem, 0) end
  if not result then return nil, err end
  if not gone and why.code ~= "ContainerNotExists" then return nil, why end
  return result
end

-- `root`, of an image, is filled when everything else is known to be right.
local function run(factory, t, root)
  local config, spec, options = configs.prepare_run(t)
  if not config then return nil, spec end
  local err
  spec, err = results.with_stdio(spec, options)
  if not spec then return nil, err end
  config.detach = false
  sharing.put_back(config, t)
  if root then
    local filled
    filled, err = root:fill(config)
    if not filled then return nil, err end
  end
  return run_in(factory, config, spec, options)
end

--- Run a program in a container and collect its output.
---@param factory libcontainer.Factory
---@param t libcontainer.RunOptions  the array part is the argv; named keys are config fields, process fields, shorthands and options; no `rootfs` and no `image` means the host's own root, read-only
---@return libcontainer.Result|nil
---@return libcontainer.Error|nil err  when the program could not be started; a program that fails is a result
function M.run(factory, t)
  if rawget(t, "image") == nil then return run(factory, t) end
  local root <close>, err = roots.of(factory, t)
  if not root then return nil, err end
  return run(factory, root.table, root)
end

return M
