/* SPDX-License-Identifier: MIT */
/*
 * Descriptor helpers of the host. Calls that may block are made again after a signal: the signal is
 * the host program's, and its handler has run by then.
 */
#include "base/fd.h"

#include "sys/sys.h"

int lc_fd_above_stdio(int fd)
{
	long moved;

	if (fd < 0 || fd > 2)
		return fd;
	moved = lc_sys_fcntl(fd, F_DUPFD_CLOEXEC, 3);
	(void) lc_sys_close(fd);
	return (int) moved;
}

void lc_fd_close(int *fd)
{
	if (*fd >= 0)
		(void) lc_sys_close(*fd);
	*fd = -1;
}

long lc_fd_read_all(int fd, char *buffer, size_t size)
{
	size_t used = 0;

	for (;;) {
		char beyond;
		bool full = used == size;
		/* A full buffer is right only when nothing follows: ask for one more byte. */
		long r = full ? lc_sys_read(fd, &beyond, 1)
			      : lc_sys_read(fd, buffer + used, size - used);

		if (r == -EINTR)
			continue;
		if (r < 0)
			return r;
		if (r == 0)
			return (long) used;
		if (full)
			return -EMSGSIZE;
		used += (size_t) r;
	}
}

int lc_fd_write_all(int fd, const void *buffer, size_t size)
{
	const char *bytes = buffer;

	while (size > 0) {
		long r = lc_sys_write(fd, bytes, size);

		if (r == -EINTR)
			continue;
		if (r < 0)
			return (int) r;
		if (r == 0)
			return -EIO;
		bytes += r;
		size -= (size_t) r;
	}
	return 0;
}
