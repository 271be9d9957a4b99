-- SPDX-License-Identifier: MIT
--- nsinit as others call it: a program with words, a bundle, and what came of it.
--
--     before_each(command.fresh)     -- a state root of the test's own
--     after_each(command.end_box)    -- before the look for leaks
--     command.running { "sleep", "1000" }
--     local ended = command.nsinit("exec", "box", "true")
local assert = require "luassert"
local fixture = require "spec.support.fixture"
local json = require "libcontainer.json"

local M = {}

--- The program under test, of the build under test.
---@type string
M.program = fixture.sh("pwd") .. "/" .. (os.getenv "LIBCONTAINER_NSINIT"
  or (os.getenv "LIBCONTAINER_BUILD" or "build/release") .. "/bin/nsinit")

--- That which loads libraries: beside the other where that is linked statically. It needs no other file.
---@type string
M.whole = M.program:gsub("bin/nsinit$", "libcontainer/nsinit")
if not fixture.read(M.whole) then M.whole = M.program end

local function quoted(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

---@class command.Ended
---@field stdout string
---@field stderr string
---@field status integer

--- Run `nsinit WORDS` and wait for it. In front of the words come `--root` and this root.
---@param root string
---@param words string[]
---@param options table|nil  `shell`: text that comes first; `after`: redirections; `name`: what it is called;
-- `program`: another file of it
---@return command.Ended
function M.run(root, words, options)
  options = options or {}
  local list, path = {}, fixture.directory()
  for i, word in ipairs(words) do list[i] = quoted(word) end
  local program = options.program or M.program
  if options.name then
    program = path .. "/bin/" .. options.name
    fixture.sh("mkdir %s/bin && ln -s %s %s", path, M.program, program)
  end
  local _, how, number = os.execute(("export LUA_PATH=%s LUA_CPATH=%s; unset LD_PRELOAD; %s %s --root %s %s "
    .. "</dev/null >%s/out 2>%s/err %s"):format(quoted(package.path), quoted(package.cpath), options.shell or "",
    program, quoted(root), table.concat(list, " "), path, path, options.after or ""))
  return { stdout = fixture.read(path .. "/out"), stderr = fixture.read(path .. "/err"),
    status = how == "exit" and number or 128 + number }
end

local MOUNTS <const> = {
  { destination = "/proc", type = "proc", source = "proc" },
  { destination = "/dev", type = "tmpfs", source = "tmpfs", options = { "nosuid", "mode=755", "size=65536k" } },
  { destination = "/dev/pts", type = "devpts", source = "devpts",
    options = { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620" } },
}

--- A bundle of busybox whose program is these words.
---@param args string[]
---@param change fun(document: table)|nil  changes its config.json
---@return string path
function M.bundle(args, change)
  local rootfs = fixture.rootfs()
  local path = rootfs:match("^(.*)/")
  local namespaces = {}
  for i, kind in ipairs { "pid", "network", "ipc", "uts", "mount" } do namespaces[i] = { type = kind } end
  local document = {
    ociVersion = "1.0.2", root = { path = "rootfs" }, hostname = "box", mounts = MOUNTS,
    process = { terminal = false, user = { uid = 0, gid = 0 }, args = args, env = { "PATH=/bin", "TERM=xterm" },
      cwd = "/" },
    linux = { namespaces = namespaces, resources = { devices = { { allow = false, access = "rwm" } } } },
  }
  if change then change(document) end
  fixture.write(path .. "/config.json", assert(json.encode(document)))
  return path
end

-- --- on a state root of the running test's ---

local root

--- A root that nobody had before, for what follows.
---@return string
function M.fresh()
  root = fixture.root()
  return root
end

--- Run nsinit with these words on it.
---@return command.Ended
function M.nsinit(...)
  return M.run(root, { ... })
end

--- Have a container "box" run.
---@param args string[]|nil                      its program, default a long sleep
---@param change fun(document: table)|nil        changes its config.json
---@return string bundle
function M.running(args, change)
  local bundle = M.bundle(args or { "sleep", "1000" }, change)
  assert.equal(0, M.nsinit("create", "-b", bundle, "box").status)
  assert.equal(0, M.nsinit("start", "box").status)
  return bundle
end

--- Remove the container "box", as it is; nothing where there is none.
function M.end_box()
  if root then M.nsinit("delete", "--force", "box") end
end

--- Words are in a text.
---@param text string
---@param words string
function M.has(text, words)
  assert.truthy(text:find(words, 1, true), text)
end

return M
