/* SPDX-License-Identifier: MIT */
/*
 * pidfds. The embedding program may reap everything with waitpid(-1) or ignore SIGCHLD; then waitid
 * says ECHILD, and the kernel is asked for the exit information that pidfs keeps (since 6.15).
 */
#include "container/process.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/parse.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define PF_EXITING 0x4u /* the kernel's flag, as /proc/PID/stat has it */

int lc_process_start_time(pid_t pid, uint64_t *out, struct lc_error *err)
{
	char path[32], text[1024], state;
	long r;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int) pid);
	r = lc_file_read(AT_FDCWD, path, text, sizeof(text), LCT_STEP_PROCESS, err);
	if (r < 0)
		return (int) r;
	r = lc_parse_stat(text, &state, out);
	return r < 0 ? lc_fail(err, LCT_STEP_PROCESS, r, path) : 0;
}

bool lc_process_stat_ends(const char *stat)
{
	/* The name may hold anything, so count from its last parenthesis: proc(5), field 9. */
	const char *rest = strrchr(stat, ')');
	unsigned flags = 0;

	return rest != NULL && sscanf(rest, ") %*c %*d %*d %*d %*d %*d %u", &flags) == 1 &&
	       (flags & PF_EXITING) != 0;
}

bool lc_process_stat_waits(const char *stat)
{
	uint64_t start;
	char state;

	/* Linux 6.1 has it sleep idly. A zombie that is not at its end is a first thread: the
	 * last one waits in its place. */
	return lc_process_stat_ends(stat) && lc_parse_stat(stat, &state, &start) == 0 &&
	       (state == 'S' || state == 'I' || state == 'Z');
}

static bool has_gone_or(bool (*is_so)(const char *stat), const struct lc_process *process)
{
	char path[32], text[1024], state;
	uint64_t start;
	long r;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int) process->pid);
	r = lc_file_read(AT_FDCWD, path, text, sizeof(text), LCT_STEP_PROCESS, NULL);
	if (r < 0)
		return r == -ENOENT || r == -ESRCH;
	return lc_parse_stat(text, &state, &start) == 0 && (start != process->start || is_so(text));
}

bool lc_process_is_ending(const struct lc_process *process)
{
	return has_gone_or(lc_process_stat_ends, process);
}

bool lc_process_is_held(const struct lc_process *process)
{
	return has_gone_or(lc_process_stat_waits, process);
}

int lc_process_open(pid_t pid, uint64_t start, struct lc_process *out, struct lc_error *err)
{
	LCT_CLEANUP(fd) int fd = -1;
	uint64_t now;
	long r;

	fd = lc_fd_above_stdio((int) lc_sys_pidfd_open(pid, 0));
	if (fd < 0)
		return lc_fail(err, LCT_STEP_PROCESS, fd, "pidfd_open");
	/* The pidfd is held: from here on the number cannot be given to another process unnoticed. */
	r = lc_process_start_time(pid, &now, err);
	if (r == -ENOENT || (r == 0 && now != start))
		return lc_fail(err, LCT_STEP_PROCESS, ESRCH, "the process has ended");
	if (r < 0)
		return (int) r;
	*out = (struct lc_process){.pid = pid, .start = start};
	out->pidfd = lc_take_fd(&fd);
	return 0;
}

void lc_process_done(struct lc_process *process)
{
	lc_fd_close(&process->pidfd);
}

static void fill_exit(struct lc_exit *exit, const siginfo_t *info, const struct rusage *usage)
{
	if (info->si_code == CLD_EXITED)
		exit->status = info->si_status;
	else
		exit->signal = info->si_status;
	exit->has_core = info->si_code == CLD_DUMPED;
	exit->has_usage = true;
	exit->user_us = (uint64_t) usage->ru_utime.tv_sec * 1000000 + (uint64_t) usage->ru_utime.tv_usec;
	exit->system_us = (uint64_t) usage->ru_stime.tv_sec * 1000000 + (uint64_t) usage->ru_stime.tv_usec;
	/* ru_maxrss is of no use: a process born by vfork begins with the peak of its parent. */
}

