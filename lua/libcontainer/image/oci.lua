-- SPDX-License-Identifier: MIT
--- An OCI image layout: from its index to one manifest, its configuration and its layers. Every document is
-- found by its digest, and is what its digest says.
local document = require "libcontainer.image.document"
local image_errors = require "libcontainer.image.errors"
local platforms = require "libcontainer.image.platform"

local M = {}

local REF_NAME <const> = "org.opencontainers.image.ref.name"

local INDEXES <const> = { ["application/vnd.oci.image.index.v1+json"] = true,
  ["application/vnd.docker.distribution.manifest.list.v2+json"] = true }
local MANIFESTS <const> = { ["application/vnd.oci.image.manifest.v1+json"] = true,
  ["application/vnd.docker.distribution.manifest.v2+json"] = true }
local CONFIGS <const> = { ["application/vnd.oci.image.config.v1+json"] = true,
  ["application/vnd.docker.container.image.v1+json"] = true }
local LAYERS <const> = { ["application/vnd.docker.image.rootfs.diff.tar"] = true,
  ["application/vnd.docker.image.rootfs.diff.tar.gzip"] = true,
  ["application/vnd.docker.image.rootfs.diff.tar.zstd"] = true,
  ["application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"] = true }
for _, kind in ipairs { "layer", "layer.nondistributable" } do
  for _, suffix in ipairs { "", "+gzip", "+zstd" } do
    LAYERS[("application/vnd.oci.image.%s.v1.tar%s"):format(kind, suffix)] = true
  end
end

local DEPTH <const>, DESCRIPTORS <const>, LAYER_COUNT <const> = 4, 4096, 1024

--- Is it a layout?
---@param source table
---@return boolean
function M.is(source)
  return source:has "oci-layout" or source:has "index.json"
end

-- { media_type, digest, size, name } of a descriptor.
local function descriptor(t, what)
  if type(t) ~= "table" then return nil, image_errors.invalid(what, "must be a table") end
  local algorithm, media_type, size, err
  algorithm, err = document.algorithm(t.digest, what .. ": digest")
  if algorithm then media_type, err = document.member(t, "mediaType", "string", what, true) end
  if media_type then size, err = document.member(t, "size", "integer", what, true) end
  if not size then return nil, err end
  return { media_type = media_type, digest = t.digest, size = size, name = "blobs/" .. t.digest:gsub(":", "/") }
end

