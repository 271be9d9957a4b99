/* SPDX-License-Identifier: MIT */
/*
 * The conversation with the kernel about one network namespace: a request, and its answer before the
 * deadline. A socket belongs to the namespace in which it was opened, wherever it is used: one that an
 * init has opened in its own lets the host work there without ever entering it.
 *
 *	struct lc_message m;
 *	void *body = lc_message_begin(nl, &m, RTM_NEWLINK, NLM_F_CREATE, sizeof(struct ifinfomsg));
 *	lc_message_text(nl, &m, IFLA_IFNAME, "eth0");
 *	r = lc_netlink_ask(nl, &m);
 */
#ifndef LCT_NETWORK_NETLINK_H
#define LCT_NETWORK_NETLINK_H

#include "network/mnl.h"

#define LCT_MESSAGE_ROOM 1024

struct lc_netlink {
	struct lc_mnl mnl;
	int socket; /* owned; -1 for a closed one */
	uint32_t sequence;
	bool is_owed; /* an answer was not read to its end */
};

#define LCT_NETLINK_INIT {.socket = -1}

struct lc_message {
	union {
		struct nlmsghdr head;
		uint8_t bytes[LCT_MESSAGE_ROOM];
	};
	bool is_full; /* something did not fit: it is refused when it is sent */
};

/* A conversation about the namespace of the calling process. */
int lc_netlink_open(struct lc_netlink *out, struct lc_error *err);
/* The same over somebody's socket, which is the conversation's from now on, also after a failure. */
int lc_netlink_take(struct lc_netlink *out, int socket, struct lc_error *err);
void lc_netlink_close(struct lc_netlink *nl);
/* A descriptor of the namespace that the socket belongs to, or -errno. */
int lc_netlink_namespace(const struct lc_netlink *nl);

/* Begin a message; answers the place of its fixed part, which is zeroed. */
void *lc_message_begin(const struct lc_netlink *nl, struct lc_message *m, uint16_t type,
	uint16_t flags, size_t size);
void lc_message_put(const struct lc_netlink *nl, struct lc_message *m, uint16_t type,
	const void *data, size_t size);
void lc_message_number(
	const struct lc_netlink *nl, struct lc_message *m, uint16_t type, uint32_t value);
void lc_message_text(
	const struct lc_netlink *nl, struct lc_message *m, uint16_t type, const char *text);
struct nlattr *lc_message_nest(const struct lc_netlink *nl, struct lc_message *m, uint16_t type);
void lc_message_nest_end(
	const struct lc_netlink *nl, struct lc_message *m, struct nlattr *nest);
/* Room for a fixed part inside of a nest; NULL when it does not fit. */
void *lc_message_extra(const struct lc_netlink *nl, struct lc_message *m, size_t size);

/* Send it and wait for the kernel's word: 0 or -errno, -ETIMEDOUT when that does not come. */
int lc_netlink_ask(struct lc_netlink *nl, struct lc_message *m);
/* The same for what is answered with messages: each one goes to `visit`, whose first failure ends it. A
 * list that changed while it was told is -EAGAIN. */
typedef int (*lc_netlink_visit)(
	const struct lc_netlink *nl, const struct nlmsghdr *message, void *context);
int lc_netlink_list(
	struct lc_netlink *nl, struct lc_message *m, lc_netlink_visit visit, void *context);
/* One thing instead of a list. */
int lc_netlink_get(
	struct lc_netlink *nl, struct lc_message *m, lc_netlink_visit visit, void *context);

/* Number of an attribute, 0 for one that is too short. */
uint32_t lc_attribute_number(const struct lc_netlink *nl, const struct nlattr *attribute);
/* Text of an attribute into `out`, cut where it ends. */
void lc_attribute_text(const struct lc_netlink *nl, const struct nlattr *attribute, char *out,
	size_t size);

#endif
