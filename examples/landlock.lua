-- SPDX-License-Identifier: MIT
-- A container on the host's own root, and in it a program that sees all files and may use few of them: a
-- Landlock domain goes for it and all that it starts, whatever rights they have. Needs Landlock (Linux 5.13).
local lc = require "libcontainer"

local abi = lc.features().landlock
print("landlock: " .. (abi > 0 and "yes" or "no"))
if abi == 0 then return end

local result = assert(lc.run { "sh", "-c", [[
  cat /etc/hostname >/dev/null 2>&1 || echo "reading /etc/hostname: refused"
  cat /etc/passwd >/dev/null && echo "reading /etc/passwd: allowed"
  echo word >/tmp/word && echo "writing below /tmp: allowed"
  echo word 2>/dev/null >/run/word || echo "writing below /run: refused"]],
  landlock = { best_effort = true, paths = {
    { paths = { "/usr", "/bin", "/lib" }, access = { "read", "execute" } },
    { paths = { "/etc/passwd", "/etc/ld.so.cache" }, access = { "read_file" } },
    { paths = { "/dev", "/proc" }, access = { "read", "write_file" } },
    { paths = { "/tmp" }, access = { "all" } },
  } } })
io.write(result.stdout, result.stderr)
