-- SPDX-License-Identifier: MIT
--- The JSON documents of images: read, verified by their digest, and every member looked at before it is used.
local core = require "libcontainer.core"
local errors = require "libcontainer.errors"
local json = require "libcontainer.json"

local M = {}

--- How long a document may be, as registries have it.
M.LIMIT = 4 << 20

--- A digest that can be verified, as its digits.
---@param digest any   "sha256:…"
---@param what string  where it stands, for the error
---@return string|nil hex
---@return libcontainer.Error|nil err
function M.hex(digest, what)
  if type(digest) ~= "string" then return nil, errors.image_invalid(what, "must be a digest") end
  local hex = digest:match("^sha256:(%x+)$")
  if hex and #hex == 64 and hex == hex:lower() then return hex end
  if digest:match("^sha256:") or not digest:match("^[%w+._-]+:%x+$") then
    return nil, errors.image_invalid(what, ("%q is no digest"):format(digest))
  end
  return nil, errors.image_invalid(what, ("%s is no digest that can be verified"):format(digest),
    "sha256 is the one that this library knows")
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
  return nil, errors.image_invalid(what .. ": " .. name, value == nil and "is missing" or "must be "
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
      return nil, errors.image_invalid(("%s: %s[%d]"):format(what, name, i), "must be text")
    end
    out[i] = list[i]
  end
  if next(list, #out > 0 and #out or nil) then
    return nil, errors.image_invalid(what .. ": " .. name, "must be an array of text")
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
  if digest and digest ~= "sha256:" .. core.sha256(text) then
    return nil, errors.image_digest(what, digest, core.sha256(text))
  end
  local document
  document, err = json.decode(text, { name = what, null = "drop" })
  if err then return nil, err end
  if type(document) ~= "table" then return nil, errors.image_invalid(what, "must be a table") end
  return document, nil, text
end

return M
