/* SPDX-License-Identifier: MIT */
/* The path of a socket is short, that of a state root may not be: it is reached by its open directory. */
#include "container/latch.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "sys/sys.h"

#include <stdio.h>
#include <sys/un.h>

#define LATCH "latch"

static int open_socket(int directory, struct sockaddr_un *out, struct lc_error *err)
{
	int fd = lc_fd_above_stdio((int) lc_sys_socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));

	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	(void) snprintf(out->sun_path, sizeof(out->sun_path), "/proc/self/fd/%d/" LATCH, directory);
	return fd < 0 ? lc_fail(err, LCT_STEP_SESSION, fd, LATCH) : fd;
}

int lc_latch_make(int directory, struct lc_error *err)
{
	struct sockaddr_un address;
	LCT_CLEANUP(fd) int fd = open_socket(directory, &address, err);
	long r = fd;

	if (r < 0)
		return (int) r;
	r = lc_sys_bind(fd, &address, sizeof(address));
	if (r == -EADDRINUSE) {
		r = lc_sys_unlinkat(directory, LATCH, 0);
		if (r >= 0)
			r = lc_sys_bind(fd, &address, sizeof(address));
	}
	if (r >= 0)
		r = lc_sys_listen(fd, 1);
	return r < 0 ? lc_fail(err, LCT_STEP_SESSION, r, LATCH) : lc_take_fd(&fd);
}

int lc_latch_connect(int directory, const struct lc_process *init, struct lc_error *err)
{
	struct sockaddr_un address;
	LCT_CLEANUP(fd) int fd = -1;
	long r;

	if (init->pidfd < 0)
		return lc_fail(err, LCT_STEP_SESSION, ESRCH, LATCH);
	r = fd = open_socket(directory, &address, err);
	if (r < 0)
		return (int) r;
	do {
		r = lc_sys_connect(fd, &address, sizeof(address));
	} while (r == -EINTR);
	if (r == -ECONNREFUSED || r == -ENOENT)
		r = -ESRCH;
	return r < 0 ? lc_fail(err, LCT_STEP_SESSION, r, LATCH) : lc_take_fd(&fd);
}

int lc_latch_remove(int directory, struct lc_error *err)
{
	long r = lc_sys_unlinkat(directory, LATCH, 0);

	return r < 0 && r != -ENOENT ? lc_fail(err, LCT_STEP_SESSION, r, LATCH) : 0;
}
