-- SPDX-License-Identifier: MIT
-- The shortest thing that works: a program in a container of its own, and all that there is to know
-- about how it went. No image is needed: the host's root is there, read-only.
local lc = require "libcontainer"

local result = assert(lc.run { "sh", "-c", "echo hello from $(uname -n), process $$; exit 3" })
io.write(result.stdout)
print("status " .. result.status)
print("memory " .. (result.usage.memory_peak > 0 and "known" or "unknown"))
