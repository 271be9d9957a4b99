/* SPDX-License-Identifier: MIT */
/*
 * Controllers of the unified tree, passed on. A cgroup has the files of a controller only when each
 * cgroup above it passes the controller on in its cgroup.subtree_control, and one that holds processes
 * itself may not (cgroups(7), "no internal processes"). That file of the ancestors is the only one
 * outside of the container's own directory that is ever written, and only to add: what is passed on
 * stays so, as others may use it by then.
 */
#include "base/cleanup.h"
#include "base/parse.h"
#include "cgroups/driver.h"

#include <stdio.h>
#include <string.h>

static int any_pid(void *context, pid_t pid)
{
	(void) context;
	(void) pid;
	return 1;
}

/* Only the true root, which has no type, may hold processes and still pass controllers on. */
static bool may_pass_on(int dirfd)
{
	LCT_CLEANUP(fd) int type = lc_cgroup_open_at(dirfd, "cgroup.type", O_PATH);

	return type == -ENOENT || lc_cgroup_procs(dirfd, any_pid, NULL) == 0;
}

/* The kernel refuses memory for a cgroup that holds processes, but it takes cpu, pids and cpuset:
 * that makes it the root of a threaded subtree, and nothing can join its children. So the rule is
 * looked after here. */
static int enable_at(int dirfd, const char *controller)
{
	char text[LCT_CGROUP_VALUE_MAX];
	long length = lc_cgroup_read(dirfd, "cgroup.subtree_control", text, sizeof(text));

	if (length < 0)
		return (int) length;
	for (char *c = text; *c != '\0'; c++)
		if (*c == ' ')
			*c = ',';
	if (lc_parse_list_has(text, controller))
		return 0;
	if (!may_pass_on(dirfd))
		return -EBUSY;
	(void) snprintf(text, sizeof(text), "+%s", controller);
	return lc_cgroup_write(dirfd, "cgroup.subtree_control", text);
}

/* A failure of the kernel in words: which cgroup, and which rule. */
static int fail_enable(const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir, size_t length,
	int errnum, const char *controller, struct lc_error *err)
{
	char subject[LCT_SUBJECT_MAX];
	int from = length > 100 ? (int) length - 100 : 0;

	(void) snprintf(subject, sizeof(subject), "%.60s/%.*s: %s",
		lc_cgroup_where(cg, dir)->mount_point, (int) length - from, dir->path + from,
		errnum == -EBUSY ? "holds processes, so it cannot pass controllers on to children"
				 : controller);
	return lc_fail(err, LCT_STEP_CGROUP, errnum, subject);
}

/* Have each ancestor, from the mount downwards, pass `controller` on. */
int lc_cgroup_v2_enable(const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir,
	const char *controller, struct lc_error *err)
{
	size_t length = 0, whole = strlen(dir->path);

	for (;;) {
		LCT_CLEANUP(fd)
		int fd = lc_cgroup_open_prefix(cg, dir, length, O_RDONLY | O_DIRECTORY);
		int r = fd < 0 ? fd : enable_at(fd, controller);

		if (r < 0)
			return fail_enable(cg, dir, length, r, controller, err);
		if (length > 0)
			length++;
		length += strcspn(dir->path + length, "/");
		if (length >= whole)
			return 0;
	}
}
