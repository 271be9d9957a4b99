-- SPDX-License-Identifier: MIT
--- What the specs of isolation share: looking at a container from inside, and at the host from
-- outside. All of it reads the kernel back (mountinfo, status, stat); nothing asks the library.
local fixture = require "spec.support.fixture"
local normal = require "libcontainer.configs.normal"
local programs = require "spec.support.programs"

local M = {}

-- --- running ---

-- What fixture.run does, without the default's mounts, masks and so on: `config` is all there is.
local function run_exact(config, ...)
  local t = { ... }
  for key, value in pairs(config) do
    if key ~= "exact" then t[key] = value end
  end
  local fields, spec = normal.split(t)
  assert(fields, spec)
  local box <close>, err = fixture.factory():create(fixture.id(), fields)
  if not box then return nil, err end
  spec.stdout, spec.stderr = "pipe", "pipe"
  local process
  process, err = box:start(spec)
  if not process then return nil, err end
  local stdout, stderr = process.stdout:read("a"), process.stderr:read("a")
  local exit = assert(process:wait(fixture.seconds(60)))
  process:close()
  return { status = exit.status, signal = exit.signal, stdout = stdout, stderr = stderr }
end

-- `config.exact` asks for the configuration as it is, nothing of configs.default added.
local function start(config, ...)
  if not (config and config.exact) then return fixture.run(config, ...) end
  return run_exact(config, ...)
end

--- Run a shell script in a container and answer what it printed; it must end with status 0.
---@param config table|nil as for fixture.run; with exact = true nothing of configs.default is added
---@param script string
---@return string stdout
function M.script(config, script)
  local result, err = start(config, "sh", "-c", script)
  assert(result, tostring(err))
  if result.status ~= 0 then
    error(("status %s signal %s\n%s%s"):format(result.status, result.signal, result.stdout,
      result.stderr), 2)
  end
  return result.stdout
end

--- Run a program and answer its result, whatever its status.
function M.run(config, ...)
  local result, err = start(config, ...)
  return (assert(result, tostring(err)))
end

--- Try to run something that must be refused; answers the error.
---@return libcontainer.Error
function M.refused(config, ...)
  local result, err = start(config, ...)
  if result then
    error(("it was not refused: status %s\n%s%s"):format(result.status, result.stdout,
      result.stderr), 2)
  end
  return err
end

local CAPABILITIES <const> = [[CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP
  LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO
  SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD
  LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND
  AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE]]

