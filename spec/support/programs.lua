-- SPDX-License-Identifier: MIT
--- Programs and libraries in C that specs need. They are kept in build/spec by their content, so that a
-- run compiles what is new, and a machine on which compiling takes long is given the rest.
local M = {}

local DIRECTORY <const> = (os.getenv("PWD") or ".") .. "/build/spec"

-- FNV-1a
local function hash(text)
  local value = 0xcbf29ce484222325
  for i = 1, #text do value = (value ~ text:byte(i)) * 0x100000001b3 end
  return value
end

local function is_there(path)
  local file <close> = io.open(path)
  return file ~= nil
end

--- Compile it, unless that was done before.
---@param name string     of the file that is made
---@param source string   its text
---@param compiler string the command up to -o: "gcc -static -O1"
---@param libraries string|nil "-llua5.4"
---@return string|nil path
---@return string|nil said  what the compiler said when it failed
function M.compile(name, source, compiler, libraries)
  libraries = libraries or ""
  local directory = ("%s/%016x"):format(DIRECTORY, hash(compiler .. libraries .. source))
  local path = directory .. "/" .. name
  if is_there(path) then return path end
  os.execute("mkdir -p " .. directory)
  -- Somebody may compile the same beside us: nothing has its name before it is whole.
  local own = os.tmpname()
  local file <close> = assert(io.open(own .. ".c", "w"))
  assert(file:write(source))
  file:close()
  local command = ("unset LD_PRELOAD; %s -o %s.new %s.c %s >%s 2>&1 && mv %s.new %s"):format(compiler, own, own,
    libraries, own, own, path)
  local said
  if not os.execute(command) then
    local output <close> = assert(io.open(own))
    path, said = nil, output:read("a")
  end
  os.execute(("rm -f %s %s.c %s.new"):format(own, own, own))
  return path, said
end

return M
