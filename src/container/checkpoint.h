/* SPDX-License-Identifier: MIT */
/*
 * CRIU, driven through its documented interface: the command line of criu(8). It is a program of its
 * own, run by our init with a short plan, so that what fails before it runs comes back as an error like
 * any other, and so that a host that dies takes it along.
 *
 * Dumping runs on the host, in the host's cgroup. Restoring runs in the container's cgroups, which are
 * made before, in mount and cgroup namespaces of its own; criu makes the restored init a sibling of
 * itself (--restore-sibling), so a child of the host, and leaves all of it stopped, to be looked at.
 */
#ifndef LCT_CONTAINER_CHECKPOINT_H
#define LCT_CONTAINER_CHECKPOINT_H

#include "container/container.h"

struct lc_plan_writer;

/*
 * Run criu beside the container. Its command line is start->process->args; a name without a slash is
 * looked for in the usual directories. The session is in state WAIT; its process is criu once it comes to
 * RUNNING, the leader of a process group of its own. ENOENT at step EXEC: there is no such program.
 */
int lc_checkpoint_begin(struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err);

/*
 * The same for a restore: makes the cgroups with the limits of start->config, and mounts its rootfs on
 * "root" in start->scratch, and what masks are made of ("null", "empty") on "masks", where only criu and
 * what it makes see them. What is restored has start->stdio to inherit, and gets no_new_privileges when
 * start->process has it, which criu does not bring back. A failure leaves nothing.
 */
int lc_restore_begin(struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err);

/*
 * Run a program of the host in the network namespace of the container: start->process->args, which reads
 * start->stdio[0]. For undoing what a criu that was killed has left there. As lc_checkpoint_begin.
 */
int lc_checkpoint_repair(struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err);

/* What criu has restored as `pid` is the container's init, if it is a child of ours and in its cgroups:
 * ESRCH when not. */
int lc_restore_take(struct lc_container *container, pid_t pid, struct lc_error *err);

/*
 * Make the root of what was restored read-only, which criu does not: by an init that enters its mount
 * namespace and has done it when it is READY. lc_session_abort ends it; start->process is not looked at.
 */
int lc_restore_close_root(struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err);

/*
 * Plug the pairs of what was restored into their bridges again, under their marks and names: the session
 * comes to the gate of networks, inside, and is ready behind it. As lc_restore_close_root.
 */
int lc_restore_networks(struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err);

/* Has criu ended? As lc_process_poll; one that has failed takes everything in its process group along. */
int lc_checkpoint_poll(struct lc_process *criu, bool *out_ended, struct lc_error *err);

/* End criu and everything in its process group. */
int lc_checkpoint_end(struct lc_process *criu, int timeout_ms, struct lc_error *err);

#endif
