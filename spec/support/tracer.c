/* SPDX-License-Identifier: MIT */
/*
 * tracer OUTPUT PROGRAM [ARGUMENT…]: run a program and write down every system call that names a
 * file, and those that make or join a namespace, change a user, open a socket or a pipe, or ask a clock, of it and of
 * all that it starts. A line a call, its parts separated by tabs:
 *
 *	PID NAME {LETTER=ARGUMENT} > RESULT [FILE MODE DEVICE:INODE]
 *	PID started > PID-OF-THE-NEW-TASK
 *
 * d=  a descriptor, or the working directory: what it is open on     f=  flags, hexadecimal
 * p=  a path as it was given, behind the d= that it counts from      t=  text that is no path
 *
 * FILE and the rest are of the descriptor that a call has opened. Ends with the program's status.
 *
 * With TRACER_TIMES="SECONDS …" in the environment whoever asks the kernel for the time of day is told these, one
 * after the other and again from the first. (The C library asks nobody: it looks for itself.)
 * With TRACER_SIGNALS_LATE=MICROSECONDS signals through a pidfd are sent that much later.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <linux/ptrace.h> /* behind the other, which it would break */
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TASKS_MAX 4096
#define TEXT_MAX 16384

/* The shape has a letter for each argument: those above, h for a struct open_how, a capital P for a path
 * without a descriptor before it, and - for what is passed over. */
static const struct call {
	long number;
	const char *name, *shape;
	bool opens;
} calls[] = {
#define CALL(name, shape) {SYS_##name, #name, shape, false},
#define OPEN(name, shape) {SYS_##name, #name, shape, true},
#ifdef SYS_open
	OPEN(open, "Pf") OPEN(creat, "P") CALL(mkdir, "P") CALL(rmdir, "P") CALL(unlink, "P")
	CALL(rename, "PP") CALL(symlink, "tP") CALL(link, "PP") CALL(mknod, "P") CALL(chmod, "P")
	CALL(chown, "P") CALL(lchown, "P") CALL(stat, "P") CALL(lstat, "P") CALL(access, "P")
	CALL(readlink, "P") CALL(renameat, "dpdp")
#endif
	OPEN(openat, "dpf") OPEN(openat2, "dph") OPEN(open_tree, "dpf") OPEN(memfd_create, "tf")
	OPEN(socket, "-f") CALL(socketpair, "-f") CALL(pipe2, "-f") CALL(epoll_create1, "f") CALL(bind, "d") CALL(mkdirat, "dp") CALL(unlinkat, "dpf")
	CALL(renameat2, "dpdp") CALL(symlinkat, "tdp") CALL(linkat, "dpdp") CALL(mknodat, "dp")
	CALL(fchmodat, "dp") CALL(fchownat, "dp") CALL(statx, "dp") CALL(newfstatat, "dp")
	CALL(faccessat, "dp") CALL(faccessat2, "dp") CALL(readlinkat, "dp") CALL(truncate, "P")
	CALL(chdir, "P") CALL(fchdir, "d") CALL(execve, "P") CALL(execveat, "dp") CALL(mount, "tP")
	CALL(umount2, "P") CALL(move_mount, "dpdp") CALL(pivot_root, "PP") CALL(chroot, "P")
	CALL(setns, "d") CALL(unshare, "f") CALL(clock_gettime, "f") CALL(clock_nanosleep, "f")
	CALL(timerfd_create, "f") CALL(prctl, "ff") CALL(setresuid, "") CALL(setresgid, "") CALL(setreuid, "")
	CALL(setregid, "") CALL(setfsuid, "") CALL(setfsgid, "")
#undef OPEN
#undef CALL
};

struct task {
	pid_t pid;
	const struct call *call; /* that it is in */
	bool is_seen;            /* a new task stops once by itself */
	unsigned long clock, address; /* of clock_gettime: which, and where the answer goes */
	char line[2 * TEXT_MAX];
};

static struct task *tasks[TASKS_MAX];
static FILE *output;

static struct task *task_of(pid_t pid)
{
	for (int i = 0; i < TASKS_MAX; i++) {
		if (tasks[i] == NULL) {
			tasks[i] = calloc(1, sizeof(struct task));
			tasks[i]->pid = pid;
		}
		if (tasks[i]->pid == pid)
			return tasks[i];
	}
	fputs("tracer: too many tasks\n", stderr);
	exit(99);
}

static void add(struct task *task, char letter, const char *text)
{
	size_t used = strlen(task->line);

	snprintf(task->line + used, sizeof(task->line) - used, "\t%c=%s", letter, text);
}

/* A string of the task's, as far as it can be read; what would end a part or a line becomes '?'. */
static void add_text(struct task *task, char letter, unsigned long address)
{
	char text[TEXT_MAX] = "";

	for (size_t used = 0; used + 1 < sizeof(text); used++) {
		struct iovec here = {&text[used], 1}, there = {(void *) (address + used), 1};

		if (process_vm_readv(task->pid, &here, 1, &there, 1, 0) != 1)
			text[used] = '\0';
		if (text[used] == '\0')
			break;
		if (text[used] == '\t' || text[used] == '\n')
			text[used] = '?';
	}
	add(task, letter, text);
}

