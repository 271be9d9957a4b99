/* SPDX-License-Identifier: MIT */
/*
 * One container's cgroup: where its directories are, and the public calls, which go through the
 * driver's table. What is the same for every driver is here: the choice of the place, undoing a
 * create that failed, listing processes, and the waiting part of kill and destroy.
 *
 * Everything below the container's own directories is the container's, whoever moved it there: it
 * is killed and removed with it. Directories that were there before stay.
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/parse.h"
#include "cgroups/driver.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define SLICE_MS 20 /* the longest wait before looking again */

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
	const char *fallback, struct lc_error *err)
{
	const char *given = path != NULL ? path : fallback;
	const char *plain = path != NULL && *path == '/' ? path + 1 : given;
	int r = 0;

	*cg = (struct lc_cgroup){.mounts = mounts, .ops = mounts->driver};
	if (*plain == '\0' || !lc_cgroup_path_is_plain(plain) ||
		(path == NULL && strchr(fallback, '/') != NULL))
		return lc_fail(err, LCT_STEP_CGROUP, EINVAL, given);
	for (size_t i = 0; i < mounts->count && r >= 0; i++) {
		char *where = place(&cg->arena, &mounts->items[i], path, fallback);

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

	*cg = (struct lc_cgroup){.mounts = mounts, .ops = mounts->driver};
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
	for (size_t i = 0; i < cg->count; i++)
		lc_fd_close(&cg->dirs[i].fd);
}

void lc_cgroup_done(struct lc_cgroup *cg)
{
	lc_cgroup_rest(cg);
	lc_arena_done(&cg->arena);
	*cg = (struct lc_cgroup){.ops = &lc_cgroup_none_ops};
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
	bool is_frozen = false, populated = false;
	int index, r;

	for (size_t i = 0; i < cg->count; i++) {
		struct lc_cgroup_dir *dir = &cg->dirs[i];

		if (!dir->was_there || dir->fd < 0)
			continue;
		r = lc_cgroup_populated(dir->fd, &populated);
		if (r < 0 || populated)
			return lc_cgroup_fail(cg, dir, r < 0 ? r : EBUSY, NULL, err);
	}
	r = cg->ops->frozen(cg, &is_frozen, err);
	if (r < 0 || !is_frozen)
		return r;
	r = lc_cgroup_v2_ops.frozen(cg, &is_frozen, err);
	index = r >= 0 && is_frozen ? lc_cgroup_find_unified(cg) : lc_cgroup_find_v1(cg, "freezer");
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
		r = dir->was_there ? 0 : count_missing(cg, dir);
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
	if (r >= 0)
		r = cg->ops->create(cg, err);
	if (r >= 0)
		r = refuse_used(cg, err);
	if (r >= 0)
		r = apply(cg, resources, NULL, err);
	if (r < 0)
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
	return r < 0 ? r : apply(cg, resources, change, err);
}

int lc_cgroup_join_fds(const struct lc_cgroup *cg, int *out_unified, int *fds, size_t room,
	size_t *out_count, struct lc_error *err)
{
	size_t count = 0;
	int unified = -1, r = 0;

	for (size_t i = 0; i < cg->count && r >= 0; i++) {
		const struct lc_cgroup_dir *dir = &cg->dirs[i];

		if (dir->fd < 0) {
			r = lc_cgroup_fail(cg, dir, ENOENT, NULL, err);
		} else if (lc_cgroup_where(cg, dir)->is_unified) {
			unified = dir->fd;
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

/* The directory that is asked for processes first: unified, else the one with the most controllers;
 * -1 when none exists. */
static int primary(const struct lc_cgroup *cg)
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

	index = r >= 0 ? primary(cg) : -1;
	if (index < 0)
		return r;
	r = lc_cgroup_walk(cg->dirs[index].fd, list_cgroup, &listing);
	return r < 0 ? lc_cgroup_fail(cg, &cg->dirs[index], r, "cgroup.procs", err) : 0;
}

int lc_cgroup_signal(struct lc_cgroup *cg, int signal, struct lc_error *err)
{
	int r = lc_cgroup_open(cg, err), index;

	index = r >= 0 ? primary(cg) : -1;
	if (index < 0)
		return r;
	r = lc_cgroup_signal_tree(cg->dirs[index].fd, signal);
	return r < 0 ? lc_cgroup_fail(cg, &cg->dirs[index], r, "cgroup.procs", err) : 0;
}

int lc_cgroup_usage(struct lc_cgroup *cg, struct lc_cgroup_usage *out, struct lc_error *err)
{
	int r = lc_cgroup_open(cg, err), index;

	if (r < 0)
		return r;
	index = primary(cg);
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

int lc_cgroup_frozen(struct lc_cgroup *cg, bool *out, struct lc_error *err)
{
	int r = lc_cgroup_open(cg, err);

	return r < 0 ? r : cg->ops->frozen(cg, out, err);
}

/* --- the end --- */

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

/* Sleep until the unified cgroup is empty, or for `ms`. The file is read before the wait: that arms
 * it, so a change between the two is seen. */
static void wait_for_change(const struct lc_cgroup *cg, int64_t ms)
{
	int index = lc_cgroup_find_unified(cg);
	LCT_CLEANUP(fd)
	int fd = index >= 0 && cg->dirs[index].fd >= 0
			 ? lc_cgroup_open_at(cg->dirs[index].fd, "cgroup.events", O_RDONLY)
			 : -1;
	struct timespec slice = {0, SLICE_MS * 1000000};
	struct pollfd wait = {.fd = fd, .events = POLLPRI};
	char text[LCT_CGROUP_VALUE_MAX];
	uint64_t populated = 0;
	long length = fd >= 0 ? lc_sys_read(fd, text, sizeof(text) - 1) : -1;

	text[length > 0 ? length : 0] = '\0';
	if (lc_parse_key_u64(text, "populated", &populated) >= 0 && populated != 0)
		(void) lc_sys_poll(&wait, 1, &slice);
	else
		lc_cgroup_sleep_ms(ms);
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

struct patience {
	int64_t deadline;
	int64_t pause; /* of the next sleep, in ms */
};

/* False when the time is over. */
static bool wait_once(const struct lc_cgroup *cg, struct patience *patience)
{
	int64_t left = patience->deadline - lc_cgroup_now_ms();

	if (left <= 0)
		return false;
	wait_for_change(cg, patience->pause < left ? patience->pause : left);
	patience->pause = patience->pause * 2 < SLICE_MS ? patience->pause * 2 : SLICE_MS;
	return true;
}

int lc_cgroup_kill(struct lc_cgroup *cg, int timeout_ms, struct lc_error *err)
{
	struct patience patience = {lc_cgroup_now_ms() + timeout_ms, 1};
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
		if (r >= 0 && !wait_once(cg, &patience))
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

int lc_cgroup_destroy(struct lc_cgroup *cg, int timeout_ms, struct lc_error *err)
{
	struct patience patience = {lc_cgroup_now_ms() + timeout_ms, 1};
	bool is_held = false; /* by processes that the primary directory does not show */
	int r = lc_cgroup_open(cg, err);

	while (r >= 0) {
		int index = primary(cg);
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
		if (r >= 0 && !wait_once(cg, &patience))
			return fail_held(cg, err);
	}
	return r;
}
