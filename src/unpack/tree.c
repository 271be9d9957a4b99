/* SPDX-License-Identifier: MIT */
/* See tree.h for the one rule: no path is followed but by the kernel, below `root`. */
#include "unpack/tree.h"

#include "unpack/report.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

/* More than chance needs: each is another rename of somebody. */
#define RETRIES_MAX 128

struct lc_directory {
	char *path;
	struct timespec mtime;
};

static _Noreturn void fail(const char *entry, const char *text, int errnum)
{
	lc_report_failure("system", entry, text, errnum);
}

static void *grow(void *list, size_t count, size_t size)
{
	void *bigger = reallocarray(list, count, size);

	if (bigger == NULL)
		fail("", "memory", ENOMEM);
	return bigger;
}

/* --- paths --- */

/* Below the root, links by that root, on its one file system. */
static int open_in_root(const struct lc_tree *tree, const char *path, uint64_t flags)
{
	struct open_how how = {.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV};
	int fd, tries = 0;

	/* EAGAIN: somebody on this machine renamed or mounted while the kernel stepped over "..". */
	do
		fd = (int) syscall(SYS_openat2, tree->root, *path == '\0' ? "." : path, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN && ++tries < RETRIES_MAX);
	return fd;
}

void lc_tree_path(const char *path, char out[PATH_MAX])
{
	const char *from = path;
	size_t used = 0;

	while (*from != '\0') {
		size_t length = strcspn(from, "/");

		if (length == 2 && memcmp(from, "..", 2) == 0)
			lc_report_failure("path", path, "..", 0);
		if (length > NAME_MAX || used + length + 2 > PATH_MAX)
			lc_report_failure("path", path, "too long", ENAMETOOLONG);
		if (length > 0 && !(length == 1 && *from == '.')) {
			if (used > 0)
				out[used++] = '/';
			memcpy(out + used, from, length);
			used += length;
		}
		from += length;
		if (*from == '/')
			from++;
	}
	out[used] = '\0';
}

static void remember(struct lc_tree *tree, uint64_t inode);
static void remember_above(struct lc_tree *tree, const char *entry, int directory);

