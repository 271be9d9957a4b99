-- SPDX-License-Identifier: MIT
--- Somebody else on the machine who renames something all the while: openat2 that steps over ".." answers EAGAIN then.
local fixture = require "spec.support.fixture"

--- Do something meanwhile; what it raises is raised when he has ended.
---@generic T
---@param act fun(): T
---@return T
return function(act)
  local place = fixture.directory() .. "/renamed"
  -- with a pause that is longer than a path takes, so that trying again is of use
  local pid = fixture.sh([[mkdir %s; lua5.4 -e 'while true do
    os.rename("%s", "%s2") os.rename("%s2", "%s") for _ = 1, 40000 do end end' >/dev/null 2>&1 & echo $!]],
    place, place, place, place, place):gsub("%s", "")
  local is_fine, answer = pcall(act)
  fixture.sh("kill %s", pid)
  if not is_fine then error(answer, 0) end
  return answer
end
