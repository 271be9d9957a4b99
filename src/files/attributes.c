/* SPDX-License-Identifier: MIT */
#include "files/attributes.h"

#include "base/cleanup.h"
#include "sys/sys.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LCT_XATTR_NAMES 65536 /* as many bytes as the kernel tells */
#define LCT_XATTR_VALUE 65536

/* user.overlay.* is obeyed by an overlayfs of a user namespace. */
static bool is_copied(const char *name, bool has_privileges)
{
	static const char user[] = "user.", overlay[] = "user.overlay.";

	if (strcmp(name, "security.capability") == 0)
		return has_privileges;
	return strncmp(name, user, sizeof(user) - 1) == 0 && strncmp(name, overlay, sizeof(overlay) - 1) != 0;
}

/* What the other file system has no room for by its nature is left out. */
static long copy_one(int from, int to, const char *name, char value[LCT_XATTR_VALUE])
{
	long size = lc_sys_fgetxattr(from, name, value, LCT_XATTR_VALUE), r;

	if (size == -ENODATA || size == -EOPNOTSUPP)
		return 0;
	if (size < 0)
		return size;
	r = lc_sys_fsetxattr(to, name, value, (size_t) size, 0);
	return r == -EOPNOTSUPP ? 0 : r;
}

long lc_attributes_copy(int from, int to, bool has_privileges)
{
	long size = lc_sys_flistxattr(from, NULL, 0), r = 0;
	char *names;

	if (size <= 0) /* most files have none */
		return size == -EOPNOTSUPP ? 0 : size;
	names = malloc(LCT_XATTR_NAMES + LCT_XATTR_VALUE);
	if (names == NULL)
		return -ENOMEM;
	size = lc_sys_flistxattr(from, names, LCT_XATTR_NAMES);
	for (const char *name = names; r >= 0 && name < names + size; name += strlen(name) + 1)
		if (is_copied(name, has_privileges))
			r = copy_one(from, to, name, names + LCT_XATTR_NAMES);
	free(names);
	return size < 0 ? size : r;
}

long lc_attributes_set_times(int to, const char *name, const struct statx *seen)
{
	const struct timespec times[2] = {
		{.tv_sec = seen->stx_atime.tv_sec, .tv_nsec = seen->stx_atime.tv_nsec},
		{.tv_sec = seen->stx_mtime.tv_sec, .tv_nsec = seen->stx_mtime.tv_nsec},
	};

	return lc_sys_utimensat(to, name, times, name == NULL ? 0 : AT_SYMLINK_NOFOLLOW);
}

/* By its descriptor: a link that has taken its name would be followed, on the host. */
long lc_attributes_set_mode(int directory, const char *name, unsigned mode)
{
	LCT_CLEANUP(fd) int fd = (int) lc_sys_openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	char path[40];

	if (fd < 0)
		return fd;
	(void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return lc_sys_fchmodat(AT_FDCWD, path, mode);
}
