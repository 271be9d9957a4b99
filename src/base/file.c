/* SPDX-License-Identifier: MIT */
/*
 * Small files and directories of the host, always relative to a descriptor and with raw calls.
 *
 * Nothing here syncs to disk: what we store describes processes and mounts of the running kernel,
 * so it never outlives a boot usefully, and rename(2) alone is atomic for every other process.
 * umask is never touched, because it belongs to all threads of the host.
 */
#include "base/file.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "sys/sys.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define LCT_DIR_DEPTH 64 /* levels that lc_dir_remove has open at once */
#define LCT_DIR_PASSES 8 /* over a directory that is not empty yet */
#define LCT_READ_START 4096

static int open_to_read(
	int dirfd, const char *name, int flags, enum lc_step step, struct lc_error *err)
{
	/* what somebody has put there may be a pipe: nobody waits for its other end */
	long fd = lc_sys_openat(dirfd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | flags, 0);

	return fd < 0 ? lc_fail(err, step, fd, name) : (int) fd;
}

long lc_file_read(int dirfd, const char *name, char *buffer, size_t size, enum lc_step step,
	struct lc_error *err)
{
	LCT_CLEANUP(fd) int fd = -1;
	long length;

	if (size == 0)
		return lc_fail(err, step, EINVAL, name);
	buffer[0] = '\0';
	fd = open_to_read(dirfd, name, 0, step, err);
	if (fd < 0)
		return fd;
	length = lc_fd_read_all(fd, buffer, size - 1);
	buffer[length < 0 ? 0 : length] = '\0';
	return length < 0 ? lc_fail(err, step, length, name) : length;
}

/* Twice the room, with what is there already. NULL when out of memory. */
static char *grow(struct lc_arena *arena, const char *old, size_t used, size_t room)
{
	char *bytes = lc_arena_alloc(arena, room + 1);

	if (bytes != NULL && used > 0)
		memcpy(bytes, old, used);
	return bytes;
}

long lc_file_read_alloc(int dirfd, const char *name, struct lc_arena *arena, size_t limit,
	char **out, enum lc_step step, struct lc_error *err)
{
	LCT_CLEANUP(fd) int fd = open_to_read(dirfd, name, 0, step, err);
	size_t used = 0, room = 0;
	char *text = NULL;

	if (fd < 0)
		return fd;
	if (limit > LONG_MAX / 4)
		limit = LONG_MAX / 4;
	for (;;) {
		long r;

		if (used == room) {
			if (used > limit)
				return lc_fail(err, step, EMSGSIZE, name);
			room = room == 0 ? LCT_READ_START : room * 2;
			/* One more than allowed, to see that a file is too long. */
			if (room > limit + 1)
				room = limit + 1;
			text = grow(arena, text, used, room);
			if (text == NULL)
				return lc_fail(err, step, ENOMEM, name);
		}
		r = lc_sys_read(fd, text + used, room - used);
		if (r == -EINTR)
			continue;
		if (r < 0)
			return lc_fail(err, step, r, name);
		if (r == 0)
			break;
		used += (size_t) r;
	}
	if (used > limit)
		return lc_fail(err, step, EMSGSIZE, name);
	text[used] = '\0';
	*out = text;
	return (long) used;
}

/* "dir/name" -> "dir/.name.1a2b3c4d": in the same directory, so that rename works. */
static int temporary_name(const char *name, char *out, size_t size)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash != NULL ? slash + 1 : name;
	uint32_t random;
	long r = lc_sys_getrandom(&random, sizeof(random), 0);
	int length;

	if (r < 0)
		return (int) r;
	if ((size_t) r != sizeof(random))
		return -EIO;
	if (*base == '\0')
		return -EINVAL;
	length = snprintf(out, size, "%.*s.%s.%08x", (int) (base - name), name, base, random);
	return length < 0 || (size_t) length >= size ? -ENAMETOOLONG : 0;
}

int lc_file_replace(int dirfd, const char *name, const void *data, size_t size, unsigned mode,
	enum lc_step step, struct lc_error *err)
{
	LCT_CLEANUP(fd) int fd = -1;
	char temporary[PATH_MAX];
	long r = temporary_name(name, temporary, sizeof(temporary));

