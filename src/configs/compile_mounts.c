/* SPDX-License-Identifier: MIT */
/*
 * The root and what is mounted in it. Before the pivot: copies of host trees, detached, with their
 * attributes. After it, when no path names a host file any more: new file systems, and everything
 * attached in the order of the configuration.
 */
#include "configs/compile_parts.h"
#include "configs/names.h"
#include "configs/path.h"
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>

/*
 * The host's own root is made read-only while it is still detached, so that nothing can ever be
 * made on the host, and private, lest a later mount of the host arrive in it writable.
 */
void lc_compile_root(struct lc_compile *c, uint32_t slot)
{
	bool is_private = c->is_bare || c->is_cut_off;

	if (c->config->overlay != NULL) {
		lc_compile_layered_root(c, slot);
		return;
	}
	lc_plan_origin(c->w, "rootfs");
	LCT_PLAN(c->w, tree_open, .source = lc_plan_intern(c->w, c->config->rootfs), .slot = slot,
		.recursive = 1);
	if (is_private)
		LCT_PLAN(c->w, tree_attr, .slot = slot, .recursive = 1,
			.set = c->is_bare ? MOUNT_ATTR_RDONLY : 0, .propagation = MS_PRIVATE);
}

/* Attributes of a tree first, so that those of the mount itself may differ from them. */
static void set_attributes(struct lc_compile *c, const struct lc_compile_mount *mount)
{
	if ((mount->tree_set | mount->tree_clear) != 0)
		LCT_PLAN(c->w, tree_attr, .slot = mount->slot, .recursive = 1,
			.set = mount->tree_set, .clear = mount->tree_clear);
	if ((mount->set | mount->clear) != 0)
		LCT_PLAN(c->w, tree_attr, .slot = mount->slot, .set = mount->set,
			.clear = mount->clear);
}

/* What lies in the image is named by the image: its links lead by its own root, as they do for who
 * runs in it. */
static void open_source(struct lc_compile *c, const struct lc_compile_mount *mount)
{
	uint32_t nofollow = (mount->link & LCT_SYMLINK_SOURCE) != 0;

	if (mount->is_given) {
		LCT_PLAN(c->w, tree_given, .number = c->given++, .slot = mount->slot,
			.source = lc_plan_intern(c->w, mount->source),
			.propagation = c->is_cut_off ? MS_PRIVATE : MS_SLAVE);
		return;
	}
	if (c->is_host_root || !lc_path_is_below(mount->source, c->config->rootfs)) {
		LCT_PLAN(c->w, tree_open, .source = lc_plan_intern(c->w, mount->source),
			.slot = mount->slot, .recursive = mount->is_recursive,
			.nofollow = nofollow);
		return;
	}
	LCT_PLAN(c->w, tree_below, .root = lc_plan_intern(c->w, c->config->rootfs),
		.source = lc_plan_intern(c->w, mount->source), .slot = mount->slot,
		.recursive = mount->is_recursive, .nofollow = nofollow);
}

static bool is_overlay(const struct lc_compile_mount *mount)
{
	return !mount->is_bind && strcmp(mount->type, "overlay") == 0;
}

/*
 * Before the pivot, detached then like everything else: an overlay is made of directories of the host. In
 * a user namespace the kernel makes a proc or a sysfs only where it sees one that nothing hides any part
 * of: that of the host.
 */
static bool is_made_early(const struct lc_compile *c, const struct lc_compile_mount *mount)
{
	if (is_overlay(mount))
		return true;
	return c->has_user && !mount->is_bind && !mount->is_cgroup &&
	       lc_compile_is_proc_or_sysfs(mount);
}

/* Those that have labels of their own, or none at all, take no other one. */
static uint32_t label_of(struct lc_compile *c, const struct lc_compile_mount *mount)
{
	static const char *const own[] = {"proc", "sysfs", "mqueue", "cgroup", "cgroup2"};

	if (c->config->mount_label == NULL)
		return 0;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(own[i], mount->type) == 0)
			return 0;
	return lc_plan_intern(c->w, c->config->mount_label);
}

