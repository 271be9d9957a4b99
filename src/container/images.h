/* SPDX-License-Identifier: MIT */
/*
 * A directory of checkpoint images. What is in it becomes a process with whatever credentials it says, so
 * it is trusted only when nobody but the caller could have written it.
 */
#ifndef LCT_CONTAINER_IMAGES_H
#define LCT_CONTAINER_IMAGES_H

#include "base/error.h"
#include <stdbool.h>

/*
 * Open a directory, below `dirfd` or an absolute path; a missing one is made (0700, its parent must be
 * there) when `out_made` is not NULL, and it says so. EPERM unless it belongs to the caller and nobody
 * else may write to it; ELOOP for a link.
 */
int lc_images_open(int dirfd, const char *path, bool *out_made, enum lc_step step,
	struct lc_error *err);

/* Prove every file in it the same way: EPERM names the first that somebody else could have written. */
int lc_images_check(int directory, enum lc_step step, struct lc_error *err);

/* 1 when nothing is in it. */
int lc_images_is_empty(int directory, enum lc_step step, struct lc_error *err);

/* Remove everything in it. */
int lc_images_clear(int directory, enum lc_step step, struct lc_error *err);

#endif
