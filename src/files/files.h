/* SPDX-License-Identifier: MIT */
/*
 * Files of a tree that somebody else changes meanwhile: a container's root, as its own mounts show it. Every
 * path is resolved by the kernel below one descriptor, so that links lead by that root, as they do inside, and
 * none leads out; a name that was looked at is used by its descriptor from then on. Nothing but a regular file
 * or a directory is ever opened: the other end of a fifo may never come, and opening a device may do something.
 *
 * What is put somewhere is made in a directory of its own beside its place, which is closed to everybody else,
 * and renamed: it is there whole or not at all.
 */
#ifndef LCT_FILES_FILES_H
#define LCT_FILES_FILES_H

#include "base/error.h"
#include "files/map.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct lc_files {
	int root;         /* in which paths are resolved, */
	uint64_t resolve; /* and how: RESOLVE_* */
	struct lc_file_map uids, gids;
};

/* Open a regular file to be read, by whichever links; `out_size` is what it has now. */
int lc_files_open_regular(
	const struct lc_files *files, const char *path, uint64_t *out_size, struct lc_error *err);

/* What `path` names, not followed: a descriptor to look at it, and for nothing else. */
int lc_files_look(const struct lc_files *files, const char *path, struct statx *out, struct lc_error *err);
/* The same for an entry of a directory, -errno for what it is. */
long lc_files_look_below(int directory, const char *name, struct statx *out);
/* Open what is behind such a descriptor, which is a regular file, to be read. By our own descriptor, so that it is
 * what was looked at; a lease on it, which the container may have taken, is no reason to wait. */
long lc_files_reopen(int looked);

/* What a file gets. */
struct lc_file_attributes {
	bool has_mode, has_owner;
	unsigned mode;
	uint32_t uid, gid; /* as that side numbers them */
};

/*
 * Make `path` a regular file that holds `size` bytes. One that is there is replaced, and says mode and owner
 * where `attributes` do not; a new one is that side's root's, 0644. What is no regular file is replaced, a link
 * too, a directory is not.
 */
int lc_files_write(const struct lc_files *files, const char *path, const void *data, size_t size,
	const struct lc_file_attributes *attributes, struct lc_error *err);

#endif
