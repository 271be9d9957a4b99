/* SPDX-License-Identifier: MIT */
/*
 * Words and lists of a configuration: signals, limits, capabilities, lists of processors, paths. What is
 * not understood to its last letter is refused, and what is understood can be said again.
 */
#include "base/arena.h"
#include "base/parse.h"
#include "cgroups/systemd.h"
#include "configs/names.h"
#include "configs/path.h"
#include "fuzz.h"
#include "network/text.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>

#define BITS 8192 /* of a set of processors */

/* "RTMIN+3", "RTMAX-2": signal(7), with what a C library keeps for itself. */
static void check_realtime(const char *text, int signal)
{
	unsigned offset = 0;
	char sign = '\0', more;
	int count;

	text += strncasecmp(text, "SIG", 3) == 0 ? 3 : 0;
	if (strncasecmp(text, "RTMIN", 5) != 0 && strncasecmp(text, "RTMAX", 5) != 0)
		return;
	count = sscanf(text + 5, "%c%3u%c", &sign, &offset, &more);
	if (signal > 0)
		MUST(signal == ((text[3] | 0x20) == 'i' ? 34 + (int) offset : 64 - (int) offset));
	if (count == 2 && offset <= 30 && sign == ((text[3] | 0x20) == 'i' ? '+' : '-') &&
		isdigit((unsigned char) text[6]))
		MUST(signal > 0);
}

static void check_names(const char *text)
{
	int signal = lc_signal_number(text), limit = lc_rlimit_number(text);
	int capability = lc_capability_number(text);
	char said[32];

	MUST(signal == -1 || (signal >= 1 && signal <= 64));
	MUST(limit >= -1 && limit < 16 && capability >= -1 && capability < 64);
	check_realtime(text, signal);
	/* a word is a word in any case, and nothing is left over behind it */
	if (signal > 0 && lc_signal_name(signal) != NULL) {
		(void) snprintf(said, sizeof(said), "sig%s", lc_signal_name(signal));
		MUST(lc_signal_number(said) == signal && lc_signal_number(said + 3) == signal);
	}
	if (signal > 0 && isdigit((unsigned char) *text))
		MUST(strtol(text, NULL, 10) == signal && strspn(text, "0123456789") == strlen(text));
	if (signal > 0 || limit >= 0 || capability >= 0)
		MUST(strlen(text) < 32 && strpbrk(text, " \t\n/,") == NULL);
}

/* "0-3,7" read slowly: the set, or false for what is no list. */
static bool expect_set(const char *text, uint8_t *bits, size_t *out_size)
{
	memset(bits, 0, BITS / 8);
	*out_size = 0;
	while (*text != '\0') {
		unsigned __int128 ends[2] = {0, 0};
		int n = 0;

		for (;; n++, text++) {
			if (!isdigit((unsigned char) *text))
				return false;
			for (; isdigit((unsigned char) *text); text++) {
				ends[n] = ends[n] * 10 + (unsigned) (*text - '0');
				if (ends[n] > UINT64_MAX)
					return false;
			}
			if (n == 1 || *text != '-')
				break;
		}
		if (n == 0)
			ends[1] = ends[0];
		if (ends[1] < ends[0] || (*text != ',' && *text != '\0'))
			return false;
		for (unsigned __int128 bit = ends[0]; bit <= ends[1] && bit < BITS; bit++) {
			bits[bit / 8] |= (uint8_t) (1u << bit % 8);
			*out_size = bit / 8 + 1 > *out_size ? (size_t) (bit / 8 + 1) : *out_size;
		}
		text += *text == ',';
	}
	return true;
}

