/* SPDX-License-Identifier: MIT */
/*
 * Device rules → lines for the v1 files devices.allow and devices.deny.
 *
 * Rules that change while the container runs are changed one by one, first what is allowed anew: at
 * no moment is anything forbidden that both the old and the new rules allow.
 */
#include "cgroups/driver.h"

#include <stdio.h>
#include <string.h>

#define LINE_MAX_LENGTH 32

static void number(char *text, size_t size, int value)
{
	if (value == LCT_DEVICE_ANY)
		(void) snprintf(text, size, "*");
	else
		(void) snprintf(text, size, "%d", value);
}

/* "c 1:3 rwm" */
static void line_of(const struct lc_device_rule *rule, unsigned access, char *out)
{
	char major[12], minor[12];

	number(major, sizeof(major), rule->major);
	number(minor, sizeof(minor), rule->minor);
	(void) snprintf(out, LINE_MAX_LENGTH, "%c %.6s:%.8s %s%s%s", rule->type, major, minor,
		(access & LCT_DEVICE_READ) != 0 ? "r" : "",
		(access & LCT_DEVICE_WRITE) != 0 ? "w" : "",
		(access & LCT_DEVICE_MKNOD) != 0 ? "m" : "");
}

static const char *file_of(bool is_allowed)
{
	return is_allowed ? "devices.allow" : "devices.deny";
}

enum part { REQUIRED = 1, OPTIONAL = 2 };

/* The exceptions, optional ones or the others or both, as lines of one text; "" for none. */
static char *lines_of(
	struct lc_cgroup_writes *writes, const struct lc_device_list *list, unsigned parts)
{
	char *text = lc_arena_alloc(writes->arena, list->count * LINE_MAX_LENGTH + 1);
	size_t used = 0;

	for (size_t i = 0; text != NULL && i < list->count; i++) {
		if ((parts & (list->items[i].is_optional ? OPTIONAL : REQUIRED)) == 0)
			continue;
		if (used > 0)
			text[used++] = '\n';
		line_of(&list->items[i], list->items[i].access, text + used);
		used += strlen(text + used);
	}
	writes->no_memory = writes->no_memory || text == NULL;
	return text;
}

static void put_lines(struct lc_cgroup_writes *writes, int dir, bool is_allowed, const char *text,
	bool is_optional)
{
	struct lc_cgroup_write *write;

	if (text == NULL || *text == '\0')
		return;
	write = lc_cgroup_put(writes, dir, file_of(is_allowed), "devices", "%s", "");
	if (write == NULL)
		return;
	write->text = text;
	write->is_optional = is_optional;
	write->undo_file = file_of(!is_allowed);
	write->undo_text = text;
}

/* A new default: the kernel forgets all exceptions. */
static void put_default(struct lc_cgroup_writes *writes, int dir, bool allows_all,
	const char *undo_file, const char *undo_text, bool is_optional)
{
	struct lc_cgroup_write *write =
		lc_cgroup_put(writes, dir, file_of(allows_all), "devices", "a");

	if (write == NULL)
		return;
	write->undo_file = undo_file;
	write->undo_text = undo_text;
	write->is_optional = is_optional;
}

static void put_all(struct lc_cgroup_writes *writes, int dir, const struct lc_device_list *list,
	const struct lc_device_list *before, bool is_optional)
{
	/* Writes are put back in reverse, and before's exceptions go in behind its default. */
	if (!writes->is_fresh && before->count > 0)
		put_default(writes, dir, list->allows_all, file_of(!before->allows_all),
			lines_of(writes, before, REQUIRED | OPTIONAL), is_optional);
	put_default(writes, dir, list->allows_all, file_of(before->allows_all), "a", is_optional);
	put_lines(writes, dir, !list->allows_all, lines_of(writes, list, REQUIRED), false);
	put_lines(writes, dir, !list->allows_all, lines_of(writes, list, OPTIONAL), true);
}

static unsigned access_in(const struct lc_device_list *list, const struct lc_device_rule *rule)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].type == rule->type && list->items[i].major == rule->major &&
			list->items[i].minor == rule->minor)
			return list->items[i].access;
	return 0;
}

/* A line for each exception of `list` with bits that `other` has not. */
static void put_difference(struct lc_cgroup_writes *writes, int dir,
	const struct lc_device_list *list, const struct lc_device_list *other, bool is_allowed)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct lc_device_rule *rule = &list->items[i];
		unsigned access = rule->access & ~access_in(other, rule);
		char *text = lc_arena_alloc(writes->arena, LINE_MAX_LENGTH);

		writes->no_memory = writes->no_memory || text == NULL;
		if (text != NULL && access != 0)
			line_of(rule, access, text);
		put_lines(writes, dir, is_allowed, text, rule->is_optional);
	}
}

int lc_device_put_v1(struct lc_cgroup_writes *writes, int dir, const struct lc_resources *resources,
	struct lc_error *err)
{
	struct lc_device_list list, before;
	int r = lc_device_reduce(&resources->devices, writes->arena, &list, err);

	if (r >= 0)
		r = lc_device_reduce(&resources->devices_before, writes->arena, &before, err);
	if (r < 0)
		return r;
	for (size_t i = 0; resources->devices.is_optional && i < list.count; i++)
		list.items[i].is_optional = true;
	if (writes->is_fresh || list.allows_all != before.allows_all) {
		put_all(writes, dir, &list, &before, resources->devices.is_optional);
	} else if (list.allows_all) { /* exceptions forbid: first those that go */
		put_difference(writes, dir, &before, &list, true);
		put_difference(writes, dir, &list, &before, false);
	} else {
		put_difference(writes, dir, &list, &before, true);
		put_difference(writes, dir, &before, &list, false);
	}
	return 0;
}
