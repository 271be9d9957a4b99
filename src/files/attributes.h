/* SPDX-License-Identifier: MIT */
/* What a copy has of a file beside its content. */
#ifndef LCT_FILES_ATTRIBUTES_H
#define LCT_FILES_ATTRIBUTES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct lc_file_owner { /* as the host numbers them */
	uint32_t uid, gid;
};

struct statx;

/* Extended attributes user.*, and the file capability if `has_privileges`. The others belong to the system that
 * the file is on: its security modules and access lists, the overlays above it. */
long lc_attributes_copy(int from, int to, bool has_privileges);
/* Of a descriptor, or of a name in that directory, which is not followed. */
long lc_attributes_set_times(int to, const char *name, const struct statx *seen);
/* Of a node, which nobody wants to open. */
long lc_attributes_set_mode(int directory, const char *name, unsigned mode);

#endif
