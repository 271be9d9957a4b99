/* SPDX-License-Identifier: MIT */
/*
 * A process of ours that enters the network namespace of a container, opens a netlink socket there, gives
 * it to us and is gone. Unlike that of a container's own init it has the rights of the host: what is in a
 * user namespace may not move an interface out of it.
 */
#ifndef LCT_CONTAINER_ENVOY_H
#define LCT_CONTAINER_ENVOY_H

#include "container/host.h"

/* The socket for the network namespace of that process, which must live; or -errno. */
int lc_envoy_open(struct lc_host *host, int pidfd, struct lc_error *err);

#endif
