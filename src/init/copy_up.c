/* SPDX-License-Identifier: MIT */
/*
 * tmpcopyup: a new file system gets what the directory has that it will cover. The new one is still
 * detached, so nobody sees or changes it; the directory is the image's, and hostile. Every entry is
 * reached by one name in the descriptor of its parent, no link is followed, no other mount entered
 * (of one that is in the way only the mount point is made), and nothing is read but regular files.
 *
 * Names of the same file stay names of one. There is no memory to remember them in: they are linked
 * into a directory of the new file system too, by the number of their inode, until all is copied.
 */
#include "init/init.h"
#include <linux/magic.h>
#include <sys/statfs.h>

#define LINKS ".libcontainer-links"
#define DEPTH_MAX 128
#define COPY_MAX 0x7ffff000ul /* bytes in one sendfile */
#define XATTR_NAMES_MAX 4096
#define XATTR_VALUE_MAX 65536

struct entry { /* of getdents64(2) */
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

struct copy {
	char path[PATH_MAX]; /* in the container, of what is being copied: for the error */
	char link[PATH_MAX]; /* what a link says: here, since all depths together have one stack, which is small */
	size_t used;
	uint64_t mount;      /* that the directory lies in */
	int links;           /* see above, -1 until there is need */
	int top;             /* the new root */
	bool has_failed;     /* the error has its path */
	struct lc_error *err;
};

static long fail(struct copy *copy, long errnum)
{
	if (errnum < 0 && !copy->has_failed) {
		copy->has_failed = true;
		(void) lc_fail(copy->err, LCT_STEP_MOUNT, errnum, copy->path);
	}
	return errnum;
}

static long look(int fd, struct statx *out)
{
	return lc_sys_statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT,
		STATX_BASIC_STATS | STATX_MNT_ID, out);
}

/* --- attributes --- */

/* What the new file system has no room for by its nature is left out, as cp(1) does. */
static long copy_xattr(int from, int to, const char *name)
{
	char value[XATTR_VALUE_MAX];
	long length = lc_sys_fgetxattr(from, name, value, sizeof(value)), r;

	if (length == -ENODATA || length == -EOPNOTSUPP)
		return 0;
	if (length < 0)
		return length;
	r = lc_sys_fsetxattr(to, name, value, (size_t) length, 0);
	return r == -EOPNOTSUPP ? 0 : r;
}

static long copy_xattrs(int from, int to)
{
	char names[XATTR_NAMES_MAX];
	const char *name = names;
	long length = lc_sys_flistxattr(from, names, sizeof(names)), r = 0;

	if (length == -EOPNOTSUPP)
		return 0;
	while (r >= 0 && name < names + length) {
		r = copy_xattr(from, to, name);
		name += lc_length(name) + 1;
	}
	return length < 0 ? length : r;
}

static long set_times(int directory, const char *name, const struct statx *seen)
{
	struct timespec times[2];

	times[0].tv_sec = seen->stx_atime.tv_sec;
	times[0].tv_nsec = seen->stx_atime.tv_nsec;
	times[1].tv_sec = seen->stx_mtime.tv_sec;
	times[1].tv_nsec = seen->stx_mtime.tv_nsec;
	return lc_sys_utimensat(directory, name, times, name == NULL ? 0 : AT_SYMLINK_NOFOLLOW);
}

/* In this order: a change of owner takes set-user-ID bits and file capabilities away, and one of the
 * mode is a change of the access list. */
static long copy_attributes(int from, int to, const struct statx *seen)
{
	long r = lc_sys_fchownat(to, "", seen->stx_uid, seen->stx_gid, AT_EMPTY_PATH);

	if (r >= 0)
		r = lc_sys_fchmod(to, seen->stx_mode & 07777);
	if (r >= 0)
		r = copy_xattrs(from, to);
	return r < 0 ? r : set_times(to, NULL, seen);
}

/* --- kinds of entries --- */

/* As long as it was when it was looked at, holes and all. */
static long copy_content(int from, int to, int64_t size)
{
	int64_t at = 0;
	long r = 0;

	while (r >= 0 && at < size) {
		int64_t end = size;

		at = r = lc_sys_lseek(from, at, SEEK_DATA);
		if (r == -ENXIO)
			break;
		if (r >= 0)
			end = r = lc_sys_lseek(from, at, SEEK_HOLE);
		if (r >= 0)
			r = lc_sys_lseek(to, at, SEEK_SET);
		if (end > size)
			end = size;
		while (r >= 0 && at < end) {
			size_t count = end - at > (int64_t) COPY_MAX ? COPY_MAX : (size_t) (end - at);

			r = lc_sys_sendfile(to, from, &at, count);
			if (r == 0) /* it has become shorter */
				at = end = size;
		}
	}
	return r < 0 && r != -ENXIO ? r : lc_sys_ftruncate(to, size);
}

