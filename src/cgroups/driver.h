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
#include <limits.h>
#include <stddef.h>

#define LCT_CGROUP_VALUE_MAX 4200 /* a list of processors may have 4096 bytes */
/* Where processes are in a v2 cgroup that passes controllers on, below it. */
#define LCT_CGROUP_LEAF "init"

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
/* The same of a file that is open for reading. */
int lc_cgroup_read_open_key(int fd, const char *key, uint64_t *out);
/* Each line of `text` by a write(2) of its own, as these files want it, even after one that failed;
 * the first failure is answered. */
int lc_cgroup_write(int dirfd, const char *name, const char *text);

/* --- whose a directory at a configured place is (mark.c); all answer -errno, fill no error --- */

enum lc_cgroup_mark_kind {
	LCT_MARK_NONE = 0,
	LCT_MARK_PLACE = 'm',  /* made for the container: removed with it */
	LCT_MARK_PARENT = 'p', /* made above it: removed by who leaves it empty */
	LCT_MARK_USED = 'u',   /* it was there before: left as it was found */
};

struct lc_cgroup_mark {
	enum lc_cgroup_mark_kind kind;
	bool is_ours;  /* of the owner that was asked for */
	bool is_begun; /* made, and its maker died before he marked it */
};

/* `dirfd` is open for reading, not O_PATH. */
int lc_cgroup_mark_read(int dirfd, const char *owner, struct lc_cgroup_mark *out);
/* -EEXIST: it has one already, whosoever. */
int lc_cgroup_mark_write(int dirfd, const char *owner, enum lc_cgroup_mark_kind kind);
/* Mark one that was there; -EBUSY for another container's. `out_made`: by us, in an earlier life. */
int lc_cgroup_mark_claim(int dirfd, const char *owner, bool *out_made);
/* Take ours away again; another's stays. */
int lc_cgroup_mark_remove(int dirfd, const char *owner);

/* --- a container's directory in one hierarchy (tree.c) --- */

/* The hierarchy that one of its directories is in. */
const struct lc_cgroup_hierarchy *lc_cgroup_where(
	const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir);
/* Index in cg->dirs of the v1 hierarchy with this controller, of the unified one; -1: none. */
int lc_cgroup_find_v1(const struct lc_cgroup *cg, const char *controller);
int lc_cgroup_find_unified(const struct lc_cgroup *cg);

/* Fill `err` with the absolute path of `file` in `dir` (NULL: of the directory itself). */
int lc_cgroup_fail(const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir, long errnum,
	const char *file, struct lc_error *err);

/* No empty component, no "." and "..", no newline, no name that is too long. "" is plain. */
bool lc_cgroup_path_is_plain(const char *path);
/* Length of the part of path[0..length) before its last component, 0 when it has only one. */
size_t lc_cgroup_parent_length(const char *path, size_t length);
/* Open the first `length` bytes of the directory's path; 0 is the mount. */
int lc_cgroup_open_prefix(
	const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir, size_t length, unsigned flags);
/* Open a file of the directory, which may be closed itself. */
int lc_cgroup_open_file(const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir,
	const char *name, unsigned flags);

/* Open it where it exists, and its mark, where it needs one, is ours; else -1 stays, and that is
 * success. Fills was_there. */
int lc_cgroup_dir_open(const struct lc_cgroup *cg, struct lc_cgroup_dir *dir);
/* Open what is there, for a create to come: fills was_there. -EBUSY for another container's. */
int lc_cgroup_dir_look(const struct lc_cgroup *cg, struct lc_cgroup_dir *dir);
/* Take over the open one that was there; from here on was_there is whether it has to stay. */
int lc_cgroup_dir_claim(const struct lc_cgroup *cg, struct lc_cgroup_dir *dir);
/* Make it with its missing parents; `level` (or NULL) prepares each directory before anything can
 * join it. Fills was_there and fd, also when it fails half-way. */
int lc_cgroup_dir_make(const struct lc_cgroup *cg, struct lc_cgroup_dir *dir,
	int (*level)(int parent, int child, bool is_new));
/* Remove the directory, open or not, if its name says that it is ours and nothing is in it or below; -errno when
 * it stays. */
int lc_cgroup_dir_remove_empty(const struct lc_cgroup *cg, struct lc_cgroup_dir *dir);
/* Remove what is below the open directory, the directory unless it was there, and the parents that
 * were made for containers as long as they are empty. -EBUSY when a process is in it. */
int lc_cgroup_dir_remove(const struct lc_cgroup *cg, struct lc_cgroup_dir *dir);

/* Undo what a create has done there, even half-way. */
int lc_cgroup_dir_undo(const struct lc_cgroup *cg, struct lc_cgroup_dir *dir);

