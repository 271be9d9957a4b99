/* SPDX-License-Identifier: MIT */
/*
 * Paths of the container. Everything below its root is hostile: links lead wherever their author
 * liked, and a volume shared with a running container changes while we look. So a path is resolved
 * by the kernel, from the root's descriptor, confined to it and without magic links; the result is
 * a descriptor, and only descriptors are acted upon. Missing parts are made one by one, each in the
 * descriptor of its parent, never through a link.
 *
 * Nothing here may join a host path, or use a path of the container without lc_path_open.
 */
#include "init/init.h"

#define RESOLVE_ALWAYS (RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
#define LINKS_MAX 40 /* as the kernel has it */
#define PARENT_MODE 0755

int lc_path_stat(int fd, struct statx *out)
{
	return (int) lc_sys_statx(
		fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT,
		STATX_TYPE | STATX_MODE | STATX_INO | STATX_MNT_ID, out);
}

bool lc_path_is_device(const struct statx *seen, unsigned type, unsigned major, unsigned minor)
{
	if ((seen->stx_mode & S_IFMT) != type)
		return false;
	return type == S_IFIFO || (seen->stx_rdev_major == major && seen->stx_rdev_minor == minor);
}

int lc_path_open_below(int root, const char *path, uint64_t flags, uint64_t resolve)
{
	return (int) lc_sys_openat2(root, *path == '\0' ? "/" : path, flags | O_CLOEXEC, 0,
		RESOLVE_ALWAYS | resolve);
}

int lc_path_open(const struct lc_init *init, const char *path, uint64_t flags, uint64_t resolve)
{
	return lc_path_open_below(init->root, path, flags, resolve);
}

/*
 * What lies in a mount is found by the descriptor of the mount. Its mount point may have been renamed
 * meanwhile, by who shares the image: then the path leads to something else, or to nothing.
 */
static int root_of(const struct lc_init *init, uint32_t base)
{
	return base == 0 ? init->root : lc_slot_get(init, base);
}

static const char *rest_of(const char *path, uint32_t skip)
{
	while (skip > 0 && *path != '\0') {
		path++;
		skip--;
	}
	return path;
}

int lc_path_open_at(const struct lc_init *init, uint32_t base, uint32_t skip, const char *path,
	uint64_t flags, uint64_t resolve)
{
	int root = root_of(init, base);

	return root < 0 ? root : lc_path_open_below(root, rest_of(path, skip), flags, resolve);
}

int lc_path_split(const char *path, char directory[PATH_MAX], char name[NAME_MAX + 1])
{
	size_t end = lc_length(path), start, i;

	while (end > 0 && path[end - 1] == '/')
		end--;
	start = end;
	while (start > 0 && path[start - 1] != '/')
		start--;
	if (start == end || (end - start == 1 && path[start] == '.') ||
		(end - start == 2 && path[start] == '.' && path[start + 1] == '.'))
		return -EINVAL;
	if (end - start > NAME_MAX || start >= PATH_MAX)
		return -ENAMETOOLONG;
	for (i = 0; i < start; i++)
		directory[i] = path[i];
	directory[start] = '\0';
	for (i = start; i < end; i++)
		name[i - start] = path[i];
	name[end - start] = '\0';
	return 0;
}

/* Make one missing component. -EEXIST: something is there by now, or has been all the time (a link
 * that leads nowhere). */