/* The name that stands for an inode: its number, in hexadecimal. */
static void name_inode(const struct statx *seen, char out[17])
{
	int i;

	for (i = 0; i < 16; i++)
		out[i] = "0123456789abcdef"[seen->stx_ino >> (60 - 4 * i) & 15];
	out[16] = '\0';
}

/* 1 when the file has been copied under another name, of which this is now a second one. */
static long link_known(struct copy *copy, const struct statx *seen, int to, const char *name)
{
	char inode[17];
	long r;

	if (seen->stx_nlink < 2 || copy->links < 0)
		return 0;
	name_inode(seen, inode);
	r = lc_sys_linkat(copy->links, inode, to, name);
	return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

static long remember_link(struct copy *copy, const struct statx *seen, int to, const char *name)
{
	char inode[17];
	long r = 0;

	if (seen->stx_nlink < 2)
		return 0;
	if (copy->links < 0) {
		r = lc_sys_mkdirat(copy->top, LINKS, 0700);
		if (r >= 0)
			r = copy->links = (int) lc_sys_openat(copy->top, LINKS,
				O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	}
	name_inode(seen, inode);
	return r < 0 ? r : lc_sys_linkat(to, name, copy->links, inode);
}

static long copy_file(struct copy *copy, int from, int to, const char *name, bool is_foreign)
{
	LCT_INIT_FD int source = (int) lc_sys_openat(from, name,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	LCT_INIT_FD int target = -1;
	struct statx seen;
	long r = source;

	if (r >= 0)
		r = look(source, &seen);
	if (r >= 0 && !S_ISREG(seen.stx_mode))
		r = -EXDEV; /* somebody has put something else there, just now */
	if (r < 0)
		return r;
	r = link_known(copy, &seen, to, name);
	if (r != 0)
		return r;
	r = target = (int) lc_sys_openat(
		to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (r >= 0 && !is_foreign)
		r = copy_content(source, target, (int64_t) seen.stx_size);
	if (r >= 0)
		r = copy_attributes(source, target, &seen);
	return r < 0 ? r : remember_link(copy, &seen, to, name);
}

static long copy_symlink(
	struct copy *copy, int found, int to, const char *name, const struct statx *seen)
{
	long r = lc_sys_readlinkat(found, "", copy->link, sizeof(copy->link) - 1);

	if (r < 0)
		return r;
	copy->link[r] = '\0';
	r = lc_sys_symlinkat(copy->link, to, name);
	if (r >= 0)
		r = lc_sys_fchownat(
			to, name, seen->stx_uid, seen->stx_gid, AT_SYMLINK_NOFOLLOW);
	return r < 0 ? r : set_times(to, name, seen);
}

/* Fifos, sockets, devices. */
static long copy_node(int to, const char *name, const struct statx *seen)
{
	long r = lc_sys_mknodat(to, name, seen->stx_mode & (S_IFMT | 07777),
		lc_device_number(seen->stx_rdev_major, seen->stx_rdev_minor));

	if (r >= 0)
		r = lc_sys_fchownat(
			to, name, seen->stx_uid, seen->stx_gid, AT_SYMLINK_NOFOLLOW);
	if (r >= 0)
		r = lc_sys_fchmodat(to, name, seen->stx_mode & 07777);
	return r < 0 ? r : set_times(to, name, seen);
}

/* --- the walk --- */

static long copy_entry(struct copy *copy, int from, int to, const char *name, int depth);

/* What is in `from` into `to`. */
static long copy_entries(struct copy *copy, int from, int to, int depth)
{
	char buffer[2048] __attribute__((aligned(8)));
	long length, at, r = 0;

	while (r >= 0 && (length = lc_sys_getdents64(from, buffer, sizeof(buffer))) > 0) {
		for (at = 0; r >= 0 && at < length;) {
			const struct entry *entry = (const struct entry *) (buffer + at);

			at += entry->length;
			if (!lc_equal(entry->name, ".") && !lc_equal(entry->name, ".."))
				r = copy_entry(copy, from, to, entry->name, depth);
		}
	}
	return r < 0 ? r : length;
}

static long copy_directory(
	struct copy *copy, int from, int to, const char *name, int depth, bool is_foreign)
{
	LCT_INIT_FD int source = (int) lc_sys_openat(
		from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	LCT_INIT_FD int target = -1;
	struct statx seen;
	long r = source;

	if (depth >= DEPTH_MAX)
		return -ELOOP;
	if (r >= 0)
		r = look(source, &seen);
	if (r >= 0)
		r = lc_sys_mkdirat(to, name, 0700);
	if (r >= 0)
		r = target = (int) lc_sys_openat(
			to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (r >= 0 && !is_foreign)
		r = copy_entries(copy, source, target, depth + 1);
	return r < 0 ? r : copy_attributes(source, target, &seen);
}

static long copy_entry(struct copy *copy, int from, int to, const char *name, int depth)
{
	LCT_INIT_FD int found = (int) lc_sys_openat(from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	size_t before = copy->used;
	struct statx seen;
	bool is_foreign;
	long r = found;

	if (r == -ENOENT)
		return 0; /* it has gone since the directory was read */
	if (!lc_append(copy->path, sizeof(copy->path), &copy->used, "/") ||
		!lc_append(copy->path, sizeof(copy->path), &copy->used, name))
		r = -ENAMETOOLONG;
	if (r >= 0)
		r = look(found, &seen);
	if (r < 0)
		return fail(copy, r);
	is_foreign = seen.stx_mnt_id != copy->mount;
	if (S_ISDIR(seen.stx_mode))
		r = copy_directory(copy, from, to, name, depth, is_foreign);
	else if (S_ISREG(seen.stx_mode))
		r = copy_file(copy, from, to, name, is_foreign);
	else if (S_ISLNK(seen.stx_mode))
		r = copy_symlink(copy, found, to, name, &seen);
	else
		r = copy_node(to, name, &seen);
	(void) fail(copy, r);
	copy->used = before;
	copy->path[before] = '\0';
	return r;
}

static long forget_links(struct copy *copy)
{
	char buffer[2048] __attribute__((aligned(8)));
	long length = 1, at, r = 0;

	if (copy->links < 0)
		return 0;
	/* Again from the start as long as there is something: entries are taken away under it. */
	while (r >= 0 && length > 0) {
		bool has_removed = false;

		r = lc_sys_lseek(copy->links, 0, SEEK_SET);
		length = r < 0 ? 0 : lc_sys_getdents64(copy->links, buffer, sizeof(buffer));
		for (at = 0; r >= 0 && at < length;) {
			const struct entry *entry = (const struct entry *) (buffer + at);

			at += entry->length;
			if (lc_equal(entry->name, ".") || lc_equal(entry->name, ".."))
				continue;
			has_removed = true;
			r = lc_sys_unlinkat(copy->links, entry->name, 0);
		}
		if (!has_removed)
			break;
	}
	if (r >= 0 && length < 0)
		r = length;
	(void) lc_sys_close(copy->links);
	return r < 0 ? r : lc_sys_unlinkat(copy->top, LINKS, AT_REMOVEDIR);
}

/* Nothing there is the image's, and some of it answers a read with a wait. */
static long refuse_kernel_files(int directory)
{
	struct statfs seen;
	long r = lc_sys_fstatfs(directory, &seen);

	if (r >= 0 && (seen.f_type == PROC_SUPER_MAGIC || seen.f_type == SYSFS_MAGIC))
		return -EPERM;
	return r;
}

int lc_init_copy_up(struct lc_init *init, const struct lc_op_copy_up *op, struct lc_error *err)
{
	const char *path = lc_plan_string(&init->plan, op->target);
	LCT_INIT_FD int from = lc_path_open(init, path, O_RDONLY | O_DIRECTORY, 0);
	LCT_INIT_FD int top = -1;
	struct copy copy;
	struct statx seen;
	long r = from;

	if (lc_is_missing(r))
		return 0; /* attach makes it, or finds a file there, and says so */
	copy.used = 0;
	copy.links = -1;
	copy.has_failed = false;
	copy.err = err;
	if (!lc_append(copy.path, sizeof(copy.path), &copy.used, path))
		r = -ENAMETOOLONG;
	if (r >= 0)
		r = refuse_kernel_files(from);
	if (r >= 0)
		r = look(from, &seen);
	if (r >= 0)
		r = top = (int) lc_sys_openat(lc_slot_get(init, op->slot), ".",
			O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (r >= 0) {
		copy.mount = seen.stx_mnt_id;
		copy.top = top;
		r = copy_entries(&copy, from, top, 0);
	}
	if (r >= 0)
		r = forget_links(&copy);
	if (r >= 0 && op->owner != 0)
		r = lc_sys_fchownat(top, "", seen.stx_uid, seen.stx_gid, AT_EMPTY_PATH);
	if (r >= 0 && op->owner != 0)
		r = copy_xattrs(from, top);
	if (r >= 0)
		r = set_times(top, NULL, &seen);
	return r < 0 ? (int) fail(&copy, r) : 0;
}
