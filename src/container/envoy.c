/* SPDX-License-Identifier: MIT */
#include "container/envoy.h"

#include "base/cleanup.h"
#include "container/attendant.h"
#include "plan/write.h"
#include "sys/sys.h"

int lc_envoy_open(struct lc_host *host, int pidfd, struct lc_error *err)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_session session = LCT_SESSION_INIT;
	struct lc_plan_writer writer;
	int socket = -1, r;

	if (lc_plan_writer_init(&writer, &arena) < 0)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	LCT_PLAN(&writer, reset);
	LCT_PLAN(&writer, parent_death, .signal = SIGKILL);
	LCT_PLAN(&writer, join, .flags = CLONE_NEWNET);
	lc_plan_gate(&writer, LCT_GATE_NETWORK);
	r = lc_attendant_start(host, "envoy", &writer, -1, pidfd, &session, err);
	if (r < 0)
		return r;
	r = lc_attendant_await(&session, LCT_SESSION_GATE, LCT_STEP_NETWORK, "envoy", err);
	if (r >= 0)
		socket = lc_take_fd(&session.gate_fd);
	else if (err != NULL)
		err->op = LCT_NO_OP; /* of its plan, and not of the container's */
	lc_session_abort(&session);
	return r < 0 ? r : socket;
}
