/* SPDX-License-Identifier: MIT */
/*
 * The end of the init: working directory, finding the program, the conversation with the host, and
 * becoming the program. After the seccomp filter only sendto, write, execve and exit_group may be
 * counted on, so everything that can be found out about the program is found out in `lookup`,
 * which runs before it and as the program's own user.
 */
#include "init/init.h"
#include "plan/report.h"
#include <linux/netlink.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#ifdef LCT_FAULT
#include "sys/sys_fault.h"
#endif

/* Where the host is spoken to: the program's own descriptors may take its number in the end. */
static int session = LCT_FD_SESSION;

int lc_init_send(const struct lc_report *report)
{
	long r;

	do
		r = lc_sys_send(session, report, sizeof(*report), MSG_NOSIGNAL);
	while (r == -EINTR);
	/* A filter may know no sockets. Not after EPIPE: write would raise SIGPIPE. */
	if (r == -EPERM || r == -ENOSYS || r == -EACCES)
		r = lc_sys_write(session, report, sizeof(*report));
	return (int) r;
}

int lc_init_send_with(const struct lc_report *report, int fd)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
			     .cmsg_level = SOL_SOCKET,
			     .cmsg_type = SCM_RIGHTS}};
	struct iovec part = {(void *) (uintptr_t) report, sizeof(*report)};
	struct msghdr message = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	long r;

	*(int *) (void *) CMSG_DATA(&control.head) = fd;
	do
		r = lc_sys_sendmsg(session, &message, MSG_NOSIGNAL);
	while (r == -EINTR);
	return (int) r;
}

int lc_init_directory_owned(
	struct lc_init *init, const struct lc_op_directory_owned *op, struct lc_error *err)
{
	const char *path = lc_plan_string(&init->plan, op->target);
	struct lc_path_make how = {.kind = LCT_PATH_DIRECTORY, .mode = 0755};
	LCT_INIT_FD int made = lc_path_make(init, 0, 0, path, &how);
	long r = made;

	if (r >= 0 && how.is_created)
		r = lc_sys_fchownat(made, "", op->uid, op->gid, AT_EMPTY_PATH);
	return r < 0 ? lc_fail(err, LCT_STEP_CWD, r, path) : 0;
}

int lc_init_host_cwd(
	struct lc_init *init, const struct lc_op_host_cwd *op, struct lc_error *err)
{
	const char *path = lc_plan_string(&init->plan, op->path);
	long r = lc_sys_chdir(path);

	return r < 0 ? lc_fail(err, LCT_STEP_CWD, r, path) : 0;
}

/*
 * Twice: as root, since the user may not be allowed to reach it, and as the user, since root may
 * not (network file systems). The last one proves that we stand inside the root.
 */
int lc_init_cwd(struct lc_init *init, const struct lc_op_cwd *op, struct lc_error *err)
{
	const char *path = lc_plan_string(&init->plan, op->target);
	LCT_INIT_FD int directory = -1;
	long r = 0;

	if (!init->is_cwd_entered) {
		r = directory = lc_path_open(init, path, O_PATH | O_DIRECTORY, 0);
		if (r >= 0)
			r = lc_sys_fchdir(directory);
		init->is_cwd_entered = r >= 0;
		if (r == -EACCES && op->last == 0)
			return 0;
	}
	if (r >= 0 && op->last != 0) {
		r = lc_sys_getcwd(init->room.text, sizeof(init->room.text));
		if (r >= 0 && init->room.text[0] != '/')
			r = -EXDEV; /* "(unreachable)…": outside of the root */
	}
	return r < 0 ? lc_fail(err, LCT_STEP_CWD, r, path) : 0;
}

static int await_go(struct lc_error *err)
{
	struct lc_report report;
	long r;

	do
		r = lc_sys_recv(LCT_FD_SESSION, &report, sizeof(report), 0);
	while (r == -EINTR);
	if (r == (long) sizeof(report) && report.kind == LCT_REPORT_GO)
		return 0;
	if (r < 0 && r != -ECONNRESET)
		return lc_fail(err, LCT_STEP_SESSION, r, "go");
	/* The host has gone: there is nobody to tell, and nothing may start. */
	lc_sys_exit(LCT_INIT_FAILED);
	return lc_fail(err, LCT_STEP_SESSION, ECANCELED, "go");
}

