/* SPDX-License-Identifier: MIT */
/*
 * A group inside of a container's group, for one process that joins: to be limited, accounted and
 * ended apart from its neighbours. It has directories only where they serve for that; in the other
 * hierarchies the process joins the container's own.
 *
 * The unified tree gives controllers to a group only when the one above holds no processes. So the
 * first child there makes the container's processes move into a leaf beside it, once; they stay
 * within the container's limits, and whoever joins later without a group of his own goes there too
 * (lc_cgroup_join_fds).
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "cgroups/driver.h"
#include "sys/sys.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define VACATE_ROUNDS 100 /* a process that forks while it is moved leaves a child behind */
#define REMOVE_ROUNDS 20  /* of a millisecond: what has ended is in its cgroup a moment longer */

/* --- which hierarchies --- */

/* Does a limit need this v1 controller? */
static bool is_limited(const struct lc_resources *resources, const char *controller)
{
	const struct {
		bool is_set;
		const char *controller;
	} lists[] = {
		{resources->cpuset_cpus != NULL || resources->cpuset_mems != NULL, "cpuset"},
		{resources->block_weights_count > 0, "blkio"},
		{resources->block_rates[LCT_RATE_READ_BPS].count > 0, "blkio"},
		{resources->block_rates[LCT_RATE_WRITE_BPS].count > 0, "blkio"},
		{resources->block_rates[LCT_RATE_READ_IOPS].count > 0, "blkio"},
		{resources->block_rates[LCT_RATE_WRITE_IOPS].count > 0, "blkio"},
		{resources->hugetlb_count > 0, "hugetlb"},
		{resources->net_priorities_count > 0, "net_prio"},
		{resources->rdma_count > 0, "rdma"},
		{resources->devices.count > 0, "devices"},
	};
	const struct lc_limit_row *rows;
	size_t count;

	rows = lc_limit_rows(&count);
	for (size_t i = 0; i < count; i++)
		if (lc_limit_of(&rows[i], resources)->is_set &&
			strcmp(rows[i].controller, controller) == 0)
			return true;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (lists[i].is_set && strcmp(lists[i].controller, controller) == 0)
			return true;
	return false;
}

/* What can account, limit or end a group; the freezer is what a v1 kill needs. */
static bool is_of_use(const struct lc_cgroup *cg, const struct lc_cgroup_hierarchy *where,
	const struct lc_resources *resources)
{
	const char *controllers = where->controllers;
	bool has_unified = lc_cgroup_find_unified(cg) >= 0;

	if (where->is_unified)
		return true;
	while (*controllers != '\0') {
		char name[64];
		size_t length = strcspn(controllers, ",");

		(void) snprintf(name, sizeof(name), "%.*s", (int) length, controllers);
		if (strcmp(name, "memory") == 0 || strcmp(name, "cpuacct") == 0 ||
			strcmp(name, "pids") == 0 ||
			(strcmp(name, "freezer") == 0 && !has_unified) ||
			is_limited(resources, name))
			return true;
		controllers += length + (controllers[length] == ',');
	}
	return false;
}

static int add_child(struct lc_cgroup *child, const struct lc_cgroup_dir *parent, const char *name,
	struct lc_error *err)
{
	struct lc_cgroup_dir *dir = &child->dirs[child->count++];

	*dir = (struct lc_cgroup_dir){.hierarchy = parent->hierarchy, .fd = -1};
	dir->path = lc_arena_printf(&child->arena, "%s/%s", parent->path, name);
	if (dir->path == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, name);
	if (strlen(dir->path) >= PATH_MAX)
		return lc_fail(err, LCT_STEP_CGROUP, ENAMETOOLONG, dir->path);
	return 0;
}

/* --- room for it in the unified tree --- */

static int move_pid(void *context, pid_t pid)
{
	int procs = *(const int *) context;
	char number[16];
	int length = snprintf(number, sizeof(number), "%d", (int) pid);
	long r;

	do {
		r = lc_sys_write(procs, number, (size_t) length);
	} while (r == -EINTR);
	return r < 0 && r != -ESRCH ? (int) r : 0; /* ESRCH: it has ended meanwhile */
}

static int any_pid(void *context, pid_t pid)
{
	(void) context;
	(void) pid;
	return 1;
}

/* Move everything that is in this one cgroup into a leaf below it. */
static int vacate(int dirfd)
{
	LCT_CLEANUP(fd) int procs = -1;
	int r = lc_cgroup_procs(dirfd, any_pid, NULL);
	long made;

	if (r <= 0)
		return r;
	made = lc_sys_mkdirat(dirfd, LCT_CGROUP_LEAF, 0755);
	if (made < 0 && made != -EEXIST)
		return (int) made;
	procs = lc_cgroup_open_at(dirfd, LCT_CGROUP_LEAF "/cgroup.procs", O_WRONLY);
	if (procs < 0)
		return procs;
	for (int round = 0; r > 0 && round < VACATE_ROUNDS; round++) {
		r = lc_cgroup_procs(dirfd, move_pid, &procs);
		if (r == 0)
			r = lc_cgroup_procs(dirfd, any_pid, NULL);
	}
	return r > 0 ? -EBUSY : r;
}

