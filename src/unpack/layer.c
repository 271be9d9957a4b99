/* SPDX-License-Identifier: MIT */
/* Entries of an archive or of a directory become those of the tree. */
#include "unpack/unpack.h"

#include "unpack/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LCT_WHITEOUT ".wh."
#define LCT_OPAQUE ".wh..wh..opq"

/* --- limits --- */

#define LCT_TELL_BYTES (1u << 20)
#define LCT_TELL_ENTRIES 256

static void tell(struct lc_meter *meter, uint64_t read)
{
	if (meter->entries - meter->told_entries < LCT_TELL_ENTRIES &&
		meter->bytes - meter->told_bytes < LCT_TELL_BYTES)
		return;
	meter->told_entries = meter->entries;
	meter->told_bytes = meter->bytes;
	lc_report_progress(meter->entries, meter->bytes, read);
}

void lc_meter_entry(struct lc_meter *meter, const char *path, int64_t size, uint64_t read)
{
	if (++meter->entries > meter->entry_limit)
		lc_report_failure("entries", path, "", 0);
	/* The holes of a file take no space here, but wherever it is copied to. */
	if (size > 0 && (uint64_t) size > meter->size_limit - meter->bytes)
		lc_report_failure("size", path, "", 0);
	tell(meter, read);
}

void lc_meter_bytes(struct lc_meter *meter, const char *path, uint64_t size, uint64_t read)
{
	if (size > meter->size_limit - meter->bytes)
		lc_report_failure("size", path, "", 0);
	meter->bytes += size;
	tell(meter, read);
}

/* --- one entry --- */

