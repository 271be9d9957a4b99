/* SPDX-License-Identifier: MIT */
/* src/network: texts of addresses and names, and answers of the kernel as nobody sends them. The
 * conversation itself is in spec/integration/networks_spec.lua. */
#include "test.h"

#include "network/netlink.h"
#include "network/text.h"
#include "sys/sys.h"

#include <linux/rtnetlink.h>
#include <string.h>

static bool is_network(const char *text, uint8_t family, uint8_t prefix)
{
	struct lc_address address;

	return lc_address_parse_network(text, &address) && address.family == family &&
	       address.prefix == prefix;
}

static bool is_no_network(const char *text)
{
	struct lc_address address;

	return !lc_address_parse_network(text, &address);
}

static void test_addresses(struct test *t)
{
	struct lc_address address, network;

	OK(is_network("10.1.0.2/24", AF_INET, 24) && is_network("0.0.0.0/0", AF_INET, 0) &&
			is_network("10.1.0.2/32", AF_INET, 32),
		"addresses of IPv4 with their network");
	OK(is_network("fd00::2/64", AF_INET6, 64) && is_network("::/0", AF_INET6, 0) &&
			is_network("::ffff:10.0.0.1/128", AF_INET6, 128),
		"addresses of IPv6 with their network");
	OK(is_no_network("10.1.0.2") && is_no_network("10.1.0.2/33") && is_no_network("fd00::2/129") &&
			is_no_network("10.1.0/24") && is_no_network("10.1.0.256/24") &&
			is_no_network("10.1.0.2/") && is_no_network("10.1.0.2/024") &&
			is_no_network("10.1.0.2/-1") && is_no_network("10.1.0.2/24/24") &&
			is_no_network(" 10.1.0.2/24") && is_no_network("10.1.0.2/24 ") &&
			is_no_network("/24") && is_no_network("") && is_no_network("fd00:::2/64") &&
			is_no_network("fe80::1%eth0/64") && is_no_network("10.1.0.2/4294967320"),
		"nothing else is one");
	OK(is_no_network("1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111:2222/64"),
		"nor is what is too long");
	OK(lc_address_parse_network("10.1.0.0/16", &network) && !lc_address_has_host(&network) &&
			lc_address_parse_network("10.1.0.2/16", &address) &&
			lc_address_has_host(&address),
		"a network is told from an address in it");
	OK(lc_address_parse_host("10.1.255.1", &address) && lc_address_is_inside(&address, &network) &&
			lc_address_parse_host("10.2.0.1", &address) &&
			!lc_address_is_inside(&address, &network) &&
			lc_address_parse_host("fd00::1", &address) &&
			!lc_address_is_inside(&address, &network),
		"an address is in a network or not");
}

static void test_names(struct test *t)
{
	uint8_t mac[LCT_MAC_SIZE];
	char name[LCT_LINK_NAME_SIZE], other[LCT_LINK_NAME_SIZE];

	OK(lc_mac_parse("02:00:0a:01:00:Ff", mac) && mac[0] == 2 && mac[5] == 0xff,
		"a hardware address");
	OK(!lc_mac_parse("03:00:0a:01:00:02", mac) && !lc_mac_parse("00:00:00:00:00:00", mac) &&
			!lc_mac_parse("02:00:0a:01:00", mac) && !lc_mac_parse("02-00-0a-01-00-02", mac) &&
			!lc_mac_parse("02:00:0a:01:00:0g", mac) && !lc_mac_parse("", mac),
		"not that of a group, nor zero, nor anything else");
	OK(lc_link_name_is_valid("eth0") && lc_link_name_is_valid("a-b_c.d@e") &&
			lc_link_name_is_valid("123456789012345") &&
			!lc_link_name_is_valid("1234567890123456") && !lc_link_name_is_valid(""),
		"a name has 1 to 15 bytes");
	OK(!lc_link_name_is_valid("a/b") && !lc_link_name_is_valid("a:1") &&
			!lc_link_name_is_valid("..") && !lc_link_name_is_valid(".") &&
			!lc_link_name_is_valid("a b") && !lc_link_name_is_valid("a\nb") &&
			!lc_link_name_is_valid("a\x7f") && !lc_link_name_is_valid("\xc3\xa9") &&
			!lc_link_name_is_valid("all") && !lc_link_name_is_valid("default") &&
			!lc_link_name_is_valid("eth%d"),
		"and nothing in it that means something else elsewhere");
	OK(lc_link_template_is_valid("eth%d") && lc_link_template_is_valid("eth0") &&
			!lc_link_template_is_valid("eth%s") && !lc_link_template_is_valid("%d%d") &&
			!lc_link_template_is_valid("eth%") && !lc_link_template_is_valid("%n"),
		"a template has one %d at most, and no other");
	lc_link_name_make("libcontainer-1-a", 1, name);
	lc_link_name_make("libcontainer-1-a", 2, other);
	OK(lc_link_name_is_valid(name) && strlen(name) == 15 && strcmp(name, other) != 0,
		"a name that is made is one, and another for each interface");
	lc_link_name_make("libcontainer-1-b", 1, other);
	OK(strcmp(name, other) != 0, "and for each container");
}

