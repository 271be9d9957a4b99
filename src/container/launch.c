/* SPDX-License-Identifier: MIT */
/* Of an init what does not depend on whether it makes a container or joins one. */
#include "container/launch.h"

#include "plan/write.h"
#include "sys/sys.h"

#include <linux/seccomp.h>
#include <string.h>
#include <unistd.h>

int lc_launch_prepare(struct lc_host *host, const struct lc_start *start,
	struct lc_plan_writer *writer, struct lc_session_start *out, struct lc_error *err)
{
	static char *const our_argv[] = {(char *) "init", NULL};
	static char *const no_environment[] = {NULL};
	int r;

	*out = (struct lc_session_start){
		.helper_fd = -1,
		.init_argv = start->init_argv,
		.init_envp = environ, /* a program of the user's: LUA_PATH and the like */
		.cgroup_fd = -1,
		.join_pidfd = -1,
		.has_filter = start->filter != NULL,
		.has_listener = (start->filter_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0,
		.has_terminal = start->process->terminal,
		.gates = writer->gates,
	};
	memcpy(out->stdio, start->stdio, sizeof(out->stdio));
	r = lc_plan_finish(writer, &out->plan, &out->plan_size, err);
	if (r < 0)
		return r;
#ifdef LCT_FAULT
	((struct lc_plan_header *) (uintptr_t) out->plan)->fault_nth = start->fault_nth;
	((struct lc_plan_header *) (uintptr_t) out->plan)->fault_errno = start->fault_errno;
#endif
	if (out->init_argv != NULL)
		return 0;
	out->init_argv = our_argv;
	out->init_envp = no_environment;
	out->helper_fd = lc_host_helper(host, err);
	return out->helper_fd < 0 ? out->helper_fd : 0;
}

int lc_launch(
	struct lc_session *session, const struct lc_session_start *how, struct lc_error *err)
{
	int r = lc_session_start(session, how, err);

	for (size_t i = 0; i < how->join_count; i++)
		(void) lc_sys_close(how->join_fds[i]);
	return r;
}
