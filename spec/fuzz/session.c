/* SPDX-License-Identifier: MIT */
/*
 * The messages of an init, with descriptors or without, as a program that is not ours would send them. The
 * host takes what is agreed, in its order, and closes whatever else it was given.
 *
 * Input: what the session is like (1 byte); then messages: kind (1 byte), how many descriptors and which
 * (1 byte), length (1 byte), errno, step and gate (1 byte each), pid (4 bytes), what the subject is filled
 * with (1 byte).
 */
#include "container/session.h"
#include "fuzz.h"
#include "plan/report.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS_SEEN 256 /* numbers that are looked at */
#define FDS_MAX 5    /* of one message; two fit into what the host has room for */
#define MESSAGES_MAX 12

struct message {
	struct lc_report report;
	size_t length, fds_count;
	bool is_terminal; /* the first one is of a terminal */
};

static unsigned count_fds(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < FDS_SEEN; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static struct message message(struct fuzz_input *in)
{
	struct message one = {.report = {.kind = (uint32_t) fuzz_number(in, 1) % 10}};
	unsigned fds = (unsigned) fuzz_number(in, 1), length = (unsigned) fuzz_number(in, 1);

	one.fds_count = fds % (FDS_MAX + 1);
	one.is_terminal = fds >= 128;
	one.length = length < 240 ? sizeof(one.report) : length - 240;
	one.report.error.errnum = (int8_t) fuzz_number(in, 1);
	one.report.error.step = (uint16_t) fuzz_number(in, 1);
	one.report.gate = (uint32_t) fuzz_number(in, 1) % (LCT_GATES_END + 2);
	one.report.number = (int32_t) fuzz_number(in, 4);
	memset(one.report.error.subject, (int) fuzz_number(in, 1), sizeof(one.report.error.subject));
	return one;
}

static void send_message(int socket, const struct message *one, int terminal, int other)
{
	union {
		struct cmsghdr head;
		uint8_t bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control;
	struct iovec part = {(void *) &one->report, one->length};
	struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1};
	int fds[FDS_MAX];

	for (size_t i = 0; i < FDS_MAX; i++)
		fds[i] = i == 0 && one->is_terminal ? terminal : other;
	memset(&control, 0, sizeof(control));
	if (one->fds_count > 0) {
		head.msg_control = &control;
		head.msg_controllen = CMSG_SPACE(one->fds_count * sizeof(int));
		control.head = (struct cmsghdr){.cmsg_len = CMSG_LEN(one->fds_count * sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.head), fds, one->fds_count * sizeof(int));
	}
	MUST(sendmsg(socket, &head, MSG_NOSIGNAL) == (ssize_t) one->length);
}

/* What report.h agrees on, in as few words. */
static int expect(const struct lc_session *session, const struct message *one)
{
	bool has_fd = one->fds_count > 0, is_new = session->state == LCT_SESSION_WAIT;
	int ready = session->is_ahead ? LCT_SESSION_WAIT : LCT_SESSION_READY;

	if (one->length != sizeof(one->report) || one->fds_count > 2)
		return -EPROTO;
	if (session->is_child_early && !session->has_child && one->report.kind != LCT_REPORT_CHILD &&
		one->report.kind != LCT_REPORT_ERROR)
		return -EPROTO;
	switch (one->report.kind) {
	case LCT_REPORT_ERROR:
		return one->report.error.errnum > 0 ? -one->report.error.errnum : -EPROTO;
	case LCT_REPORT_READY:
		if (session->goes_at_once)
			return -EPROTO;
		if (session->has_child && !session->is_child_early)
			return LCT_SESSION_READY;
		return is_new && session->has_terminal == (session->terminal >= 0) &&
				session->gates == 0 ? ready : -EPROTO;
	case LCT_REPORT_GATE: /* each once, and with a descriptor where it is for one */
		return is_new && one->report.gate > LCT_GATE_NONE && one->report.gate < LCT_GATES_END &&
				(session->gates >> one->report.gate & 1) != 0 &&
				has_fd == (one->report.gate == LCT_GATE_NETWORK) ?
			LCT_SESSION_GATE : -EPROTO;
	case LCT_REPORT_TERMINAL:
		return session->has_terminal && session->terminal < 0 && is_new && has_fd &&
				one->is_terminal ? LCT_SESSION_WAIT : -EPROTO;
	case LCT_REPORT_LISTENER:
		return session->has_listener && !session->is_heard && has_fd ? LCT_SESSION_LISTENER :
									       -EPROTO;
	case LCT_REPORT_CHILD:
		return session->makes_child && (session->has_gone || session->is_child_early) &&
				!session->has_child && has_fd && one->report.number > 0 ? LCT_SESSION_WAIT : -EPROTO;
	default:
		return -EPROTO;
	}
}

/* One message is taken; whether it is the last is up to the caller. */
static int take(struct lc_session *session, int peer, const struct message *one, int terminal, int other)
{
	const bool awaits_end = lc_session_awaits_end(session);
	int expected = expect(session, one), r;
	struct lc_error err = {.errnum = 0};

	send_message(peer, one, terminal, other);
	r = lc_session_step(session, &err);
	/* what the kernel says of a child with a number that is nobody's is its own affair */
	if (one->report.kind == LCT_REPORT_CHILD && expected == LCT_SESSION_WAIT && r < 0)
		return r;
	MUST(r == expected);
	MUST(!awaits_end || r == LCT_SESSION_WAIT || r < 0); /* else nobody would wake for it */
	MUST(r >= 0 || err.errnum == -r);
	MUST(r >= 0 || memchr(err.subject, '\0', sizeof(err.subject)) != NULL);
	return r;
}

static void check_gate(struct lc_session *session, bool goes_on)
{
	MUST(lc_session_gate(session) != NULL);
	MUST((session->gate_fd >= 0) == (session->gate == LCT_GATE_NETWORK));
	if (goes_on)
		MUST(lc_session_go(session, NULL) == 0 && session->state == LCT_SESSION_WAIT &&
			session->gate_fd < 0 && session->has_gone == session->goes_at_once);
}

void fuzz_session(const uint8_t *data, size_t size)
{
	static int terminal = -1, other = -1;
	struct fuzz_input in = fuzz_input(data, size);
	unsigned like = (unsigned) fuzz_number(&in, 1), before;
	struct lc_session session = LCT_SESSION_INIT;
	int pair[2], r = 0;

	if (other < 0) {
		terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
		other = open("/dev/null", O_RDONLY | O_CLOEXEC);
		MUST(terminal >= 0 && other >= 0);
	}
	before = count_fds();
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	session.socket = pair[0];
	session.has_terminal = (like & 1) != 0;
	session.makes_child = (like & 2) != 0;
	session.is_child_early = (like & 64) != 0 && session.makes_child;
	session.goes_at_once = session.has_gone = (like & 10) == 10 && !session.is_child_early;
	session.gates = (like >> 4 & 7) << 1;
	session.has_listener = (like & 128) != 0;
	session.is_ours = true;
	session.process.has_ended = true; /* there is none */
	session.process.pidfd = session.makes_child ? dup(other) : -1;
	if ((like & 12) == 12 && lc_session_may_go_ahead(&session))
		MUST(lc_session_go(&session, NULL) == 0 && session.is_ahead);
	for (int i = 0; i < MESSAGES_MAX && fuzz_left(&in) > 0 && r >= 0; i++) {
		struct message one = message(&in);

		if (one.length == 0) /* that is an end of file */
			break;
		r = take(&session, pair[1], &one, terminal, other);
		if (r == LCT_SESSION_READY && (like & 4) != 0)
			MUST(lc_session_go(&session, NULL) == 0 && session.has_gone);
		if (r == LCT_SESSION_GATE)
			check_gate(&session, (like & 4) != 0);
	}
	(void) close(pair[1]);
	if (r >= 0 && (like & 8) != 0)
		(void) lc_session_step(&session, NULL);
	session.process.has_ended = true;
	lc_session_done(&session);
	MUST(count_fds() == before);
}
