/* SPDX-License-Identifier: MIT */
/* x86_64: the system call instruction, a clone that runs a function, and the init's entry. */
#ifndef LCT_SYS_ARCH_H
#define LCT_SYS_ARCH_H

static inline long lc_arch_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long answer;

	__asm__ volatile("syscall"
			 : "=a"(answer)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return answer;
}

/* The child starts on a stack of its own, so it cannot return into the caller's frame. */
static inline long lc_arch_clone_vm(
	struct clone_args *args, size_t size, int (*child)(void *), void *argument)
{
	register int (*r8)(void *) __asm__("r8") = child;
	register void *r9 __asm__("r9") = argument;
	long answer;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r9, %%rdi\n\t"
			 "call *%%r8\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov $231, %%eax\n\t" /* exit_group */
			 "syscall\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(answer)
			 : "a"(435L /* clone3 */), "D"(args), "S"(size), "r"(r8), "r"(r9)
			 : "rcx", "rdx", "r10", "r11", "memory");
	return answer;
}

/* Entry of the init: go over to the stack that ends at `top`, which is aligned, and hand the initial stack
 * pointer to lc_init_start. `top` is text. */
#define LCT_ARCH_START(top)                                                                        \
	__asm__(".text\n.globl _start\n.type _start,@function\n_start:\n\t"                         \
		"xor %ebp, %ebp\n\t"                                                               \
		"mov %rsp, %rdi\n\t"                                                               \
		"lea " top "(%rip), %rsp\n\t"                                                      \
		"call lc_init_start\n\t"                                                           \
		"hlt\n")

#endif
