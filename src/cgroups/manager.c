/* SPDX-License-Identifier: MIT */
/*
 * One container's cgroup: the public calls, which go through the driver's table. What is the same for
 * every driver is here: undoing a create that failed, and looking at what is inside.
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "cgroups/driver.h"
#include "cgroups/systemd.h"
#include "sys/sys.h"

#include <string.h>

#define UNDO_MS 10000

/* --- limits and creation --- */

/* An existing directory must have no process in it or below, and nothing may be frozen, by its own
 * freezer or one above: who enters a frozen v1 cgroup sleeps and cannot be killed. */
static int refuse_used(struct lc_cgroup *cg, struct lc_error *err)
{
	enum lc_freezer state;
	bool populated = false;
	int index, r;

	for (size_t i = 0; i < cg->count; i++) {
		struct lc_cgroup_dir *dir = &cg->dirs[i];

		if (!dir->was_there || dir->fd < 0)
			continue;
		r = lc_cgroup_populated(dir->fd, &populated);
		if (r < 0 || populated)
			return lc_cgroup_fail(cg, dir, r < 0 ? r : EBUSY, NULL, err);
	}
	r = cg->ops->freezer(cg, &state, err);
	if (r < 0 || state == LCT_FREEZER_THAWED)
		return r;
	r = lc_cgroup_v2_ops.freezer(cg, &state, err);
	index = r >= 0 && state != LCT_FREEZER_THAWED ? lc_cgroup_find_unified(cg)
						      : lc_cgroup_find_v1(cg, "freezer");
	return lc_cgroup_fail(cg, &cg->dirs[index], EBUSY,
		lc_cgroup_where(cg, &cg->dirs[index])->is_unified ? "cgroup.freeze"
								  : "freezer.state",
		err);
}

int lc_cgroup_probe(struct lc_cgroup *cg, struct lc_error *err)
{
	int r = 0;

	for (size_t i = 0; i < cg->count && r >= 0; i++) {
		struct lc_cgroup_dir *dir = &cg->dirs[i];

		lc_fd_close(&dir->fd);
		r = lc_cgroup_dir_look(cg, dir);
		if (r < 0)
			r = lc_cgroup_fail(cg, dir, r, NULL, err);
	}
	if (r >= 0)
		r = refuse_used(cg, err);
	lc_cgroup_rest(cg);
	return r;
}

/* What will not go is remembered: a destroy has to try again. */
static void undo_create(struct lc_cgroup *cg)
{
	size_t kept = 0;

	for (size_t i = 0; i < cg->count; i++) {
		struct lc_cgroup_dir *dir = &cg->dirs[i];
		bool has_gone = lc_cgroup_dir_undo(cg, dir) >= 0;

		lc_fd_close(&dir->fd);
		if (!has_gone)
			cg->dirs[kept++] = *dir;
	}
	if (cg->scope.unit != NULL)
		(void) lc_systemd_stop(cg, UNDO_MS, NULL);
	cg->count = kept;
}

/* `change` NULL: for directories that were made just now. */
static int apply(struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_cgroup_change *change, struct lc_error *err)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_cgroup_writes writes = {.arena = &arena, .is_fresh = change == NULL};
	int r = cg->ops->limits(cg, resources, &writes, err);

	if (r >= 0 && writes.no_memory)
		r = lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	return r < 0 ? r : lc_cgroup_carry_out(cg, &writes, change, err);
}

/* What was there already is this group's from here on. */
static int claim(struct lc_cgroup *cg, struct lc_error *err)
{
	for (size_t i = 0; i < cg->count; i++) {
		struct lc_cgroup_dir *dir = &cg->dirs[i];
		int r = dir->was_there && dir->fd >= 0 ? lc_cgroup_dir_claim(cg, dir) : 0;

		if (r < 0)
			return lc_cgroup_fail(cg, dir, r, NULL, err);
	}
	return 0;
}

int lc_cgroup_create(
	struct lc_cgroup *cg, const struct lc_resources *resources, struct lc_error *err)
{
	int r = lc_cgroup_check(cg, resources, err);

	lc_cgroup_rest(cg);
	for (size_t i = 0; i < cg->count; i++)
		cg->dirs[i].was_there = false;
	if (r >= 0 && cg->scope.unit != NULL) {
		r = lc_systemd_start(cg, resources, err);
		if (r < 0)
			cg->count = 0; /* nothing of it is ours, and it has left nothing */
	}
	if (r >= 0)
		r = cg->ops->create(cg, err);
	if (r >= 0)
		r = refuse_used(cg, err);
	if (r >= 0)
		r = claim(cg, err);
	if (r >= 0)
		r = apply(cg, resources, NULL, err);
	if (r < 0 && cg->count > 0)
		undo_create(cg);
	return r;
}

