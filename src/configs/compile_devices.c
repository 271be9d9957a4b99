/* SPDX-License-Identifier: MIT */
/*
 * /dev: the nodes that every container has, those of the configuration, and the links. A /dev that
 * is a bind mount is somebody's finished one, and on the host's read-only root nothing can be made:
 * then /dev stays as it is.
 *
 * With a user namespace nodes are copies of the host's, taken while the host can still be named: a node
 * that is made there opens nothing. [O74]
 */
#include "configs/compile_parts.h"
#include "configs/path.h"
#include <linux/mount.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_MODE 0666

static const struct {
	const char *path;
	uint32_t major, minor;
} usual[] = {
	{"/dev/null", 1, 3},
	{"/dev/zero", 1, 5},
	{"/dev/full", 1, 7},
	{"/dev/random", 1, 8},
	{"/dev/urandom", 1, 9},
	{"/dev/tty", 5, 0},
};

static const struct {
	const char *path, *points_to;
	bool is_in_every_proc; /* where /proc is mounted there is no need to look */
} links[] = {
	{"/dev/fd", "/proc/self/fd", true},
	{"/dev/stdin", "/proc/self/fd/0", true},
	{"/dev/stdout", "/proc/self/fd/1", true},
	{"/dev/stderr", "/proc/self/fd/2", true},
	{"/dev/core", "/proc/kcore", false},
};

bool lc_compile_is_dev_ours(const struct lc_compile *c)
{
	const struct lc_compile_mount *dev = lc_compile_mount_at(c, "/dev");

	return dev == NULL ? !c->is_bare : !dev->is_bind;
}

/* The cleaned path of a device of the configuration. */
static const char *device_path(const struct lc_config_device *device, char *buffer)
{
	return lc_path_clean(device->path, buffer, LCT_PATH_ROOM) ? buffer : device->path;
}

static bool is_configured(const struct lc_compile *c, const char *path)
{
	const struct lc_config_device *devices = c->config->devices.items;
	char buffer[LCT_PATH_ROOM];

	for (size_t i = 0; i < c->config->devices.count; i++)
		if (strcmp(device_path(&devices[i], buffer), path) == 0)
			return true;
	return false;
}

static uint32_t type_bits(const char *type)
{
	if (type[0] == 'b')
		return S_IFBLK;
	return type[0] == 'p' ? S_IFIFO : S_IFCHR;
}

static void make_configured(struct lc_compile *c, const struct lc_config_device *device)
{
	struct lc_compile_place place = lc_compile_place(c, device->path);
	uint32_t type = type_bits(device->type);

	LCT_PLAN(c->w, device, .target = place.target, .base = place.base, .skip = place.skip,
		.type = type, .major = type == S_IFIFO ? 0 : (uint32_t) device->major.value,
		.minor = type == S_IFIFO ? 0 : (uint32_t) device->minor.value,
		.mode = device->file_mode.is_set ? (uint32_t) device->file_mode.value
						 : DEFAULT_MODE,
		.uid = (uint32_t) device->uid.value, .gid = (uint32_t) device->gid.value);
}

#define USUAL (sizeof(usual) / sizeof(usual[0]))

static bool is_usual_wanted(const struct lc_compile *c, size_t index)
{
	return lc_compile_is_dev_ours(c) && !is_configured(c, usual[index].path);
}

static bool is_wanted(const struct lc_compile *c, const struct lc_config_device *device)
{
	char buffer[LCT_PATH_ROOM];

	return lc_compile_is_dev_ours(c) || !lc_path_is_below(device_path(device, buffer), "/dev");
}

/* --- with a user namespace --- */

static uint32_t open_node(struct lc_compile *c, const char *source, uint32_t type, uint32_t major,
	uint32_t minor)
{
	uint32_t slot = lc_plan_slot(c->w);

	LCT_PLAN(c->w, device_open, .source = lc_plan_intern(c->w, source), .slot = slot,
		.type = type, .major = major, .minor = minor);
	return slot;
}

/* A mount on whatever has the name, a link itself. */
static void attach_node(struct lc_compile *c, uint32_t slot, const char *path)
{
	struct lc_compile_place place = lc_compile_place(c, path);

	LCT_PLAN(c->w, attach, .slot = slot, .target = place.target, .base = place.base,
		.skip = place.skip, .flags = LCT_TARGET_CREATE | LCT_TARGET_NOFOLLOW);
}

