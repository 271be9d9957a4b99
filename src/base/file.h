/* SPDX-License-Identifier: MIT */
/*
 * Small files relative to a directory descriptor: read whole, write whole, replace atomically,
 * list and remove a directory. All return >= 0 or -errno and fill `err` with the step given by
 * the caller and the file's name as subject.
 */
#ifndef LCT_BASE_FILE_H
#define LCT_BASE_FILE_H

#include "base/error.h"
#include "base/arena.h"
#include <stdbool.h>

/* Read the file `name` below `dirfd` (or AT_FDCWD) as a string of at most size-1 bytes; returns its
 * length. A longer file is -EMSGSIZE. */
long lc_file_read(int dirfd, const char *name, char *buffer, size_t size, enum lc_step step,
	struct lc_error *err);

/* The same for a file of unknown size, up to `limit` bytes, into `arena`. */
long lc_file_read_alloc(int dirfd, const char *name, struct lc_arena *arena, size_t limit,
	char **out, enum lc_step step, struct lc_error *err);

/* Replace `name` by a new file of `mode` (independent of umask) that holds `size` bytes: written
 * under a temporary name beside it, then renamed. The old content stays on any failure. */
int lc_file_replace(int dirfd, const char *name, const void *data, size_t size, unsigned mode,
	enum lc_step step, struct lc_error *err);

/* Call `visit` for each entry but . and .. until it answers non-zero, which is then returned (`err`
 * is its business then). Any number of times for one `dirfd`: its offset is left alone.
 * `type` is a DT_ value, DT_UNKNOWN where the file system does not say. */
int lc_dir_each(int dirfd, int (*visit)(void *context, const char *name, unsigned char type),
	void *context, enum lc_step step, struct lc_error *err);

/* Remove the directory `name` (one component) of `dirfd` with everything in it, never following a
 * link and never leaving its file system. A missing one is success. */
int lc_dir_remove(int dirfd, const char *name, enum lc_step step, struct lc_error *err);

#endif
