/* SPDX-License-Identifier: MIT */
/*
 * The line "NSpid:" of /proc/PID/status has the number of a process in each pid namespace that it is in,
 * the outermost first. The init's last one is that of the container; who is in a namespace of his own
 * below that has more.
 */
#include "container/pids.h"

#include "base/file.h"
#include "sys/sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_ROOM 8192

int lc_inner_pid_parse(const char *status, int level, int *out_level)
{
	const char *at = strstr(status, "\nNSpid:");
	int pid = -1, here = -1;

	if (at == NULL)
		return -1;
	at += strlen("\nNSpid:");
	while ((*at == '\t' || *at == ' ') && (level == LCT_INNERMOST || here < level)) {
		char *end;
		long number = strtol(at, &end, 10);

		if (end == at)
			break;
		pid = (int) number;
		here++;
		at = end;
	}
	if (out_level != NULL && here >= 0)
		*out_level = here;
	return level == LCT_INNERMOST || here == level ? pid : -1;
}

static long read_status(pid_t pid, char *buffer, struct lc_error *err)
{
	char path[32];

	(void) snprintf(path, sizeof(path), "/proc/%d/status", (int) pid);
	return lc_file_read(AT_FDCWD, path, buffer, STATUS_ROOM, LCT_STEP_PROCESS, err);
}

static bool has_ended(long result)
{
	return result == -ENOENT || result == -ESRCH;
}

int lc_pid_is_first(pid_t pid, bool *out, struct lc_error *err)
{
	char status[STATUS_ROOM];
	long r = read_status(pid, status, err);
	int level = 0;

	*out = r >= 0 && lc_inner_pid_parse(status, LCT_INNERMOST, &level) == 1 && level > 0;
	return r < 0 && !has_ended(r) ? (int) r : 0;
}

struct entry {
	pid_t pid, inner;
	bool is_proved;
};

struct listing {
	struct lc_arena *arena;
	struct entry *items;
	size_t count, room;
	bool no_memory;
};

static int collect(void *context, pid_t pid)
{
	struct listing *listing = context;
	struct entry *items = lc_arena_grow(listing->arena, listing->items, listing->count,
		&listing->room, sizeof(*items));

	listing->no_memory = items == NULL;
	if (items == NULL)
		return 1;
	listing->items = items;
	items[listing->count++] = (struct entry){.pid = pid, .inner = -1};
	return 0;
}

static int prove(void *context, pid_t pid)
{
	struct listing *listing = context;

	for (size_t i = 0; i < listing->count; i++)
		listing->items[i].is_proved |= listing->items[i].pid == pid;
	return 0;
}

static int list(struct lc_container *container, struct listing *listing, struct lc_error *err)
{
	int r = lc_cgroup_pids(&container->cgroup, collect, listing, err);

	if (r >= 0 && container->cgroup.count == 0 && container->init.pidfd >= 0 &&
		lc_process_await(&container->init, 0, NULL) == -ETIMEDOUT)
		(void) collect(listing, container->init.pid);
	return r >= 0 && listing->no_memory ? lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "") : r;
}

/* 0 when the init is not in a pid namespace of its own, or has ended, and with it its namespace. */
static int level_of_init(const struct lc_container *container, struct lc_error *err)
{
	char status[STATUS_ROOM];
	int level = 0;
	long r;

	if (container->init.pidfd < 0)
		return 0;
	r = read_status(container->init.pid, status, err);
	if (r >= 0)
		(void) lc_inner_pid_parse(status, LCT_INNERMOST, &level);
	return r < 0 && !has_ended(r) ? (int) r : level;
}

static int look_inside(
	struct lc_container *container, struct listing *listing, struct lc_error *err)
{
	int level = level_of_init(container, err);
	char status[STATUS_ROOM];

	if (level < 0)
		return level;
	for (size_t i = 0; i < listing->count; i++) {
		struct entry *entry = &listing->items[i];
		long r = read_status(entry->pid, status, err);

		if (r < 0 && !has_ended(r))
			return (int) r;
		if (r >= 0)
			entry->inner = lc_inner_pid_parse(status, level, NULL);
		entry->is_proved = container->cgroup.count == 0;
	}
	/* Who is listed again under its number is the container's, even if it is another one by now. */
	return lc_cgroup_pids(&container->cgroup, prove, listing, err);
}

int lc_container_pids(struct lc_container *container, bool is_inner, struct lc_arena *arena,
	pid_t **out, size_t *out_count, struct lc_error *err)
{
	struct listing listing = {.arena = arena};
	int r = list(container, &listing, err);

	if (r >= 0 && is_inner)
		r = look_inside(container, &listing, err);
	lc_cgroup_rest(&container->cgroup);
	if (r < 0)
		return r;
	*out = lc_arena_array(arena, listing.count, sizeof(**out));
	if (*out == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	*out_count = 0;
	for (size_t i = 0; i < listing.count; i++) {
		const struct entry *entry = &listing.items[i];

		if (!is_inner)
			(*out)[(*out_count)++] = entry->pid;
		else if (entry->is_proved && entry->inner > 0)
			(*out)[(*out_count)++] = entry->inner;
	}
	return 0;
}
