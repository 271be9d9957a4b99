/* SPDX-License-Identifier: MIT */
#include "container/handover.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "sys/sys.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

int lc_handover_address(const char *path, struct sockaddr_un *out, int *out_directory)
{
	const char *name = strrchr(path, '/');
	char directory[PATH_MAX];
	size_t length = strlen(path);

	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	if (length < sizeof(out->sun_path)) {
		memcpy(out->sun_path, path, length);
		return 0;
	}
	if (name == NULL || name[1] == '\0' || length >= sizeof(directory))
		return -ENAMETOOLONG;
	memcpy(directory, path, length + 1);
	directory[name - path] = '\0';
	*out_directory = lc_fd_above_stdio((int) lc_sys_openat(AT_FDCWD,
		directory[0] != '\0' ? directory : "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
	if (*out_directory < 0)
		return *out_directory;
	if (snprintf(out->sun_path, sizeof(out->sun_path), "/proc/self/fd/%d/%s", *out_directory,
		    name + 1) >= (int) sizeof(out->sun_path))
		return -ENAMETOOLONG;
	return 0;
}

static int open_connection(const char *path, int timeout_ms)
{
	const struct timeval patience = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
	LCT_CLEANUP(fd) int directory = -1;
	LCT_CLEANUP(fd) int fd = -1;
	struct sockaddr_un address;
	long r = lc_handover_address(path, &address, &directory);

	if (r >= 0)
		r = fd = lc_fd_above_stdio(
			(int) lc_sys_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	/* It holds for the connection as well: unix(7) */
	if (r >= 0)
		r = lc_sys_setsockopt(
			fd, SOL_SOCKET, SO_SNDTIMEO, &patience, (unsigned) sizeof(patience));
	while (r >= 0) {
		r = lc_sys_connect(fd, &address, (unsigned) sizeof(address));
		if (r >= 0)
			return lc_take_fd(&fd);
		if (r == -EINTR)
			r = 0;
	}
	return (int) (r == -EAGAIN ? -ETIMEDOUT : r);
}

int lc_handover_connect(
	const char *path, int timeout_ms, enum lc_step step, struct lc_error *err)
{
	int r = open_connection(path, timeout_ms);

	return r < 0 ? lc_fail(err, step, r, path) : r;
}

int lc_handover_send(int connection, const char *text, size_t size, int fd)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
			     .cmsg_level = SOL_SOCKET,
			     .cmsg_type = SCM_RIGHTS}};
	struct iovec part = {(void *) (uintptr_t) text, size};
	struct msghdr message = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	long r;

	*(int *) (void *) CMSG_DATA(&control.head) = fd;
	while (part.iov_len > 0) {
		r = lc_sys_sendmsg(connection, &message, MSG_NOSIGNAL);
		if (r == -EINTR)
			continue;
		if (r < 0)
			return (int) (r == -EAGAIN ? -ETIMEDOUT : r);
		part.iov_base = (char *) part.iov_base + r;
		part.iov_len -= (size_t) r;
		message.msg_control = NULL; /* it went with the first bytes */
		message.msg_controllen = 0;
	}
	return 0;
}
