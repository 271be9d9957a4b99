/* SPDX-License-Identifier: MIT */
/*
 * Overlays. Each directory is opened once, and the kernel is told the descriptor's number in the host's
 * /proc/self/fd, before the pivot: so no ':' or ',' of a path means anything, and what is opened is what is
 * mounted. docs.kernel.org/filesystems/overlayfs
 */
#include "init/init.h"

#define VALUE_MAX 256 /* of one fsconfig(2), its NUL counted */

int lc_init_layer_open(struct lc_init *init, const struct lc_op_layer_open *op, struct lc_error *err)
{
	const char *root = lc_plan_string(&init->plan, op->root);
	const char *path = lc_plan_string(&init->plan, op->path), *rest = path;
	uint64_t flags = O_PATH | O_DIRECTORY | O_CLOEXEC | (op->nofollow != 0 ? O_NOFOLLOW : 0);
	LCT_INIT_FD int directory = -1;
	long r;

	if (*root == '\0') {
		r = lc_sys_openat(AT_FDCWD, path, (int) flags, 0);
	} else {
		r = directory = (int) lc_sys_openat(
			AT_FDCWD, root, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC, 0);
		if (r >= 0)
			r = lc_path_open_below(directory, rest + lc_length(root), flags, 0);
	}
	if (r >= 0)
		r = lc_slot_put(init, op->slot, (int) r, op->path);
	return r < 0 ? lc_fail(err, LCT_STEP_LAYER, r, path) : 0;
}

/* Over what is there already, one on the other: nothing is looked for in that directory meanwhile. */
int lc_init_layer_stage(struct lc_init *init, const struct lc_op_layer_stage *op, struct lc_error *err)
{
	const char *path = lc_plan_string(&init->plan, op->path);
	int r = lc_mount_over(lc_slot_get(init, op->slot), path);

	return r < 0 ? lc_fail(err, LCT_STEP_LAYER, r, path) : 0;
}

int lc_init_layer_unstage(
	struct lc_init *init, const struct lc_op_layer_unstage *op, struct lc_error *err)
{
	long r = lc_sys_fchdir(lc_slot_get(init, op->slot));

	if (r >= 0)
		r = lc_sys_umount2(".", MNT_DETACH);
	if (r >= 0)
		r = lc_sys_chdir("/");
	if (r >= 0)
		r = lc_slot_put(init, op->slot, -1, 0);
	return r < 0 ? lc_fail(err, LCT_STEP_LAYER, r, lc_slot_name(init, op->slot)) : 0;
}

