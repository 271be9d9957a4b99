/* SPDX-License-Identifier: MIT */
/*
 * Looking for a container's directory where nobody says any more in which place it is: all cgroups of a
 * hierarchy are looked at, for one that has the name that we give, or a mark that says the same.
 *
 * Others make and remove cgroups meanwhile, and some may be closed to us: those are passed by. So are
 * the ones deeper than any that we would have made, or somebody could hide others behind a deep one.
 */
#include "base/cleanup.h"
#include "base/file.h"
#include "cgroups/driver.h"
#include "sys/sys.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 40

struct search {
	const char *owner;
	int dirfd;
	char *path; /* PATH_MAX bytes: of dirfd, and in the end of what was found */
	size_t length;
	unsigned depth;
};

static bool is_passed_by(long result)
{
	return lc_cgroup_is_gone(result) || result == -EACCES || result == -ENOTDIR ||
	       result == -ENAMETOOLONG;
}

static int is_marked(int dirfd, const char *owner)
{
	struct lc_cgroup_mark mark;
	int r = lc_cgroup_mark_read(dirfd, owner, &mark);

	return r < 0 ? r : mark.is_ours && mark.kind != LCT_MARK_PARENT;
}

/* Enter one below: 1 to stop there. */
static int visit(void *context, const char *name, unsigned char type)
{
	const struct search *above = context;
	struct search below = *above;
	LCT_CLEANUP(fd) int fd = -1;
	int r;

	if (type != DT_DIR && type != DT_UNKNOWN)
		return 0;
	if (above->length + strlen(name) + 2 > PATH_MAX)
		return 0;
	below.length += (size_t) snprintf(above->path + above->length, PATH_MAX - above->length,
		"%s%s", above->length > 0 ? "/" : "", name);
	if (strcmp(name, above->owner) == 0)
		return 1;
	r = below.dirfd = fd = lc_cgroup_open_at(above->dirfd, name, O_RDONLY | O_DIRECTORY);
	if (r >= 0)
		r = is_marked(fd, above->owner);
	if (r == 0 && ++below.depth < DEPTH_MAX)
		r = lc_dir_each(fd, visit, &below, LCT_STEP_CGROUP, NULL);
	return is_passed_by(r) ? 0 : r;
}

int lc_cgroup_search(const struct lc_cgroup_hierarchy *where, const char *owner, char path[PATH_MAX])
{
	LCT_CLEANUP(fd) int top = lc_cgroup_open_at(where->mount_fd, "", O_RDONLY | O_DIRECTORY);
	struct search search = {.owner = owner, .dirfd = top, .path = path};

	return top < 0 ? top : lc_dir_each(top, visit, &search, LCT_STEP_CGROUP, NULL);
}
