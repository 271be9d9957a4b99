/* SPDX-License-Identifier: MIT */
/* The state root and the directories in it. Modes never depend on the caller's umask. [A05 A91] */
#include "container/factory.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "configs/validate.h"
#include "sys/sys.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#define LCT_LOCKS_MAX (4u << 20)

/* mkdir -p, one component after the other; what is there already is left as it is. */
static int make_parents(const char *path, uint32_t mode, struct lc_error *err)
{
	char part[4096];
	size_t length = strlen(path);

	if (path[0] != '/')
		return lc_fail(err, LCT_STEP_STATE, EINVAL, path);
	if (length >= sizeof(part))
		return lc_fail(err, LCT_STEP_STATE, ENAMETOOLONG, path);
	for (size_t i = 1; i <= length; i++) {
		long r;

		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		r = lc_sys_mkdirat(AT_FDCWD, part, mode);
		if (r < 0 && r != -EEXIST) {
			/* A parent that exists on a read-only file system answers EROFS first. */
			struct statx st;

			if (lc_sys_statx(AT_FDCWD, part, 0, STATX_TYPE, &st) == 0)
				continue;
			return lc_fail(err, LCT_STEP_STATE, r, part);
		}
	}
	return 0;
}

/* FNV-1a: enough to keep the names of two roots apart, no secret. */
static uint64_t hash_bytes(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return hash;
}

int lc_factory_open(
	struct lc_factory *factory, const char *path, bool is_swept, struct lc_error *err)
{
	LCT_CLEANUP(fd) int fd = -1;
	struct statx st;
	uint64_t hash = 0xcbf29ce484222325u;
	long r;

	factory->fd = -1;
	r = make_parents(path, is_swept ? S_ISVTX | 0700 : 0700, err);
	if (r < 0)
		return (int) r;
	fd = lc_fd_above_stdio(
		(int) lc_sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
	if (fd < 0)
		return lc_fail(err, LCT_STEP_STATE, fd, path);
	r = lc_sys_statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &st);
	if (r < 0)
		return lc_fail(err, LCT_STEP_STATE, r, path);
	if (st.stx_uid != (uint32_t) lc_sys_geteuid() || (st.stx_mode & 022) != 0)
		return lc_fail(err, LCT_STEP_STATE, EPERM, path);
	hash = hash_bytes(hash, &st.stx_dev_major, sizeof(st.stx_dev_major));
	hash = hash_bytes(hash, &st.stx_dev_minor, sizeof(st.stx_dev_minor));
	hash = hash_bytes(hash, &st.stx_ino, sizeof(st.stx_ino));
	/* A root that is removed while containers run leaves its number to another one. Zeros where
	 * the file system knows no time of birth. */
	hash = hash_bytes(hash, &st.stx_btime.tv_sec, sizeof(st.stx_btime.tv_sec));
	hash = hash_bytes(hash, &st.stx_btime.tv_nsec, sizeof(st.stx_btime.tv_nsec));
	snprintf(factory->key, sizeof(factory->key), "%016llx", (unsigned long long) hash);
	factory->fd = lc_take_fd(&fd);
	return 0;
}

void lc_factory_done(struct lc_factory *factory)
{
	lc_fd_close(&factory->fd);
}

static int check_id(const char *id, struct lc_error *err)
{
	return lc_id_is_valid(id, strlen(id)) ? 0 : lc_fail(err, LCT_STEP_ID, EINVAL, id);
}

int lc_factory_find(const struct lc_factory *factory, const char *id, struct lc_error *err)
{
	int r = check_id(id, err), fd;

	if (r < 0)
		return r;
	fd = lc_fd_above_stdio((int) lc_sys_openat2(factory->fd, id,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, 0,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS));
	return fd >= 0 ? fd : lc_fail(err, LCT_STEP_STATE, fd, id);
}

int lc_factory_make(const struct lc_factory *factory, const char *id, struct lc_error *err)
{
	int fd = check_id(id, err);
	long r;

	if (fd < 0)
		return fd;
	r = lc_sys_mkdirat(factory->fd, id, 0700);
	if (r < 0)
		return lc_fail(err, LCT_STEP_STATE, r, id);
	fd = lc_factory_find(factory, id, err);
	if (fd < 0)
		(void) lc_sys_unlinkat(factory->fd, id, AT_REMOVEDIR);
	return fd;
}

struct removal {
	int directory;
	struct lc_error *err;
	bool has_removed;
};

static int remove_entry(void *context, const char *name, unsigned char type)
{
	struct removal *removal = context;
	long r = -EISDIR;

	if (strcmp(name, "lock") == 0)
		return 0;
	if (type != DT_DIR)
		r = lc_sys_unlinkat(removal->directory, name, 0);
	if (r == -EISDIR)
		r = lc_dir_remove(removal->directory, name, LCT_STEP_STATE, removal->err);
	else if (r < 0 && r != -ENOENT)
		return lc_fail(removal->err, LCT_STEP_STATE, r, name);
	removal->has_removed = true;
	return r == -ENOENT ? 0 : (int) r;
}

/* The lock and the name go last and one after the other: between them another process can lock the
 * directory again, and what is in it is his from then on. */
