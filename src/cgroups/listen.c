/* SPDX-License-Identifier: MIT */
/*
 * Listeners on both versions.
 *
 * v1 tells of an OOM before it kills, and tells it to every cgroup below the one whose limit was met,
 * killed there or not; and the same counter is counted up when the cgroup is removed. So what it says
 * is only a reason to look. The truth is the number of kills in memory.oom_control, which is looked at
 * a few times more until it has grown.
 *
 * A trigger of pressure stall information forgets that it has fired when it is polled, by whomever:
 * in a set, the outer poll would take what the inner one waits for. So what is waited for is inotify
 * about its file, and the trigger itself is asked only here.
 */
#include "cgroups/listen.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/notify.h"
#include "base/parse.h"
#include "cgroups/driver.h"
#include "cgroups/stats_read.h"
#include "sys/sys.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>

#define LOOKS 12 /* after 1, 2, 4, … ms: four seconds in all */

static int lacks(const char *what, struct lc_error *err)
{
	return lc_fail(err, LCT_STEP_CGROUP, ENODEV, what);
}

/* Begin one in the directory of that index. */
static int begin(const struct lc_cgroup *cg, int index, enum lc_listener_kind kind,
	struct lc_listener *out, struct lc_error *err)
{
	const struct lc_cgroup_dir *dir = &cg->dirs[index];

	*out = (struct lc_listener) LCT_LISTENER_INIT;
	out->kind = kind;
	out->dir_fd = lc_cgroup_open_prefix(cg, dir, strlen(dir->path), O_RDONLY | O_DIRECTORY);
	return out->dir_fd < 0 ? lc_cgroup_fail(cg, dir, out->dir_fd, NULL, err) : 0;
}

/* Give up what was begun. */
static int fail(const struct lc_cgroup *cg, int index, long errnum, const char *file,
	struct lc_listener *listener, struct lc_error *err)
{
	lc_listener_done(listener);
	return lc_cgroup_fail(cg, &cg->dirs[index], errnum, file, err);
}

void lc_listener_tell_all(struct lc_listener *listener)
{
	listener->told = 0;
}

void lc_listener_done(struct lc_listener *listener)
{
	lc_fd_close(&listener->dir_fd);
	lc_fd_close(&listener->file_fd);
	lc_fd_close(&listener->wake_fd);
	lc_fd_close(&listener->timer_fd);
}

size_t lc_listener_fds(const struct lc_listener *listener, struct pollfd out[LCT_LISTENER_FDS])
{
	size_t count = 0;

	if (listener->wake_fd >= 0)
		out[count++] = (struct pollfd){.fd = listener->wake_fd, .events = POLLIN};
	else if (listener->file_fd >= 0)
		out[count++] = (struct pollfd){.fd = listener->file_fd, .events = POLLPRI};
	if (listener->timer_fd >= 0)
		out[count++] = (struct pollfd){.fd = listener->timer_fd, .events = POLLIN};
	return count;
}

