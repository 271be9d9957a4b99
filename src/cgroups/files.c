/* SPDX-License-Identifier: MIT */
/*
 * The files of one cgroup: open, read, write. Knows no controller and no driver. A name is resolved
 * with openat2 below a descriptor, without links; it is a literal of a driver, never data.
 *
 * A file, other than the lists of processes (procs.c), is one record: a read that has room for all of
 * it gets all of it.
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/parse.h"
#include "cgroups/driver.h"
#include "sys/sys.h"

#include <string.h>

int lc_cgroup_open_at(int dirfd, const char *path, unsigned flags)
{
	const uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
	long fd;

	do
		fd = lc_sys_openat2(
			dirfd, *path != '\0' ? path : ".", flags | O_CLOEXEC, 0, resolve);
	while (fd == -EINTR || fd == -EAGAIN); /* EAGAIN: a rename elsewhere raced the look-up */
	return lc_fd_above_stdio((int) fd);
}

static long read_open(int fd, char *buffer, size_t size)
{
	long length;

	do
		length = lc_sys_read(fd, buffer, size);
	while (length == -EINTR);
	if (length < 0)
		return length;
	if ((size_t) length == size)
		return -EMSGSIZE;
	if (length > 0 && buffer[length - 1] == '\n')
		length--;
	buffer[length] = '\0';
	return length;
}

long lc_cgroup_read(int dirfd, const char *name, char *buffer, size_t size)
{
	LCT_CLEANUP(fd) int fd = lc_cgroup_open_at(dirfd, name, O_RDONLY);

	return fd < 0 ? fd : read_open(fd, buffer, size);
}

int lc_cgroup_read_u64(int dirfd, const char *name, uint64_t *out)
{
	char text[64];
	long length = lc_cgroup_read(dirfd, name, text, sizeof(text));

	return length < 0 ? (int) length : lc_parse_u64(text, out);
}

int lc_cgroup_read_open_key(int fd, const char *key, uint64_t *out)
{
	char text[LCT_CGROUP_VALUE_MAX];
	long length = read_open(fd, text, sizeof(text));

	return length < 0 ? (int) length : lc_parse_key_u64(text, key, out);
}

int lc_cgroup_read_key(int dirfd, const char *name, const char *key, uint64_t *out)
{
	LCT_CLEANUP(fd) int fd = lc_cgroup_open_at(dirfd, name, O_RDONLY);

	return fd < 0 ? fd : lc_cgroup_read_open_key(fd, key, out);
}

static long write_line(int fd, const char *line, size_t length)
{
	long written;

	do
		written = lc_sys_write(fd, line, length);
	while (written ==
		-EINTR); /* a memory limit below the use reclaims, and stops at a signal */
	return written;
}

int lc_cgroup_write(int dirfd, const char *name, const char *text)
{
	LCT_CLEANUP(fd) int fd = lc_cgroup_open_at(dirfd, name, O_WRONLY);
	int failed = 0;

	if (fd < 0)
		return fd;
	do {
		size_t length = strcspn(text, "\n");
		/* a line alone keeps its end, so that an empty one is a write too */
		long r = write_line(fd, text, length > 0 ? length : 1);

		if (r < 0 && failed == 0)
			failed = (int) r;
		text += length + (text[length] == '\n');
	} while (*text != '\0');
	return failed;
}
