-- SPDX-License-Identifier: MIT
-- What happens around a container: a Lua function prepares a directory for it on the host and another one
-- takes it away again, a program of the host mounts something into its root, and a hook that fails says why.
local configs = require "libcontainer.configs"
local lc = require "libcontainer"

local function run(hooks)
  local factory = assert(lc.new())
  local box <close> = assert(factory:create("hooks-example", assert(configs.host_root { hooks = hooks })))
  local process, err = box:start { "sleep", "1000" }
  print(process and "it runs" or "it does not start: " .. err.message)
  local _, warnings = box:destroy()
  for _, warning in ipairs(warnings or {}) do print("warning: " .. warning.message) end
end

local function tell(what)
  return function(state) print(("%s: the container is %s"):format(what, state.status)) end
end

run {
  prestart = { tell "prestart" },
  -- in the container's own namespaces: the host sees nothing of this mount
  create_container = { { path = "/bin/mount", args = { "mount", "-t", "tmpfs", "hooked", "/mnt" }, timeout = "5s" } },
  poststart = { tell "poststart" },
  poststop = { tell "poststop", { path = "/bin/false" } },
}

run {
  create_runtime = { { path = "/bin/sh", args = { "sh", "-c", "echo there is no network today; exit 3" } } },
}
