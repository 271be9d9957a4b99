/* SPDX-License-Identifier: MIT */
#include "container/datagram.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "container/handover.h"
#include "sys/sys.h"

#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

#define SEND_TIMEOUT_S 10

/* 0666 and the umask would leave others out. */
static int bind_for_all(int fd, const char *path)
{
	LCT_CLEANUP(fd) int directory = -1;
	struct sockaddr_un address;
	long r = lc_handover_address(path, &address, &directory);

	if (r >= 0) {
		r = lc_sys_unlinkat(AT_FDCWD, address.sun_path, 0);
		r = r == -ENOENT ? 0 : r;
	}
	if (r >= 0)
		r = lc_sys_bind(fd, &address, (unsigned) sizeof(address));
	return (int) (r < 0 ? r : lc_sys_fchmodat(AT_FDCWD, address.sun_path, 0777));
}

int lc_datagram_open(const char *path, struct lc_error *err)
{
	const struct timeval patience = {SEND_TIMEOUT_S, 0};
	LCT_CLEANUP(fd) int fd = lc_fd_above_stdio(
		(int) lc_sys_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	long r = fd;

	if (r >= 0)
		r = lc_sys_setsockopt(
			fd, SOL_SOCKET, SO_SNDTIMEO, &patience, (unsigned) sizeof(patience));
	if (r >= 0 && path != NULL)
		r = bind_for_all(fd, path);
	if (r < 0)
		return lc_fail(err, LCT_STEP_FILE, r, path != NULL ? path : "unix socket");
	return lc_take_fd(&fd);
}

int lc_datagram_send(int fd, const char *path, const char *text, size_t size, int passed,
	struct lc_error *err)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
			     .cmsg_level = SOL_SOCKET,
			     .cmsg_type = SCM_RIGHTS}};
	LCT_CLEANUP(fd) int directory = -1;
	struct sockaddr_un address;
	struct iovec part = {(void *) (uintptr_t) text, size};
	struct msghdr message = {.msg_name = &address,
		.msg_namelen = sizeof(address),
		.msg_iov = &part,
		.msg_iovlen = 1};
	long r = lc_handover_address(path, &address, &directory);

	if (r >= 0 && path[0] == '@') { /* such a name has a length, and no end */
		address.sun_path[0] = '\0';
		message.msg_namelen = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + strlen(path));
	}
	if (passed >= 0) {
		*(int *) (void *) CMSG_DATA(&control.head) = passed;
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	while (r >= 0) {
		r = lc_sys_sendmsg(fd, &message, MSG_NOSIGNAL);
		if (r >= 0)
			return 0;
		if (r == -EINTR)
			r = 0;
	}
	return lc_fail(err, LCT_STEP_FILE, r == -EAGAIN ? -ETIMEDOUT : r, path);
}

long lc_datagram_receive(int fd, char *out, size_t size, struct lc_error *err)
{
	long r;

	do {
		r = lc_sys_recv(fd, out, size, MSG_DONTWAIT);
	} while (r == -EINTR);
	if (r == -EAGAIN)
		return 0;
	return r < 0 ? lc_fail(err, LCT_STEP_FILE, r, "unix socket") : r;
}

int lc_datagram_barrier(int fd, const char *path, int timeout_ms, struct lc_error *err)
{
	static const char text[] = "BARRIER=1";
	const struct timespec patience = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
	LCT_CLEANUP(fd) int ours = -1;
	LCT_CLEANUP(fd) int theirs = -1;
	struct pollfd end = {.events = 0};
	int ends[2];
	long r = lc_sys_pipe2(ends, O_CLOEXEC);

	if (r < 0)
		return lc_fail(err, LCT_STEP_FILE, r, "pipe2");
	ours = ends[0];
	theirs = ends[1];
	r = lc_datagram_send(fd, path, text, sizeof(text) - 1, theirs, err);
	if (r < 0)
		return (int) r;
	(void) lc_sys_close(lc_take_fd(&theirs)); /* theirs alone is open now, until it has been read */
	end.fd = ours;
	do {
		r = lc_sys_poll(&end, 1, &patience);
	} while (r == -EINTR);
	if (r == 0)
		r = -ETIMEDOUT;
	return r < 0 ? lc_fail(err, LCT_STEP_FILE, r, path) : 0;
}
