-- SPDX-License-Identifier: MIT
--- THE LIST OF SUBCOMMANDS: their options, and what is said of them. The parser, the help, the manual page and
-- the completions are made from it and from nothing else.
--
-- A command is { name, args, summary }; in `options` each has `long`, `short` (one letter), `value` (what its
-- argument is called; without one it is a flag), `many` (may be given more than once), `kind` (what a shell
-- completes there: "file", "directory", "id", or a list of words) and `help`. `stops`: what follows the first
-- argument is not looked at. `min` and `max` count arguments. `examples` are lines of a shell.
--
-- A command NAME is done by lua/nsinit/command/NAME.lua.
local M = {}

---@class nsinit.Option
---@field long string
---@field short string|nil
---@field value string|nil
---@field many boolean|nil
---@field kind string|string[]|nil
---@field help string

---@class nsinit.Command
---@field name string
---@field args string
---@field summary string
---@field options nsinit.Option[]
---@field min integer
---@field max integer
---@field stops boolean|nil
---@field examples string[]|nil

--- What stands before the subcommand.
---@type nsinit.Option[]
M.global = {
  { long = "root", value = "DIR", kind = "directory", help = "where containers are kept" },
  { long = "log", value = "FILE", kind = "file", help = "append messages to this file" },
  { long = "log-format", value = "FORMAT", kind = { "text", "json" }, help = "text or json; default text" },
  { long = "log-level", value = "LEVEL", kind = { "error", "warning", "debug" }, help = "error, warning or debug" },
  { long = "debug", help = "tell more, and where an error comes from" },
  { long = "systemd-cgroup", help = "cgroups are scopes of systemd: as --cgroup-manager systemd" },
  { long = "cgroup-manager", value = "MANAGER", kind = { "cgroupfs", "systemd", "disabled" },
    help = "cgroupfs, systemd or disabled; default cgroupfs" },
  { long = "rootless", value = "WHETHER", kind = { "true", "false", "auto" },
    help = "true, false or auto: go without cgroups where none may be made" },
  { long = "criu", value = "FILE", kind = "file", help = "the criu program" },
  { long = "version", short = "v", help = "say which version this is" },
  { long = "help", short = "h", help = "say what can be done" },
}

local BUNDLE <const> = { long = "bundle", short = "b", value = "DIR", kind = "directory",
  help = "where config.json is; default the working directory" }
local CONFIG <const> = { long = "config", short = "f", value = "FILE", kind = "file",
  help = "another name for config.json" }
local CONSOLE <const> = { long = "console-socket", value = "SOCKET", kind = "file",
  help = "send the terminal to this unix socket" }
local PIDFD <const> = { long = "pidfd-socket", value = "SOCKET", kind = "file",
  help = "send a pidfd of the program to this unix socket" }
local PID_FILE <const> = { long = "pid-file", value = "FILE", kind = "file",
  help = "write the program's pid to this file" }
local NO_PIVOT <const> = { long = "no-pivot", help = "do not pivot into the root (for a root on ramfs)" }
local NO_KEYRING <const> = { long = "no-new-keyring", help = "share the caller's session keyring" }
local PRESERVE <const> = { long = "preserve-fds", value = "N", help = "pass on N more descriptors, from 3 on" }
local NO_SUBREAPER <const> = { long = "no-subreaper", help = "accepted: nobody is made a subreaper here" }
local REGEX <const> = { long = "regex", short = "r", help = "the id is a pattern: all containers that match" }

local CREATE <const> = { BUNDLE, CONFIG, CONSOLE, PIDFD, PID_FILE, NO_PIVOT, NO_KEYRING, PRESERVE, NO_SUBREAPER }

local function with(options, ...)
  local all = table.move(options, 1, #options, 1, {})
  return table.move({ ... }, 1, select("#", ...), #all + 1, all)
end

---@type nsinit.Command[]
M.list = {
  { name = "create", args = "ID", min = 1, max = 1, summary = "set up a container, its program waiting",
    options = CREATE, examples = { "nsinit create -b /srv/web --pid-file /run/web.pid web", "nsinit start web" } },
  { name = "delete", args = "ID", min = 1, max = 1, summary = "remove a container",
    options = { { long = "force", short = "f", help = "kill it first; a missing one is no error" }, REGEX },
    examples = { "nsinit delete --force web" } },
  { name = "kill", args = "ID [SIGNAL]", min = 1, max = 2, summary = "send a signal, default TERM",
    options = { { long = "all", short = "a", help = "to everything in it" }, REGEX },
    examples = { "nsinit kill web KILL" } },
  { name = "list", args = "", min = 0, max = 0, summary = "list the containers",
    options = { { long = "format", short = "f", value = "FORMAT", kind = { "table", "json" }, help = "table or json" },
      { long = "quiet", short = "q", help = "ids alone" } },
    examples = { "nsinit list", "nsinit list -f json" } },
  { name = "run", args = "ID", min = 1, max = 1, summary = "create and start, wait for its end, and delete it",
    options = with(CREATE, { long = "detach", short = "d", help = "do not wait for its end" },
      { long = "keep", help = "do not delete it at its end" }),
    examples = { "nsinit run -b /srv/web web" } },
  { name = "start", args = "ID", min = 1, max = 1, summary = "let the program of a created container run",
    options = {}, examples = { "nsinit start web" } },
  { name = "state", args = "ID", min = 1, max = 1, summary = "print the state as JSON", options = {},
    examples = { "nsinit state web" } },
}

--- A command by its name.
---@param name string
---@return nsinit.Command|nil
function M.find(name)
  for _, command in ipairs(M.list) do
    if command.name == name then return command end
  end
end

return M
