/* SPDX-License-Identifier: MIT */
/*
 * The security context of the program, which the kernel gives it at the exec. It is written through a
 * procfs of our own: what the container has on /proc may be anything, and a label that went elsewhere
 * would be none. Then it is read back. [A13 A38 A77]
 */
#include "init/init.h"
#include <linux/limits.h>

static int open_attribute(int proc, bool is_apparmor)
{
	long r = -ENOENT;

	if (is_apparmor) /* since Linux 5.8, whatever other module has the plain file */
		r = lc_sys_openat(proc, "thread-self/attr/apparmor/exec", O_RDWR | O_CLOEXEC, 0);
	if (r == -ENOENT)
		r = lc_sys_openat(proc, "thread-self/attr/exec", O_RDWR | O_CLOEXEC, 0);
	return (int) r;
}

/* "label", "label (mode)", each with or without an end of line or a NUL. */
static bool is_label(const char *seen, const char *label)
{
	while (*label != '\0' && *seen == *label) {
		seen++;
		label++;
	}
	return *label == '\0' && (*seen == '\0' || *seen == '\n' || (*seen == ' ' && seen[1] == '('));
}

int lc_init_label(struct lc_init *init, const struct lc_op_label *op, struct lc_error *err)
{
	const char *label = lc_plan_string(&init->plan, op->label);
	bool is_apparmor = lc_equal(lc_plan_string(&init->plan, op->module), "apparmor");
	LCT_INIT_FD int proc = lc_procfs_open();
	LCT_INIT_FD int file = -1;
	char text[PATH_MAX + 64];
	size_t used = 0;
	long r = proc;

	if (r >= 0)
		r = file = open_attribute(proc, is_apparmor);
	if (r >= 0 && !(lc_append(text, sizeof(text), &used, is_apparmor ? "exec " : "") &&
			      lc_append(text, sizeof(text), &used, label)))
		r = -ENAMETOOLONG;
	if (r >= 0)
		r = lc_sys_write(file, text, used);
	if (r >= 0)
		r = lc_sys_pread(file, text, sizeof(text) - 1, 0);
	if (r >= 0) {
		text[r] = '\0';
		r = is_label(text, label) ? 0 : -EPERM;
	}
	return r < 0 ? lc_fail(err, LCT_STEP_LABEL, r, label) : 0;
}
