/* SPDX-License-Identifier: MIT */
/*
 * As whom files are made. The file systems of a user namespace (its tmpfs, its overlays, mounts with mapped ids) take
 * new names only of who has a number there, which root of the host has not: there its root's ids are this
 * thread's for a moment, with the capabilities that it had. Other threads have their own, and no signal handler
 * runs meanwhile.
 */
#ifndef LCT_FILES_MAKER_H
#define LCT_FILES_MAKER_H

#include "files/files.h"

#include <stdbool.h>

struct lc_maker {
	bool is_other; /* than who calls */
	uint32_t uid, gid;
};

/* Who makes files of that side; -EOVERFLOW where nobody is its root. */
long lc_maker_of(const struct lc_files *files, struct lc_maker *out);

/* One system call each, as he. */
long lc_maker_mkdir(const struct lc_maker *maker, int directory, const char *name);
/* A new regular file, to be written. */
long lc_maker_open(const struct lc_maker *maker, int directory, const char *name);
long lc_maker_mknod(
	const struct lc_maker *maker, int directory, const char *name, unsigned mode, unsigned long device);
long lc_maker_symlink(const struct lc_maker *maker, const char *target, int directory, const char *name);
long lc_maker_link(const struct lc_maker *maker, int from, const char *old, int to, const char *name);
long lc_maker_rename(const struct lc_maker *maker, int from, const char *old, int to, const char *name,
	unsigned flags);

#endif
