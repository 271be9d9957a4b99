/* SPDX-License-Identifier: MIT */
/*
 * Reading what a container has used: files of one directory, by the tables of v1_stats.c and
 * v2_stats.c. Knows no driver and takes no decision but one: a file that this kernel does not have is
 * an absent number, while one that went away with its cgroup makes the whole answer an error.
 *
 * A file of a cgroup is one record: a read with room for all of it gets all of it, so that one read
 * is enough, and one that is filled to the brim is read again with more room.
 */
#include "base/fd.h"
#include "base/parse.h"
#include "cgroups/stats_read.h"
#include "sys/sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 16384
#define LAST_ROOM (4 << 20)
/* v1 has "no limit" as the largest number of whole pages, whatever a page is; v2 says "max". */
#define NO_LIMIT ((uint64_t) INT64_MAX - (1 << 20))

static int no_memory(const struct lc_stats_reader *reader)
{
	return lc_fail(reader->err, LCT_STEP_MEMORY, ENOMEM, "");
}

static int fail(const struct lc_stats_reader *reader, long errnum, const char *file)
{
	return lc_cgroup_fail(reader->cg, reader->dir, errnum, file, reader->err);
}

/* --- files --- */

int lc_stats_open(struct lc_stats_reader *reader, int index)
{
	struct lc_cgroup_dir *dir = &reader->cg->dirs[index];
	int r;

	reader->dir = dir;
	reader->was_there = false;
	reader->was_closed = dir->fd < 0;
	r = lc_cgroup_dir_open(reader->cg, dir);
	if (r < 0 || dir->fd < 0)
		return fail(reader, r < 0 ? r : ENOENT, NULL);
	return 0;
}

int lc_stats_close(struct lc_stats_reader *reader, int result)
{
	struct lc_cgroup_dir *dir = &reader->cg->dirs[reader->dir - reader->cg->dirs];

	/* What was read last was there, so the directory was, and with it all that came before. */
	if (result >= 0 && !reader->was_there) {
		int alive = lc_cgroup_open_at(dir->fd, "cgroup.procs", O_PATH);

		if (alive < 0)
			result = fail(reader, alive, NULL);
		else
			lc_fd_close(&alive);
	}
	if (reader->was_closed)
		lc_fd_close(&dir->fd);
	return result < 0 ? result : 0;
}

static long read_once(int fd, char *buffer, size_t size)
{
	long got;

	do
		got = lc_sys_pread(fd, buffer, size, 0);
	while (got == -EINTR);
	return got;
}

/* Length of the text; -EMSGSIZE when there may be more of it. */
static long read_file(const struct lc_stats_reader *reader, const char *file)
{
	/* One component, and never a link: openat2 could say no more than that. */
	int fd = lc_fd_above_stdio((int) lc_sys_openat(
		reader->dir->fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0));
	long got;

	if (fd < 0)
		return fd;
	got = read_once(fd, reader->text, reader->room);
	lc_fd_close(&fd);
	return got >= 0 && (size_t) got == reader->room ? -EMSGSIZE : got;
}

/* No such file, or one that cannot be read because the kernel does not do that: swap accounting and
 * pressure can be switched off. */
static bool is_absent(long result)
{
	return result == -ENOENT || result == -EOPNOTSUPP || result == -EINVAL;
}

int lc_stats_text(struct lc_stats_reader *reader, const char *file)
{
	long got = reader->text != NULL ? read_file(reader, file) : -EMSGSIZE;

	while (got == -EMSGSIZE && reader->room < LAST_ROOM) {
		size_t room = reader->room > 0 ? reader->room * 2 : FIRST_ROOM;
		char *text = lc_arena_alloc(reader->arena, room);

		if (text == NULL)
			return no_memory(reader);
		reader->text = text;
		reader->room = room;
		got = read_file(reader, file);
	}
	reader->was_there = got >= 0;
	if (got < 0)
		return is_absent(got) ? 0 : fail(reader, got, file);
	if (got > 0 && reader->text[got - 1] == '\n')
		got--;
	reader->text[got] = '\0';
	return 1;
}

