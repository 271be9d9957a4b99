/* SPDX-License-Identifier: MIT */
/* Terminals, seen from the host. Whoever listens on a console socket is the caller's choice, and may
 * be slow: it is not waited for longer than the caller says. */
#include "container/console.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "sys/sys.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

int lc_console_resize(int terminal, const struct lc_console_size *size, struct lc_error *err)
{
	struct winsize wanted = {.ws_col = size->columns, .ws_row = size->rows};
	long r = lc_sys_ioctl(terminal, TIOCSWINSZ, &wanted);

	return r < 0 ? lc_fail(err, LCT_STEP_TERMINAL, r, "size") : 0;
}

int lc_console_size(int terminal, struct lc_console_size *out, struct lc_error *err)
{
	struct winsize seen;
	long r = lc_sys_ioctl(terminal, TIOCGWINSZ, &seen);

	if (r < 0)
		return lc_fail(err, LCT_STEP_TERMINAL, r, "size");
	*out = (struct lc_console_size){.columns = seen.ws_col, .rows = seen.ws_row};
	return 0;
}

/* The address of a socket whose path may be longer than an address: then through its directory, which
 * is open as *out_directory. */
static int make_address(const char *path, struct sockaddr_un *out, int *out_directory)
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
	long r = make_address(path, &address, &directory);

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

int lc_console_send(const char *path, int master, int timeout_ms, struct lc_error *err)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
			     .cmsg_level = SOL_SOCKET,
			     .cmsg_type = SCM_RIGHTS}};
	LCT_CLEANUP(fd) int fd = open_connection(path, timeout_ms);
	char name[32];
	struct iovec part = {name, 0};
	struct msghdr message = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	unsigned number;
	long r = fd;

	if (r >= 0)
		r = lc_sys_ioctl(master, TIOCGPTN, &number);
	if (r < 0)
		return lc_fail(err, LCT_STEP_TERMINAL, r, path);
	part.iov_len = (size_t) snprintf(name, sizeof(name), "/dev/pts/%u", number);
	*(int *) (void *) CMSG_DATA(&control.head) = master;
	do {
		r = lc_sys_sendmsg(fd, &message, MSG_NOSIGNAL);
	} while (r == -EINTR);
	if (r == -EAGAIN)
		r = -ETIMEDOUT;
	return r < 0 ? lc_fail(err, LCT_STEP_TERMINAL, r, path) : 0;
}
