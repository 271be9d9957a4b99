/* SPDX-License-Identifier: MIT */
/*
 * One container: its cgroup, its init, and the truth about it from the kernel. What is kept on disk
 * is not known here (lua/libcontainer/state.lua); a loaded container is told pid and start time and
 * proves them. Of the descriptors of its cgroup none stays open when a call returns: a thousand
 * containers have a dozen each.
 */
#ifndef LCT_CONTAINER_CONTAINER_H
#define LCT_CONTAINER_CONTAINER_H

#include "configs/compile.h"
#include "configs/configs.h"
#include "container/host.h"
#include "container/process.h"
#include "container/session.h"

enum lc_status {
	LCT_STATUS_CREATED, /* no init yet */
	LCT_STATUS_RUNNING,
	LCT_STATUS_PAUSING, /* asked for, and not everything stands still yet */
	LCT_STATUS_PAUSED,  /* by whichever program */
	LCT_STATUS_STOPPED,
};

struct lc_network;

struct lc_container {
	struct lc_host *host;      /* borrowed, outlives the container */
	struct lc_cgroup cgroup;
	bool has_cgroup;           /* lc_cgroup_init was done */
	bool was_started;
	struct lc_process init;    /* pidfd of its own, beside that of the process object */
	struct lc_cgroup_change change; /* what the last lc_container_set can put back */
	struct lc_integer late_pids_limit; /* of a start: set when the init is alone */
	struct lc_session keeper;  /* keeper.h: only where systemd made the scope */
	struct lc_network *network; /* network.h: only while it has interfaces of the host */
};

/* What a start needs beside the configuration. */
struct lc_start {
	const struct lc_config_config *config;
	const struct lc_config_process *process;
	const char *id;            /* of the container */
	const char *mark;          /* what tells it from all others, of every state root */
	const void *filter;        /* compiled seccomp program, NULL for none */
	size_t filter_size;
	uint64_t filter_flags;     /* SECCOMP_FILTER_FLAG_* */
	int stdio[3];              /* borrowed descriptors */
	bool stdio_null[3];        /* this one is the host's /dev/null: reopen it inside */
	const int *passed;         /* borrowed descriptors that the program gets, from 3 on */
	size_t passed_count;
	const char *layer;         /* directory of the writable layer, for an overlay */
	const int *sources;        /* borrowed descriptors of mounts, by their index; -1: by path */
	size_t sources_count;
	char *const *init_argv;    /* replaces the init program, NULL for our own */
	struct lc_cgroup *group;   /* of who joins: a group of his own, NULL for none */
	const struct lc_config_hook *hook; /* of a hook, NULL else: it, */
	enum lc_hook_place place;          /* where it runs, */
	const struct lc_process *init;     /* borrowed: the init that waits for it, or NULL, */
	const char *directory;             /* and its working directory, where that is the host's */
	int latch;                 /* borrowed directory: its init is to wait there; -1 for none */
	const char *scratch;       /* of a restore: a directory with "root" and "masks", NULL else */
	uint32_t fault_nth, fault_errno; /* test builds: struct lc_plan_header */
};

/*
 * Decide where the cgroups of a container are, making nothing. `path` as configured or NULL,
 * `fallback` the name of our own; NULL for both: it has no cgroups. `manager` as for lc_cgroup_init.
 */
int lc_container_init(struct lc_container *container, struct lc_host *host, const char *path,
	const char *fallback, enum lc_cgroup_manager manager, struct lc_error *err);
/* Can these limits be had here? Told before anything is made: see lc_cgroup_check. */
int lc_container_check(struct lc_container *container, const struct lc_config_config *config,
	struct lc_arena *arena, struct lc_error *err);
/* Look at these places before the intent is written: one that is in use is EBUSY. */
int lc_container_probe(struct lc_container *container, struct lc_error *err);
/* What another process remembers of a container that it has made. */
struct lc_container_saved {
	const struct lc_cgroup_saved *places;
	size_t count;
	const char *owner; /* the fallback that it was made with: proves that the places are its own */
	const struct lc_cgroup_scope *scope; /* around them, or NULL */
};

/* lc_container_init for a container that another process made. */
int lc_container_init_saved(struct lc_container *container, struct lc_host *host,
	const struct lc_container_saved *saved, struct lc_error *err);