/* --- numbers --- */

void lc_stats_set(struct lc_count *count, uint64_t value)
{
	if (!count->is_set)
		*count = (struct lc_count){value, true};
}

/* A number of the text that was read. Old kernels had races that made them negative: that is 0. */
static bool parse(const char *text, const char *key, uint64_t *out)
{
	if (key != NULL)
		return lc_parse_key_u64(text, key, out) >= 0;
	if (*text != '-')
		return lc_parse_u64(text, out) >= 0;
	*out = 0;
	return true;
}

int lc_stats_rows(struct lc_stats_reader *reader, const struct lc_stat_row *rows, size_t count)
{
	int r = 0;

	for (size_t i = 0; i < count; i++) {
		const struct lc_stat_row *row = &rows[i];
		uint64_t value;

		if (i == 0 || strcmp(row->file, rows[i - 1].file) != 0)
			r = lc_stats_text(reader, row->file);
		if (r < 0)
			return r;
		if (r == 0 || !parse(reader->text, row->key, &value) ||
			(row->is_limit && value > NO_LIMIT))
			continue;
		if (row->scale > 0 && __builtin_mul_overflow(value, row->scale, &value))
			value = UINT64_MAX;
		lc_stats_set(&reader->out->values[row->stat], value);
	}
	return 0;
}

/* The number at *at, which is moved behind it and the blank that ends it. */
static bool take_number(char **at, uint64_t *out)
{
	char *end = *at + strcspn(*at, " \n");
	char after = *end;
	bool is_fine;

	*end = '\0';
	is_fine = parse(*at, NULL, out);
	*at = after != '\0' ? end + 1 : end;
	return is_fine;
}

int lc_stats_pairs(struct lc_stats_reader *reader, struct lc_named_counts *out)
{
	char *at = reader->text;

	while (*at != '\0') {
		char *name = at, *end = at + strcspn(at, " \n"), *line_end = end + strcspn(end, "\n");
		char *number = end + 1;
		struct lc_named_count *items;
		uint64_t value;
		bool has_value = *end == ' ';

		/* what else is on the line is no key */
		at = *line_end != '\0' ? line_end + 1 : line_end;
		*line_end = '\0';
		*end = '\0';
		if (!has_value || !take_number(&number, &value))
			continue;
		items = lc_arena_grow(
			reader->arena, out->items, out->count, &out->room, sizeof(*items));
		if (items == NULL)
			return no_memory(reader);
		out->items = items;
		items[out->count++] = (struct lc_named_count){name, value};
	}
	/* The names are in it: the next file gets what is behind. */
	at++;
	reader->room -= (size_t) (at - reader->text);
	reader->text = at;
	return 0;
}

const uint64_t *lc_stats_find(const struct lc_named_counts *counts, const char *name)
{
	for (size_t i = 0; i < counts->count; i++)
		if (strcmp(counts->items[i].name, name) == 0)
			return &counts->items[i].value;
	return NULL;
}

void lc_stats_memory(struct lc_stats *out, const char *cache, const char *anon, const char *inactive)
{
	const uint64_t *value = lc_stats_find(&out->memory_stat, cache);
	const struct lc_count *usage = &out->values[LCT_STAT_MEMORY_USAGE];

	if (value != NULL)
		lc_stats_set(&out->values[LCT_STAT_MEMORY_CACHE], *value);
	value = lc_stats_find(&out->memory_stat, anon);
	if (value != NULL)
		lc_stats_set(&out->values[LCT_STAT_MEMORY_ANON], *value);
	value = lc_stats_find(&out->memory_stat, inactive);
	if (value != NULL && usage->is_set)
		lc_stats_set(&out->values[LCT_STAT_MEMORY_WORKING_SET],
			usage->value > *value ? usage->value - *value : 0);
}

