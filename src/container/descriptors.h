/* SPDX-License-Identifier: MIT */
/* The descriptors that a process has open, by their numbers. */
#ifndef LCT_CONTAINER_DESCRIPTORS_H
#define LCT_CONTAINER_DESCRIPTORS_H

#include "base/arena.h"
#include "base/error.h"

#include <sys/types.h>

/* Those of the moment. The list is in `arena`. */
int lc_process_descriptors(
	pid_t pid, struct lc_arena *arena, int **out, size_t *out_count, struct lc_error *err);

#endif