/* Does a child need a controller that is passed on to it there? One that accounts, or that of a limit. */
static bool needs_controller(const struct lc_cgroup *parent, const struct lc_resources *resources)
{
	static const char *const accounting[] = {"memory", "pids", "cpu", "cpuset", "io"};

	for (size_t i = 0; i < sizeof(accounting) / sizeof(accounting[0]); i++)
		if (lc_cgroup_has_v2(parent, accounting[i]))
			return true;
	return (resources->hugetlb_count > 0 && lc_cgroup_has_v2(parent, "hugetlb")) ||
	       (resources->rdma_count > 0 && lc_cgroup_has_v2(parent, "rdma")) ||
	       resources->unified_count > 0;
}

static int make_room(
	struct lc_cgroup *parent, const struct lc_resources *resources, struct lc_error *err)
{
	int index = lc_cgroup_find_unified(parent), r = 0;

	if (index >= 0 && needs_controller(parent, resources))
		r = vacate(parent->dirs[index].fd);
	return r < 0 ? lc_cgroup_fail(parent, &parent->dirs[index], r, LCT_CGROUP_LEAF, err) : 0;
}

/* --- for others --- */

int lc_cgroup_create_child(struct lc_cgroup *child, struct lc_cgroup *parent, const char *name,
	const struct lc_resources *resources, struct lc_error *err)
{
	int r = lc_cgroup_open(parent, err);

	*child = (struct lc_cgroup){.mounts = parent->mounts, .ops = parent->ops, .leaf_fd = -1};
	if (r >= 0)
		r = lc_cgroup_check(parent, resources, err);
	for (size_t i = 0; i < parent->count && r >= 0; i++) {
		/* What has gone has gone with the container. */
		if (parent->dirs[i].fd < 0)
			r = lc_cgroup_fail(parent, &parent->dirs[i], ENOENT, NULL, err);
		else if (is_of_use(parent, lc_cgroup_where(parent, &parent->dirs[i]), resources))
			r = add_child(child, &parent->dirs[i], name, err);
	}
	if (r >= 0)
		r = make_room(parent, resources, err);
	if (r >= 0)
		r = lc_cgroup_create(child, resources, err);
	lc_cgroup_rest(parent);
	if (r < 0)
		lc_cgroup_done(child);
	return r;
}

int lc_cgroup_remove_child(struct lc_cgroup *child, struct lc_error *err)
{
	int r = lc_cgroup_open(child, err);

	for (size_t i = 0; i < child->count && r >= 0; i++) {
		bool populated = false;

		for (int round = 0; round < REMOVE_ROUNDS; round++) {
			r = lc_cgroup_dir_remove(child, &child->dirs[i]);
			if (r != -EBUSY || lc_cgroup_populated(child->dirs[i].fd, &populated) < 0 ||
				populated)
				break;
			lc_cgroup_sleep_ms(1);
		}
		if (r < 0)
			r = lc_cgroup_fail(child, &child->dirs[i], r, NULL, err);
	}
	lc_cgroup_rest(child);
	return r;
}

static int open_unified(struct lc_cgroup *cg, struct lc_error *err)
{
	int index = lc_cgroup_find_unified(cg);
	int r = index >= 0 ? lc_cgroup_dir_open(cg, &cg->dirs[index]) : 0;

	return r < 0 ? lc_cgroup_fail(cg, &cg->dirs[index], r, NULL, err) : 0;
}

int lc_cgroup_join_child(struct lc_cgroup *parent, struct lc_cgroup *child, int *out_unified,
	int *fds, size_t room, size_t *out_count, struct lc_error *err)
{
	struct lc_cgroup_dir of_parent[LCT_CGROUP_HIERARCHIES_MAX];
	int r = open_unified(parent, err);

	if (r >= 0 && child != NULL)
		r = open_unified(child, err);
	if (r < 0)
		return r;
	memcpy(of_parent, parent->dirs, sizeof(of_parent));
	for (size_t i = 0; i < parent->count; i++)
		for (size_t j = 0; child != NULL && j < child->count; j++)
			if (child->dirs[j].hierarchy == of_parent[i].hierarchy)
				parent->dirs[i] = child->dirs[j];
	r = lc_cgroup_join_fds(parent, out_unified, fds, room, out_count, err);
	memcpy(parent->dirs, of_parent, sizeof(of_parent));
	return r;
}
