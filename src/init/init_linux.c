/* SPDX-License-Identifier: MIT */
/*
 * The life of an init: close itself off, map the plan, carry out record by record, report the
 * first failure. The last record is the exec, so this program ends by becoming another one.
 *
 * Order that the kernel forces: not dumpable before anything else, because from the first moment
 * processes inside may look at us; descriptors closed before the first path is walked.
 */
#include "init/init.h"
#include "plan/report.h"
#ifdef LCT_FAULT
#include "sys/sys_fault.h"
#endif
#include <sys/mman.h>
#include <sys/prctl.h>

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* Nobody may trace us or read our memory, and what the host leaked goes away at exec. */
static int close_off(struct lc_error *err)
{
	long r = lc_sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);

	if (r >= 0)
		r = lc_sys_prctl(PR_SET_NAME, (unsigned long) LCT_INIT_NAME, 0, 0, 0);
	if (r >= 0)
		r = lc_sys_close_range(LCT_FD_COUNT, ~0u, CLOSE_RANGE_CLOEXEC);
	if (r >= 0)
		r = lc_sys_fcntl(LCT_FD_SESSION, F_SETFD, FD_CLOEXEC);
	if (r >= 0)
		r = lc_sys_fcntl(LCT_FD_PLAN, F_SETFD, FD_CLOEXEC);
	return r < 0 ? lc_fail(err, LCT_STEP_PROCESS, r, "descriptors") : 0;
}

static int map_plan(struct lc_init *init, struct lc_error *err)
{
	struct statx seen;
	int flags = MAP_PRIVATE | MAP_POPULATE;
	long r = lc_sys_fcntl(LCT_FD_PLAN, F_GET_SEALS, 0);

	if (r < 0)
		return lc_fail(err, LCT_STEP_PLAN, r, "plan");
	if ((r & SEALS) != SEALS)
		return lc_fail(err, LCT_STEP_PLAN, EPERM, "plan is not sealed");
	r = lc_sys_statx(LCT_FD_PLAN, "", AT_EMPTY_PATH, STATX_SIZE, &seen);
	if (r < 0)
		return lc_fail(err, LCT_STEP_PLAN, r, "plan");
	if (seen.stx_size == 0 || seen.stx_size > LCT_PLAN_SIZE_MAX)
		return lc_fail(err, LCT_STEP_PLAN, EBADMSG, "plan");
	if (seen.stx_size <= LCT_PLAN_ROOM)
		flags |= MAP_FIXED; /* over what is ours, and for nothing else */
	r = lc_sys_mmap(init->plan_room, seen.stx_size, PROT_READ, flags, LCT_FD_PLAN, 0);
	if (r < 0)
		return lc_fail(err, LCT_STEP_PLAN, r, "plan");
	return lc_plan_open((const void *) r, seen.stx_size, &init->plan, err);
}

static int run_record(
	struct lc_init *init, const struct lc_plan_record *record, struct lc_error *err)
{
	switch (record->op) {
#define OP(name, step, operands, meaning)                                                          \
	case LCT_OP_##name:                                                                        \
		return lc_init_##name(init, (const struct lc_op_##name *) record, err);
#include "plan/ops.def"
#undef OP
	default:
		return lc_fail(err, LCT_STEP_PLAN, EBADMSG, "operation");
	}
}

static int run_plan(struct lc_init *init, struct lc_error *err)
{
	struct lc_plan_cursor cursor = {.plan = &init->plan};
	const struct lc_plan_record *record;
	uint32_t index = 0;

	for (record = lc_plan_next(&cursor); record != NULL; record = lc_plan_next(&cursor)) {
		int r = run_record(init, record, err);

		if (r < 0) {
			err->op = index < LCT_NO_OP ? (uint16_t) index : LCT_NO_OP;
			return r;
		}
		index++;
	}
	return lc_fail(err, LCT_STEP_PLAN, EBADMSG, "plan without an end");
}

static int live(struct lc_init *init, struct lc_error *err)
{
	int r = close_off(err);

	if (r >= 0)
		r = map_plan(init, err);
	if (r < 0)
		return r;
#ifdef LCT_FAULT
	lc_fault_arm(init->plan.header->fault_nth, init->plan.header->fault_errno);
#endif
	return run_plan(init, err);
}

int lc_init_main(struct lc_init *init)
{
	struct lc_report report = {.kind = LCT_REPORT_ERROR};

	init->program = "";
	init->root = init->mask_empty = init->landlock = -1;
	if (live(init, &report.error) < 0)
		(void) lc_init_send(&report);
	return LCT_INIT_FAILED;
}
