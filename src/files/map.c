/* SPDX-License-Identifier: MIT */
#include "files/map.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int lc_file_map_parse(const char *text, struct lc_file_map *out)
{
	out->count = 0;
	while (*text != '\0') {
		struct lc_file_range *range = &out->ranges[out->count];
		const char *end = strchr(text, '\n');

		if (out->count == LCT_FILE_RANGES || end == NULL ||
			sscanf(text, "%u %u %u", &range->inside, &range->outside, &range->size) != 3)
			return -EPROTO;
		out->count++;
		text = end + 1;
	}
	return 0;
}

int64_t lc_file_map_out(const struct lc_file_map *map, uint32_t id)
{
	for (size_t i = 0; i < map->count; i++)
		if (id >= map->ranges[i].inside && id - map->ranges[i].inside < map->ranges[i].size)
			return (int64_t) map->ranges[i].outside + (id - map->ranges[i].inside);
	return map->count == 0 ? (int64_t) id : -EOVERFLOW;
}

int64_t lc_file_map_in(const struct lc_file_map *map, uint32_t id)
{
	for (size_t i = 0; i < map->count; i++)
		if (id >= map->ranges[i].outside && id - map->ranges[i].outside < map->ranges[i].size)
			return (int64_t) map->ranges[i].inside + (id - map->ranges[i].outside);
	return map->count == 0 ? (int64_t) id : -EOVERFLOW;
}
