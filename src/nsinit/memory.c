/* SPDX-License-Identifier: MIT */
/* One large page, cut from its beginning; then malloc. */
#include "nsinit/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PIECE ((size_t) 2 << 20) /* a large page on most machines, and what a command needs */
#define ALIGNMENT ((size_t) 16)

void lc_nsinit_memory_init(struct lc_nsinit_memory *memory)
{
	char *room = mmap(NULL, 2 * PIECE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	*memory = (struct lc_nsinit_memory){0};
	if (room == MAP_FAILED)
		return; /* malloc does all of it */
	memory->start = room + (-(uintptr_t) room & (PIECE - 1));
	memory->next = memory->start;
	memory->end = memory->start + PIECE;
	(void) madvise(memory->start, PIECE, MADV_HUGEPAGE); /* it is a wish: small pages do as well */
}

static size_t rounded(size_t size)
{
	return (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

static bool is_inside(const struct lc_nsinit_memory *memory, const char *block)
{
	return memory->start != NULL && block >= memory->start && block < memory->end;
}

static void *cut(struct lc_nsinit_memory *memory, size_t size)
{
	char *block = memory->next;

	if (size > (size_t) (memory->end - memory->next))
		return malloc(size);
	memory->next += rounded(size);
	return block;
}

/* What was cut off last grows where it is, as buffers and tables do while they are filled. */
static bool fits_in_place(struct lc_nsinit_memory *memory, char *block, size_t old_size, size_t size)
{
	if (size <= old_size)
		return true;
	if (block + rounded(old_size) != memory->next || rounded(size) > (size_t) (memory->end - block))
		return false;
	memory->next = block + rounded(size);
	return true;
}

void *lc_nsinit_memory_change(void *of, void *block, size_t old_size, size_t size)
{
	struct lc_nsinit_memory *memory = of;
	void *other;

	if (block == NULL)
		return size == 0 ? NULL : cut(memory, size);
	if (!is_inside(memory, block)) {
		if (size > 0)
			return realloc(block, size);
		free(block);
		return NULL;
	}
	if (size == 0)
		return NULL;
	if (fits_in_place(memory, block, old_size, size))
		return block;
	other = cut(memory, size);
	if (other != NULL)
		memcpy(other, block, old_size);
	return other;
}
