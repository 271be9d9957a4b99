/* SPDX-License-Identifier: MIT */
/* The id mappings of a user namespace: what they hold, and how the kernel reads them. Pure. */
#ifndef LCT_CONFIGS_MAPPINGS_H
#define LCT_CONFIGS_MAPPINGS_H

#include "configs/configs.h"

/* The kernel takes less than a page, in one write: user_namespaces(7). */
#define LCT_MAPPINGS_TEXT 4096

/* Is there a host id for this id of the container? Everything is mapped where nothing is. */
bool lc_mappings_hold(const struct lc_objects *mappings, uint32_t id);

/* "0 100000 65536\n…" as /proc/PID/uid_map takes it: its length, or -E2BIG. */
int lc_mappings_text(const struct lc_objects *mappings, char out[LCT_MAPPINGS_TEXT]);

#endif
