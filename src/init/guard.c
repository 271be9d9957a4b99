/* SPDX-License-Identifier: MIT */
/*
 * A program that must not outlive its purpose: a hook. It is a child of this init, which stays beside it
 * and watches both it and the host. The program leads a session of its own, so nothing that it says to
 * its process group reaches us; its number is its own until we reap it, so a signal to that group
 * reaches nobody else. When the host goes, or closes its end because the time is over, the group is
 * killed; when the program succeeds, what it has left running is left alone: it may be a daemon.
 */
#include "init/init.h"
#include "plan/report.h"
#ifdef LCT_FAULT
#include "sys/sys_fault.h"
#endif
#include <sys/prctl.h>

/* It may not have come to lead its group yet. */
static void end_group(int pid, int pidfd)
{
	(void) lc_sys_pidfd_send_signal(pidfd, SIGKILL);
	(void) lc_sys_kill(-pid, SIGKILL);
}

/* Until the program has ended: 0, or the host has gone: 1. */
static long watch(int pidfd)
{
	struct pollfd fds[] = {
		{.fd = pidfd, .events = POLLIN}, {.fd = LCT_FD_SESSION, .events = POLLIN}};
	long r;

	do
		r = lc_sys_poll(fds, 2, NULL);
	while (r == -EINTR);
	return r < 0 ? r : fds[0].revents == 0;
}

static long reap(int pidfd, siginfo_t *info, int options)
{
	long r;

	do
		r = lc_sys_waitid(P_PIDFD, pidfd, info, WEXITED | __WALL | options, NULL);
	while (r == -EINTR);
	return r;
}

/* Ends with the program, and so after everything that it has begun and has no right to leave. */
static int stay(int pid, int pidfd, struct lc_error *err)
{
	struct lc_report report = {.kind = LCT_REPORT_ENDED};
	siginfo_t info;
	long r = watch(pidfd);

	if (r != 0)
		end_group(pid, pidfd);
	if (r >= 0)
		r = reap(pidfd, &info, WNOWAIT);
	if (r < 0)
		return lc_fail(err, LCT_STEP_WAIT, r, "guard");
	report.number = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
	if (report.number != 0)
		end_group(pid, pidfd);
	(void) reap(pidfd, &info, 0);
	(void) lc_init_send(&report);
	lc_sys_exit(0);
	return lc_fail(err, LCT_STEP_WAIT, ECANCELED, "guard");
}

int lc_init_guard(struct lc_init *init, const struct lc_op_guard *op, struct lc_error *err)
{
	LCT_INIT_FD int pidfd = -1;
	/* Its death with the host was right until now; from here on it has something to do then. */
	long r = lc_sys_prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);

	(void) init;
	(void) op;
	if (r >= 0)
		r = lc_sys_clone(SIGCHLD | CLONE_PIDFD, &pidfd);
	if (r < 0)
		return lc_fail(err, LCT_STEP_PROCESS, r, "clone");
	if (r == 0) {
#ifdef LCT_FAULT
		lc_fault_skip(LCT_FAULT_CHILD_SKIPS);
#endif
		return 0; /* the rest of the plan is the new one's */
	}
	/* The pipes of the program are its own: their end is its end. */
	(void) lc_sys_close_range(0, 2, 0);
	return stay((int) r, pidfd, err);
}
