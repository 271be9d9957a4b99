/* SPDX-License-Identifier: MIT */
/* One function for each operation of the host; lc_network_make walks the plan. */
#include "container/network.h"

#include "base/cleanup.h"
#include "container/envoy.h"
#include "network/link.h"
#include "network/route.h"
#include "plan/report.h"
#include "sys/sys.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An interface of the host that is in the container. */
struct device {
	struct lc_link before; /* as it was on the host */
	char name[LCT_LINK_NAME_SIZE]; /* in the container, at first */
	int index;                     /* there; 0: not known */
	bool was_sent;                 /* back to the host, and perhaps we were not told that it arrived */
	bool is_back;                  /* on the host, and perhaps not yet as it was */
};

struct lc_network {
	struct lc_arena arena;
	struct lc_netlink inside; /* keeps the namespace, and with it the interfaces */
	struct device *devices;
	size_t count, room;
	struct lc_link_addresses addresses; /* of the host, when they were moved: by index there */
};

/* What is being done. */
struct work {
	struct lc_plan_header header;
	struct lc_plan plan;
	const char *mark;
	struct lc_netlink host;
	struct lc_netlink *inside;
	int inside_namespace;
	struct lc_container *container;
	const struct lc_session *session;
	struct lc_network *network;
	char chosen[LCT_LINK_NAME_SIZE]; /* for the template of the device that came last */
};

static const char *text_of(const struct work *work, uint32_t offset)
{
	return lc_plan_string(&work->plan, offset);
}

static int fail(struct lc_error *err, int result, const char *subject)
{
	return result < 0 ? lc_fail(err, LCT_STEP_NETWORK, result, subject) : 0;
}

static bool is_ours(const struct lc_link *link, const char *mark)
{
	char made[LCT_LINK_NAME_SIZE];

	if (strcmp(link->kind, "veth") != 0 || mark[0] == '\0')
		return false;
	if (strcmp(link->alias, mark) == 0)
		return true;
	for (size_t i = 1; i <= LCT_LINK_NAMES_MAX; i++) {
		lc_link_name_make(mark, i, made);
		if (strcmp(link->name, made) == 0)
			return true;
	}
	return false;
}

/* --- looking, before and while it is done --- */

static int find_bridge(struct work *work, const char *name, struct lc_link *out,
	struct lc_error *err)
{
	int r = lc_link_find(&work->host, name, out);

	if (r >= 0 && strcmp(out->kind, "bridge") != 0)
		r = -ENOTSUP;
	return fail(err, r, name);
}

static int find_device(struct work *work, const char *name, struct lc_link *out,
	struct lc_error *err)
{
	int r = lc_link_find(&work->host, name, out);

	if (r >= 0 && (out->flags & IFF_LOOPBACK) != 0)
		r = -ENOTSUP;
	else if (r >= 0 && out->master != 0)
		r = -EBUSY;
	return fail(err, r, name);
}

/* The name of the other end: free, or what an earlier run of this container has left. */
static int free_host_name(struct work *work, const char *name, bool may_remove, struct lc_error *err)
{
	struct lc_link found;
	int r = lc_link_find(&work->host, name, &found);

	if (r == -ENODEV)
		return 0;
	if (r >= 0 && !is_ours(&found, work->mark))
		r = -EEXIST;
	else if (r >= 0 && may_remove)
		r = lc_link_remove(&work->host, found.index);
	return r == -ENODEV ? 0 : fail(err, r, name);
}

static int check_one(struct work *work, const struct lc_plan_record *record, struct lc_error *err)
{
	struct lc_link found;

	switch (record->op) {
	case LCT_OP_host_pair:
		return free_host_name(work,
			text_of(work, ((const struct lc_op_host_pair *) record)->host_name), false, err);
	case LCT_OP_host_adopt:
		return free_host_name(work,
			text_of(work, ((const struct lc_op_host_adopt *) record)->host_name), false, err);
	case LCT_OP_host_rename:
		return free_host_name(work,
			text_of(work, ((const struct lc_op_host_rename *) record)->to), false, err);
	case LCT_OP_host_bridge:
		return find_bridge(work,
			text_of(work, ((const struct lc_op_host_bridge *) record)->bridge), &found, err);
	case LCT_OP_host_device:
		return find_device(work,
			text_of(work, ((const struct lc_op_host_device *) record)->device), &found, err);
	default:
		return 0;
	}
}

