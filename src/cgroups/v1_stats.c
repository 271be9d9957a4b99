/* SPDX-License-Identifier: MIT */
/* Where v1 counts what a container uses, controller by controller. */
#include "base/parse.h"
#include "cgroups/stats_read.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_TICK 10000000 /* cpuacct.stat counts in USER_HZ, which is 100 for user space */

static const struct lc_stat_row cpu_rows[] = {
	{"cpu.stat", "nr_periods", LCT_STAT_CPU_PERIODS, 1, false},
	{"cpu.stat", "nr_throttled", LCT_STAT_CPU_THROTTLED_PERIODS, 1, false},
	{"cpu.stat", "throttled_time", LCT_STAT_CPU_THROTTLED_TIME, 1, false},
	{"cpu.stat", "nr_bursts", LCT_STAT_CPU_BURSTS, 1, false}, /* since 5.15 */
	{"cpu.stat", "burst_time", LCT_STAT_CPU_BURST_TIME, 1, false},
};

static const struct lc_stat_row cpuacct_rows[] = {
	{"cpuacct.stat", "user", LCT_STAT_CPU_USER, NS_PER_TICK, false},
	{"cpuacct.stat", "system", LCT_STAT_CPU_SYSTEM, NS_PER_TICK, false},
	{"cpuacct.usage", NULL, LCT_STAT_CPU_TIME, 1, false},
};

static const struct lc_stat_row memory_rows[] = {
	{"memory.max_usage_in_bytes", NULL, LCT_STAT_MEMORY_PEAK, 1, false},
	{"memory.limit_in_bytes", NULL, LCT_STAT_MEMORY_LIMIT, 1, true},
	{"memory.failcnt", NULL, LCT_STAT_MEMORY_FAILCNT, 1, false},
	{"memory.memsw.usage_in_bytes", NULL, LCT_STAT_MEMORY_SWAP_USAGE, 1, false},
	{"memory.memsw.max_usage_in_bytes", NULL, LCT_STAT_MEMORY_SWAP_PEAK, 1, false},
	{"memory.memsw.limit_in_bytes", NULL, LCT_STAT_MEMORY_SWAP_LIMIT, 1, true},
	{"memory.memsw.failcnt", NULL, LCT_STAT_MEMORY_SWAP_FAILCNT, 1, false},
	{"memory.kmem.usage_in_bytes", NULL, LCT_STAT_KERNEL_USAGE, 1, false},
	{"memory.kmem.max_usage_in_bytes", NULL, LCT_STAT_KERNEL_PEAK, 1, false},
	{"memory.kmem.limit_in_bytes", NULL, LCT_STAT_KERNEL_LIMIT, 1, true},
	{"memory.kmem.failcnt", NULL, LCT_STAT_KERNEL_FAILCNT, 1, false},
	{"memory.kmem.tcp.usage_in_bytes", NULL, LCT_STAT_KERNEL_TCP_USAGE, 1, false},
	{"memory.kmem.tcp.max_usage_in_bytes", NULL, LCT_STAT_KERNEL_TCP_PEAK, 1, false},
	{"memory.kmem.tcp.limit_in_bytes", NULL, LCT_STAT_KERNEL_TCP_LIMIT, 1, true},
	{"memory.kmem.tcp.failcnt", NULL, LCT_STAT_KERNEL_TCP_FAILCNT, 1, false},
	{"memory.usage_in_bytes", NULL, LCT_STAT_MEMORY_USAGE, 1, false},
};

static const struct lc_stat_row pids_rows[] = {
	{"pids.peak", NULL, LCT_STAT_PIDS_PEAK, 1, false}, /* since 6.1 */
	{"pids.max", NULL, LCT_STAT_PIDS_LIMIT, 1, true},
	{"pids.events", "max", LCT_STAT_PIDS_FAILCNT, 1, false},
	{"pids.current", NULL, LCT_STAT_PIDS_CURRENT, 1, false},
};

static const struct lc_hugetlb_row hugetlb_rows[] = {
	{"max_usage_in_bytes", NULL, LCT_HUGETLB_PEAK, false},
	{"limit_in_bytes", NULL, LCT_HUGETLB_LIMIT, true},
	{"failcnt", NULL, LCT_HUGETLB_FAILCNT, false},
	{"rsvd.usage_in_bytes", NULL, LCT_HUGETLB_RESERVED, false}, /* since 5.7 */
	{"usage_in_bytes", NULL, LCT_HUGETLB_USAGE, false},
};

