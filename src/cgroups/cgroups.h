/* SPDX-License-Identifier: MIT */
/*
 * Control groups: where they are, one container's directories in them, limits, accounting, and the
 * end of everything inside.
 *
 * One table of functions (struct lc_cgroup_ops) stands before the drivers v1, v2, hybrid and none;
 * manager.c chooses it from what is mounted. Drivers never see a configuration, only struct
 * lc_resources in neutral units. Rules of every driver:
 *
 *   - Only files below the container's own directories are written, and only of the known list.
 *   - A directory that was there before is never removed.
 *   - A name is relative to a descriptor of the hierarchy's mount, without "..", so no path that
 *     somebody else controls is followed.
 */
#ifndef LCT_CGROUPS_CGROUPS_H
#define LCT_CGROUPS_CGROUPS_H

#include "base/arena.h"
#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LCT_CGROUP_HIERARCHIES_MAX 24

/* --- what is mounted: read once per Lua state --- */

struct lc_cgroup_hierarchy {
	char *name; /* "cpu,cpuacct", "systemd" (of name=systemd), "unified", or "" on pure v2 */
	char *controllers; /* v1: "cpu,cpuacct" or "name=systemd"; unified: cgroup.controllers of the
	                      mount with commas, which is what its cgroups can have at most */
	char *mount_point;
	char *own;         /* the calling process's cgroup, relative to the mount: "/a/b" */
	int mount_fd;      /* O_PATH directory of the mount point */
	bool is_unified;
};

/* Who makes a container's cgroup. */
enum lc_cgroup_manager {
	LCT_MANAGER_AUTO,    /* systemd where the caller may make none himself, else we */
	LCT_MANAGER_FS,      /* we */
	LCT_MANAGER_SYSTEMD, /* systemd a scope, and we what is in it */
};

struct lc_cgroup_mounts {
	struct lc_arena arena;
	struct lc_cgroup_hierarchy items[LCT_CGROUP_HIERARCHIES_MAX];
	size_t count;
	const struct lc_cgroup_ops *driver; /* none when nothing is mounted */
	char page_sizes[64];                /* of huge pages: "2MB 1GB" */
	bool has_systemd;                   /* it makes the scopes */
	bool is_user;                       /* that would be the calling user's own one */
	char *systemd_root;                 /* where its slices are: "" or "a/b" */
};

/* Read /proc/self/mountinfo and /proc/self/cgroup. Nothing mounted is no error: driver none. */
int lc_cgroup_mounts_read(struct lc_cgroup_mounts *out, enum lc_cgroup_manager manager,
	struct lc_error *err);
void lc_cgroup_mounts_done(struct lc_cgroup_mounts *mounts);

/* --- limits and accounting, in neutral units --- */

struct lc_limit {
	int64_t value;
	bool is_set; /* absent is not zero */
};

struct lc_block_weight {
	unsigned major, minor;
	struct lc_limit weight, leaf_weight; /* 10..1000 */
};

struct lc_block_rate {
	unsigned major, minor;
	int64_t rate; /* a second; 0 is no limit */
};

enum lc_rate_kind {
	LCT_RATE_READ_BPS,
	LCT_RATE_WRITE_BPS,
	LCT_RATE_READ_IOPS,
	LCT_RATE_WRITE_IOPS,
	LCT_RATE_KINDS,
};

struct lc_hugetlb_limit {
	const char *page_size; /* "2MB" */
	int64_t limit;
};

struct lc_net_priority {
	const char *interface;
	int64_t priority;
};

struct lc_rdma_limit {
	const char *device;
	struct lc_limit hca_handles, hca_objects;
};

#define LCT_DEVICE_MKNOD 1u /* as BPF_DEVCG_ACC_* */
#define LCT_DEVICE_READ 2u
#define LCT_DEVICE_WRITE 4u
#define LCT_DEVICE_ANY (-1)

