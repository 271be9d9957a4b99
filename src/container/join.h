/* SPDX-License-Identifier: MIT */
/* A further process in a container that runs (exec): what lc_container_begin is for the first. */
#ifndef LCT_CONTAINER_JOIN_H
#define LCT_CONTAINER_JOIN_H

#include "container/container.h"

struct lc_plan_writer;

/* The plan of it. Users are looked for in the root that the container has now. */
int lc_join_plan(const struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_error *err);

/*
 * Start a process that enters the namespaces and cgroups of the container: the session is in state
 * WAIT, its process is the container's once it comes to RUNNING, and lc_session_abort undoes it.
 * A failure leaves nothing. ESRCH at step PROCESS: the init has ended; EBUSY at step FREEZE: the
 * container is paused.
 */
int lc_join_begin(struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err);

#endif