static void descriptor_path(const struct task *task, int fd, char *out, size_t size)
{
	if (fd == AT_FDCWD)
		snprintf(out, size, "/proc/%d/cwd", (int) task->pid);
	else
		snprintf(out, size, "/proc/%d/fd/%d", (int) task->pid, fd);
}

static void read_descriptor(const struct task *task, int fd, char target[TEXT_MAX])
{
	char path[64];
	ssize_t length;

	descriptor_path(task, fd, path, sizeof(path));
	length = readlink(path, target, TEXT_MAX - 1);
	target[length < 0 ? 0 : length] = '\0';
}

static void add_argument(struct task *task, char letter, unsigned long value)
{
	char text[TEXT_MAX];
	struct open_how how = {0};
	struct iovec here = {&how, sizeof(how)}, there = {(void *) value, sizeof(how)};

	if (letter == 'd' || letter == 'P') {
		read_descriptor(task, letter == 'P' ? AT_FDCWD : (int) value, text);
		add(task, 'd', text);
	}
	if (letter == 'p' || letter == 'P' || letter == 't')
		add_text(task, letter == 't' ? 't' : 'p', value);
	if (letter == 'h') {
		(void) process_vm_readv(task->pid, &here, 1, &there, 1, 0);
		value = how.flags;
	}
	if (letter == 'h' || letter == 'f') {
		snprintf(text, sizeof(text), "%lx", value);
		add(task, 'f', text);
	}
}

static void fake_time(const struct task *task)
{
	static char *next;
	const char *times = getenv("TRACER_TIMES");
	struct timespec now = {0, 0};
	struct iovec here = {&now, sizeof(now)}, there = {(void *) task->address, sizeof(now)};
	char *end;

	if (times == NULL || task->call->number != SYS_clock_gettime || task->clock != CLOCK_REALTIME)
		return;
	now.tv_sec = strtoll(next != NULL ? next : times, &end, 10);
	next = *end != '\0' ? end : NULL;
	(void) process_vm_writev(task->pid, &here, 1, &there, 1, 0);
}

static void delay_signal(const struct ptrace_syscall_info *info)
{
	const char *late = getenv("TRACER_SIGNALS_LATE");

	if (late != NULL && info->entry.nr == SYS_pidfd_send_signal)
		usleep((useconds_t) atoi(late));
}

static void enter(struct task *task, const struct ptrace_syscall_info *info)
{
	delay_signal(info);
	task->call = NULL;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if ((long) info->entry.nr == calls[i].number)
			task->call = &calls[i];
	if (task->call == NULL)
		return;
	task->clock = info->entry.args[0];
	task->address = info->entry.args[1];
	snprintf(task->line, sizeof(task->line), "%d\t%s", (int) task->pid, task->call->name);
	for (size_t i = 0; task->call->shape[i] != '\0'; i++)
		add_argument(task, task->call->shape[i], info->entry.args[i]);
}

static void leave(struct task *task, const struct ptrace_syscall_info *info)
{
	char path[64], target[TEXT_MAX];
	struct stat seen;

	if (task->call == NULL)
		return;
	fake_time(task);
	fprintf(output, "%s\t>\t%lld", task->line, (long long) info->exit.rval);
	if (task->call->opens && info->exit.rval >= 0) {
		read_descriptor(task, (int) info->exit.rval, target);
		descriptor_path(task, (int) info->exit.rval, path, sizeof(path));
		if (stat(path, &seen) == 0)
			fprintf(output, "\t%s\t%o\t%u:%u:%llu", target, seen.st_mode,
				major(seen.st_dev), minor(seen.st_dev), (unsigned long long) seen.st_ino);
	}
	fputc('\n', output);
	task->call = NULL;
}

/* What a stopped task goes on with: the signal that stopped it, unless that was a matter of ours. */
static int handle_stop(pid_t pid, int status)
{
	struct ptrace_syscall_info info;
	struct task *task = task_of(pid);
	int signal = WSTOPSIG(status), event = status >> 16;
	unsigned long started;

	if (signal == (SIGTRAP | 0x80)) {
		if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
			return 0;
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
			enter(task, &info);
		else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
			leave(task, &info);
		return 0;
	}
	if (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK) {
		ptrace(PTRACE_GETEVENTMSG, pid, NULL, &started);
		fprintf(output, "%d\tstarted\t>\t%lu\n", (int) pid, started);
	}
	if (event != 0)
		return 0;
	if (!task->is_seen && signal == SIGSTOP) {
		task->is_seen = true;
		return 0;
	}
	return signal;
}

static int follow(pid_t first)
{
	int status, answer = 99;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			long signal = handle_stop(pid, status);

			ptrace(PTRACE_SYSCALL, pid, NULL, (void *) signal);
			continue;
		}
		if (pid == first)
			answer = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		task_of(pid)->pid = -1; /* its number may come again */
	}
	return answer;
}

int main(int argc, char **argv)
{
	pid_t child;
	int status, answer;

	if (argc < 3 || (output = fopen(argv[1], "we")) == NULL)
		return 98;
	child = fork();
	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execvp(argv[2], argv + 2);
		_exit(97);
	}
	if (waitpid(child, &status, __WALL) != child)
		return 96;
	task_of(child)->is_seen = true;
	ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
		PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
	ptrace(PTRACE_SYSCALL, child, NULL, NULL);
	answer = follow(child);
	return fclose(output) == 0 ? answer : 95;
}