/* --- doing --- */

/* The name inside: of a device that was asked for by a template, the one that was chosen. */
static const char *inside_name(const struct work *work, uint32_t offset)
{
	const char *name = text_of(work, offset);

	return strchr(name, '%') != NULL ? work->chosen : name;
}

static int find_inside(struct work *work, uint32_t name, int *out_index, struct lc_error *err)
{
	struct lc_link found;
	int r = lc_link_find(work->inside, inside_name(work, name), &found);

	*out_index = found.index;
	return fail(err, r, inside_name(work, name));
}

static int is_free_inside(struct work *work, const char *name, struct lc_error *err)
{
	struct lc_link found;
	int r = lc_link_find(work->inside, name, &found);

	return r == -ENODEV ? 0 : fail(err, r < 0 ? r : -EEXIST, name);
}

static int mark_as_ours(struct work *work, const char *host_name, struct lc_error *err)
{
	struct lc_link made;
	int r = lc_link_find(&work->host, host_name, &made);

	if (r >= 0)
		r = lc_link_set_alias(&work->host, made.index, work->mark);
	return fail(err, r, host_name);
}

static int do_host_pair(struct work *work, const struct lc_op_host_pair *op, struct lc_error *err)
{
	const char *host_name = text_of(work, op->host_name), *name = text_of(work, op->name);
	int r = free_host_name(work, host_name, true, err);

	if (r >= 0)
		r = is_free_inside(work, name, err);
	if (r < 0)
		return r;
	r = lc_link_make_pair(&work->host, host_name, name, work->inside_namespace);
	return r < 0 ? fail(err, r, host_name) : mark_as_ours(work, host_name, err);
}

static int do_host_adopt(struct work *work, const struct lc_op_host_adopt *op, struct lc_error *err)
{
	return mark_as_ours(work, text_of(work, op->host_name), err);
}

static int do_host_rename(
	struct work *work, const struct lc_op_host_rename *op, struct lc_error *err)
{
	const char *to = text_of(work, op->to);
	struct lc_link made;
	int r = free_host_name(work, to, true, err);

	if (r < 0)
		return r;
	r = lc_link_find(&work->host, text_of(work, op->host_name), &made);
	if (r >= 0)
		r = lc_link_set_name(&work->host, made.index, to);
	return fail(err, r, to);
}

/* "eth%d" with the first number that is free inside. */
static int choose_name(struct work *work, const char *template, struct lc_error *err)
{
	const char *percent = strchr(template, '%');
	int r = 0;

	for (unsigned number = 0; r >= 0; number++) {
		struct lc_link found;
		int length = percent == NULL
			? snprintf(work->chosen, sizeof(work->chosen), "%s", template)
			: snprintf(work->chosen, sizeof(work->chosen), "%.*s%u%s",
				  (int) (percent - template), template, number, percent + 2);

		if (length >= (int) sizeof(work->chosen))
			return fail(err, -ENAMETOOLONG, template);
		r = lc_link_find(work->inside, work->chosen, &found);
		if (r >= 0 && percent == NULL)
			return fail(err, -EEXIST, template);
	}
	return r == -ENODEV ? 0 : fail(err, r, work->chosen);
}

static int keep_addresses(struct work *work, struct device *device, struct lc_error *err)
{
	struct lc_network *network = work->network;
	struct lc_link_addresses all = {.count = 0};
	int r = lc_addresses_read(&work->host, &network->arena, &all);

	for (size_t i = 0; r >= 0 && i < all.count; i++) {
		struct lc_link_addresses *kept = &network->addresses;
		struct lc_link_address *items;

		if (all.items[i].index != device->before.index)
			continue;
		items = lc_arena_grow(&network->arena, kept->items, kept->count, &kept->room,
			sizeof(*items));
		if (items == NULL) {
			r = -ENOMEM;
			break;
		}
		kept->items = items;
		kept->items[kept->count++] = all.items[i];
	}
	return fail(err, r, device->before.name);
}

