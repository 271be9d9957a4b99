/* SPDX-License-Identifier: MIT */
/* passwd(5) and group(5) of a root file system, read with care and forgotten again. */
#include "container/users.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/parse.h"
#include "sys/sys.h"

#include <stdlib.h>
#include <string.h>

#define LCT_ETC_FILE_MAX (1u << 20)
#define LCT_GROUPS_MAX 65536     /* NGROUPS_MAX */
#define LCT_ID_MAX 4294967294u /* 2^32-1 means "unchanged" to the kernel */

/* The file of one root as text: 1, or 0 when it has none; anything but a regular file is an error. */
static int read_one(const char *rootfs, bool is_layer, const char *name, struct lc_arena *arena,
	char **out, struct lc_error *err)
{
	LCT_CLEANUP(fd) int root = -1;
	LCT_CLEANUP(fd) int fd = -1;
	struct statx st;
	char *text;
	long r;

	root = (int) lc_sys_openat(AT_FDCWD, rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (root == -ENOENT && is_layer)
		return 0; /* nothing has been written yet */
	if (root < 0)
		return lc_fail(err, LCT_STEP_ROOTFS, root, rootfs);
	fd = (int) lc_sys_openat2(root, name,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0,
		RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return lc_fail(err, LCT_STEP_USER, fd, name);
	r = lc_sys_statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_SIZE, &st);
	if (r < 0)
		return lc_fail(err, LCT_STEP_USER, r, name);
	if (!S_ISREG(st.stx_mode))
		return lc_fail(err, LCT_STEP_USER, EINVAL, name);
	if (st.stx_size > LCT_ETC_FILE_MAX)
		return lc_fail(err, LCT_STEP_USER, EFBIG, name);
	text = lc_arena_alloc(arena, st.stx_size + 1);
	if (text == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, name);
	r = lc_fd_read_all(fd, text, st.stx_size);
	if (r < 0)
		return lc_fail(err, LCT_STEP_USER, r, name);
	text[r] = '\0';
	*out = text;
	return 1;
}

/* The mark of overlayfs in a layer that a file of those below is gone. */
static bool is_gone(const char *rootfs, const char *name)
{
	LCT_CLEANUP(fd) int root = (int) lc_sys_openat(
		AT_FDCWD, rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	LCT_CLEANUP(fd) int fd = (int) lc_sys_openat2(root, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0,
		RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	struct statx st;

	return fd >= 0 && lc_sys_statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) >= 0 &&
	       S_ISCHR(st.stx_mode) && st.stx_rdev_major == 0 && st.stx_rdev_minor == 0;
}

/* That of the topmost root that has it, "" when none does. */
static int read_etc(const struct lc_strings *roots, const char *name, struct lc_arena *arena,
	char **out, struct lc_error *err)
{
	int r = 0;

	*out = (char *) "";
	for (size_t i = 0; r == 0 && i < roots->count; i++) {
		bool is_layer = i + 1 < roots->count;

		if (is_layer && is_gone(roots->items[i], name))
			return 0;
		r = read_one(roots->items[i], is_layer, name, arena, out, err);
	}
	return r < 0 ? r : 0;
}

/* Cut the next line into at most `room` fields at ':'; the number of fields, 0 at the end. */
static size_t next_entry(char **cursor, char **fields, size_t room)
{
	char *line = *cursor, *end;
	size_t count = 0;

	if (*line == '\0')
		return 0;
	end = line + strcspn(line, "\n");
	*cursor = *end == '\0' ? end : end + 1;
	*end = '\0';
	while (count < room) {
		fields[count++] = line;
		line += strcspn(line, ":");
		if (*line == '\0')
			break;
		*line++ = '\0';
	}
	return count;
}

static bool parse_id(const char *text, uint32_t *out)
{
	uint64_t value;

	/* lc_parse_u64 also knows "max" and a final newline, which are no ids. */
	if (text[0] < '0' || text[0] > '9' || strchr(text, '\n') != NULL)
		return false;
	if (lc_parse_u64(text, &value) < 0 || value > LCT_ID_MAX)
		return false;
	*out = (uint32_t) value;
	return true;
}

/* Text that looks like a number is a number or an error, never a name. [A80] */
static bool looks_numeric(const char *text)
{
	return (text[0] >= '0' && text[0] <= '9') || text[0] == '-' || text[0] == '+';
}

static int bad_user(struct lc_error *err, const char *text)
{
	return lc_fail(err, LCT_STEP_USER, EINVAL, text);
}

struct passwd_entry {
	const char *name, *home;
	uint32_t uid, gid;
};

/* First entry with this name, or with this uid when name is NULL. */
static bool find_passwd(char *text, const char *name, uint32_t uid, struct passwd_entry *out)
{
	char *fields[7];
	size_t count;

	while ((count = next_entry(&text, fields, 7)) != 0) {
		if (count < 6 || fields[0][0] == '\0' || !parse_id(fields[2], &out->uid) ||
			!parse_id(fields[3], &out->gid))
			continue;
		if (name != NULL ? strcmp(fields[0], name) != 0 : out->uid != uid)
			continue;
		out->name = fields[0];
		out->home = fields[5];
		return true;
	}
	return false;
}

struct group_list {
	struct lc_arena *arena;
	uint32_t *items;
	size_t count, room;
};

/* One that is there already is found in the end: a hostile file has a hundred thousand of them. */
static int add_group(struct group_list *list, uint32_t gid, struct lc_error *err)
{
	uint32_t *items = lc_arena_grow(
		list->arena, list->items, list->count, &list->room, sizeof(*items));

	if (items == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "groups");
	list->items = items;
	list->items[list->count++] = gid;
	return 0;
}

static int compare_groups(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *) left, b = *(const uint32_t *) right;

	return (a > b) - (a < b);
}

static int finish_groups(struct group_list *list, struct lc_error *err)
{
	size_t kept = 0;

	if (list->count > 0)
		qsort(list->items, list->count, sizeof(*list->items), compare_groups);
	for (size_t i = 0; i < list->count; i++)
		if (kept == 0 || list->items[kept - 1] != list->items[i])
			list->items[kept++] = list->items[i];
	list->count = kept;
	return kept <= LCT_GROUPS_MAX ? 0 : lc_fail(err, LCT_STEP_USER, E2BIG, "groups");
}

static bool has_member(const char *members, const char *name)
{
	return name != NULL && lc_parse_list_has(members, name);
}

/* One pass over the group file: the gid of a group called `wanted` (NULL: not asked), and, when
 * `member` is given, every group that lists it. */
static int scan_groups(char *text, const char *wanted, uint32_t *out_gid, bool *out_found,
	const char *member, struct group_list *list, struct lc_error *err)
{
	char *fields[4];
	size_t count;
	uint32_t gid;
	int r;

	while ((count = next_entry(&text, fields, 4)) != 0) {
		if (count < 3 || !parse_id(fields[2], &gid))
			continue;
		if (wanted != NULL && !*out_found && strcmp(fields[0], wanted) == 0) {
			*out_gid = gid;
			*out_found = true;
		}
		if (count == 4 && has_member(fields[3], member)) {
			r = add_group(list, gid, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

struct resolver {
	const struct lc_strings *roots;
	struct lc_arena *arena;
	struct group_list groups;
	struct lc_identity *out;
	const char *name; /* of the user, when passwd has one */
	char *group_file, *group_copy; /* as it is, once it was read; a copy to be cut */
};

static int resolve_user(struct resolver *r, const char *user, struct lc_error *err)
{
	struct passwd_entry entry;
	const bool numeric = looks_numeric(user);
	char *passwd;
	int status;

	if (numeric && !parse_id(user, &r->out->uid))
		return bad_user(err, user);
	status = read_etc(r->roots, "etc/passwd", r->arena, &passwd, err);
	if (status < 0)
		return status;
	if (find_passwd(passwd, numeric ? NULL : user, r->out->uid, &entry)) {
		r->out->uid = entry.uid;
		r->out->gid = entry.gid;
		r->name = entry.name;
		if (entry.home[0] == '/')
			r->out->home = entry.home;
	} else if (numeric) {
		r->out->gid = r->out->uid;
	} else {
		return bad_user(err, user);
	}
	return 0;
}

/* The group file, to be cut: read once, however many names are looked up in it. */
static int read_groups(struct resolver *r, char **out, struct lc_error *err)
{
	int status = 0;

	if (r->group_file == NULL) {
		status = read_etc(r->roots, "etc/group", r->arena, &r->group_file, err);
		if (status < 0)
			return status;
		r->group_copy = lc_arena_alloc(r->arena, strlen(r->group_file) + 1);
	}
	if (r->group_copy == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "etc/group");
	*out = strcpy(r->group_copy, r->group_file);
	return 0;
}

static int resolve_group(
	struct resolver *r, const char *group, uint32_t *out, const char *member, struct lc_error *err)
{
	bool is_found = false;
	char *text;
	int status;

	if (group != NULL && looks_numeric(group)) {
		if (!parse_id(group, out))
			return bad_user(err, group);
		if (member == NULL)
			return 0;
		group = NULL;
		is_found = true;
	}
	status = read_groups(r, &text, err);
	if (status < 0)
		return status;
	status = scan_groups(text, group, out, &is_found, member, &r->groups, err);
	if (status < 0)
		return status;
	return group == NULL || is_found ? 0 : bad_user(err, group);
}

static int add_listed(struct resolver *r, const struct lc_strings *list, struct lc_error *err)
{
	for (size_t i = 0; list != NULL && i < list->count; i++) {
		uint32_t gid = 0;
		int status = resolve_group(r, list->items[i], &gid, NULL, err);

		if (status >= 0)
			status = add_group(&r->groups, gid, err);
		if (status < 0)
			return status;
	}
	return 0;
}

int lc_identity_resolve(const struct lc_strings *roots, const char *user, const struct lc_strings *groups,
	const struct lc_strings *more_groups, struct lc_arena *arena, struct lc_identity *out,
	struct lc_error *err)
{
	struct resolver r = {.roots = roots, .arena = arena, .groups = {.arena = arena}, .out = out};
	char *name, *group;
	int status;

	*out = (struct lc_identity){.home = "/"};
	name = lc_arena_copy(arena, user != NULL ? user : "", user != NULL ? strlen(user) : 0);
	if (name == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "user");
	group = strchr(name, ':');
	if (group != NULL) {
		*group++ = '\0';
		if (group[0] == '\0' || strchr(group, ':') != NULL)
			return bad_user(err, user);
	}
	if (name[0] == '\0')
		name = (char *) "0";
	status = resolve_user(&r, name, err);
	if (status < 0)
		return status;
	/* Without a group part the user is a member of all groups that list him. */
	if (group != NULL)
		status = resolve_group(&r, group, &out->gid, NULL, err);
	else if (r.name != NULL)
		status = resolve_group(&r, NULL, &out->gid, r.name, err);
	if (status >= 0)
		status = add_listed(&r, groups, err);
	if (status >= 0)
		status = add_listed(&r, more_groups, err);
	if (status >= 0)
		status = finish_groups(&r.groups, err);
	out->groups = r.groups.items;
	out->groups_count = r.groups.count;
	return status;
}
