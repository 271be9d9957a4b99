-- SPDX-License-Identifier: MIT
-- What is installed beside nsinit, made from its list of commands: the manual page and the completions.
--
--     lua5.4 doc/nsinit_pages.lua DIRECTORY
local libcontainer = require "libcontainer"

local NAME <const> = "nsinit"
local directory <const> = arg[1]

local function write(path, text)
  local whole = directory .. "/" .. path
  assert(os.execute(("mkdir -p '%s'"):format(whole:match("^(.*)/"))))
  local file <close> = assert(io.open(whole, "wb"))
  assert(file:write(text))
end

local function completion(shell)
  return require("nsinit.completion." .. shell)(NAME)
end

write("man/man1/nsinit.1", require("nsinit.manual")(NAME, libcontainer.version))
write("bash-completion/completions/nsinit", completion "bash")
write("zsh/site-functions/_nsinit", completion "zsh")
write("fish/vendor_completions.d/nsinit.fish", completion "fish")
