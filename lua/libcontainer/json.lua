-- SPDX-License-Identifier: MIT
--- The one door to JSON: lua-cjson made exact.
--
-- lua-cjson 2.1 reads every number as a float, loses digits beyond the fifteenth, and cannot tell
-- `[]` from `{}`. Here whole numbers are integers, exact from -2^63 to 2^64-1; an empty array stays
-- one; errors have a line and a column; and what is written is sorted, so that a state file does
-- not change when nothing changed. Reading is cjson's work with a correction afterwards, and a
-- rewrite of the text before only where a search finds something to correct. Writing is done here,
-- as sorted keys, exact numbers and paths in errors are what cjson does not have.
--
-- This is the only file that requires cjson, in an instance of its own: the settings of the program
-- around us are neither read nor changed.
local lazy = require "libcontainer.lazy"
local errors = lazy "libcontainer.errors"
-- Now, for a program may change package.path later; that it is missing is told when it is needed.
local is_installed, library = pcall(require, "cjson")

local find, sub, byte, gsub, format = string.find, string.sub, string.byte, string.gsub, string.format
local concat, sort = table.concat, table.sort
local tointeger, mathtype = math.tointeger, math.type

local M = {}

--- How deep a document may be nested, both ways.
local MAX_DEPTH <const> = 128
--- Below this, every whole number is a float exactly.
local EXACT <const> = 2 ^ 53
local MAX_SIGNED <const> = "9223372036854775807"
local MIN_SIGNED <const> = "9223372036854775808"
local MAX_UNSIGNED <const> = "18446744073709551615"

-- Marks of the rewritten text. U+0001 in front: a string of the document that begins with it gets
-- a second one, so nothing that is written can be taken for a mark.
local MARK <const> = "\1"
local INTEGER_MARK <const> = "\1#"
local EMPTY_MARK <const> = "\1["

-- Searched for together: what cjson alone would get wrong.
local LONG_NUMBER <const> = ("%d"):rep(16)
local EMPTY_ARRAY <const> = "%[%s*%]"
local LONE_SURROGATE <const> = "\\u[dD][cC][89a-fA-F]%x"

local ARRAY = { __name = "libcontainer.json.array" }

--- A whole number between 2^63 and 2^64-1, which no Lua integer can be: a table
-- `{ __integer = "18446744073709551615" }` that prints, compares and encodes as its digits.
---@class libcontainer.json.Integer
---@field __integer string decimal digits
local INTEGER = { __name = "libcontainer.json.integer" }

function INTEGER:__tostring()
  return rawget(self, "__integer")
end

function INTEGER.__eq(a, b)
  return rawget(a, "__integer") == rawget(b, "__integer")
end

local instance, null

local function reads_fractions(own)
  local ok, value = pcall(own.decode, "[0.5]")
  return ok and value[1] == 0.5
end

---@return table|nil cjson an instance of our own
---@return libcontainer.Error|nil err
local function cjson()
  -- It looks for the locale's decimal point when an instance is made, anybody's, and never again.
  if instance and reads_fractions(instance) then
    return instance
  end
  local point = sub(format("%.1f", 0.5), 2, -2)
  if #point ~= 1 then
    return nil, errors.unusable_locale(point) -- it would abort the process
  end
  if not is_installed or type(library) ~= "table" or type(library.new) ~= "function" then
    return nil, errors.missing_library("lua-cjson", "cjson", "lua-cjson")
  end
  local own = library.new()
  own.decode_invalid_numbers(false)
  own.decode_max_depth(MAX_DEPTH)
  instance, null = own, own.null
  return own
end

setmetatable(M, { __index = function(_, key)
  -- json.null is cjson's
  if key == "null" and (null or cjson()) then
    return null
  end
  return nil
end })

--- Is it the null of a document (`json.null`, which is `cjson.null`)?
---@param value any
---@return boolean
function M.is_null(value)
  return type(value) == "userdata" and (null or cjson()) ~= nil and rawequal(value, null)
end