/* Those that the device had on the host, to where it is now. */
static int put_addresses(
	struct lc_network *network, struct lc_netlink *nl, const struct device *device, int index)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < network->addresses.count; i++) {
		if (network->addresses.items[i].index != device->before.index)
			continue;
		r = lc_address_put(nl, index, &network->addresses.items[i]);
		if (r == -EEXIST)
			r = 0;
	}
	return r;
}

/* Before the first one is moved in: who will move it back. */
static int send_envoy(struct work *work, struct lc_error *err)
{
	int socket;

	if (work->network->count > 0)
		return 0;
	socket = lc_envoy_open(work->container->host, work->session->process.pidfd, err);
	if (socket < 0)
		return socket;
	lc_netlink_close(work->inside);
	return lc_netlink_take(work->inside, socket, err);
}

static int do_host_device(
	struct work *work, const struct lc_op_host_device *op, struct lc_error *err)
{
	struct lc_network *network = work->network;
	struct lc_link inside;
	struct device *device;
	int r;

	device = lc_arena_grow(&network->arena, network->devices, network->count, &network->room,
		sizeof(*device));
	if (device == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	network->devices = device;
	device += network->count;
	*device = (struct device){.index = 0};
	r = send_envoy(work, err);
	if (r >= 0)
		r = find_device(work, text_of(work, op->device), &device->before, err);
	if (r >= 0)
		r = choose_name(work, text_of(work, op->name), err);
	if (r >= 0)
		r = keep_addresses(work, device, err);
	if (r < 0)
		return r;
	memcpy(device->name, work->chosen, sizeof(device->name));
	network->count++; /* from now on it may be there, and is looked for when this is undone */
	r = lc_link_move(&work->host, device->before.index, work->inside_namespace, device->name);
	if (r == -EINVAL) /* a bridge, a tunnel's anchor: bound to its namespace */
		r = -ENOTSUP;
	if (r >= 0)
		r = lc_link_find(work->inside, device->name, &inside);
	if (r >= 0) {
		device->index = inside.index;
		r = put_addresses(network, work->inside, device, inside.index);
	}
	return fail(err, r, device->before.name);
}

static int do_host_mac(struct work *work, const struct lc_op_host_mac *op, struct lc_error *err)
{
	const char *text = text_of(work, op->address);
	uint8_t mac[LCT_MAC_SIZE];
	int index, r = find_inside(work, op->name, &index, err);

	if (r < 0)
		return r;
	return fail(err,
		lc_mac_parse(text, mac) ? lc_link_set_mac(work->inside, index, mac) : -EINVAL, text);
}

/* A number of an interface inside, and of its other end on the host where it has one. */
static int set_both(struct work *work, uint32_t name, uint32_t host_name, uint32_t value,
	int (*set)(struct lc_netlink *nl, int index, uint32_t value), struct lc_error *err)
{
	const char *other = text_of(work, host_name);
	struct lc_link found;
	int index, r = find_inside(work, name, &index, err);

	if (r >= 0)
		r = fail(err, set(work->inside, index, value), inside_name(work, name));
	if (r < 0 || other[0] == '\0')
		return r;
	r = lc_link_find(&work->host, other, &found);
	if (r >= 0)
		r = set(&work->host, found.index, value);
	return fail(err, r, other);
}

static int do_host_mtu(struct work *work, const struct lc_op_host_mtu *op, struct lc_error *err)
{
	return set_both(work, op->name, op->host_name, op->bytes, lc_link_set_mtu, err);
}

static int do_host_queue(struct work *work, const struct lc_op_host_queue *op, struct lc_error *err)
{
	return set_both(work, op->name, op->host_name, op->length, lc_link_set_queue, err);
}

static int do_host_bridge(
	struct work *work, const struct lc_op_host_bridge *op, struct lc_error *err)
{
	const char *name = text_of(work, op->host_name);
	struct lc_link bridge, port;
	int r = find_bridge(work, text_of(work, op->bridge), &bridge, err);