/* What `answer` makes of a request: the other end is no kernel, so it is sent as if it were by a pair
 * of packets. */
static int ask_with_packets(const void *const *packets, const size_t *sizes, size_t count)
{
	struct lc_netlink nl = LCT_NETLINK_INIT;
	struct lc_message m;
	int pair[2], r;

	if (lc_mnl_load(&nl.mnl, NULL) < 0 ||
		lc_sys_socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0)
		return 1;
	nl.socket = pair[0];
	(void) lc_message_begin(&nl, &m, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	for (size_t i = 0; i < count; i++)
		if (lc_sys_send(pair[1], packets[i], sizes[i], 0) < 0)
			return 1;
	r = lc_netlink_ask(&nl, &m);
	lc_netlink_close(&nl);
	(void) lc_sys_close(pair[1]);
	return r;
}

static int ask_with(const void *answer, size_t size)
{
	return ask_with_packets(&answer, &size, 1);
}

struct answer {
	struct nlmsghdr first;
	int32_t error;
	struct nlmsghdr echoed;
};

/* And a refusal behind it. */
static int ask_with_two(const void *answer, size_t size)
{
	const struct answer end = {.first = {.nlmsg_len = sizeof(end), .nlmsg_type = NLMSG_ERROR,
					   .nlmsg_seq = 1}, .error = -EPERM};
	const void *packets[] = {answer, &end};
	const size_t sizes[] = {size, sizeof(end)};

	return ask_with_packets(packets, sizes, 2);
}

static void test_answers(struct test *t)
{
	struct answer answer = {.first = {.nlmsg_len = sizeof(answer), .nlmsg_type = NLMSG_ERROR,
					.nlmsg_seq = 1}};
	struct lc_netlink nl = LCT_NETLINK_INIT;
	struct lc_message m;

	OK(ask_with(&answer, sizeof(answer)) == 0, "[F16] the kernel's word is success");
	answer.error = -EPERM;
	OK(ask_with(&answer, sizeof(answer)) == -EPERM, "[F16] or an error");
	answer.first.nlmsg_len = NLMSG_HDRLEN;
	OK(ask_with(&answer, NLMSG_HDRLEN) == -EBADMSG, "[F16] one without a number is neither");
	answer.first.nlmsg_len = 3;
	answer.first.nlmsg_seq = 1;
	OK(ask_with_two(&answer, sizeof(answer)) == -EPERM,
		"[F16] a length shorter than a head ends a packet, not the answer");
	if (lc_mnl_load(&nl.mnl, NULL) < 0)
		return;
	(void) lc_message_begin(&nl, &m, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	for (int i = 0; i < 100; i++)
		lc_message_text(&nl, &m, IFLA_IFNAME, "123456789012345");
	OK(m.is_full && m.head.nlmsg_len <= sizeof(m.bytes),
		"[A49] what does not fit is remembered, and nothing is written behind the end");
	OK(lc_netlink_ask(&nl, &m) == -EMSGSIZE, "[A49] and such a message is not sent");
}

void test_network(struct test *t)
{
	test_addresses(t);
	test_names(t);
	test_answers(t);
}
