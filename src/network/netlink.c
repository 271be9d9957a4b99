/* SPDX-License-Identifier: MIT */
/*
 * Requests and answers. Only what comes from the kernel itself is read: in a namespace that others use
 * somebody may send us messages too.
 */
#include "network/netlink.h"

#include "base/fd.h"
#include "sys/sys.h"

#include <linux/sockios.h>
#include <string.h>

#define PATIENCE_MS 10000
#define ANSWER_ROOM 32768 /* what the kernel packs into one answer at most, when we take as much */

static int64_t now_ms(void)
{
	struct timespec now;

	(void) lc_sys_clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int lc_netlink_take(struct lc_netlink *out, int socket, struct lc_error *err)
{
	int r;

	*out = (struct lc_netlink) LCT_NETLINK_INIT;
	r = lc_mnl_load(&out->mnl, err);
	if (r < 0) {
		lc_fd_close(&socket);
		return r;
	}
	out->socket = socket;
	return 0;
}

int lc_netlink_open(struct lc_netlink *out, struct lc_error *err)
{
	int socket;
	int r;

	*out = (struct lc_netlink) LCT_NETLINK_INIT;
	r = lc_mnl_load(&out->mnl, err);
	if (r < 0)
		return r;
	socket = lc_fd_above_stdio((int) lc_sys_socket(
		AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
	if (socket < 0)
		return lc_fail(err, LCT_STEP_NETWORK, socket, "netlink");
	out->socket = socket;
	return 0;
}

void lc_netlink_close(struct lc_netlink *nl)
{
	lc_fd_close(&nl->socket);
}

int lc_netlink_namespace(const struct lc_netlink *nl)
{
	return lc_fd_above_stdio((int) lc_sys_ioctl(nl->socket, SIOCGSKNS, NULL));
}

/* --- messages --- */

void *lc_message_begin(const struct lc_netlink *nl, struct lc_message *m, uint16_t type,
	uint16_t flags, size_t size)
{
	memset(m, 0, sizeof(*m));
	(void) nl->mnl.nlmsg_put_header(m->bytes);
	m->head.nlmsg_type = type;
	m->head.nlmsg_flags = (uint16_t) (NLM_F_REQUEST | flags);
	return nl->mnl.nlmsg_put_extra_header(&m->head, size);
}

void lc_message_put(const struct lc_netlink *nl, struct lc_message *m, uint16_t type,
	const void *data, size_t size)
{
	if (!nl->mnl.attr_put_check(&m->head, sizeof(m->bytes), type, size, data))
		m->is_full = true;
}

void lc_message_number(
	const struct lc_netlink *nl, struct lc_message *m, uint16_t type, uint32_t value)
{
	lc_message_put(nl, m, type, &value, sizeof(value));
}

void lc_message_text(
	const struct lc_netlink *nl, struct lc_message *m, uint16_t type, const char *text)
{
	lc_message_put(nl, m, type, text, strlen(text) + 1);
}

struct nlattr *lc_message_nest(const struct lc_netlink *nl, struct lc_message *m, uint16_t type)
{
	struct nlattr *nest = nl->mnl.attr_nest_start_check(&m->head, sizeof(m->bytes), type);

	if (nest == NULL)
		m->is_full = true;
	return nest;
}

void lc_message_nest_end(const struct lc_netlink *nl, struct lc_message *m, struct nlattr *nest)
{
	if (nest != NULL)
		nl->mnl.attr_nest_end(&m->head, nest);
}

void *lc_message_extra(const struct lc_netlink *nl, struct lc_message *m, size_t size)
{
	if (m->head.nlmsg_len + NLMSG_ALIGN(size) > sizeof(m->bytes)) {
		m->is_full = true;
		return NULL;
	}
	return nl->mnl.nlmsg_put_extra_header(&m->head, size);
}

uint32_t lc_attribute_number(const struct lc_netlink *nl, const struct nlattr *attribute)
{
	uint32_t value = 0;

	if (nl->mnl.attr_get_payload_len(attribute) >= sizeof(value))
		memcpy(&value, nl->mnl.attr_get_payload(attribute), sizeof(value));
	return value;
}

void lc_attribute_text(const struct lc_netlink *nl, const struct nlattr *attribute, char *out,
	size_t size)
{
	size_t length = nl->mnl.attr_get_payload_len(attribute);

	if (length > size - 1)
		length = size - 1;
	memcpy(out, nl->mnl.attr_get_payload(attribute), length);
	out[length] = '\0';
}

/* --- asking --- */
/* Whatever has come, from the kernel; -EAGAIN for nothing. */
static long receive(const struct lc_netlink *nl, void *buffer, size_t size)
{
	struct sockaddr_nl from = {.nl_family = AF_NETLINK};
	struct iovec part = {buffer, size};
	struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part,
		.msg_iovlen = 1};
	long r;

	do {
		r = lc_sys_recvmsg(nl->socket, &message, MSG_DONTWAIT);
	} while (r == -EINTR || (r >= 0 && from.nl_pid != 0));
	if (r >= 0 && (message.msg_flags & MSG_TRUNC) != 0)
		return -EMSGSIZE;
	return r;
}

/* What is left of an answer that nobody waits for any more: while the kernel tells a list it begins no
 * other. */
static long read_rest(struct lc_netlink *nl)
{
	uint8_t buffer[ANSWER_ROOM];
	long r = 0;

	while (nl->is_owed && r >= 0)
		r = receive(nl, buffer, sizeof(buffer));
	if (r != -EAGAIN && r < 0)
		return r;
	nl->is_owed = false;
	return 0;
}

static int send_message(struct lc_netlink *nl, struct lc_message *m)
{
	long r = read_rest(nl);

	if (r < 0)
		return (int) r;
	if (m->is_full)
		return -EMSGSIZE;
	m->head.nlmsg_seq = ++nl->sequence;
	do {
		r = lc_sys_send(nl->socket, m->bytes, m->head.nlmsg_len, 0);
	} while (r == -EINTR);
	return r < 0 ? (int) r : 0;
}

static long await(const struct lc_netlink *nl, void *buffer, size_t size, int64_t deadline)
{
	long r = receive(nl, buffer, size);

	while (r == -EAGAIN) {
		struct pollfd wanted = {.fd = nl->socket, .events = POLLIN};
		int64_t left = deadline - now_ms();
		struct timespec patience = {left / 1000, left % 1000 * 1000000};

		if (left <= 0)
			return -ETIMEDOUT;
		r = lc_sys_poll(&wanted, 1, &patience);
		if (r < 0 && r != -EINTR)
			return r;
		r = receive(nl, buffer, size);
	}
	return r;
}

/* The number that ends an answer: of an error, which is 0 for success, and of the end of a list. */
static int result_of(const struct lc_netlink *nl, const struct nlmsghdr *message)
{
	int32_t result = 0;

	if (nl->mnl.nlmsg_get_payload_len(message) < sizeof(result))
		return -EBADMSG;
	memcpy(&result, nl->mnl.nlmsg_get_payload(message), sizeof(result));
	return result > 0 ? -EBADMSG : result;
}

/* libmnl 1.0.4 takes a length of 2^31 and more for one below 0, which fits everywhere and leads backwards. */
static bool is_whole(const struct lc_netlink *nl, const struct nlmsghdr *message, int left)
{
	return nl->mnl.nlmsg_ok(message, left) && message->nlmsg_len <= (uint32_t) left;
}

/* The rest of the answer when nobody wants it any more would be taken for the next one: told apart by
 * its number. */
static int read_answer(
	struct lc_netlink *nl, lc_netlink_visit visit, void *context, bool *out_has_changed)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[ANSWER_ROOM];
	int64_t deadline = now_ms() + PATIENCE_MS;

	nl->is_owed = true;
	while (true) {
		long r = await(nl, buffer, sizeof(buffer), deadline);
		const struct nlmsghdr *message = (const void *) buffer;
		int left = (int) r;

		if (r < 0)
			return (int) r;
		for (; is_whole(nl, message, left); message = nl->mnl.nlmsg_next(message, &left)) {
			int result;

			if (message->nlmsg_seq != nl->sequence)
				continue;
			if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0)
				*out_has_changed = true;
			if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE) {
				nl->is_owed = false;
				return result_of(nl, message);
			}
			result = visit != NULL ? visit(nl, message, context) : 0;
			if (result < 0)
				return result;
		}
	}
}

int lc_netlink_get(
	struct lc_netlink *nl, struct lc_message *m, lc_netlink_visit visit, void *context)
{
	bool has_changed = false;
	int r;

	m->head.nlmsg_flags |= NLM_F_ACK;
	r = send_message(nl, m);
	return r < 0 ? r : read_answer(nl, visit, context, &has_changed);
}

int lc_netlink_ask(struct lc_netlink *nl, struct lc_message *m)
{
	return lc_netlink_get(nl, m, NULL, NULL);
}

int lc_netlink_list(
	struct lc_netlink *nl, struct lc_message *m, lc_netlink_visit visit, void *context)
{
	bool has_changed = false;
	int r;

	m->head.nlmsg_flags |= NLM_F_DUMP;
	r = send_message(nl, m);
	if (r >= 0)
		r = read_answer(nl, visit, context, &has_changed);
	return r >= 0 && has_changed ? -EAGAIN : r;
}
