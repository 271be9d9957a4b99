/* SPDX-License-Identifier: MIT */
/*
 * A bump allocator: everything that one operation needs (a config, a plan under construction) is
 * allocated from one arena and freed in one call. Memory comes zeroed and 16-aligned.
 */
#ifndef LCT_BASE_ARENA_H
#define LCT_BASE_ARENA_H

#include <stddef.h>

struct lc_arena_chunk;

struct lc_arena {
	struct lc_arena_chunk *chunks; /* newest first */
	size_t left;                   /* bytes free in the newest */
};

/* Nothing to do before the first allocation: a zeroed arena is an empty one. */
#define LCT_ARENA_INIT {NULL, 0}

/* Frees all that came from it; twice is once. It can be used again. */
void lc_arena_done(struct lc_arena *arena);

/* NULL when out of memory, for each of these. */
void *lc_arena_alloc(struct lc_arena *arena, size_t size);
void *lc_arena_array(struct lc_arena *arena, size_t count, size_t size); /* overflow checked */
/* Room for one more item behind `used` of them: `items` itself while *room suffices, else a copy
 * twice as large. */
void *lc_arena_grow(struct lc_arena *arena, void *items, size_t used, size_t *room, size_t size);
char *lc_arena_copy(struct lc_arena *arena, const char *text, size_t length);
char *lc_arena_printf(struct lc_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
