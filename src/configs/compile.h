/* SPDX-License-Identifier: MIT */
/*
 * lc_config + inputs → plan. Pure: no system call, so a plan can be made, printed and tested by
 * anybody. THE ORDER OF SET-UP IS DECIDED HERE and nowhere else.
 */
#ifndef LCT_CONFIGS_COMPILE_H
#define LCT_CONFIGS_COMPILE_H

#include "configs/configs.h"
#include "plan/write.h"

/* One mounted cgroup hierarchy, for mounts of type cgroup. */
struct lc_compile_cgroup {
	const char *name;        /* directory below /sys/fs/cgroup: "cpu,cpuacct", "systemd", "unified" */
	const char *options;     /* mount options that select it: "cpu,cpuacct", "name=systemd" */
	const char *host_path;   /* absolute host path of the container's own directory */
	bool is_unified;
};

/* What the compiler must be told because it may not look: brought by src/container/. */
struct lc_compile_inputs {
	const struct lc_config_config *config;
	const struct lc_config_process *process;
	const char *id;                 /* of the container, "" for none */
	const char *layer;              /* directory of its writable layer, where it has one */
	const char *mark;               /* what tells it from all others, of every state root */
	uint32_t uid, gid;              /* resolved user */
	const uint32_t *groups;         /* resolved supplementary groups */
	size_t groups_count;
	const char *home;               /* HOME when the environment has none */
	const void *filter;             /* compiled seccomp program, NULL for none */
	size_t filter_size;             /* bytes: struct sock_filter[] */
	uint64_t filter_flags;          /* SECCOMP_FILTER_FLAG_* */
	bool stdio_null[3];             /* reopen this descriptor on the container's /dev/null */
	const struct lc_compile_cgroup *cgroups;
	size_t cgroups_count;
	bool is_pure_v2;                /* the one hierarchy is cgroup2, mounted at the top */
	bool is_privileged;             /* the host may enter namespaces that it did not make */
	bool is_nested;                 /* the host itself is in a user namespace */
	bool has_fixed_groups;          /* of its user namespace: setgroups(2) is denied for ever */
	uint32_t passed;                /* descriptors of the caller that the program gets, from 3 on */
	bool is_latched;                /* it waits for somebody who lets the program run */
	bool is_spared;                 /* the host's oom_score_adj is negative: not for its containers */
	int landlock_abi;               /* of the running kernel, 0 for none */
	const struct lc_config_hook *hook; /* for lc_compile_hook alone */
	const char *hook_directory;     /* its working directory, where that is the host's */
	uint64_t last_capability;       /* highest capability number that the kernel knows */
};

/* Is the source of a mount a tree that the host opens? They are numbered in the order of the mounts. */
bool lc_compile_is_given(const struct lc_config_mount *mount);
/* Are the ids of its files mapped, those of the mount or of all below it too? */
enum lc_mapped { LCT_MAPPED_NOT, LCT_MAPPED_MOUNT, LCT_MAPPED_TREE };
enum lc_mapped lc_compile_is_mapped(const struct lc_config_mount *mount);
/* Does the host open the directories below its writable layer, too? They come before those of mounts. */
bool lc_compile_is_root_given(const struct lc_config_config *config);
/* Is a link that is its source mounted itself? */
bool lc_compile_is_link(const struct lc_config_mount *mount);
/* Does a bind mount take along what is mounted below its source? */
bool lc_compile_is_recursive(const struct lc_config_mount *mount);

/* Is its cgroup to be its own root's, a user of the host? Where the user namespace is its own, and it sees
 * the cgroup as the top of a tree that is mounted to be written. */
bool lc_compile_delegates(const struct lc_config_config *config, uint32_t *out_owner);
/* The namespaces that clone3 makes, as CLONE_NEW* flags; the cgroup one is made by the init. None where a
 * helper makes the init. */
uint64_t lc_compile_clone_flags(const struct lc_config_config *config);

/* Is the init made by a helper, which has entered what is joined? A pid namespace is entered by being born in
 * it; and where there is a user namespace, what is joined and what is made are entered with different rights. */
bool lc_compile_has_helper(const struct lc_config_config *config);

/*
 * Append what enters those of the namespaces `which` that are joined. Who is privileged may enter any of them
 * as long as it is in its own user namespace, so that comes last; anybody else may do so in theirs alone.
 */
void lc_compile_enter_joined(const struct lc_config_config *config, uint64_t which, bool is_privileged,
	struct lc_plan_writer *w);

/*
 * Append the operations of a container's first process to `w`. ConfigInvalid faults that only the
 * compiler can see (too many mounts, a capability that is none) are LCT_STEP_CONFIG with the field
 * as subject. Validation has been done: configs/validate.c.
 */
int lc_compile_init(const struct lc_compile_inputs *in, struct lc_plan_writer *w,
	struct lc_error *err);

/* The root alone, at `place`, without what is mounted below it, but with the places for that: a restore puts
 * the rest on it, and may do so in another root than the one that was checkpointed. */
int lc_compile_bare_root(const struct lc_compile_inputs *in, struct lc_plan_writer *w, const char *place,
	struct lc_error *err);

/* What the host does about the pairs of a container whose inner ends a restore has made, without the gate
 * before it. */
void lc_compile_restored_networks(const struct lc_compile_inputs *in, struct lc_plan_writer *w);

/* The limits that a program gets: its own, where it has any, else the container's. */
const struct lc_objects *lc_compile_rlimits_of(
	const struct lc_config_config *config, const struct lc_config_process *process);

/* Does a further process say READY before it is made? Else the host has nothing to do until then, and its
 * word would only be waited for: it is told of the process, and that one goes no further until it is. */
bool lc_compile_join_waits(const struct lc_config_process *process);

/* The gates behind the latch of a container that waits at one: bit n is gate n. */
uint32_t lc_compile_gates_at_start(const struct lc_config_config *config);

/* What mounts something in a container that runs, and takes away what is mounted on a path of it: by a process
 * that joins its mount namespace, and is no program. */
int lc_compile_addition(const struct lc_compile_inputs *in, struct lc_plan_writer *w, struct lc_error *err);
int lc_compile_removal(const struct lc_compile_inputs *in, const char *path, struct lc_plan_writer *w,
	struct lc_error *err);

/* The same for a further process of a container that runs: no root is made, it is joined. */
int lc_compile_join(const struct lc_compile_inputs *in, struct lc_plan_writer *w,
	struct lc_error *err);

/* A scheduling policy in the numbers of sched_setattr(2), for whoever sets it. */
struct lc_compile_policy {
	uint32_t policy, priority;
	int32_t nice;
	uint64_t flags, runtime, deadline, period;
};
struct lc_compile_policy lc_compile_policy(const struct lc_config_scheduler *scheduler);

/* Where a hook runs. */
enum lc_hook_place {
	LCT_HOOK_HOST,       /* as the calling process */
	LCT_HOOK_NAMESPACES, /* in those of the container, whose root is not entered yet */
	LCT_HOOK_INSIDE,     /* as the container's program */
};

/* A hook with its guard: see plan/report.h. */
int lc_compile_hook(const struct lc_compile_inputs *in, enum lc_hook_place place,
	struct lc_plan_writer *w, struct lc_error *err);

#endif
