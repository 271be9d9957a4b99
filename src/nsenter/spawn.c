/* SPDX-License-Identifier: MIT */
/*
 * clone3 → window → execveat. Between clone3 and execveat the child stands on the host's memory:
 * only raw system calls, only data prepared before, no early return. It runs on a stack of its own,
 * so nothing that it does can reach a frame of the host, and the host's thread sleeps until the
 * exec (CLONE_VFORK). What goes wrong in there is told through that shared memory.
 *
 * Order that the kernel forces:
 *   1. all signals blocked before clone3: a handler of the host must never run in the child
 *   2. cgroups before exec: from its first page on, the new program is charged to the container
 *   3. in a new user namespace no id is mapped yet, and exec takes the capabilities of who is not its
 *      root: all but those that are ambient
 *   4. descriptors last: the join files and the program are among those that get closed
 */
#include "nsenter/spawn.h"

#include "base/fd.h"
#include "sys/sys.h"

#include <linux/capability.h>
#include <sys/prctl.h>

#define LCT_SPAWN_FDS_MAX 512 /* their numbers fit the stack below */
#define LCT_SPAWN_STACK 16384

struct window {
	const struct lc_spawn *spawn;
	int step, errnum;    /* of the first failure; errnum 0: none */
	const char *subject;
};

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LCT_NO_ASAN __attribute__((no_sanitize("address")))
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define LCT_NO_ASAN __attribute__((no_sanitize_address))
#endif
#ifndef LCT_NO_ASAN
#define LCT_NO_ASAN
#endif

/* Never returns to the host: ends in exec or exit. */
static LCT_NO_ASAN int window_fail(struct window *w, int step, long errnum, const char *subject)
{
	w->step = step;
	w->errnum = (int) -errnum;
	w->subject = subject;
	lc_sys_exit(127);
	return 127;
}

/* Everything that is permitted becomes inheritable and ambient: capabilities(7). */
static LCT_NO_ASAN long keep_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}, {0}};
	uint64_t permitted;
	long r = lc_sys_capget(&header, data);

	for (int i = 0; i < 2; i++)
		data[i].inheritable = data[i].permitted;
	permitted = data[0].permitted | (uint64_t) data[1].permitted << 32;
	if (r >= 0)
		r = lc_sys_capset(&header, data);
	for (unsigned capability = 0; r >= 0 && capability < 64; capability++)
		if ((permitted >> capability & 1) != 0)
			r = lc_sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
	return r;
}

/* A source may have one of the target numbers, 0 to `last`: a copy of it then. */
static LCT_NO_ASAN int out_of_the_way(int fd, int last)
{
	return fd > last ? fd : (int) lc_sys_fcntl(fd, F_DUPFD_CLOEXEC, last + 1);
}

static LCT_NO_ASAN int run_window(void *argument)
{
	struct window *w = argument;
	const struct lc_spawn *s = w->spawn;
	int high[LCT_SPAWN_FDS_MAX];
	int count = (int) s->fds_count, exe = s->exe_fd;
	long r;

	/* "0" is the thread that writes; we have no other. */
	for (size_t i = 0; i < s->join_count; i++) {
		r = lc_sys_write(s->join_fds[i], "0", 1);
		if (r < 0)
			return window_fail(w, LCT_STEP_CGROUP, r, "tasks");
	}
	if ((s->namespaces & CLONE_NEWUSER) != 0) {
		r = keep_capabilities();
		if (r < 0)
			return window_fail(w, LCT_STEP_SPAWN, r, "ambient capabilities");
	}

	if (exe >= 0) {
		r = exe = out_of_the_way(exe, count);
		if (r < 0)
			return window_fail(w, LCT_STEP_SPAWN, r, "descriptors");
	}
	for (int i = 0; i < count; i++) {
		r = high[i] = out_of_the_way(s->fds[i], count);
		if (r < 0)
			return window_fail(w, LCT_STEP_SPAWN, r, "descriptors");
	}
	for (int i = 0; i < count; i++) {
		r = lc_sys_dup3(high[i], i, 0);
		if (r < 0)
			return window_fail(w, LCT_STEP_SPAWN, r, "descriptors");
	}
	if (exe >= 0) {
		r = lc_sys_dup3(exe, count, O_CLOEXEC);
		if (r < 0)
			return window_fail(w, LCT_STEP_SPAWN, r, "descriptors");
	}
	/* Whatever the host has open, close-on-exec or not, ends here. [A68] */
	r = lc_sys_close_range((unsigned) count + (exe >= 0), ~0u, 0);
	if (r < 0)
		return window_fail(w, LCT_STEP_SPAWN, r, "close_range");

	if (exe >= 0)
		r = lc_sys_execveat(count, "", s->argv, s->envp, AT_EMPTY_PATH);
	else
		r = lc_sys_execveat(AT_FDCWD, s->exe_path, s->argv, s->envp, 0);
	return window_fail(w, LCT_STEP_SPAWN, r, exe >= 0 ? "the init program" : s->exe_path);
}

