/* SPDX-License-Identifier: MIT */
/* The host's half of plan/report.h. Everything read from the socket is checked: until its exec the
 * other end is our own program, but its memory limit or a filter may end it at any byte. */
#include "container/session.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/parse.h"
#include "nsenter/spawn.h"
#include "plan/plan.h"
#include "plan/report.h"
#include "plan/write.h"
#include "sys/sys.h"
#ifdef LCT_FAULT
#include "sys/sys_fault.h"
#endif

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#define LCT_ABORT_TIMEOUT_MS 10000
#define LCT_DEATH_MS 1000

static int open_socket(int *out_ours, int *out_theirs, struct lc_error *err)
{
	int pair[2];
	long r = lc_sys_socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);

	if (r < 0)
		return lc_fail(err, LCT_STEP_SESSION, r, "socketpair");
	*out_ours = lc_fd_above_stdio(pair[0]);
	*out_theirs = lc_fd_above_stdio(pair[1]);
	if (*out_ours < 0 || *out_theirs < 0) {
		r = *out_ours < 0 ? *out_ours : *out_theirs;
		lc_fd_close(out_ours);
		lc_fd_close(out_theirs);
		return lc_fail(err, LCT_STEP_SESSION, r, "socketpair");
	}
	return 0;
}

int lc_session_start(struct lc_session *session, const struct lc_session_start *how,
	struct lc_error *err)
{
	LCT_CLEANUP(fd) int ours = -1;
	LCT_CLEANUP(fd) int theirs = -1;
	LCT_CLEANUP(fd) int plan = -1;
	int fds[LCT_FD_GIVEN + 1 + LCT_GIVEN_MAX], r;
	struct lc_spawn spawn = {
		.exe_fd = how->helper_fd,
		.exe_path = how->init_argv[0],
		.argv = how->init_argv,
		.envp = how->init_envp,
		.namespaces = how->namespaces,
		.cgroup_fd = how->cgroup_fd,
		.join_fds = how->join_fds,
		.join_count = how->join_count,
		.fds = fds,
		.fds_count = LCT_FD_GIVEN + (how->join_pidfd >= 0) + how->given_count,
	};

	*session = (struct lc_session) LCT_SESSION_INIT;
	plan = lc_plan_seal(how->plan, how->plan_size, err);
	if (plan < 0)
		return plan;
	r = open_socket(&ours, &theirs, err);
	if (r < 0)
		return r;
	memcpy(fds, how->stdio, sizeof(how->stdio));
	fds[LCT_FD_SESSION] = theirs;
	fds[LCT_FD_PLAN] = plan;
	if (how->given_count > LCT_GIVEN_MAX)
		return lc_fail(err, LCT_STEP_SESSION, E2BIG, "descriptors");
	if (how->given_count > 0)
		memcpy(fds + LCT_FD_GIVEN + (how->join_pidfd >= 0), how->given_fds,
			how->given_count * sizeof(*fds));
	if (how->join_pidfd >= 0)
		fds[LCT_FD_JOIN] = how->join_pidfd;
	r = lc_spawn(&spawn, &session->process.pid, &session->process.pidfd, err);
	if (r < 0)
		return r;
	/* Our copy of the peer end closes here, so that the death of the init is an end of file. */
	session->socket = lc_take_fd(&ours);
	session->is_ours = how->helper_fd >= 0;
	session->has_filter = how->has_filter;
	session->has_terminal = how->has_terminal;
	session->has_listener = how->has_listener;
	session->gates = how->gates;
	session->makes_child = how->join_pidfd >= 0 || how->has_helper;
	session->is_child_early = how->has_helper;
	session->has_gone = session->goes_at_once = how->goes_at_once;
	session->is_latched = how->is_latched;
	/* A helper will not be the one that counts: see take_child. */
	if (!session->makes_child)
		r = lc_process_start_time(session->process.pid, &session->process.start, err);
	if (r < 0)
		lc_session_abort(session);
	return r < 0 ? r : 0;
}

