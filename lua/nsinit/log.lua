-- SPDX-License-Identifier: MIT
--- Messages: one line each, written at once, to a file that others append to as well, or to stderr.
--
-- Callers read them: the log of a run that failed has one line of level "error", and no more.
local M = {}

---@class nsinit.Log
---@field file file*|nil     nil: stderr
---@field path string|nil    of the file
---@field format "text"|"json"
---@field send fun(level: string, text: string)|nil  to a log of the system
---@field debug boolean      are lines of that level wanted?
---@field warns boolean      and those of things that are no failure?
local Log = {}
Log.__index = Log

local LEVELS <const> = { error = true, warning = true, debug = true }

local function now()
  return os.date("!%Y-%m-%dT%H:%M:%SZ")
end

local ESCAPES <const> = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

-- Text as JSON has it, and logfmt as well; what is no UTF-8 is replaced.
local function quote(text)
  local valid = utf8.len(text)
  if not valid then text = text:gsub("[\128-\255]", "?") end
  return '"' .. text:gsub('[%c"\\]', function(c)
    return ESCAPES[c] or ("\\u%04x"):format(c:byte())
  end) .. '"'
end

local function line(format, level, text, code)
  if format == "json" then
    return ('{%s"level":%s,"msg":%s,"time":"%s"}\n'):format(code and '"error_code":' .. quote(code) .. "," or "",
      quote(level), quote(text), now())
  end
  return ('time="%s" level=%s msg=%s\n'):format(now(), level, quote(text))
end

--- Open the log that the options ask for, at once: who fails without one is not understood.
---@param options table<string, any>  the global ones
---@return nsinit.Log|nil
---@return string|nil problem
function M.open(options)
  local format = options["log-format"] or "text"
  if format ~= "text" and format ~= "json" then
    return nil, ("--log-format %s: must be text or json"):format(format)
  end
  local level = options["log-level"] or "warning"
  if not LEVELS[level] then return nil, ("--log-level %s: must be error, warning or debug"):format(level) end
  local log = setmetatable({ format = format, warns = level ~= "error" }, Log)
  -- An engine reads a log of JSON as a whole: what it does not expect there has to be asked for twice.
  log.debug = format == "text" and (options.debug or level == "debug") or options.debug and level == "debug" or false
  local path, mode = options.log, "a"
  if not path then path, mode = options["log-file"], "w" end
  local kind, identity = (path or ""):match("^(%l+):(.*)$")
  if kind == "journald" or kind == "syslog" then
    local problem
    log.send, problem = require("nsinit.system_log").open(kind, identity ~= "" and identity or "nsinit")
    return log.send and log, problem
  end
  if path and path ~= "" and path ~= "/dev/stderr" then
    path = path:gsub("^file:", "")
    local file, problem = io.open(path, mode)
    if not file then return nil, (mode == "a" and "--log " or "--log-file ") .. problem end
    file:setvbuf("full")
    log.file, log.path = file, path
  end
  return log
end

local function write(log, level, text, code)
  if log.send then return log.send(level, text) end
  local file = log.file or io.stderr
  file:write(line(log.format, level, text, code))
  file:flush()
end

--- The one line of a failure: in the log, and for whoever looks at stderr.
---@param text string
---@param name string  of the program
---@param code string|nil  of the library's error, for programs
function Log:error(text, name, code)
  local is_kept = self.file or self.send
  if is_kept or self.format == "json" then write(self, "error", text, code) end
  if is_kept or self.format == "text" then io.stderr:write(name, ": ", text, "\n") end
end

--- Something that is no failure.
---@param text string
function Log:warn(text)
  if not self.warns or self.format == "json" and not self.debug then return end
  write(self, "warning", text)
end

--- Several such things: what poststop hooks could not do, when their container has gone all the same.
---@param warnings any[]|nil
function Log:warn_of(warnings)
  for _, one in ipairs(warnings or {}) do self:warn(tostring(one)) end
end

--- Is that descriptor one on its file? Lua opens files that do not close when a program is executed.
---@param fd integer
---@return boolean
function Log:is_on(fd)
  if not self.path then return false end
  local system = require "libcontainer.system"
  local path = system.real_path(self.path)
  return path ~= nil and path == system.real_path(("/proc/self/fd/%d"):format(fd))
end

--- What is told with --debug.
---@param text string
function Log:tell(text)
  if self.debug then write(self, "debug", text) end
end

return M