local function read(source, found)
  local doc, err, text = document.read(source, found.name, found.digest)
  if not doc then return nil, err end
  if #text ~= found.size then
    return nil, image_errors.invalid(source.path .. ": " .. found.name,
      ("has %d bytes, and has to have %d"):format(#text, found.size))
  end
  return doc
end

-- --- from the index to manifests ---

local function add_manifest(found, t, one, tag)
  local platform = type(t.platform) == "table" and t.platform or nil
  -- what is about an image, and none, is written so
  if platform and platform.os == "unknown" then return true end
  one.platform, one.tag = platform, tag
  found[#found + 1] = one
  return true
end

local add_index

-- One entry of an index, whose tag is that of the outermost one.
local function add_entry(source, found, t, what, tag, depth)
  found.seen = found.seen + 1
  if found.seen > DESCRIPTORS then
    return nil, image_errors.invalid(what, ("has more than %d entries"):format(DESCRIPTORS))
  end
  local one, err = descriptor(t, what)
  if not one then return nil, err end
  if MANIFESTS[one.media_type] then return add_manifest(found, t, one, tag) end
  if not INDEXES[one.media_type] then return true end -- something else that is kept beside images
  if depth == DEPTH then return nil, image_errors.invalid(what, ("is nested more than %d deep"):format(DEPTH)) end
  local index
  index, err = read(source, one)
  if not index then return nil, err end
  return add_index(source, found, index, source.path .. ": " .. one.name, tag, depth + 1)
end

function add_index(source, found, index, what, tag, depth)
  local manifests, err = document.member(index, "manifests", "table", what, true)
  if not manifests then return nil, err end
  for i, t in ipairs(manifests) do
    local annotations = depth == 0 and type(t) == "table" and type(t.annotations) == "table" and t.annotations
    local own = annotations and annotations[REF_NAME]
    if type(own) ~= "string" then own = nil end
    if own then found.tags[#found.tags + 1] = own end
    if depth > 0 or not found.wanted or own == found.wanted then
      local fine
      fine, err = add_entry(source, found, t, ("%s: manifests[%d]"):format(what, i), own or tag, depth)
      if not fine then return nil, err end
    end
  end
  return true
end

-- --- choosing ---

local function list_of(names)
  return #names > 0 and "it has " .. table.concat(names, ", ", 1, math.min(#names, 20)) or "it has no tags"
end

local function platform_names(found)
  local names = {}
  for i, one in ipairs(found) do names[i] = one.platform and platforms.name(one.platform) or "one that does not say" end
  return table.concat(names, ", ", 1, math.min(#names, 20))
end

-- Those of the platform that say so, else those that say nothing.
local function of_platform(found, wanted)
  local exact, silent = {}, {}
  for _, one in ipairs(found) do
    if not one.platform then
      silent[#silent + 1] = one
    elseif platforms.matches(wanted, one.platform) then
      exact[#exact + 1] = one
    end
  end
  return #exact > 0 and exact or silent
end

local function choose(source, found, wanted)
  if #found == 0 then
    if found.wanted then
      return nil, image_errors.invalid(source.path, ("has no image %q"):format(found.wanted), list_of(found.tags))
    end
    return nil, image_errors.invalid(source.path, "has no image")
  end
  local fitting = of_platform(found, wanted)
  if #fitting == 0 then
    return nil, image_errors.invalid(source.path, ("has no image for %s, but for %s"):format(platforms.name(wanted),
      platform_names(found)), "image.open(path, { platform = \"os/architecture\" }) chooses another one")
  end
  for _, one in ipairs(fitting) do
    if one.tag ~= fitting[1].tag then
      return nil, image_errors.invalid(source.path, "has several images", ("write path:tag; %s")
        :format(list_of(found.tags)))
    end
  end
  return fitting[1] -- the first of an index is the one that is meant, as OCI has it
end

local function layers_of(source, manifest, what)
  local list, err = document.member(manifest, "layers", "table", what, true)
  if not list then return nil, err end
  local layers = {}
  if rawlen(list) > LAYER_COUNT then
    return nil, image_errors.invalid(what .. ": layers", ("has more than %d entries"):format(LAYER_COUNT))
  end
  for i, t in ipairs(list) do
    local place = ("%s: layers[%d]"):format(what, i)
    local layer
    layer, err = descriptor(t, place)
    if not layer then return nil, err end
    if not LAYERS[layer.media_type] then
      return nil, image_errors.invalid(place, ("%q is no kind of layer that this library knows")
        :format(layer.media_type))
    end
    if not source:has(layer.name) then
      return nil, image_errors.invalid(place, layer.digest .. " is not there", "get the image again, with all layers")
    end
    layers[i] = layer
  end
  return layers
end

--- Read one image of a layout.
---@param source table
---@param tag string|nil
---@param wanted libcontainer.Platform
---@return table|nil image  `config`, the document; `layers`; `tag`; `digest`
---@return libcontainer.Error|nil err
function M.read(source, tag, wanted)
  local index, err = document.read(source, "index.json")
  if not index then return nil, err end
  local found = { wanted = tag, tags = {}, seen = 0 }
  local fine
  fine, err = add_index(source, found, index, source.path .. ": index.json", nil, 0)
  if not fine then return nil, err end
  local chosen
  chosen, err = choose(source, found, wanted)
  if not chosen then return nil, err end
  local what = source.path .. ": " .. chosen.name
  local manifest
  manifest, err = read(source, chosen)
  if not manifest then return nil, err end
  local config, layers
  config, err = descriptor(manifest.config, what .. ": config")
  if not config then return nil, err end
  if not CONFIGS[config.media_type] then
    return nil, image_errors.invalid(what .. ": config", ("%q is no configuration of a container image")
      :format(config.media_type))
  end
  layers, err = layers_of(source, manifest, what)
  if not layers then return nil, err end
  local text = config.name
  config, err = read(source, config)
  if not config then return nil, err end
  return { config = config, config_name = source.path .. ": " .. text, layers = layers, tag = chosen.tag,
    digest = chosen.digest }
end

return M
