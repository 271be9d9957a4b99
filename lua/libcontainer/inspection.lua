-- SPDX-License-Identifier: MIT
--- What is in a container that runs: its mounts, its processes, their sockets and open files. All of it is the
-- kernel's word of one moment, read from outside, so it is there of a paused one too.
local core = require "libcontainer.core"
local lazy = require "libcontainer.lazy"
local confinement = lazy "libcontainer.confinement"
local descriptors = lazy "libcontainer.descriptors"
local errors = lazy "libcontainer.errors"
local object = require "libcontainer.object"

local M = {}

-- It has an init.
local LIVES <const> = { prepared = true, running = true, pausing = true, paused = true }

-- The words of container.lua that are needed here: check_alive.
local inside

---@class libcontainer.Container
local methods = {}

local function enter(self)
  local alive, err = inside.check_alive(self)
  if not alive then return nil, err end
  local status
  status, err = self:status()
  if not status then return nil, err end
  if not LIVES[status] then return nil, errors.container_not_running(self._id, status) end
  return self._core:init()
end

-- --- mounts ---

---@class libcontainer.MountPoint
---@field destination string    where, as the container sees it
---@field type string           of the file system
---@field source string
---@field root string           what of the file system is there
---@field options string        of the mount itself: "ro,nosuid"
---@field file_system_options string

--- What is mounted in it, in the order of mounting: of several on one place the last is seen.
---@return libcontainer.MountPoint[]|nil
---@return libcontainer.Error|nil err  ContainerNotRunning
function methods:mounts()
  local init, err = enter(self)
  if not init then return nil, err end
  local mounts
  mounts, err = confinement.mounts(init)
  if not mounts then return nil, err end
  local list = {}
  for i, mount in ipairs(mounts) do
    list[i] = object.plain { destination = mount.point, type = mount.type, source = mount.source, root = mount.root,
      options = mount.options, file_system_options = mount.super }
  end
  return object.list(list)
end

-- --- processes ---

---@class libcontainer.ProcessNode
---@field pid integer       as the container sees it
---@field host_pid integer  as the host sees it
---@field command string    its name
---@field args string[]     empty for one that has none any more
---@field state string      the kernel's letter: "R", "S", "D", "T", "Z", …
---@field memory integer    bytes that are resident
---@field children libcontainer.ProcessNode[]
local Node = {}
Node.__index = Node

-- Control characters of a name that a program gave itself stay out of the terminal.
local function shown(text)
  return (text:gsub("%c", "?"))
end