int lc_session_resume(struct lc_session *session, const struct lc_session_resume *how, int socket,
	struct lc_error *err)
{
	int fd = (int) lc_sys_fcntl(how->process->pidfd, F_DUPFD_CLOEXEC, 3);

	*session = (struct lc_session) LCT_SESSION_INIT;
	session->socket = socket;
	if (fd < 0) {
		lc_fd_close(&session->socket);
		return lc_fail(err, LCT_STEP_PROCESS, fd, "pidfd");
	}
	session->process = *how->process;
	session->process.pidfd = fd;
	session->has_filter = how->has_filter;
	session->has_listener = how->has_listener;
	session->gates = how->gates;
	session->has_gone = true;
	session->state = LCT_SESSION_GATE;
	return 0;
}

/* The init has gone without a word: the subject says how. */
static int died(struct lc_session *session, struct lc_error *err)
{
	char subject[64] = "the init ended before the program started";
	bool has_ended = false;

	/* The socket closes a moment before the process is a zombie. */
	(void) lc_process_await(&session->process, LCT_DEATH_MS, NULL);
	(void) lc_process_poll(&session->process, &has_ended, NULL);
	if (has_ended && session->process.exit.signal != 0)
		snprintf(subject, sizeof(subject), "the init was killed by signal %d",
			session->process.exit.signal);
	else if (has_ended && !session->process.exit.is_lost)
		snprintf(subject, sizeof(subject), "the init ended with status %d",
			session->process.exit.status);
	return lc_fail(err, LCT_STEP_SESSION, EPIPE, subject);
}

/* The end of a file of /proc, at least half of `size`; the groups of a process alone can be most of
 * a megabyte in its status. */
static long read_end(const char *path, char *out, size_t size)
{
	LCT_CLEANUP(fd) int file = (int) lc_sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	size_t used = 0;
	long r = file;

	while (r >= 0) {
		r = lc_sys_read(file, out + used, size - 1 - used);
		if (r == -EINTR)
			r = 0;
		else if (r == 0)
			break;
		if (r > 0)
			used += (size_t) r;
		if (used == size - 1) {
			memmove(out, out + size / 2, used - size / 2);
			used -= size / 2;
		}
	}
	out[used] = '\0';
	return r;
}

/* A filter that was asked for is in force, or the start fails: the kernel's word, not the init's.
 * A program that has ended meanwhile proves nothing, and needs no proof. */
static int prove_filter(struct lc_session *session, struct lc_error *err)
{
	char path[32], status[16384];
	uint64_t mode = 0;
	long r;

	snprintf(path, sizeof(path), "/proc/%d/status", (int) session->process.pid);
	r = read_end(path, status, sizeof(status));
	if (r == -ENOENT || r == -ESRCH)
		return 0;
	if (r < 0)
		return lc_fail(err, LCT_STEP_SECCOMP, r, path);
	/* 2 is a filter, 3 one that has struck: the process is about to end. */
	if (lc_parse_key_u64(status, "Seccomp", &mode) == 0 && (mode == 2 || mode == 3))
		return 0;
	if (lc_process_await(&session->process, 0, NULL) == 0)
		return 0;
	return lc_fail(err, LCT_STEP_SECCOMP, EPERM, "the filter is not in force");
}

/*
 * End of file after GO is an exec, unless the init died on the way to it (its filter forbids execve,
 * memory ran out). Descriptors are closed before a dying process is a zombie, so being about to end
 * counts too. What ends keeps its name, and the init calls itself LCT_INIT_NAME. The start of a child
 * that nobody has asked for is told along with that.
 */
static int prove_exec(struct lc_session *session, struct lc_error *err)
{
	char path[32], stat[1024], state;
	uint64_t start;
	long r;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int) session->process.pid);
	r = lc_file_read(AT_FDCWD, path, stat, sizeof(stat), LCT_STEP_SESSION, err);
	/* Gone by now, if it is the host program's habit to reap what it did not start. */
	if (r == -ENOENT || r == -ESRCH)
		return 0;
	if (r < 0)
		return (int) r;
	if (lc_process_stat_ends(stat) && strstr(stat, " (" LCT_INIT_NAME ") ") != NULL)
		return died(session, err);
	r = lc_parse_stat(stat, &state, &start);
	if (r < 0)
		return lc_fail(err, LCT_STEP_SESSION, r, path);
	if (session->process.start == 0)
		session->process.start = start;
	return 0;
}

