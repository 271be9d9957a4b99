/* SPDX-License-Identifier: MIT */
/*
 * The writable layer of a container whose root is an overlay: a directory with `upper`, which holds
 * what differs from the root below, and `work`, which is overlayfs's own. What lies in `upper` is the
 * container's doing, and hostile.
 */
#ifndef LCT_CONTAINER_LAYER_H
#define LCT_CONTAINER_LAYER_H

#include "base/arena.h"
#include "base/error.h"
#include "configs/configs.h"

/*
 * Make what is missing of the layer at `path`. A new `upper` has the mode of the rootfs, because it is what
 * the root of the container looks like, and its owner; with a user namespace it belongs to root of that,
 * who works in both directories.
 */
int lc_layer_make(const char *path, const struct lc_config_config *config, struct lc_error *err);

/* Empty it: the next start begins with the root as it is below. A missing one is empty. */
int lc_layer_clear(const char *path, struct lc_error *err);

enum lc_layer_kind { LCT_LAYER_ADDED, LCT_LAYER_CHANGED, LCT_LAYER_DELETED };
struct lc_layer_entry {
	const char *path; /* in the container, absolute */
	enum lc_layer_kind kind;
};
struct lc_layer_diff {
	struct lc_arena *arena;
	struct lc_layer_entry *items;
	size_t count, room;
};

/*
 * What differs from what is below: the further layers of `config` over its rootfs. Directories of which
 * only the content differs are not listed, those that have been deleted and made again are, with what
 * they have lost. The kernel's marks (whiteouts, opaque) are read, and nothing is followed; what is
 * mounted in the layers is no part of them.
 */
int lc_layer_read(const char *path, const struct lc_config_config *config, struct lc_layer_diff *diff,
	struct lc_error *err);

#endif