/* The number in an eventfd or a timer; 0 when there is none. */
static uint64_t take_number(int fd)
{
	uint64_t value = 0;

	return fd >= 0 && lc_sys_read(fd, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

/* --- v1: an eventfd that is registered in cgroup.event_control --- */

static int register_v1(struct lc_listener *out, const char *file, const char *argument)
{
	LCT_CLEANUP(fd) int fd = lc_cgroup_open_at(out->dir_fd, file, O_RDONLY);
	char text[64];

	if (fd < 0)
		return fd;
	out->wake_fd = lc_fd_above_stdio((int) lc_sys_eventfd2(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (out->wake_fd < 0)
		return out->wake_fd;
	(void) snprintf(text, sizeof(text), "%d %d %.32s", out->wake_fd, fd, argument);
	return lc_cgroup_write(out->dir_fd, "cgroup.event_control", text);
}

int lc_cgroup_listen_level(const struct lc_cgroup *cg, const char *level, struct lc_listener *out,
	struct lc_error *err)
{
	int index = lc_cgroup_find_v1(cg, "memory");
	int r = index >= 0 ? begin(cg, index, LCT_LISTEN_LEVEL, out, err) : lacks("memory", err);
	char argument[32];

	if (r < 0)
		return r;
	/* what happens in cgroups below is told too, whoever else listens there; since 4.13 */
	(void) snprintf(argument, sizeof(argument), "%.16s,hierarchy", level);
	r = register_v1(out, "memory.pressure_level", argument);
	return r < 0 ? fail(cg, index, r, "memory.pressure_level", out, err) : 0;
}

/* The eventfd counts the removal too. */
static int take_level(struct lc_listener *listener, struct lc_happening *out)
{
	LCT_CLEANUP(fd) int alive = lc_cgroup_open_at(listener->dir_fd, "cgroup.procs", O_PATH);

	if (alive < 0)
		return lc_cgroup_is_gone(alive) ? -ENODEV : alive;
	out->count = take_number(listener->wake_fd);
	return 0;
}

/* --- OOM on v1 --- */

/* What was killed in it, not below: v1 counts where the victim was. -ENODEV when it has gone. */
static int count_kills(const struct lc_listener *listener, uint64_t *out, bool *is_stalled)
{
	char text[256];
	uint64_t disabled = 0, under_oom = 0;
	long r = lc_cgroup_read(listener->dir_fd, "memory.oom_control", text, sizeof(text));

	if (r < 0)
		return lc_cgroup_is_gone(r) ? -ENODEV : (int) r;
	(void) lc_parse_key_u64(text, "oom_kill_disable", &disabled);
	(void) lc_parse_key_u64(text, "under_oom", &under_oom);
	*is_stalled = disabled != 0 && under_oom != 0;
	return lc_parse_key_u64(text, "oom_kill", out); /* since 4.13 */
}

static void look_again(const struct lc_listener *listener, bool is_wanted)
{
	struct itimerspec next = {.it_value = {0, 0}};
	long ms = 1L << listener->looks;

	if (is_wanted)
		next.it_value = (struct timespec){ms / 1000, ms % 1000 * 1000000};
	(void) lc_sys_timerfd_settime(listener->timer_fd, &next);
}

static int listen_oom_v1(const struct lc_cgroup *cg, int index, struct lc_listener *out,
	struct lc_error *err)
{
	int r = begin(cg, index, LCT_LISTEN_OOM_V1, out, err);
	bool is_stalled;

	if (r < 0)
		return r;
	out->timer_fd = lc_fd_above_stdio(
		(int) lc_sys_timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
	if (out->timer_fd < 0)
		return fail(cg, index, out->timer_fd, "timerfd_create", out, err);
	r = register_v1(out, "memory.oom_control", "");
	if (r >= 0)
		r = count_kills(out, &out->told, &is_stalled);
	return r < 0 ? fail(cg, index, r, "memory.oom_control", out, err) : 0;
}

static int take_oom_v1(struct lc_listener *listener, struct lc_happening *out)
{
	uint64_t met = take_number(listener->wake_fd), kills;
	bool is_time = take_number(listener->timer_fd) > 0;
	int r = count_kills(listener, &kills, &out->is_stalled);

	if (r < 0)
		return r;
	if (kills > listener->told)
		out->count = kills - listener->told;
	listener->told = kills;
	if (met > 0)
		listener->looks = 0;
	listener->pending += met;
	if (out->is_stalled)
		out->count += listener->pending; /* nothing will be killed */
	listener->pending -= out->count < listener->pending ? out->count : listener->pending;
	if (is_time && ++listener->looks > LOOKS)
		listener->pending = 0; /* it was not here that something was killed */
	if (met > 0 || is_time)
		look_again(listener, listener->pending > 0);
	return 0;
}

/* --- OOM and the freezer on v2: files that poll as changed until they are read again --- */

static int read_key(int fd, const char *key, uint64_t *out)
{
	char text[512];
	long got;

	do
		got = lc_sys_pread(fd, text, sizeof(text) - 1, 0);
	while (got == -EINTR);
	if (got < 0)
		return lc_cgroup_is_gone(got) ? -ENODEV : (int) got;
	text[got] = '\0';
	return lc_parse_key_u64(text, key, out);
}

static int listen_v2(const struct lc_cgroup *cg, int index, enum lc_listener_kind kind,
	const char *file, const char *key, struct lc_listener *out, struct lc_error *err)
{
	int r = begin(cg, index, kind, out, err);

	if (r < 0)
		return r;
	out->file_fd = lc_cgroup_open_at(out->dir_fd, file, O_RDONLY);
	r = out->file_fd < 0 ? out->file_fd : read_key(out->file_fd, key, &out->told);
	return r < 0 ? fail(cg, index, r, file, out, err) : 0;
}

int lc_cgroup_listen_oom(const struct lc_cgroup *cg, struct lc_listener *out, struct lc_error *err)
{
	int index = lc_cgroup_find_v1(cg, "memory");

	if (index >= 0)
		return listen_oom_v1(cg, index, out, err);
	index = lc_cgroup_find_unified(cg);
	if (index < 0 || !lc_cgroup_has_v2(cg, "memory"))
		return lacks("memory", err);
	return listen_v2(cg, index, LCT_LISTEN_OOM_V2, "memory.events", "oom_kill", out, err);
}

int lc_cgroup_listen_child_oom(const struct lc_cgroup *child, struct lc_listener *out,
	struct lc_error *err)
{
	return lc_cgroup_find_v1(child, "memory") >= 0 ? lc_cgroup_listen_oom(child, out, err)
						       : lacks("memory", err);
}

int lc_cgroup_listen_frozen(const struct lc_cgroup *cg, struct lc_listener *out, struct lc_error *err)
{
	int index = lc_cgroup_find_unified(cg);

	return index >= 0 ? listen_v2(cg, index, LCT_LISTEN_FROZEN, "cgroup.events", "frozen", out, err)
			  : lacks("unified", err);
}

static int take_oom_v2(struct lc_listener *listener, struct lc_happening *out)
{
	uint64_t kills;
	int r = read_key(listener->file_fd, "oom_kill", &kills);

	if (r < 0)
		return r;
	if (kills > listener->told)
		out->count = kills - listener->told;
	listener->told = kills;
	return 0;
}

static int take_frozen(struct lc_listener *listener, struct lc_happening *out)
{
	uint64_t frozen;
	int r = read_key(listener->file_fd, "frozen", &frozen);

	if (r < 0)
		return r;
	out->count = frozen != listener->told;
	out->is_frozen = frozen != 0;
	listener->told = frozen;
	return 0;
}

/* --- pressure --- */

int lc_cgroup_listen_pressure(const struct lc_cgroup *cg, enum lc_pressure_resource resource,
	bool is_full, uint64_t stall_us, uint64_t window_us, struct lc_listener *out,
	struct lc_error *err)
{
	const char *file = lc_pressure_files[resource];
	int index = lc_cgroup_find_unified(cg);
	int r = index >= 0 ? begin(cg, index, LCT_LISTEN_PRESSURE, out, err) : lacks("unified", err);
	char text[64];

	if (r < 0)
		return r;
	out->file_fd = lc_cgroup_open_at(out->dir_fd, file, O_RDWR);
	if (out->file_fd < 0)
		return fail(cg, index, out->file_fd, file, out, err);
	(void) snprintf(text, sizeof(text), "%s %" PRIu64 " %" PRIu64, is_full ? "full" : "some",
		stall_us, window_us);
	r = (int) lc_sys_write(out->file_fd, text, strlen(text) + 1);
	if (r >= 0)
		r = out->wake_fd = lc_notify_open(out->file_fd, IN_MODIFY);
	return r < 0 ? fail(cg, index, r, file, out, err) : 0;
}

static int take_pressure(struct lc_listener *listener, struct lc_happening *out)
{
	struct pollfd trigger = {.fd = listener->file_fd, .events = POLLPRI};
	struct timespec at_once = {0, 0};
	char text[512];
	long got;

	(void) lc_notify_take(listener->wake_fd);
	got = lc_sys_poll(&trigger, 1, &at_once);
	if (got < 0)
		return got == -EINTR ? 0 : (int) got;
	if (trigger.revents & POLLERR)
		return -ENODEV;
	if (!(trigger.revents & POLLPRI))
		return 0;
	got = lc_sys_pread(listener->file_fd, text, sizeof(text) - 1, 0);
	if (got < 0)
		return lc_cgroup_is_gone(got) ? -ENODEV : (int) got;
	text[got] = '\0';
	lc_stats_parse_pressure(text, &out->pressure);
	out->count = 1;
	return 0;
}

int lc_listener_take(struct lc_listener *listener, struct lc_happening *out, struct lc_error *err)
{
	static int (*const takes[])(struct lc_listener *listener, struct lc_happening *out) = {
		[LCT_LISTEN_OOM_V1] = take_oom_v1,
		[LCT_LISTEN_OOM_V2] = take_oom_v2,
		[LCT_LISTEN_PRESSURE] = take_pressure,
		[LCT_LISTEN_LEVEL] = take_level,
		[LCT_LISTEN_FROZEN] = take_frozen,
	};
	int r;

	*out = (struct lc_happening){.count = 0};
	if (listener->dir_fd < 0)
		return lc_fail(err, LCT_STEP_CGROUP, ENODEV, "closed");
	r = takes[listener->kind](listener, out);
	return r < 0 ? lc_fail(err, LCT_STEP_CGROUP, r, "listener") : 0;
}
