/* SPDX-License-Identifier: MIT */
/* A bridge of the calling process's namespace, for containers to be plugged into. */
#ifndef LCT_NETWORK_BRIDGE_H
#define LCT_NETWORK_BRIDGE_H

#include "base/error.h"
#include "network/text.h"

#include <stddef.h>

/* Make it, with these addresses, up. Nothing is left of a failure; -EEXIST: the name is taken. */
int lc_bridge_add(const char *name, const struct lc_address *addresses, size_t count,
	struct lc_error *err);
/* Remove it: -ENODEV when there is none of that name, -ENOTSUP when that is no bridge. */
int lc_bridge_remove(const char *name, struct lc_error *err);

#endif