/* --- pressure: "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" --- */

static bool take_share(const char *line, const char *key, double *out)
{
	const char *at = strstr(line, key);
	unsigned whole, hundredths;

	if (at == NULL || sscanf(at + strlen(key), "%u.%2u", &whole, &hundredths) != 2)
		return false;
	*out = whole + hundredths / 100.0;
	return true;
}

static void parse_pressure_line(char *text, const char *kind, struct lc_pressure_line *out)
{
	char *line = strstr(text, kind), *total = line != NULL ? strstr(line, "total=") : NULL;
	struct lc_pressure_line found = {.is_set = true};

	if (total == NULL || !take_share(line, "avg10=", &found.avg10) ||
		!take_share(line, "avg60=", &found.avg60) ||
		!take_share(line, "avg300=", &found.avg300))
		return;
	total += strlen("total=");
	if (take_number(&total, &found.total_us))
		*out = found;
}

const char *const lc_pressure_files[LCT_PRESSURES] = {
	[LCT_PRESSURE_CPU] = "cpu.pressure",
	[LCT_PRESSURE_MEMORY] = "memory.pressure",
	[LCT_PRESSURE_IO] = "io.pressure",
};

void lc_stats_parse_pressure(char *text, struct lc_pressure *out)
{
	parse_pressure_line(text, "full ", &out->full); /* it cuts the text: the last first */
	parse_pressure_line(text, "some ", &out->some);
}

int lc_stats_pressures(struct lc_stats_reader *reader)
{
	for (int i = 0; i < LCT_PRESSURES; i++) {
		int r = lc_stats_text(reader, lc_pressure_files[i]);

		if (r < 0)
			return r;
		if (r > 0)
			lc_stats_parse_pressure(reader->text, &reader->out->pressures[i]);
	}
	return 0;
}

/* --- block devices --- */

struct lc_io_device *lc_stats_device(struct lc_stats_reader *reader, unsigned major, unsigned minor)
{
	struct lc_stats *out = reader->out;
	struct lc_io_device *devices;

	for (size_t i = 0; i < out->devices_count; i++)
		if (out->devices[i].major == major && out->devices[i].minor == minor)
			return &out->devices[i];
	devices = lc_arena_grow(reader->arena, out->devices, out->devices_count,
		&out->devices_room, sizeof(*devices));
	if (devices == NULL) {
		(void) no_memory(reader);
		return NULL;
	}
	out->devices = devices;
	devices += out->devices_count++;
	*devices = (struct lc_io_device){.major = major, .minor = minor};
	return devices;
}

void lc_stats_sum_devices(struct lc_stats *out)
{
	for (int i = 0; i <= LCT_IO_DISCARDS; i++) {
		struct lc_count *sum = &out->values[LCT_STAT_IO_READ_BYTES + i];

		*sum = (struct lc_count){0, true};
		for (size_t k = 0; k < out->devices_count; k++)
			sum->value = lc_stats_sum(sum->value, out->devices[k].values[i].value);
	}
}

/* --- lists of things with a name --- */

struct lc_stat_item *lc_stats_item(
	struct lc_stats_reader *reader, struct lc_stat_items *list, const char *name, size_t length)
{
	struct lc_stat_item *items;
	char *copy;

	for (size_t i = 0; i < list->count; i++)
		if (strncmp(list->items[i].name, name, length) == 0 &&
			list->items[i].name[length] == '\0')
			return &list->items[i];
	items = lc_arena_grow(reader->arena, list->items, list->count, &list->room, sizeof(*items));
	copy = lc_arena_copy(reader->arena, name, length);
	if (items == NULL || copy == NULL) {
		(void) no_memory(reader);
		return NULL;
	}
	list->items = items;
	items += list->count++;
	*items = (struct lc_stat_item){.name = copy};
	return items;
}

