-- SPDX-License-Identifier: MIT
--- Archives and image layouts, byte by byte: also those that no program would write.
local core = require "libcontainer.core"
local fixture = require "spec.support.fixture"
local json = require "libcontainer.json"

local M = {}

local TYPES <const> = { file = "0", hardlink = "1", link = "2", char = "3", block = "4", directory = "5", fifo = "6",
  pax = "x" }

local function octal(number, width)
  return ("%0" .. width - 1 .. "o\0"):format(number)
end

local function padded(text)
  return text .. ("\0"):rep(-#text % 512)
end

local function header(entry, name, size, type)
  local text = ("%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s"):format(
    (name:sub(1, 100) .. ("\0"):rep(100)):sub(1, 100), octal(entry.mode or 420, 8), octal(entry.uid or 0, 8),
    octal(entry.gid or 0, 8), octal(size, 12), octal(entry.mtime or 1000000000, 12), "        ", TYPES[type] or type,
    ((entry.link or ""):sub(1, 100) .. ("\0"):rep(100)):sub(1, 100), "ustar\0", "00", ("\0"):rep(32), ("\0"):rep(32),
    octal(entry.major or 0, 8), octal(entry.minor or 0, 8), ("\0"):rep(167))
  local sum = 0
  for i = 1, #text do sum = sum + text:byte(i) end
  return text:sub(1, 148) .. ("%06o\0 "):format(sum) .. text:sub(157)
end

-- "LENGTH key=value\n", where the length counts itself.
local function record(key, value)
  local rest = " " .. key .. "=" .. value .. "\n"
  local length = #rest + 1
  while #tostring(length) + #rest ~= length do length = #tostring(length) + #rest end
  return length .. rest
end

local function pax_of(entry)
  local records = {}
  if #entry.name > 100 then records[1] = record("path", entry.name) end
  if #(entry.link or "") > 100 then records[#records + 1] = record("linkpath", entry.link) end
  for key, value in pairs(entry.pax or {}) do records[#records + 1] = record(key, value) end
  return table.concat(records)
end

--- A tar. An entry has `name`, `type` (default "file"), `data`, `mode`, `uid`, `gid`, `mtime`, `link`, `major`,
-- `minor`, `pax` (further records), `size` (to lie about it), or is text: bytes as they are.
---@param entries table[]
---@return string bytes
function M.archive(entries)
  local parts = {}
  for _, entry in ipairs(entries) do
    if type(entry) == "string" then
      parts[#parts + 1] = entry
    else
      local data, kind = entry.data or "", entry.type or "file"
      local pax = pax_of(entry)
      if pax ~= "" then
        parts[#parts + 1] = header({}, "pax", #pax, "pax") .. padded(pax)
      end
      parts[#parts + 1] = header(entry, entry.name, entry.size or #data, kind) .. padded(data)
    end
  end
  parts[#parts + 1] = ("\0"):rep(1024)
  return table.concat(parts)
end

local function blob(path, bytes, algorithm)
  local digest = assert(core.digest(algorithm or "sha256", bytes))
  fixture.write(path .. "/blobs/" .. digest:gsub(":", "/"), bytes)
  return digest, #bytes
end

local PREFIX <const> = "application/vnd.oci.image."

--- An OCI layout of these layers. Options: `config` (fields of the image's "config"), `document`, a function
-- that may change the whole configuration, `manifest`, one that may change the manifest, `index`, the same;
-- `compress`, a shell filter; `tag`; `platform`; `algorithm` of all digests but
-- those of `layer_algorithm`, of layers, and `diff_algorithm`, of what they are without compression.
---@param path string      a directory
---@param layers string[]  tars
---@param options table|nil
function M.layout(path, layers, options)
  options = options or {}
  fixture.sh("mkdir -p %s/blobs/sha256 %s/blobs/sha512", path, path)
  local descriptors, ids = json.array {}, json.array {}
  for i, bytes in ipairs(layers) do
    ids[i] = assert(core.digest(options.diff_algorithm or "sha256", bytes))
    if options.compress then
      fixture.write(path .. "/plain", bytes)
      fixture.sh("%s <%s/plain >%s/packed; rm %s/plain", options.compress, path, path, path)
      bytes = fixture.read(path .. "/packed")
      os.remove(path .. "/packed")
    end
    local digest, size = blob(path, bytes, options.layer_algorithm or options.algorithm)
    descriptors[i] = { mediaType = PREFIX .. "layer.v1.tar" .. (options.suffix or ""), digest = digest, size = size }
  end
  local document = { architecture = core.architecture, os = "linux", config = options.config or {},
    rootfs = { type = "layers", diff_ids = ids } }
  if options.document then options.document(document) end
  local digest, size = blob(path, assert(json.encode(document)), options.algorithm)
  local manifest = { schemaVersion = 2, mediaType = PREFIX .. "manifest.v1+json", layers = descriptors,
    config = { mediaType = PREFIX .. "config.v1+json", digest = digest, size = size } }
  if options.manifest then options.manifest(manifest) end
  digest, size = blob(path, assert(json.encode(manifest)), options.algorithm)
  local index = { schemaVersion = 2, manifests = json.array { { mediaType = PREFIX .. "manifest.v1+json",
    digest = digest, size = size, platform = options.platform,
    annotations = { ["org.opencontainers.image.ref.name"] = options.tag or "latest" } } } }
  if options.index then options.index(index, function(bytes) return blob(path, bytes) end) end
  fixture.write(path .. "/index.json", assert(json.encode(index)))
  fixture.write(path .. "/oci-layout", '{"imageLayoutVersion":"1.0.0"}')
end

return M
