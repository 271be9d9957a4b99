/* SPDX-License-Identifier: MIT */
#include "files/files.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "files/place.h"
#include "sys/sys.h"

#include <stdio.h>

/* --- finding and reading --- */

static long look_at(int fd, struct statx *out)
{
	long r = fd;

	if (r >= 0)
		r = lc_sys_statx(
			fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_BASIC_STATS | STATX_MNT_ID, out);
	if (r < 0 && fd >= 0)
		(void) lc_sys_close(fd);
	return r < 0 ? r : fd;
}

int lc_files_look(const struct lc_files *files, const char *path, struct statx *out, struct lc_error *err)
{
	long r = lc_sys_openat2(files->root, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, files->resolve);

	r = look_at(lc_fd_above_stdio((int) r), out);
	return r < 0 ? lc_fail(err, LCT_STEP_FILE, r, path) : (int) r;
}

long lc_files_look_below(int directory, const char *name, struct statx *out)
{
	long r = lc_sys_openat2(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0,
		RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);

	return look_at(lc_fd_above_stdio((int) r), out);
}

long lc_files_reopen(int looked)
{
	char path[40];

	(void) snprintf(path, sizeof(path), "/proc/self/fd/%d", looked);
	return lc_fd_above_stdio(
		(int) lc_sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0));
}

int lc_files_open_regular(
	const struct lc_files *files, const char *path, uint64_t *out_size, struct lc_error *err)
{
	struct statx seen = {0};
	LCT_CLEANUP(fd) int looked = (int) look_at(
		(int) lc_sys_openat2(files->root, path, O_PATH | O_CLOEXEC, 0, files->resolve), &seen);
	long r = looked;

	if (r >= 0 && !S_ISREG(seen.stx_mode))
		r = S_ISDIR(seen.stx_mode) ? -EISDIR : -EOPNOTSUPP;
	if (r >= 0)
		r = lc_files_reopen(looked);
	*out_size = seen.stx_size;
	return r < 0 ? lc_fail(err, LCT_STEP_FILE, r, path) : (int) r;
}

/* --- writing --- */

#define LCT_FILE_MODE 0644

/* Mode and owner, the latter as the host numbers them. */
struct dress {
	unsigned mode;
	int64_t uid, gid;
};

static long dress_of(const struct lc_files *files, const struct lc_place *place,
	const struct lc_file_attributes *wanted, struct dress *out)
{
	struct statx seen;
	long r = lc_place_look(place, &seen);

	if (r < 0 && r != -ENOENT)
		return r;
	if (r >= 0 && S_ISDIR(seen.stx_mode))
		return -EISDIR;
	if (r >= 0 && S_ISREG(seen.stx_mode)) {
		/* as the kernel does when it is written to by who is not its owner */
		*out = (struct dress){seen.stx_mode & 01777, seen.stx_uid, seen.stx_gid};
	} else {
		*out = (struct dress){LCT_FILE_MODE, lc_file_map_out(&files->uids, 0),
			lc_file_map_out(&files->gids, 0)};
	}
	if (wanted->has_mode)
		out->mode = wanted->mode;
	if (wanted->has_owner) {
		out->uid = lc_file_map_out(&files->uids, wanted->uid);
		out->gid = lc_file_map_out(&files->gids, wanted->gid);
	}
	return out->uid < 0 || out->gid < 0 ? -EOVERFLOW : 0;
}

static long fill(const struct lc_place *place, const void *data, size_t size, const struct dress *dress)
{
	LCT_CLEANUP(fd) int fd = (int) lc_maker_open(&place->maker, place->workshop, LCT_PLACE_MADE);
	long r = fd;

	if (r >= 0)
		r = lc_fd_write_all(fd, data, size);
	if (r >= 0)
		r = lc_sys_fchownat(fd, "", (uint32_t) dress->uid, (uint32_t) dress->gid, AT_EMPTY_PATH);
	if (r >= 0)
		r = lc_sys_fchmod(fd, dress->mode);
	return r;
}

int lc_files_write(const struct lc_files *files, const char *path, const void *data, size_t size,
	const struct lc_file_attributes *attributes, struct lc_error *err)
{
	struct lc_place place = LCT_PLACE_INIT;
	struct dress dress;
	long r = lc_place_open(&place, files, path, err);

	if (r < 0)
		return (int) r; /* and nothing is open */
	r = dress_of(files, &place, attributes, &dress);
	if (r >= 0)
		r = lc_place_make_workshop(&place, err);
	if (r >= 0)
		r = fill(&place, data, size, &dress);
	if (r >= 0)
		r = lc_place_finish(&place, true, err);
	lc_place_done(&place);
	return r < 0 ? lc_fail(err, LCT_STEP_FILE, r, path) : 0;
}
