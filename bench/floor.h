/* SPDX-License-Identifier: MIT */
/*
 * What both halves of the floor probe share: the system call instruction, and what the installed
 * headers may be too old to name. On purpose nothing of src/ is used, so that a mistake there
 * cannot hide in the number that it is compared with.
 */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stddef.h>
#include <stdint.h>

#define FLOOR_REPORT_FD 3 /* where the init writes the time just before it execs */
#define FLOOR_FILTER_FD 4 /* the seccomp filter; closed: the init makes one up */
#define FLOOR_PROGRAM "/true"

static inline long raw(long nr, long a, long b, long c, long d, long e)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long answer;

	__asm__ volatile("syscall"
			 : "=a"(answer)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return answer;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory");
	return x0;
#else
#error "the floor probe knows x86_64 and aarch64"
#endif
}

#define RAW(name, a, b, c, d, e)                                                                   \
	raw(__NR_##name, (long) (a), (long) (b), (long) (c), (long) (d), (long) (e))

#endif
