/* SPDX-License-Identifier: MIT */
/*
 * Entry of the init, and the four memory functions that a compiler may call on its own even in a
 * freestanding program. Nothing runs before this: no loader, no relocation, no constructor. The
 * stack that the kernel built (argv, envp, auxv) is not read: what counts is in the plan.
 */
#include "init/init.h"

LCT_ARCH_START;

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
	(void) stack;
	lc_sys_exit(lc_init_main());
	__builtin_trap(); /* a seccomp filter may have refused exit_group */
}
