/* SPDX-License-Identifier: MIT */
/*
 * What stands between lc_sys_call and the kernel in test builds. No libc, because the init contains
 * it too.
 *
 * The state is a mutable static, which is allowed here and nowhere else: test builds run one
 * thread, and each program counts for itself. The vfork window runs on the host's memory, so its
 * calls count as the host's.
 */
#include "sys/sys_fault.h"

#include "sys/sys.h"

#ifndef LCT_FAULT
#error "sys_fault.c belongs to test builds only"
#endif

static struct {
	uint32_t nth;
	uint32_t how;
	uint32_t calls;
	int victim;
	bool is_off;
	bool has_fired;
} fault;

void lc_fault_arm(uint32_t nth, uint32_t errnum_and_flags)
{
	fault.nth = nth;
	fault.how = errnum_and_flags;
	fault.calls = 0;
	fault.is_off = false;
	fault.has_fired = false;
}

void lc_fault_aim(int pid)
{
	fault.victim = pid;
}

void lc_fault_enable(bool on)
{
	fault.is_off = !on;
}

void lc_fault_skip(uint32_t calls)
{
	fault.calls += calls;
}

uint32_t lc_fault_calls(void)
{
	return fault.calls;
}

bool lc_fault_fired(void)
{
	return fault.has_fired;
}

long lc_fault_take(void)
{
	uint32_t errnum = fault.how & ~LCT_FAULT_STICKY;

	if (fault.is_off)
		return 0;
	fault.calls++;
	if (fault.nth == 0 || fault.calls < fault.nth)
		return 0;
	if (fault.calls > fault.nth && !(fault.how & LCT_FAULT_STICKY))
		return 0;
	fault.has_fired = true;
	if (errnum == LCT_FAULT_DIE && fault.victim > 0) {
		(void) lc_arch_call(__NR_kill, fault.victim, SIGKILL, 0, 0, 0, 0);
		return 0;
	}
	if (errnum == LCT_FAULT_DIE) {
		(void) lc_arch_call(__NR_kill, lc_sys_getpid(), SIGKILL, 0, 0, 0, 0);
		__builtin_trap(); /* the first process of a pid namespace ignores its own SIGKILL */
	}
	return -(long) errnum;
}

long lc_fault_call(long nr, long a, long b, long c, long d, long e, long f)
{
	long injected = lc_fault_take();

	return injected < 0 ? injected : lc_arch_call(nr, a, b, c, d, e, f);
}