/* Its work is done, and it is on its way out: nobody else will reap it. */
static int dismiss_helper(struct lc_session *session, struct lc_error *err)
{
	bool has_ended = false;
	int r;

	if (session->helper.pidfd < 0)
		return 0;
	r = lc_process_poll(&session->helper, &has_ended, err);
	if (r >= 0 && !has_ended)
		r = lc_process_kill(&session->helper, LCT_ABORT_TIMEOUT_MS, err);
	if (r >= 0) /* else lc_session_abort tries again */
		lc_process_done(&session->helper);
	return r;
}

static int finished(struct lc_session *session, struct lc_error *err)
{
	int r;

	if (!session->has_gone || session->is_ahead || session->has_child != session->makes_child ||
		(!session->is_latched && session->has_listener != session->is_heard))
		return died(session, err);
	r = prove_exec(session, err);
	if (r >= 0)
		r = dismiss_helper(session, err);
	if (r < 0)
		return r;
	if (session->has_filter && !session->is_latched) {
		r = prove_filter(session, err);
		if (r < 0)
			return r;
	}
	lc_fd_close(&session->socket);
	session->state = LCT_SESSION_RUNNING;
	return LCT_SESSION_RUNNING;
}

/*
 * One message, and the descriptor that came with it: -1 for none, -EMFILE for one that could not be
 * opened here, -EPROTO when there were more than there is room for. Any other is closed.
 */
static long receive(int socket, struct lc_report *report, int *out_fd)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))]; /* alignment leaves room for two of them */
	} control;
	struct iovec part = {report, sizeof(*report)};
	struct msghdr message = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	const struct cmsghdr *head;
	const int *fds;
	size_t count;
	long r = lc_sys_recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*out_fd = -1;
	head = r >= 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (head == NULL || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) {
		/* unix(7): too many open files for it */
		if (r >= 0 && (message.msg_flags & MSG_CTRUNC) != 0)
			*out_fd = -EMFILE;
		return r;
	}
	fds = (const int *) (const void *) CMSG_DATA(head);
	count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	for (size_t i = 1; i < count; i++)
		(void) lc_sys_close(fds[i]);
	if (count > 0)
		*out_fd = lc_fd_above_stdio(fds[0]);
	if ((message.msg_flags & MSG_CTRUNC) != 0) {
		lc_fd_close(out_fd);
		*out_fd = -EPROTO;
	}
	return r;
}

static bool may_have_child(const struct lc_session *session)
{
	return session->makes_child && !session->has_child &&
	       (session->has_gone || session->is_child_early);
}

/* It has been made, and all that we have of it is its number. */
static void note_stray(struct lc_session *session, const struct lc_report *report)
{
	if (report->kind == LCT_REPORT_CHILD && report->number > 0 && may_have_child(session))
		session->stray = report->number;
}

/* The process that will be the program has been made: from now on it is the one that counts. */
static int take_child(
	struct lc_session *session, const struct lc_report *report, int *pidfd, struct lc_error *err)
{
	struct lc_process child = LCT_PROCESS_INIT;
	int r;

	if (!may_have_child(session) || *pidfd < 0 || report->number <= 0)
		return lc_fail(err, LCT_STEP_SESSION, EPROTO, "unexpected message");
	child.pid = report->number;
	child.pidfd = lc_take_fd(pidfd);
	session->helper = session->process;
	session->process = child;
	session->has_child = true;
	if (session->init_calls == 0)
		session->init_calls = report->calls;
	if (!session->is_child_early) /* its start is nothing to anybody before its end of the session */
		return LCT_SESSION_WAIT;
	/* It may be gone by now, if it is the host program's habit to reap what it did not start. */
	r = lc_process_start_time(child.pid, &session->process.start, err);
	return r < 0 && r != -ENOENT && r != -ESRCH ? r : LCT_SESSION_WAIT;
}

