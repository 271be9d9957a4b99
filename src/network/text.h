/* SPDX-License-Identifier: MIT */
/*
 * Addresses and names of interfaces as people write them. Pure: validation uses it before anything is
 * made, and nothing here asks the kernel.
 */
#ifndef LCT_NETWORK_TEXT_H
#define LCT_NETWORK_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LCT_MAC_SIZE 6
#define LCT_LINK_NAME_SIZE 16 /* of the kernel: 15 bytes and the end */

struct lc_address {
	uint8_t family; /* AF_INET or AF_INET6; AF_UNSPEC: none */
	uint8_t prefix; /* bits of the network; all of them when none were written */
	uint8_t bytes[16];
};

/* Bytes of the address: 4 or 16. */
unsigned lc_address_size(const struct lc_address *address);

/* "10.1.0.2/24", "fd00::2/64"; false for what is none. */
bool lc_address_parse_network(const char *text, struct lc_address *out);
/* The same without a length: "10.1.0.1". */
bool lc_address_parse_host(const char *text, struct lc_address *out);
/* May an interface of a container have it? Not what stands for none, for itself, or for many. */
bool lc_address_is_of_one(const struct lc_address *address);
/* Bits of the host in the address of a network are not 0: "10.1.0.2/24" is an address in one. */
bool lc_address_has_host(const struct lc_address *address);
/* Are both in the network of `network`? */
bool lc_address_is_inside(const struct lc_address *host, const struct lc_address *network);

/* What can be wrong with the address of an interface, and with a gateway: a name, and words for people. */
#define LCT_ADDRESS_FAULTS(FAULT)                                                                  \
	FAULT(NO_NETWORK, "no_network", "is no address and network")                               \
	FAULT(NO_HOST, "no_host", "is no address")                                                 \
	FAULT(NOT_IPV4, "not_ipv4", "is no IPv4 address")                                          \
	FAULT(NOT_IPV6, "not_ipv6", "is no IPv6 address")                                          \
	FAULT(NO_LENGTH, "no_length", "has no length of its network")                              \
	FAULT(NETWORK, "network", "is the network itself, not an address in it")                   \
	FAULT(NOT_OF_ONE, "not_of_one", "is no address that an interface can have")                \
	FAULT(OWN, "own", "is the container's own address")                                        \
	FAULT(OUTSIDE, "outside", "is not in the network of its interface")

enum lc_address_fault {
	LCT_ADDRESS_FINE,
#define LCT_FAULT_NUMBER(number, name, words) LCT_ADDRESS_##number,
	LCT_ADDRESS_FAULTS(LCT_FAULT_NUMBER)
#undef LCT_FAULT_NUMBER
};

/* May an interface of a container have it as its address of that family, with its network? */
enum lc_address_fault lc_address_check_own(const char *text, int family);
/* Can it be reached from an interface with that address, NULL: one that is not known, and be a gateway? */
enum lc_address_fault lc_address_check_gateway(const char *text, int family, const char *own);
const char *lc_address_fault_name(enum lc_address_fault fault);
const char *lc_address_fault_words(enum lc_address_fault fault);

/* "02:00:0a:01:00:02", of one interface: no group's, and not zero. */
bool lc_mac_parse(const char *text, uint8_t out[LCT_MAC_SIZE]);

/* What the kernel takes, and no file or setting is confused by. */
bool lc_link_name_is_valid(const char *name);
/* The same with one "%d" in it, which becomes the first free number. */
bool lc_link_template_is_valid(const char *name);

#define LCT_LINK_NAMES_MAX 64 /* interfaces of one container: schema.def */
/* The name of the end on the host of interface number `index` of whoever `mark` tells from all others. */
void lc_link_name_make(const char *mark, size_t index, char out[LCT_LINK_NAME_SIZE]);

#endif
