/* SPDX-License-Identifier: MIT */
/*
 * One container's cgroup: where its directories are, and the public calls, which go through the
 * driver's table. What is the same for every driver is here: the choice of the place, undoing a
 * create that failed, and looking at what is inside.
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/parse.h"
#include "cgroups/driver.h"
#include "cgroups/systemd.h"
#include "sys/sys.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define UNDO_MS 10000

/* --- the place --- */

/* Killing what is in it would end the caller: its own cgroup, or one above. */
static bool holds_caller(const char *own, const char *path)
{
	size_t length = strlen(path);

	own++; /* its leading slash */
	return strncmp(own, path, length) == 0 && (own[length] == '/' || own[length] == '\0');
}

static int add_dir(struct lc_cgroup *cg, size_t hierarchy, const char *path, struct lc_error *err)
{
	const struct lc_cgroup_hierarchy *where = &cg->mounts->items[hierarchy];
	struct lc_cgroup_dir *dir = &cg->dirs[cg->count];

	*dir = (struct lc_cgroup_dir){.hierarchy = hierarchy, .fd = -1};
	if (*path == '\0' || !lc_cgroup_path_is_plain(path))
		return lc_fail(err, LCT_STEP_CGROUP, EINVAL, path);
	if (strlen(path) >= PATH_MAX)
		return lc_fail(err, LCT_STEP_CGROUP, ENAMETOOLONG, path);
	dir->path = lc_arena_copy(&cg->arena, path, strlen(path));
	if (dir->path == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, path);
	if (holds_caller(where->own, path))
		return lc_cgroup_fail(cg, dir, EBUSY, NULL, err);
	cg->count++;
	return 0;
}

/* Does the unified tree have a controller that we set limits with? */
static bool is_limiting(const struct lc_cgroup_hierarchy *where)
{
	return where->is_unified && (lc_parse_list_has(where->controllers, "memory") ||
					    lc_parse_list_has(where->controllers, "pids") ||
					    lc_parse_list_has(where->controllers, "cpu") ||
					    lc_parse_list_has(where->controllers, "cpuset"));
}

static char *place(struct lc_arena *arena, const struct lc_cgroup_hierarchy *where,
	const char *path, const char *fallback)
{
	const char *own = where->own + 1;
	size_t base = strlen(own);

	if (path != NULL && *path == '/')
		return lc_arena_copy(arena, path + 1, strlen(path + 1));
	if (path == NULL && is_limiting(where))
		base = lc_cgroup_parent_length(own, base);
	return lc_arena_printf(arena, "%.*s%s%s", (int) base, own, base > 0 ? "/" : "",
		path != NULL ? path : fallback);
}

int lc_cgroup_init(struct lc_cgroup *cg, const struct lc_cgroup_mounts *mounts, const char *path,
	const char *fallback, enum lc_cgroup_manager manager, struct lc_error *err)
{
	const char *given = path != NULL ? path : fallback;
	const char *plain = path != NULL && *path == '/' ? path + 1 : given;
	char *scope = NULL;
	int r = 0;

	*cg = (struct lc_cgroup){.mounts = mounts, .ops = mounts->driver, .leaf_fd = -1};
	if (*plain == '\0' || !lc_cgroup_path_is_plain(plain) ||
		(path == NULL && strchr(fallback, '/') != NULL))
		return lc_fail(err, LCT_STEP_CGROUP, EINVAL, given);
	if (manager == LCT_MANAGER_SYSTEMD ||
		(manager == LCT_MANAGER_AUTO && mounts->has_systemd))
		r = lc_systemd_place(cg, path, fallback, &scope, err);
	for (size_t i = 0; i < mounts->count && r >= 0; i++) {
		char *where = scope != NULL
				      ? scope
				      : place(&cg->arena, &mounts->items[i], path, fallback);

		r = where != NULL ? add_dir(cg, i, where, err)
				  : lc_fail(err, LCT_STEP_MEMORY, ENOMEM, given);
	}
	if (r < 0)
		lc_cgroup_done(cg);
	return r;
}

int lc_cgroup_init_saved(struct lc_cgroup *cg, const struct lc_cgroup_mounts *mounts,
	const struct lc_cgroup_saved *items, size_t count, struct lc_error *err)
{
	int r = 0;

	*cg = (struct lc_cgroup){.mounts = mounts, .ops = mounts->driver, .leaf_fd = -1};
	for (size_t i = 0; i < mounts->count && r >= 0; i++) {
		for (size_t j = 0; j < count; j++) {
			if (strcmp(items[j].name, mounts->items[i].name) != 0)
				continue;
			r = add_dir(cg, i, items[j].path, err);
			if (r >= 0) {
				cg->dirs[cg->count - 1].was_there = items[j].was_there;
				cg->dirs[cg->count - 1].made_above = items[j].made_above;
			}
			break;
		}
	}
	if (r < 0)
		lc_cgroup_done(cg);
	return r;
}

void lc_cgroup_rest(struct lc_cgroup *cg)
{
	lc_fd_close(&cg->leaf_fd);
	for (size_t i = 0; i < cg->count; i++)
		lc_fd_close(&cg->dirs[i].fd);
}

void lc_cgroup_done(struct lc_cgroup *cg)
{
	lc_cgroup_rest(cg);
	lc_arena_done(&cg->arena);
	*cg = (struct lc_cgroup){.ops = &lc_cgroup_none_ops, .leaf_fd = -1};
}