/* Later rules go over earlier ones; what no rule names is allowed. */
struct lc_device_rule {
	bool is_allowed;
	bool is_optional;   /* a cgroup above may forbid it all the same: no error */
	char type;          /* 'a', 'b', 'c' */
	int major, minor;   /* LCT_DEVICE_ANY */
	unsigned access;    /* LCT_DEVICE_* */
	unsigned item;      /* in the configuration, from 1; 0: added to it */
};

struct lc_device_rules {
	const struct lc_device_rule *items;
	size_t count;     /* 0: devices are left alone */
	bool is_optional; /* nobody insists: where it cannot be had, it is not */
};

struct lc_cgroup_file {
	const char *name, *value;
};

struct lc_resources {
#define LIMIT(name, controller, group, v1, v1_file, v2, v2_file) struct lc_limit name;
#include "cgroups/limits.def"
#undef LIMIT
	bool may_kill; /* make room for a lower memory limit by killing, where the kernel does */
	const char *cpuset_cpus, *cpuset_mems; /* NULL: inherit */
	const struct lc_block_weight *block_weights;
	size_t block_weights_count;
	struct {
		const struct lc_block_rate *items;
		size_t count;
	} block_rates[LCT_RATE_KINDS];
	const struct lc_hugetlb_limit *hugetlb;
	size_t hugetlb_count;
	const struct lc_net_priority *net_priorities;
	size_t net_priorities_count;
	const struct lc_rdma_limit *rdma;
	size_t rdma_count;
	struct lc_device_rules devices, devices_before; /* before: those in force now, for a change */
	const struct lc_cgroup_file *unified; /* files of the unified tree, written last */
	size_t unified_count;
	const struct lc_cgroup_file *unit_properties; /* of the systemd scope: name and text */
	size_t unit_properties_count;
};

/* Annotations of this name and a property's are for the scope, where there is one. */
#define LCT_UNIT_ANNOTATION "org.systemd.property."

#define LCT_UNIT_PROPERTIES_ASKED 32 /* of one container, at most */

/* What is wrong with such a property and its text; NULL: nothing. Pure. */
const char *lc_cgroup_check_property(const char *name, const char *text);

struct lc_cgroup_usage {
	bool has_memory_peak, has_memory, has_cpu, has_oom, has_pids_peak;
	uint64_t memory_peak, memory; /* bytes */
	uint64_t cpu_ns, cpu_user_ns, cpu_system_ns;
	uint64_t oom_kills;           /* processes that the OOM killer took in this cgroup */
	uint64_t pids_peak;
};

/* --- one container's cgroup --- */

struct lc_cgroup_dir {
	size_t hierarchy;    /* index in the mounts */
	char *path;          /* relative to the mount, without leading slash: "a/b/libcontainer-…" */
	int fd;              /* O_DIRECTORY of it, -1 while it does not exist */
	bool was_there;      /* existed, empty and thawed, before create: never removed by us */
};

enum lc_freezer {
	LCT_FREEZER_THAWED,
	LCT_FREEZER_FREEZING, /* asked for, and some process does not stand still yet */
	LCT_FREEZER_FROZEN,
};

struct lc_cgroup_writes; /* driver.h */
struct lc_stats; /* stats.h */

/* The systemd scope around a container's cgroup: see systemd.h. */
struct lc_cgroup_scope {
	char *unit, *slice; /* "libcontainer-….scope", "system.slice"; NULL: there is none */
	char *owner;        /* what proves to us that it is this container's */
	bool is_user;       /* of the user's own systemd */
	pid_t keeper;       /* for create: the process that it begins with */
};

struct lc_cgroup {
	const struct lc_cgroup_mounts *mounts;
	const struct lc_cgroup_ops *ops;
	struct lc_cgroup_scope scope;
	const char *owner; /* the name of its directories, or what is marked on them (mark.c); NULL for
	                      one inside of another group, which is the other's */
	struct lc_arena arena;
	struct lc_cgroup_dir dirs[LCT_CGROUP_HIERARCHIES_MAX];
	size_t count;
	int leaf_fd; /* see lc_cgroup_join_fds; -1 */
};

