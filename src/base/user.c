/* SPDX-License-Identifier: MIT */
#include "base/user.h"

#include "base/file.h"
#include "sys/sys.h"

#include <stdlib.h>

bool lc_user_is_nested(void)
{
	char map[64], *rest = map;
	long length = lc_file_read(
		AT_FDCWD, "/proc/self/uid_map", map, sizeof(map), LCT_STEP_IDMAP, NULL);

	/* The machine's own has one line, which has room. */
	if (length <= 0)
		return length == -EMSGSIZE;
	return strtoul(rest, &rest, 10) != 0 || strtoul(rest, &rest, 10) != 0 ||
	       strtoul(rest, &rest, 10) != UINT32_MAX;
}
