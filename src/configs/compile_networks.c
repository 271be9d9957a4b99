/* SPDX-License-Identifier: MIT */
/*
 * Networks: what the host does at its gate, in the order in which it does it. An interface has its
 * hardware address, MTU and addresses before it is up, because some of them cannot be changed later;
 * a gateway needs an interface that is up. Pure: whether a bridge is there is seen by src/container/.
 */
#include "configs/compile_parts.h"
#include "network/text.h"
#include <linux/mount.h>
#include <string.h>

static bool is_made(const struct lc_config_network *network)
{
	return strcmp(network->type, "veth") == 0 || strcmp(network->type, "device") == 0;
}

/* The name inside: validation has seen to it that a pair has one. */
static const char *name_of(const struct lc_config_network *network)
{
	return network->name != NULL ? network->name : network->host_interface_name;
}

static bool has(const struct lc_config_config *config, bool (*test)(const struct lc_config_network *))
{
	const struct lc_config_network *networks = config->networks.items;

	for (size_t i = 0; i < config->networks.count; i++)
		if (test(&networks[i]))
			return true;
	return false;
}

static bool is_pair(const struct lc_config_network *network)
{
	return strcmp(network->type, "veth") == 0;
}

/* Nobody in the bridge tells a container by router advertisements where its packets go (CVE-2020-13401).
 * Before there are interfaces: they begin with what is the default. */
static void refuse_advertisements(struct lc_compile *c)
{
	uint32_t slot = lc_plan_slot(c->w);

	LCT_PLAN(c->w, fs_open, .type = lc_plan_intern(c->w, "proc"),
		.source = lc_plan_intern(c->w, "proc"),
		.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
		.slot = slot);
	LCT_PLAN(c->w, sysctl, .slot = slot,
		.name = lc_plan_intern(c->w, "net/ipv6/conf/default/accept_ra"),
		.value = lc_plan_intern(c->w, "0"), .optional = 1);
}

/* By which the other end is known from its first moment, before it has its mark. */
static const char *made_name_of(struct lc_compile *c, size_t index)
{
	char name[LCT_LINK_NAME_SIZE];
	const char *copy;

	lc_link_name_make(c->in->mark != NULL ? c->in->mark : "", index, name);
	copy = lc_arena_copy(c->w->arena, name, strlen(name));
	if (copy == NULL)
		lc_compile_no_memory(c);
	return copy;
}

static void set_address(struct lc_compile *c, size_t index, uint32_t name, const char *field,
	const char *address)
{
	if (address == NULL)
		return;
	lc_plan_origin(c->w, "networks[%zu].%s", index, field);
	LCT_PLAN(c->w, host_address, .name = name, .address = lc_plan_intern(c->w, address));
}

static void set_gateway(struct lc_compile *c, size_t index, uint32_t name, const char *field,
	const char *gateway)
{
	if (gateway == NULL)
		return;
	lc_plan_origin(c->w, "networks[%zu].%s", index, field);
	LCT_PLAN(c->w, host_route, .gateway = lc_plan_intern(c->w, gateway), .name = name);
}

/* Answers the name that the other end has from now on. */
static uint32_t rename_other_end(struct lc_compile *c, const struct lc_config_network *network,
	size_t index, uint32_t made_name)
{
	uint32_t to;

	if (network->host_interface_name == NULL)
		return made_name;
	to = lc_plan_intern(c->w, network->host_interface_name);
	lc_plan_origin(c->w, "networks[%zu].host_interface_name", index);
	LCT_PLAN(c->w, host_rename, .host_name = made_name, .to = to);
	return to;
}

/* What both ends of a pair have, or the one that is there. */
static void set_both(struct lc_compile *c, const struct lc_config_network *network, size_t index,
	uint32_t name, uint32_t host_name)
{
	if (network->mtu.is_set) {
		lc_plan_origin(c->w, "networks[%zu].mtu", index);
		LCT_PLAN(c->w, host_mtu, .name = name, .host_name = host_name,
			.bytes = (uint32_t) network->mtu.value);
	}
	if (network->txqueuelen.is_set) {
		lc_plan_origin(c->w, "networks[%zu].txqueuelen", index);
		LCT_PLAN(c->w, host_queue, .name = name, .host_name = host_name,
			.length = (uint32_t) network->txqueuelen.value);
	}
}