int lc_cgroup_set(struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_cgroup_change *change, struct lc_error *err)
{
	int r = lc_cgroup_check(cg, resources, err);

	*change = (struct lc_cgroup_change){.count = 0};
	if (r >= 0)
		r = lc_cgroup_open(cg, err);
	if (r >= 0)
		r = apply(cg, resources, change, err);
	if (r >= 0 && cg->scope.unit != NULL) {
		r = lc_systemd_set(cg, resources, change, err);
		if (r < 0)
			(void) lc_cgroup_put_back(cg, change, NULL);
	}
	return r;
}

/* May processes join it? One that passes controllers on to sub-cgroups has none itself. */
static bool is_joinable(int dirfd)
{
	char text[LCT_CGROUP_VALUE_MAX];

	return lc_cgroup_read(dirfd, "cgroup.subtree_control", text, sizeof(text)) <= 0;
}

/* The unified directory to join: the container's, or where that cannot be joined a leaf in it, made when
 * it is missing. It is removed with everything else below the directory. */
static int open_joinable(struct lc_cgroup *cg, const struct lc_cgroup_dir *dir, struct lc_error *err)
{
	long r;

	if (dir->fd < 0)
		return lc_cgroup_fail(cg, dir, ENOENT, NULL, err);
	if (is_joinable(dir->fd))
		return dir->fd;
	r = lc_sys_mkdirat(dir->fd, LCT_CGROUP_LEAF, 0755);
	if (r < 0 && r != -EEXIST)
		return lc_cgroup_fail(cg, dir, r, LCT_CGROUP_LEAF, err);
	lc_fd_close(&cg->leaf_fd);
	cg->leaf_fd = lc_cgroup_open_at(dir->fd, LCT_CGROUP_LEAF, O_RDONLY | O_DIRECTORY);
	return cg->leaf_fd < 0 ? lc_cgroup_fail(cg, dir, cg->leaf_fd, LCT_CGROUP_LEAF, err) : cg->leaf_fd;
}

/* In v1 the file of single threads, because who joins has one: moving a whole process waits until no
 * process anywhere forks or ends, which is an RCU grace period of some 10 ms on an idle machine. */
#define JOIN_FILE "tasks"

int lc_cgroup_join_fds(struct lc_cgroup *cg, int *out_unified, int *fds, size_t room,
	size_t *out_count, struct lc_error *err)
{
	size_t count = 0;
	int unified = -1, r = 0;

	for (size_t i = 0; i < cg->count && r >= 0; i++) {
		const struct lc_cgroup_dir *dir = &cg->dirs[i];

		if (lc_cgroup_where(cg, dir)->is_unified) {
			unified = r = open_joinable(cg, dir, err);
		} else if (count == room) {
			r = lc_cgroup_fail(cg, dir, E2BIG, JOIN_FILE, err);
		} else {
			r = lc_cgroup_open_file(cg, dir, JOIN_FILE, O_WRONLY);
			if (r >= 0)
				fds[count++] = r;
			else
				r = lc_cgroup_fail(cg, dir, r, JOIN_FILE, err);
		}
	}
	if (r < 0) {
		while (count > 0)
			lc_fd_close(&fds[--count]);
		return r;
	}
	*out_unified = unified;
	*out_count = count;
	return 0;
}

/* --- looking --- */

int lc_cgroup_primary(const struct lc_cgroup *cg)
{
	int best = -1;
	size_t most = 0;

	for (size_t i = 0; i < cg->count; i++) {
		const struct lc_cgroup_hierarchy *where = lc_cgroup_where(cg, &cg->dirs[i]);
		size_t count = 1;

		if (cg->dirs[i].fd < 0)
			continue;
		if (where->is_unified)
			return (int) i;
		for (const char *c = where->controllers; *c != '\0'; c++)
			count += *c == ',';
		if (count > most) {
			most = count;
			best = (int) i;
		}
	}
	return best;
}

struct listing {
	int (*visit)(void *context, pid_t pid);
	void *context;
};

static int list_pid(void *context, pid_t pid)
{
	struct listing *listing = context;

	/* 0 is a process that has no number in our pid namespace */
	return pid != 0 && listing->visit(listing->context, pid) != 0 ? 1 : 0;
}

