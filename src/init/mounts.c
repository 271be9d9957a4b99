/* SPDX-License-Identifier: MIT */
/*
 * Mounts, by descriptor. A mount is made detached, gets its attributes while nobody can see it, and
 * is attached last: there is no moment at which it is visible and still too permissive. Sources on
 * the host are cloned before the pivot; afterwards no path here can name a host file.
 */
#include "init/init.h"
#include <linux/magic.h>
#include <sys/statfs.h>

#define PROC_ROOT 1  /* the inode of the root of every procfs */
#define STACK_MAX 64 /* mounts on one mount point that detach takes away */

int lc_mount_move(int mount, int target)
{
	return (int) lc_sys_move_mount(
		mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int lc_mount_over(int mount, const char *path)
{
	LCT_INIT_FD int directory = (int) lc_sys_openat(
		AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC, 0);

	return directory < 0 ? directory : lc_mount_move(mount, directory);
}

int lc_mount_attr(int mount, unsigned flags, uint64_t set, uint64_t clear, uint64_t propagation)
{
	struct mount_attr attr = {.attr_set = set, .attr_clr = clear, .propagation = propagation};

	/* The access time modes are one field, not flags: the kernel wants all of it cleared before
	 * one of them (relatime is 0) is set. */
	if (((set | clear) & MOUNT_ATTR__ATIME) != 0)
		attr.attr_clr |= MOUNT_ATTR__ATIME;
	return (int) lc_sys_mount_setattr(mount, "", AT_EMPTY_PATH | flags, &attr);
}

int lc_init_tree_open(struct lc_init *init, const struct lc_op_tree_open *op, struct lc_error *err)
{
	const char *source = lc_plan_string(&init->plan, op->source);
	long r = lc_sys_open_tree(AT_FDCWD, source,
		OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_NO_AUTOMOUNT |
			(op->recursive != 0 ? AT_RECURSIVE : 0) |
			(op->nofollow != 0 ? AT_SYMLINK_NOFOLLOW : 0));

	if (r >= 0)
		r = lc_slot_put(init, op->slot, (int) r, op->source);
	return r < 0 ? lc_fail(err, LCT_STEP_MOUNT, r, source) : 0;
}

/* The source is named as a path of the host, `root` and what lies in it. The image is entered by
 * descriptor, because its links must not choose what of the host gets mounted. */
int lc_init_tree_below(
	struct lc_init *init, const struct lc_op_tree_below *op, struct lc_error *err)
{
	const char *root = lc_plan_string(&init->plan, op->root);
	const char *source = lc_plan_string(&init->plan, op->source), *rest = source;
	LCT_INIT_FD int directory = (int) lc_sys_openat(
		AT_FDCWD, root, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC, 0);
	LCT_INIT_FD int found = -1;
	long r = directory;

	while (*root != '\0' && *root == *rest) {
		root++;
		rest++;
	}
	if (r >= 0)
		r = found = lc_path_open_below(
			directory, rest, O_PATH | (op->nofollow != 0 ? O_NOFOLLOW : 0), 0);
	if (r >= 0)
		r = lc_sys_open_tree(found, "",
			AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
				(op->recursive != 0 ? AT_RECURSIVE : 0));
	if (r >= 0)
		r = lc_slot_put(init, op->slot, (int) r, op->source);
	return r < 0 ? lc_fail(err, LCT_STEP_MOUNT, r, source) : 0;
}

/* Its peers are the host's own mounts: what happens here must not happen there. */
int lc_init_tree_given(
	struct lc_init *init, const struct lc_op_tree_given *op, struct lc_error *err)
{
	const char *source = lc_plan_string(&init->plan, op->source);
	int tree = LCT_FD_GIVEN + (int) op->number, r = -EBADMSG;

	if (op->number < LCT_GIVEN_MAX)
		r = lc_mount_attr(tree, AT_RECURSIVE, 0, 0, op->propagation);
	if (r >= 0)
		r = lc_slot_put(init, op->slot, tree, op->source);
	return r < 0 ? lc_fail(err, LCT_STEP_MOUNT, r, source) : 0;
}

int lc_init_tree_attr(struct lc_init *init, const struct lc_op_tree_attr *op, struct lc_error *err)
{
	int r = lc_mount_attr(lc_slot_get(init, op->slot), op->recursive != 0 ? AT_RECURSIVE : 0,
		op->set, op->clear, op->propagation);

	return r < 0 ? lc_fail(err, LCT_STEP_MOUNT, r, lc_slot_name(init, op->slot)) : 0;
}

/* One "key=value" or "flag" of the options, which `option` holds and loses its "=" to. */
static int set_option(int context, char *option)
{
	char *equals = option;

	while (*equals != '=' && *equals != '\0')
		equals++;
	if (*equals == '\0')
		return (int) lc_sys_fsconfig(context, FSCONFIG_SET_FLAG, option, NULL, 0);
	*equals = '\0';
	return (int) lc_sys_fsconfig(context, FSCONFIG_SET_STRING, option, equals + 1, 0);
}

int lc_mount_options(int context, const char *options)
{
	char option[PATH_MAX];
	int r = 0;

	while (r >= 0 && *options != '\0') {
		size_t used = 0;

		while (*options != ',' && *options != '\0') {
			if (used + 1 >= sizeof(option))
				return -ENAMETOOLONG;
			option[used++] = *options++;
		}
		option[used] = '\0';
		if (*options == ',')
			options++;
		if (used > 0)
			r = set_option(context, option);
	}
	return r;
}

/*
 * A new tmpfs is 1777, whatever it covers. Told before the other options, so that they may differ.
 * Only the mode is taken over: who races us for the directory gains nothing but another mode.
 */
static int set_mode_of(const struct lc_init *init, int context, const char *path)
{
	LCT_INIT_FD int directory = lc_path_open(init, path, O_PATH | O_DIRECTORY, 0);
	char digits[] = "0000";
	struct statx seen;
	int r = directory;
	size_t i;

	if (lc_is_missing(r))
		return 0; /* made by attach, with nobody's wish for a mode */
	if (r >= 0)
		r = lc_path_stat(directory, &seen);
	if (r < 0)
		return r;
	for (i = 0; i < 4; i++)
		digits[i] = (char) ('0' + (seen.stx_mode >> (9 - 3 * i) & 7));
	return (int) lc_sys_fsconfig(context, FSCONFIG_SET_STRING, "mode", digits, 0);
}

/* The kernel explains itself in the context's log, a line a read: "e tmpfs: Bad value for 'size'".
 * Use the first complaint as the subject, the type where there is none. */
static int fail_context(struct lc_error *err, int context, long errnum, const char *type)
{
	char line[LCT_SUBJECT_MAX];
	long length;
	int tries;

	for (tries = 0; context >= 0 && tries < 8; tries++) {
		length = lc_sys_read(context, line, sizeof(line) - 1);
		if (length <= 2)
			break;
		if (line[length - 1] == '\n')
			length--;
		line[length] = '\0';
		if (line[0] == 'e' && line[1] == ' ')
			return lc_fail(err, LCT_STEP_MOUNT, errnum, line + 2);
	}
	return lc_fail(err, LCT_STEP_MOUNT, errnum, type);
}

/* 0 when `fd` lies on a file system with this magic number, -EXDEV when not. */
static int prove_magic(int fd, long magic)
{
	struct statfs seen;
	long r = lc_sys_fstatfs(fd, &seen);

	if (r < 0)
		return (int) r;
	return (long) seen.f_type == magic ? 0 : -EXDEV;
}

int lc_init_fs_open(struct lc_init *init, const struct lc_op_fs_open *op, struct lc_error *err)
{
	const char *type = lc_plan_string(&init->plan, op->type);
	const char *source = lc_plan_string(&init->plan, op->source);
	LCT_INIT_FD int context = (int) lc_sys_fsopen(type, FSOPEN_CLOEXEC);
	LCT_INIT_FD int mount = -1;
	const char *mode_of = lc_plan_string(&init->plan, op->mode_of);
	const char *label = lc_plan_string(&init->plan, op->label);
	long r = context;

	if (r >= 0 && *mode_of != '\0') {
		r = set_mode_of(init, context, mode_of);
		if (r < 0)
			return lc_fail(err, LCT_STEP_MOUNT, r, mode_of);
	}
	if (r >= 0 && *source != '\0')
		r = lc_sys_fsconfig(context, FSCONFIG_SET_STRING, "source", source, 0);
	if (r >= 0 && *label != '\0')
		r = lc_sys_fsconfig(context, FSCONFIG_SET_STRING, "context", label, 0);
	if (r >= 0)
		r = lc_mount_options(context, lc_plan_string(&init->plan, op->options));
	if (r >= 0)
		r = lc_sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r >= 0)
		r = mount = (int) lc_sys_fsmount(
			context, FSMOUNT_CLOEXEC, (unsigned) op->attributes);
	/* What /proc and /sys say is believed later, so they must be what they are called. */
	if (r >= 0 && lc_equal(type, "proc"))
		r = prove_magic(mount, PROC_SUPER_MAGIC);
	if (r >= 0 && lc_equal(type, "sysfs"))
		r = prove_magic(mount, SYSFS_MAGIC);
	if (r < 0)
		return fail_context(err, context, r, type);
	r = lc_slot_put(init, op->slot, lc_init_fd_take(&mount), op->type);
	return r < 0 ? lc_fail(err, LCT_STEP_MOUNT, r, type) : 0;
}

/* A directory of a procfs says other things under the same names, and any other file system what its owner likes. */
static int prove_whole_procfs(int mount)
{
	struct statx seen;
	int r = prove_magic(mount, PROC_SUPER_MAGIC);

	if (r == 0)
		r = lc_path_stat(mount, &seen);
	if (r == -EXDEV || (r == 0 && seen.stx_ino != PROC_ROOT))
		return -EOPNOTSUPP;
	return r;
}

/* The validator allows few targets below /proc, by name. A link of the image that leads there under
 * another name must not get around it. */
static int check_not_procfs(int target, const char *path)
{
	int r;

	while (path[0] == '/' && path[1] == '/')
		path++;
	if (path[0] == '/' && path[1] == 'p' && path[2] == 'r' && path[3] == 'o' &&
		path[4] == 'c' && (path[5] == '/' || path[5] == '\0'))
		return 0;
	r = prove_magic(target, PROC_SUPER_MAGIC);
	if (r == 0)
		return -EPERM;
	return r == -EXDEV ? 0 : r;
}

/* Make a link at the target that says what the one in `mount` says. */
static int copy_link(const struct lc_init *init, int mount, const struct lc_op_attach *op)
{
	const char *path = lc_plan_string(&init->plan, op->target);
	char text[PATH_MAX], there[PATH_MAX], name[NAME_MAX + 1];
	LCT_INIT_FD int opened = -1;
	int parent = lc_path_parent(init, op->base, op->skip, path, name, &opened);
	long length = parent, r;

	if (length >= 0)
		length = lc_sys_readlinkat(mount, "", text, sizeof(text) - 1);
	if (length < 0)
		return (int) length;
	text[length] = '\0';
	r = lc_sys_symlinkat(text, parent, name);
	if (r != -EEXIST)
		return (int) r;
	length = lc_sys_readlinkat(parent, name, there, sizeof(there) - 1);
	there[length < 0 ? 0 : length] = '\0';
	return lc_equal(text, there) ? 0 : -EEXIST;
}

/* move_mount(2) says EINVAL for a file on a directory, as it does for much else; mount(2) said this. */
static int put(int mount, unsigned type, int target)
{
	int r = lc_mount_move(mount, target);
	struct statx there;

	if (r != -EINVAL || lc_path_stat(target, &there) < 0)
		return r;
	return (type == S_IFDIR) != S_ISDIR(there.stx_mode) ? -ENOTDIR : r;
}

/* The place of a mount of that type, as the flags of `attach` have it. */
static struct lc_path_make place_of(uint32_t flags, unsigned type)
{
	bool is_directory = type == S_IFDIR;

	return (struct lc_path_make) {
		.kind = is_directory ? LCT_PATH_DIRECTORY : LCT_PATH_FILE,
		.mode = is_directory ? 0755 : 0644,
		.resolve = (flags & LCT_TARGET_NO_SYMLINKS) != 0 ? RESOLVE_NO_SYMLINKS : 0,
		.is_link_kept = (flags & LCT_TARGET_NOFOLLOW) != 0,
	};
}

static int attach(struct lc_init *init, int mount, unsigned type, const struct lc_op_attach *op)
{
	const char *path = lc_plan_string(&init->plan, op->target);
	struct lc_path_make how = place_of(op->flags, type);
	LCT_INIT_FD int target = -1;
	int r;

	if ((op->flags & LCT_TARGET_CREATE) != 0)
		r = target = lc_path_make(init, op->base, op->skip, path, &how);
	else
		r = target = lc_path_open_at(init, op->base, op->skip, path,
			O_PATH | (how.is_link_kept ? O_NOFOLLOW : 0), how.resolve);
	/* What could be made there just now is no procfs. */
	if (r >= 0 && !how.is_created)
		r = check_not_procfs(target, path);
	return r < 0 ? r : put(mount, type, target);
}

int lc_init_attach(struct lc_init *init, const struct lc_op_attach *op, struct lc_error *err)
{
	const char *path = lc_plan_string(&init->plan, op->target);
	struct statx seen = {.stx_mode = S_IFDIR};
	int mount = lc_slot_get(init, op->slot), r = mount;

	if (r >= 0 && (op->flags & LCT_TARGET_DIRECTORY) == 0)
		r = lc_path_stat(mount, &seen);
	if (r >= 0 && (op->flags & LCT_TARGET_PROCFS) != 0)
		r = prove_whole_procfs(mount);
	if (r >= 0 && S_ISLNK(seen.stx_mode) && (op->flags & LCT_TARGET_COPY_LINK) != 0)
		r = copy_link(init, mount, op);
	else if (r >= 0)
		r = attach(init, mount, seen.stx_mode & S_IFMT, op);
	if (r < 0)
		return lc_fail(err, LCT_STEP_MOUNT, r, path);
	return (op->flags & LCT_TARGET_KEEP) != 0 ? 0 : lc_slot_put(init, op->slot, -1, 0);
}

int lc_init_mount_point(
	struct lc_init *init, const struct lc_op_mount_point *op, struct lc_error *err)
{
	const char *path = lc_plan_string(&init->plan, op->target);
	const char *source = lc_plan_string(&init->plan, op->source);
	LCT_INIT_FD int from = -1, target = -1;
	struct statx seen = {.stx_mode = S_IFDIR};
	struct lc_path_make how;
	int r = 0;

	if (*source != '\0')
		r = from = (int) lc_sys_openat(AT_FDCWD, source,
			O_PATH | O_CLOEXEC | (op->nofollow != 0 ? O_NOFOLLOW : 0), 0);
	if (r >= 0 && *source != '\0')
		r = lc_path_stat(from, &seen);
	if (r < 0)
		return lc_fail(err, LCT_STEP_MOUNT, r, source);
	how = place_of(op->flags, seen.stx_mode & S_IFMT);
	r = target = lc_path_make(init, op->base, 0, path, &how);
	return r < 0 ? lc_fail(err, LCT_STEP_MOUNT, r, path) : 0;
}

/* A file can only be unmounted by its name in the directory that holds it. */
static int unmount_file(const struct lc_init *init, const char *path)
{
	char directory[PATH_MAX], name[NAME_MAX + 1];
	LCT_INIT_FD int parent = -1;
	long r = lc_path_split(path, directory, name);

	if (r >= 0)
		r = parent = lc_path_open(init, directory, O_PATH | O_DIRECTORY, 0);
	if (r >= 0)
		r = lc_sys_fchdir(parent);
	if (r >= 0)
		r = lc_sys_umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW);
	return (int) r;
}

