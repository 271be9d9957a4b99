/* SPDX-License-Identifier: MIT */
/*
 * The driver for a machine without cgroups: a container without limits works there, a limit is
 * refused by name, accounting is absent. It makes no system call.
 */
#include "cgroups/driver.h"

static int none_create(struct lc_cgroup *cg, struct lc_error *err)
{
	(void) cg;
	(void) err;
	return 0;
}

static int none_limits(struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_cgroup_writes *writes, struct lc_error *err)
{
	(void) cg;
	(void) resources; /* none is set: lc_cgroup_check has refused them */
	(void) writes;
	(void) err;
	return 0;
}

static int none_kill(struct lc_cgroup *cg, struct lc_error *err)
{
	(void) cg;
	(void) err;
	return 0;
}

static int none_usage(struct lc_cgroup *cg, struct lc_cgroup_usage *out, struct lc_error *err)
{
	(void) cg;
	(void) err;
	*out = (struct lc_cgroup_usage){.has_memory = false};
	return 0;
}

static int none_freezer(struct lc_cgroup *cg, enum lc_freezer *out, struct lc_error *err)
{
	(void) cg;
	(void) err;
	*out = LCT_FREEZER_THAWED;
	return 0;
}

static int none_freeze(struct lc_cgroup *cg, bool is_wanted)
{
	(void) cg;
	(void) is_wanted;
	return -ENODEV;
}

static int none_stats(
	struct lc_cgroup *cg, struct lc_stats *out, struct lc_arena *arena, struct lc_error *err)
{
	(void) cg;
	(void) out;
	(void) arena;
	(void) err;
	return 0;
}

const struct lc_cgroup_ops lc_cgroup_none_ops = {
	.name = "none",
	.create = none_create,
	.limits = none_limits,
	.kill = none_kill,
	.usage = none_usage,
	.freezer = none_freezer,
	.freeze = none_freeze,
	.stats = none_stats,
};
