/* SPDX-License-Identifier: MIT */
/* inotify takes paths alone; a descriptor has one in /proc. */
#include "base/notify.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "sys/sys.h"

#include <stdio.h>
#include <sys/inotify.h>

int lc_notify_open(int fd, uint32_t mask)
{
	LCT_CLEANUP(fd)
	int notify = lc_fd_above_stdio((int) lc_sys_inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
	char path[32];
	long r;

	if (notify < 0)
		return notify;
	(void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = lc_sys_inotify_add_watch(notify, path, mask);
	return r < 0 ? (int) r : lc_take_fd(&notify);
}

bool lc_notify_take(int notify_fd)
{
	char events[4096] __attribute__((aligned(8)));
	bool was_there = false;
	long got;

	do {
		got = lc_sys_read(notify_fd, events, sizeof(events));
		was_there = was_there || got > 0;
	} while (got > 0 || got == -EINTR);
	return was_there;
}
