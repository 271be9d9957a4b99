/* SPDX-License-Identifier: MIT */
/*
 * Mounts of type cgroup: the container's own part of every hierarchy. With a cgroup namespace the
 * hierarchies are mounted anew, rooted there by the kernel; without one the container's directories
 * are copied as binds, before the pivot, while the host can still be named. On pure v2 that is all;
 * elsewhere a tmpfs holds one directory a hierarchy, and is made read-only once they are in it.
 * Without any cgroup it stays empty, as on a machine that has none.
 */
#include "configs/compile_parts.h"
#include "configs/names.h"
#include "configs/validate_parts.h"
#include <linux/mount.h>
#include <linux/sched.h>
#include <string.h>

#define HOLDER_ATTRIBUTES (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static bool is_bound(const struct lc_compile *c)
{
	return (c->namespaces & CLONE_NEWCGROUP) == 0;
}

static uint64_t attributes_of(const struct lc_compile_mount *mount)
{
	return (mount->tree_set & ~mount->clear) | mount->set;
}

void lc_compile_cgroup_sources(struct lc_compile *c, struct lc_compile_mount *mount)
{
	size_t count = c->in->cgroups_count;

	if (!is_bound(c))
		return;
	mount->cgroup_slots = lc_arena_array(c->w->arena, count, sizeof(*mount->cgroup_slots));
	if (mount->cgroup_slots == NULL) {
		lc_compile_no_memory(c);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t slot = mount->cgroup_slots[i] = lc_plan_slot(c->w);

		LCT_PLAN(c->w, tree_open,
			.source = lc_plan_intern(c->w, c->in->cgroups[i].host_path), .slot = slot);
		if ((attributes_of(mount) | mount->clear) != 0)
			LCT_PLAN(c->w, tree_attr, .slot = slot, .set = attributes_of(mount),
				.clear = mount->clear);
	}
}

static void attach_hierarchy(struct lc_compile *c, const struct lc_compile_mount *mount,
	size_t index, const struct lc_compile_place *place)
{
	const struct lc_compile_cgroup *cgroup = &c->in->cgroups[index];
	uint32_t slot;

	if (is_bound(c)) {
		if (mount->cgroup_slots == NULL)
			return; /* out of memory, which the writer remembers */
		slot = mount->cgroup_slots[index];
	} else {
		slot = lc_plan_slot(c->w);
		LCT_PLAN(c->w, fs_open,
			.type = lc_plan_intern(c->w, cgroup->is_unified ? "cgroup2" : "cgroup"),
			.source = lc_plan_intern(c->w, "cgroup"),
			.options = lc_plan_intern(
				c->w, cgroup->is_unified ? mount->data : cgroup->options),
			.attributes = attributes_of(mount), .slot = slot);
	}
	LCT_PLAN(c->w, attach, .slot = slot, .target = place->target, .base = place->base,
		.skip = place->skip, .flags = LCT_TARGET_CREATE | LCT_TARGET_DIRECTORY);
}

/* cpu → cpu,cpuacct, for controllers that share a hierarchy. */
static void link_controllers(struct lc_compile *c, const struct lc_compile_mount *mount,
	uint32_t holder, const char *name)
{
	const char *word = name;

	if (strchr(name, ',') == NULL)
		return;
	while (true) {
		size_t length = strcspn(word, ",");
		const char *target = lc_arena_printf(
			c->w->arena, "%s/%.*s", mount->target, (int) length, word);

		if (target == NULL)
			lc_compile_no_memory(c);
		LCT_PLAN(c->w, link, .target = lc_plan_intern(c->w, target), .base = holder,
			.skip = (uint32_t) strlen(mount->target),
			.points_to = lc_plan_intern(c->w, name));
		if (word[length] == '\0')
			return;
		word += length + 1;
	}
}

void lc_compile_cgroup_mount(struct lc_compile *c, const struct lc_compile_mount *mount)
{
	struct lc_compile_place place = lc_compile_place_of_mount(c, mount);
	uint32_t holder;

	if (c->in->is_pure_v2) {
		attach_hierarchy(c, mount, 0, &place);
		return;
	}
	holder = lc_plan_slot(c->w);
	LCT_PLAN(c->w, fs_open, .type = lc_plan_intern(c->w, "tmpfs"),
		.source = lc_plan_intern(c->w, "cgroup"),
		.options = lc_plan_intern(c->w, "mode=755"), .attributes = HOLDER_ATTRIBUTES,
		.slot = holder);
	LCT_PLAN(c->w, attach, .slot = holder, .target = place.target, .base = place.base,
		.skip = place.skip,
		.flags = LCT_TARGET_CREATE | LCT_TARGET_DIRECTORY | LCT_TARGET_KEEP);
	place.base = holder;
	place.skip = (uint32_t) strlen(mount->target);
	for (size_t i = 0; i < c->in->cgroups_count; i++) {
		const char *name = c->in->cgroups[i].name;
		const char *target =
			lc_arena_printf(c->w->arena, "%s/%s", mount->target, name);

		if (target == NULL)
			lc_compile_no_memory(c);
		place.target = lc_plan_intern(c->w, target);
		attach_hierarchy(c, mount, i, &place);
		link_controllers(c, mount, holder, name);
	}
	LCT_PLAN(c->w, tree_attr, .slot = holder, .set = MOUNT_ATTR_RDONLY);
}

/* Can this mount of cgroups be written? What is said last counts, of the tree or of the mount itself. */
static bool is_writable_cgroup(const struct lc_config_mount *mount)
{
	uint64_t set = 0;

	if (mount->type == NULL || strcmp(mount->type, "cgroup") != 0)
		return false;
	for (size_t i = 0; i < mount->options.count; i++) {
		const struct lc_mount_option *option = lc_mount_option(mount->options.items[i]);

		if (option != NULL)
			set = (set & ~option->clear) | option->set;
	}
	return (set & MOUNT_ATTR_RDONLY) == 0;
}

bool lc_compile_delegates(const struct lc_config_config *config, uint32_t *out_owner)
{
	uint64_t made = lc_config_namespaces(config) & ~lc_config_joined(config);
	const struct lc_config_id_mapping *ranges = config->uid_mappings.items;
	const struct lc_config_mount *mounts = config->mounts.items;
	bool is_writable = false, has_root = false;

	if ((made & CLONE_NEWUSER) == 0 || (made & CLONE_NEWCGROUP) == 0)
		return false;
	for (size_t i = 0; i < config->mounts.count; i++)
		is_writable = is_writable || is_writable_cgroup(&mounts[i]);
	for (size_t i = 0; i < config->uid_mappings.count; i++) {
		if (ranges[i].container_id.value != 0)
			continue;
		*out_owner = (uint32_t) ranges[i].host_id.value;
		has_root = true;
	}
	return is_writable && has_root;
}
