/* SPDX-License-Identifier: MIT */
/* An epoll instance, and an eventfd in it that holds it awake. */
#include "base/poll_set.h"

#include "base/fd.h"
#include "sys/sys.h"

#include <sys/eventfd.h>

int lc_poll_set_init(struct lc_poll_set *set, bool can_wake, struct lc_error *err)
{
	int r;

	*set = (struct lc_poll_set) LCT_POLL_SET_INIT;
	set->epoll_fd = lc_fd_above_stdio((int) lc_sys_epoll_create1(EPOLL_CLOEXEC));
	if (set->epoll_fd < 0)
		return lc_fail(err, LCT_STEP_WAIT, set->epoll_fd, "epoll_create1");
	if (!can_wake)
		return 0;
	set->wake_fd = lc_fd_above_stdio((int) lc_sys_eventfd2(0, EFD_CLOEXEC | EFD_NONBLOCK));
	r = set->wake_fd < 0 ? lc_fail(err, LCT_STEP_WAIT, set->wake_fd, "eventfd2")
			     : lc_poll_set_add(set, set->wake_fd, POLLIN, err);
	if (r < 0)
		lc_poll_set_done(set);
	return r;
}

void lc_poll_set_done(struct lc_poll_set *set)
{
	lc_fd_close(&set->wake_fd);
	lc_fd_close(&set->epoll_fd);
}

int lc_poll_set_add(const struct lc_poll_set *set, int fd, short events, struct lc_error *err)
{
	/* Those that poll(2) and epoll(7) know have one value in both. */
	struct epoll_event event = {.events = (uint32_t) events};
	long r = lc_sys_epoll_ctl(set->epoll_fd, EPOLL_CTL_ADD, fd, &event);

	return r < 0 && r != -EEXIST ? lc_fail(err, LCT_STEP_WAIT, r, "epoll_ctl") : 0;
}

void lc_poll_set_remove(const struct lc_poll_set *set, int fd)
{
	struct epoll_event unused = {.events = 0};

	(void) lc_sys_epoll_ctl(set->epoll_fd, EPOLL_CTL_DEL, fd, &unused);
}

void lc_poll_set_wake(const struct lc_poll_set *set, bool is_awake)
{
	uint64_t value = 1;

	if (is_awake)
		(void) lc_sys_write(set->wake_fd, &value, sizeof(value));
	else
		(void) lc_sys_read(set->wake_fd, &value, sizeof(value));
}
