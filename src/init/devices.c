/* SPDX-License-Identifier: MIT */
/*
 * Device nodes, the links beside them, and standard descriptors on the container's own null
 * device. /dev may come from the image: a node is made in the descriptor of its directory, and what
 * is found there already is proved by type and number before it is accepted, never by its name.
 */
#include "init/init.h"

#define LINK_TRIES 3

/* Whether a link made in `parent` would point at something. */
static int points_somewhere(const struct lc_init *init, int parent, const char *points_to)
{
	char directory[PATH_MAX], name[NAME_MAX + 1];
	LCT_INIT_FD int base = -1;
	struct statx seen;
	long r = lc_path_split(points_to, directory, name);

	if (r < 0)
		return (int) r;
	/* The directory only: the last part may be a magic link of /proc, never to be opened. */
	if (points_to[0] == '/')
		base = lc_path_open(init, directory, O_PATH | O_DIRECTORY, 0);
	else
		base = (int) lc_sys_openat2(parent, directory[0] == '\0' ? "." : directory,
			O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
			RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	r = base;
	if (r >= 0)
		r = lc_sys_statx(base, name, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &seen);
	return (int) r;
}

/* An entry is in the way: 0 when it may stay, -EAGAIN when it has been removed. */
static int settle_entry(int parent, const char *name, const char *points_to, uint32_t flags)
{
	char text[PATH_MAX];
	long r = lc_sys_readlinkat(parent, name, text, sizeof(text) - 1);

	if (r >= 0) {
		text[r] = '\0';
		if (lc_equal(text, points_to))
			return 0;
	}
	if ((flags & LCT_LINK_REPLACE) == 0)
		return 0;
	r = lc_sys_unlinkat(parent, name, 0); /* files and links; a directory is an error */
	return r < 0 && r != -ENOENT ? (int) r : -EAGAIN;
}

int lc_init_link(struct lc_init *init, const struct lc_op_link *op, struct lc_error *err)
{
	const char *path = lc_plan_string(&init->plan, op->target);
	const char *points_to = lc_plan_string(&init->plan, op->points_to);
	char name[NAME_MAX + 1];
	LCT_INIT_FD int opened = -1;
	int parent = lc_path_parent(init, op->base, op->skip, path, name, &opened);
	long r = parent;
	int tries;

	if (r >= 0 && (op->flags & LCT_LINK_IF_EXISTS) != 0) {
		r = points_somewhere(init, parent, points_to);
		if (lc_is_missing(r))
			return 0;
	}
	if (r < 0)
		return lc_fail(err, LCT_STEP_DEVICE, r, path);
	for (tries = 0, r = -EAGAIN; r == -EAGAIN && tries < LINK_TRIES; tries++) {
		r = lc_sys_symlinkat(points_to, parent, name);
		if (r == -EEXIST)
			r = settle_entry(parent, name, points_to, op->flags);
	}
	return r < 0 ? lc_fail(err, LCT_STEP_DEVICE, r, path) : 0;
}

int lc_init_device(struct lc_init *init, const struct lc_op_device *op, struct lc_error *err)
{
	const char *path = lc_plan_string(&init->plan, op->target);
	char name[NAME_MAX + 1];
	LCT_INIT_FD int opened = -1;
	int parent = lc_path_parent(init, op->base, op->skip, path, name, &opened);
	LCT_INIT_FD int node = -1;
	bool is_created = false;
	struct statx seen;
	long r = parent;

	if (r >= 0) {
		/* umask is 0, so the mode is meant exactly. */
		r = lc_sys_mknodat(parent, name, op->type | op->mode,
			lc_device_number(op->major, op->minor));
		is_created = r >= 0;
	}
	/* Made by us and root's own: it is what it should be. */
	if (is_created && op->uid == 0 && op->gid == 0)
		return 0;
	if (r >= 0 || r == -EEXIST)
		r = node = (int) lc_sys_openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	if (r >= 0)
		r = lc_path_stat(node, &seen);
	/* An image may bring a file, a link or another device under the name of a node. */
	if (r >= 0 && !lc_path_is_device(&seen, op->type, op->major, op->minor))
		r = -EEXIST;
	if (r >= 0 && is_created)
		r = lc_sys_fchownat(node, "", op->uid, op->gid, AT_EMPTY_PATH);
	return r < 0 ? lc_fail(err, LCT_STEP_DEVICE, r, path) : 0;
}

/* In a user namespace nobody can make a node that opens; what the host has at that path is used, when
 * it is the device that was asked for. [O74] */
int lc_init_device_open(
	struct lc_init *init, const struct lc_op_device_open *op, struct lc_error *err)
{
	const char *source = lc_plan_string(&init->plan, op->source);
	LCT_INIT_FD int node = (int) lc_sys_open_tree(AT_FDCWD, source,
		OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW);
	struct statx seen;
	int r = node;

	if (r >= 0)
		r = lc_path_stat(node, &seen);
	if (r >= 0 && !lc_path_is_device(&seen, op->type, op->major, op->minor))
		r = -ENODEV;
	if (r >= 0)
		r = lc_mount_attr(node, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, 0);
	if (r >= 0)
		r = lc_slot_put(init, op->slot, lc_init_fd_take(&node), op->source);
	return r < 0 ? lc_fail(err, LCT_STEP_DEVICE, r, source) : 0;
}

/* Open the container's null device; -ENODEV when what has its name is none. */
static int open_null(const struct lc_init *init)
{
	LCT_INIT_FD int found = lc_path_open(init, "/dev/null", O_PATH | O_NOFOLLOW, 0);
	LCT_INIT_FD int null = -1;
	struct statx seen;
	long r = found;

	if (r >= 0)
		r = lc_path_stat(found, &seen);
	if (r >= 0 && !lc_path_is_device(&seen, S_IFCHR, 1, 3))
		r = -ENODEV;
	/* Opened by name once more, so looked at once more; O_NONBLOCK lest a FIFO got there. */
	if (r >= 0)
		r = null = lc_path_open(
			init, "/dev/null", O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	if (r >= 0)
		r = lc_path_stat(null, &seen);
	if (r >= 0 && !lc_path_is_device(&seen, S_IFCHR, 1, 3))
		r = -ENODEV;
	if (r >= 0)
		r = lc_sys_fcntl(null, F_SETFL, 0);
	return r < 0 ? (int) r : lc_init_fd_take(&null);
}

/* Without a usable null device in the container the host's, which is open already, stays. */
int lc_init_stdio_null(
	struct lc_init *init, const struct lc_op_stdio_null *op, struct lc_error *err)
{
	LCT_INIT_FD int null = open_null(init);
	long r = null;
	int fd;

	if (lc_is_missing(r) || r == -ELOOP || r == -EACCES || r == -ENODEV || r == -ENXIO)
		return 0;
	for (fd = 0; r >= 0 && fd < LCT_FD_SESSION; fd++)
		if ((op->fds & 1u << fd) != 0)
			r = lc_sys_dup3(null, fd, 0);
	return r < 0 ? lc_fail(err, LCT_STEP_STDIO, r, "/dev/null") : 0;
}
