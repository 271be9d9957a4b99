/* SPDX-License-Identifier: MIT */
/*
 * libarchive, loaded when this program starts: its functions that we call, and the words of theirs that we
 * know. Declared here, so that nothing but the library itself is needed, and that only when it is used.
 */
#ifndef LCT_UNPACK_LIBRARY_H
#define LCT_UNPACK_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct archive;
struct archive_entry;
struct archive_entry_linkresolver;

typedef ssize_t lc_archive_read(struct archive *a, void *context, const void **out);
typedef int64_t lc_archive_skip(struct archive *a, void *context, int64_t size);
typedef int lc_archive_end(struct archive *a, void *context);

/* What its functions answer. */
#define LCT_ARCHIVE_OK 0
#define LCT_ARCHIVE_EOF 1
#define LCT_ARCHIVE_WARN (-20)
#define LCT_ARCHIVE_FATAL (-30)

/* How the links of a directory are told: the first time a file, then links to it, as tar has it. */
#define LCT_ARCHIVE_FORMAT_TAR 0x30000
/* Neither ACLs nor flags, and no change of file systems. */
#define LCT_ARCHIVE_READDISK 0x0068

/* FUNCTION(result, name, (parameters)): archive_ is put in front. */
#define LCT_ARCHIVE_FUNCTIONS(FUNCTION)                                                            \
	FUNCTION(struct archive *, read_new, (void))                                               \
	FUNCTION(int, read_free, (struct archive *))                                              \
	FUNCTION(int, read_support_filter_gzip, (struct archive *))                               \
	FUNCTION(int, read_support_filter_bzip2, (struct archive *))                              \
	FUNCTION(int, read_support_filter_compress, (struct archive *))                           \
	FUNCTION(int, read_support_filter_lzma, (struct archive *))                               \
	FUNCTION(int, read_support_filter_lzip, (struct archive *))                               \
	FUNCTION(int, read_support_filter_xz, (struct archive *))                                 \
	FUNCTION(int, read_support_filter_lz4, (struct archive *))                                \
	FUNCTION(int, read_support_filter_zstd, (struct archive *))                               \
	FUNCTION(int, read_support_format_raw, (struct archive *))                                \
	FUNCTION(int, read_support_format_empty, (struct archive *))                              \
	FUNCTION(int, read_support_format_tar, (struct archive *))                                \
	FUNCTION(int, read_open2,                                                                  \
		(struct archive *, void *, lc_archive_end *, lc_archive_read *, lc_archive_skip *, \
			lc_archive_end *))                                                        \
	FUNCTION(int, read_next_header, (struct archive *, struct archive_entry **))              \
	FUNCTION(int, read_next_header2, (struct archive *, struct archive_entry *))              \
	FUNCTION(ssize_t, read_data, (struct archive *, void *, size_t) )                          \
	FUNCTION(int, read_data_block, (struct archive *, const void **, size_t *, int64_t *))    \
	FUNCTION(struct archive *, read_disk_new, (void))                                          \
	FUNCTION(int, read_disk_open, (struct archive *, const char *))                           \
	FUNCTION(int, read_disk_descend, (struct archive *))                                      \
	FUNCTION(int, read_disk_set_symlink_physical, (struct archive *))                         \
	FUNCTION(int, read_disk_set_behavior, (struct archive *, int) )                            \
	FUNCTION(const char *, error_string, (struct archive *))                                  \
	FUNCTION(struct archive_entry *, entry_new, (void))                                        \
	FUNCTION(void, entry_free, (struct archive_entry *))                                      \
	FUNCTION(struct archive_entry *, entry_clear, (struct archive_entry *))                   \
	FUNCTION(const char *, entry_pathname, (struct archive_entry *))                          \
	FUNCTION(void, entry_copy_pathname, (struct archive_entry *, const char *))               \
	FUNCTION(void, entry_copy_hardlink, (struct archive_entry *, const char *))               \
	FUNCTION(const char *, entry_hardlink, (struct archive_entry *))                          \
	FUNCTION(const char *, entry_symlink, (struct archive_entry *))                           \
	FUNCTION(mode_t, entry_filetype, (struct archive_entry *))                                \
	FUNCTION(mode_t, entry_perm, (struct archive_entry *))                                    \
	FUNCTION(int64_t, entry_size, (struct archive_entry *))                                   \
	FUNCTION(int64_t, entry_uid, (struct archive_entry *))                                    \
	FUNCTION(int64_t, entry_gid, (struct archive_entry *))                                    \
	FUNCTION(time_t, entry_mtime, (struct archive_entry *))                                   \
	FUNCTION(long, entry_mtime_nsec, (struct archive_entry *))                                \
	FUNCTION(dev_t, entry_rdevmajor, (struct archive_entry *))                                \
	FUNCTION(dev_t, entry_rdevminor, (struct archive_entry *))                                \
	FUNCTION(int, entry_xattr_reset, (struct archive_entry *))                                \
	FUNCTION(int, entry_xattr_next,                                                            \
		(struct archive_entry *, const char **, const void **, size_t *))                 \
	FUNCTION(struct archive_entry_linkresolver *, entry_linkresolver_new, (void))              \
	FUNCTION(void, entry_linkresolver_set_strategy,                                            \
		(struct archive_entry_linkresolver *, int) )                                       \
	FUNCTION(void, entry_linkify,                                                              \
		(struct archive_entry_linkresolver *, struct archive_entry **,                     \
			struct archive_entry **))

#define LCT_ARCHIVE_MEMBER(result, name, parameters) result(*name) parameters;
struct lc_archive_library {
	LCT_ARCHIVE_FUNCTIONS(LCT_ARCHIVE_MEMBER)
};
#undef LCT_ARCHIVE_MEMBER

/* Load it. NULL, or what the loader says. */
const char *lc_archive_load(struct lc_archive_library *out);

#endif
