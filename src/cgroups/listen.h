/* SPDX-License-Identifier: MIT */
/*
 * Being told what happens in a cgroup: processes killed for memory, pressure, frozen and thawed. A
 * listener is a few descriptors to wait for and a look that never blocks. It counts by itself, so
 * nothing is lost when nobody looks, and nobody waits for who does not.
 */
#ifndef LCT_CGROUPS_LISTEN_H
#define LCT_CGROUPS_LISTEN_H

#include "cgroups/stats.h"
#include <poll.h>

enum lc_listener_kind { LCT_LISTEN_OOM_V1, LCT_LISTEN_OOM_V2, LCT_LISTEN_PRESSURE, LCT_LISTEN_LEVEL,
	LCT_LISTEN_FROZEN };

struct lc_listener {
	enum lc_listener_kind kind;
	int dir_fd;   /* of the cgroup; -1: closed */
	int file_fd;  /* v2: the file that tells; -1 */
	int wake_fd;  /* v1: what the kernel counts up; pressure: inotify; -1 */
	int timer_fd; /* v1's OOM; -1 */
	uint64_t told;    /* kills that have been told, or were there before */
	uint64_t pending; /* v1's OOM: times that it was met and nothing killed yet */
	unsigned looks;   /* for these */
};

#define LCT_LISTENER_INIT {.dir_fd = -1, .file_fd = -1, .wake_fd = -1, .timer_fd = -1}
#define LCT_LISTENER_FDS 2

struct lc_happening {
	uint64_t count;  /* since the last look; 0: nothing */
	bool is_stalled; /* OOM: nothing is killed, everything waits for memory */
	bool is_frozen;
	struct lc_pressure pressure; /* of this moment */
};

/* ENODEV with the subject "memory" or "unified": what is missing here. */
int lc_cgroup_listen_oom(const struct lc_cgroup *cg, struct lc_listener *out, struct lc_error *err);
/* Of a child that lc_cgroup_child made: ENODEV on v2, where the group above is told of it too. */
int lc_cgroup_listen_child_oom(const struct lc_cgroup *child, struct lc_listener *out,
	struct lc_error *err);
/* v1's memory.pressure_level: "low", "medium", "critical". */
int lc_cgroup_listen_level(const struct lc_cgroup *cg, const char *level, struct lc_listener *out,
	struct lc_error *err);
/*
 * When some tasks, or all of them, stood still for `stall_us` within `window_us`; told at most once in
 * a window. EINVAL for numbers that the kernel does not take: without CAP_SYS_RESOURCE the window is a
 * multiple of 2 s.
 */
int lc_cgroup_listen_pressure(const struct lc_cgroup *cg, enum lc_pressure_resource resource,
	bool is_full, uint64_t stall_us, uint64_t window_us, struct lc_listener *out,
	struct lc_error *err);
int lc_cgroup_listen_frozen(const struct lc_cgroup *cg, struct lc_listener *out, struct lc_error *err);

/* Of OOM: what was killed before anybody listened is news too. The next look tells it. */
void lc_listener_tell_all(struct lc_listener *listener);
/* What to wait for. */
size_t lc_listener_fds(const struct lc_listener *listener, struct pollfd out[LCT_LISTENER_FDS]);
/* Look once. -ENODEV when the cgroup has gone: there will be nothing more. */
int lc_listener_take(struct lc_listener *listener, struct lc_happening *out, struct lc_error *err);
void lc_listener_done(struct lc_listener *listener);

#endif
