/* SPDX-License-Identifier: MIT */
/*
 * A file or a tree from one side to the other, by steps: between two of them the caller may do something else.
 * Links stay links, names of one file stay names of one, holes stay holes. What is mounted in the tree is not
 * entered. It is in its place when all of it is there, or not at all.
 */
#ifndef LCT_FILES_COPY_H
#define LCT_FILES_COPY_H

#include "files/files.h"
#include "files/place.h"

struct lc_copy_options {
	bool replaces;           /* what has that name */
	bool allows_devices, allows_privileges; /* set-id bits, file capabilities */
	bool has_mode;           /* of regular files, theirs otherwise */
	unsigned mode;
	bool keeps_owner;        /* the same numbers on both sides, as each has them */
	bool has_owner;          /* else it is a container's root, or who calls */
	uint32_t uid, gid;
	uint64_t limit;          /* bytes of all files */
};

enum lc_copy_state {
	LCT_COPY_DONE,
	LCT_COPY_MORE,
	LCT_COPY_LEFT_OUT, /* copy->left_out of copy->path was; there is more */
};

struct lc_copy_level;
struct lc_copy {
	const struct lc_files *from, *to; /* borrowed */
	struct lc_copy_options options;
	struct lc_place place;
	struct lc_copy_level *level;      /* the innermost directory */
	unsigned depth;
	uint64_t mount;                   /* that is copied from */
	int links;                        /* directory in the workshop, -1: there is none yet */
	int file, target;                 /* at work */
	struct statx seen;                /* of that file */
	int64_t at, end;                  /* in it: what has been copied, and up to where is no hole */
	int top;                          /* the directory that all is in, which gets its mode last */
	unsigned top_mode;
	char path[PATH_MAX];              /* of what is at work */
	size_t used;
	const char *left_out;
	uint64_t entries, bytes;          /* until now */
};

#define LCT_COPY_INIT {.place = LCT_PLACE_INIT, .links = -1, .file = -1, .target = -1, .top = -1}

/* Both answer enum lc_copy_state, or -errno. */
int lc_copy_begin(struct lc_copy *copy, const char *from, const char *to, struct lc_error *err);
int lc_copy_step(struct lc_copy *copy, struct lc_error *err);
/* In any state: what has not come to its place is removed. */
void lc_copy_end(struct lc_copy *copy);

#endif