/* Not our child, or reaped by somebody else: what the kernel still knows. */
static void ask_pidfs(int pidfd, struct lc_exit *exit)
{
	struct pidfd_info info = {.mask = PIDFD_INFO_EXIT};
	long r = lc_sys_ioctl(pidfd, PIDFD_GET_INFO, &info);

	if (r < 0 || (info.mask & PIDFD_INFO_EXIT) == 0) {
		exit->is_lost = true;
		return;
	}
	exit->signal = info.exit_code & 0x7f;
	exit->has_core = (info.exit_code & 0x80) != 0;
	if (exit->signal == 0)
		exit->status = (info.exit_code >> 8) & 0xff;
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void) lc_sys_clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A pidfd is readable once its process is a zombie or gone: 1, or 0 when the time is over. A signal
 * of the host interrupts even a poll that does not wait, which needs no clock. */
static long is_readable(int pidfd, int timeout_ms)
{
	const int64_t deadline = timeout_ms > 0 ? now_ms() + timeout_ms : 0;
	struct pollfd poll = {.fd = pidfd, .events = POLLIN};
	int64_t left = timeout_ms;
	long r;

	for (;;) {
		struct timespec wait = {0};

		if (left > 0)
			wait = (struct timespec){left / 1000, left % 1000 * 1000000};
		r = lc_sys_poll(&poll, 1, &wait);
		if (r != -EINTR)
			return r;
		left = timeout_ms > 0 ? deadline - now_ms() : 0;
	}
}

int lc_process_await(const struct lc_process *process, int timeout_ms, struct lc_error *err)
{
	long r;

	if (process->has_ended)
		return 0;
	r = is_readable(process->pidfd, timeout_ms);
	if (r < 0)
		return lc_fail(err, LCT_STEP_WAIT, r, "pidfd");
	return r > 0 ? 0 : lc_fail(err, LCT_STEP_WAIT, ETIMEDOUT, "the process does not end");
}

int lc_process_poll(struct lc_process *process, bool *out_ended, struct lc_error *err)
{
	siginfo_t info;
	struct rusage usage;
	long r;

	*out_ended = process->has_ended;
	if (process->has_ended)
		return 0;
	if (process->pidfd < 0)
		return lc_fail(err, LCT_STEP_WAIT, EBADF, "closed");
	memset(&info, 0, sizeof(info));
	do {
		r = lc_sys_waitid(P_PIDFD, process->pidfd, &info, WEXITED | WNOHANG | __WALL, &usage);
	} while (r == -EINTR);
	if (r == 0) {
		if (info.si_pid == 0)
			return 0; /* runs */
		fill_exit(&process->exit, &info, &usage);
	} else if (r == -ECHILD) {
		r = is_readable(process->pidfd, 0);
		if (r < 0)
			return lc_fail(err, LCT_STEP_WAIT, r, "pidfd");
		if (r == 0)
			return 0;
		ask_pidfs(process->pidfd, &process->exit);
	} else {
		return lc_fail(err, LCT_STEP_WAIT, r, "waitid");
	}
	process->has_ended = true;
	*out_ended = true;
	return 0;
}

int lc_process_signal(const struct lc_process *process, int signal, struct lc_error *err)
{
	long r;

	if (process->has_ended || process->pidfd < 0)
		return lc_fail(err, LCT_STEP_SIGNAL, ESRCH, "the process has ended");
	r = lc_sys_pidfd_send_signal(process->pidfd, signal);
	return r < 0 ? lc_fail(err, LCT_STEP_SIGNAL, r, "pidfd_send_signal") : 0;
}

int lc_process_kill(struct lc_process *process, int timeout_ms, struct lc_error *err)
{
	bool has_ended = false;
	int r = lc_process_signal(process, SIGKILL, err);

	if (r < 0 && r != -ESRCH)
		return r;
	r = lc_process_await(process, timeout_ms, err);
	return r < 0 ? r : lc_process_poll(process, &has_ended, err);
}
