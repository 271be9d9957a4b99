/* SPDX-License-Identifier: MIT */
/*
 * Signals of the calling thread as a descriptor, for a program that is nothing but the host of its
 * container: a library inside somebody's program never asks for this by itself.
 */
#ifndef LCT_CONTAINER_SIGNALS_H
#define LCT_CONTAINER_SIGNALS_H

#include "base/error.h"
#include "sys/sys.h"

struct lc_signals {
	int fd;        /* -1: closed */
	lc_sigset old; /* what the thread had blocked before */
};

/* Block every signal but SIGCHLD and those that tell of a fault, and open the descriptor that they come on. */
int lc_signals_open(struct lc_signals *out, struct lc_error *err);

/* The number of the next one, 0 for none at the moment. */
int lc_signals_take(const struct lc_signals *signals, struct lc_error *err);

/* Close it, and let the thread have what has come meanwhile. Accepts a closed one. */
void lc_signals_close(struct lc_signals *signals);

#endif