	if (r < 0)
		return lc_fail(err, step, r, name);
	fd = (int) lc_sys_openat(dirfd, temporary,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return lc_fail(err, step, fd, name);
	r = lc_sys_fchmod(fd, mode);
	if (r >= 0)
		r = lc_fd_write_all(fd, data, size);
	if (r >= 0)
		r = lc_sys_renameat2(dirfd, temporary, dirfd, name, 0);
	if (r < 0) {
		(void) lc_sys_unlinkat(dirfd, temporary, 0);
		return lc_fail(err, step, r, name);
	}
	return 0;
}

typedef int visit_fn(void *context, const char *name, unsigned char type);

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Visit the entries of a directory from where `fd` stands; -errno of getdents64 in *failed. */
static int each_entry(int fd, visit_fn *visit, void *context, long *failed)
{
	_Alignas(struct lc_dirent) char buffer[2048];

	*failed = 0;
	for (;;) {
		long size = lc_sys_getdents64(fd, buffer, sizeof(buffer));
		long at = 0;

		if (size <= 0) {
			*failed = size;
			return 0;
		}
		while (at < size) {
			const struct lc_dirent *entry = (const void *) (buffer + at);
			int r = 0;

			if (!is_dot(entry->name))
				r = visit(context, entry->name, entry->type);
			if (r != 0)
				return r;
			at += entry->length;
		}
	}
}

int lc_dir_each(int dirfd, visit_fn *visit, void *context, enum lc_step step, struct lc_error *err)
{
	/* Opened anew: reading moves an offset that all users of the caller's one share. */
	LCT_CLEANUP(fd) int fd = open_to_read(dirfd, ".", O_DIRECTORY, step, err);
	long failed;
	int r;

	if (fd < 0)
		return fd;
	r = each_entry(fd, visit, context, &failed);
	return failed < 0 ? lc_fail(err, step, failed, ".") : r;
}

struct removal {
	int fd; /* directory being emptied */
	int depth;
	int top;         /* the outermost one of them */
	unsigned *moved; /* directories that were too deep, and are in the outermost one now */
	enum lc_step step;
	struct lc_error *err;
};

static int remove_tree(const struct removal *above, const char *name);

static int remove_entry(void *context, const char *name, unsigned char type)
{
	const struct removal *removal = context;
	long r = -EISDIR;

	if (type != DT_DIR)
		r = lc_sys_unlinkat(removal->fd, name, 0);
	if (r == -EISDIR)
		return remove_tree(removal, name);
	if (r < 0 && r != -ENOENT)
		return lc_fail(removal->err, removal->step, r, name);
	return 0;
}

/* Whoever made the tree may have made it deeper than there are descriptors: what is too deep is done
 * from above, in another pass. */
static int move_up(const struct removal *above, const char *name)
{
	char other[32];
	long r = -EEXIST;

	while (r == -EEXIST) {
		(void) snprintf(other, sizeof(other), "moved-%u", (*above->moved)++);
		r = lc_sys_renameat2(above->fd, name, above->top, other, RENAME_NOREPLACE);
	}
	return r < 0 && r != -ENOENT ? lc_fail(above->err, above->step, r, name) : 0;
}

/*
 * Empty the directory `name` of above->fd. It is opened without following anything, so whoever
 * swaps it for a link or mounts over it meanwhile gets us an error and not elsewhere.
 */
static int empty_tree(const struct removal *above, const char *name)
{
	LCT_CLEANUP(fd) int fd = (int) lc_sys_openat2(above->fd, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0,
		RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
	struct removal removal = {fd, above->depth + 1, above->depth == 0 ? fd : above->top,
		above->moved, above->step, above->err};
	long failed;
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return lc_fail(above->err, above->step, fd, name);
	if (removal.depth > LCT_DIR_DEPTH)
		return move_up(above, name);
	r = each_entry(fd, remove_entry, &removal, &failed);
	return failed < 0 ? lc_fail(above->err, above->step, failed, name) : r;
}

static int remove_tree(const struct removal *above, const char *name)
{
	long r = -ENOTEMPTY;

	/* A file system may skip entries when others are removed while it lists them. */
	for (int pass = 0; r == -ENOTEMPTY && pass < LCT_DIR_PASSES; pass++) {
		unsigned moved = *above->moved;

		r = empty_tree(above, name);
		if (above->depth == 0 && *above->moved != moved)
			pass = 0;
		if (r < 0)
			return (int) r;
		r = lc_sys_unlinkat(above->fd, name, AT_REMOVEDIR);
	}
	return r < 0 && r != -ENOENT ? lc_fail(above->err, above->step, r, name) : 0;
}

int lc_dir_remove(int dirfd, const char *name, enum lc_step step, struct lc_error *err)
{
	unsigned moved = 0;
	struct removal top = {dirfd, 0, dirfd, &moved, step, err};

	/* Neither the caller's own directory nor one that a link on the way names. */
	if (*name == '\0' || is_dot(name) || strchr(name, '/') != NULL)
		return lc_fail(err, step, EINVAL, name);
	return remove_tree(&top, name);
}