static void write_block(int fd, const char *path, const char *bytes, size_t size, int64_t offset)
{
	while (size > 0) {
		ssize_t count = pwrite(fd, bytes, size, offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			lc_report_failure("system", path, "write", errno);
		bytes += count;
		size -= (size_t) count;
		offset += count;
	}
}

/* What the archive has no bytes for stays a hole. */
static void write_content(const struct lc_layer *layer, struct archive *a, uint64_t *read,
	const char *path, int fd, int64_t size)
{
	for (;;) {
		const void *bytes;
		size_t length;
		int64_t offset;
		int r = layer->library->read_data_block(a, &bytes, &length, &offset);

		if (r == LCT_ARCHIVE_EOF)
			break;
		if (r < LCT_ARCHIVE_WARN)
			lc_source_fail(layer->library, a, path);
		if (offset < 0 || (length > 0 && (offset > size || (int64_t) length > size - offset)))
			lc_report_failure("archive", path, "has more content than its size says", 0);
		lc_meter_bytes(layer->meter, path, length, *read);
		write_block(fd, path, bytes, length, offset);
	}
	if (ftruncate(fd, size) < 0)
		lc_report_failure("system", path, "size", errno);
}

static void set_xattrs(const struct lc_layer *layer, struct archive_entry *entry,
	const struct lc_attributes *attributes, int fd, bool is_privilege)
{
	const char *name;
	const void *value;
	size_t size;

	(void) layer->library->entry_xattr_reset(entry);
	while (layer->library->entry_xattr_next(entry, &name, &value, &size) == LCT_ARCHIVE_OK)
		if ((strcmp(name, "security.capability") == 0) == is_privilege)
			lc_tree_xattr(layer->tree, attributes, fd, name, value, size);
}

/* Changing the owner of a file takes its capabilities away, so they come last. */
static void set_all(const struct lc_layer *layer, struct archive_entry *entry,
	const struct lc_attributes *attributes, int fd)
{
	set_xattrs(layer, entry, attributes, fd, false);
	lc_tree_set(layer->tree, attributes, fd);
	set_xattrs(layer, entry, attributes, fd, true);
	if (close(fd) < 0)
		lc_report_failure("system", attributes->path, "close", errno);
}

/* True when it was one. */
static bool take_whiteout(const struct lc_layer *layer, const char *path)
{
	const size_t prefix = sizeof(LCT_WHITEOUT) - 1;
	char target[PATH_MAX];
	const char *slash, *name;
	size_t above;

	lc_tree_path(path, target);
	slash = strrchr(target, '/');
	name = slash != NULL ? slash + 1 : target;
	above = (size_t) (name - target);
	if (!layer->has_whiteouts || strncmp(name, LCT_WHITEOUT, prefix) != 0)
		return false;
	if (strcmp(name, LCT_OPAQUE) == 0) {
		target[above] = '\0';
		lc_tree_opaque(layer->tree, target);
		return true;
	}
	if (strncmp(name + prefix, LCT_WHITEOUT, prefix) == 0) {
		const char *texts[] = {"file of aufs", path};

		lc_report('S', 2, texts);
		return true;
	}
	name += prefix;
	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		lc_report_failure("path", path, "whiteout", 0);
	memmove(target + above, name, strlen(name) + 1);
	lc_tree_whiteout(layer->tree, target);
	return true;
}

static void take_entry(const struct lc_layer *layer, struct archive *a, uint64_t *read,
	struct archive_entry *entry)
{
	const struct lc_archive_library *library = layer->library;
	const char *hardlink = library->entry_hardlink(entry), *symlink = library->entry_symlink(entry);
	struct lc_attributes attributes = {
		.path = library->entry_pathname(entry),
		.type = library->entry_filetype(entry),
		.mode = library->entry_perm(entry),
		.uid = library->entry_uid(entry),
		.gid = library->entry_gid(entry),
		.mtime = {library->entry_mtime(entry), library->entry_mtime_nsec(entry)},
		.major = (unsigned) library->entry_rdevmajor(entry),
		.minor = (unsigned) library->entry_rdevminor(entry),
		.link = hardlink != NULL ? hardlink : symlink,
	};
	int64_t size = attributes.type == S_IFREG && hardlink == NULL ? library->entry_size(entry) : 0;

	if (attributes.path == NULL || *attributes.path == '\0')
		lc_report_failure("archive", "", "an entry has no name", 0);
	lc_meter_entry(layer->meter, attributes.path, size, *read);
	if (take_whiteout(layer, attributes.path))
		return;
	if (hardlink != NULL) {
		lc_tree_link(layer->tree, &attributes);
		return;
	}
	switch (attributes.type) {
	case S_IFREG: {
		int fd = lc_tree_make_file(layer->tree, &attributes);

		write_content(layer, a, read, attributes.path, fd, size);
		set_all(layer, entry, &attributes, fd);
		return;
	}
	case S_IFDIR:
		set_all(layer, entry, &attributes, lc_tree_make_directory(layer->tree, &attributes));
		return;
	case S_IFLNK:
		if (symlink == NULL || *symlink == '\0')
			lc_report_failure("archive", attributes.path, "is a link to nothing", 0);
		__attribute__((fallthrough));
	case S_IFIFO:
	case S_IFCHR:
	case S_IFBLK:
		lc_tree_make(layer->tree, &attributes);
		return;
	case S_IFSOCK: {
		const char *texts[] = {"socket", attributes.path};

		lc_report('S', 2, texts);
		return;
	}
	default:
		lc_report_failure("archive", attributes.path, "is of no known type", 0);
	}
}

void lc_layer_unpack(const struct lc_layer *layer, struct lc_source *source)
{
	struct archive_entry *entry;

	while ((entry = lc_source_next(source)) != NULL)
		take_entry(layer, source->tar, &source->read, entry);
	lc_tree_finish(layer->tree);
}

/* --- a directory --- */

/* Names in an archive_entry of a directory begin with its path. */
static struct archive_entry *below(const struct lc_layer *layer, struct archive_entry *entry,
	const char *path)
{
	const char *name = layer->library->entry_pathname(entry);
	const char *link = layer->library->entry_hardlink(entry);
	size_t length = strlen(path);

	if (name == NULL || strncmp(name, path, length) != 0)
		lc_report_failure("archive", "", "a name in the directory cannot be read", 0);
	if (link != NULL) {
		char *rest = strdup(strncmp(link, path, length) == 0 ? link + length : link);

		if (rest == NULL)
			lc_report_failure("system", "", "memory", ENOMEM);
		layer->library->entry_copy_hardlink(entry, rest);
		free(rest);
	}
	name = strdup(name[length] == '\0' ? "." : name + length);
	if (name == NULL)
		lc_report_failure("system", "", "memory", ENOMEM);
	layer->library->entry_copy_pathname(entry, name);
	free((char *) name);
	return entry;
}

void lc_layer_copy(const struct lc_layer *layer, const char *path)
{
	const struct lc_archive_library *library = layer->library;
	struct archive *disk = library->read_disk_new();
	struct archive_entry *entry = library->entry_new();
	struct archive_entry_linkresolver *links = library->entry_linkresolver_new();
	uint64_t read = 0;
	int r;

	if (disk == NULL || entry == NULL || links == NULL)
		lc_report_failure("system", "", "memory", ENOMEM);
	library->entry_linkresolver_set_strategy(links, LCT_ARCHIVE_FORMAT_TAR);
	(void) library->read_disk_set_symlink_physical(disk);
	(void) library->read_disk_set_behavior(disk, LCT_ARCHIVE_READDISK);
	r = library->read_disk_open(disk, path);
	while (r >= LCT_ARCHIVE_WARN) {
		struct archive_entry *none;

		(void) library->entry_clear(entry);
		r = library->read_next_header2(disk, entry);
		if (r == LCT_ARCHIVE_EOF || r < LCT_ARCHIVE_WARN)
			break;
		(void) library->read_disk_descend(disk);
		library->entry_linkify(links, &entry, &none);
		take_entry(layer, disk, &read, below(layer, entry, path));
		read = layer->meter->bytes;
	}
	if (r != LCT_ARCHIVE_EOF)
		lc_source_fail(library, disk, "");
	lc_tree_finish(layer->tree);
}
