-- SPDX-License-Identifier: MIT
--- THE LIST OF SUBCOMMANDS: their options, and what is said of them. The parser, the help, the manual page and
-- the completions are made from it and from nothing else.
--
-- A command is { name, args, summary }; in `options` each has `long`, `short` (one letter), `value` (what its
-- argument is called; without one it is a flag), `many` (may be given more than once), `kind` (what a shell
-- completes there: "file", "directory", "id", or a list of words) and `help`. `stops`: what follows the first
-- argument is not looked at. `min` and `max` count arguments. `examples` are lines of a shell.
--
-- A word that the nsinit of 2015 had too may have a second form, `classic`: it is meant where one of the options
-- is given that it alone has. `--id ID` in place of the argument is classic everywhere.
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
---@field failure integer|nil  exit status when it fails by itself; default 1
---@field examples string[]|nil
---@field classic nsinit.Form|nil

---@class nsinit.Form
---@field args string
---@field options nsinit.Option[]
---@field min integer
---@field max integer
---@field stops boolean|nil
---@field examples string[]|nil

--- What stands before the subcommand.
---@type nsinit.Option[]
M.global = {
  { long = "root", value = "DIR", kind = "directory", help = "where containers are kept" },
  { long = "log", value = "FILE", kind = "file", help = "append messages to this file; or journald:NAME, syslog:NAME" },
  { long = "log-file", value = "FILE", kind = "file", help = "write messages to this file, from its beginning" },
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
local NO_PIVOT <const> = { long = "no-pivot", help = "accepted: the root is always pivoted into" }
local NO_KEYRING <const> = { long = "no-new-keyring", help = "share the caller's session keyring" }
local PRESERVE <const> = { long = "preserve-fds", value = "N", help = "pass on N more descriptors, from 3 on" }
local NO_SUBREAPER <const> = { long = "no-subreaper", help = "accepted: nobody is made a subreaper here" }

-- Of a program that is run at once.
local PROGRAM <const> = { { long = "cwd", value = "DIR", help = "working directory in the container" },
  { long = "env", short = "e", value = "NAME=VALUE", many = true, help = "a variable more" },
  { long = "tty", short = "t", help = "with a terminal" },
  { long = "user", short = "u", value = "UID[:GID]", help = "as this user" },
  { long = "detach", short = "d", help = "do not wait for its end" }, PID_FILE, CONSOLE, PRESERVE }

local CREATE <const> = { BUNDLE, CONFIG, CONSOLE, PIDFD, PID_FILE, NO_PIVOT, NO_KEYRING, PRESERVE, NO_SUBREAPER }

local function with(options, ...)
  local all = table.move(options, 1, #options, 1, {})
  return table.move({ ... }, 1, select("#", ...), #all + 1, all)
end

local function with_help(option, help)
  local copy = {}
  for name, value in pairs(option) do copy[name] = value end
  copy.help = help
  return copy
end

local FORMAT <const> = { long = "format", short = "f", value = "FORMAT", kind = { "table", "json" },
  help = "table or json; default table" }

-- The container by an option.
local ID <const> = { long = "id", value = "ID", kind = "id", help = "the container, in place of the argument" }

-- A configuration by options, from nothing: of config, and of exec that makes a container.
local NAMESPACE <const> = { "private", "host" }
local CONFIGURATION <const> = {
  { long = "rootfs", value = "DIR", kind = "directory", help = "the root directory; default the host's, read-only" },
  { long = "read-only", help = "the root cannot be written" },
  { long = "bind", value = "SOURCE:DESTINATION[:ro]", many = true, help = "what is seen of the host" },
  { long = "tmpfs", value = "DIR", many = true, help = "an empty directory in memory" },
  { long = "cgroup", help = "its cgroups are seen at /sys/fs/cgroup" },
  { long = "hostname", value = "NAME", help = "default nsinit" },
  { long = "ipc", value = "NAMESPACE", kind = NAMESPACE, help = "private, host, or the path of one; default private" },
  { long = "mnt", value = "NAMESPACE", kind = NAMESPACE, help = "the same of mounts" },
  { long = "net", value = "NAMESPACE", kind = NAMESPACE, help = "the same of the network" },
  { long = "pid", value = "NAMESPACE", kind = NAMESPACE, help = "the same of processes" },
  { long = "uts", value = "NAMESPACE", kind = NAMESPACE, help = "the same of the host name" },
  { long = "userns-root-uid", value = "UID", help = "a user namespace whose root is this user of the host" },
  { long = "veth-bridge", value = "NAME", help = "an interface eth0, plugged into this bridge" },
  { long = "veth-address", value = "ADDRESS/LENGTH", help = "of that interface" },
  { long = "veth-gateway", value = "ADDRESS", help = "of that interface" },
  { long = "veth-mtu", value = "BYTES", help = "of that interface" },
  { long = "security", value = "LEVEL", kind = { "high", "medium", "low" },
    help = "high, medium or low: capabilities, filter and limits together" },
  { long = "cpushares", value = "N", help = "share of the processors" },
  { long = "cpuset-cpus", value = "LIST", help = "processors, 0-3,7" },
  { long = "cpuset-mems", value = "LIST", help = "memory nodes" },
  { long = "memory-limit", value = "BYTES", help = "memory, 64M" },
  { long = "memory-swap", value = "BYTES", help = "memory and swap together" },
  { long = "memory-swappiness", value = "N", help = "how willingly memory is swapped out, 0 to 100; cgroup v1 alone" },
  { long = "parent-death-signal", value = "SIGNAL", help = "when this process dies; default KILL" },
  { long = "sysctl", value = "NAME=VALUE", many = true, help = "a setting of its kernel" },
  { long = "groups", value = "GROUP", many = true, help = "of every program in it" },
  { long = "apparmor-profile", value = "PROFILE", help = "AppArmor profile" },
  { long = "process-label", value = "LABEL", help = "SELinux label of programs" },
  { long = "mount-label", value = "LABEL", help = "SELinux label of files" },
}

-- What checkpoint and restore have alike.
local IMAGES <const> = { long = "image-path", value = "DIR", kind = "directory", help = "where the images are" }
local WORK <const> = { long = "work-path", value = "DIR", kind = "directory", help = "where criu leaves its log" }
local CRIU <const> = { { long = "tcp-established", help = "connections that are established too" },
  { long = "ext-unix-sk", help = "connections to sockets outside too" },
  { long = "shell-job", help = "on a terminal of the caller's" }, { long = "file-locks", help = "locks of files too" },
  { long = "manage-cgroups-mode", value = "MODE", help = "accepted: cgroups are this program's work" } }

---@type nsinit.Command[]
M.list = {
  { name = "checkpoint", args = "ID", min = 1, max = 1, summary = "write a container into files, by criu",
    options = with(CRIU, ID, IMAGES, WORK,
      { long = "parent-path", value = "DIR", help = "the images before, relative" },
      { long = "leave-running", help = "it runs on" }, { long = "pre-dump", help = "the memory alone; it runs on" },
      { long = "tcp-skip-in-flight", help = "without connections that are being made" },
      { long = "link-remap", help = "files that have no name any more too" },
      { long = "auto-dedup", help = "give up what is double" },
      { long = "lazy-pages", help = "accepted where it is not used" },
      { long = "status-fd", value = "FD", help = "accepted where it is not used" },
      { long = "page-server", value = "ADDRESS:PORT", help = "a criu that gets the memory" },
      { long = "empty-ns", value = "NAMESPACE", many = true, help = "accepted: network" }),
    examples = { "nsinit checkpoint --image-path /var/images/web web" } },
  { name = "completion", args = "SHELL", min = 1, max = 1, summary = "print the completion for bash, fish or zsh",
    options = {}, examples = { "nsinit completion bash >/etc/bash_completion.d/nsinit" } },
  { name = "config", args = "", min = 0, max = 0, summary = "print a configuration made of options, as JSON",
    options = with(CONFIGURATION, { long = "file", short = "f", value = "FILE", kind = "file",
      help = "write it there; default stdout" }),
    examples = { "nsinit config --rootfs /srv/alpine --memory-limit 64M -f web.json" } },
  { name = "create", args = "ID", min = 1, max = 1, summary = "set up a container, its program waiting",
    options = CREATE, examples = { "nsinit create -b /srv/web --pid-file /run/web.pid web", "nsinit start web" } },
  { name = "delete", args = "ID", min = 1, max = 1, summary = "remove a container",
    options = { { long = "force", short = "f", help = "kill it first; a missing one is no error" } },
    examples = { "nsinit delete --force web" } },
  { name = "events", args = "ID", min = 1, max = 1, summary = "print statistics and what happens, as JSON",
    options = { { long = "interval", value = "TIME", help = "between statistics; default 5s" },
      { long = "stats", help = "statistics, once" } },
    examples = { "nsinit events --stats web" } },
  { name = "exec", args = "ID [COMMAND [ARGUMENT...]]", min = 1, max = math.huge, stops = true, failure = 255,
    summary = "run a further program in a container",
    options = with(PROGRAM, { long = "process", short = "p", value = "FILE", kind = "file",
        help = "the program as process of config.json, - for stdin: instead of a command" },
      { long = "additional-gids", short = "g", value = "GID", many = true, help = "in this group too" },
      PIDFD,
      { long = "process-label", value = "LABEL", help = "SELinux label" },
      { long = "apparmor", value = "PROFILE", help = "AppArmor profile" },
      { long = "no-new-privs", help = "never gain privileges by exec" },
      { long = "cap", short = "c", value = "CAPABILITY", many = true, help = "a capability more" },
      { long = "cgroup", value = "[CONTROLLER:]PATH", many = true,
        help = "in this cgroup inside the container's, which is there; on cgroup v2 PATH alone" },
      { long = "ignore-paused", help = "where it stands still, wait until it is resumed" },
      NO_SUBREAPER),
    examples = { "nsinit exec -t web sh", "nsinit exec -u 1000:1000 -e HOME=/tmp web id" },
    classic = { args = "COMMAND [ARGUMENT...]", min = 1, max = math.huge, stops = true,
      options = with(with(PROGRAM, table.unpack(CONFIGURATION)),
        with_help(ID, "in this container, made if there is none; default a new one"),
        { long = "create", help = "in a container of its own, which goes with it" },
        { long = "config", value = "FILE", kind = "file", help = "its configuration, as config prints it" },
        { long = "systemd", help = "its cgroups are a scope of systemd" }),
      examples = { "nsinit exec --create -- sh", "nsinit exec --create --memory-limit 64M -- make",
        "nsinit exec --id web --rootfs /srv/web -- httpd -f" } } },
  { name = "explain", args = "", min = 0, max = 0,
    summary = "print the plan of a bundle: what create and start would do",
    options = { BUNDLE, CONFIG, { long = "json", help = "as JSON: an array of operations" } },
    examples = { "nsinit explain -b /srv/web" } },
  { name = "features", args = "", min = 0, max = 0, summary = "print what this program can do, as JSON", options = {} },
  { name = "init", args = "[DESCRIPTOR]", min = 0, max = 1,
    summary = "carry out a plan: for a library that is told that this program is its init", options = {} },
  { name = "kill", args = "ID [SIGNAL]", min = 1, max = 2, summary = "send a signal, default TERM",
    options = { { long = "all", short = "a", help = "to everything in it" } },
    examples = { "nsinit kill web KILL" } },
  { name = "list", args = "", min = 0, max = 0, summary = "list the containers",
    options = { FORMAT, { long = "quiet", short = "q", help = "ids alone" } },
    examples = { "nsinit list", "nsinit list -f json" } },
  { name = "oom", args = "ID", min = 1, max = 1, summary = "say when it has run out of memory, until it ends",
    options = { ID }, examples = { "nsinit oom web" } },
  { name = "pause", args = "ID", min = 1, max = 1, summary = "have everything in it stand still",
    options = { ID } },
  { name = "ps", args = "ID [PS OPTION...]", min = 1, max = math.huge, stops = true,
    summary = "list what runs in it", options = { FORMAT }, examples = { "nsinit ps web", "nsinit ps -f json web" } },
  { name = "restore", args = "ID", min = 1, max = 1, summary = "bring a container back from such files",
    options = with(CRIU, ID, with_help(BUNDLE, "its config.json says where root and volumes are now"),
      CONFIG, IMAGES, WORK, CONSOLE, PIDFD, PID_FILE, NO_PIVOT, NO_SUBREAPER,
      { long = "detach", short = "d", help = "do not wait for its end" },
      { long = "auto-dedup", help = "accepted" }, { long = "lazy-pages", help = "accepted where it is not used" },
      { long = "empty-ns", value = "NAMESPACE", many = true, help = "accepted: network" },
      { long = "lsm-profile", value = "PROFILE", help = "accepted: labels are those of the checkpoint" },
      { long = "lsm-mount-context", value = "LABEL", help = "accepted: labels are those of the checkpoint" }),
    examples = { "nsinit restore --image-path /var/images/web -b /srv/web web" } },
  { name = "resume", args = "ID", min = 1, max = 1, summary = "let it run on",
    options = { ID } },
  { name = "run", args = "ID", min = 1, max = 1, summary = "create and start, wait for its end, and delete it",
    options = with(CREATE, { long = "detach", short = "d", help = "do not wait for its end" },
      { long = "keep", help = "do not delete it at its end" }),
    examples = { "nsinit run -b /srv/web web" } },
  { name = "shell", args = "", min = 0, max = 0, options = {},
    summary = "the prompt of Lua, with the library loaded as lc" },
  { name = "spec", args = "", min = 0, max = 0, summary = "write a config.json to begin with",
    options = { BUNDLE, CONFIG, { long = "rootless", help = "for an ordinary user" } },
    examples = { "nsinit spec -b /srv/web" } },
  { name = "start", args = "ID", min = 1, max = 1, summary = "let the program of a created container run",
    options = {}, examples = { "nsinit start web" } },
  { name = "state", args = "ID", min = 1, max = 1, summary = "print the state as JSON",
    options = { with_help(ID, "the container, in place of the argument; prints all that is kept of it") },
    examples = { "nsinit state web" } },
  { name = "stats", args = "ID", min = 1, max = 1, summary = "print what it has used",
    options = { ID, { long = "watch", short = "w", help = "again and again, until it ends: a table with curves" },
      { long = "interval", value = "TIME", help = "between looks with --watch; default 1s" },
      { long = "json", help = "as JSON, also to a terminal; with --watch one object a line" } },
    examples = { "nsinit stats --watch web", "nsinit stats --json web" } },
  { name = "unpause", args = "ID", min = 1, max = 1, summary = "let it run on: as resume", options = { ID } },
  { name = "update", args = "ID", min = 1, max = 1, summary = "change the limits of a container",
    options = { { long = "resources", short = "r", value = "FILE", kind = "file",
        help = "linux.resources as JSON, - for stdin: instead of the others" },
      { long = "blkio-weight", value = "N", help = "share of block devices, 10 to 1000" },
      { long = "cpu-period", value = "MICROSECONDS", help = "of the quota" },
      { long = "cpu-quota", value = "MICROSECONDS", help = "processor time in a period, -1 for no limit" },
      { long = "cpu-burst", value = "MICROSECONDS", help = "quota that may be saved up" },
      { long = "cpu-share", value = "N", help = "share of the processors" },
      { long = "cpu-rt-period", value = "MICROSECONDS", help = "of the real-time quota" },
      { long = "cpu-rt-runtime", value = "MICROSECONDS", help = "real-time quota" },
      { long = "cpuset-cpus", value = "LIST", help = "processors, 0-3,7" },
      { long = "cpuset-mems", value = "LIST", help = "memory nodes" },
      { long = "kernel-memory", value = "BYTES", help = "accepted, and without effect" },
      { long = "kernel-memory-tcp", value = "BYTES", help = "accepted, and without effect" },
      { long = "memory", value = "BYTES", help = "memory, -1 for no limit" },
      { long = "memory-reservation", value = "BYTES", help = "memory that it is brought down to when there is little" },
      { long = "memory-swap", value = "BYTES", help = "memory and swap together, -1 for no limit" },
      { long = "cpu-idle", value = "0|1", help = "1: it gets what nobody else wants" },
      { long = "pids-limit", value = "N", help = "processes, -1 for no limit" },
      { long = "l3-cache-schema", value = "SCHEMA", help = "Intel RDT" },
      { long = "mem-bw-schema", value = "SCHEMA", help = "Intel RDT" } },
    examples = { "nsinit update --memory 512M web", "nsinit update -r - web <resources.json" } },
}

--- All options of a command, for who tells of them: those that the classic form alone has come last.
---@param command nsinit.Command
---@return nsinit.Option[]
function M.all_options(command)
  if not command.classic then return command.options end
  local all, known = with(command.options), {}
  for _, option in ipairs(all) do known[option.long] = true end
  for _, option in ipairs(command.classic.options) do
    if not known[option.long] then all[#all + 1] = option end
  end
  return all
end

--- Is it an option that the classic form of a command has, and the other has not?
---@param command nsinit.Command
---@param name string
---@return boolean
function M.is_classic(command, name)
  for _, option in ipairs(command.options) do
    if option.long == name then return false end
  end
  return true
end

--- A command by its name.
---@param name string
---@return nsinit.Command|nil
function M.find(name)
  for _, command in ipairs(M.list) do
    if command.name == name then return command end
  end
end

return M