int lc_stats_hugetlb(struct lc_stats_reader *reader, const struct lc_hugetlb_row *rows, size_t count)
{
	const char *name = reader->cg->mounts->page_sizes;

	for (size_t length; *name != '\0'; name += length + (name[length] == ' ')) {
		struct lc_stat_item *size;

		length = strcspn(name, " ");
		size = lc_stats_item(reader, &reader->out->hugetlb, name, length);
		if (size == NULL)
			return -ENOMEM;
		for (size_t i = 0; i < count; i++) {
			char file[64];
			uint64_t value;
			int r;

			(void) snprintf(file, sizeof(file), "hugetlb.%.*s.%s", (int) length, name,
				rows[i].end);
			r = lc_stats_text(reader, file);
			if (r < 0)
				return r;
			if (r > 0 && parse(reader->text, rows[i].key, &value) &&
				!(rows[i].is_limit && value > NO_LIMIT))
				lc_stats_set(&size->values[rows[i].stat], value);
		}
	}
	return 0;
}

int lc_stats_line(struct lc_stats_reader *reader, const char *file, const char **out)
{
	int r = lc_stats_text(reader, file);

	if (r <= 0 || *out != NULL)
		return r < 0 ? r : 0;
	*out = lc_arena_copy(reader->arena, reader->text, strcspn(reader->text, "\n"));
	return *out == NULL ? no_memory(reader) : 0;
}

/* "mlx4_0 hca_handle=1 hca_object=20" */
int lc_stats_rdma(struct lc_stats_reader *reader)
{
	static const char *const keys[LCT_RDMA_STATS] = {
		[LCT_RDMA_HCA_HANDLES] = " hca_handle=", [LCT_RDMA_HCA_OBJECTS] = " hca_object="};
	char *line, *rest = NULL;
	int r = lc_stats_text(reader, "rdma.current");

	if (r <= 0)
		return r;
	for (line = strtok_r(reader->text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		struct lc_stat_item *item = lc_stats_item(
			reader, &reader->out->rdma, line, strcspn(line, " "));

		if (item == NULL)
			return -ENOMEM;
		for (int i = LCT_RDMA_STATS - 1; i >= 0; i--) { /* each one is cut: the last first */
			char *at = strstr(line, keys[i]);
			uint64_t value;

			if (at == NULL)
				continue;
			*at = '\0';
			at += strlen(keys[i]);
			if (take_number(&at, &value))
				lc_stats_set(&item->values[i], value);
		}
	}
	return 0;
}

int lc_stats_misc(struct lc_stats_reader *reader)
{
	static const struct {
		const char *file, *end; /* end: of the keys, "res_a.max" */
		enum lc_misc_stat stat;
	} files[] = {
		{"misc.current", "", LCT_MISC_USAGE},
		{"misc.peak", "", LCT_MISC_PEAK}, /* since 6.12 */
		{"misc.max", "", LCT_MISC_LIMIT},
		{"misc.events", ".max", LCT_MISC_FAILCNT},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct lc_named_counts counts = {.count = 0};
		int r = lc_stats_text(reader, files[i].file);

		if (r > 0)
			r = lc_stats_pairs(reader, &counts);
		if (r < 0)
			return r;
		for (size_t k = 0; k < counts.count; k++) {
			const struct lc_named_count *found = &counts.items[k];
			size_t length = strlen(found->name), end = strlen(files[i].end);
			struct lc_stat_item *item;

			if (length < end || strcmp(found->name + length - end, files[i].end) != 0 ||
				found->value > NO_LIMIT)
				continue;
			item = lc_stats_item(
				reader, &reader->out->misc, found->name, length - end);
			if (item == NULL)
				return -ENOMEM;
			lc_stats_set(&item->values[files[i].stat], found->value);
		}
	}
	return 0;
}

/* --- the whole --- */

int lc_cgroup_stats(struct lc_cgroup *cg, struct lc_stats *out, struct lc_arena *arena,
	struct lc_error *err)
{
	return cg->ops->stats(cg, out, arena, err);
}