static int read_cpu(struct lc_stats_reader *reader)
{
	return lc_stats_rows(reader, LCT_STAT_ROWS(cpu_rows));
}

/* "123 456 ", a number for each possible processor. */
static int read_percpu(struct lc_stats_reader *reader)
{
	struct lc_stats *out = reader->out;
	size_t room = 0;
	int r = lc_stats_text(reader, "cpuacct.usage_percpu");

	if (r <= 0)
		return r;
	for (const char *at = reader->text; *at != '\0'; at += strcspn(at, " ")) {
		char number[24];
		uint64_t *items;

		at += strspn(at, " ");
		(void) snprintf(number, sizeof(number), "%.*s", (int) strcspn(at, " "), at);
		items = lc_arena_grow(
			reader->arena, out->percpu_ns, out->percpu_count, &room, sizeof(*items));
		if (items == NULL)
			return lc_fail(reader->err, LCT_STEP_MEMORY, ENOMEM, "");
		out->percpu_ns = items;
		if (*number != '\0' && lc_parse_u64(number, &items[out->percpu_count]) >= 0)
			out->percpu_count++;
	}
	return 0;
}

static int read_cpuacct(struct lc_stats_reader *reader)
{
	int r = read_percpu(reader);

	return r < 0 ? r : lc_stats_rows(reader, LCT_STAT_ROWS(cpuacct_rows));
}

/* v2 has a whole file of events. Here only this is counted, and told beside a choice and a state. */
static int read_oom_kills(struct lc_stats_reader *reader)
{
	struct lc_named_counts *events = &reader->out->memory_events;
	int r = lc_stats_text(reader, "memory.oom_control");
	uint64_t value;

	if (r <= 0 || lc_parse_key_u64(reader->text, "oom_kill", &value) < 0)
		return r < 0 ? r : 0;
	events->items = lc_arena_alloc(reader->arena, sizeof(*events->items));
	if (events->items == NULL)
		return lc_fail(reader->err, LCT_STEP_MEMORY, ENOMEM, "");
	events->items[0] = (struct lc_named_count){"oom_kill", value};
	events->count = events->room = 1;
	return 0;
}

static int read_memory(struct lc_stats_reader *reader)
{
	struct lc_stats *out = reader->out;
	const uint64_t *swap;
	int r = lc_stats_text(reader, "memory.stat");

	if (r > 0)
		r = lc_stats_pairs(reader, &out->memory_stat);
	if (r >= 0)
		r = read_oom_kills(reader);
	if (r >= 0)
		r = lc_stats_rows(reader, LCT_STAT_ROWS(memory_rows));
	if (r < 0)
		return r;
	swap = lc_stats_find(&out->memory_stat, "total_swap");
	if (swap != NULL)
		lc_stats_set(&out->values[LCT_STAT_SWAP_USAGE], *swap);
	lc_stats_memory(out, "total_cache", "total_rss", "total_inactive_file");
	return 0;
}

static int read_pids(struct lc_stats_reader *reader)
{
	return lc_stats_rows(reader, LCT_STAT_ROWS(pids_rows));
}

static int read_hugetlb(struct lc_stats_reader *reader)
{
	return lc_stats_hugetlb(reader, hugetlb_rows, sizeof(hugetlb_rows) / sizeof(hugetlb_rows[0]));
}

static int read_cpuset(struct lc_stats_reader *reader)
{
	int r = lc_stats_line(reader, "cpuset.effective_cpus", &reader->out->cpuset_cpus);

	return r < 0 ? r
		     : lc_stats_line(reader, "cpuset.effective_mems", &reader->out->cpuset_mems);
}

/* --- blkio: lines of "8:0 Read 4096", "8:0 Total 4096", and in the end "Total 4096" --- */

struct io_file {
	const char *name, *other; /* other: read when the first is not there */
	int read, write, discard; /* enum lc_io_stat, -1: not told */
};

