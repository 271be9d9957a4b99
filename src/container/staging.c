/* SPDX-License-Identifier: MIT */
/*
 * What is removed here comes from archives, so it may be deeper than descriptors or a stack last: every
 * directory is moved up to the top first, and emptied there. Nothing is followed, nothing is entered twice.
 */
#include "container/staging.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "sys/sys.h"

#include <dirent.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statfs.h>

#define LCT_STAGING_MARK ".unpacking."

/* --- removing --- */

struct emptying {
	int top;
	int directory;        /* one in it */
	uint64_t *moved;      /* names given there */
	struct lc_error *err;
};

static int take_away(void *context, const char *name, unsigned char type)
{
	struct emptying *emptying = context;
	char up[32];
	long r = -EISDIR;

	if (type != DT_DIR)
		r = lc_sys_unlinkat(emptying->directory, name, 0);
	if (r != -EISDIR)
		return r < 0 && r != -ENOENT ? lc_fail(emptying->err, LCT_STEP_IMAGE, r, name) : 0;
	/* An ordinary user moves only what he may write to. */
	if (lc_sys_geteuid() != 0)
		(void) lc_sys_fchmodat(emptying->directory, name, 0700);
	do {
		snprintf(up, sizeof(up), "%llu", (unsigned long long) (*emptying->moved)++);
		r = lc_sys_renameat2(emptying->directory, name, emptying->top, up, RENAME_NOREPLACE);
	} while (r == -EEXIST);
	return r < 0 ? lc_fail(emptying->err, LCT_STEP_IMAGE, r, name) : 0;
}