int lc_init_gate(struct lc_init *init, const struct lc_op_gate *op, struct lc_error *err)
{
	const struct lc_report report = {.kind = LCT_REPORT_GATE, .gate = op->which};
	const bool is_written = op->which == LCT_GATE_IDS;
	LCT_INIT_FD int brought = -1;
	long r = 0;

	(void) init;
	/* An ordinary user may write the maps of who is dumpable. Nobody but us is in there, and who may
	 * trace us may make such a namespace himself. */
	if (is_written)
		r = lc_sys_prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	/* What it is bound to is the namespace that we are in, wherever it is used. */
	if (r >= 0 && op->which == LCT_GATE_NETWORK)
		r = brought = (int) lc_sys_socket(
			AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (r >= 0)
		r = brought < 0 ? lc_init_send(&report) : lc_init_send_with(&report, brought);
	if (r < 0)
		return lc_fail(err, LCT_STEP_SESSION, r, "gate");
	r = await_go(err);
	if (r < 0 || !is_written)
		return (int) r;
	r = lc_sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return r < 0 ? lc_fail(err, LCT_STEP_SESSION, r, "dumpable") : 0;
}

int lc_init_say_ready(struct lc_error *err)
{
	struct lc_report report = {.kind = LCT_REPORT_READY};
	long r;

#ifdef LCT_FAULT
	report.calls = lc_fault_calls();
#endif
	r = lc_init_send(&report);
	return r < 0 ? lc_fail(err, LCT_STEP_SESSION, r, "ready") : await_go(err);
}

int lc_init_ready(struct lc_init *init, const struct lc_op_ready *op, struct lc_error *err)
{
	(void) init;
	(void) op;
	return lc_init_say_ready(err);
}

/*
 * Who comes may go again without a word, or be killed before it: then the next one is waited for. What is
 * open here is ours alone, since we are not dumpable, and is gone with the exec.
 */
int lc_init_latch(struct lc_init *init, const struct lc_op_latch *op, struct lc_error *err)
{
	const int listener = LCT_FD_GIVEN + (int) op->number;
	struct lc_report report;
	long r = 0, guest;

	(void) init;
	(void) lc_sys_close(LCT_FD_SESSION);
	while (r != (long) sizeof(report) || report.kind != LCT_REPORT_GO) {
		do
			guest = lc_sys_accept4(listener, SOCK_CLOEXEC);
		while (guest == -EINTR || guest == -ECONNABORTED);
		if (guest >= 0 && guest != LCT_FD_SESSION) {
			r = lc_sys_dup3((int) guest, LCT_FD_SESSION, O_CLOEXEC);
			(void) lc_sys_close((int) guest);
			guest = r;
		}
		if (guest < 0)
			return lc_fail(err, LCT_STEP_SESSION, guest, "latch");
		do
			r = lc_sys_recv(LCT_FD_SESSION, &report, sizeof(report), 0);
		while (r == -EINTR);
	}
	(void) lc_sys_close(listener);
	return 0;
}

/* From the first number on they take the places of what is ours, which is not wanted any more, but for the
 * session, which moves behind all of them. */
int lc_init_pass(struct lc_init *init, const struct lc_op_pass *op, struct lc_error *err)
{
	long r = lc_sys_fcntl(session, F_DUPFD_CLOEXEC, (long) op->first + op->count);

	(void) init;
	if (r >= 0)
		session = (int) r;
	for (uint32_t i = 0; r >= 0 && i < op->count; i++)
		r = lc_sys_dup3((int) (op->first + i), LCT_FD_SESSION + (int) i, 0);
	return r < 0 ? lc_fail(err, LCT_STEP_STDIO, r, "descriptors") : 0;
}

/* Pointers to `count` strings that follow one another, and NULL. Where more may follow. */
static char **point(const struct lc_plan *plan, struct lc_plan_list list, char **out)
{
	const char *text = lc_plan_string(plan, list.offset);

	for (uint32_t i = 0; i < list.count; i++) {
		*out++ = (char *) (uintptr_t) text; /* execve's interface lacks the const */
		text += lc_length(text) + 1;
	}
	*out++ = NULL;
	return out;
}

int lc_init_exec(struct lc_init *init, const struct lc_op_exec *op, struct lc_error *err)
{
	char **argv = init->room.pointers, **envp;
	long r;

	if (op->argv.count > LCT_LIST_MAX || op->envp.count > LCT_LIST_MAX)
		return lc_fail(err, LCT_STEP_EXEC, E2BIG, init->program);
	r = lc_init_limits_settle(init, err);
	if (r < 0)
		return (int) r;
	envp = point(&init->plan, op->argv, argv);
	(void) point(&init->plan, op->envp, envp);
	/* Not execveat: hand-made filters allow execve and have never heard of the other. */
	r = lc_sys_execve(init->program, argv, envp);
	return lc_fail(err, LCT_STEP_EXEC, r, init->program);
}
