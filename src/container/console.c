/* SPDX-License-Identifier: MIT */
/* Terminals, seen from the host. */
#include "container/console.h"

#include "base/cleanup.h"
#include "container/handover.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

int lc_console_resize(int terminal, const struct lc_console_size *size, struct lc_error *err)
{
	struct winsize wanted = {.ws_col = size->columns, .ws_row = size->rows};
	long r = lc_sys_ioctl(terminal, TIOCSWINSZ, &wanted);

	return r < 0 ? lc_fail(err, LCT_STEP_TERMINAL, r, "size") : 0;
}

int lc_console_size(int terminal, struct lc_console_size *out, struct lc_error *err)
{
	struct winsize seen;
	long r = lc_sys_ioctl(terminal, TIOCGWINSZ, &seen);

	if (r < 0)
		return lc_fail(err, LCT_STEP_TERMINAL, r, "size");
	*out = (struct lc_console_size){.columns = seen.ws_col, .rows = seen.ws_row};
	return 0;
}

int lc_console_send(const char *path, int master, int timeout_ms, struct lc_error *err)
{
	LCT_CLEANUP(fd) int fd = lc_handover_connect(path, timeout_ms, LCT_STEP_TERMINAL, err);
	char name[32];
	unsigned number;
	long r;

	if (fd < 0)
		return fd;
	r = lc_sys_ioctl(master, TIOCGPTN, &number);
	if (r < 0)
		return lc_fail(err, LCT_STEP_TERMINAL, r, path);
	snprintf(name, sizeof(name), "/dev/pts/%u", number);
	r = lc_handover_send(fd, name, strlen(name), master);
	return r < 0 ? lc_fail(err, LCT_STEP_TERMINAL, r, path) : 0;
}
