/* SPDX-License-Identifier: MIT */
/* The driver for the unified tree, alone or beside v1 hierarchies (hybrid.c). */
#include "base/parse.h"
#include "cgroups/driver.h"
#include "cgroups/stats_read.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

static const char *const accounting[] = {"memory", "pids", "cpu"};

/* What the accounting needs is enabled where that is possible; what a limit needs,
 * v2_limits.c insists on. */
static void enable_accounting(const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir)
{
	char text[LCT_CGROUP_VALUE_MAX];

	if (lc_cgroup_read(dir->fd, "cgroup.controllers", text, sizeof(text)) < 0)
		return;
	for (char *c = text; *c != '\0'; c++)
		if (*c == ' ')
			*c = ',';
	for (size_t i = 0; i < sizeof(accounting) / sizeof(accounting[0]); i++)
		if (lc_cgroup_has_v2(cg, accounting[i]) && !lc_parse_list_has(text, accounting[i]))
			(void) lc_cgroup_v2_enable(cg, dir, accounting[i], NULL);
}

static int v2_create(struct lc_cgroup *cg, struct lc_error *err)
{
	int index = lc_cgroup_find_unified(cg), r;

	if (index < 0)
		return 0;
	r = lc_cgroup_dir_make(cg, &cg->dirs[index], NULL);
	if (r < 0)
		return lc_cgroup_fail(cg, &cg->dirs[index], r, NULL, err);
	enable_accounting(cg, &cg->dirs[index]);
	return 0;
}

/* Without cgroup.kill: nothing forks while its neighbours are signalled, as nothing runs. A process that
 * is frozen here hears SIGKILL all the same. */
static int kill_frozen(int dirfd)
{
	int r;

	(void) lc_cgroup_write(dirfd, "cgroup.freeze", "1");
	r = lc_cgroup_signal_tree(dirfd, SIGKILL);
	(void) lc_cgroup_write(dirfd, "cgroup.freeze", "0");
	return r;
}

/*
 * cgroup.kill (since 5.14) reaches everything below at once, frozen or not. Not for a cgroup that stays,
 * because it was there before us: newer kernels (6.18 does) end whoever is born into one that has been
 * killed in that way, as they compare its count of kills with that of the parent's cgroup.
 */
static int v2_kill(struct lc_cgroup *cg, struct lc_error *err)
{
	int index = lc_cgroup_find_unified(cg);
	const struct lc_cgroup_dir *dir = index >= 0 ? &cg->dirs[index] : NULL;
	int r;

	if (dir == NULL || dir->fd < 0)
		return 0;
	r = dir->was_there ? -ENOENT : lc_cgroup_write(dir->fd, "cgroup.kill", "1");
	if (lc_cgroup_is_gone(r))
		r = kill_frozen(dir->fd);
	return r < 0 ? lc_cgroup_fail(cg, dir, r, "cgroup.kill", err) : 0;
}

/* cgroup.events tells of a freezer above too, cgroup.freeze what is wanted of this one. */
static int v2_freezer(struct lc_cgroup *cg, enum lc_freezer *out, struct lc_error *err)
{
	int index = lc_cgroup_find_unified(cg);
	int dirfd = index >= 0 ? cg->dirs[index].fd : -1;
	uint64_t frozen = 0, wanted = 0;
	int r = 0;

	*out = LCT_FREEZER_THAWED;
	if (dirfd >= 0)
		r = lc_cgroup_read_key(dirfd, "cgroup.events", "frozen", &frozen);
	if (r >= 0 && dirfd >= 0 && frozen == 0)
		r = lc_cgroup_read_u64(dirfd, "cgroup.freeze", &wanted);
	if (r < 0 && !lc_cgroup_is_gone(r))
		return lc_cgroup_fail(cg, &cg->dirs[index], r, "cgroup.events", err);
	if (r >= 0 && (frozen == 1 || wanted == 1))
		*out = frozen == 1 ? LCT_FREEZER_FROZEN : LCT_FREEZER_FREEZING;
	return 0;
}

static int v2_freeze(struct lc_cgroup *cg, bool is_wanted)
{
	int index = lc_cgroup_find_unified(cg);

	if (index < 0 || cg->dirs[index].fd < 0)
		return -ENODEV;
	return lc_cgroup_write(cg->dirs[index].fd, "cgroup.freeze", is_wanted ? "1" : "0");
}

static void add_cpu(int dirfd, struct lc_cgroup_usage *out)
{
	char text[LCT_CGROUP_VALUE_MAX];
	uint64_t total, user = 0, kernel = 0;

	if (lc_cgroup_read(dirfd, "cpu.stat", text, sizeof(text)) < 0 ||
		lc_parse_key_u64(text, "usage_usec", &total) < 0)
		return;
	(void) lc_parse_key_u64(text, "user_usec", &user);
	(void) lc_parse_key_u64(text, "system_usec", &kernel);
	out->has_cpu = true;
	out->cpu_ns = total * 1000;
	out->cpu_user_ns = user * 1000;
	out->cpu_system_ns = kernel * 1000;
}

void lc_cgroup_v2_usage_add(const struct lc_cgroup *cg, struct lc_cgroup_usage *out)
{
	int index = lc_cgroup_find_unified(cg);
	int dirfd = index >= 0 ? cg->dirs[index].fd : -1;

	if (dirfd < 0)
		return;
	if (!out->has_cpu)
		add_cpu(dirfd, out);
	if (lc_cgroup_has_v2(cg, "memory")) {
		if (!out->has_memory_peak) /* since 5.19 */
			out->has_memory_peak =
				lc_cgroup_read_u64(dirfd, "memory.peak", &out->memory_peak) >= 0;
		if (!out->has_memory)
			out->has_memory =
				lc_cgroup_read_u64(dirfd, "memory.current", &out->memory) >= 0;
		if (!out->has_oom)
			out->has_oom = lc_cgroup_read_key(dirfd, "memory.events", "oom_kill",
					       &out->oom_kills) >= 0;
	}
	if (lc_cgroup_has_v2(cg, "pids") && !out->has_pids_peak) /* since 6.1 */
		out->has_pids_peak = lc_cgroup_read_u64(dirfd, "pids.peak", &out->pids_peak) >= 0;
}

static int v2_usage(struct lc_cgroup *cg, struct lc_cgroup_usage *out, struct lc_error *err)
{
	(void) err;
	*out = (struct lc_cgroup_usage){.has_memory = false};
	lc_cgroup_v2_usage_add(cg, out);
	return 0;
}

const struct lc_cgroup_ops lc_cgroup_v2_ops = {
	.name = "v2",
	.create = v2_create,
	.limits = lc_cgroup_v2_limits,
	.kill = v2_kill,
	.usage = v2_usage,
	.freezer = v2_freezer,
	.freeze = v2_freeze,
	.stats = lc_cgroup_v2_stats,
};
