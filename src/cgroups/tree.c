/* SPDX-License-Identifier: MIT */
/*
 * Cgroup directories as a tree: make, find, remove. Knows no controller and no driver. Everything is
 * resolved below a descriptor, without links (files.c), and no name with ".." comes from outside
 * (place.c refuses it).
 *
 * A cgroup may vanish at any time (ENOENT by name, ENODEV by descriptor): for whoever removes, that
 * is the same as done.
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/parse.h"
#include "cgroups/driver.h"
#include "sys/sys.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define MAKE_TRIES 8

static bool is_held(long result)
{
	return result == -EBUSY || result == -ENOTEMPTY;
}

const struct lc_cgroup_hierarchy *lc_cgroup_where(
	const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir)
{
	return &cg->mounts->items[dir->hierarchy];
}

int lc_cgroup_find_v1(const struct lc_cgroup *cg, const char *controller)
{
	for (size_t i = 0; i < cg->count; i++) {
		const struct lc_cgroup_hierarchy *where = lc_cgroup_where(cg, &cg->dirs[i]);

		if (!where->is_unified && lc_parse_list_has(where->controllers, controller))
			return (int) i;
	}
	return -1;
}

int lc_cgroup_find_unified(const struct lc_cgroup *cg)
{
	for (size_t i = 0; i < cg->count; i++)
		if (lc_cgroup_where(cg, &cg->dirs[i])->is_unified)
			return (int) i;
	return -1;
}

int lc_cgroup_fail(const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir, long errnum,
	const char *file, struct lc_error *err)
{
	char subject[2 * LCT_SUBJECT_MAX];
	const char *path = dir->path;
	size_t length = strlen(path);

	if (length > LCT_SUBJECT_MAX) /* lc_fail keeps the tail, snprintf would keep the head */
		path += length - LCT_SUBJECT_MAX;
	(void) snprintf(subject, sizeof(subject), "%.120s/%s%s%.100s",
		lc_cgroup_where(cg, dir)->mount_point, path, file != NULL ? "/" : "",
		file != NULL ? file : "");
	return lc_fail(err, LCT_STEP_CGROUP, errnum, subject);
}

/* --- directories --- */

bool lc_cgroup_path_is_plain(const char *path)
{
	while (*path != '\0') {
		size_t length = strcspn(path, "/");

		if (length == 0 || length > NAME_MAX || memchr(path, '\n', length) != NULL)
			return false;
		if (path[0] == '.' && (length == 1 || (length == 2 && path[1] == '.')))
			return false;
		path += length;
		if (*path == '/' && *++path == '\0')
			return false;
	}
	return true;
}

size_t lc_cgroup_parent_length(const char *path, size_t length)
{
	while (length > 0 && path[length - 1] != '/')
		length--;
	return length > 0 ? length - 1 : 0;
}

int lc_cgroup_open_prefix(
	const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir, size_t length, unsigned flags)
{
	char prefix[PATH_MAX];

	if (length >= sizeof(prefix))
		return -ENAMETOOLONG;
	memcpy(prefix, dir->path, length);
	prefix[length] = '\0';
	return lc_cgroup_open_at(lc_cgroup_where(cg, dir)->mount_fd, prefix, flags);
}

/* Whose mark must be on the directory; NULL: its name says whose it is. */
static const char *mark_of(const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir)
{
	const char *name = strrchr(dir->path, '/');

	name = name != NULL ? name + 1 : dir->path;
	return cg->owner != NULL && strcmp(name, cg->owner) != 0 ? cg->owner : NULL;
}

