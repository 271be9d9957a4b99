/* SPDX-License-Identifier: MIT */
/*
 * The driver for v1 hierarchies, one for each controller or a few together, and named ones without
 * any: all are joined. Limits and accounting are looked for where their controller is.
 *
 * The orders that the kernel forces: a cpuset must have processors and memory nodes before anything
 * may join it; memory.memsw may not be below memory.limit at any moment; a process that is frozen
 * cannot die before it is thawed.
 */
#include "base/fd.h"
#include "base/parse.h"
#include "cgroups/driver.h"
#include "cgroups/stats_read.h"
#include "sys/sys.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FREEZE_TRIES 20      /* of a millisecond: a process in the middle of vfork never freezes */
#define NS_PER_TICK 10000000 /* cpuacct.stat counts in USER_HZ, which is 100 for user space */

static int inherit(int parent, int child, bool is_new, const char *file)
{
	char text[LCT_CGROUP_VALUE_MAX];
	long length = is_new ? 0 : lc_cgroup_read(child, file, text, sizeof(text));

	if (length != 0)
		return length < 0 ? (int) length : 0;
	length = lc_cgroup_read(parent, file, text, sizeof(text));
	if (length == 0)
		return -ENOSPC; /* what joining would answer, without saying why */
	return length < 0 ? (int) length : lc_cgroup_write(child, file, text);
}

/* A new v1 cpuset is empty, and then nothing can join it: copy what the parent has. */
static int inherit_cpuset(int parent, int child, bool is_new)
{
	int r = inherit(parent, child, is_new, "cpuset.cpus");

	return r < 0 ? r : inherit(parent, child, is_new, "cpuset.mems");
}

static int v1_create(struct lc_cgroup *cg, struct lc_error *err)
{
	for (size_t i = 0; i < cg->count; i++) {
		struct lc_cgroup_dir *dir = &cg->dirs[i];
		const struct lc_cgroup_hierarchy *where = lc_cgroup_where(cg, dir);
		bool is_cpuset;
		int r;

		if (where->is_unified)
			continue;
		is_cpuset = lc_parse_list_has(where->controllers, "cpuset");
		r = lc_cgroup_dir_make(cg, dir, is_cpuset ? inherit_cpuset : NULL);
		if (r < 0)
			return lc_cgroup_fail(
				cg, dir, r, is_cpuset && r == -ENOSPC ? "cpuset.cpus" : NULL, err);
	}
	return 0;
}

/* --- freezing and killing --- */

static const struct lc_cgroup_dir *freezer(const struct lc_cgroup *cg)
{
	int index = lc_cgroup_find_v1(cg, "freezer");

	return index >= 0 && cg->dirs[index].fd >= 0 ? &cg->dirs[index] : NULL;
}

static int thaw_one(void *context, int dirfd)
{
	int r = lc_cgroup_write(dirfd, "freezer.state", "THAWED");

	(void) context;
	return r < 0 && !lc_cgroup_is_gone(r) ? r : 0;
}

int lc_cgroup_v1_thaw(const struct lc_cgroup *cg, struct lc_error *err)
{
	const struct lc_cgroup_dir *dir = freezer(cg);
	int r = dir != NULL ? lc_cgroup_walk(dir->fd, thaw_one, NULL) : 0;

	return r < 0 ? lc_cgroup_fail(cg, dir, r, "freezer.state", err) : 0;
}

/* So that nothing forks while its neighbours are signalled. What does not stop soon is left to the
 * next round. */
static void freeze_briefly(const struct lc_cgroup_dir *dir)
{
	char state[32];

	if (lc_cgroup_write(dir->fd, "freezer.state", "FROZEN") < 0)
		return;
	for (int i = 0; i < FREEZE_TRIES; i++) {
		if (lc_cgroup_read(dir->fd, "freezer.state", state, sizeof(state)) < 0 ||
			strcmp(state, "FROZEN") == 0)
			return;
		lc_cgroup_sleep_ms(1);
	}
}

static int v1_kill(struct lc_cgroup *cg, struct lc_error *err)
{
	const struct lc_cgroup_dir *frozen = freezer(cg);
	int failed = 0, r;

	if (frozen != NULL)
		freeze_briefly(frozen);
	for (size_t i = 0; i < cg->count; i++) {
		struct lc_cgroup_dir *dir = &cg->dirs[i];

		if (lc_cgroup_where(cg, dir)->is_unified || dir->fd < 0)
			continue;
		r = lc_cgroup_signal_tree(dir->fd, SIGKILL);
		if (r < 0 && failed == 0)
			failed = lc_cgroup_fail(cg, dir, r, "cgroup.procs", err);
	}
	/* in any case: what stays frozen neither dies nor can be joined */
	r = lc_cgroup_v1_thaw(cg, failed == 0 ? err : NULL);
	return failed < 0 ? failed : r;
}

