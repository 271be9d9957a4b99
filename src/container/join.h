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

/*
 * What has come of joining, of a step of its session too: `result` and *err as they are, but ESRCH at step
 * PROCESS instead of any failure when the init is about to end. It has no namespaces to enter any more, no
 * root, and no place for another process (ENOMEM): said as what it is, not by what failed first.
 */
int lc_join_explain(const struct lc_container *container, int result, struct lc_error *err);

/*
 * A group of its own for a process that will join, within the container's. `out` is for
 * lc_start.group, then for reading and ending, and removed by lc_cgroup_remove_child. Errors are those
 * of lc_join_begin and of the limits. Joining takes a second process for a moment: a limit on
 * processes has room for both until lc_resources_limit_pids.
 */
int lc_join_group(struct lc_container *container, const struct lc_config_process *process,
	struct lc_arena *arena, struct lc_cgroup *out, struct lc_error *err);

/*
 * Set the scheduling policy of a further process, who waits for it behind its last fork and could not set
 * it itself any more. Nothing when it has none of its own.
 */
int lc_join_schedule(const struct lc_session *session, const struct lc_config_process *process,
	struct lc_error *err);

#endif
