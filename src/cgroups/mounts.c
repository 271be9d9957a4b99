/* SPDX-License-Identifier: MIT */
/*
 * Which cgroup hierarchies are mounted where, and where in them the calling process is: from
 * /proc/self/mountinfo and /proc/self/cgroup. What is read is text of the kernel about paths that
 * others choose, so blanks are escaped in it, a mount may show only a part of its hierarchy or be
 * covered by another, and the process may be outside of what it can see.
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/parse.h"
#include "cgroups/driver.h"
#include "cgroups/systemd.h"
#include "sys/sys.h"

#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#define PROC_LIMIT (16u << 20)

const char *lc_cgroup_strip_root(const char *root, const char *own)
{
	size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
	size_t own_length;
	const char *deleted = " (deleted)"; /* of a v2 cgroup that is removed and still has us */

	if (strncmp(own, root, length) != 0)
		return NULL;
	own += length;
	if (*own == '\0')
		return "/";
	if (*own != '/' || (own[1] != '\0' && !lc_cgroup_path_is_plain(own + 1)))
		return NULL;
	own_length = strlen(own);
	if (own_length >= strlen(deleted) &&
		strcmp(own + own_length - strlen(deleted), deleted) == 0)
		return NULL;
	return own;
}

int lc_cgroup_next_line(char **cursor, char **out_controllers, char **out_path)
{
	char *line = *cursor, *end, *controllers, *path;

	if (*line == '\0')
		return 0;
	end = line + strcspn(line, "\n");
	*cursor = *end != '\0' ? end + 1 : end;
	*end = '\0';
	controllers = strchr(line, ':');
	path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
	if (path == NULL || path[1] != '/')
		return -EINVAL;
	*path++ = '\0';
	*out_controllers = controllers + 1;
	*out_path = path;
	return 1;
}

/* Are all controllers of a line of /proc/self/cgroup among the options of this mount? */
static bool has_all(const char *options, const char *controllers)
{
	while (*controllers != '\0') {
		char word[64];
		size_t length = strcspn(controllers, ",");

		if (length >= sizeof(word))
			return false;
		memcpy(word, controllers, length);
		word[length] = '\0';
		if (!lc_parse_list_has(options, word))
			return false;
		controllers += length + (controllers[length] == ',');
	}
	return true;
}

/* Not there for us, as opposed to a failure to look: whoever overlooks a hierarchy for want of a
 * descriptor leaves directories in it behind. [L12] */
static bool is_out_of_reach(long r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -EACCES;
}

/* A descriptor of the mount point if it really shows this kind of cgroup: -ENOENT when another mount
 * lies over it, or when it is out of reach. */
static int open_mount(const char *mount_point, bool is_unified)
{
	LCT_CLEANUP(fd) int fd = lc_fd_above_stdio((int) lc_sys_openat(
		AT_FDCWD, mount_point, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, 0));
	struct statfs info;
	long r;

	if (fd < 0)
		return is_out_of_reach(fd) ? -ENOENT : fd;
	r = lc_sys_fstatfs(fd, &info);
	if (r < 0)
		return (int) r;
	if ((unsigned long) info.f_type != (is_unified ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC))
		return -ENOENT;
	return lc_take_fd(&fd);
}

struct candidate {
	const char *mount_point, *own;
	int fd;
	int rank; /* 3 shows the whole hierarchy, 2 a part with the caller in it, 1 another part */
};

/* The best of the mounts that show the hierarchy of one line; its descriptor is -1 for none. */
static int find_mount(const struct lc_mountinfo *mounts, size_t count, const char *controllers,
	const char *path, struct candidate *best)
{
	bool is_unified = *controllers == '\0';

	for (size_t i = 0; i < count; i++) {
		const struct lc_mountinfo *mount = &mounts[i];
		const char *own = lc_cgroup_strip_root(mount->root, path);
		int rank = own == NULL ? 1 : strcmp(mount->root, "/") == 0 ? 3 : 2;
		int fd;

		if (strcmp(mount->fs_type, is_unified ? "cgroup2" : "cgroup") != 0 ||
			rank <= best->rank)
			continue;
		if (!is_unified && !has_all(mount->super_options, controllers))
			continue;
		fd = open_mount(mount->mount_point, is_unified);
		if (fd == -ENOENT)
			continue;
		lc_fd_close(&best->fd);
		if (fd < 0)
			return fd;
		*best = (struct candidate){mount->mount_point, own != NULL ? own : "/", fd, rank};
	}
	return 0;
}

static char *copy(struct lc_arena *arena, const char *text)
{
	return lc_arena_copy(arena, text, strlen(text));
}

/* cgroup.controllers of the mount, with commas; empty when that is out of reach. */
static int unified_controllers(struct lc_arena *arena, int mount_fd, char **out)
{
	char text[LCT_CGROUP_VALUE_MAX];
	long r = lc_cgroup_read(mount_fd, "cgroup.controllers", text, sizeof(text));

	if (r < 0 && !is_out_of_reach(r))
		return (int) r;
	if (r < 0)
		text[0] = '\0';
	for (char *c = text; *c != '\0'; c++)
		if (*c == ' ')
			*c = ',';
	*out = copy(arena, text);
	return 0;
}

