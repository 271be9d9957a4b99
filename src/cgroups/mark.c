/* SPDX-License-Identifier: MIT */
/*
 * Whose a directory is that lies at a configured place, where its name proves nothing: an extended
 * attribute says it, "trusted.libcontainer", which nobody but the host's root can write, or, for who is
 * not that, "user.libcontainer". Its text is a letter for what the directory is to its owner, and the
 * owner, who is the first to have put it there.
 *
 * Made and marked are two calls, and a host may die between them. So what will be marked is made with
 * the sticky bit, which means nothing to cgroups: a directory that has the bit and no mark was begun by
 * us, and holds nothing yet.
 */
#include "cgroups/driver.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#define TEXT_MAX 256

static const char *const names[] = {"trusted.libcontainer", "user.libcontainer"};

/* The attribute cannot be had by this name: there may be one by the other. */
static bool is_elsewhere(long result)
{
	return result == -ENODATA || result == -EPERM || result == -EOPNOTSUPP;
}

static long read_text(int dirfd, char text[TEXT_MAX])
{
	long length = -ENODATA;

	for (size_t i = 0; i < 2 && is_elsewhere(length); i++)
		length = lc_sys_fgetxattr(dirfd, names[i], text, TEXT_MAX - 1);
	if (length == -ERANGE)
		length = 0; /* longer than any of ours */
	if (length >= 0)
		text[length] = '\0';
	return length;
}

/* Without a mark: begun by us, or a stranger's? */
static int read_begun(int dirfd, struct lc_cgroup_mark *out)
{
	struct statx info;
	long r = lc_sys_statx(dirfd, "", AT_EMPTY_PATH, STATX_MODE, &info);

	out->is_begun = r >= 0 && (info.stx_mode & S_ISVTX) != 0;
	return (int) r;
}

int lc_cgroup_mark_read(int dirfd, const char *owner, struct lc_cgroup_mark *out)
{
	char text[TEXT_MAX];
	long length = read_text(dirfd, text);

	*out = (struct lc_cgroup_mark){.kind = LCT_MARK_NONE};
	if (is_elsewhere(length))
		return read_begun(dirfd, out);
	if (length < 0)
		return (int) length;
	out->is_ours = length > 2 && strcmp(text + 2, owner) == 0;
	out->kind = (enum lc_cgroup_mark_kind) text[0];
	return 0;
}

int lc_cgroup_mark_write(int dirfd, const char *owner, enum lc_cgroup_mark_kind kind)
{
	char text[TEXT_MAX];
	int length = snprintf(text, sizeof(text), "%c %s", (char) kind, owner);
	long r = -ENODATA;

	if (length >= (int) sizeof(text))
		return -ENAMETOOLONG;
	for (size_t i = 0; i < 2 && is_elsewhere(r); i++)
		r = lc_sys_fsetxattr(dirfd, names[i], text, (size_t) length, XATTR_CREATE);
	return (int) r;
}

int lc_cgroup_mark_claim(int dirfd, const char *owner, bool *out_made)
{
	struct lc_cgroup_mark mark;
	int r = lc_cgroup_mark_read(dirfd, owner, &mark);

	if (r < 0)
		return r;
	*out_made = mark.is_begun || mark.kind == LCT_MARK_PLACE;
	if (mark.kind != LCT_MARK_NONE)
		return mark.is_ours ? 0 : -EBUSY;
	r = lc_cgroup_mark_write(dirfd, owner, *out_made ? LCT_MARK_PLACE : LCT_MARK_USED);
	return r == -EEXIST ? -EBUSY : r; /* another container came first */
}

int lc_cgroup_mark_remove(int dirfd, const char *owner)
{
	struct lc_cgroup_mark mark;
	long r = lc_cgroup_mark_read(dirfd, owner, &mark);

	if (r < 0 || !mark.is_ours)
		return (int) r;
	r = -ENODATA;
	for (size_t i = 0; i < 2 && is_elsewhere(r); i++)
		r = lc_sys_fremovexattr(dirfd, names[i]);
	return (int) r;
}
