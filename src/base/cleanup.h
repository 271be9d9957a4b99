/* SPDX-License-Identifier: MIT */
/*
 * Scope-bound clean-up for what must not outlive a function. A guarded descriptor is given away
 * with lc_take_fd; `goto undo_x` stays for effects on the system.
 */
#ifndef LCT_BASE_CLEANUP_H
#define LCT_BASE_CLEANUP_H

#include "base/arena.h"
#include "sys/sys.h"

static inline void lc_cleanup_fd(int *fd)
{
	if (*fd >= 0)
		(void) lc_sys_close(*fd);
}

static inline void lc_cleanup_arena(struct lc_arena *arena)
{
	lc_arena_done(arena);
}

/* LCT_CLEANUP(fd) int x = …;  LCT_CLEANUP(arena) struct lc_arena a = LCT_ARENA_INIT; */
#define LCT_CLEANUP(kind) __attribute__((cleanup(lc_cleanup_##kind)))

static inline int lc_take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#endif
