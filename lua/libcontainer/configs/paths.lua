-- SPDX-License-Identifier: MIT
--- Paths of configurations, as text: nothing here looks at a file.
local M = {}

--- The path without ".", ".." and doubled slashes.
---@param path string absolute
---@return string
function M.normalise(path)
  if path:find("^/[^/.]") and not path:find("/[/.]") and path:sub(-1) ~= "/" then
    return path -- as nearly all are written
  end
  local parts = {}
  for part in path:gmatch("[^/]+") do
    if part == ".." then
      parts[#parts] = nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return "/" .. table.concat(parts, "/")
end

--- Is it that directory, or a path in it? Both normalised, and the directory not the root.
---@param path string
---@param directory string
---@return boolean
function M.is_below(path, directory)
  return path == directory or path:sub(1, #directory + 1) == directory .. "/"
end

return M
