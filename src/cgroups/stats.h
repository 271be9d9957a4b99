/* SPDX-License-Identifier: MIT */
/*
 * What a container has used, in one shape for every kind of cgroup: stats.def lists it. What a
 * kernel does not tell is absent, never zero. Everything that a pointer here leads to is in the arena
 * that the reader was given.
 */
#ifndef LCT_CGROUPS_STATS_H
#define LCT_CGROUPS_STATS_H

#include "cgroups/cgroups.h"

struct lc_count {
	uint64_t value;
	bool is_set; /* absent is not zero */
};

enum lc_stat {
#define STAT(symbol, group, name, unit) LCT_STAT_##symbol,
#include "cgroups/stats.def"
	LCT_STATS
};
enum lc_io_stat {
#define IO_STAT(symbol, name, unit) LCT_IO_##symbol,
#include "cgroups/stats.def"
	LCT_IO_STATS
};
enum lc_hugetlb_stat {
#define HUGETLB_STAT(symbol, name, unit) LCT_HUGETLB_##symbol,
#include "cgroups/stats.def"
	LCT_HUGETLB_STATS
};
enum lc_rdma_stat {
#define RDMA_STAT(symbol, name, unit) LCT_RDMA_##symbol,
#include "cgroups/stats.def"
	LCT_RDMA_STATS
};
enum lc_misc_stat {
#define MISC_STAT(symbol, name, unit) LCT_MISC_##symbol,
#include "cgroups/stats.def"
	LCT_MISC_STATS
};
enum lc_interface_stat {
#define INTERFACE_STAT(symbol, name) LCT_INTERFACE_##symbol,
#include "cgroups/stats.def"
	LCT_INTERFACE_STATS
};

/* Pressure stall information: the part of the time that some or all tasks stood still. */
enum lc_pressure_resource { LCT_PRESSURE_CPU, LCT_PRESSURE_MEMORY, LCT_PRESSURE_IO, LCT_PRESSURES };

struct lc_pressure_line {
	bool is_set;
	double avg10, avg60, avg300; /* percent, over that many seconds */
	uint64_t total_us;
};

struct lc_pressure {
	struct lc_pressure_line some, full;
};

struct lc_named_count {
	const char *name;
	uint64_t value;
};

struct lc_named_counts {
	struct lc_named_count *items;
	size_t count, room;
};

struct lc_io_device {
	unsigned major, minor;
	struct lc_count values[LCT_IO_STATS];
};

#define LCT_ITEM_STATS LCT_HUGETLB_STATS /* the most that one of the lists needs */

struct lc_stat_item {
	const char *name;
	struct lc_count values[LCT_ITEM_STATS];
};

struct lc_stat_items {
	struct lc_stat_item *items;
	size_t count, room;
};

struct lc_interface {
	const char *name;
	uint64_t values[LCT_INTERFACE_STATS];
};

struct lc_stats {
	struct lc_count values[LCT_STATS];
	uint64_t *percpu_ns;
	size_t percpu_count;
	struct lc_pressure pressures[LCT_PRESSURES];
	struct lc_named_counts memory_stat;   /* the lines of memory.stat, as this kernel has them */
	struct lc_named_counts memory_events; /* of memory.events, or what v1 has of it */
	struct lc_io_device *devices;
	size_t devices_count, devices_room;
	struct lc_stat_items hugetlb;         /* by page size: "2MB" */
	struct lc_stat_items rdma, misc;      /* by device, by resource */
	const char *cpuset_cpus, *cpuset_mems; /* that it really has: "0-3"; NULL: not told */
	struct lc_interface *interfaces;      /* filled by src/container/ */
	size_t interfaces_count, interfaces_room;
};

/*
 * Fill a zeroed `out` with all that the group's cgroups tell: a whole answer, or an error. -ENOENT
 * and -ENODEV: one of them has been removed. Directories that were not open are closed again.
 */
int lc_cgroup_stats(struct lc_cgroup *cg, struct lc_stats *out, struct lc_arena *arena,
	struct lc_error *err);

#endif
