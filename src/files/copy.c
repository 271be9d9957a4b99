/* SPDX-License-Identifier: MIT */
/*
 * Both sides may be hostile. The source is: every entry is opened as a name of its directory's descriptor, looked
 * at, and used by that descriptor. The target is made in a directory that is closed to all but its owner, root of
 * the container; so names are used again there, but never in a way that would follow a link.
 */
#include "files/copy.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "files/attributes.h"
#include "sys/sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#define LCT_COPY_LINKS "links"
#define LCT_COPY_DEPTH 128       /* levels of directories, each with two descriptors */
#define LCT_COPY_BYTES (1 << 20) /* of one step */

struct lc_copy_level {
	struct lc_copy_level *above;
	int from, to;
	struct statx seen;
	size_t path_above, path_here; /* how much of copy->path is the directory above, and this one */
	bool is_foreign;             /* something is mounted there */
	long length, at;
	_Alignas(struct lc_dirent) char buffer[4096];
};

static int fail(struct lc_copy *copy, long errnum, struct lc_error *err)
{
	return lc_fail(err, LCT_STEP_FILE, errnum, copy->path);
}

static int leave_out(struct lc_copy *copy, const char *what)
{
	copy->left_out = what;
	return LCT_COPY_LEFT_OUT;
}

/* --- attributes --- */

/* Who owns the copy, as the host numbers it: 1; 0 for whoever made it. */
static long owner_of(const struct lc_copy *copy, const struct statx *seen, struct lc_file_owner *out)
{
	const struct lc_copy_options *options = &copy->options;
	int64_t uid = options->uid, gid = options->gid;

	if (options->keeps_owner) {
		uid = lc_file_map_in(&copy->from->uids, seen->stx_uid);
		gid = lc_file_map_in(&copy->from->gids, seen->stx_gid);
	} else if (!options->has_owner && copy->to->root == AT_FDCWD) {
		return 0;
	}
	if (uid >= 0)
		uid = lc_file_map_out(&copy->to->uids, (uint32_t) uid);
	if (gid >= 0)
		gid = lc_file_map_out(&copy->to->gids, (uint32_t) gid);
	if (uid < 0 || gid < 0)
		return -EOVERFLOW;
	*out = (struct lc_file_owner){(uint32_t) uid, (uint32_t) gid};
	return 1;
}

static bool has_privileges(const struct statx *seen)
{
	return !S_ISDIR(seen->stx_mode) && (seen->stx_mode & (S_ISUID | S_ISGID)) != 0;
}

static unsigned mode_of(const struct lc_copy *copy, const struct statx *seen)
{
	unsigned mode = seen->stx_mode & 07777;

	if (S_ISREG(seen->stx_mode) && copy->options.has_mode)
		return copy->options.mode;
	/* Of a directory it says whose group new files are, and gives nothing. */
	return has_privileges(seen) && !copy->options.allows_privileges ? mode & 01777 : mode;
}

static long dress(const struct lc_copy *copy, int from, int to, const struct statx *seen, unsigned mode)
{
	struct lc_file_owner owner;
	long r = owner_of(copy, seen, &owner);

	if (r > 0)
		r = lc_sys_fchownat(to, "", owner.uid, owner.gid, AT_EMPTY_PATH);
	/* After the owner: changing that takes bits away. */
	if (r >= 0)
		r = lc_sys_fchmod(to, mode);
	if (r >= 0)
		r = lc_attributes_copy(from, to, copy->options.allows_privileges);
	return r < 0 ? r : lc_attributes_set_times(to, NULL, seen);
}

/* --- names of one file --- */

static void name_inode(const struct statx *seen, char out[40])
{
	(void) snprintf(out, 40, "%x.%x.%llx", seen->stx_dev_major, seen->stx_dev_minor,
		(unsigned long long) seen->stx_ino);
}

