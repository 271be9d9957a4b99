/* SPDX-License-Identifier: MIT */
/*
 * The state root: ids, their directories, locks, list and removal, everything through one directory
 * descriptor. What is in the files is not known here: lua/libcontainer/state.lua writes them.
 *
 * A directory is made exclusively, so of two creators one wins. Whoever changes a container holds
 * its lock (flock: it ends with its holder); after getting it he must look whether the directory is
 * still there, as the one before may have destroyed it.
 */
#ifndef LCT_CONTAINER_FACTORY_H
#define LCT_CONTAINER_FACTORY_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct lc_factory {
	int fd;       /* the root directory */
	char key[17]; /* 16 hex digits that tell this root from every other of this boot */
};

/* Open the root, made with its parents (mode 0700) when missing; with the sticky bit where what lies still is
 * swept away. One that another user owns, or that others can write to, is EPERM. */
int lc_factory_open(
	struct lc_factory *factory, const char *path, bool is_swept, struct lc_error *err);
void lc_factory_done(struct lc_factory *factory);

/* Make the directory of an id: descriptor, or EEXIST (the id is in use). EINVAL a bad id. */
int lc_factory_make(const struct lc_factory *factory, const char *id, struct lc_error *err);
/* Open it: ENOENT when there is none. */
int lc_factory_find(const struct lc_factory *factory, const char *id, struct lc_error *err);
/*
 * Remove the directory of an id that is open as `directory`, with everything in it; missing is
 * success. One that another process has made under the same name meanwhile stays.
 */
int lc_factory_remove(const struct lc_factory *factory, int directory, const char *id,
	struct lc_error *err);
/* Call `visit` with each valid id that has a directory. */
int lc_factory_each(const struct lc_factory *factory, int (*visit)(void *context, const char *id),
	void *context, struct lc_error *err);

/*
 * Take the lock of a container's directory without waiting: a descriptor that holds it until it is
 * closed, -EWOULDBLOCK when somebody else has it, -ENOENT when the directory has been removed or is
 * about to be. Only who makes or removes a directory may also `make` the file.
 */
int lc_factory_lock(int directory, bool make, struct lc_error *err);
/* The process that holds it, as /proc/locks says; 0 when nobody does, or nobody that we can see. */
pid_t lc_factory_lock_holder(int directory);

#endif
