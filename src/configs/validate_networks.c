/* SPDX-License-Identifier: MIT */
/* Networks and routes: what their fields say of each other. */
#include "configs/validate_parts.h"
#include "network/text.h"
#include <linux/sched.h>
#include <string.h>
#include <sys/socket.h>

#define IPV6_MTU_LEAST 1280

static const char *name_of(const struct lc_config_network *network)
{
	return network->name != NULL ? network->name : network->host_interface_name;
}

static bool is_type(const struct lc_config_network *network, const char *type)
{
	return strcmp(network->type, type) == 0;
}

/* NULL is fine, of the gateway too. */
static int check_way_out(const char *own, const char *gateway, int family, size_t index,
	const char *prefix, struct lc_error *err)
{
	enum lc_address_fault fault = own != NULL ? lc_address_check_own(own, family) : LCT_ADDRESS_FINE;

	if (fault != LCT_ADDRESS_FINE)
		return lc_refuse(err, EINVAL, "networks[%zu].%saddress: %s", index, prefix,
			lc_address_fault_words(fault));
	if (gateway == NULL)
		return 0;
	if (own == NULL)
		return lc_refuse(
			err, EINVAL, "networks[%zu].%sgateway: needs an address", index, prefix);
	fault = lc_address_check_gateway(gateway, family, own);
	return fault == LCT_ADDRESS_FINE ? 0 :
		lc_refuse(err, EINVAL, "networks[%zu].%sgateway: %s", index, prefix,
			lc_address_fault_words(fault));
}

static int check_names(const struct lc_config_network *network, size_t index, struct lc_error *err)
{
	const char *name = name_of(network);

	if (name == NULL)
		return lc_refuse(err, EINVAL, "networks[%zu].name: missing", index);
	if (strcmp(name, "lo") == 0 || !(is_type(network, "device") ? lc_link_template_is_valid(name)
						   : lc_link_name_is_valid(name)))
		return lc_refuse(err, EINVAL, "networks[%zu].name", index);
	if (network->host_interface_name != NULL &&
		(!lc_link_name_is_valid(network->host_interface_name) ||
			strcmp(network->host_interface_name, "lo") == 0))
		return lc_refuse(err, EINVAL, "networks[%zu].host_interface_name", index);
	return 0;
}

static int check_pair(const struct lc_config_network *network, size_t index, struct lc_error *err)
{
	if (network->bridge == NULL)
		return lc_refuse(err, EINVAL, "networks[%zu].bridge: missing", index);
	if (!lc_link_name_is_valid(network->bridge))
		return lc_refuse(err, EINVAL, "networks[%zu].bridge", index);
	if (network->address == NULL && network->ipv6_address == NULL)
		return lc_refuse(err, EINVAL, "networks[%zu].address: missing", index);
	return 0;
}

static int check_made(const struct lc_config_network *network, size_t index, struct lc_error *err)
{
	uint8_t mac[LCT_MAC_SIZE];
	int r = 0;

	if (is_type(network, "veth"))
		r = check_pair(network, index, err);
	else if (network->host_interface_name == NULL)
		r = lc_refuse(err, EINVAL, "networks[%zu].host_interface_name: missing", index);
	else if (network->bridge != NULL || network->hairpin_mode)
		r = lc_refuse(err, EINVAL, "networks[%zu]: bridge and hairpin_mode are a veth's", index);
	if (r == 0)
		r = check_names(network, index, err);
	if (r == 0 && network->mac_address != NULL && !lc_mac_parse(network->mac_address, mac))
		r = lc_refuse(err, EINVAL, "networks[%zu].mac_address", index);
	if (r == 0)
		r = check_way_out(network->address, network->gateway, AF_INET, index, "", err);
	if (r == 0)
		r = check_way_out(network->ipv6_address, network->ipv6_gateway, AF_INET6, index,
			"ipv6_", err);
	if (r == 0 && network->ipv6_address != NULL && network->mtu.is_set &&
		network->mtu.value < IPV6_MTU_LEAST)
		r = lc_refuse(err, EINVAL, "networks[%zu].mtu: IPv6 needs 1280", index);
	return r;
}

/* Two interfaces of one name, or one of the host twice. */
static int check_twice(
	const struct lc_config_network *networks, size_t index, struct lc_error *err)
{
	const struct lc_config_network *network = &networks[index];
	const char *name = name_of(network), *device = network->host_interface_name;

	for (size_t i = 0; i < index; i++) {
		const char *other = name_of(&networks[i]), *taken = networks[i].host_interface_name;

		if (name != NULL && other != NULL && strchr(name, '%') == NULL &&
			strcmp(name, other) == 0)
			return lc_refuse(err, EINVAL, "networks[%zu].name: twice", index + 1);
		if (device != NULL && taken != NULL && strcmp(device, taken) == 0)
			return lc_refuse(
				err, EINVAL, "networks[%zu].host_interface_name: twice", index + 1);
	}
	return 0;
}

static int check_routes(const struct lc_config_config *config, struct lc_error *err)
{
	const struct lc_config_route *routes = config->routes.items;

	for (size_t i = 0; i < config->routes.count; i++) {
		struct lc_address address;

		if (routes[i].destination != NULL &&
			(!(lc_address_parse_network(routes[i].destination, &address) ||
				 lc_address_parse_host(routes[i].destination, &address)) ||
				lc_address_has_host(&address)))
			return lc_refuse(err, EINVAL, "routes[%zu].destination", i + 1);
		if (routes[i].source != NULL && !lc_address_parse_host(routes[i].source, &address))
			return lc_refuse(err, EINVAL, "routes[%zu].source", i + 1);
		if (routes[i].gateway != NULL && !lc_address_parse_host(routes[i].gateway, &address))
			return lc_refuse(err, EINVAL, "routes[%zu].gateway", i + 1);
		if (routes[i].gateway == NULL && routes[i].interface_name == NULL)
			return lc_refuse(err, EINVAL, "routes[%zu]: leads nowhere", i + 1);
		if (routes[i].interface_name != NULL &&
			!lc_link_name_is_valid(routes[i].interface_name))
			return lc_refuse(err, EINVAL, "routes[%zu].interface_name", i + 1);
	}
	return 0;
}

int lc_validate_networks(
	const struct lc_config_config *config, uint64_t namespaces, struct lc_error *err)
{
	const struct lc_config_network *networks = config->networks.items;
	bool has_own = (namespaces & CLONE_NEWNET) != 0;

	for (size_t i = 0; i < config->networks.count; i++) {
		int r = 0;

		if (is_type(&networks[i], "host") == has_own)
			return lc_refuse(err, EINVAL, has_own
				? "networks[%zu]: needs namespaces without network"
				: "networks[%zu]: needs the network namespace", i + 1);
		if (is_type(&networks[i], "none") && config->networks.count > 1)
			return lc_refuse(
				err, EINVAL, "networks[%zu]: is no network beside another", i + 1);
		if (is_type(&networks[i], "veth") || is_type(&networks[i], "device"))
			r = check_made(&networks[i], i + 1, err);
		if (r == 0)
			r = check_twice(networks, i, err);
		if (r < 0)
			return r;
	}
	if (config->routes.count > 0 && !has_own)
		return lc_refuse(err, EINVAL, "routes: needs the network namespace");
	return check_routes(config, err);
}
