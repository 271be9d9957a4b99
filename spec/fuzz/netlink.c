/* SPDX-License-Identifier: MIT */
/*
 * Answers of the kernel about interfaces, in packets that somebody else has made: lengths that are too short
 * or too long, numbers of other requests, ends in the middle of a list. Whoever asked gets what the first end
 * of an answer to him says, and what is read is within its packet.
 *
 * Input: what is asked (1 byte); then messages: kind, whether it ends the packet and is for another request
 * (1 byte), what is added to its length (1 byte), length of its body (1 byte), body.
 */
#include "fuzz.h"
#include "network/link.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKETS_MAX 6
#define PACKET_ROOM 4096
#define BODY_MAX 200

struct packet {
	union {
		struct nlmsghdr head;
		uint8_t bytes[PACKET_ROOM];
	};
	size_t used;
	bool is_cut; /* a length in it is wrong: where it ends nobody can say */
};

/* What the first end says, as far as the packets are right; 1 where there is none yet. */
struct expected {
	int result;
	bool is_known;
	size_t links;
};

static const uint16_t kinds[] = {NLMSG_ERROR, NLMSG_DONE, RTM_NEWLINK, RTM_NEWLINK, NLMSG_NOOP, RTM_NEWADDR};

/* True when it ends the packet. */
static bool put_message(struct fuzz_input *in, struct packet *to, struct expected *expected)
{
	unsigned kind = (unsigned) fuzz_number(in, 1);
	int more = (int8_t) fuzz_number(in, 1);
	size_t size = fuzz_number(in, 1) % BODY_MAX;
	struct nlmsghdr head = {.nlmsg_type = kinds[kind % 6], .nlmsg_seq = (kind & 64) != 0 ? 7 : 1};
	int32_t result = 0;

	head.nlmsg_len = (uint32_t) (NLMSG_HDRLEN + (int) size + more);
	memcpy(to->bytes + to->used, &head, sizeof(head));
	for (size_t i = 0; i < size; i++)
		to->bytes[to->used + NLMSG_HDRLEN + i] = (uint8_t) fuzz_number(in, 1);
	to->is_cut = to->is_cut || more != 0;
	expected->is_known = expected->is_known && !to->is_cut;
	if (expected->result > 0 && head.nlmsg_seq == 1 && kind % 6 < 2) {
		if (size >= sizeof(result))
			memcpy(&result, to->bytes + to->used + NLMSG_HDRLEN, sizeof(result));
		expected->result = size < sizeof(result) || result > 0 ? -EBADMSG : result;
	}
	expected->links += expected->result > 0 && head.nlmsg_seq == 1 &&
			   head.nlmsg_type == RTM_NEWLINK && size >= sizeof(struct ifinfomsg);
	to->used += NLMSG_ALIGN(NLMSG_HDRLEN + size);
	return (kind & 128) != 0;
}

/* All of what the input says, and an end behind it. */
static struct expected send_packets(struct fuzz_input *in, int socket)
{
	struct expected expected = {.result = 1, .is_known = true};
	const struct {
		struct nlmsghdr head;
		int32_t result;
	} end = {{.nlmsg_len = sizeof(end), .nlmsg_type = NLMSG_ERROR, .nlmsg_seq = 1}, -ENOTTY};

	for (int i = 0; i < PACKETS_MAX && fuzz_left(in) > 0; i++) {
		struct packet packet = {.used = 0};
		bool is_end = false;

		while (!is_end && fuzz_left(in) > 0 &&
			packet.used + NLMSG_HDRLEN + BODY_MAX <= sizeof(packet.bytes))
			is_end = put_message(in, &packet, &expected);
		MUST(send(socket, packet.bytes, packet.used, 0) == (ssize_t) packet.used);
	}
	MUST(send(socket, &end, sizeof(end), 0) == sizeof(end));
	if (expected.result > 0)
		expected.result = -ENOTTY;
	return expected;
}

static void check_link(const struct lc_link *link)
{
	MUST(memchr(link->name, '\0', sizeof(link->name)) != NULL);
	MUST(memchr(link->kind, '\0', sizeof(link->kind)) != NULL);
	MUST(memchr(link->alias, '\0', sizeof(link->alias)) != NULL);
}

static int ask(struct lc_netlink *nl, unsigned what, const struct expected *expected)
{
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_links links = {.count = 0};
	struct lc_message m;
	struct lc_link link;
	int r;

	switch (what % 3) {
	case 0:
		(void) lc_message_begin(nl, &m, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
		r = lc_netlink_ask(nl, &m);
		break;
	case 1:
		r = lc_links_read(nl, &arena, &links);
		for (size_t i = 0; i < links.count; i++)
			check_link(&links.items[i]);
		MUST(!expected->is_known || links.count == expected->links);
		lc_arena_done(&arena);
		break;
	default:
		r = lc_link_find(nl, "eth0", &link);
		check_link(&link);
		MUST(r < 0 || link.index != 0);
		r = r == -ENODEV && expected->result == 0 ? 0 : r;
	}
	return r;
}

void fuzz_netlink(const uint8_t *data, size_t size)
{
	struct fuzz_input in = fuzz_input(data, size);
	unsigned what = (unsigned) fuzz_number(&in, 1);
	struct lc_netlink nl = LCT_NETLINK_INIT;
	struct expected expected;
	int pair[2], r;

	MUST(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) == 0);
	MUST(lc_netlink_take(&nl, pair[0], NULL) == 0);
	expected = send_packets(&in, pair[1]);
	r = ask(&nl, what, &expected);
	MUST(r <= 0);
	MUST(!expected.is_known || r == expected.result);
	lc_netlink_close(&nl);
	(void) close(pair[1]);
}
