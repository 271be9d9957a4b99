/* SPDX-License-Identifier: MIT */
/*
 * The root file system that comes into being, and the only file here that changes one. Every path is
 * resolved by the kernel below one descriptor (openat2 with RESOLVE_IN_ROOT): links in it lead by that
 * root, as they will in the container, and none leads out. The last component is never followed. What has
 * to go is moved away, into a directory that the host removes, so that nothing here goes through a tree.
 */
#ifndef LCT_UNPACK_TREE_H
#define LCT_UNPACK_TREE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

/* One range of a map of ids. */
struct lc_id_range {
	uint64_t inside, outside, size;
};
#define LCT_ID_RANGES 340 /* as many as the kernel takes */
struct lc_id_map {
	struct lc_id_range ranges[LCT_ID_RANGES];
	size_t count; /* 0: ids are kept */
};

struct lc_tree {
	int root;
	int trash;
	uint64_t discarded;      /* names there */
	bool keeps_owners;       /* else everything is the caller's */
	bool allows_devices;
	bool allows_privileges;  /* set-user-ID, set-group-ID, file capabilities */
	struct lc_id_map uids, gids;
	uint64_t *made;          /* inodes that this layer has made or touched: a set */
	size_t made_count, made_room;
	struct lc_directory *directories; /* whose times are set at the end */
	size_t directory_count, directory_room;
};

/* What an entry is to become, but for its content. */
struct lc_attributes {
	const char *path; /* as in the archive, for messages */
	mode_t type;      /* S_IFREG, … */
	mode_t mode;
	int64_t uid, gid;
	struct timespec mtime;
	unsigned major, minor; /* of a device */
	const char *link;      /* of a link */
};

/* Open "rootfs" and "trash" of the directory `path`. Failures of this file end the program. */
void lc_tree_open(struct lc_tree *tree, const char *path);

/* Nothing is in it yet: where ids are mapped it is the root's of the container, if no entry says whose. */
void lc_tree_begin(const struct lc_tree *tree);

/* The path of an archive as one below the root: without what leads nowhere; "" is the root. A path with
 * ".." and one that is too long end the program. */
void lc_tree_path(const char *path, char out[PATH_MAX]);

/* Make a link, a fifo or a device; a device may be left out, which is told. */
void lc_tree_make(struct lc_tree *tree, const struct lc_attributes *entry);
/* A directory, or the one that is there, open for its attributes. */
int lc_tree_make_directory(struct lc_tree *tree, const struct lc_attributes *entry);
/* A new file to be written, whatever was there before. */
int lc_tree_make_file(struct lc_tree *tree, const struct lc_attributes *entry);
/* A hard link to a path below the same root. */
void lc_tree_link(struct lc_tree *tree, const struct lc_attributes *entry);

/* Set an extended attribute of what `fd` is, or tell that it is left out. Those of privileges come after
 * lc_tree_set. */
void lc_tree_xattr(const struct lc_tree *tree, const struct lc_attributes *entry, int fd,
	const char *name, const void *value, size_t size);
/* Owner, mode and time of an open file or directory. */
void lc_tree_set(struct lc_tree *tree, const struct lc_attributes *entry, int fd);

/* A whiteout: what the layers below have as `path` goes, what this one has made stays. */
void lc_tree_whiteout(struct lc_tree *tree, const char *path);
/* An opaque directory: the same for all that is in it. */
void lc_tree_opaque(struct lc_tree *tree, const char *path);

/* Set the times of the directories, which making entries in them has changed. */
void lc_tree_finish(struct lc_tree *tree);

#endif
