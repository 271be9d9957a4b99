/* SPDX-License-Identifier: MIT */
/*
 * Mounts of a configuration → struct lc_compile_mount: what each option of the list does, the last
 * of two that contradict each other winning. Appends nothing to the plan.
 */
#include "configs/compile_parts.h"
#include "configs/layers.h"
#include "configs/names.h"
#include "configs/path.h"
#include <linux/mount.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>

/* Add an option to a pair of masks; the access time field is cleared whole or not at all. */
static void merge(uint64_t *set, uint64_t *clear, const struct lc_mount_option *option)
{
	*set = (*set & ~option->clear) | option->set;
	*clear = (*clear & ~option->set) | option->clear;
}

static void read_option(struct lc_compile_mount *mount, const struct lc_mount_option *option)
{
	uint64_t touched = option->set | option->clear;

	mount->link |= option->link;
	mount->is_copied_up = mount->is_copied_up || option->is_copy_up;
	mount->needs_place = mount->needs_place || option->needs_place;
	if (option->is_bind) {
		mount->is_bind = true;
		mount->is_recursive = mount->is_recursive || option->is_recursive;
	} else if (option->is_recursive) {
		/* Tree attributes are set first, so an earlier word about the mount itself must not
		 * undo this later one. */
		merge(&mount->tree_set, &mount->tree_clear, option);
		mount->set &= ~touched;
		mount->clear &= ~touched;
	} else {
		merge(&mount->set, &mount->clear, option);
	}
}

/* Join what the file system itself is told; the directories of an overlay are told otherwise. */
static const char *join_data(struct lc_arena *arena, const struct lc_strings *options, bool has_layers)
{
	size_t size = 1, used = 0;
	char *data;

	for (size_t i = 0; i < options->count; i++)
		size += strlen(options->items[i]) + 1;
	data = lc_arena_alloc(arena, size);
	for (size_t i = 0; data != NULL && i < options->count; i++) {
		const struct lc_mount_option *option = lc_mount_option(options->items[i]);
		const char *text = option == NULL ? options->items[i] : option->superblock;
		size_t length;

		if (text == NULL || (has_layers && lc_layers_is_option(text)))
			continue;
		length = strlen(text);
		if (used > 0)
			data[used++] = ',';
		memcpy(data + used, text, length);
		used += length;
	}
	return data;
}

/* Is one of them `name`, which ends in "="? */
static bool has_value(const struct lc_strings *options, const char *name)
{
	for (size_t i = 0; i < options->count; i++)
		if (strncmp(options->items[i], name, strlen(name)) == 0)
			return true;
	return false;
}

/* Of a bind cleaned like a target: whether it lies in the image is judged by the same text, and no
 * ".." steps back over a link of the image's. */
static const char *read_source(struct lc_arena *arena, const struct lc_compile_mount *mount,
	const struct lc_config_mount *from)
{
	const char *source = from->source;
	char clean[LCT_PATH_ROOM];

	if (from->source_fd.is_set)
		return lc_arena_printf(arena, "descriptor %lld", (long long) from->source_fd.value);
	if (source == NULL || source[0] == '\0')
		return mount->type;
	if (!mount->is_bind || !lc_path_clean(source, clean, sizeof(clean)))
		return source;
	return lc_arena_copy(arena, clean, strlen(clean));
}

static const char *read_layer(struct lc_arena *arena, const char *value)
{
	char path[LCT_PATH_ROOM];

	/* The validator has seen them all. */
	return lc_path_clean(value, path, sizeof(path)) ? lc_arena_copy(arena, path, strlen(path)) : NULL;
}

/* -ENOMEM, or what is wrong with a path and was not told before. */
static int read_layers(struct lc_arena *arena, const struct lc_strings *options, struct lc_compile_mount *to)
{
	const char *lower = lc_layers_value(options, "lowerdir=");
	const char *upper = lc_layers_value(options, "upperdir=");
	const char *work = lc_layers_value(options, "workdir=");
	char path[LCT_PATH_ROOM];
	int count = lc_layers_count(lower);

	if (count < 0)
		return count;
	to->lower.items = lc_arena_array(arena, (size_t) count + 1, sizeof(*to->lower.items));
	while (to->lower.items != NULL && lc_layers_next(&lower, path, sizeof(path)) > 0) {
		const char *copy = lc_arena_copy(arena, path, strlen(path));

		if (copy == NULL)
			return -ENOMEM;
		to->lower.items[to->lower.count++] = copy;
	}
	if (upper != NULL)
		to->upper = read_layer(arena, upper);
	if (work != NULL)
		to->work = read_layer(arena, work);
	return to->lower.items == NULL || (upper != NULL && to->upper == NULL) ||
			(work != NULL && to->work == NULL) ?
		-ENOMEM : 0;
}

/* With mappings and no word of it, it is the mount alone: config.md of OCI, "mounts". */
enum lc_mapped lc_compile_is_mapped(const struct lc_config_mount *mount)
{
	enum lc_mapped found =
		mount->uid_mappings.count > 0 ? LCT_MAPPED_MOUNT : LCT_MAPPED_NOT;

	for (size_t i = 0; i < mount->options.count; i++) {
		const struct lc_mount_option *option = lc_mount_option(mount->options.items[i]);

		if (option != NULL && option->is_mapped)
			found = option->is_recursive ? LCT_MAPPED_TREE : LCT_MAPPED_MOUNT;
	}
	return found;
}

