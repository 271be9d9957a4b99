/* SPDX-License-Identifier: MIT */
/*
 * How the drivers say where a number is: tables of files and keys, read by stats.c. Private to
 * src/cgroups/.
 *
 * A number that is there already stays: of two hierarchies that tell the same, the first one read
 * counts.
 */
#ifndef LCT_CGROUPS_STATS_READ_H
#define LCT_CGROUPS_STATS_READ_H

#include "cgroups/driver.h"
#include "cgroups/stats.h"

/* One number: of a file that is that number alone, or of the line with `key`. Rows with the same file
 * follow each other, and the file is read once. */
struct lc_stat_row {
	const char *file, *key;
	enum lc_stat stat;
	uint64_t scale;  /* to our unit; 0 is 1 */
	bool is_limit;   /* no limit is an absent one */
};

#define LCT_STAT_ROWS(rows) (rows), sizeof(rows) / sizeof((rows)[0])

/* The reading of one directory. */
struct lc_stats_reader {
	struct lc_cgroup *cg;
	struct lc_stats *out;
	struct lc_arena *arena;
	struct lc_error *err;
	const struct lc_cgroup_dir *dir;
	char *text;      /* of the file that was read last; may be cut */
	size_t room;
	bool was_there;  /* that file */
	bool was_closed; /* the directory, before us */
};

/* Begin with the directory of that index in cg->dirs; -ENOENT when it is gone. */
int lc_stats_open(struct lc_stats_reader *reader, int index);
/* End with it: -ENOENT when it has gone meanwhile, and the numbers are half of the truth. Gives
 * `result` back when that is a failure. */
int lc_stats_close(struct lc_stats_reader *reader, int result);

/* Read a file: 1 when it is in reader->text, 0 when this kernel has none. */
int lc_stats_text(struct lc_stats_reader *reader, const char *file);
int lc_stats_rows(struct lc_stats_reader *reader, const struct lc_stat_row *rows, size_t count);

/* The largest number, rather than one that has wrapped. */
static inline uint64_t lc_stats_sum(uint64_t one, uint64_t other)
{
	return one > UINT64_MAX - other ? UINT64_MAX : one + other;
}

/* The number is known, and this. */
void lc_stats_set(struct lc_count *count, uint64_t value);
/* Of the text that is there: lines of "key value". The text is cut, the names point into it. */
int lc_stats_pairs(struct lc_stats_reader *reader, struct lc_named_counts *out);
/* NULL: no such line. */
const uint64_t *lc_stats_find(const struct lc_named_counts *counts, const char *name);
/* memory.stat has these; working_set is what is used less what could be dropped at once. */
void lc_stats_memory(struct lc_stats *out, const char *cache, const char *anon, const char *inactive);

extern const char *const lc_pressure_files[LCT_PRESSURES];
/* The lines "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" and "full …" of a pressure file. The
 * text is cut. */
void lc_stats_parse_pressure(char *text, struct lc_pressure *out);
/* All of lc_pressure_files: 0, also without pressure stall information, or -errno. */
int lc_stats_pressures(struct lc_stats_reader *reader);
/* The device with these numbers, made when it is new; NULL when out of memory (and err is filled). */
struct lc_io_device *lc_stats_device(struct lc_stats_reader *reader, unsigned major, unsigned minor);
/* The sums over all devices; 0 where there are none. */
void lc_stats_sum_devices(struct lc_stats *out);

/* The item of that name, made when it is new; NULL when out of memory. */
struct lc_stat_item *lc_stats_item(
	struct lc_stats_reader *reader, struct lc_stat_items *list, const char *name, size_t length);

/* A file that is one line of text; NULL stays where there is none. */
int lc_stats_line(struct lc_stats_reader *reader, const char *file, const char **out);
/* rdma.current and misc.* have the same names and form in both versions. */
int lc_stats_rdma(struct lc_stats_reader *reader);
int lc_stats_misc(struct lc_stats_reader *reader);

/* For each size of huge pages this part of hugetlb.<size>.<end>; `key` NULL: the whole file. */
struct lc_hugetlb_row {
	const char *end, *key;
	enum lc_hugetlb_stat stat;
	bool is_limit;
};
int lc_stats_hugetlb(struct lc_stats_reader *reader, const struct lc_hugetlb_row *rows, size_t count);

/* The drivers' parts (v1_stats.c, v2_stats.c). */
int lc_cgroup_v1_stats(struct lc_cgroup *cg, struct lc_stats *out, struct lc_arena *arena,
	struct lc_error *err);
int lc_cgroup_v2_stats(struct lc_cgroup *cg, struct lc_stats *out, struct lc_arena *arena,
	struct lc_error *err);

#endif
