/* SPDX-License-Identifier: MIT */
#include "container/descriptors.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

struct listing {
	struct lc_arena *arena;
	int *items;
	size_t count, room;
};

static int add(void *context, const char *name, unsigned char type)
{
	struct listing *list = context;
	uint64_t number;
	int *items;

	(void) type;
	if (lc_parse_u64(name, &number) < 0 || number > INT32_MAX)
		return -EINVAL;
	items = lc_arena_grow(
		list->arena, list->items, list->count, &list->room, sizeof(*items));
	if (items == NULL)
		return -ENOMEM;
	list->items = items;
	list->items[list->count++] = (int) number;
	return 0;
}

int lc_process_descriptors(
	pid_t pid, struct lc_arena *arena, int **out, size_t *out_count, struct lc_error *err)
{
	LCT_CLEANUP(fd) int fd = -1;
	struct listing list = {.arena = arena};
	struct lc_error failure = {0};
	char path[32];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int) pid);
	fd = (int) lc_sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0)
		return lc_fail(err, LCT_STEP_PROCESS, fd, path);
	r = lc_dir_each(fd, add, &list, LCT_STEP_PROCESS, &failure);
	if (r < 0)
		return lc_fail(err, LCT_STEP_PROCESS, r, path);
	*out = list.items;
	*out_count = list.count;
	return 0;
}
