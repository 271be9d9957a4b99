/* SPDX-License-Identifier: MIT */
/*
 * Give a container's cgroup to a user of the host, who is the container's root: he may make cgroups below it
 * and move his processes between them. The kernel says what is to be his for that (cgroups(7)), and it
 * is no limit of the container's: those stay root's.
 */
#include "base/file.h"
#include "cgroups/driver.h"
#include "sys/sys.h"

#include <string.h>

#define LIST "/sys/kernel/cgroup/delegate"

static int give(const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir, const char *name,
	uint32_t owner, struct lc_error *err)
{
	long r = lc_sys_fchownat(
		dir->fd, name, owner, (uint32_t) -1, AT_SYMLINK_NOFOLLOW | (*name == '\0' ? AT_EMPTY_PATH : 0));

	/* a controller's file, and the container has not got the controller */
	return r < 0 && r != -ENOENT ? lc_cgroup_fail(cg, dir, r, *name != '\0' ? name : NULL, err) : 0;
}

int lc_cgroup_delegate(struct lc_cgroup *cg, uint32_t owner, struct lc_error *err)
{
	int index = lc_cgroup_find_unified(cg), r;
	char list[4096], *rest = list, *name;
	struct lc_cgroup_dir *dir;

	if (index < 0 || cg->ops != &lc_cgroup_v2_ops)
		return 0;
	dir = &cg->dirs[index];
	r = lc_cgroup_dir_open(cg, dir);
	if (r >= 0 && dir->fd < 0)
		r = -ENOENT;
	if (r < 0)
		return lc_cgroup_fail(cg, dir, r, NULL, err);
	r = (int) lc_file_read(AT_FDCWD, LIST, list, sizeof(list), LCT_STEP_CGROUP, err);
	if (r >= 0)
		r = give(cg, dir, "", owner, err);
	while (r >= 0 && (name = strsep(&rest, "\n")) != NULL)
		if (*name != '\0' && strchr(name, '/') == NULL)
			r = give(cg, dir, name, owner, err);
	return r < 0 ? r : 0;
}
