/* SPDX-License-Identifier: MIT */
/* A process of ours beside the containers. */
#include "container/attendant.h"

#include "base/cleanup.h"
#include "container/stdio.h"
#include "plan/write.h"
#include "sys/sys.h"

#define PATIENCE_S 10

int lc_attendant_start(struct lc_host *host, const char *name, struct lc_plan_writer *writer,
	int stdin_fd, int join_pidfd, struct lc_session *out, struct lc_error *err)
{
	static char *const no_environment[] = {NULL};
	char *const argv[] = {(char *) (uintptr_t) name, NULL};
	LCT_CLEANUP(fd) int null = -1;
	struct lc_session_start how = {
		.init_argv = argv,
		.init_envp = no_environment,
		.cgroup_fd = -1,
		.join_pidfd = join_pidfd,
		.gates = writer->gates,
	};
	int r = lc_plan_finish(writer, &how.plan, &how.plan_size, err);

	if (r >= 0)
		r = null = lc_stdio_null(err);
	if (r >= 0)
		r = how.helper_fd = lc_host_helper(host, err);
	if (r < 0)
		return r;
	how.stdio[0] = stdin_fd >= 0 ? stdin_fd : null;
	how.stdio[1] = how.stdio[2] = null;
	r = lc_session_start(out, &how, err);
	out->makes_child = false; /* it makes no second process */
	return r;
}

int lc_attendant_await(struct lc_session *session, enum lc_session_state wanted, enum lc_step step,
	const char *name, struct lc_error *err)
{
	int r = lc_session_step(session, err);

	while (r == LCT_SESSION_WAIT) {
		struct pollfd entry = {.fd = session->socket, .events = POLLIN};
		const struct timespec patience = {.tv_sec = PATIENCE_S};
		long ready = lc_sys_poll(&entry, 1, &patience);

		if (ready == 0)
			ready = -ETIMEDOUT;
		if (ready < 0 && ready != -EINTR)
			return lc_fail(err, step, ready, name);
		r = lc_session_step(session, err);
	}
	if (r >= 0 && r != (int) wanted)
		return lc_fail(err, step, EPROTO, name);
	return r;
}
