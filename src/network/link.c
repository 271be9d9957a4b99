/* SPDX-License-Identifier: MIT */
/* rtnetlink(7), the part about interfaces. */
#include "network/link.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>

#define LIST_TRIES 16 /* of a list that changes while it is told */

/* --- looking --- */

struct reading {
	const struct lc_netlink *nl;
	struct lc_link *link;
	struct lc_links *links;
	struct lc_arena *arena;
};

static int read_kind(const struct nlattr *attribute, void *context)
{
	const struct reading *reading = context;

	if (reading->nl->mnl.attr_get_type(attribute) == IFLA_INFO_KIND)
		lc_attribute_text(reading->nl, attribute, reading->link->kind,
			sizeof(reading->link->kind));
	return 1;
}

static void read_mac(const struct reading *reading, const struct nlattr *attribute)
{
	struct lc_link *link = reading->link;

	link->has_mac = reading->nl->mnl.attr_get_payload_len(attribute) == LCT_MAC_SIZE;
	if (link->has_mac)
		memcpy(link->mac, reading->nl->mnl.attr_get_payload(attribute), LCT_MAC_SIZE);
}

static int read_attribute(const struct nlattr *attribute, void *context)
{
	const struct reading *reading = context;
	const struct lc_netlink *nl = reading->nl;
	struct lc_link *link = reading->link;

	switch (nl->mnl.attr_get_type(attribute)) {
	case IFLA_IFNAME:
		lc_attribute_text(nl, attribute, link->name, sizeof(link->name));
		break;
	case IFLA_IFALIAS:
		lc_attribute_text(nl, attribute, link->alias, sizeof(link->alias));
		break;
	case IFLA_MTU:
		link->mtu = lc_attribute_number(nl, attribute);
		break;
	case IFLA_TXQLEN:
		link->queue = lc_attribute_number(nl, attribute);
		break;
	case IFLA_MASTER:
		link->master = (int) lc_attribute_number(nl, attribute);
		break;
	case IFLA_ADDRESS:
		read_mac(reading, attribute);
		break;
	case IFLA_LINKINFO:
		(void) nl->mnl.attr_parse_nested(attribute, read_kind, context);
		break;
	default:
		break;
	}
	return 1; /* and the next one */
}

static bool is_link(const struct lc_netlink *nl, const struct nlmsghdr *message)
{
	return message->nlmsg_type == RTM_NEWLINK &&
	       nl->mnl.nlmsg_get_payload_len(message) >= sizeof(struct ifinfomsg);
}

/* Into reading->link. */
static int read_link(const struct lc_netlink *nl, const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *info = nl->mnl.nlmsg_get_payload(message);
	struct reading *reading = context;

	if (!is_link(nl, message))
		return 0;
	reading->nl = nl;
	*reading->link = (struct lc_link){.index = info->ifi_index, .flags = info->ifi_flags};
	(void) nl->mnl.attr_parse(message, sizeof(*info), read_attribute, reading);
	return 0;
}

/* Behind the others of reading->links. */
static int read_item(const struct lc_netlink *nl, const struct nlmsghdr *message, void *context)
{
	struct reading *reading = context;
	struct lc_links *links = reading->links;
	struct lc_link *items;

	if (!is_link(nl, message))
		return 0;
	items = lc_arena_grow(
		reading->arena, links->items, links->count, &links->room, sizeof(*items));
	if (items == NULL)
		return -ENOMEM;
	links->items = items;
	reading->link = &items[links->count++];
	return read_link(nl, message, context);
}

