/* SPDX-License-Identifier: MIT */
/* By descriptor alone: no path is walked here that the caller has not walked before. */
#include "container/trees.h"

#include "base/fd.h"
#include "configs/compile.h"
#include "sys/sys.h"

#include <stdio.h>

static int open_tree(const struct lc_config_mount *mount, int source, struct lc_error *err)
{
	char name[32];
	int fd;

	(void) snprintf(name, sizeof(name), "descriptor %lld", (long long) mount->source_fd.value);
	/* Of a state that another process has written, or that was made by one that has ended. */
	if (source < 0)
		return lc_fail(err, LCT_STEP_MOUNT, EBADF, name);
	fd = lc_fd_above_stdio((int) lc_sys_open_tree(source, "",
		AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
			(lc_compile_is_recursive(mount) ? AT_RECURSIVE : 0)));
	return fd < 0 ? lc_fail(err, LCT_STEP_MOUNT, fd, name) : fd;
}

int lc_trees_open(struct lc_trees *trees, const struct lc_config_config *config, const int *sources,
	size_t sources_count, struct lc_arena *arena, size_t *out_mount, struct lc_error *err)
{
	const struct lc_config_mount *mounts = config->mounts.items;
	size_t count = 0;

	*trees = (struct lc_trees){0};
	for (size_t i = 0; i < config->mounts.count; i++)
		count += lc_compile_is_given(&mounts[i]);
	if (count == 0)
		return 0;
	trees->fds = lc_arena_array(arena, count, sizeof(*trees->fds));
	if (trees->fds == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "mounts");
	for (size_t i = 0; i < config->mounts.count; i++) {
		int fd;

		if (!lc_compile_is_given(&mounts[i]))
			continue;
		fd = open_tree(&mounts[i], i < sources_count ? sources[i] : -1, err);
		if (fd < 0) {
			*out_mount = i;
			lc_trees_close(trees);
			return fd;
		}
		trees->fds[trees->count++] = fd;
	}
	return 0;
}

void lc_trees_close(struct lc_trees *trees)
{
	while (trees->count > 0)
		(void) lc_sys_close(trees->fds[--trees->count]);
}