/* One entry of the top: what is in a directory goes beside it, then it goes itself. */
static int remove_entry(void *context, const char *name, unsigned char type)
{
	struct emptying *emptying = context;
	LCT_CLEANUP(fd) int fd = -1;
	long r = -EISDIR;

	if (type != DT_DIR)
		r = lc_sys_unlinkat(emptying->top, name, 0);
	if (r != -EISDIR)
		return r < 0 && r != -ENOENT ? lc_fail(emptying->err, LCT_STEP_IMAGE, r, name) : 0;
	r = fd = (int) lc_sys_openat2(emptying->top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0,
		RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
	for (int pass = 0; r >= 0 && pass < 8; pass++) {
		emptying->directory = fd;
		r = lc_dir_each(fd, take_away, emptying, LCT_STEP_IMAGE, emptying->err);
		if (r < 0)
			return (int) r;
		/* A file system may skip entries when others are removed while it lists them. */
		r = lc_sys_unlinkat(emptying->top, name, AT_REMOVEDIR);
		if (r != -ENOTEMPTY)
			break;
		r = 0;
	}
	return r < 0 ? lc_fail(emptying->err, LCT_STEP_IMAGE, r, name) : 0;
}

static int remove_all(int parent, const char *name, int directory, struct lc_error *err)
{
	uint64_t moved = 0;
	struct emptying emptying = {directory, -1, &moved, err};
	long r;

	do {
		r = lc_dir_each(directory, remove_entry, &emptying, LCT_STEP_IMAGE, err);
		if (r < 0)
			return (int) r;
		r = lc_sys_unlinkat(parent, name, AT_REMOVEDIR);
	} while (r == -ENOTEMPTY);
	return r < 0 && r != -ENOENT ? lc_fail(err, LCT_STEP_IMAGE, r, name) : 0;
}

/* --- those whose maker was killed --- */

static int open_locked(int parent, const char *name)
{
	int fd = lc_fd_above_stdio((int) lc_sys_openat2(parent, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0, RESOLVE_NO_XDEV | RESOLVE_BENEATH));

	if (fd >= 0 && lc_sys_flock(fd, LOCK_EX | LOCK_NB) < 0)
		lc_fd_close(&fd);
	return fd;
}

static int remove_left(void *context, const char *name, unsigned char type)
{
	const struct lc_staging *staging = context;
	size_t length = strlen(staging->place);
	struct statx seen;
	struct lc_error ignored;
	int fd;

	(void) type;
	if (name[0] != '.' || strncmp(name + 1, staging->place, length) != 0 ||
		strncmp(name + 1 + length, LCT_STAGING_MARK, sizeof(LCT_STAGING_MARK) - 1) != 0)
		return 0;
	if (lc_sys_statx(staging->parent, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &seen) < 0 ||
		seen.stx_uid != (uint32_t) lc_sys_geteuid())
		return 0;
	fd = open_locked(staging->parent, name);
	if (fd < 0)
		return 0;
	/* What cannot be removed is no reason not to begin. */
	(void) remove_all(staging->parent, name, fd, &ignored);
	lc_fd_close(&fd);
	return 0;
}

/* --- making --- */

static int stop(void *context, const char *name, unsigned char type)
{
	(void) context;
	(void) name;
	(void) type;
	return 1;
}

/* Nothing, or an empty directory. */
static int check_place(const struct lc_staging *staging, struct lc_error *err)
{
	LCT_CLEANUP(fd) int fd = (int) lc_sys_openat(
		staging->parent, staging->place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return lc_fail(err, LCT_STEP_IMAGE, fd == -ELOOP ? -ENOTDIR : fd, staging->place);
	r = lc_dir_each(fd, stop, NULL, LCT_STEP_IMAGE, err);
	return r > 0 ? lc_fail(err, LCT_STEP_IMAGE, ENOTEMPTY, staging->place) : r;
}

static int make_directories(struct lc_staging *staging)
{
	/* The root of an image that does not say how its root is. */
	static const struct {
		const char *name;
		unsigned mode;
	} directories[] = {{"box", 0700}, {"new", 0700}, {"new/rootfs", 0755}, {"new/trash", 0700}};
	long r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(directories) / sizeof(*directories); i++) {
		LCT_CLEANUP(fd) int fd = -1;

		r = lc_sys_mkdirat(staging->directory, directories[i].name, 0700);
		if (r >= 0)
			r = fd = (int) lc_sys_openat(staging->directory, directories[i].name,
				O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
		/* Whatever the umask is. */
		if (r >= 0)
			r = lc_sys_fchmod(fd, directories[i].mode);
	}
	return (int) r;
}

static bool is_memory(int directory)
{
	struct statfs seen;

	return lc_sys_fstatfs(directory, &seen) >= 0 &&
	       (seen.f_type == TMPFS_MAGIC || seen.f_type == RAMFS_MAGIC);
}

static int make(struct lc_staging *staging, bool is_target, struct lc_error *err)
{
	uint32_t random;
	int length, r;

	if (is_target && (r = check_place(staging, err)) < 0)
		return r;
	(void) lc_dir_each(staging->parent, remove_left, staging, LCT_STEP_IMAGE, err);
	if (lc_sys_getrandom(&random, sizeof(random), 0) != sizeof(random))
		return lc_fail(err, LCT_STEP_IMAGE, EIO, "getrandom");
	length = snprintf(staging->name, sizeof(staging->name), ".%s" LCT_STAGING_MARK "%08x", staging->place,
		random);
	if (length < 0 || length >= LCT_STAGING_NAME)
		return lc_fail(err, LCT_STEP_IMAGE, ENAMETOOLONG, staging->place);
	r = (int) lc_sys_mkdirat(staging->parent, staging->name, 0700);
	if (r < 0)
		return lc_fail(err, LCT_STEP_IMAGE, r, staging->name);
	staging->directory = open_locked(staging->parent, staging->name);
	r = staging->directory < 0 ? staging->directory : make_directories(staging);
	if (r < 0) {
		lc_fail(err, LCT_STEP_IMAGE, r, staging->name);
		if (staging->directory < 0)
			(void) lc_sys_unlinkat(staging->parent, staging->name, AT_REMOVEDIR);
		return r;
	}
	staging->is_memory = is_memory(staging->directory);
	return 0;
}

int lc_staging_make(struct lc_staging *staging, const char *parent, const char *place, bool is_target,
	struct lc_error *err)
{
	struct lc_error ignored;
	int r;

	staging->owner = (pid_t) lc_sys_getpid();
	if (strlen(place) >= sizeof(staging->place))
		return lc_fail(err, LCT_STEP_IMAGE, ENAMETOOLONG, place);
	strcpy(staging->place, place);
	staging->parent = lc_fd_above_stdio(
		(int) lc_sys_openat(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
	if (staging->parent < 0)
		return lc_fail(err, LCT_STEP_IMAGE, staging->parent, parent);
	r = make(staging, is_target, err);
	if (r < 0)
		(void) lc_staging_remove(staging, &ignored);
	return r;
}

int lc_staging_path(const struct lc_staging *staging, char *out, size_t size, struct lc_error *err)
{
	char link[64];
	long r;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", staging->directory);
	r = lc_sys_readlinkat(AT_FDCWD, link, out, size - 1);
	if (r < 0)
		return lc_fail(err, LCT_STEP_IMAGE, r, staging->name);
	out[r] = '\0';
	return 0;
}

int lc_staging_commit(struct lc_staging *staging, struct lc_error *err)
{
	/* An empty directory is replaced, anything else refuses. */
	long r = lc_sys_renameat2(staging->directory, "new/rootfs", staging->parent, staging->place, 0);

	if (r == -EEXIST)
		r = -ENOTEMPTY;
	return r < 0 ? lc_fail(err, LCT_STEP_IMAGE, r, staging->place) : 0;
}

int lc_staging_remove(struct lc_staging *staging, struct lc_error *err)
{
	int r = 0;

	if (staging->directory >= 0 && staging->owner == (pid_t) lc_sys_getpid())
		r = remove_all(staging->parent, staging->name, staging->directory, err);
	lc_fd_close(&staging->directory);
	lc_fd_close(&staging->parent);
	return r;
}
