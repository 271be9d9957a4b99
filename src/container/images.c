/* SPDX-License-Identifier: MIT */
/* Looked at by descriptor: what was proved is what is used. */
#include "container/images.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "sys/sys.h"

#include <dirent.h>

static bool is_ours_alone(const struct statx *seen)
{
	return seen->stx_uid == (uint32_t) lc_sys_geteuid() &&
	       (S_ISLNK(seen->stx_mode) || (seen->stx_mode & 022) == 0);
}

int lc_images_open(int dirfd, const char *path, bool *out_made, enum lc_step step,
	struct lc_error *err)
{
	LCT_CLEANUP(fd) int fd = -1;
	struct statx seen;
	long r = 0;

	if (out_made != NULL) {
		r = lc_sys_mkdirat(dirfd, path, 0700);
		*out_made = r >= 0;
	}
	if (r < 0 && r != -EEXIST)
		return lc_fail(err, step, r, path);
	r = fd = lc_fd_above_stdio((int) lc_sys_openat(
		dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0));
	if (r >= 0)
		r = lc_sys_statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &seen);
	if (r >= 0 && !is_ours_alone(&seen))
		r = -EPERM;
	return r < 0 ? lc_fail(err, step, r, path) : lc_take_fd(&fd);
}

struct visit {
	int directory;
	enum lc_step step;
	struct lc_error *err;
};

static int check_entry(void *context, const char *name, unsigned char type)
{
	const struct visit *visit = context;
	struct statx seen;
	long r = lc_sys_statx(
		visit->directory, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &seen);

	(void) type;
	if (r >= 0 && !is_ours_alone(&seen))
		r = -EPERM;
	return r < 0 ? lc_fail(visit->err, visit->step, r, name) : 0;
}

int lc_images_check(int directory, enum lc_step step, struct lc_error *err)
{
	struct visit visit = {directory, step, err};

	return lc_dir_each(directory, check_entry, &visit, step, err);
}

static int stop(void *context, const char *name, unsigned char type)
{
	(void) context;
	(void) name;
	(void) type;
	return 1;
}

int lc_images_is_empty(int directory, enum lc_step step, struct lc_error *err)
{
	int r = lc_dir_each(directory, stop, NULL, step, err);

	return r < 0 ? r : r == 0;
}

static int clear_entry(void *context, const char *name, unsigned char type)
{
	const struct visit *visit = context;
	long r = -EISDIR;

	if (type != DT_DIR)
		r = lc_sys_unlinkat(visit->directory, name, 0);
	if (r == -EISDIR)
		return lc_dir_remove(visit->directory, name, visit->step, visit->err);
	return r < 0 && r != -ENOENT ? lc_fail(visit->err, visit->step, r, name) : 0;
}

int lc_images_clear(int directory, enum lc_step step, struct lc_error *err)
{
	struct visit visit = {directory, step, err};

	return lc_dir_each(directory, clear_entry, &visit, step, err);
}