static long make_directory(struct lc_init *init, int in, const char *name, unsigned mode, uint32_t slot,
	uint32_t said)
{
	long r = lc_sys_mkdirat(in, name, 0700), fd;

	if (r < 0)
		return r;
	r = fd = lc_sys_openat(in, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (r >= 0)
		r = lc_slot_put(init, slot, (int) fd, said);
	return r < 0 ? r : lc_sys_fchmod((int) fd, mode);
}

/* Its upper directory is what the root looks like: it belongs to who makes it, root of the container. */
int lc_init_layer_memory(struct lc_init *init, const struct lc_op_layer_memory *op, struct lc_error *err)
{
	int in = lc_slot_get(init, op->slot);
	struct statx like;
	long r = lc_path_stat(lc_slot_get(init, op->like), &like);

	if (r >= 0)
		r = make_directory(init, in, "work", 0700, op->work, lc_slot_pool_name(init, op->slot));
	if (r >= 0)
		r = make_directory(init, in, "upper", like.stx_mode & 07777u, op->upper,
			lc_slot_pool_name(init, op->slot));
	return r < 0 ? lc_fail(err, LCT_STEP_LAYER, r, "memory") : 0;
}

/*
 * overlayfs takes a file system that does not keep its attributes, and then fails in the middle of the
 * program's work: with EIO, when a directory is removed, or made where something was. Asking for one
 * that is not there changes nothing, and tells the two apart.
 */
int lc_init_layer_prove(struct lc_init *init, const struct lc_op_layer_prove *op, struct lc_error *err)
{
	LCT_INIT_FD int upper = (int) lc_sys_openat(
		lc_slot_get(init, op->slot), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	long r = upper;

	if (r >= 0)
		r = lc_sys_fgetxattr(upper, lc_plan_string(&init->plan, op->mark), NULL, 0);
	return r < 0 && r != -ENODATA ? lc_fail(err, LCT_STEP_LAYER, r, lc_slot_name(init, op->slot)) : 0;
}

/* --- the file system --- */

static bool append_number(char *out, size_t room, size_t *used, int fd)
{
	char digits[12];
	int i = sizeof(digits) - 1;

	digits[i] = '\0';
	do
		digits[--i] = (char) ('0' + fd % 10);
	while ((fd /= 10) > 0);
	return lc_append(out, room, used, digits + i);
}

/* Tell the kernel the directories in `count` slots, by the numbers that they have in /proc/self/fd. */
static long set_directories(const struct lc_init *init, int context, const char *key, uint32_t slot,
	uint32_t count, const char **subject)
{
	char value[VALUE_MAX];
	size_t used = 0;
	uint32_t i;

	for (i = 0; i < count; i++) {
		int fd = lc_slot_get(init, slot + i);

		*subject = lc_slot_name(init, slot + i);
		if (fd < 0)
			return fd;
		if ((i > 0 && !lc_append(value, sizeof(value), &used, ":")) ||
			!append_number(value, sizeof(value), &used, fd))
			return -ENAMETOOLONG;
	}
	return lc_sys_fsconfig(context, FSCONFIG_SET_STRING, key, value, 0);
}

static long configure(const struct lc_init *init, int context, const struct lc_op_overlay *op,
	const char **subject)
{
	const char *label = lc_plan_string(&init->plan, op->label);
	long r = lc_sys_fsconfig(context, FSCONFIG_SET_STRING, "source", "overlay", 0);

	if (r >= 0)
		r = lc_sys_chdir("/proc/self/fd");
	if (r >= 0)
		r = set_directories(init, context, "lowerdir", op->lower, op->count, subject);
	if (r >= 0 && op->upper != 0)
		r = set_directories(init, context, "upperdir", op->upper, 1, subject);
	if (r >= 0 && op->work != 0)
		r = set_directories(init, context, "workdir", op->work, 1, subject);
	if (r >= 0)
		*subject = op->upper != 0 ? lc_slot_name(init, op->upper) : lc_slot_name(init, op->lower);
	if (r >= 0)
		r = lc_mount_options(context, lc_plan_string(&init->plan, op->options));
	if (r >= 0 && *label != '\0')
		r = lc_sys_fsconfig(context, FSCONFIG_SET_STRING, "context", label, 0);
	return r < 0 ? r : lc_sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

/* overlayfs has its own by now, and no handle on the host's outlives its use. */
static void forget(struct lc_init *init, uint32_t slot, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		(void) lc_slot_put(init, slot + i, -1, 0);
}

int lc_init_overlay(struct lc_init *init, const struct lc_op_overlay *op, struct lc_error *err)
{
	const char *subject = "overlay";
	LCT_INIT_FD int context = (int) lc_sys_fsopen("overlay", FSOPEN_CLOEXEC);
	LCT_INIT_FD int mount = -1;
	long r = context;

	if (r >= 0)
		r = configure(init, context, op, &subject);
	if (r >= 0)
		r = mount = (int) lc_sys_fsmount(context, FSMOUNT_CLOEXEC, (unsigned) op->attributes);
	if (r >= 0)
		r = lc_sys_chdir("/");
	if (r >= 0)
		r = lc_slot_put(init, op->slot, lc_init_fd_take(&mount), lc_slot_pool_name(init, op->lower));
	if (r < 0)
		return lc_fail(err, LCT_STEP_LAYER, r, subject);
	if (op->is_staged == 0)
		forget(init, op->lower, op->count);
	if (op->upper != 0)
		forget(init, op->upper, 1);
	if (op->work != 0)
		forget(init, op->work, 1);
	return 0;
}
