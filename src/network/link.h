/* SPDX-License-Identifier: MIT */
/*
 * Interfaces of a network namespace: looked at, made, changed, moved, removed. Every function is one
 * request to the kernel and answers 0 or -errno; whoever calls knows what it was about.
 */
#ifndef LCT_NETWORK_LINK_H
#define LCT_NETWORK_LINK_H

#include "base/arena.h"
#include "network/netlink.h"
#include "network/text.h"

#define LCT_LINK_ALIAS_SIZE 256 /* of the kernel, with the end */

struct lc_link {
	int index;
	char name[LCT_LINK_NAME_SIZE];
	char kind[LCT_LINK_NAME_SIZE]; /* "veth", "bridge"; empty for hardware */
	char alias[LCT_LINK_ALIAS_SIZE];
	uint32_t flags; /* IFF_* */
	uint32_t mtu;
	uint32_t queue; /* length of it */
	int master;     /* index of the bridge that it is in, 0 for none */
	uint8_t mac[LCT_MAC_SIZE];
	bool has_mac;
};

struct lc_links {
	struct lc_link *items;
	size_t count, room;
};

/* All of them. */
int lc_links_read(struct lc_netlink *nl, struct lc_arena *arena, struct lc_links *out);
/* The one of that name: -ENODEV for none. */
int lc_link_find(struct lc_netlink *nl, const char *name, struct lc_link *out);

/*
 * A pair of interfaces, the other end born in another namespace: it is there as soon as the pair is,
 * and the pair goes with whichever namespace goes first. -EEXIST: one of the names is taken.
 */
int lc_link_make_pair(
	struct lc_netlink *nl, const char *name, const char *other, int other_namespace);
int lc_link_make_bridge(struct lc_netlink *nl, const char *name);

int lc_link_remove(struct lc_netlink *nl, int index);
int lc_link_set_up(struct lc_netlink *nl, int index, bool is_up);
int lc_link_set_mtu(struct lc_netlink *nl, int index, uint32_t bytes);
int lc_link_set_queue(struct lc_netlink *nl, int index, uint32_t length);
int lc_link_set_mac(struct lc_netlink *nl, int index, const uint8_t mac[LCT_MAC_SIZE]);
int lc_link_set_alias(struct lc_netlink *nl, int index, const char *alias);
/* It must be down. */
int lc_link_set_name(struct lc_netlink *nl, int index, const char *name);
/* Put it into a bridge. */
int lc_link_set_master(struct lc_netlink *nl, int index, int master);
/* What comes in at a port of a bridge may go out at it again. */
int lc_link_set_hairpin(struct lc_netlink *nl, int index, bool is_on);
/* Into another namespace, where it has that name; it is down then, and has lost its addresses. */
int lc_link_move(struct lc_netlink *nl, int index, int to_namespace, const char *name);

#endif
