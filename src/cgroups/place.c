/* SPDX-License-Identifier: MIT */
/*
 * Where the directories of a container's cgroup are: chosen for a new one, as they were saved for one
 * that is there; their descriptors. Nothing is made here.
 */
#include "base/fd.h"
#include "base/parse.h"
#include "cgroups/driver.h"
#include "cgroups/systemd.h"
#include "sys/sys.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

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

static int set_owner(struct lc_cgroup *cg, const char *owner, struct lc_error *err)
{
	cg->owner = lc_arena_copy(&cg->arena, owner, strlen(owner));
	return cg->owner != NULL ? 0 : lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
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
	if (r >= 0)
		r = set_owner(cg, fallback, err);
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
	const struct lc_cgroup_saved *items, size_t count, const char *owner, struct lc_error *err)
{
	int r = 0;

	*cg = (struct lc_cgroup){.mounts = mounts, .ops = mounts->driver, .leaf_fd = -1};
	if (owner != NULL)
		r = set_owner(cg, owner, err);
	for (size_t i = 0; i < mounts->count && r >= 0; i++) {
		for (size_t j = 0; j < count; j++) {
			if (strcmp(items[j].name, mounts->items[i].name) != 0)
				continue;
			r = add_dir(cg, i, items[j].path, err);
			break;
		}
	}
	if (r < 0)
		lc_cgroup_done(cg);
	return r;
}

int lc_cgroup_init_found(struct lc_cgroup *cg, const struct lc_cgroup_mounts *mounts,
	const char *owner, struct lc_error *err)
{
	char path[PATH_MAX];
	int r;

	*cg = (struct lc_cgroup){.mounts = mounts, .ops = mounts->driver, .leaf_fd = -1};
	r = set_owner(cg, owner, err);
	for (size_t i = 0; i < mounts->count && r >= 0; i++) {
		r = lc_cgroup_search(&mounts->items[i], owner, path);
		if (r > 0)
			r = add_dir(cg, i, path, err);
		else if (r < 0)
			r = lc_fail(err, LCT_STEP_CGROUP, r, mounts->items[i].mount_point);
	}
	if (r < 0)
		lc_cgroup_done(cg);
	return r;
}

static bool has_hierarchy(const struct lc_cgroup *cg, size_t hierarchy)
{
	for (size_t i = 0; i < cg->count; i++)
		if (cg->dirs[i].hierarchy == hierarchy)
			return true;
	return false;
}

int lc_cgroup_is_lost(
	const struct lc_cgroup *cg, const char *owner, bool *out, struct lc_error *err)
{
	char path[PATH_MAX];
	int r = 0;

	for (size_t i = 0; i < cg->mounts->count && r == 0; i++) {
		if (has_hierarchy(cg, i))
			continue;
		r = lc_cgroup_search(&cg->mounts->items[i], owner, path);
		if (r < 0)
			(void) lc_fail(err, LCT_STEP_CGROUP, r, cg->mounts->items[i].mount_point);
	}
	*out = r > 0;
	return r < 0 ? r : 0;
}

/* Is the nearest directory above that is there one in which we may make others? */
static bool may_make_at(const struct lc_cgroup_hierarchy *where, const char *path)
{
	char above[PATH_MAX * 2];
	size_t root = strlen(where->mount_point), length;
	long r = -ENOENT;

	(void) snprintf(above, sizeof(above), "%s/%s", where->mount_point, path);
	length = strlen(above);
	while (r == -ENOENT && length > root) {
		length = lc_cgroup_parent_length(above, length);
		above[length] = '\0';
		r = lc_sys_faccessat2(AT_FDCWD, above, W_OK | X_OK, AT_EACCESS);
	}
	return r >= 0;
}

bool lc_cgroup_may_make(const struct lc_cgroup *cg)
{
	for (size_t i = 0; i < cg->count; i++)
		if (!may_make_at(lc_cgroup_where(cg, &cg->dirs[i]), cg->dirs[i].path))
			return false;
	return true;
}

int lc_cgroup_exists(struct lc_cgroup *cg, bool *out_any, bool *out_all, struct lc_error *err)
{
	int r = lc_cgroup_open(cg, err);

	*out_any = false;
	*out_all = true;
	for (size_t i = 0; i < cg->count; i++) {
		*out_any = *out_any || cg->dirs[i].fd >= 0;
		*out_all = *out_all && cg->dirs[i].fd >= 0;
	}
	lc_cgroup_rest(cg);
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
