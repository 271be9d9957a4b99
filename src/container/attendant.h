/* SPDX-License-Identifier: MIT */
/*
 * A process of ours that is no container's: our init with a plan that leads to no program. It waits, and
 * ends with the session that stands for it, whichever way the host goes.
 */
#ifndef LCT_CONTAINER_ATTENDANT_H
#define LCT_CONTAINER_ATTENDANT_H

#include "container/host.h"
#include "container/session.h"

struct lc_plan_writer;

/*
 * Start it: `name` is its argv[0], `writer` has its plan but for the end, `stdin_fd` is borrowed, -1 for
 * the null device, which its other streams are. `join_pidfd`, borrowed, is the process that its plan
 * joins, -1 for none. 0, and `out` is what lc_session_abort ends, or -errno.
 */
int lc_attendant_start(struct lc_host *host, const char *name, struct lc_plan_writer *writer,
	int stdin_fd, int join_pidfd, struct lc_session *out, struct lc_error *err);

/* Until it is in that state: a failure has this step, or is what the attendant tells. It goes on living. */
int lc_attendant_await(struct lc_session *session, enum lc_session_state wanted, enum lc_step step,
	const char *name, struct lc_error *err);

#endif