int lc_cgroup_dir_open(const struct lc_cgroup *cg, struct lc_cgroup_dir *dir)
{
	const char *owner = mark_of(cg, dir);
	LCT_CLEANUP(fd) int fd = -1;
	struct lc_cgroup_mark mark;
	int r;

	if (dir->fd >= 0)
		return 0;
	fd = lc_cgroup_open_prefix(cg, dir, strlen(dir->path), O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return lc_cgroup_is_gone(fd) ? 0 : fd;
	if (owner != NULL) {
		r = lc_cgroup_mark_read(fd, owner, &mark);
		if (r < 0 || !mark.is_ours)
			return lc_cgroup_is_gone(r) ? 0 : r;
		dir->was_there = mark.kind == LCT_MARK_USED;
	}
	dir->fd = lc_take_fd(&fd);
	return 0;
}

int lc_cgroup_open_file(const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir,
	const char *name, unsigned flags)
{
	struct lc_cgroup_dir proved = *dir;
	char path[PATH_MAX];
	int length, r;

	if (dir->fd >= 0)
		return lc_cgroup_open_at(dir->fd, name, flags);
	if (mark_of(cg, dir) != NULL) {
		r = lc_cgroup_dir_open(cg, &proved);
		if (r >= 0)
			r = proved.fd < 0 ? -ENOENT : lc_cgroup_open_at(proved.fd, name, flags);
		lc_fd_close(&proved.fd);
		return r;
	}
	length = snprintf(path, sizeof(path), "%s/%s", dir->path, name);
	if (length < 0 || (size_t) length >= sizeof(path))
		return -ENAMETOOLONG;
	return lc_cgroup_open_at(lc_cgroup_where(cg, dir)->mount_fd, path, flags);
}

int lc_cgroup_dir_look(const struct lc_cgroup *cg, struct lc_cgroup_dir *dir)
{
	const char *owner = mark_of(cg, dir);
	LCT_CLEANUP(fd) int fd = -1;
	struct lc_cgroup_mark mark;
	int r = 0;

	dir->was_there = false;
	fd = lc_cgroup_open_prefix(cg, dir, strlen(dir->path), O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return lc_cgroup_is_gone(fd) ? 0 : fd;
	if (owner != NULL)
		r = lc_cgroup_mark_read(fd, owner, &mark);
	if (r >= 0 && owner != NULL && mark.kind != LCT_MARK_NONE && !mark.is_ours)
		r = -EBUSY;
	if (r < 0)
		return r;
	dir->was_there = true;
	dir->fd = lc_take_fd(&fd);
	return 0;
}

int lc_cgroup_dir_claim(const struct lc_cgroup *cg, struct lc_cgroup_dir *dir)
{
	const char *owner = mark_of(cg, dir);
	bool is_made = true; /* a name of ours is what a crash has left */
	int r = owner != NULL ? lc_cgroup_mark_claim(dir->fd, owner, &is_made) : 0;

	if (r >= 0)
		dir->was_there = !is_made;
	return r;
}

/*
 * Make and open one directory below `parent`, and mark it as `kind` of the owner, NULL for none. One
 * that cannot be opened or marked does not stay.
 */
static int make_one(int parent, const char *name, const char *owner, enum lc_cgroup_mark_kind kind,
	bool *out_made)
{
	long made = lc_sys_mkdirat(parent, name, owner != NULL ? S_ISVTX | 0755 : 0755);
	LCT_CLEANUP(fd) int child = -1;
	int r;

	if (made < 0 && made != -EEXIST)
		return (int) made;
	r = child = lc_cgroup_open_at(parent, name, O_RDONLY | O_DIRECTORY);
	if (r >= 0 && made == 0 && owner != NULL)
		r = lc_cgroup_mark_write(child, owner, kind);
	if (r == -EEXIST)
		return -EBUSY; /* and another container's by now */
	if (r < 0 && made == 0)
		(void) lc_sys_unlinkat(parent, name, AT_REMOVEDIR);
	*out_made = made == 0;
	return r < 0 ? r : lc_take_fd(&child);
}

/* Make each component of dir->path from `from` on, below `parent`. */
static int make_below(const struct lc_cgroup *cg, struct lc_cgroup_dir *dir, int parent, size_t from,
	int (*level)(int parent, int child, bool is_new))
{
	const char *owner = mark_of(cg, dir);
	LCT_CLEANUP(fd) int made_parent = -1;

	while (dir->path[from] != '\0') {
		char name[NAME_MAX + 1];
		size_t length = strcspn(dir->path + from, "/");
		bool is_last = dir->path[from + length] == '\0';
		bool made = false;
		LCT_CLEANUP(fd) int child = -1;
		int r = 0;

		if (length > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, dir->path + from, length);
		name[length] = '\0';
		child = make_one(
			parent, name, owner, is_last ? LCT_MARK_PLACE : LCT_MARK_PARENT, &made);
		if (child < 0)
			return child;
		if (level != NULL && (made || is_last))
			r = level(parent, child, made);
		if (is_last) {
			dir->was_there = !made;
			dir->fd = lc_take_fd(&child);
			return r;
		}
		lc_fd_close(&made_parent);
		parent = made_parent = lc_take_fd(&child);
		if (r < 0)
			return r;
		from += length + 1;
	}
	return 0;
}

static int make_once(
	const struct lc_cgroup *cg, struct lc_cgroup_dir *dir, int (*level)(int parent, int child, bool is_new))
{
	size_t length = lc_cgroup_parent_length(dir->path, strlen(dir->path));
	LCT_CLEANUP(fd) int parent = -1;

	while (length > 0) {
		parent = lc_cgroup_open_prefix(cg, dir, length, O_RDONLY | O_DIRECTORY);
		if (parent >= 0)
			return make_below(cg, dir, parent, length + 1, level);
		if (parent != -ENOENT)
			return parent;
		length = lc_cgroup_parent_length(dir->path, length);
	}
	return make_below(cg, dir, lc_cgroup_where(cg, dir)->mount_fd, 0, level);
}

int lc_cgroup_dir_make(
	const struct lc_cgroup *cg, struct lc_cgroup_dir *dir, int (*level)(int parent, int child, bool is_new))
{
	int r = 0;

	/* Another container's destroy may take a common parent away between our look and our mkdir. */
	for (int try = 0; try < MAKE_TRIES; try++) {
		r = make_once(cg, dir, level);
		if (dir->fd >= 0 || (r != -ENOENT && r != -ENODEV))
			break;
	}
	return r;
}

/* Remove the directory that the first `length` bytes of the path name. */
static int remove_prefix(const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir, size_t length)
{
	size_t above = lc_cgroup_parent_length(dir->path, length);
	size_t from = above > 0 ? above + 1 : 0;
	LCT_CLEANUP(fd) int parent = -1;
	char name[NAME_MAX + 1];

	if (length - from > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, dir->path + from, length - from);
	name[length - from] = '\0';
	if (above == 0)
		return (int) lc_sys_unlinkat(lc_cgroup_where(cg, dir)->mount_fd, name, AT_REMOVEDIR);
	parent = lc_cgroup_open_prefix(cg, dir, above, O_PATH | O_DIRECTORY);
	return parent < 0 ? parent : (int) lc_sys_unlinkat(parent, name, AT_REMOVEDIR);
}

struct removal {
	int dirfd;
	bool any;                /* something was removed here */
	char held[NAME_MAX + 1]; /* the first that would not go */
};

static int remove_entry(void *context, const char *name, unsigned char type)
{
	struct removal *removal = context;
	long r;

	if (type != DT_DIR && type != DT_UNKNOWN)
		return 0;
	r = lc_sys_unlinkat(removal->dirfd, name, AT_REMOVEDIR);
	if (r == 0)
		removal->any = true;
	if (r == 0 || r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (!is_held(r))
		return (int) r;
	(void) snprintf(removal->held, sizeof(removal->held), "%s", name);
	return 1;
}

/*
 * Remove every cgroup below `top`, innermost first. Whoever could make them could also make them
 * deeper than we have descriptors or stack: so only one descriptor is held, and the way up is "..".
 */
static int remove_below(int top)
{
	LCT_CLEANUP(fd) int current = lc_cgroup_open_at(top, "", O_RDONLY | O_DIRECTORY);
	unsigned long depth = 0;
	bool entered = false;

	while (current >= 0) {
		struct removal removal = {.dirfd = current};
		/* 0: no directory is left here, 1: `held` is not empty */
		int r = lc_dir_each(current, remove_entry, &removal, LCT_STEP_CGROUP, NULL);
		int next;

		if (r < 0 && !lc_cgroup_is_gone(r))
			return r;
		if (r == 1) {
			next = lc_cgroup_open_at(current, removal.held, O_RDONLY | O_DIRECTORY);
			if (lc_cgroup_is_gone(next))
				continue;
			entered = true;
			depth++;
		} else if (depth == 0) {
			return 0;
		} else if (entered && !removal.any) {
			return -EBUSY; /* no cgroup below it and still held: by processes */
		} else {
			next = lc_fd_above_stdio((int) lc_sys_openat(
				current, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
			entered = false;
			depth--;
		}
		lc_fd_close(&current);
		current = next;
	}
	return lc_cgroup_is_gone(current) ? 0 : current;
}

/* Remove what the first `length` bytes of the path name if nothing is in it and it is one that we have
 * made above a place, or begun to make: 1 when it has gone. */
static int remove_spare(const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir, size_t length)
{
	LCT_CLEANUP(fd)
	int fd = lc_cgroup_open_prefix(cg, dir, length, O_RDONLY | O_DIRECTORY);
	struct lc_cgroup_mark mark;
	int r = fd;

	if (r >= 0)
		r = lc_cgroup_mark_read(fd, cg->owner, &mark);
	if (r >= 0) {
		if (!mark.is_begun && mark.kind != LCT_MARK_PARENT)
			return 0;
		r = remove_prefix(cg, dir, length);
	}
	if (is_held(r))
		return 0;
	return r >= 0 || lc_cgroup_is_gone(r) ? 1 : r;
}

/* Take away the parents that were made for containers, as far as nobody uses them any more. */
static int remove_above(const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir)
{
	size_t length = strlen(dir->path);
	int r = 1;

	while (r > 0) {
		length = lc_cgroup_parent_length(dir->path, length);
		r = length > 0 ? remove_spare(cg, dir, length) : 0;
	}
	return r;
}

int lc_cgroup_dir_remove_empty(const struct lc_cgroup *cg, struct lc_cgroup_dir *dir)
{
	int r = dir->was_there || mark_of(cg, dir) != NULL ? -EBUSY :
							     remove_prefix(cg, dir, strlen(dir->path));

	if (r < 0 && !lc_cgroup_is_gone(r))
		return r;
	lc_fd_close(&dir->fd);
	return 0;
}

int lc_cgroup_dir_remove(const struct lc_cgroup *cg, struct lc_cgroup_dir *dir)
{
	const char *owner = mark_of(cg, dir);
	size_t length = strlen(dir->path);
	int r;

	if (dir->fd >= 0 && dir->was_there) {
		bool populated = false;

		r = lc_cgroup_populated(dir->fd, &populated);
		if (r < 0 || populated)
			return r < 0 ? r : -EBUSY;
		r = remove_below(dir->fd);
		return r < 0 || owner == NULL ? r : lc_cgroup_mark_remove(dir->fd, owner);
	}
	if (dir->fd >= 0) {
		r = remove_prefix(cg, dir, length);
		if (is_held(r)) {
			r = remove_below(dir->fd);
			if (r == 0)
				r = remove_prefix(cg, dir, length);
		}
		if (r < 0 && !lc_cgroup_is_gone(r))
			return is_held(r) ? -EBUSY : r;
		lc_fd_close(&dir->fd);
	}
	if (owner == NULL)
		return 0;
	r = remove_spare(cg, dir, length);
	return r > 0 ? remove_above(cg, dir) : r;
}

int lc_cgroup_dir_undo(const struct lc_cgroup *cg, struct lc_cgroup_dir *dir)
{
	const char *owner = mark_of(cg, dir);
	int r;

	if (dir->was_there)
		return owner != NULL ? lc_cgroup_mark_remove(dir->fd, owner) : 0;
	r = lc_cgroup_dir_open(cg, dir); /* it may have been made, and not opened */
	return r < 0 ? r : lc_cgroup_dir_remove(cg, dir);
}