	if (r < 0)
		return r;
	r = lc_link_find(&work->host, name, &port);
	if (r >= 0)
		r = lc_link_set_master(&work->host, port.index, bridge.index);
	if (r >= 0 && op->hairpin)
		r = lc_link_set_hairpin(&work->host, port.index, true);
	if (r >= 0)
		r = lc_link_set_up(&work->host, port.index, true);
	return fail(err, r, name);
}

static int do_host_address(
	struct work *work, const struct lc_op_host_address *op, struct lc_error *err)
{
	const char *text = text_of(work, op->address);
	struct lc_address address;
	int index, r = find_inside(work, op->name, &index, err);

	if (r < 0)
		return r;
	return fail(err,
		lc_address_parse_network(text, &address)
			? lc_address_add(work->inside, index, &address) : -EINVAL, text);
}

static int do_host_up(struct work *work, const struct lc_op_host_up *op, struct lc_error *err)
{
	int index, r = find_inside(work, op->name, &index, err);

	if (r < 0)
		return r;
	return fail(err, lc_link_set_up(work->inside, index, true), inside_name(work, op->name));
}

/* "" is none. */
static bool read_host(const char *text, struct lc_address *out)
{
	return text[0] == '\0' || lc_address_parse_host(text, out);
}

static int do_host_route(struct work *work, const struct lc_op_host_route *op, struct lc_error *err)
{
	const char *destination = text_of(work, op->destination), *gateway = text_of(work, op->gateway);
	const char *subject = destination[0] != '\0' ? destination
		: gateway[0] != '\0' ? gateway : inside_name(work, op->name);
	struct lc_route route = {.index = 0};
	int r = 0;

	if (!(lc_address_parse_network(destination, &route.destination) ||
		    read_host(destination, &route.destination)) ||
		!read_host(text_of(work, op->source), &route.source) ||
		!read_host(gateway, &route.gateway))
		return fail(err, -EINVAL, subject);
	if (destination[0] == '\0')
		route.destination.family = AF_UNSPEC;
	if (inside_name(work, op->name)[0] != '\0')
		r = find_inside(work, op->name, &route.index, err);
	return r < 0 ? r : fail(err, lc_route_add(work->inside, &route), subject);
}

static int do_one(struct work *work, const struct lc_plan_record *record, struct lc_error *err)
{
	switch (record->op) {
#define DO(name)                                                                                   \
	case LCT_OP_##name:                                                                        \
		return do_##name(work, (const struct lc_op_##name *) record, err);
	DO(host_pair)
	DO(host_adopt)
	DO(host_rename)
	DO(host_device)
	DO(host_mac)
	DO(host_mtu)
	DO(host_queue)
	DO(host_bridge)
	DO(host_address)
	DO(host_up)
	DO(host_route)
#undef DO
	default:
		return 0;
	}
}

/* --- walking the plan --- */

static int each(struct work *work, const struct lc_plan_writer *writer,
	int (*act)(struct work *work, const struct lc_plan_record *record, struct lc_error *err),
	struct lc_error *err)
{
	struct lc_plan_cursor cursor = {.plan = &work->plan};
	const struct lc_plan_record *record;