--- Mark a table as an array, so that it is written as `[]` even when it is empty.
---@generic T: table
---@param t T|nil a new one when absent
---@return T t the same table
function M.array(t)
  return setmetatable(t or {}, ARRAY)
end

--- Was the table marked by `json.array`, or read from an empty array?
---@param t any
---@return boolean
function M.is_array(t)
  return type(t) == "table" and getmetatable(t) == ARRAY
end

local function less(a, b) -- of two numbers in digits without leading zeros
  if #a ~= #b then
    return #a < #b
  end
  return a < b
end

--- A whole number from its digits: an integer where Lua has one, else the table described at
-- `libcontainer.json.Integer`.
---@param text string decimal, "-" in front allowed
---@return integer|libcontainer.json.Integer|nil number nil when it is outside of -2^63..2^64-1
function M.integer(text)
  local minus, digits = text:match("^(%-?)0*(%d+)$")
  if not digits then
    return nil
  elseif minus == "-" then
    if less(MIN_SIGNED, digits) then
      return nil
    end
    return digits == MIN_SIGNED and math.mininteger or -tointeger(tonumber(digits))
  elseif not less(MAX_SIGNED, digits) then
    return tointeger(tonumber(digits))
  elseif less(MAX_UNSIGNED, digits) then
    return nil
  end
  return setmetatable({ __integer = digits }, INTEGER)
end

--- Is it a whole number that no Lua integer can hold?
---@param value any
---@return boolean
function M.is_big(value)
  return type(value) == "table" and getmetatable(value) == INTEGER
end

--- What this module has marked a table as: tables of equal content and equal marks are equal documents.
---@param t table
---@return table|nil mark
function M.mark_of(t)
  local mark = getmetatable(t)
  return (mark == ARRAY or mark == INTEGER) and mark or nil
end

--- The 64 bits of a whole number: 2^64-1 is -1, as the kernel's registers see it.
---@param value integer|number|libcontainer.json.Integer
---@return integer|nil bits nil when it is no whole number
function M.bits(value)
  if not M.is_big(value) then
    return mathtype(value) and tointeger(value) or nil
  end
  local bits = 0
  for digit in value.__integer:gmatch("%d") do
    bits = bits * 10 + tointeger(tonumber(digit)) -- wraps as it must
  end
  return bits
end

-- --- reading ---

local function place_of(text, position)
  local line, start = 1, 1
  for after in text:gmatch("\n()") do
    if after > position then
      break
    end
    line, start = line + 1, after
  end
  return line, position - start + 1
end

local function syntax_error(text, position, what, name)
  local line, column
  if position then
    line, column = place_of(text, position)
  end
  return nil, errors.json(what, name, line, column)
end

-- A piece of the text outside of strings: long whole numbers and empty arrays become marked strings.
local function rewrite_outside(piece, from, state)
  if state.has_numbers and find(piece, LONG_NUMBER) then
    piece = gsub(piece, "()(%-?%d+)([%.eE]?)", function(at, digits, tail)
      -- digits behind "." or "e" belong to a fraction; a leading zero is for cjson to refuse
      if #digits < 16 or tail ~= "" or find(sub(piece, at - 1, at - 1), "^[%.eE+]")
        or find(digits, "^%-?0") then
        return nil
      end
      if M.integer(digits) == nil then
        state.range = state.range or from + at - 1
      end
      return '"\\u0001#' .. digits .. '"'
    end)
  end
  if state.has_empty and find(piece, EMPTY_ARRAY) then
    piece = gsub(piece, EMPTY_ARRAY, '["\\u0001["]')
  end
  return piece
end