static void open_file_system(struct lc_compile *c, struct lc_compile_mount *mount)
{
	uint64_t attributes = (mount->tree_set & ~mount->clear) | mount->set;
	uint64_t readonly = attributes & MOUNT_ATTR_RDONLY;

	mount->slot = lc_plan_slot(c->w);
	if (mount->is_late_readonly || mount->is_copied_up)
		attributes &= ~(uint64_t) MOUNT_ATTR_RDONLY;
	if (is_overlay(mount)) {
		lc_compile_overlay(c, mount, attributes, label_of(c, mount));
		return;
	}
	LCT_PLAN(c->w, fs_open, .type = lc_plan_intern(c->w, mount->type),
		.label = label_of(c, mount),
		.source = lc_plan_intern(c->w, mount->source),
		.options = lc_plan_intern(c->w, mount->data), .attributes = attributes,
		.slot = mount->slot,
		.mode_of = lc_plan_intern(c->w, mount->keeps_mode ? mount->target : ""));
	if (mount->is_copied_up)
		LCT_PLAN(c->w, copy_up, .slot = mount->slot,
			.target = lc_plan_intern(c->w, mount->target), .owner = mount->keeps_owner);
	if (mount->is_copied_up && readonly != 0 && !mount->is_late_readonly)
		LCT_PLAN(c->w, tree_attr, .slot = mount->slot, .set = readonly);
}

void lc_compile_sources(struct lc_compile *c)
{
	for (size_t i = 0; i < c->mounts_count; i++) {
		struct lc_compile_mount *mount = &c->mounts[i];

		lc_plan_origin(c->w, "mounts[%zu]", i + 1);
		if (mount->is_bind) {
			mount->slot = lc_plan_slot(c->w);
			open_source(c, mount);
			set_attributes(c, mount);
		} else if (mount->is_cgroup) {
			lc_compile_cgroup_sources(c, mount);
		} else if (is_made_early(c, mount)) {
			open_file_system(c, mount);
		}
	}
}

/* As strcmp, but a directory is followed by what is below it before any other name. */
static int compare_paths(const void *left, const void *right)
{
	const unsigned char *a = *(const unsigned char *const *) left;
	const unsigned char *b = *(const unsigned char *const *) right;

	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return (*a == '/' ? 1 : *a) - (*b == '/' ? 1 : *b);
}

/*
 * The host's root brings its /proc, /sys and /dev along, and whatever else is mounted where the
 * configuration wants something: all that goes before anything is attached.
 */
int lc_compile_clear(struct lc_compile *c, struct lc_error *err)
{
	static const char *const always[] = {"/dev", "/proc", "/sys"};
	size_t count = sizeof(always) / sizeof(always[0]);
	const char **paths, *last = NULL;

	/* What a user namespace has from outside cannot be taken away there, only covered: the rules say
	 * by what. */
	if (!c->is_bare || c->has_user)
		return 0;
	paths = lc_arena_array(c->w->arena, count + c->mounts_count, sizeof(*paths));
	if (paths == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "mounts");
	memcpy(paths, always, sizeof(always));
	for (size_t i = 0; i < c->mounts_count; i++)
		paths[count++] = c->mounts[i].target;
	qsort(paths, count, sizeof(*paths), compare_paths);
	lc_plan_origin(c->w, "rootfs");
	for (size_t i = 0; i < count; i++) {
		/* A detached tree takes along what is mounted below. */
		if (last != NULL && lc_path_is_below(paths[i], last))
			continue;
		last = paths[i];
		LCT_PLAN(c->w, detach, .target = lc_plan_intern(c->w, last));
	}
	return 0;
}

