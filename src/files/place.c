/* SPDX-License-Identifier: MIT */
#include "files/place.h"

#include "base/fd.h"
#include "base/file.h"
#include "sys/sys.h"

#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

/* Directory and last name: "/a/b/" is "/a/" and "b". */
static int split(const char *path, char parent[PATH_MAX], char name[NAME_MAX + 1])
{
	size_t end = strlen(path), from;

	while (end > 0 && path[end - 1] == '/')
		end--;
	from = end;
	while (from > 0 && path[from - 1] != '/')
		from--;
	if (from >= PATH_MAX - 1 || end - from > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, path + from, end - from);
	name[end - from] = '\0';
	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -EINVAL;
	memcpy(parent, path, from);
	parent[from] = '\0';
	if (from == 0)
		memcpy(parent, ".", 2);
	return 0;
}

int lc_place_open(struct lc_place *place, const struct lc_files *files, const char *path, struct lc_error *err)
{
	char parent[PATH_MAX];
	long r = split(path, parent, place->name);

	if (r >= 0)
		r = lc_maker_of(files, &place->maker);
	if (r >= 0)
		r = lc_sys_openat2(files->root, parent, O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
			files->resolve);
	if (r >= 0)
		place->parent = lc_fd_above_stdio((int) r);
	return r < 0 || place->parent < 0 ? lc_fail(err, LCT_STEP_FILE, r < 0 ? r : place->parent, path) : 0;
}

long lc_place_look(const struct lc_place *place, struct statx *out)
{
	return lc_sys_statx(place->parent, place->name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
		STATX_BASIC_STATS, out);
}

/* In these a directory is something else. */
static long refuse_kernel_files(int directory)
{
	struct statfs seen;
	long r = lc_sys_fstatfs(directory, &seen);

	if (r >= 0 && (seen.f_type == PROC_SUPER_MAGIC || seen.f_type == SYSFS_MAGIC ||
			      seen.f_type == CGROUP_SUPER_MAGIC || seen.f_type == CGROUP2_SUPER_MAGIC))
		return -EPERM;
	return r;
}

int lc_place_make_workshop(struct lc_place *place, struct lc_error *err)
{
	uint64_t random = 0;
	long r = refuse_kernel_files(place->parent);

	if (r >= 0)
		r = lc_sys_getrandom(&random, sizeof(random), 0);
	(void) snprintf(place->workshop_name, sizeof(place->workshop_name), ".libcontainer-%016llx",
		(unsigned long long) random);
	if (r >= 0)
		r = lc_maker_mkdir(&place->maker, place->parent, place->workshop_name);
	if (r < 0) {
		place->workshop_name[0] = '\0';
		return lc_fail(err, LCT_STEP_FILE, r, place->name);
	}
	place->workshop = lc_fd_above_stdio((int) lc_sys_openat(place->parent, place->workshop_name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0));
	return place->workshop < 0 ? lc_fail(err, LCT_STEP_FILE, place->workshop, place->name) : 0;
}

static bool is_directory(int parent, const char *name)
{
	struct statx seen;

	return lc_sys_statx(parent, name, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &seen) >= 0 &&
	       S_ISDIR(seen.stx_mode);
}

/* A directory takes the place of an empty one alone, so they change places. An overlayfs cannot move what
 * has come from below: then the old one goes first. */
static long replace_directory(struct lc_place *place, struct lc_error *err)
{
	long r = lc_maker_rename(&place->maker, place->workshop, LCT_PLACE_MADE, place->parent, place->name, RENAME_EXCHANGE);

	if (r != -EXDEV && r != -EINVAL)
		return r;
	r = lc_dir_remove(place->parent, place->name, LCT_STEP_FILE, err);
	return r < 0 ? r : lc_maker_rename(&place->maker, place->workshop, LCT_PLACE_MADE, place->parent, place->name,
				   RENAME_NOREPLACE);
}

static int clear(struct lc_place *place, struct lc_error *err)
{
	int r = 0;

	if (place->workshop_name[0] != '\0' &&
		lc_sys_unlinkat(place->parent, place->workshop_name, AT_REMOVEDIR) < 0)
		r = lc_dir_remove(place->parent, place->workshop_name, LCT_STEP_FILE, err);
	if (r >= 0)
		place->workshop_name[0] = '\0';
	return r;
}

int lc_place_finish(struct lc_place *place, bool replaces, struct lc_error *err)
{
	long r;

	if (replaces && is_directory(place->workshop, LCT_PLACE_MADE) &&
		is_directory(place->parent, place->name))
		r = replace_directory(place, err);
	else
		r = lc_maker_rename(&place->maker, place->workshop, LCT_PLACE_MADE, place->parent, place->name,
			replaces ? 0 : RENAME_NOREPLACE);
	if (r < 0)
		return lc_fail(err, LCT_STEP_FILE, r, place->name);
	return clear(place, err);
}

void lc_place_done(struct lc_place *place)
{
	(void) clear(place, NULL);
	lc_fd_close(&place->workshop);
	lc_fd_close(&place->parent);
}
