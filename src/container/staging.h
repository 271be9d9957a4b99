/* SPDX-License-Identifier: MIT */
/*
 * A root file system that comes into being, beside the place that it is for. In one hidden directory, which
 * nobody else may enter: "new/rootfs", what it becomes; "new/trash", what it lost on the way; "box", the root
 * of the container that fills it. It is renamed into its place when it is whole, or removed. A lock tells
 * one that is at work from one whose maker was killed, which the next one removes.
 */
#ifndef LCT_CONTAINER_STAGING_H
#define LCT_CONTAINER_STAGING_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

#define LCT_STAGING_NAME 256

struct lc_staging {
	int parent;               /* directory of the place */
	int directory;            /* the hidden one, locked */
	char place[LCT_STAGING_NAME];
	char name[LCT_STAGING_NAME];
	bool is_memory;           /* what is written there takes memory, not a disk */
	pid_t owner;
};

#define LCT_STAGING_INIT {.parent = -1, .directory = -1}

/*
 * Make one for `place`, one component in the directory `parent`. Where `is_target` says so, the place must
 * be free, or an empty directory. On failure nothing is left.
 */
int lc_staging_make(struct lc_staging *staging, const char *parent, const char *place, bool is_target,
	struct lc_error *err);

/* Its absolute path, without links. */
int lc_staging_path(const struct lc_staging *staging, char *out, size_t size, struct lc_error *err);

/* Put the root file system into its place. The rest stays to be removed. */
int lc_staging_commit(struct lc_staging *staging, struct lc_error *err);

/* Remove it, whatever is in it and however deep, and close it. In a forked child: only close. */
int lc_staging_remove(struct lc_staging *staging, struct lc_error *err);

#endif
