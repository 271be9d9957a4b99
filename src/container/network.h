/* SPDX-License-Identifier: MIT */
/*
 * The host's part of a container's network: what the plan has for it (the operations host_…) is done
 * while the init waits at the gate "network", through the netlink socket that it has brought. No
 * namespace is entered.
 *
 * The other end of a pair is born with a name made from the container's mark, and has that as its
 * alias: by either it is known to be ours, and nothing else is ever removed. An interface that was moved in is kept alive by a descriptor of ours,
 * because the kernel destroys most kinds of them with the last process of a namespace.
 */
#ifndef LCT_CONTAINER_NETWORK_H
#define LCT_CONTAINER_NETWORK_H

#include "container/container.h"
#include "plan/write.h"

/* Can it be done? Looked at before anything is made: bridges, devices, names. An op number in `err` is an
 * index in the plan, here and below. */
int lc_network_check(const struct lc_plan_writer *writer, const char *mark, struct lc_error *err);

/* Do it; the session waits at its gate, and its descriptor is taken. Nothing is left of a failure. */
int lc_network_make(struct lc_container *container, const struct lc_plan_writer *writer,
	const char *mark, struct lc_session *session, struct lc_error *err);

/* Undo what lc_network_make has made, after the init has ended. What fails is left to a destroy. */
void lc_network_undo(struct lc_container *container, const struct lc_plan_writer *writer,
	const char *mark);

/* Give the host its interfaces back, as they were. Without any that is success. */
int lc_network_give_back(struct lc_container *container, struct lc_error *err);
/* Without giving anything back. */
void lc_network_done(struct lc_container *container);

/* Remove the ends of pairs that have these names, where they are of this mark; all that are when `names` is
 * NULL. What is not there, and what is somebody else's, is success. */
int lc_network_remove(
	const char *const *names, size_t count, const char *mark, struct lc_error *err);

#endif
