/* SPDX-License-Identifier: MIT */
/*
 * The driver for a machine with v1 controllers and the unified tree beside them: both are joined.
 * A controller is bound to one of the two, so each driver writes its own limits and skips the
 * rest. Killing and freezing prefer the unified tree, whose cgroup.kill and cgroup.events need no
 * loop; it works there even without any controller.
 */
#include "cgroups/driver.h"
#include "cgroups/stats_read.h"

static int hybrid_create(struct lc_cgroup *cg, struct lc_error *err)
{
	int r = lc_cgroup_v1_ops.create(cg, err);

	return r < 0 ? r : lc_cgroup_v2_ops.create(cg, err);
}

static int hybrid_limits(struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_cgroup_writes *writes, struct lc_error *err)
{
	int r = lc_cgroup_v1_limits(cg, resources, writes, err);

	return r < 0 ? r : lc_cgroup_v2_limits(cg, resources, writes, err);
}

/* What is left when the unified cgroup is empty was moved by somebody into v1 cgroups of ours. */
static int hybrid_kill(struct lc_cgroup *cg, struct lc_error *err)
{
	int index = lc_cgroup_find_unified(cg);
	bool populated = false;
	int r = 0;

	if (index >= 0 && cg->dirs[index].fd >= 0)
		r = lc_cgroup_populated(cg->dirs[index].fd, &populated);
	if (r < 0 || !populated)
		return lc_cgroup_v1_ops.kill(cg, err);
	r = lc_cgroup_v2_ops.kill(cg, err);
	return r < 0 ? r : lc_cgroup_v1_thaw(cg, err);
}

static int hybrid_usage(struct lc_cgroup *cg, struct lc_cgroup_usage *out, struct lc_error *err)
{
	(void) err;
	*out = (struct lc_cgroup_usage){.has_memory = false};
	lc_cgroup_v2_usage_add(cg, out);
	lc_cgroup_v1_usage_add(cg, out);
	return 0;
}

/* A process that one freezer holds cannot stand still for the other: frozen is what either says. */
static int hybrid_freezer(struct lc_cgroup *cg, enum lc_freezer *out, struct lc_error *err)
{
	enum lc_freezer other = LCT_FREEZER_THAWED;
	int r = lc_cgroup_v2_ops.freezer(cg, out, err);

	if (r >= 0 && *out != LCT_FREEZER_FROZEN)
		r = lc_cgroup_v1_ops.freezer(cg, &other, err);
	if (other > *out)
		*out = other;
	return r;
}

/* By the unified tree, whose frozen processes can still be killed; another program may have used
 * the other one. */
static int hybrid_freeze(struct lc_cgroup *cg, bool is_wanted)
{
	int r = lc_cgroup_v2_ops.freeze(cg, is_wanted), other;

	if (is_wanted)
		return r == -ENODEV ? lc_cgroup_v1_ops.freeze(cg, true) : r;
	other = lc_cgroup_v1_ops.freeze(cg, false);
	if (r == -ENODEV)
		return other;
	return r < 0 || other == -ENODEV ? r : other;
}

static int hybrid_stats(
	struct lc_cgroup *cg, struct lc_stats *out, struct lc_arena *arena, struct lc_error *err)
{
	int r = lc_cgroup_v2_stats(cg, out, arena, err);

	return r < 0 ? r : lc_cgroup_v1_stats(cg, out, arena, err);
}

const struct lc_cgroup_ops lc_cgroup_hybrid_ops = {
	.name = "hybrid",
	.create = hybrid_create,
	.limits = hybrid_limits,
	.kill = hybrid_kill,
	.usage = hybrid_usage,
	.freezer = hybrid_freezer,
	.freeze = hybrid_freeze,
	.stats = hybrid_stats,
};