	lc_plan_view(writer, &work->header, &work->plan);
	while ((record = lc_plan_next(&cursor)) != NULL) {
		int r = act(work, record, err);

		if (r < 0) {
			if (err != NULL)
				err->op = (uint16_t) (cursor.index - 1);
			return r;
		}
	}
	return 0;
}

/* Is there anything for the host? */
static bool has_work(const struct lc_plan_writer *writer)
{
	struct lc_plan_header header;
	struct lc_plan plan;
	struct lc_plan_cursor cursor = {.plan = &plan};
	const struct lc_plan_record *record;

	lc_plan_view(writer, &header, &plan);
	while ((record = lc_plan_next(&cursor)) != NULL)
		if (record->op >= LCT_OP_host_pair && record->op <= LCT_OP_host_route)
			return true;
	return false;
}

/* The op is that of the gate, for errors of the whole. */
static void blame_gate(const struct lc_plan_writer *writer, struct lc_error *err)
{
	struct lc_plan_header header;
	struct lc_plan plan;
	struct lc_plan_cursor cursor = {.plan = &plan};
	const struct lc_plan_record *record;

	lc_plan_view(writer, &header, &plan);
	while (err != NULL && (record = lc_plan_next(&cursor)) != NULL)
		if (record->op == LCT_OP_gate &&
			((const struct lc_op_gate *) record)->which == LCT_GATE_NETWORK)
			err->op = (uint16_t) (cursor.index - 1);
}

int lc_network_check(const struct lc_plan_writer *writer, const char *mark, struct lc_error *err)
{
	struct work work = {.mark = mark, .host = LCT_NETLINK_INIT};
	int r;

	if (!has_work(writer))
		return 0;
	r = lc_netlink_open(&work.host, err);
	if (r < 0) {
		blame_gate(writer, err);
		return r;
	}
	r = each(&work, writer, check_one, err);
	lc_netlink_close(&work.host);
	return r;
}

static int open_work(struct work *work, struct lc_session *session, struct lc_error *err)
{
	int r;

	work->network = calloc(1, sizeof(*work->network));
	if (work->network == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	work->inside = &work->network->inside;
	work->inside->socket = -1;
	r = lc_netlink_take(work->inside, lc_take_fd(&session->gate_fd), err);
	if (r >= 0)
		r = lc_netlink_open(&work->host, err);
	if (r < 0)
		return r;
	work->inside_namespace = lc_netlink_namespace(work->inside);
	return fail(err, work->inside_namespace, "the container's network namespace");
}

int lc_network_make(struct lc_container *container, const struct lc_plan_writer *writer,
	const char *mark, struct lc_session *session, struct lc_error *err)
{
	struct work work = {.mark = mark, .host = LCT_NETLINK_INIT, .inside_namespace = -1,
		.container = container, .session = session};
	int r = open_work(&work, session, err);

	if (r < 0)
		blame_gate(writer, err);
	else
		r = each(&work, writer, do_one, err);
	lc_network_done(container);
	container->network = work.network;
	if (r < 0)
		lc_network_undo(container, writer, mark);
	/* What could not be given back is kept, for a destroy. */
	if (container->network != NULL && container->network->count == 0)
		lc_network_done(container);
	if (work.inside_namespace >= 0)
		(void) lc_sys_close(work.inside_namespace);
	lc_netlink_close(&work.host);
	return r;
}

/* --- undoing --- */

static int remove_pair(struct work *work, const struct lc_plan_record *record, struct lc_error *err)
{
	uint32_t name = 0;

	if (record->op == LCT_OP_host_pair)
		name = ((const struct lc_op_host_pair *) record)->host_name;
	else if (record->op == LCT_OP_host_adopt)
		name = ((const struct lc_op_host_adopt *) record)->host_name;
	else if (record->op == LCT_OP_host_rename)
		name = ((const struct lc_op_host_rename *) record)->to;
	if (name != 0)
		(void) free_host_name(work, text_of(work, name), true, err);
	return 0;
}

void lc_network_undo(struct lc_container *container, const struct lc_plan_writer *writer,
	const char *mark)
{
	struct work work = {.mark = mark, .host = LCT_NETLINK_INIT};

	if (!has_work(writer))
		return;
	(void) lc_network_give_back(container, NULL);
	if (lc_netlink_open(&work.host, NULL) >= 0)
		(void) each(&work, writer, remove_pair, NULL);
	lc_netlink_close(&work.host);
}

void lc_network_done(struct lc_container *container)
{
	struct lc_network *network = container->network;

	if (network == NULL)
		return;
	container->network = NULL;
	lc_netlink_close(&network->inside);
	lc_arena_done(&network->arena);
	free(network);
}

/* Where it is now: whoever is in the container may have given it another name. -ENODEV: removed. */
static int find_moved(struct lc_network *network, const struct device *device, int *out)
{
	struct lc_links links = {.count = 0};
	int r = lc_links_read(&network->inside, &network->arena, &links);

	for (size_t i = 0; r >= 0 && i < links.count; i++) {
		const struct lc_link *link = &links.items[i];

		if (device->index != 0 ? link->index == device->index
			: strcmp(link->name, device->name) == 0 ||
				  strcmp(link->name, device->before.name) == 0) {
			*out = link->index;
			return 0;
		}
	}
	return r < 0 ? r : -ENODEV;
}

/* As it was. What was done is not done again when it is tried once more. */
static int restore(struct lc_network *network, struct lc_netlink *host, const struct device *device)
{
	const struct lc_link *before = &device->before;
	struct lc_link now;
	int r = lc_link_find(host, before->name, &now);

	if (r < 0)
		return r == -ENODEV ? 0 : r;
	if (before->has_mac && memcmp(before->mac, now.mac, LCT_MAC_SIZE) != 0)
		r = lc_link_set_mac(host, now.index, before->mac);
	if (r >= 0 && before->mtu != now.mtu)
		r = lc_link_set_mtu(host, now.index, before->mtu);
	if (r >= 0 && before->queue != now.queue)
		r = lc_link_set_queue(host, now.index, before->queue);
	if (r >= 0)
		r = put_addresses(network, host, device, now.index);
	if (r >= 0 && (before->flags & IFF_UP) != 0)
		r = lc_link_set_up(host, now.index, true);
	return r;
}

static int give_back(struct lc_network *network, struct lc_netlink *host, int host_namespace,
	struct device *device)
{
	int index, r;

	if (device->is_back)
		return restore(network, host, device);
	r = find_moved(network, device, &index);
	if (r == -ENODEV && device->was_sent)
		return restore(network, host, device);
	if (r < 0)
		return r == -ENODEV ? 0 : r; /* removed, or it never came */
	device->was_sent = true;
	r = lc_link_move(&network->inside, index, host_namespace, device->before.name);
	/* Somebody has taken its name meanwhile: the kernel's own way out. */
	if (r == -EEXIST)
		return lc_link_move(&network->inside, index, host_namespace, "dev%d");
	if (r < 0)
		return r;
	device->is_back = true;
	return restore(network, host, device);
}

int lc_network_give_back(struct lc_container *container, struct lc_error *err)
{
	struct lc_network *network = container->network;
	struct lc_netlink host = LCT_NETLINK_INIT;
	int host_namespace, r;

	if (network == NULL || network->count == 0)
		return 0;
	r = lc_netlink_open(&host, err);
	if (r < 0)
		return r;
	r = host_namespace = lc_netlink_namespace(&host);
	while (r >= 0 && network->count > 0) {
		struct device *device = &network->devices[network->count - 1];

		r = give_back(network, &host, host_namespace, device);
		if (r < 0)
			fail(err, r, device->before.name);
		else
			network->count--;
	}
	if (host_namespace < 0)
		fail(err, host_namespace, "the network namespace of the host");
	else
		(void) lc_sys_close(host_namespace);
	lc_netlink_close(&host);
	if (r >= 0)
		lc_network_done(container);
	return r < 0 ? r : 0;
}

static int remove_listed(struct lc_netlink *host, const char *mark, struct lc_error *err)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_links links = {.count = 0};
	int r = lc_links_read(host, &arena, &links);

	if (r < 0)
		return fail(err, r, "interfaces of the host");
	for (size_t i = 0; i < links.count; i++) {
		if (!is_ours(&links.items[i], mark))
			continue;
		r = lc_link_remove(host, links.items[i].index);
		if (r < 0 && r != -ENODEV)
			return fail(err, r, links.items[i].name);
	}
	return 0;
}

int lc_network_remove(
	const char *const *names, size_t count, const char *mark, struct lc_error *err)
{
	struct work work = {.mark = mark, .host = LCT_NETLINK_INIT};
	int r = lc_netlink_open(&work.host, err);

	if (r >= 0 && names == NULL)
		r = remove_listed(&work.host, mark, err);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		r = free_host_name(&work, names[i], true, err);
		if (r == -EEXIST) /* somebody else's */
			r = 0;
	}
	lc_netlink_close(&work.host);
	return r < 0 ? r : 0;
}
