-- SPDX-License-Identifier: MIT
--- A docker-archive, as `docker save` writes it: manifest.json names a configuration and tars.
local document = require "libcontainer.image.document"
local image_errors = require "libcontainer.image.errors"

local M = {}

local LAYER_COUNT <const> = 1024

--- Is it one?
---@param source table
---@return boolean
function M.is(source)
  return source:has "manifest.json"
end

local function has_tag(tags, wanted)
  for _, tag in ipairs(tags) do
    if tag == wanted or tag == wanted .. ":latest" or tag:match(":([^:/]+)$") == wanted then return true end
  end
  return false
end

-- The entry of manifest.json that is meant.
local function choose(source, manifest, wanted)
  local what, all, fitting = source.path .. ": manifest.json", {}, {}
  for i, entry in ipairs(manifest) do
    if type(entry) ~= "table" then return nil, image_errors.invalid(("%s: [%d]"):format(what, i), "must be a table") end
    local tags, err = document.strings(entry, "RepoTags", ("%s: [%d]"):format(what, i))
    if not tags then return nil, err end
    table.move(tags, 1, #tags, #all + 1, all)
    if not wanted or has_tag(tags, wanted) then fitting[#fitting + 1] = { entry = entry, number = i, tag = tags[1] } end
  end
  local hint = #all > 0 and "it has " .. table.concat(all, ", ", 1, math.min(#all, 20)) or "it has no tags"
  if #fitting == 0 then
    return nil, image_errors.invalid(source.path, wanted and ("has no image %q"):format(wanted) or "has no image", hint)
  end
  if #fitting > 1 then
    return nil, image_errors.invalid(source.path, "has several images", "write path:tag; " .. hint)
  end
  return fitting[1]
end

--- Read one image of a docker-archive.
---@param source table
---@param tag string|nil  "name:tag", "name" or "tag"
---@return table|nil image  `config`, the document; `layers`; `tag`
---@return libcontainer.Error|nil err
function M.read(source, tag)
  local manifest, err = document.read(source, "manifest.json")
  if not manifest then return nil, err end
  local chosen
  chosen, err = choose(source, manifest, tag)
  if not chosen then return nil, err end
  local what = ("%s: manifest.json: [%d]"):format(source.path, chosen.number)
  local name, names, config
  name, err = document.member(chosen.entry, "Config", "string", what, true)
  if name then names, err = document.strings(chosen.entry, "Layers", what) end
  if not names then return nil, err end
  if #names > LAYER_COUNT then
    return nil, image_errors.invalid(what .. ": Layers", ("has more than %d entries"):format(LAYER_COUNT))
  end
  local hex = name:match("^(%x+)%.json$") or name:match("^blobs/sha256/(%x+)$")
  config, err = document.read(source, name, hex and #hex == 64 and "sha256:" .. hex or nil)
  if not config then return nil, err end
  local layers = {}
  for i, layer in ipairs(names) do
    if not source:has(layer) then
      return nil, image_errors.invalid(("%s: Layers[%d]"):format(what, i), layer .. " is not there")
    end
    layers[i] = { name = layer }
  end
  return { config = config, config_name = source.path .. ": " .. name, layers = layers, tag = chosen.tag }
end

return M