int lc_cgroup_open(struct lc_cgroup *cg, struct lc_error *err)
{
	for (size_t i = 0; i < cg->count; i++) {
		int r = lc_cgroup_dir_open(cg, &cg->dirs[i]);

		if (r < 0)
			return lc_cgroup_fail(cg, &cg->dirs[i], r, NULL, err);
	}
	return 0;
}

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

/* How many of a missing directory's parents are missing too. */
static int count_missing(const struct lc_cgroup *cg, struct lc_cgroup_dir *dir)
{
	size_t length = lc_cgroup_parent_length(dir->path, strlen(dir->path));

	dir->made_above = 0;
	while (length > 0) {
		LCT_CLEANUP(fd) int fd = lc_cgroup_open_prefix(cg, dir, length, O_PATH);

		if (fd >= 0)
			return 0;
		if (fd != -ENOENT)
			return fd;
		dir->made_above++;
		length = lc_cgroup_parent_length(dir->path, length);
	}
	return 0;
}

int lc_cgroup_probe(struct lc_cgroup *cg, struct lc_error *err)
{
	int r = lc_cgroup_open(cg, err);

	for (size_t i = 0; i < cg->count && r >= 0; i++) {
		struct lc_cgroup_dir *dir = &cg->dirs[i];

		dir->was_there = dir->fd >= 0;
		if (cg->scope.unit != NULL && lc_systemd_owns(lc_cgroup_where(cg, dir)))
			dir->made_above = 0; /* the scope and its slices are systemd's */
		else if (!dir->was_there)
			r = count_missing(cg, dir);
		if (r < 0)
			r = lc_cgroup_fail(cg, dir, r, NULL, err);
	}
	if (r >= 0)
		r = refuse_used(cg, err);
	lc_cgroup_rest(cg);
	return r;
}

/* Only what has an open descriptor was made by this create; the others were never touched. */
static void undo_create(struct lc_cgroup *cg)
{
	for (size_t i = 0; i < cg->count; i++) {
		struct lc_cgroup_dir *dir = &cg->dirs[i];

		if (!dir->was_there)
			(void) lc_cgroup_dir_remove(cg, dir);
		lc_fd_close(&dir->fd);
	}
	if (cg->scope.unit != NULL)
		(void) lc_systemd_stop(cg, UNDO_MS, NULL);
	cg->count = 0;
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

int lc_cgroup_create(
	struct lc_cgroup *cg, const struct lc_resources *resources, struct lc_error *err)
{
	int r = lc_cgroup_check(cg, resources, err);

	lc_cgroup_rest(cg);
	for (size_t i = 0; i < cg->count; i++) {
		cg->dirs[i].was_there = false;
		cg->dirs[i].made_above = 0;
	}
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

	if (is_joinable(dir->fd))
		return dir->fd;
	r = lc_sys_mkdirat(dir->fd, LCT_CGROUP_LEAF, 0755);
	if (r < 0 && r != -EEXIST)
		return lc_cgroup_fail(cg, dir, r, LCT_CGROUP_LEAF, err);
	lc_fd_close(&cg->leaf_fd);
	cg->leaf_fd = lc_cgroup_open_at(dir->fd, LCT_CGROUP_LEAF, O_RDONLY | O_DIRECTORY);
	return cg->leaf_fd < 0 ? lc_cgroup_fail(cg, dir, cg->leaf_fd, LCT_CGROUP_LEAF, err) : cg->leaf_fd;
}

int lc_cgroup_join_fds(struct lc_cgroup *cg, int *out_unified, int *fds, size_t room,
	size_t *out_count, struct lc_error *err)
{
	size_t count = 0;
	int unified = -1, r = 0;

	for (size_t i = 0; i < cg->count && r >= 0; i++) {
		const struct lc_cgroup_dir *dir = &cg->dirs[i];

		if (dir->fd < 0) {
			r = lc_cgroup_fail(cg, dir, ENOENT, NULL, err);
		} else if (lc_cgroup_where(cg, dir)->is_unified) {
			unified = r = open_joinable(cg, dir, err);
		} else if (count == room) {
			r = lc_cgroup_fail(cg, dir, E2BIG, "cgroup.procs", err);
		} else {
			r = lc_cgroup_open_at(dir->fd, "cgroup.procs", O_WRONLY);
			if (r >= 0)
				fds[count++] = r;
			else
				r = lc_cgroup_fail(cg, dir, r, "cgroup.procs", err);
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

int lc_cgroup_pids(struct lc_cgroup *cg, int (*visit)(void *context, pid_t pid), void *context,
	struct lc_error *err)
{
	struct listing listing = {visit, context};
	int r = lc_cgroup_open(cg, err), index;

	index = r >= 0 ? lc_cgroup_primary(cg) : -1;
	if (index < 0)
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

int lc_cgroup_usage(struct lc_cgroup *cg, struct lc_cgroup_usage *out, struct lc_error *err)
{
	int r = lc_cgroup_open(cg, err), index;

	if (r < 0)
		return r;
	index = lc_cgroup_primary(cg);
	if (index < 0 && cg->count > 0) /* removed by somebody: an error, not zeros */
		return lc_cgroup_fail(cg, &cg->dirs[0], ENOENT, NULL, err);
	if (index >= 0) {
		LCT_CLEANUP(fd)
		int alive = lc_cgroup_open_at(cg->dirs[index].fd, "cgroup.procs", O_PATH);

		if (alive < 0)
			return lc_cgroup_fail(cg, &cg->dirs[index], alive, NULL, err);
	}
	return cg->ops->usage(cg, out, err);
}