/* 1 when it has been copied under another name, of which this is now a second one. */
static long link_known(struct lc_copy *copy, const struct statx *seen, int to, const char *name)
{
	char inode[40];
	long r;

	if (seen->stx_nlink < 2 || copy->links < 0)
		return 0;
	name_inode(seen, inode);
	r = lc_maker_link(&copy->place.maker, copy->links, inode, to, name);
	return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

static long remember_link(struct lc_copy *copy, const struct statx *seen, int to, const char *name)
{
	const struct lc_maker *maker = &copy->place.maker;
	char inode[40];
	long r = 0;

	if (seen->stx_nlink < 2 || copy->depth == 0)
		return 0;
	if (copy->links < 0) {
		r = lc_maker_mkdir(maker, copy->place.workshop, LCT_COPY_LINKS);
		if (r >= 0)
			r = copy->links = lc_fd_above_stdio((int) lc_sys_openat(copy->place.workshop,
				    LCT_COPY_LINKS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0));
	}
	name_inode(seen, inode);
	return r < 0 ? r : lc_maker_link(maker, to, name, copy->links, inode);
}

/* --- kinds of entries --- */

static long begin_file(struct lc_copy *copy, int looked, const struct statx *seen, int to, const char *name)
{
	long r = link_known(copy, seen, to, name);

	if (r != 0)
		return r < 0 ? r : LCT_COPY_MORE;
	r = copy->file = (int) lc_files_reopen(looked);
	if (r >= 0)
		r = copy->target = lc_fd_above_stdio((int) lc_maker_open(&copy->place.maker, to, name));
	if (r >= 0)
		r = remember_link(copy, seen, to, name);
	copy->seen = *seen;
	copy->at = copy->end = 0;
	if (r >= 0 && has_privileges(seen) && !copy->options.allows_privileges && !copy->options.has_mode)
		return leave_out(copy, "set-id bits");
	return r < 0 ? r : LCT_COPY_MORE;
}

static long set_name(struct lc_copy *copy, const struct statx *seen, int to, const char *name)
{
	struct lc_file_owner owner;
	long r = owner_of(copy, seen, &owner);

	if (r > 0)
		r = lc_sys_fchownat(to, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW);
	return r < 0 ? r : lc_attributes_set_times(to, name, seen);
}

static long copy_symlink(struct lc_copy *copy, int looked, const struct statx *seen, int to, const char *name)
{
	char text[PATH_MAX];
	long r = lc_sys_readlinkat(looked, "", text, sizeof(text) - 1);

	if (r < 0)
		return r;
	text[r] = '\0';
	r = lc_maker_symlink(&copy->place.maker, text, to, name);
	if (r >= 0)
		r = set_name(copy, seen, to, name);
	return r < 0 ? r : LCT_COPY_MORE;
}

static long copy_node(struct lc_copy *copy, const struct statx *seen, int to, const char *name)
{
	unsigned long device = makedev(seen->stx_rdev_major, seen->stx_rdev_minor);
	bool is_fifo = S_ISFIFO(seen->stx_mode);
	long r;

	if (S_ISSOCK(seen->stx_mode))
		return leave_out(copy, "socket");
	/* A character device 0:0 is a whiteout to an overlayfs. */
	if (!is_fifo && (!copy->options.allows_devices || device == 0))
		return leave_out(copy, "device");
	r = lc_maker_mknod(&copy->place.maker, to, name, (seen->stx_mode & S_IFMT) | 0600, is_fifo ? 0 : device);
	if (r >= 0)
		r = set_name(copy, seen, to, name);
	if (r >= 0)
		r = lc_attributes_set_mode(to, name, mode_of(copy, seen));
	return r < 0 ? r : LCT_COPY_MORE;
}

static void pop_level(struct lc_copy *copy)
{
	struct lc_copy_level *level = copy->level;

	copy->level = level->above;
	copy->depth--;
	copy->used = level->path_above;
	copy->path[copy->used] = '\0';
	lc_fd_close(&level->from);
	lc_fd_close(&level->to);
	free(level);
}

static long enter_directory(
	struct lc_copy *copy, int looked, const struct statx *seen, int to, const char *name, size_t path_used)
{
	struct lc_copy_level *level;
	long r;

	if (copy->depth == LCT_COPY_DEPTH)
		return -ELOOP;
	level = calloc(1, sizeof(*level));
	if (level == NULL)
		return -ENOMEM;
	*level = (struct lc_copy_level){.above = copy->level,
		.from = -1,
		.to = -1,
		.seen = *seen,
		.path_above = path_used,
		.path_here = copy->used,
		.is_foreign = seen->stx_mnt_id != copy->mount};
	copy->level = level;
	copy->depth++;
	r = level->from = lc_fd_above_stdio(
		(int) lc_sys_openat(looked, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
	if (r >= 0)
		r = lc_maker_mkdir(&copy->place.maker, to, name);
	if (r >= 0)
		r = level->to = lc_fd_above_stdio((int) lc_sys_openat(
			    to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0));
	if (r < 0)
		return r;
	return level->is_foreign ? leave_out(copy, "what is mounted there") : LCT_COPY_MORE;
}

static long copy_entry(struct lc_copy *copy, int looked, const struct statx *seen, int to, const char *name,
	size_t path_used)
{
	bool is_foreign = seen->stx_mnt_id != copy->mount;

	copy->entries++;
	if (S_ISDIR(seen->stx_mode))
		return enter_directory(copy, looked, seen, to, name, path_used);
	if (is_foreign)
		return leave_out(copy, "what is mounted there");
	if (S_ISREG(seen->stx_mode))
		return begin_file(copy, looked, seen, to, name);
	if (S_ISLNK(seen->stx_mode))
		return copy_symlink(copy, looked, seen, to, name);
	return copy_node(copy, seen, to, name);
}

/* --- steps --- */

static bool append(struct lc_copy *copy, const char *name)
{
	size_t length = strlen(name);
	bool has_slash = copy->used > 0 && copy->path[copy->used - 1] == '/';

	if (copy->used + length + 2 > sizeof(copy->path))
		return false;
	if (!has_slash)
		copy->path[copy->used++] = '/';
	memcpy(copy->path + copy->used, name, length + 1);
	copy->used += length;
	return true;
}

/* Whatever was at work in this directory is over; its path was the caller's until now. */
static void settle_path(struct lc_copy *copy, size_t used)
{
	copy->used = used;
	copy->path[used] = '\0';
}

static long next_entry(struct lc_copy *copy, struct lc_copy_level *level, const char *name)
{
	size_t used = copy->used;
	struct statx seen;
	LCT_CLEANUP(fd) int looked = (int) lc_files_look_below(level->from, name, &seen);
	long r = looked;

	if (looked == -ENOENT)
		return LCT_COPY_MORE; /* it has gone since the directory was read */
	if (!append(copy, name))
		return -ENAMETOOLONG;
	if (r >= 0)
		r = copy_entry(copy, looked, &seen, level->to, name, used);
	return r;
}

static long finish_level(struct lc_copy *copy)
{
	struct lc_copy_level *level = copy->level;
	unsigned mode = mode_of(copy, &level->seen);
	bool is_top = level->above == NULL;
	/* Who may not write to a directory cannot move it. */
	long r = dress(copy, level->from, level->to, &level->seen, is_top ? mode | S_IRWXU : mode);

	if (r >= 0 && is_top) {
		copy->top_mode = mode;
		copy->top = lc_take_fd(&level->to);
	}
	pop_level(copy);
	return r < 0 ? r : LCT_COPY_MORE;
}

static long step_level(struct lc_copy *copy)
{
	struct lc_copy_level *level = copy->level;
	const struct lc_dirent *entry;

	settle_path(copy, level->path_here);
	if (level->at >= level->length) {
		level->length = level->is_foreign
			? 0
			: lc_sys_getdents64(level->from, level->buffer, sizeof(level->buffer));
		level->at = 0;
	}
	if (level->length <= 0)
		return level->length < 0 ? level->length : finish_level(copy);
	entry = (const void *) (level->buffer + level->at);
	level->at += entry->length;
	if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
		return LCT_COPY_MORE;
	return next_entry(copy, level, entry->name);
}

static long finish_file(struct lc_copy *copy)
{
	long r = lc_sys_ftruncate(copy->target, (int64_t) copy->seen.stx_size);

	if (r >= 0)
		r = dress(copy, copy->file, copy->target, &copy->seen, mode_of(copy, &copy->seen));
	lc_fd_close(&copy->file);
	lc_fd_close(&copy->target);
	return r < 0 ? r : LCT_COPY_MORE;
}

/* As long as it was when it was looked at, holes and all. */
static long step_file(struct lc_copy *copy)
{
	int64_t size = (int64_t) copy->seen.stx_size;
	int64_t count;
	long r = 0;

	if (copy->at < size && copy->at >= copy->end) {
		r = lc_sys_lseek(copy->file, copy->at, SEEK_DATA);
		if (r == -ENXIO)
			return finish_file(copy);
		if (r >= 0) {
			copy->at = r;
			r = lc_sys_lseek(copy->file, copy->at, SEEK_HOLE);
		}
		if (r >= 0) {
			copy->end = r < size ? r : size;
			r = lc_sys_lseek(copy->target, copy->at, SEEK_SET);
		}
		if (r < 0)
			return r;
	}
	if (copy->at >= size)
		return finish_file(copy);
	count = copy->end - copy->at < LCT_COPY_BYTES ? copy->end - copy->at : LCT_COPY_BYTES;
	if ((uint64_t) count > copy->options.limit - copy->bytes)
		return -EFBIG;
	r = lc_sys_sendfile(copy->target, copy->file, &copy->at, (size_t) count);
	if (r == 0) /* it has become shorter */
		return finish_file(copy);
	if (r > 0)
		copy->bytes += (uint64_t) r;
	return r < 0 && r != -EINTR ? r : LCT_COPY_MORE;
}

static int finish(struct lc_copy *copy, struct lc_error *err)
{
	long r = lc_place_finish(&copy->place, copy->options.replaces, err);

	if (r >= 0 && copy->top >= 0 && (copy->top_mode & S_IRWXU) != S_IRWXU) {
		r = lc_sys_fchmod(copy->top, copy->top_mode);
		if (r < 0)
			return fail(copy, r, err);
	}
	return r < 0 ? (int) r : LCT_COPY_DONE;
}

int lc_copy_step(struct lc_copy *copy, struct lc_error *err)
{
	long r;

	if (copy->file >= 0)
		r = step_file(copy);
	else if (copy->level != NULL)
		r = step_level(copy);
	else
		return finish(copy, err);
	return r < 0 ? fail(copy, r, err) : (int) r;
}

/* What stands in its way is told before anything is copied. */
static long check_place(const struct lc_copy *copy, const struct statx *source)
{
	struct statx seen;
	long r = lc_place_look(&copy->place, &seen);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (!copy->options.replaces)
		return -EEXIST;
	if (S_ISDIR(seen.stx_mode) == S_ISDIR(source->stx_mode))
		return 0;
	return S_ISDIR(seen.stx_mode) ? -EISDIR : -ENOTDIR;
}

int lc_copy_begin(struct lc_copy *copy, const char *from, const char *to, struct lc_error *err)
{
	LCT_CLEANUP(fd) int looked = -1;
	struct statx seen;
	long r = strlen(from) < sizeof(copy->path) ? 0 : -ENAMETOOLONG;

	if (r < 0)
		return lc_fail(err, LCT_STEP_FILE, r, from);
	copy->used = strlen(from);
	memcpy(copy->path, from, copy->used + 1);
	r = looked = lc_files_look(copy->from, from, &seen, err);
	if (r >= 0)
		r = lc_place_open(&copy->place, copy->to, to, err);
	if (r < 0)
		return (int) r;
	r = check_place(copy, &seen);
	if (r < 0)
		return lc_fail(err, LCT_STEP_FILE, r, to);
	r = lc_place_make_workshop(&copy->place, err);
	if (r < 0)
		return (int) r;
	copy->mount = seen.stx_mnt_id;
	r = copy_entry(copy, looked, &seen, copy->place.workshop, LCT_PLACE_MADE, copy->used);
	if (r == LCT_COPY_LEFT_OUT && copy->file < 0)
		r = -EOPNOTSUPP; /* there is nothing else */
	return r < 0 ? fail(copy, r, err) : (int) r;
}

void lc_copy_end(struct lc_copy *copy)
{
	while (copy->level != NULL)
		pop_level(copy);
	lc_fd_close(&copy->file);
	lc_fd_close(&copy->target);
	lc_fd_close(&copy->links);
	lc_fd_close(&copy->top);
	lc_place_done(&copy->place);
}