static long remove_name(const struct lc_factory *factory, int directory, const char *id)
{
	long r = lc_sys_unlinkat(directory, "lock", 0);

	return r >= 0 || r == -ENOENT ? lc_sys_unlinkat(factory->fd, id, AT_REMOVEDIR) : r;
}

/* Ours holds more than is usual, or is no longer ours: the answer of one more attempt. */
static long remove_more(const struct lc_factory *factory, const char *id, struct removal *removal)
{
	LCT_CLEANUP(fd) int lock = lc_factory_lock(removal->directory, true, removal->err);
	struct statx st;
	long r;

	removal->has_removed = false;
	/* Another process works in it, or has removed it. */
	if (lock == -EAGAIN || lock == -ENOENT)
		return -ENOENT;
	if (lock < 0)
		return lock;
	r = lc_sys_statx(removal->directory, "state.json", 0, STATX_TYPE, &st);
	if (r != -ENOENT) /* another process has made its container here */
		return r < 0 ? r : -ENOENT;
	r = lc_dir_each(removal->directory, remove_entry, removal, LCT_STEP_STATE, removal->err);
	return r < 0 ? r : remove_name(factory, removal->directory, id);
}

int lc_factory_remove(const struct lc_factory *factory, int directory, const char *id,
	struct lc_error *err)
{
	struct removal removal = {directory, err, true};
	int failed = check_id(id, err);
	long r;

	if (failed < 0)
		return failed;
	/* What is usually in it, without a descriptor more. */
	r = lc_sys_unlinkat(directory, "state.json", 0);
	if (r == -EISDIR) /* somebody's, but not ours to leave */
		r = lc_dir_remove(directory, "state.json", LCT_STEP_STATE, err);
	if (r >= 0 || r == -ENOENT)
		r = remove_name(factory, directory, id);
	while (r == -ENOTEMPTY && removal.has_removed)
		r = remove_more(factory, id, &removal);
	/* Ours is empty and the name is not: it belongs to a new container. */
	if (r == -ENOTEMPTY || r == -ENOENT)
		return 0;
	return r < 0 ? lc_fail(err, LCT_STEP_STATE, r, id) : 0;
}

struct each {
	int (*visit)(void *context, const char *id);
	void *context;
};

static int visit_entry(void *context, const char *name, unsigned char type)
{
	const struct each *each = context;

	if (type != DT_DIR && type != DT_UNKNOWN)
		return 0;
	return lc_id_is_valid(name, strlen(name)) ? each->visit(each->context, name) : 0;
}

int lc_factory_each(const struct lc_factory *factory, int (*visit)(void *context, const char *id),
	void *context, struct lc_error *err)
{
	struct each each = {visit, context};

	return lc_dir_each(factory->fd, visit_entry, &each, LCT_STEP_STATE, err);
}

int lc_factory_lock(int directory, bool make, struct lc_error *err)
{
	/* Not for writing: the file may be on what has become read-only. [L10] */
	const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | (make ? O_CREAT : 0);
	LCT_CLEANUP(fd) int fd = -1;
	struct statx st;
	long r;

	fd = lc_fd_above_stdio((int) lc_sys_openat(directory, "lock", flags, 0600));
	if (fd < 0)
		return lc_fail(err, LCT_STEP_LOCK, fd, "lock");
	r = lc_sys_flock(fd, LOCK_EX | LOCK_NB);
	if (r < 0)
		return lc_fail(err, LCT_STEP_LOCK, r, "lock");
	/* The holder before us may have destroyed the container: then this is an orphaned inode. */
	r = lc_sys_statx(fd, "", AT_EMPTY_PATH, STATX_NLINK, &st);
	if (r < 0)
		return lc_fail(err, LCT_STEP_LOCK, r, "lock");
	if (st.stx_nlink == 0)
		return lc_fail(err, LCT_STEP_STATE, ENOENT, "");
	return lc_take_fd(&fd);
}

pid_t lc_factory_lock_holder(int directory)
{
	struct lc_arena arena = {0};
	struct statx st;
	char *text = NULL, *rest = NULL;
	pid_t holder = 0;

	if (lc_sys_statx(directory, "lock", AT_SYMLINK_NOFOLLOW, STATX_INO, &st) == 0)
		(void) lc_file_read_alloc(AT_FDCWD, "/proc/locks", &arena, LCT_LOCKS_MAX, &text,
			LCT_STEP_LOCK, NULL);
	/* "1: FLOCK  ADVISORY  WRITE 1234 00:1a:5678 0 EOF"; who waits has an arrow before FLOCK. */
	for (char *line = text; line != NULL && holder == 0; line = rest) {
		unsigned long long inode;
		unsigned major, minor;
		int pid;

		rest = strchr(line, '\n');
		rest = rest != NULL ? rest + 1 : NULL;
		if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%llu", &pid, &major, &minor, &inode) == 4 &&
			inode == st.stx_ino && major == st.stx_dev_major && minor == st.stx_dev_minor)
			holder = pid;
	}
	lc_arena_done(&arena);
	return holder > 0 ? holder : 0;
}