-- A string of the text, quotes included.
local function rewrite_string(piece)
  if sub(piece, 2, 7) == "\\u0001" then
    piece = '"\\u0001' .. sub(piece, 2)
  end
  if not find(piece, LONE_SURROGATE) then
    return piece
  end
  -- \udc80..\udcff alone is a byte that was not UTF-8; behind a high surrogate it is half a letter
  local out, position = {}, 1
  while true do
    local at = find(piece, "\\", position, true)
    if not at then
      out[#out + 1] = sub(piece, position)
      return concat(out)
    end
    out[#out + 1] = sub(piece, position, at - 1)
    if find(piece, "^\\u[dD][89abAB]%x%x\\u[dD][c-fC-F]%x%x", at) then
      out[#out + 1] = sub(piece, at, at + 11)
      position = at + 12
    elseif find(piece, "^" .. LONE_SURROGATE, at) then
      out[#out + 1] = string.char(tonumber(sub(piece, at + 4, at + 5), 16))
      position = at + 6
    else
      out[#out + 1] = sub(piece, at, at + 1)
      position = at + 2
    end
  end
end

-- The whole text. Most pieces and strings need nothing, and are not even looked at closely.
local function rewrite(text, seen)
  local out, copied, position = {}, 1, 1
  local state = { has_numbers = seen.number, has_empty = seen.empty }
  local function replace(from, to, new)
    out[#out + 1] = sub(text, copied, from - 1)
    out[#out + 1] = new
    copied = to + 1
  end
  while true do
    local quote = find(text, '"', position, true)
    local last = quote and quote - 1 or #text
    if last > position then
      local piece = sub(text, position, last)
      local new = rewrite_outside(piece, position, state)
      if new ~= piece then
        replace(position, last, new)
      end
    end
    local stop = quote and find(text, '["\\]', quote + 1)
    if stop and byte(text, stop) == 92 then
      repeat
        stop = find(text, '["\\]', stop + 2)
      until not stop or byte(text, stop) == 34
      if stop then
        replace(quote, stop, rewrite_string(sub(text, quote, stop)))
      end
    end
    if not stop then -- the end of the text, or of what can be read of it: then cjson says so
      out[#out + 1] = sub(text, copied)
      return concat(out), state
    end
    position = stop + 1
  end
end

local function unmark(value)
  if sub(value, 1, 2) == INTEGER_MARK then
    return M.integer(sub(value, 3))
  elseif sub(value, 1, 1) == MARK then
    return sub(value, 2)
  end
  return value
end

local function step_of(key)
  return type(key) == "string" and "." .. key or ("[%d]"):format(key)
end

-- Floats that are whole become integers, in place. Answers the path of a number that is none; notes
-- in `seen` what only the text can tell: a number beyond the exact ones, an empty table.
local function correct(t, seen)
  if next(t) == nil then
    seen.empty = true
  end
  for key, value in next, t do
    local kind = type(value)
    if kind == "number" then
      if value >= EXACT or value <= -EXACT then
        if value - value ~= 0 then
          return step_of(key)
        end
        seen.number = true
      elseif value % 1 == 0 then
        t[key] = value | 0
      end
    elseif kind == "table" then
      local bad = correct(value, seen)
      if bad then
        return step_of(key) .. bad
      end
    elseif kind == "userdata" and seen.drop_null and type(key) == "string" then
      t[key] = nil
    end
  end
  return nil
end

-- The same after a rewrite, with marks to take away.
local function correct_marked(t)
  if t[1] == EMPTY_MARK then
    t[1] = nil
    return M.array(t)
  end
  local renamed
  for key, value in next, t do
    local kind = type(value)
    if kind == "string" then
      if byte(value) == 1 then
        t[key] = unmark(value)
      end
    elseif kind == "table" then
      correct_marked(value)
    end
    if type(key) == "string" and byte(key) == 1 then
      renamed = renamed or {}
      renamed[#renamed + 1] = key
    end
  end
  for _, key in ipairs(renamed or {}) do
    t[key], t[sub(key, 2)] = nil, t[key]
  end
  return t
end

---@class libcontainer.json.DecodeOptions
---@field name string|nil what is read, for the error: a path
---@field null "keep"|"drop"|nil "drop" leaves members that are null out; in arrays null stays

--- Read a document. Whole numbers become integers (see `json.integer` for those above 2^63-1), null
-- becomes `json.null`, an empty array is marked as one.
---@param text string
---@param options libcontainer.json.DecodeOptions|nil
---@return any value nil when it failed
---@return libcontainer.Error|nil err with `line` and `column`
function M.decode(text, options)
  if type(text) ~= "string" then
    error("bad argument #1 to 'decode' (string expected, got " .. type(text) .. ")", 2)
  end
  local name = options and options.name
  local own, err = cjson()
  if not own then
    return nil, err
  end
  local valid, bad_at = utf8.len(text)
  if not valid then
    return syntax_error(text, bad_at, "a byte that is not UTF-8", name)
  end
  local nul = find(text, "\0", 1, true)
  if nul then
    return syntax_error(text, nul, "a NUL byte", name)
  end

  local seen = { drop_null = options and options.null == "drop" }
  local ok, value = pcall(own.decode, text)
  local box, bad = { value }, nil
  if ok then
    bad = correct(box, seen)
  else
    seen.number, seen.empty = true, true -- a half surrogate stops cjson: nothing is known yet
  end
  -- The costly way, for the few texts that have something that cjson alone gets wrong.
  seen.number = seen.number and find(text, LONG_NUMBER) ~= nil
  seen.empty = seen.empty and find(text, EMPTY_ARRAY) ~= nil
  if not bad and (seen.number or seen.empty or find(text, "\\ud", 1, true) or find(text, "\\uD", 1, true)) then
    local source, state = rewrite(text, seen)
    if state.range then
      return syntax_error(text, state.range, "a whole number outside of -2^63..2^64-1", name)
    end
    local again, rewritten = pcall(own.decode, source)
    if again then
      ok, box = true, { rewritten }
      if type(rewritten) == "string" then
        box[1] = unmark(rewritten)
      elseif type(rewritten) == "table" then
        box[1] = correct_marked(rewritten)
      end
      bad = correct(box, seen)
    end
  end
  if not ok then
    local message = tostring(value)
    local what, position = message:match("^(.-) at character (%d+)$")
    return syntax_error(text, tointeger(tonumber(position)), what or message, name)
  elseif bad then
    return syntax_error(text, nil, "a number that is too large, at " .. sub(bad, 4):gsub("^%.", ""), name)
  end
  return box[1]
end

-- --- writing ---

local ESCAPES = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r",
  ["\t"] = "\\t",
}

-- not %c: in some locales that takes bytes of UTF-8 too
local UNSAFE <const> = '[\0-\31\127"\\]'

local function escape(c)
  return ESCAPES[c] or format("\\u%04x", byte(c))
end

local function quote_string(value)
  -- Lua escapes more, and otherwise: what it takes as it is, is JSON too. Three times as fast as a pattern.
  local quoted = format("%q", value)
  if #quoted == #value + 2 and utf8.len(value) then
    return quoted
  elseif not utf8.len(value) then
    -- a byte that is no UTF-8 travels as the half surrogate \udc80..\udcff, and comes back as itself
    local out, position = {}, 1
    while position <= #value do
      local _, bad = utf8.len(value, position)
      if not bad then
        break
      end
      out[#out + 1] = gsub(sub(value, position, bad - 1), UNSAFE, escape)
      out[#out + 1] = format("\\udc%02x", byte(value, bad))
      position = bad + 1
    end
    out[#out + 1] = gsub(sub(value, position), UNSAFE, escape)
    return '"' .. concat(out) .. '"'
  end
  return '"' .. gsub(value, UNSAFE, escape) .. '"'
end

local function number_text(value)
  if mathtype(value) == "integer" then
    return format("%d", value)
  elseif value ~= value or value == math.huge or value == -math.huge then
    return nil
  end
  local whole = value > -EXACT and value < EXACT and tointeger(value)
  if whole then
    return format("%d", whole)
  end
  for precision = 15, 17 do
    local text = format("%." .. precision .. "g", value)
    if tonumber(text) == value then
      return (gsub(text, "[^%d%-+e]+", ".")) -- a locale's decimal point is no JSON
    end
  end
  return nil
end

-- Keys are few, and come again and again.
local KEYS_KEPT <const> = 256
local quoted_keys, quoted_count = {}, 0

local function quote_key(key)
  local quoted = quoted_keys[key]
  if not quoted then
    quoted = quote_string(key)
    if quoted_count == KEYS_KEPT then quoted_keys, quoted_count = {}, 0 end
    quoted_keys[key], quoted_count = quoted, quoted_count + 1
  end
  return quoted
end

-- Every function of the writer appends to `out` and answers nothing, or what is wrong: a reason, and the path
-- to it, which the callers write from its end while they return. What is fine pays for no path.
local write_value

local function write_items(out, t, count, depth, newline, step)
  local inner = newline and newline .. step
  local opening, comma = inner and "[" .. inner or "[", inner and "," .. inner or ","
  for i = 1, count do
    out[#out + 1] = i == 1 and opening or comma
    local problem = write_value(out, rawget(t, i), depth + 1, inner, step)
    if problem then
      problem[#problem + 1] = "[" .. i .. "]"
      return problem
    end
  end
  out[#out + 1] = count == 0 and "[]" or newline and newline .. "]" or "]"
end

local function write_members(out, t, keys, depth, newline, step)
  local inner = newline and newline .. step
  local opening, comma = inner and "{" .. inner or "{", inner and "," .. inner or ","
  local colon = inner and ": " or ":"
  sort(keys)
  for i = 1, #keys do
    local key = keys[i]
    out[#out + 1] = (i == 1 and opening or comma) .. quote_key(key) .. colon
    local problem = write_value(out, rawget(t, key), depth + 1, inner, step)
    if problem then
      problem[#problem + 1] = (depth > 0 and "." or "") .. key
      return problem
    end
  end
  out[#out + 1] = #keys == 0 and "{}" or newline and newline .. "}" or "}"
end

local function write_table(out, t, depth, newline, step)
  local mark = getmetatable(t)
  if mark == INTEGER then
    out[#out + 1] = rawget(t, "__integer")
    return
  elseif depth >= MAX_DEPTH then
    return { what = "nested too deeply, or a table inside itself" }
  end
  local keys, count, length = {}, 0, rawlen(t)
  for key in next, t do
    if type(key) == "string" then
      keys[#keys + 1] = key
    elseif mathtype(key) == "integer" and key >= 1 and key <= length then
      count = count + 1
    else
      return { what = "a key that is neither text nor part of an array without holes" }
    end
  end
  if count ~= length then
    return { what = "an array with holes" }
  elseif length > 0 and #keys > 0 then
    return { what = "an array and named fields in one table" }
  elseif length > 0 or (mark == ARRAY and #keys == 0) then
    return write_items(out, t, length, depth, newline, step)
  end
  return write_members(out, t, keys, depth, newline, step)
end

function write_value(out, value, depth, newline, step)
  local kind = type(value)
  if kind == "string" then
    out[#out + 1] = quote_string(value)
  elseif kind == "table" then
    return write_table(out, value, depth, newline, step)
  elseif kind == "number" then
    local text = number_text(value)
    if not text then return { what = "a number that is not finite" } end
    out[#out + 1] = text
  elseif kind == "boolean" then
    out[#out + 1] = value and "true" or "false"
  elseif M.is_null(value) then
    out[#out + 1] = "null"
  else
    return { what = "a value that JSON has not (" .. kind .. ")" }
  end
end

---@class libcontainer.json.EncodeOptions
---@field indent integer|string|nil spaces, or the text, of one step; absent is one line

--- Write a document, its keys sorted. Metatables are not looked at, but for the marks of this
-- module. A table without items is an object unless `json.array` marked it.
---@param value any
---@param options libcontainer.json.EncodeOptions|nil
---@return string|nil text
---@return libcontainer.Error|nil err naming the path of what cannot be written
function M.encode(value, options)
  local indent = options and options.indent
  if type(indent) == "number" then
    indent = (" "):rep(indent)
  end
  local out = {}
  local problem = write_value(out, value, 0, indent and "\n", indent)
  if not problem then return concat(out) end
  local path = {}
  for i = #problem, 1, -1 do
    path[#path + 1] = problem[i]
  end
  return nil, errors.not_json(path, problem.what)
end

return M
