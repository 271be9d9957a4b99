-- SPDX-License-Identifier: MIT
-- Compile the modules of the library and of nsinit: modules.lua DIRECTORY lua/FILE.lua...
-- The file of a module is called by its name, so that one look finds it.
local directory <const> = arg[1]
assert(os.execute(("mkdir -p '%s'"):format(directory)))
for i = 2, #arg do
  local name = arg[i]:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
  if not name:find("%.meta%.") then
    local path = ("%s/%s.luac"):format(directory, name)
    local file <close> = assert(io.open(path, "wb"))
    assert(file:write(string.dump(assert(loadfile(arg[i])), true)))
  end
end
