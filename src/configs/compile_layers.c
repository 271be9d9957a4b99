/* SPDX-License-Identifier: MIT */
/*
 * Overlays: the root of a container, and mounts. Their directories are opened as the user of the host,
 * who may reach them; in a user namespace the file system is made as its root, since overlayfs does what
 * it does as its maker, and who has no number there owns nothing. docs.kernel.org/filesystems/overlayfs
 */
#include "configs/compile_parts.h"
#include "configs/names.h"
#include "configs/path.h"
#include "configs/validate_parts.h"
#include <linux/mount.h>
#include <signal.h>
#include <string.h>

/* Marks in a layer that would lead elsewhere are not followed. */
#define SAFE "redirect_dir=nofollow,metacopy=off"

/* A layer is one container's at a time. */
#define EXCLUSIVE ",index=on"

/* Only who is root outside may write trusted attributes, overlayfs's own marks. */
#define IN_USER_NAMESPACE ",userxattr"

struct layers {
	uint32_t lower, count; /* slots, one after the other */
	uint32_t upper, work;  /* 0 for none */
	bool is_staged;        /* those below are trees, needed until they are taken away again */
};

static uint32_t open_layer(struct lc_compile *c, const char *root, const char *path, bool is_ours)
{
	uint32_t slot = lc_plan_slot(c->w);

	LCT_PLAN(c->w, layer_open, .root = lc_plan_intern(c->w, root), .path = lc_plan_intern(c->w, path),
		.slot = slot, .nofollow = is_ours);
	return slot;
}

static void make_overlay(struct lc_compile *c, const struct layers *layers, const char *data,
	uint64_t attributes, uint32_t label, uint32_t slot)
{
	const char *options = lc_arena_printf(c->w->arena, "%s%s%s%s", SAFE,
		c->has_user ? IN_USER_NAMESPACE : layers->upper != 0 ? EXCLUSIVE : "",
		data[0] != '\0' ? "," : "", data);

	if (options == NULL) {
		lc_compile_no_memory(c);
		return;
	}
	if (layers->upper != 0)
		LCT_PLAN(c->w, layer_prove, .slot = layers->upper,
			.mark = lc_plan_intern(c->w, c->has_user ? "user.overlay.opaque"
								 : "trusted.overlay.opaque"));
	LCT_PLAN(c->w, overlay, .lower = layers->lower, .count = layers->count,
		.is_staged = layers->is_staged, .upper = layers->upper, .work = layers->work,
		.options = lc_plan_intern(c->w, options), .label = label, .attributes = attributes, .slot = slot);
}

static void begin_files(struct lc_compile *c)
{
	if (c->maps_user)
		LCT_PLAN(c->w, files_by, .root = 1);
}

static void end_files(struct lc_compile *c)
{
	if (!c->maps_user)
		return;
	LCT_PLAN(c->w, files_by, .root = 0);
	/* A change of user clears it. */
	LCT_PLAN(c->w, parent_death, .signal = SIGKILL);
}

bool lc_compile_is_root_given(const struct lc_config_config *config)
{
	const struct lc_config_overlay *overlay = config->overlay;
	bool has_user = (lc_config_namespaces(config) & lc_namespace_flag("user")) != 0;

	/* What is mounted below the host's root cannot be left out in a user namespace: the kernel
	 * lets nobody there look below a mount. */
	return overlay != NULL && has_user &&
	       (overlay->mapped || strcmp(config->rootfs, "/") == 0);
}

static void stage(struct lc_compile *c, uint32_t slot)
{
	LCT_PLAN(c->w, layer_stage, .slot = slot, .path = lc_plan_intern(c->w, c->config->rootfs));
}

static void unstage(struct lc_compile *c, uint32_t slot)
{
	LCT_PLAN(c->w, layer_unstage, .slot = slot);
}

