/* SPDX-License-Identifier: MIT */
/* Where something is put: a name in a directory, and beside it the directory that it is made in, where nobody
 * else comes. */
#ifndef LCT_FILES_PLACE_H
#define LCT_FILES_PLACE_H

#include "files/files.h"
#include "files/maker.h"

#define LCT_PLACE_MADE "made" /* its name there */

struct lc_place {
	struct lc_maker maker;   /* of what is put there */
	int parent;              /* -1: none */
	char name[NAME_MAX + 1]; /* in it */
	int workshop;            /* -1: none */
	char workshop_name[40];
};

#define LCT_PLACE_INIT {.parent = -1, .workshop = -1}

/* The directory that is above `path`, which need not exist. A path that ends in ".." is -EINVAL, and so is the
 * root. */
int lc_place_open(struct lc_place *place, const struct lc_files *files, const char *path, struct lc_error *err);
/* What is there: -ENOENT for nothing. */
long lc_place_look(const struct lc_place *place, struct statx *out);
int lc_place_make_workshop(struct lc_place *place, struct lc_error *err);
/* Put what was made there to its place, in which may be something else only if `replaces`; remove the workshop
 * and what was in the place. */
int lc_place_finish(struct lc_place *place, bool replaces, struct lc_error *err);
/* Close it, in any state: what has not been finished is removed. */
void lc_place_done(struct lc_place *place);

#endif
