-- SPDX-License-Identifier: MIT
-- A system call filter of one's own: some calls are refused, one is asked for, and a Lua function in this
-- program answers while the caller waits. The copy of the default filter is data, to be changed at will.
local lc = require "libcontainer"
local seccomp = require "libcontainer.configs.seccomp"

local filter = seccomp.copy()
-- the first rule for a call counts: these stand before those of the default
table.insert(filter.syscalls, 1, { names = { "mkdir", "mkdirat" }, action = "notify" })
for _, rule in ipairs(filter.syscalls) do
  for i = #rule.names, 1, -1 do -- a call has one rule without conditions
    local name = rule.names[i]
    if name:find "^f?chmod" or (name:find "^mkdir" and rule.action ~= "notify") then table.remove(rule.names, i) end
  end
end
table.insert(filter.syscalls, { names = { "chmod", "fchmod", "fchmodat" }, action = "errno", errno_ret = 1 })

local asked = {}
local function supervise(call)
  local path = assert(call:text(call.args[call.syscall == "mkdir" and 1 or 2]))
  asked[#asked + 1] = path:match("[^/]+$")
  if path:find("secret", 1, true) then return nil, "EACCES" end
  return true -- the kernel may make it
end

local result = assert(lc.run { "sh", "-c", [[
  chmod 700 /tmp 2>/dev/null || echo "chmod: refused, EPERM"
  mkdir /tmp/allowed && echo "mkdir /tmp/allowed: made"
  mkdir /tmp/secret 2>/dev/null || echo "mkdir /tmp/secret: refused by the supervisor, EACCES"]],
  seccomp = filter, seccomp_handler = supervise })
io.write(result.stdout)
print("mkdir was asked for: " .. table.concat(asked, ", "))
