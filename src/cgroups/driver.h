/* SPDX-License-Identifier: MIT */
/*
 * What the cgroup drivers and the manager share: files and directories of one hierarchy, processes
 * in a tree, and the four tables of functions. Private to src/cgroups/.
 *
 * Every name that is opened, made, written or removed is resolved below a descriptor of a mount or
 * of a cgroup, without links. Names of files are literals of the drivers, never data.
 */
#ifndef LCT_CGROUPS_DRIVER_H
#define LCT_CGROUPS_DRIVER_H

#include "cgroups/cgroups.h"

#define LCT_CGROUP_VALUE_MAX 4200 /* a list of processors may have 4096 bytes */

extern const struct lc_cgroup_ops lc_cgroup_v1_ops, lc_cgroup_v2_ops, lc_cgroup_hybrid_ops,
	lc_cgroup_none_ops;

/* ENOENT, ENODEV: removed. EOPNOTSUPP: threaded, its processes are listed by the domain above. */
static inline bool lc_cgroup_is_gone(long result)
{
	return result == -ENOENT || result == -ENODEV || result == -EOPNOTSUPP;
}

/* --- files of one cgroup (files.c); all answer -errno and fill no error --- */

/* Open `path` below `dirfd`, close-on-exec and above the standard descriptors; "" is dirfd. */
int lc_cgroup_open_at(int dirfd, const char *path, unsigned flags);
/* Length of the value, its last newline cut off; -EMSGSIZE when it does not fit. */
long lc_cgroup_read(int dirfd, const char *name, char *buffer, size_t size);
int lc_cgroup_read_u64(int dirfd, const char *name, uint64_t *out);
int lc_cgroup_read_key(int dirfd, const char *name, const char *key, uint64_t *out);
int lc_cgroup_write(int dirfd, const char *name, const char *text);

/* --- a container's directory in one hierarchy (tree.c) --- */

const struct lc_cgroup_hierarchy *lc_cgroup_where(
	const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir);
/* Index in cg->dirs of the v1 hierarchy with this controller, of the unified one; -1: none. */
int lc_cgroup_find_v1(const struct lc_cgroup *cg, const char *controller);
int lc_cgroup_find_unified(const struct lc_cgroup *cg);

/* Fill `err` with the absolute path of `file` in `dir` (NULL: of the directory itself). */
int lc_cgroup_fail(const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir, long errnum,
	const char *file, struct lc_error *err);

/* Length of the part of path[0..length) before its last component, 0 when it has only one. */
size_t lc_cgroup_parent_length(const char *path, size_t length);
/* Open the first `length` bytes of the directory's path; 0 is the mount. */
int lc_cgroup_open_prefix(
	const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir, size_t length, unsigned flags);

/* Open it where it exists; -1 stays where it does not, and that is success. */
int lc_cgroup_dir_open(const struct lc_cgroup *cg, struct lc_cgroup_dir *dir);
/* Make it with its missing parents; `level` (or NULL) prepares each directory before anything can
 * join it. Fills was_there, made_above and fd, also when it fails half-way. */
int lc_cgroup_dir_make(
	const struct lc_cgroup *cg, struct lc_cgroup_dir *dir, int (*level)(int parent, int child));
/* Remove what is below the open directory, the directory unless it was there, and the parents that
 * create made as long as they are empty. -EBUSY when a process is in it. */
int lc_cgroup_dir_remove(const struct lc_cgroup *cg, struct lc_cgroup_dir *dir);

/* --- processes (procs.c) --- */

/* Call `visit` for `top` and each cgroup below it until it answers non-zero; that is returned. */
int lc_cgroup_walk(int top, int (*visit)(void *context, int dirfd), void *context);
/* Call `visit` for each process of this one cgroup; pid 0 is one of a foreign pid namespace. */
int lc_cgroup_procs(int dirfd, int (*visit)(void *context, pid_t pid), void *context);
/* Is there a process in it or below? */
int lc_cgroup_populated(int top, bool *out);
/* Send SIGKILL to each process in it and below. */
int lc_cgroup_signal_tree(int top, int signal);

/* --- time (procs.c) --- */

int64_t lc_cgroup_now_ms(void);
void lc_cgroup_sleep_ms(int64_t ms);

/* --- reading what is mounted (mounts.c); pure --- */

/* No empty component, no "." and "..", no newline, no name that is too long. "" is plain. */
bool lc_cgroup_path_is_plain(const char *path);
/* The part of the caller's cgroup below the root of a mount, "/" or "/a/b"; NULL when it is not in
 * what the mount shows. A pointer into `own`, or a literal. */
const char *lc_cgroup_strip_root(const char *root, const char *own);
/* Cut one line "4:cpu,cpuacct:/path" of /proc/PID/cgroup: 1 a line, 0 the end, -EINVAL. */
int lc_cgroup_next_line(char **cursor, char **out_controllers, char **out_path);

/* --- limits (manager.c) --- */

/* Refuse each limit that is set while has() denies its controller. */
int lc_cgroup_check_limits(const struct lc_cgroup *cg, const struct lc_resources *resources,
	bool (*has)(const struct lc_cgroup *cg, const char *controller), struct lc_error *err);
bool lc_cgroup_has_v1(const struct lc_cgroup *cg, const char *controller);
bool lc_cgroup_has_v2(const struct lc_cgroup *cg, const char *controller);
/* What check does beyond the controllers, for the v1 memory hierarchy. */
int lc_cgroup_v1_check_swap(
	const struct lc_cgroup *cg, const struct lc_resources *resources, struct lc_error *err);

/* Read the accounting of one version, only what is not there yet,
 * so that hybrid can ask both. */
void lc_cgroup_v1_usage_add(const struct lc_cgroup *cg, struct lc_cgroup_usage *out);
void lc_cgroup_v2_usage_add(const struct lc_cgroup *cg, struct lc_cgroup_usage *out);

/* End the freezing of the v1 group, sub-cgroups included: a frozen process cannot die. */
int lc_cgroup_v1_thaw(const struct lc_cgroup *cg, struct lc_error *err);

/* cpu.weight for cpu.shares, through (2, 1), (1024, 100) and (262144, 10000). */
uint64_t lc_cgroup_weight(uint64_t shares);

#endif