/* Take away the topmost mount at `path`: 1 done, 0 nothing is mounted there. */
static int detach_one(const struct lc_init *init, const char *path)
{
	LCT_INIT_FD int target = lc_path_open(init, path, O_PATH, 0);
	struct statx seen, root;
	long r = target;

	if (lc_is_missing(r))
		return 0;
	if (r >= 0)
		r = lc_path_stat(target, &seen);
	if (r >= 0)
		r = lc_path_stat(init->root, &root);
	if (r < 0)
		return (int) r;
	if ((seen.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0 ||
		seen.stx_mnt_id == root.stx_mnt_id)
		return 0;
	if (!S_ISDIR(seen.stx_mode)) {
		r = unmount_file(init, path);
		return r < 0 ? (int) r : 1;
	}
	/* "." is the very mount that was looked at, whatever the path leads to by now. */
	r = lc_sys_fchdir(target);
	if (r >= 0)
		r = lc_sys_umount2(".", MNT_DETACH);
	return r < 0 ? (int) r : 1;
}

int lc_init_detach(struct lc_init *init, const struct lc_op_detach *op, struct lc_error *err)
{
	const char *path = lc_plan_string(&init->plan, op->target);
	int count, r = 1;
	long back;

	for (count = 0; r == 1 && count < STACK_MAX; count++)
		r = detach_one(init, path);
	back = lc_sys_fchdir(init->root);
	if (r == 1)
		r = -EBUSY;
	if (r >= 0)
		r = (int) back;
	return r < 0 ? lc_fail(err, LCT_STEP_MOUNT, r, path) : 0;
}

int lc_init_propagate(struct lc_init *init, const struct lc_op_propagate *op, struct lc_error *err)
{
	const char *path = lc_plan_string(&init->plan, op->target);
	LCT_INIT_FD int target = lc_path_open(init, path, O_PATH, 0);
	int r = target;

	if (r >= 0)
		r = lc_mount_attr(
			target, op->recursive != 0 ? AT_RECURSIVE : 0, 0, 0, op->propagation);
	return r < 0 ? lc_fail(err, LCT_STEP_MOUNT, r, path) : 0;
}
