/* SPDX-License-Identifier: MIT */
/*
 * Pausing and resuming a group. A request to freeze is one write; that all its processes stand
 * still is another matter: one that sleeps in the kernel stops only when it wakes. So there is a
 * deadline, after which the group is thawed again, and never is one left half frozen.
 *
 * Whoever froze it, and by whichever freezer: what counts is what the kernel says.
 */
#include "cgroups/driver.h"

/* Of all the directories only those with a freezer. */
static int open_freezers(struct lc_cgroup *cg, struct lc_error *err)
{
	const int indices[] = {lc_cgroup_find_unified(cg), lc_cgroup_find_v1(cg, "freezer")};

	for (size_t i = 0; i < 2; i++) {
		struct lc_cgroup_dir *dir = indices[i] >= 0 ? &cg->dirs[indices[i]] : NULL;
		int r = dir != NULL ? lc_cgroup_dir_open(cg, dir) : 0;

		if (r < 0)
			return lc_cgroup_fail(cg, dir, r, NULL, err);
	}
	return 0;
}

int lc_cgroup_freezer(struct lc_cgroup *cg, enum lc_freezer *out, struct lc_error *err)
{
	int r = open_freezers(cg, err);

	return r < 0 ? r : cg->ops->freezer(cg, out, err);
}

int lc_cgroup_frozen(struct lc_cgroup *cg, bool *out, struct lc_error *err)
{
	enum lc_freezer state = LCT_FREEZER_THAWED;
	int r = lc_cgroup_freezer(cg, &state, err);

	*out = state != LCT_FREEZER_THAWED;
	return r;
}

/* The directory whose freezer is asked: to name it. */
static int fail_freezer(const struct lc_cgroup *cg, int errnum, struct lc_error *err)
{
	int unified = lc_cgroup_find_unified(cg);
	int index = unified >= 0 ? unified : lc_cgroup_find_v1(cg, "freezer");

	if (index < 0)
		return lc_fail(err, LCT_STEP_FREEZE, ENODEV, "freezer");
	(void) lc_cgroup_fail(cg, &cg->dirs[index], errnum,
		index == unified ? "cgroup.freeze" : "freezer.state", err);
	if (err != NULL)
		err->step = LCT_STEP_FREEZE;
	return errnum < 0 ? errnum : -errnum;
}

int lc_cgroup_freeze(struct lc_cgroup *cg, int timeout_ms, bool is_kept, struct lc_error *err)
{
	struct lc_patience patience = lc_patience(timeout_ms);
	enum lc_freezer state = LCT_FREEZER_THAWED;
	int r = open_freezers(cg, err);

	while (r >= 0) {
		/* again in each round: v1 does not go on by itself with a process that came late */
		r = cg->ops->freeze(cg, true);
		if (r < 0) {
			(void) fail_freezer(cg, r, err);
			break;
		}
		r = cg->ops->freezer(cg, &state, err);
		if (r >= 0 && state == LCT_FREEZER_FROZEN)
			return 0;
		if (r >= 0 && !lc_cgroup_wait(cg, &patience, "frozen", 1))
			r = fail_freezer(cg, -ETIMEDOUT, err);
	}
	if (r != -ETIMEDOUT || !is_kept)
		(void) cg->ops->freeze(cg, false);
	return r;
}

int lc_cgroup_thaw(struct lc_cgroup *cg, int timeout_ms, struct lc_error *err)
{
	struct lc_patience patience = lc_patience(timeout_ms);
	enum lc_freezer state = LCT_FREEZER_FROZEN;
	int r = open_freezers(cg, err);

	while (r >= 0) {
		r = cg->ops->freeze(cg, false);
		if (r < 0)
			return fail_freezer(cg, r, err);
		r = cg->ops->freezer(cg, &state, err);
		if (r >= 0 && state == LCT_FREEZER_THAWED)
			return 0;
		if (r >= 0 && !lc_cgroup_wait(cg, &patience, "frozen", 0))
			r = fail_freezer(cg, -EBUSY, err); /* by a cgroup above */
	}
	return r;
}

int lc_cgroup_let_die(struct lc_cgroup *cg, struct lc_error *err)
{
	int r = open_freezers(cg, err);

	return r < 0 ? r : lc_cgroup_v1_thaw(cg, err);
}
