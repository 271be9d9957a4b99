/* SPDX-License-Identifier: MIT */
/*
 * The user of a process, as somebody writes it, and the passwd and group files of a hostile root.
 *
 * Input: user, passwd and group, a NUL behind each, and how many lines more the group file has.
 */
#include "container/users.h"
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID_LIMIT UINT64_C(4294967294)
#define MANY 60000   /* lines, where they are very many */
#define SLOW_MAX 512 /* groups that the slow reader compares one by one */

/* --- what users.h says, read slowly: every field is looked for from the start of its line --- */

/* Field n of the line as a copy, NULL when there is none. */
static char *field(const char *line, size_t n)
{
	const char *end = line + strcspn(line, "\n"), *at = line;
	char *copy;
	size_t length;

	for (; n > 0; n--) {
		at = memchr(at, ':', (size_t) (end - at));
		if (at == NULL)
			return NULL;
		at++;
	}
	length = strcspn(at, ":\n");
	copy = fuzz_room(length + 1);
	memcpy(copy, at, length);
	copy[length] = '\0';
	return copy;
}

static bool is_id(const char *text, uint32_t *out)
{
	unsigned __int128 value = 0;

	if (text == NULL || *text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		if (value <= ID_LIMIT)
			value = value * 10 + (unsigned) (*text - '0');
	}
	*out = (uint32_t) value;
	return value <= ID_LIMIT;
}

static bool is_field_id(const char *line, size_t n, uint32_t *out)
{
	char *text = field(line, n);
	bool is_so = is_id(text, out);

	free(text);
	return is_so;
}

static bool is_field(const char *line, size_t n, const char *wanted)
{
	char *text = field(line, n);
	bool is_so = text != NULL && strcmp(text, wanted) == 0;

	free(text);
	return is_so;
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line == '\n' ? line + 1 : line;
}

static bool is_numeric(const char *text)
{
	return *text != '\0' && strchr("0123456789+-", *text) != NULL;
}

static bool is_member(const char *line, const char *name)
{
	char *members = field(line, 3), *rest = NULL;
	bool is_so = false;

	for (char *word = members != NULL ? strtok_r(members, ",", &rest) : NULL; word != NULL;
		word = strtok_r(NULL, ",", &rest))
		is_so = is_so || strcmp(word, name) == 0;
	free(members);
	return is_so;
}

struct expected {
	uint32_t uid, gid, groups[SLOW_MAX];
	size_t count;
	char *name, *home;
	bool is_fine;
};

static void look_up_user(const char *user, const char *passwd, struct expected *out)
{
	bool is_number = is_numeric(user);
	uint32_t uid, gid, wanted = 0;

	out->is_fine = !is_number || is_id(user, &wanted);
	out->uid = out->gid = wanted;
	for (const char *line = passwd; *line != '\0'; line = next_line(line)) {
		char *home = field(line, 5);
		bool is_entry = home != NULL && !is_field(line, 0, "") &&
				is_field_id(line, 2, &uid) && is_field_id(line, 3, &gid);

		if (is_entry && (is_number ? uid == wanted : is_field(line, 0, user))) {
			out->uid = uid;
			out->gid = gid;
			out->name = field(line, 0);
			out->home = home;
			return;
		}
		free(home);
	}
	out->is_fine = out->is_fine && is_number;
}

static void look_up_group(const char *group, const char *text, struct expected *out)
{
	uint32_t gid;

	out->is_fine = is_numeric(group) && is_id(group, &out->gid);
	for (const char *line = text; !is_numeric(group) && *line != '\0'; line = next_line(line)) {
		if (!is_field_id(line, 2, &gid) || !is_field(line, 0, group))
			continue;
		out->gid = gid;
		out->is_fine = true;
		return;
	}
}