/* --- looking for a place that is not known (search.c) --- */

/* 1 with the path below the mount of a directory of that owner, 0 when there is none. */
int lc_cgroup_search(
	const struct lc_cgroup_hierarchy *where, const char *owner, char path[PATH_MAX]);

/* --- processes (procs.c) --- */

/* Call `visit` for `top` and each cgroup below it until it answers non-zero; that is returned. */
int lc_cgroup_walk(int top, int (*visit)(void *context, int dirfd), void *context);
/* Call `visit` for each process of this one cgroup; pid 0 is one of a foreign pid namespace. */
int lc_cgroup_procs(int dirfd, int (*visit)(void *context, pid_t pid), void *context);
/* Is there a process in it or below? */
int lc_cgroup_populated(int top, bool *out);
/* Send SIGKILL to each process in it and below. */
int lc_cgroup_signal_tree(int top, int signal);

/* --- waiting (waiting.c) --- */

struct lc_patience {
	int64_t deadline_ms, pause_ms; /* of the monotonic clock; of the next sleep */
};

/* From now on, for timeout_ms. */
struct lc_patience lc_patience(int timeout_ms);
/* Of the monotonic clock. */
int64_t lc_cgroup_now_ms(void);
/* A signal ends it early. */
void lc_cgroup_sleep_ms(int64_t ms);
/* Wait a little, less when `key` of the unified cgroup.events becomes `wanted`. False when the time
 * is over. */
bool lc_cgroup_wait(const struct lc_cgroup *cg, struct lc_patience *patience, const char *key,
	uint64_t wanted);

/* --- looking (manager.c) --- */

/* The directory that is asked for processes first: unified, else the one with the most controllers;
 * -1 when none exists. */
int lc_cgroup_primary(const struct lc_cgroup *cg);

/* --- reading what is mounted (mounts.c); pure --- */

/* The part of the caller's cgroup below the root of a mount, "/" or "/a/b"; NULL when it is not in
 * what the mount shows. A pointer into `own`, or a literal. */
const char *lc_cgroup_strip_root(const char *root, const char *own);
/* Cut one line "4:cpu,cpuacct:/path" of /proc/PID/cgroup: 1 a line, 0 the end, -EINVAL. */
int lc_cgroup_next_line(char **cursor, char **out_controllers, char **out_path);

/* --- limits as writes to files (limits.c) --- */

enum lc_limit_group {
	LCT_GROUP_NONE,
	LCT_GROUP_MEMORY,
	LCT_GROUP_SHARES,
	LCT_GROUP_QUOTA,
	LCT_GROUP_REALTIME,
};

enum lc_limit_form { /* limits.def */
	LCT_FORM_NUMBER,
	LCT_FORM_MAX,
	LCT_FORM_OWN,
	LCT_FORM_ONLY,
	LCT_FORM_NEVER,
};

struct lc_limit_row {
	const char *name, *controller;
	size_t offset; /* in struct lc_resources */
	enum lc_limit_group group;
	enum lc_limit_form v1, v2;
	const char *v1_file, *v2_file;
};

/* The rows of limits.def. */
const struct lc_limit_row *lc_limit_rows(size_t *out_count);

static inline const struct lc_limit *lc_limit_of(
	const struct lc_limit_row *row, const struct lc_resources *resources)
{
	return (const struct lc_limit *) ((const char *) resources + row->offset);
}

struct lc_cgroup_write {
	size_t dir; /* index in cg->dirs */
	const char *file;
	const char *text;  /* a line for each write(2) */
	const char *field; /* of the configuration: "memory", "hugetlb_limit[1]" */
	enum lc_limit_group group;
	bool makes_room;   /* memory.max: see lc_cgroup_v2_make_room */
	bool is_optional;  /* EPERM is no failure */
	/* what puts it back; NULL: read the file before, and find out (change.c) */
	const char *undo_file, *undo_text;
	const struct lc_device_rules *program; /* in place of file and text: the device program */
};

struct lc_cgroup_writes {
	struct lc_arena *arena;
	struct lc_cgroup_write *items;
	size_t count, room;
	bool is_fresh;  /* for a directory that was made just now: its files hold defaults */
	bool no_memory; /* while appending: looked at once, in the end */
};

