/* SPDX-License-Identifier: MIT */
/*
 * Memory for the Lua of a program that runs for a moment. A page that is touched for the first time costs
 * more than all that is done in it, so what comes first is cut off one piece of memory, which the kernel
 * may give as one large page, and is never given back. What does not fit there is malloc's.
 */
#ifndef LCT_NSINIT_MEMORY_H
#define LCT_NSINIT_MEMORY_H

#include <stddef.h>

struct lc_nsinit_memory {
	char *start, *next, *end;
};

void lc_nsinit_memory_init(struct lc_nsinit_memory *memory);

/* A lua_Alloc; `memory` is a struct lc_nsinit_memory. */
void *lc_nsinit_memory_change(void *memory, void *block, size_t old_size, size_t size);

#endif
