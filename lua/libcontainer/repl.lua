-- SPDX-License-Identifier: MIT
--- Help at the prompt: what can be called, one line each, and what a field means.
local check = require "libcontainer.check"
local core = require "libcontainer.core"
local errors = require "libcontainer.errors"

local M = {}

local TOPICS <const> = {
  libcontainer = {
    { "lc.run { \"sh\", \"-c\", \"echo hi\" }", "run a program, get output, status and usage" },
    { "lc.new(root, options)", "a factory: the state root of containers" },
    { "lc.process { args = { \"sh\" } }", "describe a program to start" },
    { "lc.help(object | \"field\")", "this help, of an object or a configuration field" },
    { "require \"libcontainer.configs\"", "default, host_root, merge, validate" },
  },
  factory = {
    { "factory:create(id, config)", "make a container; nothing is started" },
    { "factory:load(id)", "the container of that id, whoever made it" },
    { "factory:list()", "all of them" },
    { "factory:destroy(id)", "end and remove one, even with a damaged state" },
    { "factory:type()", "\"libcontainer\"" },
    { "factory:start_initialization(fd)", "the end of a program given as init_path" },
  },
  container = {
    { "c:start(process)", "run its first program, or a further one" },
    { "c:exec { \"sh\", \"-c\", \"echo hi\" }", "run a further program, get output, status and usage" },
    { "c:shell()", "a shell in it, on this terminal" },
    { "c:wait(timeout)", "wait for its end: status, signal, usage" },
    { "c:signal(name, { all = true })", "signal its init, or everything in it" },
    { "c:destroy { force = true }", "end everything in it and remove every trace" },
    { "c:status() c:state() c:config() c:id()", "what it is" },
    { "c:processes { ns = \"container\" }", "process ids of everything in it, as it or the host sees them" },
    { "c:stats()", "what it has used: cpu, memory, io, pids, pressure, interfaces" },
    { "for s in c:watch(1) do … end", "the same every second, until it ends" },
    { "for e in c:events() do … end", "what happens: start, exec, exit, oom, pause, resume, destroy" },
    { "c:notify_oom()", "the same of processes killed for want of memory alone" },
    { "c:notify_pressure(\"memory\", { some = 0.15 })", "or of tasks that wait for cpu, memory, io" },
    { "c:explain(process)", "every operation of a start, before it happens" },
  },
  process = {
    { "p:wait(timeout)", "wait for its end: status, signal, usage" },
    { "p:pid()", "its process id on the host" },
    { "p:signal(name)", "send it a signal" },
    { "p.stdin p.stdout p.stderr", "streams, when it was started with \"pipe\"" },
    { "p:attach { detach_keys = \"ctrl-p,ctrl-q\" }", "put this terminal on its terminal" },
    { "p.terminal p:resize(columns, rows)", "of one that was started with terminal = true" },
  },
  events = {
    { "e:next(timeout)", "the next event; nil at the end" },
    { "e:pollfd()", "a descriptor that is readable while there is one" },
    { "e:close()", "listen no more" },
  },
}

local function topic_lines(topic)
  local lines, width = {}, 0
  for _, row in ipairs(topic) do width = math.max(width, #row[1]) end
  for i, row in ipairs(topic) do lines[i] = ("  %-" .. width .. "s  %s"):format(row[1], row[2]) end
  return table.concat(lines, "\n")
end

local function field_lines(name)
  local lines, names = {}, {}
  for _, section in ipairs(core.schema()) do
    for _, field in ipairs(section.fields) do
      names[#names + 1] = field.name
      if field.name == name or section.name .. "." .. field.name == name then
        lines[#lines + 1] = ("  %s.%s (%s%s): %s%s"):format(section.name, field.name, field.kind,
          field.required and ", required" or "", field.meaning,
          field.default ~= "" and "; default " .. field.default or "")
      end
    end
  end
  if #lines == 0 then
    return errors.unknown("field", name, check.nearest(name, names))
  end
  return table.concat(lines, "\n")
end

--- What can be done with an object, or what a configuration field means. Prints as text at the
-- prompt.
---@param what any  nil, a factory, container or process, or the name of a field ("mounts", "cgroups.memory")
---@return string
function M.help(what)
  if type(what) == "string" then return field_lines(what) end
  local name = type(what) == "table" and (getmetatable(what) or {}).__name or "libcontainer"
  return topic_lines(TOPICS[tostring(name):match("([^.]+)$")] or TOPICS.libcontainer)
end

return M
