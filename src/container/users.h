/* SPDX-License-Identifier: MIT */
/*
 * "uid", "uid:gid", "name", "name:group" → numbers, with the passwd and group files of the
 * container's root. Those files are hostile: only regular ones are read, at most 1 MiB, without
 * following a link and without waiting. Numbers win over names. [A21 A67 A70 A80 D26]
 */
#ifndef LCT_CONTAINER_USERS_H
#define LCT_CONTAINER_USERS_H

#include "base/arena.h"
#include "base/error.h"
#include "configs/configs.h"

struct lc_identity {
	uint32_t uid, gid;
	uint32_t *groups; /* supplementary, ascending, each once, in the arena */
	size_t groups_count;
	const char *home; /* "/" when passwd does not say */
};

/*
 * `roots` is the container's, or the layers that it is made of, the topmost first.
 * Resolve `user` (NULL or "" is 0:0) and the groups of two lists, either of which may be NULL. A
 * number without a passwd entry gets its own number as group; a name that is not found is EINVAL,
 * never root.
 */
int lc_identity_resolve(const struct lc_strings *roots, const char *user, const struct lc_strings *groups,
	const struct lc_strings *more_groups, struct lc_arena *arena, struct lc_identity *out,
	struct lc_error *err);

#endif