static void add_groups(const char *text, struct expected *out)
{
	uint32_t gid;

	for (const char *line = text; *line != '\0' && out->count < SLOW_MAX; line = next_line(line)) {
		bool is_known = false;

		if (!is_field_id(line, 2, &gid) || !is_member(line, out->name))
			continue;
		for (size_t i = 0; i < out->count; i++)
			is_known = is_known || out->groups[i] == gid;
		if (!is_known)
			out->groups[out->count++] = gid;
	}
}

static struct expected expect(const char *user, const char *passwd, const char *group_text)
{
	struct expected out = {.is_fine = false};
	char *name = fuzz_copy(user), *group = strchr(name, ':');

	if (group != NULL)
		*group++ = '\0';
	look_up_user(*name != '\0' ? name : "0", passwd, &out);
	if (out.is_fine && group == NULL && out.name != NULL)
		add_groups(group_text, &out);
	if (group != NULL && (*group == '\0' || strchr(group, ':') != NULL))
		out.is_fine = false;
	else if (out.is_fine && group != NULL)
		look_up_group(group, group_text, &out);
	free(name);
	return out;
}

/* --- files --- */

static void write_file(const char *name, const char *text)
{
	int root = open(fuzz_directory(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;

	(void) mkdirat(root, "etc", 0700);
	fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	MUST(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text));
	(void) close(fd);
	(void) close(root);
}

/* The text with so many lines behind it, each of another group with the user in it. */
static char *with_lines(char *text, const char *user, unsigned count)
{
	size_t room = strlen(text) + 2 + (size_t) count * (strlen(user) + 16);
	char *longer = fuzz_room(room);
	size_t used = (size_t) snprintf(longer, room, "%s\n", text);

	for (unsigned i = 0; i < count; i++)
		used += (size_t) snprintf(longer + used, room - used, "g:x:%u:%s\n", i, user);
	free(text);
	return longer;
}

static int compare(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *) left, b = *(const uint32_t *) right;

	return (a > b) - (a < b);
}

static void check_groups(const struct lc_identity *got, const struct expected *expected)
{
	for (size_t i = 0; i < expected->count; i++) {
		bool is_there = false;

		for (size_t k = 0; k < got->groups_count && !is_there; k++)
			is_there = got->groups[k] == expected->groups[i];
		MUST(is_there);
	}
	MUST(expected->count == SLOW_MAX || got->groups_count == expected->count);
	if (got->groups_count > 0)
		qsort(got->groups, got->groups_count, sizeof(*got->groups), compare);
	for (size_t i = 1; i < got->groups_count; i++)
		MUST(got->groups[i - 1] != got->groups[i]);
}

void fuzz_users(const uint8_t *data, size_t size)
{
	struct fuzz_input in = fuzz_input(data, size);
	char *user = fuzz_text(&in, '\0'), *passwd = fuzz_text(&in, '\0');
	char *group = fuzz_text(&in, '\0');
	unsigned more = (unsigned) fuzz_number(&in, 1);
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_identity got;
	struct lc_error err = {.errnum = 0};
	const char *root = fuzz_directory();
	const struct lc_strings roots = {.items = &root, .count = 1};
	struct expected expected;
	int r;

	if (more > 0)
		group = with_lines(group, "root", more == 255 ? MANY : more);
	write_file("etc/passwd", passwd);
	write_file("etc/group", group);
	expected = expect(user, passwd, group);
	r = lc_identity_resolve(&roots, user, NULL, NULL, &arena, &got, &err);
	MUST(r == 0 || ((r == -EINVAL || r == -EFBIG) && err.errnum == -r && err.step == LCT_STEP_USER));
	if (r != -EFBIG)
		MUST((r == 0) == expected.is_fine);
	if (r == 0) {
		MUST(got.uid == expected.uid && got.gid == expected.gid);
		MUST(strcmp(got.home, expected.home != NULL && expected.home[0] == '/' ?
					      expected.home : "/") == 0);
		check_groups(&got, &expected);
	}
	lc_arena_done(&arena);
	free(expected.name);
	free(expected.home);
	free(group);
	free(passwd);
	free(user);
}
