/* SPDX-License-Identifier: MIT */
/* What a container has used, from directories of files as different kernels write them. */
#include "fake_cgroup.h"
#include "test.h"

#include "cgroups/stats.h"
#include "container/stats.h"

struct fake {
	struct fake_cgroup of;
	struct lc_arena arena;
	struct lc_stats stats;
};

static void set_up(struct fake *fake, const char *controllers, bool is_unified,
	const struct kernel_file *files, size_t count)
{
	*fake = (struct fake){.arena = LCT_ARENA_INIT};
	fake_cgroup_make(&fake->of, controllers, is_unified, files, count);
}

static int read_stats(struct fake *fake, struct lc_error *err)
{
	memset(&fake->stats, 0, sizeof(fake->stats));
	lc_arena_done(&fake->arena);
	return lc_cgroup_stats(&fake->of.cg, &fake->stats, &fake->arena, err);
}

static void tear_down(struct fake *fake)
{
	fake_cgroup_remove(&fake->of);
	lc_arena_done(&fake->arena);
}

#define SET_UP(fake, controllers, is_unified, files)                                               \
	set_up((fake), (controllers), (is_unified), (files), sizeof(files) / sizeof((files)[0]))

static bool is(const struct fake *fake, enum lc_stat stat, uint64_t value)
{
	return fake->stats.values[stat].is_set && fake->stats.values[stat].value == value;
}

static bool is_absent(const struct fake *fake, enum lc_stat stat)
{
	return !fake->stats.values[stat].is_set;
}

static bool counts(const struct lc_named_counts *counts, const char *name, uint64_t value)
{
	for (size_t i = 0; i < counts->count; i++)
		if (strcmp(counts->items[i].name, name) == 0)
			return counts->items[i].value == value;
	return false;
}

static bool device(const struct fake *fake, size_t i, enum lc_io_stat stat, uint64_t value)
{
	const struct lc_count *count = &fake->stats.devices[i].values[stat];

	return fake->stats.devices_count > i && count->is_set && count->value == value;
}

static void test_v1_memory(struct test *t)
{
	static const struct kernel_file files[] = {
		{"memory.stat", "cache 1\nnew_line 7 with words\nno_number\ntotal_cache 4096\n"
				"total_rss 300\ntotal_swap 50\ntotal_inactive_file 1000\n"},
		{"memory.usage_in_bytes", "5000\n"},
		{"memory.max_usage_in_bytes", "6000\n"},
		{"memory.limit_in_bytes", "9223372036854771712\n"},
		{"memory.failcnt", "-1\n"},
		{"memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"},
		{"memory.kmem.usage_in_bytes", "rubbish\n"},
	};
	struct fake fake;

	SET_UP(&fake, "memory", false, files);
	OK(read_stats(&fake, NULL) == 0 && is(&fake, LCT_STAT_MEMORY_USAGE, 5000) &&
			is(&fake, LCT_STAT_MEMORY_PEAK, 6000),
		"v1: memory is read");
	OK(is_absent(&fake, LCT_STAT_MEMORY_LIMIT), "v1: the largest number is no limit");
	OK(is(&fake, LCT_STAT_MEMORY_FAILCNT, 0), "v1: a negative number is 0");
	OK(is(&fake, LCT_STAT_MEMORY_CACHE, 4096) && is(&fake, LCT_STAT_MEMORY_ANON, 300) &&
			is(&fake, LCT_STAT_SWAP_USAGE, 50) &&
			is(&fake, LCT_STAT_MEMORY_WORKING_SET, 4000),
		"v1: what is told of memory and those below is in memory.stat");
	OK(is_absent(&fake, LCT_STAT_MEMORY_SWAP_USAGE) && is_absent(&fake, LCT_STAT_KERNEL_USAGE) &&
			is_absent(&fake, LCT_STAT_CPU_TIME) && is_absent(&fake, LCT_STAT_PIDS_CURRENT),
		"[D37] a missing file, rubbish and a missing controller are absent numbers, not 0");
	OK(counts(&fake.stats.memory_stat, "total_cache", 4096) &&
			!counts(&fake.stats.memory_stat, "no_number", 0) &&
			fake.stats.memory_stat.count == 6,
		"[D37] a line with more or fewer words does not spoil the others");
	OK(counts(&fake.stats.memory_events, "oom_kill", 3), "v1: OOM kills are an event");
	tear_down(&fake);
}