/* FREEZING counts as asked for: who joins then already hangs, and an empty group whose last process
 * has just ended can say that for a while. */
static int v1_freezer(struct lc_cgroup *cg, enum lc_freezer *out, struct lc_error *err)
{
	const struct lc_cgroup_dir *dir = freezer(cg);
	char state[32] = "THAWED";
	long r = dir != NULL ? lc_cgroup_read(dir->fd, "freezer.state", state, sizeof(state)) : 0;

	if (r < 0 && !lc_cgroup_is_gone(r))
		return lc_cgroup_fail(cg, dir, r, "freezer.state", err);
	*out = LCT_FREEZER_THAWED;
	if (r >= 0 && strcmp(state, "FROZEN") == 0)
		*out = LCT_FREEZER_FROZEN;
	else if (r >= 0 && strcmp(state, "THAWED") != 0)
		*out = LCT_FREEZER_FREEZING;
	return 0;
}

/* Of the group as a whole: a sub-cgroup that somebody froze by itself stays so. */
static int v1_freeze(struct lc_cgroup *cg, bool is_wanted)
{
	const struct lc_cgroup_dir *dir = freezer(cg);

	if (dir == NULL)
		return -ENODEV;
	return lc_cgroup_write(dir->fd, "freezer.state", is_wanted ? "FROZEN" : "THAWED");
}

/* --- accounting --- */

static int directory(const struct lc_cgroup *cg, const char *controller)
{
	int index = lc_cgroup_find_v1(cg, controller);

	return index >= 0 ? cg->dirs[index].fd : -1;
}

static void add_cpu(int dirfd, struct lc_cgroup_usage *out)
{
	char text[LCT_CGROUP_VALUE_MAX];
	uint64_t total, user = 0, kernel = 0;

	if (lc_cgroup_read_u64(dirfd, "cpuacct.usage", &total) < 0)
		return;
	if (lc_cgroup_read(dirfd, "cpuacct.stat", text, sizeof(text)) >= 0) {
		(void) lc_parse_key_u64(text, "user", &user);
		(void) lc_parse_key_u64(text, "system", &kernel);
	}
	out->has_cpu = true;
	out->cpu_ns = total;
	out->cpu_user_ns = user * NS_PER_TICK;
	out->cpu_system_ns = kernel * NS_PER_TICK;
}

void lc_cgroup_v1_usage_add(const struct lc_cgroup *cg, struct lc_cgroup_usage *out)
{
	int memory = directory(cg, "memory");
	int cpu = directory(cg, "cpuacct");
	int pids = directory(cg, "pids");

	if (memory >= 0 && !out->has_memory_peak)
		out->has_memory_peak = lc_cgroup_read_u64(memory, "memory.max_usage_in_bytes",
					       &out->memory_peak) >= 0;
	if (memory >= 0 && !out->has_memory)
		out->has_memory =
			lc_cgroup_read_u64(memory, "memory.usage_in_bytes", &out->memory) >= 0;
	if (memory >= 0 && !out->has_oom)
		out->has_oom = lc_cgroup_read_key(memory, "memory.oom_control", "oom_kill",
				       &out->oom_kills) >= 0;
	if (cpu >= 0 && !out->has_cpu)
		add_cpu(cpu, out);
	if (pids >= 0 && !out->has_pids_peak) /* since 6.12 on v1 */
		out->has_pids_peak = lc_cgroup_read_u64(pids, "pids.peak", &out->pids_peak) >= 0;
}

static int v1_usage(struct lc_cgroup *cg, struct lc_cgroup_usage *out, struct lc_error *err)
{
	(void) err;
	*out = (struct lc_cgroup_usage){.has_memory = false};
	lc_cgroup_v1_usage_add(cg, out);
	return 0;
}

const struct lc_cgroup_ops lc_cgroup_v1_ops = {
	.name = "v1",
	.create = v1_create,
	.limits = lc_cgroup_v1_limits,
	.kill = v1_kill,
	.usage = v1_usage,
	.freezer = v1_freezer,
	.freeze = v1_freeze,
	.stats = lc_cgroup_v1_stats,
};
