/* SPDX-License-Identifier: MIT */
/*
 * Where the unified tree counts what a container uses. All of it is in one directory; a controller
 * that is not bound to this tree, or not passed on to us, has no files there. cpu.stat is the last,
 * because every cgroup has it.
 */
#include "base/parse.h"
#include "cgroups/stats_read.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_US 1000

static const struct lc_stat_row memory_rows[] = {
	{"memory.max", NULL, LCT_STAT_MEMORY_LIMIT, 1, true},
	{"memory.peak", NULL, LCT_STAT_MEMORY_PEAK, 1, false}, /* since 5.19 */
	{"memory.swap.current", NULL, LCT_STAT_SWAP_USAGE, 1, false},
	{"memory.swap.max", NULL, LCT_STAT_SWAP_LIMIT, 1, true},
	{"memory.swap.peak", NULL, LCT_STAT_SWAP_PEAK, 1, false}, /* since 6.5 */
	{"memory.swap.events", "fail", LCT_STAT_SWAP_FAILCNT, 1, false},
	{"memory.current", NULL, LCT_STAT_MEMORY_USAGE, 1, false},
};

static const struct lc_stat_row pids_rows[] = {
	{"pids.current", NULL, LCT_STAT_PIDS_CURRENT, 1, false},
	{"pids.peak", NULL, LCT_STAT_PIDS_PEAK, 1, false}, /* since 6.1 */
	{"pids.max", NULL, LCT_STAT_PIDS_LIMIT, 1, true},
	{"pids.events", "max", LCT_STAT_PIDS_FAILCNT, 1, false},
};

static const struct lc_hugetlb_row hugetlb_rows[] = {
	{"current", NULL, LCT_HUGETLB_USAGE, false},
	{"max", NULL, LCT_HUGETLB_LIMIT, true},
	{"events", "max", LCT_HUGETLB_FAILCNT, false},
	{"rsvd.current", NULL, LCT_HUGETLB_RESERVED, false}, /* since 5.7 */
};

/* What is throttled is told when the controller cpu is passed on. */
static const struct lc_stat_row cpu_rows[] = {
	{"cpu.stat", "usage_usec", LCT_STAT_CPU_TIME, NS_PER_US, false},
	{"cpu.stat", "user_usec", LCT_STAT_CPU_USER, NS_PER_US, false},
	{"cpu.stat", "system_usec", LCT_STAT_CPU_SYSTEM, NS_PER_US, false},
	{"cpu.stat", "nr_periods", LCT_STAT_CPU_PERIODS, 1, false},
	{"cpu.stat", "nr_throttled", LCT_STAT_CPU_THROTTLED_PERIODS, 1, false},
	{"cpu.stat", "throttled_usec", LCT_STAT_CPU_THROTTLED_TIME, NS_PER_US, false},
	{"cpu.stat", "nr_bursts", LCT_STAT_CPU_BURSTS, 1, false}, /* since 5.15 */
	{"cpu.stat", "burst_usec", LCT_STAT_CPU_BURST_TIME, NS_PER_US, false},
};

static void set_if(struct lc_stats *out, enum lc_stat stat, const uint64_t *value)
{
	if (value != NULL)
		lc_stats_set(&out->values[stat], *value);
}

/* Memory and swap together, which v1 has files for. */
static void add_up(struct lc_stats *out, enum lc_stat sum, enum lc_stat memory, enum lc_stat swap)
{
	if (out->values[memory].is_set && out->values[swap].is_set)
		lc_stats_set(&out->values[sum],
			lc_stats_sum(out->values[memory].value, out->values[swap].value));
}

static int read_pairs(struct lc_stats_reader *reader, const char *file, struct lc_named_counts *out)
{
	int r = lc_stats_text(reader, file);

	return r > 0 ? lc_stats_pairs(reader, out) : r;
}