/* What a driver is. All take the whole group; hybrid composes v1 and v2. */
struct lc_cgroup_ops {
	const char *name; /* "v1", "v2", "hybrid", "none" */
	/* only the directories; undone by the manager */
	int (*create)(struct lc_cgroup *cg, struct lc_error *err);
	/* append to `writes` what these limits are; the manager carries it out (change.c) */
	int (*limits)(struct lc_cgroup *cg, const struct lc_resources *resources,
		struct lc_cgroup_writes *writes, struct lc_error *err);
	/* one round; the manager waits and repeats */
	int (*kill)(struct lc_cgroup *cg, struct lc_error *err);
	int (*usage)(struct lc_cgroup *cg, struct lc_cgroup_usage *out, struct lc_error *err);
	int (*freezer)(struct lc_cgroup *cg, enum lc_freezer *out, struct lc_error *err);
	/* ask for it: one write; -ENODEV without a freezer */
	int (*freeze)(struct lc_cgroup *cg, bool is_wanted);
	int (*stats)(struct lc_cgroup *cg, struct lc_stats *out, struct lc_arena *arena,
		struct lc_error *err);
};

/*
 * Choose the directories of a container, making nothing. `path` is the configured place: absolute
 * is below each mount, relative below the caller's own cgroup, NULL is `fallback` (one component)
 * below the caller's own. A ".." or an empty component is EINVAL; a place that is the caller's own
 * cgroup or above it is EBUSY.
 *
 * A v2 cgroup that holds processes, as the caller's own does, cannot give controllers to children.
 * So where the unified tree has the controllers we use and the caller is not at its root, the
 * fallback is placed beside the caller's cgroup: below the parent of it.
 *
 * `fallback` has to tell this container from every other one: at a configured place, where its name
 * does not, a mark on the directories says it.
 *
 * Where systemd makes the scopes, `path` is "slice:prefix:name", and a scope is chosen too. `manager`
 * is AUTO for what `mounts` says; the others are for finding what another has made.
 */
int lc_cgroup_init(struct lc_cgroup *cg, const struct lc_cgroup_mounts *mounts, const char *path,
	const char *fallback, enum lc_cgroup_manager manager, struct lc_error *err);
/* Close descriptors, free memory; what is in the kernel stays. */
void lc_cgroup_done(struct lc_cgroup *cg);

/* One directory as a state file remembers it; cg->dirs[i] and its hierarchy's name give these. */
struct lc_cgroup_saved {
	const char *name, *path; /* as in lc_cgroup_hierarchy.name and lc_cgroup_dir.path */
};

/*
 * The group of a container that another process made: the caller's own cgroup plays no part. What
 * is not mounted any more is left out. A path that is empty, has "..", or is the caller's own
 * cgroup or one above it is refused, so that no damaged file ends the caller. A directory that
 * is neither called `owner` nor marked so is as good as none.
 */
int lc_cgroup_init_saved(struct lc_cgroup *cg, const struct lc_cgroup_mounts *mounts,
	const struct lc_cgroup_saved *items, size_t count, const char *owner, struct lc_error *err);

/*
 * The group of a container of which nothing but `owner`, the fallback that it was made with, is known:
 * its directories are looked for in every hierarchy, by name and by mark (search.c).
 */
int lc_cgroup_init_found(struct lc_cgroup *cg, const struct lc_cgroup_mounts *mounts,
	const char *owner, struct lc_error *err);
/* Does a hierarchy of which `cg` knows nothing hold a directory of that owner? */
int lc_cgroup_is_lost(
	const struct lc_cgroup *cg, const char *owner, bool *out, struct lc_error *err);
/* Is there a directory of it, is there each? */
int lc_cgroup_exists(struct lc_cgroup *cg, bool *out_any, bool *out_all, struct lc_error *err);

