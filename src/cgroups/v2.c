/* SPDX-License-Identifier: MIT */
/*
 * The driver for the unified tree, alone or beside v1 hierarchies (hybrid.c).
 *
 * A cgroup has the files of a controller only when each cgroup above it passes the controller on in
 * its cgroup.subtree_control, and one that holds processes itself may not (cgroups(7), "no internal
 * processes"). That file of the ancestors is the only one outside of the container's own directory
 * that is ever written, and only to add: what is passed on stays so, as others may use it by then.
 */
#include "base/cleanup.h"
#include "base/parse.h"
#include "cgroups/driver.h"
#include "cgroups/stats_read.h"

#include <stdio.h>
#include <string.h>

static const char *const accounting[] = {"memory", "pids", "cpu"};

/* --- passing controllers on --- */

static int any_pid(void *context, pid_t pid)
{
	(void) context;
	(void) pid;
	return 1;
}

/* Only the true root, which has no type, may hold processes and still pass controllers on. */
static bool may_pass_on(int dirfd)
{
	LCT_CLEANUP(fd) int type = lc_cgroup_open_at(dirfd, "cgroup.type", O_PATH);

	return type == -ENOENT || lc_cgroup_procs(dirfd, any_pid, NULL) == 0;
}

/* The kernel refuses memory for a cgroup that holds processes, but it takes cpu, pids and cpuset:
 * that makes it the root of a threaded subtree, and nothing can join its children. So the rule is
 * looked after here. */
static int enable_at(int dirfd, const char *controller)
{
	char text[LCT_CGROUP_VALUE_MAX];
	long length = lc_cgroup_read(dirfd, "cgroup.subtree_control", text, sizeof(text));

	if (length < 0)
		return (int) length;
	for (char *c = text; *c != '\0'; c++)
		if (*c == ' ')
			*c = ',';
	if (lc_parse_list_has(text, controller))
		return 0;
	if (!may_pass_on(dirfd))
		return -EBUSY;
	(void) snprintf(text, sizeof(text), "+%s", controller);
	return lc_cgroup_write(dirfd, "cgroup.subtree_control", text);
}

/* A failure of the kernel in words: which cgroup, and which rule. */
static int fail_enable(const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir, size_t length,
	int errnum, const char *controller, struct lc_error *err)
{
	char subject[LCT_SUBJECT_MAX];
	int from = length > 100 ? (int) length - 100 : 0;

	(void) snprintf(subject, sizeof(subject), "%.60s/%.*s: %s",
		lc_cgroup_where(cg, dir)->mount_point, (int) length - from, dir->path + from,
		errnum == -EBUSY ? "holds processes, so it cannot pass controllers on to children"
				 : controller);
	return lc_fail(err, LCT_STEP_CGROUP, errnum, subject);
}

/* Have each ancestor, from the mount downwards, pass `controller` on. */
int lc_cgroup_v2_enable(const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir,
	const char *controller, struct lc_error *err)
{
	size_t length = 0, whole = strlen(dir->path);

	for (;;) {
		LCT_CLEANUP(fd)
		int fd = lc_cgroup_open_prefix(cg, dir, length, O_RDONLY | O_DIRECTORY);
		int r = fd < 0 ? fd : enable_at(fd, controller);

		if (r < 0)
			return fail_enable(cg, dir, length, r, controller, err);
		if (length > 0)
			length++;
		length += strcspn(dir->path + length, "/");
		if (length >= whole)
			return 0;
	}
}

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

/* --- the rest --- */

/* Before cgroup.kill: nothing forks while its neighbours are signalled, as nothing runs. A process that
 * is frozen here hears SIGKILL all the same. */
static int kill_frozen(int dirfd)
{
	int r;

	(void) lc_cgroup_write(dirfd, "cgroup.freeze", "1");
	r = lc_cgroup_signal_tree(dirfd, SIGKILL);
	(void) lc_cgroup_write(dirfd, "cgroup.freeze", "0");
	return r;
}

/* cgroup.kill (since 5.14) reaches everything below at once, frozen or not; a cgroup that was
 * frozen and stays (it was there before us) is thawed afterwards. */
static int v2_kill(struct lc_cgroup *cg, struct lc_error *err)
{
	int index = lc_cgroup_find_unified(cg);
	const struct lc_cgroup_dir *dir = index >= 0 ? &cg->dirs[index] : NULL;
	int r;

	if (dir == NULL || dir->fd < 0)
		return 0;
	r = lc_cgroup_write(dir->fd, "cgroup.kill", "1");
	if (lc_cgroup_is_gone(r))
		r = kill_frozen(dir->fd);
	if (dir->was_there)
		(void) lc_cgroup_write(dir->fd, "cgroup.freeze", "0");
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
