/* SPDX-License-Identifier: MIT */
/*
 * The messages of the session socket, both directions, all of one size. The init speaks first:
 *
 *	init                        host
 *	READY ───────────────────▶  (writes the state: running)
 *	      ◀─────────────────── GO
 *	end of file: the program runs (the socket is close-on-exec)
 *
 * A host that waits for nothing from the init writes the state while that is at work, and says GO before
 * READY: nobody waits for the other then.
 *
 *	ERROR ───────────────────▶  at any time; the init exits after it
 *	end of file without READY: the init died
 *
 *	TERMINAL + its master ───▶  before READY, when the plan opens one
 *
 *	GATE ────────────────────▶  before READY, once for each gate in the plan: the host does what
 *	      ◀─────────────────── GO     nobody else may do, and the init waits for it
 *
 *	LISTENER + descriptor ───▶  once the filter is loaded, when it notifies: before READY or after GO.
 *	                            Nothing is answered; the host lets the init's own calls pass
 *
 *	ENDED ───────────────────▶  of a guard, whose program has ended; no READY comes before it
 *
 * A prepared container waits at a latch behind READY and GO: the first host hears the end of file, and may
 * go. Whoever lets the program run connects to the socket that is the latch, says GO, and is the host from
 * then on.
 *
 * Who joins a running container does so in two processes, because a pid namespace is entered by
 * being born in it. The first one, which nothing in the container can see, does all of the work;
 * the second one is a child of the host and becomes the program:
 *
 *	CHILD + pidfd ───────────▶  the second one goes on, the first one exits
 *
 * READY and GO come before that when the host has something to do: to take a terminal, for one. For a
 * moment they are two, where one alone may be allowed. With a limit on processes of its own the second one
 * says READY too, and waits for a GO that comes when it is alone and the limit is written. So it does with
 * a scheduling policy of its own, which the host sets meanwhile.
 *
 * End of file at the init means that the host has gone, and it exits without starting anything.
 */
#ifndef LCT_PLAN_REPORT_H
#define LCT_PLAN_REPORT_H

#include "base/error.h"

/* What the init calls itself (PR_SET_NAME) until its exec, so that its death is told from that of
 * the program. */
#define LCT_INIT_NAME "lc-init"

enum lc_report_kind {
	LCT_REPORT_ERROR = 1,
	LCT_REPORT_READY = 2,
	LCT_REPORT_GO = 3,
	LCT_REPORT_CHILD = 4,
	LCT_REPORT_TERMINAL = 5,
	LCT_REPORT_GATE = 6,
	LCT_REPORT_LISTENER = 7,
	LCT_REPORT_ENDED = 8,
};

/*
 * The gates: points of the set-up at which the init waits for something that only the host can do. A
 * plan that needs none of it has none, and costs no round trip. In its order, each at most once:
 *
 *	GATE(NAME, "name", brings a descriptor)
 */
#define LCT_GATES(GATE)                                                                            \
	GATE(IDS, "ids", false)         /* the ids of its user namespace are mapped */             \
	GATE(NETWORK, "network", true)  /* its network is made through this netlink socket */      \
	GATE(CREATE_RUNTIME, "create_runtime", false) /* hooks, the root attached and not entered */ \
	GATE(CREATE_CONTAINER, "create_container", false) /* the same, in its namespaces */        \
	GATE(START_CONTAINER, "start_container", false)   /* hooks inside, all is set up */

enum lc_gate {
	LCT_GATE_NONE,
#define LCT_GATE_VALUE(name, text, brings) LCT_GATE_##name,
	LCT_GATES(LCT_GATE_VALUE)
#undef LCT_GATE_VALUE
	LCT_GATES_END,
};

struct lc_report {
	uint32_t kind;
	uint32_t calls; /* test builds: system calls made so far, so that a sweep knows its end */
	int32_t number; /* of CHILD its pid, as the host sees it; of ENDED its status, or minus the signal */
	uint32_t gate;  /* of GATE: enum lc_gate */
	struct lc_error error;
};

#endif
