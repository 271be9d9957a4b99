/* SPDX-License-Identifier: MIT */
#include "container/signals.h"

#include "base/fd.h"

#include <signal.h>
#include <sys/signalfd.h>

static lc_sigset bit(int signal)
{
	return (lc_sigset) 1 << (signal - 1);
}

int lc_signals_open(struct lc_signals *out, struct lc_error *err)
{
	const lc_sigset mask = ~(bit(SIGCHLD) | bit(SIGSEGV) | bit(SIGBUS) | bit(SIGILL) |
		bit(SIGFPE) | bit(SIGTRAP) | bit(SIGSYS));
	long r;

	out->fd = -1;
	r = lc_sys_sigprocmask(SIG_BLOCK, &mask, &out->old);
	if (r < 0)
		return lc_fail(err, LCT_STEP_SIGNAL, r, "rt_sigprocmask");
	out->fd = lc_fd_above_stdio(
		(int) lc_sys_signalfd4(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
	if (out->fd >= 0)
		return 0;
	(void) lc_sys_sigprocmask(SIG_SETMASK, &out->old, NULL);
	return lc_fail(err, LCT_STEP_SIGNAL, out->fd, "signalfd");
}

int lc_signals_take(const struct lc_signals *signals, struct lc_error *err)
{
	struct signalfd_siginfo info;
	long r;

	do { /* SIGPIPE tells of what we have written ourselves, and the write has told of it */
		r = lc_sys_read(signals->fd, &info, sizeof(info));
	} while (r == -EINTR || (r == (long) sizeof(info) && info.ssi_signo == SIGPIPE));
	if (r == -EAGAIN)
		return 0;
	if (r != (long) sizeof(info))
		return lc_fail(err, LCT_STEP_SIGNAL, r < 0 ? r : -EIO, "signalfd");
	return (int) info.ssi_signo;
}

void lc_signals_close(struct lc_signals *signals)
{
	if (signals->fd < 0)
		return;
	lc_fd_close(&signals->fd);
	(void) lc_sys_sigprocmask(SIG_SETMASK, &signals->old, NULL);
}
