/* SPDX-License-Identifier: MIT */
/* An archive that holds an image: its members are files to be read, none is ever made. */
#include "unpack/unpack.h"

#include "unpack/report.h"

#include <stdio.h>
#include <string.h>

/* "./a//b" is "a/b". What leads out is as it is: it is compared with names, and equals none. */
static const char *name_of(const struct lc_source *source, struct archive_entry *entry)
{
	const char *name = source->library->entry_pathname(entry);

	if (name == NULL)
		lc_report_failure("archive", "", "an entry has no name", 0);
	while (name[0] == '.' && name[1] == '/')
		name += 2;
	return name;
}

void lc_members_list(struct lc_source *source)
{
	const struct lc_archive_library *library = source->library;
	struct archive_entry *entry;

	while ((entry = lc_source_next(source)) != NULL) {
		const char *hardlink = library->entry_hardlink(entry), *symlink = library->entry_symlink(entry);
		const char *link = hardlink != NULL ? hardlink : symlink;
		mode_t type = library->entry_filetype(entry);
		char size[24];
		const char *texts[] = {name_of(source, entry),
			hardlink != NULL ? "h" : S_ISREG(type) ? "f" : S_ISDIR(type) ? "d" : S_ISLNK(type) ? "l" : "o",
			size, link != NULL ? link : ""};

		snprintf(size, sizeof(size), "%lld", (long long) library->entry_size(entry));
		lc_report('M', 4, texts);
	}
}

void lc_members_find(struct lc_source *source, const char *name)
{
	struct archive_entry *entry;

	while ((entry = lc_source_next(source)) != NULL)
		if (strcmp(name_of(source, entry), name) == 0)
			return;
	lc_report_failure("member", "", name, 0);
}

void lc_members_read(struct lc_source *source, const char *name, uint64_t limit)
{
	static char chunk[LCT_SOURCE_CHUNK];
	uint64_t size = 0;
	ssize_t count;

	lc_members_find(source, name);
	while ((count = source->library->read_data(source->tar, chunk, sizeof(chunk))) > 0) {
		size += (uint64_t) count;
		if (size > limit)
			lc_report_failure("size", name, "", 0);
		lc_report_bytes(chunk, (size_t) count);
	}
	if (count < 0)
		lc_source_fail(source->library, source->tar, name);
}
