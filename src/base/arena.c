/* SPDX-License-Identifier: MIT */
/*
 * Chunks from malloc, handed out front to back. A large allocation gets a chunk of its own, put
 * behind the newest one, so that it does not waste what is left there. Under the address sanitizer
 * every allocation is a chunk, so that running over one of them is seen.
 *
 * One of the two places where the host takes memory from libc (the other is Lua's own allocator);
 * test builds make it fail like a system call.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef LCT_FAULT
#include "sys/sys_fault.h"
#define arena_malloc lc_fault_malloc
#else
#define arena_malloc malloc
#endif

/* A living container keeps two small arenas and a thousand of those live; a plan takes more. */
#define LCT_ARENA_FIRST ((size_t) 1 << 10)
#define LCT_ARENA_CHUNK ((size_t) 16 << 10)
#define LCT_ARENA_ALIGN ((size_t) 16)

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define LCT_ARENA_EXACT true
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define LCT_ARENA_EXACT true
#endif
#ifndef LCT_ARENA_EXACT
#define LCT_ARENA_EXACT false
#endif

struct lc_arena_chunk {
	struct lc_arena_chunk *next;
	size_t size; /* of data */
	alignas(16) unsigned char data[];
};

static struct lc_arena_chunk *new_chunk(size_t size)
{
	struct lc_arena_chunk *chunk;

	/* No object is larger than this, and the sum below cannot wrap. */
	if (size > PTRDIFF_MAX - sizeof(*chunk))
		return NULL;
	chunk = arena_malloc(sizeof(*chunk) + size);
	if (chunk == NULL)
		return NULL;
	memset(chunk, 0, sizeof(*chunk) + size);
	chunk->size = size;
	return chunk;
}

static void *alloc_alone(struct lc_arena *arena, size_t size)
{
	struct lc_arena_chunk *chunk = new_chunk(size);
	struct lc_arena_chunk **place = &arena->chunks;

	if (chunk == NULL)
		return NULL;
	if (arena->chunks != NULL)
		place = &arena->chunks->next;
	/* The only chunk counts as the newest, with nothing left in it: `left` is 0. */
	chunk->next = *place;
	*place = chunk;
	return chunk->data;
}

/* Of the next chunk that takes something of this size: twice as large as the one before. */
static size_t next_size(const struct lc_arena *arena, size_t rounded)
{
	size_t size = LCT_ARENA_FIRST;

	if (arena->chunks != NULL)
		size = arena->chunks->size * 2;
	if (size > LCT_ARENA_CHUNK)
		size = LCT_ARENA_CHUNK;
	while (size < rounded)
		size *= 2;
	return size;
}

void lc_arena_done(struct lc_arena *arena)
{
	struct lc_arena_chunk *chunk = arena->chunks;

	while (chunk != NULL) {
		struct lc_arena_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	*arena = (struct lc_arena) LCT_ARENA_INIT;
}

void *lc_arena_alloc(struct lc_arena *arena, size_t size)
{
	struct lc_arena_chunk *chunk;
	size_t rounded;
	void *start;

	if (LCT_ARENA_EXACT)
		return alloc_alone(arena, size);
	if (__builtin_add_overflow(size, LCT_ARENA_ALIGN - 1, &rounded))
		return NULL;
	rounded &= ~(LCT_ARENA_ALIGN - 1);
	if (rounded == 0)
		rounded = LCT_ARENA_ALIGN;
	if (rounded > arena->left) {
		if (rounded > LCT_ARENA_CHUNK / 4)
			return alloc_alone(arena, rounded);
		chunk = new_chunk(next_size(arena, rounded));
		if (chunk == NULL)
			return NULL;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
		arena->left = chunk->size;
	}
	start = arena->chunks->data + (arena->chunks->size - arena->left);
	arena->left -= rounded;
	return start;
}

void *lc_arena_array(struct lc_arena *arena, size_t count, size_t size)
{
	size_t whole;

	if (__builtin_mul_overflow(count, size, &whole))
		return NULL;
	return lc_arena_alloc(arena, whole);
}

void *lc_arena_grow(struct lc_arena *arena, void *items, size_t used, size_t *room, size_t size)
{
	size_t larger = *room * 2 + 16;
	void *copy;

	if (used < *room)
		return items;
	copy = larger > *room ? lc_arena_array(arena, larger, size) : NULL;
	if (copy == NULL)
		return NULL;
	if (used > 0)
		memcpy(copy, items, used * size);
	*room = larger;
	return copy;
}

char *lc_arena_copy(struct lc_arena *arena, const char *text, size_t length)
{
	size_t whole;
	char *copy;

	if (__builtin_add_overflow(length, (size_t) 1, &whole))
		return NULL;
	copy = lc_arena_alloc(arena, whole);
	if (copy != NULL && length > 0)
		memcpy(copy, text, length);
	return copy;
}

char *lc_arena_printf(struct lc_arena *arena, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		return NULL;
	text = lc_arena_alloc(arena, (size_t) length + 1);
	if (text == NULL)
		return NULL;
	va_start(arguments, format);
	(void) vsnprintf(text, (size_t) length + 1, format, arguments);
	va_end(arguments);
	return text;
}
