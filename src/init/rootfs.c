/* SPDX-License-Identifier: MIT */
/*
 * The root: propagation, entering it, and the hiding of what must not be seen or written.
 *
 * Order that the kernel forces: propagation is cut before the root is attached (pivot_root refuses
 * shared parents, and nothing may reach the host); the old root is made a slave before it is
 * detached, or the unmount would travel. Masks are made of inodes of our own, never of the
 * container's /dev/null. Nothing here touches a superblock, which the host may share.
 */
#include "init/init.h"

int lc_init_propagation(
	struct lc_init *init, const struct lc_op_propagation *op, struct lc_error *err)
{
	long r = lc_sys_mount(NULL, "/", NULL, op->flags, NULL);

	(void) init;
	return r < 0 ? lc_fail(err, LCT_STEP_ROOTFS, r, "/") : 0;
}

/* Also for "/": the clone of the host's root is then stacked on the root itself. */
int lc_init_root_attach(
	struct lc_init *init, const struct lc_op_root_attach *op, struct lc_error *err)
{
	const char *path = lc_plan_string(&init->plan, op->path);
	int r = lc_mount_over(lc_slot_get(init, op->slot), path);

	return r < 0 ? lc_fail(err, LCT_STEP_ROOTFS, r, path) : 0;
}

/*
 * ".." of the root is the root itself only while nothing is stacked on it: a walk steps up into
 * what is mounted there. So it is proved that the old root, and whatever came with it, has gone;
 * a plan that had stacked something on it would otherwise leave the host one ".." away.
 */