static int read_memory(struct lc_stats_reader *reader)
{
	struct lc_stats *out = reader->out;
	int r = read_pairs(reader, "memory.stat", &out->memory_stat);

	if (r >= 0)
		r = read_pairs(reader, "memory.events", &out->memory_events);
	if (r >= 0)
		r = lc_stats_rows(reader, LCT_STAT_ROWS(memory_rows));
	if (r < 0)
		return r;
	set_if(out, LCT_STAT_MEMORY_FAILCNT, lc_stats_find(&out->memory_events, "max"));
	set_if(out, LCT_STAT_KERNEL_USAGE, lc_stats_find(&out->memory_stat, "kernel")); /* since 5.18 */
	set_if(out, LCT_STAT_KERNEL_TCP_USAGE, lc_stats_find(&out->memory_stat, "sock"));
	add_up(out, LCT_STAT_MEMORY_SWAP_USAGE, LCT_STAT_MEMORY_USAGE, LCT_STAT_SWAP_USAGE);
	add_up(out, LCT_STAT_MEMORY_SWAP_LIMIT, LCT_STAT_MEMORY_LIMIT, LCT_STAT_SWAP_LIMIT);
	lc_stats_memory(out, "file", "anon", "inactive_file");
	return 0;
}

/* --- io.stat: "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0" --- */

static void parse_device(char *line, struct lc_io_device *device)
{
	static const struct {
		const char *key;
		enum lc_io_stat stat;
	} keys[] = {
		{"rbytes", LCT_IO_READ_BYTES},
		{"wbytes", LCT_IO_WRITE_BYTES},
		{"dbytes", LCT_IO_DISCARD_BYTES},
		{"rios", LCT_IO_READS},
		{"wios", LCT_IO_WRITES},
		{"dios", LCT_IO_DISCARDS},
	};
	char *rest = NULL;

	for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		char *equals = strchr(word, '=');
		uint64_t value;

		if (equals == NULL || lc_parse_u64(equals + 1, &value) < 0)
			continue;
		*equals = '\0';
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			if (strcmp(word, keys[i].key) == 0)
				lc_stats_set(&device->values[keys[i].stat], value);
	}
}

static int read_io(struct lc_stats_reader *reader)
{
	char *line, *rest = NULL;
	int r = lc_stats_text(reader, "io.stat");

	if (r <= 0)
		return r;
	for (line = strtok_r(reader->text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		unsigned major, minor;
		struct lc_io_device *device;

		if (sscanf(line, "%u:%u ", &major, &minor) != 2)
			continue;
		device = lc_stats_device(reader, major, minor);
		if (device == NULL)
			return -ENOMEM;
		parse_device(line, device);
	}
	lc_stats_sum_devices(reader->out);
	return 0;
}

static int read_all(struct lc_stats_reader *reader)
{
	const struct lc_cgroup *cg = reader->cg;
	int r = lc_stats_pressures(reader);

	if (r >= 0 && lc_cgroup_has_v2(cg, "memory"))
		r = read_memory(reader);
	if (r >= 0 && lc_cgroup_has_v2(cg, "io"))
		r = read_io(reader);
	if (r >= 0 && lc_cgroup_has_v2(cg, "pids"))
		r = lc_stats_rows(reader, LCT_STAT_ROWS(pids_rows));
	if (r >= 0 && lc_cgroup_has_v2(cg, "hugetlb"))
		r = lc_stats_hugetlb(
			reader, hugetlb_rows, sizeof(hugetlb_rows) / sizeof(hugetlb_rows[0]));
	if (r >= 0 && lc_cgroup_has_v2(cg, "cpuset"))
		r = lc_stats_line(reader, "cpuset.cpus.effective", &reader->out->cpuset_cpus);
	if (r >= 0 && lc_cgroup_has_v2(cg, "cpuset"))
		r = lc_stats_line(reader, "cpuset.mems.effective", &reader->out->cpuset_mems);
	if (r >= 0 && lc_cgroup_has_v2(cg, "rdma"))
		r = lc_stats_rdma(reader);
	if (r >= 0 && lc_cgroup_has_v2(cg, "misc"))
		r = lc_stats_misc(reader);
	return r < 0 ? r : lc_stats_rows(reader, LCT_STAT_ROWS(cpu_rows));
}

int lc_cgroup_v2_stats(
	struct lc_cgroup *cg, struct lc_stats *out, struct lc_arena *arena, struct lc_error *err)
{
	struct lc_stats_reader reader = {.cg = cg, .out = out, .arena = arena, .err = err};
	int index = lc_cgroup_find_unified(cg);
	int r = index >= 0 ? lc_stats_open(&reader, index) : 0;

	return r < 0 || index < 0 ? r : lc_stats_close(&reader, read_all(&reader));
}
