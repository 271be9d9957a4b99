/* SPDX-License-Identifier: MIT */
/* Host only: the C library reads the addresses. */
#include "network/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

unsigned lc_address_size(const struct lc_address *address)
{
	return address->family == AF_INET ? 4 : 16;
}

bool lc_address_parse_host(const char *text, struct lc_address *out)
{
	memset(out, 0, sizeof(*out));
	out->family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	out->prefix = (uint8_t) (lc_address_size(out) * 8);
	return inet_pton(out->family, text, out->bytes) == 1;
}

/* One to three digits, no sign, no zero in front. */
static bool parse_prefix(const char *text, unsigned most, uint8_t *out)
{
	unsigned number = 0;
	size_t length = strspn(text, "0123456789");

	if (length < 1 || length > 3 || text[length] != '\0' || (length > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < length; i++)
		number = number * 10 + (unsigned) (text[i] - '0');
	*out = (uint8_t) number;
	return number <= most;
}

bool lc_address_parse_network(const char *text, struct lc_address *out)
{
	const char *slash = strchr(text, '/');
	char host[INET6_ADDRSTRLEN];
	size_t length;

	if (slash == NULL)
		return false;
	length = (size_t) (slash - text);
	if (length >= sizeof(host))
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	return lc_address_parse_host(host, out) &&
	       parse_prefix(slash + 1, lc_address_size(out) * 8, &out->prefix);
}

static bool bit_of(const struct lc_address *address, unsigned bit)
{
	return (address->bytes[bit / 8] >> (7 - bit % 8) & 1) != 0;
}

bool lc_address_is_of_one(const struct lc_address *address)
{
	static const uint8_t itself[16] = {[15] = 1}, none[16];
	const uint8_t *bytes = address->bytes;

	if (address->family == AF_INET6)
		return bytes[0] != 0xff && memcmp(bytes, itself, 16) != 0 && memcmp(bytes, none, 16) != 0;
	/* 0.0.0.0/8, 127.0.0.0/8, and from 224.0.0.0 on */
	return bytes[0] != 0 && bytes[0] != 127 && bytes[0] < 224;
}

bool lc_address_has_host(const struct lc_address *address)
{
	for (unsigned bit = address->prefix; bit < lc_address_size(address) * 8; bit++)
		if (bit_of(address, bit))
			return true;
	return false;
}

bool lc_address_is_inside(const struct lc_address *host, const struct lc_address *network)
{
	if (host->family != network->family)
		return false;
	for (unsigned bit = 0; bit < network->prefix; bit++)
		if (bit_of(host, bit) != bit_of(network, bit))
			return false;
	return true;
}

static enum lc_address_fault other_family(int family)
{
	return family == AF_INET ? LCT_ADDRESS_NOT_IPV4 : LCT_ADDRESS_NOT_IPV6;
}

enum lc_address_fault lc_address_check_own(const char *text, int family)
{
	struct lc_address own;
	bool has_length = lc_address_parse_network(text, &own);

	if (!has_length && !lc_address_parse_host(text, &own))
		return LCT_ADDRESS_NO_NETWORK;
	if (own.family != family)
		return other_family(family);
	if (!has_length)
		return LCT_ADDRESS_NO_LENGTH;
	/* in a network of two (RFC 3021, RFC 6164), or of one, all are hosts */
	if (!lc_address_has_host(&own) && own.prefix + 1u < lc_address_size(&own) * 8)
		return LCT_ADDRESS_NETWORK;
	return lc_address_is_of_one(&own) ? LCT_ADDRESS_FINE : LCT_ADDRESS_NOT_OF_ONE;
}

/* fe80::/10 is on every link, whatever else is there. */
static bool is_of_link(const struct lc_address *address)
{
	return address->family == AF_INET6 && address->bytes[0] == 0xfe &&
	       (address->bytes[1] & 0xc0) == 0x80;
}

enum lc_address_fault lc_address_check_gateway(const char *text, int family, const char *own)
{
	struct lc_address gateway, around;

	if (!lc_address_parse_host(text, &gateway))
		return LCT_ADDRESS_NO_HOST;
	if (gateway.family != family)
		return other_family(family);
	if (own == NULL || !lc_address_parse_network(own, &around))
		return LCT_ADDRESS_FINE;
	if (gateway.family == around.family &&
		memcmp(gateway.bytes, around.bytes, lc_address_size(&gateway)) == 0)
		return LCT_ADDRESS_OWN;
	return is_of_link(&gateway) || lc_address_is_inside(&gateway, &around) ? LCT_ADDRESS_FINE
									       : LCT_ADDRESS_OUTSIDE;
}

const char *lc_address_fault_name(enum lc_address_fault fault)
{
	static const char *const names[] = {
#define LCT_FAULT_NAME(number, name, words) [LCT_ADDRESS_##number] = name,
		LCT_ADDRESS_FAULTS(LCT_FAULT_NAME)
#undef LCT_FAULT_NAME
	};

	return names[fault];
}

const char *lc_address_fault_words(enum lc_address_fault fault)
{
	static const char *const sentences[] = {
#define LCT_FAULT_WORDS(number, name, words) [LCT_ADDRESS_##number] = words,
		LCT_ADDRESS_FAULTS(LCT_FAULT_WORDS)
#undef LCT_FAULT_WORDS
	};

	return sentences[fault];
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool lc_mac_parse(const char *text, uint8_t out[LCT_MAC_SIZE])
{
	uint8_t any = 0;

	if (strlen(text) != LCT_MAC_SIZE * 3 - 1)
		return false;
	for (int i = 0; i < LCT_MAC_SIZE; i++) {
		int high = digit_of(text[i * 3]), low = digit_of(text[i * 3 + 1]);

		if (high < 0 || low < 0 || (i < LCT_MAC_SIZE - 1 && text[i * 3 + 2] != ':'))
			return false;
		out[i] = (uint8_t) (high << 4 | low);
		any |= out[i];
	}
	return any != 0 && (out[0] & 1) == 0;
}

static bool is_name(const char *name)
{
	size_t length = strlen(name);

	if (length < 1 || length >= LCT_LINK_NAME_SIZE || strcmp(name, ".") == 0 ||
		strcmp(name, "..") == 0)
		return false;
	/* Directories of /proc/sys/net that are of no interface. */
	if (strcmp(name, "all") == 0 || strcmp(name, "default") == 0)
		return false;
	for (size_t i = 0; i < length; i++)
		if (name[i] <= ' ' || name[i] > '~' || strchr("/:\\\"'", name[i]) != NULL)
			return false;
	return true;
}

bool lc_link_name_is_valid(const char *name)
{
	return is_name(name) && strchr(name, '%') == NULL;
}

bool lc_link_template_is_valid(const char *name)
{
	const char *percent = strchr(name, '%');

	if (!is_name(name))
		return false;
	return percent == NULL || (percent[1] == 'd' && strchr(percent + 1, '%') == NULL);
}

/* FNV-1a; 44 bits of it are as many as a name has room for. */
void lc_link_name_make(const char *mark, size_t index, char out[LCT_LINK_NAME_SIZE])
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (; *mark != '\0'; mark++)
		sum = (sum ^ (uint8_t) *mark) * UINT64_C(0x100000001b3);
	sum = (sum ^ index) * UINT64_C(0x100000001b3);
	(void) snprintf(out, LCT_LINK_NAME_SIZE, "veth%011llx",
		(unsigned long long) ((sum ^ sum >> 44) & UINT64_C(0xfffffffffff)));
}
