/* SPDX-License-Identifier: MIT */
/*
 * Carrying out a list of writes, and putting back what they changed. What a file held is read just
 * before it is written, so that what is put back is the kernel's word and not a guess.
 *
 * Limits that the kernel looks at together (memory and memory with swap; quota, period and burst)
 * have no order that is always right: raising both wants one, lowering both the other. A write
 * that is refused changes nothing, so each of a group is tried until all are in or none gets
 * through.
 */
#include "base/fd.h"
#include "base/parse.h"
#include "cgroups/driver.h"
#include "cgroups/systemd.h"
#include "sys/sys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUP_MAX 4

struct lc_cgroup_undo {
	size_t dir;
	const char *file, *text;
	bool is_program; /* then `program` is a descriptor of the one before, -1 for none */
	int program;
};

/* --- what a file held --- */

/* Files with a line for each device, by the beginning of their name, and what a device without a
 * line has. */
static const struct {
	const char *file, *absent;
} keyed[] = {
	{"io.max", "rbps=max wbps=max riops=max wiops=max"},
	{"io.latency", "target=0"},
	{"io.weight", "default"},
	{"io.bfq.weight", "default"},
	{"rdma.max", "hca_handle=max hca_object=max"},
	{"misc.max", "max"},
	{"blkio.throttle.", "0"},
	{"blkio.bfq.weight_device", "default"},
	{"blkio.weight_device", "0"},
	{"blkio.leaf_weight_device", "0"},
	{"net_prio.ifpriomap", "0"},
};

static const char *absent_value(const char *file)
{
	for (size_t i = 0; i < sizeof(keyed) / sizeof(keyed[0]); i++)
		if (strncmp(file, keyed[i].file, strlen(keyed[i].file)) == 0)
			return keyed[i].absent;
	return NULL;
}

/* The line of `value` that begins with the first word of `text`; NULL for none. */
static const char *find_line(const char *value, const char *text, size_t *out_length)
{
	size_t key = strcspn(text, " ");

	while (*value != '\0') {
		*out_length = strcspn(value, "\n");
		if (*out_length > key && strncmp(value, text, key) == 0 && value[key] == ' ')
			return value;
		value += *out_length + (value[*out_length] == '\n');
	}
	return NULL;
}

/* What written to `file` undoes the write of `text`, from what the file holds now. */
static char *undo_text(
	struct lc_arena *arena, const char *file, const char *text, const char *value)
{
	const char *absent = absent_value(file), *line;
	uint64_t number;
	size_t length;

	if (strcmp(file, "memory.oom_control") == 0)
		return lc_parse_key_u64(value, "oom_kill_disable", &number) < 0
			       ? NULL
			       : lc_arena_printf(arena, "%" PRIu64, number);
	if (absent != NULL) {
		line = find_line(value, text, &length);
		return line != NULL ? lc_arena_copy(arena, line, length)
				    : lc_arena_printf(arena, "%.*s %s", (int) strcspn(text, " "),
					      text, absent);
	}
	/* an empty list is written as an empty line: no byte would be no write */
	return lc_arena_copy(arena, *value != '\0' ? value : "\n", *value != '\0' ? strlen(value) : 1);
}

static int remember(struct lc_cgroup_change *change, const struct lc_cgroup_undo *undo)
{
	struct lc_cgroup_undo *items = lc_arena_grow(
		&change->arena, change->items, change->count, &change->room, sizeof(*items));

	if (items == NULL || (!undo->is_program && undo->text == NULL))
		return -ENOMEM;
	change->items = items;
	items[change->count++] = *undo;
	return 0;
}

/* What becomes idle forgets its share of the processors: that is put back behind it. */
static int remember_share(int dirfd, const struct lc_cgroup_write *write,
	struct lc_cgroup_change *change)
{
	const char *file = lc_cgroup_has_file(dirfd, "cpu.weight") ? "cpu.weight" : "cpu.shares";
	struct lc_cgroup_undo undo = {.dir = write->dir, .program = -1};
	char value[32];
	uint64_t is_idle;
	long r = lc_cgroup_read_u64(dirfd, "cpu.idle", &is_idle);

	if (r >= 0 && is_idle == 0)
		r = lc_cgroup_read(dirfd, file, value, sizeof(value));
	if (r < 0 || is_idle != 0)
		return r < 0 ? (int) r : 0;
	undo.file = lc_arena_copy(&change->arena, file, strlen(file));
	undo.text = lc_arena_copy(&change->arena, value, strlen(value));
	return undo.file == NULL ? -ENOMEM : remember(change, &undo);
}