static void check_set(const char *text)
{
	static const struct lc_cgroup_mounts pure = {
		.items = {{.name = (char *) "", .controllers = (char *) "cpuset", .is_unified = true}},
		.count = 1,
	};
	struct lc_cgroup cg = {.mounts = &pure, .dirs = {{.hierarchy = 0}}, .count = 1};
	struct lc_resources limits = {.cpuset_cpus = text};
	struct lc_unit_properties list = {.count = 0};
	struct lc_arena arena = LCT_ARENA_INIT;
	static uint8_t bits[BITS / 8];
	const char *at = text;
	uint64_t first, last;
	size_t size;
	int r;

	if (strchr(text, '\n') != NULL) /* the end, for who reads a file */
		return;
	while ((r = lc_parse_range(&at, &first, &last)) > 0)
		MUST(first <= last && at <= text + strlen(text));
	MUST((r == 0) == expect_set(text, bits, &size));
	if (r == 0) {
		MUST(lc_systemd_limits(&cg, &limits, &arena, &list) == 0);
		MUST(list.count == (size > 0));
		MUST(size == 0 || (list.items[0].size == size &&
					  memcmp(list.items[0].bytes, bits, size) == 0));
	}
	lc_arena_done(&arena);
}

static void check_path(const char *text)
{
	char clean[LCT_PATH_ROOM], again[LCT_PATH_ROOM], few[8];
	int depth = 0;

	if (!lc_path_clean(text, clean, sizeof(clean))) {
		MUST(*text != '/' || strlen(text) >= LCT_PATH_ROOM - 1);
		return;
	}
	MUST(*text == '/' && clean[0] == '/' && strlen(clean) <= strlen(text));
	MUST(strstr(clean, "//") == NULL && strstr(clean, "/./") == NULL && strstr(clean, "/../") == NULL);
	MUST(clean[1] == '\0' || clean[strlen(clean) - 1] != '/');
	MUST(lc_path_clean(clean, again, sizeof(again)) && strcmp(clean, again) == 0);
	MUST(lc_path_is_clean(text) == (strcmp(text, clean) == 0));
	MUST(lc_path_is_below(clean, "/") && lc_path_is_below(clean, clean));
	/* as many names as steps down, less those up that there were */
	for (const char *at = text; *at != '\0';) {
		size_t length = strcspn(at, "/");

		if (length == 2 && at[0] == '.' && at[1] == '.')
			depth -= depth > 0;
		else if (length > 0 && !(length == 1 && at[0] == '.'))
			depth++;
		at += length;
		at += *at == '/';
	}
	for (const char *at = clean; clean[1] != '\0' && *at != '\0'; at++)
		depth -= *at == '/';
	MUST(depth == 0);
	if (lc_path_clean(text, few, sizeof(few)))
		MUST(strcmp(few, clean) == 0);
}

static void check_network(const char *text)
{
	struct lc_address address;
	uint8_t mac[LCT_MAC_SIZE];

	if (lc_address_parse_network(text, &address)) {
		MUST(address.prefix <= lc_address_size(&address) * 8);
		MUST(strspn(text, "0123456789abcdefABCDEF.:/") == strlen(text));
		MUST(lc_address_is_inside(&address, &address) && !lc_address_parse_host(text, &address));
	}
	if (lc_mac_parse(text, mac))
		MUST(strlen(text) == 17 && (mac[0] & 1) == 0 && strspn(text, "0123456789abcdefABCDEF:") == 17);
	if (lc_link_name_is_valid(text))
		MUST(lc_link_template_is_valid(text));
	if (lc_link_template_is_valid(text))
		MUST(strlen(text) < LCT_LINK_NAME_SIZE && strpbrk(text, "/: \t\n") == NULL &&
			strcmp(text, "..") != 0 && strcmp(text, "all") != 0);
}

void fuzz_words(const uint8_t *data, size_t size)
{
	struct fuzz_input in = fuzz_input(data, size);

	do {
		char *text = fuzz_text(&in, '\0');

		check_names(text);
		check_set(text);
		check_path(text);
		check_network(text);
		free(text);
	} while (fuzz_left(&in) > 0);
}
