/* SPDX-License-Identifier: MIT */
/*
 * The layer beside the layers below, directory by directory, all of them by descriptor and by one name
 * at a time. docs.kernel.org/filesystems/overlayfs: a whiteout is a character device 0:0, or, where
 * no device can be made, a file with an attribute; an opaque directory hides what is below it.
 */
#include "container/layer.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "configs/validate_parts.h"
#include "sys/sys.h"

#include <limits.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>

#define LCT_LAYER_DEPTH 128
#define LCT_LOWER_MAX 16

static long look(int directory, const char *name, struct statx *out)
{
	return lc_sys_statx(directory, name,
		AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name == '\0' ? AT_EMPTY_PATH : 0),
		STATX_BASIC_STATS, out);
}

static int open_directory(int parent, const char *name)
{
	return (int) lc_sys_openat(
		parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
}

/* --- making and emptying --- */

/* The id of the host, or 2^32-1, which is nobody's. */
static uint32_t map_id(const struct lc_objects *mappings, uint32_t id)
{
	const struct lc_config_id_mapping *ranges = mappings->items;

	for (size_t i = 0; i < mappings->count; i++)
		if (id >= ranges[i].container_id.value &&
			id - ranges[i].container_id.value < ranges[i].size.value)
			return (uint32_t) (ranges[i].host_id.value + id - ranges[i].container_id.value);
	return UINT32_MAX;
}

static long make_directory(int layer, const char *name, unsigned mode, uint32_t uid, uint32_t gid)
{
	LCT_CLEANUP(fd) int fd = -1;
	long r = lc_sys_mkdirat(layer, name, 0700);

	if (r == -EEXIST)
		return 0;
	if (r >= 0)
		r = fd = open_directory(layer, name);
	if (r >= 0)
		r = lc_sys_fchownat(fd, "", uid, gid, AT_EMPTY_PATH);
	return r < 0 ? r : lc_sys_fchmod(fd, mode);
}

int lc_layer_make(const char *path, const struct lc_config_config *config, struct lc_error *err)
{
	LCT_CLEANUP(fd) int layer = -1;
	uint32_t uid = (uint32_t) lc_sys_geteuid(), gid = (uint32_t) lc_sys_getegid();
	struct statx st;
	long r = look(AT_FDCWD, config->rootfs, &st);

	if (r < 0)
		return lc_fail(err, LCT_STEP_LAYER, r, config->rootfs);
	if ((lc_config_namespaces(config) & CLONE_NEWUSER) != 0) {
		st.stx_uid = uid = map_id(&config->uid_mappings, 0);
		st.stx_gid = gid = map_id(&config->gid_mappings, 0);
	}
	r = lc_sys_mkdirat(AT_FDCWD, path, 0700);
	if (r >= 0 || r == -EEXIST)
		r = layer = (int) lc_sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (r < 0)
		return lc_fail(err, LCT_STEP_LAYER, r, path);
	r = make_directory(layer, "work", 0700, uid, gid);
	if (r < 0)
		return lc_fail(err, LCT_STEP_LAYER, r, "work");
	r = make_directory(layer, "upper", st.stx_mode & 07777, st.stx_uid, st.stx_gid);
	return r < 0 ? lc_fail(err, LCT_STEP_LAYER, r, "upper") : 0;
}

int lc_layer_clear(const char *path, struct lc_error *err)
{
	LCT_CLEANUP(fd) int layer =
		(int) lc_sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	int r;

	if (layer == -ENOENT)
		return 0;
	if (layer < 0)
		return lc_fail(err, LCT_STEP_LAYER, layer, path);
	r = lc_dir_remove(layer, "upper", LCT_STEP_LAYER, err);
	return r < 0 ? r : lc_dir_remove(layer, "work", LCT_STEP_LAYER, err);
}

/* --- what differs --- */

/* The directory in every layer that has it, the topmost first: what is seen is all of them together. */
struct level {
	int fds[LCT_LOWER_MAX];
	size_t count;
};

static void close_level(struct level *level)
{
	while (level->count > 0)
		(void) lc_sys_close(level->fds[--level->count]);
}

struct walk {
	struct lc_layer_diff *diff;
	const struct lc_config_config *config;
	bool is_mapped; /* files below belong to the ids of the container */
	struct lc_error *err;
	char path[PATH_MAX];
	size_t used;
};

struct pair { /* a directory of the layer and those below it */
	struct walk *walk;
	int upper;
	struct level lower;
	int depth;
};

static int add(struct walk *walk, enum lc_layer_kind kind)
{
	struct lc_layer_diff *diff = walk->diff;
	struct lc_layer_entry *items = lc_arena_grow(
		diff->arena, diff->items, diff->count, &diff->room, sizeof(*items));
	char *path = lc_arena_copy(diff->arena, walk->path, walk->used);

	if (items == NULL || path == NULL)
		return lc_fail(walk->err, LCT_STEP_MEMORY, ENOMEM, "diff");
	diff->items = items;
	items[diff->count++] = (struct lc_layer_entry){path, kind};
	return 0;
}

static bool has_mark(int fd, const char *name)
{
	static const char *const families[] = {"trusted", "user"};
	char attribute[64], value;

	for (size_t i = 0; i < 2; i++) {
		(void) snprintf(attribute, sizeof(attribute), "%s.overlay.%s", families[i], name);
		if (lc_sys_fgetxattr(fd, attribute, &value, 1) == 1 && value == 'y')
			return true;
	}
	return false;
}

/* Is what is there nothing but the mark that something below is gone? */
static bool is_whiteout(int directory, const char *name, const struct statx *st)
{
	LCT_CLEANUP(fd) int file = -1;

	if (S_ISCHR(st->stx_mode))
		return st->stx_rdev_major == 0 && st->stx_rdev_minor == 0;
	if (!S_ISREG(st->stx_mode) || st->stx_size != 0)
		return false;
	file = (int) lc_sys_openat(
		directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	return file >= 0 && has_mark(file, "whiteout");
}

/* What the layers below show as `name`: 1 and its attributes, 0 for nothing. Of a directory `inner` gets
 * all that are seen together. */
static int find_below(const struct level *level, const char *name, struct statx *out,
	struct level *inner)
{
	bool is_found = false;

	inner->count = 0;
	for (size_t i = 0; i < level->count; i++) {
		struct statx st;
		long r = look(level->fds[i], name, &st);
		int fd;

		if (r == -ENOENT)
			continue;
		if (r < 0)
			return (int) r;
		if (is_whiteout(level->fds[i], name, &st) || (is_found && !S_ISDIR(st.stx_mode)))
			break;
		if (!is_found)
			*out = st;
		is_found = true;
		if (!S_ISDIR(st.stx_mode))
			break;
		fd = open_directory(level->fds[i], name);
		if (fd < 0)
			return fd;
		inner->fds[inner->count++] = fd;
		if (has_mark(fd, "opaque"))
			break;
	}
	return is_found;
}

/* Step down to `name` in walk->path: where it was before, or -ENAMETOOLONG. */
static long enter(struct walk *walk, const char *name)
{
	size_t before = walk->used, length = strlen(name);

	if (before + 1 + length >= sizeof(walk->path))
		return -ENAMETOOLONG;
	walk->path[walk->used++] = '/';
	memcpy(walk->path + walk->used, name, length + 1);
	walk->used += length;
	return (long) before;
}

static void leave(struct walk *walk, long before)
{
	walk->used = (size_t) before;
	walk->path[before] = '\0';
}

static bool has_same_owner(const struct walk *walk, const struct statx *above, const struct statx *below)
{
	if (!walk->is_mapped)
		return above->stx_uid == below->stx_uid && above->stx_gid == below->stx_gid;
	return above->stx_uid == map_id(&walk->config->uid_mappings, below->stx_uid) &&
	       above->stx_gid == map_id(&walk->config->gid_mappings, below->stx_gid);
}

static int compare_directory(struct walk *walk, int upper, struct level *lower, int depth);

static int compare_entry(void *context, const char *name, unsigned char type)
{
	struct pair *pair = context;
	struct walk *walk = pair->walk;
	long before = enter(walk, name);
	struct level inner = {.count = 0};
	struct statx above, below;
	int found, r = 0;

	(void) type;
	if (before < 0)
		return lc_fail(walk->err, LCT_STEP_LAYER, before, name);
	found = (int) look(pair->upper, name, &above);
	if (found == -ENOENT) { /* a container that runs has taken it away just now */
		leave(walk, before);
		return 0;
	}
	if (found >= 0)
		found = find_below(&pair->lower, name, &below, &inner);
	if (found < 0)
		r = lc_fail(walk->err, LCT_STEP_LAYER, found, walk->path);
	else if (is_whiteout(pair->upper, name, &above))
		r = found ? add(walk, LCT_LAYER_DELETED) : 0;
	else if (!found)
		r = add(walk, LCT_LAYER_ADDED);
	else if (!S_ISDIR(above.stx_mode) || above.stx_mode != below.stx_mode ||
		!has_same_owner(walk, &above, &below))
		r = add(walk, LCT_LAYER_CHANGED);
	if (r >= 0 && found >= 0 && S_ISDIR(above.stx_mode)) {
		LCT_CLEANUP(fd) int upper = open_directory(pair->upper, name);

		if (upper >= 0)
			r = compare_directory(walk, upper, &inner, pair->depth + 1);
		else if (upper != -ENOENT)
			r = lc_fail(walk->err, LCT_STEP_LAYER, upper, walk->path);
	}
	close_level(&inner);
	leave(walk, before);
	return r;
}

/* Of an opaque directory: what was below, and has no successor in it. */
static int note_lost(void *context, const char *name, unsigned char type)
{
	struct pair *pair = context;
	struct level inner;
	struct statx st;
	long before, r = look(pair->upper, name, &st);

	(void) type;
	if (r == -ENOENT) {
		r = find_below(&pair->lower, name, &st, &inner);
		close_level(&inner);
		r = r > 0 ? -ENOENT : r;
	}
	if (r != -ENOENT)
		return r < 0 ? lc_fail(pair->walk->err, LCT_STEP_LAYER, r, name) : 0;
	before = enter(pair->walk, name);
	if (before < 0)
		return lc_fail(pair->walk->err, LCT_STEP_LAYER, before, name);
	r = add(pair->walk, LCT_LAYER_DELETED);
	leave(pair->walk, before);
	return (int) r;
}

static int compare_directory(struct walk *walk, int upper, struct level *lower, int depth)
{
	struct pair pair = {.walk = walk, .upper = upper, .lower = *lower, .depth = depth};
	bool is_opaque = has_mark(upper, "opaque");
	int r = 0;

	if (depth > LCT_LAYER_DEPTH)
		return lc_fail(walk->err, LCT_STEP_LAYER, ELOOP, walk->path);
	for (size_t i = 0; r >= 0 && is_opaque && i < lower->count; i++)
		r = lc_dir_each(lower->fds[i], note_lost, &pair, LCT_STEP_LAYER, walk->err);
	return r < 0 ? r : lc_dir_each(upper, compare_entry, &pair, LCT_STEP_LAYER, walk->err);
}

/* A layer as overlayfs sees it, without what is mounted in it. Who may copy no mount sees those too. */
static int open_layer(const char *path)
{
	LCT_CLEANUP(fd) int tree = (int) lc_sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0 && tree != -EPERM)
		return tree;
	return (int) lc_sys_openat(tree < 0 ? AT_FDCWD : tree, tree < 0 ? path : ".",
		O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
}

static int open_lower(const struct lc_strings *lower, const char *rootfs, struct level *out,
	struct lc_error *err)
{
	for (size_t i = 0; i <= lower->count && i < LCT_LOWER_MAX; i++) {
		const char *path = i < lower->count ? lower->items[i] : rootfs;
		int fd = open_layer(path);

		if (fd < 0)
			return lc_fail(err, LCT_STEP_LAYER, fd, path);
		out->fds[out->count++] = fd;
	}
	return 0;
}

int lc_layer_read(const char *path, const struct lc_config_config *config, struct lc_layer_diff *diff,
	struct lc_error *err)
{
	LCT_CLEANUP(fd) int layer =
		(int) lc_sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	LCT_CLEANUP(fd) int upper = layer < 0 ? layer : open_directory(layer, "upper");
	const struct lc_config_overlay *overlay = config->overlay;
	struct walk walk = {.diff = diff, .config = config, .is_mapped = overlay->mapped, .err = err};
	struct level below = {.count = 0};
	int r;

	if (upper == -ENOENT)
		return 0;
	if (upper < 0)
		return lc_fail(err, LCT_STEP_LAYER, upper, path);
	r = open_lower(&overlay->lower, config->rootfs, &below, err);
	if (r >= 0)
		r = compare_directory(&walk, upper, &below, 0);
	close_level(&below);
	return r;
}
