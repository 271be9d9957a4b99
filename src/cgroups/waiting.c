/* SPDX-License-Identifier: MIT */
/*
 * Waiting for a group to become what was asked for, with a deadline: by an event of the unified tree
 * where there is one, else by looking again and again, less and less often.
 */
#include "base/cleanup.h"
#include "base/parse.h"
#include "cgroups/driver.h"
#include "sys/sys.h"

#define SLICE_MS 20 /* the longest wait before looking again */

int64_t lc_cgroup_now_ms(void)
{
	struct timespec now = {0, 0};

	(void) lc_sys_clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct lc_patience lc_patience(int timeout_ms)
{
	return (struct lc_patience){lc_cgroup_now_ms() + timeout_ms, 1};
}

void lc_cgroup_sleep_ms(int64_t ms)
{
	struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

	if (ms > 0)
		(void) lc_sys_poll(
			NULL, 0, &pause); /* a signal ends it early; callers look again */
}

/* The file is read before the wait: that arms it, so a change between the two is seen. */
static void wait_for_event(const struct lc_cgroup *cg, const char *key, uint64_t wanted, int64_t ms)
{
	int index = lc_cgroup_find_unified(cg);
	LCT_CLEANUP(fd)
	int fd = index >= 0 && cg->dirs[index].fd >= 0
			 ? lc_cgroup_open_at(cg->dirs[index].fd, "cgroup.events", O_RDONLY)
			 : -1;
	struct timespec slice = {0, SLICE_MS * 1000000};
	struct pollfd wait = {.fd = fd, .events = POLLPRI};
	char text[LCT_CGROUP_VALUE_MAX];
	uint64_t value = wanted;
	long length = fd >= 0 ? lc_sys_read(fd, text, sizeof(text) - 1) : -1;

	text[length > 0 ? length : 0] = '\0';
	if (lc_parse_key_u64(text, key, &value) >= 0 && value != wanted)
		(void) lc_sys_poll(&wait, 1, &slice);
	else
		lc_cgroup_sleep_ms(ms);
}

bool lc_cgroup_wait(const struct lc_cgroup *cg, struct lc_patience *patience, const char *key,
	uint64_t wanted)
{
	int64_t left = patience->deadline_ms - lc_cgroup_now_ms();

	if (left <= 0)
		return false;
	wait_for_event(cg, key, wanted, patience->pause_ms < left ? patience->pause_ms : left);
	patience->pause_ms =
		patience->pause_ms * 2 < SLICE_MS ? patience->pause_ms * 2 : SLICE_MS;
	return true;
}