static void test_v1_others(struct test *t)
{
	static const struct kernel_file files[] = {
		{"cpuacct.usage", "123456789\n"},
		{"cpuacct.stat", "user 7\nsystem 5\nguest 3 more words\n"},
		{"cpuacct.usage_percpu", "100 200 \n"},
		{"cpu.stat", "nr_periods 9\nnr_throttled 4\nthrottled_time 1000\n"},
		{"blkio.throttle.io_service_bytes_recursive",
			"8:0 Read 4096\n8:0 Write 8192\n8:0 Sync 1\n8:0 Total 12288\n"
			"8:16 Read 1\n8:16 Write 2\n8:16 Discard 3\nTotal 12294\n"},
		{"blkio.throttle.io_serviced", "8:0 Read 5\n8:0 Write 6\n"},
		{"blkio.bfq.io_wait_time_recursive", "8:16 Read 77\n"},
		{"blkio.bfq.time_recursive", "8:0 5\n8:16 18446744073709551615\n"},
		{"blkio.bfq.sectors_recursive", "8:16 9\n"},
		{"pids.current", "3\n"},
		{"pids.max", "max\n"},
		{"hugetlb.2MB.usage_in_bytes", "2097152\n"},
		{"hugetlb.2MB.limit_in_bytes", "9223372036854771712\n"},
	};
	struct fake fake;

	SET_UP(&fake, "cpu,cpuacct,blkio,pids,hugetlb", false, files);
	OK(read_stats(&fake, NULL) == 0 && is(&fake, LCT_STAT_CPU_TIME, 123456789) &&
			is(&fake, LCT_STAT_CPU_USER, 70000000) &&
			is(&fake, LCT_STAT_CPU_SYSTEM, 50000000),
		"[D37] v1: a third line in cpuacct.stat does no harm; ticks become nanoseconds");
	OK(fake.stats.percpu_count == 2 && fake.stats.percpu_ns[1] == 200, "v1: each processor");
	OK(is(&fake, LCT_STAT_CPU_THROTTLED_PERIODS, 4) && is_absent(&fake, LCT_STAT_CPU_BURSTS),
		"v1: throttling, and no bursts on an old kernel");
	OK(device(&fake, 0, LCT_IO_WRITE_BYTES, 8192) && device(&fake, 1, LCT_IO_DISCARD_BYTES, 3) &&
			device(&fake, 0, LCT_IO_READS, 5) &&
			device(&fake, 1, LCT_IO_READ_WAIT_TIME, 77) && fake.stats.devices_count == 2,
		"v1: each device once, from the files that there are");
	OK(device(&fake, 0, LCT_IO_TIME, 5000000) && device(&fake, 1, LCT_IO_SECTORS, 9) &&
			!fake.stats.devices[0].values[LCT_IO_SECTORS].is_set &&
			!fake.stats.devices[1].values[LCT_IO_TIME].is_set,
		"v1: time and sectors of a device, where the kernel tells them");
	OK(is(&fake, LCT_STAT_IO_READ_BYTES, 4097) && is(&fake, LCT_STAT_IO_WRITE_BYTES, 8194),
		"v1: the sums of the devices");
	OK(is(&fake, LCT_STAT_PIDS_CURRENT, 3) && is_absent(&fake, LCT_STAT_PIDS_LIMIT),
		"v1: \"max\" is no limit");
	OK(fake.stats.hugetlb.count == 2 &&
			fake.stats.hugetlb.items[0].values[LCT_HUGETLB_USAGE].value == 2097152 &&
			!fake.stats.hugetlb.items[0].values[LCT_HUGETLB_LIMIT].is_set &&
			!fake.stats.hugetlb.items[1].values[LCT_HUGETLB_USAGE].is_set,
		"[D37] v1: a size of huge pages without files has no numbers");
	tear_down(&fake);
}

