/* SPDX-License-Identifier: MIT */
/*
 * The conversation with one init: a state machine with a pollable descriptor, never blocking
 * inside. Whoever drives it (a blocking start, an event loop) does:
 *
 *	start → while step is WAIT: poll the socket → READY: write the state, go → … → RUNNING
 *	                                            → GATE: do what `gate` is for, go
 *
 * or, where lc_session_may_go_ahead: start → write the state, go → while step is WAIT: … → RUNNING
 *
 * Who joins with a limit on processes of his own is READY twice, see plan/report.h.
 *
 * Any failure leaves the init to lc_session_abort, which kills and reaps it.
 */
#ifndef LCT_CONTAINER_SESSION_H
#define LCT_CONTAINER_SESSION_H

#include "container/process.h"
#include "plan/report.h"

enum lc_session_state {
	LCT_SESSION_WAIT,    /* nothing new: poll the socket for input, or see lc_session_awaits_end */
	LCT_SESSION_READY,   /* set up; the init waits for lc_session_go */
	LCT_SESSION_RUNNING, /* the program runs; the session is over */
	LCT_SESSION_LISTENER, /* the filter is loaded, and `listener` has come; the init goes on */
	LCT_SESSION_GATE,    /* the init waits at `gate` for lc_session_go */
	LCT_SESSION_ENDED,   /* of a guard: its program has ended, `exit` says how */
};

struct lc_session {
	int socket;
	enum lc_session_state state;
	struct lc_process process; /* the init; who joins: at first the helper, then the child */
	struct lc_process helper;  /* of who joins: has done its work, or is about to have, to be reaped */
	pid_t stray;         /* a child that we were told of, and could not take; 0 for none */
	bool makes_child;    /* it joins what is there, and a child of it becomes the program */
	bool is_child_early; /* that one does the set-up, and says READY */
	bool has_child;      /* it came, and is `process` */
	bool has_terminal;   /* one was asked for */
	int terminal;        /* its master, once it came; -1 */
	uint32_t gates;      /* bit n: gate n is still to come */
	enum lc_gate gate;   /* where the init waits, LCT_GATE_NONE for nowhere */
	int gate_fd;         /* what it has brought there, owned until lc_session_go; -1 */
	bool has_gone;       /* GO was sent, after READY or ahead of it */
	bool is_ours;        /* the init is this library's: one of the caller's may say anything at any time */
	bool goes_at_once;   /* who joins says no READY, and waits for no GO */
	bool is_ahead;       /* ahead of it, and READY is still to come: it is nothing to the host */
	bool is_latched;     /* it waits for another host when it closes its end: its filter is no matter yet */
	bool is_guard;       /* it stays beside its program, and ends it when our end is closed */
	struct lc_exit exit; /* of that program */
	bool has_filter;     /* a seccomp filter was asked for: proved once the program runs */
	bool has_listener;   /* it notifies */
	bool is_heard;       /* its listener came */
	int listener;        /* that, until somebody takes it; -1 */
	uint32_t init_calls; /* test builds: system calls of the init until READY, or CHILD without one */
};

#define LCT_SESSION_INIT                                                                           \
	{.socket = -1, .terminal = -1, .gate_fd = -1, .listener = -1, .process = LCT_PROCESS_INIT, \
		.helper = LCT_PROCESS_INIT}

struct lc_session_start {
	int helper_fd;          /* the init program, or -1 for init_argv[0] */
	char *const *init_argv; /* of the helper, or of the program that replaces it */
	char *const *init_envp;
	const void *plan;
	size_t plan_size;
	uint64_t namespaces;    /* CLONE_NEW* */
	int stdio[3];           /* borrowed */
	int cgroup_fd;          /* borrowed, -1 for none */
	const int *join_fds;    /* borrowed */
	size_t join_count;
	const int *given_fds;   /* borrowed: trees for the plan's tree_given, none for who joins; the latch; what the program gets */
	size_t given_count;
	int join_pidfd;         /* borrowed: init of the container that is joined, -1 for none */
	bool has_filter;
	bool has_listener;
	bool has_terminal;
	uint32_t gates;         /* of the plan: bit n is gate n */
	bool is_latched;        /* the plan waits at a latch behind READY */
	bool goes_at_once;      /* who joins says no READY: there is nothing for the host to do */
	bool has_helper;        /* it makes the init: the child comes first, and everything else from it */
};

/* Seal the plan, start the init. Nothing is left of a failure. */
int lc_session_start(struct lc_session *session, const struct lc_session_start *how,
	struct lc_error *err);

/* Look at the socket once: an enum lc_session_state, or the error that the init or its death tells.
 * An op number in `err` is an index in the plan. */
int lc_session_step(struct lc_session *session, struct lc_error *err);

/* The name of the gate that the init waits at, NULL for none. */
const char *lc_session_gate(const struct lc_session *session);

/*
 * Go on with an init that waits at a latch: `process` is it, and stays the caller's, `socket` what leads to
 * the latch, which is the session's from now on. The state is GATE: lc_session_go lets it run.
 */
struct lc_session_resume {
	const struct lc_process *process;
	bool has_filter;
	bool has_listener;
	uint32_t gates; /* behind the latch */
};
int lc_session_resume(struct lc_session *session, const struct lc_session_resume *how, int socket,
	struct lc_error *err);

/* Is there nothing more to come that the host has to answer? Then it need not wake before the other end is
 * closed: poll the socket for that alone, and all that was said before is read at once. */
bool lc_session_awaits_end(const struct lc_session *session);

/* Would the host hear READY and do nothing then that it cannot do now? Nothing is to come from the init before,
 * and it is the one that becomes the program. */
bool lc_session_may_go_ahead(const struct lc_session *session);

/* Answer READY, or a gate: all that was to be done there is done. Where it may go ahead, READY is answered
 * before it comes, and step does not tell of it. */
int lc_session_go(struct lc_session *session, struct lc_error *err);

/* Is this process, which waits in a call that its filter notifies, surely an init of ours that is on its way
 * to the program? What it calls then is ours, and not the program's. Of the second one of a join that is not
 * known before the first one has ended, who has the other end of our socket too, and waits for nobody. */
bool lc_session_is_own(const struct lc_session *session, pid_t pid);
/* The pidfd of that first one while it has not ended, -1 else. */
int lc_session_helper(const struct lc_session *session);

/* Give up: kill the init, or the program that it has become, reap it, close everything. Accepts any
 * state. */
void lc_session_abort(struct lc_session *session);
/* Only close: for a child that the host program has forked, whose container it is not. */
void lc_session_done(struct lc_session *session);

#endif
