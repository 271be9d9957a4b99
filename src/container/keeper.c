/* SPDX-License-Identifier: MIT */
/* A process that waits. */
#include "container/keeper.h"

#include "base/cleanup.h"
#include "container/stdio.h"
#include "plan/write.h"

static int make_plan(struct lc_arena *arena, const void **out, size_t *out_size,
	struct lc_error *err)
{
	struct lc_plan_writer writer;

	if (lc_plan_writer_init(&writer, arena) < 0)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	LCT_PLAN(&writer, reset); /* the host's signals have nothing to do with it */
	LCT_PLAN(&writer, session);
	LCT_PLAN(&writer, ready);
	return lc_plan_finish(&writer, out, out_size, err);
}

int lc_keeper_start(struct lc_container *container, struct lc_error *err)
{
	static char *const argv[] = {(char *) "keeper", NULL};
	static char *const no_environment[] = {NULL};
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	LCT_CLEANUP(fd) int null = -1;
	struct lc_session_start how = {
		.init_argv = argv,
		.init_envp = no_environment,
		.cgroup_fd = -1,
		.join_pidfd = -1,
	};
	int r;

	if (container->cgroup.scope.unit == NULL)
		return 0;
	lc_keeper_end(container);
	r = make_plan(&arena, &how.plan, &how.plan_size, err);
	if (r >= 0)
		r = null = lc_stdio_null(err);
	if (r >= 0)
		r = how.helper_fd = lc_host_helper(container->host, err);
	if (r < 0)
		return r;
	how.stdio[0] = how.stdio[1] = how.stdio[2] = null;
	r = lc_session_start(&container->keeper, &how, err);
	container->cgroup.scope.keeper = container->keeper.process.pid;
	return r;
}

void lc_keeper_end(struct lc_container *container)
{
	struct lc_session *keeper = &container->keeper;

	if (keeper->process.pidfd < 0)
		return;
	if (container->host->owner == (pid_t) lc_sys_getpid())
		lc_session_abort(keeper);
	else
		lc_session_done(keeper);
	*keeper = (struct lc_session) LCT_SESSION_INIT;
}