static void test_v2(struct test *t)
{
	static const struct kernel_file files[] = {
		{"memory.stat", "anon 300\nfile 4096\nkernel 70\nsock 7\ninactive_file 9000\n"},
		{"memory.events", "low 0\nhigh 1\nmax 8\noom 2\noom_kill 3\n"},
		{"memory.current", "5000\n"},
		{"memory.max", "10000\n"},
		{"memory.swap.current", "100\n"},
		{"memory.swap.max", "2000\n"},
		{"io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6 cost.vrate=100.00\n"
			    "7:7 \n"},
		{"pids.current", "3\n"},
		{"pids.max", "20\n"},
		{"pids.events", "max 6\n"},
		{"cpu.stat", "usage_usec 5\nuser_usec 4\nsystem_usec 1\nnr_throttled 2\n"},
		{"cpu.pressure", "some avg10=1.25 avg60=0.50 avg300=99.09 total=17\n"},
		{"hugetlb.2MB.current", "0\n"},
		{"hugetlb.2MB.events", "max 4\n"},
	};
	const struct lc_pressure *pressure;
	struct fake fake;

	SET_UP(&fake, "cpu,io,memory,pids,hugetlb", true, files);
	OK(read_stats(&fake, NULL) == 0 && is(&fake, LCT_STAT_MEMORY_USAGE, 5000) &&
			is(&fake, LCT_STAT_MEMORY_LIMIT, 10000) &&
			is(&fake, LCT_STAT_MEMORY_FAILCNT, 8) &&
			is(&fake, LCT_STAT_KERNEL_USAGE, 70) && is(&fake, LCT_STAT_MEMORY_CACHE, 4096),
		"v2: memory, in the shape of v1");
	OK(is(&fake, LCT_STAT_MEMORY_SWAP_USAGE, 5100) &&
			is(&fake, LCT_STAT_MEMORY_SWAP_LIMIT, 12000) &&
			is_absent(&fake, LCT_STAT_MEMORY_SWAP_PEAK),
		"v2: memory and swap together are a sum");
	OK(is(&fake, LCT_STAT_MEMORY_WORKING_SET, 0), "a working set is never negative");
	OK(counts(&fake.stats.memory_events, "oom", 2) && counts(&fake.stats.memory_stat, "sock", 7),
		"v2: events and lines keep their names");
	OK(is(&fake, LCT_STAT_CPU_TIME, 5000) && is(&fake, LCT_STAT_CPU_THROTTLED_PERIODS, 2) &&
			is_absent(&fake, LCT_STAT_CPU_PERIODS),
		"v2: processors, microseconds become nanoseconds");
	OK(device(&fake, 0, LCT_IO_DISCARDS, 6) && is(&fake, LCT_STAT_IO_WRITES, 4) &&
			fake.stats.devices_count == 2,
		"v2: devices, also with keys that are not ours");
	OK(is(&fake, LCT_STAT_PIDS_FAILCNT, 6) && is(&fake, LCT_STAT_PIDS_LIMIT, 20), "v2: processes");
	pressure = &fake.stats.pressures[LCT_PRESSURE_CPU];
	OK(pressure->some.is_set && pressure->some.avg10 == 1.25 && pressure->some.avg300 == 99.09 &&
			pressure->some.total_us == 17 && !pressure->full.is_set &&
			!fake.stats.pressures[LCT_PRESSURE_IO].some.is_set,
		"pressure: what there is of it, an old kernel has no \"full\" for processors");
	OK(fake.stats.hugetlb.items[0].values[LCT_HUGETLB_FAILCNT].value == 4, "v2: huge pages");
	tear_down(&fake);
}

static bool item(const struct lc_stat_items *list, size_t i, const char *name, int stat, uint64_t value)
{
	return i < list->count && strcmp(list->items[i].name, name) == 0 &&
	       list->items[i].values[stat].is_set && list->items[i].values[stat].value == value;
}