/* Unit and slice, in the arena, of "slice:prefix:name", or of NULL and a name of our own. EINVAL. */
int lc_cgroup_scope_names(const char *path, const char *fallback, bool is_user,
	struct lc_arena *arena, struct lc_cgroup_scope *out, struct lc_error *err);

/* The scope that a saved group has around it: copied. */
int lc_cgroup_init_scope(
	struct lc_cgroup *cg, const struct lc_cgroup_scope *scope, struct lc_error *err);

/*
 * Look at what create would find, making nothing. Refuses (EBUSY) what create would refuse, so that
 * an intent never names a directory in which somebody else's processes are.
 */
int lc_cgroup_probe(struct lc_cgroup *cg, struct lc_error *err);

/* May this process make the directories? Looks at those that they would be made in. */
bool lc_cgroup_may_make(const struct lc_cgroup *cg);

/* Close the directories' descriptors: a thousand containers would hold ten thousand. Every call
 * below opens what it needs again; only join_fds needs the unified directory open before it. */
void lc_cgroup_rest(struct lc_cgroup *cg);

/* Open the directories that exist (a loaded container); a missing one stays -1. */
int lc_cgroup_open(struct lc_cgroup *cg, struct lc_error *err);

/*
 * Refuse what cannot be done here, before anything is made. The subject is the field and what it
 * misses, with ENODEV: "cgroups.pids_limit: pids" (a controller), "cgroups.memory_high: cgroup v2",
 * "cgroups.memory_swap: memory.memsw.limit_in_bytes" (a file).
 */
int lc_cgroup_check(const struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_error *err);

/* Make the directories and write the limits. An existing directory must be empty and thawed, and bear
 * no other container's mark (EBUSY otherwise). On failure everything made is removed again, and the
 * group has no directories any more but what could not be: a later destroy touches nothing else. */
int lc_cgroup_create(struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_error *err);

/* On v2 alone: give a group that was made to a user, who may then make groups in it (delegate.c). */
int lc_cgroup_delegate(struct lc_cgroup *cg, uint32_t owner, struct lc_error *err);

/* What a change of limits was made of, for putting it back. */
struct lc_unit_properties;
struct lc_cgroup_change {
	struct lc_arena arena;
	struct lc_unit_properties *scope; /* its properties before; NULL: untouched */
	struct lc_cgroup_undo *items;
	size_t count, room;
};

/*
 * Change the limits of a living group. All of them, or none: what was written before a failure is
 * put back in reverse order, and a file for which even that fails is named at the end of the
 * subject, "; not put back: pids.max". `change` holds what lc_cgroup_put_back needs, until
 * lc_cgroup_change_done.
 *
 * A memory limit below what is in use is EBUSY, with subject "cgroups.memory: limit 4096 use 9000
 * peak 10000", after the kernel has tried to make room.
 */
int lc_cgroup_set(struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_cgroup_change *change, struct lc_error *err);
int lc_cgroup_put_back(struct lc_cgroup *cg, struct lc_cgroup_change *change, struct lc_error *err);
void lc_cgroup_change_done(struct lc_cgroup_change *change);

/*
 * What a spawn needs to be born inside: the unified directory for CLONE_INTO_CGROUP (-1 for none;
 * borrowed) and an open tasks file of each v1 hierarchy (owned by the caller, who closes them).
 *
 * A v2 cgroup that passes controllers on to sub-cgroups holds no processes itself: then it is the leaf
 * "init" below it, which is made.
 */
int lc_cgroup_join_fds(struct lc_cgroup *cg, int *out_unified, int *fds, size_t room,
	size_t *out_count, struct lc_error *err);

/*
 * A group inside of `parent` for one process that joins (child.c): `name` is one component that is
 * not there yet. Made with its limits, or nothing is left. Ended and read like any other group.
 */
int lc_cgroup_create_child(struct lc_cgroup *child, struct lc_cgroup *parent, const char *name,
	const struct lc_resources *resources, struct lc_error *err);