static int make_component(int parent, const char *name, const struct lc_path_make *how)
{
	long r;

	if (lc_equal(name, ".") || lc_equal(name, ".."))
		return -EINVAL;
	if (how->kind == LCT_PATH_FILE)
		return (int) lc_sys_openat(parent, name,
			O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, how->mode);
	r = lc_sys_mkdirat(parent, name, how->mode);
	if (r < 0)
		return (int) r;
	return (int) lc_sys_openat(
		parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
}

/*
 * `path` is cut at `end` after its component `name`, a link to nothing: put the link's text in its
 * place, so that the next walk makes what it points to (images ship /etc/resolv.conf like that).
 * The new path is resolved from the root like any other: it cannot leave it. -EAGAIN: walk again.
 */
static int follow_dangling(int parent, char path[PATH_MAX], const char *name, char *end, char saved)
{
	char link[PATH_MAX], joined[PATH_MAX];
	size_t used = 0, i;
	long length = lc_sys_readlinkat(parent, name, link, sizeof(link) - 1);

	*end = saved;
	if (length == -EINVAL)
		return -EAGAIN; /* no link: it appeared between two looks */
	if (length < 0)
		return (int) length;
	link[length] = '\0';
	if (link[0] != '/') {
		for (; path + used < name; used++)
			joined[used] = path[used];
	}
	if (!lc_append(joined, sizeof(joined), &used, link) ||
		!lc_append(joined, sizeof(joined), &used, end))
		return -ENAMETOOLONG;
	for (i = 0; i <= used; i++)
		path[i] = joined[i];
	return -EAGAIN;
}

/* How the last component is opened. */
static uint64_t flags_of(const struct lc_path_make *how)
{
	return O_PATH | (how->kind == LCT_PATH_DIRECTORY ? O_DIRECTORY : 0) |
		(how->is_link_kept ? O_NOFOLLOW : 0);
}

/* One component of the walk: open it, or make it in `parent`. */
static int step(int root, int parent, const char *path, const char *name,
	struct lc_path_make *how, bool is_last)
{
	const struct lc_path_make directory = {.kind = LCT_PATH_DIRECTORY, .mode = PARENT_MODE};
	uint64_t flags = is_last ? flags_of(how) : O_PATH | O_DIRECTORY;
	int fd;

	fd = lc_path_open_below(root, path, flags, how->resolve);
	if (fd != -ENOENT)
		return fd;
	fd = make_component(parent, name, is_last ? how : &directory);
	if (fd >= 0 && is_last)
		how->is_created = true;
	if (fd != -EEXIST)
		return fd;
	fd = lc_path_open_below(root, path, flags, how->resolve);
	return fd == -ENOENT ? -EEXIST : fd;
}

/* Walk `path` from the root. -EAGAIN: the path has been rewritten, walk again. */
static int walk(int root, char path[PATH_MAX], struct lc_path_make *how)
{
	LCT_INIT_FD int parent = lc_path_open_below(root, "/", O_PATH | O_DIRECTORY, 0);
	char *end = path;

	while (parent >= 0) {
		char *name = end, *rest, saved;
		int fd;

		while (*name == '/')
			name++;
		if (*name == '\0')
			return lc_init_fd_take(&parent);
		for (end = name; *end != '/' && *end != '\0'; end++)
			;
		for (rest = end; *rest == '/'; rest++)
			;
		saved = *end;
		*end = '\0';
		fd = step(root, parent, path, name, how, *rest == '\0');
		if (fd == -EEXIST)
			return follow_dangling(parent, path, name, end, saved);
		*end = saved;
		if (fd < 0)
			return fd;
		(void) lc_sys_close(parent);
		parent = fd;
	}
	return parent;
}

/* Nothing of the path is left but slashes: it is the root that it is found below. */
static bool is_root(const char *path)
{
	while (*path == '/')
		path++;
	return *path == '\0';
}

/* The usual case in few calls: only the last component is missing, and nothing is in its way. */
static int make_last(int root, const char *path, struct lc_path_make *how)
{
	char directory[PATH_MAX], name[NAME_MAX + 1];
	LCT_INIT_FD int opened = -1;
	int r = lc_path_split(path, directory, name);

	if (r >= 0 && !is_root(directory))
		r = opened = lc_path_open_below(
			root, directory, O_PATH | O_DIRECTORY, how->resolve);
	if (r >= 0)
		r = make_component(opened >= 0 ? opened : root, name, how);
	how->is_created = r >= 0;
	return r;
}

/* More than the last component is missing, or something is in its way. */
static bool needs_a_walk(int answer)
{
	return answer == -ENOENT || answer == -EEXIST || answer == -EINVAL;
}

/* In a new file system everything is missing: there `is_new` saves the first look. */
static int make_below(int root, const char *path, struct lc_path_make *how, bool is_new)
{
	char copy[PATH_MAX];
	size_t used = 0;
	int links, fd = -EEXIST;

	how->is_created = false;
	if (is_new)
		fd = make_last(root, path, how);
	if (!needs_a_walk(fd))
		return fd;
	fd = lc_path_open_below(root, path, flags_of(how), how->resolve);
	if (fd != -ENOENT)
		return fd;
	fd = make_last(root, path, how);
	if (!needs_a_walk(fd))
		return fd;
	if (!lc_append(copy, sizeof(copy), &used, path))
		return -ENAMETOOLONG;
	for (links = 0, fd = -EAGAIN; fd == -EAGAIN && links < LINKS_MAX; links++)
		fd = walk(root, copy, how);
	return fd == -EAGAIN ? -ELOOP : fd;
}

int lc_path_make(const struct lc_init *init, uint32_t base, uint32_t skip, const char *path,
	struct lc_path_make *how)
{
	int root = root_of(init, base);

	return root < 0 ? root : make_below(root, rest_of(path, skip), how, base != 0);
}

int lc_path_parent(const struct lc_init *init, uint32_t base, uint32_t skip, const char *path,
	char name[NAME_MAX + 1], int *opened)
{
	struct lc_path_make how = {.kind = LCT_PATH_DIRECTORY, .mode = PARENT_MODE};
	char directory[PATH_MAX];
	int root = root_of(init, base);
	int r = lc_path_split(rest_of(path, skip), directory, name);

	*opened = -1;
	if (r < 0 || root < 0 || is_root(directory))
		return r < 0 ? r : root;
	return *opened = make_below(root, directory, &how, false);
}
