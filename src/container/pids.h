/* SPDX-License-Identifier: MIT */
/* The processes of a container, by their numbers outside or inside of it. */
#ifndef LCT_CONTAINER_PIDS_H
#define LCT_CONTAINER_PIDS_H

#include "container/container.h"

/*
 * Every process of the container's cgroup and of those below, each once; without any cgroup its init is
 * all that is known. `is_inner`: the numbers in the container's pid namespace; who is not in that has
 * none and is left out. The list is in `arena`.
 */
int lc_container_pids(struct lc_container *container, bool is_inner, struct lc_arena *arena,
	pid_t **out, size_t *out_count, struct lc_error *err);

/* Number `level` (the host's is 0) of the line "NSpid:" of /proc/PID/status, -1 for none; for
 * LCT_INNERMOST the last one, and its level. */
#define LCT_INNERMOST (-1)
int lc_inner_pid_parse(const char *status, int level, int *out_level);

/* Is that process the first one, the init, of a pid namespace below ours? Not when it has ended. */
int lc_pid_is_first(pid_t pid, bool *out, struct lc_error *err);

#endif
