/* SPDX-License-Identifier: MIT */
/*
 * The end of a group: kill everything in it, wait until it is gone, remove the directories depth
 * first. Never for ever: what holds out longer than the deadline is named.
 *
 * Everything below the container's own directories is the container's, whoever moved it there: it
 * is killed and removed with it. Directories that were there before stay.
 */
#include "cgroups/driver.h"
#include "cgroups/systemd.h"

#include <stdio.h>
#include <string.h>

static int is_populated(const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir, bool *out)
{
	uint64_t populated;

	*out = false;
	if (dir->fd < 0)
		return 0;
	if (lc_cgroup_where(cg, dir)->is_unified) {
		int r = lc_cgroup_read_key(dir->fd, "cgroup.events", "populated", &populated);

		*out = r >= 0 && populated != 0;
		return r < 0 && !lc_cgroup_is_gone(r) ? r : 0;
	}
	return lc_cgroup_populated(dir->fd, out);
}

struct holders {
	char text[LCT_SUBJECT_MAX];
	size_t length;
};

static int note_holder(void *context, pid_t pid)
{
	struct holders *holders = context;
	char number[16];
	int length = snprintf(number, sizeof(number), " %d", (int) pid);

	if (holders->length + (size_t) length >= sizeof(holders->text))
		return 1;
	memcpy(holders->text + holders->length, number, (size_t) length + 1);
	holders->length += (size_t) length;
	return 0;
}

static int note_holders(void *context, int dirfd)
{
	return lc_cgroup_procs(dirfd, note_holder, context);
}

/* The time is over: name the processes that hold it, or the directory when there are none. */
static int fail_held(struct lc_cgroup *cg, struct lc_error *err)
{
	struct holders holders = {"pids", 4};
	const struct lc_cgroup_dir *held = NULL;

	for (size_t i = 0; i < cg->count && holders.length == 4; i++) {
		if (cg->dirs[i].fd < 0)
			continue;
		(void) lc_cgroup_walk(cg->dirs[i].fd, note_holders, &holders);
		if (held == NULL && !cg->dirs[i].was_there)
			held = &cg->dirs[i];
	}
	if (holders.length > 4 || held == NULL)
		return lc_fail(err, LCT_STEP_DESTROY, ETIMEDOUT, holders.text);
	(void) lc_cgroup_fail(cg, held, EBUSY, NULL, err);
	if (err != NULL)
		err->step = LCT_STEP_DESTROY;
	return -EBUSY;
}

int lc_cgroup_kill(struct lc_cgroup *cg, int timeout_ms, struct lc_error *err)
{
	struct lc_patience patience = lc_patience(timeout_ms);
	int r = lc_cgroup_open(cg, err);

	while (r >= 0) {
		bool populated = false;

		for (size_t i = 0; i < cg->count && r >= 0 && !populated; i++) {
			r = is_populated(cg, &cg->dirs[i], &populated);
			if (r < 0)
				r = lc_cgroup_fail(cg, &cg->dirs[i], r, "cgroup.procs", err);
		}
		if (r < 0 || !populated)
			return r;
		r = cg->ops->kill(cg, err);
		if (r >= 0 && !lc_cgroup_wait(cg, &patience, "populated", 0))
			return fail_held(cg, err);
	}
	return r;
}

/* Remove what can be removed, the unified directory last and only when nothing else is left: a
 * later attempt needs its cgroup.kill. */
static int remove_all(struct lc_cgroup *cg, struct lc_error *err)
{
	int unified = lc_cgroup_find_unified(cg), busy = 0;

	for (size_t i = 0; i <= cg->count; i++) {
		bool is_last = i == cg->count;
		struct lc_cgroup_dir *dir;
		int r;

		if ((int) i == unified || (is_last && (unified < 0 || busy < 0)))
			continue;
		dir = &cg->dirs[is_last ? (size_t) unified : i];
		r = lc_cgroup_dir_remove(cg, dir);
		if (r == -EBUSY)
			busy = r;
		else if (r < 0)
			return lc_cgroup_fail(cg, dir, r, NULL, err);
	}
	return busy;
}

/*
 * Most of the time nothing is left in the group, and the kernel removes what is empty without being asked
 * whether it is. True when all has gone; else nothing is lost: what is held stays, and the unified directory
 * while anything does.
 */
static bool remove_empty(struct lc_cgroup *cg)
{
	int unified = lc_cgroup_find_unified(cg);

	for (size_t i = 0; i < cg->count; i++)
		if ((int) i != unified && lc_cgroup_dir_remove_empty(cg, &cg->dirs[i]) < 0)
			return false;
	return unified < 0 || lc_cgroup_dir_remove_empty(cg, &cg->dirs[unified]) >= 0;
}

static int destroy_dirs(struct lc_cgroup *cg, int timeout_ms, struct lc_error *err)
{
	struct lc_patience patience = lc_patience(timeout_ms);
	bool is_held = false; /* by processes that the primary directory does not show */
	int r;

	if (remove_empty(cg))
		return 0;
	r = lc_cgroup_open(cg, err);
	while (r >= 0) {
		int index = lc_cgroup_primary(cg);
		bool populated = false;

		if (index >= 0)
			r = is_populated(cg, &cg->dirs[index], &populated);
		if (r < 0)
			return lc_cgroup_fail(cg, &cg->dirs[index], r, NULL, err);
		if (populated || is_held)
			r = cg->ops->kill(cg, err);
		if (r >= 0 && !populated) {
			r = remove_all(cg, err);
			if (r != -EBUSY)
				return r;
			is_held = true;
			r = 0;
		}
		if (r >= 0 && !lc_cgroup_wait(cg, &patience, "populated", 0))
			return fail_held(cg, err);
	}
	return r;
}

int lc_cgroup_destroy(struct lc_cgroup *cg, int timeout_ms, struct lc_error *err)
{
	int r = destroy_dirs(cg, timeout_ms, err);

	return r < 0 || cg->scope.unit == NULL ? r : lc_systemd_stop(cg, timeout_ms, err);
}
