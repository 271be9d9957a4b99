/* SPDX-License-Identifier: MIT */
/*
 * Groups inside of a container's group that somebody has made there, which may have been the container: a
 * further process is told to join them. They are opened below the container's own directories, without
 * links; they are neither limited nor removed by us.
 */
#include "cgroups/driver.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

static int refuse(const char *name, const char *why, struct lc_error *err)
{
	char subject[2 * LCT_SUBJECT_MAX];

	(void) snprintf(subject, sizeof(subject), "process.sub_cgroups.%.100s: %.200s", name, why);
	return lc_fail(err, LCT_STEP_CONFIG, EINVAL, subject);
}

/* The directory of `parent` in the hierarchy that is called so, or has this controller; NULL: none. */
static struct lc_cgroup_dir *find(struct lc_cgroup *parent, const char *name)
{
	int index = lc_cgroup_find_v1(parent, name);

	for (size_t i = 0; i < parent->count && index < 0; i++)
		if (strcmp(lc_cgroup_where(parent, &parent->dirs[i])->name, name) == 0)
			index = (int) i;
	return index >= 0 ? &parent->dirs[index] : NULL;
}

/* Open `place` below the directory of the parent, which is proved by that to be the container's, and add it. */
static int add(struct lc_cgroup *out, struct lc_cgroup *parent, struct lc_cgroup_dir *above,
	const struct lc_cgroup_saved *place, struct lc_error *err)
{
	struct lc_cgroup_dir dir = {.hierarchy = above->hierarchy, .fd = -1};
	int r;

	dir.path = lc_arena_printf(&out->arena, "%s%s%s", above->path,
		place->path[0] != '\0' ? "/" : "", place->path);
	if (dir.path == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, place->path);
	for (size_t i = 0; i < out->count; i++)
		if (out->dirs[i].hierarchy == dir.hierarchy)
			return strcmp(out->dirs[i].path, dir.path) == 0
				? 0
				: refuse(place->name, "another path is given in its hierarchy", err);
	r = lc_cgroup_dir_open(parent, above);
	if (r >= 0)
		r = above->fd < 0 ? -ENOENT
				  : lc_cgroup_open_at(above->fd, place->path, O_RDONLY | O_DIRECTORY);
	if (r < 0)
		return lc_cgroup_fail(parent, &dir, r, NULL, err);
	dir.fd = r;
	out->dirs[out->count++] = dir;
	return 0;
}

int lc_cgroup_init_inside(struct lc_cgroup *out, struct lc_cgroup *parent,
	const struct lc_cgroup_saved *places, size_t count, struct lc_error *err)
{
	int r = 0;

	*out = (struct lc_cgroup){.mounts = parent->mounts, .ops = parent->ops, .leaf_fd = -1};
	for (size_t i = 0; i < count && r >= 0; i++) {
		struct lc_cgroup_dir *above = find(parent, places[i].name);

		if (!lc_cgroup_path_is_plain(places[i].path))
			r = refuse(places[i].name, "must be a path inside the container's", err);
		else if (strcmp(places[i].name, "all") == 0)
			for (size_t j = 0; j < parent->count && r >= 0; j++)
				r = add(out, parent, &parent->dirs[j], &places[i], err);
		else if (above != NULL)
			r = add(out, parent, above, &places[i], err);
		else
			r = refuse(places[i].name, "unknown controller, or one of the unified tree", err);
	}
	if (r < 0)
		lc_cgroup_done(out);
	return r;
}
