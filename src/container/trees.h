/* SPDX-License-Identifier: MIT */
/*
 * Trees of mounts that the host makes for a start, because its init could not: what an open descriptor
 * of the host is open on lies in the host's mount namespace, and only there can it be copied; and
 * ids are mapped by who is root there. The copies are detached; the init gets them with its plan, takes them by their number (tree_given) and
 * attaches them like its own.
 */
#ifndef LCT_CONTAINER_TREES_H
#define LCT_CONTAINER_TREES_H

#include "base/arena.h"
#include "base/error.h"
#include "configs/configs.h"
#include "container/host.h"

struct lc_trees {
	int *fds;
	size_t count;
};

#define LCT_TREES_FIELD 40

/*
 * Open them: those that a root of layers is made of, then in the order of the configuration's mounts.
 * `sources` are the descriptors of mounts that have one, by index of the mount, -1 for all others. On
 * failure out_field is the field that asked for it, as it was when none did.
 */
int lc_trees_open(struct lc_trees *trees, struct lc_host *host, const struct lc_config_config *config,
	const int *sources, size_t sources_count, struct lc_arena *arena, char out_field[LCT_TREES_FIELD],
	struct lc_error *err);

/* Close them: the init has its own. */
void lc_trees_close(struct lc_trees *trees);

#endif
