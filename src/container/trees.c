/* SPDX-License-Identifier: MIT */
/*
 * Sources by descriptor are walked by no path. Those by path are, as the init walks others: in the
 * image below its root, whatever links say. Ids are changed while the tree is detached, as the kernel
 * wants it, and by who is root outside of any user namespace of the container.
 */
#include "container/trees.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "configs/compile.h"
#include "configs/mappings.h"
#include "configs/path.h"
#include "container/user_namespace.h"
#include "sys/sys.h"

#include <linux/mount.h>
#include <stdio.h>
#include <string.h>

/* What all trees of one start share. */
struct opening {
	struct lc_host *host;
	const struct lc_config_config *config;
	struct lc_arena *arena;
	char uids[LCT_MAPPINGS_TEXT], gids[LCT_MAPPINGS_TEXT];
	int namespace; /* that has these maps, -1 for none yet: most mounts have the same */
};

static int clone_tree(int directory, const char *path, unsigned flags)
{
	return lc_fd_above_stdio((int) lc_sys_open_tree(
		directory, path, flags | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
}

static int clone_source(int directory, const char *path, const struct lc_config_mount *mount,
	unsigned flags, const char *subject, struct lc_error *err)
{
	int fd = clone_tree(
		directory, path, flags | (lc_compile_is_recursive(mount) ? AT_RECURSIVE : 0));

	return fd < 0 ? lc_fail(err, LCT_STEP_MOUNT, fd, subject) : fd;
}

static int open_below(const struct opening *opening, const struct lc_config_mount *mount,
	const char *source, struct lc_error *err)
{
	const char *root = opening->config->rootfs;
	LCT_CLEANUP(fd) int directory = (int) lc_sys_openat(
		AT_FDCWD, root, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC, 0);
	LCT_CLEANUP(fd) int found = -1;
	const char *rest = source + strlen(root);
	long r = directory;

	if (r >= 0)
		r = found = (int) lc_sys_openat2(directory, *rest == '\0' ? "/" : rest,
			O_PATH | O_CLOEXEC | (lc_compile_is_link(mount) ? O_NOFOLLOW : 0), 0,
			RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	if (r < 0)
		return lc_fail(err, LCT_STEP_MOUNT, r, source);
	return clone_source(found, "", mount, AT_EMPTY_PATH, source, err);
}

static int open_tree(const struct opening *opening, const struct lc_config_mount *mount, int source,
	struct lc_error *err)
{
	const char *root = opening->config->rootfs;
	char name[32], path[LCT_PATH_ROOM];

	if (mount->source_fd.is_set) {
		(void) snprintf(
			name, sizeof(name), "descriptor %lld", (long long) mount->source_fd.value);
		/* Of a state that another process has written, or that was made by one that has
		 * ended. */
		if (source < 0)
			return lc_fail(err, LCT_STEP_MOUNT, EBADF, name);
		return clone_source(source, "", mount, AT_EMPTY_PATH, name, err);
	}
	if (!lc_path_clean(mount->source, path, sizeof(path)))
		return lc_fail(err, LCT_STEP_MOUNT, EINVAL, mount->source);
	if (strcmp(root, "/") != 0 && lc_path_is_below(path, root))
		return open_below(opening, mount, path, err);
	return clone_source(AT_FDCWD, path, mount,
		AT_NO_AUTOMOUNT | (lc_compile_is_link(mount) ? AT_SYMLINK_NOFOLLOW : 0), path, err);
}

/* The namespace with the ids of a mount: the one before, when it has the same. */
static int namespace_of(struct opening *opening, const struct lc_config_mount *mount,
	struct lc_error *err)
{
	bool is_own = mount->uid_mappings.count > 0;
	char uids[LCT_MAPPINGS_TEXT], gids[LCT_MAPPINGS_TEXT];

	if (lc_mappings_text(is_own ? &mount->uid_mappings : &opening->config->uid_mappings, uids) < 0 ||
		lc_mappings_text(is_own ? &mount->gid_mappings : &opening->config->gid_mappings,
			gids) < 0)
		return lc_fail(err, LCT_STEP_MOUNT, E2BIG, "uid_mappings");
	if (opening->namespace >= 0 && strcmp(uids, opening->uids) == 0 &&
		strcmp(gids, opening->gids) == 0)
		return opening->namespace;
	lc_fd_close(&opening->namespace);
	strcpy(opening->uids, uids);
	strcpy(opening->gids, gids);
	return opening->namespace = lc_user_namespace_open(
		       opening->host, uids, gids, opening->arena, err);
}

/* `flags` is 0 or AT_RECURSIVE. */
static int change_ids(struct opening *opening, const struct lc_config_mount *mount, int tree,
	unsigned flags, const char *subject, struct lc_error *err)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP};
	int fd = namespace_of(opening, mount, err);
	long r;

	if (fd < 0)
		return fd;
	attr.userns_fd = (uint64_t) fd;
	r = lc_sys_mount_setattr(tree, "", AT_EMPTY_PATH | flags, &attr);
	return r < 0 ? lc_fail(err, LCT_STEP_IDMAP, r, subject) : 0;
}

static int open_mount(struct opening *opening, const struct lc_config_mount *mount, int source,
	struct lc_error *err)
{
	LCT_CLEANUP(fd) int tree = open_tree(opening, mount, source, err);
	enum lc_mapped mapped = lc_compile_is_mapped(mount);
	int r = tree;

	if (r >= 0 && mapped != LCT_MAPPED_NOT)
		r = change_ids(opening, mount, tree, mapped == LCT_MAPPED_TREE ? AT_RECURSIVE : 0,
			mount->destination, err);
	return r < 0 ? r : lc_take_fd(&tree);
}

/* A layer below the writable one, without what is mounted in it. */
static int open_layer(struct opening *opening, const char *path, bool is_mapped, struct lc_error *err)
{
	static const struct lc_config_mount plain;
	LCT_CLEANUP(fd) int tree = clone_tree(AT_FDCWD, path, AT_NO_AUTOMOUNT);
	int r = tree;

	if (r < 0)
		return lc_fail(err, LCT_STEP_LAYER, r, path);
	if (is_mapped)
		r = change_ids(opening, &plain, tree, 0, path, err);
	return r < 0 ? r : lc_take_fd(&tree);
}

static int open_layers(struct lc_trees *trees, struct opening *opening, char out_field[LCT_TREES_FIELD],
	struct lc_error *err)
{
	const struct lc_config_overlay *overlay = opening->config->overlay;

	for (size_t i = 0; i <= overlay->lower.count; i++) {
		const char *path = i < overlay->lower.count ? overlay->lower.items[i] : opening->config->rootfs;
		int fd = open_layer(opening, path, overlay->mapped, err);

		if (fd < 0 && i < overlay->lower.count)
			(void) snprintf(out_field, LCT_TREES_FIELD, "overlay.lower[%zu]", i + 1);
		else if (fd < 0)
			(void) snprintf(out_field, LCT_TREES_FIELD, "rootfs");
		if (fd < 0)
			return fd;
		trees->fds[trees->count++] = fd;
	}
	return 0;
}

static int open_mounts(struct lc_trees *trees, struct opening *opening, const int *sources,
	size_t sources_count, size_t *out_mount, struct lc_error *err)
{
	const struct lc_config_mount *mounts = opening->config->mounts.items;

	for (size_t i = 0; i < opening->config->mounts.count; i++) {
		int fd;

		if (!lc_compile_is_given(&mounts[i]))
			continue;
		fd = open_mount(opening, &mounts[i], i < sources_count ? sources[i] : -1, err);
		if (fd < 0) {
			*out_mount = i;
			return fd;
		}
		trees->fds[trees->count++] = fd;
	}
	return 0;
}

static size_t count_trees(const struct lc_config_config *config)
{
	const struct lc_config_overlay *overlay = config->overlay;
	const struct lc_config_mount *mounts = config->mounts.items;
	size_t count = lc_compile_is_root_given(config) ? overlay->lower.count + 1 : 0;

	for (size_t i = 0; i < config->mounts.count; i++)
		count += lc_compile_is_given(&mounts[i]);
	return count;
}

int lc_trees_open(struct lc_trees *trees, struct lc_host *host, const struct lc_config_config *config,
	const int *sources, size_t sources_count, struct lc_arena *arena,
	char out_field[LCT_TREES_FIELD], struct lc_error *err)
{
	struct opening opening = {.host = host, .config = config, .arena = arena, .namespace = -1};
	size_t count = count_trees(config), mount = 0;
	int r = 0;

	*trees = (struct lc_trees){0};
	if (count == 0)
		return 0;
	trees->fds = lc_arena_array(arena, count, sizeof(*trees->fds));
	if (trees->fds == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "mounts");
	if (lc_compile_is_root_given(config))
		r = open_layers(trees, &opening, out_field, err);
	if (r >= 0) {
		r = open_mounts(trees, &opening, sources, sources_count, &mount, err);
		(void) snprintf(out_field, LCT_TREES_FIELD, "mounts[%zu]", mount + 1);
	}
	lc_fd_close(&opening.namespace);
	if (r < 0)
		lc_trees_close(trees);
	return r;
}

void lc_trees_close(struct lc_trees *trees)
{
	while (trees->count > 0)
		(void) lc_sys_close(trees->fds[--trees->count]);
}
