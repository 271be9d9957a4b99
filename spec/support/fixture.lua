-- SPDX-License-Identifier: MIT
--- What specs share: a state root of their own, root file systems, reasons to skip, and the check
-- that a test leaves the machine as it found it.
--
--     local fixture = require "spec.support.fixture"
--     describe("…", function()
--       fixture.check_leaks()
--       it("…", function()
--         fixture.needs "root"
--         local factory = fixture.factory()
local busted = require "busted"
local core = require "libcontainer.core"
local leaks = require "spec.support.leaks"
local patience = require "spec.support.patience"
local programs = require "spec.support.programs"

local M = {}

--- See spec/support/patience.lua. Scripts of `lua` have the first two as `seconds` and `rounds`.
M.seconds, M.rounds, M.moment = patience.seconds, patience.rounds, patience.moment

--- Where the build under test is ("build/release", "build/asan").
M.build = os.getenv("LIBCONTAINER_BUILD") or "build/release"
M.is_asan = M.build:match("asan$") ~= nil

-- --- shell, for looking at the machine and making files; never to do what is tested ---

local output = os.tmpname()

--- Output of a shell command, without its final newline. Through a file, not a pipe: the list of our
-- own descriptors must not hold one of the asking. A sanitizer's library that is preloaded into us is
-- kept from the commands: they are slow with it, or hang. Interpreters get it again (run-all).
---@param format string
function M.sh(format, ...)
  local command = select("#", ...) > 0 and format:format(...) or format
  os.execute(("unset LD_PRELOAD; { %s\n} >%s"):format(command, output))
  local file <close> = assert(io.open(output))
  return (file:read("a"):gsub("\n$", ""))
end

--- The content of a file, nil when it cannot be read.
function M.read(path)
  local file <close> = io.open(path)
  return file and file:read("a")
end

--- Wait until a file holds this.
---@param path string
---@param text string
---@return boolean  false: it has not come to that
function M.file_becomes(path, text)
  local deadline = core.now() + M.seconds(30)
  while M.read(path) ~= text do
    if core.now() > deadline then return false end
    core.poll({}, 0.01)
  end
  return true
end

--- Write a file anew: never into one that is linked elsewhere.
function M.write(path, text)
  os.remove(path)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end

-- --- what this machine can do ---

-- The first complaint of criu about this machine, "" for none; asked once, because it takes its time.
local criu_complaint
local function ask_criu()
  criu_complaint = criu_complaint or M.sh [[if ! command -v criu >/dev/null; then echo 'there is no criu'
    elif ! said=$(criu check 2>&1); then echo "$said" | grep -m1 'Error ('; fi]]
  return criu_complaint
end

local function is_kernel(major, minor)
  local x, y = M.sh("uname -r"):match("^(%d+)%.(%d+)")
  x, y = math.tointeger(x), math.tointeger(y)
  return x > major or x == major and y >= minor
end

local function is_tmp_in_memory()
  return M.sh("findmnt -no FSTYPE -T /tmp") == "tmpfs"
end

local NEEDS = {
  criu = { function() return "needs criu, and a kernel that it knows: " .. ask_criu() end,
    function() return ask_criu() == "" end },
  root = { "needs root", function() return core.uid() == 0 end },
  gcc = { "needs the package gcc", function() return M.sh("command -v gcc") ~= "" end },
  x86_64 = { "needs an x86_64 machine", function() return M.sh("uname -m") == "x86_64" end },
  suid = { "needs a /tmp that is not mounted nosuid",
    function() return not M.sh("findmnt -no OPTIONS -T /tmp"):find("nosuid") end },
  mappable = { "needs a /tmp whose files can have their ids mapped, which a tmpfs lets be done from Linux 6.3 on",
    function() return is_kernel(6, 3) or not is_tmp_in_memory() end },
  user_attributes = { "needs a /tmp that keeps attributes user.*, which a tmpfs does from Linux 6.6 on",
    function() return is_kernel(6, 6) or not is_tmp_in_memory() end },
  memory_layers = { "needs Linux 6.6, whose tmpfs keeps attributes user.*", function() return is_kernel(6, 6) end },
  setcap = { "needs the package libcap2-bin", function() return M.sh("command -v setcap") ~= "" end },
  libarchive = { "needs the package libarchive13",
    function() return M.sh("ldconfig -p | grep -c libarchive.so.13") ~= "0" end },
  cqueues = { "needs the package lua-cqueues",
    function() return package.searchpath("_cqueues", package.cpath) ~= nil end },
  luv = { "needs the package lua-luv", function() return package.searchpath("luv", package.cpath) ~= nil end },
  umoci = { "needs the package umoci", function() return M.sh("command -v umoci") ~= "" end },
  skopeo = { "needs the package skopeo", function() return M.sh("command -v skopeo") ~= "" end },
  zstd = { "needs the package zstd", function() return M.sh("command -v zstd") ~= "" end },
  fish = { "needs the package fish", function() return M.sh("command -v fish") ~= "" end },
  zsh = { "needs the package zsh", function() return M.sh("command -v zsh") ~= "" end },
  man = { "needs the packages man-db and groff-base",
    function() return M.sh("command -v man && command -v groff") ~= "" end },
  luarocks = { "needs the package luarocks", function() return M.sh("command -v luarocks") ~= "" end },
  busybox = { "needs the package busybox-static", function() return M.read("/bin/busybox") ~= nil end },
  fault_build = { "needs a build with fault injection (make fault)",
    function() return M.read("build/fault/libcontainer/core.so") ~= nil end },
  cc = { "needs a C compiler and lua.h", function() return M.posix_directory() ~= nil end },
  pace = { "takes too long on a machine as slow as this", function() return not patience.is_very_slow end },
  release = { "makes no sense under a sanitizer", function() return not M.is_asan end },
  v2 = { "needs cgroup v2 with all its controllers",
    function() return M.sh("cat /sys/fs/cgroup/cgroup.controllers 2>/dev/null"):find("memory") ~= nil end },
  dbus = { "needs the packages dbus-daemon, libsystemd0 and gcc",
    function() return M.fake_systemd() ~= nil and M.sh("command -v dbus-daemon") ~= "" end },
  systemd = { "needs a machine that systemd runs",
    function() return M.sh("test -d /run/systemd/system && command -v systemctl") ~= "" end },
  v1 = { "needs cgroup v1 hierarchies",
    function() return M.sh("grep -c ' - cgroup ' /proc/self/mountinfo") ~= "0" end },
}

-- busted gives the `pending` that ends a test to the test alone, in its environment; the one that
-- require "busted" has only announces another test. In a before_each there is no test yet that could be ended:
-- the one that comes gets another body.
local end_as_pending, is_testing, due
busted.subscribe({ "test", "start" }, function(element)
  end_as_pending, is_testing = element.env.pending, true
  local reason = due
  if reason then
    due = nil
    element.run = function() end_as_pending(reason) end
  end
  return nil, true -- the event goes on to other listeners
end)
busted.subscribe({ "test", "end" }, function()
  is_testing = false
  return nil, true
end)

--- Skip the running test; in a before_each the test that comes, and what else is done before it still is.
---@param reason string
function M.skip(reason)
  if is_testing then end_as_pending(reason) end
  due = due or reason
end

--- The same, with the reason, when the machine lacks something.
---@param ... string  of NEEDS: "root", "busybox", "v1"
function M.needs(...)
  for _, name in ipairs { ... } do
    local need = assert(NEEDS[name], name)
    if not need[2]() then M.skip(type(need[1]) == "function" and need[1]() or need[1]) end
  end
end

-- --- places of our own ---

local made, counter, posix_directory = {}, 0, nil

-- One directory for the run, which every user may pass, to what he is given.
local run_directory
local function place(name)
  if not run_directory then
    run_directory = M.sh("mktemp -d /tmp/libcontainer-spec.XXXXXX")
    M.sh("exec chmod 711 %s", run_directory)
  end
  return run_directory .. "/" .. name
end

-- In it a supply of empty ones: they are made many at a time.
local spare = {}
local SUPPLY <const> = 16
local function make_supply()
  for _ = 1, SUPPLY do
    counter = counter + 1
    spare[#spare + 1] = place(counter)
  end
  M.sh("exec mkdir -m 700 %s", table.concat(spare, " "))
end

--- A new empty directory that goes away after the test.
function M.directory()
  if #spare == 0 then make_supply() end
  local path = table.remove(spare)
  made[#made + 1] = path
  return path
end

--- An id that no other test uses.
function M.id()
  counter = counter + 1
  return ("spec-%d-%d"):format(core.pid(), counter)
end

--- The path of a state root that does not exist yet.
function M.root()
  return M.directory() .. "/state"
end

--- A factory with a state root of its own.
---@param options table|nil
function M.factory(options)
  local lc = require "libcontainer"
  return assert(lc.new(M.root(), options))
end

local APPLETS <const> = "sh cat ls id mount stat hostname sleep true false echo head dd env pwd readlink "
  .. "test wc grep sort yes kill ps umount chroot mknod ifconfig find touch rm mkdir ln chmod tr cut nc ip"
local template

-- Made once in a run; each test gets a tree of hard links to it. busybox itself makes the names: one
-- program for all of them.
local function make_template()
  local path = place "rootfs"
  M.sh([[mkdir %s && cd %s && mkdir bin dev etc proc sys tmp root all && cp /bin/busybox all/busybox &&
    all/busybox --install all && cd all && mv busybox %s ../bin && cd .. && rm -r all]], path, path, APPLETS)
  return path
end

--- A root file system of busybox alone.
---@return string path
function M.rootfs()
  template = template or make_template()
  local path = M.directory() .. "/rootfs"
  M.sh("exec cp -al %s %s", template, path)
  M.write(path .. "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1001:u:/home/user:/bin/sh\n")
  M.write(path .. "/etc/group", "root:x:0:\nusers:x:1001:\nextra:x:2000:user\n")
  return path
end

busted.subscribe({ "exit" }, function()
  os.remove(output)
  if run_directory then os.execute("exec rm -rf --one-file-system " .. run_directory) end
  return nil, true
end)

--- Run a command in a container made from `rootfs` and answer the result object.
---@param config table|nil  fields for configs.default; rootfs is made when absent
---@param ... string        argv
function M.run(config, ...)
  local configs = require "libcontainer.configs"
  local run = require "libcontainer.run"
  config = config or {}
  config.rootfs = config.rootfs or M.rootfs()
  local t = { ... }
  for key, value in pairs(config) do t[key] = value end
  assert(configs.default)
  return run.run(M.factory(), t)
end

-- --- interpreters of their own, where a test needs a strange or a dying host ---

--- Where posix_for_specs.so is; nil without a compiler.
function M.posix_directory()
  if posix_directory == nil then
    local library = programs.compile("posix_for_specs.so", M.read("spec/support/posix.c"),
      "cc -std=gnu17 -D_GNU_SOURCE -O1 -pthread -shared -fPIC -I/usr/include/lua5.4")
    local path = place "posix" -- a copy where every user may read it
    if library then M.sh("mkdir -m 755 %s && cp %s %s", path, library, path) end
    posix_directory = library and path or false
  end
  return posix_directory or nil
end

--- A systemd that does what it is told, see its source; nil without a compiler or libsystemd.
function M.fake_systemd()
  return (programs.compile("fake_systemd", M.read("spec/support/fake_systemd.c"), "cc -std=gnu17 -O1",
    "-l:libsystemd.so.0"))
end

local function quoted(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

local PRELUDE <const> = [[
local lc = require "libcontainer"
local has_posix, posix = pcall(require, "posix_for_specs")
local root, rootfs = arg[1], arg[2]
local _ <const> = lc, has_posix, posix, root, rootfs
]]

-- As text: the one who runs it need not be able to read this checkout.
local PATIENCE <const> = ("local patience = (function()\n%s\nend)()\n"
  .. "local seconds, rounds = patience.seconds, patience.rounds\n"):format(
  M.read(package.searchpath("spec.support.patience", package.path)))

--- A copy of the library that everybody can read: a checkout may lie in root's own directory. Answers shell text
-- that has Lua find it, for `shell` below.
---@return string
function M.library_for_everybody()
  local path = M.directory()
  M.sh("chmod 755 %s; cp -r lua %s/libcontainer %s; chmod -R go+rX %s", path, M.build, path, path)
  return ("export LUA_PATH='%s/lua/?.lua;%s/lua/?/init.lua' LUA_CPATH='%s/?.so;;';"):format(path, path, path)
end

---@class fixture.Ended
---@field stdout string
---@field stderr string
---@field status integer|nil
---@field signal integer|nil

--- Run a Lua script in an interpreter of its own and wait for it. It sees `lc`, `posix` (posix.c, when
-- it could be compiled), its first two arguments as `root` and `rootfs`, `seconds` and `rounds`.
---@param script string
-- Options: `args`; `before`: a shell command that runs it, "setpriv --reuid 65534"; `shell`: shell text
-- that comes first, "ulimit -n 20"; `after`: redirections; `bare`: without the prelude.
---@param options table|nil
---@return fixture.Ended
function M.lua(script, options)
  options = options or {}
  local path = M.directory()
  local args = {}
  for i, value in ipairs(options.args or {}) do args[i] = quoted(value) end
  M.write(path .. "/script.lua", options.bare and script or PRELUDE .. PATIENCE .. script)
  M.sh("chmod 755 %s", path)
  local command = ("unset LD_PRELOAD; export LUA_PATH=%s LUA_CPATH=%s; %s exec %s lua5.4 %s/script.lua %s "
    .. "</dev/null >%s/out 2>%s/err %s"):format(quoted(package.path),
    quoted(("%s/?.so;%s"):format(M.posix_directory() or ".", package.cpath)), options.shell or "",
    options.before or "", path, table.concat(args, " "), path, path, options.after or "")
  local _, how, number = os.execute(command)
  return { stdout = M.read(path .. "/out"), stderr = M.read(path .. "/err"),
    status = how == "exit" and number or nil, signal = how == "signal" and number or nil }
end

--- The same for a script that is expected to end well: what it printed.
---@return string stdout
function M.lua_prints(script, options)
  local ended = M.lua(script, options)
  if ended.status ~= 0 or ended.stderr ~= "" then
    error(("the script ended with %s %s:\n%s"):format(ended.status and "status" or "signal",
      ended.status or ended.signal, ended.stderr), 2)
  end
  return ended.stdout
end

-- --- leaving nothing behind ---

-- The directories go, all with one command; what a state root still held is an error.
local function remove_made()
  if #made == 0 then return "" end
  local left = M.sh("cd / && for d in %s; do ls $d/state; done 2>/dev/null; exec rm -rf --one-file-system %s",
    table.concat(made, " "), table.concat(made, " "))
  made = {}
  return left
end

--- Around every test of the enclosing describe: processes, mounts, cgroup directories, descriptors,
-- signal mask, umask and working directory of the host are the same afterwards, and its own
-- directories are removed.
function M.check_leaks()
  local before
  busted.before_each(function()
    collectgarbage()
    collectgarbage()
    before = leaks.snapshot(made, M.sh)
  end)
  busted.after_each(function()
    collectgarbage()
    collectgarbage()
    local after = leaks.snapshot(made, M.sh)
    local left = remove_made()
    assert(left == "", "state directories left: " .. left)
    local difference = leaks.difference(before, after)
    if difference then error(difference, 0) end
  end)
end

return M