local function add_lines(lines, node, indent)
  local words = #node.args > 0 and table.concat(node.args, " ") or "[" .. node.command .. "]"
  lines[#lines + 1] = ("%s%d %s"):format(indent, node.pid, shown(words))
  for _, child in ipairs(node.children) do add_lines(lines, child, indent .. "  ") end
end

function Node:__tostring()
  local lines = {}
  add_lines(lines, self, "")
  return table.concat(lines, "\n")
end

local function node_of(process)
  local texts = {}
  for _, name in ipairs { "stat", "cmdline", "status" } do
    local text, err = descriptors.read(process.outer, name)
    if not text then return nil, err end
    texts[name] = text
  end
  local command, state = texts.stat:match("^%d+ %((.*)%) (%a)")
  if not command then return false end -- it has ended meanwhile
  local args = {}
  for word in texts.cmdline:gmatch("([^\0]*)\0") do args[#args + 1] = word end
  local resident = math.tointeger(texts.status:match("\nVmRSS:%s*(%d+) kB")) or 0 -- a zombie has none
  return setmetatable({ pid = process.pid, host_pid = process.outer, command = command, state = state, args = args,
    memory = resident * 1024, children = {} }, Node)
end

--- Its processes as a tree: those whose parent is outside of it (its init, further programs), with what they have
-- started. It prints as one.
---@return libcontainer.ProcessNode[]|nil
---@return libcontainer.Error|nil err  ContainerNotRunning
function methods:tree()
  local init, err = enter(self)
  if not init then return nil, err end
  local processes
  processes, err = confinement.processes(self._core)
  if not processes then return nil, err end
  local nodes, order = {}, {}
  for _, process in ipairs(processes) do
    local node
    node, err = node_of(process)
    if node == nil then return nil, err end
    if node then
      nodes[process.outer] = node
      order[#order + 1] = process
    end
  end
  table.sort(order, function(a, b) return a.pid < b.pid end)
  local roots = {}
  for _, process in ipairs(order) do
    local above = nodes[process.parent]
    local list = above and above.children or roots
    list[#list + 1] = nodes[process.outer]
  end
  return object.list(roots)
end

-- --- open files ---

-- What both lists need: the descriptors of its processes.
local function descriptors_of(self)
  local init, err = enter(self)
  if not init then return nil, err end
  local processes
  processes, err = confinement.processes(self._core)
  if not processes then return nil, err end
  return descriptors.of(processes)
end

local ACCESS <const> = { [0] = "r", "w", "rw", "" } -- the last: a place in the tree, and no content

---@class libcontainer.OpenFile
---@field pid integer       as the container sees it
---@field host_pid integer  as the host sees it
---@field fd integer
---@field target string     a path as the process sees it, "pipe:[4711]", "socket:[4712]", …
---@field access string     "r", "w", "rw"
---@field position integer

--- What its processes have open.
---@return libcontainer.OpenFile[]|nil
---@return libcontainer.Error|nil err  ContainerNotRunning
function methods:open_files()
  local found, err = descriptors_of(self)
  if not found then return nil, err end
  local list = {}
  for i, one in ipairs(found) do
    local flags = tonumber(one.info:match("flags:%s*(%d+)") or "0", 8)
    local access = flags & 0x200000 ~= 0 and 3 or flags & 3
    list[i] = object.plain { pid = one.process.pid, host_pid = one.pid, fd = one.fd, target = one.target,
      access = ACCESS[access], position = math.tointeger(one.info:match("pos:%s*(%d+)")) or 0 }
  end
  return object.list(list)
end

-- --- sockets ---

local STATES <const> = { "established", "syn_sent", "syn_received", "fin_wait_1", "fin_wait_2", "time_wait", "close",
  "close_wait", "last_ack", "listen", "closing" }
local UNIX_TYPES <const> = { "stream", "datagram", nil, nil, "seqpacket" }

-- Bytes in the order in which they are sent; the kernel prints words of the machine.
local function bytes_of(hex)
  local bytes = {}
  for word in hex:gmatch("%x%x%x%x%x%x%x%x") do
    local text = string.pack("=I4", tonumber(word, 16))
    for i = 1, 4 do bytes[#bytes + 1] = text:byte(i) end
  end
  return bytes
end

local function address_of(hex)
  local bytes = bytes_of(hex)
  if #bytes == 4 then return table.concat(bytes, ".") end
  local groups = {}
  for i = 1, 16, 2 do groups[#groups + 1] = ("%x"):format(bytes[i] << 8 | bytes[i + 1]) end
  local text = ":" .. table.concat(groups, ":") .. ":"
  for count = 8, 2, -1 do -- the longest row of zeros
    local from, to = text:find((":0"):rep(count) .. ":", 1, true)
    if from then
      text = text:sub(1, from) .. text:sub(to)
      return (text:gsub("^:(%x)", "%1"):gsub("(%x):$", "%1"))
    end
  end
  return text:sub(2, -2)
end

local function read_inet(known, pid, protocol)
  local text, err = descriptors.read(pid, "net/" .. protocol)
  if not text then return nil, err end
  for here, port, there, peer, state, inode in text:gmatch(
    "\n%s*%d+: (%x+):(%x+) (%x+):(%x+) (%x%x) %S+ %S+ %S+%s+%d+%s+%d+ (%d+)") do
    known[inode] = { protocol = protocol, address = address_of(here), port = tonumber(port, 16),
      peer_address = address_of(there), peer_port = tonumber(peer, 16), state = STATES[tonumber(state, 16)] }
  end
  return true
end

local function read_unix(known, pid)
  local text, err = descriptors.read(pid, "net/unix")
  if not text then return nil, err end
  for flags, kind, inode, path in text:gmatch("\n%S+ %x+ %x+ (%x+) (%x+) %x+ +(%d+) ?([^\n]*)") do
    known[inode] = { protocol = "unix", type = UNIX_TYPES[tonumber(kind, 16)], path = path ~= "" and path or nil,
      state = tonumber(flags, 16) & 0x10000 ~= 0 and "listen" or nil }
  end
  return true
end

-- All of a network namespace, by inode.
local function read_sockets(pid)
  local known = {}
  for _, protocol in ipairs { "tcp", "tcp6", "udp", "udp6" } do
    local done, err = read_inet(known, pid, protocol)
    if not done then return nil, err end
  end
  local done, err = read_unix(known, pid)
  if not done then return nil, err end
  return known
end

---@class libcontainer.Socket
---@field pid integer       as the container sees it
---@field host_pid integer  as the host sees it
---@field fd integer
---@field protocol "tcp"|"tcp6"|"udp"|"udp6"|"unix"|"other"
---@field address string|nil
---@field port integer|nil
---@field peer_address string|nil
---@field peer_port integer|nil
---@field state string|nil  "listen", "established", …
---@field type string|nil   of unix: "stream", "datagram", "seqpacket"
---@field path string|nil   of unix, "@" first where it is no file

--- The sockets that its processes have open, in whichever network namespace they are.
---@return libcontainer.Socket[]|nil
---@return libcontainer.Error|nil err  ContainerNotRunning
function methods:sockets()
  local found, err = descriptors_of(self)
  if not found then return nil, err end
  local list, by_namespace = {}, {}
  for _, one in ipairs(found) do
    local inode = one.target:match("^socket:%[(%d+)%]$")
    local namespace = inode and core.proc_link(one.pid, "ns/net")
    if namespace then
      local known = by_namespace[namespace]
      if not known then
        known, err = read_sockets(one.pid)
        if not known then return nil, err end
        by_namespace[namespace] = known
      end
      local socket = { pid = one.process.pid, host_pid = one.pid, fd = one.fd }
      for key, value in next, known[inode] or { protocol = "other" } do socket[key] = value end
      list[#list + 1] = object.plain(socket)
    end
  end
  return object.list(list)
end

--- The methods, for the class of containers.
---@param tools table  check_alive of container.lua
---@return table<string, function>
function M.methods(tools)
  inside = tools
  return methods
end

return M
