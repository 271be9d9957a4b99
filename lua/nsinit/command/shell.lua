-- SPDX-License-Identifier: MIT
--- shell: Lua's prompt in this program, with the library loaded and a factory of our state root. What is made there
-- and was not detached goes with it.
local configs = require "libcontainer.configs"
local libcontainer = require "libcontainer"
local prompts = require "nsinit.prompt"
local store = require "nsinit.store"

local CHUNK <const> = "=stdin"

-- A chunk from its first line and as many more as it takes; nil and what is wrong, or nil alone at the end.
local function read_chunk(prompt)
  local text = prompt:ask "> "
  if not text then return nil end
  local chunk = load("return " .. text, CHUNK)
  if chunk then return chunk end
  while true do
    local problem
    chunk, problem = load(text, CHUNK)
    if chunk or problem:sub(-5) ~= "<eof>" then return chunk, problem end
    local more = prompt:ask ">> "
    if not more then return nil, problem end
    text = text .. "\n" .. more
  end
end

local function show(is_fine, ...)
  if not is_fine then
    io.stderr:write(tostring((...)), "\n")
  elseif select("#", ...) > 0 then
    print(...)
  end
end

---@param context nsinit.Context
---@return nil
---@return any err
return function(context)
  local factory, err = store.open(context.global)
  if not factory then return nil, err end
  local prompt = prompts.open()
  collectgarbage "restart"
  lc, _G.configs, _G.factory = libcontainer, configs, factory -- luacheck: globals lc
  if prompt.is_for_person then
    print(libcontainer)
    print(("factory is that of %s: factory:list() shows its containers"):format(store.root(context.global)))
  end
  while true do
    local chunk, problem = read_chunk(prompt)
    if chunk then
      show(pcall(chunk))
    elseif problem then
      show(false, problem)
    else
      prompt:close()
      os.exit(0, true) -- the collector has the last word: it ends what was left
    end
  end
end