static int remember_file(int dirfd, const struct lc_cgroup_write *write,
	struct lc_cgroup_change *change)
{
	struct lc_cgroup_undo undo = {.dir = write->dir, .program = -1};
	const char *file = write->undo_file != NULL ? write->undo_file : write->file;
	char value[4 * LCT_CGROUP_VALUE_MAX];
	long r = 0;

	undo.file = lc_arena_copy(&change->arena, file, strlen(file));
	if (write->undo_text != NULL) {
		undo.text = lc_arena_copy(
			&change->arena, write->undo_text, strlen(write->undo_text));
	} else {
		r = lc_cgroup_read(dirfd, write->file, value, sizeof(value));
		if (r >= 0)
			undo.text = undo_text(&change->arena, write->file, write->text, value);
	}
	if (r < 0)
		return (int) r;
	return undo.file == NULL ? -ENOMEM : remember(change, &undo);
}

/* --- putting back --- */

static int put_back_one(const struct lc_cgroup *cg, const struct lc_cgroup_undo *undo)
{
	int dirfd = cg->dirs[undo->dir].fd;

	if (undo->is_program)
		return lc_device_put_back(dirfd, undo->program);
	return lc_cgroup_write(dirfd, undo->file, undo->text);
}

/* In reverse, all of them; the names of those that would not go are appended to `failed`. */
static int put_back(const struct lc_cgroup *cg, struct lc_cgroup_change *change, char *failed,
	size_t size)
{
	int first = 0;

	while (change->count > 0) {
		struct lc_cgroup_undo *undo = &change->items[--change->count];
		int r = put_back_one(cg, undo);
		size_t used = strlen(failed);

		lc_fd_close(&undo->program);
		if (r >= 0 || lc_cgroup_is_gone(r))
			continue;
		(void) snprintf(failed + used, size - used, " %s",
			undo->is_program ? "devices" : undo->file);
		first = first < 0 ? first : r;
	}
	return first;
}

int lc_cgroup_put_back(struct lc_cgroup *cg, struct lc_cgroup_change *change, struct lc_error *err)
{
	char failed[LCT_SUBJECT_MAX] = "not put back:";
	int r;

	(void) lc_cgroup_open(cg, NULL); /* what is not open is named by put_back */
	r = put_back(cg, change, failed, sizeof(failed));
	if (r < 0)
		return lc_fail(err, LCT_STEP_CGROUP, r, failed);
	return lc_systemd_put_back(cg, change, err);
}

void lc_cgroup_change_done(struct lc_cgroup_change *change)
{
	for (size_t i = 0; i < change->count; i++)
		lc_fd_close(&change->items[i].program);
	lc_arena_done(&change->arena);
	*change = (struct lc_cgroup_change){.count = 0};
}

/* --- writing --- */

/* The limit is less than what cannot be given back: say how much that is. */
static int fail_in_use(int dirfd, const struct lc_cgroup_write *write, struct lc_error *err)
{
	static const char *const files[2][2] = {
		{"memory.usage_in_bytes", "memory.max_usage_in_bytes"},
		{"memory.current", "memory.peak"},
	};
	const char *const *names = files[lc_cgroup_has_file(dirfd, files[1][0])];
	bool has_peak;
	uint64_t use, peak;
	char subject[LCT_SUBJECT_MAX], more[40] = "";

	if (strcmp(write->field, "memory_swap") == 0)
		names = (const char *const[2]){"memory.memsw.usage_in_bytes",
			"memory.memsw.max_usage_in_bytes"};
	has_peak = lc_cgroup_read_u64(dirfd, names[1], &peak) >= 0;
	if (lc_cgroup_read_u64(dirfd, names[0], &use) < 0)
		return -EBUSY;
	if (has_peak)
		(void) snprintf(more, sizeof(more), " peak %" PRIu64, peak);
	(void) snprintf(subject, sizeof(subject), "cgroups.%s: limit %s use %" PRIu64 "%s",
		write->field, write->text, use, more);
	return lc_fail(err, LCT_STEP_CGROUP, EBUSY, subject);
}

static int fail_write(const struct lc_cgroup *cg, const struct lc_cgroup_write *write, int errnum,
	struct lc_error *err)
{
	const struct lc_cgroup_dir *dir = &cg->dirs[write->dir];
	char subject[3 * LCT_SUBJECT_MAX];
	struct lc_error where;

	if (errnum == -EBUSY && strncmp(write->file, "memory.", 7) == 0 &&
		fail_in_use(dir->fd, write, err) < 0 && err != NULL)
		return -EBUSY;
	if (errnum == -ENOENT && write->program == NULL &&
		lc_cgroup_has_file(dir->fd, "cgroup.procs"))
		return lc_cgroup_lacks(write->field, write->file, err);
	(void) lc_cgroup_fail(
		cg, dir, errnum, write->program == NULL ? write->file : NULL, &where);
	(void) snprintf(subject, sizeof(subject), "cgroups.%s: %s", write->field, where.subject);
	return lc_fail(err, LCT_STEP_CGROUP, errnum, subject);
}