/* Remove it when nothing is in it any more; -EBUSY when something is. */
int lc_cgroup_remove_child(struct lc_cgroup *child, struct lc_error *err);

/*
 * Groups that are there inside of `parent`, for one process that joins (inside.c): by controller, or the
 * name of a hierarchy, the place from there; of "all" in every hierarchy. ENOENT for one that is not there; EINVAL at
 * step CONFIG for a controller that is not, and a place outside. For lc_cgroup_join_child, and never removed by us.
 */
int lc_cgroup_init_inside(struct lc_cgroup *out, struct lc_cgroup *parent,
	const struct lc_cgroup_saved *places, size_t count, struct lc_error *err);

/* As lc_cgroup_join_fds, of the child where it has directories and else of the parent. `child` may be
 * NULL. */
int lc_cgroup_join_child(struct lc_cgroup *parent, struct lc_cgroup *child, int *out_unified,
	int *fds, size_t room, size_t *out_count, struct lc_error *err);

/* Every process in the group and below it, each once: `visit` answers non-zero to stop. The
 * unified directory is asked when there is one, else the hierarchy with the most controllers. */
int lc_cgroup_pids(struct lc_cgroup *cg, int (*visit)(void *context, pid_t pid), void *context,
	struct lc_error *err);

/* Send a signal to every process in the group and below it, by pidfd. One that is made meanwhile
 * may be missed; lc_cgroup_kill is for ending all. In a frozen group SIGKILL is heard at once, any
 * other signal when it is thawed. */
int lc_cgroup_signal(struct lc_cgroup *cg, int signal, struct lc_error *err);
/* After a SIGKILL to a process in it: who is frozen by v1 cannot die, and is let go for that. */
int lc_cgroup_let_die(struct lc_cgroup *cg, struct lc_error *err);

/* What has been used until now. What the kernel does not tell is absent, and no error. */
int lc_cgroup_usage(struct lc_cgroup *cg, struct lc_cgroup_usage *out, struct lc_error *err);

/* Only how many processes of it the OOM killer took until now: two look at that for each program that
 * joins. ENODEV without a memory controller. */
int lc_cgroup_oom_kills(const struct lc_cgroup *cg, uint64_t *out, struct lc_error *err);

/* Is it paused by its freezer or one above, whoever did that? On v1 also while it is still
 * freezing: what joins it then sleeps and cannot be killed. */
int lc_cgroup_frozen(struct lc_cgroup *cg, bool *out, struct lc_error *err);
/* The same, more exactly. */
int lc_cgroup_freezer(struct lc_cgroup *cg, enum lc_freezer *out, struct lc_error *err);

/*
 * Freeze everything in the group, and wait for it; what cannot be frozen in time is thawed again
 * (ETIMEDOUT), unless it is kept for a caller who goes on with it. Thaw it, whoever froze it: EBUSY when a cgroup above holds it frozen. The step is
 * LCT_STEP_FREEZE; without a freezer ENODEV.
 */
int lc_cgroup_freeze(struct lc_cgroup *cg, int timeout_ms, bool is_kept, struct lc_error *err);
int lc_cgroup_thaw(struct lc_cgroup *cg, int timeout_ms, struct lc_error *err);

/*
 * Kill everything inside (cgroup.kill where there is one; v1: freeze, signal all, thaw, again until
 * empty), wait until it is gone, and remove the directories depth first. A group that does not
 * exist is success. ETIMEDOUT after `timeout_ms`, the subject naming the pids that hold it; EBUSY
 * for a directory that cannot be removed. What was there before create stays, emptied.
 */
int lc_cgroup_destroy(struct lc_cgroup *cg, int timeout_ms, struct lc_error *err);

/* Only the killing and waiting of it. */
int lc_cgroup_kill(struct lc_cgroup *cg, int timeout_ms, struct lc_error *err);

#endif
