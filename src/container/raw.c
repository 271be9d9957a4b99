/* SPDX-License-Identifier: MIT */
/* The settings of the caller's terminal. In a file of its own, because the kernel's struct termios and
 * libc's have one name. */
#include "container/console.h"

#include "sys/sys.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <string.h>

/* A process in the background that changes its terminal is stopped, unless it does not want to know:
 * but a terminal must be given back by whoever has made it raw. */
static long set(int terminal, const struct termios2 *settings)
{
	const lc_sigset stop = (lc_sigset) 1 << (SIGTTOU - 1);
	lc_sigset old = 0;
	long r = lc_sys_sigprocmask(SIG_BLOCK, &stop, &old);

	if (r < 0)
		return r;
	do {
		r = lc_sys_ioctl(terminal, TCSETS2, (void *) (uintptr_t) settings);
	} while (r == -EINTR);
	/* Past injection: a host with a signal blocked is no way to fail. */
	(void) lc_arch_call(__NR_rt_sigprocmask, SIG_SETMASK, (long) &old, 0, sizeof(old), 0, 0);
	return r;
}

int lc_console_look(int terminal, struct lc_console_saved *out, struct lc_error *err)
{
	struct termios2 settings;
	long r = lc_sys_ioctl(terminal, TCGETS2, &settings);

	_Static_assert(sizeof(settings) <= sizeof(out->settings), "console.h");
	if (r < 0)
		return lc_fail(err, LCT_STEP_TERMINAL, r, "the caller's terminal");
	memset(out, 0, sizeof(*out));
	out->size = sizeof(settings);
	memcpy(out->settings, &settings, sizeof(settings));
	settings.c_iflag &= ~(tcflag_t) (IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL |
		IXON);
	settings.c_oflag &= ~(tcflag_t) OPOST;
	settings.c_lflag &= ~(tcflag_t) (ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	settings.c_cflag &= ~(tcflag_t) (CSIZE | PARENB);
	settings.c_cflag |= CS8;
	settings.c_cc[VMIN] = 0;
	settings.c_cc[VTIME] = 0;
	memcpy(out->raw, &settings, sizeof(settings));
	return 0;
}

static int set_saved(int terminal, const unsigned char *saved, struct lc_error *err)
{
	struct termios2 settings;
	long r;

	memcpy(&settings, saved, sizeof(settings));
	r = set(terminal, &settings);
	return r < 0 ? lc_fail(err, LCT_STEP_TERMINAL, r, "the caller's terminal") : 0;
}

int lc_console_raw(int terminal, const struct lc_console_saved *saved, struct lc_error *err)
{
	return set_saved(terminal, saved->raw, err);
}

int lc_console_restore(int terminal, const struct lc_console_saved *saved, struct lc_error *err)
{
	return set_saved(terminal, saved->settings, err);
}