static const struct io_file io_files[] = {
	{"blkio.throttle.io_service_bytes_recursive", "blkio.throttle.io_service_bytes",
		LCT_IO_READ_BYTES, LCT_IO_WRITE_BYTES, LCT_IO_DISCARD_BYTES},
	{"blkio.throttle.io_serviced_recursive", "blkio.throttle.io_serviced", LCT_IO_READS,
		LCT_IO_WRITES, LCT_IO_DISCARDS},
	/* with the BFQ scheduler, in kernels made for looking into it */
	{"blkio.bfq.io_queued_recursive", NULL, LCT_IO_READS_QUEUED, LCT_IO_WRITES_QUEUED, -1},
	{"blkio.bfq.io_merged_recursive", NULL, LCT_IO_READS_MERGED, LCT_IO_WRITES_MERGED, -1},
	{"blkio.bfq.io_service_time_recursive", NULL, LCT_IO_READ_SERVICE_TIME,
		LCT_IO_WRITE_SERVICE_TIME, -1},
	{"blkio.bfq.io_wait_time_recursive", NULL, LCT_IO_READ_WAIT_TIME, LCT_IO_WRITE_WAIT_TIME,
		-1},
};

static int parse_io(struct lc_stats_reader *reader, const struct io_file *file)
{
	for (const char *at = reader->text; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n') {
		unsigned major, minor;
		char operation[16];
		uint64_t value;
		struct lc_io_device *device;
		int stat;

		if (sscanf(at, "%u:%u %15s %" SCNu64, &major, &minor, operation, &value) != 4)
			continue;
		stat = strcmp(operation, "Read") == 0	   ? file->read
		       : strcmp(operation, "Write") == 0   ? file->write
		       : strcmp(operation, "Discard") == 0 ? file->discard
							   : -1;
		if (stat < 0)
			continue;
		device = lc_stats_device(reader, major, minor);
		if (device == NULL)
			return -ENOMEM;
		lc_stats_set(&device->values[stat], value);
	}
	return 0;
}

/* Lines of "8:0 4096": one number for a device. */
static const struct io_total {
	const char *name;
	int stat;       /* enum lc_io_stat */
	uint64_t scale; /* to our unit */
} io_totals[] = {
	{"blkio.bfq.time_recursive", LCT_IO_TIME, 1000000}, /* milliseconds */
	{"blkio.bfq.sectors_recursive", LCT_IO_SECTORS, 1},
};

static int parse_total(struct lc_stats_reader *reader, const struct io_total *total)
{
	for (const char *at = reader->text; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n') {
		unsigned major, minor;
		uint64_t value;
		struct lc_io_device *device;

		if (sscanf(at, "%u:%u %" SCNu64, &major, &minor, &value) != 3 ||
			__builtin_mul_overflow(value, total->scale, &value))
			continue;
		device = lc_stats_device(reader, major, minor);
		if (device == NULL)
			return -ENOMEM;
		lc_stats_set(&device->values[total->stat], value);
	}
	return 0;
}

static int read_io_totals(struct lc_stats_reader *reader)
{
	for (size_t i = 0; i < sizeof(io_totals) / sizeof(io_totals[0]); i++) {
		int r = lc_stats_text(reader, io_totals[i].name);

		if (r > 0)
			r = parse_total(reader, &io_totals[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_io(struct lc_stats_reader *reader)
{
	bool is_told = false;

	for (size_t i = 0; i < sizeof(io_files) / sizeof(io_files[0]); i++) {
		int r = lc_stats_text(reader, io_files[i].name);

		if (r == 0 && io_files[i].other != NULL)
			r = lc_stats_text(reader, io_files[i].other);
		is_told = is_told || r > 0;
		if (r > 0)
			r = parse_io(reader, &io_files[i]);
		if (r < 0)
			return r;
	}
	if (is_told)
		lc_stats_sum_devices(reader->out);
	return read_io_totals(reader);
}

int lc_cgroup_v1_stats(
	struct lc_cgroup *cg, struct lc_stats *out, struct lc_arena *arena, struct lc_error *err)
{
	static const struct {
		const char *controller;
		int (*read)(struct lc_stats_reader *reader);
	} sources[] = {
		{"cpu", read_cpu},
		{"cpuacct", read_cpuacct},
		{"memory", read_memory},
		{"blkio", read_io},
		{"pids", read_pids},
		{"hugetlb", read_hugetlb},
		{"cpuset", read_cpuset},
		{"rdma", lc_stats_rdma},
		{"misc", lc_stats_misc},
	};
	struct lc_stats_reader reader = {.cg = cg, .out = out, .arena = arena, .err = err};

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		int index = lc_cgroup_find_v1(cg, sources[i].controller);
		int r = index >= 0 ? lc_stats_open(&reader, index) : 0;

		if (r >= 0 && index >= 0)
			r = lc_stats_close(&reader, sources[i].read(&reader));
		if (r < 0)
			return r;
	}
	return 0;
}
