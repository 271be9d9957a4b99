/* SPDX-License-Identifier: MIT */
/*
 * A root of layers. Each layer is opened once, and the kernel is told the descriptor's name in /proc:
 * so no ':' or ',' of a path means anything, and what is opened is what is mounted. That is the host's
 * /proc, before the pivot. Marks in the layers that would lead elsewhere are not followed
 * (redirect_dir, metacopy). docs.kernel.org/filesystems/overlayfs
 */
#include "init/init.h"

#define VALUE_MAX 256 /* of one fsconfig(2), its NUL counted */

static bool append_fd(char *out, size_t room, size_t *used, int fd)
{
	char digits[12];
	int i = sizeof(digits) - 1;

	digits[i] = '\0';
	do
		digits[--i] = (char) ('0' + fd % 10);
	while ((fd /= 10) > 0);
	return lc_append(out, room, used, "/proc/self/fd/") && lc_append(out, room, used, digits + i);
}

static long set_directory(int context, const char *key, int fd)
{
	char value[VALUE_MAX];
	size_t used = 0;

	if (!append_fd(value, sizeof(value), &used, fd))
		return -ENAMETOOLONG;
	return lc_sys_fsconfig(context, FSCONFIG_SET_STRING, key, value, 0);
}

/* Open the layers below, the topmost first, and tell the kernel. The descriptors stay open until the
 * exec, which is not far: overlayfs has its own by then. */
static long set_lower(struct lc_init *init, int context, const struct lc_op_overlay *op,
	const char **subject)
{
	const char *path = init->plan.pool + op->lower.offset;
	char value[VALUE_MAX];
	size_t used = 0;
	uint32_t i;

	for (i = 0; i < op->lower.count; i++) {
		long fd = lc_sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

		*subject = path;
		if (fd < 0)
			return fd;
		if ((i > 0 && !lc_append(value, sizeof(value), &used, ":")) ||
			!append_fd(value, sizeof(value), &used, (int) fd))
			return -ENAMETOOLONG;
		path += lc_length(path) + 1;
	}
	return lc_sys_fsconfig(context, FSCONFIG_SET_STRING, "lowerdir", value, 0);
}

int lc_init_overlay(struct lc_init *init, const struct lc_op_overlay *op, struct lc_error *err)
{
	const char *layer = lc_plan_string(&init->plan, op->layer), *subject = layer;
	LCT_INIT_FD int directory = (int) lc_sys_openat(
		AT_FDCWD, layer, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	LCT_INIT_FD int upper = -1;
	LCT_INIT_FD int work = -1;
	LCT_INIT_FD int context = -1;
	LCT_INIT_FD int mount = -1;
	long r = directory;

	if (r >= 0)
		r = upper = (int) lc_sys_openat(
			directory, "upper", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (r >= 0)
		r = work = (int) lc_sys_openat(
			directory, "work", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (r >= 0)
		r = context = (int) lc_sys_fsopen("overlay", FSOPEN_CLOEXEC);
	if (r >= 0)
		r = lc_sys_fsconfig(context, FSCONFIG_SET_STRING, "source", "overlay", 0);
	if (r >= 0)
		r = set_lower(init, context, op, &subject);
	if (r >= 0)
		r = set_directory(context, "upperdir", upper);
	if (r >= 0)
		r = set_directory(context, "workdir", work);
	if (r >= 0)
		r = lc_mount_options(context, lc_plan_string(&init->plan, op->options));
	if (r >= 0)
		r = lc_sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r >= 0)
		r = mount = (int) lc_sys_fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (r >= 0)
		r = lc_slot_put(init, op->slot, lc_init_fd_take(&mount), op->layer);
	return r < 0 ? lc_fail(err, LCT_STEP_LAYER, r, subject) : 0;
}
