/* SPDX-License-Identifier: MIT */
/*
 * When, where and with which memory the program runs. Everything here is passed on by fork and exec but
 * one thing: a policy that is reset on fork, or that allows no fork (DEADLINE). So of a process that
 * joins, who is born without rights, the host sets the policy, and we look whether it has.
 */
#include "init/init.h"

#define IOPRIO_PROCESS 1
#define IOPRIO_CLASS_SHIFT 13
#define KEEPS 0x18u /* SCHED_FLAG_KEEP_ALL: what is kept is not what the record says */

int lc_init_affinity(struct lc_init *init, const struct lc_op_affinity *op, struct lc_error *err)
{
	long r = lc_sys_sched_setaffinity(
		0, op->processors.length, lc_plan_data(&init->plan, op->processors));

	if (r == -EINVAL && op->is_wish != 0)
		return 0;
	return r < 0 ? lc_fail(err, LCT_STEP_PROCESS, r, "affinity") : 0;
}

int lc_init_personality(
	struct lc_init *init, const struct lc_op_personality *op, struct lc_error *err)
{
	long r = lc_sys_personality(op->persona);

	(void) init;
	return r < 0 ? lc_fail(err, LCT_STEP_PROCESS, r, "personality") : 0;
}

int lc_init_memory_policy(
	struct lc_init *init, const struct lc_op_memory_policy *op, struct lc_error *err)
{
	/* The kernel looks at one bit less than it is told. */
	unsigned long bits = op->nodes.length == 0 ? 0 : op->nodes.length * 8ul + 1;
	long r = lc_sys_set_mempolicy((int) op->mode,
		bits == 0 ? NULL : lc_plan_data(&init->plan, op->nodes), bits);

	return r < 0 ? lc_fail(err, LCT_STEP_PROCESS, r, "memory_policy") : 0;
}

int lc_init_io_priority(
	struct lc_init *init, const struct lc_op_io_priority *op, struct lc_error *err)
{
	long r = lc_sys_ioprio_set(
		IOPRIO_PROCESS, 0, (int) (op->class << IOPRIO_CLASS_SHIFT | op->priority));

	(void) init;
	return r < 0 ? lc_fail(err, LCT_STEP_PROCESS, r, "io_priority") : 0;
}

/* The kernel's word on the policy, whoever has set it. */
static long prove(const struct lc_op_scheduler *op)
{
	struct lc_sched_attr got = {.size = sizeof(got)};
	long r = lc_sys_sched_getattr(0, &got);

	if (r < 0 || (op->flags & KEEPS) != 0)
		return r;
	return got.policy == op->policy && got.priority == op->priority ? 0 : -EPERM;
}

int lc_init_scheduler(struct lc_init *init, const struct lc_op_scheduler *op, struct lc_error *err)
{
	const struct lc_sched_attr wanted = {
		.size = sizeof(wanted),
		.policy = op->policy,
		.flags = op->flags,
		.nice = (int32_t) op->nice,
		.priority = op->priority,
		.runtime = op->runtime,
		.deadline = op->deadline,
		.period = op->period,
	};
	long r;

	(void) init;
	if (op->by_host != 0) {
		r = lc_init_say_ready(err);
		if (r < 0)
			return (int) r;
	} else {
		r = lc_sys_sched_setattr(0, &wanted);
	}
	if (r >= 0)
		r = prove(op);
	return r < 0 ? lc_fail(err, LCT_STEP_PROCESS, r, "scheduler") : 0;
}