static int write_program(int dirfd, const struct lc_cgroup_write *write,
	struct lc_cgroup_change *change)
{
	struct lc_cgroup_undo undo = {.dir = write->dir, .is_program = true, .program = -1};
	int r = lc_device_attach(dirfd, write->program, &undo.program);

	if (r < 0)
		return r;
	if (change != NULL) {
		r = remember(change, &undo);
		if (r >= 0)
			return 0; /* the descriptor is the change's now */
		(void) lc_device_put_back(dirfd, undo.program);
	}
	lc_fd_close(&undo.program);
	return r;
}

/* memory.max, having made room below it. */
static int write_with_room(int dirfd, const struct lc_cgroup_write *write)
{
	char high[32];
	int made = lc_cgroup_v2_make_room(
		dirfd, strtoll(write->text, NULL, 10), high, sizeof(high));
	int r = made < 0 ? made : lc_cgroup_write(dirfd, write->file, write->text);

	if (made > 0)
		(void) lc_cgroup_write(dirfd, "memory.high", high);
	return r;
}

static int write_one(const struct lc_cgroup *cg, const struct lc_cgroup_write *write,
	struct lc_cgroup_change *change)
{
	int dirfd = cg->dirs[write->dir].fd, r = 0;
	size_t before = change != NULL ? change->count : 0;

	if (write->program != NULL) {
		r = write_program(dirfd, write, change);
		return r == -EPERM && write->is_optional ? 0 : r;
	}
	if (change != NULL && strcmp(write->file, "cpu.idle") == 0)
		r = remember_share(dirfd, write, change);
	if (change != NULL && r >= 0)
		r = remember_file(dirfd, write, change);
	if (r < 0)
		return r;
	r = write->makes_room && change != NULL ? write_with_room(dirfd, write)
						: lc_cgroup_write(dirfd, write->file, write->text);
	if (r < 0 && change != NULL)
		change->count = before; /* nothing was changed */
	return r == -EPERM && write->is_optional ? 0 : r;
}

/* Writes that belong together: those that are refused come again after one that was not. */
static int write_group(struct lc_cgroup *cg, const struct lc_cgroup_write *items, size_t count,
	struct lc_cgroup_change *change, struct lc_error *err)
{
	bool is_done[GROUP_MAX] = {false};
	bool is_complete = false, has_moved = true;

	while (!is_complete) {
		const struct lc_cgroup_write *refused = NULL;
		int why = 0;

		if (!has_moved)
			return -EINVAL; /* `err` is of the last round */
		has_moved = false;
		is_complete = true;
		for (size_t i = 0; i < count; i++) {
			int r = is_done[i] ? 0 : write_one(cg, &items[i], change);

			if (r < 0 && (r != -EINVAL || count == 1))
				return fail_write(cg, &items[i], r, err);
			if (r < 0) {
				refused = refused != NULL ? refused : &items[i];
				why = r;
				is_complete = false;
				continue;
			}
			has_moved = has_moved || !is_done[i];
			is_done[i] = true;
		}
		if (refused != NULL && !has_moved)
			(void) fail_write(cg, refused, why, err);
	}
	return 0;
}

/* After a failure that `err` tells: as it was before, and what is not. */
static void undo_all(struct lc_cgroup *cg, struct lc_cgroup_change *change, struct lc_error *err)
{
	char failed[100] = "; not put back:";
	char subject[LCT_SUBJECT_MAX + sizeof(failed)];

	if (put_back(cg, change, failed, sizeof(failed)) == 0 || err == NULL)
		return;
	(void) snprintf(subject, sizeof(subject), "%s%s", err->subject, failed);
	(void) lc_fail(err, (enum lc_step) err->step, err->errnum, subject);
}

int lc_cgroup_carry_out(struct lc_cgroup *cg, const struct lc_cgroup_writes *writes,
	struct lc_cgroup_change *change, struct lc_error *err)
{
	int r = 0;

	for (size_t i = 0, next; i < writes->count && r >= 0; i = next) {
		const struct lc_cgroup_write *first = &writes->items[i];

		for (next = i + 1; next < writes->count && first->group != LCT_GROUP_NONE; next++)
			if (writes->items[next].group != first->group || next - i == GROUP_MAX)
				break;
		r = write_group(cg, first, next - i, change, err);
	}
	if (r < 0 && change != NULL)
		undo_all(cg, change, err);
	return r;
}
