/* SPDX-License-Identifier: MIT */
/*
 * The keeper of a systemd scope: see src/cgroups/systemd.c for what it is good for. Its plan says
 * nothing but to wait for the word to go, which never comes: see attendant.h.
 */
#ifndef LCT_CONTAINER_KEEPER_H
#define LCT_CONTAINER_KEEPER_H

#include "container/container.h"

/* Start it where the container's cgroup is to have a scope, and tell the cgroup of it. */
int lc_keeper_start(struct lc_container *container, struct lc_error *err);
/* End it; none is fine. A forked child of the host only lets go. */
void lc_keeper_end(struct lc_container *container);

#endif
