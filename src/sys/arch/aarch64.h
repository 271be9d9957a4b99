/* SPDX-License-Identifier: MIT */
/* aarch64: the system call instruction, a clone that runs a function, and the init's entry. */
#ifndef LCT_SYS_ARCH_H
#define LCT_SYS_ARCH_H

static inline long lc_arch_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

/* The child starts on a stack of its own, so it cannot return into the caller's frame. */
static inline long lc_arch_clone_vm(
	struct clone_args *args, size_t size, int (*child)(void *), void *argument)
{
	register long x8 __asm__("x8") = 435; /* clone3 */
	register long x0 __asm__("x0") = (long) args;
	register long x1 __asm__("x1") = (long) size;
	register int (*x10)(void *) __asm__("x10") = child;
	register void *x11 __asm__("x11") = argument;

	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x30, xzr\n\t"
			 "mov x0, x11\n\t"
			 "blr x10\n\t"
			 "mov x8, #94\n\t" /* exit_group */
			 "svc #0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x10), "r"(x11)
			 : "memory");
	return x0;
}

/* Entry of the init: go over to the stack that ends at `top`, and hand the initial stack pointer to lc_init_start.
 * `top` is text. */
#define LCT_ARCH_START(top)                                                                        \
	__asm__(".text\n.globl _start\n.type _start,%function\n_start:\n\t"                         \
		"mov x29, xzr\n\t"                                                                 \
		"mov x30, xzr\n\t"                                                                 \
		"mov x0, sp\n\t"                                                                   \
		"adrp x1, " top "\n\t"                                                             \
		"add x1, x1, :lo12:" top "\n\t"                                                    \
		"mov sp, x1\n\t"                                                                   \
		"bl lc_init_start\n\t"                                                             \
		"brk #1\n")

#endif
