/* SPDX-License-Identifier: MIT */
/*
 * Fault injection of test builds (-DLCT_FAULT), for both programs: make system call number n fail
 * with errno e, or die there. A release build contains none of this.
 *
 * Counted are the calls that go through lc_sys_call and, in the host, the arena's allocations. An
 * injected call is not made. Never inject EINTR "from n on": whoever retries would do so for ever.
 */
#ifndef LCT_SYS_FAULT_H
#define LCT_SYS_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* How a call fails: an errno, with this bit every later call too, … */
#define LCT_FAULT_STICKY 0x80000000u
/* … or, in place of the errno, SIGKILL to the caller, or to the victim if there is one. */
#define LCT_FAULT_DIE 0x7fffffffu

/* Count from 0 on and make call `nth` (the first is 1; 0 for none) fail. Switches counting on. */
void lc_fault_arm(uint32_t nth, uint32_t errnum_and_flags);

/* From the next LCT_FAULT_DIE on it is this process that dies, at call number nth of ours, which goes on; 0
 * for us again. */
void lc_fault_aim(int pid);

/* Between off and on nothing is counted and nothing fails: for what a test itself has to call. */
void lc_fault_enable(bool on);

/* Counted calls since the last arm, and whether one of them was made to fail. */
uint32_t lc_fault_calls(void);
bool lc_fault_fired(void);

/* A copy of the process that has counted until now counts on from here, as if it had made so many
 * calls: or a number would be one call of each of them. */
#define LCT_FAULT_CHILD_SKIPS 6
void lc_fault_skip(uint32_t calls);

/* Count one call: 0 when it may be made, -errno when it has to fail. */
long lc_fault_take(void);

/* malloc, counted like a call. Inline, because the init has no malloc to link with. */
static inline void *lc_fault_malloc(size_t size)
{
	return lc_fault_take() < 0 ? NULL : malloc(size);
}

#endif