/* Append one; `text` is formatted into the arena. Answers it, for what is special, or NULL. */
struct lc_cgroup_write *lc_cgroup_put(struct lc_cgroup_writes *writes, int dir, const char *file,
	const char *field, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* A row's number in the form given. */
void lc_cgroup_put_row(struct lc_cgroup_writes *writes, int dir, const struct lc_limit_row *row,
	enum lc_limit_form form, const char *file, int64_t value);
/* "blkio_weight_device[2]"; NULL when out of memory, which `writes` remembers. */
const char *lc_cgroup_item(struct lc_cgroup_writes *writes, const char *field, size_t index);
/* "rdma.max" in both versions. */
void lc_cgroup_put_rdma(
	struct lc_cgroup_writes *writes, int dir, const struct lc_resources *resources);
/* hugetlb.<size>.<end>, and the same of what is reserved; the directory must be open. */
void lc_cgroup_put_hugetlb(const struct lc_cgroup *cg, struct lc_cgroup_writes *writes, int dir,
	const struct lc_resources *resources, const char *end);
/* Fill `err` with the field and what it misses. */
int lc_cgroup_lacks(const char *field, const char *what, struct lc_error *err);

/* The sizes of huge pages that this kernel has. */
int lc_cgroup_page_sizes_read(struct lc_cgroup_mounts *out, struct lc_error *err);

/* Is there a file `name` in a cgroup's directory: has this kernel, on this version, the control? */
bool lc_cgroup_has_file(int dirfd, const char *name);
/* Is this controller a hierarchy of v1 that is mounted; one of the unified tree, where blkio is io? */
bool lc_cgroup_has_v1(const struct lc_cgroup *cg, const char *controller);
bool lc_cgroup_has_v2(const struct lc_cgroup *cg, const char *controller);

/* cpu.weight for cpu.shares, through (2, 1), (1024, 100) and (262144, 10000), and back. */
uint64_t lc_cgroup_weight(uint64_t shares);
uint64_t lc_cgroup_shares(uint64_t weight);
/* io.weight for blkio.weight: 10..1000 to 1..10000. */
uint64_t lc_cgroup_io_weight(uint64_t weight);

/* The names of fields that are lists, for messages. */
extern const char *const lc_rate_fields[LCT_RATE_KINDS];

/* --- carrying writes out (change.c) --- */

/* All of `writes`. With `change`, what puts each back is kept there, and a failure puts back what
 * was written; without, the files of a new cgroup go with it. */
int lc_cgroup_carry_out(struct lc_cgroup *cg, const struct lc_cgroup_writes *writes,
	struct lc_cgroup_change *change, struct lc_error *err);

/* Before memory.max is lowered to `limit`, so that the kernel need not kill: reclaim down to it.
 * -EBUSY when that cannot be had. Answers 1 when memory.high holds the limit now, and `out_high`
 * what is to be put back there afterwards. */
int lc_cgroup_v2_make_room(int dirfd, int64_t limit, char *out_high, size_t size);

/* --- devices --- */

/* Rules as v1 knows them: a default and exceptions to it (device_rules.c). */
struct lc_device_list {
	bool allows_all;
	struct lc_device_rule *items; /* exceptions: is_allowed is !allows_all */
	size_t count;
};
/* -EINVAL with the field when a rule would cut a hole into an exception. */
int lc_device_reduce(const struct lc_device_rules *rules, struct lc_arena *arena,
	struct lc_device_list *out, struct lc_error *err);
/* Append what gives the v1 directory the rules (v1_devices.c). */
int lc_device_put_v1(struct lc_cgroup_writes *writes, int dir, const struct lc_resources *resources,
	struct lc_error *err);

/* The program for the unified tree (device_program.c): its instructions in the arena. */
struct bpf_insn;
struct bpf_insn *lc_device_compile(
	const struct lc_device_rules *rules, struct lc_arena *arena, size_t *out_count);
/* Attach the program to a cgroup in place of the one that we attached before. `out_before` is a
 * descriptor of that one, or -1. */
int lc_device_attach(int dirfd, const struct lc_device_rules *rules, int *out_before);
/* Put the earlier one back; -1: none. */
int lc_device_put_back(int dirfd, int before);

/* Read the accounting of one version, only what is not there yet,
 * so that hybrid can ask both. */
void lc_cgroup_v1_usage_add(const struct lc_cgroup *cg, struct lc_cgroup_usage *out);
void lc_cgroup_v2_usage_add(const struct lc_cgroup *cg, struct lc_cgroup_usage *out);

/* End the freezing of the v1 group, sub-cgroups included: a frozen process cannot die. */
int lc_cgroup_v1_thaw(const struct lc_cgroup *cg, struct lc_error *err);

/* The `limits` of the two versions: v1_limits.c, v2_limits.c. */
int lc_cgroup_v1_limits(struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_cgroup_writes *writes, struct lc_error *err);
int lc_cgroup_v2_limits(struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_cgroup_writes *writes, struct lc_error *err);
/* Have the ancestors pass a controller on to the container's directory (v2_controllers.c). */
int lc_cgroup_v2_enable(const struct lc_cgroup *cg, const struct lc_cgroup_dir *dir,
	const char *controller, struct lc_error *err);

#endif
