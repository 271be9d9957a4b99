/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/cgroup, the part of a hierarchy that a mount shows, and where a container's directories are
 * put: below the mount, and never at the caller's own cgroup or above it.
 *
 * Input, lines: the wanted path, the root of the mounts, then lines of /proc/PID/cgroup.
 */
#include "cgroups/driver.h"
#include "fuzz.h"

#include <errno.h>

#define OWNER "libcontainer-1a2b3c4d-web-1"

/* Component by component, and nothing that is no name. */
static bool is_below_mount(const char *path)
{
	if (*path == '/' || *path == '\0')
		return false;
	while (true) {
		size_t length = strcspn(path, "/");

		if (length == 0 || (length == 1 && *path == '.') ||
			(length == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		if (path[length] == '\0')
			return true;
		path += length + 1;
	}
}

/* Is the caller, who is in "/a/b", in the directory "a" or below it? */
static bool holds(const char *path, const char *own)
{
	size_t length = strlen(path);

	return strlen(own + 1) >= length && memcmp(own + 1, path, length) == 0 &&
	       (own[1 + length] == '/' || own[1 + length] == '\0');
}

static void check_dirs(const struct lc_cgroup *cg, const struct lc_cgroup_mounts *mounts)
{
	for (size_t i = 0; i < cg->count; i++) {
		const struct lc_cgroup_dir *dir = &cg->dirs[i];

		MUST(dir->hierarchy < mounts->count && dir->fd == -1);
		MUST(is_below_mount(dir->path));
		MUST(!holds(dir->path, mounts->items[dir->hierarchy].own));
	}
}

static void check_place(const struct lc_cgroup_mounts *mounts, const char *path)
{
	struct lc_cgroup cg;
	struct lc_error err = {.errnum = 0};
	int r = lc_cgroup_init(&cg, mounts, path, OWNER, LCT_MANAGER_FS, &err);

	MUST(r == 0 || r == -EINVAL || r == -EBUSY || r == -ENAMETOOLONG);
	MUST(r == 0 ? cg.count == mounts->count : cg.count == 0 && err.errnum == -r);
	check_dirs(&cg, mounts);
	lc_cgroup_done(&cg);
}

static void check_saved(const struct lc_cgroup_mounts *mounts, const char *path)
{
	struct lc_cgroup_saved saved[LCT_CGROUP_HIERARCHIES_MAX];
	struct lc_cgroup cg;
	struct lc_error err;

	for (size_t i = 0; i < mounts->count; i++)
		saved[i] = (struct lc_cgroup_saved){mounts->items[i].name, path};
	if (lc_cgroup_init_saved(&cg, mounts, saved, mounts->count, OWNER, &err) == 0)
		MUST(mounts->count == 0 || (cg.count > 0 && strcmp(cg.dirs[0].path, path) == 0));
	check_dirs(&cg, mounts);
	lc_cgroup_done(&cg);
}

/* What a mount of that root shows of the caller: the rest of his path, or nothing. */
static void check_own(const char *root, const char *path, const char *own)
{
	size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (own == NULL)
		return;
	MUST(*own == '/' && (own[1] == '\0' || is_below_mount(own + 1)));
	MUST(strncmp(path, root, length) == 0);
	MUST(strcmp(path + length, own) == 0 || (path[length] == '\0' && own[1] == '\0'));
}

static void check_names(const char *path)
{
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_cgroup_scope scope = {.unit = NULL};
	struct lc_error err;
	int r = lc_cgroup_scope_names(path, OWNER, false, &arena, &scope, &err);

	MUST(r == 0 || r == -EINVAL || r == -ENAMETOOLONG);
	if (r == 0) {
		MUST(strchr(scope.unit, '/') == NULL && scope.unit[0] != '.' && scope.unit[0] != '-');
		MUST(strlen(scope.unit) <= 255 && strlen(scope.unit) > strlen(".scope"));
		MUST(strcmp(scope.unit + strlen(scope.unit) - strlen(".scope"), ".scope") == 0);
		MUST(strchr(scope.slice, '/') == NULL && scope.slice[0] != '.');
	} else {
		MUST(scope.unit == NULL);
	}
	lc_arena_done(&arena);
}

void fuzz_places(const uint8_t *data, size_t size)
{
	struct fuzz_input in = fuzz_input(data, size);
	char *wanted = fuzz_text(&in, '\n'), *root = fuzz_text(&in, '\n');
	char *lines = fuzz_text(&in, '\0'), *cursor = lines, *controllers, *path;
	struct lc_cgroup_mounts mounts = {.driver = &lc_cgroup_hybrid_ops};
	int r = 1;

	while (r != 0) {
		char *line = cursor;

		r = lc_cgroup_next_line(&cursor, &controllers, &path);
		MUST(r == 1 || r == 0 || r == -EINVAL);
		MUST(r == 0 ? *line == '\0' : cursor > line);
		if (r <= 0)
			continue;
		MUST(*path == '/' && path > controllers && strchr(controllers, ':') == NULL);
		{
			const char *own = lc_cgroup_strip_root(root, path);

			check_own(root, path, own);
			if (mounts.count < LCT_CGROUP_HIERARCHIES_MAX)
				mounts.items[mounts.count++] = (struct lc_cgroup_hierarchy){
					.name = controllers,
					.controllers = controllers,
					.mount_point = (char *) "/nowhere",
					.own = (char *) (own != NULL ? own : "/"),
					.mount_fd = -1,
					.is_unified = *controllers == '\0'};
		}
	}
	check_place(&mounts, wanted);
	check_place(&mounts, NULL);
	check_saved(&mounts, wanted);
	check_names(wanted);
	free(lines);
	free(root);
	free(wanted);
}