/* Make the directories that lead to `path` and that the archive does not have. */
static void make_parents(struct lc_tree *tree, const char *entry, const char *path)
{
	char part[PATH_MAX];
	const char *slash = path;

	for (;;) {
		int above;
		const char *name;

		slash = strchr(slash, '/');
		memcpy(part, path, slash != NULL ? (size_t) (slash - path) : strlen(path) + 1);
		if (slash != NULL)
			part[slash - path] = '\0';
		above = open_in_root(tree, part, O_PATH | O_DIRECTORY);
		if (above < 0) {
			char *last = strrchr(part, '/');

			if (errno != ENOENT)
				fail(entry, part, errno);
			name = last != NULL ? last + 1 : part;
			if (last != NULL)
				*last = '\0';
			above = open_in_root(tree, last != NULL ? part : "", O_PATH | O_DIRECTORY);
			if (above >= 0 && mkdirat(above, name, 0755) < 0 && errno == EEXIST)
				lc_report_failure("archive", entry, "its directory is a link to nothing", 0);
			if (above < 0 || faccessat(above, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
				fail(entry, name, errno);
			if (tree->keeps_owners && tree->uids.count > 0) {
				struct lc_attributes root = {.path = entry, .type = S_IFDIR, .mode = 0755};
				int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

				if (fd < 0)
					fail(entry, name, errno);
				clock_gettime(CLOCK_REALTIME, &root.mtime);
				lc_tree_set(tree, &root, fd);
				close(fd);
			}
		}
		close(above);
		if (slash == NULL)
			return;
		slash++;
	}
}

/* The directory that `path` is in, and its last component. What is missing is made, when it may be. */
static int open_directory_of(struct lc_tree *tree, const char *entry, const char *path, bool makes,
	const char **out_name)
{
	char parent[PATH_MAX] = "";
	const char *slash = strrchr(path, '/');
	int fd;

	*out_name = slash != NULL ? slash + 1 : path;
	if (slash != NULL) {
		memcpy(parent, path, (size_t) (slash - path));
		parent[slash - path] = '\0';
	}
	fd = open_in_root(tree, parent, O_PATH | O_DIRECTORY);
	if (fd < 0 && errno == ENOENT && makes) {
		make_parents(tree, entry, parent);
		fd = open_in_root(tree, parent, O_PATH | O_DIRECTORY);
	}
	if (fd < 0)
		fail(entry, parent, errno);
	return fd;
}

static int open_parent(struct lc_tree *tree, const char *entry, const char *path, const char **out_name)
{
	int fd = open_directory_of(tree, entry, path, true, out_name);

	remember_above(tree, entry, fd);
	return fd;
}

/* --- what this layer has made --- */

static size_t place_of(const struct lc_tree *tree, uint64_t inode)
{
	size_t at = (size_t) (inode * 0x9e3779b97f4a7c15u >> 20) & (tree->made_room - 1);

	while (tree->made[at] != 0 && tree->made[at] != inode)
		at = (at + 1) & (tree->made_room - 1);
	return at;
}

static void remember(struct lc_tree *tree, uint64_t inode)
{
	if (tree->made_count * 2 >= tree->made_room) {
		uint64_t *old = tree->made;
		size_t room = tree->made_room;

		tree->made_room = room == 0 ? 1024 : room * 2;
		tree->made = calloc(tree->made_room, sizeof(*tree->made));
		if (tree->made == NULL)
			fail("", "memory", ENOMEM);
		for (size_t i = 0; i < room; i++)
			if (old[i] != 0)
				tree->made[place_of(tree, old[i])] = old[i];
		free(old);
	}
	if (tree->made[place_of(tree, inode)] != inode) {
		tree->made[place_of(tree, inode)] = inode;
		tree->made_count++;
	}
}

static bool is_made(const struct lc_tree *tree, uint64_t inode)
{
	return tree->made_room > 0 && tree->made[place_of(tree, inode)] == inode;
}

static void remember_fd(struct lc_tree *tree, const char *entry, int fd)
{
	struct stat seen;

	if (fstatat(fd, "", &seen, AT_EMPTY_PATH) < 0)
		fail(entry, "stat", errno);
	remember(tree, seen.st_ino);
}

/*
 * A directory that this layer puts something into, and those that it is in, up to the first that is known: a
 * whiteout of one of them must not take that away. Upwards and not along the path, which may lead by links.
 */
static void remember_above(struct lc_tree *tree, const char *entry, int directory)
{
	int at = directory;
	struct stat root, seen;

	if (fstatat(tree->root, "", &root, AT_EMPTY_PATH) < 0)
		fail(entry, "stat", errno);
	for (;;) {
		int above;

		if (fstatat(at, "", &seen, AT_EMPTY_PATH) < 0)
			fail(entry, "stat", errno);
		if (seen.st_ino == root.st_ino || is_made(tree, seen.st_ino))
			break;
		remember(tree, seen.st_ino);
		above = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (above < 0)
			fail(entry, "..", errno);
		if (at != directory)
			close(at);
		at = above;
	}
	if (at != directory)
		close(at);
}

static void remember_name(struct lc_tree *tree, const char *entry, int parent, const char *name)
{
	struct stat seen;

	if (fstatat(parent, name, &seen, AT_SYMLINK_NOFOLLOW) < 0)
		fail(entry, "stat", errno);
	remember(tree, seen.st_ino);
}

/* --- what has to go --- */

static void discard(struct lc_tree *tree, const char *entry, int parent, const char *name)
{
	char away[32];

	snprintf(away, sizeof(away), "%" PRIu64, tree->discarded++);
	/* Of an earlier layer there may be some already. */
	while (renameat2(parent, name, tree->trash, away, RENAME_NOREPLACE) < 0) {
		if (errno != EEXIST)
			fail(entry, "cannot be replaced", errno);
		snprintf(away, sizeof(away), "%" PRIu64, tree->discarded++);
	}
}

/* Make room for an entry. A directory for a directory stays. True when it does. */
static bool clear_way(struct lc_tree *tree, const char *entry, int parent, const char *name, mode_t type)
{
	struct stat seen;

	if (fstatat(parent, name, &seen, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			fail(entry, "stat", errno);
		return false;
	}
	if (S_ISDIR(seen.st_mode) && type == S_IFDIR)
		return true;
	discard(tree, entry, parent, name);
	return false;
}

/* What is in a directory of the layers below. `parent` and `name` are that directory. */
static void clear_lower(struct lc_tree *tree, const char *entry, int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *found;

	if (directory == NULL)
		fail(entry, "cannot be emptied", errno);
	errno = 0;
	while ((found = readdir(directory)) != NULL) {
		struct stat seen;

		if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0)
			continue;
		if (fstatat(fd, found->d_name, &seen, AT_SYMLINK_NOFOLLOW) < 0)
			fail(entry, "stat", errno);
		if (!is_made(tree, seen.st_ino))
			discard(tree, entry, fd, found->d_name);
		else if (S_ISDIR(seen.st_mode))
			clear_lower(tree, entry, fd, found->d_name);
		errno = 0;
	}
	if (errno != 0)
		fail(entry, "cannot be emptied", errno);
	closedir(directory);
}

void lc_tree_whiteout(struct lc_tree *tree, const char *path)
{
	char below[PATH_MAX];
	struct stat seen;
	const char *name;
	int parent;

	lc_tree_path(path, below);
	parent = open_directory_of(tree, path, below, true, &name);
	if (fstatat(parent, name, &seen, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			fail(path, "stat", errno);
	} else if (!is_made(tree, seen.st_ino)) {
		discard(tree, path, parent, name);
	} else if (S_ISDIR(seen.st_mode)) {
		clear_lower(tree, path, parent, name);
	}
	close(parent);
}

void lc_tree_opaque(struct lc_tree *tree, const char *path)
{
	char below[PATH_MAX];
	int fd;

	lc_tree_path(path, below);
	fd = open_in_root(tree, below, O_PATH | O_DIRECTORY);
	if (fd < 0 && errno == ENOENT) {
		make_parents(tree, path, below);
		fd = open_in_root(tree, below, O_PATH | O_DIRECTORY);
	}
	if (fd < 0)
		fail(path, "is no directory", errno);
	remember_above(tree, path, fd);
	clear_lower(tree, path, fd, ".");
	close(fd);
}

/* --- attributes --- */

static void left_out(const char *what, const char *path)
{
	const char *texts[] = {what, path};

	lc_report('S', 2, texts);
}

static uint32_t map_id(const struct lc_id_map *map, int64_t id, const char *kind, const char *entry)
{
	char text[64];

	for (size_t i = 0; i < map->count; i++) {
		const struct lc_id_range *range = &map->ranges[i];

		if (id >= 0 && (uint64_t) id >= range->inside && (uint64_t) id - range->inside < range->size)
			return (uint32_t) ((uint64_t) id - range->inside + range->outside);
	}
	if (map->count == 0 && id >= 0 && id < UINT32_MAX)
		return (uint32_t) id;
	snprintf(text, sizeof(text), "%s %" PRId64, kind, id);
	lc_report_failure("ids", entry, text, 0);
}

static mode_t mode_of(const struct lc_tree *tree, const struct lc_attributes *entry)
{
	/* Of a directory it says whose group new files are, and gives nothing. */
	mode_t privileges = entry->type == S_IFDIR ? S_ISUID : S_ISUID | S_ISGID;
	mode_t mode = entry->mode & 07777;

	if (!tree->allows_privileges && (mode & privileges) != 0) {
		left_out("set-id bits", entry->path);
		mode &= ~privileges;
	}
	return mode;
}

static void own(const struct lc_tree *tree, const struct lc_attributes *entry, int dirfd, const char *name,
	int flags)
{
	if (tree->keeps_owners && fchownat(dirfd, name, map_id(&tree->uids, entry->uid, "user", entry->path),
					  map_id(&tree->gids, entry->gid, "group", entry->path),
					  flags | AT_SYMLINK_NOFOLLOW) < 0)
		fail(entry->path, "owner", errno);
}

/* Not now, of a directory: more is made in it. */
static void note_directory(struct lc_tree *tree, const struct lc_attributes *entry)
{
	char below[PATH_MAX];
	struct lc_directory *note;

	lc_tree_path(entry->path, below);
	if (tree->directory_count == tree->directory_room) {
		tree->directory_room = tree->directory_room == 0 ? 64 : tree->directory_room * 2;
		tree->directories = grow(tree->directories, tree->directory_room, sizeof(*tree->directories));
	}
	note = &tree->directories[tree->directory_count++];
	note->path = strdup(below);
	note->mtime = entry->mtime;
	if (note->path == NULL)
		fail("", "memory", ENOMEM);
}

void lc_tree_set(struct lc_tree *tree, const struct lc_attributes *entry, int fd)
{
	const struct timespec times[2] = {entry->mtime, entry->mtime};

	own(tree, entry, fd, "", AT_EMPTY_PATH);
	/* After the owner: changing that takes bits away. */
	if (fchmod(fd, mode_of(tree, entry)) < 0)
		fail(entry->path, "mode", errno);
	if (futimens(fd, times) < 0)
		fail(entry->path, "time", errno);
}

/*
 * user.* is the image's own business, but for what an overlayfs above it would obey, and a file capability
 * is a privilege. The others belong to the host: trusted.* is obeyed by file systems, security.* by its
 * security modules, system.* holds ACLs of its ids.
 */
static bool is_xattr_allowed(const struct lc_tree *tree, const char *name)
{
	static const char overlay[] = "user.overlay.";

	if (strcmp(name, "security.capability") == 0)
		return tree->allows_privileges;
	return strncmp(name, "user.", 5) == 0 && strncmp(name, overlay, sizeof(overlay) - 1) != 0;
}

void lc_tree_xattr(const struct lc_tree *tree, const struct lc_attributes *entry, int fd,
	const char *name, const void *value, size_t size)
{
	char what[XATTR_NAME_MAX + 32];

	if (is_xattr_allowed(tree, name)) {
		if (fsetxattr(fd, name, value, size, 0) >= 0)
			return;
		if (errno != EOPNOTSUPP)
			fail(entry->path, name, errno);
	}
	snprintf(what, sizeof(what), "extended attribute %s", name);
	left_out(what, entry->path);
}

/* --- making --- */

int lc_tree_make_file(struct lc_tree *tree, const struct lc_attributes *entry)
{
	char below[PATH_MAX];
	const char *name;
	int parent, fd;

	lc_tree_path(entry->path, below);
	if (*below == '\0')
		lc_report_failure("path", entry->path, "the root is no directory", 0);
	parent = open_parent(tree, entry->path, below, &name);
	(void) clear_way(tree, entry->path, parent, name, S_IFREG);
	fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		fail(entry->path, "cannot be made", errno);
	remember_fd(tree, entry->path, fd);
	close(parent);
	return fd;
}

static int make_node(const struct lc_attributes *entry, int parent, const char *name)
{
	switch (entry->type) {
	case S_IFLNK:
		return symlinkat(entry->link, parent, name);
	case S_IFIFO:
		return mknodat(parent, name, S_IFIFO | 0600, 0);
	default:
		return mknodat(parent, name, entry->type | 0600, makedev(entry->major, entry->minor));
	}
}

/* Those without a descriptor: neither opening a device nor a fifo is harmless. */
static void set_name(struct lc_tree *tree, const struct lc_attributes *entry, int parent, const char *name)
{
	const struct timespec times[2] = {entry->mtime, entry->mtime};

	own(tree, entry, parent, name, 0);
	if (entry->type != S_IFLNK && fchmodat(parent, name, mode_of(tree, entry), 0) < 0)
		fail(entry->path, "mode", errno);
	if (utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		fail(entry->path, "time", errno);
}

void lc_tree_make(struct lc_tree *tree, const struct lc_attributes *entry)
{
	bool is_device = entry->type == S_IFCHR || entry->type == S_IFBLK;
	char below[PATH_MAX];
	const char *name;
	int parent;

	lc_tree_path(entry->path, below);
	/* A character device 0:0 is a whiteout to an overlayfs above. */
	if (is_device && (!tree->allows_devices || (entry->major == 0 && entry->minor == 0))) {
		left_out("device", entry->path);
		return;
	}
	if (*below == '\0')
		lc_report_failure("path", entry->path, "the root is no directory", 0);
	parent = open_parent(tree, entry->path, below, &name);
	(void) clear_way(tree, entry->path, parent, name, entry->type);
	if (make_node(entry, parent, name) < 0)
		fail(entry->path, "cannot be made", errno);
	remember_name(tree, entry->path, parent, name);
	set_name(tree, entry, parent, name);
	close(parent);
}

/* Opened where it was made, and not by its path again: it may have replaced a link that the path leads by. */
int lc_tree_make_directory(struct lc_tree *tree, const struct lc_attributes *entry)
{
	char below[PATH_MAX];
	const char *name = ".";
	int parent, fd;

	lc_tree_path(entry->path, below);
	note_directory(tree, entry);
	parent = *below == '\0' ? open_in_root(tree, "", O_PATH | O_DIRECTORY)
			       : open_parent(tree, entry->path, below, &name);
	if (*below != '\0' && !clear_way(tree, entry->path, parent, name, S_IFDIR) &&
		mkdirat(parent, name, 0700) < 0)
		fail(entry->path, "cannot be made", errno);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		fail(entry->path, "open", errno);
	remember_fd(tree, entry->path, fd);
	close(parent);
	return fd;
}

void lc_tree_link(struct lc_tree *tree, const struct lc_attributes *entry)
{
	char below[PATH_MAX], target[PATH_MAX];
	const char *name, *target_name;
	struct stat seen, there;
	int parent, from;

	lc_tree_path(entry->path, below);
	lc_tree_path(entry->link, target);
	if (*below == '\0' || *target == '\0')
		lc_report_failure("path", entry->path, "the root cannot be a link", 0);
	from = open_directory_of(tree, entry->path, target, false, &target_name);
	if (fstatat(from, target_name, &seen, AT_SYMLINK_NOFOLLOW) < 0)
		fail(entry->path, entry->link, errno);
	if (S_ISDIR(seen.st_mode))
		fail(entry->path, entry->link, EISDIR);
	parent = open_parent(tree, entry->path, below, &name);
	/* One to itself has nothing to do, and making room for it would take it away. */
	if (fstatat(parent, name, &there, AT_SYMLINK_NOFOLLOW) < 0 || there.st_ino != seen.st_ino) {
		(void) clear_way(tree, entry->path, parent, name, S_IFREG);
		if (linkat(from, target_name, parent, name, 0) < 0)
			fail(entry->path, entry->link, errno);
	}
	close(from);
	close(parent);
}

/* --- the whole --- */

static int open_below(int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		fail("", name, errno);
	return fd;
}

void lc_tree_open(struct lc_tree *tree, const char *path)
{
	int directory = open_below(AT_FDCWD, path);

	tree->root = open_below(directory, "rootfs");
	tree->trash = open_below(directory, "trash");
	close(directory);
}

void lc_tree_begin(const struct lc_tree *tree)
{
	const struct lc_attributes root = {.path = "/", .type = S_IFDIR};

	if (tree->uids.count > 0)
		own(tree, &root, tree->root, "", AT_EMPTY_PATH);
}

void lc_tree_finish(struct lc_tree *tree)
{
	for (size_t i = 0; i < tree->directory_count; i++) {
		const struct lc_directory *note = &tree->directories[i];
		const struct timespec times[2] = {note->mtime, note->mtime};
		/* It may have been replaced by a link since; then it has no times to be set. */
		int fd = open_in_root(tree, note->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

		if (fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
			fail(note->path, "open", errno);
		if (fd >= 0 && futimens(fd, times) < 0)
			fail(note->path, "time", errno);
		if (fd >= 0)
			close(fd);
	}
}
