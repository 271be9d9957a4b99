/* SPDX-License-Identifier: MIT */
/*
 * Where the init of a prepared container waits: a socket in the container's directory, which the init
 * alone has open, so that nobody but it needs to live. Whoever may enter the directory and connects to it
 * goes on with the conversation (plan/report.h): he lets the program run, and hears why it cannot.
 */
#ifndef LCT_CONTAINER_LATCH_H
#define LCT_CONTAINER_LATCH_H

#include "base/error.h"
#include "container/process.h"

/* Make the socket in `directory`, in place of one of an earlier init; for the init to accept on. */
int lc_latch_make(int directory, struct lc_error *err);

/* Connect to `init`, which waits in `directory`. -ESRCH when it does not. */
int lc_latch_connect(int directory, const struct lc_process *init, struct lc_error *err);

/* The program runs: the socket goes. */
int lc_latch_remove(int directory, struct lc_error *err);

#endif