static int add_hierarchy(
	struct lc_cgroup_mounts *out, const char *controllers, struct candidate *found)
{
	struct lc_cgroup_hierarchy *item = &out->items[out->count++];
	const char *named = strncmp(controllers, "name=", 5) == 0 ? controllers + 5 : controllers;

	int r = 0;

	item->mount_fd = found->fd;
	found->fd = -1;
	item->is_unified = *controllers == '\0';
	item->name = copy(&out->arena, item->is_unified ? "unified" : named);
	if (item->is_unified)
		r = unified_controllers(&out->arena, item->mount_fd, &item->controllers);
	else
		item->controllers = copy(&out->arena, controllers);
	item->mount_point = copy(&out->arena, found->mount_point);
	item->own = copy(&out->arena, found->own);
	if (r < 0)
		return r;
	if (item->name == NULL || item->controllers == NULL || item->mount_point == NULL ||
		item->own == NULL)
		return -ENOMEM;
	return 0;
}

/* The lines of cgroup file systems; their strings stay in `text`, which is cut. */
static int read_mounts(char *text, struct lc_arena *arena, struct lc_mountinfo **out, size_t *count)
{
	size_t lines = 1;
	char *cursor = text;
	struct lc_mountinfo mount;
	int r;

	for (const char *c = text; *c != '\0'; c++)
		lines += *c == '\n';
	*out = lc_arena_array(arena, lines, sizeof(**out));
	if (*out == NULL)
		return -ENOMEM;
	*count = 0;
	while ((r = lc_parse_mountinfo(&cursor, &mount)) > 0)
		if (strncmp(mount.fs_type, "cgroup", 6) == 0)
			(*out)[(*count)++] = mount;
	return r;
}

static int collect(struct lc_cgroup_mounts *out, char *groups, const struct lc_mountinfo *mounts,
	size_t count, struct lc_error *err)
{
	char *controllers, *path;
	int r;

	while ((r = lc_cgroup_next_line(&groups, &controllers, &path)) > 0) {
		struct candidate found = {NULL, NULL, -1, 0};

		if (out->count == LCT_CGROUP_HIERARCHIES_MAX)
			return lc_fail(err, LCT_STEP_CGROUP, E2BIG, "/proc/self/cgroup");
		r = find_mount(mounts, count, controllers, path, &found);
		if (r >= 0 && found.fd < 0)
			continue;
		if (r >= 0)
			r = add_hierarchy(out, controllers, &found);
		if (r < 0)
			return lc_fail(err, r == -ENOMEM ? LCT_STEP_MEMORY : LCT_STEP_CGROUP, r,
				"cgroup mounts");
	}
	return r < 0 ? lc_fail(err, LCT_STEP_CGROUP, r, "/proc/self/cgroup") : 0;
}

static void choose_driver(struct lc_cgroup_mounts *out)
{
	size_t unified = 0;

	for (size_t i = 0; i < out->count; i++)
		unified += out->items[i].is_unified;
	if (out->count == 0)
		out->driver = &lc_cgroup_none_ops;
	else if (unified == 0)
		out->driver = &lc_cgroup_v1_ops;
	else if (unified == out->count)
		out->driver = &lc_cgroup_v2_ops;
	else
		out->driver = &lc_cgroup_hybrid_ops;
	if (out->driver == &lc_cgroup_v2_ops)
		out->items[0].name[0] = '\0'; /* alone it needs no name */
}

int lc_cgroup_mounts_read(struct lc_cgroup_mounts *out, enum lc_cgroup_manager manager,
	struct lc_error *err)
{
	struct lc_arena scratch = LCT_ARENA_INIT;
	struct lc_mountinfo *mounts;
	char *text = NULL, *groups = NULL;
	size_t count;
	long r;

	*out = (struct lc_cgroup_mounts){.driver = &lc_cgroup_none_ops};
	r = lc_file_read_alloc(
		AT_FDCWD, "/proc/self/cgroup", &scratch, PROC_LIMIT, &groups, LCT_STEP_CGROUP, err);
	if (r == -ENOENT) { /* a kernel without cgroups, if it has /proc at all */
		lc_arena_done(&scratch);
		return lc_systemd_find(out, manager, err);
	}
	if (r >= 0)
		r = lc_file_read_alloc(AT_FDCWD, "/proc/self/mountinfo", &scratch, PROC_LIMIT,
			&text, LCT_STEP_CGROUP, err);
	if (r >= 0) {
		r = read_mounts(text, &scratch, &mounts, &count);
		r = r < 0 ? lc_fail(err, LCT_STEP_CGROUP, r, "/proc/self/mountinfo")
			  : collect(out, groups, mounts, count, err);
	}
	if (r >= 0)
		r = lc_cgroup_page_sizes_read(out, err);
	lc_arena_done(&scratch);
	if (r >= 0) {
		choose_driver(out);
		r = lc_systemd_find(out, manager, err);
	}
	if (r < 0)
		lc_cgroup_mounts_done(out);
	return r < 0 ? (int) r : 0;
}

void lc_cgroup_mounts_done(struct lc_cgroup_mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++)
		lc_fd_close(&mounts->items[i].mount_fd);
	lc_arena_done(&mounts->arena);
	*mounts = (struct lc_cgroup_mounts){.driver = &lc_cgroup_none_ops};
}
