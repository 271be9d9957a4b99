/* SPDX-License-Identifier: MIT */
/* A user namespace with nobody in it, for what the kernel wants to see ids mapped by. */
#ifndef LCT_CONTAINER_USER_NAMESPACE_H
#define LCT_CONTAINER_USER_NAMESPACE_H

#include "base/arena.h"
#include "base/error.h"
#include "container/host.h"

/*
 * Make one with these maps (nsenter/idmap.h): a descriptor of it, owned by the caller. A namespace is
 * made with a process in it: an init of ours, which has ended when this returns.
 */
int lc_user_namespace_open(struct lc_host *host, const char *uids, const char *gids,
	struct lc_arena *arena, struct lc_error *err);

#endif
