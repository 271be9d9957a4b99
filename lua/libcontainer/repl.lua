-- SPDX-License-Identifier: MIT
--- Help at the prompt: what can be called, one line each, and what a field means.
local check = require "libcontainer.check"
local errors = require "libcontainer.errors"
local field_help = require "libcontainer.field_help"

local M = {}

local TOPICS <const> = {
  libcontainer = {
    { "lc.run { \"sh\", \"-c\", \"echo hi\" }", "run a program, get output, status and usage" },
    { "lc.new(root, options)", "a factory: the state root of containers" },
    { "lc.process { args = { \"sh\" } }", "describe a program to start" },
    { "lc.help(object | config | \"field\" | \"method\")", "of an object, a configuration, its fields, a method" },
    { "lc.loop(\"cqueues\")", "the event loop that goes on while something waits: cqueues, luv, one's own" },
    { "lc.features()", "what this kernel has: landlock, apparmor, selinux and so on" },
    { "lc.type(value) lc.is_error(value)", "what it is" },
    { "require \"libcontainer.configs\"", "default, host_root, merge, validate" },
  },
  configs = {
    { "configs.host_root { memory = \"64M\" }", "no image: the host's root, read-only" },
    { "configs.default { rootfs = \"/srv/alpine\" }", "any root file system, as podman would make it" },
    { "configs.empty { rootfs = \"/srv/alpine\" }", "the least: namespaces, the filter, nothing else" },
    { "configs.docker(t) configs.strict(t)", "as docker run does it; for what nobody trusts" },
    { "configs.profile(\"strict\", t)", "one of default, docker, strict, host_root, empty by its name" },
    { "configs.builder():rootfs(path):memory(\"64M\"):build()", "the same by a chain of calls, one for each field" },
    { "configs.merge(a, b)", "b over a" },
    { "configs.validate(config)", "everything that is wrong with it" },
    { "configs.from_oci(\"bundle\")", "config, process and what was ignored, from an OCI bundle or document" },
    { "configs.process_from_oci(object)", "a process alone, from one of OCI's" },
    { "configs.limits_from_oci(object)", "what container:set takes, from OCI's linux.resources" },
    { "configs.to_oci(config, process)", "an OCI document, and what it has no place for" },
  },
  factory = {
    { "factory:create(id, config)", "make a container; nothing is started" },
    { "factory:load(id)", "the container of that id, whoever made it" },
    { "factory:list()", "all of them" },
    { "factory:destroy(id)", "end and remove one, even with a damaged state" },
    { "factory:restore(id, { images_directory = \"/srv/x\" })", "bring back what was checkpointed" },
    { "factory:type()", "\"libcontainer\"" },
    { "factory:start_initialization(fd)", "the end of a program given as init_path" },
  },
  container = {
    { "c:start { \"sh\", \"-c\", \"echo hi\" }", "run its first program, or a further one" },
    { "c:exec { \"sh\", \"-c\", \"echo hi\" }", "run a further program, get output, status and usage" },
    { "c:shell()", "a shell in it, on this terminal" },
    { "c:wait(timeout)", "wait for its end: status, signal, usage" },
    { "c:signal(name, { all = true })", "signal its init, or everything in it" },
    { "c:pause() c:resume()", "have everything in it stand still, and run on" },
    { "c:stop()", "end what runs in it: a signal first, killed after 10 s" },
    { "c:set { memory = \"128M\" }", "change its limits, all of them or none" },
    { "c:prepare { \"sh\" } c:release()", "set up all but the program; let it run, from any process" },
    { "c:tree() c:mounts()", "its processes, what is mounted in it" },
    { "c:add_mount{ ... } c:remove_mount(path)", "mount something in it while it runs, and take it away" },
    { "c:open_files() c:sockets()", "what its processes have open" },
    { "c:read_file(path) c:write_file(path, text)", "a file of it, from outside" },
    { "c:copy_in(from, path) c:copy_out(path, to)", "a file or a tree of the host into it, of it to the host" },
    { "c:diff() c:reset_layer()", "what its programs have changed of its root with overlay; undo that" },
    { "c:checkpoint { leave_running = true }", "write it into files, through criu" },
    { "c:destroy { force = true }", "end everything in it and remove every trace" },
    { "c:status() c:state() c:config() c:id()", "what it is" },
    { "c:loads_libraries()", "may what is done with it load libraries: systemd's bus, libmnl" },
    { "c:processes { ns = \"container\" }", "process ids of everything in it, as it or the host sees them" },
    { "c:stats()", "what it has used: cpu, memory, io, pids, pressure, interfaces" },
    { "for s in c:watch(1) do ... end", "the same every second, until it ends" },
    { "for e in c:events() do ... end", "what happens: start, exec, exit, oom, pause, resume, destroy" },
    { "c:notify_oom()", "the same of processes killed for want of memory alone" },
    { "c:notify_pressure(\"memory\", { some = 0.15 })", "or of tasks that wait for cpu, memory, io" },
    { "c:explain(process)", "every operation of a start, before it happens" },
    { "c:pollfd()", "a descriptor that is readable when its init has ended" },
  },
  process = {
    { "p:wait(timeout)", "wait for its end: status, signal, usage" },
    { "p:pid()", "its process id on the host" },
    { "p:signal(name)", "send it a signal" },
    { "p.stdin p.stdout p.stderr", "streams, when it was started with \"pipe\"" },
    { "p:attach { detach_keys = \"ctrl-p,ctrl-q\" }", "put this terminal on its terminal" },
    { "p.terminal p:resize(columns, rows)", "of one that was started with terminal = true" },
    { "p:seccomp_listener()", "what answers the system calls that its filter notifies" },
    { "p:close()", "close our ends of its streams" },
    { "p:pollfd() p:events() p:timeout()", "what an event loop waits for: its end" },
  },
  stream = {
    { "s:read(format, timeout)", "\"l\", \"L\", \"a\" or a number of bytes; nil at the end" },
    { "s:lines(format)", "iterate over lines" },
    { "s:write(...)", "write all of it" },
    { "s:close()", "the program reads the end of its input" },
    { "s:size() s:resize(columns, rows)", "of a terminal" },
    { "s:read_now() s:write_now(text, from)", "what goes without waiting" },
    { "s:pollfd() s:events() s:timeout()", "what an event loop waits for" },
  },
  loop = {
    { "loop:map(items, at_once, fn)", "call it for every item, so many at once; the results" },
    { "loop:spawn(fn, ...)", "a task beside the others" },
    { "loop:run()", "until nothing is left to do" },
    { "loop:sleep(seconds) loop:name()", "let others run for a while; which loop it is" },
  },
  supervisor = {
    { "s:receive(timeout)", "the next system call that waits for an answer" },
    { "s:serve()", "answer what waits by the handler of the process" },
    { "s:failures()", "what went wrong in that" },
    { "s:pollfd() s:events() s:timeout() s:close()", "what an event loop waits for" },
  },
  call = {
    { "c.syscall c.args c.pid c:text(address)", "which, with what, by whom" },
    { "c:answer { errno = \"EPERM\" }", "or { value = 3 }, or { continue = true }" },
    { "c:add_fd(fd, options) c:is_alive()", "give the caller a descriptor; is it still there?" },
  },
  events = {
    { "for event in e do ... end", "until the end; each has a type and a time" },
    { "e:next(timeout)", "the next event; nil at the end" },
    { "e:pollfd() e:events() e:timeout()", "what an event loop waits for: readable while there is one" },
    { "e:close()", "listen no more" },
  },
  result = {
    { "r.stdout r.stderr r.truncated", "what it wrote, and whether that is all" },
    { "r.status r.signal r.signal_name", "how it ended: an exit status, or a signal" },
    { "r.oom r.timed_out r.core", "why: out of memory, out of time; a core was dumped" },
    { "r.time r.usage", "seconds from start to end; memory_peak, cpu_time and more" },
    { "r:check()", "raise unless the status is 0" },
  },
  builder = {
    { "b:memory(\"64M\") b:rootfs(path)", "every field and every shorthand is a method; calls chain" },
    { "b:mount { ... } b:mount(\"/tmp\", { ... })", "the singular of a list puts one more item behind" },
    { "b:sysctl(name, value) b:label(name, value)", "one name of a map" },
    { "b:build()", "the configuration, or everything that is wrong with it" },
  },
  error = {
    { "err.code", "\"ConfigInvalid\", \"ContainerNotRunning\", \"SystemError\" and six more" },
    { "err.step err.field err.subject", "where it failed, who asked for it, what it was about" },
    { "err.errno err.errname", "2, \"ENOENT\"" },
    { "err.message err.hint", "what failed, and what to do about it" },
    { "err.problems", "everything that is wrong with a configuration" },
  },
  stats = {
    { "s.cpu s.memory s.io s.pids", "time, usage, peak, limit and more, in seconds and bytes" },
    { "s.cpu.pressure s.memory.stat", "what the kernel tells beyond that" },
    { "s.interfaces s.hugetlb s.rdma", "of each interface, page size, device" },
  },
  plan = {
    { "#plan plan[1].op plan[1].field", "operations in order, and the field that asked for each" },
    { "plan[1].operands plan[1].meaning", "with what, and what for" },
  },
}

