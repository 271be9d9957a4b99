/* SPDX-License-Identifier: MIT */
/*
 * Pipes and not sockets, because a program that opens /dev/stdin gets ENXIO for a socket. Their
 * price is SIGPIPE, which belongs to the host: it is blocked for the calling thread around the
 * write and, when our write made it, taken back before the mask is restored.
 */
#include "container/stdio.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "sys/sys.h"

int lc_stdio_pipe(bool for_input, int *out_ours, int *out_theirs, struct lc_error *err)
{
	LCT_CLEANUP(fd) int reading = -1;
	LCT_CLEANUP(fd) int writing = -1;
	int fds[2];
	long r = lc_sys_pipe2(fds, O_CLOEXEC);

	if (r < 0)
		return lc_fail(err, LCT_STEP_STDIO, r, "pipe");
	reading = lc_fd_above_stdio(fds[0]);
	writing = lc_fd_above_stdio(fds[1]);
	if (reading < 0 || writing < 0)
		return lc_fail(err, LCT_STEP_STDIO, reading < 0 ? reading : writing, "pipe");
	r = lc_sys_fcntl(for_input ? writing : reading, F_SETFL, O_NONBLOCK);
	if (r < 0)
		return lc_fail(err, LCT_STEP_STDIO, r, "pipe");
	*out_ours = lc_take_fd(for_input ? &writing : &reading);
	*out_theirs = lc_take_fd(for_input ? &reading : &writing);
	return 0;
}

int lc_stdio_null(struct lc_error *err)
{
	int fd = lc_fd_above_stdio((int) lc_sys_openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0));

	return fd >= 0 ? fd : lc_fail(err, LCT_STEP_STDIO, fd, "/dev/null");
}

int lc_stdio_text(const void *text, size_t size, struct lc_error *err)
{
	LCT_CLEANUP(fd) int fd = -1;
	long r;

	fd = lc_fd_above_stdio((int) lc_sys_memfd_create("stdin", MFD_CLOEXEC));
	if (fd < 0)
		return lc_fail(err, LCT_STEP_STDIO, fd, "memfd_create");
	r = lc_fd_write_all(fd, text, size);
	if (r >= 0)
		r = LCT_SYS3(lseek, fd, 0, SEEK_SET);
	if (r < 0)
		return lc_fail(err, LCT_STEP_STDIO, r, "stdin");
	return lc_take_fd(&fd);
}

long lc_stdio_write(int fd, const void *data, size_t size)
{
	const lc_sigset pipe_only = (lc_sigset) 1 << (SIGPIPE - 1);
	const struct timespec now = {0};
	lc_sigset old = 0, pending = 0;
	long r, written;

	r = lc_sys_sigprocmask(SIG_BLOCK, &pipe_only, &old);
	if (r < 0)
		return r;
	(void) LCT_SYS2(rt_sigpending, &pending, sizeof(pending));
	written = lc_sys_write(fd, data, size);
	/* Only ours: one that was pending before belongs to the host. */
	if (written == -EPIPE && (pending & pipe_only) == 0)
		(void) lc_arch_call(__NR_rt_sigtimedwait, (long) &pipe_only, 0, (long) &now,
			sizeof(pipe_only), 0, 0);
	/* Both past injection: a host with a signal blocked, or killed by one, is no way to fail. */
	(void) lc_arch_call(__NR_rt_sigprocmask, SIG_SETMASK, (long) &old, 0, sizeof(old), 0, 0);
	return written;
}
