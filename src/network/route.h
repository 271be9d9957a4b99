/* SPDX-License-Identifier: MIT */
/* Addresses of interfaces, and routes. Every function is one request to the kernel, and answers 0 or
 * -errno. */
#ifndef LCT_NETWORK_ROUTE_H
#define LCT_NETWORK_ROUTE_H

#include "base/arena.h"
#include "network/netlink.h"
#include "network/text.h"

/* An address that an interface has. */
struct lc_link_address {
	int index; /* of the interface */
	struct lc_address address;
	struct lc_address broadcast; /* AF_UNSPEC: none */
};

struct lc_link_addresses {
	struct lc_link_address *items;
	size_t count, room;
};

/* Those that somebody has given to interfaces for good: neither what is found out by itself (link-local
 * ones, router advertisements) nor what ends at a time. */
int lc_addresses_read(
	struct lc_netlink *nl, struct lc_arena *arena, struct lc_link_addresses *out);
/* It can be used at once: nobody else is asked whether he has it. */
int lc_address_add(struct lc_netlink *nl, int index, const struct lc_address *address);
/* One that was read, to another interface. */
int lc_address_put(struct lc_netlink *nl, int index, const struct lc_link_address *address);

struct lc_route {
	struct lc_address destination; /* AF_UNSPEC: everywhere */
	struct lc_address source;      /* that packets have, AF_UNSPEC: whatever fits */
	struct lc_address gateway;     /* AF_UNSPEC: it is reached directly */
	int index;                     /* of the interface, 0: the one that leads to the gateway */
};
int lc_route_add(struct lc_netlink *nl, const struct lc_route *route);

#endif
