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
#ifdef LCT_FAULT
#include "sys/sys_fault.h"
#endif
#include <sys/prctl.h>

/* What the kernel maps of a stack to begin with, more than ours would ever take, and what is above its end. */
#define KERNEL_STACK_BELOW 262144u
#define KERNEL_STACK_ABOVE 65536u

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

/*
 * The program may run once the host knows of it, and who has made it may be killed before. Until the
 * host has been told, the new one waits; a pipe ends for it when its maker does.
 */
static int await_host(int reading, struct lc_error *err)
{
	char word;
	long r;

	do
		r = lc_sys_read(reading, &word, 1);
	while (r == -EINTR);
	(void) lc_sys_close(reading);
	if (r == 0)
		lc_sys_exit(LCT_INIT_FAILED);
	return r < 0 ? lc_fail(err, LCT_STEP_NAMESPACE, r, "clone") : 0;
}

/* Nobody uses it, and the copy of it would be the larger part of a fork. Where it lies at the end of what a process
 * can have (addresses are not random there), the kernel refuses the whole: then it stays, and is copied. */
static void give_up_kernel_stack(const struct lc_init *init)
{
	const uintptr_t page = (uintptr_t) init->kernel_stack & ~(uintptr_t) (KERNEL_STACK_ABOVE - 1);

	(void) lc_sys_munmap((void *) (page - KERNEL_STACK_BELOW),
		KERNEL_STACK_BELOW + 2 * KERNEL_STACK_ABOVE);
}

int lc_init_enter(struct lc_init *init, const struct lc_op_enter *op, struct lc_error *err)
{
	struct lc_report report = {.kind = LCT_REPORT_CHILD};
	LCT_INIT_FD int pidfd = -1;
	int told[2];
	/* One group until then: by it the host finds a child that it was not told of. */
	long r = lc_sys_setpgid(0, 0);

	give_up_kernel_stack(init);
	if (r >= 0)
		r = lc_sys_pipe2(told, O_CLOEXEC);
	if (r >= 0)
		r = lc_sys_clone(CLONE_PARENT | CLONE_PIDFD | op->flags, &pidfd);
	if (r < 0)
		return lc_fail(err, LCT_STEP_NAMESPACE, r, "clone");
	if (r == 0) {
#ifdef LCT_FAULT
		lc_fault_skip(LCT_FAULT_CHILD_SKIPS);
#endif
		(void) lc_sys_close(told[1]);
		return await_host(told[0], err); /* the rest of the plan is the new one's */
	}
	report.number = (int32_t) r;
#ifdef LCT_FAULT
	report.calls = lc_fault_calls();
#endif
	r = lc_init_send_with(&report, pidfd);
	if (r >= 0)
		r = lc_sys_write(told[1], "", 1);
	if (r < 0)
		return lc_fail(err, LCT_STEP_NAMESPACE, r, "clone");
	lc_sys_exit(0);
	return lc_fail(err, LCT_STEP_NAMESPACE, ECANCELED, "clone");
}
