-- SPDX-License-Identifier: MIT
--- Which machine an image is for, as OCI names it: "linux/arm64/v8".
local core = require "libcontainer.core"

local M = {}

---@class libcontainer.Platform
---@field os string
---@field architecture string
---@field variant string|nil

-- What is meant when no variant is said.
local VARIANTS <const> = { arm64 = "v8" }

--- The platform of a name; without one that of this machine.
---@param text string|nil  "linux/arm64", "arm64", "linux/arm/v7"
---@return libcontainer.Platform|nil platform  nil for what is no name
function M.parse(text)
  if text == nil then return { os = "linux", architecture = core.architecture } end
  local parts = {}
  for part in text:gmatch("[^/]+") do parts[#parts + 1] = part end
  if text:find("//", 1, true) or text:match("^/") or text:match("/$") or #parts > 3 or #parts == 0
    or text:find("[^%w/._-]") then
    return nil
  end
  if #parts == 1 then table.insert(parts, 1, "linux") end
  return { os = parts[1], architecture = parts[2], variant = parts[3] }
end

--- Is what is there good for what is wanted?
---@param wanted libcontainer.Platform
---@param found table  of a document: os, architecture, variant
---@return boolean
function M.matches(wanted, found)
  if found.os ~= wanted.os or found.architecture ~= wanted.architecture then return false end
  local usual = VARIANTS[wanted.architecture]
  local want, has = wanted.variant or usual, found.variant or usual
  return want == nil or has == nil or want == has
end

--- "linux/arm64/v8"
---@param platform table
---@return string
function M.name(platform)
  local text = tostring(platform.os or "?") .. "/" .. tostring(platform.architecture or "?")
  return platform.variant and text .. "/" .. tostring(platform.variant) or text
end

return M