/* The same when nothing is remembered: its cgroups are looked for. */
int lc_container_init_found(struct lc_container *container, struct lc_host *host, const char *owner,
	struct lc_error *err);
void lc_container_done(struct lc_container *container);

/* Begin anew, for another start: as lc_container_init and lc_container_probe. After a failure it has
 * no cgroup any more, so that a destroy touches nothing. */
int lc_container_renew(struct lc_container *container, const char *path, const char *fallback,
	struct lc_error *err);

/* Another process has started it again: its cgroups are new ones, at the places that it remembers. After
 * a failure it has none. */
int lc_container_follow(struct lc_container *container, const struct lc_container_saved *saved,
	struct lc_error *err);

/*
 * Adopt what another process started: its init, when it still lives, and its cgroups. The process of
 * that number and start time is believed to be the init if it is in the container's cgroup. Without
 * cgroups it has to be the first of a pid namespace below ours, where `is_first` says that it would be.
 */
int lc_container_adopt(struct lc_container *container, pid_t pid, uint64_t start, bool is_first,
	struct lc_error *err);

/* What a plan is compiled from, users and groups as the files below `root` name them; the latter
 * cannot be changed where `has_fixed_groups`. */
struct lc_compile_inputs;
int lc_container_inputs(const struct lc_container *container, const struct lc_start *start,
	const char *root, bool has_fixed_groups, struct lc_arena *arena,
	struct lc_compile_inputs *out, struct lc_error *err);

/*
 * The plan of a start. `writer` and everything in it lives in `arena`; pure but for the read of the
 * root's passwd file.
 */
struct lc_plan_writer;
int lc_container_plan(const struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_error *err);

/*
 * Check the limits, make the cgroups, start the init: the session is in state WAIT. A failure
 * leaves nothing. `writer` has the plan, for the field behind an operation.
 */
int lc_container_begin(struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err);

/* Go on with the init that waits at the latch of start->latch: the session is in state GATE, and what its
 * end does not reach is the caller's to undo. -ESRCH when it does not wait. */
int lc_container_release(struct lc_container *container, const struct lc_start *start,
	struct lc_session *session, struct lc_error *err);

/* The session has come to READY or RUNNING: its init is the container's. */
int lc_container_take_init(struct lc_container *container, const struct lc_session *session,
	struct lc_error *err);

/* Created, running or stopped; paused or not, which takes reading files, is running. */
int lc_container_life(
	const struct lc_container *container, enum lc_status *out, struct lc_error *err);
/* What the kernel says of the init and of the freezer at this moment. -errno when it could not be
 * looked at, which is never "stopped"; lc_container_life has that too. */
int lc_container_status(struct lc_container *container, enum lc_status *out, struct lc_error *err);

/* A signal to every process. Without cgroups the init is all that is known. */
int lc_container_signal_all(
	struct lc_container *container, int signal, struct lc_error *err);

/* See lc_cgroup_freeze and lc_cgroup_thaw. */
int lc_container_freeze(
	struct lc_container *container, int timeout_ms, bool is_kept, struct lc_error *err);
int lc_container_thaw(struct lc_container *container, int timeout_ms, struct lc_error *err);

/* End every process; without cgroups the init, and with it its pid namespace. */
int lc_container_kill(struct lc_container *container, int timeout_ms, struct lc_error *err);
/*
 * Change its limits: those that are set in changed->cgroups. Rules for devices go over those of
 * before->cgroups. All of them or none; what was changed can be put back until the next change.
 */
int lc_container_set(struct lc_container *container, const struct lc_config_config *changed,
	const struct lc_config_config *before, struct lc_arena *arena, struct lc_error *err);
int lc_container_put_back(struct lc_container *container, struct lc_error *err);

/* To its init alone. SIGKILL ends a paused one too. */
int lc_container_signal(struct lc_container *container, int signal, struct lc_error *err);

/* End every process and remove the cgroups. ETIMEDOUT names the pids that stay. */
int lc_container_destroy(struct lc_container *container, int timeout_ms, struct lc_error *err);

/* After a destroy, and after the process object has had its exit status: leave no zombie, where the
 * init is a child of ours. */
int lc_container_reap(struct lc_container *container, struct lc_error *err);

#endif
