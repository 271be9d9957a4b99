/* SPDX-License-Identifier: MIT */
/*
 * Names of units and slices, as systemd.unit(5) and systemd.slice(5) have them. What comes from a
 * configuration becomes a part of a unit's name and of a path: only the characters that systemd
 * knows get through, others are escaped as \x2b.
 */
#include "cgroups/systemd.h"

#include <stdio.h>
#include <string.h>

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.-"
#define SCOPE ".scope"
#define SLICE ".slice"

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* Append to text[0..used) of `room` bytes; false when it does not fit. */
static bool append_escaped(char *text, size_t room, size_t *used, const char *name)
{
	for (; *name != '\0'; name++) {
		bool is_plain = strchr(PLAIN, *name) != NULL;

		if (*used + (is_plain ? 1 : 4) >= room)
			return false;
		if (is_plain)
			text[(*used)++] = *name;
		else
			*used += (size_t) snprintf(
				text + *used, 5, "\\x%02x", (unsigned) (unsigned char) *name);
	}
	text[*used] = '\0';
	return true;
}

/* "-.slice", or names with single dashes between them. */
static bool is_slice(const char *name)
{
	size_t length = strlen(name);

	if (!ends_with(name, SLICE) || length > LCT_UNIT_NAME_MAX)
		return false;
	length -= strlen(SLICE);
	if (strcmp(name, "-" SLICE) == 0)
		return true;
	if (length == 0 || strspn(name, PLAIN) != strlen(name) || strchr(name, ':') != NULL)
		return false;
	return name[0] != '-' && name[0] != '.' && name[length - 1] != '-' &&
	       strstr(name, "--") == NULL;
}

char *lc_systemd_slice_path(const char *slice, struct lc_arena *arena)
{
	char *path = lc_arena_copy(arena, "", 0);
	size_t length = strlen(slice) - strlen(SLICE);

	if (strcmp(slice, "-" SLICE) == 0)
		return path;
	for (size_t i = 1; path != NULL && i <= length; i++)
		if (i == length || slice[i] == '-')
			path = lc_arena_printf(arena, "%s%s%.*s" SLICE, path,
				*path != '\0' ? "/" : "", (int) i, slice);
	return path;
}

/* The three parts of "slice:prefix:name"; -EINVAL when they are not. */
static int split(const char *path, struct lc_arena *arena, char *parts[3])
{
	for (int i = 0; i < 3; i++) {
		size_t length = strcspn(path, ":");

		if ((path[length] == ':') != (i < 2))
			return -EINVAL;
		parts[i] = lc_arena_copy(arena, path, length);
		if (parts[i] == NULL)
			return -ENOMEM;
		path += length + (i < 2);
	}
	return *parts[2] != '\0' && !ends_with(parts[2], SLICE) && strchr(parts[1], '/') == NULL &&
			       strchr(parts[2], '/') == NULL
		       ? 0
		       : -EINVAL;
}

int lc_cgroup_scope_names(const char *path, const char *fallback, bool is_user, struct lc_arena *arena,
	struct lc_cgroup_scope *out, struct lc_error *err)
{
	char unit[LCT_UNIT_NAME_MAX + 1], *parts[3] = {(char *) "", (char *) "", (char *) fallback};
	size_t used = 0;
	int r = path != NULL ? split(path, arena, parts) : 0;

	if (r >= 0 && *parts[0] == '\0')
		parts[0] = (char *) (is_user ? "user.slice" : "system.slice");
	if (r >= 0 && !is_slice(parts[0]))
		r = -EINVAL;
	if (r >= 0 && *parts[1] != '\0' &&
		(!append_escaped(unit, sizeof(unit), &used, parts[1]) ||
			!append_escaped(unit, sizeof(unit), &used, "-")))
		r = -ENAMETOOLONG;
	if (r >= 0 && (!append_escaped(unit, sizeof(unit), &used, parts[2]) ||
			      (!ends_with(unit, SCOPE) &&
				      !append_escaped(unit, sizeof(unit), &used, SCOPE))))
		r = -ENAMETOOLONG;
	if (r >= 0 && (unit[0] == '.' || unit[0] == '-'))
		r = -EINVAL;
	if (r >= 0) {
		out->unit = lc_arena_copy(arena, unit, used);
		out->slice = lc_arena_copy(arena, parts[0], strlen(parts[0]));
		out->is_user = is_user;
		r = out->unit != NULL && out->slice != NULL ? 0 : -ENOMEM;
	}
	if (r == -ENOMEM)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	return r < 0 ? lc_fail(err, LCT_STEP_SYSTEMD, r, path != NULL ? path : fallback) : 0;
}
