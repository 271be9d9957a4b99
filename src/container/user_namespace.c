/* SPDX-License-Identifier: MIT */
/* Its plan has an init die with us and wait; nobody hears that it is ready. */
#include "container/user_namespace.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "container/session.h"
#include "container/stdio.h"
#include "nsenter/idmap.h"
#include "plan/write.h"
#include "sys/sys.h"

#include <signal.h>
#include <stdio.h>

static int write_plan(struct lc_arena *arena, const void **out, size_t *out_size, struct lc_error *err)
{
	struct lc_plan_writer writer;

	if (lc_plan_writer_init(&writer, arena) < 0)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	LCT_PLAN(&writer, parent_death, .signal = SIGKILL);
	LCT_PLAN(&writer, ready);
	return lc_plan_finish(&writer, out, out_size, err);
}

/* The process is a child of ours that nobody has reaped, or its directory in /proc has gone. */
static int open_namespace(const struct lc_process *process, struct lc_error *err)
{
	char path[40];
	int fd;

	(void) snprintf(path, sizeof(path), "/proc/%d/ns/user", (int) process->pid);
	fd = lc_fd_above_stdio((int) lc_sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0));
	return fd < 0 ? lc_fail(err, LCT_STEP_NAMESPACE, fd, path) : fd;
}

int lc_user_namespace_open(struct lc_host *host, const char *uids, const char *gids,
	struct lc_arena *arena, struct lc_error *err)
{
	static char *const argv[] = {(char *) "init", NULL};
	static char *const no_environment[] = {NULL};
	LCT_CLEANUP(fd) int null = lc_stdio_null(err);
	struct lc_session session;
	struct lc_session_start how = {
		.init_argv = argv,
		.init_envp = no_environment,
		.namespaces = CLONE_NEWUSER,
		.stdio = {null, null, null},
		.cgroup_fd = -1,
		.join_pidfd = -1,
	};
	int r = null;

	if (r >= 0)
		r = how.helper_fd = lc_host_helper(host, err);
	if (r >= 0)
		r = write_plan(arena, &how.plan, &how.plan_size, err);
	if (r >= 0)
		r = lc_session_start(&session, &how, err);
	if (r < 0)
		return r;
	r = lc_idmap_write(session.process.pid, session.process.pidfd, uids, gids, err);
	if (r >= 0)
		r = open_namespace(&session.process, err);
	lc_session_abort(&session);
	return r;
}
