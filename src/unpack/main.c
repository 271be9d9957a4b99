/* SPDX-License-Identifier: MIT */
/*
 *	unpack VERSION digest ALGORITHM
 *	unpack VERSION list
 *	unpack VERSION read MEMBER LIMIT
 *	unpack VERSION tar [KEY=VALUE…]
 *	unpack VERSION copy [KEY=VALUE…]
 *
 * Keys: member (of the archive that is stdin, an archive itself), size, entries, plain (limits), first, layer,
 * owners, devices, privileges (1 for yes), uids and gids (INSIDE:OUTSIDE:SIZE, comma between), plain_digest and
 * raw_digest (algorithms, of the archive without its compression and of the member as it is; sha256 when absent).
 */
#include "unpack/unpack.h"

#include "unpack/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Places in the container, which lua/libcontainer/image/sandbox.lua makes. */
#define LCT_TARGET "/new"
#define LCT_SOURCE "/source"

struct options {
	const char *member, *plain_digest, *raw_digest;
	uint64_t plain_limit;
	bool is_first, is_layer;
};

static uint64_t number(const char *text)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		lc_report_failure("usage", "", text, 0);
	return value;
}

static void read_map(struct lc_id_map *map, const char *text)
{
	while (*text != '\0') {
		struct lc_id_range *range = &map->ranges[map->count];
		int used = 0;
		unsigned long long inside, outside, size;

		if (map->count == LCT_ID_RANGES ||
			sscanf(text, "%llu:%llu:%llu%n", &inside, &outside, &size, &used) != 3 ||
			(text[used] != ',' && text[used] != '\0'))
			lc_report_failure("usage", "", text, 0);
		*range = (struct lc_id_range){inside, outside, size};
		map->count++;
		text += used + (text[used] == ',');
	}
}

static void read_option(const char *argument, struct options *options, struct lc_tree *tree,
	struct lc_meter *meter)
{
	const char *equals = strchr(argument, '=');
	size_t length = equals != NULL ? (size_t) (equals - argument) : 0;
	const char *value = equals != NULL ? equals + 1 : "";
#define LCT_IS(key) (length == sizeof(key) - 1 && memcmp(argument, key, length) == 0)

	if (LCT_IS("member"))
		options->member = value;
	else if (LCT_IS("plain_digest"))
		options->plain_digest = value;
	else if (LCT_IS("raw_digest"))
		options->raw_digest = value;
	else if (LCT_IS("plain"))
		options->plain_limit = number(value);
	else if (LCT_IS("first"))
		options->is_first = number(value) == 1;
	else if (LCT_IS("layer"))
		options->is_layer = number(value) == 1;
	else if (LCT_IS("size"))
		meter->size_limit = number(value);
	else if (LCT_IS("entries"))
		meter->entry_limit = number(value);
	else if (LCT_IS("owners"))
		tree->keeps_owners = number(value) == 1;
	else if (LCT_IS("devices"))
		tree->allows_devices = number(value) == 1;
	else if (LCT_IS("privileges"))
		tree->allows_privileges = number(value) == 1;
	else if (LCT_IS("uids"))
		read_map(&tree->uids, value);
	else if (LCT_IS("gids"))
		read_map(&tree->gids, value);
	else
		lc_report_failure("usage", "", argument, 0);
#undef LCT_IS
}

/* What stdin is, with nothing that would parse it. */
static void tell_digest(const char *algorithm)
{
	static char chunk[LCT_SOURCE_CHUNK];
	struct lc_digest digest;
	char text[LCT_DIGEST_TEXT];
	uint64_t size = 0, told = 0;
	ssize_t count;

	lc_source_begin_digest(&digest, algorithm);
	while ((count = read(STDIN_FILENO, chunk, sizeof(chunk))) != 0) {
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			lc_report_failure("system", "", "read", errno);
		lc_digest_update(&digest, chunk, (size_t) count);
		size += (uint64_t) count;
		if (size - told >= 16u << 20) {
			told = size;
			lc_report_progress(0, 0, size);
		}
	}
	lc_digest_final(&digest, text);
	lc_report_done(0, size, "", text);
}

static void unpack(const struct lc_archive_library *library, bool is_copy, int argc, char **argv)
{
	static struct lc_tree tree;
	static struct lc_source archive, member;
	struct lc_meter meter = {.entry_limit = UINT64_MAX, .size_limit = UINT64_MAX};
	struct options options = {.plain_limit = UINT64_MAX - 1};
	struct lc_layer layer = {.library = library, .tree = &tree, .meter = &meter};
	struct lc_source *source = &archive;
	char plain[LCT_DIGEST_TEXT] = "", raw[LCT_DIGEST_TEXT] = "";

	for (int i = 0; i < argc; i++)
		read_option(argv[i], &options, &tree, &meter);
	layer.has_whiteouts = options.is_layer;
	lc_tree_open(&tree, LCT_TARGET);
	if (options.is_first)
		lc_tree_begin(&tree);
	if (is_copy) {
		lc_layer_copy(&layer, LCT_SOURCE);
	} else {
		archive = (struct lc_source){.library = library, .fd = STDIN_FILENO,
			.plain_limit = options.member != NULL ? UINT64_MAX : options.plain_limit,
			.pads = options.is_layer, .digest_by = options.plain_digest};
		lc_source_open(&archive);
		if (options.member != NULL) {
			lc_members_find(&archive, options.member);
			member = (struct lc_source){.library = library, .fd = -1, .outer = &archive,
				.plain_limit = options.plain_limit, .pads = options.is_layer,
				.digest_by = options.plain_digest, .raw_by = options.raw_digest};
			lc_source_open(&member);
			source = &member;
		}
		lc_layer_unpack(&layer, source);
		lc_source_finish(source, plain, raw);
	}
	lc_report_progress(meter.entries, meter.bytes, source->read);
	lc_report_done(meter.entries, meter.bytes, plain, raw);
}

int main(int argc, char **argv)
{
	static struct lc_archive_library library;
	static struct lc_source source;
	const char *mode = argc > 2 ? argv[2] : "", *problem;

	if (argc < 3 || strcmp(argv[1], LCT_VERSION) != 0)
		lc_report_failure("usage", "", "another version of libcontainer", 0);
	(void) umask(0);
	if (strcmp(mode, "digest") == 0 && argc == 4) {
		tell_digest(argv[3]);
		return 0;
	}
	/* No locale is set, so that names stay the bytes that they are: in one of UTF-8 libarchive would compose
	 * the letters of pax archives anew. */
	problem = lc_archive_load(&library);
	if (problem != NULL)
		lc_report_failure("library", "", problem, 0);
	source = (struct lc_source){.library = &library, .fd = STDIN_FILENO, .plain_limit = UINT64_MAX};
	if (strcmp(mode, "list") == 0 || (strcmp(mode, "read") == 0 && argc == 5)) {
		lc_source_open(&source);
		if (argc == 5)
			lc_members_read(&source, argv[3], number(argv[4]));
		else
			lc_members_list(&source);
		lc_report_done(0, 0, "", "");
	} else if (strcmp(mode, "tar") == 0 || strcmp(mode, "copy") == 0) {
		unpack(&library, strcmp(mode, "copy") == 0, argc - 3, argv + 3);
	} else {
		lc_report_failure("usage", "", mode, 0);
	}
	return 0;
}
