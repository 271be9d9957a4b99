-- SPDX-License-Identifier: MIT
--- The floors of the house, checked: reads every #include and require, and fails on an arrow that
-- goes upwards, sideways between rooms that do not know each other, or in a circle. C files of one room
-- share a header, so their circles are looked for by what each defines and uses.
-- Run in the project's root: lua5.4 spec/support/floors.lua

-- Which rooms a room may use. A room that is not listed does not exist.
local MAY_USE <const> = {
  base = { "base", "sys" },
  sys = { "sys", "base" }, -- only sys_fault.c and only base/error.h: checked below
  plan = { "plan", "base", "sys" },
  cgroups = { "cgroups", "base", "sys" },
  seccomp = { "seccomp", "base", "sys" },
  network = { "network", "base", "sys" },
  configs = { "configs", "network", "plan", "base" },
  init = { "init", "plan", "sys", "base" },
  nsenter = { "nsenter", "base", "sys" },
  files = { "files", "base", "sys" },
  unpack = { "unpack", "base" },
  container = { "container", "files", "nsenter", "configs", "cgroups", "seccomp", "network", "plan", "base", "sys" },
  nsinit = { "nsinit" }, -- Lua, and what is linked with it
  binding = { "binding", "container", "files", "nsenter", "configs", "cgroups", "seccomp", "network", "plan", "base", "sys" },
}
-- The init knows of the ground floor its error alone.
local INIT_MAY <const> = { ["base/error.h"] = true, ["plan/plan.h"] = true, ["plan/report.h"] = true,
  ["plan/ops.def"] = true }

local problems = {}
local function problem(...) problems[#problems + 1] = string.format(...) end

local function files(pattern)
  local list = {}
  local pipe <close> = assert(io.popen("find src lua examples bench -name '" .. pattern .. "' | sort"))
  for path in pipe:lines() do list[#list + 1] = path end
  return list
end

local function has(list, item)
  for _, one in ipairs(list) do if one == item then return true end end
  return false
end

-- --- C ---

local function check_include(path, room, header)
  local target = header:match("^(%w+)/")
  if not MAY_USE[target or ""] then return end
  if not has(MAY_USE[room], target) then problem("%s: %s may not use %s", path, room, header) end
  if room == "init" and target ~= "init" and target ~= "sys" and not INIT_MAY[header] then
    problem("%s: the init may not use %s", path, header)
  end
  if room == "sys" and target == "base" and header ~= "base/error.h" then
    problem("%s: sys may not use %s", path, header)
  end
end

-- Of the names that files share, who defines them and who uses them.
local definer, users = {}, {}
local function read_names(path)
  local file <close> = assert(io.open(path))
  local text = file:read("a"):gsub("/%*.-%*/", ""):gsub('"[^"\n]*"', "")
  text = text:gsub("%f[%w_](%l+) lc_[%w_]+", { struct = "struct type", enum = "enum type" })
  users[path] = {}
  for name in text:gmatch("%f[%w_]lc_[%w_]+") do users[path][name] = true end
  for line in text:gmatch("[^\n]+") do
    local name = line:match("^[%a][%w_ *]*[ *](lc_[%w_]+)%(") or line:match("^const struct [%w_]+ (lc_[%w_]+) =")
    if name and not line:match("^static") and not line:match(";$") then definer[name] = path end
  end
end

local edges, c_files = {}, 0
local function read_c(path)
  local room = path:match("^src/(%w+)/")
  if not MAY_USE[room or ""] then problem("%s: no such floor", path) return end
  c_files = c_files + 1
  edges[path] = {}
  if path:match("%.c$") then read_names(path) end
  for line in io.lines(path) do
    local header = line:match('^%s*#%s*include%s+"([^"]+)"')
    if header then
      check_include(path, room, header)
      edges[path][#edges[path] + 1] = "src/" .. header
    end
    local system = line:match("^%s*#%s*include%s+<([^>]+)>")
    if system and room ~= "binding" and room ~= "nsinit" and (system == "lua.h" or system == "lauxlib.h") then
      problem("%s: lua.h belongs to src/binding/, and to the program that has a Lua of its own", path)
    end
    if system == "seccomp.h" and path ~= "src/seccomp/compile.c" and path ~= "src/seccomp/embed.c" then
      problem("%s: libseccomp belongs to src/seccomp/compile.c, and to the tool that embeds its work", path)
    end
  end
end
for _, pattern in ipairs { "*.c", "*.h", "*.def" } do
  for _, path in ipairs(files(pattern)) do
    if path:match("^src/") then read_c(path) end
  end
end

for path, names in pairs(users) do
  for name in pairs(names) do
    local other = definer[name]
    if other and other ~= path then edges[path][#edges[path] + 1] = other end
  end
  table.sort(edges[path])
end

-- --- Lua ---

local function module_of(path)
  return (path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", "."))
end
local lua_files = 0
for _, path in ipairs(files("*.lua")) do
  local name = path:match("^lua/") and module_of(path) or path
  local inside = path:match("^lua/libcontainer/")
  lua_files = lua_files + 1
  edges[name] = {}
  for line in io.lines(path) do
    local lazy = line:match("^%s+")
    local wanted = line:match("require%s*%(?%s*[\"']([%w_.]+)[\"']") or line:match("= lazy%s*[\"']([%w_.]+)[\"']")
    if wanted and not line:match("^%s*%-%-") then
      if not lazy then edges[name][#edges[name] + 1] = wanted end
      if inside and wanted:match("^nsinit") then problem("%s: requires %s above it", path, wanted) end
      if wanted == "cjson" and name ~= "libcontainer.json" then
        problem("%s: cjson belongs to json.lua alone", path)
      end
      if inside and not wanted:match("^libcontainer") and wanted ~= "cjson" then
        problem("%s: the library requires nothing but itself, got %s", path, wanted)
      end
      if path:match("^lua/nsinit/") and wanted == "libcontainer.core" then
        problem("%s: the command line uses the public interface alone", path)
      end
    end
  end
end

-- --- circles ---

local state = {}
local function walk(node, trail)
  if state[node] == "done" or not edges[node] then return end
  if state[node] == "open" then
    problem("circle: %s -> %s", table.concat(trail, " -> "), node)
    return
  end
  state[node] = "open"
  trail[#trail + 1] = node
  for _, next_node in ipairs(edges[node]) do walk(next_node, trail) end
  trail[#trail] = nil
  state[node] = "done"
end
local nodes = {}
for node in pairs(edges) do nodes[#nodes + 1] = node end
table.sort(nodes)
for _, node in ipairs(nodes) do walk(node, {}) end

for _, text in ipairs(problems) do io.stderr:write(text, "\n") end
if #problems > 0 then os.exit(1) end
print(("floors: %d C files, %d Lua files, no arrow upwards, no circle"):format(c_files, lua_files))
