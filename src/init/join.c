/* SPDX-License-Identifier: MIT */
/*
 * Getting into a running container. Its processes are hostile, and one of them may trace whoever is
 * in its pid namespace, dumpable or not, when it was given CAP_SYS_PTRACE. So the pid namespace
 * comes last: `join` enters everything else, all of the set-up is done by a process that has no
 * number inside, and `enter` makes the one that does, with the program's own credentials and nothing
 * left to take from it. [A25]
 *
 * CLONE_PARENT makes it a child of the host, which learns its exit status like that of an init.
 */
#include "init/init.h"
#include "plan/report.h"
#include <sys/prctl.h>

int lc_init_join(struct lc_init *init, const struct lc_op_join *op, struct lc_error *err)
{
	/* All of them or none; the kernel takes the user namespace first, and proves that the
	 * process behind the pidfd still lives. */
	long r = lc_sys_setns(LCT_FD_JOIN, op->flags);

	(void) lc_sys_close(LCT_FD_JOIN);
	if (r < 0)
		return lc_fail(err, LCT_STEP_NAMESPACE, r, "setns");
	/* A change of user namespace changes credentials, and they bring their own idea of it. */
	r = lc_sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (r >= 0)
		r = init->root = (int) lc_sys_openat(
			AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	init->is_joined = true;
	return r < 0 ? lc_fail(err, LCT_STEP_NAMESPACE, r, "/") : 0;
}

int lc_init_enter(struct lc_init *init, const struct lc_op_enter *op, struct lc_error *err)
{
	struct lc_report report = {.kind = LCT_REPORT_CHILD};
	LCT_INIT_FD int pidfd = -1;
	long r = lc_sys_clone(CLONE_PARENT | CLONE_PIDFD, &pidfd);

	(void) init;
	(void) op;
	if (r < 0)
		return lc_fail(err, LCT_STEP_NAMESPACE, r, "clone");
	if (r == 0)
		return 0; /* the rest of the plan is the new one's */
	report.pid = (int32_t) r;
	r = lc_init_send_with(&report, pidfd);
	/* A program that the host does not know of may not run. */
	if (r < 0)
		(void) lc_sys_pidfd_send_signal(pidfd, SIGKILL);
	lc_sys_exit(r < 0 ? LCT_INIT_FAILED : 0);
	return lc_fail(err, LCT_STEP_NAMESPACE, ECANCELED, "clone");
}
