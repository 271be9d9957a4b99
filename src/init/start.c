/* SPDX-License-Identifier: MIT */
/*
 * Entry of the init, and the four memory functions that a compiler may call on its own even in a
 * freestanding program. Nothing runs before this: no loader, no relocation, no constructor. The
 * stack that the kernel built (argv, envp, auxv) is not read: what counts is in the plan.
 *
 * Nor is it used: it lies far from all else, and what is far takes three levels of page tables more, which whoever
 * joins copies for the process that it makes. Ours ends where the state begins, in the middle of a page, so
 * that the two that go on after the copy have one page to part. The plan is mapped below it, by the way where an
 * overflow would end.
 */
#include "init/init.h"

#define STACK_SIZE 788480 /* 770 KiB: copy_up takes most, at its last depth a half of it */
#define TEXT_OF(number) #number
#define STACK_TOP(below, size) "lc_init_memory + " TEXT_OF(below) " + " TEXT_OF(size)

struct lc_init_memory {
	char plan[LCT_PLAN_ROOM];
	char stack[STACK_SIZE];
	struct lc_init init;
};
extern struct lc_init_memory lc_init_memory;
struct lc_init_memory lc_init_memory __attribute__((aligned(LCT_PLAN_ROOM)));

_Static_assert(STACK_SIZE % 4096 == 2048 && offsetof(struct lc_init_memory, init) % 16 == 0,
	"a page for the end of the stack and the state, and a stack as every machine wants it");

LCT_ARCH_START(STACK_TOP(LCT_PLAN_ROOM, STACK_SIZE));

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *left, const void *right, size_t size);

/* Keeps the compiler from seeing the loop as the very function that it stands in. */
#define KEEP_LOOP() __asm__ volatile("" ::: "memory")

void *memcpy(void *to, const void *from, size_t size)
{
	unsigned char *out = to;
	const unsigned char *in = from;

	while (size-- > 0) {
		*out++ = *in++;
		KEEP_LOOP();
	}
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	unsigned char *out = to;
	const unsigned char *in = from;

	if (out <= in)
		return memcpy(to, from, size);
	while (size-- > 0) {
		out[size] = in[size];
		KEEP_LOOP();
	}
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	unsigned char *out = to;

	while (size-- > 0) {
		*out++ = (unsigned char) byte;
		KEEP_LOOP();
	}
	return to;
}

int memcmp(const void *left, const void *right, size_t size)
{
	const unsigned char *a = left, *b = right;

	for (; size > 0; size--, a++, b++) {
		if (*a != *b)
			return *a - *b;
		KEEP_LOOP();
	}
	return 0;
}

_Noreturn __attribute__((used)) void lc_init_start(const void *stack)
{
	lc_init_memory.init.plan_room = lc_init_memory.plan;
	lc_init_memory.init.kernel_stack = stack;
	lc_sys_exit(lc_init_main(&lc_init_memory.init));
	__builtin_trap(); /* a seccomp filter may have refused exit_group */
}
