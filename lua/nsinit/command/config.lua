-- SPDX-License-Identifier: MIT
--- config: a configuration made of options, which exec --config takes.
local configuration = require "nsinit.configuration"
local system = require "libcontainer.system"

---@param context nsinit.Context
---@return integer|nil status
---@return any err
return function(context)
  local config, err = configuration.of(context.options)
  if not config then return nil, err end
  local text, path = configuration.text(config), context.options.file or "stdout"
  if path == "stdout" or path == "-" then
    io.stdout:write(text)
    return 0
  end
  local done
  done, err = system.replace_file(path, text)
  return done and 0, err
end