static int prove_nothing_above(int root)
{
	LCT_INIT_FD int above = (int) lc_sys_openat(
		root, "..", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	struct statx here, there;
	int r = above;

	if (r >= 0)
		r = lc_path_stat(root, &here);
	if (r >= 0)
		r = lc_path_stat(above, &there);
	if (r < 0)
		return r;
	return here.stx_mnt_id == there.stx_mnt_id ? 0 : -EXDEV;
}

int lc_init_root_enter(
	struct lc_init *init, const struct lc_op_root_enter *op, struct lc_error *err)
{
	const char *name = lc_slot_name(init, op->slot);
	long r = lc_sys_fchdir(lc_slot_get(init, op->slot));

	/* The old root lands on top of the new one: no directory is needed for it. */
	if (r >= 0)
		r = lc_sys_pivot_root(".", ".");
	if (r >= 0)
		r = lc_sys_mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL);
	if (r >= 0)
		r = lc_sys_umount2(".", MNT_DETACH);
	if (r >= 0)
		r = lc_sys_chdir("/");
	if (r >= 0)
		r = init->root = (int) lc_sys_openat(
			AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (r >= 0)
		r = prove_nothing_above(init->root);
	if (r >= 0)
		r = lc_slot_put(init, op->slot, -1, 0);
	return r < 0 ? lc_fail(err, LCT_STEP_PIVOT, r, name) : 0;
}

/* setns(2) has put us there: at what is on top of its root. */
int lc_init_root_joined(
	struct lc_init *init, const struct lc_op_root_joined *op, struct lc_error *err)
{
	long r = init->root = (int) lc_sys_openat(
		AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

	(void) op;
	return r < 0 ? lc_fail(err, LCT_STEP_ROOTFS, r, "/") : 0;
}

/* A tmpfs with one null device, where wanted, and one empty directory, read-only from now on. */
static int make_mask_mount(bool has_null)
{
	LCT_INIT_FD int context = (int) lc_sys_fsopen("tmpfs", FSOPEN_CLOEXEC);
	LCT_INIT_FD int mount = -1;
	long r = context;

	if (r >= 0)
		r = lc_sys_fsconfig(context, FSCONFIG_SET_STRING, "size", "4k", 0);
	if (r >= 0)
		r = lc_sys_fsconfig(context, FSCONFIG_SET_STRING, "mode", "755", 0);
	if (r >= 0)
		r = lc_sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r >= 0)
		r = mount = (int) lc_sys_fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (r >= 0 && has_null)
		r = lc_sys_mknodat(mount, "null", S_IFCHR | 0666, lc_device_number(1, 3));
	if (r >= 0)
		r = lc_sys_mkdirat(mount, "empty", 0555);
	/* Not nodev: the null device must work as one. */
	if (r >= 0)
		r = lc_mount_attr(mount, 0,
			MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, 0);
	return r < 0 ? (int) r : lc_init_fd_take(&mount);
}

/*
 * Only a mount that is in the tree can be cloned (detached ones since Linux 6.15), so the tmpfs is
 * stacked on the root for a moment. No path crosses over to it: a walk starts below, at the root.
 */
static int clone_mask_parts(struct lc_init *init, int mount, bool has_null, int *out_null)
{
	LCT_INIT_FD int null = -1;
	long r = lc_mount_move(mount, init->root), undone;

	if (r < 0)
		return (int) r;
	if (has_null)
		r = null = (int) lc_sys_open_tree(
			mount, "null", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (r >= 0)
		r = init->mask_empty = (int) lc_sys_open_tree(
			mount, "empty", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	undone = lc_sys_fchdir(mount);
	if (undone >= 0)
		undone = lc_sys_umount2(".", MNT_DETACH);
	if (undone >= 0)
		undone = lc_sys_fchdir(init->root);
	if (r < 0 || undone < 0)
		return (int) (r < 0 ? r : undone);
	*out_null = lc_init_fd_take(&null);
	return 0;
}

int lc_init_mask_source(
	struct lc_init *init, const struct lc_op_mask_source *op, struct lc_error *err)
{
	const bool has_null = op->null == 0;
	LCT_INIT_FD int mount = make_mask_mount(has_null);
	LCT_INIT_FD int null = -1;
	struct statx seen;
	int r = mount;

	if (r >= 0)
		r = clone_mask_parts(init, mount, has_null, &null);
	if (r >= 0 && !has_null)
		r = null = (int) lc_sys_fcntl(lc_slot_get(init, op->null), F_DUPFD_CLOEXEC, 3);
	if (r >= 0)
		r = lc_path_stat(null, &seen);
	if (r >= 0 && !lc_path_is_device(&seen, S_IFCHR, 1, 3))
		r = -EXDEV;
	if (r >= 0)
		r = lc_slot_put(init, op->slot, lc_init_fd_take(&null), 0);
	return r < 0 ? lc_fail(err, LCT_STEP_MASK, r, "mask source") : 0;
}

/* In a mount namespace of our own: nobody else sees it there. */
int lc_init_mask_place(
	struct lc_init *init, const struct lc_op_mask_place *op, struct lc_error *err)
{
	const char *path = lc_plan_string(&init->plan, op->path);
	LCT_INIT_FD int directory = (int) lc_sys_openat(
		AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC, 0);
	LCT_INIT_FD int mount = -1;
	int r = directory;

	if (r >= 0)
		r = mount = make_mask_mount(true);
	if (r >= 0)
		r = lc_mount_move(mount, directory);
	return r < 0 ? lc_fail(err, LCT_STEP_MASK, r, path) : 0;
}

/* The first use attaches the part itself; later ones copy what is attached by then. */
static int put_mask(int part, bool *is_attached, int target)
{
	LCT_INIT_FD int copy = -1;
	int r;

	if (!*is_attached) {
		r = lc_mount_move(part, target);
		*is_attached = r >= 0;
		return r;
	}
	r = copy = (int) lc_sys_open_tree(
		part, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return r < 0 ? r : lc_mount_move(copy, target);
}

int lc_init_mask(struct lc_init *init, const struct lc_op_mask *op, struct lc_error *err)
{
	const char *path = lc_plan_string(&init->plan, op->target);
	LCT_INIT_FD int target = lc_path_open_at(init, op->base, op->skip, path, O_PATH, 0);
	struct statx seen;
	int r = target;

	if (lc_is_missing(r))
		return 0;
	if (r >= 0)
		r = lc_path_stat(target, &seen);
	if (r >= 0 && S_ISDIR(seen.stx_mode))
		r = put_mask(init->mask_empty, &init->is_empty_attached, target);
	else if (r >= 0)
		r = put_mask(lc_slot_get(init, op->slot), &init->is_null_attached, target);
	return r < 0 ? lc_fail(err, LCT_STEP_MASK, r, path) : 0;
}

/* A read-only copy of the tree on top of itself: the mounts below, and their other flags, stay. */
int lc_init_readonly(struct lc_init *init, const struct lc_op_readonly *op, struct lc_error *err)
{
	const char *path = lc_plan_string(&init->plan, op->target);
	LCT_INIT_FD int target = lc_path_open_at(init, op->base, op->skip, path, O_PATH, 0);
	LCT_INIT_FD int tree = -1;
	int r = target;

	if (lc_is_missing(r))
		return 0;
	if (r >= 0)
		r = tree = (int) lc_sys_open_tree(target, "",
			AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (r >= 0)
		r = lc_mount_attr(tree, AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0, 0);
	if (r >= 0)
		r = lc_mount_move(tree, target);
	return r < 0 ? lc_fail(err, LCT_STEP_READONLY, r, path) : 0;
}

/* The root's own mount and none below it: /dev, /proc and volumes have wishes of their own. */
int lc_init_root_readonly(
	struct lc_init *init, const struct lc_op_root_readonly *op, struct lc_error *err)
{
	int r = lc_mount_attr(init->root, 0, MOUNT_ATTR_RDONLY, 0, 0);

	(void) op;
	return r < 0 ? lc_fail(err, LCT_STEP_ROOTFS, r, "/") : 0;
}
