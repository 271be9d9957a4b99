/* SPDX-License-Identifier: MIT */
/*
 * One hook: a program at a point of a container's lifecycle. An init of ours goes where it is to run
 * and stays beside it as a guard (src/init/guard.c); the session ends with LCT_SESSION_ENDED, and
 * aborting it ends the program and its process group. No limit of time is known here.
 */
#ifndef LCT_CONTAINER_HOOK_H
#define LCT_CONTAINER_HOOK_H

#include "container/container.h"

/*
 * Start start->hook at start->place, for the container whose init is start->init. A failure leaves
 * nothing. `writer` has the plan.
 */
int lc_hook_begin(struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err);

/* Is it a program that can be run? Told before anything is made. */
int lc_hook_check(const char *path, struct lc_error *err);

#endif