static void test_rare(struct test *t)
{
	static const struct kernel_file files[] = {
		{"rdma.current", "mlx4_0 hca_handle=1 hca_object=20\nocrdma1 hca_handle=0\n"},
		{"misc.current", "res_a 3\nres_b 0\n"},
		{"misc.max", "res_a max\nres_b 4\n"},
		{"misc.events", "res_a.max 7\nother 9\n"},
		{"cpuset.cpus.effective", "0-3,7\n"},
		{"cpuset.mems.effective", "\n"},
	};
	struct fake fake;
	const struct lc_stats *stats = &fake.stats;

	SET_UP(&fake, "cpuset,rdma,misc", true, files);
	OK(read_stats(&fake, NULL) == 0 && stats->rdma.count == 2 &&
			item(&stats->rdma, 0, "mlx4_0", LCT_RDMA_HCA_HANDLES, 1) &&
			item(&stats->rdma, 0, "mlx4_0", LCT_RDMA_HCA_OBJECTS, 20) &&
			!stats->rdma.items[1].values[LCT_RDMA_HCA_OBJECTS].is_set,
		"[O103] RDMA devices");
	OK(stats->misc.count == 2 && item(&stats->misc, 0, "res_a", LCT_MISC_FAILCNT, 7) &&
			item(&stats->misc, 1, "res_b", LCT_MISC_LIMIT, 4) &&
			!stats->misc.items[0].values[LCT_MISC_LIMIT].is_set,
		"[O103] resources of misc, without a limit where there is none");
	OK(strcmp(stats->cpuset_cpus, "0-3,7") == 0 && strcmp(stats->cpuset_mems, "") == 0,
		"[O103] processors and memory nodes");
	tear_down(&fake);
}

static void test_edges(struct test *t)
{
	static char text[20000];
	static const struct kernel_file none[] = {{"unused", ""}};
	struct kernel_file files[] = {{"memory.stat", text}, {"memory.usage_in_bytes", "1\n"}};
	struct lc_error err;
	struct fake fake;
	size_t length = 0;

	while (length + 32 < sizeof(text))
		length += (size_t) sprintf(text + length, "line_%zu 1\n", length);
	SET_UP(&fake, "memory", false, files);
	OK(read_stats(&fake, NULL) == 0 && counts(&fake.stats.memory_stat, "line_0", 1) &&
			is(&fake, LCT_STAT_MEMORY_USAGE, 1),
		"a file longer than any known is read whole");
	lc_cgroup_rest(&fake.of.cg);
	OK(read_stats(&fake, NULL) == 0 && fake.of.cg.dirs[0].fd == -1,
		"a directory that was closed is closed again");
	tear_down(&fake);

	SET_UP(&fake, "memory", false, none);
	OK(read_stats(&fake, NULL) == 0, "a cgroup without any file that we know is no failure");
	(void) unlinkat(fake.of.cg.dirs[0].fd, "cgroup.procs", 0);
	OK(read_stats(&fake, &err) == -ENOENT && strstr(err.subject, "/c") != NULL,
		"[L27] a cgroup that has gone is an error, and it is named");
	tear_down(&fake);
}

static void test_interfaces(struct test *t)
{
	char text[] = "Inter-|   Receive  |  Transmit\n face |bytes    packets errs drop\n"
		      "    lo:  11 12 13 14 0 0 0 0 15 16 17 18 0 0 0 0\n"
		      "  eth0:  21 22 23 24 0 0 0 0 25 26 27 28 0 0 0 0\n  bad0: 1 2 3\n";
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_stats stats;

	memset(&stats, 0, sizeof(stats));
	OK(lc_stats_parse_interfaces(text, &stats, &arena) == 0 && stats.interfaces_count == 2 &&
			strcmp(stats.interfaces[1].name, "eth0") == 0 &&
			stats.interfaces[1].values[LCT_INTERFACE_RX_BYTES] == 21 &&
			stats.interfaces[0].values[LCT_INTERFACE_RX_DROPPED] == 14 &&
			stats.interfaces[1].values[LCT_INTERFACE_TX_ERRORS] == 27,
		"interfaces: their columns, and no line that is cut");
	lc_arena_done(&arena);
}

/* A suite: test_main.c calls it. */
void test_stats(struct test *t)
{
	test_v1_memory(t);
	test_v1_others(t);
	test_v2(t);
	test_rare(t);
	test_edges(t);
	test_interfaces(t);
}