/* Ending or ended; past fault injection, so that no test makes a zombie. */
static void reap(int pidfd)
{
	siginfo_t info;
	long r;

	do {
		r = lc_arch_call(__NR_waitid, P_PIDFD, pidfd, (long) &info, WEXITED | __WALL, 0, 0);
	} while (r == -EINTR);
}

static int clone_and_exec(struct window *w, struct clone_args *args, struct lc_error *err)
{
	char stack[LCT_SPAWN_STACK] __attribute__((aligned(16)));
	const lc_sigset all = ~(lc_sigset) 0;
	lc_sigset old = 0;
	long pid, r;

	args->stack = (uint64_t) (uintptr_t) stack;
	args->stack_size = sizeof(stack);
	r = lc_sys_sigprocmask(SIG_BLOCK, &all, &old);
	if (r < 0)
		return lc_fail(err, LCT_STEP_SPAWN, r, "rt_sigprocmask");
	pid = lc_sys_clone_vm(args, run_window, w);
	/* Past injection: leaving the host with all signals blocked is no way to fail. */
	(void) lc_arch_call(__NR_rt_sigprocmask, SIG_SETMASK, (long) &old, 0, sizeof(old), 0, 0);
	if (pid < 0)
		return lc_fail(err, LCT_STEP_SPAWN, pid, "clone3");
	return (int) pid;
}

int lc_spawn(const struct lc_spawn *spawn, pid_t *out_pid, int *out_pidfd, struct lc_error *err)
{
	struct window w = {.spawn = spawn};
	int pidfd = -1, pid, fd;
	struct clone_args args = {
		/* The exit signal stays 0: a child that fails before exec is nobody's SIGCHLD. */
		.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | spawn->namespaces,
		.pidfd = (uint64_t) (uintptr_t) &pidfd,
	};

	if (spawn->fds_count > LCT_SPAWN_FDS_MAX)
		return lc_fail(err, LCT_STEP_SPAWN, E2BIG, "descriptors");
	if (spawn->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t) spawn->cgroup_fd;
	}
	pid = clone_and_exec(&w, &args, err);
	if (pid < 0)
		return pid;
	if (w.errnum != 0) {
		reap(pidfd);
		(void) lc_sys_close(pidfd);
		return lc_fail(err, (enum lc_step) w.step, w.errnum, w.subject);
	}
	fd = pidfd > 2 ? pidfd : (int) lc_sys_fcntl(pidfd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0) {
		(void) lc_arch_call(__NR_pidfd_send_signal, pidfd, SIGKILL, 0, 0, 0, 0);
		reap(pidfd);
	}
	if (fd != pidfd)
		(void) lc_sys_close(pidfd);
	if (fd < 0)
		return lc_fail(err, LCT_STEP_SPAWN, fd, "pidfd");
	*out_pid = pid;
	*out_pidfd = fd;
	return 0;
}