int lc_links_read(struct lc_netlink *nl, struct lc_arena *arena, struct lc_links *out)
{
	struct reading reading = {.links = out, .arena = arena};
	int r = -EAGAIN;

	for (int i = 0; r == -EAGAIN && i < LIST_TRIES; i++) {
		struct lc_message m;

		out->count = 0;
		(void) lc_message_begin(nl, &m, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
		r = lc_netlink_list(nl, &m, read_item, &reading);
	}
	return r;
}

int lc_link_find(struct lc_netlink *nl, const char *name, struct lc_link *out)
{
	struct reading reading = {.link = out};
	struct lc_message m;
	int r;

	*out = (struct lc_link){.index = 0};
	(void) lc_message_begin(nl, &m, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	lc_message_text(nl, &m, IFLA_IFNAME, name);
	r = lc_netlink_get(nl, &m, read_link, &reading);
	return r >= 0 && out->index == 0 ? -ENODEV : r;
}

/* --- making --- */

int lc_link_make_pair(
	struct lc_netlink *nl, const char *name, const char *other, int other_namespace)
{
	struct nlattr *info, *data, *peer;
	struct lc_message m;

	(void) lc_message_begin(nl, &m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
		sizeof(struct ifinfomsg));
	lc_message_text(nl, &m, IFLA_IFNAME, name);
	info = lc_message_nest(nl, &m, IFLA_LINKINFO);
	lc_message_text(nl, &m, IFLA_INFO_KIND, "veth");
	data = lc_message_nest(nl, &m, IFLA_INFO_DATA);
	peer = lc_message_nest(nl, &m, VETH_INFO_PEER);
	(void) lc_message_extra(nl, &m, sizeof(struct ifinfomsg));
	lc_message_text(nl, &m, IFLA_IFNAME, other);
	lc_message_number(nl, &m, IFLA_NET_NS_FD, (uint32_t) other_namespace);
	lc_message_nest_end(nl, &m, peer);
	lc_message_nest_end(nl, &m, data);
	lc_message_nest_end(nl, &m, info);
	return lc_netlink_ask(nl, &m);
}

int lc_link_make_bridge(struct lc_netlink *nl, const char *name)
{
	struct nlattr *info;
	struct lc_message m;

	(void) lc_message_begin(nl, &m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
		sizeof(struct ifinfomsg));
	lc_message_text(nl, &m, IFLA_IFNAME, name);
	info = lc_message_nest(nl, &m, IFLA_LINKINFO);
	lc_message_text(nl, &m, IFLA_INFO_KIND, "bridge");
	lc_message_nest_end(nl, &m, info);
	return lc_netlink_ask(nl, &m);
}

/* --- changing --- */

static struct ifinfomsg *begin_change(
	const struct lc_netlink *nl, struct lc_message *m, uint16_t type, int index)
{
	struct ifinfomsg *info = lc_message_begin(nl, m, type, 0, sizeof(*info));

	info->ifi_index = index;
	return info;
}

static int set_number(struct lc_netlink *nl, int index, uint16_t attribute, uint32_t value)
{
	struct lc_message m;

	(void) begin_change(nl, &m, RTM_SETLINK, index);
	lc_message_number(nl, &m, attribute, value);
	return lc_netlink_ask(nl, &m);
}

int lc_link_remove(struct lc_netlink *nl, int index)
{
	struct lc_message m;

	(void) begin_change(nl, &m, RTM_DELLINK, index);
	return lc_netlink_ask(nl, &m);
}

int lc_link_set_up(struct lc_netlink *nl, int index, bool is_up)
{
	struct lc_message m;
	struct ifinfomsg *info = begin_change(nl, &m, RTM_SETLINK, index);

	info->ifi_change = IFF_UP;
	info->ifi_flags = is_up ? IFF_UP : 0;
	return lc_netlink_ask(nl, &m);
}

int lc_link_set_mtu(struct lc_netlink *nl, int index, uint32_t bytes)
{
	return set_number(nl, index, IFLA_MTU, bytes);
}

int lc_link_set_queue(struct lc_netlink *nl, int index, uint32_t length)
{
	return set_number(nl, index, IFLA_TXQLEN, length);
}

int lc_link_set_mac(struct lc_netlink *nl, int index, const uint8_t mac[LCT_MAC_SIZE])
{
	struct lc_message m;

	(void) begin_change(nl, &m, RTM_SETLINK, index);
	lc_message_put(nl, &m, IFLA_ADDRESS, mac, LCT_MAC_SIZE);
	return lc_netlink_ask(nl, &m);
}

int lc_link_set_alias(struct lc_netlink *nl, int index, const char *alias)
{
	struct lc_message m;

	(void) begin_change(nl, &m, RTM_SETLINK, index);
	lc_message_put(nl, &m, IFLA_IFALIAS, alias, strlen(alias));
	return lc_netlink_ask(nl, &m);
}

int lc_link_set_name(struct lc_netlink *nl, int index, const char *name)
{
	struct lc_message m;

	(void) begin_change(nl, &m, RTM_SETLINK, index);
	lc_message_text(nl, &m, IFLA_IFNAME, name);
	return lc_netlink_ask(nl, &m);
}

int lc_link_set_master(struct lc_netlink *nl, int index, int master)
{
	return set_number(nl, index, IFLA_MASTER, (uint32_t) master);
}

int lc_link_set_hairpin(struct lc_netlink *nl, int index, bool is_on)
{
	struct lc_message m;
	struct ifinfomsg *info = begin_change(nl, &m, RTM_SETLINK, index);
	const uint8_t value = is_on;
	struct nlattr *port;

	info->ifi_family = AF_BRIDGE;
	port = lc_message_nest(nl, &m, IFLA_PROTINFO);
	lc_message_put(nl, &m, IFLA_BRPORT_MODE, &value, sizeof(value));
	lc_message_nest_end(nl, &m, port);
	return lc_netlink_ask(nl, &m);
}

int lc_link_move(struct lc_netlink *nl, int index, int to_namespace, const char *name)
{
	struct lc_message m;

	(void) begin_change(nl, &m, RTM_SETLINK, index);
	lc_message_number(nl, &m, IFLA_NET_NS_FD, (uint32_t) to_namespace);
	lc_message_text(nl, &m, IFLA_IFNAME, name);
	return lc_netlink_ask(nl, &m);
}
