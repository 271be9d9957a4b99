-- SPDX-License-Identifier: MIT
--- lc.run: a program in a container of its own.
local core = require "libcontainer.core"
local configs = require "libcontainer.configs"
local factories = require "libcontainer.factory"
local results = require "libcontainer.result"
local sharing = require "libcontainer.sharing"

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
  options.kill = function() return box._core:kill() end
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

--- Run a program in a container and collect its output.
---@param factory libcontainer.Factory
---@param t libcontainer.RunOptions  the array part is the argv; named keys are config fields, process fields, shorthands, `input`, `timeout`, `output_limit`, `id`, `factory`; no `rootfs` means the host's own root, read-only
---@return libcontainer.Result|nil
---@return libcontainer.Error|nil err  when the program could not be started; a program that fails is a result
function M.run(factory, t)
  local config, spec, options = configs.prepare_run(t)
  if not config then return nil, spec end
  local err
  spec, err = results.with_stdio(spec, options)
  if not spec then return nil, err end
  config.detach = false
  sharing.put_back(config, t)
  return run_in(factory, config, spec, options)
end

-- One of each interpreter: it holds descriptors.
local default_factory

--- The factory that is used where none is named: the default root, opened at the first use.
---@return libcontainer.Factory|nil
---@return libcontainer.Error|nil err
function M.default_factory()
  local err
  if not default_factory then default_factory, err = factories.new() end
  return default_factory, err
end

return M
