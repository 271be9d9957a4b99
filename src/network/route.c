/* SPDX-License-Identifier: MIT */
/* rtnetlink(7), the part about addresses and routes. */
#include "network/route.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define LIST_TRIES 16 /* of a list that changes while it is told */

struct reading {
	const struct lc_netlink *nl;
	struct lc_link_address *item;
	struct lc_link_addresses *list;
	struct lc_arena *arena;
	uint32_t flags;
	bool has_local; /* of a point-to-point link both ends are told: this one is ours */
};

static int read_attribute(const struct nlattr *attribute, void *context)
{
	struct reading *reading = context;
	const struct lc_netlink *nl = reading->nl;
	struct lc_address *address = &reading->item->address;
	uint16_t type = nl->mnl.attr_get_type(attribute);

	if (type == IFA_FLAGS)
		reading->flags = lc_attribute_number(nl, attribute);
	if (type == IFA_BROADCAST && nl->mnl.attr_get_payload_len(attribute) == 4) {
		reading->item->broadcast = (struct lc_address){AF_INET, 32, {0}};
		memcpy(reading->item->broadcast.bytes, nl->mnl.attr_get_payload(attribute), 4);
	}
	if ((type != IFA_LOCAL && (type != IFA_ADDRESS || reading->has_local)) ||
		nl->mnl.attr_get_payload_len(attribute) != lc_address_size(address))
		return 1;
	memcpy(address->bytes, nl->mnl.attr_get_payload(attribute), lc_address_size(address));
	reading->has_local |= type == IFA_LOCAL;
	return 1;
}

static int read_address(const struct lc_netlink *nl, const struct nlmsghdr *message, void *context)
{
	struct reading *reading = context;
	struct lc_link_addresses *list = reading->list;
	struct lc_link_address *items;
	const struct ifaddrmsg *info;

	if (message->nlmsg_type != RTM_NEWADDR ||
		nl->mnl.nlmsg_get_payload_len(message) < sizeof(*info))
		return 0;
	info = nl->mnl.nlmsg_get_payload(message);
	if ((info->ifa_family != AF_INET && info->ifa_family != AF_INET6) ||
		info->ifa_scope != RT_SCOPE_UNIVERSE)
		return 0;
	items = lc_arena_grow(
		reading->arena, list->items, list->count, &list->room, sizeof(*items));
	if (items == NULL)
		return -ENOMEM;
	list->items = items;
	reading->nl = nl;
	reading->flags = info->ifa_flags;
	reading->has_local = false;
	reading->item = &items[list->count];
	*reading->item = (struct lc_link_address){.index = (int) info->ifa_index,
		.address = {info->ifa_family, info->ifa_prefixlen, {0}}};
	(void) nl->mnl.attr_parse(message, sizeof(*info), read_attribute, reading);
	list->count += (reading->flags & IFA_F_PERMANENT) != 0;
	return 0;
}

int lc_addresses_read(
	struct lc_netlink *nl, struct lc_arena *arena, struct lc_link_addresses *out)
{
	struct reading reading = {.list = out, .arena = arena};
	int r = -EAGAIN;

	for (int i = 0; r == -EAGAIN && i < LIST_TRIES; i++) {
		struct lc_message m;

		out->count = 0;
		(void) lc_message_begin(nl, &m, RTM_GETADDR, 0, sizeof(struct ifaddrmsg));
		r = lc_netlink_list(nl, &m, read_address, &reading);
	}
	return r;
}

static void put_address(const struct lc_netlink *nl, struct lc_message *m, uint16_t type,
	const struct lc_address *address)
{
	lc_message_put(nl, m, type, address->bytes, lc_address_size(address));
}

/* The last address of an IPv4 network, to which everybody in it listens; it has none where there is
 * room for two hosts at most. */
static struct lc_address broadcast_of(const struct lc_address *address)
{
	struct lc_address broadcast = *address;

	if (address->family != AF_INET || address->prefix > 30)
		return (struct lc_address){.family = AF_UNSPEC};
	for (unsigned bit = address->prefix; bit < 32; bit++)
		broadcast.bytes[bit / 8] |= (uint8_t) (1u << (7 - bit % 8));
	return broadcast;
}

int lc_address_put(struct lc_netlink *nl, int index, const struct lc_link_address *item)
{
	const struct lc_address *address = &item->address;
	struct lc_message m;
	struct ifaddrmsg *info = lc_message_begin(
		nl, &m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(*info));

	info->ifa_family = address->family;
	info->ifa_prefixlen = address->prefix;
	info->ifa_scope = RT_SCOPE_UNIVERSE;
	info->ifa_index = (unsigned) index;
	put_address(nl, &m, IFA_LOCAL, address);
	put_address(nl, &m, IFA_ADDRESS, address);
	if (item->broadcast.family != AF_UNSPEC)
		put_address(nl, &m, IFA_BROADCAST, &item->broadcast);
	if (address->family == AF_INET6)
		lc_message_number(nl, &m, IFA_FLAGS, IFA_F_NODAD);
	return lc_netlink_ask(nl, &m);
}

int lc_address_add(struct lc_netlink *nl, int index, const struct lc_address *address)
{
	const struct lc_link_address item = {
		.address = *address, .broadcast = broadcast_of(address)};

	return lc_address_put(nl, index, &item);
}

static uint8_t family_of(const struct lc_route *route)
{
	if (route->destination.family != AF_UNSPEC)
		return route->destination.family;
	return route->gateway.family != AF_UNSPEC ? route->gateway.family
		: route->source.family != AF_UNSPEC ? route->source.family : AF_INET;
}

int lc_route_add(struct lc_netlink *nl, const struct lc_route *route)
{
	struct lc_message m;
	struct rtmsg *info = lc_message_begin(
		nl, &m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, sizeof(*info));

	info->rtm_family = family_of(route);
	info->rtm_table = RT_TABLE_MAIN;
	info->rtm_protocol = RTPROT_BOOT;
	info->rtm_type = RTN_UNICAST;
	info->rtm_scope = route->gateway.family != AF_UNSPEC || info->rtm_family == AF_INET6
		? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	if (route->destination.family != AF_UNSPEC) {
		info->rtm_dst_len = route->destination.prefix;
		put_address(nl, &m, RTA_DST, &route->destination);
	}
	if (route->source.family != AF_UNSPEC)
		put_address(nl, &m, RTA_PREFSRC, &route->source);
	if (route->gateway.family != AF_UNSPEC)
		put_address(nl, &m, RTA_GATEWAY, &route->gateway);
	if (route->index != 0)
		lc_message_number(nl, &m, RTA_OIF, (uint32_t) route->index);
	return lc_netlink_ask(nl, &m);
}