static int list_cgroup(void *context, int dirfd)
{
	return lc_cgroup_procs(dirfd, list_pid, context);
}

/* Open what is asked for processes first, and the others only where that does not exist. */
static int open_primary(struct lc_cgroup *cg, int *out_index, struct lc_error *err)
{
	int index = lc_cgroup_find_unified(cg), r = 0;

	if (index >= 0) {
		r = lc_cgroup_dir_open(cg, &cg->dirs[index]);
		if (r < 0)
			return lc_cgroup_fail(cg, &cg->dirs[index], r, NULL, err);
	}
	if (index < 0 || cg->dirs[index].fd < 0)
		r = lc_cgroup_open(cg, err);
	*out_index = lc_cgroup_primary(cg);
	return r;
}

int lc_cgroup_pids(struct lc_cgroup *cg, int (*visit)(void *context, pid_t pid), void *context,
	struct lc_error *err)
{
	struct listing listing = {visit, context};
	int index = -1, r = open_primary(cg, &index, err);

	if (r < 0 || index < 0)
		return r;
	r = lc_cgroup_walk(cg->dirs[index].fd, list_cgroup, &listing);
	return r < 0 ? lc_cgroup_fail(cg, &cg->dirs[index], r, "cgroup.procs", err) : 0;
}

int lc_cgroup_signal(struct lc_cgroup *cg, int signal, struct lc_error *err)
{
	int r = lc_cgroup_open(cg, err), index;

	index = r >= 0 ? lc_cgroup_primary(cg) : -1;
	if (index < 0)
		return r;
	r = lc_cgroup_signal_tree(cg->dirs[index].fd, signal);
	if (r < 0)
		return lc_cgroup_fail(cg, &cg->dirs[index], r, "cgroup.procs", err);
	return signal == SIGKILL ? lc_cgroup_let_die(cg, err) : 0;
}

/* Of all the directories only those that account; the index of one of them, -1 when there is none. */
static int open_accounting(struct lc_cgroup *cg, int *out_index, struct lc_error *err)
{
	const int indices[] = {lc_cgroup_find_v1(cg, "memory"), lc_cgroup_find_v1(cg, "cpuacct"),
		lc_cgroup_find_v1(cg, "pids"), lc_cgroup_find_unified(cg)};

	*out_index = -1;
	for (size_t i = 0; i < sizeof(indices) / sizeof(indices[0]); i++) {
		struct lc_cgroup_dir *dir = indices[i] >= 0 ? &cg->dirs[indices[i]] : NULL;
		int r = dir != NULL ? lc_cgroup_dir_open(cg, dir) : 0;

		if (r < 0)
			return lc_cgroup_fail(cg, dir, r, NULL, err);
		if (dir != NULL && (*out_index < 0 || dir->fd >= 0))
			*out_index = indices[i];
	}
	return 0;
}

int lc_cgroup_usage(struct lc_cgroup *cg, struct lc_cgroup_usage *out, struct lc_error *err)
{
	int index, r = open_accounting(cg, &index, err);

	if (r < 0)
		return r;
	if (index >= 0 && cg->dirs[index].fd < 0) /* removed by somebody: an error, not zeros */
		return lc_cgroup_fail(cg, &cg->dirs[index], ENOENT, NULL, err);
	if (index >= 0) {
		LCT_CLEANUP(fd)
		int alive = lc_cgroup_open_at(cg->dirs[index].fd, "cgroup.procs", O_PATH);

		if (alive < 0)
			return lc_cgroup_fail(cg, &cg->dirs[index], alive, NULL, err);
	}
	return cg->ops->usage(cg, out, err);
}

int lc_cgroup_oom_kills(const struct lc_cgroup *cg, uint64_t *out, struct lc_error *err)
{
	int v1 = lc_cgroup_find_v1(cg, "memory"), index = v1;
	const char *file = v1 >= 0 ? "memory.oom_control" : "memory.events";
	LCT_CLEANUP(fd) int fd = -1;
	int r;

	if (v1 < 0 && lc_cgroup_has_v2(cg, "memory"))
		index = lc_cgroup_find_unified(cg);
	if (index < 0)
		return lc_fail(err, LCT_STEP_CGROUP, ENODEV, "memory");
	r = fd = lc_cgroup_open_file(cg, &cg->dirs[index], file, O_RDONLY);
	if (r >= 0)
		r = lc_cgroup_read_open_key(fd, "oom_kill", out);
	return r < 0 ? lc_cgroup_fail(cg, &cg->dirs[index], r, file, err) : 0;
}
