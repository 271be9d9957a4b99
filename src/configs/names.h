/* SPDX-License-Identifier: MIT */
/* The words of a configuration and the kernel numbers behind them. Pure tables, no system call. */
#ifndef LCT_CONFIGS_NAMES_H
#define LCT_CONFIGS_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* CLONE_NEW* of "mount", "pid", …; 0 for none. */
uint64_t lc_namespace_flag(const char *name);

/* RLIMIT_* of "NOFILE" or "RLIMIT_NOFILE" in any case; -1 for none. */
int lc_rlimit_number(const char *name);

/* Signal number of "TERM", "SIGTERM", "RTMIN+3", "15"; -1 for none. signal(7) */
int lc_signal_number(const char *name);
/* "TERM", NULL for a number that has no name of its own. */
const char *lc_signal_name(int number);

/* Bit of "CHOWN" or "CAP_CHOWN" in any case, through libcap; -1 for none. capabilities(7) */
int lc_capability_number(const char *name);

/* SCHED_* of "FIFO", SCHED_FLAG_* of "RESET_ON_FORK", IOPRIO_CLASS_* of "RT", MPOL_* of "BIND", MPOL_F_* of
 * "STATIC_NODES"; 0 for what is none of them, and for OTHER and DEFAULT, which are 0. */
uint32_t lc_scheduler_policy(const char *name);
uint64_t lc_scheduler_flag(const char *name);
uint32_t lc_io_class(const char *name);
uint32_t lc_memory_mode(const char *name);
uint32_t lc_memory_flag(const char *name);

/* Of landlock(7): the bits of a word of access to files ("read" is several) that a kernel of this ABI knows,
 * the ABI that knows all of it in *out_abi; and of the other words, a bit each, with theirs. */
uint64_t lc_landlock_files(const char *name, int abi, int *out_abi);
uint64_t lc_landlock_network(const char *name, int *out_abi);
uint64_t lc_landlock_scope(const char *name, int *out_abi);

/* Symbolic links at either end of a bind mount, as crun(1) has them. */
#define LCT_SYMLINK_SOURCE 1u      /* src-nofollow: the link itself is mounted */
#define LCT_SYMLINK_DESTINATION 2u /* dest-nofollow: it is mounted on the link itself */
#define LCT_SYMLINK_COPY 4u        /* copy-symlink: a link is made anew, not mounted */

/* What a file-system-independent mount option does. mount(8), runtime-spec config.md "mounts" */
struct lc_mount_option {
	const char *name;
	uint64_t set, clear;      /* MOUNT_ATTR_* bits of mount_setattr(2) */
	uint64_t propagation;     /* MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE */
	const char *superblock;   /* fsconfig flag of the file system itself: "sync", "lazytime" */
	bool is_bind, is_recursive; /* bind; rbind and the r… forms */
	uint32_t link;            /* LCT_SYMLINK_* of a bind mount */
	bool is_mapped;           /* idmap; ridmap, which is recursive */
	bool is_copy_up;          /* a new file system begins with what is in the directory that it covers */
	bool needs_place;         /* a destination that is missing is not made, but refused */
	bool is_ignored;          /* known, and without effect (defaults, async) */
};
/* NULL: not such an option, hence data of the file system. */
const struct lc_mount_option *lc_mount_option(const char *name);

/* Which mounts may have an option. */
enum lc_option_scope {
	LCT_OPTION_ANY,
	LCT_OPTION_BIND,        /* bind mounts alone */
	LCT_OPTION_PATH,        /* bind mounts whose source is a path */
	LCT_OPTION_TMPFS,       /* a tmpfs alone */
	LCT_OPTION_FILE_SYSTEM, /* what is no bind mount */
};
enum lc_option_scope lc_mount_option_scope(const struct lc_mount_option *option);

#endif
