/* SPDX-License-Identifier: MIT */
/* What a container has used: its cgroups, and the interfaces of its network namespace. */
#ifndef LCT_CONTAINER_STATS_H
#define LCT_CONTAINER_STATS_H

#include "cgroups/stats.h"
#include "container/container.h"

/*
 * The whole answer about a container that runs, or an error: -ESRCH with step PROCESS when its init
 * has ended, before or meanwhile. No namespace is entered for it.
 */
int lc_container_stats(struct lc_container *container, struct lc_stats *out, struct lc_arena *arena,
	struct lc_error *err);

/* The text of /proc/PID/net/dev, which is cut. */
int lc_stats_parse_interfaces(char *text, struct lc_stats *out, struct lc_arena *arena);

#endif
