/* SPDX-License-Identifier: MIT */
/* What the first process of a container and every further one are started with alike. */
#ifndef LCT_CONTAINER_LAUNCH_H
#define LCT_CONTAINER_LAUNCH_H

#include "container/container.h"

struct lc_plan_writer;

/*
 * Finish the plan, and say how its init is started: our program, or the one that replaces it, and the
 * process's stdio. Namespaces, cgroups and who is joined are left to the caller, none of them is set.
 * `out` borrows from `start` and `writer`.
 */
int lc_launch_prepare(struct lc_host *host, const struct lc_start *start,
	struct lc_plan_writer *writer, struct lc_session_start *out, struct lc_error *err);

/* Start it. The cgroup files of `how` (join_fds) are closed, whatever comes of it; not its cgroup_fd. */
int lc_launch(
	struct lc_session *session, const struct lc_session_start *how, struct lc_error *err);

#endif