bool lc_compile_is_link(const struct lc_config_mount *mount)
{
	for (size_t i = 0; i < mount->options.count; i++) {
		const struct lc_mount_option *option = lc_mount_option(mount->options.items[i]);

		if (option != NULL && (option->link & LCT_SYMLINK_SOURCE) != 0)
			return true;
	}
	return false;
}

bool lc_compile_is_given(const struct lc_config_mount *mount)
{
	return mount->source_fd.is_set || lc_compile_is_mapped(mount) != LCT_MAPPED_NOT;
}

bool lc_compile_is_recursive(const struct lc_config_mount *mount)
{
	for (size_t i = 0; i < mount->options.count; i++) {
		const struct lc_mount_option *option = lc_mount_option(mount->options.items[i]);

		if (option != NULL && option->is_bind && option->is_recursive)
			return true;
	}
	return false;
}

/*
 * The kernel makes a sysfs for who owns the network namespace that it shows. In a user namespace that
 * has none of its own it is the host's, with all that is mounted in it, and as much closed.
 */
static bool is_foreign_sysfs(const struct lc_compile *c, const struct lc_compile_mount *mount)
{
	bool is_net_own = (c->namespaces & ~c->joined & CLONE_NEWNET) != 0;
	bool may_be_own = (c->joined & CLONE_NEWNET) != 0 && (c->joined & CLONE_NEWUSER) != 0;

	return c->has_user && !is_net_own && !may_be_own && !mount->is_bind &&
	       strcmp(mount->type, "sysfs") == 0;
}

static void bind_sysfs(struct lc_compile_mount *mount)
{
	mount->is_bind = mount->is_recursive = true;
	mount->source = "/sys";
	mount->tree_set |= mount->set;
}

static int read_mount(struct lc_compile *c, const struct lc_config_mount *from,
	struct lc_compile_mount *to, struct lc_error *err)
{
	struct lc_arena *arena = c->w->arena;
	char target[LCT_PATH_ROOM];
	bool has_layers;

	if (!lc_path_clean(from->destination, target, sizeof(target)))
		return lc_fail(err, LCT_STEP_CONFIG, EINVAL, from->destination);
	to->is_bind = from->type != NULL && strcmp(from->type, "bind") == 0;
	for (size_t i = 0; i < from->options.count; i++) {
		const struct lc_mount_option *option = lc_mount_option(from->options.items[i]);

		if (option != NULL)
			read_option(to, option);
	}
	to->is_given = lc_compile_is_given(from);
	to->type = to->is_bind ? "bind" : from->type;
	to->source = read_source(arena, to, from);
	to->is_cgroup = strcmp(to->type, "cgroup") == 0;
	if (is_foreign_sysfs(c, to))
		bind_sysfs(to);
	to->target = lc_arena_copy(arena, target, strlen(target));
	has_layers = !to->is_bind && strcmp(to->type, "overlay") == 0;
	to->data = join_data(arena, &from->options, has_layers);
	if (to->source == NULL || to->target == NULL || to->data == NULL ||
		(has_layers && read_layers(arena, &from->options, to) < 0))
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "mounts");
	/* Nodes and links are still to be made in it. */
	to->is_late_readonly = !to->is_bind && strcmp(target, "/dev") == 0 &&
			       ((to->set | to->tree_set) & MOUNT_ATTR_RDONLY) != 0;
	to->is_kept = to->is_late_readonly;
	/* A /tmp that everybody may write to stays one when a tmpfs is put over it. */
	to->keeps_mode = strcmp(to->type, "tmpfs") == 0 && !has_value(&from->options, "mode=");
	to->keeps_owner = to->is_copied_up && !has_value(&from->options, "uid=") &&
			  !has_value(&from->options, "gid=");
	return 0;
}

/* What is hidden, made read-only or made in a mount is found by that mount, not by a path that somebody
 * may have changed since. */
static void keep_holder(const struct lc_compile *c, const char *path)
{
	char clean[LCT_PATH_ROOM];
	struct lc_compile_mount *mount =
		lc_path_clean(path, clean, sizeof(clean)) ? lc_compile_mount_of(c, clean) : NULL;

	if (mount != NULL)
		mount->is_kept = true;
}

static void keep_holders(const struct lc_compile *c)
{
	const struct lc_strings *lists[] = {&c->config->readonly_paths, &c->config->mask_paths};
	const struct lc_config_device *devices = c->config->devices.items;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (size_t j = 0; j < lists[i]->count; j++)
			keep_holder(c, lists[i]->items[j]);
	for (size_t i = 0; i < c->config->devices.count; i++)
		keep_holder(c, devices[i].path);
	keep_holder(c, "/dev/null"); /* and the other usual nodes and links */
	for (size_t i = 0; i < c->mounts_count; i++) {
		struct lc_compile_mount *holder = lc_compile_find_holder(c, i);

		c->mounts[i].holder = holder;
		if (holder != NULL)
			holder->is_kept = true;
	}
}

int lc_compile_read_mounts(struct lc_compile *c, struct lc_error *err)
{
	const struct lc_config_mount *mounts = c->config->mounts.items;

	c->mounts_count = c->config->mounts.count;
	if (c->mounts_count == 0)
		return 0;
	c->mounts = lc_arena_array(c->w->arena, c->mounts_count, sizeof(*c->mounts));
	if (c->mounts == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "mounts");
	for (size_t i = 0; i < c->mounts_count; i++) {
		int r = read_mount(c, &mounts[i], &c->mounts[i], err);

		if (r < 0)
			return r;
	}
	keep_holders(c);
	return 0;
}
