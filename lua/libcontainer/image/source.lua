-- SPDX-License-Identifier: MIT
--- Where the parts of an image are: files in a directory, or members of an archive. Files are opened below
-- the directory, where no link leads out; members are read by the program in its container.
local core = require "libcontainer.core"
local errors = require "libcontainer.errors"
local image_errors = require "libcontainer.image.errors"
local sandbox = require "libcontainer.image.sandbox"

local M = {}

-- --- a directory ---

local Directory = {}
Directory.__index = Directory

--- Is there such a file?
---@param name string
---@return boolean
function Directory:has(name)
  local file <close> = core.open_file(self.path, name)
  return file ~= nil
end

--- Read one.
---@param name string
---@param limit integer  bytes
---@return string|nil text
---@return libcontainer.Error|nil err
function Directory:read(name, limit)
  local file <close>, size = core.open_file(self.path, name)
  if not file then return nil, errors.raw(size, { subject = self.path .. "/" .. name }) end
  local parts, count = {}, 0
  while count <= limit do
    local chunk, raw = file:read()
    if not chunk then return nil, errors.raw(raw, { subject = self.path .. "/" .. name }) end
    if chunk == "" then return table.concat(parts) end
    parts[#parts + 1], count = chunk, count + #chunk
  end
  return nil, image_errors.invalid(self.path .. ": " .. name, ("is longer than %d bytes"):format(limit))
end

-- Its digest, before anything of it is parsed.
local function verify(self, layer, job)
  local file <close>, size = core.open_file(self.path, layer.name)
  if not file then
    return nil, errors.raw(size, { subject = self.path .. "/" .. layer.name, layer = job.layer, digest = layer.digest })
  end
  if layer.size and size ~= layer.size then
    return nil, image_errors.invalid(job.what, ("has %d bytes, and has to have %d"):format(size, layer.size))
  end
  local done, err = sandbox.run(self.factory, { args = { "digest", layer.digest:match("^%w+") }, stdin = file,
    what = job.what, layer = job.layer, digest = layer.digest, timeout = job.timeout })
  if not done then return nil, err end
  if done.raw ~= layer.digest then
    return nil, image_errors.digest(job.what, layer.digest, done.raw, job.layer)
  end
  return true
end

--- Unpack one of its layers.
---@param layer table  `name`, `digest`, `size`
---@param job table    see sandbox.lua
---@return table|nil done
---@return libcontainer.Error|nil err
function Directory:unpack(layer, job)
  local fine, err = verify(self, layer, job)
  if not fine then return nil, err end
  local file <close>, raw = core.open_file(self.path, layer.name)
  if not file then return nil, errors.raw(raw) end
  job.stdin = file
  return sandbox.run(self.factory, job)
end

--- The files of a layout in a directory.
---@param path string
---@param options table  `factory`
---@return table source
function M.directory(path, options)
  return setmetatable({ path = path, factory = options.factory }, Directory)
end

-- --- an archive ---

local Archive = {}
Archive.__index = Archive

local LINKS <const> = 8 -- from member to member, before it is a circle

local function run(self, job)
  local file <close>, raw = core.open_file(self.path)
  if not file then return nil, errors.raw(raw) end
  job.stdin, job.what, job.timeout = file, job.what or self.path, job.timeout or self.timeout
  return sandbox.run(self.factory, job)
end

-- "a/b/../c" and "../x" in a link of the member "d/e".
local function resolve(name, link)
  local parts = {}
  for part in ((name:match("^(.*)/") or "") .. "/" .. link):gmatch("[^/]+") do
    if part == ".." then parts[#parts] = nil elseif part ~= "." then parts[#parts + 1] = part end
  end
  return table.concat(parts, "/")
end

-- The member that holds the bytes: old archives write equal layers as links.
local function real(self, name)
  for _ = 1, LINKS do
    local member = self.members[name]
    if not member then return nil end
    if member.type == "f" then return name end
    if member.type ~= "l" and member.type ~= "h" then return nil end
    name = member.type == "h" and resolve("", member.link) or resolve(name, member.link)
  end
end

--- Is there such a member?
---@param name string
---@return boolean
function Archive:has(name)
  return real(self, name) ~= nil
end

local function missing(self, name)
  return image_errors.invalid(self.path, "has no member " .. name)
end

--- Read one.
---@param name string
---@param limit integer  bytes
---@return string|nil text
---@return libcontainer.Error|nil err
function Archive:read(name, limit)
  local member = real(self, name)
  if not member then return nil, missing(self, name) end
  local parts, size = {}, 0
  local done, err = run(self, { args = { "read", member, ("%d"):format(limit) }, size_limit = limit,
    on_bytes = function(bytes)
      size = size + #bytes
      if size <= limit then parts[#parts + 1] = bytes end
    end })
  if not done then return nil, err end
  return table.concat(parts)
end

--- Unpack one of its layers. What it is named by is compared at its end: to find it in here, its archive has
-- to be parsed anyway.
---@param layer table  `name`, `digest`, `size`
---@param job table    see sandbox.lua
---@return table|nil done
---@return libcontainer.Error|nil err
function Archive:unpack(layer, job)
  local member = real(self, layer.name)
  if not member then return nil, missing(self, layer.name) end
  job.args[#job.args + 1] = "member=" .. member
  if layer.digest then job.args[#job.args + 1] = "raw_digest=" .. layer.digest:match("^%w+") end
  local done, err = run(self, job)
  if not done then return nil, err end
  if layer.digest and done.raw ~= layer.digest then
    return nil, image_errors.digest(job.what, layer.digest, done.raw, job.layer)
  end
  return done
end

-- Names that archives of images have: the first other one says that this is none.
local function belongs(member)
  local name = member.name
  return member.type == "d" or name == "oci-layout" or name == "repositories" or name:match("^[^/]+%.json$")
    or name:match("^[^/]+%.tar$") or name:match("^blobs/[%w]+/%x+$") or name:match("^%x+/[%w.]+$")
end

local MEMBERS <const> = 100000

--- The members of an archive, nil without an error when it is not one of an image.
---@param path string
---@param options table  `factory`, `timeout`
---@return table|nil source
---@return libcontainer.Error|nil err
function M.archive(path, options)
  local self = setmetatable({ path = path, factory = options.factory, timeout = options.timeout, members = {} },
    Archive)
  local count, is_other = 0, false
  local done, err = run(self, { args = { "list" }, on_member = function(member)
    count = count + 1
    is_other = count > MEMBERS or not belongs(member)
    self.members[member.name] = member
    return is_other
  end })
  if not done then return nil, err end
  if is_other then return nil end
  return self
end

return M
