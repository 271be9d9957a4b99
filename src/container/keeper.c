/* SPDX-License-Identifier: MIT */
/* A process that waits. */
#include "container/keeper.h"

#include "base/cleanup.h"
#include "container/attendant.h"
#include "plan/write.h"

int lc_keeper_start(struct lc_container *container, struct lc_error *err)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_plan_writer writer;
	int r;

	if (container->cgroup.scope.unit == NULL)
		return 0;
	lc_keeper_end(container);
	if (lc_plan_writer_init(&writer, &arena) < 0)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	LCT_PLAN(&writer, reset); /* the host's signals have nothing to do with it */
	LCT_PLAN(&writer, session);
	LCT_PLAN(&writer, ready);
	r = lc_attendant_start(container->host, "keeper", &writer, -1, -1, &container->keeper, err);
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
