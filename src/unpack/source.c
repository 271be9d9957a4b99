/* SPDX-License-Identifier: MIT */
#include "unpack/source.h"

#include "unpack/report.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

_Noreturn void lc_source_fail(const struct lc_archive_library *library, struct archive *a,
	const char *entry)
{
	const char *text = library->error_string(a);

	lc_report_failure("archive", entry, text != NULL ? text : "is damaged", 0);
}

void lc_source_begin_digest(struct lc_digest *digest, const char *algorithm)
{
	const char *name = algorithm != NULL ? algorithm : LCT_DIGEST_SHA256;
	int r = lc_digest_init(digest, name);

	if (r == -EINVAL)
		lc_report_failure("usage", "", name, 0);
	if (r < 0)
		lc_report_failure("digest", "", name, -r);
}

#define LCT_TAR_BLOCK 512

/* --- the input --- */

static ssize_t read_input(struct archive *a, void *context, const void **out)
{
	struct lc_source *source = context;
	ssize_t count;

	(void) a;
	*out = source->chunk;
	if (source->fd < 0) {
		struct lc_source *outer = source->outer;

		count = outer->library->read_data(outer->tar, source->chunk, sizeof(source->chunk));
		if (count < 0)
			lc_source_fail(outer->library, outer->tar, "");
		lc_digest_update(&source->raw, source->chunk, (size_t) count);
	} else {
		do {
			count = read(source->fd, source->chunk, sizeof(source->chunk));
		} while (count < 0 && errno == EINTR);
		if (count < 0)
			lc_report_failure("system", "", "read", errno);
	}
	source->read += (uint64_t) count;
	return count;
}

/* What is not compressed and not wanted is passed over. */
static int64_t skip_input(struct archive *a, void *context, int64_t size)
{
	struct lc_source *source = context;
	off_t from, end;

	(void) a;
	if (source->fd < 0)
		return 0;
	from = lseek(source->fd, 0, SEEK_CUR);
	end = from < 0 ? -1 : lseek(source->fd, 0, SEEK_END);
	if (end < 0)
		return 0;
	/* Not behind the end: that it comes too early has to be seen. */
	if (size > end - from)
		size = end - from;
	if (lseek(source->fd, from + size, SEEK_SET) < 0)
		lc_report_failure("system", "", "seek", errno);
	source->read += (uint64_t) size;
	return size;
}

/* --- without its compression --- */

/*
 * There are writers that leave the padding of the last file away (umoci insert), and readers that do not
 * mind. Only where a digest says that nothing else is missing.
 */
static ssize_t pad(struct lc_source *source, const void **out)
{
	size_t missing = LCT_TAR_BLOCK - source->plain % LCT_TAR_BLOCK;

	memset(source->plain_chunk, 0, missing);
	source->plain += missing;
	*out = source->plain_chunk;
	return (ssize_t) missing;
}

static ssize_t read_plain(struct archive *a, void *context, const void **out)
{
	struct lc_source *source = context;
	const struct lc_archive_library *library = source->library;
	ssize_t count = library->read_data(source->filter, source->plain_chunk, sizeof(source->plain_chunk));

	(void) a;
	if (count < 0)
		lc_source_fail(library, source->filter, "");
	if (count == 0 && source->pads && source->plain % LCT_TAR_BLOCK != 0)
		return pad(source, out);
	source->plain += (uint64_t) count;
	if (source->plain > source->plain_limit)
		lc_report_failure("size", "", "", 0);
	lc_digest_update(&source->digest, source->plain_chunk, (size_t) count);
	*out = source->plain_chunk;
	return count;
}

/* Those that run no other program. */
static void support_filters(const struct lc_archive_library *library, struct archive *a)
{
	(void) library->read_support_filter_gzip(a);
	(void) library->read_support_filter_bzip2(a);
	(void) library->read_support_filter_compress(a);
	(void) library->read_support_filter_lzma(a);
	(void) library->read_support_filter_lzip(a);
	(void) library->read_support_filter_xz(a);
	(void) library->read_support_filter_lz4(a);
	(void) library->read_support_filter_zstd(a);
}

static void open_filter(struct lc_source *source)
{
	const struct lc_archive_library *library = source->library;
	struct archive_entry *entry;
	int r;

	source->filter = library->read_new();
	if (source->filter == NULL)
		lc_report_failure("system", "", "memory", ENOMEM);
	support_filters(library, source->filter);
	(void) library->read_support_format_raw(source->filter);
	(void) library->read_support_format_empty(source->filter);
	r = library->read_open2(source->filter, source, NULL, read_input, NULL, NULL);
	if (r >= LCT_ARCHIVE_WARN)
		r = library->read_next_header(source->filter, &entry);
	if (r == LCT_ARCHIVE_EOF)
		lc_report_failure("archive", "", "is empty", 0);
	if (r < LCT_ARCHIVE_WARN)
		lc_source_fail(library, source->filter, "");
}

void lc_source_open(struct lc_source *source)
{
	const struct lc_archive_library *library = source->library;
	bool is_seekable = source->fd >= 0 && source->plain_limit == UINT64_MAX;

	source->read = source->plain = 0;
	lc_source_begin_digest(&source->digest, source->digest_by);
	lc_source_begin_digest(&source->raw, source->raw_by);
	source->filter = NULL;
	if (!is_seekable)
		open_filter(source);
	source->tar = library->read_new();
	if (source->tar == NULL)
		lc_report_failure("system", "", "memory", ENOMEM);
	if (is_seekable)
		support_filters(library, source->tar);
	(void) library->read_support_format_tar(source->tar);
	(void) library->read_support_format_empty(source->tar);
	if (library->read_open2(source->tar, source, NULL, is_seekable ? read_input : read_plain,
		    is_seekable ? skip_input : NULL, NULL) < LCT_ARCHIVE_WARN)
		lc_source_fail(library, source->tar, "");
}

struct archive_entry *lc_source_next(struct lc_source *source)
{
	struct archive_entry *entry;
	int r = source->library->read_next_header(source->tar, &entry);

	if (r == LCT_ARCHIVE_EOF)
		return NULL;
	if (r < LCT_ARCHIVE_WARN)
		lc_source_fail(source->library, source->tar, "");
	return entry;
}

void lc_source_finish(struct lc_source *source, char out[LCT_DIGEST_TEXT], char out_raw[LCT_DIGEST_TEXT])
{
	const void *rest;

	while (read_plain(source->tar, source, &rest) > 0)
		;
	lc_digest_final(&source->digest, out);
	*out_raw = '\0';
	if (source->fd >= 0)
		return;
	while (read_input(source->tar, source, &rest) > 0)
		;
	lc_digest_final(&source->raw, out_raw);
}