/* The other end of the program's terminal. */
static int take_terminal(struct lc_session *session, int *master, struct lc_error *err)
{
	unsigned number;

	if (!session->has_terminal || session->terminal >= 0 || session->state != LCT_SESSION_WAIT ||
		*master < 0 || lc_sys_ioctl(*master, TIOCGPTN, &number) < 0)
		return lc_fail(err, LCT_STEP_SESSION, EPROTO, "unexpected message");
	session->terminal = lc_take_fd(master);
	return LCT_SESSION_WAIT;
}

/* The listener of its filter. */
static int take_listener(struct lc_session *session, int *listener, struct lc_error *err)
{
	if (!session->has_listener || session->is_heard || *listener < 0)
		return lc_fail(err, LCT_STEP_SESSION, EPROTO, "unexpected message");
	session->is_heard = true;
	session->listener = lc_take_fd(listener);
	return LCT_SESSION_LISTENER;
}

static const struct {
	const char *name;
	bool brings;
} gates[] = {
#define LCT_GATE_ROW(name, text, brings) [LCT_GATE_##name] = {text, brings},
	LCT_GATES(LCT_GATE_ROW)
#undef LCT_GATE_ROW
};

const char *lc_session_gate(const struct lc_session *session)
{
	return gates[session->gate].name;
}

/* One that is in the plan, and was not passed yet. */
static int take_gate(struct lc_session *session, const struct lc_report *report, int *brought,
	struct lc_error *err)
{
	if (session->state != LCT_SESSION_WAIT || report->gate >= LCT_GATES_END ||
		(session->gates & 1u << report->gate) == 0 ||
		gates[report->gate].brings != (*brought >= 0))
		return lc_fail(err, LCT_STEP_SESSION, EPROTO, "unexpected message");
	session->gates &= ~(1u << report->gate);
	session->gate = (enum lc_gate) report->gate;
	session->gate_fd = lc_take_fd(brought);
	session->state = LCT_SESSION_GATE;
	return LCT_SESSION_GATE;
}

static int take_ready(
	struct lc_session *session, const struct lc_report *report, struct lc_error *err)
{
	if (session->has_child && !session->goes_at_once) { /* the child: it is alone once that one has gone */
		int r = dismiss_helper(session, err);

		if (r < 0)
			return r;
		if (!session->is_child_early)
			return LCT_SESSION_READY;
	}
	/* Past all of its gates: what the host does there is not to be left out. */
	if (session->goes_at_once || session->state != LCT_SESSION_WAIT || session->gates != 0 ||
		session->has_terminal != (session->terminal >= 0))
		return lc_fail(err, LCT_STEP_SESSION, EPROTO, "unexpected message");
	session->state = LCT_SESSION_READY;
	session->init_calls = report->calls;
	if (!session->is_ahead)
		return LCT_SESSION_READY;
	session->is_ahead = false;
	return LCT_SESSION_WAIT;
}

/* The program of a guard has ended. */
static int take_ended(
	struct lc_session *session, const struct lc_report *report, struct lc_error *err)
{
	if (!session->is_guard || session->state != LCT_SESSION_WAIT)
		return lc_fail(err, LCT_STEP_SESSION, EPROTO, "unexpected message");
	if (report->number < 0)
		session->exit.signal = -report->number;
	else
		session->exit.status = report->number;
	session->state = LCT_SESSION_ENDED;
	return LCT_SESSION_ENDED;
}

/* From a helper that makes the init nothing comes but it. */
static bool is_too_early(const struct lc_session *session, uint32_t kind)
{
	return session->is_child_early && !session->has_child && kind != LCT_REPORT_CHILD &&
	       kind != LCT_REPORT_ERROR;
}