/* The layers below the writable one, trees of the host's or directories. */
static void open_lower(struct lc_compile *c, struct layers *layers, bool is_given)
{
	const struct lc_config_overlay *overlay = c->config->overlay;
	const struct lc_strings *lower = &overlay->lower;

	for (size_t i = 0; i <= lower->count; i++) {
		const char *path = i < lower->count ? lower->items[i] : c->config->rootfs;
		uint32_t slot;

		if (i < lower->count)
			lc_plan_origin(c->w, "overlay.lower[%zu]", i + 1);
		else
			lc_plan_origin(c->w, "rootfs");
		if (is_given) {
			slot = lc_plan_slot(c->w);
			LCT_PLAN(c->w, tree_given, .number = c->given++, .slot = slot,
				.source = lc_plan_intern(c->w, path), .propagation = MS_PRIVATE);
		} else {
			slot = open_layer(c, "", path, false);
		}
		if (i == 0)
			layers->lower = slot;
		layers->count++;
	}
}

static uint32_t make_memory(struct lc_compile *c)
{
	const struct lc_config_overlay *overlay = c->config->overlay;
	const char *options = lc_arena_printf(c->w->arena, "size=%lld,mode=0700,uid=0,gid=0",
		(long long) overlay->memory.value);
	uint32_t slot = lc_plan_slot(c->w);

	if (options == NULL) {
		lc_compile_no_memory(c);
		return slot;
	}
	LCT_PLAN(c->w, fs_open, .type = lc_plan_intern(c->w, "tmpfs"),
		.source = lc_plan_intern(c->w, "layer"), .options = lc_plan_intern(c->w, options),
		.slot = slot);
	return slot;
}

static void open_own(struct lc_compile *c, struct layers *layers)
{
	const char *upper = lc_arena_printf(c->w->arena, "%s/upper", c->in->layer);
	const char *work = lc_arena_printf(c->w->arena, "%s/work", c->in->layer);

	if (upper == NULL || work == NULL) {
		lc_compile_no_memory(c);
		return;
	}
	layers->upper = open_layer(c, "", upper, true);
	layers->work = open_layer(c, "", work, true);
}

void lc_compile_layered_root(struct lc_compile *c, uint32_t slot)
{
	const struct lc_config_overlay *overlay = c->config->overlay;
	bool is_given = lc_compile_is_root_given(c->config), is_memory = overlay->memory.is_set;
	struct layers layers = {.is_staged = is_given};
	uint32_t memory = 0, i;

	open_lower(c, &layers, is_given);
	lc_plan_origin(c->w, "%s", overlay->layer != NULL ? "overlay.layer" : "overlay");
	if (is_memory)
		memory = make_memory(c);
	else
		open_own(c, &layers);
	lc_plan_origin(c->w, "overlay");
	for (i = 0; is_given && i < layers.count; i++)
		stage(c, layers.lower + i);
	if (is_memory)
		stage(c, memory);
	begin_files(c);
	if (is_memory) {
		layers.upper = lc_plan_slot(c->w);
		layers.work = lc_plan_slot(c->w);
		LCT_PLAN(c->w, layer_memory, .slot = memory, .like = layers.lower + layers.count - 1,
			.upper = layers.upper, .work = layers.work);
	}
	make_overlay(c, &layers, "", 0, 0, slot);
	end_files(c);
	if (is_memory)
		unstage(c, memory);
	for (i = 0; is_given && i < layers.count; i++)
		unstage(c, layers.lower + layers.count - 1 - i);
}

/* What lies in the image is found as everything else there. */
static uint32_t open_of_mount(struct lc_compile *c, const char *path)
{
	bool is_below = !c->is_host_root && lc_path_is_below(path, c->config->rootfs);

	return open_layer(c, is_below ? c->config->rootfs : "", path, false);
}

void lc_compile_overlay(struct lc_compile *c, const struct lc_compile_mount *mount, uint64_t attributes,
	uint32_t label)
{
	struct layers layers = {.count = 0};

	for (size_t i = 0; i < mount->lower.count; i++) {
		uint32_t slot = open_of_mount(c, mount->lower.items[i]);

		if (i == 0)
			layers.lower = slot;
		layers.count++;
	}
	if (mount->upper != NULL) {
		layers.upper = open_of_mount(c, mount->upper);
		layers.work = open_of_mount(c, mount->work);
	}
	begin_files(c);
	make_overlay(c, &layers, mount->data, attributes, label, mount->slot);
	end_files(c);
}