static void plug_in(struct lc_compile *c, const struct lc_config_network *network, size_t index,
	uint32_t host_name)
{
	lc_plan_origin(c->w, "networks[%zu].bridge", index);
	LCT_PLAN(c->w, host_bridge, .host_name = host_name,
		.bridge = lc_plan_intern(c->w, network->bridge), .hairpin = network->hairpin_mode);
}

static void make_one(struct lc_compile *c, const struct lc_config_network *network, size_t index)
{
	uint32_t name = lc_plan_intern(c->w, name_of(network)), host_name = 0;

	lc_plan_origin(c->w, "networks[%zu]", index);
	if (is_pair(network)) {
		host_name = lc_plan_intern(c->w, made_name_of(c, index));
		LCT_PLAN(c->w, host_pair, .host_name = host_name, .name = name);
		host_name = rename_other_end(c, network, index, host_name);
	} else {
		lc_plan_origin(c->w, "networks[%zu].host_interface_name", index);
		LCT_PLAN(c->w, host_device, .name = name,
			.device = lc_plan_intern(c->w, network->host_interface_name));
	}
	if (network->mac_address != NULL) {
		lc_plan_origin(c->w, "networks[%zu].mac_address", index);
		LCT_PLAN(c->w, host_mac, .name = name,
			.address = lc_plan_intern(c->w, network->mac_address));
	}
	set_both(c, network, index, name, host_name);
	if (is_pair(network))
		plug_in(c, network, index, host_name);
	set_address(c, index, name, "address", network->address);
	set_address(c, index, name, "ipv6_address", network->ipv6_address);
	lc_plan_origin(c->w, "networks[%zu]", index);
	LCT_PLAN(c->w, host_up, .name = name);
	set_gateway(c, index, name, "gateway", network->gateway);
	set_gateway(c, index, name, "ipv6_gateway", network->ipv6_gateway);
}

static void add_routes(struct lc_compile *c)
{
	const struct lc_config_route *routes = c->config->routes.items;

	for (size_t i = 0; i < c->config->routes.count; i++) {
		lc_plan_origin(c->w, "routes[%zu]", i + 1);
		LCT_PLAN(c->w, host_route,
			.destination = lc_plan_intern(c->w, routes[i].destination),
			.source = lc_plan_intern(c->w, routes[i].source),
			.gateway = lc_plan_intern(c->w, routes[i].gateway),
			.name = lc_plan_intern(c->w, routes[i].interface_name));
	}
}

void lc_compile_networks(struct lc_compile *c)
{
	const struct lc_config_network *networks = c->config->networks.items;
	bool is_any_made = has(c->config, is_made);

	if (!is_any_made && c->config->routes.count == 0)
		return;
	lc_plan_origin(c->w, "%s", is_any_made ? "networks" : "routes");
	if (has(c->config, is_pair))
		refuse_advertisements(c);
	lc_plan_gate(c->w, LCT_GATE_NETWORK);
	for (size_t i = 0; i < c->config->networks.count; i++)
		if (is_made(&networks[i]))
			make_one(c, &networks[i], i + 1);
	add_routes(c);
	lc_plan_origin(c->w, NULL);
}

/* What is inside has come back by then, its addresses and routes too. */
static void adopt_one(struct lc_compile *c, const struct lc_config_network *network, size_t index)
{
	uint32_t name = lc_plan_intern(c->w, name_of(network));
	uint32_t host_name = lc_plan_intern(c->w, made_name_of(c, index));

	lc_plan_origin(c->w, "networks[%zu]", index);
	LCT_PLAN(c->w, host_adopt, .host_name = host_name, .name = name);
	host_name = rename_other_end(c, network, index, host_name);
	set_both(c, network, index, name, host_name);
	plug_in(c, network, index, host_name);
}

void lc_compile_restored_networks(const struct lc_compile_inputs *in, struct lc_plan_writer *w)
{
	struct lc_compile c = {.in = in, .config = in->config, .w = w};
	const struct lc_config_network *networks = in->config->networks.items;

	for (size_t i = 0; i < in->config->networks.count; i++)
		if (is_pair(&networks[i]))
			adopt_one(&c, &networks[i], i + 1);
	lc_plan_origin(w, NULL);
}