/* What a message means: the new state, or the error that it tells. */
static int take(
	struct lc_session *session, struct lc_report *report, int *fd, struct lc_error *err)
{
	report->error.subject[LCT_SUBJECT_MAX - 1] = '\0';
	if (is_too_early(session, report->kind))
		return lc_fail(err, LCT_STEP_SESSION, EPROTO, "unexpected message");
	switch (report->kind) {
	case LCT_REPORT_ERROR:
		if (report->error.errnum <= 0)
			break;
		if (err != NULL)
			*err = report->error;
		return -report->error.errnum;
	case LCT_REPORT_READY:
		return take_ready(session, report, err);
	case LCT_REPORT_TERMINAL:
		return take_terminal(session, fd, err);
	case LCT_REPORT_LISTENER:
		return take_listener(session, fd, err);
	case LCT_REPORT_ENDED:
		return take_ended(session, report, err);
	case LCT_REPORT_GATE:
		return take_gate(session, report, fd, err);
	case LCT_REPORT_CHILD:
		return take_child(session, report, fd, err);
	default:
		break;
	}
	return lc_fail(err, LCT_STEP_SESSION, EPROTO, "unexpected message");
}

int lc_session_step(struct lc_session *session, struct lc_error *err)
{
	struct lc_report report;
	int tries = 1, state = LCT_SESSION_WAIT;
	long r;

	if (session->socket < 0)
		return session->state == LCT_SESSION_RUNNING ?
			LCT_SESSION_RUNNING : lc_fail(err, LCT_STEP_SESSION, EBADF, "closed");
	while (state == LCT_SESSION_WAIT) {
		LCT_CLEANUP(fd) int fd = -1;

		/* ECONNRESET is told once, when the init ended without reading GO; what it said
		 * before that is still there, and an end of file behind it. */
		do {
			r = receive(session->socket, &report, &fd);
		} while (r == -EINTR || (r == -ECONNRESET && tries-- > 0));
		if (r == -EAGAIN)
			return LCT_SESSION_WAIT;
		if (r == 0 || r == -ECONNRESET)
			return finished(session, err);
		if (r < 0)
			return lc_fail(err, LCT_STEP_SESSION, r, "recv");
		if (r != sizeof(report))
			return lc_fail(
				err, LCT_STEP_SESSION, EPROTO, "message of a wrong length");
		if (fd < -1) {
			note_stray(session, &report);
			return lc_fail(err, LCT_STEP_SESSION, fd, "recv");
		}
		state = take(session, &report, &fd, err);
	}
	return state;
}

bool lc_session_may_go_ahead(const struct lc_session *session)
{
	return session->socket >= 0 && session->state == LCT_SESSION_WAIT && !session->has_gone &&
		!session->makes_child && !session->is_guard && !session->is_latched && session->gates == 0 &&
		!session->has_terminal && !session->has_listener;
}

bool lc_session_awaits_end(const struct lc_session *session)
{
	return session->is_ours && session->has_gone && session->has_listener == session->is_heard && !session->is_guard &&
		session->gates == 0 &&
		(session->goes_at_once || session->is_child_early || !session->makes_child);
}

int lc_session_go(struct lc_session *session, struct lc_error *err)
{
	const struct lc_report report = {.kind = LCT_REPORT_GO};
	const bool is_gate = session->state == LCT_SESSION_GATE;
	const bool is_ahead = lc_session_may_go_ahead(session);
	long r;

	if (session->socket < 0 || (session->state != LCT_SESSION_READY && !is_gate && !is_ahead))
		return lc_fail(err, LCT_STEP_SESSION, EINVAL, "the init is not ready");
	do {
		r = lc_sys_send(session->socket, &report, sizeof(report), MSG_NOSIGNAL);
	} while (r == -EINTR);
	if (r == -EPIPE || r == -ECONNRESET) {
		r = lc_session_step(session, err); /* its last words */
		return r < 0 ? (int) r : died(session, err);
	}
	if (r < 0)
		return lc_fail(err, LCT_STEP_SESSION, r, "send");
	if (is_gate) {
		lc_fd_close(&session->gate_fd);
		session->gate = LCT_GATE_NONE;
		session->state = LCT_SESSION_WAIT;
	} else {
		session->has_gone = true;
		session->is_ahead = is_ahead;
	}
	return 0;
}