/* How the place of a mount is found. */
static uint32_t target_flags(const struct lc_compile_mount *mount)
{
	bool is_on_proc = strcmp(mount->target, "/proc") == 0;
	uint32_t flags = mount->is_bind ? 0 : LCT_TARGET_DIRECTORY;

	if (is_on_proc || lc_compile_is_proc_or_sysfs(mount))
		flags |= LCT_TARGET_NO_SYMLINKS;
	if (is_on_proc && mount->is_bind)
		flags |= LCT_TARGET_PROCFS;
	if ((mount->link & LCT_SYMLINK_DESTINATION) != 0)
		flags |= LCT_TARGET_NOFOLLOW;
	if ((mount->link & LCT_SYMLINK_COPY) != 0)
		flags |= LCT_TARGET_COPY_LINK;
	return flags;
}

static void attach(struct lc_compile *c, const struct lc_compile_mount *mount, uint32_t slot)
{
	uint32_t flags = target_flags(mount);
	struct lc_compile_place place;

	if (!mount->needs_place)
		flags |= LCT_TARGET_CREATE;
	if (mount->is_kept)
		flags |= LCT_TARGET_KEEP;
	place = lc_compile_place_of_mount(c, mount);
	LCT_PLAN(c->w, attach, .slot = slot, .target = place.target, .base = place.base,
		.skip = place.skip, .flags = flags);
}

/*
 * In the order given, each one an operation: "slave" and then "shared" means both. By its target,
 * except where that could be a link: such a mount is told before it is attached.
 */
static void propagate(struct lc_compile *c, const struct lc_compile_mount *mount,
	const struct lc_strings *options)
{
	for (size_t i = 0; i < options->count; i++) {
		const struct lc_mount_option *option = lc_mount_option(options->items[i]);

		if (option == NULL || option->propagation == 0)
			continue;
		if (mount->link != 0)
			LCT_PLAN(c->w, tree_attr, .slot = mount->slot,
				.recursive = option->is_recursive,
				.propagation = option->propagation);
		else
			LCT_PLAN(c->w, propagate, .target = lc_plan_intern(c->w, mount->target),
				.propagation = option->propagation,
				.recursive = option->is_recursive);
	}
}

void lc_compile_mounts(struct lc_compile *c)
{
	const struct lc_config_mount *from = c->config->mounts.items;

	for (size_t i = 0; i < c->mounts_count; i++) {
		struct lc_compile_mount *mount = &c->mounts[i];

		lc_plan_origin(c->w, "mounts[%zu]", i + 1);
		if (mount->link != 0)
			propagate(c, mount, &from[i].options);
		if (!mount->is_bind && !mount->is_cgroup && !is_made_early(c, mount))
			open_file_system(c, mount);
		if (mount->is_cgroup)
			lc_compile_cgroup_mount(c, mount);
		else
			attach(c, mount, mount->slot);
		if (mount->link == 0)
			propagate(c, mount, &from[i].options);
	}
}

/* What lies in another mount has its place in that one. */
static bool is_in_root(const struct lc_compile *c, const struct lc_compile_mount *mount)
{
	for (size_t i = 0; i < c->mounts_count; i++)
		if (strcmp(mount->target, c->mounts[i].target) != 0 &&
			lc_path_is_below(mount->target, c->mounts[i].target))
			return false;
	return true;
}

void lc_compile_mount_points(struct lc_compile *c, uint32_t root)
{
	for (size_t i = 0; i < c->mounts_count; i++) {
		const struct lc_compile_mount *mount = &c->mounts[i];

		/* A copied link is no mount, but a part of the root. */
		if (!is_in_root(c, mount) || (mount->link & LCT_SYMLINK_COPY) != 0)
			continue;
		lc_plan_origin(c->w, "mounts[%zu]", i + 1);
		LCT_PLAN(c->w, mount_point, .target = lc_plan_intern(c->w, mount->target),
			.source = lc_plan_intern(c->w, mount->is_bind ? mount->source : ""),
			.flags = target_flags(mount), .base = root,
			.nofollow = (mount->link & LCT_SYMLINK_SOURCE) != 0);
	}
}