int lc_compile_read_devices(struct lc_compile *c, struct lc_error *err)
{
	if (!c->has_user)
		return 0;
	c->device_slots = lc_arena_array(
		c->w->arena, USUAL + c->config->devices.count, sizeof(*c->device_slots));
	return c->device_slots == NULL ? lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "devices") : 0;
}

void lc_compile_device_sources(struct lc_compile *c)
{
	const struct lc_config_device *devices = c->config->devices.items;
	char buffer[LCT_PATH_ROOM];

	lc_plan_origin(c->w, NULL);
	if (c->config->mask_paths.count > 0)
		c->null_slot = open_node(c, usual[0].path, S_IFCHR, usual[0].major, usual[0].minor);
	for (size_t i = 0; i < USUAL; i++)
		if (is_usual_wanted(c, i))
			c->device_slots[i] = open_node(
				c, usual[i].path, S_IFCHR, usual[i].major, usual[i].minor);
	for (size_t i = 0; i < c->config->devices.count; i++) {
		uint32_t type = type_bits(devices[i].type);

		if (type == S_IFIFO || !is_wanted(c, &devices[i]))
			continue;
		lc_plan_origin(c->w, "devices[%zu]", i + 1);
		c->device_slots[USUAL + i] = open_node(c, device_path(&devices[i], buffer), type,
			(uint32_t) devices[i].major.value, (uint32_t) devices[i].minor.value);
	}
}

/* --- the nodes --- */

static void make_usual(struct lc_compile *c, size_t index)
{
	struct lc_compile_place place = lc_compile_place(c, usual[index].path);

	LCT_PLAN(c->w, device, .target = place.target, .base = place.base, .skip = place.skip,
		.type = S_IFCHR, .major = usual[index].major, .minor = usual[index].minor,
		.mode = DEFAULT_MODE);
}

void lc_compile_devices(struct lc_compile *c)
{
	const struct lc_config_device *devices = c->config->devices.items;
	char buffer[LCT_PATH_ROOM];

	lc_plan_origin(c->w, NULL);
	for (size_t i = 0; i < USUAL; i++) {
		if (!is_usual_wanted(c, i))
			continue;
		if (c->has_user)
			attach_node(c, c->device_slots[i], usual[i].path);
		else
			make_usual(c, i);
	}
	for (size_t i = 0; i < c->config->devices.count; i++) {
		if (!is_wanted(c, &devices[i]))
			continue;
		lc_plan_origin(c->w, "devices[%zu]", i + 1);
		if (c->has_user && c->device_slots[USUAL + i] != 0)
			attach_node(c, c->device_slots[USUAL + i], device_path(&devices[i], buffer));
		else
			make_configured(c, &devices[i]);
	}
}

static void make_link(struct lc_compile *c, const char *path, const char *points_to, uint32_t flags)
{
	struct lc_compile_place place = lc_compile_place(c, path);

	LCT_PLAN(c->w, link, .target = place.target, .base = place.base, .skip = place.skip,
		.points_to = lc_plan_intern(c->w, points_to), .flags = flags);
}

void lc_compile_links(struct lc_compile *c)
{
	const struct lc_compile_mount *pts = lc_compile_mount_at(c, "/dev/pts");
	const struct lc_compile_mount *dev = lc_compile_mount_at(c, "/dev");
	const struct lc_compile_mount *proc = lc_compile_mount_at(c, "/proc");
	bool has_proc = proc != NULL && strcmp(proc->type, "proc") == 0;

	lc_plan_origin(c->w, NULL);
	if (lc_compile_is_dev_ours(c)) {
		for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
			make_link(c, links[i].path, links[i].points_to,
				has_proc && links[i].is_in_every_proc ? 0 : LCT_LINK_IF_EXISTS);
		/* The host's multiplexer, if the image brought its node, must not be left. */
		if (pts != NULL && strcmp(pts->type, "devpts") == 0)
			make_link(c, "/dev/ptmx", "pts/ptmx", LCT_LINK_REPLACE);
	}
	if (dev != NULL && dev->is_late_readonly) {
		lc_plan_origin(c->w, "mounts[%zu]", (size_t) (dev - c->mounts) + 1);
		LCT_PLAN(c->w, tree_attr, .slot = dev->slot, .set = MOUNT_ATTR_RDONLY);
	}
}
