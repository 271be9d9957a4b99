-- SPDX-License-Identifier: MIT
--- The JSON documents of images: read, verified by their digest, and every member looked at before it is used.
local core = require "libcontainer.core"
local image_errors = require "libcontainer.image.errors"
local json = require "libcontainer.json"

local M = {}

--- How long a document may be, as registries have it.
M.LIMIT = 4 << 20

-- Algorithms that the core has, with the count of their digits.
local ALGORITHMS <const> = { sha256 = 64, sha512 = 128 }

--- A digest that can be verified.
---@param digest any   "sha256:…"
---@param what string  where it stands, for the error
---@return string|nil algorithm
---@return libcontainer.Error|nil err
function M.algorithm(digest, what)
  if type(digest) ~= "string" then return nil, image_errors.invalid(what, "must be a digest") end
  local algorithm, hex = digest:match("^([%w+._-]+):(%x+)$")
  local length = ALGORITHMS[algorithm]
  if length and #hex == length and hex == hex:lower() then return algorithm end
  if length or not algorithm then return nil, image_errors.invalid(what, ("%q is no digest"):format(digest)) end
  return nil, image_errors.invalid(what, ("%s is no digest that can be verified"):format(digest),
    "sha256 and sha512 are those that this library knows")
end

--- A member of a document, of the type that it must have.
---@param t table
---@param name string
---@param kind "string"|"integer"|"table"
---@param what string            the document
---@param is_needed boolean|nil  else it may be absent
---@return any value
---@return libcontainer.Error|nil err
function M.member(t, name, kind, what, is_needed)
  local value = t[name]
  if value == nil and not is_needed then return nil end
  local is_right = kind == "integer" and math.type(value) == "integer" and value >= 0 or type(value) == kind
  if is_right and not (kind == "table" and json.is_big(value)) then return value end
  return nil, image_errors.invalid(what .. ": " .. name, value == nil and "is missing" or "must be "
    .. (kind == "string" and "text" or kind == "integer" and "a whole number" or "a table"))
end

--- An array of text in a document; absent is empty.
---@param t table
---@param name string
---@param what string
---@return string[]|nil
---@return libcontainer.Error|nil err
function M.strings(t, name, what)
  local list, err = M.member(t, name, "table", what)
  if not list then return not err and {} or nil, err end
  local out = {}
  for i = 1, rawlen(list) do
    if type(list[i]) ~= "string" or list[i]:find("\0", 1, true) then
      return nil, image_errors.invalid(("%s: %s[%d]"):format(what, name, i), "must be text")
    end
    out[i] = list[i]
  end
  if next(list, #out > 0 and #out or nil) then
    return nil, image_errors.invalid(what .. ": " .. name, "must be an array of text")
  end
  return out
end

--- Read a document.
---@param source table        see source.lua
---@param name string         of its file or member
---@param digest string|nil   what it has to be
---@return table|nil document
---@return libcontainer.Error|nil err
---@return string|nil text
function M.read(source, name, digest)
  local what = source.path .. ": " .. name
  local text, err = source:read(name, M.LIMIT)
  if not text then return nil, err end
  if digest then
    local algorithm = digest:match("^%w+")
    local found = core.digest(algorithm, text)
    if not found then return nil, image_errors.no_digest(what, algorithm) end
    if found ~= digest then return nil, image_errors.digest(what, digest, found) end
  end
  local document
  document, err = json.decode(text, { name = what, null = "drop" })
  if err then return nil, err end
  if type(document) ~= "table" then return nil, image_errors.invalid(what, "must be a table") end
  return document, nil, text
end

return M
