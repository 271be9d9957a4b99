/* SPDX-License-Identifier: MIT */
/* riscv64: the system call instruction, a clone that runs a function, and the init's entry. */
#ifndef LCT_SYS_ARCH_H
#define LCT_SYS_ARCH_H

static inline long lc_arch_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long a7 __asm__("a7") = nr;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = f;

	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
			 : "memory");
	return a0;
}

/* The child starts on a stack of its own, so it cannot return into the caller's frame. */
static inline long lc_arch_clone_vm(
	struct clone_args *args, size_t size, int (*child)(void *), void *argument)
{
	register long a7 __asm__("a7") = 435; /* clone3 */
	register long a0 __asm__("a0") = (long) args;
	register long a1 __asm__("a1") = (long) size;
	register int (*t1)(void *) __asm__("t1") = child;
	register void *t2 __asm__("t2") = argument;

	__asm__ volatile("ecall\n\t"
			 "bnez a0, 1f\n\t"
			 "mv a0, t2\n\t"
			 "jalr t1\n\t"
			 "li a7, 94\n\t" /* exit_group */
			 "ecall\n"
			 "1:"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(t1), "r"(t2)
			 : "memory");
	return a0;
}

/* Entry of the init: go over to the stack that ends at `top`, and hand the initial stack pointer to lc_init_start.
 * `top` is text. */
#define LCT_ARCH_START(top)                                                                        \
	__asm__(".text\n.globl _start\n.type _start,%function\n_start:\n\t"                         \
		".option push\n.option norelax\nlla gp, __global_pointer$\n.option pop\n\t"        \
		"mv a0, sp\n\t"                                                                    \
		"lla sp, " top "\n\t"                                                              \
		"call lc_init_start\n\t"                                                           \
		"ebreak\n")

#endif