bool lc_session_is_own(const struct lc_session *session, pid_t pid)
{
	struct lc_report report;
	long r;

	if (session->socket < 0)
		return false;
	if (session->has_child && pid == session->helper.pid)
		return session->helper.pidfd >= 0; /* it becomes no program */
	if (pid != session->process.pid || lc_session_helper(session) >= 0)
		return false;
	/* It closes before the first instruction of the program. */
	do {
		r = lc_sys_recv(session->socket, &report, sizeof(report), MSG_PEEK | MSG_DONTWAIT);
	} while (r == -EINTR);
	return r > 0 || r == -EAGAIN;
}

int lc_session_helper(const struct lc_session *session)
{
	if (session->helper.pidfd < 0 || lc_process_await(&session->helper, 0, NULL) == 0)
		return -1;
	return session->helper.pidfd;
}

/* The number of a child of ours that nobody has reaped is its own. */
static void end_stray(struct lc_session *session)
{
	struct lc_process stray = {.pid = session->stray};
	siginfo_t info;

	session->stray = 0;
	stray.pidfd = (int) lc_sys_pidfd_open(stray.pid, 0);
	if (stray.pidfd >= 0 && lc_sys_waitid(P_PIDFD, stray.pidfd, &info,
					WEXITED | WNOHANG | WNOWAIT | __WALL, NULL) == 0)
		(void) lc_process_kill(&stray, LCT_ABORT_TIMEOUT_MS, NULL);
	lc_process_done(&stray);
}

/* A child that the helper made and did not come to tell of waits in its process group. */
static void end_untold(struct lc_session *session)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	int tries = LCT_ABORT_TIMEOUT_MS;
	long r = 0;

	while (r >= 0 && tries-- > 0) {
		siginfo_t info = {.si_pid = 0};

		r = lc_sys_waitid(P_PGID, session->process.pid, &info,
			WEXITED | WNOHANG | __WALL, NULL);
		if (r < 0 || info.si_pid != 0)
			return;
		/* It is there, and a child of ours: so the number is still that of its group. */
		(void) lc_sys_kill(-session->process.pid, SIGKILL);
		(void) lc_sys_poll(NULL, 0, &moment);
	}
}

/* What the helper has said before its end, and we have not heard: it may have made the child, who is ours
 * by CLONE_PARENT, and would run. */
static void hear_last_words(struct lc_session *session)
{
	struct lc_report report;
	long r = session->socket < 0 ? -EBADF : 1;

	while (r > 0 || r == -EINTR) {
		LCT_CLEANUP(fd) int fd = -1;

		r = receive(session->socket, &report, &fd);
		if (r == sizeof(report))
			note_stray(session, &report);
	}
}

void lc_session_done(struct lc_session *session)
{
	lc_fd_close(&session->socket);
	lc_fd_close(&session->terminal);
	lc_fd_close(&session->gate_fd);
	lc_fd_close(&session->listener);
	lc_process_done(&session->process);
	lc_process_done(&session->helper);
}

void lc_session_abort(struct lc_session *session)
{
	/* Past fault injection: the kernel refuses nobody the end of a child of his, and there would
	 * be nothing left to try. */
#ifdef LCT_FAULT
	lc_fault_enable(false);
#endif
	if (session->is_guard) {
		/* It ends its program with all that belongs to it, and itself behind them. Nobody else can: who
		 * kills it early leaves the rest of the group. */
		lc_fd_close(&session->socket);
		(void) lc_process_await(&session->process, LCT_ABORT_TIMEOUT_MS, NULL);
	}
	if (session->process.pidfd >= 0)
		(void) lc_process_kill(&session->process, LCT_ABORT_TIMEOUT_MS, NULL);
	if (may_have_child(session)) {
		hear_last_words(session);
		end_untold(session);
	}
	lc_fd_close(&session->socket); /* where no descriptor is free, this is the one */
	if (session->stray > 0)
		end_stray(session);
	(void) dismiss_helper(session, NULL);
#ifdef LCT_FAULT
	lc_fault_enable(true);
#endif
	lc_session_done(session);
}
