/* SPDX-License-Identifier: MIT */
/* The ids of a user namespace, as the host numbers them. */
#ifndef LCT_FILES_MAP_H
#define LCT_FILES_MAP_H

#include <stddef.h>
#include <stdint.h>

#define LCT_FILE_RANGES 340 /* as many as the kernel takes in a map */

struct lc_file_range {
	uint32_t inside, outside, size;
};

struct lc_file_map {
	struct lc_file_range ranges[LCT_FILE_RANGES];
	size_t count; /* 0: the same numbers */
};

/* Read a map as /proc/PID/uid_map has it. */
int lc_file_map_parse(const char *text, struct lc_file_map *out);
/* The host's number for an id of that side, and the other way round; -EOVERFLOW for who has none. */
int64_t lc_file_map_out(const struct lc_file_map *map, uint32_t id);
int64_t lc_file_map_in(const struct lc_file_map *map, uint32_t id);

#endif
