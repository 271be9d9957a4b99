/* SPDX-License-Identifier: MIT */
/*
 * The program that reads archives, in a container that has nothing but the system's libraries, read-only,
 * and the directory that it fills. It is started with what it may do as arguments, gets the archive as its
 * stdin, and tells what it does through its stdout (report.h).
 */
#ifndef LCT_UNPACK_UNPACK_H
#define LCT_UNPACK_UNPACK_H

#include "unpack/source.h"
#include "unpack/tree.h"

/* Counts against the limits, and tells the progress. */
struct lc_meter {
	uint64_t entries, bytes;
	uint64_t entry_limit, size_limit;
	uint64_t told_entries, told_bytes;
};

/* An entry with its content comes. `read` is what of the archive has been read. */
void lc_meter_entry(struct lc_meter *meter, const char *path, int64_t size, uint64_t read);
void lc_meter_bytes(struct lc_meter *meter, const char *path, uint64_t size, uint64_t read);

struct lc_layer {
	const struct lc_archive_library *library;
	struct lc_tree *tree;
	struct lc_meter *meter;
	bool has_whiteouts;
};

/* Fill the tree from a tar that is open. */
void lc_layer_unpack(const struct lc_layer *layer, struct lc_source *source);
/* Fill the tree from a directory of this machine. */
void lc_layer_copy(const struct lc_layer *layer, const char *path);

/* Of an archive that holds an image: tell its members; tell the content of one; go to one. */
void lc_members_list(struct lc_source *source);
void lc_members_read(struct lc_source *source, const char *name, uint64_t limit);
void lc_members_find(struct lc_source *source, const char *name);

#endif
