-- SPDX-License-Identifier: MIT
--- The words of a command line, as commands.lua says what they may be.
--
-- lua-argparse would do some of this. It takes longer to load than everything else here together, stops at
-- no argument (`exec ID ls -l`), and its flags take no value (`--detach=false`).
local M = {}

local YES <const> = { ["true"] = true, ["1"] = true, t = true, T = true, TRUE = true, True = true }
local NO <const> = { ["false"] = true, ["0"] = true, f = true, F = true, FALSE = true, False = true }

local function find(options, name)
  for _, option in ipairs(options) do
    if option.long == name or option.short == name then return option end
  end
end

local function unknown(written)
  return nil, "unknown option: " .. written
end

-- Note it; nil and what is wrong with its value.
local function set(values, option, value, written)
  if not option.value then
    if value == nil or YES[value] then
      values[option.long] = true
    elseif NO[value] then
      values[option.long] = false
    else
      return nil, ("option %s is a flag: true or false, not %q"):format(written, value)
    end
  elseif option.many then
    values[option.long] = values[option.long] or {}
    table.insert(values[option.long], value)
  else
    values[option.long] = value
  end
  return true
end

-- One word that begins with "-": how many words it has taken, or nil and what is wrong with it.
local function take(options, words, i, values)
  local word = words[i]
  local name, value = word:match("^%-%-([^=]+)=(.*)$")
  name = name or word:match("^%-%-(.+)$")
  if name then
    local option = #name > 1 and find(options, name)
    if not option then return unknown("--" .. name) end
    local taken = 1
    if option.value and not value then
      value, taken = words[i + 1], 2
      if not value then return nil, "flag needs an argument: --" .. name end
    end
    local fine, problem = set(values, option, value, "--" .. name)
    return fine and taken, problem
  end
  -- short ones: -d, -b DIR, -bDIR, -b=DIR, -it
  local at = 2
  while at <= #word do
    local letter = word:sub(at, at)
    local option = find(options, letter)
    if not option then return unknown("-" .. letter) end
    local rest = word:sub(at + 1)
    if option.value or rest:sub(1, 1) == "=" then
      local taken = 1
      if rest == "" then
        rest, taken = words[i + 1], 2
        if not rest then return nil, "flag needs an argument: -" .. letter end
      end
      local fine, problem = set(values, option, taken == 1 and rest:gsub("^=", "") or rest, "-" .. letter)
      return fine and taken, problem
    end
    set(values, option, nil, "-" .. letter)
    at = at + 1
  end
  return 1
end

--- Read options and arguments.
---@param options nsinit.Option[]
---@param words string[]
---@param from integer   the first word to be looked at
---@param stops boolean  the first argument ends the options
---@return table<string, any>|nil values  by long name
---@return string[]|string rest           the arguments; what is wrong when values is nil
---@return integer|nil next               with `stops` the index of the first argument
function M.read(options, words, from, stops)
  local values, rest, i = {}, {}, from
  while i <= #words do
    local word = words[i]
    if word == "--" then
      i = i + 1
      break
    elseif word:sub(1, 1) == "-" and word ~= "-" then
      local taken, problem = take(options, words, i, values)
      if not taken then return nil, problem end
      i = i + taken
    elseif stops then
      break
    else
      rest[#rest + 1] = word
      i = i + 1
    end
  end
  table.move(words, i, #words, #rest + 1, rest)
  return values, rest, i
end

return M
