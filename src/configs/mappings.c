/* SPDX-License-Identifier: MIT */
#include "configs/mappings.h"

#include <errno.h>
#include <stdio.h>

bool lc_mappings_hold(const struct lc_objects *mappings, uint32_t id)
{
	const struct lc_config_id_mapping *ranges = mappings->items;

	for (size_t i = 0; i < mappings->count; i++)
		if (id >= ranges[i].container_id.value &&
			id - ranges[i].container_id.value < ranges[i].size.value)
			return true;
	return mappings->count == 0;
}

int lc_mappings_text(const struct lc_objects *mappings, char out[LCT_MAPPINGS_TEXT])
{
	const struct lc_config_id_mapping *ranges = mappings->items;
	size_t used = 0;

	for (size_t i = 0; i < mappings->count; i++) {
		int length = snprintf(out + used, LCT_MAPPINGS_TEXT - used, "%u %u %u\n",
			(unsigned) ranges[i].container_id.value, (unsigned) ranges[i].host_id.value,
			(unsigned) ranges[i].size.value);

		if (length < 0 || (size_t) length >= LCT_MAPPINGS_TEXT - used)
			return -E2BIG;
		used += (size_t) length;
	}
	return (int) used;
}