local function topic_lines(topic)
  local lines, width = {}, 0
  for _, row in ipairs(topic) do width = math.max(width, #row[1]) end
  for i, row in ipairs(topic) do lines[i] = ("  %-" .. width .. "s  %s"):format(row[1], row[2]) end
  return table.concat(lines, "\n")
end

-- The rows of all topics that say how this is called, a method or a function.
local function rows_about(name)
  local rows, pattern = {}, "[.:]" .. name:gsub("%p", "%%%0") .. "%f[^%w_]"
  for _, topic in pairs(TOPICS) do
    for _, row in ipairs(topic) do
      if row[1]:find(pattern) then rows[#rows + 1] = row end
    end
  end
  table.sort(rows, function(a, b) return a[1] < b[1] end)
  return rows
end

-- What a field means, or how a method is called: both where there are both.
local function name_lines(name)
  local lines = { field_help.of(name) } -- none is none
  local rows = rows_about(name)
  if #rows > 0 then lines[#lines + 1] = topic_lines(rows) end
  if #lines == 0 then
    return errors.unknown("field or method", name, check.nearest(name, field_help.names()))
  end
  return table.concat(lines, "\n")
end

--- What can be done with an object, what a configuration field means, how a method is called. Prints
-- as text at the prompt.
---@param what any  nil, an object or a module of this library, a configuration, the name of a field ("mounts", "cgroups.memory") or of a method ("start")
---@return string
function M.help(what)
  if type(what) == "string" then return name_lines(what) end
  local metatable = type(what) == "table" and getmetatable(what)
  if type(what) == "table" and not (type(metatable) == "table" and metatable.__name) then
    local text = field_help.of_config(what)
    if text then return text end
  end
  local name = type(metatable) == "table" and metatable.__name or "libcontainer"
  return topic_lines(TOPICS[tostring(name):match("([^.]+)$")] or TOPICS.libcontainer)
end

return M
