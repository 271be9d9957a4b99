/* SPDX-License-Identifier: MIT */
#include "seccomp/notify.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "sys/sys.h"
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/ioctl.h>

static int fail(struct lc_error *err, long errnum)
{
	return lc_fail(err, LCT_STEP_SECCOMP, errnum, errnum == -ENOENT ? "the caller has gone" : "listener");
}

int lc_notify_receive(int listener, struct lc_notify_call *out, struct lc_error *err)
{
	const struct timespec at_once = {0};
	struct pollfd poll = {.fd = listener, .events = POLLIN};
	struct seccomp_notif call = {0}; /* the kernel insists on zeroes */
	long r;

	/* Receiving waits; what is seen here is there, or has gone, and then it is ENOENT. */
	do {
		r = lc_sys_poll(&poll, 1, &at_once);
	} while (r == -EINTR);
	if (r >= 0 && (poll.revents & POLLIN) == 0)
		return (poll.revents & (POLLHUP | POLLERR)) != 0 ? fail(err, -EPIPE) : 0;
	if (r >= 0)
		r = lc_sys_ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call);
	if (r == -ENOENT || r == -EINTR)
		return 0;
	if (r < 0)
		return fail(err, r);
	*out = (struct lc_notify_call){
		.id = call.id,
		.pid = call.pid,
		.number = call.data.nr,
		.architecture = call.data.arch,
		.instruction = call.data.instruction_pointer,
	};
	for (size_t i = 0; i < 6; i++)
		out->args[i] = call.data.args[i];
	return 1;
}

static int respond(int listener, struct seccomp_notif_resp response, struct lc_error *err)
{
	long r;

	do {
		r = lc_sys_ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
	} while (r == -EINTR);
	/* EINPROGRESS: it was answered, and the caller has not woken up yet. */
	return r < 0 ? fail(err, r == -EINPROGRESS ? -ENOENT : r) : 0;
}

int lc_notify_answer(int listener, uint64_t id, int64_t value, int errnum, struct lc_error *err)
{
	struct seccomp_notif_resp response = {.id = id, .val = errnum > 0 ? 0 : value, .error = -errnum};

	return respond(listener, response, err);
}

int lc_notify_continue(int listener, uint64_t id, struct lc_error *err)
{
	struct seccomp_notif_resp response = {
		.id = id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

	return respond(listener, response, err);
}

bool lc_notify_is_valid(int listener, uint64_t id)
{
	return lc_sys_ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) >= 0;
}

int lc_notify_add_fd(
	int listener, uint64_t id, const struct lc_notify_fd *what, struct lc_error *err)
{
	struct seccomp_notif_addfd request = {
		.id = id,
		.flags = (what->number >= 0 ? SECCOMP_ADDFD_FLAG_SETFD : 0) |
			(what->is_answer ? SECCOMP_ADDFD_FLAG_SEND : 0),
		.srcfd = (uint32_t) what->fd,
		.newfd = what->number >= 0 ? (uint32_t) what->number : 0,
		.newfd_flags = what->is_cloexec ? O_CLOEXEC : 0,
	};
	long r;

	do {
		r = lc_sys_ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &request);
	} while (r == -EINTR);
	return r < 0 ? fail(err, r) : (int) r;
}

long lc_notify_read(int listener, const struct lc_notify_call *call, uint64_t address, void *out,
	size_t size, struct lc_error *err)
{
	LCT_CLEANUP(fd) int memory = -1;
	char path[32];
	long r;

	if (call->pid == 0 || address > INT64_MAX)
		return fail(err, call->pid == 0 ? -ESRCH : -EFAULT);
	snprintf(path, sizeof(path), "/proc/%u/mem", call->pid);
	r = memory = lc_fd_above_stdio((int) lc_sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0));
	if (r >= 0)
		r = lc_sys_pread(memory, out, size, (int64_t) address);
	/* The number may have become somebody else's in between. */
	if (!lc_notify_is_valid(listener, call->id))
		return fail(err, -ENOENT);
	return r < 0 ? fail(err, r) : r;
}