--- Every capability that this process can give away, by name; itself a list for a configuration.
---@return string[] names
function M.all_capabilities()
  local status = fixture.read("/proc/self/status")
  local own = tonumber(status:match("CapPrm:%s*(%x+)"), 16) & tonumber(status:match("CapBnd:%s*(%x+)"), 16)
  local list, number = {}, 0
  for name in CAPABILITIES:gmatch("%S+") do
    if own >> number & 1 == 1 then list[#list + 1] = name end
    number = number + 1
  end
  return list
end

--- Fields of /proc/self/status, as text.
---@return table<string, string>
function M.status(text)
  local fields = {}
  for name, value in text:gmatch("([%w_]+):[\t ]*([^\n]*)") do fields[name] = value end
  return fields
end

-- --- mountinfo ---

local function words(text)
  local set = {}
  for word in text:gmatch("[^,]+") do set[word] = true end
  return set
end

--- The lines of mountinfo, in order; the last one on a mount point is what is seen there.
---@return table[] list of { root, point, options, propagation, type, source, super }
function M.mounts(text)
  local list = {}
  for line in text:gmatch("[^\n]+") do
    local root, point, options, rest = line:match("^%d+ %d+ [%d:]+ (%S+) (%S+) (%S+) (.*)$")
    if root then
      local optional, kind, source, super = rest:match("^(.-)%s?%- (%S+) (%S+) (%S+)$")
      list[#list + 1] = { root = root, point = point, options = words(options), type = kind,
        propagation = optional, source = source, super = words(super), line = line }
    end
  end
  return list
end

--- The mount that is seen at `point`, nil when nothing is mounted there.
function M.mount_at(list, point)
  for i = #list, 1, -1 do
    if list[i].point == point then return list[i] end
  end
end

--- Mountinfo from inside of a container with these fields.
function M.mountinfo(config)
  return M.mounts(M.script(config, "cat /proc/self/mountinfo"))
end

-- --- the host ---

local function fingerprint(path)
  local text = fixture.sh([[cd %s &&
    exec find . -printf '%%p %%y %%m %%U:%%G %%s %%T@ %%l\n' -type f -exec sha256sum {} +]], path)
  assert(text:find("./directory/file", 1, true), text)
  local lines = {}
  for line in text:gmatch("[^\n]+") do lines[#lines + 1] = line end
  table.sort(lines)
  return table.concat(lines, "\n")
end

--- A tree on the host that no container may touch: `path`, and `check()`, which fails when a name,
-- mode, owner, time or content has changed.
---@return table canary
function M.canary()
  local path = fixture.directory() .. "/canary"
  fixture.sh([[mkdir -p %s/directory/deep && cd %s && echo secret-of-the-host >file &&
    echo secret-of-the-host >directory/file && chmod 600 file && chmod 700 directory/deep &&
    ln -s file link && mkdir empty && chown 12:34 empty]], path, path)
  local before = fingerprint(path)
  return { path = path, check = function()
    local after = fingerprint(path)
    if after ~= before then error("the host was changed:\n" .. before .. "\nbecame\n" .. after, 2) end
  end }
end

-- --- programs in C, for what a shell cannot do ---

--- Compile a static program; skips the test where there is no compiler.
---@param name string
---@param source string
---@return string path
function M.compile(name, source)
  fixture.needs("gcc")
  return (assert(programs.compile(name, source, "gcc -static -O1")))
end

--- Put a program into a root file system, with a mode.
function M.install(from, rootfs, to, mode)
  fixture.sh("cp %s %s%s && chmod %s %s%s", from, rootfs, to, mode or "755", rootfs, to)
end

local CALLER <const> = [[
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
static const struct { const char *name; long number; } calls[] = {
#define C(name) { #name, SYS_##name },
C(unshare) C(mount) C(umount2) C(clone) C(clone3) C(ioctl) C(keyctl) C(add_key) C(request_key) C(bpf)
C(perf_event_open) C(open_by_handle_at) C(name_to_handle_at) C(kexec_load) C(init_module)
C(finit_module) C(delete_module) C(reboot) C(swapon) C(swapoff) C(setns) C(pivot_root) C(quotactl)
C(acct) C(settimeofday) C(clock_settime) C(personality) C(mknodat) C(chroot) C(getpid) C(getppid)
C(socket) C(sethostname) C(prctl) C(syslog) C(fanotify_init) C(openat) C(write) C(faccessat) C(dup)
#ifdef SYS_userfaultfd
C(userfaultfd)
#endif
#ifdef SYS_io_uring_setup
C(io_uring_setup) C(open_tree) C(move_mount) C(fsopen) C(fsmount) C(fsconfig) C(pidfd_open)
#endif
#ifdef SYS_memfd_create
C(memfd_create)
#endif
#ifdef SYS_iopl
C(iopl) C(ioperm)
#endif
};
static char buffer[4096] = {8}; /* also a file handle of eight bytes */
static long value(char *text)
{
	if (text[0] == '@') return (long) (text + 1);
	if (text[0] == '#') return (long) buffer;
	return (long) strtoull(text, NULL, 0);
}
int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		long a[6] = {0}, r, number = -1;
		char *name = argv[i++];
		int n = 0;
		for (unsigned k = 0; k < sizeof(calls) / sizeof(calls[0]); k++)
			if (strcmp(calls[k].name, name) == 0) number = calls[k].number;
		if (number < 0 && name[0] >= '0' && name[0] <= '9') number = strtol(name, NULL, 0);
		for (; i < argc && strcmp(argv[i], ";") != 0; i++)
			if (n < 6) a[n++] = value(argv[i]);
		if (number < 0) { printf("%s absent\n", name); continue; }
		r = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
		printf("%s %s\n", name, r == -1 ? strerrorname_np(errno) : "ok");
		fflush(stdout);
	}
	return 0;
}
]]

--- Install /bin/calls, which makes raw system calls and prints how each ended:
-- calls unshare 0x10000000 ';' getpid   →   unshare EPERM \n getpid ok
function M.install_calls(rootfs)
  M.install(M.compile("calls", CALLER), rootfs, "/bin/calls")
end

--- What `calls` printed, by name; a name called twice has the last one.
function M.answers(text)
  local answers = {}
  for name, answer in text:gmatch("(%S+) (%S+)\n") do answers[name] = answer end
  return answers
end

return M
