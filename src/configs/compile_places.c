/* SPDX-License-Identifier: MIT */
/*
 * In which mount a path lies. What is attached, made or hidden in a file system that was made for the
 * container is found by the descriptor of that mount: its mount point may have been renamed meanwhile, by
 * who shares the image, and a lookup from the root costs more.
 */
#include "configs/compile_parts.h"
#include "configs/path.h"
#include <string.h>

/* A new file system has no links but the kernel's and ours, so that a path below it stays in it; one that
 * begins with what the image has, or is made of directories, may have any. */
static bool is_new(const struct lc_compile_mount *mount)
{
	return !mount->is_bind && !mount->is_cgroup && !mount->is_copied_up && mount->lower.count == 0;
}

/* The last one that holds it: a later mount on one of its directories hides an earlier one deeper down. */
struct lc_compile_mount *lc_compile_mount_of(const struct lc_compile *c, const char *path)
{
	for (size_t i = c->mounts_count; i > 0; i--) {
		struct lc_compile_mount *mount = &c->mounts[i - 1];

		if (lc_path_is_below(path, mount->target))
			return is_new(mount) ? mount : NULL;
	}
	return NULL;
}

/* No link of the image has a say in where it is attached. */
static bool is_place_certain(const struct lc_compile_mount *mount)
{
	return mount->holder != NULL || lc_compile_is_proc_or_sysfs(mount);
}

/* What was mounted in between may have got on top of the holder by a link of the image, from /var/run to
 * /run: then only the path leads to where the mount belongs. */
struct lc_compile_mount *lc_compile_find_holder(const struct lc_compile *c, size_t index)
{
	for (size_t i = index; i > 0; i--) {
		struct lc_compile_mount *mount = &c->mounts[i - 1];

		if (lc_path_is_below(c->mounts[index].target, mount->target))
			return is_new(mount) ? mount : NULL;
		if (!is_place_certain(mount))
			return NULL;
	}
	return NULL;
}

static struct lc_compile_place place_below(
	struct lc_compile *c, const struct lc_compile_mount *holder, const char *path)
{
	struct lc_compile_place place = {.target = lc_plan_intern(c->w, path)};

	if (holder != NULL) {
		place.base = holder->slot;
		place.skip = (uint32_t) strlen(holder->target);
	}
	return place;
}

struct lc_compile_place lc_compile_place(struct lc_compile *c, const char *path)
{
	char clean[LCT_PATH_ROOM];

	if (!lc_path_clean(path, clean, sizeof(clean)))
		return place_below(c, NULL, path);
	return place_below(c, lc_compile_mount_of(c, clean), clean);
}

struct lc_compile_place lc_compile_place_of_mount(
	struct lc_compile *c, const struct lc_compile_mount *mount)
{
	return place_below(c, mount->holder, mount->target);
}

const struct lc_compile_mount *lc_compile_mount_at(const struct lc_compile *c, const char *path)
{
	for (size_t i = c->mounts_count; i > 0; i--)
		if (strcmp(c->mounts[i - 1].target, path) == 0)
			return &c->mounts[i - 1];
	return NULL;
}
